// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames to observations: who may be believed about which address. */
#include "test_wire_util.h"
#include "sensors/sensors.h"
#include "model/device.h"
#include "wire/build.h"
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"
#include "wire/icmp.h"

#define LAMP "02:00:00:00:00:10"
#define OTHER "02:00:00:00:00:11"
#define GATEWAY "02:00:00:00:00:01"
#define NOW (100 * NS_PER_SEC)
#define WALL (1000 * NS_PER_SEC)

static struct sensors sensors;
static struct message seen[8];
static unsigned count;

static void emit(void *ctx, const struct message *m)
{
	uint8_t buf[MESSAGE_MAX];

	(void)ctx;
	assert_true(count < 8);
	assert_true(message_encode(m, buf, sizeof(buf)) > 0); /* sendable at all */
	seen[count++] = *m;
}

static int setup(void **state)
{
	(void)state;
	sensors_init(&sensors, emit, NULL);
	count = 0;
	return 0;
}

static void frame(const struct writer *w, bool outgoing, nstime now)
{
	uint8_t *exact;

	assert_int_equal(w->error, 0);
	exact = test_exact(w->start, w->len);
	sensors_frame(&sensors, cursor_of(exact, w->len), outgoing, 7, now, WALL);
	free(exact);
}

static void eth(struct writer *w, const char *src, const char *dst, uint16_t type)
{
	struct eth e = {.dst = test_mac(dst), .src = test_mac(src), .type = type};

	build_eth(w, &e);
}

static void send_arp(const char *src, const char *sender_mac, const char *sender,
	bool outgoing, nstime now)
{
	uint8_t buf[64];
	struct writer w = writer_of(buf, sizeof(buf));
	struct arp a = {.op = ARP_REQUEST, .sender_mac = test_mac(sender_mac),
		.sender = test_addr(sender), .target = test_addr("192.168.7.1")};

	eth(&w, src, "ff:ff:ff:ff:ff:ff", ETH_TYPE_ARP);
	build_arp(&w, &a);
	frame(&w, outgoing, now);
}

static void arp_names_its_sender(void **state)
{
	(void)state;
	send_arp(LAMP, LAMP, "192.168.7.20", false, NOW);
	assert_int_equal(count, 1);
	assert_int_equal(seen[0].type, MESSAGE_SEEN_ADDR);
	assert_mac(&seen[0].seen_addr.mac, LAMP);
	assert_addr(&seen[0].seen_addr.addr, "192.168.7.20");
	assert_int_equal(seen[0].seen_addr.source, ADDR_SOURCE_ARP);
	assert_int_equal(seen[0].seen_addr.ifindex, 7);
	assert_true(seen[0].seen_addr.lifetime_s > 0);
}

static void arp_for_others_is_not_believed(void **state)
{
	(void)state;
	send_arp(OTHER, LAMP, "192.168.7.20", false, NOW); /* sender is not the frame's */
	send_arp(LAMP, LAMP, "192.168.7.20", true, NOW);   /* our own */
	send_arp(LAMP, LAMP, "0.0.0.0", false, NOW);	   /* a probe (RFC 5227) */
	send_arp(LAMP, LAMP, "127.0.0.1", false, NOW);
	send_arp(LAMP, LAMP, "224.0.0.1", false, NOW);
	send_arp(LAMP, LAMP, "255.255.255.255", false, NOW);
	send_arp("03:00:00:00:00:10", "03:00:00:00:00:10", "192.168.7.20", false, NOW);
	send_arp("00:00:00:00:00:00", "00:00:00:00:00:00", "192.168.7.20", false, NOW);
	assert_int_equal(count, 0);
	assert_int_equal(sensors.counts.frames, 8);
}

static void repeats_are_told_seldom(void **state)
{
	(void)state;
	send_arp(LAMP, LAMP, "192.168.7.20", false, NOW);
	send_arp(LAMP, LAMP, "192.168.7.20", false, NOW + NS_PER_SEC);
	assert_int_equal(count, 1);
	send_arp(OTHER, OTHER, "192.168.7.20", false, NOW + NS_PER_SEC);
	send_arp(LAMP, LAMP, "192.168.7.21", false, NOW + NS_PER_SEC);
	assert_int_equal(count, 3);
	send_arp(LAMP, LAMP, "192.168.7.20", false, NOW + SENSORS_REPEAT_S * NS_PER_SEC);
	assert_int_equal(count, 4);
}

static void send_nd(uint8_t type, const char *src, const char *target, uint8_t hops)
{
	uint8_t buf[128], body[16] = {0};
	struct writer w = writer_of(buf, sizeof(buf));
	struct ip h = {.family = 6, .src = test_addr(src), .dst = test_addr("ff02::1"),
		.proto = IP_PROTO_ICMP6, .ttl = hops};
	struct icmp i = {.type = type};
	size_t len = target ? 16 : 0;

	if (target)
		memcpy(body, test_addr(target).b, 16);
	eth(&w, LAMP, "33:33:00:00:00:01", ETH_TYPE_IPV6);
	build_ip(&w, &h, 8 + len);
	build_icmp(&w, &h, &i, body, len);
	frame(&w, false, NOW);
}

static void neighbours_are_seen(void **state)
{
	(void)state;
	send_nd(ICMP6_NEIGHBOUR_SOLICIT, "fe80::10", "fe80::1", 255);
	assert_int_equal(count, 1);
	assert_addr(&seen[0].seen_addr.addr, "fe80::10"); /* the source, not the target */
	assert_int_equal(seen[0].seen_addr.source, ADDR_SOURCE_ND);
	send_nd(ICMP6_NEIGHBOUR_ADVERT, "fe80::10", "2001:db8::10", 255);
	assert_int_equal(count, 2);
	assert_addr(&seen[1].seen_addr.addr, "2001:db8::10");
	/* duplicate address detection (RFC 4862 5.4.2): the target is what it will have */
	send_nd(ICMP6_NEIGHBOUR_SOLICIT, "::", "2001:db8::11", 255);
	assert_int_equal(count, 3);
	assert_addr(&seen[2].seen_addr.addr, "2001:db8::11");
	send_nd(ICMP6_ROUTER_SOLICIT, "::", NULL, 255);
	assert_int_equal(count, 3);
	send_nd(ICMP6_ROUTER_SOLICIT, "fe80::12", NULL, 255);
	assert_int_equal(count, 4);
}

static void neighbours_from_afar_are_not(void **state)
{
	(void)state;
	send_nd(ICMP6_NEIGHBOUR_ADVERT, "fe80::10", "2001:db8::10", 254);
	send_nd(ICMP6_NEIGHBOUR_ADVERT, "fe80::10", "ff02::1", 255);
	send_nd(ICMP6_NEIGHBOUR_ADVERT, "fe80::10", "::1", 255);
	send_nd(ICMP6_ECHO, "fe80::10", NULL, 255); /* no ND at all */
	assert_int_equal(count, 0);
}

static void set(struct octets *o, const char *text)
{
	o->len = (uint16_t)strlen(text);
	memcpy(o->b, text, o->len);
}

static struct dhcp4 discover(void)
{
	struct dhcp4 d = {.op = 1, .htype = 1, .msg_type = DHCP4_DISCOVER, .xid = 1,
		.chaddr = test_mac(LAMP)};

	set(&d.hostname, "lamp");
	set(&d.vendor_class, "acme 1");
	memcpy(d.mud_url.b, "https://a.example/l", 19);
	d.mud_url.len = 19;
	return d;
}

static void send_udp(const char *src_mac, const char *dst_mac, const struct ip *h,
	uint16_t src, uint16_t dst, const struct writer *body, bool outgoing)
{
	uint8_t buf[2048];
	struct writer w = writer_of(buf, sizeof(buf));
	struct udp u = {.src_port = src, .dst_port = dst};

	assert_int_equal(body->error, 0);
	eth(&w, src_mac, dst_mac, h->family == 4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6);
	build_ip(&w, h, 8 + body->len);
	build_udp(&w, h, &u, body->start, body->len);
	frame(&w, outgoing, NOW);
}

static void send_dhcp4(const char *src, const struct dhcp4 *d, bool outgoing)
{
	uint8_t buf[1200];
	struct writer w = writer_of(buf, sizeof(buf));
	bool server = d->op == 2;
	struct ip h = {.family = 4, .proto = IP_PROTO_UDP, .ttl = 64,
		.src = test_addr(server ? "192.168.7.1" : "0.0.0.0"),
		.dst = test_addr("255.255.255.255")};

	assert_int_equal(dhcp4_build(&w, d), 0);
	send_udp(src, "ff:ff:ff:ff:ff:ff", &h, server ? 67 : 68, server ? 68 : 67, &w,
		outgoing);
}

static void clients_say_who_they_are(void **state)
{
	(void)state;
	struct dhcp4 d = discover();

	send_dhcp4(LAMP, &d, false);
	assert_int_equal(count, 1);
	assert_int_equal(seen[0].type, MESSAGE_SEEN_DHCP);
	assert_mac(&seen[0].seen_dhcp.mac, LAMP);
	assert_int_equal(seen[0].seen_dhcp.family, 4);
	assert_string_equal(seen[0].seen_dhcp.hostname, "lamp");
	assert_string_equal(seen[0].seen_dhcp.vendor_class, "acme 1");
	assert_string_equal(seen[0].seen_dhcp.mud_url, "https://a.example/l");
}

static void clients_speak_for_themselves_only(void **state)
{
	(void)state;
	struct dhcp4 d = discover();

	send_dhcp4(OTHER, &d, false); /* chaddr is not the frame's sender */
	send_dhcp4(LAMP, &d, true);   /* we are nobody's client here */
	d.msg_type = DHCP4_RELEASE;
	send_dhcp4(LAMP, &d, false);
	assert_int_equal(count, 0);
}

static void unclean_text_is_not_said(void **state)
{
	(void)state;
	struct dhcp4 d = discover();

	set(&d.hostname, "la\x1b[31mmp");
	set(&d.vendor_class, "\xff\xfe");
	send_dhcp4(LAMP, &d, false);
	assert_int_equal(count, 1);
	assert_string_equal(seen[0].seen_dhcp.hostname, "");
	assert_string_equal(seen[0].seen_dhcp.vendor_class, "");
	d = discover();
	d.hostname.len = 200;
	memset(d.hostname.b, 'x', 200);
	send_dhcp4(LAMP, &d, false);
	assert_string_equal(seen[1].seen_dhcp.hostname, "");
}

static void only_our_leases_count(void **state)
{
	(void)state;
	struct dhcp4 d = {.op = 2, .htype = 1, .msg_type = DHCP4_ACK,
		.chaddr = test_mac(LAMP), .yiaddr = test_addr("192.168.7.20"),
		.has_lease_time = true, .lease_time = 3600};

	send_dhcp4(OTHER, &d, false); /* a device plays server */
	assert_int_equal(count, 0);
	send_dhcp4(GATEWAY, &d, true);
	send_dhcp4(GATEWAY, &d, true); /* never held back */
	assert_int_equal(count, 2);
	assert_mac(&seen[1].seen_addr.mac, LAMP);
	assert_addr(&seen[1].seen_addr.addr, "192.168.7.20");
	assert_int_equal(seen[1].seen_addr.source, ADDR_SOURCE_DHCP4);
	assert_int_equal(seen[1].seen_addr.lifetime_s, 3600);
	d.msg_type = DHCP4_OFFER;
	send_dhcp4(GATEWAY, &d, true);
	d.msg_type = DHCP4_ACK;
	d.yiaddr = (struct addr){0}; /* of an INFORM */
	send_dhcp4(GATEWAY, &d, true);
	assert_int_equal(count, 2);
}

static void send_dhcp6(const char *src, const char *dst, const struct dhcp6 *d,
	bool outgoing)
{
	uint8_t buf[1200];
	struct writer w = writer_of(buf, sizeof(buf));
	struct ip h = {.family = 6, .proto = IP_PROTO_UDP, .ttl = 64,
		.src = test_addr("fe80::10"), .dst = test_addr("ff02::1:2")};

	assert_int_equal(dhcp6_build(&w, d), 0);
	send_udp(src, dst, &h, outgoing ? 547 : 546, outgoing ? 546 : 547, &w, outgoing);
}

static void dhcp6_likewise(void **state)
{
	(void)state;
	struct dhcp6 d = {.msg_type = DHCP6_SOLICIT, .xid = 5};

	set(&d.fqdn, "lamp");
	memcpy(d.mud_url.b, "https://a.example/l", 19);
	d.mud_url.len = 19;
	send_dhcp6(LAMP, "33:33:00:01:00:02", &d, false);
	assert_int_equal(count, 1);
	assert_int_equal(seen[0].seen_dhcp.family, 6);
	assert_string_equal(seen[0].seen_dhcp.hostname, "lamp");
	assert_string_equal(seen[0].seen_dhcp.mud_url, "https://a.example/l");
	d = (struct dhcp6){.msg_type = DHCP6_REPLY, .xid = 5, .address_count = 2};
	d.addresses[0] = (struct dhcp6_address){
		.addr = test_addr("2001:db8::10"), .iaid = 1, .valid_s = 600};
	d.addresses[1] = (struct dhcp6_address){
		.addr = test_addr("2001:db8::11"), .iaid = 1, .valid_s = 0}; /* ended */
	send_dhcp6(OTHER, LAMP, &d, false); /* a device plays server */
	assert_int_equal(count, 1);
	send_dhcp6(GATEWAY, LAMP, &d, true);
	assert_int_equal(count, 2);
	assert_mac(&seen[1].seen_addr.mac, LAMP);
	assert_addr(&seen[1].seen_addr.addr, "2001:db8::10");
	assert_int_equal(seen[1].seen_addr.source, ADDR_SOURCE_DHCP6);
	assert_int_equal(seen[1].seen_addr.lifetime_s, 600);
	d.msg_type = DHCP6_ADVERTISE;
	send_dhcp6(GATEWAY, LAMP, &d, true);
	assert_int_equal(count, 2); /* an offer is no lease */
	d.msg_type = DHCP6_SOLICIT;
	d.address_count = 0;
	d.relay_count = 1;
	d.relays[0] = (struct dhcp6_relay){.type = DHCP6_RELAY_FORWARD,
		.link = test_addr("::"), .peer = test_addr("fe80::10")};
	send_dhcp6(LAMP, "33:33:00:01:00:02", &d, false);
	assert_int_equal(count, 2);
}

static void broken_frames_are_counted(void **state)
{
	(void)state;
	uint8_t buf[400];
	struct writer w = writer_of(buf, sizeof(buf));
	struct writer body = writer_of(buf + 200, 8);
	struct ip h = {.family = 4, .proto = IP_PROTO_UDP, .ttl = 64,
		.src = test_addr("0.0.0.0"), .dst = test_addr("255.255.255.255")};

	writer_u32(&w, 0);
	frame(&w, false, NOW);
	writer_u32(&body, 0x01010600);
	send_udp(LAMP, "ff:ff:ff:ff:ff:ff", &h, 68, 67, &body, false);
	assert_int_equal(sensors.counts.frames, 2);
	assert_int_equal(sensors.counts.malformed, 2);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup(t, setup)
		TEST(arp_names_its_sender),
		TEST(arp_for_others_is_not_believed),
		TEST(repeats_are_told_seldom),
		TEST(neighbours_are_seen),
		TEST(neighbours_from_afar_are_not),
		TEST(clients_say_who_they_are),
		TEST(clients_speak_for_themselves_only),
		TEST(unclean_text_is_not_said),
		TEST(only_our_leases_count),
		TEST(dhcp6_likewise),
		TEST(broken_frames_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
