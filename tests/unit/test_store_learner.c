// SPDX-License-Identifier: GPL-2.0-or-later
/* What was learned, kept; what cannot be read, set aside; of whom nothing is learned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "test_store_util.h"

static uint8_t bytes[16];
static size_t bytes_len;
static nstime when;

static int take(void *ctx, const void *state, size_t len, nstime saved)
{
	struct fixture *f = ctx;

	assert_in_range(len, 1, sizeof(bytes));
	memcpy(bytes, state, len);
	bytes_len = len;
	when = saved;
	f->count++;
	return f->verdict;
}

static unsigned count(struct fixture *f)
{
	f->count = 0;
	assert_int_equal(store_learner(f->s, take, f), 0);
	return f->count;
}

static void the_latest_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(count(f), 0);
	assert_int_equal(store_learner_save(f->s, "older", 5, 100), 0);
	assert_int_equal(store_learner_save(f->s, "\0a\xff", 3, 200), 0);
	reopen(f);
	assert_int_equal(count(f), 1);
	assert_int_equal(bytes_len, 3);
	assert_memory_equal(bytes, "\0a\xff", 3);
	assert_int_equal(when, 200);
	f->verdict = CARDEA_EMALFORMED;
	assert_int_equal(store_learner(f->s, take, f), CARDEA_EMALFORMED);
	f->verdict = 0;
}

static void what_cannot_be_read_is_kept_elsewhere(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_learner_set_aside(f->s), 0); /* there is none */
	assert_int_equal(store_learner_save(f->s, "bad", 3, 100), 0);
	assert_int_equal(store_learner_set_aside(f->s), 0);
	assert_int_equal(count(f), 0);
	assert_int_equal(store_learner_save(f->s, "worse", 5, 200), 0);
	assert_int_equal(store_learner_set_aside(f->s), 0); /* in its place */
	assert_int_equal(count(f), 0);
	assert_int_equal(store_learner_save(f->s, "good", 4, 300), 0);
	reopen(f);
	assert_int_equal(count(f), 1);
	assert_memory_equal(bytes, "good", 4);
}

static device_id offs[8];
static unsigned off_count;

static int take_off(void *ctx, device_id id)
{
	(void)ctx;
	assert_true(off_count < 8);
	offs[off_count++] = id;
	return 0;
}

static unsigned off(struct fixture *f)
{
	off_count = 0;
	assert_int_equal(store_learner_offs(f->s, take_off, NULL), 0);
	return off_count;
}

static void who_is_not_learned(void **state)
{
	struct fixture *f = *state;
	struct device d = {.id = 3, .mac = {{2, 0, 0, 0, 0, 3}}};

	assert_int_equal(store_learner_off(f->s, 3, true), -ENOENT);
	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(off(f), 0);
	assert_int_equal(store_learner_off(f->s, 3, true), 0);
	assert_int_equal(store_learner_off(f->s, 3, true), 0);
	reopen(f);
	assert_int_equal(off(f), 1);
	assert_int_equal(offs[0], 3);
	assert_int_equal(store_learner_off(f->s, 3, false), 0);
	assert_int_equal(store_learner_off(f->s, 3, false), 0);
	assert_int_equal(off(f), 0);
	assert_int_equal(store_learner_off(f->s, 3, true), 0);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	assert_int_equal(off(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_latest_comes_back_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_kept_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_not_learned, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
