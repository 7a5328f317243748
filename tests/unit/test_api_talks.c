// SPDX-License-Identifier: GPL-2.0-or-later
/* What pages say about what was recorded: events and timelines in pages, who deviates, and
 * what a provider sees. */
#include "test_api_ask.h"

/* ---- events ---- */

static void note(device_id device, enum event_kind kind, const char *text)
{
	journal_note(&h->p.journal, h->clock.now, device, kind, "%s", text);
}

static void events_come_in_pages(void **state)
{
	(void)state;
	char text[32], query[64] = "limit=10&kind=gateway";
	long long last = INT64_MAX;
	unsigned seen = 0;

	for (unsigned i = 0; i < 25; i++) {
		assert_int_equal(str_print(text, sizeof(text), "number %u", i), 0);
		note(0, EVENT_GATEWAY, text);
	}
	for (;;) {
		json_t *a = ask(api_view_events, "", query, NULL);
		size_t n = count_of(a, "events");

		assert_int_equal(status, 200);
		for (size_t i = n; i-- > 0; seen++) { /* oldest first in a page */
			long long id = number_of(at(a, "events", i), "id");

			assert_true(id < last);
			last = id;
		}
		if (json_is_null(json_object_get(a, "next"))) {
			json_decref(a);
			break;
		}
		assert_int_equal(str_print(query, sizeof(query),
					 "limit=10&kind=gateway&cursor=%s", text_of(a, "next")),
			0);
		json_decref(a);
	}
	assert_int_equal(seen, 25);
}

static void events_are_filtered(void **state)
{
	(void)state;
	device_id lamp = device_of(h, LAMP)->id;
	json_t *a;

	note(lamp, EVENT_REPORT, "The LAMP is fine.");
	note(0, EVENT_GATEWAY, "Nothing.");
	note(lamp, EVENT_PROBE, "Something else.");
	a = ask(api_view_events, "", "kind=report,gateway", NULL);
	assert_int_equal(count_of(a, "events"), 2);
	json_decref(a);
	a = ask(api_view_events, "", "text=lamp%20is", NULL);
	assert_int_equal(count_of(a, "events"), 1);
	assert_string_equal(text_of(at(a, "events", 0), "kind"), "report");
	assert_int_equal(number_of(at(a, "events", 0), "device_id"), lamp);
	json_decref(a);
	a = ask(api_view_events, "", "device=lamp&kind=probe,gateway", NULL);
	assert_int_equal(count_of(a, "events"), 1);
	json_decref(a);
	a = ask(api_view_events, "", "kind=report,nonsense", NULL);
	assert_int_equal(status, 400);
	assert_string_equal(text_of(a, "field"), "kind");
	json_decref(a);
}

/* ---- timeline ---- */

static void a_life_in_pages(void **state)
{
	(void)state;
	char query[96] = "limit=3", before[64] = "~";
	unsigned states = 0, renamed = 0, items = 0, told = 0;

	protect(443);
	advance(h, 60);
	note(device_of(h, LAMP)->id, EVENT_RENAMED, "It has another name.");
	advance(h, 60);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "I saw it"), 0);
	for (;;) {
		json_t *a = ask(api_view_timeline, "lamp", query, NULL);

		assert_int_equal(status, 200);
		for (size_t i = 0; i < count_of(a, "items"); i++, items++) {
			const json_t *x = at(a, "items", i);

			assert_true(strcmp(text_of(x, "at"), before) <= 0);
			str_copy(before, sizeof(before), text_of(x, "at"));
			states += !strcmp(text_of(x, "kind"), "state");
			told += !strcmp(text_of(x, "kind"), "quarantine");
			renamed += !strcmp(text_of(x, "kind"), "renamed");
			if (!items) {
				assert_string_equal(text_of(x, "to"), "quarantined");
				assert_string_equal(text_of(x, "from"), "protected");
				assert_string_equal(text_of(x, "detail"), "I saw it");
			}
		}
		if (json_is_null(json_object_get(a, "next"))) {
			json_decref(a);
			break;
		}
		assert_int_equal(str_print(query, sizeof(query), "limit=3&cursor=%s",
					 text_of(a, "next")),
			0);
		json_decref(a);
	}
	assert_true(states >= 2);
	assert_int_equal(renamed, 1);
	assert_int_equal(told, 0); /* the step says it */
	assert_true(items > 5);
	json_decref(ask(api_view_timeline, "lamp", "cursor=9", NULL));
	assert_int_equal(status, 400);
}

/* ---- who deviates, and what a provider sees ---- */

/* Nine days, an hour at a time; on the last one it sends much. */
static void deviations_are_told_in_words(void **state)
{
	(void)state;
	struct record r;
	const json_t *d;
	json_t *a;

	for (unsigned hour = 0; hour < 9 * 24; hour++) {
		r = https("cloud.example");
		r.bytes[DIRECTION_TO_DEVICE] = 100000;
		tell(&r);
		see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
		advance(h, 3600);
	}
	a = ask(api_view_anomalies, "", "days=3", NULL);
	assert_int_equal(status, 200);
	assert_int_equal(count_of(a, "days"), 3);
	assert_string_equal(json_string_value(at(a, "days", 2)), "2026-01-10");
	d = at(a, "devices", 0);
	assert_int_equal(count_of(d, "scores"), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(json_integer_value(at(d, "scores", i)), 0);
	json_decref(a);
	r = https("cloud.example");
	r.bytes[DIRECTION_FROM_DEVICE] = 4100000000;
	tell(&r);
	advance(h, 11);
	a = ask(api_view_anomalies, "", "days=3", NULL);
	d = at(a, "devices", 0);
	assert_string_equal(text_of(d, "name"), "lamp");
	assert_int_equal(json_integer_value(at(d, "scores", 2)), 100);
	assert_true(number_of(d, "baseline_days") >= 7);
	assert_string_equal(text_of(at(d, "top", 0), "what"), "more data than usual");
	assert_string_equal(text_of(at(d, "top", 0), "was"), "4.1 GB");
	assert_string_equal(text_of(at(d, "top", 0), "day"), "2026-01-10");
	assert_int_equal(number_of(at(d, "top", 0), "hour"), 0);
	json_decref(a);
	/* it alarms nobody */
	a = ask(api_view_events, "", "text=usual", NULL);
	assert_int_equal(count_of(a, "events"), 0);
	json_decref(a);
}

static void a_provider_sees_counts(void **state)
{
	(void)state;
	char mac[MAC_TEXT_MAX], addr[ADDR_TEXT_MAX], *text;
	json_t *a;

	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(str_print(mac, sizeof(mac), "02:00:00:00:02:%02x", i), 0);
		assert_int_equal(str_print(addr, sizeof(addr), "192.168.7.%u", 50 + i), 0);
		see_addr(h, mac, addr, ADDR_SOURCE_DHCP4, 864000);
		device_of(h, mac)->class = i < 3 ? DEVICE_CLASS_LIGHT : DEVICE_CLASS_CAMERA;
	}
	protect(443);
	violate("198.51.100.9", 8883, 4);
	advance(h, 11);
	a = ask(api_view_aggregate, "", "", NULL);
	assert_int_equal(number_of(a, "devices"), 7);
	assert_int_equal(number_of(json_object_get(a, "classes"), "light"), 3);
	assert_null(json_object_get(json_object_get(a, "classes"), "camera"));
	assert_int_equal(number_of(a, "few"), 4);
	assert_int_equal(number_of(json_object_get(a, "states"), "protected"), 1);
	assert_int_equal(number_of(json_object_get(a, "sources"), "maker"), 1);
	assert_int_equal(number_of(at(a, "days", 13), "refused"), 1);
	text = json_dumps(a, 0);
	assert_null(strstr(text, "lamp"));
	assert_null(strstr(text, "192.168"));
	assert_null(strstr(text, "02:00"));
	assert_null(strstr(text, "example"));
	free(text);
	json_decref(a);
	/* one light more: who asked before does not see what the new device is */
	see_addr(h, "02:00:00:00:02:05", "192.168.7.55", ADDR_SOURCE_DHCP4, 864000);
	device_of(h, "02:00:00:00:02:05")->class = DEVICE_CLASS_LIGHT;
	a = ask(api_view_aggregate, "", "", NULL);
	assert_int_equal(number_of(a, "devices"), 8);
	assert_int_equal(number_of(json_object_get(a, "classes"), "light"), 3);
	assert_int_equal(number_of(a, "few"), 5);
	json_decref(a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(events_come_in_pages),
		TEST(events_are_filtered),
		TEST(a_life_in_pages),
		TEST(deviations_are_told_in_words),
		TEST(a_provider_sees_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
