// SPDX-License-Identifier: GPL-2.0-or-later
/* A house comes in. Its file is as hostile as any input: it is looked at as a database that
 * may hold tables and indexes alone, brought to this version, and its rows are copied into a
 * fresh one, which has our tables and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "store/backup_priv.h"

#define ROW_MAX (48 << 20) /* the longest value: what a learner knows, and more */
#define TOLD_MAX 200	   /* devices that come or go, told by name */

#define STEPS_EACH 1000000  /* of SQLite's machine, between two looks at the count */
#define STEPS_MAX 300	    /* of these: a sound one of the largest size takes some ten */

/* ---- is it one? ---- */

/* A file made to keep us busy is none. */
static int too_long(void *steps)
{
	return ++*(unsigned *)steps > STEPS_MAX;
}

static int open_hostile(const char *path, unsigned *steps, sqlite3 **ret)
{
	sqlite3 *db = NULL;
	int code = sqlite3_open_v2(
		path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (code == SQLITE_OK) {
		sqlite3_progress_handler(db, STEPS_EACH, too_long, steps);
		(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, ROW_MAX);
		(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
		(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
		(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
		code = sqlite3_exec(db,
			"PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; "
			"PRAGMA mmap_size=0; PRAGMA journal_mode=MEMORY; "
			"PRAGMA temp_store=MEMORY; PRAGMA cache_size=256;",
			NULL, NULL, NULL);
	}
	if (code != SQLITE_OK) {
		sqlite3_close(db);
		return backup_error(code);
	}
	*ret = db;
	return 0;
}

static int want(sqlite3 *db, const char *sql, int64_t from, int64_t to)
{
	int64_t n = 0;
	int error = backup_number(db, sql, &n);

	return error ? error : n < from || n > to ? CARDEA_EMALFORMED : 0;
}

static int check_whole(sqlite3 *db)
{
	bool sound;
	int code = store_quick_check(db, &sound);

	return code != SQLITE_ROW ? backup_error(code) : sound ? 0 : CARDEA_EMALFORMED;
}

/* Nothing in it runs: no triggers, no views, no virtual tables. Then it may be migrated. */
static int check_incoming(const char *path)
{
	unsigned steps = 0;
	sqlite3 *db = NULL;
	int error = open_hostile(path, &steps, &db);

	if (error)
		return error;
	error = want(db, "PRAGMA application_id", BACKUP_ID, BACKUP_ID);
	if (!error)
		error = want(db, "PRAGMA user_version", BACKUP_FIRST_SCHEMA, INT32_MAX);
	if (!error)
		error = want(db,
			"SELECT count(*) FROM sqlite_master WHERE type NOT IN"
			"('table','index') OR sql LIKE '%VIRTUAL%' OR "
			"(type='table' AND rootpage=0)",
			0, 0);
	if (!error)
		error = check_whole(db);
	if (!error)
		error = store_migrate(db);
	if (error == -EIO) /* a migration that fails: it is not what it says */
		error = CARDEA_EMALFORMED;
	sqlite3_close(db);
	return error;
}

/* The same columns everywhere: else SELECT * would put one's into another. */
static int check_columns(sqlite3 *db)
{
	static const char sql[] =
		"SELECT count(*) FROM main.sqlite_master m WHERE m.type='table' AND "
		"(SELECT group_concat(x.cid||' '||x.name||' '||x.type||' '||x.hidden) "
		"  FROM pragma_table_xinfo(m.name,'main') x) IS NOT "
		"(SELECT group_concat(x.cid||' '||x.name||' '||x.type||' '||x.hidden) "
		"  FROM pragma_table_xinfo(m.name,'src') x)";

	return want(db, sql, 0, 0);
}

/* No row names one that is not there. */
static int check_references(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "PRAGMA main.foreign_key_check", -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	sqlite3_finalize(st);
	return code == SQLITE_DONE ? 0 : code == SQLITE_ROW ? CARDEA_EMALFORMED
							     : backup_error(code);
}

/* ---- what was noted ---- */

int backup_note_read(sqlite3 *db, const char *schema, const char *name, char **ret,
	size_t *ret_len)
{
	char *sql = sqlite3_mprintf(
		"SELECT value FROM %s.restored WHERE name=?1", schema), *copy = NULL;
	sqlite3_stmt *st = NULL;
	int code = sql ? sqlite3_prepare_v2(db, sql, -1, &st, NULL) : SQLITE_NOMEM;
	size_t len = 0;

	sqlite3_free(sql);
	if (code == SQLITE_OK) {
		sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
		code = sqlite3_step(st);
	}
	if (code == SQLITE_ROW) {
		len = (size_t)sqlite3_column_bytes(st, 0);
		copy = malloc(len + 1);
		if (copy && len)
			memcpy(copy, sqlite3_column_blob(st, 0), len);
		if (copy)
			copy[len] = 0;
	}
	sqlite3_finalize(st);
	if (code == SQLITE_DONE)
		return -ENOENT;
	if (code != SQLITE_ROW)
		return backup_error(code);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	*ret_len = len;
	return 0;
}

/* The notes that go on; each is bounded by what it is. */
static int take_notes(sqlite3 *db, struct backup_about *ret)
{
	static const struct {
		const char *name;
		size_t most;
		bool must;
	} notes[] = {{"settings", 65536, true}, {"made", 20, true},
		{"version", BACKUP_VERSION_MAX - 1, true}, {"vault.key", STORE_VAULT_KEY, false}};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(notes) / sizeof(notes[0]); i++) {
		char *text = NULL;
		size_t len = 0;
		int64_t made = 0;

		error = backup_note_read(db, "src", notes[i].name, &text, &len);
		if (error == -ENOENT && !notes[i].must) {
			error = 0;
			continue;
		}
		if (!error && (len > notes[i].most ||
				      (i == 1 && str_to_i64(text, 0, INT64_MAX, &made)) ||
				      (!notes[i].must && len != notes[i].most)))
			error = CARDEA_EMALFORMED;
		if (!error && i == 1)
			ret->made = made;
		if (!error && i == 2)
			(void)str_copy(ret->version, sizeof(ret->version), text);
		if (!error)
			error = backup_note(db, notes[i].name, text, len);
		if (text)
			explicit_bzero(text, len);
		free(text);
	}
	return error == -ENOENT ? CARDEA_EMALFORMED : error;
}

/* ---- the copy ---- */

static int copy_in(sqlite3 *db, const char *part, const char *digest, nstime now,
	struct backup_about *ret)
{
	int64_t schema = 0;
	char at[24];
	int error = backup_attach(db, part);

	(void)str_print(at, sizeof(at), "%lld", (long long)now);
	if (!error)
		error = check_columns(db);
	if (!error)
		error = store_error(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
	if (!error)
		error = backup_copy(db, true);
	if (!error)
		error = take_notes(db, ret);
	if (!error)
		error = backup_note(db, "digest", digest, strlen(digest));
	if (!error)
		error = backup_note(db, "at", at, strlen(at));
	if (!error)
		error = backup_note(db, "announce", "", 0);
	if (!error)
		error = check_references(db);
	if (!error)
		error = backup_count(db, &ret->counts);
	if (!error)
		error = backup_number(db, "PRAGMA main.user_version", &schema);
	if (!error)
		error = store_error(sqlite3_exec(
			db, "COMMIT; PRAGMA synchronous=FULL", NULL, NULL, NULL));
	ret->schema = (uint32_t)schema;
	return error ? error : ret->counts.devices > LIMIT_DEVICES ? CARDEA_ELIMIT : 0;
}

int backup_sync(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW), error = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd))
		error = -errno;
	close(fd);
	return error;
}

int store_restore_open(struct store *s, int *ret_fd)
{
	char path[BACKUP_PATH_MAX];
	int fd, error = backup_path(s, "restore.part", path);

	if (error)
		return error;
	store_restore_drop(s);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int store_restore_check(
	struct store *s, const char *digest, nstime now, struct backup_about *ret)
{
	char part[BACKUP_PATH_MAX], fresh[BACKUP_PATH_MAX];
	struct backup_about about = {0};
	sqlite3 *db = NULL;
	int error = backup_path(s, "restore.part", part);

	if (!error)
		error = backup_path(s, "restore.new", fresh);
	if (!error)
		error = check_incoming(part);
	if (!error)
		error = backup_create(fresh, &db);
	if (!error) {
		error = copy_in(db, part, digest, now, &about);
		sqlite3_close(db);
	}
	if (!error)
		error = backup_sync(fresh, O_RDWR);
	(void)unlink(part);
	if (error)
		store_restore_drop(s);
	else
		*ret = about;
	return error;
}

void store_restore_drop(struct store *s)
{
	static const char *const names[] = {
		"restore.part", "restore.part-journal", "restore.new", "backup.db", "kept.part"};
	char path[BACKUP_PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (backup_path(s, names[i], path) == 0)
			(void)unlink(path);
}

/* ---- what would change ---- */

static int tell(sqlite3 *db, enum backup_change what, const char *sql,
	int (*each)(void *, enum backup_change, const char *, const char *), void *ctx)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL), error = 0;

	for (unsigned n = 0; code == SQLITE_OK && !error && n < TOLD_MAX &&
			     sqlite3_step(st) == SQLITE_ROW;
		n++) {
		const char *a = (const char *)sqlite3_column_text(st, 0);
		const char *b = (const char *)sqlite3_column_text(st, 1);

		error = each(ctx, what, a ? a : "", b ? b : "");
	}
	sqlite3_finalize(st);
	return error ? error : store_error(code);
}

int store_restore_compare(struct store *s,
	int (*each)(void *ctx, enum backup_change what, const char *a, const char *b),
	void *ctx)
{
	static const char *const sql[] = {
		[BACKUP_COMES] = "SELECT name, '' FROM main.device WHERE mac NOT IN "
				 "(SELECT mac FROM src.device) ORDER BY name",
		[BACKUP_GOES] = "SELECT name, '' FROM src.device WHERE mac NOT IN "
				"(SELECT mac FROM main.device) ORDER BY name",
		[BACKUP_RENAMED] = "SELECT s.name, m.name FROM main.device m JOIN src.device s "
				   "ON m.mac=s.mac WHERE m.name<>s.name ORDER BY s.name"};
	char path[BACKUP_PATH_MAX];
	sqlite3 *db = NULL;
	int error = store_commit(s);

	if (!error)
		error = backup_path(s, "restore.new", path);
	if (!error)
		error = store_error(sqlite3_open_v2(
			path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (!error)
		error = backup_attach(db, sqlite3_db_filename(s->db, "main"));
	for (unsigned i = 0; !error && i < BACKUP_CHANGE_MAX; i++)
		error = tell(db, (enum backup_change)i, sql[i], each, ctx);
	sqlite3_close(db);
	return error;
}

int store_restore_settings(struct store *s, char **ret, size_t *ret_len)
{
	char path[BACKUP_PATH_MAX];
	sqlite3 *db = NULL;
	int error = backup_path(s, "restore.new", path);

	if (!error)
		error = store_error(
			sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
				NULL));
	if (!error)
		error = backup_note_read(db, "main", "settings", ret, ret_len);
	sqlite3_close(db);
	return error;
}

/* ---- it takes the store's place ---- */

int backup_sync_folder(const char *path)
{
	char dir[BACKUP_PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash || str_print(dir, sizeof(dir), "%.*s/", (int)(slash - path), path))
		return CARDEA_ELIMIT;
	return backup_sync(dir, O_RDONLY | O_DIRECTORY);
}

int store_restore_commit(struct store *s)
{
	char fresh[BACKUP_PATH_MAX], ready[BACKUP_PATH_MAX];
	int error = backup_path(s, "restore.new", fresh);

	if (!error)
		error = backup_path(s, "restore.db", ready);
	if (!error && rename(fresh, ready))
		error = -errno;
	return error ? error : backup_sync_folder(ready);
}

/* The key first, and only then is it forgotten here: whenever this is cut short, it is done
 * once more. */
static int take_key(const char *dir, const char *ready)
{
	char path[BACKUP_PATH_MAX], fresh[BACKUP_PATH_MAX], *key = NULL;
	sqlite3 *db = NULL;
	size_t len = 0;
	int error = str_print(path, sizeof(path), "%s/vault.key", dir);

	if (!error)
		error = str_print(fresh, sizeof(fresh), "%s/vault.key.new", dir);
	if (!error)
		error = store_error(sqlite3_open_v2(
			ready, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (!error)
		error = backup_note_read(db, "main", "vault.key", &key, &len);
	if (!error && len == STORE_VAULT_KEY)
		error = store_vault_key_write(path, fresh, (const uint8_t *)key);
	if (!error)
		error = store_error(sqlite3_exec(db,
			"PRAGMA secure_delete=ON; PRAGMA synchronous=FULL;"
			"DELETE FROM restored WHERE name='vault.key'",
			NULL, NULL, NULL));
	if (key)
		explicit_bzero(key, len);
	free(key);
	sqlite3_close(db);
	return error == -ENOENT ? 0 : error;
}

/* Once restore.db is there, all else is only carrying it out. The old log would be played
 * back into the new file: it goes first, and the old file is of no use from then on. Nor is
 * the secret that the old house showed. */
int store_restore_take(const char *dir)
{
	static const char *const old[] = {"cardea.db-wal", "cardea.db-shm", "setup-secret"};
	char ready[BACKUP_PATH_MAX], path[BACKUP_PATH_MAX];
	int error = str_print(ready, sizeof(ready), "%s/restore.db", dir);

	if (error || access(ready, F_OK))
		return error;
	error = take_key(dir, ready);
	for (size_t i = 0; !error && i < sizeof(old) / sizeof(old[0]); i++) {
		error = str_print(path, sizeof(path), "%s/%s", dir, old[i]);
		if (!error && unlink(path) && errno != ENOENT)
			error = -errno;
	}
	if (!error)
		error = str_print(path, sizeof(path), "%s/cardea.db", dir);
	if (!error && rename(ready, path))
		error = -errno;
	if (!error)
		error = backup_sync_folder(path);
	if (!error)
		log_info("store", "what was restored is in place");
	else if (error == CARDEA_EMALFORMED) /* damaged after it was checked: the disk */
		(void)unlink(ready);
	return error == CARDEA_EMALFORMED ? 0 : error;
}

int store_restored(struct store *s, const char *name, char **ret, size_t *ret_len)
{
	return backup_note_read(s->db, "main", name, ret, ret_len);
}

int store_restored_forget(struct store *s, const char *name)
{
	sqlite3_stmt *st = store_prepare(s, "DELETE FROM restored WHERE name=?1");
	int error;

	if (!st)
		return -EIO;
	store_bind_text(st, 1, name);
	error = store_write(s, st);
	sqlite3_finalize(st);
	return error ? error : store_commit(s);
}
