// SPDX-License-Identifier: GPL-2.0-or-later
/* What probing knows, kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "test_store_util.h"

static uint8_t bytes[16];
static size_t bytes_len;
static device_id whose;

static int take(void *ctx, device_id device, const void *state, size_t len)
{
	struct fixture *f = ctx;

	assert_in_range(len, 1, sizeof(bytes));
	memcpy(bytes, state, len);
	bytes_len = len;
	whose = device;
	f->count++;
	return f->verdict;
}

static unsigned count(struct fixture *f)
{
	f->count = 0;
	assert_int_equal(store_probes(f->s, take, f), 0);
	return f->count;
}

static void have_device(struct fixture *f, device_id id)
{
	struct device d = {.id = id, .mac = {{2, 0, 0, 0, 0, (uint8_t)id}}};

	assert_int_equal(store_device_save(f->s, &d), 0);
}

static void it_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;

	have_device(f, 3);
	assert_int_equal(store_probe_save(f->s, 3, "\0a\xff", 3), 0);
	reopen(f);
	assert_int_equal(count(f), 1);
	assert_int_equal(whose, 3);
	assert_int_equal(bytes_len, 3);
	assert_memory_equal(bytes, "\0a\xff", 3);
}

static void the_latest_counts(void **state)
{
	struct fixture *f = *state;

	have_device(f, 3);
	assert_int_equal(store_probe_save(f->s, 3, "one", 3), 0);
	assert_int_equal(store_probe_save(f->s, 3, "two!", 4), 0);
	assert_int_equal(count(f), 1);
	assert_memory_equal(bytes, "two!", 4);
}

static void it_goes_with_its_device(void **state)
{
	struct fixture *f = *state;

	have_device(f, 3);
	have_device(f, 4);
	assert_int_equal(store_probe_save(f->s, 3, "x", 1), 0);
	assert_int_equal(store_probe_save(f->s, 4, "y", 1), 0);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	assert_int_equal(count(f), 1);
	assert_int_equal(whose, 4);
	assert_int_equal(store_probe_remove(f->s, 4), 0);
	assert_int_equal(store_probe_remove(f->s, 4), -ENOENT);
	assert_int_equal(count(f), 0);
}

static void what_cannot_be_is_refused(void **state)
{
	struct fixture *f = *state;
	static uint8_t huge[STORE_PROBE_MAX + 1];

	have_device(f, 3);
	assert_int_equal(store_probe_save(f->s, 9, "x", 1), -ENOENT);
	assert_int_equal(store_probe_save(f->s, 0, "x", 1), CARDEA_EMALFORMED);
	assert_int_equal(store_probe_save(f->s, 3, "", 0), CARDEA_EMALFORMED);
	assert_int_equal(store_probe_save(f->s, 3, huge, sizeof(huge)), CARDEA_EMALFORMED);
	assert_int_equal(store_probe_save(f->s, 3, huge, STORE_PROBE_MAX), 0);
}

static void who_asks_may_stop(void **state)
{
	struct fixture *f = *state;

	have_device(f, 3);
	have_device(f, 4);
	assert_int_equal(store_probe_save(f->s, 3, "x", 1), 0);
	assert_int_equal(store_probe_save(f->s, 4, "y", 1), 0);
	f->verdict = -ECANCELED;
	f->count = 0;
	assert_int_equal(store_probes(f->s, take, f), -ECANCELED);
	assert_int_equal(f->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_comes_back_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(the_latest_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(it_goes_with_its_device, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(who_asks_may_stop, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
