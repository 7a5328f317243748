// SPDX-License-Identifier: GPL-2.0-or-later
/* test_cacao.c - playbooks: what was done, told as one; those of others, step by step. */
#include "test_bundle_util.h"
#include <jansson.h>
#include "lifecycle/cacao.h"

#define U "00000000-0000-5000-8000-00000000000"
#define HEAD                                                                             \
	"{\"type\":\"playbook\",\"spec_version\":\"cacao-2.0\",\"id\":\"playbook--" U    \
	"1\",\"name\":\"clean a camera\",\"created_by\":\"identity--" U                  \
	"2\",\"created\":\"2026-01-01T00:00:00.000Z\","                                  \
	"\"modified\":\"2026-01-01T00:00:00.000Z\",\"workflow_start\":\"start--" U       \
	"3\",\"agent_definitions\":{\"http-api--" U                                      \
	"9\":{\"type\":\"http-api\",\"name\":\"cardea\",\"address\":{\"dname\":["        \
	"\"localhost\"]}},\"http-api--" U                                                \
	"8\":{\"type\":\"http-api\",\"name\":\"cardea\",\"address\":{\"dname\":["        \
	"\"evil.example\"]}},\"individual--" U                                           \
	"7\":{\"type\":\"individual\",\"name\":\"you\"}},"
#define START "\"workflow\":{\"start--" U "3\":{\"type\":\"start\",\"on_completion\":\"%s\"},"
#define END "\"end--" U "4\":{\"type\":\"end\"}}}"
#define STEP "action--" U "5"
#define LINE "POST /v1/devices/__device__:value HTTP/1.1"

static struct cacao_plan plan;

static int reads(const char *text)
{
	return cacao_read(text, strlen(text), &plan);
}

/* A playbook with one step of these members, which may use up to one more. */
static int reads_step(const char *members, const char *more)
{
	static char text[CACAO_BYTES_MAX];

	assert_int_equal(str_print(text, sizeof(text),
		HEAD "\"workflow\":{\"start--" U "3\":{\"type\":\"start\",\"on_completion\":\"" STEP
		     "\"},\"" STEP "\":{\"name\":\"step\",\"on_completion\":\"end--" U
		     "4\",%s},%s" END, members, more), 0);
	return reads(text);
}

static void write_case(struct jsonw *j)
{
	struct bundle_home h = home();
	struct case_view v = lab_case();

	jsonw_init_buffer(j, BUNDLE_MAX);
	assert_int_equal(cacao_write(&v, &h, j), 0);
}

static void test_own_is_read(void **state)
{
	struct jsonw j, k;
	(void)state;
	write_case(&j);
	write_case(&k);
	assert_string_equal(jsonw_text(&j), jsonw_text(&k));
	if (cacao_read(j.buf, j.len, &plan))
		fail_msg("%s: %s", plan.refusals[0].step, plan.refusals[0].why);
	/* three of the table's sentences; the one that is not stays */
	uint32_t at = cacao_asks(&plan, plan.first);
	assert_int_equal(plan.steps[at].act, CACAO_MANUAL);
	assert_string_equal(plan.steps[at].text,
		"device-1 does what it is not for; it is watched closely");
	at = cacao_asks(&plan, plan.steps[at].next);
	assert_int_equal(plan.steps[at].act, CACAO_ISOLATE);
	at = cacao_asks(&plan, plan.steps[at].next);
	assert_string_equal(plan.steps[at].text, "device-1 fetches an update");
	assert_int_equal(cacao_asks(&plan, plan.steps[at].next), CACAO_END);
	jsonw_free(&j);
	jsonw_free(&k);
}

static void test_own_names_nobody(void **state)
{
	struct jsonw j;
	(void)state;
	write_case(&j);
	for (size_t i = 0; i < HOME_OWN_COUNT; i++)
		if (strcasestr(jsonw_text(&j), home_own[i]))
			fail_msg("%s in %s", home_own[i], jsonw_text(&j));
	assert_null(strstr(jsonw_text(&j), HOME_SECRET));
	assert_null(strstr(jsonw_text(&j), "198.51.100.7"));
	jsonw_free(&j);
}

static void test_empty_case(void **state)
{
	struct bundle_home h = home();
	struct case_view v = lab_case();
	struct jsonw j;
	(void)state;
	v.moment_count = 0;
	jsonw_init_buffer(&j, BUNDLE_MAX);
	assert_int_equal(cacao_write(&v, &h, &j), 0);
	assert_int_equal(cacao_read(j.buf, j.len, &plan), 0);
	assert_int_equal(cacao_asks(&plan, plan.first), CACAO_END);
	jsonw_free(&j);
}

#define MANUAL(text) "\"type\":\"action\",\"commands\":[{\"type\":\"manual\",\"command\":\"" text \
	"\"}],\"agent\":\"individual--" U "7\""
#define VERB(agent, line, body) "\"type\":\"action\",\"commands\":[{\"type\":\"http-api\","        \
	"\"command\":\"" line "\",\"content\":\"" body "\"}],\"agent\":\"http-api--" U agent "\""

static void test_let_in(void **state)
{
	(void)state;
	assert_int_equal(reads_step(MANUAL("Change its password."), ""), 0);
	assert_int_equal(reads_step(VERB("9", LINE, "{\\\"quarantine\\\":\\\"it scans\\\"}"), ""), 0);
	uint32_t at = cacao_asks(&plan, plan.first);
	assert_int_equal(plan.steps[at].act, CACAO_ISOLATE);
	assert_string_equal(plan.steps[at].text, "it scans");
	assert_string_equal(plan.name, "clean a camera");
}

static void test_refused(void **state)
{
	static const struct {
		const char *members, *why;
	} bad[] = {
		{"\"type\":\"action\",\"commands\":[{\"type\":\"bash\",\"command\":\"rm -rf /\"}],"
		 "\"agent\":\"x\"", "type \"bash\" is never run here"},
		{"\"type\":\"action\",\"commands\":[{\"type\":\"ssh\",\"command\":\"reboot\"}]",
			"type \"ssh\" is never run"},
		{"\"type\":\"action\",\"commands\":[{\"type\":\"openc2-http\"}]", "openc2-http"},
		{"\"type\":\"action\",\"commands\":[{\"type\":\"manual\\u0000\",\"command\":\"x\"}]", ""},
		{"\"type\":\"action\",\"commands\":[{}]", "type \"\""},
		{"\"type\":\"action\",\"commands\":[7]", "type \"\""},
		{"\"type\":\"action\"", "no commands"},
		{"\"type\":\"action\",\"commands\":{}", "no commands"},
		{"\"type\":\"while-condition\"", "identifier is not one of its type"},
		{MANUAL(""), "empty"}, {MANUAL("a\\u001b[31m"), "no plain text"},
		{MANUAL("x") ",\"targets\":[\"y\"]", "targets"},
		{MANUAL("x") ",\"delay\":5", "by the clock"},
		{MANUAL("x") ",\"timeout\":5", "by the clock"},
		{MANUAL("x") ",\"on_failure\":\"end--" U "4\"", "on_failure"},
		{MANUAL("x") ",\"step_extensions\":{\"a\":1}", "extension"},
		{"\"type\":\"action\",\"commands\":[{\"type\":\"manual\",\"command_b64\":\"eA==\"}]",
			"nobody can read"},
		{VERB("8", LINE, "{\\\"quarantine\\\":\\\"x\\\"}"), "not this gateway's"},
		{VERB("6", LINE, "{\\\"quarantine\\\":\\\"x\\\"}"), "not this gateway's"},
		{VERB("9", "POST /v1/devices/lamp HTTP/1.1", "{\\\"quarantine\\\":\\\"x\\\"}"),
			"does not choose"},
		{VERB("9", "POST /v1/stop HTTP/1.1", "{\\\"open\\\":true}"), "does not choose"},
		{VERB("9", LINE, "{\\\"quarantine\\\":null}"), "owner's own word"},
		{VERB("9", LINE, "{\\\"quarantine\\\":\\\"x\\\",\\\"name\\\":\\\"y\\\"}"), "only isolation"},
		{VERB("9", LINE, "{\\\"name\\\":\\\"y\\\"}"), "only isolation"},
		{VERB("9", LINE, "[]"), "only isolation"}, {VERB("9", LINE, "{"), "only isolation"},
		{VERB("9", LINE, "{\\\"quarantine\\\":\\\"\\\"}"), "empty"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int error = reads_step(bad[i].members, "");
		if (error == 0 || !plan.refused || !plan.refusals[0].why[0] ||
			!strstr(plan.refusals[0].why, bad[i].why))
			fail_msg("%s: %d, %s", bad[i].members, error, plan.refusals[0].why);
	}
}

static void test_kinds_of_steps(void **state)
{
	static const char *const types[] = {"while-condition", "switch-condition", "parallel",
		"playbook-action", "wait", "\\u001b[2J"};
	char more[512];
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_int_equal(str_print(more, sizeof(more), "\"%s--" U "6\":{\"type\":\"%s\"},",
			types[i], types[i]), 0);
		assert_int_equal(reads_step(MANUAL("x"), more), CARDEA_EREFUSED);
		assert_int_equal(plan.refused, 1);
		assert_true(str_is_clean_utf8(plan.refusals[0].why, strlen(plan.refusals[0].why)));
		assert_true(str_is_clean_utf8(plan.refusals[0].step,
			strlen(plan.refusals[0].step)));
	}
}

static void test_frames(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "null", "7", "{}", "{\"type\":\"playbook\"}",
		"{\"type\":\"playbook\",\"type\":\"playbook\"}", HEAD "\"workflow\":{}}",
		HEAD "\"workflow\":[]}"};
	static char deep[200000];
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(reads(bad[i]), CARDEA_EMALFORMED);
		assert_true(plan.refusals[0].why[0]);
	}
	memset(deep, '[', sizeof(deep) - 1);
	assert_int_equal(cacao_read(deep, 60000, &plan), CARDEA_EMALFORMED);
	assert_int_equal(cacao_read(deep, sizeof(deep) - 1, &plan), CARDEA_EMALFORMED);
	assert_non_null(strstr(plan.refusals[0].why, "too big"));
}

#define IF(n, yes, no, then) "\"if-condition--" U n "\":{\"type\":\"if-condition\",\"condition\":\"is it so?\"," \
	"\"on_true\":\"" yes "\"" no ",\"on_completion\":\"" then "\"},"
#define DO(n, text, then) "\"action--" U n "\":{\"type\":\"action\",\"agent\":\"individual--" U "7\"," \
	"\"commands\":[{\"type\":\"manual\",\"command\":\"" text "\"}],\"on_completion\":\"" then "\"},"
#define ENDS(n) "\"end--" U n "\":{\"type\":\"end\"},"
#define BEGIN(at) "\"workflow\":{\"start--" U "3\":{\"type\":\"start\",\"on_completion\":\"" at "\"},"

static const char *says(uint32_t at)
{
	return at == CACAO_END ? "" : plan.steps[at].text;
}

/* Both branches go on behind the condition, also from within another one. */
static void test_conditions(void **state)
{
	uint32_t at, yes, no;
	(void)state;
	assert_int_equal(reads(HEAD BEGIN("if-condition--" U "a")
		IF("a", "if-condition--" U "b", ",\"on_false\":\"action--" U "c\"", "action--" U "d")
		IF("b", "action--" U "e", "", "action--" U "f")
		DO("e", "inner yes", "end--" U "5") ENDS("5") DO("f", "inner then", "end--" U "6") ENDS("6")
		DO("c", "outer no", "end--" U "7") ENDS("7") DO("d", "outer then", "end--" U "4") END), 0);
	at = cacao_asks(&plan, plan.first);
	assert_int_equal(plan.steps[at].act, CACAO_IF);
	no = cacao_asks(&plan, plan.steps[at].if_not);
	assert_string_equal(says(no), "outer no");
	assert_string_equal(says(cacao_asks(&plan, plan.steps[no].next)), "outer then");
	at = cacao_asks(&plan, plan.steps[at].next);
	assert_int_equal(plan.steps[at].act, CACAO_IF);
	yes = cacao_asks(&plan, plan.steps[at].next);
	assert_string_equal(says(yes), "inner yes");
	yes = cacao_asks(&plan, plan.steps[yes].next);
	assert_string_equal(says(yes), "inner then");
	no = cacao_asks(&plan, plan.steps[at].if_not);
	assert_string_equal(says(no), "inner then");
	no = cacao_asks(&plan, plan.steps[no].next);
	assert_string_equal(says(no), "outer then");
	assert_int_equal(cacao_asks(&plan, plan.steps[no].next), CACAO_END);
}

static void test_ways_that_lead_nowhere(void **state)
{
	(void)state;
	assert_int_equal(reads(HEAD BEGIN("action--" U "a") DO("a", "x", "action--" U "b")
		DO("b", "y", "action--" U "a") END), CARDEA_EREFUSED);
	assert_string_equal(plan.refusals[0].why, "its steps go in circles");
	assert_int_equal(reads(HEAD BEGIN("start--" U "3") END), CARDEA_EREFUSED);
	assert_int_equal(reads(HEAD BEGIN("action--" U "a") END), CARDEA_EREFUSED);
	assert_string_equal(plan.refusals[0].why, "it leads to a step that is not there");
	assert_int_equal(reads(HEAD "\"workflow_exception\":\"end--" U "4\"," BEGIN("end--" U "4") END),
		CARDEA_EREFUSED);
	assert_int_equal(reads(HEAD "\"revoked\":true," BEGIN("end--" U "4") END), CARDEA_EREFUSED);
	assert_string_equal(plan.refusals[0].why, "its maker revoked it");
}

static void test_too_many(void **state)
{
	static char text[CACAO_BYTES_MAX];
	struct str_text t = {.buf = text, .size = sizeof(text)};
	(void)state;
	str_add(&t, "%s", HEAD BEGIN("end--" U "4"));
	for (unsigned i = 0; i < 200; i++)
		str_add(&t, "\"action--00000000-0000-5000-8000-%012u\":{\"type\":\"action\","
			"\"commands\":[{\"type\":\"manual\",\"command\":\"x\"}]},", i + 1000);
	str_add(&t, "%s", END);
	assert_true(t.len < sizeof(text) - 1);
	assert_int_equal(reads(text), CARDEA_EREFUSED);
	assert_true(plan.refused > CACAO_REFUSALS_MAX);
	assert_true(plan.count <= CACAO_STEPS_MAX);
	/* 64 steps of 8 commands each */
	t = (struct str_text){.buf = text, .size = sizeof(text)};
	str_add(&t, "%s", HEAD BEGIN("end--" U "4"));
	for (unsigned i = 0; i < 60; i++) {
		str_add(&t, "\"action--00000000-0000-5000-8000-%012u\":{\"type\":\"action\","
			"\"commands\":[", i + 1000);
		for (unsigned k = 0; k < 8; k++)
			str_add(&t, "%s{\"type\":\"manual\",\"command\":\"x\"}", k ? "," : "");
		str_add(&t, "]},");
	}
	str_add(&t, "%s", END);
	assert_int_equal(reads(text), CARDEA_EREFUSED);
	assert_true(plan.count <= CACAO_STEPS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_is_read),
		cmocka_unit_test(test_own_names_nobody),
		cmocka_unit_test(test_empty_case),
		cmocka_unit_test(test_let_in),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_kinds_of_steps),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_ways_that_lead_nowhere),
		cmocka_unit_test(test_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
