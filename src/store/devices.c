// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices, their addresses, and what they were told about names. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

#define TRIM_EVERY 1024 /* bindings saved between two trims: each reads them all */

static int save_addr(struct store *s, device_id id, const struct device_addr *a)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADDR_SAVE);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, id);
	store_bind_addr(st, 2, &a->addr);
	sqlite3_bind_int(st, 3, (int)a->source);
	sqlite3_bind_int64(st, 4, a->expires);
	return store_write(s, st);
}

int store_device_save(struct store *s, const struct device *d)
{
	sqlite3_stmt *st = store_statement(s, STORE_DEVICE_SAVE);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, d->id);
	sqlite3_bind_blob(st, 2, d->mac.b, 6, SQLITE_TRANSIENT);
	sqlite3_bind_int(st, 3, (int)d->state);
	sqlite3_bind_text(st, 4, d->name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(st, 5, d->named_by_owner);
	sqlite3_bind_text(st, 6, d->hostname, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 7, d->vendor_class, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 8, d->mud_url, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 9, d->problem, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 10, d->first_seen);
	sqlite3_bind_int64(st, 11, d->last_seen);
	sqlite3_bind_int(st, 12, (int)d->url_source);
	sqlite3_bind_int(st, 13, d->confirmed);
	store_bind_text(st, 14, d->mud_signer);
	store_bind_text(st, 15, d->quarantine);
	sqlite3_bind_int(st, 16, (int)d->hold);
	sqlite3_bind_int(st, 17, (int)d->class);
	error = store_write(s, st);
	st = error ? NULL : store_statement(s, STORE_ADDR_CLEAR);
	if (!st)
		return error ? error : -EIO;
	sqlite3_bind_int64(st, 1, d->id);
	error = store_write(s, st);
	for (size_t i = 0; !error && i < d->addr_count; i++)
		error = save_addr(s, d->id, &d->addrs[i]);
	return error;
}

static int read_addrs(struct store *s, struct device *d)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADDR_ALL);
	int code = SQLITE_ERROR;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, d->id);
	while (d->addr_count < LIMIT_ADDRS_PER_DEVICE &&
		(code = sqlite3_step(st)) == SQLITE_ROW) {
		struct device_addr *a = &d->addrs[d->addr_count];
		unsigned source;

		if (!store_column_enum(st, 1, ADDR_SOURCE_MAX, &source))
			continue;
		a->addr = store_column_addr(st, 0);
		a->source = (enum addr_source)source;
		a->expires = sqlite3_column_int64(st, 2);
		d->addr_count += a->addr.family != 0;
	}
	sqlite3_reset(st);
	return store_error(code);
}

static bool read_device(sqlite3_stmt *st, struct device *d)
{
	unsigned state, source, hold, class;

	memset(d, 0, sizeof(*d));
	if (sqlite3_column_bytes(st, 1) != 6 ||
		!store_column_enum(st, 2, DEVICE_STATE_MAX, &state) ||
		!store_column_enum(st, 11, URL_SOURCE_MAX, &source) ||
		!store_column_enum(st, 15, HOLD_MAX, &hold) ||
		!store_column_enum(st, 16, DEVICE_CLASS_MAX, &class))
		return false;
	d->hold = (enum device_hold)hold;
	d->state = (enum device_state)state;
	d->url_source = (enum url_source)source;
	d->class = (enum device_class)class;
	d->id = (device_id)sqlite3_column_int64(st, 0);
	memcpy(d->mac.b, sqlite3_column_blob(st, 1), 6);
	store_column_text(st, 3, d->name, sizeof(d->name));
	d->named_by_owner = sqlite3_column_int(st, 4) != 0;
	store_column_text(st, 5, d->hostname, sizeof(d->hostname));
	store_column_text(st, 6, d->vendor_class, sizeof(d->vendor_class));
	store_column_text(st, 7, d->mud_url, sizeof(d->mud_url));
	store_column_text(st, 8, d->problem, sizeof(d->problem));
	d->first_seen = sqlite3_column_int64(st, 9);
	d->last_seen = sqlite3_column_int64(st, 10);
	d->confirmed = sqlite3_column_int(st, 12) != 0;
	store_column_text(st, 13, d->mud_signer, sizeof(d->mud_signer));
	store_column_text(st, 14, d->quarantine, sizeof(d->quarantine));
	return true;
}

int store_devices(struct store *s, int (*each)(void *, const struct device *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_DEVICE_ALL);
	struct device d;
	int code, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		if (!read_device(st, &d))
			continue;
		error = read_addrs(s, &d);
		if (!error)
			error = each(ctx, &d);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

/* What refers to it by a foreign key goes by itself. */
int store_device_remove(struct store *s, device_id id)
{
	int error = store_write_number(s, STORE_BINDING_FORGET, id);

	return error ? error : store_write_number(s, STORE_DEVICE_REMOVE, id);
}

int store_device_last(struct store *s, device_id *ret)
{
	sqlite3_stmt *st = store_statement(s, STORE_DEVICE_LAST);
	int code;

	if (!st)
		return -EIO;
	code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		*ret = (device_id)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return store_error(code);
}

/* A device that asks for ever new names is bounded in memory; here, too. */
static int trim_bindings(struct store *s)
{
	if (++s->told < TRIM_EVERY)
		return 0;
	s->told = 0;
	return store_write_number(s, STORE_BINDING_TRIM, LIMIT_BINDINGS);
}

int store_binding_save(struct store *s, const struct store_binding *b)
{
	sqlite3_stmt *st = store_statement(s, STORE_BINDING_SAVE);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, b->device);
	sqlite3_bind_text(st, 2, b->name, -1, SQLITE_TRANSIENT);
	store_bind_addr(st, 3, &b->addr);
	sqlite3_bind_int64(st, 4, b->expires);
	error = store_write(s, st);
	return error ? error : trim_bindings(s);
}

int store_bindings(struct store *s, nstime now,
	int (*each)(void *, const struct store_binding *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_BINDING_ALL);
	struct store_binding b;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, now);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		b.device = (device_id)sqlite3_column_int64(st, 0);
		store_column_text(st, 1, b.name, sizeof(b.name));
		b.addr = store_column_addr(st, 2);
		b.expires = sqlite3_column_int64(st, 3);
		error = each(ctx, &b);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_bindings_prune(struct store *s, nstime now)
{
	return store_write_number(s, STORE_BINDING_PRUNE, now);
}
