// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices did, from the sensor's records and the kernel's refusals to the pages that
 * show it: home, roster, talks. */
#include "test_api_ask.h"

/* ---- talks ---- */

static void a_conversation_is_recorded(void **state)
{
	(void)state;
	struct record r = https("cloud.example");
	json_t *a, *p;

	tell(&r);
	tell(&r);
	a = ask(api_view_talks, "lamp", "hours=1", NULL);
	assert_int_equal(status, 200);
	p = json_array_get(json_object_get(a, "peers"), 0);
	assert_string_equal(text_of(p, "where"), "internet");
	assert_string_equal(text_of(p, "name"), "cloud.example");
	assert_string_equal(text_of(p, "address"), CLOUD_IP);
	assert_string_equal(text_of(p, "proto"), "tcp");
	assert_int_equal(number_of(p, "port"), 443);
	assert_int_equal(number_of(p, "up"), 1000);
	assert_int_equal(number_of(p, "down"), 10000);
	assert_int_equal(number_of(p, "count"), 2);
	assert_int_equal(number_of(p, "refused"), 0);
	assert_true(json_is_false(json_object_get(p, "inbound")));
	assert_string_equal(text_of(p, "verdict"), "allowed");
	assert_true(json_is_string(json_object_get(a, "recorded_since")));
	json_decref(a);
}

static void of_other_devices_the_name_is_told(void **state)
{
	(void)state;
	struct record r = https("");
	json_t *a, *p;

	r.place = RECORD_DEVICE;
	r.peer = ip(PHONE_IP);
	r.peer_mac = mac_of(PHONE);
	r.direction = DIRECTION_TO_DEVICE;
	r.device_port = 80;
	r.peer_port = 50000;
	tell(&r);
	a = ask(api_view_talks, "lamp", "", NULL);
	p = json_array_get(json_object_get(a, "peers"), 0);
	assert_string_equal(text_of(p, "where"), "local");
	assert_string_equal(text_of(p, "name"), "phone");
	assert_int_equal(number_of(p, "device"), device_of(h, PHONE)->id);
	assert_true(json_is_true(json_object_get(p, "inbound")));
	assert_int_equal(number_of(p, "port"), 80);
	json_decref(a);
}

/* The rule that decides, who said it, and what the device never did. */
static void the_policy_says_what_it_may(void **state)
{
	(void)state;
	struct record r;
	json_t *a, *p;

	protect(443);
	a = ask(api_view_talks, "lamp", "", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), 0);
	p = json_array_get(json_object_get(a, "unseen"), 0);
	assert_string_equal(text_of(p, "name"), "cloud.example");
	assert_string_equal(text_of(p, "source"), "manufacturer");
	assert_int_equal(number_of(p, "port"), 443);
	json_decref(a);
	advance(h, 11);
	r = https("cloud.example");
	tell(&r);
	violate("198.51.100.9", 4444, 7);
	a = ask(api_view_talks, "lamp", "", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), 2);
	p = json_array_get(json_object_get(a, "peers"), 0);
	assert_string_equal(text_of(p, "verdict"), "allowed");
	assert_string_equal(text_of(p, "source"), "manufacturer");
	assert_non_null(strstr(text_of(p, "rule"), "cloud.example"));
	p = json_array_get(json_object_get(a, "peers"), 1);
	assert_string_equal(text_of(p, "verdict"), "blocked");
	assert_string_equal(text_of(p, "address"), "198.51.100.9");
	assert_int_equal(number_of(p, "refused"), 7);
	assert_int_equal(number_of(p, "count"), 0);
	json_decref(a);
}

/* The sensor sees the attempt as well, which went nowhere: it is told once. */
static void what_was_refused_is_no_conversation(void **state)
{
	(void)state;
	struct record r = https("");
	json_t *a, *p;

	protect(443);
	r.peer = ip("198.51.100.9");
	r.answered = false;
	r.bytes[DIRECTION_TO_DEVICE] = r.packets[DIRECTION_TO_DEVICE] = 0;
	tell(&r);
	violate("198.51.100.9", 443, 1);
	a = ask(api_view_talks, "lamp", "", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), 1);
	p = json_array_get(json_object_get(a, "peers"), 0);
	assert_int_equal(number_of(p, "count"), 0);
	assert_int_equal(number_of(p, "refused"), 1);
	json_decref(a);
}

static void a_scan_is_one_row_beyond_a_number(void **state)
{
	(void)state;
	json_t *a;
	char addr[ADDR_TEXT_MAX];

	protect(443);
	for (unsigned i = 0; i < 250; i++) {
		assert_int_equal(str_print(addr, sizeof(addr), "198.51.100.%u", i), 0);
		violate(addr, 23, 1);
	}
	a = ask(api_view_talks, "lamp", "", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), HISTORY_FRESH_HOUR);
	assert_int_equal(number_of(json_object_get(a, "other"), "refused"),
		250 - HISTORY_FRESH_HOUR);
	json_decref(a);
	advance(h, 60); /* nor are there more in the same hour for who looks often */
	violate("203.0.113.77", 23, 1);
	a = ask(api_view_talks, "lamp", "", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), HISTORY_FRESH_HOUR);
	json_decref(a);
}

static void what_waits_survives_an_orderly_end(void **state)
{
	(void)state;
	struct record r = https("cloud.example");
	json_t *a;

	tell(&r);
	engine_restart(h);
	a = ask(api_view_talks, "lamp", "", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), 1);
	json_decref(a);
}

static void hours_pass(void **state)
{
	(void)state;
	struct record r = https("cloud.example");
	json_t *a;

	tell(&r);
	advance(h, 3 * 3600);
	a = ask(api_view_talks, "lamp", "hours=2", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), 0);
	json_decref(a);
	a = ask(api_view_talks, "lamp", "hours=4", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), 1);
	json_decref(a);
}

static void what_is_not_learned_is_not_recorded(void **state)
{
	(void)state;
	struct record r = https("cloud.example");
	json_t *a;

	assert_int_equal(learner_set(&h->p.learner, device_of(h, LAMP), false), 0);
	protect(443);
	tell(&r);
	violate("198.51.100.9", 4444, 1);
	a = ask(api_view_talks, "lamp", "", NULL);
	assert_true(json_is_null(json_object_get(a, "recorded_since")));
	assert_int_equal(json_array_size(json_object_get(a, "peers")), 1); /* refused */
	json_decref(a);
}

static void a_retired_device_has_no_history(void **state)
{
	(void)state;
	struct record r = https("cloud.example");
	struct life_said said = {.steps = 2};
	json_t *a;

	tell(&r);
	advance(h, 400);
	assert_true(pipeline_life(&h->p, device_of(h, LAMP), LIFE_OWNER_RETIRES, &said, NULL));
	a = ask(api_view_talks, "lamp", "", NULL);
	assert_int_equal(json_array_size(json_object_get(a, "peers")), 0);
	json_decref(a);
}

/* ---- the last day ---- */

static const char *marks_of(const json_t *reply, const char *list, const char *name)
{
	const json_t *rows = json_object_get(reply, list), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!strcmp(text_of(row, "name"), name))
			return text_of(row, "marks");
	return "";
}

static void marks_and_amounts(void **state)
{
	(void)state;
	struct record r = https("cloud.example");
	const char *marks;
	json_t *a, *row;

	tell(&r);
	protect(443);
	advance(h, 3600);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
	violate("198.51.100.9", 4444, 1);
	advance(h, HISTORY_LOOK / NS_PER_SEC + 1);
	a = ask(api_view_roster, "", "q=LAM", NULL);
	assert_int_equal(number_of(a, "total"), 1);
	row = json_array_get(json_object_get(a, "devices"), 0);
	marks = text_of(row, "marks");
	assert_int_equal(strlen(marks), 24);
	assert_int_equal(marks[23], 'w');
	assert_int_equal(marks[0], '.');
	assert_int_equal(text_of(row, "amounts")[22], '2'); /* 5,500 octets */
	assert_int_equal(text_of(row, "amounts")[23], '0');
	assert_int_equal(number_of(row, "bytes"), 5500);
	assert_string_equal(text_of(row, "state"), "protected");
	assert_string_equal(text_of(row, "source"), "maker");
	json_decref(a);
}

/* What an hour was like is all that it was in it; the next one begins anew. */
static void an_hour_has_been_all_that_it_was(void **state)
{
	(void)state;
	char code[LIVES_CODE_DIGITS + 1], none[LIVES_CODE_DIGITS + 1];
	struct life_step step;
	json_t *a;

	json_decref(ask(api_view_home, "", "", NULL)); /* learning is stored */
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "I saw it"), 0);
	advance(h, 60);
	json_decref(ask(api_view_home, "", "", NULL));
	assert_int_equal(pipeline_release(&h->p, device_of(h, LAMP), NULL, false, false, code,
				 &step),
		0);
	assert_int_equal(pipeline_release(&h->p, device_of(h, LAMP), code, false, false, none,
				 &step),
		0);
	advance(h, 2 * 3600);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
	advance(h, HISTORY_LOOK / NS_PER_SEC + 1);
	a = ask(api_view_roster, "", "q=lamp", NULL);
	assert_int_equal(marks_of(a, "devices", "lamp")[21], 'q');
	assert_int_equal(marks_of(a, "devices", "lamp")[23],
		'a'); /* on probation */
	json_decref(a);
}

static void who_is_held_says_so(void **state)
{
	(void)state;
	json_t *a;

	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "I saw it"), 0);
	a = ask(api_view_home, "", "", NULL);
	assert_int_equal(marks_of(json_object_get(a, "strip"), "rows", "lamp")[23], 'q');
	assert_non_null(strstr(text_of(a, "sentence"), "lamp is held"));
	assert_non_null(strstr(text_of(a, "sentence"), "1 is new or being learned"));
	assert_int_equal(number_of(json_object_get(a, "counts"), "quarantined"), 1);
	json_decref(a);
}

static void a_question_marks_its_hour(void **state)
{
	(void)state;
	struct decision q = {.kind = DECISION_IDENTITY, .device = device_of(h, LAMP)->id};
	json_t *a;

	str_copy(q.text, sizeof(q.text), "Is it a lamp?");
	(void)pipeline_ask(&h->p, &q);
	a = ask(api_view_home, "", "", NULL);
	assert_int_equal(number_of(a, "asks"), 1);
	assert_int_equal(json_array_size(json_object_get(a, "decisions")), 1);
	assert_string_equal(text_of(json_array_get(json_object_get(a, "decisions"), 0), "text"),
		"Is it a lamp?");
	assert_string_equal(text_of(a, "sentence"),
		"2 devices. 1 is new or being learned. lamp asks something.");
	/* what is unusual comes first */
	assert_string_equal(
		text_of(json_array_get(json_object_get(json_object_get(a, "strip"), "rows"), 0),
			"name"),
		"lamp");
	json_decref(a);
}

/* Who is out of service for good is no trouble any more. */
static void a_retired_device_is_not_spoken_of(void **state)
{
	(void)state;
	struct life_said said = {.steps = 2};
	json_t *a;

	assert_true(pipeline_life(&h->p, device_of(h, LAMP), LIFE_OWNER_RETIRES, &said, NULL));
	a = ask(api_view_home, "", "", NULL);
	assert_string_equal(text_of(a, "sentence"), "1 device. 1 is new or being learned.");
	assert_string_equal(
		text_of(json_array_get(json_object_get(json_object_get(a, "strip"), "rows"), 1),
			"name"),
		"lamp");
	json_decref(a);
}

/* Hostile names, many of them: the first screen stays small. */
static void home_is_small(void **state)
{
	(void)state;
	char mac[MAC_TEXT_MAX], name[64];
	struct decision q = {.kind = DECISION_IDENTITY};
	json_t *a, *strip;

	for (unsigned i = 0; i < 60; i++) {
		struct device *d;

		assert_int_equal(str_print(mac, sizeof(mac), "02:00:00:00:01:%02x", i), 0);
		assert_int_equal(str_print(name, sizeof(name), "192.168.7.%u", 30 + i), 0);
		see_addr(h, mac, name, ADDR_SOURCE_DHCP4, 864000);
		d = device_of(h, mac);
		memset(d->name, i % 2 ? '\x01' : '\xc3', sizeof(d->name) - 1);
		q.device = d->id;
		memset(q.text, '\x02', sizeof(q.text) - 1);
		memset(q.subject, '\x03', sizeof(q.subject) - 1);
		(void)pipeline_ask(&h->p, &q);
	}
	a = ask(api_view_home, "", "", NULL);
	assert_in_range(reply_len, 1000, 20 * 1024);
	assert_int_equal(number_of(a, "asks"), 60);
	strip = json_object_get(a, "strip");
	assert_int_equal(json_array_size(json_object_get(strip, "rows")) +
				 (size_t)number_of(strip, "more"),
		62);
	json_decref(a);
}

static void the_roster_comes_in_pages(void **state)
{
	(void)state;
	json_t *a = ask(api_view_roster, "", "limit=1", NULL), *b;
	char query[64];

	assert_int_equal(number_of(a, "total"), 2);
	assert_int_equal(json_array_size(json_object_get(a, "devices")), 1);
	assert_int_equal(str_print(query, sizeof(query), "limit=1&cursor=%s",
				 text_of(a, "next")),
		0);
	b = ask(api_view_roster, "", query, NULL);
	assert_int_equal(json_array_size(json_object_get(b, "devices")), 1);
	assert_true(json_is_null(json_object_get(b, "next")));
	assert_string_not_equal(
		text_of(json_array_get(json_object_get(a, "devices"), 0), "name"),
		text_of(json_array_get(json_object_get(b, "devices"), 0), "name"));
	json_decref(a);
	json_decref(b);
	json_decref(ask(api_view_roster, "", "state=asleep", NULL));
	assert_int_equal(status, 400);
	a = ask(api_view_roster, "", "state=protected", NULL);
	assert_int_equal(number_of(a, "total"), 0);
	json_decref(a);
}

/* 0 would say that all it does was seen. */
static void what_cannot_be_estimated_is_null(void **state)
{
	(void)state;
	struct record r = https("cloud.example");
	json_t *a, *unseen;

	tell(&r);
	a = ask(api_view_roster, "", "q=lamp", NULL);
	unseen = json_object_get(json_array_get(json_object_get(a, "devices"), 0), "confidence");
	assert_string_equal(text_of(unseen, "state"), "unknown");
	assert_true(json_is_null(json_object_get(unseen, "share")));
	assert_true(json_is_null(json_object_get(unseen, "bound")));
	json_decref(a);
	a = ask(api_view_review, "lamp", "", NULL);
	unseen = json_object_get(json_object_get(a, "coverage"), "unseen");
	assert_string_equal(text_of(unseen, "state"), "unknown");
	assert_true(json_is_null(json_object_get(unseen, "share")));
	json_decref(a);
}

/* A gateway without a battery for its clock begins in 1970, and is asked at once. */
static void before_the_time_is_known(void **state)
{
	(void)state;
	static const char body[] = "{\"overlay\":{\"kind\":\"no-internet\"},"
				   "\"device\":\"lamp\",\"hours\":336}";
	const struct {
		void (*view)(struct api_request *r);
		const char *object, *query, *body;
	} asked[] = {{api_view_talks, "lamp", "hours=336", NULL},
		{api_view_anomalies, "", "days=28", NULL},
		{api_view_home, "", "", NULL},
		{api_view_aggregate, "", "", NULL},
		{api_ask_effect, "", "", body}};
	nstime now = h->clock.now;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		for (int day = 0; day < 2; day++) {
			json_t *a;

			h->clock.now = (day * 86400LL + 300) * NS_PER_SEC;
			a = ask(asked[i].view, asked[i].object, asked[i].query, asked[i].body);
			assert_int_equal(status, 200);
			if (asked[i].view == api_view_talks)
				assert_true(json_is_null(json_object_get(a, "from")));
			if (asked[i].view == api_view_anomalies)
				assert_int_equal(
					json_array_size(json_object_get(a, "days")), day + 1);
			json_decref(a);
		}
	h->clock.now = now;
}

/* The store has what a later version wrote, which was here before this one. */
static void events_of_a_kind_to_come(void **state)
{
	(void)state;
	struct event e = {.kind = (enum event_kind)(EVENT_KIND_MAX + 40),
		.first = h->clock.now,
		.last = h->clock.now,
		.text = "What we know nothing of."};
	json_t *a, *last;

	assert_int_equal(store_event_save(h->store, &e), 0);
	json_decref(ask(api_view_bundle, "", "", NULL));
	assert_int_equal(status, 200);
	a = ask(api_view_events, "", "", NULL);
	assert_int_equal(status, 200);
	last = json_object_get(a, "events");
	last = json_array_get(last, json_array_size(last) - 1);
	assert_string_equal(text_of(last, "text"), e.text);
	json_decref(a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_conversation_is_recorded),
		TEST(of_other_devices_the_name_is_told),
		TEST(the_policy_says_what_it_may),
		TEST(what_was_refused_is_no_conversation),
		TEST(a_scan_is_one_row_beyond_a_number),
		TEST(what_waits_survives_an_orderly_end),
		TEST(hours_pass),
		TEST(what_is_not_learned_is_not_recorded),
		TEST(a_retired_device_has_no_history),
		TEST(marks_and_amounts),
		TEST(an_hour_has_been_all_that_it_was),
		TEST(who_is_held_says_so),
		TEST(a_question_marks_its_hour),
		TEST(a_retired_device_is_not_spoken_of),
		TEST(home_is_small),
		TEST(the_roster_comes_in_pages),
		TEST(what_cannot_be_estimated_is_null),
		TEST(before_the_time_is_known),
		TEST(events_of_a_kind_to_come),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
