// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* Strings, numbers, UTF-8, outcomes in words, time as text and log lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

static void test_to_i64(void **state)
{
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1.0", "0x10",
		"1e3", "--1", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999999999"};
	int64_t v = 77;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (str_to_i64(bad[i], INT64_MIN, INT64_MAX, &v) != CARDEA_EMALFORMED)
			fail_msg("taken for a number: '%s'", bad[i]);
	assert_int_equal(str_to_i64("11", 0, 10, &v), CARDEA_EMALFORMED);
	assert_int_equal(str_to_i64("-1", 0, 10, &v), CARDEA_EMALFORMED);
	assert_int_equal(v, 77);
	assert_int_equal(str_to_i64("10", 0, 10, &v), 0);
	assert_int_equal(v, 10);
	assert_int_equal(str_to_i64("-0", 0, 10, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(
		str_to_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(
		str_to_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MAX);
}

static void assert_escapes(const char *bytes, size_t len, size_t size, const char *want)
{
	char buf[64];

	memset(buf, '#', sizeof buf);
	struct untrusted_str s = {.bytes = bytes, .len = len};
	assert_ptr_equal(str_escape(s, buf, size), buf);
	assert_string_equal(buf, want);
	assert_int_equal(buf[size], '#');
}

static void test_escape(void **state)
{
	(void)state;
	assert_escapes("plain ~", 7, 8, "plain ~");
	assert_escapes("a\0b\n\x7f\xff", 6, 32, "a\\x00b\\x0a\\x7f\\xff");
	assert_escapes("\\x41", 4, 32, "\\x5cx41");
	assert_escapes("abcdefgh", 8, 8, "abcd...");
	assert_escapes("abc\n\n", 5, 10, "abc..."); /* never half an escape */
	assert_escapes("ab\n", 3, 7, "ab\\x0a");
	assert_escapes("abcdef", 6, 3, "..");
	assert_escapes("abcdef", 6, 1, "");
	assert_escapes("", 0, 4, "");
	assert_int_equal(str_untrusted(NULL).len, 0);
	assert_int_equal(str_untrusted("abc").len, 3);
}

static void test_copy(void **state)
{
	char buf[5];

	(void)state;
	assert_true(str_copy(buf, sizeof buf, "1234"));
	assert_string_equal(buf, "1234");
	assert_false(str_copy(buf, sizeof buf, "12345"));
	assert_string_equal(buf, "1234");
	assert_true(str_copy_bytes(buf, sizeof buf, NULL, 0));
	assert_string_equal(buf, "");
	assert_false(str_copy(buf, 0, "x"));
	assert_int_equal(str_print(buf, sizeof buf, "%d", 1234), 0);
	assert_int_equal(str_print(buf, sizeof buf, "%d", 56789), CARDEA_ELIMIT);
	assert_string_equal(buf, "5678");
}

static void test_equal_nocase(void **state)
{
	(void)state;
	assert_true(str_equal_nocase("ExAmPlE.com", "example.COM"));
	assert_true(str_equal_nocase("", ""));
	assert_false(str_equal_nocase("a", ""));
	assert_false(str_equal_nocase("", "a"));
	assert_false(str_equal_nocase("abc", "abcd"));
	assert_false(str_equal_nocase("[", "{"));
	assert_false(str_equal_nocase("\xc4", "\xe4")); /* no locale */
}

static void test_clean_utf8(void **state)
{
	static const char *const good[] = {"", "plain", "K\303\274che", "\xe2\x82\xac",
		"\xf0\x9f\x92\xa1", "\xc2\xa0", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"a\n", "\x7f", "\xc2\x85", "\x80", "\xc3",
		"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xe2\x82", "\xe2(\xa1", "\xff",
		"\xf0\x80\x80\xaf"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!str_is_clean_utf8(good[i], strlen(good[i])))
			fail_msg("good text %zu refused", i);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (str_is_clean_utf8(bad[i], strlen(bad[i])))
			fail_msg("bad text %zu accepted", i);
	assert_false(str_is_clean_utf8("a\0b", 3));
}

static void test_error_text(void **state)
{
	static const int odd[] = {1, INT_MIN, INT_MAX, -999, -1010, -5000};

	(void)state;
	assert_string_equal(error_text(0), "success");
	assert_string_equal(error_text(-ENOENT), "No such file or directory");
	assert_string_equal(error_text(CARDEA_ETRUNCATED), "input ends too early");
	for (int e = CARDEA_ETRUNCATED; e >= CARDEA_ESTALE; e--) {
		assert_string_not_equal(error_text(e), "unknown error");
		for (int f = e - 1; f >= CARDEA_ESTALE; f--)
			assert_string_not_equal(error_text(e), error_text(f));
	}
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_string_equal(error_text(odd[i]), "unknown error");
}

static void test_clock(void **state)
{
	struct clock_virtual v;
	char buf[CLOCK_TEXT_MAX];

	(void)state;
	clock_virtual_init(&v, 5);
	clock_virtual_set(&v, 9);
	assert_int_equal(clock_mono(&v.clock), 9);
	clock_virtual_set(&v, 7); /* never back */
	assert_int_equal(clock_mono(&v.clock), 9);
	assert_int_equal(clock_wall(&v.clock), 9);
	nstime first = clock_mono(clock_system());
	assert_true(first > 0 && clock_mono(clock_system()) >= first);
	assert_true(clock_wall(clock_system()) > 1600000000 * NS_PER_SEC);
	assert_string_equal(clock_format(0, buf), "1970-01-01T00:00:00.000Z");
	assert_string_equal(
		clock_format(951827696 * NS_PER_SEC + 345 * NS_PER_MS + 999999, buf),
		"2000-02-29T12:34:56.345Z");
	assert_string_equal(clock_format(-1, buf), "1969-12-31T23:59:59.999Z");
	assert_string_equal(clock_format(INT64_MAX, buf), "2262-04-11T23:47:16.854Z");
	assert_string_equal(clock_format(INT64_MIN, buf), "1677-09-21T00:12:43.145Z");
}

static size_t line_read(int fd, char *buf, size_t size)
{
	ssize_t n = read(fd, buf, size - 1);

	assert_true(n > 0);
	buf[n] = 0;
	return (size_t)n;
}

static void test_log(void **state)
{
	char line[4096], text[3000];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	log_init("engine", fds[1], LOG_LEVEL_INFO);
	log_debug("tag", "not shown");
	errno = EDOM;
	log_warn("dns", "%s %d", "name", 7);
	assert_int_equal(errno, EDOM);
	line_read(fds[0], line, sizeof line);
	assert_string_equal(line, "engine: warn: dns: name 7\n");
	log_info("t", "a\nengine: error: t: forged");
	line_read(fds[0], line, sizeof line);
	assert_string_equal(line, "engine: info: t: a\\x0aengine: error: t: forged\n");
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	log_error("t", "%s", text);
	size_t n = line_read(fds[0], line, sizeof line);
	assert_true(n <= 1024);
	assert_memory_equal(line, "engine: error: t: xxx", 21);
	assert_memory_equal(line + n - 4, "...\n", 4);
	log_init("engine", fds[1], LOG_LEVEL_DEBUG);
	log_debug("t", "shown");
	line_read(fds[0], line, sizeof line);
	assert_string_equal(line, "engine: debug: t: shown\n");
	close(fds[0]);
	close(fds[1]);
}

static void test_add(void **state)
{
	char buf[8] = "xxxxxxx";
	struct str_text t = {.buf = buf, .size = sizeof buf};

	(void)state;
	str_add(&t, "%s", "abc");
	str_add(&t, "-%d", 42);
	assert_string_equal(buf, "abc-42");
	assert_int_equal(t.len, 6);
	str_add(&t, "%s", "too long");
	assert_string_equal(buf, "abc-42t");
	assert_int_equal(t.len, 7);
	str_add(&t, "more");
	assert_string_equal(buf, "abc-42t");
	assert_int_equal(t.len, 7);
}

static void test_cut(void **state)
{
	struct untrusted_str s = str_untrusted("GET  /"), word;

	(void)state;
	assert_true(str_cut(&s, ' ', &word));
	assert_int_equal(word.len, 3);
	assert_memory_equal(word.bytes, "GET", 3);
	assert_true(str_cut(&s, ' ', &word));
	assert_int_equal(word.len, 0);
	assert_false(str_cut(&s, ' ', &word));
	assert_int_equal(s.len, 1); /* nothing is consumed */
	assert_true(str_cut(&s, '/', &word));
	assert_int_equal(s.len, 0);
	assert_false(str_cut(&s, '/', &word));
}

static void hex(void **state)
{
	uint8_t octets[3];
	char text[7];

	(void)state;
	assert_true(str_from_hex("00af9c", 6, octets, 3));
	str_to_hex(octets, 3, text);
	assert_string_equal(text, "00af9c");
	assert_false(str_from_hex("00AF9C", 6, octets, 3)); /* one way to write it */
	assert_false(str_from_hex("00af9", 5, octets, 3));
	assert_false(str_from_hex("00af9c00", 8, octets, 3));
	assert_false(str_from_hex("00af9g", 6, octets, 3));
	assert_false(str_from_hex("", 0, octets, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_to_i64),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_equal_nocase),
		cmocka_unit_test(test_clean_utf8),
		cmocka_unit_test(test_error_text),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_log),
		cmocka_unit_test(hex),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
