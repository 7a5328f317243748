// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports of installations and verifiers' results: read octet by octet, and judged. */
#include "test_attest_util.h"

static struct signer device, other;
static const uint8_t nonce[32] = {1, 2, 3}, old[32] = {4, 5, 6}, digest[32] = {7, 8, 9};

static struct attest_key *key_of(const struct signer *s)
{
	struct attest_key *k;
	char why[LIMIT_TEXT];

	assert_int_equal(attest_key_read(s->pem, s->pem_len, &k, why), 0);
	return k;
}

/* ---- reports ---- */

static struct report_judged judge_report_of(struct cursor bytes, struct cursor accepted)
{
	struct attest_key *k = key_of(&device);
	struct report_asked asked = {.key = k, .nonce = cursor_of(nonce, sizeof(nonce)),
		.digest = accepted};
	struct report_judged j;

	assert_int_equal(report_judge(bytes, &asked, &j), 0);
	attest_key_free(k);
	return j;
}

static struct report_judged judge_report(const struct report_wish *r,
	const struct signer *s)
{
	struct made out;

	return judge_report_of(make_report(&out, r, s), cursor_of(digest, 32));
}

static void a_report_says_what_was_installed(void **state)
{
	struct report_wish r = {.digest = digest, .nonce = nonce};
	struct report_judged j = judge_report(&r, &device);

	(void)state;
	assert_int_equal(j.verdict, ATTEST_PROVEN);
	assert_int_equal(j.signature, ATTEST_VALID);
	assert_string_equal(j.text, "");
	assert_int_equal(j.alg, COSE_ED25519);
	assert_true(j.report.succeeded && j.nonce_is_ours && j.digest_matches);
	assert_int_equal(j.report.records, 1);
}

static void reports_that_prove_nothing(void **state)
{
	struct report_wish r = {.digest = digest, .nonce = nonce};
	struct report_judged j;
	struct made out;

	(void)state;
	j = judge_report(&r, &other);
	assert_int_equal(j.verdict, ATTEST_FORGED);
	assert_int_equal(j.signature, ATTEST_INVALID);
	assert_int_equal(judge_report(&r, NULL).verdict, ATTEST_NOTHING);
	assert_int_equal(judge_report(&r, NULL).signature, ATTEST_UNVERIFIABLE);
	r.nonce = old;
	assert_int_equal(judge_report(&r, &device).verdict, ATTEST_FORGED);
	r.nonce = NULL;
	assert_int_equal(judge_report(&r, &device).verdict, ATTEST_NOTHING);
	r = (struct report_wish){.digest = old, .nonce = nonce};
	assert_int_equal(judge_report(&r, &device).verdict, ATTEST_FORGED);
	r.digest = digest;
	j = judge_report_of(make_report(&out, &r, &device), cursor_of(NULL, 0));
	assert_int_equal(j.verdict, ATTEST_NOTHING);
	assert_non_null(strstr(j.text, "no manifest"));
	r.failed = true;
	j = judge_report(&r, &device);
	assert_int_equal(j.verdict, ATTEST_NOTHING);
	assert_non_null(strstr(j.text, "condition-failed, code -7, in part 20"));
}

static int read_report(struct cursor payload)
{
	struct suit_report r;
	size_t at;

	return suit_report_read(payload, &r, &at);
}

static void a_report_cut_short_is_none(void **state)
{
	struct report_wish r = {.digest = digest, .nonce = nonce, .failed = true};
	struct made out;
	struct cursor whole = make_report_payload(&out, &r);
	size_t len = cursor_left(&whole);

	(void)state;
	assert_int_equal(read_report(whole), 0);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_not_equal(read_report(cursor_of(out.bytes, cut)), 0);
	out.bytes[len] = 0;
	assert_int_equal(
		read_report(cursor_of(out.bytes, len + 1)), CARDEA_EMALFORMED);
}

static struct writer *report_head(struct made *m, unsigned pairs)
{
	struct writer *w = make_begin(m);

	cbor_put_map(w, pairs);
	cbor_put_uint(w, 99);
	cbor_put_array(w, 1);
	put_digest(w, digest);
	return w;
}

static void reports_of_another_form_are_refused(void **state)
{
	struct made m;
	struct writer *w = report_head(&m, 3);

	(void)state;
	cbor_put_uint(w, 3);
	cbor_put_array(w, 0);
	cbor_put_uint(w, 4);
	writer_u8(w, CBOR_FALSE_OCTET); /* only true is a result by itself */
	assert_int_equal(read_report(made(&m)), CARDEA_EMALFORMED);
	w = report_head(&m, 2);
	cbor_put_uint(w, 4);
	writer_u8(w, CBOR_TRUE_OCTET); /* records are missing */
	assert_int_equal(read_report(made(&m)), CARDEA_EMALFORMED);
	w = report_head(&m, 3);
	cbor_put_uint(w, 3);
	cbor_put_array(w, SUIT_REPORT_RECORDS_MAX + 1);
	for (unsigned i = 0; i <= SUIT_REPORT_RECORDS_MAX; i++)
		cbor_put_map(w, 0);
	cbor_put_uint(w, 4);
	writer_u8(w, CBOR_TRUE_OCTET);
	assert_int_equal(read_report(made(&m)), CARDEA_ELIMIT);
	w = report_head(&m, 3);
	cbor_put_uint(w, 3);
	cbor_put_array(w, 0);
	cbor_put_uint(w, 4);
	cbor_put_map(w, 1); /* a failure without its reason */
	cbor_put_uint(w, 5);
	cbor_put_int(w, 1);
	assert_int_equal(read_report(made(&m)), CARDEA_EMALFORMED);
}

/* ---- results ---- */

static struct ear_judged judge_result(const struct result_wish *r,
	const struct signer *s, struct cursor ueid)
{
	struct attest_key *k = key_of(&device);
	struct ear_asked asked = {.key = k, .nonce = cursor_of(nonce, sizeof(nonce)),
		.ueid = ueid, .now = 2000000000};
	struct ear_judged j;
	struct made out;

	assert_int_equal(ear_judge(make_result(&out, r, s), &asked, &j), 0);
	attest_key_free(k);
	return j;
}

static enum attest_verdict verdict(const struct result_wish *r)
{
	return judge_result(r, &device, cursor_of(NULL, 0)).verdict;
}

static void a_result_says_how_it_was_appraised(void **state)
{
	struct result_wish r = {.nonce = nonce, .executables = 2, .expires = 2000000001};
	struct ear_judged j = judge_result(&r, &device, cursor_of(NULL, 0));

	(void)state;
	assert_int_equal(j.verdict, ATTEST_PROVEN);
	assert_int_equal(j.result.submod_count, 1);
	assert_int_equal(j.result.worst, EAT_TIER_AFFIRMING);
	assert_memory_equal(j.result.developer.pos, "https://verifier.example", 24);
}

static void results_that_prove_nothing(void **state)
{
	struct result_wish r = {.nonce = nonce};
	uint8_t ueid[33] = {0x01};

	(void)state;
	assert_int_equal(
		judge_result(&r, &other, cursor_of(NULL, 0)).verdict, ATTEST_FORGED);
	r.nonce = old;
	assert_int_equal(verdict(&r), ATTEST_FORGED);
	r.nonce = NULL;
	assert_int_equal(verdict(&r), ATTEST_NOTHING);
	r = (struct result_wish){.nonce = nonce, .expires = 1999999000};
	assert_int_equal(verdict(&r), ATTEST_FORGED);
	r = (struct result_wish){.nonce = nonce, .ueid = 0x33};
	memset(ueid + 1, 0x33, 32);
	assert_int_equal(
		judge_result(&r, &device, cursor_of(ueid, 33)).verdict, ATTEST_PROVEN);
	ueid[32] = 0;
	assert_int_equal(
		judge_result(&r, &device, cursor_of(ueid, 33)).verdict, ATTEST_FORGED);
}

/* What a verifier says in its vector weighs, whatever its status says. */
static void the_worst_of_status_and_vector_counts(void **state)
{
	static const struct {
		uint64_t status;
		int64_t claim;
		enum eat_tier worst;
	} cases[] = {
		{EAT_TIER_AFFIRMING, 2, EAT_TIER_AFFIRMING},
		{EAT_TIER_AFFIRMING, -3, EAT_TIER_AFFIRMING},
		{EAT_TIER_AFFIRMING, 1, EAT_TIER_NONE},
		{EAT_TIER_AFFIRMING, 33, EAT_TIER_WARNING},
		{EAT_TIER_AFFIRMING, 96, EAT_TIER_CONTRAINDICATED},
		{EAT_TIER_AFFIRMING, -128, EAT_TIER_CONTRAINDICATED},
		{EAT_TIER_WARNING, 2, EAT_TIER_WARNING},
		{EAT_TIER_CONTRAINDICATED, 0, EAT_TIER_CONTRAINDICATED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct result_wish r = {.nonce = nonce, .status = cases[i].status,
			.executables = cases[i].claim};
		struct ear_judged j = judge_result(&r, &device, cursor_of(NULL, 0));

		assert_int_equal(j.result.worst, cases[i].worst);
		assert_int_equal(j.verdict, cases[i].worst == EAT_TIER_AFFIRMING
						    ? ATTEST_PROVEN
						    : ATTEST_NOTHING);
	}
}

static void results_of_another_form_are_refused(void **state)
{
	struct result_wish r = {.nonce = nonce, .status = 3}; /* no tier has this number */

	(void)state;
	assert_int_equal(verdict(&r), ATTEST_FORGED);
	r = (struct result_wish){.nonce = nonce, .executables = 128};
	assert_int_equal(verdict(&r), ATTEST_FORGED);
}

static void a_result_cut_short_is_none(void **state)
{
	struct result_wish r = {.nonce = nonce, .executables = 2, .ueid = 0x33};
	struct made out;
	struct cursor whole = make_result_claims(&out, &r);
	size_t at, len = cursor_left(&whole);
	struct ear e;
	int64_t claim;

	(void)state;
	assert_int_equal(ear_read(whole, &e, &at, &claim), 0);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_not_equal(
			ear_read(cursor_of(out.bytes, cut), &e, &at, &claim), 0);
}

static void profiles_that_are_known(void **state)
{
	static const char *const good[] = {"tag:ietf.org,2026:rats/ear#04",
		"tag:github.com,2023:veraison/ear"};
	static const char *const bad[] = {"tag:github.com,2023:veraison/ear2",
		"tag:ietf.org,2026:rats/e", "", "tag:psacertified.org,2023:psa#tfm"};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_true(ear_profile_is_known(cursor_of(good[i], strlen(good[i]))));
	for (size_t i = 0; i < 4; i++)
		assert_false(ear_profile_is_known(cursor_of(bad[i], strlen(bad[i]))));
}

static int make_keys(void **state)
{
	(void)state;
	signer_new(&device);
	signer_new(&other);
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	signer_free(&device);
	signer_free(&other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_says_what_was_installed),
		cmocka_unit_test(reports_that_prove_nothing),
		cmocka_unit_test(a_report_cut_short_is_none),
		cmocka_unit_test(reports_of_another_form_are_refused),
		cmocka_unit_test(a_result_says_how_it_was_appraised),
		cmocka_unit_test(results_that_prove_nothing),
		cmocka_unit_test(the_worst_of_status_and_vector_counts),
		cmocka_unit_test(results_of_another_form_are_refused),
		cmocka_unit_test(a_result_cut_short_is_none),
		cmocka_unit_test(profiles_that_are_known),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
