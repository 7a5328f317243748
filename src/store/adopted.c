// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles that the owner put in force himself, one a device. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

int store_adopted_save(struct store *s, device_id device, const struct adopted *a)
{
	sqlite3_stmt *st;

	if (!adopted_is_sound(a) || !device)
		return CARDEA_EMALFORMED;
	st = store_statement(s, STORE_ADOPTED_SAVE);
	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_int(st, 2, (int)a->form);
	sqlite3_bind_int(st, 3, (int)a->layer);
	sqlite3_bind_blob64(st, 4, a->text, a->text_len, SQLITE_STATIC);
	sqlite3_bind_blob64(st, 5, a->binding_len ? a->binding : "", a->binding_len,
		SQLITE_STATIC);
	sqlite3_bind_int64(st, 6, a->when);
	return store_write(s, st);
}

int store_adopted_remove(struct store *s, device_id device)
{
	int error = store_write_number(s, STORE_ADOPTED_REMOVE, device);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static bool read_adopted(sqlite3_stmt *st, struct adopted *a)
{
	unsigned form, layer;

	memset(a, 0, sizeof(*a));
	if (!store_column_enum(st, 1, ADOPT_FORM_MAX, &form) ||
		!store_column_enum(st, 2, LAYER_MAX, &layer))
		return false;
	a->form = (enum adopt_form)form;
	a->layer = (enum layer)layer;
	a->text = sqlite3_column_blob(st, 3);
	a->text_len = (size_t)sqlite3_column_bytes(st, 3);
	a->binding = sqlite3_column_blob(st, 4);
	a->binding_len = (size_t)sqlite3_column_bytes(st, 4);
	a->when = sqlite3_column_int64(st, 5);
	return adopted_is_sound(a);
}

static int run(sqlite3_stmt *st,
	int (*each)(void *, device_id, const struct adopted *), void *ctx)
{
	int code = SQLITE_OK, error = 0;
	struct adopted a;

	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_adopted(st, &a))
			error = each(ctx, (device_id)sqlite3_column_int64(st, 0), &a);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_adopted(struct store *s,
	int (*each)(void *, device_id, const struct adopted *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADOPTED_ALL);

	return st ? run(st, each, ctx) : -EIO;
}

int store_adopted_of(struct store *s, device_id device,
	int (*each)(void *, device_id, const struct adopted *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADOPTED_OF);

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	return run(st, each, ctx);
}
