// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* SipHash against its published vectors; the table's growth; the pool's limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "base/hash.h"
#include "base/pool.h"

#define ITEMS 5000

struct item {
	struct hash_node node;
	uint32_t key;
	unsigned visits;
};

static struct item items[ITEMS];

static bool item_equal(const struct hash_node *n, const void *key)
{
	return ((const struct item *)n)->key == *(const uint32_t *)key;
}

static struct item *item_find(const struct hash_table *t, uint32_t key)
{
	return (struct item *)hash_find(t, &key, sizeof key, item_equal);
}

static void table_fill(struct hash_table *t)
{
	memset(items, 0, sizeof items);
	assert_int_equal(hash_init(t, 0), 0);
	for (uint32_t i = 0; i < ITEMS; i++) {
		items[i].key = i * 7;
		hash_insert(t, &items[i].node, &items[i].key, sizeof items[i].key);
	}
}

/* Aumasson and Bernstein, appendix A, and the vectors of their reference code. */
static void test_siphash_vectors(void **state)
{
	static const struct hash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
	uint8_t in[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof in; i++)
		in[i] = i;
	assert_true(hash_bytes(&key, in, 15) == 0xa129ca6149be45e5);
	assert_true(hash_bytes(&key, in, 0) == 0x726fdb47dd0e0e31);
	assert_true(hash_bytes(&key, NULL, 0) == 0x726fdb47dd0e0e31);
	assert_true(hash_bytes(&key, in, 1) == 0x74f839c593dc67fd);
	assert_true(hash_bytes(&key, in, 8) == 0x93f5f5799a932462);
}

static void test_keys_differ(void **state)
{
	(void)state;
	struct hash_key a = hash_key_random(), b = hash_key_random();
	assert_memory_not_equal(&a, &b, sizeof a);
}

static void test_growth(void **state)
{
	struct hash_table t;

	(void)state;
	table_fill(&t);
	assert_int_equal(t.count, ITEMS);
	assert_true(t.mask + 1 >= ITEMS);
	assert_int_equal(t.mask & (t.mask + 1), 0);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(item_find(&t, i * 7), &items[i]);
	assert_null(item_find(&t, 1));
	hash_free(&t);
	hash_free(&t);
	assert_null(item_find(&t, 0));
}

static void test_removal(void **state)
{
	struct hash_table t;
	struct item stranger = {.key = 1};

	(void)state;
	table_fill(&t);
	for (uint32_t i = 0; i < ITEMS; i += 2)
		hash_remove(&t, &items[i].node);
	hash_remove(&t, &items[0].node); /* twice */
	hash_remove(&t, &stranger.node);
	assert_int_equal(t.count, ITEMS / 2);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(item_find(&t, i * 7), i % 2 ? &items[i] : NULL);
	hash_free(&t);
}

static struct hash_table *visited;

static void visit(struct hash_node *n, void *ctx)
{
	struct item *it = (struct item *)n;

	it->visits++;
	++*(unsigned *)ctx;
	if (it->key % 2)
		hash_remove(visited, n);
}

static void test_each_may_remove(void **state)
{
	struct hash_table t;
	unsigned visits = 0;

	(void)state;
	table_fill(&t);
	visited = &t;
	hash_each(&t, visit, &visits);
	assert_int_equal(visits, ITEMS);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_int_equal(items[i].visits, 1);
	assert_int_equal(t.count, ITEMS / 2);
	hash_free(&t);
	hash_each(&t, visit, &visits);
	assert_int_equal(visits, ITEMS);
}

static void test_init_bounds(void **state)
{
	struct hash_table t = {.count = 123};

	(void)state;
	assert_int_equal(hash_init(&t, SIZE_MAX), -ENOMEM);
	assert_int_equal(t.count, 123);
	assert_int_equal(hash_init(&t, 100), 0);
	assert_int_equal(t.mask, 127);
	hash_free(&t);
}

static void test_pool(void **state)
{
	struct pool *p = pool_new("test", 1 << 20);

	(void)state;
	assert_non_null(p);
	for (size_t size = 0; size < 300; size++) {
		uint8_t *at = pool_take(p, size);
		assert_non_null(at);
		assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(at[i], 0);
		memset(at, 0xff, size);
	}
	assert_ptr_not_equal(pool_take(p, 0), pool_take(p, 0));
	assert_string_equal(pool_string(p, "hello world", 5), "hello");
	assert_string_equal(pool_string(p, NULL, 0), "");
	assert_memory_equal(pool_copy(p, "\1\2\3", 3), "\1\2\3", 3);
	memset(pool_take(p, 100000), 1, 100000); /* more than one chunk holds */
	assert_true(pool_used(p) >= 100000 && pool_used(p) <= 1 << 20);
	pool_free(p);
	pool_free(NULL);
}

static void test_pool_limit(void **state)
{
	struct pool *p = pool_new("test", 1000);
	unsigned taken = 0;

	(void)state;
	assert_non_null(p);
	assert_null(pool_take(p, 1001));
	assert_null(pool_take(p, SIZE_MAX));
	assert_null(pool_string(p, "x", SIZE_MAX));
	assert_int_equal(pool_used(p), 0);
	while (pool_take(p, 1))
		taken++;
	assert_in_range(taken, 1, 1000); /* what alignment costs is counted */
	assert_true(pool_used(p) <= 1000);
	pool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash_vectors),
		cmocka_unit_test(test_keys_differ),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_each_may_remove),
		cmocka_unit_test(test_init_bounds),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_pool_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
