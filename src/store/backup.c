// SPDX-License-Identifier: GPL-2.0-or-later
/* A house goes out into a database of its own. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "store/backup_priv.h"

/* Who is logged in is nobody elsewhere; what a restore notes is of that restore. */
static const char *const never[] = {"session", "restored"};
static const char *const seen_on_the_wire[] = {
	"event", "talk_peer", "talk", "talk_hour", "talk_day", "talk_span"};

int backup_path(struct store *s, const char *name, char ret[BACKUP_PATH_MAX])
{
	const char *db = sqlite3_db_filename(s->db, "main");
	const char *slash = db ? strrchr(db, '/') : NULL;

	if (!slash)
		return -ENOENT;
	return str_print(ret, BACKUP_PATH_MAX, "%.*s/%s", (int)(slash - db), db, name);
}

int backup_error(int code)
{
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_ERROR:
	case SQLITE_AUTH:
	case SQLITE_TOOBIG:
	case SQLITE_INTERRUPT:
	case SQLITE_READONLY:
		return CARDEA_EMALFORMED;
	default:
		return store_error(code & 0xff);
	}
}

/* A file that nobody else has yet; without a log beside it, for it is one file that goes. */
int backup_create(const char *path, sqlite3 **ret)
{
	sqlite3 *db = NULL;
	int code, error;

	if (unlink(path) && errno != ENOENT)
		return -errno;
	code = sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db,
			"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; "
			"PRAGMA temp_store=MEMORY; PRAGMA cache_size=256; "
			"PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF;",
			NULL, NULL, NULL);
	error = store_error(code);
	if (!error)
		error = store_migrate(db);
	if (error) {
		sqlite3_close(db);
		return error;
	}
	*ret = db;
	return 0;
}

int backup_attach(sqlite3 *db, const char *path)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "ATTACH ?1 AS src", -1, &st, NULL);

	if (code == SQLITE_OK) {
		sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
		code = sqlite3_step(st);
	}
	sqlite3_finalize(st);
	return store_error(code);
}

static bool is_listed(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static int copy_table(sqlite3 *db, const char *name)
{
	char *text = sqlite3_mprintf(
		"INSERT INTO main.\"%w\" SELECT * FROM src.\"%w\"", name, name);
	int code = text ? sqlite3_exec(db, text, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(text);
	return backup_error(code);
}

/* Each table that this version has; a number that something had is not given again. */
int backup_copy(sqlite3 *db, bool history)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db,
		"SELECT name FROM main.sqlite_master WHERE type='table' "
		"AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
		-1, &st, NULL);
	int error = 0;

	while (code == SQLITE_OK && !error && sqlite3_step(st) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);

		if (is_listed(never, 2, name) ||
			(!history && is_listed(seen_on_the_wire, 6, name)))
			continue;
		error = copy_table(db, name);
	}
	sqlite3_finalize(st);
	if (!error)
		error = backup_error(sqlite3_exec(db,
			"DELETE FROM main.sqlite_sequence;"
			"INSERT INTO main.sqlite_sequence SELECT name, seq FROM "
			"src.sqlite_sequence;"
			/* what opens a door once is shown beside one store alone */
			"DELETE FROM main.secret WHERE name='setup'",
			NULL, NULL, NULL));
	return error ? error : store_error(code);
}

int backup_note(sqlite3 *db, const char *name, const void *bytes, size_t len)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db,
		"INSERT OR REPLACE INTO main.restored(name, value) VALUES(?1, ?2)", -1, &st,
		NULL);

	if (code == SQLITE_OK) {
		sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
		sqlite3_bind_blob64(st, 2, len ? bytes : "", len, SQLITE_STATIC);
		code = sqlite3_step(st);
	}
	sqlite3_finalize(st);
	return store_error(code);
}

int backup_number(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return code == SQLITE_ROW ? 0 : backup_error(code);
}

int backup_count(sqlite3 *db, struct backup_counts *ret)
{
	static const char *const sql[] = {"SELECT count(*) FROM main.device",
		"SELECT count(*) FROM main.overlay", "SELECT count(*) FROM main.decision",
		"SELECT count(*) FROM main.adopted", "SELECT count(*) FROM main.user",
		"SELECT count(*) FROM main.life_case", "SELECT count(*) FROM main.vault"};
	uint32_t *const to[] = {&ret->devices, &ret->overlays, &ret->decisions, &ret->profiles,
		&ret->users, &ret->cases, &ret->vault};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(sql) / sizeof(sql[0]); i++) {
		int64_t n = 0;

		error = backup_number(db, sql[i], &n);
		*to[i] = (uint32_t)n;
	}
	return error;
}

int store_backup_counts(struct store *s, struct backup_counts *ret)
{
	return backup_count(s->db, ret);
}

/* What stands beside the tables. A house without a vault has no key of one. */
static int note_all(struct store *s, sqlite3 *db, struct backup_about *about,
	const char *settings, size_t len)
{
	uint8_t key[STORE_VAULT_KEY];
	char made[24];
	int error = store_vault_key(s, false, key);

	if (!error)
		error = backup_note(db, "vault.key", key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	if (error == -ENOENT || error == CARDEA_EMALFORMED)
		error = 0;
	(void)str_print(made, sizeof(made), "%lld", (long long)about->made);
	if (!error)
		error = backup_note(db, "settings", settings, len);
	if (!error)
		error = backup_note(db, "made", made, strlen(made));
	if (!error)
		error = backup_note(db, "version", about->version, strlen(about->version));
	return error;
}

int backup_fill(struct store *s, sqlite3 *db, struct backup_about *about,
	const char *settings, size_t len, bool history)
{
	int64_t schema = 0;
	int error = backup_attach(db, sqlite3_db_filename(s->db, "main"));

	if (!error)
		error = store_error(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
	if (!error)
		error = backup_copy(db, history);
	if (!error)
		error = note_all(s, db, about, settings, len);
	if (!error)
		error = backup_count(db, &about->counts);
	if (!error)
		error = backup_number(db, "PRAGMA main.user_version", &schema);
	if (!error)
		error = store_error(sqlite3_exec(db,
			"COMMIT; PRAGMA main.application_id=" BACKUP_ID_TEXT, NULL, NULL,
			NULL));
	about->schema = (uint32_t)schema;
	return error;
}

int store_backup_make(struct store *s, struct backup_about *about, const char *settings,
	size_t len, bool history, int *ret_fd)
{
	char path[BACKUP_PATH_MAX];
	sqlite3 *db = NULL;
	int fd = -1, error = store_commit(s);

	if (!error)
		error = backup_path(s, "backup.db", path);
	if (!error)
		error = backup_create(path, &db);
	if (error)
		return error;
	error = backup_fill(s, db, about, settings, len, history);
	sqlite3_close(db);
	if (!error && (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		error = -errno;
	(void)unlink(path);
	if (!error)
		*ret_fd = fd;
	return error;
}
