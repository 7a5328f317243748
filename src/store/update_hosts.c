// SPDX-License-Identifier: GPL-2.0-or-later
/* Where devices that are held may fetch what repairs them, by whose word. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

/* An empty blob stands for no address: NULL would be another key each time. */
static void bind_key(sqlite3_stmt *st, const struct update_host *h)
{
	store_bind_device(st, 1, h->device);
	sqlite3_bind_int(st, 2, (int)h->source);
	store_bind_text(st, 3, h->name);
	if (h->has_addr)
		store_bind_addr(st, 4, &h->addr);
	else
		sqlite3_bind_zeroblob(st, 4, 0);
	sqlite3_bind_int(st, 5, h->proto);
	sqlite3_bind_int(st, 6, h->port);
}

int store_update_host_save(struct store *s, const struct update_host *h)
{
	sqlite3_stmt *st;

	if (!h->device || update_host_flaw(h) || h->source == UPDATE_MUD)
		return CARDEA_EMALFORMED;
	st = store_statement(s, STORE_UPDATE_HOST_SAVE);
	if (!st)
		return -EIO;
	bind_key(st, h);
	sqlite3_bind_int64(st, 7, h->since);
	return store_write(s, st);
}

int store_update_host_remove(struct store *s, const struct update_host *h)
{
	sqlite3_stmt *st = store_statement(s, STORE_UPDATE_HOST_REMOVE);
	int error;

	if (!st)
		return -EIO;
	bind_key(st, h);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static bool read_host(sqlite3_stmt *st, struct update_host *h)
{
	unsigned source, proto, port;

	memset(h, 0, sizeof(*h));
	if (!store_column_enum(st, 1, UPDATE_SOURCE_MAX, &source) ||
		!store_column_enum(st, 4, UINT8_MAX + 1, &proto) ||
		!store_column_enum(st, 5, UINT16_MAX + 1, &port))
		return false;
	h->device = (device_id)sqlite3_column_int64(st, 0);
	h->source = (enum update_source)source;
	store_column_text(st, 2, h->name, sizeof(h->name));
	h->addr = store_column_addr(st, 3);
	h->has_addr = h->addr.family != 0;
	h->proto = (uint8_t)proto;
	h->port = (uint16_t)port;
	h->since = sqlite3_column_int64(st, 6);
	return h->source != UPDATE_MUD && !update_host_flaw(h);
}

int store_update_hosts(
	struct store *s, int (*each)(void *, const struct update_host *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_UPDATE_HOST_ALL);
	int code = SQLITE_OK, error = 0;
	struct update_host h;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_host(st, &h))
			error = each(ctx, &h);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
