// SPDX-License-Identifier: GPL-2.0-or-later
/* The language of what routes take: read, checked, said in words; and every row in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "engine/api/api_priv.h"
#include "engine/api/schema.h"

static struct schema_fault fault;

static int check(const char *schema, const char *body)
{
	json_t *v = json_loads(body, 0, NULL);
	int error;

	assert_non_null(v);
	error = schema_check(schema, v, &fault);
	json_decref(v);
	return error;
}

static void good(const char *schema, const char *body)
{
	if (check(schema, body))
		fail_msg("%s: %s: %s", schema, body, fault.text);
}

static void bad(const char *schema, const char *body, const char *field, const char *words)
{
	assert_int_equal(check(schema, body), CARDEA_EMALFORMED);
	assert_string_equal(fault.field, field);
	if (!strstr(fault.text, words) && !strstr(fault.next, words))
		fail_msg("\"%s\" or \"%s\" for \"%s\"", fault.text, fault.next, words);
	assert_int_not_equal(fault.next[0], 0);
}

static void members_are_known_there_and_of_their_type(void **state)
{
	static const char s[] = "device: device, kind: refuse|allow, port?: int(0..65535)|null, "
				"dry_run?: bool";

	(void)state;
	good(s, "{\"device\":\"lamp\",\"kind\":\"allow\"}");
	good(s, "{\"port\":null,\"device\":\"lamp\",\"kind\":\"allow\",\"dry_run\":false}");
	good(s, "{\"device\":\"1\",\"kind\":\"refuse\",\"port\":65535}");
	bad(s, "{\"kind\":\"allow\"}", "device", "is missing");
	bad(s, "{\"kind\":\"allow\"}", "device", "its name, MAC, address or id");
	bad(s, "{\"device\":\"\",\"kind\":\"allow\"}", "device", "a device");
	bad(s, "{\"device\":7,\"kind\":\"allow\"}", "device", "a device");
	bad(s, "{\"device\":\"a\",\"kind\":\"Allow\"}", "kind", "refuse or allow");
	bad(s, "{\"device\":\"a\",\"kind\":\"allow\",\"port\":-1}", "port", "from 0 to 65535");
	bad(s, "{\"device\":\"a\",\"kind\":\"allow\",\"port\":65536}", "port", "or null");
	bad(s, "{\"device\":\"a\",\"kind\":\"allow\",\"port\":\"1\"}", "port", "whole number");
	bad(s, "{\"device\":\"a\",\"kind\":\"allow\",\"port\":1.5}", "port", "whole number");
	bad(s, "{\"device\":\"a\",\"kind\":\"allow\",\"dry_run\":1}", "dry_run", "true or false");
	bad(s, "{\"device\":\"a\",\"kind\":\"allow\",\"dry_run\":null}", "dry_run", "true");
	bad(s, "{\"device\":\"a\",\"kind\":\"allow\",\"x\":1}", "x", "nobody knows");
	bad(s, "{\"device\":\"a\",\"kind\":\"allow\",\"x\\u001b\":1}", "x\\x1b", "nobody knows");
	bad("", "{\"x\":1}", "x", "nobody knows");
	bad("", "{\"\":1}", "\"\"", "nobody knows");
	good("", "{}");
}

static void text_is_bounded_in_bytes_and_clean(void **state)
{
	(void)state;
	good("n: text(3)", "{\"n\":\"a\\u00e9\"}");
	bad("n: text(3)", "{\"n\":\"ab\\u00e9\"}", "n", "1 to 3 bytes");
	bad("n: text(3)", "{\"n\":\"\"}", "n", "1 to 3 bytes");
	good("n: text(0..3)", "{\"n\":\"\"}");
	bad("n: text(3)", "{\"n\":\"a\\nb\"}", "n", "text");
	bad("n: text(9)", "{\"n\":\"a\\u0085b\"}", "n", "text");
	good("n: lines(9)", "{\"n\":\"a\\r\\n\\tb\"}");
	bad("n: lines(9)", "{\"n\":\"a\\u001bb\"}", "n", "text");
	good("n: hex(2)", "{\"n\":\"00ff\"}");
	bad("n: hex(2)", "{\"n\":\"00f\"}", "n", "hexadecimal");
	bad("n: hex(2)", "{\"n\":\"00ffee\"}", "n", "hexadecimal");
	bad("n: hex(2)", "{\"n\":\"0G\"}", "n", "hexadecimal");
	good("n: mac", "{\"n\":\"02:00:00:00:00:10\"}");
	bad("n: mac", "{\"n\":\"02:00:00:00:00\"}", "n", "MAC");
	good("n: time", "{\"n\":\"2026-01-31T12:00:00Z\"}");
	bad("n: time", "{\"n\":\"2026-01-31\"}", "n", "time");
	good("n: 'device'|maker", "{\"n\":\"device\"}");
	bad("n: 'device'|maker", "{\"n\":\"lamp\"}", "n", "device or maker");
	good("n: any, f: flag, t: true", "{\"n\":[{}],\"f\":0,\"t\":true}");
	bad("t: true", "{\"t\":false}", "t", "has to be true");
	bad("f: flag", "{\"f\":2}", "f", "0 or 1");
	good("n: number", "{\"n\":1.5}");
	bad("n: number", "{\"n\":\"1\"}", "n", "number");
}

static void a_body_is_of_one_form(void **state)
{
	static const char s[] = "name: text(63) / confirmed: bool / stop: true, dry_run?: bool";

	(void)state;
	good(s, "{\"name\":\"a\"}");
	good(s, "{\"confirmed\":false}");
	good(s, "{\"dry_run\":true,\"stop\":true}");
	bad(s, "{}", "name", "send one of name, confirmed, stop");
	bad(s, "{\"dry_run\":true}", "name", "nothing is asked for");
	bad(s, "{\"name\":\"a\",\"confirmed\":true}", "confirmed", "does not go with");
	bad(s, "{\"name\":\"a\",\"other\":true}", "other", "nobody knows");
	bad(s, "{\"stop\":false}", "stop", "has to be true");
}

static void lists_and_objects_go_deeper(void **state)
{
	static const char s[] = "rules: [{port: int(1..9), why?: text(3)}](1..2), set?: {*: text(3)}";

	(void)state;
	good(s, "{\"rules\":[{\"port\":1},{\"port\":9,\"why\":\"x\"}],\"set\":{\"a.b\":\"c\"}}");
	bad(s, "{\"rules\":[]}", "rules", "1 to 2 entries");
	bad(s, "{\"rules\":{}}", "rules", "a list");
	bad(s, "{\"rules\":[{\"port\":1},{\"port\":0}]}", "rules[1].port", "from 1 to 9");
	bad(s, "{\"rules\":[{\"port\":1},{}]}", "rules[1].port", "missing");
	bad(s, "{\"rules\":[{\"port\":1,\"a\":2}]}", "rules[0].a", "nobody knows");
	bad(s, "{\"rules\":[1]}", "rules[0]", "an object");
	bad(s, "{\"rules\":[{\"port\":1}],\"set\":{\"a\":\"long\"}}", "set.a", "1 to 3 bytes");
}

static int query(const char *schema, const char *text)
{
	return schema_check_query(schema, str_untrusted(text), &fault);
}

static void queries_are_text_that_says_it(void **state)
{
	static const char s[] = "device?: device, limit?: int(1..1000), all?: flag, form?: a|b";

	(void)state;
	assert_int_equal(query(s, ""), 0);
	assert_int_equal(query(s, "device=a%20b&limit=1000&all=1&form=b"), 0);
	assert_int_equal(query(s, "limit=0"), CARDEA_EMALFORMED);
	assert_string_equal(fault.field, "limit");
	assert_non_null(strstr(fault.next, "from 1 to 1000"));
	assert_int_equal(query(s, "limit=1&limit=1"), CARDEA_EMALFORMED);
	assert_non_null(strstr(fault.text, "twice"));
	assert_int_equal(query(s, "limit=01x"), CARDEA_EMALFORMED);
	assert_int_equal(query(s, "all=yes"), CARDEA_EMALFORMED);
	assert_int_equal(query(s, "all"), CARDEA_EMALFORMED);
	assert_int_equal(query(s, "device="), CARDEA_EMALFORMED);
	assert_int_equal(query(s, "device=%zz"), CARDEA_EMALFORMED);
	assert_int_equal(query(s, "device=%00"), CARDEA_EMALFORMED);
	assert_int_equal(query(s, "device=%ff"), CARDEA_EMALFORMED);
	assert_string_equal(fault.field, "device");
	assert_int_equal(query(s, "=1"), CARDEA_EMALFORMED);
	assert_int_equal(query(s, "&"), CARDEA_EMALFORMED);
	assert_int_equal(query(s, "other=1"), CARDEA_EMALFORMED);
	assert_string_equal(fault.field, "other");
	assert_int_equal(query("event: int(1..) / device: device, to: text(9)", "event=7"), 0);
	assert_int_equal(query("event: int(1..) / device: device, to: text(9)", "device=a"),
		CARDEA_EMALFORMED);
	assert_string_equal(fault.field, "to");
}

static void what_is_no_schema_lets_nothing_through(void **state)
{
	static const char *const slips[] = {"name", "name:", "name: ", "name: text(", "a: text(9",
		"a: text(x)", "a: [text(9)", "a: {b: text}x", "a: int(9..1)", "a: 'b", "a: text,",
		"a: text |", "a: int(99999999999999999999)", ": text", "a: @b",
		"a: [[[[[[[[[[[[[[[[text]]]]]]]]]]]]]]]]"};

	(void)state;
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		if (schema_is_sound(slips[i]))
			fail_msg("%s is taken for one", slips[i]);
		if (!check(slips[i], "{\"b\":\"x\"}"))
			fail_msg("%s lets everything through", slips[i]);
	}
}

static void depth_is_told_without_reading(void **state)
{
	(void)state;
	assert_int_equal(schema_depth("", 0), 0);
	assert_int_equal(schema_depth("{\"a\":[{}]}", 10), 3);
	assert_int_equal(schema_depth("{\"[[[[\\\"[[\":1}", 13), 1);
	assert_int_equal(schema_depth("}}}}{", 5), 1);
}

static void every_row_is_sound(void **state)
{
	struct api_route r, other;
	unsigned methods;
	char object[LIMIT_NAME], text[256];

	(void)state;
	for (size_t i = 0; api_route_at(i, &r); i++) {
		struct http_head h = {.method = str_untrusted(api_method_name(r.method))};

		if (!schema_is_sound(r.query) || !schema_is_sound(r.takes))
			fail_msg("%s: \"%s\", \"%s\"", r.path, r.query, r.takes);
		assert_non_null(r.answer);
		assert_int_not_equal(r.roles, 0);
		assert_int_not_equal(r.help[0], 0);
		if (r.method == API_GET && r.takes[0])
			fail_msg("%s: what is got takes no body", r.path);
		if (strncmp(r.gives, "cardea.", 7) != 0 &&
			strncmp(r.gives, "text/", 5) != 0)
			fail_msg("%s gives \"%s\"", r.path, r.gives);
		assert_int_equal(str_print(text, sizeof(text), "%s%s", r.path,
			r.has_object ? "/x" : ""), 0);
		h.path = str_untrusted(text);
		assert_int_equal(
			api_route_find(&h, object, sizeof(object), &other, &methods), 0);
		/* each is there once */
		assert_ptr_equal(other.path, r.path);
	}
}

/* A change is the owner's; others may log in, have a password of their own, and have
 * something worked out. */
static void who_only_looks_changes_nothing(void **state)
{
	static const char *const allowed[] = {
		"/v1/session", "/v1/setup", "/v1/users", "/v1/effect"};
	struct api_route r;

	(void)state;
	for (size_t i = 0; api_route_at(i, &r); i++) {
		bool is_allowed = false;

		for (size_t k = 0; k < sizeof(allowed) / sizeof(allowed[0]); k++)
			is_allowed |= strcmp(r.path, allowed[k]) == 0;
		if (r.method == API_POST && r.roles & (API_VIEWER | API_ISP) && !is_allowed)
			fail_msg("who may only look may POST %s", r.path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_known_there_and_of_their_type),
		cmocka_unit_test(text_is_bounded_in_bytes_and_clean),
		cmocka_unit_test(a_body_is_of_one_form),
		cmocka_unit_test(lists_and_objects_go_deeper),
		cmocka_unit_test(queries_are_text_that_says_it),
		cmocka_unit_test(what_is_no_schema_lets_nothing_through),
		cmocka_unit_test(depth_is_told_without_reading),
		cmocka_unit_test(every_row_is_sound),
		cmocka_unit_test(who_only_looks_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
