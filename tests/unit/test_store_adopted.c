// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles that the owner put in force himself, kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "test_store_util.h"

static char text[64], binding[64];
static struct adopted found;
static device_id whose;

static int take(void *ctx, device_id device, const struct adopted *a)
{
	struct fixture *f = ctx;

	assert_true(a->text_len < sizeof(text) && a->binding_len < sizeof(binding));
	memset(text, 0, sizeof(text));
	memset(binding, 0, sizeof(binding));
	memcpy(text, a->text, a->text_len);
	if (a->binding_len)
		memcpy(binding, a->binding, a->binding_len);
	found = *a;
	whose = device;
	f->count++;
	return f->verdict;
}

static unsigned count(struct fixture *f)
{
	f->count = 0;
	assert_int_equal(store_adopted(f->s, take, f), 0);
	return f->count;
}

static void have_device(struct fixture *f, device_id id)
{
	struct device d = {.id = id, .mac = {{2, 0, 0, 0, 0, (uint8_t)id}}};

	assert_int_equal(store_device_save(f->s, &d), 0);
}

static struct adopted mud(void)
{
	return (struct adopted){.form = ADOPT_MUD, .layer = LAYER_LEARNED, .text = "{\"a\"}",
		.text_len = 5, .when = T0};
}

static void it_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct adopted a = {.form = ADOPT_EXTENDED, .layer = LAYER_OWNER, .text = "a: b\nc",
		.text_len = 4, .binding = "d: e\nf", .binding_len = 5, .when = T0 + 7};

	have_device(f, 3);
	assert_int_equal(store_adopted_save(f->s, 3, &a), 0);
	reopen(f);
	assert_int_equal(count(f), 1);
	assert_int_equal(whose, 3);
	assert_int_equal(found.form, ADOPT_EXTENDED);
	assert_int_equal(found.layer, LAYER_OWNER);
	assert_int_equal(found.when, T0 + 7);
	assert_string_equal(text, "a: b");
	assert_string_equal(binding, "d: e\n");
	a = mud(); /* in place of it */
	assert_int_equal(store_adopted_save(f->s, 3, &a), 0);
	assert_int_equal(count(f), 1);
	assert_int_equal(found.form, ADOPT_MUD);
	assert_int_equal(found.binding_len, 0);
	assert_int_equal(store_adopted_remove(f->s, 3), 0);
	assert_int_equal(store_adopted_remove(f->s, 3), -ENOENT);
	assert_int_equal(count(f), 0);
}

static void it_goes_with_its_device(void **state)
{
	struct fixture *f = *state;
	struct adopted a = mud();

	assert_int_equal(store_adopted_save(f->s, 3, &a), -ENOENT);
	have_device(f, 3);
	have_device(f, 4);
	assert_int_equal(store_adopted_save(f->s, 3, &a), 0);
	assert_int_equal(store_adopted_save(f->s, 4, &a), 0);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	assert_int_equal(count(f), 1);
	assert_int_equal(whose, 4);
	f->count = 0;
	assert_int_equal(store_adopted_of(f->s, 3, take, f), 0);
	assert_int_equal(f->count, 0);
	assert_int_equal(store_adopted_of(f->s, 4, take, f), 0);
	assert_int_equal(f->count, 1);
}

static void what_is_none_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct adopted wrong[] = {mud(), mud(), mud(), mud(), mud()};

	have_device(f, 3);
	wrong[0].layer = LAYER_MANUFACTURER;
	wrong[1].text_len = 0;
	wrong[2].text_len = LIMIT_ADOPTED_BYTES + 1;
	wrong[3].form = ADOPT_EXTENDED; /* without a binding */
	wrong[4].form = ADOPT_FORM_MAX;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(
			store_adopted_save(f->s, 3, &wrong[i]), CARDEA_EMALFORMED);
	wrong[0] = mud();
	assert_int_equal(store_adopted_save(f->s, 0, &wrong[0]), CARDEA_EMALFORMED);
	/* what somebody else wrote into the file is not taken */
	sql(f, "INSERT INTO adopted VALUES(3, 9, 2, x'61', x'', 0)");
	assert_int_equal(count(f), 0);
	sql(f, "UPDATE adopted SET form=0, layer=1");
	assert_int_equal(count(f), 0);
	sql(f, "UPDATE adopted SET layer=2");
	assert_int_equal(count(f), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_comes_back_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(it_goes_with_its_device, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_none_is_not_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
