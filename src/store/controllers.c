// SPDX-License-Identifier: GPL-2.0-or-later
/* Which devices or addresses classes of controllers mean (RFC 8520 4.6, 4.7). */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

/* The statement with the mapping as its parameters, or NULL. */
static sqlite3_stmt *with_controller(struct store *s, enum store_statement which,
	const struct store_controller *c)
{
	sqlite3_stmt *st = store_statement(s, which);

	if (!st)
		return NULL;
	store_bind_device(st, 1, c->device);
	store_bind_text(st, 2, c->class);
	store_bind_device(st, 3, c->target);
	store_bind_addr(st, 4, &c->addr);
	return st;
}

int store_controller_save(struct store *s, const struct store_controller *c)
{
	sqlite3_stmt *st;
	int64_t others = 0;
	int error;

	if (!c->class[0] || !c->target == !c->addr.family)
		return CARDEA_EMALFORMED;
	st = with_controller(s, STORE_CONTROLLER_ROOM, c);
	error = st ? store_count(st, &others) : -EIO;
	if (!error && others >= LIMIT_CONTROLLERS)
		error = CARDEA_ELIMIT;
	st = error ? NULL : with_controller(s, STORE_CONTROLLER_SAVE, c);
	if (!st)
		return error ? error : -EIO;
	return store_write(s, st);
}

int store_controller_remove(struct store *s, const struct store_controller *c)
{
	sqlite3_stmt *st = with_controller(s, STORE_CONTROLLER_REMOVE, c);
	int error = st ? store_write(s, st) : -EIO;

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static bool read_controller(sqlite3_stmt *st, struct store_controller *c)
{
	memset(c, 0, sizeof(*c));
	c->device = (device_id)sqlite3_column_int64(st, 0);
	store_column_text(st, 1, c->class, sizeof(c->class));
	c->target = (device_id)sqlite3_column_int64(st, 2);
	c->addr = store_column_addr(st, 3);
	return c->class[0] && !c->target != !c->addr.family;
}

int store_controllers(struct store *s, int (*each)(void *, const struct store_controller *),
	void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_CONTROLLER_ALL);
	struct store_controller c;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_controller(st, &c))
			error = each(ctx, &c);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
