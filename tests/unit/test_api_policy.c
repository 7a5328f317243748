// SPDX-License-Identifier: GPL-2.0-or-later
/* Controllers, quarantine and policy as the API tells and changes them. */
#include "test_api_house.h"
#include "wire/dns.h"
#include <jansson.h>

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define HUB "02:00:00:00:00:12"
#define HUB_IP "192.168.7.12"
#define CLASS "urn:example:hub"

static struct device *lamp, *hub;
static struct shelf_entry file;
static struct rule rules[3];
static struct profile_limit limit;

/* 1: TCP to a class; 2: TCP to my controller; 3: UDP to a network, near enough. */
static void write_file(void)
{
	memset(&file, 0, sizeof(file));
	memset(&limit, 0, sizeof(limit));
	for (unsigned i = 0; i < 3; i++) {
		rule_init(&rules[i]);
		rules[i].id = i + 1;
		rules[i].proto = i < 2 ? FLOW_PROTO_TCP : FLOW_PROTO_UDP;
		rules[i].peer_port = (struct range16){8080, 8080};
		rules[i].layer = LAYER_MANUFACTURER;
		str_copy(rules[i].acl, sizeof(rules[i].acl), "from");
		assert_int_equal(
			str_print(rules[i].ace, sizeof(rules[i].ace), "%u", i), 0);
	}
	rules[0].peer.kind = PEER_CONTROLLER;
	str_copy(rules[0].peer.name, sizeof(rules[0].peer.name), CLASS);
	rules[1].peer.kind = PEER_MY_CONTROLLER;
	rules[2].peer.kind = PEER_PREFIX;
	assert_int_equal(prefix_parse("203.0.113.0/24", &rules[2].peer.prefix), 0);
	rules[2].quarantine = true;
	limit.direction = DIRECTION_FROM_DEVICE;
	limit.bytes = 4096;
	str_copy(limit.service, sizeof(limit.service), "telemetry");
	file.profile.rules = rules;
	file.profile.rule_count = 3;
	file.profile.limits = &limit;
	file.profile.limit_count = 1;
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	see_addr(h, HUB, HUB_IP, ADDR_SOURCE_DHCP4, 86400);
	see_dhcp(h, HUB, "living-room-hub", "");
	lamp = device_of(h, LAMP);
	hub = device_of(h, HUB);
	write_file();
	assert_int_equal(
		household_adopt(household_device(&h->p.household, lamp->id), &file), 0);
	lamp->state = DEVICE_PROTECTED;
	household_update(&h->p.household, lamp, false, h->clock.now);
	spin(h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static const char *text(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static json_t *item(json_t *o, const char *list, size_t i)
{
	json_t *found = json_array_get(json_object_get(o, list), i);

	assert_non_null(found);
	return found;
}

static size_t size(json_t *o, const char *list)
{
	return json_array_size(json_object_get(o, list));
}

static void who_might_be_the_controller(void **state)
{
	(void)state;
	json_t *a = ask(api_view_controllers, "", "", ""), *open, *s;

	assert_int_equal(status, 200);
	assert_string_equal(text(a, "schema"), "cardea.controller.list/1");
	assert_int_equal(size(a, "controllers"), 0);
	assert_int_equal(size(a, "unmapped"), 2);
	open = item(a, "unmapped", 0);
	assert_string_equal(text(open, "class"), CLASS);
	assert_true(json_is_null(json_object_get(open, "device")));
	assert_int_equal(size(open, "used_by"), 1);
	/* by its name, as nothing better is known */
	s = item(open, "suggestions", 0);
	assert_string_equal(text(s, "device"), hub->name);
	assert_non_null(strstr(text(s, "why"), "hub"));
	open = item(a, "unmapped", 1);
	assert_string_equal(text(open, "class"), "my-controller");
	assert_string_equal(text(open, "device"), lamp->name);
	json_decref(a);
}

static void who_was_refused_comes_first(void **state)
{
	(void)state;
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};
	json_t *a, *s;

	see_addr(h, "02:00:00:00:00:13", "192.168.7.13", ADDR_SOURCE_DHCP4, 86400);
	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip("192.168.7.13");
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.peer_port = 8080;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	a = ask(api_view_controllers, "", "", "");
	s = item(item(a, "unmapped", 0), "suggestions", 0);
	assert_string_equal(text(s, "mac"), "02:00:00:00:00:13");
	assert_non_null(strstr(text(s, "why"), "refused"));
	s = item(item(a, "unmapped", 0), "suggestions", 1);
	assert_string_equal(text(s, "mac"), HUB);
	json_decref(a);
}

static void a_controller_is_named_and_unnamed(void **state)
{
	(void)state;
	json_t *a = ask(api_change_controllers, "", "",
		"{\"class\":\"" CLASS "\",\"device\":null,\"target\":\"" HUB "\"}");

	assert_int_equal(status, 200);
	assert_int_equal(size(a, "controllers"), 1);
	assert_string_equal(text(item(a, "controllers", 0), "target_mac"), HUB);
	assert_int_equal(size(item(a, "controllers", 0), "used_by"), 1);
	assert_int_equal(size(a, "unmapped"), 1);
	json_decref(a);
	a = ask(api_change_controllers, "", "",
		"{\"class\":\"my-controller\",\"device\":\"" LAMP
		"\",\"target\":\"203.0.113.1\"}");
	assert_int_equal(size(a, "controllers"), 2);
	assert_string_equal(text(item(a, "controllers", 1), "target"), "203.0.113.1");
	assert_string_equal(text(item(a, "controllers", 1), "device"), lamp->name);
	assert_int_equal(size(a, "unmapped"), 0);
	json_decref(a);
	a = ask(api_change_controllers, "", "",
		"{\"class\":\"" CLASS "\",\"target\":\"203.0.113.2\",\"add\":true}");
	assert_int_equal(size(a, "controllers"), 3);
	json_decref(a);
	a = ask(api_change_controllers, "", "",
		"{\"class\":\"" CLASS "\",\"target\":null}");
	assert_int_equal(status, 200);
	assert_int_equal(size(a, "controllers"), 1);
	json_decref(a);
}

static void refuse(const char *body, unsigned expected)
{
	json_t *a = ask(api_change_controllers, "", "", body);

	assert_int_equal(status, expected);
	assert_string_equal(text(a, "schema"), "cardea.error/1");
	assert_true(text(a, "next")[0]);
	json_decref(a);
}

static void senseless_controllers_are_refused(void **state)
{
	(void)state;
	refuse("{\"class\":\"" CLASS "\"}", 400);
	refuse("{\"target\":\"" HUB "\"}", 400);
	refuse("{\"class\":\"" CLASS "\",\"target\":5}", 400);
	refuse("{\"class\":\"" CLASS "\",\"device\":5,\"target\":\"" HUB "\"}", 400);
	refuse("{\"class\":\"hub\",\"target\":\"" HUB "\"}", 400);
	refuse("{\"class\":\"" CLASS "\",\"target\":\"nobody\"}", 404);
	refuse("{\"class\":\"" CLASS "\",\"target\":null}", 404);
	refuse("{\"class\":\"" CLASS "\",\"device\":\"nobody\",\"target\":\"" HUB "\"}",
		404);
	refuse("{\"class\":\"my-controller\",\"device\":\"" HUB "\",\"target\":\"" HUB
	       "\"}",
		400);
	refuse("no JSON", 400);
	assert_int_equal(h->p.classes.said_count, 0);
}

static json_t *policy_of_lamp(void)
{
	json_t *a = ask(api_view_policy, "", "device=" LAMP "&elements=1", "");

	assert_int_equal(status, 200);
	assert_int_equal(size(a, "devices"), 1);
	return a;
}

static void policy_tells_who_is_meant_and_what_was_used(void **state)
{
	(void)state;
	json_t *a = policy_of_lamp(), *d = item(a, "devices", 0),
	       *r = item(d, "rules", 0);

	assert_string_equal(text(r, "status"), "enforced");
	assert_int_equal(json_integer_value(json_object_get(r, "members")), 0);
	assert_non_null(strstr(text(r, "note"), "cardea controller set"));
	assert_int_equal(json_integer_value(json_object_get(r, "hits")), 0);
	assert_true(json_is_null(json_object_get(r, "last_hit")));
	assert_true(text(r, "counted_since")[0]);
	assert_null(json_object_get(item(d, "rules", 2), "members"));
	json_decref(a);
	assert_int_equal(classes_map(&h->p, 0, CLASS, HUB), 0);
	a = policy_of_lamp();
	r = item(item(a, "devices", 0), "rules", 0);
	assert_int_equal(json_integer_value(json_object_get(r, "members")), 1);
	assert_string_equal(text(r, "note"), "");
	json_decref(a);
}

static bool has_element(json_t *d, const char *set)
{
	json_t *e;
	size_t i;

	json_array_foreach (json_object_get(d, "elements"), i, e)
		if (strcmp(text(e, "set"), set) == 0)
			return true;
	return false;
}

static void policy_tells_limits_and_what_was_ended(void **state)
{
	(void)state;
	struct addr peer = ip("203.0.113.9");
	json_t *a, *d, *l;

	assert_int_equal(household_block(&h->p.household, lamp, &peer, FLOW_PROTO_UDP,
				 8080, h->clock.now),
		0);
	a = policy_of_lamp();
	d = item(a, "devices", 0);
	l = item(d, "limits", 0);
	assert_string_equal(text(l, "service"), "telemetry");
	assert_int_equal(json_integer_value(json_object_get(l, "bytes_per_s")), 4096);
	assert_string_equal(text(l, "status"), "approximated");
	assert_true(has_element(d, "limit-out-bytes"));
	assert_string_equal(text(item(d, "ended", 0), "peer"), "203.0.113.9");
	assert_true(text(item(d, "ended", 0), "until")[0]);
	json_decref(a);
}

static void quarantine_is_listed_with_what_stays_on(void **state)
{
	(void)state;
	json_t *a = ask(api_view_quarantine, "", "", ""), *d;

	assert_string_equal(text(a, "schema"), "cardea.quarantine.list/1");
	assert_int_equal(size(a, "devices"), 0);
	json_decref(a);
	assert_int_equal(pipeline_quarantine(&h->p, lamp, "it floods"), 0);
	a = ask(api_view_quarantine, "", "", "");
	d = item(a, "devices", 0);
	assert_string_equal(text(d, "device"), lamp->name);
	assert_string_equal(text(d, "reason"), "it floods");
	/* the house's names and time, and the rule for repair */
	assert_int_equal(size(d, "still_on"), 2);
	json_decref(a);
	a = policy_of_lamp();
	assert_string_equal(text(item(a, "devices", 0), "state"), "quarantined");
	assert_string_equal(text(item(a, "devices", 0), "quarantine"), "it floods");
	json_decref(a);
}

static void tell_port(const char *name, bool covered, const char *why)
{
	struct message m = {.type = MESSAGE_PORT};

	str_copy(m.port.name, sizeof(m.port.name), name);
	m.port.covered = covered;
	str_copy(m.port.text, sizeof(m.port.text), why);
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static void status_tells_where_rules_and_names_are(void **state)
{
	(void)state;
	struct message ready = {.type = MESSAGE_ENFORCER_READY};
	json_t *a, *names;

	tell_port("lan1", true, "");
	tell_port("lan2", false, "the switch forwards by itself");
	a = ask(api_view_status, "", "", "");
	names = json_object_get(a, "names");
	assert_string_equal(text(names, "learned_by"), "resolver");
	assert_int_equal(json_integer_value(json_object_get(names, "devices_held")), 1);
	assert_string_equal(text(names, "unlisted"), "answer");
	assert_int_equal(size(a, "ports"), 2);
	assert_true(json_is_true(json_object_get(item(a, "ports", 0), "covered")));
	assert_string_equal(text(item(a, "ports", 1), "why"), "the switch forwards by itself");
	assert_true(json_is_false(json_object_get(item(a, "ports", 1), "accepted")));
	json_decref(a);
	ready.enforcer_ready.name_key0 = 1;
	str_copy(ready.enforcer_ready.backend, sizeof(ready.enforcer_ready.backend), "bpf");
	far_send(h, ROLE_ENFORCER, &ready);
	spin(h);
	a = ask(api_view_status, "", "", "");
	names = json_object_get(a, "names");
	assert_string_equal(text(a, "backend"), "bpf");
	assert_string_equal(text(names, "learned_by"), "kernel");
	assert_int_equal(json_integer_value(json_object_get(names, "devices_kernel")), 1);
	assert_int_equal(json_integer_value(json_object_get(names, "devices_held")), 0);
	json_decref(a);
}

/* The rules of the file, and one for this address and port. */
static void list(const char *prefix, uint16_t port)
{
	rules[2].proto = FLOW_PROTO_TCP;
	rules[2].peer_port = (struct range16){port, port};
	assert_int_equal(prefix_parse(prefix, &rules[2].peer.prefix), 0);
	assert_int_equal(
		household_adopt(household_device(&h->p.household, lamp->id), &file), 0);
	household_update(&h->p.household, lamp, true, h->clock.now);
	spin(h);
}

static bool why_says(const char *query, const char *words)
{
	char whole[128];
	json_t *a;
	bool there;

	assert_int_equal(str_print(whole, sizeof(whole), "device=%s&%s", LAMP, query), 0);
	a = ask(api_view_why, "", whole, "");
	there = strstr(text(a, "text"), words) != NULL;
	if (!there)
		print_message("%s\n", text(a, "text"));
	json_decref(a);
	return there;
}

static void why_names_who_else_is_asked_for_names(void **state)
{
	(void)state;
	assert_true(why_says("destination=8.8.8.8&port=53&proto=udp",
		"This is its own resolver 8.8.8.8 (Google"));
	assert_true(why_says("destination=8.8.8.8&port=53&proto=udp", "it is refused"));
	assert_int_equal(pipeline_setting(&h->p, "dns_foreign", "redirect"), 0);
	assert_true(why_says("destination=8.8.8.8&port=53&proto=udp",
		"redirected to this gateway"));
	assert_true(why_says("destination=203.0.113.9&port=853&proto=tcp",
		"the public resolver 203.0.113.9 by TLS: it is refused"));
	list("9.9.9.9/32", 443);
	assert_true(why_says("destination=9.9.9.9&port=443&proto=tcp", "by HTTPS"));
	assert_true(why_says("destination=9.9.9.9&port=443&proto=tcp",
		"its names are hidden from this gateway"));
	assert_true(why_says("destination=192.168.7.1&port=53&proto=udp", "Allowed"));
}

/* What is let through there is noted once, however often it is used. */
static void hidden_names_are_noted(void **state)
{
	(void)state;
	struct message m = {.type = MESSAGE_COUNTS_END};
	unsigned before;
	json_t *a;

	list("9.9.9.9/32", 853);
	advance(h, 40);
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
	before = h->events;
	for (unsigned i = 1; i < 4; i++) {
		advance(h, 40);
		message_from_count(&m, kernel_out(h, "9.9.9.9"), i);
		far_send(h, ROLE_ENFORCER, &m);
		m = (struct message){.type = MESSAGE_COUNTS_END};
		far_send(h, ROLE_ENFORCER, &m);
		spin(h);
	}
	assert_int_equal(h->events, before + 1);
	a = ask(api_view_events, "", "limit=1", "");
	assert_string_equal(text(item(a, "events", 0), "kind"), "names-hidden");
	assert_non_null(strstr(text(item(a, "events", 0), "text"),
		"which its profile lists: its names are hidden from this gateway"));
	json_decref(a);
}

static void why_tells_of_a_refused_name(void **state)
{
	(void)state;
	char query[64];
	json_t *a;

	assert_int_equal(pipeline_quarantine(&h->p, lamp, "it scans"), 0);
	/* a network stays on by address; what is asked for by name could tell anything */
	tell_name(h, 1, LAMP_IP, "update.example", "203.0.113.9");
	assert_int_equal(got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, 0)->dns_release.rcode,
		DNS_RCODE_REFUSED);
	rules[2].quarantine = false;
	list("203.0.113.0/24", 8080);
	tell_name(h, 2, LAMP_IP, "tracker.example", "198.51.100.9");
	a = ask(api_view_events, "", "limit=1", "");
	assert_string_equal(text(item(a, "events", 0), "kind"), "name-refused");
	assert_string_equal(text(item(a, "events", 0), "name"), "tracker.example");
	assert_int_equal(str_print(query, sizeof(query), "event=%lld",
		json_integer_value(json_object_get(item(a, "events", 0), "id"))), 0);
	json_decref(a);
	a = ask(api_view_why, "", query, "");
	assert_int_equal(status, 200);
	assert_true(json_is_false(json_object_get(a, "allowed")));
	assert_string_equal(text(a, "verdict"), "refuse");
	assert_non_null(strstr(text(a, "text"), "asked for tracker.example"));
	json_decref(a);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(status_tells_where_rules_and_names_are),
		T(why_names_who_else_is_asked_for_names),
		T(hidden_names_are_noted),
		T(why_tells_of_a_refused_name),
		T(who_might_be_the_controller),
		T(who_was_refused_comes_first),
		T(a_controller_is_named_and_unnamed),
		T(senseless_controllers_are_refused),
		T(policy_tells_who_is_meant_and_what_was_used),
		T(policy_tells_limits_and_what_was_ended),
		T(quarantine_is_listed_with_what_stays_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
