// SPDX-License-Identifier: GPL-2.0-or-later
/* test_advisory.c - vandals, competitors, made-up homes, and those who are right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "lifecycle/advisory.h"

#define DAY (86400LL * NS_PER_SEC)
#define NOW (20000 * DAY)

static struct advisory says(enum advisory_class c, const char *issuer)
{
	struct advisory a = {.class = c, .is_signed = true, .signature_good = true, .issued = NOW - DAY,
		.expires = NOW + DAY, .effect = ADVISORY_BLOCK, .homes = 1,
		.domain = "c2.example"};

	str_copy(a.id, sizeof(a.id), issuer);
	str_copy(a.issuer, sizeof(a.issuer), issuer);
	str_copy(a.mud_url, sizeof(a.mud_url), "https://cam.example/m.json");
	return a;
}

static struct advisory_home home(bool match)
{
	return (struct advisory_home){
		.now = NOW, .flows_match = match, .devices_hit = 1, .devices = 30};
}

static struct advisory_verdict judge(const struct advisory *list, size_t n,
	struct advisory_home h)
{
	struct advisory_home homes[ADVISORY_ISSUERS_MAX];
	struct advisory_verdict v;

	for (size_t i = 0; i < n && i < ADVISORY_ISSUERS_MAX; i++)
		homes[i] = h;
	advisory_judge(list, n, homes, &v);
	return v;
}

/* A competitor's feed names a model; nothing in this home shows it. */
static void test_vandal(void **state)
{
	struct advisory list[2] = {
		says(ADVISORY_ISP, "isp"), says(ADVISORY_CSIRT, "csirt")};
	struct advisory_verdict v = judge(list, 2, home(false));
	(void)state;
	assert_int_equal(v.effect, ADVISORY_NOTIFY);
	assert_non_null(strstr(v.why, "our own traffic does not show it"));
	list[0].domain[0] = list[1].domain[0] = 0; /* no traffic at all */
	v = judge(list, 2, home(true));
	assert_int_equal(v.effect, ADVISORY_NOTIFY);
	assert_non_null(strstr(v.why, "names no traffic"));
}

static void test_shared_address_is_no_evidence(void **state)
{
	struct advisory list[2] = {
		says(ADVISORY_ISP, "isp"), says(ADVISORY_CSIRT, "csirt")};
	struct advisory_home h = home(true);
	(void)state;
	h.match_is_shared = true;
	struct advisory_verdict v = judge(list, 2, h);
	assert_int_equal(v.effect, ADVISORY_NOTIFY);
	assert_non_null(strstr(v.why, "many share"));
}

/* A competitor names the very cloud that every device of that type talks to. */
static void test_what_its_file_lists_is_no_evidence(void **state)
{
	struct advisory list[2] = {
		says(ADVISORY_ISP, "isp"), says(ADVISORY_CSIRT, "csirt")};
	struct advisory_home h = home(true);
	(void)state;
	h.match_is_listed = true;
	struct advisory_verdict v = judge(list, 2, h);
	assert_int_equal(v.effect, ADVISORY_NOTIFY);
	assert_non_null(strstr(v.why, "the device's own file lists that"));
}

static void test_quorum(void **state)
{
	struct advisory list[3] = {says(ADVISORY_ISP, "isp"), says(ADVISORY_CSIRT, "csirt"),
		says(ADVISORY_ISP, "isp2")};
	(void)state;
	struct advisory_verdict v = judge(list, 1, home(true));
	assert_int_equal(v.effect, ADVISORY_LIMIT);
	assert_non_null(strstr(v.why, "one issuer is not enough for more"));
	v = judge(list, 2, home(true));
	assert_int_equal(v.effect, ADVISORY_BLOCK);
	assert_non_null(strstr(v.why, "our own traffic shows what it says"));
	/* two of one kind are not two kinds */
	list[1] = list[2];
	v = judge(list, 2, home(true));
	assert_int_equal(v.effect, ADVISORY_LIMIT);
	assert_non_null(strstr(v.why, "all who say so are of one kind"));
	/* nor are two that one owner has */
	list[1] = says(ADVISORY_CSIRT, "csirt");
	str_copy(list[0].group, LIMIT_LABEL, "acme");
	str_copy(list[1].group, LIMIT_LABEL, "acme");
	v = judge(list, 2, home(true));
	assert_int_equal(v.effect, ADVISORY_LIMIT);
	assert_non_null(strstr(v.why, "belong to one owner and count once"));
}

static void test_a_thousand_made_up_homes(void **state)
{
	struct advisory list[ADVISORY_ISSUERS_MAX];
	(void)state;
	for (size_t i = 0; i < ADVISORY_ISSUERS_MAX; i++) {
		list[i] = says(ADVISORY_COMMUNITY, "x");
		(void)str_print(list[i].issuer, LIMIT_LABEL, "home %zu", i);
		list[i].homes = 1000;
	}
	assert_true(advisory_weight(&list[0]) <= ADVISORY_COMMUNITY_MOST);
	struct advisory_verdict v = judge(list, ADVISORY_ISSUERS_MAX, home(true));
	assert_int_equal(v.effect, ADVISORY_LIMIT);
	assert_non_null(strstr(v.why, "they weigh 0.75, however many they are"));
	/* with one other kind it is still not two */
	list[0] = says(ADVISORY_ISP, "isp");
	v = judge(list, ADVISORY_ISSUERS_MAX, home(true));
	assert_int_equal(v.effect, ADVISORY_LIMIT);
	assert_non_null(strstr(v.why, "weigh 1.75 together, and a block needs 2"));
}

static void test_maker(void **state)
{
	struct advisory a = says(ADVISORY_VENDOR, "maker");
	struct advisory_home h = home(false);
	(void)state;
	struct advisory_verdict v = judge(&a, 1, home(true)); /* of others' things */
	assert_int_equal(v.effect, ADVISORY_NOTIFY);
	assert_non_null(strstr(v.why, "of others' devices a maker may only notify"));
	h.is_its_vendor = true;
	v = judge(&a, 1, h);
	assert_int_equal(v.effect, ADVISORY_UPDATE_ONLY);
	assert_non_null(strstr(v.why, "may only demand the update"));
	h.is_fixed = true;
	v = judge(&a, 1, h);
	assert_int_equal(v.effect, ADVISORY_NOTHING);
	assert_non_null(strstr(v.why, "mends it"));
}

static void test_brakes(void **state)
{
	struct advisory list[2] = {
		says(ADVISORY_ISP, "isp"), says(ADVISORY_CSIRT, "csirt")};
	struct advisory_home h = home(true);
	struct advisory_verdict v;
	(void)state;
	h.critical = true;
	v = judge(list, 2, h);
	assert_true(v.effect == ADVISORY_LIMIT && v.ask && v.asked == ADVISORY_BLOCK);
	assert_non_null(strstr(v.why, "goes dark by its owner's word alone"));
	h.owner_agrees = true;
	assert_int_equal(judge(list, 2, h).effect, ADVISORY_BLOCK);
	h = home(true);
	h.devices_hit = 4; /* an advisory that names every camera */
	v = judge(list, 2, h);
	assert_true(v.effect == ADVISORY_NOTIFY && v.ask);
	assert_non_null(strstr(v.why, "too many devices at once"));
	h.devices_hit = 2, h.devices = 6; /* a third of a small home */
	assert_int_equal(judge(list, 2, h).effect, ADVISORY_NOTIFY);
}

static void test_issuer_who_was_wrong(void **state)
{
	struct advisory list[2] = {
		says(ADVISORY_ISP, "isp"), says(ADVISORY_CSIRT, "csirt")};
	(void)state;
	list[0].overturned = ADVISORY_OVERTURNED_MAX;
	list[1].overturned = ADVISORY_OVERTURNED_MAX;
	struct advisory_verdict v = judge(list, 2, home(true));
	assert_int_equal(v.effect, ADVISORY_NOTIFY);
	assert_non_null(strstr(v.why, "wrong too often"));
}

static void test_owner(void **state)
{
	struct advisory a = says(ADVISORY_OWNER, "owner");
	struct advisory_home h = home(false);
	(void)state;
	h.critical = true, h.devices_hit = 30;
	assert_int_equal(judge(&a, 1, h).effect, ADVISORY_BLOCK);
}

static void test_expired(void **state)
{
	struct advisory list[2] = {
		says(ADVISORY_ISP, "isp"), says(ADVISORY_CSIRT, "csirt")};
	struct advisory_home h = home(true);
	(void)state;
	h.now = NOW + 2 * DAY;
	struct advisory_verdict v = judge(list, 2, h);
	assert_int_equal(v.effect, ADVISORY_NOTHING);
	assert_non_null(strstr(v.why, "expired"));
	assert_int_equal(judge(list, 0, h).effect, ADVISORY_NOTHING);
}

static int check(struct advisory a, const char *wanted)
{
	char why[LIMIT_TEXT] = "";
	int error = advisory_check(&a, NOW, why);

	if (wanted)
		assert_non_null(strstr(why, wanted));
	return error;
}

static void test_what_is_not_taken(void **state)
{
	struct advisory good = says(ADVISORY_ISP, "isp"), a;
	(void)state;
	assert_int_equal(check(good, NULL), 0);
	a = good, a.signature_good = a.is_signed = false;
	assert_int_equal(check(a, "only the owner needs no signature"), CARDEA_EMALFORMED);
	a = good, a.signature_good = false;
	assert_int_equal(check(a, "signature"), CARDEA_EMALFORMED);
	a = good, a.mud_url[0] = 0;
	assert_int_equal(check(a, "only the owner"), CARDEA_EMALFORMED);
	a = good, a.expires = a.issued + 31 * DAY;
	assert_int_equal(check(a, "30 days"), CARDEA_EMALFORMED);
	a = good, a.expires = NOW - 1;
	assert_int_equal(check(a, "has expired"), CARDEA_EMALFORMED);
	a = good, a.issued = NOW + DAY / 2, a.expires = NOW + DAY;
	assert_int_equal(check(a, "future"), CARDEA_EMALFORMED);
	a = good, a.issuer[0] = 0;
	assert_int_equal(check(a, "no issuer"), CARDEA_EMALFORMED);
}

static void test_names(void **state)
{
	enum advisory_class c;
	enum advisory_effect e;
	(void)state;
	for (enum advisory_class i = 0; i < ADVISORY_CLASS_MAX; i++)
		assert_true(advisory_class_parse(advisory_class_name(i), &c) && c == i);
	for (enum advisory_effect i = ADVISORY_OBSERVE; i < ADVISORY_EFFECT_MAX; i++)
		assert_true(advisory_effect_parse(advisory_effect_name(i), &e) && e == i);
	assert_false(advisory_effect_parse("nothing", &e));
	assert_false(advisory_class_parse("Owner", &c));
}

static void test_versions(void **state)
{
	static const struct {
		const char *runs, *wanted;
		bool reaches;
	} cases[] = {
		{"2.10", "2.9", true}, {"2.9", "2.10", false}, {"2.9", "2.9", true},
		{"2.9.1", "2.9", true}, {"2.9", "2.9.1", false}, {"2.9", "2.9-rc1", true},
		{"2.9-rc1", "2.9", false}, {"2.9-rc2", "2.9-rc1", true},
		{"002.9", "2.9", true}, {"10000000000000000000000", "9", true},
		{"", "1", false}, {"1", "", false}, {"x1", "y1", false}, {"1a", "1b", false},
		{"a", "1", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (advisory_version_reaches(cases[i].runs, cases[i].wanted) !=
			cases[i].reaches)
			fail_msg("%s and %s", cases[i].runs, cases[i].wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vandal),
		cmocka_unit_test(test_shared_address_is_no_evidence),
		cmocka_unit_test(test_what_its_file_lists_is_no_evidence),
		cmocka_unit_test(test_quorum),
		cmocka_unit_test(test_a_thousand_made_up_homes),
		cmocka_unit_test(test_maker),
		cmocka_unit_test(test_brakes),
		cmocka_unit_test(test_issuer_who_was_wrong),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_what_is_not_taken),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_versions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
