// SPDX-License-Identifier: GPL-2.0-or-later
/* Events: the youngest LIMIT_EVENTS of them. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
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

static bool is_meant(
	sqlite3_stmt *st, const struct store_event_query *q, int kind, int name, int text)
{
	int64_t k = sqlite3_column_int64(st, kind);
	const char *words;

	if (q->kinds && (k < 0 || k >= EVENT_KIND_MAX || !(q->kinds & UINT64_C(1) << k)))
		return false;
	if (!q->text || !q->text[0])
		return true;
	words = (const char *)sqlite3_column_text(st, text);
	if (words && strcasestr(words, q->text))
		return true;
	words = (const char *)sqlite3_column_text(st, name);
	return words && strcasestr(words, q->text);
}

/* What a device did is an index' range, all that happened the table's. */
static sqlite3_stmt *prepare(struct store *s, const struct store_event_query *q,
	const char *what, event_id from, const char *order)
{
	sqlite3_stmt *st;
	char text[160];

	if (str_print(text, sizeof(text),
		    "SELECT %s FROM event WHERE id>=?1 AND id<?2%s ORDER BY id %s", what,
		    q->device ? " AND device=?3" : "", order))
		return NULL;
	st = store_prepare(s, text);
	if (!st)
		return NULL;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)from);
	sqlite3_bind_int64(st, 2, q->before ? (sqlite3_int64)q->before : INT64_MAX);
	if (q->device)
		sqlite3_bind_int64(st, 3, q->device);
	return st;
}

/* From the youngest on: where the page begins, and whether there is more before it. */
static int find_page(struct store *s, const struct store_event_query *q, event_id *ret_first,
	bool *ret_more)
{
	sqlite3_stmt *st = prepare(s, q, "id, kind, name, text", q->after + 1, "DESC");
	bool all = !q->kinds && (!q->text || !q->text[0]);
	unsigned found = 0, looked = 0;
	event_id first = 0;
	int code = SQLITE_ROW;

	if (!st)
		return -EIO;
	while (found < q->limit && (all || looked < STORE_EVENTS_LOOK) &&
		(code = sqlite3_step(st)) == SQLITE_ROW) {
		first = (event_id)sqlite3_column_int64(st, 0);
		found += is_meant(st, q, 1, 2, 3);
		looked++;
	}
	if (code == SQLITE_ROW)
		code = sqlite3_step(st);
	*ret_first = first;
	*ret_more = code == SQLITE_ROW;
	sqlite3_finalize(st);
	return store_error(code);
}

int store_events_page(struct store *s, const struct store_event_query *q,
	int (*each)(void *, const struct event *), void *ctx, event_id *ret_next)
{
	event_id first;
	bool more;
	int error = find_page(s, q, &first, &more), code = SQLITE_OK;
	sqlite3_stmt *st;
	struct event e;

	if (error)
		return error;
	*ret_next = more ? first : 0;
	if (!first)
		return 0;
	st = prepare(s, q, "*", first, "ASC");
	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		if (!is_meant(st, q, 4, 13, 15))
			continue;
		read_event(st, &e);
		error = each(ctx, &e);
	}
	sqlite3_finalize(st);
	return error ? error : store_error(code);
}

int store_events(struct store *s, const struct store_event_query *q,
	int (*each)(void *, const struct event *), void *ctx)
{
	event_id next;

	return store_events_page(s, q, each, ctx, &next);
}

int store_events_after(struct store *s, event_id after, unsigned limit,
	int (*each)(void *, const struct event *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_EVENT_AFTER);
	struct event e;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)after);
	sqlite3_bind_int(st, 2, (int)limit);
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
