// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner says lies over whatever file is in force. */
#include "test_api_house.h"
#include <errno.h>
#include <jansson.h>
#include "engine/api/api_priv.h"
#include "engine/why.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define CLOUD_IP "198.51.100.7"

static struct event last;

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 864000);
	see_dhcp(h, LAMP, "lamp", URL_A);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD_IP);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static bool is_open(uint16_t port)
{
	const struct element *e = kernel_out(h, CLOUD_IP);

	return e && e->peer_port.lo == port;
}

static uint32_t say(enum overlay_kind kind, const char *peer)
{
	struct overlay o = {
		.kind = kind, .proto = RULE_PROTO_ANY, .port = {0, UINT16_MAX}};

	if (peer)
		assert_true(overlay_peer_parse(peer, &o.peer));
	assert_int_equal(pipeline_overlay_add(&h->p, device_of(h, LAMP), &o), 0);
	spin(h);
	return o.id;
}

static int take_last(void *ctx, const struct event *e)
{
	(void)ctx;
	last = *e;
	return 0;
}

static const struct event *last_event(void)
{
	struct store_event_query q = {.limit = 1};

	memset(&last, 0, sizeof(last));
	journal_flush(&h->p.journal);
	assert_int_equal(store_events(h->store, &q, take_last, NULL), 0);
	return &last;
}

static void a_refusal_closes_and_opens_again(void **state)
{
	(void)state;
	uint32_t id;

	assert_true(is_open(443));
	id = say(OVERLAY_REFUSE, "cloud.example");
	assert_false(is_open(443));
	assert_int_equal(last_event()->kind, EVENT_OVERLAY);
	assert_non_null(strstr(last.text, "refuse cloud.example"));
	assert_int_equal(pipeline_overlay_remove(&h->p, device_of(h, LAMP), id), 0);
	spin(h);
	assert_true(is_open(443));
	assert_int_equal(
		pipeline_overlay_remove(&h->p, device_of(h, LAMP), id), -ENOENT);
}

/* The maker's file is fetched anew, and is another one. */
static void new_file(uint16_t port)
{
	unsigned before = got_count(h, ROLE_COURIER, MESSAGE_FETCH);
	const struct household_device *hd =
		household_device(&h->p.household, device_of(h, LAMP)->id);

	for (unsigned i = 0;
		i < 72 && got_count(h, ROLE_COURIER, MESSAGE_FETCH) == before; i++)
		advance(h, 3600);
	assert_non_null(got(h, ROLE_COURIER, MESSAGE_FETCH, before));
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, before)->fetch.id, port, 2);
	assert_int_equal(hd->rules[0].peer_port.lo, port);
}

static void it_outlives_a_restart_and_a_new_file(void **state)
{
	(void)state;
	say(OVERLAY_REFUSE, "cloud.example");
	engine_restart(h);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_false(is_open(443));
	new_file(8443);
	assert_int_equal(household_device(&h->p.household, device_of(h, LAMP)->id)
				 ->policy.rules[0].layer,
		LAYER_OWNER);
	tell_name(h, 3, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_false(is_open(443));
	assert_false(is_open(8443));
}

static void what_it_is_about_may_go_and_come(void **state)
{
	(void)state;
	uint32_t id = say(OVERLAY_REFUSE, "gone.example");
	struct household_device *hd =
		household_device(&h->p.household, device_of(h, LAMP)->id);

	assert_int_equal(hd->overlay_count, 1);
	assert_int_equal(policy_overlay_state(&hd->policy, hd->overlays, hd->overlays, 1),
		POLICY_OVERLAY_UNMET);
	new_file(8443);
	assert_int_equal(last_event()->kind, EVENT_OVERLAY);
	assert_non_null(strstr(last.text, "is kept: refuse gone.example"));
	assert_int_equal(hd->overlays[0].id, id);
}

static void an_allowance_opens_beside_the_file(void **state)
{
	(void)state;
	struct overlay o = {.kind = OVERLAY_ALLOW, .proto = FLOW_PROTO_TCP,
		.port = {22, 22}};

	assert_true(overlay_peer_parse("203.0.113.5", &o.peer));
	assert_null(kernel_out(h, "203.0.113.5"));
	assert_int_equal(pipeline_overlay_add(&h->p, device_of(h, LAMP), &o), 0);
	spin(h);
	assert_non_null(kernel_out(h, "203.0.113.5"));
	assert_true(is_open(443));
	assert_int_equal(
		pipeline_overlay_add(&h->p, device_of(h, LAMP), &o), -EEXIST);
	say(OVERLAY_LAN_ONLY, NULL); /* a limit goes before it */
	assert_null(kernel_out(h, "203.0.113.5"));
	assert_false(is_open(443));
}

/* ---- for a while ---- */

#define FAR "203.0.113.5"

static int allow_for(unsigned seconds, struct overlay *ret)
{
	struct overlay o = {.kind = OVERLAY_ALLOW, .proto = FLOW_PROTO_TCP, .port = {22, 22}};
	int error;

	if (seconds)
		o.until = h->clock.now + seconds * NS_PER_SEC;
	assert_true(overlay_peer_parse(FAR, &o.peer));
	error = pipeline_overlay_add(&h->p, device_of(h, LAMP), &o);
	spin(h);
	*ret = o;
	return error;
}

static unsigned said(void)
{
	return (unsigned)household_device(&h->p.household, device_of(h, LAMP)->id)
		->overlay_count;
}

static void what_was_said_for_an_hour_ends_by_itself(void **state)
{
	struct overlay o;

	(void)state;
	assert_int_equal(allow_for(3600, &o), 0);
	assert_non_null(kernel_out(h, FAR));
	assert_non_null(strstr(last_event()->text, "allow " FAR " tcp port 22 for 1 hour."));
	advance(h, 3598);
	assert_non_null(kernel_out(h, FAR));
	advance(h, 3);
	assert_null(kernel_out(h, FAR));
	assert_int_equal(said(), 0);
	assert_int_equal(last_event()->kind, EVENT_OVERLAY);
	assert_non_null(strstr(last.text, "is over, as you wished: allow " FAR));
	assert_int_equal(pipeline_overlay_remove(&h->p, device_of(h, LAMP), o.id), -ENOENT);
	engine_restart(h);
	assert_int_equal(said(), 0);
}

static void a_restart_neither_ends_nor_lengthens_it(void **state)
{
	struct overlay o;

	(void)state;
	assert_int_equal(allow_for(3600, &o), 0);
	advance(h, 1800);
	engine_restart(h);
	assert_int_equal(said(), 1);
	assert_non_null(kernel_out(h, FAR));
	advance(h, 1799);
	assert_non_null(kernel_out(h, FAR));
	advance(h, 2);
	assert_null(kernel_out(h, FAR));
	/* its time goes by while the gateway is off */
	assert_int_equal(allow_for(600, &o), 0);
	assert_non_null(kernel_out(h, FAR));
	engine_end(h);
	clock_virtual_set(&h->clock, h->clock.now + 601 * NS_PER_SEC);
	engine_start(h);
	assert_int_equal(said(), 0);
	assert_non_null(strstr(last_event()->text, "is over, as you wished"));
	for (size_t i = 0; i < ROLE_MAX; i++)
		h->far[i].count = 0;
	connect_all(h);
	spin(h);
	assert_null(kernel_out(h, FAR));
}

static void the_last_word_counts_and_for_good_is_longest(void **state)
{
	struct overlay first, o;

	(void)state;
	assert_int_equal(allow_for(3600, &first), 0);
	assert_int_equal(allow_for(7200, &o), 0);
	assert_int_equal(o.id, first.id);
	assert_int_equal(said(), 1);
	advance(h, 3700);
	assert_non_null(kernel_out(h, FAR));
	assert_int_equal(allow_for(0, &o), 0);
	assert_int_equal(o.id, first.id);
	assert_int_equal(allow_for(60, &o), -EEXIST);
	assert_int_equal(o.until, 0);
	engine_restart(h);
	advance(h, 7200);
	assert_int_equal(said(), 1);
	assert_non_null(kernel_out(h, FAR));
}

/* A gateway without a battery: its clock stood when it was said, and is set a year on. */
static void a_clock_that_is_set_moves_its_end(void **state)
{
	nstime year = (nstime)365 * 86400 * NS_PER_SEC;
	struct overlay o;

	(void)state;
	assert_int_equal(allow_for(3600, &o), 0);
	advance(h, 600);
	pipeline_overlays_shift(&h->p, h->clock.now, year);
	o = household_device(&h->p.household, device_of(h, LAMP)->id)->overlays[0];
	assert_int_equal(o.until - o.said, 3600 * NS_PER_SEC);
	assert_int_equal(o.until, h->clock.now + 3000 * NS_PER_SEC + year);
	/* behind the word, the clock cannot tell: its whole time from the start, no more */
	engine_restart(h);
	advance(h, 3500);
	assert_int_equal(said(), 1);
	advance(h, 101);
	assert_int_equal(said(), 0);
	assert_null(kernel_out(h, FAR));
}

static void refused(const char *peer, uint16_t port)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(peer);
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.device_port = 40000;
	m.seen_violation.peer_port = port;
	m.seen_violation.packets = 3;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

/* Counted apart, in the owner's words, and no business of the maker's. */
static void a_refusal_is_no_violation(void **state)
{
	(void)state;
	struct household_device *hd =
		household_device(&h->p.household, device_of(h, LAMP)->id);
	uint64_t before;

	say(OVERLAY_NO_INTERNET, NULL);
	tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD_IP);
	before = hd->report.drops.packets[REPORT_DROP_NOMATCH][DIRECTION_FROM_DEVICE];
	refused(CLOUD_IP, 443);
	assert_int_equal(last_event()->kind, EVENT_REFUSED);
	assert_non_null(
		strstr(last.text, "You said no: it is to stay away from the internet"));
	assert_int_equal(last.packets, 3);
	assert_int_equal(
		hd->report.drops.packets[REPORT_DROP_NOMATCH][DIRECTION_FROM_DEVICE],
		before);
	refused(CLOUD_IP, 23); /* what no profile lists stays one */
	assert_int_equal(last_event()->kind, EVENT_VIOLATION);
	assert_int_equal(
		hd->report.drops.packets[REPORT_DROP_NOMATCH][DIRECTION_FROM_DEVICE],
		before + 3);
}

static struct why_answer why(const char *destination)
{
	struct why_question q = {
		.device = device_of(h, LAMP), .destination = destination, .port = -1};
	struct why_answer a;

	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	return a;
}

static void why_says_you_said_no(void **state)
{
	(void)state;
	struct why_answer a;

	say(OVERLAY_REFUSE, "cloud.example");
	a = why("cloud.example"); /* with an address */
	assert_int_equal(a.verdict.kind, VERDICT_REFUSE);
	assert_non_null(strstr(a.text, "You said no"));
	say(OVERLAY_REFUSE, "*.ads.example");
	a = why("x.ads.example"); /* without */
	assert_false(a.allowed);
	assert_int_equal(a.verdict.kind, VERDICT_REFUSE);
	assert_non_null(strstr(a.text, "You said no: it must not"));
	a = why("else.example");
	assert_int_equal(a.verdict.kind, VERDICT_VIOLATION);
}

/* Nothing of the name is left: it is told that there is none. */
static void a_name_that_is_refused_is_none(void **state)
{
	(void)state;
	char text[LIMIT_TEXT];
	uint16_t ede = 0;

	say(OVERLAY_REFUSE, "cloud.example");
	assert_int_equal(pipeline_name_policy(&h->p, device_of(h, LAMP), "cloud.example",
				 &ede, text),
		3);
	assert_int_equal(ede, 17); /* filtered: RFC 8914 4.18 */
	assert_non_null(strstr(text, "which you refused"));
}

/* ---- the API ---- */

static void the_api_says_and_takes_back(void **state)
{
	(void)state;
	json_t *a = ask(api_add_overlay, "", "",
		"{\"device\":\"lamp\",\"kind\":\"refuse\",\"peer\":\"cloud.example\","
		"\"proto\":\"tcp\",\"port_from\":443,\"port_to\":443,\"dry_run\":true}");

	assert_int_equal(status, 200);
	assert_string_equal(text_of(a, "text"), "refuse cloud.example tcp port 443");
	assert_true(json_is_false(json_object_get(a, "stored")));
	assert_true(is_open(443)); /* nothing happened */
	json_decref(a);
	a = ask(api_add_overlay, "", "",
		"{\"device\":\"lamp\",\"kind\":\"refuse\",\"peer\":\"cloud.example\"}");
	assert_true(json_is_true(json_object_get(a, "enforced")));
	assert_int_equal(json_integer_value(json_object_get(a, "id")), 1);
	assert_false(is_open(443));
	json_decref(a);
	a = ask(api_view_overlays, "", "device=lamp", "");
	assert_int_equal(json_array_size(json_object_get(a, "overlays")), 1);
	json_decref(a);
	json_decref(ask(api_change_overlay, "1", "",
		"{\"remove\":true,\"dry_run\":true}"));
	assert_false(is_open(443));
	a = ask(api_change_overlay, "1", "", "{\"remove\":true}");
	assert_string_equal(text_of(a, "peer"), "cloud.example");
	assert_true(is_open(443));
	json_decref(a);
	json_decref(ask(api_change_overlay, "1", "", "{\"remove\":true}"));
	assert_int_equal(status, 404);
}

static void the_api_refuses_what_is_nothing(void **state)
{
	(void)state;
	static const char *const bodies[] = {"{}", "{\"device\":\"lamp\"}",
		"{\"device\":\"lamp\",\"kind\":\"forbid\",\"peer\":\"a.example\"}",
		"{\"device\":\"lamp\",\"kind\":\"refuse\"}",
		"{\"device\":\"lamp\",\"kind\":\"lan-only\",\"peer\":\"a.example\"}",
		"{\"device\":\"lamp\",\"kind\":\"refuse\",\"peer\":\"a..b\"}",
		"{\"device\":\"lamp\",\"kind\":\"refuse\",\"peer\":\"a.example\","
		"\"port_from\":9,\"port_to\":3}",
		"{\"device\":\"lamp\",\"kind\":\"refuse\",\"peer\":\"a.example\","
		"\"port_from\":70000}",
		"{\"device\":\"lamp\",\"kind\":\"refuse\",\"peer\":\"a.example\","
		"\"proto\":\"icmp\",\"port_from\":7}",
		"{\"device\":\"lamp\",\"kind\":\"refuse\",\"peer\":\"a.example\","
		"\"proto\":\"nonsense\"}"};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		json_decref(ask(api_add_overlay, "", "", bodies[i]));
		assert_int_equal(status, 400);
	}
	json_decref(ask(api_add_overlay, "", "",
		"{\"device\":\"nobody\",\"kind\":\"lan-only\"}"));
	assert_int_equal(status, 404);
	json_decref(ask(api_change_overlay, "1", "", "{}"));
	assert_int_equal(status, 400);
	for (unsigned i = 0; i <= LIMIT_OVERLAYS; i++) {
		char body[160];
		assert_int_equal(str_print(body, sizeof(body),
					 "{\"device\":\"lamp\",\"kind\":\"refuse\","
					 "\"peer\":\"n%u.example\"}",
					 i),
			0);
		json_decref(ask(api_add_overlay, "", "", body));
		assert_int_equal(status, i < LIMIT_OVERLAYS ? 200 : 409);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refusal_closes_and_opens_again),
		TEST(it_outlives_a_restart_and_a_new_file),
		TEST(what_it_is_about_may_go_and_come),
		TEST(an_allowance_opens_beside_the_file),
		TEST(what_was_said_for_an_hour_ends_by_itself),
		TEST(a_restart_neither_ends_nor_lengthens_it),
		TEST(the_last_word_counts_and_for_good_is_longest),
		TEST(a_clock_that_is_set_moves_its_end),
		TEST(a_refusal_is_no_violation),
		TEST(why_says_you_said_no),
		TEST(a_name_that_is_refused_is_none),
		TEST(the_api_says_and_takes_back),
		TEST(the_api_refuses_what_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
