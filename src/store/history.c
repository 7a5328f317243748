// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom devices talk with, by the hour: sums, never packets. The statements live as long as
 * a batch or a look does: an idle gateway holds none of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "store/store_priv.h"

/* Of one hour or day, each: so that sums of all rows there can be are numbers still. */
#define OCTETS_MAX (INT64_C(1) << 43)
#define HOURS_A_DAY 24
#define NS_PER_HOUR (3600 * NS_PER_SEC)
#define OTHER "4" /* RECORD_PLACE_MAX, as it is stored */
_Static_assert(RECORD_PLACE_MAX == 4, "what is stored keeps its meaning");

enum batch_statement {
	PEER_FIND,
	PEER_COUNT,
	PEER_INSERT,
	PEER_TOUCH,
	PEER_LEAST,
	HOUR_FRESH,
	TALK_ADD,
	HOUR_ADD,
	DAY_ADD,
	SPAN_ADD,
	BATCH_MAX,
};

static const char *const texts[BATCH_MAX] = {
	[PEER_FIND] = "SELECT id, last FROM talk_peer WHERE device=?1 AND place=?2 AND name=?3"
		      " AND key=?4 AND proto=?5 AND port=?6 AND direction=?7",
	[PEER_COUNT] = "SELECT count(*) FROM talk_peer WHERE device=?1",
	[PEER_INSERT] = "INSERT INTO talk_peer VALUES(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
	[PEER_TOUCH] = "UPDATE talk_peer SET last=max(last, ?2), told=?3,"
		       " addr=coalesce(?4, addr) WHERE id=?1",
	/* In the fewest hours, the longest ago. */
	[PEER_LEAST] = "SELECT id FROM talk_peer WHERE device=?1 AND place<>" OTHER
		       " ORDER BY (SELECT count(*) FROM talk WHERE peer=id), last, id LIMIT 1",
	[HOUR_FRESH] = "SELECT fresh FROM talk_hour WHERE device=?1 AND hour=?2",
	[TALK_ADD] = "INSERT INTO talk VALUES(?1,?2,?3,?4,?5,?6,?7)"
		     " ON CONFLICT DO UPDATE SET up=min(up+?4,?8), down=min(down+?5,?8),"
		     " count=min(count+?6,?8), last=max(last,?7)",
	/* What changes nothing is not written. */
	[HOUR_ADD] = "INSERT INTO talk_hour VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
		     " ON CONFLICT DO UPDATE SET flags=flags|?3, up=min(up+?4,?10),"
		     " down=min(down+?5,?10), count=min(count+?6,?10),"
		     " refused=min(refused+?7,?10), peers=peers+?8, fresh=fresh+?9"
		     " WHERE flags|?3<>flags OR ?4+?5+?6+?7+?8+?9>0",
	[DAY_ADD] = "INSERT INTO talk_day VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
		    " ON CONFLICT DO UPDATE SET hours=hours|?3, up=min(up+?4,?10),"
		    " down=min(down+?5,?10), count=min(count+?6,?10),"
		    " refused=min(refused+?7,?10), peers=peers+?8, fresh=fresh+?9"
		    " WHERE hours|?3<>hours OR ?4+?5+?6+?7+?8+?9>0",
	[SPAN_ADD] = "INSERT INTO talk_span VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET"
		     " hours=hours|?3 WHERE hours|?3<>hours",
};

struct store_history {
	struct store *store;
	sqlite3_stmt *statements[BATCH_MAX];
};

int store_history_begin(struct store *s, struct store_history **ret)
{
	struct store_history *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->store = s;
	*ret = h;
	return 0;
}

void store_history_end(struct store_history *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < BATCH_MAX; i++)
		sqlite3_finalize(h->statements[i]);
	free(h);
}

static sqlite3_stmt *statement(struct store_history *h, enum batch_statement which)
{
	sqlite3_stmt **st = &h->statements[which];

	if (!*st)
		*st = store_prepare(h->store, texts[which]);
	if (!*st)
		return NULL;
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	return *st;
}

static int64_t number(uint64_t n)
{
	return n < (uint64_t)OCTETS_MAX ? (int64_t)n : OCTETS_MAX;
}

/* ---- writing ---- */

/* What tells nameless peers apart. */
static void bind_key(sqlite3_stmt *st, int index, const struct store_peer *p)
{
	static const struct mac none;

	if (p->name[0] || p->place == RECORD_PLACE_MAX)
		sqlite3_bind_zeroblob(st, index, 0);
	else if (p->place == RECORD_DEVICE && !mac_equal(&p->mac, &none))
		sqlite3_bind_blob(st, index, p->mac.b, sizeof(p->mac.b), SQLITE_TRANSIENT);
	else if (p->addr.family)
		store_bind_addr(st, index, &p->addr);
	else
		sqlite3_bind_zeroblob(st, index, 0);
}

static void bind_peer(sqlite3_stmt *st, const struct store_peer *p)
{
	store_bind_device(st, 1, p->device);
	sqlite3_bind_int(st, 2, (int)p->place);
	store_bind_text(st, 3, p->name);
	bind_key(st, 4, p);
	sqlite3_bind_int(st, 5, p->proto);
	sqlite3_bind_int(st, 6, p->port);
	sqlite3_bind_int(st, 7, (int)p->direction);
}

/* -ENOENT: it is new. */
static int find_peer(struct store_history *h, struct store_peer *p, nstime *ret_last)
{
	sqlite3_stmt *st = statement(h, PEER_FIND);
	int code;

	if (!st)
		return -EIO;
	bind_peer(st, p);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW) {
		p->id = (uint64_t)sqlite3_column_int64(st, 0);
		*ret_last = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return code == SQLITE_DONE ? -ENOENT : store_error(code);
}

static int touch_peer(struct store_history *h, const struct store_peer *p, nstime last)
{
	sqlite3_stmt *st = statement(h, PEER_TOUCH);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)p->id);
	sqlite3_bind_int64(st, 2, last);
	sqlite3_bind_int(st, 3, p->told);
	store_bind_addr(st, 4, &p->addr);
	return store_write(h->store, st);
}

static int insert_peer(struct store_history *h, struct store_peer *p, nstime last)
{
	sqlite3_stmt *st = statement(h, PEER_INSERT);
	int error;

	if (!st)
		return -EIO;
	bind_peer(st, p);
	sqlite3_bind_int(st, 8, p->told);
	store_bind_addr(st, 9, &p->addr);
	sqlite3_bind_int64(st, 10, p->first ? p->first : last);
	sqlite3_bind_int64(st, 11, last);
	error = store_write(h->store, st);
	if (!error)
		p->id = (uint64_t)sqlite3_last_insert_rowid(h->store->db);
	return error;
}

static bool is_full(struct store_history *h, device_id device, unsigned most)
{
	sqlite3_stmt *st = statement(h, PEER_COUNT);
	int64_t n = 0;

	if (!st)
		return true;
	store_bind_device(st, 1, device);
	return store_count(st, &n) || n >= most;
}

static void make_other(struct store_peer *p)
{
	*p = (struct store_peer){.device = p->device, .place = RECORD_PLACE_MAX};
}

static int run(struct store *s, const char *text, const int64_t *numbers, int count)
{
	sqlite3_stmt *st = store_prepare(s, text);
	int error;

	if (!st)
		return -EIO;
	for (int i = 0; i < count; i++)
		sqlite3_bind_int64(st, i + 1, numbers[i]);
	error = store_write(s, st);
	sqlite3_finalize(st);
	return error;
}

static int other_of(struct store_history *h, device_id device, int64_t *ret)
{
	struct store_peer other = {.device = device};
	nstime last;
	int error;

	make_other(&other);
	error = find_peer(h, &other, &last);
	if (error == -ENOENT)
		error = insert_peer(h, &other, 0);
	*ret = (int64_t)other.id;
	return error;
}

#define ADD_UP                                                                            \
	" GROUP BY hour, refused ON CONFLICT DO UPDATE SET"                               \
	" up=min(up+excluded.up,?3), down=min(down+excluded.down,?3),"                    \
	" count=min(count+excluded.count,?3), last=max(last,excluded.last)"

/* Whoever makes ever new peers must not keep those out that come to stay. */
static int make_place(struct store_history *h, device_id device)
{
	sqlite3_stmt *st = statement(h, PEER_LEAST);
	int64_t least = 0, other;
	int error;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	error = store_count(st, &least);
	if (!error)
		error = other_of(h, device, &other);
	if (error)
		return error;
	const int64_t n[] = {least, other, OCTETS_MAX};

	error = run(h->store,
		"INSERT INTO talk SELECT ?2, hour, refused, sum(up), sum(down), sum(count),"
		" max(last) FROM talk WHERE peer=?1" ADD_UP,
		n, 3);
	return error ? error : run(h->store, "DELETE FROM talk_peer WHERE id=?1", n, 1);
}

static int save_peer(struct store_history *h, struct store_peer *p, unsigned most, bool folds,
	nstime when, nstime *ret_last)
{
	int error = find_peer(h, p, ret_last);

	if (error == -ENOENT && p->place != RECORD_PLACE_MAX && folds) {
		make_other(p);
		error = find_peer(h, p, ret_last);
	} else if (error == -ENOENT && p->place != RECORD_PLACE_MAX &&
		   is_full(h, p->device, most) && make_place(h, p->device)) {
		return -EIO;
	}
	if (error == -ENOENT) {
		*ret_last = 0;
		return insert_peer(h, p, when);
	}
	return error ? error : touch_peer(h, p, when);
}

int store_talk_add(struct store_history *h, struct store_peer *p, const struct store_talk *t,
	unsigned most, bool folds, struct store_talk_news *ret)
{
	nstime before = 0, hour = (nstime)t->hour * NS_PER_HOUR;
	int error = save_peer(h, p, most, folds, t->last, &before);
	sqlite3_stmt *st = error ? NULL : statement(h, TALK_ADD);

	if (!st)
		return error ? error : -EIO;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)p->id);
	sqlite3_bind_int64(st, 2, t->hour);
	sqlite3_bind_int(st, 3, t->refused);
	sqlite3_bind_int64(st, 4, number(t->up));
	sqlite3_bind_int64(st, 5, number(t->down));
	sqlite3_bind_int64(st, 6, number(t->count));
	sqlite3_bind_int64(st, 7, t->last);
	sqlite3_bind_int64(st, 8, OCTETS_MAX);
	error = store_write(h->store, st);
	if (error)
		return error;
	*ret = (struct store_talk_news){.peer = !before,
		.hour = before < hour,
		.day = before < hour - hour % (HOURS_A_DAY * NS_PER_HOUR)};
	return 0;
}

static int add_spell(struct store_history *h, enum batch_statement which, uint32_t when,
	uint32_t flags, const struct store_spell *s)
{
	sqlite3_stmt *st = statement(h, which);

	if (!st)
		return -EIO;
	store_bind_device(st, 1, s->device);
	sqlite3_bind_int64(st, 2, when);
	sqlite3_bind_int64(st, 3, flags);
	sqlite3_bind_int64(st, 4, number(s->up));
	sqlite3_bind_int64(st, 5, number(s->down));
	sqlite3_bind_int64(st, 6, number(s->count));
	sqlite3_bind_int64(st, 7, number(s->refused));
	sqlite3_bind_int64(st, 8, which == DAY_ADD ? s->day : s->peers);
	sqlite3_bind_int64(st, 9, s->fresh);
	sqlite3_bind_int64(st, 10, OCTETS_MAX);
	return store_write(h->store, st);
}

int store_spell_add(struct store_history *h, const struct store_spell *s)
{
	int error = add_spell(h, HOUR_ADD, s->hour, s->flags, s);

	return error ? error
		     : add_spell(h, DAY_ADD, s->hour / HOURS_A_DAY,
			       1U << s->hour % HOURS_A_DAY, s);
}

int store_spell_fresh(struct store_history *h, device_id device, uint32_t hour, uint32_t *ret)
{
	sqlite3_stmt *st = statement(h, HOUR_FRESH);
	int64_t n = 0;
	int error;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_int64(st, 2, hour);
	error = store_count(st, &n);
	if (error && error != -ENOENT)
		return error;
	*ret = (uint32_t)n;
	return 0;
}

int store_span_add(struct store_history *h, nstime wall)
{
	sqlite3_stmt *st = statement(h, SPAN_ADD);
	uint32_t hour = (uint32_t)(wall / NS_PER_HOUR);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, hour / HOURS_A_DAY);
	sqlite3_bind_int64(st, 2, wall);
	sqlite3_bind_int64(st, 3, 1U << hour % HOURS_A_DAY);
	return store_write(h->store, st);
}

/* ---- bounds ---- */

/* The oldest days first, of each the smallest rows. */
#define SMALLEST                                                                          \
	"(SELECT t.peer, t.hour, t.refused FROM talk_peer p CROSS JOIN talk t ON t.peer=p.id" \
	" WHERE p.device=?1 AND p.place<>" OTHER                                          \
	" ORDER BY t.hour/24, t.up+t.down+t.count, t.peer, t.hour, t.refused LIMIT ?2)"

static int fold(struct store_history *h, device_id device, int64_t rows)
{
	int64_t other;
	int error = other_of(h, device, &other);
	const int64_t n[] = {device, rows, OCTETS_MAX, other};

	if (!error)
		error = run(h->store,
			"INSERT INTO talk SELECT ?4, hour, refused, sum(up), sum(down),"
			" sum(count), max(last) FROM talk"
			" WHERE (peer, hour, refused) IN " SMALLEST ADD_UP,
			n, 4);
	if (!error)
		error = run(h->store,
			"DELETE FROM talk WHERE (peer, hour, refused) IN " SMALLEST, n, 2);
	return error;
}

/* Devices with more rows than they may have; at a time few. */
#define CROWDED_MAX 32

struct crowded {
	struct {
		device_id device;
		int64_t rows;
	} list[CROWDED_MAX];
	unsigned count;
};

static int find_crowded(struct store *s, unsigned most, struct crowded *ret)
{
	sqlite3_stmt *st = store_prepare(s,
		"SELECT p.device, count(*) AS n FROM talk_peer p CROSS JOIN talk t"
		" ON t.peer=p.id WHERE p.place<>" OTHER " GROUP BY p.device HAVING n>?1 LIMIT ?2");
	int code;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, most);
	sqlite3_bind_int64(st, 2, CROWDED_MAX);
	while ((code = sqlite3_step(st)) == SQLITE_ROW && ret->count < CROWDED_MAX) {
		ret->list[ret->count].device = (device_id)sqlite3_column_int64(st, 0);
		ret->list[ret->count++].rows = sqlite3_column_int64(st, 1);
	}
	sqlite3_finalize(st);
	return store_error(code);
}

/* Down to three quarters, so that it is not done each time. */
static int fold_crowded(struct store_history *h, unsigned most)
{
	struct crowded c = {.count = 0};
	int error = find_crowded(h->store, most, &c);

	for (unsigned i = 0; i < c.count && !error; i++)
		error = fold(h, c.list[i].device, c.list[i].rows - (int64_t)most * 3 / 4);
	return error;
}

static int count_rows(struct store *s, int64_t *ret)
{
	sqlite3_stmt *st = store_prepare(s, "SELECT count(*) FROM talk");
	int error = st ? store_count(st, ret) : -EIO;

	sqlite3_finalize(st);
	return error;
}

/* Whole hours, the oldest first. */
static int cut_rows(struct store_history *h, unsigned most)
{
	const int64_t n[] = {most};
	int64_t rows = 0;
	int error = count_rows(h->store, &rows);

	if (error || rows <= most)
		return error;
	return run(h->store,
		"DELETE FROM talk WHERE hour<=(SELECT hour FROM talk ORDER BY hour DESC"
		" LIMIT 1 OFFSET ?1)",
		n, 1);
}

static int cut_old(struct store_history *h, const char *text, int64_t before)
{
	return run(h->store, text, &before, 1);
}

int store_history_trim(struct store_history *h, const struct store_history_keep *k)
{
	int error = cut_old(h, "DELETE FROM talk WHERE hour<?1", k->talk_hour);

	/* whom it has not met for so long is new when it does */
	if (!error)
		error = cut_old(h, "DELETE FROM talk_peer WHERE last<?1 AND place<>" OTHER,
			(int64_t)k->talk_hour * NS_PER_HOUR);
	if (!error)
		error = cut_old(h, "DELETE FROM talk_hour WHERE hour<?1", k->spell_hour);
	if (!error)
		error = cut_old(h, "DELETE FROM talk_day WHERE day<?1", k->day);
	if (!error)
		error = cut_old(h, "DELETE FROM talk_span WHERE day<?1", k->day);
	if (!error)
		error = fold_crowded(h, k->rows_each);
	return error ? error : cut_rows(h, k->rows);
}

int store_history_forget(struct store *s, device_id device)
{
	const int64_t n[] = {device};
	int error = run(s, "DELETE FROM talk_peer WHERE device=?1", n, 1);

	if (!error)
		error = run(s, "DELETE FROM talk_hour WHERE device=?1", n, 1);
	return error ? error : run(s, "DELETE FROM talk_day WHERE device=?1", n, 1);
}
