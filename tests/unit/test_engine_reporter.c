// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports to makers: only where the owner wants them, once a day, and never of more than
 * was shown. */
#include "test_api_house.h"
#include <errno.h>
#include <jansson.h>
#include "engine/api/api_priv.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define URI "https://maker.example/reports"
#define HOUR 3600
#define DAY (24 * HOUR)

static struct device *lamp;
static struct shelf_entry file;
static struct rule rules[2];
static struct profile_link link_;

static void write_file(const char *uri)
{
	memset(&file, 0, sizeof(file));
	memset(&link_, 0, sizeof(link_));
	for (unsigned i = 0; i < 2; i++) {
		rule_init(&rules[i]);
		rules[i].id = i + 1;
		rules[i].proto = FLOW_PROTO_TCP;
		str_copy(rules[i].acl, sizeof(rules[i].acl), "from");
		assert_int_equal(str_print(rules[i].ace, sizeof(rules[i].ace), "a%u", i), 0);
	}
	rules[0].peer.kind = PEER_NAME;
	str_copy(rules[0].peer.name, sizeof(rules[0].peer.name), "cloud.example");
	rules[1].peer.kind = PEER_SAME_MANUFACTURER;
	str_copy(file.url, sizeof(file.url), URL_A);
	file.profile.rules = rules;
	file.profile.rule_count = 2;
	file.profile.links = &link_;
	file.profile.link_count = uri ? 1 : 0;
	str_copy(link_.kind, sizeof(link_.kind), "report-uri");
	str_copy(link_.text, sizeof(link_.text), uri ? uri : "");
}

static struct household_device *held(const struct device *d)
{
	return household_device(&h->p.household, d->id);
}

static void adopt(struct device *d)
{
	assert_int_equal(household_adopt(held(d), &file), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, false, h->clock.now);
	spin(h);
}

static void wants(bool yes)
{
	assert_int_equal(pipeline_setting(&h->p, "report", yes ? "yes" : "no"), 0);
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	see_dhcp(h, LAMP, "secret-lamp", "");
	lamp = device_of(h, LAMP);
	write_file(URI);
	adopt(lamp);
	wants(true);
	advance(h, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

/* Much later at once. */
static void pass(nstime seconds)
{
	clock_virtual_set(&h->clock, h->clock.now + seconds * NS_PER_SEC);
	spin(h);
	advance(h, 1);
}

static unsigned begun(void)
{
	return got_count(h, ROLE_COURIER, MESSAGE_REPORT);
}

static const struct message_report *head(unsigned nth)
{
	const struct message *m = got(h, ROLE_COURIER, MESSAGE_REPORT, nth);

	assert_non_null(m);
	return &m->report;
}

static void finish(uint64_t id, int error, const char *words)
{
	struct message m = {.type = MESSAGE_REPORT_DONE};

	m.report_done.id = id;
	m.report_done.error = error;
	str_copy(m.report_done.text, sizeof(m.report_done.text), words);
	far_send(h, ROLE_COURIER, &m);
	spin(h);
}

/* All parts of this one, together. */
static char *sent_text(uint64_t id)
{
	char *text = calloc(1, LIMIT_REPORT_BYTES + 1);
	const struct message *m;

	assert_non_null(text);
	for (unsigned i = 0; (m = got(h, ROLE_COURIER, MESSAGE_REPORT_PART, i)); i++)
		if (m->report_part.id == id) {
			assert_true(strlen(text) + strlen(m->report_part.text) <=
				    LIMIT_REPORT_BYTES);
			memcpy(text + strlen(text), m->report_part.text,
				strlen(m->report_part.text));
		}
	return text;
}

static const char *member(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void off_unless_wanted(void **state)
{
	struct reporter fresh = {.enabled = true};
	char why[LIMIT_TEXT];
	json_t *a;

	(void)state;
	reporter_init(&fresh);
	assert_false(fresh.enabled);
	wants(false);
	pass(3 * DAY);
	pass(3 * DAY);
	assert_int_equal(reporter_send(&h->p, lamp, why), -EPERM);
	assert_non_null(strstr(why, "[mud]"));
	a = ask(api_send_report, "", "", "{\"device\":\"" LAMP "\"}");
	assert_int_equal(status, 409);
	assert_non_null(strstr(member(a, "error"), "[mud]"));
	json_decref(a);
	a = ask(api_view_reports, "", "device=" LAMP_IP, "");
	assert_int_equal(status, 200);
	assert_string_equal(member(a, "schema"), "cardea.report/1");
	assert_true(json_is_false(json_object_get(a, "enabled")));
	assert_true(json_is_false(json_object_get(a, "sent")));
	assert_non_null(strstr(member(a, "why"), "[mud]"));
	/* what would be sent can be read all the same */
	assert_non_null(strstr(member(a, "body"), "\"mudurl\":\"" URL_A "\""));
	json_decref(a);
	assert_int_equal(begun(), 0);
	assert_int_equal(got_count(h, ROLE_RESOLVER, MESSAGE_RESOLVE), 0);
}

static void once_a_day(void **state)
{
	unsigned events;

	(void)state;
	pass(HOUR - 10);
	assert_int_equal(begun(), 0);
	pass(DAY - HOUR + 10);
	assert_int_equal(begun(), 1);
	assert_string_equal(head(0)->url, URI);
	assert_true(head(0)->id >= REPORTER_ID_FIRST);
	events = h->events;
	finish(head(0)->id, 0, "");
	assert_int_equal(h->events, events + 1);
	pass(DAY - 60);
	assert_int_equal(begun(), 1);
	pass(HOUR + 120);
	assert_int_equal(begun(), 2);
	finish(head(1)->id, 0, "");
	assert_int_equal(h->events, events + 1); /* no news */
}

/* Houses that were all switched on by the same power cut. */
static void first_times_differ(void **state)
{
	nstime first = held(lamp)->report.due, low = first, high = first;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		held(lamp)->report.due = 0;
		reporter_tick(&h->p);
		nstime due = held(lamp)->report.due - loop_now(h->loop);
		assert_true(due >= REPORTER_FIRST);
		assert_true(due <= REPORTER_FIRST + REPORTER_FIRST_SPREAD);
		low = due < low ? due : low;
		high = due > high ? due : high;
	}
	assert_true(high - low > REPORTER_FIRST_SPREAD / 2);
}

static void what_is_shown_is_what_is_sent(void **state)
{
	char *text;
	json_t *a;

	(void)state;
	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	tell_name(h, 2, LAMP_IP, "cloud.example", "192.168.7.77");
	tell_name(h, 3, LAMP_IP, "private.example", "198.51.100.9");
	a = ask(api_view_reports, "", "device=" LAMP_IP, "");
	assert_true(json_is_true(json_object_get(a, "sent")));
	assert_string_equal(member(a, "uri"), URI);
	json_decref(ask(api_send_report, "", "", "{\"device\":\"" LAMP "\"}"));
	assert_int_equal(status, 200);
	assert_int_equal(begun(), 1);
	text = sent_text(head(0)->id);
	assert_int_equal(head(0)->length, strlen(text));
	assert_string_equal(text, member(a, "body"));
	assert_non_null(strstr(text, "{\"hostname\":\"cloud.example\",\"ip-addresses\":["
				     "\"198.51.100.7\"]}"));
	assert_non_null(strstr(text, "\"samemanufacturers\":0"));
	/* of the house: nothing */
	assert_null(strstr(text, "192.168."));
	assert_null(strstr(text, "private.example"));
	assert_null(strstr(text, "02:00:00"));
	assert_null(strstr(text, "lamp\""));
	assert_null(strstr(text, "secret"));
	assert_null(strstr(text, lamp->name));
	json_decref(a);
	free(text);
}

static void refused_packets_are_counted(void **state)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};
	json_t *a;

	(void)state;
	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip("203.0.113.66");
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.peer_port = 4444;
	far_send(h, ROLE_SENSOR, &m);
	far_send(h, ROLE_SENSOR, &m);
	m.seen_violation.reason = REASON_SPOOFED; /* somebody else, perhaps */
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	a = ask(api_view_reports, "", "device=" LAMP_IP, "");
	assert_non_null(strstr(member(a, "body"),
		"\"drop-counts\":[{\"reason\":\"nomatch\",\"direction\":\"from-device\","
		"\"drop-count\":\"2\"}]"));
	assert_null(strstr(member(a, "body"), "203.0.113.66"));
	json_decref(a);
}

static void failures_wait_for_the_next_day(void **state)
{
	unsigned events = h->events;
	json_t *a;

	(void)state;
	pass(DAY);
	finish(head(0)->id, CARDEA_EPEER, "the server answered 500");
	assert_int_equal(h->events, events + 1);
	a = ask(api_view_reports, "", "device=" LAMP_IP, "");
	assert_string_equal(member(a, "outcome"), "failed");
	assert_string_equal(member(a, "text"), "the server answered 500");
	json_decref(a);
	pass(DAY - 60);
	assert_int_equal(begun(), 1);
	pass(HOUR + 120);
	assert_int_equal(begun(), 2);
	finish(head(1)->id, CARDEA_EPEER, "the server answered 500");
	assert_int_equal(h->events, events + 1);
	pass(DAY + HOUR);
	finish(head(2)->id, 0, "");
	assert_int_equal(h->events, events + 2);
}

static void silence_is_a_failure(void **state)
{
	uint64_t id;

	(void)state;
	pass(DAY);
	id = head(0)->id;
	advance(h, (unsigned)(REPORTER_ANSWER / NS_PER_SEC) + 2);
	assert_int_equal(held(lamp)->report.id, 0);
	assert_int_equal(held(lamp)->report.outcome, REPORTER_FAILED);
	finish(id, 0, ""); /* too late */
	assert_int_equal(held(lamp)->report.outcome, REPORTER_FAILED);
	assert_int_equal(begun(), 1);
}

static void a_lost_courier_is_a_failure(void **state)
{
	(void)state;
	pass(DAY);
	ipc_close(&h->far[ROLE_COURIER].ipc);
	spin(h);
	assert_int_equal(held(lamp)->report.outcome, REPORTER_FAILED);
	connect_far(h, ROLE_COURIER);
	pass(DAY + HOUR);
	assert_int_equal(begun(), 2);
}

static void hosts_come_from_the_resolver(void **state)
{
	struct message m = {.type = MESSAGE_HOST_WANTED};
	const struct message *to;

	(void)state;
	pass(DAY);
	m.host_wanted.id = head(0)->id;
	str_copy(m.host_wanted.name, sizeof(m.host_wanted.name), "maker.example");
	far_send(h, ROLE_COURIER, &m);
	spin(h);
	to = got(h, ROLE_RESOLVER, MESSAGE_RESOLVE, 0);
	assert_non_null(to);
	assert_string_equal(to->resolve.name, "maker.example");
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_RESOLVED;
	m.resolved.id = to->resolve.id;
	str_copy(m.resolved.name, sizeof(m.resolved.name), "maker.example");
	m.resolved.addrs.count = 1;
	m.resolved.addrs.addrs[0] = ip("198.51.100.80");
	far_send(h, ROLE_RESOLVER, &m);
	m.resolved.id++; /* of nobody */
	far_send(h, ROLE_RESOLVER, &m);
	spin(h);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_HOST_ADDRS), 1);
	to = got(h, ROLE_COURIER, MESSAGE_HOST_ADDRS, 0);
	assert_int_equal(to->host_addrs.id, head(0)->id);
	assert_int_equal(to->host_addrs.addrs.count, 1);
}

static void only_so_many_at_once(void **state)
{
	char mac[MAC_TEXT_MAX], addr[ADDR_TEXT_MAX];
	unsigned all = LIMIT_REPORTS + 3;

	(void)state;
	for (unsigned i = 1; i < all; i++) {
		assert_int_equal(str_print(mac, sizeof(mac), "02:00:00:00:01:%02x", i), 0);
		assert_int_equal(str_print(addr, sizeof(addr), "192.168.7.%u", 100 + i), 0);
		see_addr(h, mac, addr, ADDR_SOURCE_DHCP4, 86400);
		adopt(device_of(h, mac));
	}
	advance(h, 2);
	pass(DAY);
	assert_int_equal(begun(), LIMIT_REPORTS);
	for (unsigned i = 0; i < all; i++) {
		finish(head(i)->id, 0, "");
		advance(h, 1);
	}
	assert_int_equal(begun(), all);
	for (unsigned i = 0; i < all; i++)
		for (unsigned k = 0; k < i; k++)
			assert_true(head(i)->id != head(k)->id);
}

static void no_uri_no_report(void **state)
{
	static const char *const bad[] = {"https://192.168.7.5/r", "http://maker.example/r",
		"https://user@maker.example/r", "file:///etc/passwd"};
	char why[LIMIT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		write_file(bad[i]);
		adopt(lamp);
		pass(2 * DAY);
		assert_int_equal(
			reporter_objection(&h->p, lamp, held(lamp), why), REPORTER_BAD_URI);
		assert_true(why[0] != 0);
	}
	write_file(NULL);
	adopt(lamp);
	pass(2 * DAY);
	assert_int_equal(reporter_objection(&h->p, lamp, held(lamp), why), REPORTER_NO_URI);
	lamp->state = DEVICE_WATCHED;
	assert_int_equal(reporter_objection(&h->p, lamp, held(lamp), why), REPORTER_NO_FILE);
	assert_int_equal(begun(), 0);
}

static void one_at_a_time(void **state)
{
	json_t *a;

	(void)state;
	json_decref(ask(api_send_report, "", "", "{\"device\":\"" LAMP "\"}"));
	a = ask(api_send_report, "", "", "{\"device\":\"" LAMP "\"}");
	assert_int_equal(status, 409);
	json_decref(a);
	assert_int_equal(begun(), 1);
	a = ask(api_view_reports, "", "device=" LAMP, "");
	assert_true(json_is_true(json_object_get(a, "running")));
	json_decref(a);
	finish(head(0)->id, 0, "");
	a = ask(api_view_reports, "", "device=" LAMP, "");
	assert_true(json_is_false(json_object_get(a, "running")));
	assert_string_equal(member(a, "outcome"), "delivered");
	json_decref(a);
}

static void questions_that_are_none(void **state)
{
	(void)state;
	json_decref(ask(api_view_reports, "", "", ""));
	assert_int_equal(status, 400);
	json_decref(ask(api_view_reports, "", "device=nobody", ""));
	assert_int_equal(status, 404);
	json_decref(ask(api_send_report, "", "", "{\"device\":7}"));
	assert_int_equal(status, 400);
	json_decref(ask(api_send_report, "", "", "[]"));
	assert_int_equal(status, 400);
	json_decref(ask(api_send_report, "", "", "{\"device\":\"nobody\"}"));
	assert_int_equal(status, 404);
	assert_int_equal(begun(), 0);
}

/* A long report in parts, none of which ends within a character. */
static void parts_are_whole_characters(void **state)
{
	static struct rule many[900];
	struct household_device *hd = held(lamp);
	json_t *root;
	char *text;

	(void)state;
	for (unsigned i = 0; i < 900; i++) {
		many[i] = rules[1];
		many[i].id = i + 1;
		many[i].peer.kind = PEER_ANY;
		assert_int_equal(str_print(many[i].ace, sizeof(many[i].ace),
					 "%u-\xc3\xbc\xc3\xbc\xe7\x81\xaf\xe7\x81\xaf"
					 "\xe7\x81\xaf\xe7\x81\xaf\xe7\x81\xaf\xe7\x81\xaf",
					 i),
			0);
	}
	file.profile.rules = many;
	file.profile.rule_count = 900;
	assert_int_equal(household_adopt(hd, &file), 0);
	json_decref(ask(api_send_report, "", "", "{\"device\":\"" LAMP "\"}"));
	assert_int_equal(status, 200);
	text = sent_text(head(0)->id);
	assert_int_equal(head(0)->length, strlen(text));
	assert_true(strlen(text) > LIMIT_REPORT_BYTES / 2);
	assert_true(got_count(h, ROLE_COURIER, MESSAGE_REPORT_PART) >
		    strlen(text) / LIMIT_REPORT_PART);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	json_decref(root);
	free(text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(off_unless_wanted),
		T(once_a_day),
		T(first_times_differ),
		T(what_is_shown_is_what_is_sent),
		T(refused_packets_are_counted),
		T(failures_wait_for_the_next_day),
		T(silence_is_a_failure),
		T(a_lost_courier_is_a_failure),
		T(hosts_come_from_the_resolver),
		T(only_so_many_at_once),
		T(no_uri_no_report),
		T(one_at_a_time),
		T(questions_that_are_none),
		T(parts_are_whole_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
