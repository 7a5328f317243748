// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of names/confirmed: what counts as the same answer, for how long, and that no
 * client takes another's share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "names/confirmed.h"

#define S NS_PER_SEC
#define START (1000 * S)

static const struct hash_key key = {{0x0123456789abcdef, 0xfedcba9876543210}};
static struct confirmed table;

static int setup(void **state)
{
	(void)state;
	confirmed_init(&table, &key);
	return 0;
}

static struct addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const uint8_t bytes[4] = {a, b, c, d};

	return addr_v4(bytes);
}

static struct addr client(unsigned n)
{
	return v4(192, 168, (uint8_t)(n >> 8), (uint8_t)n);
}

static void put(unsigned n, const char *name, nstime at)
{
	struct addr who = client(n), a = v4(203, 0, 113, 1);

	confirmed_put(&table, &(struct confirmed_answer){&who, name, &a, 1, 300}, at, at);
}

static bool has(unsigned n, const char *name, nstime now)
{
	struct addr who = client(n), a = v4(203, 0, 113, 1);

	return confirmed_has(
		&table, &(struct confirmed_answer){&who, name, &a, 1, 200}, now);
}

static void test_for_half_a_minute(void **state)
{
	(void)state;
	assert_false(has(1, "a.example", START));
	put(1, "a.example", START);
	assert_true(has(1, "a.example", START));
	assert_true(has(1, "a.example", START + CONFIRMED_S * S - 1));
	assert_false(has(1, "a.example", START + CONFIRMED_S * S));
	put(1, "a.example", START + 40 * S);
	assert_true(has(1, "a.example", START + 41 * S));
	assert_false(has(1, "b.example", START + 41 * S));
	assert_false(has(2, "a.example", START + 41 * S));
}

/* The time counts from the question to the engine, not from its word. */
static void test_counts_from_the_question(void **state)
{
	(void)state;
	struct addr who = client(1), a = v4(203, 0, 113, 1);
	struct confirmed_answer x = {&who, "a.example", &a, 1, 300};

	confirmed_put(&table, &x, START, START + 2 * S);
	assert_true(has(1, "a.example", START + 29 * S));
	assert_false(has(1, "a.example", START + 30 * S));
	confirmed_put(&table, &x, START, START + 31 * S); /* too late to be of use */
	assert_false(has(1, "a.example", START + 31 * S));
}

static void test_exactly_the_same_addresses(void **state)
{
	(void)state;
	struct addr who = client(1);
	struct addr ab[2] = {v4(203, 0, 113, 1), v4(203, 0, 113, 2)};
	struct addr ba[2] = {ab[1], ab[0]}, aa[2] = {ab[0], ab[0]};
	struct addr ac[2] = {ab[0], v4(203, 0, 113, 3)};
	struct addr abc[3] = {ab[0], ab[1], ac[1]};
	struct confirmed_answer x = {&who, "a.example", ab, 2, 300};

	confirmed_put(&table, &x, START, START);
	assert_true(confirmed_has(&table, &x, START));
	x.addrs = ba;
	assert_true(confirmed_has(&table, &x, START));
	x.addrs = aa;
	assert_false(confirmed_has(&table, &x, START));
	x.addrs = ac;
	assert_false(confirmed_has(&table, &x, START));
	x.addrs = ab;
	x.addr_count = 1; /* one less was confirmed with it, but is another answer */
	assert_false(confirmed_has(&table, &x, START));
	x.addrs = abc;
	x.addr_count = 3;
	assert_false(confirmed_has(&table, &x, START));
}

/* An answer that is fresh again lives longer than the engine was told. */
static void test_not_for_longer_than_was_told(void **state)
{
	(void)state;
	struct addr who = client(1), a = v4(203, 0, 113, 1);
	struct confirmed_answer x = {&who, "a.example", &a, 1, 100};

	confirmed_put(&table, &x, START, START);
	x.ttl_s = 80;
	assert_true(confirmed_has(&table, &x, START + 20 * S));
	x.ttl_s = 100;
	assert_false(confirmed_has(&table, &x, START + 20 * S));
	/* short lives count as BINDING_TTL_MIN_S */
	x = (struct confirmed_answer){&who, "b.example", &a, 1, 0};
	confirmed_put(&table, &x, START, START);
	x.ttl_s = 5;
	assert_true(confirmed_has(&table, &x, START + 20 * S));
	x.ttl_s = BINDING_TTL_MIN_S;
	assert_false(confirmed_has(&table, &x, START + 20 * S));
}

static void test_a_client_evicts_only_its_own(void **state)
{
	(void)state;
	char name[32];
	unsigned kept = 0;

	put(1, "mine.example", START);
	for (unsigned i = 0; i < 3 * CONFIRMED_PER_CLIENT; i++) {
		(void)snprintf(name, sizeof name, "n%u.example", i);
		put(2, name, START + i);
	}
	assert_true(has(1, "mine.example", START + S));
	for (unsigned i = 0; i < 3 * CONFIRMED_PER_CLIENT; i++) {
		(void)snprintf(name, sizeof name, "n%u.example", i);
		bool there = has(2, name, START + S);
		assert_int_equal(there, i >= 2 * CONFIRMED_PER_CLIENT); /* the newest */
		kept += there;
	}
	assert_int_equal(kept, CONFIRMED_PER_CLIENT);
}

static void test_clients_are_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CONFIRMED_CLIENTS; i++)
		put(i, "a.example", START);
	put(CONFIRMED_CLIENTS, "a.example", START + 1);
	assert_false(has(CONFIRMED_CLIENTS, "a.example", START + 1));
	for (unsigned i = 0; i < CONFIRMED_CLIENTS; i++)
		assert_true(has(i, "a.example", START + 1));
	/* silent for long enough: all but the one that asked on make room */
	put(7, "b.example", START + 20 * S);
	for (unsigned i = 0; i < CONFIRMED_CLIENTS; i++)
		put(1000 + i, "a.example", START + CONFIRMED_S * S);
	unsigned there = 0;
	for (unsigned i = 0; i < CONFIRMED_CLIENTS; i++)
		there += has(1000 + i, "a.example", START + CONFIRMED_S * S);
	assert_int_equal(there, CONFIRMED_CLIENTS - 1);
	assert_true(has(7, "b.example", START + CONFIRMED_S * S));
}

static void test_dropped(void **state)
{
	(void)state;
	struct addr who = client(1);

	put(1, "a.example", START);
	put(1, "b.example", START);
	put(2, "a.example", START);
	confirmed_drop(&table, &who);
	assert_false(has(1, "a.example", START));
	assert_false(has(1, "b.example", START));
	assert_true(has(2, "a.example", START));
	put(1, "b.example", START);
	assert_false(has(1, "a.example", START));
	confirmed_drop_all(&table);
	assert_false(has(1, "b.example", START));
	assert_false(has(2, "a.example", START));
	confirmed_drop(&table, &who); /* nothing there */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(test_for_half_a_minute),
		T(test_counts_from_the_question),
		T(test_exactly_the_same_addresses),
		T(test_not_for_longer_than_was_told),
		T(test_a_client_evicts_only_its_own),
		T(test_clients_are_bounded),
		T(test_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
