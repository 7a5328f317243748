// SPDX-License-Identifier: GPL-2.0-or-later
/* test_suspicion.c - what convicts and what does not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "lifecycle/suspicion.h"

#define START (1000LL * 86400 * NS_PER_SEC)
#define HOUR (3600 * NS_PER_SEC)

static struct suspicion fresh(void)
{
	struct suspicion s;

	suspicion_init(&s, (struct hash_key){{1, 2}}, START);
	return s;
}

static struct suspicion_seen stray(nstime when, uint32_t host, uint16_t port)
{
	uint8_t b[4] = {203, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host};
	struct suspicion_seen e = {.kind = SUSPICION_STRAY, .when = START + when,
		.peer = addr_v4(b), .proto = 6, .port = port, .count = 1};
	return e;
}

static enum suspicion_level level(struct suspicion *s, nstime when)
{
	return suspicion_level(s, SUSPICION_THING, START + when);
}

static void test_port_scan(void **state)
{
	struct suspicion s = fresh();
	char why[LIMIT_TEXT];
	(void)state;
	for (uint16_t p = 1; p <= 20; p++) {
		struct suspicion_seen e = stray(p * NS_PER_SEC / 10, 1, p);
		suspicion_see(&s, &e);
	}
	assert_int_equal(level(&s, 3 * NS_PER_SEC), SUSPICION_CONVICTED);
	assert_non_null(strstr(suspicion_why(&s, START + 3 * NS_PER_SEC, why), "port scan"));
	assert_non_null(strstr(why, "203.0.0.1"));
}

static void test_address_scan(void **state)
{
	struct suspicion s = fresh();
	char why[LIMIT_TEXT];
	(void)state;
	for (uint32_t h = 1; h <= 60; h++) {
		struct suspicion_seen e = stray(h * NS_PER_SEC / 10, h, 8080);
		suspicion_see(&s, &e);
	}
	assert_int_equal(level(&s, 6 * NS_PER_SEC), SUSPICION_CONVICTED);
	assert_non_null(
		strstr(suspicion_why(&s, START + 6 * NS_PER_SEC, why), "address scan"));
	/* and is remembered the next day */
	assert_int_equal(level(&s, 24 * HOUR), SUSPICION_CONVICTED);
}

static void test_flood(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (int i = 0; i < 70; i++) {
		struct suspicion_seen e = stray(i * NS_PER_SEC / 10, 1, 443);
		e.count = 100; /* 1000 a second, of one service */
		suspicion_see(&s, &e);
	}
	assert_true(s.times[SUSPICION_FLOOD] >= 1);
	assert_true(level(&s, 7 * NS_PER_SEC) >= SUSPICION_RAISED);
}

/* A cloud that moved: the device tries for a week, once a minute. */
static void test_one_new_peer_never_convicts(void **state)
{
	struct suspicion s = fresh();
	enum suspicion_level worst = SUSPICION_NONE;
	(void)state;
	for (int i = 0; i < 7 * 24 * 60; i++) {
		struct suspicion_seen e = stray(i * 60LL * NS_PER_SEC, 1, 443);
		suspicion_see(&s, &e);
		enum suspicion_level l = level(&s, i * 60LL * NS_PER_SEC);
		worst = l > worst ? l : worst;
	}
	assert_int_equal(worst, SUSPICION_RAISED); /* it is a beacon, too */
}

/* New firmware with a dozen new services: the owner sees it, nothing is cut off. */
static void test_much_that_is_new_never_convicts(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (int day = 0; day < 30; day++)
		for (uint32_t h = 0; h < 12; h++) {
			struct suspicion_seen e = stray(
				(day * 24LL * 3600 + h * 300) * NS_PER_SEC, h, 443);
			suspicion_see(&s, &e);
			assert_true(level(&s, (day * 24LL * 3600 + h * 300) * NS_PER_SEC) <
				    SUSPICION_CONVICTED);
		}
	assert_int_equal(s.level, SUSPICION_RAISED);
}

static void test_drift_and_updates_weigh_little(void **state)
{
	struct suspicion s = fresh(), t = fresh();
	(void)state;
	for (uint32_t h = 0; h < 30; h++) {
		struct suspicion_seen e = stray(h * 60LL * NS_PER_SEC, h, 443);
		e.drifted = true;
		suspicion_see(&s, &e);
		e.drifted = false, e.outdated = true;
		suspicion_see(&t, &e);
	}
	assert_true(suspicion_score(&s, START + HOUR) < SUSPICION_RAISED_AT);
	assert_true(suspicion_score(&t, START + HOUR) <
		    SUSPICION_RAISED_AT * 2); /* raised at most */
	assert_int_equal(level(&s, HOUR), SUSPICION_NONE);
	assert_true(level(&t, HOUR) < SUSPICION_CONVICTED);
}

static void test_brute_force(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (int i = 0; i < 40; i++) {
		struct suspicion_seen e = stray(i * NS_PER_SEC, 5, 22);
		suspicion_see(&s, &e);
	}
	assert_int_equal(s.times[SUSPICION_BRUTE], 1);
	assert_true(level(&s, 40 * NS_PER_SEC) >= SUSPICION_RAISED);
}

/* Mirai knocks at telnet of the world, slowly; a lamp has no business there. */
static void test_slow_worm(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (uint32_t h = 0; h < 12; h++) {
		struct suspicion_seen e = stray(h * 600LL * NS_PER_SEC, h * 7919, 23);
		suspicion_see(&s, &e);
	}
	assert_int_equal(level(&s, 2 * HOUR), SUSPICION_CONVICTED);
}

static void test_levels_fall_once_it_is_quiet(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (uint32_t h = 0; h < 6; h++) {
		struct suspicion_seen e = stray(h * 70LL * NS_PER_SEC, h, 443);
		suspicion_see(&s, &e);
	}
	assert_int_equal(level(&s, 420 * NS_PER_SEC), SUSPICION_RAISED);
	assert_int_equal(level(&s, 6 * HOUR), SUSPICION_RAISED); /* not at the edge */
	assert_int_equal(level(&s, 12 * HOUR), SUSPICION_NONE);
}

static void test_classes_and_probation(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (uint16_t p = 1; p <= 20; p++) {
		struct suspicion_seen e = stray(p * NS_PER_SEC / 10, 1, p);
		suspicion_see(&s, &e);
	}
	nstime now = START + 3 * NS_PER_SEC;
	assert_int_equal(suspicion_level(&s, SUSPICION_COMPUTER, now), SUSPICION_RAISED);
	assert_int_equal(suspicion_level(&s, SUSPICION_CRITICAL, now), SUSPICION_RAISED);
	suspicion_tighten(&s, true);
	assert_int_equal(suspicion_level(&s, SUSPICION_COMPUTER, now), SUSPICION_CONVICTED);
	suspicion_forgive(&s, now);
	assert_int_equal(suspicion_level(&s, SUSPICION_COMPUTER, now), SUSPICION_NONE);
	assert_true(s.tight);
}

static void test_clock_that_jumps(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (int i = 0; i < 200; i++) {
		nstime when = (i % 3 == 0 ? -365LL : i % 3 == 1 ? 365LL : 0) * 24 * HOUR +
			      i * NS_PER_SEC;
		struct suspicion_seen e = stray(when, (uint32_t)i % 4, 443);
		suspicion_see(&s, &e);
		double score = suspicion_score(&s, START + when);
		assert_true(isfinite(score) && score >= 0);
		assert_true(level(&s, when) < SUSPICION_CONVICTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port_scan),
		cmocka_unit_test(test_address_scan),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_one_new_peer_never_convicts),
		cmocka_unit_test(test_much_that_is_new_never_convicts),
		cmocka_unit_test(test_drift_and_updates_weigh_little),
		cmocka_unit_test(test_brute_force),
		cmocka_unit_test(test_slow_worm),
		cmocka_unit_test(test_levels_fall_once_it_is_quiet),
		cmocka_unit_test(test_classes_and_probation),
		cmocka_unit_test(test_clock_that_jumps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
