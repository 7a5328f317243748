// SPDX-License-Identifier: GPL-2.0-or-later
/* When was watched: sittings, what another day may bring, and that a peer is the same
 * whether a capture has its name or not. */
#include "unit/test_learned_util.h"

#define HOUR 3600.0
#define DAY 86400.0

/* T0 is 22:13:20 UTC; a capture that far after it. */
static void capture(struct learned *l, double at, const char *names)
{
	for (const char *n = names; *n; n++) {
		char name[] = "www.x.com";

		name[4] = *n;
		feed(l, to_name(name, at));
	}
	learned_capture(l);
}

static bool near(double a, double b)
{
	return a > b - 1e-9 && a < b + 1e-9;
}

static void one_sitting_is_never_settled(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 100; i++) {
		learned_booted(l, &dev_mac, AT(i * 60));
		capture(l, i * 60, "abcdefg");
	}
	struct learned_device d = device(l);
	assert_int_equal(d.sittings, 1);
	assert_true(d.another_day == 0 && d.all.share == 0 && !d.all.singletons);
	assert_int_equal(d.contexts[LEARNED_BOOT].state, LEARNED_CLOSED);
	assert_int_equal(d.all.state, LEARNED_LEARNING);
	learned_booted(l, &dev_mac, AT(2 * DAY));
	capture(l, 2 * DAY, "abcdefg");
	assert_int_equal(device(l).sittings, 2);
	assert_int_equal(device(l).all.state, LEARNED_CLOSED);
	learned_free(l);
}

/* Nothing is rare within a day, but each has something of its own. */
static void another_day_is_what_no_other_has(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 12; i++)
		capture(l, i < 6 ? i * 60 : 2 * DAY + i * 60, i < 6 ? "ab" : "ac");
	struct learned_device d = device(l);
	assert_int_equal(d.sittings, 2);
	assert_int_equal(d.all.singletons, 0);
	assert_true(near(d.another_day, 0.5));
	assert_int_equal(d.all.state, LEARNED_LEARNING);
	for (int i = 0; i < 6; i++)
		capture(l, 4 * DAY + i * 60, "abc");
	assert_true(near(device(l).another_day, 0));
	learned_free(l);
}

static void a_sitting_goes_on_after_midnight(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	capture(l, 0, "a");
	capture(l, 3 * HOUR, "a"); /* 01:13 */
	assert_int_equal(device(l).sittings, 1);
	capture(l, 14 * HOUR, "a"); /* 12:13 */
	assert_int_equal(device(l).sittings, 1);
	capture(l, 14 * HOUR + 2 * DAY, "a");
	assert_int_equal(device(l).sittings, 2);
	learned_free(l);
}

/* Who watches day and night watches more than one day. */
static void days_without_a_night_are_told_apart(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	for (int i = 0; i < 5 * 24; i++)
		feed(l, to_name("www.a.com", i * HOUR));
	finish(l);
	assert_in_range(device(l).sittings, 5, 6);
	learned_free(l);
}

static void the_order_of_captures_is_nothing(void **state)
{
	static const double at[] = {0, 1 * HOUR, 30 * HOUR, 50 * HOUR, 51 * HOUR,
		13 * HOUR, 90 * HOUR, 2 * HOUR};
	struct learned *l = learner(true), *other = learner(true);
	size_t n = sizeof at / sizeof *at;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		capture(l, at[i], i % 3 ? "ab" : "ac");
		capture(other, at[n - 1 - i], (n - 1 - i) % 3 ? "ab" : "ac");
	}
	struct learned_device a = device(l), b = device(other);
	assert_int_equal(a.sittings, b.sittings);
	assert_true(near(a.another_day, b.another_day));
	learned_free(l);
	learned_free(other);
}

/* ---- beyond what is told apart ---- */

static void what_is_older_than_all_days_is_known(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	capture(l, 0, "az");
	for (int i = 1; i < 80; i++)
		capture(l, i * DAY, "a");
	assert_int_equal(device(l).sittings, 80);
	capture(l, 80 * DAY, "ay"); /* y is of this day alone */
	capture(l, 81 * DAY, "az"); /* z was there on the first */
	assert_true(near(device(l).another_day, 1.0 / 85));
	learned_free(l);
}

static uint8_t bytes[1 << 20], again[1 << 20];

static size_t save(const struct learned *l, uint8_t *to)
{
	struct writer w = writer_of(to, sizeof bytes);

	assert_int_equal(learned_save(l, &w), 0);
	assert_true(w.len <= learned_save_size(l));
	return w.len;
}

static int load(size_t len, struct learned **ret)
{
	struct learned_config c = {.public_labels = two_or_one, .per_capture = true};

	return learned_load(&c, cursor_of(bytes, len), ret);
}

static void days_come_back(void **state)
{
	struct learned *l = learner(true), *loaded = NULL;

	(void)state;
	for (int i = 0; i < 80; i++)
		capture(l, (i * 7 % 80) * DAY, i % 5 ? "ab" : "ac");
	size_t len = save(l, bytes);
	struct learned_device a = device(l), b;
	assert_int_equal(load(len, &loaded), 0);
	b = device(loaded);
	assert_memory_equal(&a, &b, sizeof a);
	assert_int_equal(save(loaded, again), len);
	assert_memory_equal(bytes, again, len);
	capture(l, 81 * DAY, "acd");
	capture(loaded, 81 * DAY, "acd");
	a = device(l);
	b = device(loaded);
	assert_memory_equal(&a, &b, sizeof a);
	learned_free(l);
	learned_free(loaded);
}

/* Head 8, MAC 6, number 4, contexts 24; of each episode 1 + 4; then older days (4), their
 * count (1), and 5 of each. */
static void days_that_cannot_be_are_refused(void **state)
{
	struct learned *l = learner(true), *loaded = NULL;
	size_t days = 8 + 6 + 4 + 24 + 2 * 5;

	(void)state;
	capture(l, 0, "a");
	capture(l, 3 * DAY, "a");
	size_t len = save(l, bytes);
	assert_int_equal(bytes[days + 4], 2);
	struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
		{days + 3, 1},	   /* older ones, while there is room */
		{days + 4, 3},	   /* more days than episodes */
		{days + 4, 65},	   /* more than there can be */
		{days + 4, 0},	   /* episodes of no day */
		{days + 9, 24},	   /* a day of 25 hours */
		{days + 5, 0xff},  /* beyond all time */
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		uint8_t before = bytes[wrong[i].at];

		bytes[wrong[i].at] = wrong[i].value;
		assert_int_not_equal(load(len, &loaded), 0);
		bytes[wrong[i].at] = before;
	}
	memcpy(bytes + days + 10, bytes + days + 5, 5); /* one day twice */
	assert_int_not_equal(load(len, &loaded), 0);
	learned_free(l);
}

/* ---- comparison ---- */

static struct learned_test compare(struct learned *l, struct learned *other)
{
	struct learned_test t;

	assert_int_equal(learned_compare(l, other, &dev_mac, NULL, NULL, &t), 0);
	return t;
}

static void other_days_are_not_predicted_from_few(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 10; i++) {
		capture(l, i * 60, "abc");
		capture(other, 1.5 * DAY + i * 60, "abc");
	}
	struct learned_test t = compare(l, other);
	assert_int_equal(t.unseen, 0);
	assert_int_equal(t.strange, 10);
	assert_true(t.context_not_seen);
	assert_non_null(strstr(t.why, "10 of 10 episodes are of a day"));
	learned_free(l);
	learned_free(other);
}

/* The night around a sitting is no other day. */
static void the_same_day_is_predicted(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 10; i++) {
		capture(l, i * 60, "abc");
		capture(other, 11 * HOUR + i * 60, "abc");
	}
	struct learned_test t = compare(l, other);
	assert_int_equal(t.strange, 0);
	assert_false(t.context_not_seen);
	learned_free(l);
	learned_free(other);
}

static void a_part_of_other_days_is_no_exception(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 10; i++)
		capture(l, (i < 5 ? 0 : 9 * DAY) + i * 60, "abc");
	for (int i = 0; i < 10; i++)
		capture(other, (i < 5 ? 5 * DAY : 9 * DAY) + i * 60, "abc");
	struct learned_test t = compare(l, other);
	assert_int_equal(t.strange, 5);
	assert_false(t.context_not_seen);
	learned_free(l);
	learned_free(other);
}

/* Five days tell how one differs from another. */
static void one_more_day_is_predicted_from_many(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < LEARNED_EPISODES_LEAST; i++)
		capture(l, i * 2 * DAY, "abc");
	capture(other, 3 * DAY, "abc");
	assert_false(compare(l, other).context_not_seen);
	learned_free(l);
	learned_free(other);
}

/* One episode may bring ten kinds, and is one surprise all the same. */
static void a_single_surprise_is_chance(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 10; i++) {
		capture(l, i * 60, "abc");
		capture(other, i * 60, i == 7 ? "abcdefghijklmnop" : "abc");
	}
	struct learned_test t = compare(l, other);
	assert_int_equal(t.surprised, 1);
	assert_int_equal(t.unseen, 13);
	assert_false(t.context_not_seen);
	learned_free(l);
	learned_free(other);
}

/* ---- a peer with its name and without ---- */

static struct record to_host(const char *name, uint8_t last, double at)
{
	struct record r = to_name(name, at);

	r.peer = addr_v4((uint8_t[]){203, 0, 113, last});
	return r;
}

static void a_name_is_its_addresses_in_other_captures(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	feed(l, to_host("", 5, 0)); /* the answer came before this capture */
	learned_capture(l);
	feed(l, to_host("cloud.example.com", 5, DAY));
	learned_capture(l);
	feed(l, to_host("", 6, 2 * DAY)); /* never told */
	learned_capture(l);
	const struct kinds *k = kinds_of(l, true);
	assert_int_equal(k->count, 2);
	const struct learned_kind *named = kind_named(k, "cloud.example.com");
	assert_non_null(named);
	assert_int_equal(named->episodes[LEARNED_QUIET], 2);
	learned_free(l);
}

static void other_ports_are_not_named(void **state)
{
	struct learned *l = learner(true);
	struct record r = to_host("", 5, 0);

	(void)state;
	r.peer_port = 8883;
	feed(l, r);
	feed(l, to_host("cloud.example.com", 5, 1));
	finish(l);
	assert_int_equal(kinds_of(l, true)->count, 2);
	learned_free(l);
}

static void comparison_knows_peers_both_ways(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 2; i++) {
		feed(l, to_host("cloud.example.com", 5, i));
		feed(other, to_host("", 5, i));
		learned_capture(l);
		learned_capture(other);
	}
	assert_int_equal(compare(l, other).unseen, 0);
	assert_int_equal(compare(other, l).unseen, 0);
	/* an address more than those that are known */
	feed(l, to_host("cloud.example.com", 9, 3));
	learned_capture(l);
	assert_int_equal(compare(other, l).unseen, 3);
	learned_free(l);
	learned_free(other);
}

/* They know of each other which name has the address; we know the name alone. */
static void comparison_names_theirs_by_their_own(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	feed(l, to_host("cloud.example.com", 5, 0));
	feed(other, to_host("cloud.example.com", 77, 1));
	learned_capture(other);
	feed(other, to_host("", 77, 2));
	finish(l);
	finish(other);
	assert_int_equal(compare(l, other).unseen, 0);
	learned_free(l);
	learned_free(other);
}

static void addresses_come_back(void **state)
{
	struct learned *l = learner(true), *loaded = NULL;

	(void)state;
	for (uint8_t i = 0; i < 11; i++)
		feed(l, to_host("cloud.example.com", i, i));
	learned_capture(l);
	size_t len = save(l, bytes);
	assert_int_equal(load(len, &loaded), 0);
	assert_int_equal(save(loaded, again), len);
	assert_memory_equal(bytes, again, len);
	for (uint8_t i = 0; i < 11; i++) { /* the latest eight */
		struct learned *other = learner(true);

		feed(other, to_host("", i, DAY));
		finish(other);
		assert_int_equal(compare(loaded, other).unseen, i < 3);
		learned_free(other);
	}
	learned_free(l);
	learned_free(loaded);
}

static void an_announcement_is_one_thing(void **state)
{
	static const char *const said[] = {"NOTIFY upnp:rootdevice", "NOTIFY uuid:1",
		"NOTIFY urn:schemas-upnp-org:device:Basic:1", "M-SEARCH ssdp:all"};
	struct learned *l = learner(true);

	(void)state;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		struct record r = to_name("", (double)i);

		r.place = RECORD_GROUP;
		r.proto = FLOW_PROTO_UDP;
		r.peer = addr_v4((uint8_t[]){239, 255, 255, 250});
		r.peer_port = 1900;
		r.app = RECORD_APP_SSDP;
		str_copy(r.detail, sizeof r.detail, said[i]);
		feed(l, r);
	}
	finish(l);
	const struct kinds *k = kinds_of(l, false);
	unsigned notify = 0, search = 0;
	for (size_t i = 0; i < k->count; i++) {
		notify += !k->k[i].port && strcmp(k->k[i].detail, "NOTIFY") == 0;
		search += !k->k[i].port &&
			  strcmp(k->k[i].detail, "M-SEARCH ssdp:all") == 0;
	}
	assert_int_equal(k->count, 3); /* and the conversation */
	assert_int_equal(notify, 1);
	assert_int_equal(search, 1);
	learned_free(l);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sitting_is_never_settled),
		cmocka_unit_test(another_day_is_what_no_other_has),
		cmocka_unit_test(a_sitting_goes_on_after_midnight),
		cmocka_unit_test(days_without_a_night_are_told_apart),
		cmocka_unit_test(the_order_of_captures_is_nothing),
		cmocka_unit_test(what_is_older_than_all_days_is_known),
		cmocka_unit_test(days_come_back),
		cmocka_unit_test(days_that_cannot_be_are_refused),
		cmocka_unit_test(other_days_are_not_predicted_from_few),
		cmocka_unit_test(the_same_day_is_predicted),
		cmocka_unit_test(a_part_of_other_days_is_no_exception),
		cmocka_unit_test(one_more_day_is_predicted_from_many),
		cmocka_unit_test(a_single_surprise_is_chance),
		cmocka_unit_test(a_name_is_its_addresses_in_other_captures),
		cmocka_unit_test(other_ports_are_not_named),
		cmocka_unit_test(comparison_knows_peers_both_ways),
		cmocka_unit_test(comparison_names_theirs_by_their_own),
		cmocka_unit_test(addresses_come_back),
		cmocka_unit_test(an_announcement_is_one_thing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
