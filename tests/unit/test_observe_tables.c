// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables behind observe, to their ends: an index that grows and empties, the rings of
 * addresses and of names that a device was told, whose newest stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "observe/hosts.h"
#include "observe/told.h"

#define NOW (1700000000 * NS_PER_SEC)

static struct addr v4(uint32_t n)
{
	uint8_t b[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	return addr_v4(b);
}

/* ---- index ---- */

static uint64_t hash_at(uint32_t i)
{
	return (uint64_t)(i * 2654435761u) << 32;
}

static bool index_has(const struct index *x, uint32_t id)
{
	uint32_t at = index_first(x, hash_at(id)), found;

	while ((found = index_next(x, hash_at(id), &at)))
		if (found == id)
			return true;
	return false;
}

/* Through all sizes, of which the larger are given back to the kernel. */
static void an_index_grows_and_empties(void **state)
{
	enum { MOST = 200000 };
	struct index x = {0};

	(void)state;
	assert_int_equal(index_init(&x, MOST), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 1; i <= MOST; i++)
			index_add(&x, hash_at(i), i);
		assert_int_equal(x.count, MOST);
		for (uint32_t i = 1; i <= MOST; i++)
			assert_true(index_has(&x, i));
		assert_false(index_has(&x, MOST + 1));
		for (uint32_t i = 1; i <= MOST; i++)
			index_remove(&x, hash_at(i), i);
		assert_int_equal(x.count, 0);
		for (uint32_t i = 0; i <= x.mask; i++)
			assert_int_equal(x.slots[i].id, 0);
	}
	index_free(&x);
}

/* ---- addresses ---- */

static void a_device_keeps_its_latest_addresses(void **state)
{
	enum { HOSTS = 40, EACH = 3 * LIMIT_ADDRS_PER_DEVICE };
	struct hosts h = {0};
	uint32_t id[HOSTS];

	(void)state;
	assert_int_equal(hosts_init(&h, HOSTS), 0);
	for (uint8_t i = 0; i < HOSTS; i++)
		id[i] = hosts_see(&h, &(struct mac){{2, 0, 0, 0, 0, i}}, NOW);
	for (uint32_t n = 0; n < EACH; n++)
		for (uint32_t i = 0; i < HOSTS; i++) {
			struct addr a = v4(i << 8 | n);

			hosts_own(&h, id[i], &a);
			hosts_own(&h, id[i], &a);
		}
	for (uint32_t n = 0; n < EACH; n++)
		for (uint32_t i = 0; i < HOSTS; i++) {
			struct addr a = v4(i << 8 | n);

			assert_int_equal(hosts_owner(&h, &a),
				n < EACH - LIMIT_ADDRS_PER_DEVICE ? 0 : id[i]);
		}
	struct addr a = v4(EACH - 1);

	hosts_own(&h, id[1], &a); /* the newest word counts */
	assert_int_equal(hosts_owner(&h, &a), id[1]);
	hosts_free(&h);
}

/* ---- names ---- */

static uint32_t name_of(const struct told_table *t, uint32_t host, struct addr a, nstime now)
{
	return told_name(t, host, &a, now);
}

static void a_device_keeps_its_latest_names(void **state)
{
	enum { HOSTS = 5, EACH = 3 * LIMIT_BINDINGS + 7 };
	struct told_table t = {0};
	struct strings s = {0};
	uint32_t name;

	(void)state;
	assert_int_equal(told_init(&t, HOSTS), 0);
	assert_int_equal(strings_init(&s, 16), 0);
	name = strings_take(&s, "a.example.com");
	for (uint32_t n = 0; n < EACH; n++)
		for (uint32_t host = 1; host <= HOSTS; host++) {
			struct addr a = v4(n);

			if (n < LIMIT_BINDINGS * host / 2) /* some rings are not full */
				told_add(&t, &s, host, &a, name, 600, NOW);
		}
	for (uint32_t host = 1; host <= HOSTS; host++)
		for (uint32_t n = 0; n < EACH; n++) {
			uint32_t of = LIMIT_BINDINGS * host / 2;
			bool kept = n < of && n + LIMIT_BINDINGS >= of;

			assert_int_equal(name_of(&t, host, v4(n), NOW), kept ? name : 0);
		}
	told_free(&t);
	strings_free(&s);
}

static void a_name_holds_for_its_time_and_address(void **state)
{
	struct told_table t = {0};
	struct strings s = {0};
	uint8_t octets[16] = {192, 0, 2, 1};
	struct addr four = addr_v4(octets), six = addr_v6(octets);
	uint32_t first, second;
	nstime end = NOW + (BINDING_TTL_MAX_S + BINDING_GRACE_S) * NS_PER_SEC;

	(void)state;
	assert_int_equal(told_init(&t, 1), 0);
	assert_int_equal(strings_init(&s, 16), 0);
	first = strings_take(&s, "a.example.com");
	second = strings_take(&s, "b.example.com");
	told_add(&t, &s, 1, &four, first, UINT32_MAX, NOW);
	assert_int_equal(name_of(&t, 1, four, end - 1), first);
	assert_int_equal(name_of(&t, 1, four, end), 0);
	assert_int_equal(name_of(&t, 1, six, NOW), 0); /* the same octets */
	told_add(&t, &s, 1, &six, second, 0, NOW);
	assert_int_equal(name_of(&t, 1, six, NOW), second);
	assert_int_equal(name_of(&t, 1, four, NOW), first);
	told_add(&t, &s, 1, &four, second, 600, NOW + 1); /* the latest, */
	assert_int_equal(name_of(&t, 1, four, NOW + 1), second);
	assert_true(told_has(&t, 1, &four, first, NOW + 1)); /* and both */
	assert_int_equal(name_of(&t, 1, four, end - 1), first); /* that outlives it */
	told_free(&t);
	strings_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_index_grows_and_empties),
		cmocka_unit_test(a_device_keeps_its_latest_addresses),
		cmocka_unit_test(a_device_keeps_its_latest_names),
		cmocka_unit_test(a_name_holds_for_its_time_and_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
