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
#include "base/json.h"

#define LIMIT 4096

static void write_sample(struct json *j)
{
	static const struct mac mac = {{2, 0, 0, 0, 0, 1}};
	static const uint8_t four[] = {192, 0, 2, 1};
	struct addr a = addr_v4(four), none = {0};

	json_object(j);
	json_kv_string(j, "s", "v");
	json_kv_string(j, "n", NULL);
	json_kv_u64(j, "u", UINT64_MAX);
	json_kv_i64(j, "i", INT64_MIN);
	json_kv_bool(j, "b", true);
	json_key(j, "list");
	json_array(j);
	json_array(j);
	json_array_end(j);
	json_object(j);
	json_object_end(j);
	json_null(j);
	json_bool(j, false);
	json_array_end(j);
	json_kv_addr(j, "a", &a);
	json_kv_addr(j, "none", &none);
	json_kv_mac(j, "m", &mac);
	json_kv_time(j, "t", 1);
	json_kv_time(j, "never", 0);
	json_object_end(j);
}

static const char sample[] =
	"{\"s\":\"v\",\"n\":null,\"u\":18446744073709551615,"
	"\"i\":-9223372036854775808,\"b\":true,\"list\":[[],{},null,false],"
	"\"a\":\"192.0.2.1\",\"none\":null,\"m\":\"02:00:00:00:00:01\","
	"\"t\":\"1970-01-01T00:00:00.000Z\",\"never\":null}";

static void test_buffer(void **state)
{
	struct json j;

	(void)state;
	json_init_buffer(&j, LIMIT);
	assert_string_equal(json_text(&j), "");
	write_sample(&j);
	assert_string_equal(json_text(&j), sample);
	json_free(&j);
	json_free(&j);
}

static void test_file(void **state)
{
	char *text = NULL;
	size_t size = 0;
	struct json j;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	json_init_file(&j, f);
	write_sample(&j);
	assert_int_equal(j.error, 0);
	assert_null(json_text(&j));
	json_free(&j);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, sample);
	free(text);
}

static void test_file_error(void **state)
{
	FILE *f = fopen("/dev/null", "r");
	struct json j;

	(void)state;
	assert_non_null(f);
	json_init_file(&j, f);
	json_string(&j, "x");
	assert_int_equal(j.error, -EIO);
	fclose(f);
}

static void assert_string_json(const char *bytes, size_t len, const char *want)
{
	struct json j;

	json_init_buffer(&j, LIMIT);
	json_untrusted(&j, (struct untrusted_str){.bytes = bytes, .len = len});
	assert_string_equal(json_text(&j), want);
	json_free(&j);
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
		struct json j;
		json_init_buffer(&j, LIMIT);
		json_untrusted(&j, (struct untrusted_str){.bytes = pair, .len = 2});
		const char *text = json_text(&j);
		size_t len = strlen(text);
		assert_true(len >= 3 && text[0] == '"' && text[len - 1] == '"');
		assert_true(str_is_clean_utf8(text, len));
		json_free(&j);
	}
}

static void test_keys_are_escaped(void **state)
{
	struct json j;

	(void)state;
	json_init_buffer(&j, LIMIT);
	json_object(&j);
	json_kv_untrusted(&j, "k\"", "v\xff");
	json_object_end(&j);
	assert_string_equal(json_text(&j), "{\"k\\\"\":\"v" R "\"}");
	json_free(&j);
}

static void test_depth(void **state)
{
	struct json j;

	(void)state;
	json_init_buffer(&j, LIMIT);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_array(&j);
	assert_int_equal(j.error, 0);
	json_object(&j);
	assert_int_equal(j.error, CARDEA_ELIMIT);
	json_array_end(&j);
	assert_null(json_text(&j));
	json_free(&j);
}

static void test_misuse(void **state)
{
	struct json j;

	(void)state;
	json_init_buffer(&j, LIMIT);
	json_object_end(&j);
	assert_int_equal(j.error, -EINVAL);
	json_free(&j);
	json_init_buffer(&j, LIMIT);
	json_key(&j, "no object");
	assert_int_equal(j.error, -EINVAL);
	json_free(&j);
	json_init_buffer(&j, LIMIT);
	json_object(&j);
	json_key(&j, "no value");
	json_object_end(&j);
	assert_int_equal(j.error, -EINVAL);
	json_free(&j);
}

static void test_limit(void **state)
{
	struct json j;

	(void)state;
	json_init_buffer(&j, 5);
	json_string(&j, "abc");
	assert_string_equal(json_text(&j), "\"abc\"");
	json_free(&j);
	json_init_buffer(&j, 5);
	json_string(&j, "abcd");
	assert_int_equal(j.error, CARDEA_ELIMIT);
	assert_null(json_text(&j));
	json_free(&j);
}

static void test_growth(void **state)
{
	struct json j;

	(void)state;
	json_init_buffer(&j, 1 << 20);
	json_array(&j);
	for (unsigned i = 0; i < 10000; i++)
		json_u64(&j, 1234567890);
	json_array_end(&j);
	assert_int_equal(strlen(json_text(&j)), 10000 * 11 + 1);
	json_free(&j);
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
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_growth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
