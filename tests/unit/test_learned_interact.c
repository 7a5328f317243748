// SPDX-License-Identifier: GPL-2.0-or-later
/* Interactions: what is planted is found, with its delay; what only looks like it is
 * not. */
#include "unit/test_interact_util.h"

static void what_follows_is_found(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;

	(void)state;
	switch_bulb(l, 30, 700);
	struct mined *m = mined_of(l, NULL);
	assert_int_equal(m->count, 1);
	i = mined_find(m, &hub_mac, &bulb_mac, 5683);
	assert_non_null(i);
	assert_true(is_act(&i->trigger, &phone_mac, &hub_mac, 80));
	assert_true(i->within == 2 * NS_PER_SEC); /* it took less than one */
	assert_int_equal(i->effects, 30);
	assert_int_equal(i->precedences, 30);
	assert_int_equal(i->support, 30);
	assert_true(i->bound > 0.917 && i->bound < 0.918);
	assert_true(i->chance > 0 && i->chance < 0.01);
	assert_true(i->cross_device);
	assert_false(i->question);
	assert_int_equal(i->effect.kind.direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(i->effect.kind.proto, FLOW_PROTO_UDP);
	assert_int_equal(i->effect.kind.flows, 30);
	assert_int_equal(i->trigger.kind.flows, 30);
	learned_free(l);
}

static void each_party_has_it(void **state)
{
	struct learned *l = learner(false);
	struct mac nobody = {{2, 9, 9, 9, 9, 9}};

	(void)state;
	switch_bulb(l, 30, 700);
	assert_int_equal(mined_of(l, &hub_mac)->count, 1);
	assert_int_equal(mined_of(l, &bulb_mac)->count, 1);
	assert_int_equal(mined_of(l, &phone_mac)->count, 0);
	assert_int_equal(learned_interactions(l, &nobody, keep_mined, NULL), -2);
	learned_free(l);
}

/* 25 of 25 are the least for a lower limit of 0.9. */
static void few_are_chance(void **state)
{
	for (int n = 5; n <= 26; n++) {
		struct learned *l = learner(false);

		switch_bulb(l, n, 300);
		assert_int_equal(mined_of(l, NULL)->count, n >= 25);
		learned_free(l);
	}
	(void)state;
}

/* All in two minutes: one occasion, or two. */
static void one_sitting_is_no_support(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	phone_to_hub(l, 0);
	for (int i = 0; i < 40; i++) {
		phone_to_hub(l, 10 * MINUTE + i * 3000);
		hub_to_bulb(l, 10 * MINUTE + i * 3000 + 100);
	}
	assert_int_equal(mined_of(l, NULL)->count, 0);
	learned_free(l);
}

static void an_effect_alone_is_no_effect(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	switch_bulb(l, 30, 300);
	for (int i = 0; i < 4; i++)
		hub_to_bulb(l, (240 + 10 * i) * MINUTE);
	assert_int_equal(mined_of(l, NULL)->count, 0); /* 30 of 34: 0.77 */
	learned_free(l);
}

static void an_exception_is_outweighed(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;

	(void)state;
	switch_bulb(l, 60, 300);
	hub_to_bulb(l, 10000 * MINUTE);
	i = mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683);
	assert_non_null(i);
	assert_int_equal(i->effects, 61);
	assert_int_equal(i->precedences, 60);
	assert_true(i->bound > 0.92 && i->bound < 0.94);
	learned_free(l);
}

/* Many things that the hub does after one call are one. */
static void repeats_are_one(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		phone_to_hub(l, n * 10 * MINUTE);
		for (int k = 0; k <= n % 4; k++)
			hub_to_bulb(l, n * 10 * MINUTE + 400 + k * 900);
	}
	i = mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683);
	assert_non_null(i);
	assert_int_equal(i->effects, 30);
	assert_int_equal(i->precedences, 30);
	assert_true(i->within == 10 * NS_PER_SEC); /* the last after 3.1 s */
	learned_free(l);
}

/* ... but each of them must come in time. */
static void a_late_repeat_breaks_it(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		phone_to_hub(l, n * 10 * MINUTE);
		for (int k = 0; k < 5; k++)
			hub_to_bulb(l, n * 10 * MINUTE + 400 + k * 20000);
	}
	assert_null(mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683));
	learned_free(l);
}

/* Calls without effect, and one of two effects: neither is part of the constraint. */
static void branches_break_nothing(void **state)
{
	struct learned *l = learner(false);
	struct mac plug = {{2, 0, 0, 0, 0, 12}};
	struct mined *m;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 90; n++) {
		int64_t at = n * 10 * MINUTE;

		phone_to_hub(l, at);
		if (n % 3 == 0)
			hub_to_bulb(l, at + 250);
		if (n % 3 == 1)
			feed_both(l, house(&hub_mac, &plug, FLOW_PROTO_TCP, 9999,
					     at + 350));
	}
	m = mined_of(l, NULL);
	assert_int_equal(m->count, 2);
	assert_non_null(mined_find(m, &hub_mac, &bulb_mac, 5683));
	assert_non_null(mined_find(m, &hub_mac, &plug, 9999));
	assert_int_equal(m->i[0].effects, 30);
	learned_free(l);
}

/* A heartbeat is before everything. */
static void what_is_always_there_is_no_trigger(void **state)
{
	static const int periods[] = {300, 1000, 5000, 20000, 45000};

	(void)state;
	for (size_t p = 0; p < sizeof periods / sizeof *periods; p++) {
		struct learned *l = learner(false);
		int64_t end = 30 * 4 * MINUTE, next = 0;

		for (int i = 1; i < 30; i++) {
			for (; next < i * 4 * MINUTE + i * 2791; next += periods[p])
				feed(l, cloud(&hub_mac, "beat.example.com", next));
			hub_to_bulb(l, i * 4 * MINUTE + i * 2791);
		}
		for (; next < end; next += periods[p])
			feed(l, cloud(&hub_mac, "beat.example.com", next));
		assert_int_equal(mined_of(l, NULL)->count, 0);
		learned_free(l);
	}
}

/* It calls five times a minute, and the effect comes 4 s after one of those: with a
 * margin of as long again the door would be open five sixths of the time. */
static void who_is_always_let_through_needs_no_door(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 1500; i++) {
		int64_t at = i * 12000LL + i % 7 * 100;

		phone_to_hub(l, at);
		if (i % 40 == 20)
			hub_to_bulb(l, at + 4000);
	}
	assert_null(mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683));
	learned_free(l);
}

/* Both happen in the evening, at any time of it. */
static void to_be_at_home_is_no_trigger(void **state)
{
	struct learned *l = learner(false);
	uint64_t x = 88172645463325252u;

	(void)state;
	for (int day = 0; day < 40; day++) {
		int64_t evening = day * 1440LL * MINUTE + 60 * MINUTE, t = evening;

		feed(l, cloud(&bulb_mac, "other.example.net", evening - 40 * MINUTE));
		while (t < evening + 60 * MINUTE) { /* each 4 s or so */
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			t += 1000 + (int64_t)(x % 6000);
			phone_to_hub(l, t);
		}
		hub_to_bulb(l, evening + 20 * MINUTE + day * 7919);
	}
	assert_null(mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683));
	learned_free(l);
}

static void of_a_chain_the_nearest(void **state)
{
	struct learned *l = learner(false);
	struct mac plug = {{2, 0, 0, 0, 0, 12}};
	const struct learned_interaction *i;
	struct mined *m;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		int64_t at = n * 10 * MINUTE;

		phone_to_hub(l, at);
		hub_to_bulb(l, at + 200);
		feed_both(l, house(&bulb_mac, &plug, FLOW_PROTO_TCP, 9999, at + 350));
	}
	m = mined_of(l, NULL);
	assert_int_equal(m->count, 2);
	i = mined_find(m, &bulb_mac, &plug, 9999);
	assert_true(is_act(&i->trigger, &hub_mac, &bulb_mac, 5683));
	i = mined_find(m, &hub_mac, &bulb_mac, 5683);
	assert_true(is_act(&i->trigger, &phone_mac, &hub_mac, 80));
	learned_free(l);
}

/* Also where the links are of different sorts: another's act, and its own. */
static void of_a_chain_the_nearest_of_all_sorts(void **state)
{
	struct learned *l = learner(false);
	struct mined *m;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		int64_t at = n * 10 * MINUTE;

		phone_to_hub(l, at);
		feed(l, cloud(&hub_mac, "log.example.com", at + 100));
		hub_to_bulb(l, at + 300);
	}
	m = mined_of(l, &bulb_mac);
	assert_int_equal(m->count, 1);
	assert_string_equal(m->i[0].trigger.kind.name, "log.example.com");
	assert_false(m->i[0].cross_device);
	learned_free(l);
}

/* The other phone calls the hub as well, and nothing comes of it. */
static void who_it_is_always_is_told(void **state)
{
	struct learned *l = learner(false);
	struct mac other = {{2, 0, 0, 0, 0, 98}};
	struct mined *m;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		phone_to_hub(l, n * 10 * MINUTE);
		hub_to_bulb(l, n * 10 * MINUTE + 300);
		feed_both(l, house(&other, &hub_mac, FLOW_PROTO_TCP, 80,
				     n * 10 * MINUTE + 4 * MINUTE));
	}
	m = mined_of(l, &bulb_mac);
	assert_int_equal(m->count, 1);
	assert_true(is_act(&m->i[0].trigger, &phone_mac, &hub_mac, 80));
	learned_free(l);
}

/* What the first half minute shows may have begun before. */
static void nothing_is_known_of_before(void **state)
{
	struct learned *l = learner(true);
	struct mined *m;

	(void)state;
	for (int n = 1; n <= 30; n++) {
		int64_t at = n * 100 * MINUTE;

		feed(l, cloud(&hub_mac, "x.example.com", at));
		hub_to_bulb(l, at + 10000);
		phone_to_hub(l, at + 5 * MINUTE);
		hub_to_bulb(l, at + 5 * MINUTE + 300);
		learned_capture(l);
	}
	m = mined_of(l, &bulb_mac);
	assert_int_equal(m->count, 1);
	assert_int_equal(m->i[0].effects, 30);
	assert_int_equal(m->i[0].precedences, 30);
	learned_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_follows_is_found),
		cmocka_unit_test(each_party_has_it),
		cmocka_unit_test(few_are_chance),
		cmocka_unit_test(one_sitting_is_no_support),
		cmocka_unit_test(an_effect_alone_is_no_effect),
		cmocka_unit_test(an_exception_is_outweighed),
		cmocka_unit_test(repeats_are_one),
		cmocka_unit_test(a_late_repeat_breaks_it),
		cmocka_unit_test(branches_break_nothing),
		cmocka_unit_test(what_is_always_there_is_no_trigger),
		cmocka_unit_test(who_is_always_let_through_needs_no_door),
		cmocka_unit_test(to_be_at_home_is_no_trigger),
		cmocka_unit_test(of_a_chain_the_nearest),
		cmocka_unit_test(of_a_chain_the_nearest_of_all_sorts),
		cmocka_unit_test(who_it_is_always_is_told),
		cmocka_unit_test(nothing_is_known_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
