// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes in the gateway: what is refused is refused in the kernel and by name, what is
 * seen comes from questions, refused packets and records, and all of it ends. */
#include "test_engine_util.h"
#include <errno.h>
#include <jansson.h>
#include <time.h>
#include "engine/api/api_priv.h"
#include "wire/dns.h"
#include "test_api_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define PHONE "02:00:00:00:00:11"
#define CLOUD_IP "198.51.100.7"
#define SPARE_IP "198.51.100.8"
#define HOUR 3600
#define EDE_FILTERED 17

static struct house *h;
static struct event last;

static void tell_record(const char *name, const char *peer)
{
	static struct message m;
	struct record r = {.device = mac_of(LAMP),
		.first = h->clock.now,
		.last = h->clock.now + NS_PER_SEC,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.device_addr = ip(LAMP_IP),
		.peer = ip(peer),
		.naming = RECORD_ANSWER,
		.packets = {5, 5},
		.bytes = {500, 5000}};

	str_copy(r.name, sizeof(r.name), name);
	message_from_record(&m, &r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

/* A lamp with six hours of life; it is 06:00. */
static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
	see_dhcp(h, LAMP, "lamp", URL_A);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	for (int i = 0; i < 6; i++) {
		tell_record("cloud.example", CLOUD_IP);
		advance(h, HOUR);
	}
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD_IP);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static void allow(void)
{
	struct probe_window w = {6 * 60, 60};

	assert_int_equal(
		prober_allow(&h->p, device_of(h, LAMP), DEVICE_CLASS_LIGHT, &w), 0);
}

static struct probe_device view(void)
{
	struct probe_time now = prober_time(&h->p);
	struct mac lamp = mac_of(LAMP);
	struct probe_device d;

	assert_int_equal(probe_device_of(h->p.prober.core, &lamp, &now, &d), 0);
	return d;
}

static const struct probe_target *target(void)
{
	struct mac lamp = mac_of(LAMP);
	const struct probe_target *t = probe_target_at(h->p.prober.core, &lamp, 0);

	assert_non_null(t);
	return t;
}

static void begin(void)
{
	allow();
	advance(h, 15 * 60 - 5); /* the owner was at it */
	tell_name(h, 9, LAMP_IP, "cloud.example", CLOUD_IP);
	advance(h, 6);
	assert_int_equal(view().state, PROBE_REFUSING);
}

static uint8_t asked(const char *name, uint16_t *ret_ede)
{
	char text[LIMIT_TEXT] = "";

	return pipeline_name_policy(&h->p, device_of(h, LAMP), name, ret_ede, text);
}

static bool is_open(void)
{
	return kernel_out(h, CLOUD_IP) != NULL;
}

static int take_probe(void *ctx, const struct event *e)
{
	(void)ctx;
	if (e->kind == EVENT_PROBE)
		last = *e;
	return 0;
}

static const char *last_word(void)
{
	struct store_event_query q = {.limit = 100};

	memset(&last, 0, sizeof(last));
	journal_flush(&h->p.journal);
	assert_int_equal(store_events(h->store, &q, take_probe, NULL), 0);
	return last.text;
}

static void refused(enum direction d, const char *peer)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	m.seen_violation.direction = d;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(d == DIRECTION_FROM_DEVICE ? LAMP : PHONE);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(peer);
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.device_port = 40000;
	m.seen_violation.peer_port = 443;
	m.seen_violation.packets = 1;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static void a_name_is_refused_and_comes_back(void **state)
{
	(void)state;
	uint16_t ede = 0;

	assert_true(is_open());
	assert_int_equal(asked("cloud.example", &ede), 0);
	begin();
	assert_false(is_open());
	assert_int_equal(asked("cloud.example", &ede), DNS_RCODE_NXDOMAIN);
	assert_int_equal(ede, EDE_FILTERED);
	assert_non_null(
		strstr(last_word(), "is refused tcp port 443 of cloud.example"));
	advance(h, 15 * 60);
	assert_int_equal(view().state, PROBE_SETTLING);
	assert_int_equal(asked("cloud.example", &ede), 0);
	tell_name(h, 10, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_true(is_open());
	assert_non_null(strstr(last_word(), "may use"));
	advance(h, 11 * 60);
	assert_int_equal(view().state, PROBE_IDLE);
	assert_int_equal(target()->counts[PROBE_UNMET], 1);
}

static void what_it_turns_to_is_seen(void **state)
{
	(void)state;
	begin();
	tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD_IP);
	tell_name(h, 3, LAMP_IP, "spare.example", SPARE_IP);
	refused(DIRECTION_FROM_DEVICE, SPARE_IP);
	assert_int_equal(view().state, PROBE_REFUSING); /* no alert: it is looked for */
	assert_int_equal(target()->fallback_count, 1);
	assert_string_equal(target()->fallbacks[0].kind.name, "spare.example");
	assert_int_equal(target()->fallbacks[0].kind.port, 443);
	assert_non_null(strstr(last_word(), "tries the name spare.example"));
	advance(h, 20 * 60);
	assert_int_equal(target()->counts[PROBE_FALLBACK], 1);
	assert_int_equal(view().state, PROBE_RECOVERING);
	tell_record("cloud.example", CLOUD_IP);
	advance(h, 1);
	assert_int_equal(view().state, PROBE_IDLE);
	assert_non_null(strstr(last_word(), "as before"));
}

static void a_reset_is_no_recovery(void **state)
{
	(void)state;
	static struct message m;
	struct record r = {.device = mac_of(LAMP),
		.first = 0,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.device_addr = ip(LAMP_IP),
		.peer = ip(CLOUD_IP),
		.naming = RECORD_ANSWER,
		.name = "cloud.example",
		.packets = {2, 2},
		.bytes = {120, 80}};

	begin();
	tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD_IP);
	advance(h, 20 * 60);
	assert_int_equal(view().state, PROBE_RECOVERING);
	r.first = r.last = h->clock.now;
	message_from_record(&m, &r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	advance(h, 1);
	assert_int_equal(view().state, PROBE_RECOVERING);
}

static void touch(void)
{
	struct message m = {.type = MESSAGE_TOUCHED};

	m.touched.mac = mac_of(LAMP);
	m.touched.peer = mac_of(PHONE);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static void people_end_it_before_the_next_tick(void **state)
{
	(void)state;
	begin();
	touch();
	assert_int_equal(view().state, PROBE_IDLE);
	assert_true(is_open());
	assert_int_equal(target()->tries[0].why, PROBE_WHY_USER);
	advance(h, 5);
	assert_int_equal(view().why, PROBE_WHY_TONIGHT);
}

static void an_alert_ends_it(void **state)
{
	(void)state;
	begin();
	refused(DIRECTION_TO_DEVICE, "203.0.113.9");
	assert_true(is_open());
	assert_int_equal(target()->tries[0].why, PROBE_WHY_ALERT);
}

static void its_neighbours_are_an_alert_too(void **state)
{
	(void)state;
	begin();
	refused(DIRECTION_FROM_DEVICE, "192.168.7.99");
	assert_int_equal(target()->tries[0].why, PROBE_WHY_ALERT);
}

static void quarantine_ends_it(void **state)
{
	(void)state;
	begin();
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "because"), 0);
	assert_int_equal(target()->tries[0].why, PROBE_WHY_QUARANTINE);
	assert_int_equal(view().state, PROBE_IDLE);
}

static void a_new_engine_refuses_nothing(void **state)
{
	(void)state;
	uint16_t ede;

	begin();
	tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD_IP);
	engine_restart(h);
	assert_int_equal(asked("cloud.example", &ede), 0);
	advance(h, 1);
	assert_int_equal(view().state, PROBE_RECOVERING);
	assert_int_equal(target()->tries[0].why, PROBE_WHY_RESTART);
	tell_name(h, 3, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_true(is_open());
	assert_true(view().allowed);
}

static void without_knowledge_or_profile_none_begins(void **state)
{
	(void)state;
	struct probe_window w = {6 * 60, 60};
	struct probe_time now;
	struct probe_device d;
	struct mac other = mac_of(PHONE);

	see_addr(h, PHONE, "192.168.7.21", ADDR_SOURCE_DHCP4, 8640000);
	assert_int_equal(
		prober_allow(&h->p, device_of(h, PHONE), DEVICE_CLASS_TV, &w), 0);
	advance(h, 20);
	now = prober_time(&h->p);
	assert_int_equal(probe_device_of(h->p.prober.core, &other, &now, &d), 0);
	assert_int_equal(d.why, PROBE_WHY_NO_PROFILE);
	see_dhcp(h, PHONE, "telly", URL_B);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 1)->fetch.id, 443, 1);
	advance(h, 61);
	now = prober_time(&h->p);
	assert_int_equal(probe_device_of(h->p.prober.core, &other, &now, &d), 0);
	assert_int_equal(d.why, PROBE_WHY_FEW);
}

static void the_policy_ends_it_by_itself(void **state)
{
	(void)state;
	struct household_probe what = {.refused = {.kind = OVERLAY_REFUSE,
					       .proto = RULE_PROTO_ANY,
					       .port = {0, UINT16_MAX}},
		.until = pipeline_wall(&h->p) + 100 * NS_PER_SEC};
	const struct device *d = device_of(h, LAMP);

	assert_true(overlay_peer_parse("cloud.example", &what.refused.peer));
	assert_int_equal(
		household_refuse(&h->p.household, d, &what, pipeline_wall(&h->p)), 0);
	spin(h);
	assert_false(is_open());
	advance(h, 80);
	assert_false(is_open());
	advance(h, 40);
	assert_true(is_open());
	assert_int_equal(household_device(&h->p.household, d->id)->probe.until, 0);
}

static void the_sensor_is_told_whom_to_watch(void **state)
{
	(void)state;
	const struct message *m;

	assert_int_equal(got_count(h, ROLE_SENSOR, MESSAGE_WATCH), 0);
	allow();
	spin(h);
	m = got(h, ROLE_SENSOR, MESSAGE_WATCH, 0);
	assert_non_null(m);
	assert_true(m->watch.on);
	engine_restart(h);
	assert_int_equal(got_count(h, ROLE_SENSOR, MESSAGE_WATCH), 1);
	assert_int_equal(prober_forbid(&h->p, device_of(h, LAMP)), 0);
	spin(h);
	m = got(h, ROLE_SENSOR, MESSAGE_WATCH, 1);
	assert_non_null(m);
	assert_false(m->watch.on);
}

static void a_clock_that_is_set_ends_it(void **state)
{
	(void)state;
	begin();
	h->p.started_mono = loop_now(h->loop);
	pipeline_clock_seen(&h->p, pipeline_wall(&h->p) + 1000LL * HOUR * NS_PER_SEC);
	advance(h, 1); /* it is not sure any more */
	assert_int_equal(target()->tries[0].why, PROBE_WHY_CLOCK);
	assert_true(is_open());
}

/* The status of POST /v1/probes/lamp; ret_class: the one that it answers with, or "". */
static int post(const char *body, char ret_class[LIMIT_LABEL])
{
	unsigned status;
	json_t *root = api_asked(&h->p, api_change_probe, LAMP, "", body, &status);
	const char *class = json_string_value(json_object_get(root, "class"));

	str_copy(ret_class, LIMIT_LABEL, class ? class : "");
	json_decref(root);
	spin(h);
	return (int)status;
}

static void the_class_of_the_device_is_taken(void **state)
{
	(void)state;
	struct device *d = device_of(h, LAMP);
	char class[LIMIT_LABEL];

	assert_int_equal(post("{\"allow\":true}", class), 400); /* nobody said */
	d->class = DEVICE_CLASS_PLUG;
	assert_int_equal(post("{\"allow\":true,\"dry_run\":true}", class), 200);
	assert_string_equal(class, "plug");
	assert_int_equal(probe_count(h->p.prober.core), 0);
	assert_int_equal(post("{\"allow\":true,\"class\":null}", class), 200);
	assert_string_equal(class, "plug");
	assert_int_equal(view().class, DEVICE_CLASS_PLUG);
}

/* What is said for probing is not what the device is for. */
static void a_class_for_probing_is_its_own(void **state)
{
	(void)state;
	struct device *d = device_of(h, LAMP);
	char class[LIMIT_LABEL];

	d->class = DEVICE_CLASS_PLUG;
	assert_int_equal(post("{\"allow\":true,\"class\":\"light\"}", class), 200);
	assert_string_equal(class, "light");
	assert_int_equal(d->class, DEVICE_CLASS_PLUG);
	assert_int_equal(post("{\"allow\":true,\"class\":\"lock\"}", class), 403);
	assert_int_equal(post("{\"allow\":true,\"class\":\"lump\"}", class), 400);
	assert_int_equal(post("{\"allow\":true,\"class\":7}", class), 400);
	assert_int_equal(view().class, DEVICE_CLASS_LIGHT);
}

static void a_class_that_forbids_it_cannot_be_talked_away(void **state)
{
	(void)state;
	struct device *d = device_of(h, LAMP);
	char class[LIMIT_LABEL];

	d->class = DEVICE_CLASS_HEATING;
	assert_int_equal(post("{\"allow\":true}", class), 403);
	assert_int_equal(post("{\"allow\":true,\"class\":\"light\"}", class), 403);
	assert_int_equal(probe_count(h->p.prober.core), 0);
}

static void a_class_that_is_said_later_ends_it(void **state)
{
	(void)state;
	begin();
	device_of(h, LAMP)->class = DEVICE_CLASS_MEDICAL;
	advance(h, 2);
	assert_int_equal(target()->tries[0].why, PROBE_WHY_CLASS);
	assert_true(is_open());
}

static void none_begins_with_a_class_that_forbids_it(void **state)
{
	(void)state;
	allow();
	device_of(h, LAMP)->class = DEVICE_CLASS_MEDICAL;
	advance(h, 15 * 60 - 5);
	tell_name(h, 9, LAMP_IP, "cloud.example", CLOUD_IP);
	advance(h, 6); /* as in begin() */
	assert_int_equal(view().state, PROBE_IDLE);
	assert_int_equal(view().why, PROBE_WHY_CLASS);
	assert_true(is_open());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_refused_and_comes_back),
		TEST(what_it_turns_to_is_seen),
		TEST(a_reset_is_no_recovery),
		TEST(people_end_it_before_the_next_tick),
		TEST(an_alert_ends_it),
		TEST(its_neighbours_are_an_alert_too),
		TEST(quarantine_ends_it),
		TEST(a_new_engine_refuses_nothing),
		TEST(without_knowledge_or_profile_none_begins),
		TEST(the_policy_ends_it_by_itself),
		TEST(the_sensor_is_told_whom_to_watch),
		TEST(a_clock_that_is_set_ends_it),
		TEST(the_class_of_the_device_is_taken),
		TEST(a_class_for_probing_is_its_own),
		TEST(a_class_that_forbids_it_cannot_be_talked_away),
		TEST(a_class_that_is_said_later_ends_it),
		TEST(none_begins_with_a_class_that_forbids_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
