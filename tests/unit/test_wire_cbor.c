// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_cbor.c - heads, bounds and lies of CBOR; examples are those of RFC 8949 A. */
#include "test_wire_util.h"
#include "wire/cbor.h"

static struct cursor of(const char *bytes, size_t len)
{
	return cursor_of(bytes, len);
}
#define OF(text) of(text, sizeof(text) - 1)

static void test_integers(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int64_t value;
	} cases[] = {{"\x00", 1, 0}, {"\x17", 1, 23}, {"\x18\x18", 2, 24},
		{"\x19\x03\xe8", 3, 1000}, {"\x1a\x00\x0f\x42\x40", 5, 1000000},
		{"\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9, 1000000000000},
		{"\x20", 1, -1}, {"\x38\x63", 2, -100}, {"\x39\x03\xe7", 3, -1000},
		{"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MIN},
		{"\x1b\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cursor c = of(cases[i].bytes, cases[i].len);
		uint8_t b[16];
		struct writer w = writer_of(b, sizeof(b));
		assert_int_equal(cbor_int(&c), cases[i].value);
		assert_int_equal(c.error, 0);
		cbor_put_int(&w, cases[i].value);
		assert_int_equal(w.len, cases[i].len);
		assert_memory_equal(b, cases[i].bytes, w.len);
	}
}

static void test_integers_that_do_not_fit(void **state)
{
	struct cursor c = OF("\x1b\x80\x00\x00\x00\x00\x00\x00\x00");
	struct cursor n = OF("\x3b\x80\x00\x00\x00\x00\x00\x00\x00");
	struct cursor u = OF("\x1b\xff\xff\xff\xff\xff\xff\xff\xff");
	(void)state;
	(void)cbor_int(&c);
	assert_int_equal(c.error, CARDEA_ELIMIT);
	(void)cbor_int(&n);
	assert_int_equal(n.error, CARDEA_ELIMIT);
	assert_true(cbor_uint(&u) == UINT64_MAX && !u.error);
}

/* RFC 9783 wants them accepted: 5 in nine octets is 5. */
static void test_longer_than_need_be(void **state)
{
	struct cursor c = OF("\x1b\x00\x00\x00\x00\x00\x00\x00\x05");
	(void)state;
	assert_int_equal(cbor_uint(&c), 5);
	assert_int_equal(c.error, 0);
}

static int read_error(struct cursor c)
{
	cbor_skip(&c);
	return c.error;
}

static void test_lies(void **state)
{
	(void)state;
	assert_int_equal(read_error(OF("")), CARDEA_ETRUNCATED);
	assert_int_equal(read_error(OF("\x18")), CARDEA_ETRUNCATED);
	assert_int_equal(read_error(OF("\x43\x01\x02")), CARDEA_ETRUNCATED);
	assert_int_equal(read_error(OF("\x5b\xff\xff\xff\xff\xff\xff\xff\xff")),
		CARDEA_ETRUNCATED);
	/* counts that no input holds are found out at once, not by counting */
	assert_int_equal(read_error(OF("\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
		CARDEA_ETRUNCATED);
	assert_int_equal(read_error(OF("\xbb\x80\x00\x00\x00\x00\x00\x00\x00\x01\x01")),
		CARDEA_ETRUNCATED);
	assert_int_equal(read_error(OF("\x83\x01\x02")), CARDEA_ETRUNCATED);
	assert_int_equal(read_error(OF("\xc0")), CARDEA_ETRUNCATED);
	assert_int_equal(read_error(OF("\x1c")), CARDEA_EMALFORMED); /* reserved */
	assert_int_equal(read_error(OF("\xf8\x1f")), CARDEA_EMALFORMED);
	assert_int_equal(read_error(OF("\x62\xc3\x28")), CARDEA_EMALFORMED);
}

static void test_indefinite(void **state)
{
	(void)state;
	assert_int_equal(read_error(OF("\x5f\x41\x01\xff")), CARDEA_EUNSUPPORTED);
	assert_int_equal(read_error(OF("\x7f\x61\x61\xff")), CARDEA_EUNSUPPORTED);
	assert_int_equal(read_error(OF("\x9f\x01\xff")), CARDEA_EUNSUPPORTED);
	assert_int_equal(read_error(OF("\xbf\x01\x02\xff")), CARDEA_EUNSUPPORTED);
	assert_int_equal(read_error(OF("\xff")), CARDEA_EUNSUPPORTED);
}

static void test_depth(void **state)
{
	uint8_t b[CBOR_DEPTH_MAX + 1];
	(void)state;
	memset(b, 0x81, sizeof(b)); /* arrays of one */
	b[CBOR_DEPTH_MAX - 1] = 0x01;
	assert_int_equal(read_error(cursor_of(b, CBOR_DEPTH_MAX)), 0);
	b[CBOR_DEPTH_MAX - 1] = 0x81;
	b[CBOR_DEPTH_MAX] = 0x01;
	assert_int_equal(read_error(cursor_of(b, sizeof(b))), CARDEA_ELIMIT);
	/* what holds nothing is not deep, and what follows is not within it */
	b[CBOR_DEPTH_MAX - 1] = 0x80;
	assert_int_equal(read_error(cursor_of(b, CBOR_DEPTH_MAX)), 0);
}

static void test_skip_ends_at_the_end(void **state)
{
	/* [1, [2, 3], {"a": h'00'}, 1.1, tag 1(0)], then 7 */
	struct cursor c = OF("\x85\x01\x82\x02\x03\xa1\x61\x61\x41\x00\xfb\x3f\xf1\x99"
			     "\x99\x99\x99\x99\x9a\xc1\x00\x07");
	struct cursor item = cbor_item(&c);
	(void)state;
	assert_int_equal(cursor_left(&item), 21);
	assert_int_equal(cbor_uint(&c), 7);
	cbor_end(&c);
	assert_int_equal(c.error, 0);
}

static unsigned count_pairs(struct cursor c, int *ret_error)
{
	struct cbor_pairs pairs;
	struct cbor_key key;
	unsigned n = 0;

	cbor_pairs(&c, &pairs);
	while (cbor_pairs_next(&pairs, &c, &key)) {
		cbor_skip(&c);
		n++;
	}
	*ret_error = c.error;
	return n;
}

static void test_keys(void **state)
{
	int error;
	(void)state;
	assert_int_equal(count_pairs(OF("\xa3\x01\x02\x20\x02\x61\x61\x02"), &error), 3);
	assert_int_equal(error, 0);
	count_pairs(OF("\xa2\x01\x02\x01\x03"), &error); /* twice */
	assert_int_equal(error, CARDEA_EMALFORMED);
	count_pairs(OF("\xa2\x01\x02\x18\x01\x03"), &error); /* in two spellings */
	assert_int_equal(error, CARDEA_EMALFORMED);
	count_pairs(OF("\xa2\x61\x61\x02\x61\x61\x03"), &error);
	assert_int_equal(error, CARDEA_EMALFORMED);
	assert_int_equal(count_pairs(OF("\xa2\x60\x02\x00\x03"), &error), 2);
	assert_int_equal(error, 0); /* "" is not 0 */
	count_pairs(OF("\xa1\x41\x01\x02"), &error); /* a key of octets */
	assert_int_equal(error, CARDEA_EMALFORMED);
	count_pairs(OF("\x80"), &error); /* no map */
	assert_int_equal(error, CARDEA_EMALFORMED);
}

static void test_too_many_keys(void **state)
{
	uint8_t b[2 + 3 * (CBOR_KEYS_MAX + 1)];
	struct writer w = writer_of(b, sizeof(b));
	int error;
	(void)state;
	cbor_put_map(&w, CBOR_KEYS_MAX + 1);
	for (unsigned i = 0; i <= CBOR_KEYS_MAX; i++) {
		cbor_put_uint(&w, i);
		cbor_put_uint(&w, 0);
	}
	assert_int_equal(w.error, 0);
	count_pairs(cursor_of(b, w.len), &error);
	assert_int_equal(error, CARDEA_ELIMIT);
}

static void test_types(void **state)
{
	struct cursor c = OF("\xf4\xf5\xf6\xf7\xf9\x3c\x00\xf0");
	static const enum cbor_type types[] = {CBOR_FALSE, CBOR_TRUE, CBOR_NULL,
		CBOR_UNDEFINED, CBOR_FLOAT, CBOR_SIMPLE};
	struct cbor item;
	struct cursor wrong = OF("\x01");
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_int_equal(cbor_peek(&c), types[i]);
		cbor_next(&c, &item);
		assert_int_equal(item.type, types[i]);
	}
	(void)cbor_bytes(&wrong);
	assert_int_equal(wrong.error, CARDEA_EMALFORMED);
}

static void test_within(void **state)
{
	struct cursor c = OF("\x42\x01\x02"), inner = cbor_bytes(&c);
	(void)state;
	assert_int_equal(cbor_uint(&inner), 1);
	cbor_close(&c, &inner); /* 2 is left */
	assert_int_equal(c.error, CARDEA_EMALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_integers_that_do_not_fit),
		cmocka_unit_test(test_longer_than_need_be),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_indefinite),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_skip_ends_at_the_end),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_too_many_keys),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_within),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
