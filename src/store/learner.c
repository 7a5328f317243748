// SPDX-License-Identifier: GPL-2.0-or-later
/* What was learned, and of whom nothing is to be learned. */
#include <errno.h>
#include "store/store_priv.h"

int store_learner_save(struct store *s, const void *state, size_t len, nstime wall)
{
	sqlite3_stmt *st = store_statement(s, STORE_LEARNER_SAVE);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, wall);
	sqlite3_bind_blob64(st, 2, state, len, SQLITE_STATIC);
	return store_write(s, st);
}

int store_learner(struct store *s,
	int (*each)(void *, const void *, size_t, nstime), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_LEARNER_LOAD);
	int code, error = 0;

	if (!st)
		return -EIO;
	code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		error = each(ctx, sqlite3_column_blob(st, 1),
			(size_t)sqlite3_column_bytes(st, 1), sqlite3_column_int64(st, 0));
	sqlite3_reset(st);
	return error ? error : code == SQLITE_ROW ? 0 : store_error(code);
}

int store_learner_set_aside(struct store *s)
{
	sqlite3_stmt *st = store_statement(s, STORE_LEARNER_ASIDE);

	return st ? store_write(s, st) : -EIO;
}

int store_learner_off(struct store *s, device_id device, bool off)
{
	return store_write_number(s, off ? STORE_LEARNER_OFF : STORE_LEARNER_ON, device);
}

int store_learner_offs(struct store *s, int (*each)(void *, device_id), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_LEARNER_OFF_ALL);
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		error = each(ctx, (device_id)sqlite3_column_int64(st, 0));
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
