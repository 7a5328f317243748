// SPDX-License-Identifier: GPL-2.0-or-later
/* test_bundle.c - what of a case leaves the house: what the table says, and nothing that
 * names it or who is in it. */
#include "test_bundle_util.h"
#include <jansson.h>

static char *written(const struct bundle_wish *w, struct jsonw *j)
{
	struct bundle_home h = home();
	struct case_view v = lab_case();

	jsonw_init_buffer(j, BUNDLE_MAX);
	assert_int_equal(bundle_write(&v, &h, w, j), 0);
	return (char *)(uintptr_t)jsonw_text(j);
}

static int lint(const char *text, const struct bundle_wish *w, char why[LIMIT_TEXT])
{
	struct bundle_home h = home();

	return bundle_lint(text, strlen(text), &h, w, why);
}

static void test_nothing_of_the_house(void **state)
{
	char why[LIMIT_TEXT] = "";
	(void)state;
	for (unsigned l = 0; l < BUNDLE_LEVEL_MAX; l++) {
		struct bundle_wish w = {.level = (enum bundle_level)l};
		struct jsonw j;
		const char *text = written(&w, &j);

		for (size_t i = 0; i < HOME_OWN_COUNT; i++)
			if (strcasestr(text, home_own[i]))
				fail_msg("level %s has %s: %s", bundle_level_name(w.level),
					home_own[i], text);
		assert_true(!strstr(text, HOME_SECRET) || l == BUNDLE_CONTENT);
		assert_int_equal(lint(text, &w, why), 0);
		jsonw_free(&j);
	}
}

/* ... and what is to leave does. */
static void test_levels(void **state)
{
	static const struct {
		const char *text;
		enum bundle_level from;
	} known[] = {{"\"port\":23", BUNDLE_SHAPE}, {"\"kind\":\"address-scan\"", BUNDLE_SHAPE},
		{"$ is in quarantine: it attacks", BUNDLE_SHAPE},
		{"c2.evil.example", BUNDLE_NAMES}, {"00:17:88:", BUNDLE_NAMES},
		{"[own].cams.example", BUNDLE_NAMES}, {"[own].iot.example", BUNDLE_NAMES},
		{"[own].dyndns.example", BUNDLE_NAMES}, {"2026-01-01T00:00:00", BUNDLE_NAMES},
		{"https://maker.example/cam/", BUNDLE_NAMES}, {"198.51.100.7", BUNDLE_PEERS},
		{"GET /v1/cam", BUNDLE_CONTENT}, {"POST /reg/[own]/[own]", BUNDLE_CONTENT}};
	(void)state;
	for (unsigned l = 0; l < BUNDLE_LEVEL_MAX; l++) {
		struct bundle_wish w = {.level = (enum bundle_level)l};
		struct jsonw j;
		const char *text = written(&w, &j);

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (!strstr(text, known[i].text) == (l >= known[i].from))
				fail_msg("level %s, %s: %s", bundle_level_name(w.level),
					known[i].text, text);
		jsonw_free(&j);
	}
}

static void test_same_octets_and_same_pseudonyms(void **state)
{
	struct bundle_wish w = {.level = BUNDLE_NAMES};
	struct jsonw a, b;
	(void)state;
	const char *one = written(&w, &a), *two = written(&w, &b);
	assert_string_equal(one, two);
	json_t *root = json_loads(one, 0, NULL), *flow;
	size_t i;
	unsigned scanned = 0;
	char prefix[ADDR_TEXT_MAX] = "";
	json_array_foreach(json_object_get(root, "flows"), i, flow) {
		const char *peer = json_string_value(json_object_get(flow, "peer"));
		const char *party = json_string_value(json_object_get(flow, "peer_party"));
		if (i == 7 || i == 9) /* two addresses of one device */
			assert_string_equal(party, "device-2");
		if (i == 8)
			assert_string_equal(party, "device-3");
		if (json_integer_value(json_object_get(flow, "port")) != 23)
			continue;
		/* a scan of one prefix still is one */
		if (!prefix[0])
			str_copy_bytes(prefix, sizeof(prefix), peer,
				(size_t)(strrchr(peer, '.') - peer));
		assert_int_equal(strncmp(peer, prefix, strlen(prefix)), 0);
		scanned++;
	}
	assert_int_equal(scanned, 36);
	json_decref(root);
	jsonw_free(&a);
	jsonw_free(&b);
}

/* Two cases of one home cannot be put together. */
static void test_cases_apart(void **state)
{
	uint8_t one[PSEUDONYM_KEY], two[PSEUDONYM_KEY];
	char a[BUNDLE_TOKEN], b[BUNDLE_TOKEN];
	(void)state;
	assert_int_equal(bundle_key(home_key, 3, one), 0);
	assert_int_equal(bundle_key(home_key, 4, two), 0);
	assert_memory_not_equal(one, two, PSEUDONYM_KEY);
	assert_memory_not_equal(one, home_key, PSEUDONYM_KEY);
	assert_string_not_equal(bundle_token(one, a), bundle_token(two, b));
	assert_int_equal(strlen(a), 16);
}

static size_t members(const char *text, const char *part)
{
	json_t *root = json_loads(text, 0, NULL), *p = json_object_get(root, part);
	size_t n = json_is_array(p) ? json_object_size(json_array_get(p, 0)) : json_object_size(p);

	json_decref(root);
	return n;
}

static void test_cut(void **state)
{
	struct bundle_wish all = {.level = BUNDLE_CONTENT}, w = all;
	char why[LIMIT_TEXT] = "", name[BUNDLE_FIELD_TEXT], quoted[BUNDLE_FIELD_TEXT + 4];
	const struct bundle_field *f;
	struct jsonw j, k;
	(void)state;
	assert_true(bundle_cut(&w, "flows.name"));
	assert_true(bundle_cut(&w, "device"));
	assert_false(bundle_cut(&w, "flows.nam"));
	assert_false(bundle_cut(&w, ""));
	const char *whole = written(&all, &j), *less = written(&w, &k);
	assert_int_equal(members(less, "flows"), members(whole, "flows") - 1);
	assert_null(strstr(less, "c2.evil.example"));
	assert_null(strstr(less, "00:17:88"));
	assert_int_equal(lint(less, &w, why), 0);
	assert_int_not_equal(lint(whole, &w, why), 0);
	jsonw_free(&j);
	jsonw_free(&k);
	/* each field that there is can be cut, and is gone then */
	for (size_t i = 0; (f = bundle_field_at(i)); i++) {
		struct bundle_wish one = all;
		assert_true(bundle_cut(&one, bundle_field_text(f, name)));
		assert_int_equal(one.cut, 1ULL << i);
		const char *text = written(&one, &j);
		assert_int_equal(members(text, bundle_part_name(f->part)),
			members(written(&all, &k), bundle_part_name(f->part)) - 1);
		jsonw_free(&j);
		jsonw_free(&k);
		assert_int_equal(str_print(quoted, sizeof(quoted), "\"%s\":", f->name), 0);
		assert_true(strlen(f->why) > 3);
	}
}

/* The lint knows what the writer would not write. */
static void test_lint_refuses(void **state)
{
	static const char *const bad[] = {"", "[]", "{}x", "{\"schema\":\"cardea.case/2\"}",
		"{\"owner\":\"Anna\"}", "{\"case\":{\"owner\":1}}", "{\"case\":[]}",
		"{\"flows\":{}}", "{\"flows\":[{\"detail\":\"GET /\"}]}",
		"{\"flows\":[{\"peer\":\"cam.local\"}]}", "{\"flows\":[{\"peer\":{}}]}",
		"{\"flows\":[{\"port\":\"23\"}]}", "{\"flows\":[{\"place\":\"Annas Zimmer\"}]}",
		"{\"flows\":[{\"name\":\"x.mueller-tv.example\"}]}",
		"{\"flows\":[{\"name\":\"[own].00:17:88:A1:B2:C3\"}]}",
		"{\"flows\":[{\"peer_party\":\"Annas Kamera\"}]}",
		"{\"moments\":[{\"sentence\":\"Annas Kamera is in quarantine\"}]}",
		"{\"moments\":[{\"shows\":\"x\"}]}", "{\"case\":{\"opened\":\"2026-01-01T00:17:00.000Z\"}}",
		"{\"cut\":[\"flows.name\"]}", "{\"cut\":[7]}", "{\"level\":\"content\"}",
		"{\"flows\":[],\"flows\":[]}"};
	struct bundle_wish w = {.level = BUNDLE_NAMES};
	char why[LIMIT_TEXT] = "";
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = 0;
		if (lint(bad[i], &w, why) != CARDEA_EREFUSED || !why[0])
			fail_msg("passed: %s (%s)", bad[i], why);
	}
	assert_int_equal(lint("{\"flows\":[{\"name\":\"own.[own].example\"}]}", &w, why), 0);
}

/* A device may be called like a word of ours: nothing is lost but that word in names. */
static void test_names_like_ours(void **state)
{
	struct bundle_home h = home();
	struct case_view v = lab_case();
	struct bundle_wish w = {.level = BUNDLE_CONTENT};
	char why[LIMIT_TEXT] = "";
	struct jsonw j;
	(void)state;
	str_copy(home_devices[3].name, LIMIT_LABEL, "own");
	str_copy(home_devices[4].name, LIMIT_LABEL, "evil");
	str_copy(home_devices[2].name, LIMIT_LABEL, "x"); /* too short to be looked for */
	jsonw_init_buffer(&j, BUNDLE_MAX);
	assert_int_equal(bundle_write(&v, &h, &w, &j), 0);
	assert_non_null(strstr(jsonw_text(&j), "c2.[own].example"));
	assert_int_equal(bundle_lint(j.buf, j.len, &h, &w, why), 0);
	jsonw_free(&j);
}

/* What is in the store may be anybody's: a word that is none stays in the house. */
static void test_gone_device_and_odd_values(void **state)
{
	struct bundle_home h = home();
	struct case_view v = lab_case();
	struct bundle_wish w = {.level = BUNDLE_CONTENT};
	struct jsonw j;
	(void)state;
	v.device = NULL;
	str_copy(case_moments[0].kind, CASE_KIND, "violations\n");
	str_copy(case_moments[0].protocol, CASE_PROTOCOL, "Anna");
	case_heads[0].peer.family = 0;
	case_heads[0].packets[0] = UINT64_MAX;
	jsonw_init_buffer(&j, BUNDLE_MAX);
	assert_int_equal(bundle_write(&v, &h, &w, &j), 0);
	assert_null(strstr(jsonw_text(&j), "Anna"));
	assert_non_null(strstr(jsonw_text(&j), "\"kind\":\"other\""));
	assert_non_null(strstr(jsonw_text(&j), "\"mac\":null"));
	jsonw_free(&j);
	case_heads[1].place = 200; /* a word of no list */
	jsonw_init_buffer(&j, BUNDLE_MAX);
	int error = bundle_write(&v, &h, &w, &j);
	assert_true(error == 0 || error == CARDEA_EREFUSED);
	jsonw_free(&j);
}

/* As many devices as there can be, each with all its addresses. */
static const struct device *crowd_at(void *ctx, size_t i)
{
	struct device *d = ctx;

	if (i >= LIMIT_DEVICES)
		return NULL;
	memset(d, 0, sizeof(*d));
	d->mac = (struct mac){{0, 0x17, 0x88, 9, (uint8_t)(i >> 8), (uint8_t)i}};
	assert_int_equal(str_print(d->name, sizeof(d->name), "device of person %zu", i), 0);
	assert_int_equal(str_print(d->hostname, sizeof(d->hostname), "person%zu", i), 0);
	d->addr_count = LIMIT_ADDRS_PER_DEVICE;
	for (uint32_t k = 0; k < d->addr_count; k++) {
		d->addrs[k].addr = ip("fd00:7::1");
		d->addrs[k].addr.b[12] = (uint8_t)k;
		d->addrs[k].addr.b[13] = (uint8_t)(i >> 8);
		d->addrs[k].addr.b[14] = (uint8_t)i;
	}
	return d;
}

static void test_large_house(void **state)
{
	static struct device d;
	struct case_view v = lab_case();
	struct bundle_home h = {.device_at = crowd_at, .ctx = &d};
	struct bundle_wish w = {.level = BUNDLE_CONTENT};
	char why[LIMIT_TEXT] = "";
	struct jsonw j;
	(void)state;
	while (case_bundle_.count < CASE_HEADS_MAX)
		case_add("203.0.113.99", 0, RECORD_INTERNET,
			"a.device-of-person-77.of.person1023x.0017880903ff.example",
			"GET /a/rather/long/path/that/says/nothing", RECORD_APP_HTTP);
	jsonw_init_buffer(&j, BUNDLE_MAX);
	assert_int_equal(bundle_write(&v, &h, &w, &j), 0);
	assert_null(strstr(j.buf, "person1023"));
	assert_null(strstr(j.buf, "0017880903ff"));
	assert_non_null(strstr(j.buf, "a.[own].of.[own]x.[own].example"));
	assert_int_equal(bundle_lint(j.buf, j.len, &h, &w, why), 0);
	jsonw_free(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_house),
		cmocka_unit_test(test_nothing_of_the_house),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_same_octets_and_same_pseudonyms),
		cmocka_unit_test(test_cases_apart),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_lint_refuses),
		cmocka_unit_test(test_names_like_ours),
		cmocka_unit_test(test_gone_device_and_odd_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
