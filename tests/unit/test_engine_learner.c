// SPDX-License-Identifier: GPL-2.0-or-later
/* Learning in the engine: days in seconds, restarts, damage, and what a sensor that was
 * taken over may say. */
#include "test_engine_util.h"
#include <errno.h>
#include "engine/learn_priv.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define PHONE "02:00:00:00:00:11"
#define PHONE_IP "192.168.7.21"
#define CLOUD_IP "203.0.113.10"
#define HOUR 3600

static struct house *h;

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
	see_addr(h, PHONE, PHONE_IP, ADDR_SOURCE_DHCP4, 8640000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static struct record https(const char *name)
{
	struct record r = {.device = mac_of(LAMP),
		.first = h->clock.now,
		.last = h->clock.now + NS_PER_SEC,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.device_addr = ip(LAMP_IP),
		.peer = ip(CLOUD_IP),
		.naming = name[0] ? RECORD_ANSWER : RECORD_UNNAMED,
		.packets = {5, 5},
		.bytes = {500, 5000}};

	str_copy(r.name, sizeof(r.name), name);
	return r;
}

static void tell(const struct record *r)
{
	static struct message m;

	message_from_record(&m, r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static void tell_event(const char *mac, uint8_t event)
{
	struct message m = {.type = MESSAGE_OBSERVED};

	m.observed.mac = mac_of(mac);
	m.observed.event = event;
	m.observed.when = h->clock.now;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

/* An hour each. */
static void episodes(unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++) {
		struct record r = https(name);

		tell(&r);
		advance(h, HOUR);
	}
}

static uint32_t episodes_of(const char *mac, struct learned_device *ret)
{
	struct mac m = mac_of(mac);
	uint32_t n = 0;

	if (learned_device_of(h->p.learner.learned, &m, ret))
		return 0;
	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += ret->episodes[c];
	return n;
}

struct seen {
	unsigned count;
	struct event last;
};

static int see_event(void *ctx, const struct event *e)
{
	struct seen *s = ctx;

	if (e->kind != EVENT_LEARNED)
		return 0;
	s->count++;
	s->last = *e;
	return 0;
}

static struct seen told(void)
{
	struct store_event_query q = {.limit = 1000};
	struct seen s = {0};

	journal_flush(&h->p.journal);
	assert_int_equal(store_events(h->store, &q, see_event, &s), 0);
	return s;
}

static void episodes_end_by_themselves(void **state)
{
	(void)state;
	struct learned_device d;
	struct record r = https("cloud.example");

	tell(&r);
	assert_int_equal(episodes_of(LAMP, &d), 0);
	advance(h, HOUR); /* nobody says anything any more */
	advance(h, HOUR);
	assert_int_equal(episodes_of(LAMP, &d), 1);
	assert_int_equal(d.kinds, 1);
}

/* With all that was learned, and what was under way is the next one's. */
static void it_survives_the_engine(void **state)
{
	(void)state;
	struct learned_device before, after;
	uint32_t n;

	episodes(6, "cloud.example");
	n = episodes_of(LAMP, &before);
	assert_in_range(n, 5, 6);
	engine_restart(h);
	assert_int_equal(episodes_of(LAMP, &after), n);
	assert_int_equal(after.kinds, before.kinds);
	assert_int_equal(after.all.state, before.all.state);
	episodes(2, "cloud.example");
	assert_true(episodes_of(LAMP, &after) > n);
	assert_int_equal(after.kinds, before.kinds);
}

/* Stored while nothing asks for it: what kill -9 leaves. */
static void it_is_stored_every_few_minutes(void **state)
{
	(void)state;
	nstime saved;

	episodes(2, "cloud.example");
	saved = h->p.learner.saved;
	assert_in_range(saved, h->clock.now - HOUR * NS_PER_SEC, h->clock.now);
	advance(h, 6 * HOUR); /* its last episode ends, and nothing happens then */
	saved = h->p.learner.saved;
	advance(h, 6 * HOUR);
	assert_int_equal(h->p.learner.saved, saved);
}

static int take_len(void *ctx, const void *state, size_t len, nstime when)
{
	(void)state;
	(void)when;
	*(size_t *)ctx = len;
	return 0;
}

/* Whatever byte is another: it loads, or is set aside; nothing else happens. */
static void a_damaged_state_is_set_aside_and_told(void **state)
{
	(void)state;
	struct learned_device d;
	size_t len = 0;

	episodes(3, "cloud.example");
	pipeline_end(&h->p);
	assert_int_equal(store_learner_save(h->store, "CLRVrubbish", 11, START), 0);
	store_close(h->store);
	for (size_t i = 0; i < ROLE_MAX; i++)
		ipc_close(&h->far[i].ipc);
	engine_start(h);
	connect_all(h);
	assert_non_null(h->p.learner.learned);
	assert_int_equal(episodes_of(LAMP, &d), 0);
	assert_int_equal(told().count, 1);
	assert_non_null(strstr(told().last.text, "set aside"));
	assert_int_equal(store_learner(h->store, take_len, &len), 0);
	assert_int_equal(len, 0);
	episodes(3, "cloud.example");
	assert_true(episodes_of(LAMP, &d) > 0);
	engine_restart(h);
	assert_true(episodes_of(LAMP, &d) > 0);
	assert_int_equal(told().count, 1);
}

static void every_cut_and_flip_loads_or_does_not(void **state)
{
	(void)state;
	struct learner other = {.pipeline = &h->p, .suffixes = h->p.learner.suffixes};
	struct record r = https("named.example");
	uint8_t *bytes = NULL, *bad;
	size_t len = 0;

	r.naming = RECORD_SNI;
	tell(&r); /* an address with a name that nobody told */
	episodes(3, "cloud.example");
	assert_int_equal(h->p.learner.bares->count, 1);
	assert_int_equal(learner_state_make(&h->p.learner, &bytes, &len), 0);
	other.bares = calloc(1, sizeof(*other.bares));
	assert_int_equal(learn_bares_init(other.bares), 0);
	assert_int_equal(learner_state_take(&other, cursor_of(bytes, len)), 0);
	assert_int_equal(other.bares->count, 1);
	learned_free(other.learned);
	other.learned = NULL;
	learn_bares_clear(other.bares);
	for (size_t cut = 0; cut < len; cut++) {
		bad = malloc(cut ? cut : 1);
		memcpy(bad, bytes, cut);
		assert_int_not_equal(learner_state_take(&other, cursor_of(bad, cut)), 0);
		assert_null(other.learned);
		assert_int_equal(other.bares->count, 0);
		free(bad);
	}
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 0x55;
		if (!learner_state_take(&other, cursor_of(bytes, len))) {
			learned_free(other.learned);
			other.learned = NULL;
			learn_bares_clear(other.bares);
		}
		assert_null(other.learned);
		bytes[i] ^= 0x55;
	}
	learn_bares_free(other.bares);
	free(other.bares);
	free(bytes);
}

static void strangers_are_not_learned(void **state)
{
	(void)state;
	struct record r;

	episodes(1, "cloud.example"); /* learning began before it came */
	r = https("cloud.example");
	r.device = mac_of("02:00:00:00:00:77");
	tell(&r);
	assert_int_equal(h->p.learner.strangers, 1);
	assert_int_equal(learned_count(h->p.learner.learned), 1);
	/* the sensor knew it a moment before the inventory did */
	tell_event("02:00:00:00:00:77", OBSERVE_NEW);
	advance(h, 5);
	see_addr(h, "02:00:00:00:00:77", "192.168.7.77", ADDR_SOURCE_DHCP4, 8640000);
	r.first = r.last = h->clock.now;
	tell(&r);
	advance(h, 2 * HOUR);
	struct learned_device d;
	assert_int_equal(episodes_of("02:00:00:00:00:77", &d), 1);
	assert_int_equal(d.episodes[LEARNED_SETUP], 1);
}

static void who_is_not_to_be_learned_is_not(void **state)
{
	(void)state;
	const struct device *lamp = inventory_find(h->p.inventory, LAMP);
	struct learned_device d;
	struct record r;

	assert_int_equal(learner_set(&h->p.learner, lamp, false), 0);
	episodes(2, "cloud.example");
	assert_int_equal(episodes_of(LAMP, &d), 0);
	engine_restart(h);
	lamp = inventory_find(h->p.inventory, LAMP);
	assert_false(learner_is_on(&h->p.learner, lamp));
	assert_int_equal(learner_set(&h->p.learner, lamp, true), 0);
	r = https("cloud.example");
	tell(&r);
	advance(h, 2 * HOUR);
	assert_int_equal(episodes_of(LAMP, &d), 1);
}

static void it_is_forgotten_when_asked_to(void **state)
{
	(void)state;
	struct mac lamp = mac_of(LAMP);
	struct learned_device d;

	episodes(3, "cloud.example");
	learner_forget(&h->p.learner, &lamp);
	assert_int_equal(episodes_of(LAMP, &d), 0);
	engine_restart(h);
	assert_int_equal(episodes_of(LAMP, &d), 0);
}

static void the_owners_stop_goes_with_the_device(void **state)
{
	(void)state;
	struct mac lamp = mac_of(LAMP);
	struct device *d = inventory_by_mac(h->p.inventory, &lamp);

	assert_int_equal(learner_set(&h->p.learner, d, false), 0);
	learner_again(&h->p.learner, &lamp);
	assert_false(learner_is_on(&h->p.learner, d));
	learner_forget(&h->p.learner, &lamp); /* who comes back is a new one */
	assert_true(learner_is_on(&h->p.learner, d));
}

static void a_scan_is_told_once(void **state)
{
	(void)state;
	struct learned_device d;

	for (unsigned i = 0; i < 60; i++) {
		struct record r = https("");

		r.peer.b[3] = (uint8_t)(100 + i);
		r.peer_port = 23;
		r.answered = false;
		r.packets[DIRECTION_TO_DEVICE] = r.bytes[DIRECTION_TO_DEVICE] = 0;
		tell(&r);
	}
	advance(h, 60);
	unsigned count = told().count;
	assert_true(count > 0);
	assert_int_equal(told().last.device, inventory_find(h->p.inventory, LAMP)->id);
	advance(h, 2 * HOUR);
	assert_int_equal(told().count, count);
	(void)episodes_of(LAMP, &d);
	assert_int_equal(d.finding_count, count);
	engine_restart(h);
	advance(h, 60);
	assert_int_equal(told().count, count);
}

/* The owner says what an episode is; the sensor tells what is under way first. */
static void the_owner_ends_an_episode(void **state)
{
	(void)state;
	const struct device *lamp = inventory_find(h->p.inventory, LAMP);
	struct message m = {.type = MESSAGE_OBSERVE_TOLD};
	struct learned_device d;

	for (unsigned i = 1; i <= 3; i++) {
		struct record r = https("cloud.example");

		assert_int_equal(learner_cut(&h->p.learner, lamp), 0);
		spin(h);
		assert_int_equal(got_count(h, ROLE_SENSOR, MESSAGE_OBSERVE_TELL), i);
		tell(&r);
		assert_int_equal(episodes_of(LAMP, &d), i - 1);
		m.observe_told.id =
			got(h, ROLE_SENSOR, MESSAGE_OBSERVE_TELL, i - 1)->observe_tell.id;
		far_send(h, ROLE_SENSOR, &m);
		spin(h);
		assert_int_equal(episodes_of(LAMP, &d), i);
		advance(h, 2);
	}
	ipc_close(&h->far[ROLE_SENSOR].ipc);
	spin(h);
	assert_int_equal(learner_cut(&h->p.learner, lamp), -ENOTCONN);
}

static void names_of_the_house_are_known_to_it(void **state)
{
	(void)state;
	struct addr cloud = ip(CLOUD_IP);
	struct household_device *hd = household_device(
		&h->p.household, inventory_find(h->p.inventory, LAMP)->id);
	struct binding b = {.addr = cloud, .expires = h->clock.now + HOUR * NS_PER_SEC};
	struct learned_device d;
	struct record r = https("");

	str_copy(b.name, sizeof(b.name), "cloud.example");
	assert_int_equal(bindings_restore(&hd->names, &b, h->clock.now), 0);
	tell(&r);
	advance(h, 2 * HOUR);
	assert_int_equal(episodes_of(LAMP, &d), 1);
	struct learn_source s = learner_source(
		&h->p.learner, inventory_find(h->p.inventory, LAMP));
	struct learn_profile p;
	struct mac lamp = mac_of(LAMP);
	assert_int_equal(learn_profile_of(&s, &lamp, h->clock.now, &p), 0);
	assert_int_equal(p.general.count, 1);
	assert_string_equal(p.general.list[0].name, "cloud.example");
	assert_non_null(strstr(p.mud, "cloud.example"));
	learn_profile_free(&p);
}

/* A sensor that lies is started anew, and nothing of it is learned. */
static void lies_of_the_sensor(void **state)
{
	(void)state;
	static const struct {
		unsigned what;
		uint64_t value;
	} lies[] = {{0, DIRECTION_MAX}, {1, RECORD_PLACE_MAX}, {2, RECORD_NAMING_MAX},
		{3, RECORD_APP_MAX}, {4, 5}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {9, 0}};

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct record r = https("cloud.example");
		static struct message m;
		struct record back;

		message_from_record(&m, &r);
		assert_int_equal(message_to_record(&m.record, &back), 0);
		assert_string_equal(back.name, r.name);
		assert_int_equal(back.bytes[DIRECTION_TO_DEVICE], 5000);
		m.record.direction = lies[i].what == 0 ? (uint8_t)lies[i].value : 0;
		if (lies[i].what == 1)
			m.record.place = (uint8_t)lies[i].value;
		if (lies[i].what == 2)
			m.record.naming = (uint8_t)lies[i].value;
		if (lies[i].what == 3)
			m.record.app = (uint8_t)lies[i].value;
		if (lies[i].what == 4)
			m.record.family = (uint8_t)lies[i].value;
		if (lies[i].what == 5)
			m.record.mac = (struct mac){0};
		if (lies[i].what == 6)
			m.record.last = m.record.first - 1;
		if (lies[i].what == 7)
			m.record.peer = ip("2001:db8::1");
		if (lies[i].what == 8)
			m.record.mac.b[0] |= 1;
		if (lies[i].what == 9)
			str_copy(m.record.name, sizeof(m.record.name), "caf\xc3\xa9.example");
		assert_int_equal(message_to_record(&m.record, &back), CARDEA_EMALFORMED);
		far_send(h, ROLE_SENSOR, &m);
		spin(h);
		assert_int_equal(h->far[ROLE_SENSOR].closed, i + 1);
		assert_int_equal(learned_count(h->p.learner.learned), 0);
		connect_far(h, ROLE_SENSOR);
	}
}

static void off_by_the_owners_settings(void **state)
{
	(void)state;
	struct record r = https("cloud.example");

	episodes(2, "cloud.example");
	engine_end(h);
	bool damaged;
	assert_int_equal(store_open(h->dir, &h->store, &damaged), 0);
	assert_int_equal(pipeline_init(&h->p), 0);
	assert_int_equal(pipeline_setting(&h->p, "learn", "no"), 0);
	assert_int_equal(pipeline_open(&h->p, h->loop, h->store, count_event, h), 0);
	pipeline_start(&h->p);
	connect_all(h);
	assert_null(h->p.learner.learned);
	tell(&r);
	advance(h, 2 * HOUR);
	engine_restart(h); /* what was learned before is there again */
	struct learned_device d;
	assert_true(episodes_of(LAMP, &d) > 0);
}

#define LEARNER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEARNER_TEST(episodes_end_by_themselves),
		LEARNER_TEST(it_survives_the_engine),
		LEARNER_TEST(it_is_stored_every_few_minutes),
		LEARNER_TEST(a_damaged_state_is_set_aside_and_told),
		LEARNER_TEST(every_cut_and_flip_loads_or_does_not),
		LEARNER_TEST(strangers_are_not_learned),
		LEARNER_TEST(who_is_not_to_be_learned_is_not),
		LEARNER_TEST(it_is_forgotten_when_asked_to),
		LEARNER_TEST(the_owners_stop_goes_with_the_device),
		LEARNER_TEST(a_scan_is_told_once),
		LEARNER_TEST(the_owner_ends_an_episode),
		LEARNER_TEST(names_of_the_house_are_known_to_it),
		LEARNER_TEST(lies_of_the_sensor),
		LEARNER_TEST(off_by_the_owners_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
