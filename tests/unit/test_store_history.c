// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices did by the hour: sums, what is new, bounds, and what goes with a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "unit/test_store_util.h"

#define LAMP 3
#define HOUR (3600 * NS_PER_SEC)
#define NOON (19675U * 24 + 12) /* an hour of T0's day */

static struct store_history *h;

static int begin(void **state)
{
	struct fixture *f;
	struct device d = sample(LAMP);

	assert_int_equal(setup(state), 0);
	f = *state;
	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_history_begin(f->s, &h), 0);
	return 0;
}

static int finish(void **state)
{
	store_history_end(h);
	return teardown(state);
}

static struct store_peer named(const char *name)
{
	struct store_peer p = {.device = LAMP, .proto = FLOW_PROTO_TCP, .port = 443,
		.told = true, .addr = ip("203.0.113.10")};

	str_copy(p.name, sizeof(p.name), name);
	return p;
}

static struct store_talk_news add(struct store_peer p, uint32_t hour, bool refused, uint64_t n,
	unsigned most, bool folds)
{
	const struct store_talk t = {.hour = hour, .refused = refused, .up = n, .down = 2 * n,
		.count = 1, .last = (nstime)hour * HOUR + 5};
	struct store_talk_news news;

	assert_int_equal(store_talk_add(h, &p, &t, most, folds, &news), 0);
	return news;
}

struct list {
	unsigned count;
	struct store_peer peers[64];
	struct store_talk talks[64];
};

static int take(void *ctx, const struct store_peer *p, const struct store_talk *t)
{
	struct list *l = ctx;

	assert_true(l->count < COUNT(l->peers));
	l->peers[l->count] = *p;
	l->talks[l->count++] = *t;
	return 0;
}

static struct list talks(struct fixture *f, device_id device, uint32_t from)
{
	static struct list l;

	l.count = 0;
	assert_int_equal(store_talks(f->s, device, from, take, &l), 0);
	return l;
}

static void sums_are_by_peer_hour_and_verdict(void **state)
{
	struct fixture *f = *state;
	struct list l;

	add(named("a.example"), NOON, false, 10, 9, false);
	add(named("a.example"), NOON, false, 5, 9, false);
	add(named("a.example"), NOON + 1, false, 1, 9, false);
	add(named("a.example"), NOON + 1, true, 0, 9, false);
	store_history_end(h);
	reopen(f); /* it is stored */
	l = talks(f, LAMP, NOON);
	assert_int_equal(l.count, 2);
	assert_int_equal(l.talks[0].up, 16);
	assert_int_equal(l.talks[0].down, 32);
	assert_int_equal(l.talks[0].count, 3);
	assert_false(l.talks[0].refused);
	assert_true(l.talks[1].refused);
	assert_int_equal(l.talks[1].count, 1);
	assert_string_equal(l.peers[1].name, "a.example");
	assert_int_equal(l.peers[1].port, 443);
	assert_true(l.peers[1].told);
	l = talks(f, LAMP, NOON + 1);
	assert_int_equal(l.talks[0].up, 1);
	assert_int_equal(talks(f, LAMP, NOON + 2).count, 0);
	assert_int_equal(talks(f, LAMP + 1, NOON).count, 0);
	assert_int_equal(store_history_begin(f->s, &h), 0);
}

/* A name is one peer whatever address it has; without a name each address is one. */
static void who_is_the_same_peer(void **state)
{
	struct fixture *f = *state;
	struct store_peer p = named("a.example"), q = named("");
	struct list l;

	add(p, NOON, false, 1, 9, false);
	p.addr = ip("203.0.113.11");
	add(p, NOON, false, 1, 9, false);
	add(q, NOON, false, 1, 9, false);
	q.addr = ip("203.0.113.11");
	add(q, NOON, false, 1, 9, false);
	q.direction = DIRECTION_TO_DEVICE;
	add(q, NOON, false, 1, 9, false);
	l = talks(f, LAMP, NOON);
	assert_int_equal(l.count, 4);
	assert_int_equal(l.talks[0].count, 2);
	assert_true(addr_equal(&l.peers[0].addr, &p.addr)); /* the last one */
}

static void what_is_new_is_said(void **state)
{
	(void)state;
	struct store_talk_news n = add(named("a.example"), NOON, false, 1, 9, false);

	assert_true(n.peer && n.hour && n.day);
	n = add(named("a.example"), NOON, true, 1, 9, false);
	assert_false(n.peer || n.hour || n.day);
	n = add(named("a.example"), NOON + 1, false, 1, 9, false);
	assert_true(!n.peer && n.hour && !n.day);
	n = add(named("a.example"), NOON + 24, false, 1, 9, false);
	assert_true(!n.peer && n.hour && n.day);
}

static void what_is_too_much_is_one_row(void **state)
{
	struct fixture *f = *state;
	unsigned all = 0, kept = 0;
	struct list l;
	char name[32];

	add(named("often.example"), NOON - 1, false, 1, 4, false);
	add(named("often.example"), NOON - 2, false, 1, 4, false);
	for (unsigned i = 0; i < 10; i++) { /* as of a scan */
		assert_int_equal(str_print(name, sizeof(name), "n%u.example", i), 0);
		add(named(name), NOON, i % 2, 1, 4, false);
	}
	add(named("often.example"), NOON, false, 1, 4, true); /* it is known */
	add(named("late.example"), NOON, false, 1, 99, true);
	l = talks(f, LAMP, NOON - 2);
	for (unsigned i = 0; i < l.count; i++) {
		all += (unsigned)l.talks[i].count;
		if (!strcmp(l.peers[i].name, "often.example"))
			assert_int_equal(l.talks[i].count, 3);
		else if (l.peers[i].place != RECORD_PLACE_MAX)
			assert_int_equal(l.talks[i].count, 1);
		kept += l.peers[i].name[0] == 'n';
	}
	assert_int_equal(all, 3 + 10 + 1); /* nothing is lost */
	assert_int_equal(kept, 3);	   /* with often four, beside all others */
}

static void what_was_new_in_an_hour(void **state)
{
	struct store_spell s = {.device = LAMP, .hour = NOON, .fresh = 3};
	uint32_t n = 9;

	(void)state;
	assert_int_equal(store_spell_fresh(h, LAMP, NOON, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(store_spell_add(h, &s), 0);
	assert_int_equal(store_spell_add(h, &s), 0);
	assert_int_equal(store_spell_fresh(h, LAMP, NOON, &n), 0);
	assert_int_equal(n, 6);
}

/* Nothing that a sensor says makes a sum that is no number. */
static void sums_end_somewhere(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 3; i++)
		add(named("a.example"), NOON + i, false, UINT64_MAX / 4, 9, false);
	assert_int_equal(talks(f, LAMP, NOON).talks[0].up, 3ULL << 43);
}

static struct store_history_keep keep = {.rows_each = 8, .rows = 100};

static void the_smallest_of_the_oldest_fold(void **state)
{
	struct fixture *f = *state;
	struct list l;
	char name[32];
	uint64_t up = 0;

	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(str_print(name, sizeof(name), "n%u.example", i), 0);
		add(named(name), NOON, false, 10 + i, 99, false);
		add(named(name), NOON + 24, false, 1 + i, 99, false);
	}
	assert_int_equal(store_history_trim(h, &keep), 0);
	l = talks(f, LAMP, NOON);
	for (unsigned i = 0; i < l.count; i++) {
		up += l.talks[i].up;
		if (!strcmp(l.peers[i].name, "n5.example"))
			assert_int_equal(l.talks[i].up, 6); /* the day before is folded */
	}
	assert_int_equal(up, 10 + 11 + 12 + 13 + 14 + 15 + 1 + 2 + 3 + 4 + 5 + 6);
	assert_int_equal(talks(f, LAMP, NOON + 24).count, 6); /* the last day is whole */
}

static int count_one(void *ctx, const struct store_spell *s)
{
	(void)s;
	++*(unsigned *)ctx;
	return 0;
}

static unsigned spells(struct fixture *f)
{
	unsigned n = 0;

	assert_int_equal(store_spells(f->s, 0, 0, UINT32_MAX, count_one, &n), 0);
	return n;
}

static unsigned days(struct fixture *f)
{
	unsigned n = 0;

	assert_int_equal(store_days(f->s, 0, 0, UINT32_MAX, count_one, &n), 0);
	return n;
}

static void what_is_old_goes(void **state)
{
	struct fixture *f = *state;
	struct store_history_keep k = {.talk_hour = NOON + 1, .spell_hour = NOON + 1,
		.day = NOON / 24 + 1, .rows_each = 99, .rows = 99};
	struct store_spell s = {.device = LAMP, .hour = NOON, .flags = 1};

	add(named("old.example"), NOON, false, 1, 9, false);
	add(named("new.example"), NOON + 24, false, 1, 9, false);
	assert_int_equal(store_spell_add(h, &s), 0);
	s.hour += 24;
	assert_int_equal(store_spell_add(h, &s), 0);
	assert_int_equal(spells(f), 2);
	assert_int_equal(days(f), 2);
	assert_int_equal(store_history_trim(h, &k), 0);
	assert_int_equal(talks(f, LAMP, 0).count, 1);
	assert_int_equal(spells(f), 1);
	assert_int_equal(days(f), 1);
	assert_true(add(named("old.example"), NOON + 24, false, 1, 9, false).peer);
	k.rows = 1; /* of all */
	add(named("later.example"), NOON + 25, false, 1, 9, false);
	assert_int_equal(store_history_trim(h, &k), 0);
	assert_int_equal(talks(f, LAMP, 0).count, 1);
}

static int take_spell(void *ctx, const struct store_spell *s)
{
	*(struct store_spell *)ctx = *s;
	return 0;
}

static void hours_and_days_add_up(void **state)
{
	struct fixture *f = *state;
	struct store_spell s = {.device = LAMP, .hour = NOON, .flags = 1, .up = 5, .down = 6,
		.count = 2, .peers = 3, .day = 4, .fresh = 1};
	struct store_spell got;

	assert_int_equal(store_spell_add(h, &s), 0);
	s = (struct store_spell){
		.device = LAMP, .hour = NOON, .flags = 4, .refused = 9, .peers = 1};
	assert_int_equal(store_spell_add(h, &s), 0);
	s.hour++;
	assert_int_equal(store_spell_add(h, &s), 0);
	assert_int_equal(store_spells(f->s, LAMP, NOON, NOON + 1, take_spell, &got), 0);
	assert_int_equal(got.flags, 5);
	assert_int_equal(got.up, 5);
	assert_int_equal(got.refused, 9);
	assert_int_equal(got.peers, 4);
	assert_int_equal(store_days(f->s, LAMP, 0, UINT32_MAX, take_spell, &got), 0);
	assert_int_equal(got.day, NOON / 24);
	assert_int_equal(got.flags, 3U << 12); /* two hours */
	assert_int_equal(got.peers, 4);	       /* different ones of the day */
	assert_int_equal(got.refused, 18);
}

/* What is as it was is not written. */
static void nothing_new_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_spell s = {.device = LAMP, .hour = NOON, .flags = 3};
	int before;

	assert_int_equal(store_spell_add(h, &s), 0);
	assert_int_equal(store_span_add(h, T0), 0);
	before = sqlite3_total_changes(f->s->db);
	assert_int_equal(store_spell_add(h, &s), 0);
	assert_int_equal(store_span_add(h, T0 + 1), 0);
	assert_int_equal(sqlite3_total_changes(f->s->db), before);
}

static void it_goes_with_its_device(void **state)
{
	struct fixture *f = *state;
	struct store_spell s = {.device = LAMP, .hour = NOON, .flags = 3};
	struct store_talk t = {.hour = NOON};
	struct store_talk_news news;
	struct store_peer p = named("a.example");

	add(p, NOON, false, 1, 9, false);
	assert_int_equal(store_spell_add(h, &s), 0);
	assert_int_equal(store_history_forget(f->s, LAMP), 0);
	assert_int_equal(talks(f, LAMP, 0).count + spells(f) + days(f), 0);
	add(p, NOON, false, 1, 9, false);
	assert_int_equal(store_spell_add(h, &s), 0);
	assert_int_equal(store_device_remove(f->s, LAMP), 0);
	assert_int_equal(talks(f, LAMP, 0).count + spells(f) + days(f), 0);
	assert_int_equal(store_talk_add(h, &p, &t, 9, false, &news), -ENOENT);
	assert_int_equal(store_spell_add(h, &s), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sums_are_by_peer_hour_and_verdict, begin, finish),
		cmocka_unit_test_setup_teardown(who_is_the_same_peer, begin, finish),
		cmocka_unit_test_setup_teardown(what_is_new_is_said, begin, finish),
		cmocka_unit_test_setup_teardown(what_is_too_much_is_one_row, begin, finish),
		cmocka_unit_test_setup_teardown(what_was_new_in_an_hour, begin, finish),
		cmocka_unit_test_setup_teardown(sums_end_somewhere, begin, finish),
		cmocka_unit_test_setup_teardown(the_smallest_of_the_oldest_fold, begin, finish),
		cmocka_unit_test_setup_teardown(what_is_old_goes, begin, finish),
		cmocka_unit_test_setup_teardown(hours_and_days_add_up, begin, finish),
		cmocka_unit_test_setup_teardown(nothing_new_writes_nothing, begin, finish),
		cmocka_unit_test_setup_teardown(it_goes_with_its_device, begin, finish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
