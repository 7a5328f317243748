// SPDX-License-Identifier: GPL-2.0-or-later
/* Events: the youngest LIMIT_EVENTS of them. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

#define TRIM_EVERY 256 /* inserts between two trims, so that a trim is cheap */

static void bind_flow(sqlite3_stmt *st, const struct flow *f)
{
	sqlite3_bind_int(st, 6, (int)f->direction);
	store_bind_addr(st, 7, &f->device);
	store_bind_addr(st, 8, &f->peer);
	sqlite3_bind_int(st, 9, f->proto);
	sqlite3_bind_int(st, 10, f->device_port);
	sqlite3_bind_int(st, 11, f->peer_port);
	sqlite3_bind_int(st, 12, f->icmp_type << 8 | f->icmp_code);
}

static int trim(struct store *s)
{
	if (++s->inserted < TRIM_EVERY)
		return 0;
	s->inserted = 0;
	return store_write_number(s, STORE_EVENT_TRIM, LIMIT_EVENTS);
}

static int insert(struct store *s, struct event *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_EVENT_INSERT);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, e->first);
	sqlite3_bind_int64(st, 2, e->last);
	sqlite3_bind_int64(st, 3, e->device);
	sqlite3_bind_int(st, 4, (int)e->kind);
	sqlite3_bind_int(st, 5, (int)e->reason);
	bind_flow(st, &e->flow);
	sqlite3_bind_text(st, 13, e->name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 14, (sqlite3_int64)e->packets);
	sqlite3_bind_text(st, 15, e->text, -1, SQLITE_TRANSIENT);
	error = store_write(s, st);
	if (error)
		return error;
	e->id = (event_id)sqlite3_last_insert_rowid(s->db);
	return trim(s);
}

int store_event_save(struct store *s, struct event *e)
{
	sqlite3_stmt *st;

	if (e->id == 0)
		return insert(s, e);
	st = store_statement(s, STORE_EVENT_UPDATE);
	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)e->id);
	sqlite3_bind_int64(st, 2, e->last);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)e->packets);
	return store_write(s, st);
}

static void read_event(sqlite3_stmt *st, struct event *e)
{
	int icmp = sqlite3_column_int(st, 12);

	memset(e, 0, sizeof(*e));
	e->id = (event_id)sqlite3_column_int64(st, 0);
	e->first = sqlite3_column_int64(st, 1);
	e->last = sqlite3_column_int64(st, 2);
	e->device = (device_id)sqlite3_column_int64(st, 3);
	e->kind = (enum event_kind)sqlite3_column_int(st, 4);
	e->reason = (enum verdict_reason)sqlite3_column_int(st, 5);
	e->flow.direction = (enum direction)sqlite3_column_int(st, 6);
	e->flow.device = store_column_addr(st, 7);
	e->flow.peer = store_column_addr(st, 8);
	e->flow.proto = (uint8_t)sqlite3_column_int(st, 9);
	e->flow.device_port = (uint16_t)sqlite3_column_int(st, 10);
	e->flow.peer_port = (uint16_t)sqlite3_column_int(st, 11);
	e->flow.icmp_type = (uint8_t)(icmp >> 8);
	e->flow.icmp_code = (uint8_t)icmp;
	store_column_text(st, 13, e->name, sizeof(e->name));
	e->packets = (uint64_t)sqlite3_column_int64(st, 14);
	store_column_text(st, 15, e->text, sizeof(e->text));
}

int store_events(struct store *s, const struct store_event_query *q,
	int (*each)(void *, const struct event *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_EVENT_LIST);
	struct event e;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)q->after);
	sqlite3_bind_int64(st, 2, q->device);
	sqlite3_bind_int(st, 3, (int)q->limit);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		read_event(st, &e);
		error = each(ctx, &e);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_event(struct store *s, event_id id, struct event *ret)
{
	sqlite3_stmt *st = store_statement(s, STORE_EVENT_ONE);
	int code;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)id);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		read_event(st, ret);
	sqlite3_reset(st);
	return code == SQLITE_DONE ? -ENOENT : store_error(code);
}
