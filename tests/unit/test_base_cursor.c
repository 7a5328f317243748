// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* Cursor and writer at their limits: sticky errors, no byte outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/cursor.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void test_integers(void **state)
{
	(void)state;
	struct cursor c = cursor_of(bytes, sizeof bytes);

	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 0x0203);
	assert_int_equal(cursor_u32(&c), 0x04050607);
	assert_int_equal(cursor_offset(&c), 7);
	assert_int_equal(cursor_left(&c), 2);
	assert_int_equal(cursor_le16(&c), 0x0908);
	assert_int_equal(c.error, 0);
	cursor_seek(&c, 0);
	assert_true(cursor_u64(&c) == 0x0102030405060708);
	cursor_seek(&c, 4);
	assert_int_equal(cursor_le32(&c), 0x08070605);
}

static void test_error_sticks(void **state)
{
	(void)state;
	struct cursor c = cursor_of(bytes, 3);
	uint8_t copy[2] = {0xff, 0xff};

	assert_int_equal(cursor_u32(&c), 0);
	assert_int_equal(c.error, CARDEA_ETRUNCATED);
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_left(&c), 0);
	assert_null(cursor_take(&c, 0));
	cursor_copy(&c, copy, sizeof copy);
	assert_int_equal(copy[0] | copy[1], 0);
	cursor_fail(&c, CARDEA_EMALFORMED);
	assert_int_equal(c.error, CARDEA_ETRUNCATED);
	cursor_seek(&c, 0);
	assert_int_equal(cursor_u8(&c), 0);
}

static void test_exact_end(void **state)
{
	(void)state;
	struct cursor c = cursor_of(bytes, 2);

	assert_non_null(cursor_take(&c, 2));
	assert_non_null(cursor_take(&c, 0));
	assert_int_equal(c.error, 0);
	cursor_seek(&c, 2);
	assert_int_equal(c.error, 0);
	cursor_seek(&c, 3);
	assert_int_equal(c.error, CARDEA_ETRUNCATED);
}

static void test_huge_length(void **state)
{
	(void)state;
	struct cursor c = cursor_of(bytes, 2);

	cursor_skip(&c, SIZE_MAX);
	assert_int_equal(c.error, CARDEA_ETRUNCATED);
}

static void test_empty(void **state)
{
	(void)state;
	struct cursor c = cursor_of(NULL, 10);

	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(c.error, CARDEA_ETRUNCATED);
}

static void test_sub(void **state)
{
	(void)state;
	struct cursor c = cursor_of(bytes, sizeof bytes);
	struct cursor s = cursor_sub(&c, 2);

	assert_int_equal(cursor_u16(&s), 0x0102);
	assert_int_equal(cursor_u8(&s), 0); /* may not look past its part */
	assert_int_equal(s.error, CARDEA_ETRUNCATED);
	assert_int_equal(c.error, 0);
	assert_int_equal(cursor_u8(&c), 3);
	s = cursor_sub(&c, 100);
	assert_int_equal(s.error, CARDEA_ETRUNCATED);
	assert_int_equal(c.error, CARDEA_ETRUNCATED);
}

static void test_writer(void **state)
{
	(void)state;
	uint8_t buf[18];
	static const uint8_t want[] = {
		1, 0xaa, 0xbb, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 8, 'x', 'y'};
	struct writer w = writer_of(buf, sizeof buf);

	writer_u8(&w, 1);
	writer_u16(&w, 0);
	writer_u32(&w, 0x04050607);
	writer_u64(&w, 0x0102030405060708);
	writer_bytes(&w, "xy", 2);
	writer_bytes(&w, NULL, 0);
	writer_patch16(&w, 1, 0xaabb);
	assert_int_equal(w.error, 0);
	assert_int_equal(w.len, sizeof want);
	assert_memory_equal(buf, want, sizeof want);
	writer_patch16(&w, 16, 0); /* its second byte is not written yet */
	assert_int_equal(buf[16], 'y');
}

static void test_writer_limit(void **state)
{
	(void)state;
	uint8_t buf[4] = {9, 9, 9, 9};
	struct writer w = writer_of(buf, 3);

	writer_u16(&w, 0x0102);
	writer_bytes(&w, "ab", 2);
	assert_int_equal(w.error, CARDEA_ELIMIT);
	writer_u8(&w, 1); /* would fit, but what is before it is missing */
	assert_int_equal(w.len, 2);
	assert_int_equal(buf[3], 9);
	assert_null(writer_room(&w, 0));
	w = writer_of(buf, 3);
	assert_null(writer_room(&w, SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_error_sticks),
		cmocka_unit_test(test_exact_end),
		cmocka_unit_test(test_huge_length),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_sub),
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_writer_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
