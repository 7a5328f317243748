// SPDX-License-Identifier: GPL-2.0-or-later
/* The frame of a backup's file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "wire/sealed.h"

static const struct sealed_head sample = {.log2_n = 15, .r = 8, .p = 1, .salt = {1, 2},
	.check = {3, 4}, .prefix = {5, 6}};

static int read_head(const uint8_t *bytes, size_t len, struct sealed_head *ret)
{
	struct cursor c = cursor_of(bytes, len);

	return sealed_head_read(&c, ret);
}

static void a_head_comes_back(void **state)
{
	uint8_t raw[SEALED_HEAD];
	struct sealed_head h;

	(void)state;
	sealed_head_write(&sample, raw);
	assert_memory_equal(raw, "cardea.backup/1\n\x0f\x08\x01\x00\x01\x02", 22);
	assert_int_equal(read_head(raw, sizeof(raw), &h), 0);
	assert_memory_equal(&h, &sample, sizeof(h));
	for (size_t len = 0; len < sizeof(raw); len++)
		assert_int_equal(read_head(raw, len, &h), CARDEA_ETRUNCATED);
}

static void a_head_may_not_ask_for_everything(void **state)
{
	static const struct {
		size_t at;
		uint8_t to;
		int error;
	} wrong[] = {{0, 'C', CARDEA_EMALFORMED}, {14, '2', CARDEA_EUNSUPPORTED},
		{16, 31, CARDEA_ELIMIT}, {16, 1, CARDEA_ELIMIT}, {17, 255, CARDEA_ELIMIT},
		{18, 0, CARDEA_ELIMIT}, {18, 200, CARDEA_ELIMIT}, {19, 1, CARDEA_EMALFORMED},
		{63, 1, CARDEA_EMALFORMED}};
	uint8_t raw[SEALED_HEAD];
	struct sealed_head h;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		sealed_head_write(&sample, raw);
		raw[wrong[i].at] = wrong[i].to;
		assert_int_equal(read_head(raw, sizeof(raw), &h), wrong[i].error);
	}
}

static void parts_are_bounded(void **state)
{
	struct sealed_part p = {.len = SEALED_PART_MAX, .last = true}, back;
	uint8_t raw[SEALED_PART_HEAD];
	struct cursor c = cursor_of(raw, sizeof(raw));

	(void)state;
	sealed_part_write(&p, raw);
	assert_int_equal(sealed_part_read(&c, &back), 0);
	assert_int_equal(back.len, p.len);
	assert_true(back.last);
	p.len++;
	sealed_part_write(&p, raw);
	c = cursor_of(raw, sizeof(raw));
	assert_int_equal(sealed_part_read(&c, &back), CARDEA_ELIMIT);
	c = cursor_of(raw, 3);
	assert_int_equal(sealed_part_read(&c, &back), CARDEA_ETRUNCATED);
}

static void no_nonce_comes_twice(void **state)
{
	uint8_t a[SEALED_NONCE], b[SEALED_NONCE];

	(void)state;
	sealed_nonce(&sample, 1, false, a);
	sealed_nonce(&sample, 1, true, b);
	assert_memory_not_equal(a, b, sizeof(a));
	sealed_nonce(&sample, 256, false, b);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_equal(a, "\x05\x06\0\0\0\0\0\0\0\0\x01\0", sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_comes_back),
		cmocka_unit_test(a_head_may_not_ask_for_everything),
		cmocka_unit_test(parts_are_bounded),
		cmocka_unit_test(no_nonce_comes_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
