// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's reports of refused packets. */
#include "test_wire_util.h"
#include "unit/nflog_util.h"
#include "model/verdict.h"
#include "sensors/sensors.h"

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x10};
static struct sensors sensors;
static struct message seen[4];
static unsigned count;

static void emit(void *ctx, const struct message *m)
{
	(void)ctx;
	assert_true(count < 4);
	seen[count++] = *m;
}

static int setup(void **state)
{
	(void)state;
	sensors_init(&sensors, emit, NULL);
	count = 0;
	return 0;
}

static void datagram(const void *data, size_t len)
{
	uint8_t *exact = test_exact(data, len);

	sensors_nflog(&sensors, cursor_of(exact, len), 42);
	free(exact);
}

static void report(const char *prefix, uint16_t protocol, const void *payload, size_t len)
{
	uint8_t buf[2048];
	struct writer w = writer_of(buf, sizeof(buf));
	struct nflog_packet p = {prefix, protocol, mac, payload, len};

	nflog_message(&w, &p);
	assert_int_equal(w.error, 0);
	datagram(buf, w.len);
}

static void each_prefix_has_its_meaning(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum direction direction;
		enum verdict_reason reason;
		uint32_t packets;
	} cases[] = {
		{"cardea:f:deny", DIRECTION_FROM_DEVICE, REASON_DEFAULT_DENY, 1},
		{"cardea:t:deny", DIRECTION_TO_DEVICE, REASON_DEFAULT_DENY, 1},
		{"cardea:f:spoof", DIRECTION_FROM_DEVICE, REASON_SPOOFED, 1},
		{"cardea:t:spoof", DIRECTION_TO_DEVICE, REASON_SPOOFED, 1},
		{"cardea:f:rogue", DIRECTION_FROM_DEVICE, REASON_ROGUE_RA, 1},
		{"cardea:f:frag", DIRECTION_FROM_DEVICE, REASON_FRAGMENT, 1},
		{"cardea:f:told", DIRECTION_FROM_DEVICE, REASON_TOLD, 1},
		{"cardea:t:told", DIRECTION_TO_DEVICE, REASON_TOLD, 1},
		{"cardea:f:flood", DIRECTION_FROM_DEVICE, REASON_DEFAULT_DENY, 150},
		{"cardea:f:storm", DIRECTION_FROM_DEVICE, REASON_DEFAULT_DENY, 1500},
		{"cardea:f:toldflood", DIRECTION_FROM_DEVICE, REASON_TOLD, 150},
		{"cardea:f:toldstorm", DIRECTION_FROM_DEVICE, REASON_TOLD, 1500},
	};
	uint8_t buf[64];
	size_t len = nflog_tcp(buf, sizeof(buf));

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct message_seen_violation *v = &seen[0].seen_violation;
		bool from = cases[i].direction == DIRECTION_FROM_DEVICE;

		count = 0;
		report(cases[i].text, ETH_TYPE_IPV4, buf, len);
		assert_int_equal(count, 1);
		assert_int_equal(seen[0].type, MESSAGE_SEEN_VIOLATION);
		assert_int_equal(v->direction, cases[i].direction);
		assert_int_equal(v->reason, cases[i].reason);
		assert_int_equal(v->packets, cases[i].packets);
		assert_memory_equal(v->mac.b, mac, 6);
		assert_addr(from ? &v->device : &v->peer, "192.168.7.20");
		assert_addr(from ? &v->peer : &v->device, "203.0.113.9");
		assert_int_equal(v->proto, IP_PROTO_TCP);
		assert_int_equal(from ? v->device_port : v->peer_port, 40000);
		assert_int_equal(from ? v->peer_port : v->device_port, 23);
		assert_int_equal(v->length, 40);
		assert_int_equal(v->when, 42);
	}
	assert_int_equal(sensors.counts.violations, sizeof(cases) / sizeof(cases[0]));
}

static void others_lines_are_left_alone(void **state)
{
	(void)state;
	static const char *const prefixes[] = {
		NULL, "", "fw4 reject ", "cardea:f:den", "cardea:f:denyx", "xcardea:f:deny"};
	uint8_t buf[64];
	size_t len = nflog_tcp(buf, sizeof(buf));

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		report(prefixes[i], ETH_TYPE_IPV4, buf, len);
	assert_int_equal(count, 0);
	assert_int_equal(sensors.counts.malformed, 0);
}

static void arp_and_icmp(void **state)
{
	(void)state;
	uint8_t buf[128];
	struct writer w = writer_of(buf, sizeof(buf));
	struct arp a = {.op = ARP_REPLY, .sender_mac = test_mac("02:00:00:00:00:10"),
		.sender = test_addr("192.168.7.1"), .target = test_addr("192.168.7.2")};
	struct ip h = {.family = 6, .proto = IP_PROTO_ICMP6, .ttl = 255,
		.src = test_addr("fe80::10"), .dst = test_addr("ff02::1")};
	struct icmp i = {.type = ICMP6_ROUTER_ADVERT, .code = 1};

	build_arp(&w, &a);
	report("cardea:f:spoof", ETH_TYPE_ARP, buf, w.len);
	assert_addr(&seen[0].seen_violation.device, "192.168.7.1");
	assert_addr(&seen[0].seen_violation.peer, "192.168.7.2");
	w = writer_of(buf, sizeof(buf));
	build_ip(&w, &h, 16);
	build_icmp(&w, &h, &i, "12345678", 8);
	report("cardea:f:rogue", ETH_TYPE_IPV6, buf, w.len);
	assert_int_equal(count, 2);
	assert_int_equal(seen[1].seen_violation.proto, IP_PROTO_ICMP6);
	assert_int_equal(seen[1].seen_violation.icmp_type, ICMP6_ROUTER_ADVERT);
	assert_int_equal(seen[1].seen_violation.icmp_code, 1);
	assert_int_equal(seen[1].seen_violation.device_port, 0);
}

static void several_in_one_datagram(void **state)
{
	(void)state;
	uint8_t buf[2048], packet[64], other[16] = {16};
	size_t len = nflog_tcp(packet, sizeof(packet));
	struct writer w = writer_of(buf, sizeof(buf));
	struct nflog_packet p = {"cardea:f:deny", ETH_TYPE_IPV4, NULL, packet, len};

	nflog_message(&w, &p);
	writer_bytes(&w, other, 16); /* another message, such as NLMSG_DONE */
	nflog_message(&w, &p);
	datagram(buf, w.len);
	assert_int_equal(count, 2);
	assert_true(mac_is_zero(&seen[0].seen_violation.mac));
}

static void nonsense_is_counted(void **state)
{
	(void)state;
	uint8_t buf[512], packet[64];
	size_t len = nflog_tcp(packet, sizeof(packet));
	struct writer w = writer_of(buf, sizeof(buf));
	struct nflog_packet p = {"cardea:f:deny", ETH_TYPE_IPV4, mac, packet, len};

	report("cardea:f:deny", ETH_TYPE_IPV4, packet, 0);
	assert_int_equal(sensors.counts.malformed, 1);
	report("cardea:f:deny", ETH_TYPE_IPV4, packet, 12);
	assert_int_equal(sensors.counts.malformed, 2 - count);
	count = 0;
	nflog_message(&w, &p);
	for (size_t n = 0; n < w.len; n++) { /* never reads past the end */
		datagram(buf, n);
		if (count > 3)
			count = 0;
	}
	buf[0] = 15; /* a length below its own header */
	count = 0;
	datagram(buf, w.len);
	assert_int_equal(count, 0);
	buf[0] = (uint8_t)w.len;
	buf[20] = 3; /* an attribute shorter than its own header */
	datagram(buf, w.len);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup(t, setup)
		TEST(each_prefix_has_its_meaning),
		TEST(others_lines_are_left_alone),
		TEST(arp_and_icmp),
		TEST(several_in_one_datagram),
		TEST(nonsense_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
