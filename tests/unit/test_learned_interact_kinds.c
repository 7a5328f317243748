// SPDX-License-Identifier: GPL-2.0-or-later
/* Interactions whose kinds vary, come late, in parts or in floods: they are found all the same,
 * and nothing else is. */
#include "unit/test_interact_util.h"

/* Two phones; neither is there each time. */
static void whoever_calls_is_a_trigger(void **state)
{
	struct learned *l = learner(false);
	struct mac other = {{2, 0, 0, 0, 0, 98}};
	const struct learned_interaction *i;
	struct mined *m;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 40; n++) {
		feed_both(l, house(n % 3 ? &phone_mac : &other, &hub_mac,
				     FLOW_PROTO_TCP, 80, n * 10 * MINUTE));
		hub_to_bulb(l, n * 10 * MINUTE + 100);
	}
	m = mined_of(l, NULL);
	assert_int_equal(m->count, 1);
	i = &m->i[0];
	assert_true(mac_is_zero(&i->trigger.device));
	assert_true(mac_equal(&i->trigger.kind.peer_mac, &hub_mac));
	assert_int_equal(i->trigger.kind.port, 80);
	assert_true(i->trigger.kind.general);
	assert_int_equal(i->trigger.kind.flows, 41);
	assert_int_equal(i->precedences, 40);
	learned_free(l);
}

/* The hub asks for a name that is another each time. */
static void names_that_change_are_one(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;
	struct mined *m;
	char name[64];

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 40; n++) {
		(void)str_print(name, sizeof name, "n%d.cloud.example.com", n);
		phone_to_hub(l, n * 10 * MINUTE);
		feed(l, cloud(&hub_mac, name, n * 10 * MINUTE + 700));
	}
	m = mined_of(l, NULL);
	assert_int_equal(m->count, 1);
	i = &m->i[0];
	assert_string_equal(i->effect.kind.name, "*.cloud.example.com");
	assert_true(i->effect.kind.general);
	assert_int_equal(i->effects, 40);
	assert_true(i->effect.kind.siblings >= 40);
	learned_free(l);
}

/* One of the names comes half of the time: it is among what stands for all. */
static void what_stands_for_it_tells_it(void **state)
{
	struct learned *l = learner(false);
	struct mined *m;
	char name[64];

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 60; n++) {
		(void)str_print(name, sizeof name, "n%d.cloud.example.com", n % 2 * n);
		phone_to_hub(l, n * 10 * MINUTE);
		feed(l, cloud(&hub_mac, name, n * 10 * MINUTE + 700));
	}
	m = mined_of(l, NULL);
	assert_int_equal(m->count, 1);
	assert_string_equal(m->i[0].effect.kind.name, "*.cloud.example.com");
	assert_int_equal(m->i[0].effects, 60);
	learned_free(l);
}

static void ports_that_change_are_one(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;
	struct mined *m;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 40; n++) {
		phone_to_hub(l, n * 10 * MINUTE);
		feed_both(l, house(&hub_mac, &bulb_mac, FLOW_PROTO_TCP,
				     (uint16_t)(20000 + n * 7), n * 10 * MINUTE + 90));
	}
	m = mined_of(l, NULL);
	assert_int_equal(m->count, 1);
	i = &m->i[0];
	assert_true(i->effect.kind.port_any);
	assert_int_equal(i->effects, 40);
	learned_free(l);
}

static void a_question_is_told_as_such(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;
	struct mined *m;

	(void)state;
	feed(l, cloud(&hub_mac, "other.example.net", 0));
	for (int n = 1; n <= 30; n++) {
		struct record r = asks("A cloud.example.com", n * 600);

		r.device = hub_mac;
		feed(l, r);
		feed(l, cloud(&hub_mac, "cloud.example.com", n * 10 * MINUTE + 60));
	}
	m = mined_of(l, NULL);
	assert_int_equal(m->count, 1);
	i = &m->i[0];
	assert_true(i->question);
	assert_false(i->cross_device);
	assert_int_equal(i->trigger.kind.app, RECORD_APP_DNS);
	assert_string_equal(i->trigger.kind.detail, "A cloud.example.com");
	assert_true(i->within == NS_PER_SEC);
	learned_free(l);
}

/* Telnet of the hub to the internet after each call: a finding, and nothing else. */
static void findings_are_no_effects(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 40; n++) {
		struct record r = to_addr(100, (uint8_t)n, n * 600 + 0.2);

		r.device = hub_mac;
		r.peer_port = 23;
		phone_to_hub(l, n * 10 * MINUTE);
		feed(l, r);
	}
	assert_int_equal(mined_of(l, NULL)->count, 0);
	learned_free(l);
}

/* A scan becomes one only after some addresses: those of before go as well. */
static void what_was_condemned_later_is_no_effect(void **state)
{
	struct learned *l = learner(false);
	struct learned_device d;
	struct mined *m;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		phone_to_hub(l, n * 10 * MINUTE);
		for (int k = 0; k < 40; k++) {
			struct record r =
				to_addr((uint8_t)n, (uint8_t)k, n * 600 + k * 0.1);

			r.device = hub_mac;
			r.peer_port = 8080;
			r.answered = false;
			feed(l, r);
		}
	}
	m = mined_of(l, NULL);
	assert_int_equal(m->count, 0);
	assert_int_equal(learned_device_of(l, &hub_mac, &d), 0);
	assert_int_equal(d.findings[0].kind, LEARNED_SCAN);
	learned_free(l);
}

/* The connection of the phone outlasts all that it brings about, and is told last. */
static void what_is_told_last_was_first(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		struct record r = house(&phone_mac, &hub_mac, FLOW_PROTO_TCP, 80,
			n * 10 * MINUTE);

		r.last = r.first + 9 * 60 * NS_PER_SEC;
		hub_to_bulb(l, n * 10 * MINUTE + 100);
		feed_both(l, r);
	}
	i = mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683);
	assert_non_null(i);
	assert_int_equal(i->precedences, 30);
	learned_free(l);
}

/* TCP that nobody ends is told two hours after its last segment: its time is then no
 * clock that was set back. */
static void what_falls_silent_is_told_hours_later(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;
	const int late = 13; /* times ten minutes */

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 40 + late; n++) {
		if (n > late)
			phone_to_hub(l, (n - late) * 10 * MINUTE - 5 * MINUTE);
		if (n <= 40)
			hub_to_bulb(l, n * 10 * MINUTE - 5 * MINUTE + 100);
	}
	i = mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683);
	assert_non_null(i);
	assert_int_equal(i->effects, 40);
	assert_int_equal(i->precedences, 40);
	learned_free(l);
}

/* A conversation that is told in parts begins once. */
static void parts_are_no_triggers(void **state)
{
	struct learned *l = learner(false);

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		struct record r = house(&phone_mac, &hub_mac, FLOW_PROTO_TCP, 80,
			n * 60 * MINUTE);

		for (int part = 0; part < 4; part++) {
			r.last = r.first + 5 * 60 * NS_PER_SEC;
			feed_both(l, r);
			r.first = r.last + NS_PER_SEC;
		}
		hub_to_bulb(l, n * 60 * MINUTE + 5 * MINUTE + 1200); /* after a part */
	}
	assert_null(mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683));
	learned_free(l);
}

/* Each capture shows one switching; its first half minute has no past. */
static void captures_add_up(void **state)
{
	struct learned *l = learner(true), *cut = learner(true);

	(void)state;
	for (int n = 1; n <= 40; n++) {
		int64_t at = n * 100 * MINUTE;

		feed(l, cloud(&hub_mac, "x.example.com", at - MINUTE));
		phone_to_hub(l, at);
		hub_to_bulb(l, at + 300);
		learned_capture(l);
		feed(cut, cloud(&hub_mac, "x.example.com", at + 200));
		hub_to_bulb(cut, at + 300);
		learned_capture(cut);
	}
	assert_int_equal(mined_of(l, NULL)->count, 1);
	assert_int_equal(mined_of(cut, NULL)->count, 0);
	learned_free(l);
	learned_free(cut);
}

/* A phone that does everything: the hub tells of its calls. */
static void who_is_too_diverse_is_told_of(void **state)
{
	struct learned *l = learner(false);
	const struct learned_interaction *i;
	struct learned_device d;

	(void)state;
	for (int n = 0; n < 3000; n++) {
		struct record r = cloud(&phone_mac, "", n * 3000LL);

		(void)str_print(r.name, sizeof r.name, "www.example%d.com", n);
		feed(l, r);
	}
	for (int n = 1; n <= 50; n++) { /* the first may have had no room */
		phone_to_hub(l, 150 * MINUTE + n * 7 * MINUTE);
		hub_to_bulb(l, 150 * MINUTE + n * 7 * MINUTE + 300);
	}
	i = mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683);
	assert_non_null(i);
	assert_true(is_act(&i->trigger, &phone_mac, &hub_mac, 80));
	assert_int_equal(i->trigger.kind.flows, 50);
	assert_int_equal(learned_device_of(l, &phone_mac, &d), 0);
	assert_int_equal(d.findings[0].kind, LEARNED_DIVERSE);
	learned_free(l);
}

/* Of who is forgotten nothing is left, also in what the others do. */
static void who_is_forgotten_brings_nothing_about(void **state)
{
	struct learned *l = learner(false), *again = learner(false);
	struct mined *m;

	(void)state;
	switch_bulb(l, 30, 300);
	for (int n = 1; n <= 30; n++) /* of others */
		feed_both(l, house(&bulb_mac, &phone_mac, FLOW_PROTO_TCP, 9999,
				     n * 7 * MINUTE + 5000));
	assert_non_null(mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683));
	learned_forget(l, &phone_mac);
	m = mined_of(l, NULL);
	assert_null(mined_find(m, &hub_mac, &bulb_mac, 5683));
	assert_null(mined_find(m, &bulb_mac, &phone_mac, 9999));
	/* and those who are left go on */
	phone_to_hub(l, 400 * MINUTE);
	for (int i = 0; i < 30; i++) {
		phone_to_hub(l, (410 + i * 7) * MINUTE);
		hub_to_bulb(l, (410 + i * 7) * MINUTE + 300);
	}
	assert_null(mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683));
	learned_forget(l, &bulb_mac);
	learned_forget(l, &hub_mac);
	learned_forget(l, &phone_mac);
	assert_int_equal(mined_of(l, NULL)->count, 0);
	assert_int_equal(learned_save_size(l) - learned_save_size(again), 0);
	learned_free(l);
	learned_free(again);
}

/* Two callers of one thing are one, as a trigger; what was before the first of them is
 * no matter of both, and the state of the house comes back. */
static void a_second_caller_does_not_spoil_the_state(void **state)
{
	static const struct mac tablet = {{2, 0, 0, 0, 0, 98}};
	struct learned_config c = {.public_labels = two_or_one};
	struct learned *l = learner(false), *again = NULL;
	static uint8_t bytes[1 << 20];
	struct writer w = writer_of(bytes, sizeof bytes);

	(void)state;
	feed(l, cloud(&hub_mac, "first.example.net", 0));
	for (int n = 1; n <= 30; n++) {
		feed(l, cloud(&phone_mac, "app.example.net", n * 7 * MINUTE));
		phone_to_hub(l, n * 7 * MINUTE + 700);
		hub_to_bulb(l, n * 7 * MINUTE + 900);
	}
	feed_both(l, house(&tablet, &hub_mac, FLOW_PROTO_TCP, 80, 400 * MINUTE));
	finish(l);
	assert_int_equal(learned_save(l, &w), 0);
	assert_int_equal(learned_load(&c, cursor_of(bytes, w.len), &again), 0);
	assert_non_null(mined_find(mined_of(again, NULL), &hub_mac, &bulb_mac, 5683));
	learned_free(again);
	learned_free(l);
}

/* Without a clock of its own, each start of a router is in 1970 for a while. */
static void starts_in_1970_do_not_spoil_the_state(void **state)
{
	struct learned_config c = {.public_labels = two_or_one};
	struct learned *l = learner(false);
	static uint8_t bytes[1 << 20];

	(void)state;
	for (int n = 0; n < 4; n++) {
		struct writer w = writer_of(bytes, sizeof bytes);
		struct record r = cloud(&hub_mac, "first.example.net", 0);

		r.first = 20 * NS_PER_SEC;
		r.last = 21 * NS_PER_SEC;
		feed(l, r);
		phone_to_hub(l, n * 10 * MINUTE);
		finish(l);
		assert_int_equal(learned_save(l, &w), 0);
		learned_free(l);
		l = NULL;
		assert_int_equal(learned_load(&c, cursor_of(bytes, w.len), &l), 0);
	}
	learned_free(l);
}

/* A house that meets new things all the time: the old ones stay known. */
static void a_flood_of_kinds_makes_room(void **state)
{
	struct learned *l = learner(false);
	char name[64];

	(void)state;
	switch_bulb(l, 30, 300);
	for (int n = 0; n < 20000; n++) {
		struct mac m = {{2, 1, 0, 0, 0, (uint8_t)(n % 30)}};

		(void)str_print(name, sizeof name, "n%d.example%d.com", n, n);
		feed(l, cloud(&m, name, 30000000 + n * 700LL));
	}
	assert_non_null(
		mined_find(mined_of(l, NULL), &hub_mac, &bulb_mac, 5683));
	learned_free(l);
}

/* ... and what lasts long is not told too late because of them. */
static void a_flood_of_kinds_makes_nothing_late(void **state)
{
	struct learned *l = learner(false);
	char name[64];

	(void)state;
	phone_to_hub(l, 0);
	for (int n = 1; n <= 30; n++) {
		struct record r = house(&phone_mac, &hub_mac, FLOW_PROTO_TCP, 80,
			n * 10 * MINUTE);

		r.last = r.first + 9 * 60 * NS_PER_SEC;
		hub_to_bulb(l, n * 10 * MINUTE + 100);
		for (int i = 0; i < 700; i++) {
			struct mac m = {{2, 1, 0, 0, 0, (uint8_t)(i % 40)}};

			(void)str_print(name, sizeof name, "n%d.example%d.com", i, n);
			feed(l, cloud(&m, name, n * 10 * MINUTE + 200 + i * 700LL));
		}
		feed_both(l, r);
	}
	const struct learned_interaction *i =
		mined_find(mined_of(l, &bulb_mac), &hub_mac, &bulb_mac, 5683);
	assert_non_null(i);
	assert_int_equal(i->precedences, 30);
	learned_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_calls_is_a_trigger),
		cmocka_unit_test(a_second_caller_does_not_spoil_the_state),
		cmocka_unit_test(starts_in_1970_do_not_spoil_the_state),
		cmocka_unit_test(names_that_change_are_one),
		cmocka_unit_test(what_stands_for_it_tells_it),
		cmocka_unit_test(ports_that_change_are_one),
		cmocka_unit_test(a_question_is_told_as_such),
		cmocka_unit_test(findings_are_no_effects),
		cmocka_unit_test(what_was_condemned_later_is_no_effect),
		cmocka_unit_test(what_is_told_last_was_first),
		cmocka_unit_test(what_falls_silent_is_told_hours_later),
		cmocka_unit_test(parts_are_no_triggers),
		cmocka_unit_test(captures_add_up),
		cmocka_unit_test(who_is_too_diverse_is_told_of),
		cmocka_unit_test(who_is_forgotten_brings_nothing_about),
		cmocka_unit_test(a_flood_of_kinds_makes_room),
		cmocka_unit_test(a_flood_of_kinds_makes_nothing_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
