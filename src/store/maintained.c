// SPDX-License-Identifier: GPL-2.0-or-later
/* What maintenance knows of each device's profile, in its own form. */
#include <errno.h>
#include "store/store_priv.h"

int store_maintained_save(struct store *s, device_id device, nstime approved,
	const void *state, size_t len)
{
	sqlite3_stmt *st;

	if (!device || !len || len > STORE_MAINTAINED_MAX)
		return CARDEA_EMALFORMED;
	st = store_statement(s, STORE_MAINTAINED_SAVE);
	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_int64(st, 2, approved);
	sqlite3_bind_blob64(st, 3, state, len, SQLITE_STATIC);
	return store_write(s, st);
}

int store_maintained_remove(struct store *s, device_id device)
{
	int error = store_write_number(s, STORE_MAINTAINED_REMOVE, device);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_maintained(struct store *s,
	int (*each)(void *, device_id, nstime, const void *, size_t), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_MAINTAINED_ALL);
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		const void *state = sqlite3_column_blob(st, 2);
		int len = sqlite3_column_bytes(st, 2);

		if (len > 0 && len <= STORE_MAINTAINED_MAX)
			error = each(ctx, (device_id)sqlite3_column_int64(st, 0),
				sqlite3_column_int64(st, 1), state, (size_t)len);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
