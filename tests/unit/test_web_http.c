// SPDX-License-Identifier: GPL-2.0-or-later
/* What is read from a request of a device, byte by byte, and what is refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/addr.h"
#include "base/str.h"
#include "model/web.h"
#include "proc/web_http.h"
#include "proc/web_limit.h"

#define HOST "Host: gateway\r\n"

static struct web_request request;
static const struct web_problem *problem;

/* From a copy of just that size: reading past the end is seen. */
static enum web_read read_octets(const void *octets, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, octets, len);
	memset(&request, 0xee, sizeof request);
	problem = NULL;
	enum web_read r = web_http_read(&web_face_devices, copy, len, &request, &problem);
	free(copy);
	return r;
}

static enum web_read read_text(const char *text)
{
	return read_octets(text, strlen(text));
}

static void asks(const char *text, enum web_kind kind)
{
	if (read_text(text) != WEB_READ_ASK)
		fail_msg("%s: not a question (%u)", text, problem ? problem->status : 0);
	assert_int_equal(request.kind, kind);
}

static void refused(const char *text, uint16_t status)
{
	if (read_text(text) != WEB_READ_PROBLEM || problem->status != status)
		fail_msg("%s: not refused with %u (%u)", text, status,
			problem ? problem->status : 0);
}

static void test_questions(void **state)
{
	(void)state;
	asks("GET /capport HTTP/1.1\r\n" HOST "\r\n", WEB_CAPPORT);
	assert_true(request.keep_alive && !request.head_only && !request.from_page);
	assert_int_equal(request.head_len, strlen("GET /capport HTTP/1.1\r\n" HOST "\r\n"));
	assert_string_equal(request.text, "GET /capport");
	asks("HEAD /capport HTTP/1.0\r\n\r\n", WEB_CAPPORT);
	assert_true(request.head_only && !request.keep_alive);
	asks("GET /.well-known/cardea/challenge HTTP/1.1\r\n" HOST
	     "Accept: text/html, application/cbor\r\nOrigin: https://x.example\r\n\r\n",
		WEB_CHALLENGE);
	assert_int_equal(request.wanted, WEB_MEDIA_CBOR);
	assert_true(request.from_page);
	asks("GET /.well-known/cardea/challenge HTTP/1.1\r\n" HOST
	     "Accept: application/json, application/cbor\r\nConnection: close\r\n\r\n",
		WEB_CHALLENGE);
	assert_int_equal(request.wanted, WEB_MEDIA_JSON);
	assert_false(request.keep_alive);
	asks("POST /.well-known/cardea/evidence HTTP/1.1\r\n" HOST
	     "Content-Type: application/EAT+cwt\r\nContent-Length: 32768\r\n"
	     "Expect: 100-continue\r\n\r\n",
		WEB_EVIDENCE);
	assert_int_equal(request.media, WEB_MEDIA_TOKEN);
	assert_int_equal(request.length, LIMIT_WEB_BODY);
	assert_true(request.expects_continue);
}

static void test_byte_by_byte(void **state)
{
	static const char text[] = "POST /.well-known/cardea/evidence HTTP/1.1\r\n" HOST
				   "Content-Type: application/suit-envelope+cose\r\n"
				   "Content-Length: 4\r\n\r\nabcdGET /";
	size_t whole = sizeof text - 1 - strlen("abcdGET /");

	(void)state;
	for (size_t len = 0; len < whole; len++)
		assert_int_equal(read_octets(text, len), WEB_READ_MORE);
	for (size_t len = whole; len < sizeof text; len++) {
		assert_int_equal(read_octets(text, len), WEB_READ_ASK);
		assert_int_equal(request.head_len, whole);
		assert_int_equal(request.length, 4);
	}
}

/* RFC 9112 11.2: what two readers could see two requests in. */
static void test_smuggling(void **state)
{
#define POST "POST /.well-known/cardea/evidence HTTP/1.1\r\n" HOST                       \
	"Content-Type: application/eat+cwt\r\n"
	(void)state;
	refused(POST "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400);
	refused(POST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400);
	refused(POST "Content-Length: 4, 4\r\n\r\nabcd", 400);
	refused(POST "Content-Length: +4\r\n\r\nabcd", 400);
	refused(POST "Content-Length: 0x4\r\n\r\nabcd", 400);
	refused(POST "Content-Length: 99999999999999999999\r\n\r\n", 400);
	refused(POST "Content-Length : 4\r\n\r\nabcd", 400);
	refused(POST "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", 411);
	refused(POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nabcd", 411);
	refused(POST "Content-Length: 4\r\nTransfer-Encoding:\tidentity\r\n\r\nabcd", 411);
	refused(POST "transfer-encoding: xchunked\r\n\r\n", 411);
	refused(POST "Content-Length: 4\r\n folded: yes\r\n\r\nabcd", 400);
	refused(POST "Content-Length: 4\n\nabcd", 400);
	refused(POST "Content-Length: 4\r\nX: a\rb\r\n\r\nabcd", 400);
	refused("GET /capport HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nGET ", 400);
	refused("GET /capport HTTP/1.1\r\n" HOST HOST "\r\n", 400);
	refused("GET /capport HTTP/1.1\r\n\r\n", 400);
	refused("GET  /capport HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("\r\nGET /capport HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("\x16\x03\x01\x02\r\n", 400); /* TLS, at the wrong door */
	refused("GET http://bank.example/ HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("CONNECT bank.example:443 HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
	refused(POST "\r\nabcd", 411);
	refused(POST "Content-Length: 0\r\n\r\n", 400);
	refused(POST "Content-Length: 32769\r\n\r\n", 413);
	refused(POST "Content-Length: 4\r\nContent-Encoding: gzip\r\n\r\n", 415);
	refused(POST "Content-Length: 4\r\nExpect: a-tea\r\n\r\n", 417);
	refused("POST /.well-known/cardea/evidence HTTP/1.1\r\n" HOST
		"Content-Type: text/plain\r\nContent-Length: 4\r\n\r\n", 415);
	refused("POST /.well-known/cardea/evidence HTTP/1.1\r\n" HOST
		"Content-Length: 4\r\n\r\n", 415);
#undef POST
}

static void test_heads_that_are_too_long(void **state)
{
	static char text[WEB_HEAD_MAX + 1];
	struct str_text t = {.buf = text, .size = sizeof text};

	(void)state;
	str_add(&t, "GET /capport HTTP/1.1\r\nX: ");
	memset(text + t.len, 'a', WEB_HEAD_MAX - t.len);
	assert_int_equal(read_octets(text, WEB_HEAD_MAX - 1), WEB_READ_MORE);
	assert_int_equal(read_octets(text, WEB_HEAD_MAX), WEB_READ_PROBLEM);
	assert_int_equal(problem->status, 431);
	/* a line without an end is no reason to wait either */
	memset(text, 'a', WEB_HEAD_MAX);
	assert_int_equal(read_octets(text, WEB_HEAD_MAX), WEB_READ_PROBLEM);
	assert_int_equal(problem->status, 431);
	for (unsigned fields = WEB_FIELDS_MAX; fields <= 70; fields += 19) {
		t.len = 0;
		str_add(&t, "GET /capport HTTP/1.1\r\n" HOST);
		for (unsigned i = 1; i < fields; i++)
			str_add(&t, "X%u: a\r\n", i);
		str_add(&t, "\r\n");
		if (fields == WEB_FIELDS_MAX)
			asks(text, WEB_CAPPORT);
		else
			refused(text, 431);
	}
}

static void test_owners_words(void **state)
{
	static const char *const tries[] = {"POST /v1/quarantine/camera",
		"GET /v1/status", "POST /V1/devices/7", "DELETE /capport",
		"PUT /.well-known/cardea/evidence", "PATCH /", "POST /release",
		"POST /x/%72elease", "POST /api/decisions/1", "GET /cgi-bin/luci",
		"GET /capport?device=lamp", "GET /capport/02:00:00:00:00:10",
		"GET /.well-known/cardea/challenge;device=lamp",
		"POST /.well-known/cardea/evidence?device=lamp"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		(void)str_print(text, sizeof text,
			"%s HTTP/1.1\r\n" HOST "Content-Length: 70000\r\n\r\n{", tries[i]);
		asks(text, WEB_FORBIDDEN);
		assert_string_equal(request.text, tries[i]);
		assert_false(request.keep_alive); /* and the body is not read */
		assert_int_equal(request.length, 0);
	}
	refused("GET / HTTP/1.1\r\n" HOST "\r\n", 404);
	refused("GET /capportal HTTP/1.1\r\n" HOST "\r\n", 404);
	refused("GET /generate_204 HTTP/1.1\r\n" HOST "\r\n", 404);
	refused("GET /%zz/x HTTP/1.1\r\n" HOST "\r\n", 404);
	refused("POST /capport HTTP/1.1\r\n" HOST "\r\n", 405);
	assert_non_null(strstr(problem->field, "GET"));
	refused("GET /.well-known/cardea/evidence HTTP/1.1\r\n" HOST "\r\n", 405);
	assert_non_null(strstr(problem->field, "POST"));
	refused("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 404);
	/* what is shown of it is printable, and short */
	memset(text, 0, sizeof text);
	asks("GET /v1/\"\\'%1b HTTP/1.1\r\n" HOST "\r\n", WEB_FORBIDDEN);
	for (const char *c = request.text; *c; c++)
		assert_true(*c >= ' ' && *c <= '~');
}

static void test_media(void **state)
{
	static const struct {
		const char *field;
		enum web_media media;
	} types[] = {{"application/eat+cwt", WEB_MEDIA_TOKEN},
		{"application/eat+cwt; eat_profile=\"tag:psacertified.org,2023:psa#tfm\"",
			WEB_MEDIA_TOKEN},
		{"application/eat+cwt;eat_profile=\"tag:github.com,2023:veraison/ear\"",
			WEB_MEDIA_RESULT},
		{"Application/SUIT-Envelope+COSE ; x=y", WEB_MEDIA_ENVELOPE},
		{"application/suit-report+cose", WEB_MEDIA_REPORT},
		{"application/eat+cwtx", WEB_MEDIA_NONE}, {"", WEB_MEDIA_NONE},
		{";", WEB_MEDIA_NONE}, {"application/json", WEB_MEDIA_JSON}};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		assert_int_equal(
			web_media_of(types[i].field, strlen(types[i].field)), types[i].media);
	assert_int_equal(web_media_of(NULL, 0), WEB_MEDIA_NONE);
	for (unsigned m = 1; m < WEB_MEDIA_MAX; m++)
		assert_int_equal(web_media_of(web_media_name((enum web_media)m),
					 strlen(web_media_name((enum web_media)m))),
			m == WEB_MEDIA_RESULT ? WEB_MEDIA_TOKEN : m);
	assert_string_equal(web_media_name(WEB_MEDIA_MAX), "");
	assert_string_equal(web_kind_name(WEB_FORBIDDEN), "forbidden");
	assert_string_equal(web_kind_name(WEB_KIND_MAX), "unknown");
	assert_false(web_media_is_evidence(WEB_MEDIA_JSON));
}

static void test_answers(void **state)
{
	struct web_answer a = {.status = 200, .media = WEB_MEDIA_CAPTIVE, .length = 36,
		.keep_alive = true};
	char buf[WEB_OUT_HEAD_MAX], text[WEB_PROBLEM_MAX];

	(void)state;
	size_t len = web_http_head(&a, 1700000000LL * NS_PER_SEC, buf);
	assert_int_equal(len, strlen(buf));
	assert_string_equal(buf,
		"HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
		"Content-Type: application/captive+json\r\nContent-Length: 36\r\n"
		"Cache-Control: private, no-store\r\nX-Content-Type-Options: nosniff\r\n"
		"Connection: keep-alive\r\n\r\n");
	/* the longest one is whole */
	refused("POST /.well-known/cardea/evidence HTTP/1.1\r\n" HOST
		"Content-Length: 4\r\n\r\n", 415);
	a = (struct web_answer){.status = 415, .media = WEB_MEDIA_PROBLEM,
		.retry_s = UINT32_MAX, .field = problem->field, .length = SIZE_MAX};
	len = web_http_head(&a, 1700000000LL * NS_PER_SEC, buf);
	assert_true(len < WEB_OUT_HEAD_MAX - 1);
	assert_string_equal(buf + len - 4, "\r\n\r\n");
	len = web_http_problem(problem, text);
	assert_int_equal(len, strlen(text));
	assert_true(len < WEB_PROBLEM_MAX - 1);
	assert_non_null(strstr(text, "\"status\":415"));
	assert_string_equal(text + len - 2, "\"}");
}

/* ---- limits ---- */

static struct addr client(unsigned n)
{
	struct addr a = {.family = 4, .b = {10, 0, (uint8_t)(n >> 8), (uint8_t)n}};

	return a;
}

static const struct web_rates rates = {
	.rate = 4, .burst = 60, .all_rate = 50, .all_burst = 200};

static unsigned admitted(struct web_limit *l, unsigned who, unsigned tries, nstime now)
{
	struct addr a = client(who);
	unsigned n = 0;

	for (unsigned i = 0; i < tries; i++)
		n += web_limit_admit(l, &rates, &a, 1, now);
	return n;
}

static void test_near(void **state)
{
	static const struct {
		const char *a, *b;
		bool near;
	} table[] = {{"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "2001:db8::ffff:2", true},
		{"2001:db8::1", "2001:db8:0:1::1", false}, {"fe80::1", "fe80::2", true}};
	struct addr a, b;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_int_equal(addr_parse(table[i].a, &a), 0);
		assert_int_equal(addr_parse(table[i].b, &b), 0);
		assert_int_equal(web_limit_are_near(&a, &b), table[i].near);
	}
}

static void test_limit(void **state)
{
	static struct web_limit l;
	nstime now = 1000 * NS_PER_SEC;

	(void)state;
	assert_int_equal(admitted(&l, 1, 100, now), rates.burst);
	assert_int_equal(admitted(&l, 2, 100, now), rates.burst); /* another's own */
	assert_int_equal(admitted(&l, 1, 100, now + NS_PER_SEC), rates.rate);
	assert_int_equal(admitted(&l, 1, 100, now + 3600 * NS_PER_SEC), rates.burst);
	/* a clock that stands still, or would go back, gives nothing */
	assert_int_equal(admitted(&l, 1, 100, now + 3600 * NS_PER_SEC), 0);
	assert_int_equal(admitted(&l, 1, 100, now), 0);
	/* a house full of addresses has what all have together, and no more */
	unsigned all = 0;
	now += 7200 * NS_PER_SEC;
	for (unsigned who = 100; who < 400; who++)
		all += admitted(&l, who, 2, now);
	assert_int_equal(all, rates.all_burst);
	assert_int_equal(admitted(&l, 500, 100, now + 2 * NS_PER_SEC), rates.burst);
}

/* Who has logged in asks for more, and for as long only as that is fresh. */
static void test_known(void **state)
{
	static struct web_limit l;
	nstime now = 1000 * NS_PER_SEC, later = now + WEB_LIMIT_KNOWN;
	struct addr a = client(7);

	(void)state;
	web_limit_know(&l, &a, now);
	assert_int_equal(admitted(&l, 7, 1000, now), WEB_LIMIT_KNOWN_SHARE * rates.burst);
	assert_int_equal(admitted(&l, 8, 1000, now), rates.burst);
	assert_int_equal(admitted(&l, 7, 1000, later - 1),
		WEB_LIMIT_KNOWN_SHARE * rates.burst);
	assert_int_equal(admitted(&l, 7, 1000, later + 3600 * NS_PER_SEC), rates.burst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_heads_that_are_too_long),
		cmocka_unit_test(test_owners_words),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
