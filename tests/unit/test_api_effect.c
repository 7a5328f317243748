// SPDX-License-Identifier: GPL-2.0-or-later
/* What a change would do to what was recorded, and what waits for the owner beside what is in
 * force. */
#include "test_api_ask.h"
#include "engine/effect.h"
#include "engine/trial.h"

/* ---- effect ---- */

/* Two hours: the cloud by name, a stranger by address, the phone. */
static void live(void)
{
	struct record r = https("cloud.example");

	for (unsigned i = 0; i < 5; i++)
		tell(&r);
	r = https("");
	r.peer = ip("198.51.100.9");
	r.peer_port = 8883;
	tell(&r);
	r = https("");
	r.place = RECORD_DEVICE;
	r.peer = ip(PHONE_IP);
	r.peer_mac = mac_of(PHONE);
	tell(&r);
	tell(&r);
	advance(h, 3700);
}

static const char mud[] =
	"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://x.example/a.json\","
	"\"last-update\":\"2026-01-01T00:00:00Z\",\"cache-validity\":48,\"is-supported\":true,"
	"\"systeminfo\":\"A lamp\",\"from-device-policy\":{\"access-lists\":{\"access-list\":["
	"{\"name\":\"from\"}]}},\"to-device-policy\":{\"access-lists\":{\"access-list\":["
	"{\"name\":\"to\"}]}}},\"ietf-access-control-list:acls\":{\"acl\":["
	"{\"name\":\"from\",\"type\":\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"a\","
	"\"matches\":{\"ipv4\":{\"protocol\":6,\"ietf-acldns:dst-dnsname\":\"cloud.example\"},"
	"\"tcp\":{\"destination-port\":{\"operator\":\"eq\",\"port\":443}}},"
	"\"actions\":{\"forwarding\":\"accept\"}}]}},"
	"{\"name\":\"to\",\"type\":\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"b\","
	"\"matches\":{\"ipv4\":{\"protocol\":6,\"ietf-acldns:src-dnsname\":\"cloud.example\"},"
	"\"tcp\":{\"source-port\":{\"operator\":\"eq\",\"port\":443}}},"
	"\"actions\":{\"forwarding\":\"accept\"}}]}}]}}";

static json_t *effect_of_profile(const char *query_device)
{
	json_t *body = json_pack("{s:s,s:s,s:i}", "profile", mud, "device", query_device,
		"hours", 24);
	char *text = json_dumps(body, 0);
	json_t *a = ask(api_ask_effect, "", "", text);

	free(text);
	json_decref(body);
	return a;
}

static void a_profile_against_what_was_done(void **state)
{
	(void)state;
	const json_t *x;
	json_t *a;

	live();
	a = effect_of_profile("lamp");
	assert_int_equal(status, 200);
	assert_int_equal(number_of(a, "conversations"), 8);
	assert_int_equal(number_of(a, "would_block"), 3);
	assert_int_equal(number_of(a, "would_allow"), 0);
	assert_int_equal(number_of(a, "unchanged"), 5);
	assert_int_equal(count_of(a, "examples"), 2);
	x = at(a, "examples", 0);
	assert_string_equal(text_of(x, "now"), "allowed");
	assert_string_equal(text_of(x, "then"), "blocked");
	assert_int_equal(number_of(x, "count"), 2);
	assert_string_equal(text_of(x, "text"), "tcp 443 to 192.168.7.21");
	assert_non_null(strstr(text_of(a, "sentence"), "3 that pass now would be blocked"));
	assert_true(json_is_string(json_object_get(a, "recorded_since")));
	json_decref(a);
	assert_int_equal(device_of(h, LAMP)->state != DEVICE_PROTECTED, 1); /* nothing changed */
	assert_int_equal(count_of(a = ask(api_view_overlays, "", "", NULL), "overlays"), 0);
	json_decref(a);
}

/* What effect says is what the evaluator says once it is so. */
static void what_was_foretold_comes_true(void **state)
{
	(void)state;
	struct overlay o = {.kind = OVERLAY_REFUSE, .proto = RULE_PROTO_ANY,
		.port = {0, UINT16_MAX}, .peer = {.kind = PEER_NAME}};
	unsigned blocked = 0;
	json_t *a;

	live();
	protect(443);
	a = ask(api_ask_effect, "", "",
		"{\"overlay\":{\"kind\":\"refuse\",\"peer\":\"cloud.example\"},"
		"\"device\":\"lamp\",\"hours\":24}");
	assert_int_equal(status, 200);
	assert_int_equal(number_of(a, "would_block"), 5);
	assert_int_equal(number_of(a, "unchanged"), 3); /* blocked before and after */
	json_decref(a);
	str_copy(o.peer.name, sizeof(o.peer.name), "cloud.example");
	assert_int_equal(pipeline_overlay_add(&h->p, device_of(h, LAMP), &o), 0);
	a = ask(api_view_talks, "lamp", "hours=24", NULL);
	for (size_t i = 0; i < count_of(a, "peers"); i++)
		if (!strcmp(text_of(at(a, "peers", i), "name"), "cloud.example"))
			blocked += !strcmp(text_of(at(a, "peers", i), "verdict"), "blocked");
	assert_int_equal(blocked, 1);
	json_decref(a);
}

static void an_overlay_that_allows(void **state)
{
	(void)state;
	json_t *a;

	protect(443);
	violate("198.51.100.9", 8883, 4);
	advance(h, 11);
	a = ask(api_ask_effect, "", "",
		"{\"overlay\":{\"kind\":\"allow\",\"peer\":\"198.51.100.9\"},"
		"\"device\":\"lamp\"}");
	assert_int_equal(number_of(a, "would_allow"), 4);
	assert_string_equal(text_of(at(a, "examples", 0), "then"), "allowed");
	json_decref(a);
}

static void without_a_profile_words_wait(void **state)
{
	(void)state;
	json_t *a;

	live();
	a = ask(api_ask_effect, "", "",
		"{\"overlay\":{\"kind\":\"refuse\",\"peer\":\"cloud.example\"},"
		"\"device\":\"lamp\",\"hours\":24}");
	assert_int_equal(number_of(a, "would_block"), 0);
	assert_int_equal(number_of(a, "unchanged"), 8);
	assert_non_null(strstr(text_of(a, "sentence"), "as soon as a profile is in force"));
	json_decref(a);
}

/* What waits for another conversation: sums have no order. */
static void triggers_cannot_be_told(void **state)
{
	(void)state;
	struct store_peer peer = {.place = RECORD_DEVICE, .proto = FLOW_PROTO_UDP,
		.port = 5683, .addr = ip(PHONE_IP)};
	struct rule r;
	const struct policy policy = {.rules = &r, .count = 1, .base_first = 1};
	struct effect_bench b = effect_now(&h->p, device_of(h, LAMP));
	struct effect_verdict v;

	rule_init(&r);
	r.id = 1;
	r.status = RULE_ENFORCED;
	r.needs = 3;
	r.open_s = 5;
	b.policy = &policy;
	effect_judge(&b, &peer, &v);
	assert_true(v.unsure);
}

/* It is as if it were not held: else nothing would ever change. */
static void held_devices_are_judged_as_if_not(void **state)
{
	(void)state;
	json_t *a;

	live();
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "I saw it"), 0);
	a = effect_of_profile("lamp");
	assert_int_equal(number_of(a, "would_block"), 3);
	json_decref(a);
}

/* A rule about the client's port: sums do not know it. */
static void what_sums_do_not_know_is_said(void **state)
{
	(void)state;
	struct store_peer peer = {.place = RECORD_INTERNET, .proto = FLOW_PROTO_UDP,
		.port = 5000, .addr = ip("198.51.100.9")};
	struct rule r[2];
	const struct policy policy = {.rules = r, .count = 1, .base_first = 1};
	struct effect_bench b = effect_now(&h->p, device_of(h, LAMP));
	struct effect_verdict v;

	rule_init(&r[0]);
	r[0].id = 1;
	r[0].status = RULE_ENFORCED;
	r[0].proto = FLOW_PROTO_UDP;
	r[0].device_port = (struct range16){6000, 6000};
	b.policy = &policy;
	effect_judge(&b, &peer, &v);
	assert_true(v.unsure);
	r[0].device_port = (struct range16){0, UINT16_MAX};
	effect_judge(&b, &peer, &v);
	assert_false(v.unsure);
	assert_true(v.allowed);
	assert_ptr_equal(v.rule, &r[0]);
	peer.place = RECORD_PLACE_MAX; /* many small ones */
	effect_judge(&b, &peer, &v);
	assert_true(v.unsure);
}

/* A name that the device was told opens; one that it only said itself does not. */
static void only_names_that_were_told_count(void **state)
{
	(void)state;
	struct store_peer peer = {.place = RECORD_INTERNET, .proto = FLOW_PROTO_TCP,
		.port = 443, .addr = ip(CLOUD_IP), .told = true};
	struct effect_bench b;
	struct effect_verdict v;

	protect(443);
	b = effect_now(&h->p, device_of(h, LAMP));
	str_copy(peer.name, sizeof(peer.name), "cloud.example");
	effect_judge(&b, &peer, &v);
	assert_true(v.allowed);
	peer.told = false;
	effect_judge(&b, &peer, &v);
	assert_false(v.allowed);
}

/* What the kernel passes whatever the rules say (policy_is_infrastructure): an address, asked
 * for and given within the LAN, and the talk of neighbours. */
static void what_every_device_needs_is_never_blocked(void **state)
{
	(void)state;
	static const struct {
		const char *peer;
		enum direction direction;
		uint8_t proto;
		uint16_t port;
		bool passes;
	} rows[] = {
		{"255.255.255.255", DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 67, true},
		{"192.168.7.1", DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 67, true},
		{"192.168.7.1", DIRECTION_TO_DEVICE, FLOW_PROTO_UDP, 68, true},
		{"ff02::1:2", DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 547, true},
		{"fe80::1", DIRECTION_TO_DEVICE, FLOW_PROTO_UDP, 546, true},
		{"fe80::1", DIRECTION_TO_DEVICE, FLOW_PROTO_ICMP6, 135, true},
		{"fe80::1", DIRECTION_FROM_DEVICE, FLOW_PROTO_ICMP6, 136, true},
		{"fe80::1", DIRECTION_TO_DEVICE, FLOW_PROTO_ICMP6, 134, true},
		/* the base layer's: names and time, of the gateway alone */
		{"192.168.7.1", DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 53, true},
		{"192.168.7.1", DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 53, true},
		{"192.168.7.1", DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 123, true},
		{"198.51.100.9", DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 53, false},
		{"192.168.7.1", DIRECTION_FROM_DEVICE, FLOW_PROTO_TCP, 22, false},
		/* no way out, and none in */
		{"198.51.100.9", DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 67, false},
		{"198.51.100.9", DIRECTION_TO_DEVICE, FLOW_PROTO_UDP, 68, false},
		{"2001:db8:ffff::9", DIRECTION_TO_DEVICE, FLOW_PROTO_UDP, 546, false},
		/* nor is it the device that serves */
		{PHONE_IP, DIRECTION_FROM_DEVICE, FLOW_PROTO_UDP, 68, false},
		{PHONE_IP, DIRECTION_TO_DEVICE, FLOW_PROTO_UDP, 67, false},
		{"fe80::1", DIRECTION_TO_DEVICE, FLOW_PROTO_UDP, 68, false},
		{"fe80::1", DIRECTION_FROM_DEVICE, FLOW_PROTO_ICMP6, 134, false},
	};

	protect(443);
	for (unsigned held = 0; held < 2; held++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			const struct store_peer peer = {.place = RECORD_DEVICE,
				.direction = rows[i].direction,
				.proto = rows[i].proto,
				.port = rows[i].port,
				.addr = ip(rows[i].peer)};
			struct effect_bench b = effect_now(&h->p, device_of(h, LAMP));
			struct effect_verdict v;

			assert_non_null(b.policy);
			effect_judge(&b, &peer, &v);
			if (v.allowed != rows[i].passes || v.unsure)
				fail_msg("row %zu, held %u", i, held);
		}
		if (!held)
			assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "x"), 0);
	}
}

/* The offer of an address comes to a port of its own, as if somebody had called. */
static void an_address_is_no_reason_to_be_asked(void **state)
{
	(void)state;
	struct record r = https("");
	unsigned seen = 0;
	json_t *a;

	r.place = RECORD_GATEWAY;
	r.direction = DIRECTION_TO_DEVICE;
	r.proto = FLOW_PROTO_UDP;
	r.peer = ip("192.168.7.1");
	r.peer_port = 67;
	r.device_port = 68;
	tell(&r);
	advance(h, 3700);
	a = effect_of_profile("lamp");
	assert_int_equal(number_of(a, "conversations"), 1);
	assert_int_equal(number_of(a, "unchanged"), 1);
	assert_int_equal(number_of(a, "would_block"), 0);
	json_decref(a);
	protect(443);
	a = ask(api_view_talks, "lamp", "hours=24", NULL);
	for (size_t i = 0; i < count_of(a, "peers"); i++)
		if (number_of(at(a, "peers", i), "port") == 68) {
			assert_string_equal(text_of(at(a, "peers", i), "verdict"), "allowed");
			seen++;
		}
	assert_int_equal(seen, 1);
	json_decref(a);
}

static void bad_questions_change_nothing(void **state)
{
	(void)state;
	json_t *a = ask(api_ask_effect, "", "",
		"{\"profile\":\"{\\\"no\\\":1}\",\"device\":\"lamp\"}");

	assert_int_equal(status, 400);
	assert_string_equal(text_of(a, "field"), "profile");
	json_decref(a);
	json_decref(ask(api_ask_effect, "", "", "{\"decision\":77}"));
	assert_int_equal(status, 404);
	json_decref(ask(api_ask_effect, "", "", "{\"learned\":true,\"device\":\"phone\"}"));
	assert_int_equal(status, 404);
	json_decref(ask(api_ask_effect, "", "", "{\"learned\":true,\"device\":\"nobody\"}"));
	assert_int_equal(status, 404);
}

/* ---- review ---- */

static void learned_profiles_wait(void **state)
{
	(void)state;
	json_t *a;

	for (unsigned i = 0; i < 7; i++)
		live();
	a = ask(api_view_review, "lamp", "", NULL);
	assert_int_equal(status, 200);
	assert_string_equal(text_of(json_object_get(a, "waiting"), "by"), "learned");
	assert_true(json_is_true(json_object_get(a, "learned")));
	assert_true(json_is_null(json_object_get(a, "decision")));
	assert_int_equal(count_of(a, "current"), 0);
	assert_true(count_of(a, "proposed") >= 2);
	assert_true(count_of(a, "diff") >= 2);
	assert_string_equal(text_of(at(a, "diff", 0), "sign"), "+");
	assert_int_equal(
		number_of(json_object_get(a, "effect"), "would_block"), 0); /* it does that */
	assert_true(number_of(json_object_get(a, "effect"), "conversations") >= 50);
	assert_true(number_of(json_object_get(a, "coverage"), "episodes") >= 5);
	assert_true(json_array_size(json_object_get(
			    json_object_get(a, "coverage"), "not_seen")) > 0);
	json_decref(a);
}

static void a_question_about_a_file(void **state)
{
	(void)state;
	struct decision q = {.kind = DECISION_UNSIGNED};
	struct profile file = {.layer = LAYER_MANUFACTURER};
	struct rule r;
	json_t *a, *b;
	char body[64];

	live();
	protect(443);
	rule_init(&r);
	r.id = 1;
	r.proto = FLOW_PROTO_TCP;
	r.peer.kind = PEER_PREFIX;
	assert_int_equal(prefix_parse("198.51.100.0/24", &r.peer.prefix), 0);
	r.layer = LAYER_MANUFACTURER;
	file.rules = &r;
	file.rule_count = 1;
	str_copy(file.url, sizeof(file.url), URL_B);
	assert_int_equal(shelf_put(&h->p.waiting, URL_B, 1, INT64_MAX, &file), 0);
	q.device = device_of(h, LAMP)->id;
	str_copy(q.subject, sizeof(q.subject), URL_B);
	str_copy(q.text, sizeof(q.text), "It is not signed. Accept it?");
	(void)pipeline_ask(&h->p, &q);
	a = ask(api_view_review, "lamp", "", NULL);
	assert_string_equal(text_of(json_object_get(a, "waiting"), "by"), "maker");
	assert_string_equal(text_of(json_object_get(a, "waiting"), "kind"), "unsigned");
	assert_int_equal(count_of(a, "diff"), 2);
	assert_string_equal(text_of(at(a, "diff", 0), "sign"), "-");
	assert_non_null(strstr(text_of(at(a, "diff", 0), "sentence"), "cloud.example"));
	assert_non_null(strstr(text_of(at(a, "diff", 1), "sentence"), "198.51.100.0/24"));
	b = json_object_get(a, "effect");
	assert_int_equal(number_of(b, "would_block"), 5);
	assert_int_equal(number_of(b, "would_allow"), 1);
	assert_int_equal(str_print(body, sizeof(body),
				 "{\"decision\":%lld,\"device\":\"phone\"}",
				 number_of(a, "decision")),
		0);
	json_decref(ask(api_ask_effect, "", "", body)); /* it is about the lamp */
	assert_int_equal(status, 404);
	assert_int_equal(str_print(body, sizeof(body),
				 "{\"decision\":%lld,\"device\":\"lamp\"}",
				 number_of(a, "decision")),
		0);
	json_decref(a);
	a = ask(api_ask_effect, "", "", body);
	assert_int_equal(number_of(a, "would_block"), 5);
	json_decref(a);
	shelf_remove(&h->p.waiting, URL_B); /* nobody has read it */
	a = ask(api_view_review, "lamp", "", NULL);
	assert_int_equal(status, 200);
	assert_true(json_is_null(json_object_get(a, "effect")));
	assert_non_null(strstr(
		text_of(json_object_get(a, "waiting"), "problem"), "nobody has read it"));
	json_decref(a);
}

static void nothing_waits(void **state)
{
	(void)state;
	json_t *a;

	protect(443);
	a = ask(api_view_review, "lamp", "", NULL);
	assert_true(json_is_null(json_object_get(a, "waiting")));
	assert_int_equal(count_of(a, "current"), 1);
	assert_false(json_is_true(json_object_get(a, "learned")));
	json_decref(a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_profile_against_what_was_done),
		TEST(what_was_foretold_comes_true),
		TEST(an_overlay_that_allows),
		TEST(without_a_profile_words_wait),
		TEST(triggers_cannot_be_told),
		TEST(held_devices_are_judged_as_if_not),
		TEST(what_sums_do_not_know_is_said),
		TEST(only_names_that_were_told_count),
		TEST(what_every_device_needs_is_never_blocked),
		TEST(an_address_is_no_reason_to_be_asked),
		TEST(bad_questions_change_nothing),
		TEST(learned_profiles_wait),
		TEST(a_question_about_a_file),
		TEST(nothing_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
