// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and state: what is said to be unseen, what a comparison finds, and that saved
 * state comes back or is refused. */
#include "unit/test_learned_util.h"

/* A capture with these kinds, a day after the one before. */
static void capture(struct learned *l, int day, const char *names)
{
	for (const char *n = names; *n; n++) {
		char name[] = "www.x.com";

		name[4] = *n;
		feed(l, to_name(name, day * 86400.0));
	}
	learned_capture(l);
}

static void below_five_is_unknown(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < LEARNED_EPISODES_LEAST; i++) {
		struct learned_device d;

		if (i) {
			d = device(l);
			assert_int_equal(d.all.state, LEARNED_UNKNOWN);
			assert_true(d.all.share == 0 && d.all.bound == 1);
		}
		capture(l, i, "ab");
	}
	assert_int_not_equal(device(l).all.state, LEARNED_UNKNOWN);
	learned_free(l);
}

/* T 6, incidences 6 + 3 + 2 + 1 + 1, two singletons, one doubleton. */
static void the_formulas_are_those_of_the_book(void **state)
{
	static const char *const captures[] = {"abc", "ab", "abd", "ac", "ae", "a"};
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 6; i++)
		capture(l, i, captures[i]);
	struct learned_unseen u = device(l).all;
	assert_int_equal(u.episodes, 6);
	assert_int_equal(u.kinds, 5);
	assert_int_equal(u.singletons, 2);
	assert_int_equal(u.doubletons, 1);
	double share = 2.0 / 13 * (5 * 2) / (5 * 2 + 2);
	assert_true(u.share > share - 1e-9 && u.share < share + 1e-9);
	double chao = 5 + 5.0 / 6 * 4 / 2;
	assert_true(u.richness > chao - 1e-9 && u.richness < chao + 1e-9);
	assert_true(u.bound > u.share && u.bound < 1);
	assert_int_equal(u.state, LEARNED_LEARNING);
	struct kinds list = {.count = 0};
	assert_int_equal(learned_singletons(l, &dev_mac, keep_kind, &list), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.k[0].name, "www.d.com");
	assert_string_equal(list.k[1].name, "www.e.com");
	learned_free(l);
}

static void words_come_one_after_the_other(void **state)
{
	enum learned_state before = LEARNED_UNKNOWN;
	struct learned *l = learner(true);
	unsigned seen = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		learned_booted(l, &dev_mac, AT(i * 86400));
		capture(l, i, i == 1 || i == 30 ? "abcdefghijk" : "abcdefg");
		enum learned_state now = device(l).all.state;
		assert_true(now >= before);
		before = now;
		seen |= 1u << now;
	}
	assert_int_equal(seen, 15);
	assert_int_equal(before, LEARNED_CLOSED);
	capture(l, 61, "new");
	assert_true(device(l).all.state < LEARNED_CLOSED);
	learned_free(l);
}

/* However long its idling was watched. */
static void who_was_never_seen_starting_is_not_closed(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 60; i++)
		capture(l, i, "abcdefg");
	assert_int_equal(device(l).contexts[LEARNED_QUIET].state, LEARNED_CLOSED);
	assert_int_equal(device(l).all.state, LEARNED_SETTLED);
	learned_free(l);
}

/* A context that was hardly met keeps the whole from being closed. */
static void a_rare_context_keeps_it_open(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 60; i++) {
		if (i % 20 == 3 || i == 11 || i == 12)
			learned_booted(l, &dev_mac, AT(i * 86400));
		capture(l, i, "abcdefg");
	}
	assert_int_equal(device(l).contexts[LEARNED_BOOT].state, LEARNED_SETTLED);
	assert_int_equal(device(l).contexts[LEARNED_QUIET].state, LEARNED_CLOSED);
	assert_int_equal(device(l).all.state, LEARNED_SETTLED);
	learned_free(l);
}

static void what_is_old_is_still_known(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 700; i++)
		capture(l, i, i < 3 ? "abx" : "ab");
	struct learned_device d = device(l);
	assert_int_equal(d.episodes[LEARNED_QUIET], 700);
	assert_int_equal(d.all.episodes, 512);
	assert_int_equal(d.all.kinds, 2); /* of the sample */
	assert_int_equal(d.kinds, 3);     /* of the profile */
	assert_int_equal(
		kind_named(kinds_of(l, true), "www.x.com")->episodes[LEARNED_QUIET], 3);
	assert_int_equal(
		kind_named(kinds_of(l, true), "www.a.com")->episodes[LEARNED_QUIET],
		700);
	learned_free(l);
}

/* ---- comparison ---- */

static struct learned_test compare(struct learned *l, struct learned *other)
{
	struct learned_test t;

	assert_int_equal(learned_compare(l, other, &dev_mac, NULL, NULL, &t), 0);
	return t;
}

static void comparison_counts_what_is_new(void **state)
{
	struct learned *l = learner(true), *other = learner(true);
	struct learned_test t;
	struct kinds list = {.count = 0};

	(void)state;
	for (int i = 0; i < 10; i++)
		capture(l, i, i % 2 ? "abc" : "abcd");
	for (int i = 0; i < 4; i++)
		capture(other, i, i ? "abc" : "abxy");
	assert_int_equal(learned_compare(l, other, &dev_mac, keep_kind, &list, &t), 0);
	assert_int_equal(t.episodes, 4);
	assert_int_equal(t.incidences, 13);
	assert_int_equal(t.unseen, 2);
	assert_int_equal(t.surprised, 1);
	assert_int_equal(list.count, 2);
	assert_true(t.unseen_share > 0.153 && t.unseen_share < 0.154);
	t = compare(l, l);
	assert_int_equal(t.unseen, 0);
	assert_false(t.context_not_seen);
	assert_string_equal(t.why, "");
	learned_free(l);
	learned_free(other);
}

static void what_is_general_covers(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 6; i++) {
		char name[] = "n0.example.com";

		name[1] = (char)('0' + i);
		feed(i < 5 ? l : other, to_name(name, i * 100));
		learned_capture(l);
	}
	finish(other);
	assert_int_equal(compare(l, other).unseen, 0);
	assert_int_equal(compare(other, l).unseen, 5);
	learned_free(l);
	learned_free(other);
}

static void other_times_are_not_predicted(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 10; i++) {
		capture(l, i, "abc");
		capture(other, i + 30, "abc");
	}
	assert_true(device(l).holds_until > AT(18 * 86400));
	assert_true(device(l).holds_until < AT(19 * 86400));
	struct learned_test t = compare(l, other);
	assert_true(t.context_not_seen);
	assert_int_equal(t.strange, 10);
	assert_non_null(strstr(t.why, "farther from what was learned"));
	learned_free(l);
	learned_free(other);
}

static void other_people_are_not_predicted(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct record r = by_phone(80, i * 86400);

		feed(l, r);
		learned_capture(l);
		r.peer_mac.b[5] = 77;
		feed(other, r);
		learned_capture(other);
	}
	struct learned_test t = compare(l, other);
	assert_int_equal(t.unseen, 0); /* the class is the house */
	assert_true(t.context_not_seen);
	assert_non_null(strstr(t.why, "for the first time"));
	learned_free(l);
	learned_free(other);
}

static void other_contexts_are_not_predicted(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 10; i++) {
		capture(l, i, "abc");
		learned_booted(other, &dev_mac, AT(i * 86400));
		capture(other, i, "abc");
	}
	struct learned_test t = compare(l, other);
	assert_true(t.context_not_seen);
	assert_non_null(strstr(t.why, "context without any"));
	learned_free(l);
	learned_free(other);
}

/* All like before, but for what each of them brings. */
static void more_than_chance_is_not_predicted(void **state)
{
	struct learned *l = learner(true), *other = learner(true);

	(void)state;
	for (int i = 0; i < 10; i++) {
		capture(l, i, "abc");
		capture(other, i, "abcd");
	}
	struct learned_test t = compare(l, other);
	assert_true(t.context_not_seen);
	assert_int_equal(t.strange, 0);
	assert_non_null(strstr(t.why, "more than chance"));
	learned_free(l);
	learned_free(other);
}

static void who_is_unknown_is_not_compared(void **state)
{
	struct learned *l = learner(true), *other = learner(true);
	struct learned_test t = {.episodes = 7};

	(void)state;
	capture(l, 0, "a");
	assert_int_equal(learned_compare(l, other, &dev_mac, NULL, NULL, &t), -2);
	assert_int_equal(learned_compare(other, l, &dev_mac, NULL, NULL, &t), -2);
	assert_int_equal(t.episodes, 7);
	learned_free(l);
	learned_free(other);
}

/* ---- state ---- */

static uint8_t bytes[4 << 20], again[4 << 20];

static size_t save(const struct learned *l, uint8_t *to, size_t room)
{
	struct writer w = writer_of(to, room);

	assert_true(learned_save_size(l) <= room);
	assert_int_equal(learned_save(l, &w), 0);
	assert_true(w.len <= learned_save_size(l));
	return w.len;
}

static int load(const uint8_t *from, size_t len, struct learned **ret)
{
	struct learned_config c = {.public_labels = two_or_one, .per_capture = true};

	return learned_load(&c, cursor_of(from, len), ret);
}

/* Of all that there is. */
static struct learned *rich(void)
{
	struct learned *l = learner(true);

	for (int i = 0; i < 40; i++) {
		struct record r = to_addr(100, 1, i * 3600);

		capture(l, i, i % 3 ? "abc" : "abde");
		r.peer_port = 23;
		feed(l, r);
		r.peer_port = (uint16_t)(9000 + i);
		feed(l, r);
		r.family = 6;
		r.peer = addr_v6((uint8_t[16]){0x20, 1, 0xd, 0xb8, 1});
		feed(l, r);
		feed(l, asks("AAAA cloud.example.com", i));
		feed(l, by_phone(80, i * 300));
		r = to_name("tls.example.org", i);
		r.app = RECORD_APP_TLS;
		str_copy(r.detail, sizeof r.detail, "h2");
		feed(l, r);
		for (int j = 0; j < 30; j++) {
			char name[32];

			(void)str_print(
				name, sizeof name, "n%d.cdn.example.net", i * 30 + j);
			feed(l, to_name(name, i));
		}
		learned_capture(l);
	}
	return l;
}

static void state_comes_back(void **state)
{
	struct learned *l = rich(), *loaded = NULL;
	size_t len = save(l, bytes, sizeof bytes);
	struct learned_device a = device(l), b;

	(void)state;
	assert_int_equal(load(bytes, len, &loaded), 0);
	b = device(loaded);
	assert_memory_equal(&a, &b, sizeof a);
	struct kinds kept = *kinds_of(l, true);
	const struct kinds *got = kinds_of(loaded, true);
	assert_int_equal(got->count, kept.count);
	assert_memory_equal(got->k, kept.k, kept.count * sizeof kept.k[0]);
	assert_int_equal(save(loaded, again, sizeof again), len);
	assert_memory_equal(bytes, again, len);
	/* and goes on */
	capture(l, 50, "abcz");
	capture(loaded, 50, "abcz");
	a = device(l);
	b = device(loaded);
	assert_memory_equal(&a, &b, sizeof a);
	learned_free(l);
	learned_free(loaded);
}

static void state_is_small(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 500; i++)
		capture(l, i, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN");
	/* 36 kinds: what is no name is its address; below 12 KiB for weeks */
	assert_true(save(l, bytes, sizeof bytes) < 12288);
	learned_free(l);
}

static void old_episodes_come_back(void **state)
{
	struct learned *l = learner(true), *loaded = NULL;

	(void)state;
	for (int i = 0; i < 700; i++)
		capture(l, i, i < 3 ? "abx" : "ab");
	size_t len = save(l, bytes, sizeof bytes);
	assert_int_equal(load(bytes, len, &loaded), 0);
	assert_int_equal(kind_named(kinds_of(loaded, true), "www.a.com")
				 ->episodes[LEARNED_QUIET],
		700);
	learned_free(l);
	learned_free(loaded);
}

static void cut_state_is_refused(void **state)
{
	struct learned *l = rich(), *loaded = NULL;
	size_t len = save(l, bytes, sizeof bytes);

	(void)state;
	for (size_t n = 0; n < len; n += n < 2000 ? 1 : 97)
		assert_int_not_equal(load(bytes, n, &loaded), 0);
	bytes[len] = 0;
	assert_int_equal(load(bytes, len + 1, &loaded), CARDEA_EMALFORMED);
	assert_null(loaded);
	learned_free(l);
}

static void other_versions_are_refused(void **state)
{
	struct learned *l = rich(), *loaded = NULL;
	size_t len = save(l, bytes, sizeof bytes);

	(void)state;
	bytes[5]++;
	assert_int_equal(load(bytes, len, &loaded), CARDEA_EUNSUPPORTED);
	bytes[5] -= 4;
	assert_int_equal(load(bytes, len, &loaded), CARDEA_EUNSUPPORTED);
	for (int before = 2; before; before--) { /* these are read */
		bytes[5]++;
		assert_int_equal(load(bytes, len, &loaded), 0);
		learned_free(loaded);
		loaded = NULL;
	}
	bytes[5]++;
	bytes[0]++;
	assert_int_equal(load(bytes, len, &loaded), CARDEA_EMALFORMED);
	learned_free(l);
}

static void a_device_twice_is_refused(void **state)
{
	struct learned *l = learner(true), *loaded = NULL;

	(void)state;
	capture(l, 0, "a");
	size_t len = save(l, bytes, sizeof bytes), one = len - 8;
	memcpy(bytes + len, bytes + 8, one);
	bytes[7] = 2;
	assert_int_equal(load(bytes, len + one, &loaded), CARDEA_EMALFORMED);
	learned_free(l);
}

static void no_room_is_said(void **state)
{
	struct learned *l = rich();
	struct writer w = writer_of(bytes, 100);

	(void)state;
	assert_int_equal(learned_save(l, &w), CARDEA_ELIMIT);
	learned_free(l);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(below_five_is_unknown),
		cmocka_unit_test(the_formulas_are_those_of_the_book),
		cmocka_unit_test(words_come_one_after_the_other),
		cmocka_unit_test(who_was_never_seen_starting_is_not_closed),
		cmocka_unit_test(a_rare_context_keeps_it_open),
		cmocka_unit_test(what_is_old_is_still_known),
		cmocka_unit_test(comparison_counts_what_is_new),
		cmocka_unit_test(what_is_general_covers),
		cmocka_unit_test(other_times_are_not_predicted),
		cmocka_unit_test(other_people_are_not_predicted),
		cmocka_unit_test(other_contexts_are_not_predicted),
		cmocka_unit_test(more_than_chance_is_not_predicted),
		cmocka_unit_test(who_is_unknown_is_not_compared),
		cmocka_unit_test(state_comes_back),
		cmocka_unit_test(state_is_small),
		cmocka_unit_test(old_episodes_come_back),
		cmocka_unit_test(cut_state_is_refused),
		cmocka_unit_test(other_versions_are_refused),
		cmocka_unit_test(a_device_twice_is_refused),
		cmocka_unit_test(no_room_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
