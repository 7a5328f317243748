// SPDX-License-Identifier: GPL-2.0-or-later
/* From a LAN's frames to the engine: each device's share of the channel, what is lost is
 * counted, and who is used is told. */
#include "test_observe_util.h"
#include <stdio.h>
#include "proc/sensor_observe.h"

static struct sensor_observe *s;
static struct sensor_lan *lan;
static unsigned records, events, touched;
static bool deaf;
static nstime now;

static int take(void *ctx, const struct message *m)
{
	assert_ptr_equal(ctx, &records);
	if (deaf)
		return CARDEA_ELIMIT;
	struct record r; /* what the engine would not take ends the sensor */
	if (m->type == MESSAGE_RECORD)
		assert_int_equal(message_to_record(&m->record, &r), 0);
	records += m->type == MESSAGE_RECORD;
	events += m->type == MESSAGE_OBSERVED;
	touched += m->type == MESSAGE_TOUCHED;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	s = calloc(1, sizeof(*s));
	assert_non_null(s);
	records = events = touched = 0;
	deaf = false;
	now = 1700000000 * NS_PER_SEC;
	sensor_observe_init(s, take, &records);
	assert_int_equal(sensor_observe_setting(s, "lan_mac", "3 " GATEWAY), 0);
	assert_int_equal(sensor_observe_setting(s, "lan_prefix", "3 192.168.7.0/24"), 0);
	assert_int_equal(sensor_observe_start(s), 0);
	lan = sensor_observe_lan(s, 3);
	assert_non_null(lan);
	assert_null(sensor_observe_lan(s, 4));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sensor_observe_end(s);
	free(s);
	return 0;
}

static void udp(struct party a, struct party b)
{
	uint8_t buf[256];
	struct writer w = writer_of(buf, sizeof(buf));
	struct eth eth = {.src = test_mac(a.mac), .dst = test_mac(b.mac),
		.type = ETH_TYPE_IPV4};
	struct ip ip = {.family = 4, .src = test_addr(a.ip), .dst = test_addr(b.ip),
		.proto = IP_PROTO_UDP, .ttl = 64};
	struct udp u = {.src_port = a.port, .dst_port = b.port};

	build_eth(&w, &eth);
	build_ip(&w, &ip, 8 + 4);
	build_udp(&w, &ip, &u, "text", 4);
	assert_int_equal(w.error, 0);
	struct sensor_frame f = {.bytes = cursor_of(buf, w.len), .len = (uint32_t)w.len,
		.when = now};
	sensor_observe_frame(lan, &f);
}

static struct message_observe_counts counted(void)
{
	struct message_observe_counts n;

	sensor_observe_counts(s, &n);
	return n;
}

static void time_alone_ends_conversations(void **state)
{
	(void)state;
	udp(LAMP_AT(4000), CLOUD_AT(9000));
	assert_int_equal(records, 0);
	sensor_observe_time(s, now + 130 * NS_PER_SEC);
	assert_int_equal(records, 1);
	assert_int_equal(events, 1);
	assert_int_equal(counted().records, 2);
	assert_int_equal(counted().packets, 1);
	assert_int_equal(counted().flows, 1);
}

static void what_is_under_way_is_told_when_asked(void **state)
{
	(void)state;
	udp(LAMP_AT(4000), CLOUD_AT(9000));
	sensor_observe_tell(s);
	assert_int_equal(records, 1);
	sensor_observe_tell(s); /* nothing has passed since */
	assert_int_equal(records, 1);
	udp(LAMP_AT(4000), CLOUD_AT(9000));
	sensor_observe_tell(s);
	assert_int_equal(records, 2);
	assert_int_equal(counted().flows, 1);
}

/* One that floods has its share, and the others theirs. */
static void one_device_does_not_fill_the_channel(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		udp(LAMP_AT((uint16_t)(1024 + i)), CLOUD_AT(9000));
	for (unsigned i = 0; i < 100; i++)
		udp(PHONE_AT((uint16_t)(1024 + i)), CLOUD_AT(9000));
	sensor_observe_tell(s);
	assert_in_range(records, SENSOR_RECORD_BURST + 100 - 2, SENSOR_RECORD_BURST + 100);
	assert_in_range(counted().held_back, 5000 - SENSOR_RECORD_BURST,
		5000 - SENSOR_RECORD_BURST + 2);
	assert_int_equal(counted().records + counted().held_back, 5100 + 2);
	assert_int_equal(counted().lost, 0);
}

/* What was used up comes back with time, at the rate. */
static void the_share_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SENSOR_RECORD_BURST; i++)
		udp(LAMP_AT((uint16_t)(1024 + i)), CLOUD_AT(9000));
	sensor_observe_tell(s);
	unsigned before = records;
	now += 10 * NS_PER_SEC;
	for (unsigned i = 0; i < 1000; i++)
		udp(LAMP_AT((uint16_t)(20000 + i)), CLOUD_AT(9000));
	sensor_observe_tell(s);
	assert_in_range(records - before, 10 * SENSOR_RECORD_RATE - 2,
		10 * SENSOR_RECORD_RATE + 2);
}

/* A clock that is set back by a day silences nobody. */
static void a_clock_set_back(void **state)
{
	(void)state;
	udp(LAMP_AT(4000), CLOUD_AT(9000));
	sensor_observe_tell(s);
	now -= 86400 * NS_PER_SEC;
	udp(LAMP_AT(4001), CLOUD_AT(9000));
	sensor_observe_tell(s);
	assert_int_equal(records, 2);
}

static void what_nobody_hears_is_counted(void **state)
{
	(void)state;
	deaf = true;
	udp(LAMP_AT(4000), CLOUD_AT(9000));
	sensor_observe_tell(s);
	assert_int_equal(counted().lost, 2);
	assert_int_equal(counted().records, 0);
}

static void who_is_watched(void **state)
{
	(void)state;
	struct mac lamp = test_mac(LAMP);

	udp(PHONE_AT(4000), LAMP_AT(9000));
	assert_int_equal(touched, 0);
	sensor_observe_watch(s, &lamp, true);
	sensor_observe_watch(s, &lamp, true);
	udp(CLOUD_AT(4000), LAMP_AT(9000)); /* the gateway's MAC: from outside */
	assert_int_equal(touched, 0);
	udp(PHONE_AT(4000), LAMP_AT(9000));
	udp(PHONE_AT(4000), LAMP_AT(9000)); /* in the same second */
	assert_int_equal(touched, 1);
	now += 2 * NS_PER_SEC;
	udp(PHONE_AT(4000), LAMP_AT(9000));
	assert_int_equal(touched, 2);
	sensor_observe_watch(s, &lamp, false);
	now += 2 * NS_PER_SEC;
	udp(PHONE_AT(4000), LAMP_AT(9000));
	assert_int_equal(touched, 2);
	for (unsigned i = 0; i < 2 * SENSOR_WATCHED_MAX; i++) {
		struct mac m = {{2, 0, 0, 0, 1, (uint8_t)i}};

		sensor_observe_watch(s, &m, true);
	}
	assert_int_equal(s->watched_count, SENSOR_WATCHED_MAX);
	sensor_observe_unwatch(s);
	sensor_observe_watch(s, &lamp, true);
	udp(PHONE_AT(4000), LAMP_AT(9000));
	assert_int_equal(touched, 3);
}

/* Frames that nobody may send are no reason to end. */
static void senders_that_cannot_be(void **state)
{
	(void)state;
	udp((struct party){"03:00:00:00:00:66", PHONE_IP, 4000}, LAMP_AT(9000));
	udp(LAMP_AT(9000), (struct party){"03:00:00:00:00:66", PHONE_IP, 4000});
	udp((struct party){"00:00:00:00:00:00", PHONE_IP, 4001}, LAMP_AT(9001));
	udp(LAMP_AT(9001), (struct party){"00:00:00:00:00:00", PHONE_IP, 4001});
	udp((struct party){ALL, "255.255.255.255", 4000}, LAMP_AT(9000));
	udp(LAMP_AT(9000), (struct party){LAMP, LAMP_IP, 9000});
	sensor_observe_tell(s);
	assert_true(records > 0);
}

static void settings_that_are_none(void **state)
{
	static const char *const bad[] = {"", " ", "3", "x 02:00:00:00:00:01",
		"0 02:00:00:00:00:01", "3 02:00:00", "99999999999 02:00:00:00:00:01"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(sensor_observe_setting(s, "lan_mac", bad[i]), 0);
	assert_int_not_equal(sensor_observe_setting(s, "lan_prefix", "3 192.168.7.1/99"), 0);
	assert_int_equal(sensor_observe_setting(s, "uid", "12"), 0);
	for (unsigned i = 0; i < 2 * LIMIT_LAN_PREFIXES; i++) {
		char text[40];

		snprintf(text, sizeof(text), "3 10.%u.0.0/16", i);
		assert_int_equal(sensor_observe_setting(s, "lan_prefix", text), 0);
	}
}

#define SENSOR_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SENSOR_TEST(time_alone_ends_conversations),
		SENSOR_TEST(what_is_under_way_is_told_when_asked),
		SENSOR_TEST(one_device_does_not_fill_the_channel),
		SENSOR_TEST(the_share_comes_back),
		SENSOR_TEST(a_clock_set_back),
		SENSOR_TEST(what_nobody_hears_is_counted),
		SENSOR_TEST(who_is_watched),
		SENSOR_TEST(senders_that_cannot_be),
		SENSOR_TEST(settings_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
