// SPDX-License-Identifier: GPL-2.0-or-later
/* What the learner keeps small says the same as what it stands for: the index as a list,
 * marks as a set, few volumes as all; and a batch the same as its records one by one. */
#include "unit/test_learned_util.h"

#include "profiles/learned/learned_priv.h"

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

#define PLACES 300

/* Few different hashes, so that many want the same slot. */
static uint64_t hash_at(uint32_t i)
{
	return (uint64_t)(i % 97) << 32;
}

static bool index_has(const struct learned_index *x, uint32_t place)
{
	uint32_t at = learned_tag(hash_at(place)), i, found = 0;

	while (learned_index_next(x, hash_at(place), &at, &i))
		found += i == place;
	assert_true(found < 2);
	return found;
}

static void index_is_a_list(void **state)
{
	struct learned_index x = {0};
	bool there[PLACES] = {false};
	uint32_t seed = 1, count = 0, unused, at = 0;

	(void)state;
	assert_false(learned_index_next(&x, 0, &at, &unused));
	for (int round = 0; round < 20000; round++) {
		uint32_t place = next(&seed) % PLACES;

		if (there[place]) {
			learned_index_remove(&x, hash_at(place), place);
		} else {
			assert_int_equal(learned_index_reserve(&x), 0);
			learned_index_put(&x, hash_at(place), place);
		}
		there[place] = !there[place];
		count += there[place] ? 1 : (uint32_t)-1;
		assert_int_equal(x.count, count);
		if (round % 64)
			continue;
		for (uint32_t i = 0; i < PLACES; i++)
			assert_int_equal(index_has(&x, i), there[i]);
	}
	learned_index_free(&x);
}

static void index_moves(void **state)
{
	struct learned_index x = {0};

	(void)state;
	assert_int_equal(learned_index_reserve(&x), 0);
	learned_index_put(&x, hash_at(5), 5);
	assert_int_equal(learned_index_reserve(&x), 0);
	learned_index_put(&x, hash_at(5), 5 + 97); /* the same hash */
	learned_index_move(&x, hash_at(5), 5, 5 + 2 * 97);
	assert_false(index_has(&x, 5));
	assert_true(index_has(&x, 5 + 97) && index_has(&x, 5 + 2 * 97));
	learned_index_free(&x);
}

static void marks_are_a_set(void **state)
{
	struct learned_marks m = {0};
	struct learned_set set = {0}, seen = {0};
	uint32_t older[LEARNED_CONTEXT_MAX] = {0}, told[LEARNED_CONTEXT_MAX] = {0};
	uint32_t seed = 7, sum = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint32_t slot = next(&seed) % (i < 200 ? 64 : LEARNED_WINDOW);
		uint8_t context = (uint8_t)(next(&seed) % LEARNED_CONTEXT_MAX);

		if (next(&seed) % 3) {
			learned_marks_put(&m, slot);
			learned_set_put(&set, slot);
			continue;
		}
		older[context] += learned_set_has(&set, slot);
		sum += learned_set_has(&set, slot);
		learned_set_clear(&set, slot);
		learned_marks_age(&m, slot, context);
	}
	assert_int_equal(learned_marks_count(&m), learned_set_count(&set));
	assert_int_equal(learned_marks_older(&m), sum);
	learned_marks_add(&m, &seen);
	learned_marks_add_older(&m, told);
	assert_memory_equal(&seen, &set, sizeof set);
	assert_memory_equal(told, older, sizeof told);
	free(m.wide);
}

static void marks_join(void **state)
{
	struct learned_marks few = {.low = 6}, many = {0}, into = {.low = 8};
	struct learned_set seen = {0};

	(void)state;
	learned_marks_put(&many, 1);
	learned_marks_put(&many, 500);
	assert_non_null(many.wide);
	learned_marks_join(&into, &few);
	assert_null(into.wide);
	assert_int_equal(into.low, 14);
	learned_marks_join(&into, &many);
	learned_marks_add(&into, &seen);
	assert_int_equal(seen.w[0], 14);
	assert_true(learned_set_has(&seen, 500));
	learned_marks_join(&many, &few);
	assert_int_equal(learned_marks_count(&many), 3);
	free(many.wide);
	free(into.wide);
}

/* Also where a counter is full and all are halved. */
static void few_volumes_are_all(void **state)
{
	static const uint32_t kinds[] = {1, 3, 4, 5, 30};

	(void)state;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		struct learned_few few = {0}, joined = {0};
		struct learned_volumes all = {0}, told = {0}, twice = {0};
		uint32_t seed = 3;

		for (int i = 0; i < 200000; i++) {
			uint64_t bytes = 64ULL << (next(&seed) % kinds[k]) % 20;
			bytes += kinds[k] == 30 && i % 2 ? bytes / 2 : 0;
			learned_few_add(&few, bytes);
			learned_volumes_add(&all, bytes);
		}
		/* of four kinds, none is full, and all have room */
		assert_int_equal(few.all != NULL, kinds[k] != 4);
		learned_few_add_to(&few, &told);
		assert_memory_equal(&told, &all, sizeof all);
		learned_few_join(&joined, &few);
		learned_few_join(&joined, &few);
		learned_volumes_join(&all, &told);
		learned_few_add_to(&joined, &twice);
		assert_memory_equal(&twice, &all, sizeof all);
		free(few.all);
		free(joined.all);
	}
}

/* Too few for leaves that stand for several: those count texts with a secret. */
static struct record any(uint32_t *seed, int i)
{
	char name[LIMIT_NAME];
	struct record r;

	(void)snprintf(name, sizeof name, "h%u.example.com", next(seed) % 10);
	r = next(seed) % 4 ? to_name(name, i * 7.0)
			   : to_addr(100, (uint8_t)(next(seed) % 6), i * 7.0);
	r.device.b[5] = (uint8_t)(next(seed) % 5);
	r.peer_port = (uint16_t)(next(seed) % 3 ? 443 : 8883);
	if (next(seed) % 50 == 0)
		r.place = RECORD_PLACE_MAX; /* is none */
	return r;
}

static size_t saved(struct learned *l, uint8_t *buf, size_t size)
{
	struct writer w = writer_of(buf, size);

	learned_end(l, INT64_MAX);
	assert_int_equal(learned_save(l, &w), 0);
	return w.len;
}

/* In few octets: what was usual for thousands of times still is, and a habit of eight is
 * none after them. */
static void gaps_are_counted_in_proportion(void **state)
{
	struct learned_gaps g = {0};

	(void)state;
	for (int i = 0; i < 5000; i++)
		learned_gaps_add(&g, NS_PER_MIN);
	assert_int_equal(learned_gaps_period(&g), NS_PER_MIN);
	for (int i = 0; i < 3; i++)
		learned_gaps_add(&g, NS_PER_HOUR);
	for (int i = 0; i < LEARNED_GAPS; i++)
		learned_gaps_add(&g, NS_PER_MIN);
	assert_int_equal(learned_gaps_period(&g), NS_PER_MIN);
	for (int i = 0; i < LEARNED_GAPS; i++)
		learned_gaps_add(&g, NS_PER_HOUR);
	assert_int_equal(learned_gaps_period(&g), 0);
	for (int i = 0; i < 5000; i++)
		learned_gaps_add(&g, NS_PER_HOUR);
	assert_int_equal(learned_gaps_period(&g), NS_PER_HOUR);
}

static void batch_is_its_records(void **state)
{
	static uint8_t a[1 << 20], b[1 << 20];
	struct learned *one = learner(false), *some = learner(false);
	uint32_t seed = 11;

	(void)state;
	for (int i = 0; i < 4000;) {
		struct record batch[LEARNED_BATCH];
		int errors[LEARNED_BATCH];
		size_t n = next(&seed) % (LEARNED_BATCH + 1);

		for (size_t k = 0; k < n; k++, i++)
			batch[k] = any(&seed, i);
		for (size_t k = 0; k < n; k++)
			errors[k] = learned_record(one, &batch[k]);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(errors[k], batch[k].place == RECORD_PLACE_MAX
							    ? CARDEA_EMALFORMED
							    : 0);
		int again[LEARNED_BATCH];
		learned_records(some, batch, n, again);
		assert_memory_equal(errors, again, n * sizeof *errors);
		i += n == 0;
	}
	assert_int_equal(saved(one, a, sizeof a), saved(some, b, sizeof b));
	assert_memory_equal(a, b, sizeof a);
	learned_free(one);
	learned_free(some);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_is_a_list),
		cmocka_unit_test(index_moves),
		cmocka_unit_test(marks_are_a_set),
		cmocka_unit_test(marks_join),
		cmocka_unit_test(few_volumes_are_all),
		cmocka_unit_test(gaps_are_counted_in_proportion),
		cmocka_unit_test(batch_is_its_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
