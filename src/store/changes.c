// SPDX-License-Identifier: GPL-2.0-or-later
/* What was changed by the control API, and what takes it back. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

static int add(struct store *s, struct change *c)
{
	sqlite3_stmt *st = store_statement(s, STORE_CHANGE_ADD);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, c->at);
	store_bind_text(st, 2, c->who);
	store_bind_text(st, 3, c->sentence);
	store_bind_text(st, 4, c->command);
	store_bind_text(st, 5, c->about);
	store_bind_text(st, 6, c->method);
	store_bind_text(st, 7, c->path);
	store_bind_text(st, 8, c->why_not);
	sqlite3_bind_int64(st, 9, c->undoes);
	sqlite3_bind_int64(st, 10, c->undone_by);
	sqlite3_bind_blob64(st, 11, c->body ? c->body : "", c->body_len, SQLITE_STATIC);
	error = store_write(s, st);
	if (!error)
		c->id = (uint32_t)sqlite3_last_insert_rowid(s->db);
	return error;
}

/* Old ones go; and of those that stay, the requests: the oldest first. */
static int trim(struct store *s, nstime now)
{
	sqlite3_stmt *st = store_statement(s, STORE_CHANGE_TRIM);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, STORE_CHANGES_MAX);
	sqlite3_bind_int64(st, 2, now - STORE_CHANGES_KEPT);
	error = store_write(s, st);
	st = error ? NULL : store_statement(s, STORE_CHANGE_FADE);
	if (!st)
		return error ? error : -EIO;
	sqlite3_bind_int64(st, 1, now - STORE_CHANGES_UNDO);
	sqlite3_bind_int64(st, 2, STORE_CHANGES_BYTES);
	return store_write(s, st);
}

int store_change_add(struct store *s, struct change *c)
{
	int error;

	if (c->id || !c->sentence[0] || (c->path[0] == 0) != (c->method[0] == 0) ||
		c->body_len > STORE_CHANGE_BYTES)
		return CARDEA_EMALFORMED;
	error = add(s, c);
	return error ? error : trim(s, c->at);
}

int store_change_undone(struct store *s, uint32_t id, uint32_t by)
{
	sqlite3_stmt *st = store_statement(s, STORE_CHANGE_UNDONE);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, by);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_change_way(struct store *s, uint32_t id, const struct change *way)
{
	sqlite3_stmt *st = store_statement(s, STORE_CHANGE_WAY);
	int error;

	if (!st)
		return -EIO;
	if (way->body_len > STORE_CHANGE_BYTES)
		return CARDEA_EMALFORMED;
	sqlite3_bind_int64(st, 1, id);
	store_bind_text(st, 2, way->method);
	store_bind_text(st, 3, way->path);
	sqlite3_bind_blob64(st, 4, way->body ? way->body : "", way->body_len, SQLITE_STATIC);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static void read_change(sqlite3_stmt *st, struct change *c)
{
	memset(c, 0, sizeof(*c));
	c->id = (uint32_t)sqlite3_column_int64(st, 0);
	c->at = sqlite3_column_int64(st, 1);
	store_column_text(st, 2, c->who, sizeof(c->who));
	store_column_text(st, 3, c->sentence, sizeof(c->sentence));
	store_column_text(st, 4, c->command, sizeof(c->command));
	store_column_text(st, 5, c->about, sizeof(c->about));
	store_column_text(st, 6, c->method, sizeof(c->method));
	store_column_text(st, 7, c->path, sizeof(c->path));
	store_column_text(st, 8, c->why_not, sizeof(c->why_not));
	c->undoes = (uint32_t)sqlite3_column_int64(st, 9);
	c->undone_by = (uint32_t)sqlite3_column_int64(st, 10);
	c->body = sqlite3_column_blob(st, 11);
	c->body_len = (size_t)sqlite3_column_bytes(st, 11);
}

static int each_of(sqlite3_stmt *st, int (*each)(void *, const struct change *), void *ctx)
{
	int code = SQLITE_OK, error = 0;
	struct change c;

	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		read_change(st, &c);
		error = each(ctx, &c);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_changes(struct store *s, uint32_t before, unsigned limit,
	int (*each)(void *, const struct change *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_CHANGE_LIST);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, before ? before : (int64_t)UINT32_MAX + 1);
	sqlite3_bind_int64(st, 2, limit);
	return each_of(st, each, ctx);
}

int store_change(struct store *s, uint32_t id, int (*each)(void *, const struct change *),
	void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_CHANGE_ONE);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, id);
	return each_of(st, each, ctx);
}

/* The first column of the first row, or 0. */
static int take_id(sqlite3_stmt *st, uint32_t *ret)
{
	int code = sqlite3_step(st);

	if (code == SQLITE_ROW || code == SQLITE_DONE)
		*ret = code == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(st, 0) : 0;
	sqlite3_reset(st);
	return store_error(code);
}

int store_change_of(struct store *s, const char *path, uint32_t *ret)
{
	sqlite3_stmt *st = store_statement(s, STORE_CHANGE_OF);

	if (!st)
		return -EIO;
	store_bind_text(st, 1, path);
	return take_id(st, ret);
}

int store_change_later(struct store *s, const char *about, uint32_t id, uint32_t *ret)
{
	sqlite3_stmt *st = about[0] ? store_statement(s, STORE_CHANGE_LATER) : NULL;

	if (!about[0]) {
		*ret = 0;
		return 0;
	}
	if (!st)
		return -EIO;
	store_bind_text(st, 1, about);
	sqlite3_bind_int64(st, 2, id);
	return take_id(st, ret);
}
