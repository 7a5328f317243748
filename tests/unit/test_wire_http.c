// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_http.c - request and response heads, strictness, decoding. */
#include "test_wire_util.h"
#include <errno.h>
#include <stdio.h>
#include "wire/http.h"

static int parse_request(struct cursor c)
{
	struct http_head h;
	return http_parse_request(&c, &h);
}

static int parse_response(struct cursor c)
{
	struct http_head h;
	return http_parse_response(&c, &h);
}

static void test_request(void **state)
{
	(void)state;
	static const char text[] = "POST /v1/devices?all=1&q=a HTTP/1.1\r\n"
				   "Host: localhost\r\n"
				   "content-LENGTH:\t12 \r\n"
				   "X-Empty:\r\n"
				   "Connection: foo, Close\r\n\r\n";
	struct http_head h;
	char body[sizeof(text) + 3];
	memcpy(body, text, sizeof(text) - 1);
	memcpy(body + sizeof(text) - 1, "body", 4);
	struct cursor c = cursor_of(body, sizeof(text) - 1 + 4);
	assert_int_equal(http_parse_request(&c, &h), 0);
	assert_true(http_str_equal(h.method, "POST"));
	assert_true(http_str_equal(h.target, "/v1/devices?all=1&q=a"));
	assert_true(http_str_equal(h.path, "/v1/devices"));
	assert_true(http_str_equal(h.query, "all=1&q=a"));
	assert_int_equal(h.version_minor, 1);
	assert_true(h.has_content_length);
	assert_int_equal(h.content_length, 12);
	assert_false(h.keep_alive);
	assert_int_equal(h.header_count, 4);
	assert_int_equal(h.head_len, sizeof(text) - 1);
	assert_int_equal(cursor_left(&c), 4);
	assert_true(http_str_equal(*http_header_find(&h, "HOST"), "localhost"));
	assert_int_equal(http_header_find(&h, "x-empty")->len, 0);
	assert_null(http_header_find(&h, "Hos"));
	test_truncations(text, sizeof(text) - 1, parse_request);
}

static void test_response(void **state)
{
	(void)state;
	static const char text[] =
		"HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\n\r\n";
	struct http_head h;
	struct cursor c = cursor_of(text, sizeof(text) - 1);
	assert_int_equal(http_parse_response(&c, &h), 0);
	assert_int_equal(h.status, 404);
	assert_true(http_str_equal(h.reason, "Not Found"));
	assert_true(h.keep_alive);
	assert_false(h.has_content_length);
	test_truncations(text, sizeof(text) - 1, parse_response);
	c = cursor_of("HTTP/1.1 200\r\n\r\n", 16);
	assert_int_equal(http_parse_response(&c, &h), 0);
	assert_int_equal(h.status, 200);
	assert_true(h.keep_alive);
}

struct refused {
	const char *text;
	size_t len;
	int result;
};
#define T(s) s, sizeof(s) - 1

static void test_request_refused(void **state)
{
	(void)state;
	static const struct refused cases[] = {
		{T("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
			CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n"),
			CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nContent-Length:\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nContent-Length: 1234567890123456\r\n\r\n"),
			CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
			CARDEA_EUNSUPPORTED},
		{T("GET / HTTP/1.1\r\nA: 1\r\n folded\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nA : 1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\n: 1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nnothing\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nA: 1\rB: 2\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\nA: 1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nA: \0\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nA: \x01\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nA: a\x7f\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nA{: 1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1\r\nContent-Length: 1a\r\n\r\n"),
			CARDEA_EMALFORMED},
		{T("GET /\x01 HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET  HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1-1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.2\r\n\r\n"), CARDEA_EUNSUPPORTED},
		{T("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET /\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET  / HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET / HTTP/1.1 \r\n\r\n"), CARDEA_EMALFORMED},
		{T("G(T / HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET /#a HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET /\x80 HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET /\x7f HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("\r\nGET / HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("GET http://a/ HTTP/1.1\r\n\r\n"), CARDEA_EUNSUPPORTED},
		{T("PRI * HTTP/2.0\r\n\r\n"), CARDEA_EUNSUPPORTED},
		{T("GET / http/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\n\r\n"), CARDEA_ELIMIT},
		{T("OPTIONS * HTTP/1.1\r\n\r\n"), 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = parse_request(cursor_of(cases[i].text, cases[i].len));
		if (r != cases[i].result)
			fail_msg("%s: %d instead of %d", cases[i].text, r,
				cases[i].result);
	}
}

static void test_response_refused(void **state)
{
	(void)state;
	static const struct refused cases[] = {
		{T("HTTP/1.1 20 OK\r\n\r\n"), CARDEA_EMALFORMED},
		{T("HTTP/1.1 2x0 OK\r\n\r\n"), CARDEA_EMALFORMED},
		{T("HTTP/1.1 2/0 OK\r\n\r\n"), CARDEA_EMALFORMED},
		{T("HTTP/1.1 099 OK\r\n\r\n"), CARDEA_EMALFORMED},
		{T("HTTP/1.1 600 OK\r\n\r\n"), CARDEA_EMALFORMED},
		{T("HTTP/1.1\r\n\r\n"), CARDEA_EMALFORMED},
		{T("HTTP/3.0 200 OK\r\n\r\n"), CARDEA_EUNSUPPORTED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(parse_response(cursor_of(cases[i].text, cases[i].len)),
			cases[i].result);
}

static size_t many_headers(char *buf, size_t size, int count)
{
	size_t n = (size_t)snprintf(buf, size, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < count; i++)
		n += (size_t)snprintf(buf + n, size - n, "h%d: v\r\n", i);
	return n + (size_t)snprintf(buf + n, size - n, "\r\n");
}

static void test_limits(void **state)
{
	(void)state;
	static char buf[2 * HTTP_HEAD_MAX];
	size_t n = many_headers(buf, sizeof(buf), HTTP_HEADERS_MAX);
	assert_int_equal(parse_request(cursor_of(buf, n)), 0);
	n = many_headers(buf, sizeof(buf), HTTP_HEADERS_MAX + 1);
	assert_int_equal(parse_request(cursor_of(buf, n)), CARDEA_ELIMIT);
	memset(buf, 'a', sizeof(buf));
	memcpy(buf, "GET /", 5);
	assert_int_equal(parse_request(cursor_of(buf, HTTP_HEAD_MAX - 1)),
		CARDEA_ETRUNCATED);
	assert_int_equal(parse_request(cursor_of(buf, HTTP_HEAD_MAX)), CARDEA_ELIMIT);
	assert_int_equal(parse_request(cursor_of(buf, sizeof(buf))), CARDEA_ELIMIT);
	memcpy(buf + HTTP_HEAD_MAX - 13, " HTTP/1.1\r\n\r\n", 13);
	assert_int_equal(parse_request(cursor_of(buf, sizeof(buf))), 0);
}

static void check_decode(const char *in, bool plus, int result, const char *out)
{
	char buf[8] = "before";
	assert_int_equal(
		http_decode(str_untrusted(in), plus, buf, sizeof(buf)), result);
	assert_string_equal(buf, result ? "before" : out);
}

static void test_decode(void **state)
{
	(void)state;
	check_decode("a%2Fb%2f", false, 0, "a/b/");
	check_decode("a+b", false, 0, "a+b");
	check_decode("a+b", true, 0, "a b");
	check_decode("", false, 0, "");
	check_decode("%c3%A9", false, 0, "\xc3\xa9");
	check_decode("1234567", false, 0, "1234567");
	check_decode("12345678", false, CARDEA_ELIMIT, NULL);
	check_decode("%00", false, CARDEA_EMALFORMED, NULL);
	check_decode("%0a", false, CARDEA_EMALFORMED, NULL);
	check_decode("%7f", false, CARDEA_EMALFORMED, NULL);
	check_decode("%4", false, CARDEA_EMALFORMED, NULL);
	check_decode("%4g", false, CARDEA_EMALFORMED, NULL);
	check_decode("%", false, CARDEA_EMALFORMED, NULL);
	assert_int_equal(http_decode(str_untrusted(""), false, NULL, 0), CARDEA_ELIMIT);
}

static void test_segments(void **state)
{
	(void)state;
	char buf[16];
	struct untrusted_str path = str_untrusted("/v1/a%20b/c");
	assert_int_equal(http_path_segment(path, 0, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "v1");
	assert_int_equal(http_path_segment(path, 1, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "a b");
	assert_int_equal(http_path_segment(path, 2, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "c");
	assert_int_equal(http_path_segment(path, 3, buf, sizeof(buf)), -ENOENT);
	assert_int_equal(http_path_segment(str_untrusted("/"), 0, buf, 16), -ENOENT);
	assert_int_equal(http_path_segment(str_untrusted("*"), 0, buf, 16), -ENOENT);
	assert_int_equal(http_path_segment(str_untrusted("/%zz"), 0, buf, 16),
		CARDEA_EMALFORMED);
}

static void test_query_values(void **state)
{
	(void)state;
	char buf[16];
	struct untrusted_str q = str_untrusted("ab=1&a=x+y&a=2&flag&e=");
	assert_int_equal(http_query_value(q, "a", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "x y");
	assert_int_equal(http_query_value(q, "flag", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(http_query_value(q, "e", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(http_query_value(q, "b", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(http_query_value(str_untrusted(""), "a", buf, 16), -ENOENT);
}

static void test_odd_headers(void **state)
{
	(void)state;
	static const char text[] = "GET / HTTP/1.1\r\n"
				   "hast: x\r\n"
				   "a|b~: one\ttwo \t\r\n"
				   "Connection: keep-alive\r\n\r\n";
	struct http_head h;
	struct cursor c = cursor_of(text, sizeof(text) - 1);
	assert_int_equal(http_parse_request(&c, &h), 0);
	assert_null(http_header_find(&h, "host"));
	assert_true(http_str_equal(*http_header_find(&h, "A|B~"), "one\ttwo"));
	assert_true(h.keep_alive);
}

static struct untrusted_str str(const char *text)
{
	return (struct untrusted_str){.bytes = text, .len = strlen(text)};
}

static void test_odd_targets(void **state)
{
	(void)state;
	static const char *const bad[] = {"%-1", "%1-", "%:1", "%G0", "%g0", "%0"};
	char b[16];
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(http_decode(str(bad[i]), false, b, sizeof(b)),
			CARDEA_EMALFORMED);
	assert_int_equal(http_decode(str("%4a%4A"), false, b, sizeof(b)), 0);
	assert_string_equal(b, "JJ");
	assert_int_equal(http_path_segment(str("*"), 0, b, sizeof(b)), -ENOENT);
	assert_int_equal(http_path_segment(str(""), 0, b, sizeof(b)), -ENOENT);
	assert_int_equal(http_query_value(str("&&a=1"), "a", b, sizeof(b)), 0);
	assert_string_equal(b, "1");
	assert_int_equal(http_query_value(str("&a"), "a", b, sizeof(b)), 0);
	assert_string_equal(b, "");
}

/* A request with these fields. */
static struct http_head head_with(const char *fields)
{
	static char text[1024];
	struct http_head h;
	struct cursor c;

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n", fields);
	c = cursor_of(text, strlen(text));
	assert_int_equal(http_parse_request(&c, &h), 0);
	return h;
}

static void cookie_is(const char *fields, const char *want)
{
	struct http_head h = head_with(fields);
	struct untrusted_str s;

	assert_int_equal(http_cookie(&h, "__Host-id", &s), 0);
	assert_true(http_str_equal(s, want));
}

static void no_cookie(const char *fields, int want)
{
	struct http_head h = head_with(fields);
	struct untrusted_str s;

	assert_int_equal(http_cookie(&h, "__Host-id", &s), want);
}

static void test_cookies(void **state)
{
	(void)state;
	cookie_is("Cookie: __Host-id=x\r\n", "x");
	cookie_is("COOKIE: a=b; __Host-id=x; c\r\n", "x");
	cookie_is("Cookie: a=b;__Host-id=x=y ;\r\n", "x=y");
	cookie_is("Cookie: a=__Host-id=z;; =;__Host-id=\r\n", "");
	cookie_is("Cookie: a=b\r\nX: __Host-id=z\r\nCookie: __Host-id=x\r\n", "x");
	no_cookie("", -ENOENT);
	no_cookie("Cookie:\r\nCookie: a\r\n", -ENOENT);
	no_cookie("Cookie: __host-id=x; __Host-id ; __Host-id2=x; x__Host-id=y\r\n", -ENOENT);
	no_cookie("Set-Cookie: __Host-id=x\r\nCookies: __Host-id=x\r\n", -ENOENT);
	/* which of two is meant only knows who planted one */
	no_cookie("Cookie: __Host-id=x; __Host-id=x\r\n", CARDEA_EMALFORMED);
	no_cookie("Cookie: __Host-id=x\r\nCookie: __Host-id=y\r\n", CARDEA_EMALFORMED);
}

static void bearer_is(const char *fields, int want, const char *text)
{
	struct http_head h = head_with(fields);
	struct untrusted_str s = {0};

	assert_int_equal(http_bearer(&h, &s), want);
	assert_true(want || http_str_equal(s, text));
}

static void test_bearer(void **state)
{
	(void)state;
	bearer_is("Authorization: Bearer abc\r\n", 0, "abc");
	bearer_is("authorization: bEARER   a b \r\n", 0, "a b");
	bearer_is("", -ENOENT, NULL);
	bearer_is("Proxy-Authorization: Bearer abc\r\n", -ENOENT, NULL);
	bearer_is("Authorization: Basic abc\r\n", CARDEA_EMALFORMED, NULL);
	bearer_is("Authorization: Bearer\r\n", CARDEA_EMALFORMED, NULL);
	bearer_is("Authorization:\r\n", CARDEA_EMALFORMED, NULL);
	bearer_is("Authorization: Bearerabc\r\n", CARDEA_EMALFORMED, NULL);
	bearer_is("Authorization: Bearer a\r\nAuthorization: Bearer a\r\n",
		CARDEA_EMALFORMED, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_request_refused),
		cmocka_unit_test(test_response_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_query_values),
		cmocka_unit_test(test_odd_headers),
		cmocka_unit_test(test_odd_targets),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_bearer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
