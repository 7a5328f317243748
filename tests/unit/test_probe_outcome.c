// SPDX-License-Identifier: GPL-2.0-or-later
/* What comes of a probe: fallbacks, what is essential, how it ends, whether all comes back, and
 * what a restart in between means. */
#include "test_probe_util.h"

/* To 02:10, with something refused. */
static void begin(struct world *w)
{
	does(w, "cloud.example.com", 443);
	does(w, "beat.example.com", 443)->period = MIN;
	w->usual[1].episodes = 4; /* too few to be refused, and to tell by */
	allow(w, &lamp);
	pass(w, 2 * HOUR + 10 * MIN);
	assert_true(w->is_refused);
}

/* ---- what comes of it ---- */

static void settle(struct world *w)
{
	while (view(w).state == PROBE_REFUSING || view(w).state == PROBE_SETTLING)
		pass(w, MIN / 6);
}

static void a_fallback_is_found(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	begin(w);
	see(w, "early.example.com", 443, PROBE_WORKED); /* before it met anything */
	pass(w, MIN);
	see(w, "cloud.example.com", 0, PROBE_REFUSED);
	w->now.wall += 800 * NS_PER_MS;
	w->now.mono += 800 * NS_PER_MS;
	see(w, "spare.example.com", 0, PROBE_TRIED);
	see(w, "spare.example.com", 443, PROBE_REFUSED);
	see(w, "beat.example.com", 443, PROBE_WORKED);
	settle(w);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->counts[PROBE_FALLBACK], 1);
	assert_int_equal(t->fallback_count, 1);
	assert_string_equal(t->fallbacks[0].kind.name, "spare.example.com");
	assert_int_equal(t->fallbacks[0].kind.port, 443);
	assert_int_equal(t->fallbacks[0].after_ms, 800);
	assert_int_equal(t->fallbacks[0].times, 1);
	assert_false(probe_fallback_confirmed(&t->fallbacks[0]));
	assert_int_equal(t->tries[0].attempts, 1);
	assert_int_equal(probe_target_need(t), PROBE_NEED_UNKNOWN);
}

static void what_comes_late_still_counts(void **state)
{
	struct world *w = *state;
	struct probe_kind k = {.proto = FLOW_PROTO_TCP,
		.port = 443,
		.place = RECORD_INTERNET,
		.name = "spare.example.com"};
	nstime when;

	begin(w);
	see(w, "cloud.example.com", 0, PROBE_REFUSED);
	pass(w, MIN);
	when = w->now.wall;
	while (view(w).state == PROBE_REFUSING)
		pass(w, MIN / 6);
	pass(w, 5 * MIN);
	probe_saw(
		w->probe, &lamp, &k, PROBE_TRIED, w->now.wall, &w->now); /* too late */
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->fallback_count, 0);
	probe_saw(w->probe, &lamp, &k, PROBE_TRIED, when, &w->now);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->fallback_count, 1);
	settle(w);
	assert_int_equal(
		probe_target_at(w->probe, &lamp, 0)->counts[PROBE_FALLBACK], 1);
}

static void try_with_a_beat(struct world *w, bool goes_on)
{
	does(w, "cloud.example.com", 443);
	does(w, "beat.update.example.com", 443)->period = MIN;
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_true(w->is_refused);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	for (int i = 0; i < 5; i++) {
		pass(w, MIN);
		if (goes_on)
			see(w, "beat.update.example.com", 443, PROBE_WORKED);
	}
	settle(w);
}

static void what_stops_the_rest_is_essential(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	try_with_a_beat(w, false);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->counts[PROBE_ESSENTIAL], 1);
	assert_int_equal(t->tries[0].expected, 1);
	assert_int_equal(t->tries[0].went_on, 0);
	assert_int_equal(probe_target_need(t), PROBE_NEED_ESSENTIAL);
}

static void what_changes_nothing_is_not(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	try_with_a_beat(w, true);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->counts[PROBE_NON_ESSENTIAL], 1);
	assert_int_equal(t->tries[0].went_on, 1);
	assert_int_equal(probe_target_need(t), PROBE_NEED_NONE);
	assert_false(probe_target_done(t)); /* once is not enough */
}

static void without_a_try_nothing_is_known(void **state)
{
	struct world *w = *state;

	begin(w);
	settle(w);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->counts[PROBE_UNMET], 1);
	assert_int_equal(view(w).state, PROBE_IDLE); /* nothing to recover */
	assert_false(view(w).unrecovered);
}

static void too_much_news_is_an_alert(void **state)
{
	struct world *w = *state;
	char name[32];

	begin(w);
	see(w, "cloud.example.com", 0, PROBE_REFUSED);
	for (int i = 0; i < PROBE_FALLBACKS_MAX + 1; i++) {
		(void)str_print(name, sizeof name, "x%d.example.org", i);
		see(w, name, 443, PROBE_TRIED);
	}
	pass(w, NS_PER_SEC);
	assert_false(w->is_refused);
	assert_int_equal(w->why, PROBE_WHY_ALERT);
}

/* ---- it ends ---- */

static void whoever_needs_it_has_it_at_once(void **state)
{
	static const enum probe_why whys[] = {PROBE_WHY_USER, PROBE_WHY_OWNER,
		PROBE_WHY_ALERT, PROBE_WHY_QUARANTINE, PROBE_WHY_UPDATE};
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	pass(w, 2 * HOUR);
	for (size_t i = 0; i < COUNT(whys); i++) {
		pass(w, MIN);
		assert_true(w->is_refused);
		assert_true(probe_stop(w->probe, &lamp, whys[i], &w->now));
		assert_false(w->is_refused);
		assert_false(probe_stop(w->probe, &lamp, whys[i], &w->now));
		assert_int_equal(
			probe_target_at(w->probe, &lamp, 0)->tries[i].why, whys[i]);
		pass(w, 24 * HOUR - MIN);
	}
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->counts[PROBE_STOPPED],
		COUNT(whys));
}

static void the_owner_ends_it(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_true(probe_stop_all(w->probe, PROBE_WHY_OWNER, &w->now));
	assert_false(w->is_refused);
	pass(w, 24 * HOUR);
	assert_true(w->is_refused);
	assert_int_equal(probe_forbid(w->probe, &lamp, &w->now), 0);
	assert_false(w->is_refused);
	assert_int_equal(view(w).why, PROBE_WHY_FORBIDDEN);
	assert_int_equal(view(w).targets, 1); /* what was found stays */
	assert_int_equal(probe_forbid(w->probe, &radio, &w->now), -ENOENT);
	pass(w, 24 * HOUR);
	assert_false(w->is_refused);
	allow(w, &lamp);
	pass(w, 24 * HOUR);
	assert_true(w->is_refused);
	probe_forget(w->probe, &lamp);
	assert_false(w->is_refused);
}

static void a_bar_ends_it(void **state)
{
	struct world *w = *state;

	begin(w);
	w->bar = PROBE_WHY_QUARANTINE;
	pass(w, NS_PER_SEC);
	assert_false(w->is_refused);
	assert_int_equal(w->why, PROBE_WHY_QUARANTINE);
}

static void clocks_that_are_set_end_it(void **state)
{
	static const nstime jumps[] = {-HOUR, HOUR, -400 * 24 * HOUR, MIN};
	struct world *w = *state;

	begin(w);
	for (size_t i = 0; i < COUNT(jumps); i++) {
		w->now.wall += jumps[i];
		pass(w, NS_PER_SEC);
		assert_false(w->is_refused);
		assert_int_equal(w->why, PROBE_WHY_CLOCK);
		w->now.wall -= jumps[i];
		pass(w, 24 * HOUR);
		assert_true(w->is_refused);
	}
	w->now.sure = false;
	pass(w, NS_PER_SEC);
	assert_false(w->is_refused);
}

static void the_end_of_the_window_ends_it(void **state)
{
	struct world *w = *state;

	begin(w);
	w->now.offset = 6 * 3600; /* it is summer now */
	pass(w, NS_PER_SEC);
	assert_false(w->is_refused);
	assert_int_equal(w->why, PROBE_WHY_NIGHT);
}

static void a_restore_that_fails_is_tried_again(void **state)
{
	struct world *w = *state;

	begin(w);
	w->restore_fails = true;
	assert_true(probe_stop(w->probe, &lamp, PROBE_WHY_USER, &w->now));
	assert_int_equal(view(w).state, PROBE_RESTORING);
	for (unsigned i = 2; i < 10; i++) {
		pass(w, NS_PER_SEC);
		assert_int_equal(w->restores, i);
	}
	w->restore_fails = false;
	assert_false(probe_stop(w->probe, &lamp, PROBE_WHY_USER, &w->now));
	assert_false(w->is_refused);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->try_count, 1);
}

static void a_refusal_that_fails_is_none(void **state)
{
	struct world *w = *state;

	w->refuse_fails = true;
	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_int_equal(w->refusals, 1);
	assert_int_equal(w->restores, 1); /* who knows */
	assert_int_equal(view(w).state, PROBE_IDLE);
	assert_int_equal(
		probe_target_at(w->probe, &lamp, 0)->tries[0].why, PROBE_WHY_FAILED);
	pass(w, MIN);
	assert_int_equal(w->refusals, 1); /* not again tonight */
}

/* ---- does it come back? ---- */

static void what_works_again_is_well(void **state)
{
	struct world *w = *state;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	see(w, "cloud.example.com", 443, PROBE_TRIED);
	pass(w, 20 * HOUR);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	see(w, "cloud.example.com", 443, PROBE_WORKED);
	pass(w, NS_PER_SEC);
	assert_int_equal(view(w).state, PROBE_IDLE);
	assert_int_equal(w->told[w->told_count - 1], PROBE_TOLD_RECOVERED);
	assert_false(view(w).unrecovered);
}

static void what_does_not_is_told_and_ends_all(void **state)
{
	struct world *w = *state;
	unsigned refusals;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	refusals = w->refusals;
	for (int i = 0; i < 27 * 60; i++)
		pass(w, MIN);
	assert_true(view(w).unrecovered);
	assert_int_equal(w->told[w->told_count - 1], PROBE_TOLD_UNRECOVERED);
	assert_int_equal(view(w).why, PROBE_WHY_UNRECOVERED);
	for (int i = 0; i < 3 * 24 * 60; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, refusals);
	allow(w, &lamp); /* the owner has looked */
	pass(w, 24 * HOUR - 5 * HOUR);
	for (int i = 0; i < 24 * 60; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, refusals + 1);
}

static void a_period_tells_when_it_should(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443)->period = HOUR;
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	pass(w, 2 * HOUR + 50 * MIN);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	pass(w, 20 * MIN);
	assert_true(view(w).unrecovered);
}

static void who_is_switched_off_owes_nothing(void **state)
{
	struct world *w = *state;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	w->bar = PROBE_WHY_GONE;
	for (int i = 0; i < 100; i++)
		pass(w, HOUR);
	assert_false(view(w).unrecovered);
	w->bar = PROBE_WHY_NONE;
	pass(w, 25 * HOUR);
	assert_false(view(w).unrecovered);
	pass(w, 2 * HOUR);
	assert_true(view(w).unrecovered);
}

static void an_old_connection_is_no_recovery(void **state)
{
	struct world *w = *state;
	struct probe_kind k = {.proto = FLOW_PROTO_TCP,
		.port = 443,
		.place = RECORD_INTERNET,
		.name = "cloud.example.com"};

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	settle(w);
	probe_saw(w->probe, &lamp, &k, PROBE_WORKED, w->now.wall - 2 * HOUR, &w->now);
	pass(w, NS_PER_SEC);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
}

/* ---- restarts ---- */

static void again(struct world *w)
{
	struct probe_config c = config_of(w);
	struct probe *fresh;
	size_t size = probe_save_size(w->probe, &lamp);
	uint8_t *bytes = malloc(size), *twice = malloc(size);
	struct writer to = writer_of(bytes, size), back = writer_of(twice, size);

	assert_int_equal(probe_save(w->probe, &lamp, &to), 0);
	probe_free(w->probe);
	assert_int_equal(probe_new(&c, w->now.mono, &fresh), 0);
	w->probe = fresh;
	assert_int_equal(probe_load(fresh, cursor_of(bytes, to.len)), 0);
	assert_int_equal(probe_load(fresh, cursor_of(bytes, to.len)), -EEXIST);
	assert_int_equal(probe_save(fresh, &lamp, &back), 0);
	assert_int_equal(back.len, to.len);
	assert_memory_equal(twice, bytes, to.len);
	for (size_t i = 0; i < to.len; i++) { /* nothing shorter is a state */
		struct probe *none;

		assert_int_equal(probe_new(&c, 0, &none), 0);
		assert_int_not_equal(probe_load(none, cursor_of(bytes, i)), 0);
		probe_free(none);
	}
	free(bytes);
	free(twice);
}

static void who_died_takes_back_first(void **state)
{
	struct world *w = *state;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	again(w);
	assert_int_equal(view(w).state, PROBE_RESTORING);
	assert_true(w->is_refused); /* as the kernel would have it */
	pass(w, 0);
	assert_false(w->is_refused);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	assert_int_equal(
		probe_target_at(w->probe, &lamp, 0)->tries[0].why, PROBE_WHY_RESTART);
	see(w, "cloud.example.com", 443, PROBE_WORKED);
	pass(w, NS_PER_SEC);
	assert_int_equal(view(w).state, PROBE_IDLE);
	pass(w, HOUR);
	assert_false(w->is_refused); /* the night is over for it */
}

static void what_was_found_outlives_restarts(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	see(w, "spare.example.com", 443, PROBE_TRIED);
	settle(w);
	again(w);
	assert_int_equal(view(w).state, PROBE_RECOVERING);
	pass(w, MIN);
	see(w, "cloud.example.com", 443, PROBE_WORKED);
	again(w);
	pass(w, NS_PER_SEC);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->counts[PROBE_FALLBACK], 1);
	assert_string_equal(t->fallbacks[0].kind.name, "spare.example.com");
	assert_int_equal(view(w).class, DEVICE_CLASS_LIGHT);
	assert_int_equal(view(w).window.start, 120);
	assert_true(view(w).allowed);
}

static void what_it_does_anyway_is_no_fallback(void **state)
{
	struct world *w = *state;
	const struct probe_target *t;

	begin(w);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	see(w, "spare.example.com", 443, PROBE_TRIED);
	settle(w);
	see(w, "cloud.example.com", 443, PROBE_WORKED);
	pass(w, MIN);
	for (int i = 0; i < 3; i++)
		see(w, "spare.example.com", 443, PROBE_WORKED);
	pass(w, 24 * HOUR);
	assert_true(w->is_refused);
	see(w, "cloud.example.com", 443, PROBE_REFUSED);
	see(w, "spare.example.com", 443, PROBE_TRIED);
	settle(w);
	t = probe_target_at(w->probe, &lamp, 0);
	assert_int_equal(t->fallbacks[0].apart, 3);
	assert_int_equal(t->fallbacks[0].times, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fallback_is_found),
		TEST(what_comes_late_still_counts),
		TEST(what_stops_the_rest_is_essential),
		TEST(what_changes_nothing_is_not),
		TEST(without_a_try_nothing_is_known),
		TEST(too_much_news_is_an_alert),
		TEST(whoever_needs_it_has_it_at_once),
		TEST(the_owner_ends_it),
		TEST(a_bar_ends_it),
		TEST(clocks_that_are_set_end_it),
		TEST(the_end_of_the_window_ends_it),
		TEST(a_restore_that_fails_is_tried_again),
		TEST(a_refusal_that_fails_is_none),
		TEST(what_works_again_is_well),
		TEST(what_does_not_is_told_and_ends_all),
		TEST(a_period_tells_when_it_should),
		TEST(who_is_switched_off_owes_nothing),
		TEST(an_old_connection_is_no_recovery),
		TEST(who_died_takes_back_first),
		TEST(what_was_found_outlives_restarts),
		TEST(what_it_does_anyway_is_no_fallback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
