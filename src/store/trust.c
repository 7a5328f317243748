// SPDX-License-Identifier: GPL-2.0-or-later
/* What trust rests on: who signed first, which URLs a device has had, and which files the
 * owner has accepted or rejected. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

static int pin_room(struct store *s, const char *root)
{
	sqlite3_stmt *st = store_statement(s, STORE_PIN_ROOM);
	int64_t others = 0;
	int error;

	if (!st)
		return -EIO;
	store_bind_text(st, 1, root);
	error = store_count(st, &others);
	return !error && others >= STORE_PINS_MAX ? CARDEA_ELIMIT : error;
}

int store_pin_save(struct store *s, const struct store_pin *p)
{
	int error = pin_room(s, p->root);
	sqlite3_stmt *st = error ? NULL : store_statement(s, STORE_PIN_SAVE);

	if (!st)
		return error ? error : -EIO;
	store_bind_text(st, 1, p->root);
	store_bind_text(st, 2, p->signer);
	store_bind_text(st, 3, p->key);
	sqlite3_bind_int64(st, 4, p->since);
	return store_write(s, st);
}

static void read_pin(sqlite3_stmt *st, struct store_pin *p)
{
	memset(p, 0, sizeof(*p));
	store_column_text(st, 0, p->root, sizeof(p->root));
	store_column_text(st, 1, p->signer, sizeof(p->signer));
	store_column_text(st, 2, p->key, sizeof(p->key));
	p->since = sqlite3_column_int64(st, 3);
}

int store_pin_find(struct store *s, const char *root, struct store_pin *ret)
{
	sqlite3_stmt *st = store_statement(s, STORE_PIN_FIND);
	int code;

	if (!st)
		return -EIO;
	store_bind_text(st, 1, root);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		read_pin(st, ret);
	sqlite3_reset(st);
	return code == SQLITE_DONE ? -ENOENT : store_error(code);
}

int store_pin_remove(struct store *s, const char *root)
{
	sqlite3_stmt *st = store_statement(s, STORE_PIN_REMOVE);

	if (!st)
		return -EIO;
	store_bind_text(st, 1, root);
	return store_write(s, st);
}

int store_pins(struct store *s, int (*each)(void *, const struct store_pin *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_PIN_ALL);
	struct store_pin p;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		read_pin(st, &p);
		error = each(ctx, &p);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_url_seen(struct store *s, device_id device, const char *url, nstime wall)
{
	sqlite3_stmt *st = store_statement(s, STORE_URL_SAVE);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, device);
	store_bind_text(st, 2, url);
	sqlite3_bind_int64(st, 3, wall);
	error = store_write(s, st);
	st = error ? NULL : store_statement(s, STORE_URL_TRIM);
	if (!st)
		return error ? error : -EIO;
	sqlite3_bind_int64(st, 1, device);
	sqlite3_bind_int(st, 2, LIMIT_URL_HISTORY);
	return store_write(s, st);
}

int store_urls(struct store *s, device_id device,
	int (*each)(void *, const struct store_url *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_URL_ALL);
	struct store_url u;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, device);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		u.device = (device_id)sqlite3_column_int64(st, 0);
		store_column_text(st, 1, u.url, sizeof(u.url));
		u.seen = sqlite3_column_int64(st, 2);
		error = each(ctx, &u);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_hash_set(struct store *s, const uint8_t sha256[32], bool accepted,
	const char *url, nstime wall)
{
	sqlite3_stmt *st = store_statement(s, STORE_HASH_SAVE);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_blob(st, 1, sha256, 32, SQLITE_TRANSIENT);
	sqlite3_bind_int(st, 2, accepted);
	store_bind_text(st, 3, url);
	sqlite3_bind_int64(st, 4, wall);
	error = store_write(s, st);
	return error ? error : store_write_number(s, STORE_HASH_TRIM, STORE_HASHES_MAX);
}

int store_hash_find(struct store *s, const uint8_t sha256[32], bool *ret_accepted)
{
	sqlite3_stmt *st = store_statement(s, STORE_HASH_FIND);
	int64_t accepted = 0;
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_blob(st, 1, sha256, 32, SQLITE_TRANSIENT);
	error = store_count(st, &accepted);
	if (!error)
		*ret_accepted = accepted == 1; /* damage accepts nothing */
	return error;
}
