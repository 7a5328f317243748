// SPDX-License-Identifier: GPL-2.0-or-later
/* Gentle probing, step by step: who may be probed, what is chosen, and that it ends.
 * What holds over thousands of nights is tests/property/probe_nights.c. */
#include "test_probe_util.h"

/* ---- who ---- */

static void classes_are_strict(void **state)
{
	static const enum device_class never[] = {DEVICE_CLASS_UNKNOWN, DEVICE_CLASS_LOCK,
		DEVICE_CLASS_ALARM, DEVICE_CLASS_MEDICAL, DEVICE_CLASS_PHONE,
		DEVICE_CLASS_HUB, DEVICE_CLASS_MAX};
	struct probe_window at = PROBE_WINDOW_DEFAULT;
	struct world *w = *state;
	enum device_class c;

	for (size_t i = 0; i < COUNT(never); i++)
		assert_int_equal(probe_allow(w->probe, &lamp, never[i], &at, &w->now),
			CARDEA_EREFUSED);
	assert_int_equal(probe_count(w->probe), 0);
	assert_true(device_class_parse("lock", &c) && c == DEVICE_CLASS_LOCK);
	assert_false(device_class_parse("unknown", &c));
	assert_false(device_class_parse("", &c));
	assert_false(device_class_parse(NULL, &c));
}

static void words_betray_what_is_never_probed(void **state)
{
	static const struct {
		const char *text;
		enum device_class class;
	} all[] = {{"Front Door", DEVICE_CLASS_LOCK}, {"SmartLock 3", DEVICE_CLASS_LOCK},
		{"smartlock", DEVICE_CLASS_LOCK}, {"x-Smoke-9", DEVICE_CLASS_SMOKE},
		{"GasDetector", DEVICE_CLASS_ALARM}, {"CPAP mask", DEVICE_CLASS_MEDICAL},
		{"Hue Bridge", DEVICE_CLASS_HUB}, {"kitchen clock", DEVICE_CLASS_UNKNOWN},
		{"blocks", DEVICE_CLASS_UNKNOWN}, {"lamp", DEVICE_CLASS_UNKNOWN},
		{"", DEVICE_CLASS_UNKNOWN}, {"Firefly lamp", DEVICE_CLASS_UNKNOWN},
		{"\xff\xfe lock", DEVICE_CLASS_LOCK}};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++)
		assert_int_equal(device_class_of_text(all[i].text), all[i].class);
}

static void windows_are_nights(void **state)
{
	static const char *const good[] = {"02:00-05:00", "23:30-02:00", "12:00-20:00",
		"04:00-12:00", "00:00-00:30"};
	static const char *const bad[] = {"", "2:00-5:00", "02:00-02:29", "02:00-10:01",
		"11:00-12:30", "24:00-01:00", "02:60-05:00", "02:00-05:000",
		"02-00:05-00", "-2:00-05:00", "02:00 05:00", "02:00-02:00"};
	struct probe_window w;
	char text[PROBE_WINDOW_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(probe_window_parse(good[i], &w));
		assert_string_equal(probe_window_text(&w, text), good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(probe_window_parse(bad[i], &w));
}

static void a_house_has_room_for_some(void **state)
{
	struct probe_window at = PROBE_WINDOW_DEFAULT;
	struct world *w = *state;
	struct mac m = lamp;

	for (unsigned i = 0; i < PROBE_DEVICES_MAX; i++) {
		m.b[4] = (uint8_t)i;
		allow(w, &m);
	}
	m.b[3] = 1;
	assert_int_equal(
		probe_allow(w->probe, &m, DEVICE_CLASS_TV, &at, &w->now), CARDEA_ELIMIT);
	m.b[3] = 0;
	probe_forget(w->probe, &m);
	m.b[3] = 1;
	allow(w, &m);
}

/* ---- when ---- */

static void only_at_night_and_once(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	allow(w, &radio);
	for (int i = 0; i < 119; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, 0);
	assert_int_equal(view(w).why, PROBE_WHY_NIGHT);
	for (int i = 0; i < 20 * 60; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, 1);
	assert_false(w->is_refused);
	for (int i = 0; i < 24 * 60; i++)
		pass(w, MIN);
	assert_int_equal(w->refusals, 2);
}

static void all_of_it_fits_in_the_window(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	w->bar = PROBE_WHY_UPDATE;
	allow(w, &lamp);
	pass(w, 4 * HOUR + 46 * MIN);
	assert_int_equal(w->refusals, 0);
	w->bar = PROBE_WHY_NONE;
	pass(w, MIN);
	assert_int_equal(w->refusals, 0);
}

static void nothing_begins_against_a_bar(void **state)
{
	static const enum probe_why bars[] = {PROBE_WHY_QUARANTINE, PROBE_WHY_UPDATE,
		PROBE_WHY_FEW, PROBE_WHY_NO_PROFILE, PROBE_WHY_GONE, PROBE_WHY_ALERT,
		PROBE_WHY_CLASS};
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_int_equal(w->refusals, 1);
	pass(w, 21 * HOUR);
	for (size_t i = 0; i < COUNT(bars); i++) {
		w->bar = bars[i];
		pass(w, i ? MIN : 3 * HOUR);
		assert_int_equal(view(w).why, bars[i]);
	}
	w->bar = PROBE_WHY_NONE;
	w->now.sure = false;
	pass(w, MIN);
	assert_int_equal(view(w).why, PROBE_WHY_CLOCK);
	assert_int_equal(w->refusals, 1);
	w->now.sure = true;
	pass(w, MIN);
	assert_int_equal(w->refusals, 2);
}

static void not_while_somebody_uses_it(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443);
	allow(w, &lamp);
	pass(w, 119 * MIN);
	assert_false(probe_stop(w->probe, &lamp, PROBE_WHY_USER, &w->now));
	pass(w, 14 * MIN);
	assert_int_equal(view(w).why, PROBE_WHY_CALM);
	assert_int_equal(w->refusals, 0);
	pass(w, MIN);
	assert_int_equal(w->refusals, 1);
}

static void a_new_gateway_waits_too(void **state)
{
	struct world *w = *state;
	struct probe_config c = config_of(w);

	probe_free(w->probe);
	does(w, "cloud.example.com", 443);
	w->now.wall += 2 * HOUR;
	assert_int_equal(probe_new(&c, w->now.mono, &w->probe), 0);
	allow(w, &lamp);
	pass(w, 14 * MIN);
	assert_int_equal(w->refusals, 0);
	pass(w, MIN);
	assert_int_equal(w->refusals, 1);
}

/* ---- what ---- */

static void never(struct world *w)
{
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_int_equal(w->refusals, 0);
	assert_int_equal(view(w).why, PROBE_WHY_DONE);
}

static void never_names_addresses_or_time(void **state)
{
	static const uint16_t ports[] = {53, 67, 68, 123, 546, 547, 853, 5353};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(ports); i++) {
		char name[32];

		(void)str_print(name, sizeof name, "host%u.example.com", ports[i]);
		does(w, name, ports[i])->kind.proto = FLOW_PROTO_UDP;
		does(w, name, 443); /* nor what else the same host does */
	}
	does(w, "gateway", 80)->kind.place = RECORD_GATEWAY;
	does(w, "nas", 445)->kind.place = RECORD_DEVICE;
	does(w, "group", 1900)->kind.place = RECORD_GROUP;
	does(w, "in.example.com", 443)->kind.direction = DIRECTION_TO_DEVICE;
	does(w, "ping.example.com", 0)->kind.proto = FLOW_PROTO_ICMP;
	does(w, "clock.example.com", 4460)->time = true;
	does(w, "", 443); /* neither name nor address */
	never(w);
}

static void never_what_repairs_it(void **state)
{
	static const char *const names[] = {"update.example.com", "fw.example.com",
		"eu-ota1.example.com", "firmware-prod.example.com", "Fota.example.com",
		"x.upgrade.example.com"};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], "Fota.example.com") !=
			0) /* names are lower case */
			does(w, names[i], 443);
	does(w, "cdn.example.com", 80)->update = true;
	does(w, "cdn.example.com", 443);
	does(w, "*.cdn2.example.com", 443);
	does(w, "a.cdn2.example.com", 8080)->update = true;
	never(w);
}

static void never_what_is_hardly_known(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443)->episodes = PROBE_EPISODES_LEAST - 1;
	never(w);
}

static void a_device_without_purpose_is_left_alone(void **state)
{
	struct world *w = *state;

	does(w, "ota.example.com", 443);
	does(w, "a\xffo.example.com", 443);
	does(w, "a b.example.com", 443);
	never(w);
}

static void clouds_by_name_and_boots_come_first(void **state)
{
	struct world *w = *state;

	does(w, "", 443)->kind.peer = (struct addr){.family = 4, .b = {203, 0, 113, 1}};
	w->usual[0].boots = 20;
	does(w, "often.example.com", 443)->episodes = 100;
	does(w, "boots.example.com", 443)->boots = 1;
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_string_equal(w->refused.kind.name, "boots.example.com");
	assert_true(w->refused.whole);
}

static void of_two_services_one_is_refused(void **state)
{
	struct world *w = *state;

	does(w, "cloud.example.com", 443)->boots = 3;
	does(w, "cloud.example.com", 8883);
	allow(w, &lamp);
	pass(w, 2 * HOUR + MIN);
	assert_int_equal(w->refused.kind.port, 443);
	assert_false(w->refused.whole);
	/* a question for the name was answered: nothing was met */
	see(w, "cloud.example.com", 0, PROBE_TRIED);
	pass(w, MIN);
	see(w, "new.example.com", 443, PROBE_TRIED);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->fallback_count, 0);
	see(w, "cloud.example.com", 443, PROBE_TRIED);
	see(w, "new.example.com", 443, PROBE_TRIED);
	assert_int_equal(probe_target_at(w->probe, &lamp, 0)->fallback_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(classes_are_strict),
		TEST(words_betray_what_is_never_probed),
		TEST(windows_are_nights),
		TEST(a_house_has_room_for_some),
		TEST(only_at_night_and_once),
		TEST(all_of_it_fits_in_the_window),
		TEST(nothing_begins_against_a_bar),
		TEST(not_while_somebody_uses_it),
		TEST(a_new_gateway_waits_too),
		TEST(never_names_addresses_or_time),
		TEST(never_what_repairs_it),
		TEST(never_what_is_hardly_known),
		TEST(a_device_without_purpose_is_left_alone),
		TEST(clouds_by_name_and_boots_come_first),
		TEST(of_two_services_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
