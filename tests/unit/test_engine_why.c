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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
