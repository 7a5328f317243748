// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands between a request and its view: paths, methods, who, types, tags, keys. */
#include "test_engine_util.h"
#include <jansson.h>
#include "engine/api/api_priv.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"

static struct house *h;
static struct api_answers answers;
static struct api_request r;
static char request[4096];
static struct http_head head;
static unsigned roles = API_OWNER;
static json_t *reply;

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", "");
	roles = API_OWNER;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(reply);
	reply = NULL;
	api_done(&r);
	memset(&r, 0, sizeof(r));
	api_answers_free(&answers);
	house_free(h);
	return 0;
}

/* Its status; r and reply have the rest. fields: each with its line's end. */
static unsigned ask_as(const char *user, const char *line, const char *fields,
	const char *body)
{
	struct cursor in;

	json_decref(reply);
	api_done(&r);
	assert_int_equal(str_print(request, sizeof(request),
		"%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n%s\r\n%s", line,
		strlen(body), fields, body), 0);
	in = cursor_of(request, strlen(request));
	assert_int_equal(http_parse_request(&in, &head), 0);
	r = (struct api_request){.pipeline = &h->p, .head = &head,
		.body = (const char *)in.pos, .body_len = cursor_left(&in), .roles = roles,
		.answers = &answers};
	str_copy(r.user, sizeof(r.user), user);
	api_dispatch(&r);
	reply = json_loads(jsonw_text(&r.json) ? jsonw_text(&r.json) : "", 0, NULL);
	spin(h);
	return r.status;
}

static unsigned ask(const char *line, const char *fields, const char *body)
{
	return ask_as("root", line, fields, body);
}

static const char *text(const char *key)
{
	const char *s = json_string_value(json_object_get(reply, key));

	return s ? s : "";
}

/* A problem, with all that one has. */
static void refused(unsigned status, const char *field)
{
	assert_int_equal(r.status, status);
	assert_string_equal(r.type, "application/problem+json");
	assert_string_equal(text("schema"), "cardea.error/1");
	assert_string_equal(text("type"), "about:blank");
	assert_string_equal(text("title"), api_reason(status));
	assert_int_equal(json_integer_value(json_object_get(reply, "status")), status);
	assert_string_equal(text("detail"), text("error"));
	assert_int_not_equal(text("next")[0], 0);
	assert_string_equal(text("field"), field);
}

static void only_paths_of_the_table_are_answered(void **state)
{
	static const char *const bad[] = {"/", "*", "/v1", "/v1/", "/v1//devices", "//v1/devices",
		"/v1/devices/", "/v1/devices//", "/v1/devices/lamp/", "/v1/devices/lamp/x",
		"/v1/devices/.", "/v1/devices/..", "/v1/devices/%2e%2e", "/v1/devices/%00",
		"/v1/devices/%zz", "/v1/devices/%0a", "/v1/../v1/devices", "/v1%2fdevices",
		"/v1%2Fdevices/lamp", "/V1/devices", "/v1/devices;x", "/v2/devices",
		"/v1/device", "/v1/devices/%", "/v1/status/lamp", "/v1/why/1"};
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(str_print(line, sizeof(line), "GET %s", bad[i]), 0);
		if (ask(line, "", "") != 404)
			fail_msg("%s: %u", bad[i], r.status);
		refused(404, "");
	}
	assert_int_equal(ask("GET /v1/%64evices/%6camp", "", ""), 200);
	/* a name with a slash is a name, and nobody's */
	assert_int_equal(ask("GET /v1/devices/..%2fstatus", "", ""), 404);
	assert_non_null(strstr(text("error"), "../status"));
}

static void methods_are_those_of_the_path(void **state)
{
	(void)state;
	assert_int_equal(ask("PUT /v1/devices", "", "{}"), 405);
	refused(405, "");
	assert_string_equal(r.headers, "Allow: OPTIONS, GET, HEAD\r\n");
	assert_int_equal(ask("DELETE /v1/overlays", "", ""), 405);
	assert_string_equal(r.headers, "Allow: OPTIONS, GET, HEAD, POST\r\n");
	assert_int_equal(ask("GET /v1/stop", "", ""), 405);
	assert_string_equal(r.headers, "Allow: OPTIONS, POST\r\n");
	assert_int_equal(ask("OPTIONS /v1/stop", "", ""), 204);
	assert_string_equal(r.headers, "Allow: OPTIONS, POST\r\n");
	assert_int_equal(ask("OPTIONS /v1/nothing", "", ""), 404);
	assert_int_equal(ask("HEAD /v1/devices", "", ""), 200);
	assert_int_equal(ask("get /v1/devices", "", ""), 405);
}

static void who_may_not_is_told_so_before_anything_else(void **state)
{
	(void)state;
	roles = 0;
	assert_int_equal(ask("GET /v1/status?x=1", "", ""), 401);
	refused(401, "");
	assert_int_equal(ask("POST /v1/stop", "", "nonsense"), 401);
	roles = API_ISP;
	assert_int_equal(ask("GET /v1/devices", "", ""), 403);
	refused(403, "");
	roles = API_VIEWER;
	assert_int_equal(ask("GET /v1/devices", "", ""), 200);
	assert_int_equal(ask("POST /v1/devices/lamp", "", "{\"name\":\"a\"}"), 403);
	assert_int_equal(ask("GET /v1/vaults/lamp", "", ""), 403);
	roles = API_OWNER;
	assert_int_equal(ask("GET /v1/devices/lamp", "", ""), 200);
}

static void bodies_are_json_objects_that_the_table_knows(void **state)
{
	char deep[200] = "{\"name\":";
	size_t n = strlen(deep);

	(void)state;
	assert_int_equal(ask("POST /v1/devices/lamp", "Content-Type: text/plain\r\n", "{}"), 415);
	refused(415, "");
	assert_int_equal(ask("POST /v1/devices/lamp",
		"Content-Type: application/x-www-form-urlencoded\r\n", "{\"name\":\"a\"}"), 415);
	assert_int_equal(ask("POST /v1/devices/lamp",
		"Content-Type: application/jsonx\r\n", "{\"name\":\"a\"}"), 415);
	memset(deep + n, '[', 100);
	assert_int_equal(ask("POST /v1/devices/lamp", "", deep), 400);
	assert_non_null(strstr(text("error"), "deep"));
	assert_int_equal(ask("POST /v1/devices/lamp", "", "{\"name\":\"a\",\"name\":\"b\"}"), 400);
	assert_int_equal(ask("POST /v1/devices/lamp", "", "{\"name\":\"a\"} x"), 400);
	assert_int_equal(ask("POST /v1/devices/lamp", "", "\"name\""), 400);
	assert_int_equal(ask("POST /v1/devices/lamp", "", ""), 400);
	assert_int_equal(ask("POST /v1/devices/lamp", "", "{\"nam\":\"a\"}"), 400);
	refused(400, "name");
	assert_int_equal(ask("POST /v1/devices/lamp", "", "{\"name\":7}"), 400);
	refused(400, "name");
	assert_int_equal(ask("POST /v1/overlays", "",
		"{\"device\":\"lamp\",\"kind\":\"only\",\"port_to\":65536}"), 400);
	refused(400, "port_to");
	assert_int_equal(ask("GET /v1/events?limit=0", "", ""), 400);
	refused(400, "limit");
	assert_int_equal(ask("GET /v1/status?limit=1", "", ""), 400);
	refused(400, "limit");
	assert_int_equal(ask("POST /v1/devices/lamp",
		"Content-Type: Application/JSON; charset=utf-8\r\n", "{\"name\":\"b\"}"), 200);
	assert_string_equal(text("name"), "b");
}

static void tag(char ret[64])
{
	const char *at = strstr(r.headers, "ETag: "), *end = at ? strstr(at, "\r\n") : NULL;

	assert_non_null(end);
	assert_true(end - at - 6 < 64);
	str_copy_bytes(ret, 64, at + 6, (size_t)(end - at - 6));
}

static void what_is_known_is_not_sent_again(void **state)
{
	char first[64], again[64], field[128];

	(void)state;
	assert_int_equal(ask("GET /v1/overlays", "", ""), 200);
	tag(first);
	assert_int_equal(ask("GET /v1/overlays", "", ""), 200);
	tag(again);
	assert_string_equal(first, again);
	assert_int_equal(str_print(field, sizeof(field), "If-None-Match: \"x\", W/%s\r\n", first),
		0);
	assert_int_equal(ask("GET /v1/overlays", field, ""), 304);
	assert_null(reply);
	tag(again);
	assert_string_equal(first, again);
	assert_int_equal(ask("GET /v1/overlays", "If-None-Match: \"x\"\r\n", ""), 200);
	assert_int_equal(ask("POST /v1/overlays", "",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\"}"), 200);
	assert_null(strstr(r.headers, "ETag"));
	assert_int_equal(ask("GET /v1/overlays", field, ""), 200);
	tag(again);
	assert_string_not_equal(first, again);
}

static void a_change_meant_for_something_else_is_refused(void **state)
{
	char first[64], field[128];

	(void)state;
	assert_int_equal(ask("GET /v1/devices/lamp", "", ""), 200);
	tag(first);
	assert_int_equal(str_print(field, sizeof(field), "If-Match: %s\r\n", first), 0);
	/* it is seen again: nobody decided on that */
	advance(h, 90);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 7200);
	assert_int_equal(ask("POST /v1/devices/lamp", field, "{\"name\":\"desk lamp\"}"), 200);
	/* now it has another name */
	assert_int_equal(ask("POST /v1/devices/desk%20lamp", field, "{\"name\":\"b\"}"), 412);
	refused(412, "If-Match");
	assert_int_equal(ask("GET /v1/devices/desk%20lamp", "", ""), 200);
	assert_string_equal(text("name"), "desk lamp");
	assert_int_equal(ask("POST /v1/devices/1", "If-Match: \"x\"\r\n", "{\"name\":\"b\"}"), 412);
	assert_int_equal(ask("POST /v1/devices/1", "If-Match: W/\"x\", \r\n",
		"{\"name\":\"b\"}"), 412);
	assert_int_equal(ask("POST /v1/devices/1", "If-Match: *\r\n", "{\"name\":\"b\"}"), 200);
	/* what is not there is not as it was, and what cannot be got cannot have changed */
	assert_int_equal(ask("POST /v1/devices/nobody", "If-Match: *\r\n",
		"{\"name\":\"c\"}"), 412);
	assert_int_equal(ask("POST /v1/stop", "If-Match: \"x\"\r\n", "{}"), 412);
	assert_false(r.stop);
}

#define KEY "Idempotency-Key: 9b2f3c1e-0000-4000-8000-000000000001\r\n"

static void the_same_key_does_nothing_twice(void **state)
{
	static const char body[] = "{\"device\":\"lamp\",\"kind\":\"lan-only\"}";
	char *first, *again;

	(void)state;
	assert_int_equal(ask("POST /v1/overlays", KEY, body), 200);
	first = json_dumps(reply, JSON_SORT_KEYS);
	/* it is taken back, and asked for again by who did not hear */
	assert_int_equal(ask("POST /v1/overlays/1", "", "{\"remove\":true}"), 200);
	assert_int_equal(ask("POST /v1/overlays", KEY, body), 200);
	assert_non_null(strstr(r.headers, "Idempotency-Replayed: true"));
	again = json_dumps(reply, JSON_SORT_KEYS);
	assert_string_equal(first, again);
	free(first);
	free(again);
	assert_int_equal(ask("GET /v1/overlays", "", ""), 200);
	assert_int_equal(json_array_size(json_object_get(reply, "overlays")), 0);
	/* another body, another path, another user */
	assert_int_equal(ask("POST /v1/overlays", KEY,
		"{\"device\":\"lamp\",\"kind\":\"no-internet\"}"), 422);
	refused(422, "Idempotency-Key");
	assert_int_equal(ask("POST /v1/devices/lamp", KEY, "{\"name\":\"b\"}"), 200);
	assert_null(strstr(r.headers, "Replayed"));
	assert_int_equal(ask_as("anna", "POST /v1/overlays", KEY, body), 404);
	assert_int_equal(ask("POST /v1/overlays", "Idempotency-Key: a b\r\n", body), 400);
	refused(400, "Idempotency-Key");
	assert_int_equal(ask("POST /v1/overlays", "Idempotency-Key: \r\n", body), 400);
}

static void what_failed_may_be_tried_again(void **state)
{
	(void)state;
	assert_int_equal(ask("POST /v1/devices/lamp", KEY, "{\"name\":7}"), 400);
	assert_int_equal(ask("POST /v1/devices/lamp", KEY, "{\"name\":\"b\"}"), 200);
	assert_int_equal(answers.count, 1);
	/* until the time is over */
	advance(h, 16 * 60);
	assert_int_equal(ask("POST /v1/devices/lamp", KEY, "{\"name\":\"c\"}"), 404);
	assert_int_equal(answers.count, 0);
}

static void answers_are_bounded(void **state)
{
	char field[64];

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(str_print(field, sizeof(field), "Idempotency-Key: k%d\r\n", i), 0);
		assert_int_equal(ask("POST /v1/devices/1", field, "{\"class\":\"light\"}"), 200);
		assert_true(answers.count <= 32);
		assert_true(answers.bytes <= 128 * 1024);
	}
	/* the oldest went: it is done once more, which a class does not mind */
	assert_int_equal(ask("POST /v1/devices/1", "Idempotency-Key: k0\r\n",
		"{\"class\":\"lock\"}"), 200);
	assert_int_equal(ask("POST /v1/devices/1", "Idempotency-Key: k99\r\n",
		"{\"class\":\"lock\"}"), 422);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			only_paths_of_the_table_are_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(methods_are_those_of_the_path, setup, teardown),
		cmocka_unit_test_setup_teardown(
			who_may_not_is_told_so_before_anything_else, setup, teardown),
		cmocka_unit_test_setup_teardown(
			bodies_are_json_objects_that_the_table_knows, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_known_is_not_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_change_meant_for_something_else_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_key_does_nothing_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(what_failed_may_be_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_are_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
