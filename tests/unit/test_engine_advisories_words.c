// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of outsiders about devices: who may speak, who takes it back, and the same by the
 * control API. */
#include "test_advisories_util.h"

/* ---- against it ---- */

static void an_appeal_undoes_it_and_is_remembered(void **state)
{
	(void)state;
	char id[8];

	for (unsigned i = 1; i <= ADVISORY_OVERTURNED_MAX; i++) {
		(void)str_print(id, sizeof(id), "I-%u", i);
		calls(0, C2, C2_IP);
		says(&isp, "isp", id, "limit", DEVICE_CAM TRAFFIC_C2);
		assert_int_equal(cam(0)->hold, HOLD_LIMITED);
		struct advisory_kept *k = advisories_find(&h->p, results[0].key);
		assert_int_equal(advisories_appeal(&h->p, k, "it is a weather station"), 0);
		is_free(0);
		assert_int_equal(advisories_appeal(&h->p, k, "again"), -EALREADY);
		assert_int_equal(advisories_issuer(&h->p, "isp")->overturned, i);
		assert_int_equal(import_text(file_of("isp", id, "limit",
			DEVICE_CAM TRAFFIC_C2, 1), &isp, false), 0);
		assert_non_null(strstr(results[0].why, "you overturned this one"));
		advance(h, 2);
	}
	says(&isp, "isp", "I-9", "limit", DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_NOTIFY, "wrong too often to do more than notify");
	is_free(0);
	engine_restart(h);
	assert_int_equal(advisories_issuer(&h->p, "isp")->overturned, 3);
	advance(h, ADVISORIES_TICK_S + 1);
	verdict_is(0, ADVISORY_NOTIFY, "wrong too often to do more than notify");
	log_is_whole();
}

static void taken_out_it_counts_against_nobody(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	says(&isp, "isp", "I-1", "limit", DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(
		advisories_withdraw(&h->p, advisories_find(&h->p, results[0].key)), 0);
	is_free(0);
	assert_int_equal(advisories_issuer(&h->p, "isp")->overturned, 0);
}

static void an_issuer_that_goes_takes_its_words_along(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	says(&isp, "isp", "I-1", "limit", DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(advisories_issuer_remove(&h->p, "isp", true), 0);
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	assert_int_equal(advisories_issuer_remove(&h->p, "isp", false), 0);
	advance(h, ADVISORIES_TICK_S + 1);
	is_free(0);
	assert_int_equal(advisories_issuer_remove(&h->p, "isp", false), -ENOENT);
}

/* ---- who may speak ---- */

static void refused_with(const char *text, const struct signer *s, const char *why)
{
	int error = import_text(text, s, false);
	const char *said = error ? fault.text : results[0].why;

	if (!error)
		assert_int_equal(results[0].outcome, ADVISORIES_REFUSED);
	if (!strstr(said, why))
		fail_msg("\"%s\" where \"%s\" was expected", said, why);
	assert_int_equal(hit_count, 0);
}

static void each_refusal_says_why(void **state)
{
	(void)state;
	char two[8192];

	calls(0, C2, C2_IP);
	refused_with(file_of("isp", "1", "block", DEVICE_CAM, 60), NULL,
		"it is not signed, and only the owner needs no signature");
	refused_with(file_of("isp", "1", "block", DEVICE_CAM, 60), &csirt,
		"the key of isp did not sign this file");
	refused_with(file_of("nobody", "1", "block", DEVICE_CAM, 60), &csirt,
		"you let no issuer nobody speak");
	refused_with(file_of("nobody", "1", "block", DEVICE_CAM, 60), NULL,
		"you let no issuer nobody speak");
	refused_with(file_of("isp", "1", "block", TRAFFIC_C2, 60), &isp,
		"it names no type of device: only the owner may speak of all");
	refused_with(file_of("isp", "1", "block", DEVICE_CAM, -7200), &isp,
		"it was issued in the future");
	refused_with(file_of("isp", "1", "block", DEVICE_CAM ", \"revoked\": true", 60), &isp,
		"it takes back what was never said here");
	refused_with(file_of("isp", "1", "block",
			     DEVICE_CAM ", \"traffic\": {\"domain\": \"*.co.uk\"}", 60),
		&isp, "its domain belongs to many");
	refused_with(file_of("isp", "1", "block", ", \"x\": 1", 60), &isp, "\"x\" is no");
	(void)str_print(two, sizeof(two), "[%s,", file_of("isp", "1", "block", DEVICE_CAM, 60));
	str_copy(two + strlen(two), 4096, file_of("csirt", "1", "block", DEVICE_CAM, 60));
	str_copy(two + strlen(two), 2, "]");
	refused_with(two, &isp, "a signature is one issuer's");
	is_free(0);
	assert_int_equal(h->p.advisories.count, 0);
	log_is_whole(); /* also of those that were refused */
}

static void the_owner_needs_no_key_and_means_it(void **state)
{
	(void)state;
	/* of all devices, by their traffic alone: those that do not have it are left alone */
	calls(2, C2, C2_IP);
	says(NULL, "owner", "O-1", "limit", TRAFFIC_C2);
	assert_int_equal(cam(2)->hold, HOLD_LIMITED);
	verdict_is(2, ADVISORY_LIMIT, "you said so yourself");
	is_free(0);
}

static void a_look_changes_nothing(void **state)
{
	(void)state;
	uint32_t seq = h->p.advisories.head.seq;

	calls(0, C2, C2_IP);
	assert_int_equal(import_text(file_of("isp", "I-1", "limit",
		DEVICE_CAM TRAFFIC_C2, 60), &isp, true), 0);
	assert_int_equal(results[0].outcome, ADVISORIES_TAKEN);
	assert_int_equal(hit_count, CAMS);
	assert_int_equal(hits[0].verdict.effect, ADVISORY_LIMIT);
	assert_int_equal(hits[1].verdict.effect, ADVISORY_NOTIFY);
	assert_int_equal(h->p.advisories.count, 0);
	assert_int_equal(h->p.advisories.head.seq, seq);
	advance(h, ADVISORIES_TICK_S + 1);
	is_free(0);
	says(&isp, "isp", "I-1", "limit", DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(import_text(file_of("isp", "I-1", "notify", DEVICE_CAM, 10), &isp,
		true), 0);
	assert_int_equal(results[0].outcome, ADVISORIES_RENEWED);
	assert_int_equal(hits[0].verdict.effect, ADVISORY_NOTIFY);
	advance(h, ADVISORIES_TICK_S + 1);
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
}

static void nothing_is_judged_without_the_time(void **state)
{
	(void)state;
	h->p.clock_trusted = false;
	assert_int_equal(import_text(file_of("isp", "I-1", "limit", DEVICE_CAM, 60), &isp,
		false), 0);
	assert_non_null(strstr(results[0].why, "does not know the time yet"));
	h->p.clock_trusted = true;
}

/* A year forward: all is over, and nobody stays held. A year back: nothing returns. */
static void the_clock_may_jump(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	says(&isp, "isp", "I-1", "limit", DEVICE_CAM TRAFFIC_C2);
	clock_virtual_set(&h->clock, h->clock.now + 365 * DAY);
	advance(h, ADVISORIES_TICK_S + 2);
	assert_int_equal(cam(0)->hold, HOLD_NONE);
	verdict_is(0, ADVISORY_NOTHING, "nobody says anything of it");
	log_is_whole();
}

/* ---- the API ---- */

static unsigned status;

static json_t *ask(void (*answer)(struct api_request *), json_t *body, const char *object)
{
	char *text = json_dumps(body, 0);
	json_t *root = api_asked(&h->p, answer, object, "", text, &status);

	json_decref(body);
	free(text);
	spin(h);
	return root;
}

static bool says_so(json_t *root, const char *words)
{
	char *text = json_dumps(root, 0);
	bool there = strstr(text, words) != NULL;

	if (!there)
		fprintf(stderr, "%s\n", text);
	free(text);
	json_decref(root);
	return there;
}

static json_t *file_body(const char *text, const struct signer *s, bool dry)
{
	uint8_t signature[128];
	char hex[257] = "";
	size_t len = s ? sign(s, text, signature) : 0;

	for (size_t i = 0; i < len; i++)
		(void)str_print(hex + 2 * i, 3, "%02x", signature[i]);
	return json_pack("{s:s, s:s*, s:b}", "text", text, "signature", s ? hex : NULL,
		"dry_run", dry);
}

static void the_api_takes_shows_and_ends(void **state)
{
	(void)state;
	const char *text = file_of("isp", "I-1", "limit", DEVICE_CAM TRAFFIC_C2, 60);

	calls(0, C2, C2_IP);
	assert_true(says_so(ask(api_add_advisories, file_body(text, &isp, true), ""),
		"\"effect\": \"limit\", \"why\": \"our own traffic shows what it says\""));
	assert_int_equal(h->p.advisories.count, 0);
	assert_true(says_so(ask(api_add_advisories, file_body(text, &isp, false), ""),
		"\"outcome\": \"taken\""));
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	assert_true(says_so(ask(api_view_advisories, json_object(), ""), "\"state\": \"active\""));
	assert_true(says_so(ask(api_view_advisory, json_object(), "1"),
		"\"evidence\": {\"name\": \"" C2 "\", \"address\": \"" C2_IP "\""));
	assert_true(says_so(ask(api_view_advisory, json_object(), "9"), "no advisory of that"));
	assert_int_equal(status, 404);
	assert_true(says_so(ask(api_change_advisory, json_object(), "1"), "nothing is asked for"));
	assert_true(says_so(ask(api_change_advisory,
		json_pack("{s:s, s:b}", "appeal", "no", "dry_run", 1), "1"), "\"active\""));
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	assert_true(says_so(ask(api_change_advisory, json_pack("{s:s}", "appeal", "no"), "1"),
		"\"overturned\""));
	is_free(0);
	assert_true(says_so(ask(api_change_advisory, json_pack("{s:s}", "appeal", "no"), "1"),
		"it is overturned"));
	assert_int_equal(status, 409);
	assert_true(says_so(ask(api_view_advisory_log, json_object(), ""),
		"\"act\": \"appealed\""));
	assert_true(says_so(ask(api_view_advisory_log, json_object(), ""), "\"whole\": true"));
}

static void the_api_says_what_is_wrong_where(void **state)
{
	(void)state;
	assert_true(says_so(ask(api_add_advisories, file_body("{\n \"x\": 1}", NULL, false),
		""), "line 2, column 2: \\\"x\\\" is no member"));
	assert_int_equal(status, 400);
	assert_true(says_so(ask(api_add_advisories, json_object(), ""), "is missing"));
	assert_true(says_so(ask(api_add_advisories, json_pack("{s:s, s:s}", "text", "{}",
		"signature", "0g"), ""), "hexadecimal"));
	assert_true(says_so(ask(api_add_issuer, json_pack("{s:s, s:s, s:s}", "name", "x",
		"class", "isp", "key", "none"), ""), "no key in PEM"));
	assert_true(says_so(ask(api_add_issuer, json_pack("{s:s, s:s, s:s}", "name", "owner",
		"class", "isp", "key", isp.pem), ""), "the owner needs no entry"));
	assert_true(says_so(ask(api_add_issuer, json_pack("{s:s, s:s, s:s}", "name", "isp",
		"class", "isp", "key", isp.pem), ""), "already"));
	assert_int_equal(status, 409);
	assert_true(says_so(ask(api_add_issuer, json_pack("{s:s, s:s, s:s, s:b}", "name", "m2",
		"class", "vendor", "key", isp.pem, "dry_run", 1), ""), "a bare key"));
	assert_true(says_so(ask(api_view_issuers, json_object(), ""), "\"signer\": \"CN=maker\""));
	assert_true(says_so(ask(api_change_issuer, json_pack("{s:b}", "remove", 1), "isp"),
		"cardea.issuer/1"));
	assert_true(says_so(ask(api_change_issuer, json_pack("{s:b}", "remove", 1), "isp"),
		"no issuer of that name"));
	assert_true(says_so(ask(api_change_shared, json_pack("{s:s, s:s}", "prefix",
		"198.51.100.0/24", "name", "cdn"), ""), "\"prefix\": \"198.51.100.0/24\""));
	assert_true(says_so(ask(api_change_shared, json_pack("{s:s}", "prefix", "x"), ""),
		"no prefix"));
	assert_true(says_so(ask(api_set_firmware, json_pack("{s:s, s:s}", "device",
		cam_mac(0), "label", "2.1"), ""), "\"label\": \"2.1\""));
	assert_true(says_so(ask(api_set_firmware, json_pack("{s:s}", "device", "x"), ""),
		"missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_appeal_undoes_it_and_is_remembered),
		T(taken_out_it_counts_against_nobody),
		T(an_issuer_that_goes_takes_its_words_along),
		T(each_refusal_says_why),
		T(the_owner_needs_no_key_and_means_it),
		T(a_look_changes_nothing),
		T(nothing_is_judged_without_the_time),
		T(the_clock_may_jump),
		T(the_api_takes_shows_and_ends),
		T(the_api_says_what_is_wrong_where),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
