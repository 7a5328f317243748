// SPDX-License-Identifier: GPL-2.0-or-later
/* Where each device stands in the life cycle, and how it came there. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

static int run(struct store *s, enum store_statement which)
{
	sqlite3_stmt *st = store_statement(s, which);

	return st ? store_write(s, st) : -EIO;
}

static int save_life(struct store *s, const struct store_life *l)
{
	sqlite3_stmt *st = store_statement(s, STORE_LIFE_SAVE);

	if (!st)
		return -EIO;
	store_bind_device(st, 1, l->device);
	sqlite3_bind_blob64(st, 2, l->state, l->state_len, SQLITE_STATIC);
	sqlite3_bind_blob64(st, 3, l->suspicion, l->suspicion_len, SQLITE_STATIC);
	return store_write(s, st);
}

static int save_step(struct store *s, struct store_step *step)
{
	sqlite3_stmt *st = store_statement(s, STORE_STEP_INSERT);
	int error;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, step->device);
	sqlite3_bind_int64(st, 2, step->at);
	sqlite3_bind_int(st, 3, (int)step->was);
	sqlite3_bind_int(st, 4, (int)step->state);
	sqlite3_bind_int(st, 5, (int)step->event);
	store_bind_text(st, 6, step->kind);
	store_bind_text(st, 7, step->protocol);
	store_bind_text(st, 8, step->sentence);
	store_bind_text(st, 9, step->detail);
	error = store_write(s, st);
	if (error)
		return error;
	step->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
	st = store_statement(s, STORE_STEP_TRIM);
	if (!st)
		return -EIO;
	store_bind_device(st, 1, step->device);
	sqlite3_bind_int(st, 2, STORE_STEPS_EACH);
	return store_write(s, st);
}

static bool is_sound(const struct store_life *l)
{
	return l->device && l->state_len && l->state_len <= STORE_LIFE_MAX &&
	       l->suspicion_len && l->suspicion_len <= STORE_LIFE_MAX;
}

int store_life_save(struct store *s, const struct store_life *l, const struct device *d,
	struct store_step *step)
{
	int error;

	if (!is_sound(l))
		return CARDEA_EMALFORMED;
	error = run(s, STORE_SAVEPOINT_LIFE);
	if (error)
		return error;
	if (d)
		error = store_device_save(s, d);
	if (!error)
		error = save_life(s, l);
	if (!error && step)
		error = save_step(s, step);
	if (error) /* fails when SQLite has rolled back everything by itself */
		(void)!run(s, STORE_ROLLBACK_TO_LIFE);
	if (!sqlite3_get_autocommit(s->db) && run(s, STORE_RELEASE_LIFE) && !error)
		error = -EIO;
	return error;
}

int store_lives(struct store *s, int (*each)(void *, const struct store_life *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_LIFE_ALL);
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		struct store_life l = {
			.device = (device_id)sqlite3_column_int64(st, 0),
			.state = sqlite3_column_blob(st, 1),
			.state_len = (size_t)sqlite3_column_bytes(st, 1),
			.suspicion = sqlite3_column_blob(st, 2),
			.suspicion_len = (size_t)sqlite3_column_bytes(st, 2)};

		if (is_sound(&l))
			error = each(ctx, &l);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

static void read_step(sqlite3_stmt *st, struct store_step *step)
{
	memset(step, 0, sizeof(*step));
	step->id = (uint64_t)sqlite3_column_int64(st, 0);
	step->device = (device_id)sqlite3_column_int64(st, 1);
	step->at = sqlite3_column_int64(st, 2);
	step->was = (unsigned)sqlite3_column_int(st, 3);
	step->state = (unsigned)sqlite3_column_int(st, 4);
	step->event = (unsigned)sqlite3_column_int(st, 5);
	store_column_text(st, 6, step->kind, sizeof(step->kind));
	store_column_text(st, 7, step->protocol, sizeof(step->protocol));
	store_column_text(st, 8, step->sentence, sizeof(step->sentence));
	store_column_text(st, 9, step->detail, sizeof(step->detail));
}

int store_steps(struct store *s, device_id device, unsigned limit,
	int (*each)(void *, const struct store_step *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_STEP_LIST);
	struct store_step step;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_int64(st, 2, limit);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		read_step(st, &step);
		error = each(ctx, &step);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
