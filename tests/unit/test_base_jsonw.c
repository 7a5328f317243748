// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* JSON output: nesting, commas, and well-formed text whatever bytes go in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/jsonw.h"

#define LIMIT 4096

static void write_sample(struct jsonw *j)
{
	static const struct mac mac = {{2, 0, 0, 0, 0, 1}};
	static const uint8_t four[] = {192, 0, 2, 1};
	struct addr a = addr_v4(four), none = {0};

	jsonw_object(j);
	jsonw_kv_string(j, "s", "v");
	jsonw_kv_string(j, "n", NULL);
	jsonw_kv_u64(j, "u", UINT64_MAX);
	jsonw_kv_i64(j, "i", INT64_MIN);
	jsonw_kv_bool(j, "b", true);
	jsonw_key(j, "list");
	jsonw_array(j);
	jsonw_array(j);
	jsonw_array_end(j);
	jsonw_object(j);
	jsonw_object_end(j);
	jsonw_null(j);
	jsonw_bool(j, false);
	jsonw_array_end(j);
	jsonw_kv_addr(j, "a", &a);
	jsonw_kv_addr(j, "none", &none);
	jsonw_kv_mac(j, "m", &mac);
	jsonw_kv_time(j, "t", 1);
	jsonw_kv_time(j, "never", 0);
	jsonw_object_end(j);
}

static const char sample[] =
	"{\"s\":\"v\",\"n\":null,\"u\":18446744073709551615,"
	"\"i\":-9223372036854775808,\"b\":true,\"list\":[[],{},null,false],"
	"\"a\":\"192.0.2.1\",\"none\":null,\"m\":\"02:00:00:00:00:01\","
	"\"t\":\"1970-01-01T00:00:00.000Z\",\"never\":null}";

static void test_buffer(void **state)
{
	struct jsonw j;

	(void)state;
	jsonw_init_buffer(&j, LIMIT);
	assert_string_equal(jsonw_text(&j), "");
	write_sample(&j);
	assert_string_equal(jsonw_text(&j), sample);
	jsonw_free(&j);
	jsonw_free(&j);
}

static void test_file(void **state)
{
	char *text = NULL;
	size_t size = 0;
	struct jsonw j;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	jsonw_init_file(&j, f);
	write_sample(&j);
	assert_int_equal(j.error, 0);
	assert_null(jsonw_text(&j));
	jsonw_free(&j);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, sample);
	free(text);
}

static void test_file_error(void **state)
{
	FILE *f = fopen("/dev/null", "r");
	struct jsonw j;

	(void)state;
	assert_non_null(f);
	jsonw_init_file(&j, f);
	jsonw_string(&j, "x");
	assert_int_equal(j.error, -EIO);
	fclose(f);
}

static void assert_string_json(const char *bytes, size_t len, const char *want)
{
	struct jsonw j;

	jsonw_init_buffer(&j, LIMIT);
	jsonw_untrusted(&j, (struct untrusted_str){.bytes = bytes, .len = len});
	assert_string_equal(jsonw_text(&j), want);
	jsonw_free(&j);
}

static void test_escaping(void **state)
{
	(void)state;
	assert_string_json("", 0, "\"\"");
	assert_string_json(NULL, 0, "\"\"");
	assert_string_json("a\"\\/b", 5, "\"a\\\"\\\\/b\"");
	assert_string_json(
		"\n\t\r\b\0\x1f\x7f", 7, "\"\\n\\t\\r\\u0008\\u0000\\u001f\\u007f\"");
	assert_string_json(
		"K\xc3\xbc\xf0\x9f\x92\xa1", 7, "\"K\xc3\xbc\xf0\x9f\x92\xa1\"");
	assert_string_json("\xc2\x85", 2, "\"\\u0085\"");
	assert_string_json("\xe2\x80\xae", 3, "\"\\u202e\""); /* turns text around */
	assert_string_json("\xe2\x81\xa6", 3, "\"\\u2066\"");
}

static void test_invalid_utf8(void **state)
{
#define R "\xef\xbf\xbd"
	(void)state;
	assert_string_json("a\xff"
			   "b",
		3, "\"a" R "b\"");
	assert_string_json("\xc3", 1, "\"" R "\"");
	assert_string_json("\xc0\xaf", 2, "\"" R R "\"");
	assert_string_json("\xed\xa0\x80", 3, "\"" R R R "\""); /* a surrogate */
	assert_string_json("\xe2\x82\"", 3, "\"" R R "\\\"\"");
}

/* Every pair of bytes gives clean text between two quotes. */
static void test_all_pairs(void **state)
{
	(void)state;
	for (unsigned v = 0; v <= 0xffff; v++) {
		char pair[2] = {(char)(v >> 8), (char)v};
		struct jsonw j;
		jsonw_init_buffer(&j, LIMIT);
		jsonw_untrusted(&j, (struct untrusted_str){.bytes = pair, .len = 2});
		const char *text = jsonw_text(&j);
		size_t len = strlen(text);
		assert_true(len >= 3 && text[0] == '"' && text[len - 1] == '"');
		assert_true(str_is_clean_utf8(text, len));
		jsonw_free(&j);
	}
}

static void test_keys_are_escaped(void **state)
{
	struct jsonw j;

	(void)state;
	jsonw_init_buffer(&j, LIMIT);
	jsonw_object(&j);
	jsonw_kv_untrusted(&j, "k\"", "v\xff");
	jsonw_object_end(&j);
	assert_string_equal(jsonw_text(&j), "{\"k\\\"\":\"v" R "\"}");
	jsonw_free(&j);
}

static void test_depth(void **state)
{
	struct jsonw j;

	(void)state;
	jsonw_init_buffer(&j, LIMIT);
	for (int i = 0; i < JSONW_DEPTH_MAX; i++)
		jsonw_array(&j);
	assert_int_equal(j.error, 0);
	jsonw_object(&j);
	assert_int_equal(j.error, CARDEA_ELIMIT);
	jsonw_array_end(&j);
	assert_null(jsonw_text(&j));
	jsonw_free(&j);
}

static void expect_decimal(double v, const char *text)
{
	struct jsonw j;

	jsonw_init_buffer(&j, LIMIT);
	jsonw_decimal(&j, v);
	assert_string_equal(jsonw_text(&j), text);
	jsonw_free(&j);
}

static void test_decimals(void **state)
{
	(void)state;
	expect_decimal(0, "0.0");
	expect_decimal(0.021, "0.021");
	expect_decimal(1, "1.0");
	expect_decimal(0.9999999, "1.0");
	expect_decimal(-12.5, "-12.5");
	expect_decimal(1234567.000001, "1234567.000001");
	expect_decimal(1e300, "null");
	expect_decimal(__builtin_nan(""), "null");
	expect_decimal(-__builtin_inf(), "null");
}

static void test_misuse(void **state)
{
	struct jsonw j;

	(void)state;
	jsonw_init_buffer(&j, LIMIT);
	jsonw_object_end(&j);
	assert_int_equal(j.error, -EINVAL);
	jsonw_free(&j);
	jsonw_init_buffer(&j, LIMIT);
	jsonw_key(&j, "no object");
	assert_int_equal(j.error, -EINVAL);
	jsonw_free(&j);
	jsonw_init_buffer(&j, LIMIT);
	jsonw_object(&j);
	jsonw_key(&j, "no value");
	jsonw_object_end(&j);
	assert_int_equal(j.error, -EINVAL);
	jsonw_free(&j);
}

static void test_limit(void **state)
{
	struct jsonw j;

	(void)state;
	jsonw_init_buffer(&j, 5);
	jsonw_string(&j, "abc");
	assert_string_equal(jsonw_text(&j), "\"abc\"");
	jsonw_free(&j);
	jsonw_init_buffer(&j, 5);
	jsonw_string(&j, "abcd");
	assert_int_equal(j.error, CARDEA_ELIMIT);
	assert_null(jsonw_text(&j));
	jsonw_free(&j);
}

static void test_growth(void **state)
{
	struct jsonw j;

	(void)state;
	jsonw_init_buffer(&j, 1 << 20);
	jsonw_array(&j);
	for (unsigned i = 0; i < 10000; i++)
		jsonw_u64(&j, 1234567890);
	jsonw_array_end(&j);
	assert_int_equal(strlen(jsonw_text(&j)), 10000 * 11 + 1);
	jsonw_free(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_error),
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_all_pairs),
		cmocka_unit_test(test_keys_are_escaped),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_growth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
