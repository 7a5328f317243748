// SPDX-License-Identifier: GPL-2.0-or-later
/* Episodes: where they begin and end, and in which context they happened. */
#include "unit/test_learned_util.h"

static uint32_t episodes(const struct learned_device *d)
{
	uint32_t n = 0;

	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += d->episodes[c];
	return n;
}

static void silence_separates(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	feed(l, by_phone(80, 0));
	feed(l, by_phone(80, 59)); /* the same minute */
	feed(l, by_phone(80, 200));
	feed(l, by_phone(81, 900));
	finish(l);
	struct learned_device d = device(l);
	assert_int_equal(d.episodes[LEARNED_USER], 3);
	assert_int_equal(episodes(&d), 3);
	assert_int_equal(kinds_of(l, true)->k[0].episodes[LEARNED_USER], 2);
	assert_int_equal(kinds_of(l, true)->k[0].flows, 3);
	learned_free(l);
}

/* Records come when conversations are over, in another order than they began. */
static void order_of_records_is_not_that_of_time(void **state)
{
	static const double begins[] = {100, 0, 130, 55, 300, 85, 210};
	struct learned *l = learner(false);

	(void)state;
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		feed(l, by_phone(80, begins[i]));
	finish(l);
	/* 0-130, 210, 300: 55 and 85 have closed the gap between 0 and 100 */
	assert_int_equal(device(l).episodes[LEARNED_USER], 3);
	learned_free(l);
}

static void an_hour_is_the_most(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int s = 0; s < 3 * 3600; s += 30)
		feed(l, by_phone((uint16_t)(1000 + s % 7), s + s % 11));
	finish(l);
	uint32_t n = episodes(&(struct learned_device[]){device(l)}[0]);
	assert_in_range(n, 3, 4);
	learned_free(l);
}

static void a_capture_is_one(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 5; i++) {
		feed(l, to_name("a.example.com", i * 10000));
		feed(l, to_name("b.example.com", i * 10000 + 5000));
		learned_end(l, AT(i * 10000 + 9000)); /* the capture goes on */
		assert_int_equal(learned_count(l), 1);
		learned_capture(l);
	}
	struct learned_device d = device(l);
	assert_int_equal(episodes(&d), 5);
	assert_int_equal(kinds_of(l, true)->k[1].episodes[LEARNED_QUIET], 5);
	learned_free(l);
}

static void a_capture_ends_what_was_under_way(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	feed(l, by_phone(80, 0));
	learned_capture(l);
	feed(l, by_phone(80, 10));
	finish(l);
	assert_int_equal(device(l).episodes[LEARNED_USER], 2);
	learned_free(l);
}

static void quiet_is_by_the_hour(void **state)
{
	struct learned *l = learner(false);
	static const int at[] = {0, 700, 2200, 3500, 3900, 9000};

	(void)state;
	for (size_t i = 0; i < sizeof at / sizeof *at; i++)
		feed(l, to_name("a.example.com", at[i]));
	finish(l);
	struct learned_device d = device(l);
	assert_int_equal(d.episodes[LEARNED_QUIET], 3);
	assert_int_equal(episodes(&d), 3);
	learned_free(l);
}

static void what_is_periodic_is_timed(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 60; i++)
		feed(l, to_name("tick.example.com", i * 600));
	finish(l);
	struct learned_device d = device(l);
	assert_true(d.episodes[LEARNED_TIMER] >= 8);
	assert_true(d.episodes[LEARNED_QUIET] <= 2); /* before it was known */
	assert_int_equal(kinds_of(l, true)->k[0].period, 600 * NS_PER_SEC);
	learned_free(l);
}

static void jitter_is_no_period(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 60; i++)
		feed(l, to_name("tick.example.com", i * 600 + (i * i * 37) % 170));
	finish(l);
	assert_int_equal(kinds_of(l, true)->k[0].period, 0);
	assert_int_equal(device(l).episodes[LEARNED_TIMER], 0);
	learned_free(l);
}

static void first_sighting_with_dhcp_is_setup(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	learned_seen(l, &dev_mac, AT(0));
	learned_booted(l, &dev_mac, AT(1));
	feed(l, to_name("a.example.com", 3));
	feed(l, to_name("b.example.com", 400)); /* firmware and app take their time */
	feed(l, by_phone(80, 2000));
	learned_booted(l, &dev_mac, AT(5000));
	feed(l, to_name("a.example.com", 5003));
	finish(l);
	struct learned_device d = device(l);
	assert_int_equal(d.episodes[LEARNED_SETUP], 1);
	assert_int_equal(d.episodes[LEARNED_USER], 1);
	assert_int_equal(d.episodes[LEARNED_BOOT], 1);
	assert_int_equal(episodes(&d), 3);
	learned_free(l);
}

static void who_was_there_is_not_set_up(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	learned_seen(l, &dev_mac, AT(0));
	feed(l, to_name("a.example.com", 3));
	finish(l);
	assert_int_equal(device(l).episodes[LEARNED_SETUP], 0);
	assert_int_equal(device(l).episodes[LEARNED_QUIET], 1);
	learned_free(l);
}

/* Who appears while others are watched is new, with DHCP or without. */
static void who_comes_later_is_set_up(void **state)
{
	static const struct mac other = {{2, 0, 0, 0, 0, 2}};
	struct learned *l = learner(false);
	struct record r = to_name("a.example.com", 903);

	(void)state;
	feed(l, to_name("b.example.com", 0));
	learned_seen(l, &other, AT(900));
	r.device = other;
	feed(l, r);
	finish(l);
	struct learned_device d;
	assert_int_equal(learned_count(l), 2);
	learned_device_at(l, 1, &d);
	assert_int_equal(d.episodes[LEARNED_SETUP], 1);
	learned_free(l);
}

static void a_hub_that_polls_is_no_user(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 40; i++)
		feed(l, by_phone(80, i * 300));
	finish(l);
	struct learned_device d = device(l);
	/* until its period was known it might have been */
	assert_in_range(d.episodes[LEARNED_USER], 4, 6);
	assert_true(d.episodes[LEARNED_TIMER] >= 2);
	learned_free(l);
}

static struct record download(uint64_t bytes, double s)
{
	struct record r = to_name("fw.example.com", s);

	r.bytes[DIRECTION_TO_DEVICE] = bytes;
	return r;
}

static void a_large_download_is_an_update(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 8; i++)
		feed(l, by_phone(80, i * 1000));
	feed(l, download(3 << 20, 10000));
	learned_booted(l, &dev_mac, AT(10200)); /* and starts it */
	feed(l, to_name("a.example.com", 10201));
	learned_booted(l, &dev_mac, AT(20000)); /* not for that */
	feed(l, to_name("a.example.com", 20001));
	finish(l);
	struct learned_device d = device(l);
	assert_int_equal(d.episodes[LEARNED_UPDATE], 2);
	assert_int_equal(d.episodes[LEARNED_BOOT], 1);
	learned_free(l);
}

static void who_streams_does_not_update(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 30; i++)
		feed(l, download(5 << 20, i * 5000 + i * i));
	finish(l);
	/* while nothing is known of it, it may be */
	assert_int_equal(device(l).episodes[LEARNED_UPDATE], LEARNED_EPISODES_LEAST);
	learned_free(l);
}

/* A connection kept for pushes, told when it ends, belongs to where it ended. */
static void what_lasts_is_of_where_it_ended(void **state)
{
	struct learned *l = learner(false);
	struct record r = to_name("push.example.com", 0);

	(void)state;
	feed(l, by_phone(80, 0));
	feed(l, by_phone(80, 20000));
	r.last = AT(20001);
	feed(l, r);
	finish(l);
	assert_int_equal(device(l).episodes[LEARNED_USER], 2);
	const struct learned_kind *k =
		kind_named(kinds_of(l, true), "push.example.com");
	assert_int_equal(k->episodes[LEARNED_USER], 1);
	assert_true(k->first == AT(0));
	learned_free(l);
}

static void a_clock_may_go_back(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	feed(l, by_phone(80, 100000));
	feed(l, by_phone(80, 0));
	feed(l, by_phone(80, 300));
	finish(l);
	assert_int_equal(device(l).episodes[LEARNED_USER], 3);
	learned_free(l);
}

static void times_may_be_anything(void **state)
{
	static const nstime times[] = {
		INT64_MIN, -1, 0, INT64_MAX, INT64_MAX - 1, INT64_MAX / 2, 1, T0};
	size_t n = sizeof times / sizeof *times;
	struct learned *l = learner(false);

	(void)state;
	for (size_t i = 0; i < n * n; i++) {
		struct record r = by_phone(80, 0);

		r.first = times[i / n];
		r.last = times[i % n];
		learned_seen(l, &dev_mac, times[i / n]);
		learned_booted(l, &dev_mac, times[i % n]);
		feed(l, r);
		learned_end(l, times[i % n]);
	}
	finish(l);
	learned_free(l);
}

static void what_is_over_ends(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	feed(l, by_phone(80, 0));
	learned_end(l, AT(120));
	assert_int_equal(episodes(&(struct learned_device[]){device(l)}[0]), 0);
	learned_end(l, AT(3600));
	assert_int_equal(device(l).episodes[LEARNED_USER], 1);
	learned_free(l);
}

static void devices_are_bounded(void **state)
{
	struct learned *l = learner(true);
	struct record r = to_name("a.example.com", 0);

	(void)state;
	for (unsigned i = 0; i < LEARNED_DEVICES_MAX + 10; i++) {
		r.device.b[4] = (uint8_t)(i >> 8);
		r.device.b[5] = (uint8_t)i;
		assert_int_equal(learned_record(l, &r),
			i < LEARNED_DEVICES_MAX ? 0 : CARDEA_ELIMIT);
	}
	assert_int_equal(learned_count(l), LEARNED_DEVICES_MAX);
	learned_free(l);
}

static void unknown_devices_are_said(void **state)
{
	struct learned *l = learner(true);
	struct kinds list = {.count = 0};

	(void)state;
	assert_int_equal(learned_kinds(l, &dev_mac, true, keep_kind, &list), -2);
	assert_int_equal(learned_singletons(l, &dev_mac, keep_kind, &list), -2);
	learned_free(l);
	learned_free(NULL);
}

static void all_is_called_something(void **state)
{
	(void)state;
	for (int i = 0; i < LEARNED_CONTEXT_MAX; i++)
		assert_string_not_equal(learned_context_name(i), "unknown");
	for (int i = 1; i < LEARNED_STATE_MAX; i++)
		assert_string_not_equal(learned_state_name(i), "unknown");
	for (int i = 0; i < LEARNED_FINDING_KINDS; i++)
		assert_string_not_equal(learned_finding_name(i), "unknown");
	assert_string_equal(learned_context_name(LEARNED_CONTEXT_MAX), "unknown");
	assert_string_equal(learned_state_name(LEARNED_STATE_MAX), "unknown");
	assert_string_equal(learned_finding_name(LEARNED_FINDING_KINDS), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_separates),
		cmocka_unit_test(order_of_records_is_not_that_of_time),
		cmocka_unit_test(an_hour_is_the_most),
		cmocka_unit_test(a_capture_is_one),
		cmocka_unit_test(a_capture_ends_what_was_under_way),
		cmocka_unit_test(quiet_is_by_the_hour),
		cmocka_unit_test(what_is_periodic_is_timed),
		cmocka_unit_test(jitter_is_no_period),
		cmocka_unit_test(first_sighting_with_dhcp_is_setup),
		cmocka_unit_test(who_was_there_is_not_set_up),
		cmocka_unit_test(who_comes_later_is_set_up),
		cmocka_unit_test(a_hub_that_polls_is_no_user),
		cmocka_unit_test(a_large_download_is_an_update),
		cmocka_unit_test(who_streams_does_not_update),
		cmocka_unit_test(what_lasts_is_of_where_it_ended),
		cmocka_unit_test(a_clock_may_go_back),
		cmocka_unit_test(times_may_be_anything),
		cmocka_unit_test(what_is_over_ends),
		cmocka_unit_test(devices_are_bounded),
		cmocka_unit_test(unknown_devices_are_said),
		cmocka_unit_test(all_is_called_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
