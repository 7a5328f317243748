// SPDX-License-Identifier: GPL-2.0-or-later
/* Users, their sessions, and tokens. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "store/store_priv.h"

static void bind_digest(sqlite3_stmt *st, int index, const uint8_t digest[PEOPLE_DIGEST])
{
	sqlite3_bind_blob(st, index, digest, PEOPLE_DIGEST, SQLITE_TRANSIENT);
}

static bool column_digest(sqlite3_stmt *st, int index, uint8_t ret[PEOPLE_DIGEST])
{
	const void *blob = sqlite3_column_blob(st, index);

	if (!blob || sqlite3_column_bytes(st, index) != PEOPLE_DIGEST)
		return false;
	memcpy(ret, blob, PEOPLE_DIGEST);
	return true;
}

static bool column_role(sqlite3_stmt *st, int index, enum people_role *ret)
{
	unsigned role;

	if (!store_column_enum(st, index, PEOPLE_ROLE_MAX, &role) || role == PEOPLE_NOBODY)
		return false;
	*ret = (enum people_role)role;
	return true;
}

/* Writes; -ENOENT when no row was concerned. */
static int write_one(struct store *s, sqlite3_stmt *st)
{
	int error = store_write(s, st);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static int room(struct store *s, enum store_statement which, const char *but, int64_t most)
{
	sqlite3_stmt *st = store_statement(s, which);
	int64_t have = 0;
	int error;

	if (!st)
		return -EIO;
	if (but)
		store_bind_text(st, 1, but);
	error = store_count(st, &have);
	return error ? error : have >= most ? CARDEA_ELIMIT : 0;
}

/* ---- users ---- */

int store_user_save(struct store *s, const struct people_user *u)
{
	int error = room(s, STORE_USER_ROOM, u->name, LIMIT_USERS);
	sqlite3_stmt *st = error ? NULL : store_statement(s, STORE_USER_SAVE);

	if (!st)
		return error ? error : -EIO;
	store_bind_text(st, 1, u->name);
	sqlite3_bind_int(st, 2, (int)u->role);
	bind_digest(st, 3, u->key);
	sqlite3_bind_int64(st, 4, u->since);
	sqlite3_bind_int64(st, 5, u->last);
	return store_write(s, st);
}

int store_tokens_remove_by(struct store *s, const char *user)
{
	sqlite3_stmt *st = store_statement(s, STORE_TOKEN_REMOVE_BY);

	if (!st)
		return -EIO;
	store_bind_text(st, 1, user);
	return store_write(s, st);
}

int store_user_remove(struct store *s, const char *name)
{
	sqlite3_stmt *st = store_statement(s, STORE_USER_REMOVE);

	if (!st)
		return -EIO;
	store_bind_text(st, 1, name);
	return write_one(s, st);
}

static bool read_user(sqlite3_stmt *st, struct people_user *u)
{
	memset(u, 0, sizeof(*u));
	store_column_text(st, 0, u->name, sizeof(u->name));
	u->since = sqlite3_column_int64(st, 3);
	u->last = sqlite3_column_int64(st, 4);
	u->sessions = (unsigned)sqlite3_column_int(st, 5);
	return people_name_is_sound(u->name) && column_role(st, 1, &u->role) &&
	       column_digest(st, 2, u->key);
}

int store_users(
	struct store *s, int (*each)(void *, const struct people_user *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_USER_ALL);
	int code = SQLITE_OK, error = 0;
	struct people_user u;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_user(st, &u))
			error = each(ctx, &u);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

struct wanted {
	const char *name;
	struct people_user *ret;
};

static int is_wanted(void *ctx, const struct people_user *u)
{
	struct wanted *w = ctx;

	if (strcmp(u->name, w->name) != 0)
		return 0;
	*w->ret = *u;
	return -EEXIST;
}

int store_user(struct store *s, const char *name, struct people_user *ret)
{
	struct wanted w = {.name = name, .ret = ret};
	int error = store_users(s, is_wanted, &w);

	return error == -EEXIST ? 0 : error ? error : -ENOENT;
}

/* ---- sessions ---- */

int store_session_add(struct store *s, const struct people_session *n)
{
	sqlite3_stmt *st = store_statement(s, STORE_SESSION_ADD);
	int error;

	if (!st)
		return -EIO;
	bind_digest(st, 1, n->id);
	store_bind_text(st, 2, n->user);
	sqlite3_bind_int64(st, 3, n->since);
	sqlite3_bind_int64(st, 4, n->used);
	sqlite3_bind_int64(st, 5, n->until);
	error = store_write(s, st);
	if (error)
		return error;
	st = store_statement(s, STORE_SESSION_TRIM);
	if (!st)
		return -EIO;
	store_bind_text(st, 1, n->user);
	sqlite3_bind_int(st, 2, LIMIT_SESSIONS / LIMIT_USERS);
	return store_write(s, st);
}

int store_session(struct store *s, const uint8_t id[PEOPLE_DIGEST],
	struct people_session *ret)
{
	sqlite3_stmt *st = store_statement(s, STORE_SESSION_ONE);
	struct people_session n;
	bool good = false;
	int code;

	if (!st)
		return -EIO;
	bind_digest(st, 1, id);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW) {
		memcpy(n.id, id, PEOPLE_DIGEST);
		store_column_text(st, 0, n.user, sizeof(n.user));
		n.since = sqlite3_column_int64(st, 2);
		n.used = sqlite3_column_int64(st, 3);
		n.until = sqlite3_column_int64(st, 4);
		good = column_role(st, 1, &n.role);
	}
	sqlite3_reset(st);
	if (good)
		*ret = n;
	return good ? 0 : code == SQLITE_DONE || code == SQLITE_ROW ? -ENOENT
								    : store_error(code);
}

int store_session_used(struct store *s, const uint8_t id[PEOPLE_DIGEST], nstime when)
{
	sqlite3_stmt *st = store_statement(s, STORE_SESSION_USED);

	if (!st)
		return -EIO;
	bind_digest(st, 1, id);
	sqlite3_bind_int64(st, 2, when);
	return store_write(s, st);
}

int store_session_remove(struct store *s, const uint8_t id[PEOPLE_DIGEST])
{
	sqlite3_stmt *st = store_statement(s, STORE_SESSION_REMOVE);

	if (!st)
		return -EIO;
	bind_digest(st, 1, id);
	return write_one(s, st);
}

int store_sessions_remove_of(struct store *s, const char *user)
{
	sqlite3_stmt *st = store_statement(s, STORE_SESSION_REMOVE_OF);

	if (!st)
		return -EIO;
	store_bind_text(st, 1, user);
	return store_write(s, st);
}

int store_sessions_prune(struct store *s, nstime now, nstime used)
{
	sqlite3_stmt *st = store_statement(s, STORE_SESSION_PRUNE);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, now);
	sqlite3_bind_int64(st, 2, used);
	return store_write(s, st);
}

/* ---- tokens ---- */

int store_token_add(struct store *s, struct people_token *t)
{
	int error = room(s, STORE_TOKEN_ROOM, NULL, LIMIT_TOKENS);
	sqlite3_stmt *st = error ? NULL : store_statement(s, STORE_TOKEN_ADD);

	if (!st)
		return error ? error : -EIO;
	store_bind_text(st, 1, t->name);
	sqlite3_bind_int(st, 2, (int)t->role);
	bind_digest(st, 3, t->digest);
	store_bind_text(st, 4, t->by);
	sqlite3_bind_int64(st, 5, t->since);
	sqlite3_bind_int64(st, 6, t->until);
	error = store_write(s, st);
	if (!error)
		t->id = (uint32_t)sqlite3_last_insert_rowid(s->db);
	return error;
}

int store_token_remove(struct store *s, uint32_t id)
{
	int error = store_write_number(s, STORE_TOKEN_REMOVE, id);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_token_used(struct store *s, uint32_t id, nstime when)
{
	sqlite3_stmt *st = store_statement(s, STORE_TOKEN_USED);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, when);
	return store_write(s, st);
}

int store_tokens(
	struct store *s, int (*each)(void *, const struct people_token *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_TOKEN_ALL);
	int code = SQLITE_OK, error = 0;
	struct people_token t;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		memset(&t, 0, sizeof(t));
		t.id = (uint32_t)sqlite3_column_int64(st, 0);
		store_column_text(st, 1, t.name, sizeof(t.name));
		store_column_text(st, 4, t.by, sizeof(t.by));
		t.since = sqlite3_column_int64(st, 5);
		t.until = sqlite3_column_int64(st, 6);
		t.used = sqlite3_column_int64(st, 7);
		if (column_role(st, 2, &t.role) && column_digest(st, 3, t.digest))
			error = each(ctx, &t);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

/* ---- the setup secret ---- */

int store_setup_show(struct store *s, const char *text)
{
	const char *db = sqlite3_db_filename(s->db, "main");
	const char *slash = db ? strrchr(db, '/') : NULL;
	char path[600], line[64];
	int fd, error;

	if (!slash)
		return -ENOENT;
	error = str_print(path, sizeof(path), "%.*s/setup-secret", (int)(slash - db), db);
	if (!error)
		error = str_print(line, sizeof(line), "%s\n", text);
	if (error)
		return error;
	if (unlink(path) && errno != ENOENT)
		return -errno;
	if (!text[0])
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
	if (fd < 0)
		return -errno;
	if (write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		error = -EIO;
	return close(fd) ? -errno : error;
}
