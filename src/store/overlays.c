// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner said about devices, beside their profiles. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

static void bind(sqlite3_stmt *st, const struct overlay *o)
{
	bool prefix = o->peer.kind == PEER_PREFIX;
	struct addr none = {0};

	store_bind_device(st, 1, o->device);
	sqlite3_bind_int(st, 2, (int)o->kind);
	store_bind_text(st, 3, o->peer.kind == PEER_NAME ? o->peer.name : "");
	store_bind_addr(st, 4, prefix ? &o->peer.prefix.addr : &none);
	sqlite3_bind_int(st, 5, prefix ? o->peer.prefix.len : 0);
	sqlite3_bind_int(st, 6, o->proto);
	sqlite3_bind_int(st, 7, o->port.lo);
	sqlite3_bind_int(st, 8, o->port.hi);
	sqlite3_bind_int64(st, 9, o->said);
	sqlite3_bind_int64(st, 10, o->until);
}

int store_overlay_save(struct store *s, struct overlay *o)
{
	sqlite3_stmt *st;
	int64_t count = 0;
	int error;

	if (!overlay_is_sound(o) || o->id || !o->device)
		return CARDEA_EMALFORMED;
	st = store_statement(s, STORE_OVERLAY_ROOM);
	if (!st)
		return -EIO;
	store_bind_device(st, 1, o->device);
	error = store_count(st, &count);
	if (!error && count >= LIMIT_OVERLAYS)
		error = CARDEA_ELIMIT;
	st = error ? NULL : store_statement(s, STORE_OVERLAY_SAVE);
	if (!st)
		return error ? error : -EIO;
	bind(st, o);
	error = store_write(s, st);
	if (!error)
		o->id = (uint32_t)sqlite3_last_insert_rowid(s->db);
	return error;
}

int store_overlay_time(struct store *s, const struct overlay *o)
{
	sqlite3_stmt *st = overlay_is_sound(o) ? store_statement(s, STORE_OVERLAY_TIME) : NULL;
	int error;

	if (!st)
		return overlay_is_sound(o) ? -EIO : CARDEA_EMALFORMED;
	sqlite3_bind_int64(st, 1, o->id);
	sqlite3_bind_int64(st, 2, o->said);
	sqlite3_bind_int64(st, 3, o->until);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_overlay_remove(struct store *s, uint32_t id)
{
	int error = store_write_number(s, STORE_OVERLAY_REMOVE, id);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static bool column_in(sqlite3_stmt *st, int index, int64_t min, int64_t max, int64_t *ret)
{
	*ret = sqlite3_column_int64(st, index);
	return *ret >= min && *ret <= max;
}

static bool read_overlay(sqlite3_stmt *st, struct overlay *o)
{
	int64_t len, proto, lo, hi;
	unsigned kind;

	memset(o, 0, sizeof(*o));
	if (!store_column_enum(st, 2, OVERLAY_KIND_MAX, &kind) ||
		!column_in(st, 5, 0, 128, &len) ||
		!column_in(st, 6, RULE_PROTO_ANY, UINT8_MAX, &proto) ||
		!column_in(st, 7, 0, UINT16_MAX, &lo) ||
		!column_in(st, 8, 0, UINT16_MAX, &hi))
		return false;
	o->id = (uint32_t)sqlite3_column_int64(st, 0);
	o->device = (device_id)sqlite3_column_int64(st, 1);
	o->kind = (enum overlay_kind)kind;
	store_column_text(st, 3, o->peer.name, sizeof(o->peer.name));
	o->peer.prefix.addr = store_column_addr(st, 4);
	o->peer.prefix.len = (uint8_t)len;
	o->peer.kind = o->peer.name[0]		       ? PEER_NAME
		       : o->peer.prefix.addr.family ? PEER_PREFIX
						       : PEER_ANY;
	o->proto = (int16_t)proto;
	o->port = (struct range16){(uint16_t)lo, (uint16_t)hi};
	o->said = sqlite3_column_int64(st, 9);
	o->until = sqlite3_column_int64(st, 10);
	return overlay_is_sound(o);
}

int store_overlays(
	struct store *s, int (*each)(void *, const struct overlay *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_OVERLAY_ALL);
	int code = SQLITE_OK, error = 0;
	struct overlay o;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_overlay(st, &o))
			error = each(ctx, &o);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
