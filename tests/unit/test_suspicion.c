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
	for (uint16_t p = 1; p <= 60; p++) {
		struct suspicion_seen e = stray(p * NS_PER_SEC / 10, 1, p);
		suspicion_see(&s, &e);
		if (p == 20) /* a few are half a conviction, and new by nature */
			assert_int_equal(level(&s, 2 * NS_PER_SEC), SUSPICION_RAISED);
	}
	assert_int_equal(level(&s, 6 * NS_PER_SEC), SUSPICION_CONVICTED);
	assert_non_null(strstr(suspicion_why(&s, START + 6 * NS_PER_SEC, why), "port scan"));
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
	assert_int_equal(suspicion_level(&s, SUSPICION_THING, now), SUSPICION_RAISED);
	suspicion_tighten(&s, true);
	assert_int_equal(suspicion_level(&s, SUSPICION_COMPUTER, now), SUSPICION_RAISED);
	assert_int_equal(suspicion_level(&s, SUSPICION_THING, now), SUSPICION_CONVICTED);
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

static struct suspicion_seen listen_at(nstime when, uint8_t proto, uint16_t port)
{
	struct suspicion_seen e = stray(when, 1, port);

	e.kind = SUSPICION_LISTEN;
	e.proto = proto;
	e.inside = true;
	return e;
}

/* What a device offers in its first days is what it is for. */
static void test_services_of_the_first_days_are_learned(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (uint16_t p = 80; p < 100; p++) {
		struct suspicion_seen e = listen_at(p * HOUR / 2, 6, p);
		suspicion_see(&s, &e);
	}
	struct suspicion_seen last =
		listen_at(40 * HOUR + SUSPICION_LISTEN_LEARNS - 1, 6, 443);
	suspicion_see(&s, &last);
	assert_int_equal(s.times[SUSPICION_LISTEN], 0);
	for (int day = 4; day < 30; day++) { /* and stay so */
		struct suspicion_seen e = listen_at(day * 24 * HOUR, 6, 80);
		suspicion_see(&s, &e);
	}
	assert_int_equal(s.times[SUSPICION_LISTEN], 0);
	assert_true(suspicion_score(&s, START + 30 * 24 * HOUR) == 0);
}

static void test_a_new_service_is_news_once(void **state)
{
	const nstime later = SUSPICION_LISTEN_LEARNS;
	struct suspicion_seen first = listen_at(0, 6, 80);
	struct suspicion s = fresh();
	char why[LIMIT_TEXT];
	(void)state;
	suspicion_see(&s, &first);
	for (int i = 0; i < 50; i++) {
		struct suspicion_seen e = listen_at(later + i * NS_PER_SEC, 6, 2323);
		suspicion_see(&s, &e);
	}
	assert_int_equal(s.times[SUSPICION_LISTEN], 1);
	assert_non_null(strstr(
		suspicion_why(&s, START + later + 50 * NS_PER_SEC, why), "a new service"));
	assert_non_null(strstr(why, "tcp 2323"));
	struct suspicion_seen other = listen_at(later + HOUR, 17, 2323);
	suspicion_see(&s, &other); /* by UDP it is another */
	assert_int_equal(s.times[SUSPICION_LISTEN], 2);
	/* to be forgiven is not to learn anew */
	suspicion_forgive(&s, START + later + HOUR);
	suspicion_see(&s, &other);
	assert_int_equal(s.times[SUSPICION_LISTEN], 0);
	other.port = 2324;
	suspicion_see(&s, &other);
	assert_int_equal(s.times[SUSPICION_LISTEN], 1);
}

static void test_new_services_alone_never_convict(void **state)
{
	struct suspicion_seen first = listen_at(0, 6, 80);
	struct suspicion s = fresh();
	(void)state;
	suspicion_see(&s, &first);
	for (uint16_t p = 1000; p < 1400; p++) {
		nstime when = SUSPICION_LISTEN_LEARNS + p * NS_PER_SEC;
		struct suspicion_seen e = listen_at(when, 6, p);
		suspicion_see(&s, &e);
		assert_true(level(&s, when) < SUSPICION_CONVICTED);
	}
	assert_true(s.times[SUSPICION_LISTEN] > 100);
	assert_int_equal(s.level, SUSPICION_RAISED);
}

static struct suspicion_seen spoof(nstime when, uint32_t host, bool foreign)
{
	struct suspicion_seen e = stray(when, host, 0);

	e.kind = SUSPICION_SPOOF;
	e.foreign = foreign;
	return e;
}

/* Another's address counts once a minute, however many packets have it. */
static void test_anothers_address(void **state)
{
	struct suspicion s = fresh();
	char why[LIMIT_TEXT];
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct suspicion_seen e = spoof(i * NS_PER_SEC, 1, false);
		suspicion_see(&s, &e);
	}
	assert_int_equal(s.times[SUSPICION_SPOOF], 1);
	assert_int_equal(level(&s, 50 * NS_PER_SEC), SUSPICION_NONE);
	struct suspicion_seen second = spoof(51 * NS_PER_SEC, 2, false);
	suspicion_see(&s, &second);
	assert_int_equal(s.times[SUSPICION_SPOOF], 2);
	assert_int_equal(level(&s, 52 * NS_PER_SEC), SUSPICION_RAISED);
	assert_non_null(strstr(
		suspicion_why(&s, START + 52 * NS_PER_SEC, why), "false addresses"));
	assert_non_null(strstr(why, "203.0.0.2"));
	struct suspicion_seen again = spoof(61 * NS_PER_SEC, 1, false);
	suspicion_see(&s, &again); /* the next minute */
	assert_int_equal(s.times[SUSPICION_SPOOF], 3);
}

/* Old addresses, of the net that the house had before, are no sign; made-up ones are. */
static void test_foreign_addresses_are_a_flood_when_many(void **state)
{
	struct suspicion few = fresh(), many = fresh();
	(void)state;
	for (uint32_t i = 0; i < 600; i++) {
		struct suspicion_seen e = spoof(i * NS_PER_SEC / 20, i % 5, true);
		suspicion_see(&few, &e);
		e = spoof(i * NS_PER_SEC / 20, i, true);
		suspicion_see(&many, &e);
	}
	assert_true(suspicion_score(&few, START + 30 * NS_PER_SEC) == 0);
	assert_int_equal(level(&few, 30 * NS_PER_SEC), SUSPICION_NONE);
	assert_int_equal(many.times[SUSPICION_FLOOD], 1);
	assert_int_equal(many.times[SUSPICION_SPOOF], 0);
	assert_int_equal(level(&many, 30 * NS_PER_SEC), SUSPICION_CONVICTED);
}

/* So many conversations in vain within a minute with one service; none was refused. */
static struct suspicion in_vain(int tries, uint16_t port, bool inside)
{
	struct suspicion s = fresh();

	for (int i = 0; i < tries; i++) {
		struct suspicion_seen e = stray(i * 50 * NS_PER_SEC / tries, 5, port);
		e.allowed = true;
		e.inside = inside;
		suspicion_see(&s, &e);
	}
	return s;
}

static void test_allowed_brute_force(void **state)
{
	struct suspicion s = in_vain(40, 22, false);
	(void)state;
	assert_int_equal(s.times[SUSPICION_BRUTE], 1);
	assert_int_equal(s.times[SUSPICION_STRAY], 0); /* it was allowed */
	assert_int_equal(level(&s, 50 * NS_PER_SEC), SUSPICION_RAISED);
	s = in_vain(29, 22, false);
	assert_true(suspicion_score(&s, START + 50 * NS_PER_SEC) == 0);
	s = in_vain(100, 443, true); /* a page has that many parts */
	assert_int_equal(s.times[SUSPICION_BRUTE], 0);
	s = in_vain(300, 443, true);
	assert_int_equal(s.times[SUSPICION_BRUTE], 1);
	s = in_vain(300, 443, false);
	assert_int_equal(s.times[SUSPICION_BRUTE], 0); /* out there it is no login */
}

static void test_allowed_brute_force_goes_on(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (int i = 0; i < 180; i++) { /* once for each minute */
		struct suspicion_seen e = stray(i * NS_PER_SEC, 5, 22);
		e.allowed = true;
		suspicion_see(&s, &e);
	}
	assert_int_equal(s.times[SUSPICION_BRUTE], 3);
	assert_int_equal(level(&s, 180 * NS_PER_SEC), SUSPICION_CONVICTED);
}

static void test_allowed_flood(void **state)
{
	struct suspicion s = in_vain(60, 8883, false); /* a client that retries */
	(void)state;
	assert_true(suspicion_score(&s, START + 50 * NS_PER_SEC) == 0);
	s = in_vain(299, 8883, false);
	assert_int_equal(s.times[SUSPICION_FLOOD], 0);
	s = in_vain(400, 8883, false);
	assert_true(s.times[SUSPICION_FLOOD] >= 1);
	assert_int_equal(s.times[SUSPICION_STRAY], 0);
	assert_true(level(&s, 50 * NS_PER_SEC) >= SUSPICION_RAISED);
}

/* As many conversations, each with another service: what phones do. */
static void test_allowed_variety_is_none(void **state)
{
	struct suspicion s = fresh();
	(void)state;
	for (uint32_t i = 0; i < 400; i++) {
		struct suspicion_seen e =
			stray(i * NS_PER_SEC / 8, i % 10, (uint16_t)(8000 + i % 10));
		e.allowed = true;
		suspicion_see(&s, &e);
	}
	assert_true(suspicion_score(&s, START + 50 * NS_PER_SEC) == 0);
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
		cmocka_unit_test(test_services_of_the_first_days_are_learned),
		cmocka_unit_test(test_a_new_service_is_news_once),
		cmocka_unit_test(test_new_services_alone_never_convict),
		cmocka_unit_test(test_anothers_address),
		cmocka_unit_test(test_foreign_addresses_are_a_flood_when_many),
		cmocka_unit_test(test_allowed_brute_force),
		cmocka_unit_test(test_allowed_brute_force_goes_on),
		cmocka_unit_test(test_allowed_flood),
		cmocka_unit_test(test_allowed_variety_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
