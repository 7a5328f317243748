// SPDX-License-Identifier: GPL-2.0-or-later
/* What is read from a browser's request, octet by octet; what goes on to the engine, and what
 * of its answer comes back; and bodies with a password in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "engine/api/api.h"
#include "proc/web_login.h"
#include "proc/web_page.h"
#include "wire/http.h"

#define HOST "Host: gateway.example:8443\r\n"
#define JSON "Content-Type: application/json\r\n"

static const char texts[] = "/assets/app-1234.js\0/index.html\0/x.png\0text/html\0"
			    "\"aaa\"\0\"bbb\"\0\"ccc\"";
/* where they stand in it */
enum { APP = 0, INDEX = 20, PICTURE = 32, MEDIA = 39, TAG_A = 49, TAG_B = 55, TAG_C = 61 };
static const struct web_file rows[] = {
	{APP, MEDIA, TAG_A, 0, 3, true, true},
	{INDEX, MEDIA, TAG_B, 3, 2, true, false},
	{PICTURE, MEDIA, TAG_C, 5, 1, false, false},
};
static const struct web_files files = {rows, 3, texts, (const uint8_t *)"gz1gzp"};

static struct web_self self;
static struct web_page_request request;
static const struct web_problem *problem;
static char ahead[WEB_AHEAD_MAX];

/* From a copy of just that size: reading past the end is seen. */
static enum web_read read_octets(const void *octets, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, octets, len);
	problem = NULL;
	enum web_read r = web_page_read(&self, &files, copy, len, &request, ahead, &problem);
	free(copy);
	return r;
}

static void asks(const char *text, enum web_page_kind kind)
{
	if (read_octets(text, strlen(text)) != WEB_READ_ASK)
		fail_msg("%s: not a question (%u)", text, problem ? problem->status : 0);
	assert_int_equal(request.kind, kind);
}

static void refused(const char *text, uint16_t status)
{
	if (read_octets(text, strlen(text)) != WEB_READ_PROBLEM || problem->status != status)
		fail_msg("%s: not refused with %u (%u)", text, status,
			problem ? problem->status : 0);
}

static int be_home(void **state)
{
	(void)state;
	self = (struct web_self){.name = "gateway.example", .port = 8443};
	return addr_parse("192.168.1.1", &self.addr);
}

static void test_files_by_path(void **state)
{
	(void)state;
	asks("GET /assets/app-1234.js HTTP/1.1\r\n" HOST "\r\n", WEB_PAGE_FILE);
	assert_ptr_equal(request.file, &rows[0]);
	asks("GET / HTTP/1.1\r\n" HOST "\r\n", WEB_PAGE_FILE);
	assert_ptr_equal(request.file, &rows[1]);
	asks("GET /devices/a.b/rules?x=y.z HTTP/1.1\r\n" HOST "\r\n", WEB_PAGE_FILE);
	assert_ptr_equal(request.file, &rows[1]);
	asks("HEAD /x.png HTTP/1.1\r\n" HOST "Accept-Encoding: identity\r\n\r\n", WEB_PAGE_FILE);
	assert_ptr_equal(request.file, &rows[2]);
	assert_true(request.head_only && !request.unchanged);
	asks("GET /x.png HTTP/1.1\r\n" HOST "If-None-Match: \"z\", W/\"ccc\"\r\n\r\n",
		WEB_PAGE_FILE);
	assert_true(request.unchanged);
	refused("GET / HTTP/1.1\r\n" HOST "Accept-Encoding: identity\r\n\r\n", 406);
	refused("GET /y.png HTTP/1.1\r\n" HOST "\r\n", 404);
	refused("GET /devices/a.b HTTP/1.1\r\n" HOST "\r\n", 404);
}

static void test_octet_by_octet(void **state)
{
	static const char text[] = "POST /v1/devices/3?a=b HTTP/1.1\r\n" HOST JSON
				   "Content-Length: 4\r\n\r\nabcdGET /";
	size_t whole = sizeof text - 1 - strlen("abcdGET /");

	(void)state;
	for (size_t len = 0; len < whole; len++)
		assert_int_equal(read_octets(text, len), WEB_READ_MORE);
	for (size_t len = whole; len < sizeof text; len++) {
		assert_int_equal(read_octets(text, len), WEB_READ_ASK);
		assert_int_equal(request.head_len, whole);
		assert_int_equal(request.length, 4);
		assert_int_equal(request.ahead_len, strlen(ahead));
		assert_string_equal(ahead,
			"POST /v1/devices/3?a=b HTTP/1.1\r\nHost: cardea\r\n"
			"Connection: close\r\ncontent-type: application/json\r\n");
	}
}

/* By its address of either family; the port is said unless it is 443. */
static void test_hosts(void **state)
{
	(void)state;
#define GET "GET / HTTP/1.1\r\n"
	asks(GET "Host: 192.168.1.1:8443\r\n\r\n", WEB_PAGE_FILE);
	refused(GET "Host: 192.168.1.1\r\n\r\n", 421);
	refused(GET "Host: 192.168.1.2:8443\r\n\r\n", 421);
	refused(GET "Host: [fd00::1]:8443\r\n\r\n", 421);
	assert_int_equal(addr_parse("fd00::1", &self.addr), 0);
	asks(GET "Host: [fd00::1]:8443\r\n\r\n", WEB_PAGE_FILE);
	asks(GET "Host: [FD00:0:0::0001]:8443\r\n\r\n", WEB_PAGE_FILE);
	assert_string_equal(request.host, "[FD00:0:0::0001]:8443");
	refused(GET "Host: fd00::1:8443\r\n\r\n", 421);
	refused(GET "Host: [fd00::1%25lan]:8443\r\n\r\n", 421);
	refused(GET "Host: [fd00::1:8443\r\n\r\n", 421);
	refused(GET "Host: 192.168.1.1:8443\r\n\r\n", 421);
	self.port = 443;
	asks(GET "Host: [fd00::1]\r\n\r\n", WEB_PAGE_FILE);
	asks(GET "Host: Gateway.Example\r\n\r\n", WEB_PAGE_FILE);
	asks(GET "Host: gateway.example:443\r\n\r\n", WEB_PAGE_FILE);
	refused(GET HOST "\r\n", 421);
	refused(GET "Host: 443\r\n\r\n", 421);
	refused(GET "Host: [\r\n\r\n", 421);
#undef GET
}

/* Every octet that is not unreserved leaves escaped, whatever way it came: the longest path
 * that can come fits. */
static void test_paths_leave_in_one_form(void **state)
{
	static char text[WEB_HEAD_MAX];
	struct str_text t = {.buf = text, .size = sizeof text};

	(void)state;
	str_add(&t, "GET /v1");
	for (int i = 0; i < 7; i++) {
		str_add(&t, "/");
		for (int k = 0; k < 255; k++)
			str_add(&t, "!");
	}
	str_add(&t, " HTTP/1.1\r\n" HOST "\r\n");
	asks(text, WEB_PAGE_API);
	assert_int_equal(request.ahead_len, strlen(ahead));
	assert_true(request.ahead_len > 7 * 255 * 3 && request.ahead_len < HTTP_HEAD_MAX - 64);
	assert_null(strchr(ahead, '!'));
	asks("GET /v1/%E4%2F%2e%2e%41 HTTP/1.1\r\n" HOST "\r\n", WEB_PAGE_API);
	assert_non_null(strstr(ahead, "GET /v1/%E4%2F..A HTTP/1.1\r\n"));
}

/* What the engine has to read is one head, and no octet of it says something else. */
static void test_what_goes_on(void **state)
{
	struct http_head h;
	struct cursor c;

	(void)state;
	asks("POST /v1/session HTTP/1.1\r\n" HOST JSON
	     "Origin: https://gateway.example:8443\r\nCookie: a=b; __Host-cardea=x+y/z==\r\n"
	     "X-Forwarded-For: 1.2.3.4\r\nContent-Length: 2\r\n\r\n", WEB_PAGE_LOGIN);
	/* the caller ends the head */
	assert_int_equal(str_print(ahead + request.ahead_len,
				 sizeof ahead - request.ahead_len, "\r\n"), 0);
	c = cursor_of(ahead, strlen(ahead));
	assert_int_equal(http_parse_request(&c, &h), 0);
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(h.header_count, 4);
	assert_true(http_str_equal(*http_header_find(&h, "cookie"), "__Host-cardea=x+y/z=="));
	assert_null(http_header_find(&h, "x-forwarded-for"));
	assert_null(http_header_find(&h, "origin"));
	assert_false(request.chosen);
	asks("GET /v1/session HTTP/1.1\r\n" HOST "\r\n", WEB_PAGE_API);
	asks("POST /v1/users/anna HTTP/1.1\r\n" HOST "\r\n", WEB_PAGE_LOGIN);
	assert_true(request.chosen);
	assert_string_equal(request.user, "anna");
	asks("POST /v1/setup HTTP/1.1\r\n" HOST "\r\n", WEB_PAGE_LOGIN);
	assert_string_equal(request.user, "owner");
	asks("POST /v1/devices/session HTTP/1.1\r\n" HOST "\r\n", WEB_PAGE_API);
	assert_string_equal(request.user, "");
	/* as much as the route that takes most */
	assert_int_equal(WEB_PAGE_BODY_MAX, API_BODY_LARGE_MAX);
}

static void test_answers(void **state)
{
	static const char octets[] = "HTTP/1.1 201 Made\r\nETag: \"1\"\r\nServer: x\r\n"
				     "Content-Length: 5\r\n\r\nhello";
	char text[512] = "";
	struct str_text fields = {.buf = text, .size = sizeof text};
	struct web_page_reply r;
	size_t head = sizeof octets - 1 - 5;

	(void)state;
	for (size_t len = 0; len < head; len++)
		assert_int_equal(web_page_read_reply((const uint8_t *)octets, len, &r, &fields),
			WEB_READ_MORE);
	assert_int_equal(fields.len, 0);
	assert_int_equal(
		web_page_read_reply((const uint8_t *)octets, head, &r, &fields), WEB_READ_ASK);
	assert_true(r.status == 201 && r.bounded && r.length == 5 && r.head_len == head);
	assert_string_equal(text, "ETag: \"1\"\r\nCache-Control: private, no-cache\r\n");
}

/* ---- passwords ---- */

static struct web_login login;

static uint16_t read_login(const char *body, bool chosen)
{
	size_t len = strlen(body);
	char *copy = malloc(len ? len : 1);
	const struct web_problem *p;

	assert_non_null(copy);
	memcpy(copy, body, len);
	memset(&login, 0xee, sizeof login);
	p = web_login_read(copy, len, chosen, &login);
	free(copy);
	return p ? p->status : 0;
}

static void test_logins(void **state)
{
	static const char body[] = " {\"old_password\" : \"a\\u00e9\", \"n\":-1.5e+3,"
				   "\"user\":\"anna\",\"password\":\"long enough\" } ";
	const char *const keys[] = {"NEW", "OLD"};
	char out[256];
	size_t len;

	(void)state;
	assert_int_equal(read_login(body, true), 0);
	assert_string_equal(login.user, "anna");
	assert_string_equal(login.passwords[WEB_SECRET].text, "long enough");
	assert_string_equal(login.passwords[WEB_SECRET_OLD].text, "a\xc3\xa9");
	assert_int_equal(login.passwords[WEB_SECRET_OLD].len, 3);
	len = web_login_write(body, strlen(body), &login, keys, out, sizeof out);
	assert_int_equal(len, strlen(out));
	assert_string_equal(out, " {\"old_key\":\"OLD\", \"n\":-1.5e+3,\"user\":\"anna\","
				 "\"key\":\"NEW\" } ");
	assert_int_equal(web_login_write(body, strlen(body), &login, keys, out, 20), 0);
	assert_int_equal(read_login("{}", true), 0);
	assert_false(web_login_has_password(&login));
	assert_int_equal(read_login("{\"end\":true}", false), 0);
	assert_int_equal(read_login("{\"password\":\"short\"}", true), 400);
	assert_int_equal(read_login("{\"password\":\"short\"}", false), 0);
	assert_int_equal(read_login("{\"password\":\"\"}", false), 0);
	assert_int_equal(read_login("{\"key\":\"short\"}", false), 400);
	assert_int_equal(read_login("{\"user\":\"a\",\"name\":\"b\"}", false), 400);
}

/* Cut anywhere, it is none. */
static void test_logins_that_are_cut(void **state)
{
	static const char body[] = "{\"user\":\"a\\ud83d\\ude00\",\"password\":\"\xc3\xa9\"}";
	char cut[sizeof body];

	(void)state;
	assert_int_equal(read_login(body, false), 0);
	assert_string_equal(login.user, "a\xf0\x9f\x98\x80");
	for (size_t len = 0; len < sizeof body - 1; len++) {
		memcpy(cut, body, len);
		cut[len] = 0;
		assert_int_equal(read_login(cut, false), 400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_files_by_path, be_home),
		cmocka_unit_test_setup(test_octet_by_octet, be_home),
		cmocka_unit_test_setup(test_hosts, be_home),
		cmocka_unit_test_setup(test_paths_leave_in_one_form, be_home),
		cmocka_unit_test_setup(test_what_goes_on, be_home),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_logins_that_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
