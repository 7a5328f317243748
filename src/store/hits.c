// SPDX-License-Identifier: GPL-2.0-or-later
/* How often each rule was used. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

#define TRIM_EVERY 1024 /* saved between two trims: each reads them all */

/* Files come and go, and with them the names of their rules. */
static int trim(struct store *s)
{
	if (++s->hits < TRIM_EVERY)
		return 0;
	s->hits = 0;
	return store_write_number(s, STORE_HIT_TRIM, LIMIT_RULES);
}

static sqlite3_int64 number(uint64_t n)
{
	return n < INT64_MAX ? (sqlite3_int64)n : INT64_MAX;
}

int store_hit_save(struct store *s, const struct store_hit *h)
{
	sqlite3_stmt *st = store_statement(s, STORE_HIT_SAVE);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, h->device);
	store_bind_text(st, 2, h->acl);
	store_bind_text(st, 3, h->ace);
	sqlite3_bind_int(st, 4, (int)h->direction);
	sqlite3_bind_int64(st, 5, number(h->hits));
	sqlite3_bind_int64(st, 6, h->first);
	sqlite3_bind_int64(st, 7, h->last);
	sqlite3_bind_int64(st, 8, number(h->bytes));
	error = store_write(s, st);
	return error ? error : trim(s);
}

static bool read_hit(sqlite3_stmt *st, struct store_hit *h)
{
	unsigned direction;
	int64_t hits = sqlite3_column_int64(st, 4);
	int64_t bytes = sqlite3_column_int64(st, 7);

	memset(h, 0, sizeof(*h));
	if (hits < 0 || bytes < 0 || !store_column_enum(st, 3, DIRECTION_MAX, &direction))
		return false;
	h->device = (device_id)sqlite3_column_int64(st, 0);
	store_column_text(st, 1, h->acl, sizeof(h->acl));
	store_column_text(st, 2, h->ace, sizeof(h->ace));
	h->direction = (enum direction)direction;
	h->hits = (uint64_t)hits;
	h->bytes = (uint64_t)bytes;
	h->first = sqlite3_column_int64(st, 5);
	h->last = sqlite3_column_int64(st, 6);
	return true;
}

int store_hits(struct store *s, int (*each)(void *, const struct store_hit *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_HIT_ALL);
	struct store_hit h;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_hit(st, &h))
			error = each(ctx, &h);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_hits_remove(struct store *s, device_id device)
{
	return store_write_number(s, STORE_HIT_REMOVE, device);
}
