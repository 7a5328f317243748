// SPDX-License-Identifier: GPL-2.0-or-later
/* May this device talk to that, and who says so? */
#include "test_engine_util.h"
#include "engine/why.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"

static struct house *h;
static struct why_answer a;

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", URL_A);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static void protect(void)
{
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
}

static int ask(const char *destination, int proto, int port)
{
	struct why_question q = {.device = device_of(h, LAMP),
		.destination = destination, .proto = proto, .port = port};

	return why_answer(&h->p.household, &q, h->clock.now, &a);
}

static void watched_is_allowed_and_says_why(void **state)
{
	(void)state;
	assert_int_equal(ask("anything.example", 0, -1), 0);
	assert_false(a.enforced);
	assert_true(a.allowed);
	assert_non_null(strstr(a.text, "only watched"));
}

static void names_it_has_not_asked_for(void **state)
{
	(void)state;
	protect();
	assert_int_equal(ask("Cloud.Example", 0, -1), 0);
	assert_true(a.enforced);
	assert_true(a.allowed);
	assert_false(a.known_address);
	assert_int_equal(a.rule->id, 1);
	assert_int_equal(ask("elsewhere.example", 0, -1), 0);
	assert_false(a.allowed);
	assert_null(a.rule);
	assert_int_equal(a.verdict.kind, VERDICT_VIOLATION);
}

static void addresses_it_was_told(void **state)
{
	(void)state;
	protect();
	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	assert_int_equal(ask("198.51.100.7", FLOW_PROTO_TCP, 443), 0);
	assert_true(a.allowed);
	assert_true(a.known_address);
	assert_string_equal(a.name, "cloud.example");
	assert_int_equal(ask("198.51.100.7", FLOW_PROTO_TCP, 80), 0);
	assert_false(a.allowed);
	assert_int_equal(ask("198.51.100.7", FLOW_PROTO_UDP, 443), 0);
	assert_false(a.allowed);
	assert_int_equal(ask("cloud.example", 0, -1), 0);
	assert_true(a.allowed);
	assert_int_equal(a.flow.peer_port, 443); /* as its rule has it */
	assert_int_equal(ask("198.51.100.8", 0, -1), 0);
	assert_false(a.allowed);
	assert_int_equal(ask("192.168.7.1", FLOW_PROTO_UDP, 53), 0);
	assert_true(a.allowed);
	assert_int_equal(a.verdict.layer, LAYER_BASE);
}

static void neither_name_nor_address(void **state)
{
	(void)state;
	protect();
	assert_int_equal(ask("a..b", 0, -1), CARDEA_EMALFORMED);
}

static void events_are_judged_by_what_holds_now(void **state)
{
	(void)state;
	struct event e = {.kind = EVENT_VIOLATION, .reason = REASON_DEFAULT_DENY,
		.flow = {.direction = DIRECTION_FROM_DEVICE, .device = ip(LAMP_IP),
			.peer = ip("198.51.100.7"), .proto = FLOW_PROTO_TCP,
			.device_port = 40000, .peer_port = 443}};
	struct why_question q = {.destination = "", .port = -1, .event = &e};

	protect();
	q.device = device_of(h, LAMP);
	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	assert_false(a.allowed);
	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	assert_true(a.allowed);
	e.reason = REASON_SPOOFED; /* no profile changes that */
	str_copy(e.text, sizeof(e.text), "it was not its own");
	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	assert_false(a.allowed);
	assert_int_equal(a.verdict.reason, REASON_SPOOFED);
	assert_string_equal(a.text, "it was not its own");
}

static void speaks_of_what_was_tried(void **state)
{
	(void)state;
	struct event e = {.kind = EVENT_VIOLATION, .reason = REASON_DEFAULT_DENY,
		.flow = {.direction = DIRECTION_FROM_DEVICE, .device = ip(LAMP_IP),
			.peer = ip("203.0.113.66"), .proto = FLOW_PROTO_UDP,
			.device_port = 40000, .peer_port = 4444}};
	struct why_question q = {.destination = "203.0.113.66", .port = -1,
		.journal = &h->p.journal};

	protect();
	q.device = device_of(h, LAMP);
	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	assert_int_equal(a.flow.peer_port, 443);
	e.device = q.device->id;
	journal_packet(&h->p.journal, h->clock.now, &e);
	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	assert_int_equal(a.flow.proto, FLOW_PROTO_UDP);
	assert_int_equal(a.flow.peer_port, 4444);
	q.port = 22; /* the question's own word goes first */
	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	assert_int_equal(a.flow.peer_port, 22);
}

#define PLUG "02:00:00:00:00:30"
#define PLUG_IP "192.168.7.30"

/* TCP to and from the local networks, on these ports. */
static void protect_locally(const char *mac, uint16_t to_port, uint16_t from_port)
{
	struct rule rules[2];
	struct shelf_entry e = {.profile = {.rules = rules, .rule_count = 2}};
	struct device *d = device_of(h, mac);

	for (unsigned i = 0; i < 2; i++) {
		rule_init(&rules[i]);
		rules[i].id = i + 1;
		rules[i].proto = FLOW_PROTO_TCP;
		rules[i].peer.kind = PEER_LOCAL_NETWORKS;
	}
	rules[0].peer_port = (struct range16){to_port, to_port};
	rules[1].direction = DIRECTION_TO_DEVICE;
	rules[1].device_port = (struct range16){from_port, from_port};
	assert_int_equal(
		household_adopt(household_device(&h->p.household, d->id), &e), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, false, h->clock.now);
}

static void both_ends_must_agree(void **state)
{
	(void)state;
	struct why_question q = {.device = device_of(h, LAMP), .destination = "x",
		.port = -1};

	see_addr(h, PLUG, PLUG_IP, ADDR_SOURCE_DHCP4, 3600);
	/* nobody is protected; then the plug is */
	assert_int_equal(ask(PLUG_IP, FLOW_PROTO_TCP, 80), 0);
	assert_true(a.allowed);
	protect_locally(PLUG, 8080, 80);
	assert_int_equal(ask(PLUG_IP, FLOW_PROTO_TCP, 80), 0);
	assert_true(a.allowed);
	assert_false(a.enforced);
	assert_int_equal(ask(PLUG_IP, FLOW_PROTO_TCP, 81), 0);
	assert_false(a.allowed);
	assert_true(a.enforced);
	assert_ptr_equal(a.decided_by, device_of(h, PLUG));
	/* the lamp may send to port 81, which the plug does not take, and not to 80 */
	protect_locally(LAMP, 81, 1);
	assert_int_equal(ask(PLUG_IP, FLOW_PROTO_TCP, 81), 0);
	assert_false(a.allowed);
	assert_ptr_equal(a.decided_by, device_of(h, PLUG));
	assert_non_null(strstr(a.text, "does not take it"));
	assert_int_equal(ask(PLUG_IP, FLOW_PROTO_TCP, 80), 0);
	assert_false(a.allowed);
	assert_ptr_equal(a.decided_by, device_of(h, LAMP));
	protect_locally(LAMP, 80, 1);
	assert_int_equal(ask(PLUG_IP, FLOW_PROTO_TCP, 80), 0);
	assert_true(a.allowed);
	/* asked by the device instead of its address */
	q.peer = device_of(h, PLUG);
	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	assert_true(a.allowed);
	assert_string_equal(a.name, device_of(h, PLUG)->name);
	assert_int_equal(a.flow.peer_port, 80);
}

static void quarantine_is_an_answer(void **state)
{
	(void)state;
	protect();
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "for a test"), 0);
	assert_int_equal(ask("cloud.example", 0, -1), 0);
	assert_true(a.enforced);
	assert_false(a.allowed);
	assert_non_null(strstr(a.text, "quarantine"));
	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	assert_int_equal(ask("198.51.100.7", FLOW_PROTO_TCP, 443), 0);
	assert_false(a.allowed);
	assert_int_equal(a.verdict.kind, VERDICT_QUARANTINE);
	assert_non_null(strstr(a.text, "quarantine"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(watched_is_allowed_and_says_why),
		TEST(names_it_has_not_asked_for),
		TEST(addresses_it_was_told),
		TEST(neither_name_nor_address),
		TEST(events_are_judged_by_what_holds_now),
		TEST(speaks_of_what_was_tried),
		TEST(both_ends_must_agree),
		TEST(quarantine_is_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
