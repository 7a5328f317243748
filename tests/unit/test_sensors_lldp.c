// SPDX-License-Identifier: GPL-2.0-or-later
/* test_sensors_lldp.c - what the sensor makes of LLDP frames. */
#include "sensors/sensors.h"
#include "test_wire_util.h"
#include "wire/build.h"
#include "wire/lldp.h"

#define DESK "00:00:5e:00:53:21"
#define NEAREST "01:80:c2:00:00:0e"
#define URL "https://acme.example/k"

static struct sensors sensors;
static struct message said;
static unsigned count;

static void emit(void *ctx, const struct message *m)
{
	(void)ctx;
	said = *m;
	count++;
}

static int setup(void **state)
{
	(void)state;
	sensors_init(&sensors, emit, NULL);
	count = 0;
	return 0;
}

static struct lldp sample(const char *url)
{
	struct lldp l;
	memset(&l, 0, sizeof(l));
	l.chassis_subtype = LLDP_CHASSIS_MAC;
	l.chassis_id.len = 6;
	l.port_subtype = LLDP_PORT_IFNAME;
	l.port_id.len = 4;
	l.ttl_s = 120;
	l.system_name.len = 4;
	memcpy(l.system_name.b, "desk", 4);
	l.mud_url.len = (uint16_t)strlen(url);
	memcpy(l.mud_url.b, url, l.mud_url.len);
	return l;
}

static void hear(const struct lldp *l, const char *src, bool outgoing, nstime when)
{
	uint8_t b[1514];
	struct writer w = writer_of(b, sizeof(b));
	struct eth eth = {.dst = test_mac(NEAREST), .src = test_mac(src),
		.type = ETH_TYPE_LLDP};
	build_eth(&w, &eth);
	assert_int_equal(lldp_build(&w, l), 0);
	uint8_t *exact = test_exact(b, w.len);
	sensors_frame(&sensors, cursor_of(exact, w.len), outgoing, 7, when, when);
	free(exact);
}

static void test_url(void **state)
{
	(void)state;
	struct lldp l = sample(URL);
	hear(&l, DESK, false, NS_PER_SEC);
	assert_int_equal(count, 1);
	assert_int_equal(said.type, MESSAGE_SEEN_DHCP);
	assert_mac(&said.seen_dhcp.mac, DESK);
	assert_int_equal(said.seen_dhcp.family, 0);
	assert_int_equal(said.seen_dhcp.ifindex, 7);
	assert_string_equal(said.seen_dhcp.mud_url, URL);
	assert_string_equal(said.seen_dhcp.hostname, "desk");
	assert_string_equal(said.seen_dhcp.vendor_class, "");
}

static void test_repeated(void **state)
{
	(void)state;
	struct lldp l = sample(URL), other = sample(URL "2");
	hear(&l, DESK, false, NS_PER_SEC);
	hear(&l, DESK, false, 2 * NS_PER_SEC);
	assert_int_equal(count, 1);
	hear(&other, DESK, false, 3 * NS_PER_SEC);
	assert_int_equal(count, 2);
	assert_string_equal(said.seen_dhcp.mud_url, URL "2");
	hear(&other, DESK, false, (4 + SENSORS_REPEAT_S) * NS_PER_SEC);
	assert_int_equal(count, 3);
}

/* Neighbours without a URL, leaving ones, our own, and senders that are no device. */
static void test_silent(void **state)
{
	(void)state;
	struct lldp l = sample("");
	hear(&l, DESK, false, NS_PER_SEC);
	l = sample(URL);
	hear(&l, DESK, true, NS_PER_SEC);
	hear(&l, "00:00:00:00:00:00", false, NS_PER_SEC);
	hear(&l, NEAREST, false, NS_PER_SEC);
	l.ttl_s = 0;
	hear(&l, DESK, false, NS_PER_SEC);
	assert_int_equal(count, 0);
	assert_int_equal(sensors.counts.malformed, 0);
	l = sample(URL);
	l.chassis_id.len = 0;
	hear(&l, DESK, false, NS_PER_SEC);
	assert_int_equal(count, 0);
	assert_int_equal(sensors.counts.malformed, 1);
}

/* What could not be shown or kept is not passed on. */
static void test_unclean(void **state)
{
	(void)state;
	struct lldp l = sample("https://acme.example/\x01");
	hear(&l, DESK, false, NS_PER_SEC);
	l = sample("https://acme.example/\xff");
	hear(&l, DESK, false, NS_PER_SEC);
	assert_int_equal(count, 0);
	l = sample(URL);
	l.system_name.b[0] = '\n';
	hear(&l, DESK, false, NS_PER_SEC);
	assert_int_equal(count, 1);
	assert_string_equal(said.seen_dhcp.hostname, "");
	assert_string_equal(said.seen_dhcp.mud_url, URL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_url, setup),
		cmocka_unit_test_setup(test_repeated, setup),
		cmocka_unit_test_setup(test_silent, setup),
		cmocka_unit_test_setup(test_unclean, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
