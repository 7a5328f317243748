// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of names/answers: lives, bounds, and what a flood of names evicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "names/answers.h"

#define BYTES (64 * 1024)

static struct answers_key key_of(const char *label, uint16_t type, uint8_t flags)
{
	uint8_t wire[70];
	size_t len = strlen(label);
	struct answers_key k;

	wire[0] = (uint8_t)len;
	memcpy(wire + 1, label, len + 1);
	answers_key_set(&k, wire, len + 2, type, flags);
	return k;
}

static struct answer *make(const struct answers_key *k, size_t wire_len, uint32_t ttl)
{
	static const uint16_t at[] = {20, 40};
	static uint8_t wire[65535];
	const uint8_t v4[4] = {192, 0, 2, 1};
	struct addr addr = addr_v4(v4);
	struct answer_parts parts = {.key = k,
		.wire = wire,
		.wire_len = wire_len,
		.ttl_at = at,
		.ttl_count = 2,
		.addrs = &addr,
		.addr_count = 1};
	struct answer *a = answer_new(&parts);

	assert_non_null(a);
	a->ttl = ttl;
	return a;
}

static struct answer *put(struct answers *s, const char *label, uint32_t ttl, nstime now)
{
	struct answers_key k = key_of(label, 1, 0);

	return answers_put(s, make(&k, 100, ttl), now);
}

static struct answer *find(struct answers *s, const char *label, uint32_t stale, nstime now)
{
	struct answers_key k = key_of(label, 1, 0);

	return answers_find(s, &k, stale, now);
}

static int setup(void **state)
{
	static struct answers s;

	*state = &s;
	return answers_init(&s, BYTES);
}

static int teardown(void **state)
{
	answers_free(*state);
	return 0;
}

static void test_keys(void **state)
{
	struct answers *s = *state;
	struct answers_key k = key_of("CloUd", 1, 0), other;

	put(s, "cLOUD", 60, 0);
	assert_non_null(answers_find(s, &k, 0, 0));
	other = key_of("cloud", 28, 0);
	assert_null(answers_find(s, &other, 0, 0));
	other = key_of("cloud", 1, ANSWERS_DNSSEC);
	assert_null(answers_find(s, &other, 0, 0));
	other = key_of("cloud", 1, ANSWERS_UNCHECKED);
	assert_null(answers_find(s, &other, 0, 0));
	answers_drop(s, &k);
	assert_null(answers_find(s, &k, 0, 0));
	assert_int_equal(answers_bytes(s), 0);
}

static void test_parts_are_copied(void **state)
{
	struct answers *s = *state;
	const struct answer *a = put(s, "cloud", 60, 0);

	assert_int_equal(a->ttl_at[1], 40);
	assert_int_equal(answer_addrs(a)[0].b[0], 192);
	assert_int_equal(a->wire_len, 100);
	assert_int_equal(answer_wire(a)[99], 0);
}

static void test_life(void **state)
{
	struct answers *s = *state;

	assert_int_equal(answer_left(put(s, "a", 60, 5 * NS_PER_SEC), 5 * NS_PER_SEC), 60);
	assert_int_equal(answer_left(find(s, "a", 0, 64 * NS_PER_SEC), 64 * NS_PER_SEC), 1);
	assert_null(find(s, "a", 0, 65 * NS_PER_SEC));
	assert_int_equal(answers_bytes(s), 0); /* nothing of it is left */
	put(s, "b", 60, 0);
	assert_int_equal(answer_left(find(s, "b", 100, 61 * NS_PER_SEC), 61 * NS_PER_SEC), 0);
	assert_non_null(find(s, "b", 100, 159 * NS_PER_SEC));
	assert_null(find(s, "b", 100, 160 * NS_PER_SEC));
	assert_null(put(s, "c", 0, 0)); /* no second to live */
}

static void test_failures_are_never_stale(void **state)
{
	struct answers *s = *state;
	struct answers_key k = key_of("a", 1, 0);
	struct answer *a = make(&k, 50, 5);

	a->failure = true;
	answers_put(s, a, 0);
	assert_non_null(find(s, "a", 1000, 4 * NS_PER_SEC));
	assert_null(find(s, "a", 1000, 5 * NS_PER_SEC));
}

static void test_replaced(void **state)
{
	struct answers *s = *state;
	size_t bytes;

	put(s, "a", 60, 0);
	bytes = answers_bytes(s);
	assert_true(find(s, "a", 0, 0)->proven);
	assert_true(put(s, "a", 90, 0)->proven); /* it stays what it was */
	assert_int_equal(answers_bytes(s), bytes);
	assert_int_equal(find(s, "a", 0, 0)->ttl, 90);
}

static void test_too_big(void **state)
{
	struct answers *s = *state;
	struct answers_key k = key_of("a", 1, 0);
	struct answer *a = make(&k, BYTES / 8, 60);

	put(s, "a", 60, 0);
	assert_false(answers_fits(s, a));
	assert_null(answers_put(s, a, 0));
	/* and what it would have replaced is not true any more */
	assert_null(find(s, "a", 0, 0));
}

static void test_nothing_is_kept_without_bytes(void **state)
{
	struct answers s;

	(void)state;
	assert_int_equal(answers_init(&s, 0), 0);
	assert_null(put(&s, "a", 60, 0));
	assert_null(find(&s, "a", 0, 0));
	answers_free(&s);
}

static void test_flood(void **state)
{
	struct answers *s = *state;
	char label[32];

	/* what the house uses: asked for twice */
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(label, sizeof label, "used%u", i);
		put(s, label, 600, 0);
		assert_non_null(find(s, label, 0, 0));
	}
	for (unsigned i = 0; i < 100000; i++) {
		(void)snprintf(label, sizeof label, "random%u", i);
		assert_non_null(put(s, label, 600, 0));
		assert_true(answers_bytes(s) <= BYTES);
	}
	assert_true(s->evicted > 99000);
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(label, sizeof label, "used%u", i);
		assert_non_null(find(s, label, 0, 0));
	}
}

static void test_proven_ones_are_bounded_too(void **state)
{
	struct answers *s = *state;
	char label[32];

	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(label, sizeof label, "n%u", i);
		put(s, label, 600, 0);
		find(s, label, 0, 0);
		assert_true(answers_bytes(s) <= BYTES);
	}
	assert_null(find(s, "n0", 0, 0));
	assert_non_null(find(s, "n4999", 0, 0));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_keys),
		T(test_parts_are_copied),
		T(test_life),
		T(test_failures_are_never_stale),
		T(test_replaced),
		T(test_too_big),
		T(test_nothing_is_kept_without_bytes),
		T(test_flood),
		T(test_proven_ones_are_bounded_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
