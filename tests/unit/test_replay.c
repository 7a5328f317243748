// SPDX-License-Identifier: GPL-2.0-or-later
/* Replay: a hand-made capture of one device, with and without MACs, and what the report
 * says about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "engine/replay.h"
#include "fuzz/pcap_build.h"
#include "wire/build.h"
#include "wire/dhcp4.h"
#include "wire/dns.h"
#include "wire/link.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEVICE "192.168.7.20"
#define GATEWAY "192.168.7.1"
#define CLOUD "192.0.2.10"
#define EVIL "198.51.100.66"

static const struct mac device_mac = {{2, 0, 0, 0, 0, 0x20}};
static const struct mac gateway_mac = {{2, 0, 0, 0, 0, 0x01}};
static const struct mac other_mac = {{2, 0, 0, 0, 0, 0x33}};

static uint8_t file[1 << 20];
static struct pcap_build capture;
static bool raw; /* no Ethernet */
static uint32_t now_s;

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void begin(bool without_macs)
{
	raw = without_macs;
	now_s = 1700000000;
	capture = (struct pcap_build){writer_of(file, sizeof file), false};
	pb_classic(&capture, false, raw ? LINK_RAW : LINK_ETHERNET);
}

static struct mac mac_of(const struct addr *a)
{
	struct addr d = ip(DEVICE);

	if (addr_equal(a, &d) || addr_is_unspecified(a))
		return device_mac;
	return addr_is_limited_broadcast(a)
		       ? (struct mac){{255, 255, 255, 255, 255, 255}}
		       : gateway_mac;
}

/* Headers in front of a transport that write() adds; one packet a second. */
struct sent {
	struct ip ip;
	struct mac src, dst; /* zero: by address */
	uint8_t bytes[1500];
	size_t len;
};

static struct sent packet(const char *src, const char *dst, uint8_t proto)
{
	struct sent s = {0};

	s.ip = (struct ip){.src = ip(src), .dst = ip(dst), .proto = proto, .ttl = 64};
	s.ip.family = s.ip.src.family;
	return s;
}

static void send_packet(const struct sent *s)
{
	uint8_t frame[1600];
	struct writer w = writer_of(frame, sizeof frame);
	struct eth e = {.dst = mac_is_zero(&s->dst) ? mac_of(&s->ip.dst) : s->dst,
		.src = mac_is_zero(&s->src) ? mac_of(&s->ip.src) : s->src,
		.type = s->ip.family == 4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6};

	if (!raw)
		build_eth(&w, &e);
	build_ip(&w, &s->ip, s->len);
	writer_bytes(&w, s->bytes, s->len);
	assert_int_equal(w.error, 0);
	pb_record(&capture, now_s++, 0, frame, (uint32_t)w.len, (uint32_t)w.len);
}

static void send_tcp(
	const char *src, uint16_t sport, const char *dst, uint16_t dport, uint8_t flags)
{
	struct sent s = packet(src, dst, IP_PROTO_TCP);
	struct tcp t = {.src_port = sport, .dst_port = dport, .flags = flags};
	struct writer w = writer_of(s.bytes, sizeof s.bytes);

	build_tcp(&w, &s.ip, &t, NULL, 0);
	s.len = w.len;
	send_packet(&s);
}

static void send_udp(const char *src, uint16_t sport, const char *dst, uint16_t dport,
	const void *data, size_t len)
{
	struct sent s = packet(src, dst, IP_PROTO_UDP);
	struct udp u = {.src_port = sport, .dst_port = dport};
	struct writer w = writer_of(s.bytes, sizeof s.bytes);

	build_udp(&w, &s.ip, &u, data, len);
	s.len = w.len;
	send_packet(&s);
}

static void send_echo(const char *src, const char *dst, uint8_t type, uint16_t id)
{
	struct sent s = packet(src, dst, IP_PROTO_ICMP);
	struct icmp i = {.type = type, .rest = (uint32_t)id << 16};
	struct writer w = writer_of(s.bytes, sizeof s.bytes);

	build_icmp(&w, &s.ip, &i, NULL, 0);
	s.len = w.len;
	send_packet(&s);
}

/* "port unreachable" from dst about src:sport -> dst:dport */
static void send_unreachable(
	const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	struct sent s = packet(dst, src, IP_PROTO_ICMP), inner;
	struct icmp i = {.type = ICMP4_UNREACHABLE, .code = 3};
	struct writer w = writer_of(s.bytes, sizeof s.bytes);
	uint8_t old[64];
	struct writer o = writer_of(old, sizeof old);

	inner = packet(src, dst, IP_PROTO_UDP);
	struct udp u = {.src_port = sport, .dst_port = dport};
	build_ip(&o, &inner.ip, 8);
	build_udp(&o, &inner.ip, &u, NULL, 0);
	build_icmp(&w, &s.ip, &i, old, o.len);
	s.len = w.len;
	send_packet(&s);
}

/* asked: NULL: nobody was */
static void resolve_by(
	const char *asked, const char *server, const char *name, const char *addr)
{
	struct dns_query q = {.id = 7,
		.rd = true,
		.question = {.type = DNS_TYPE_A, .class = DNS_CLASS_IN}};
	struct addr a = ip(addr);
	struct dns_reply reply = {.ttl = 60, .addresses = &a, .address_count = 1};
	uint8_t buf[512];
	struct writer w = writer_of(buf, sizeof buf);

	assert_int_equal(dns_name_from_text(name, &q.question.name), 0);
	assert_int_equal(dns_build_query(&w, &q), 0);
	if (asked)
		send_udp(DEVICE, 4000, asked, 53, buf, w.len);
	w = writer_of(buf, sizeof buf);
	assert_int_equal(dns_build_answer(&w, &q, &reply), 0);
	send_udp(server, 53, DEVICE, 4000, buf, w.len);
}

static void resolve(const char *server, const char *name, const char *addr)
{
	resolve_by(server, server, name, addr);
}

static struct replay_report report;
static struct rule rules[2];

static int run_cut(const char *device, size_t cut)
{
	struct profile profile = {.rules = rules, .rule_count = 2};
	struct replay_options o = {.profile = &profile};

	assert_int_equal(capture.w.error, 0);
	rule_init(&rules[0]); /* may open TCP to cloud.example port 443 */
	rules[0].id = 1;
	rules[0].proto = FLOW_PROTO_TCP;
	rules[0].peer.kind = PEER_NAME;
	snprintf(rules[0].peer.name, sizeof rules[0].peer.name, "cloud.example");
	rules[0].peer_port = (struct range16){443, 443};
	snprintf(rules[0].acl, sizeof rules[0].acl, "from");
	snprintf(rules[0].ace, sizeof rules[0].ace, "cloud");
	rules[1] = rules[0]; /* may receive UDP 5683 from the local network */
	rules[1].id = 2;
	rules[1].direction = DIRECTION_TO_DEVICE;
	rules[1].proto = FLOW_PROTO_UDP;
	rules[1].peer = (struct peer){.kind = PEER_LOCAL_NETWORKS};
	rules[1].peer_port = (struct range16){0, UINT16_MAX};
	rules[1].device_port = (struct range16){5683, 5683};
	if (mac_parse(device, &o.mac))
		o.addr = ip(device);
	o.fd = memfd_create("capture", 0);
	assert_int_equal(write(o.fd, file, capture.w.len - cut), capture.w.len - cut);
	assert_int_equal(lseek(o.fd, 0, SEEK_SET), 0);
	int r = replay_run(&o, &report);
	close(o.fd);
	return r;
}

static void run(const char *device)
{
	assert_int_equal(run_cut(device, 0), 0);
	assert_string_equal(report.problem, "");
}

static void a_day(void)
{
	resolve(GATEWAY, "cloud.example", CLOUD);     /* 2 */
	send_tcp(DEVICE, 40000, CLOUD, 443, TCP_SYN); /* 3 listed */
	send_tcp(CLOUD, 443, DEVICE, 40000, TCP_SYN | TCP_ACK);
	send_tcp(DEVICE, 40000, CLOUD, 443, TCP_ACK);
	resolve(GATEWAY, "c2.example", EVIL);         /* 2 */
	send_tcp(DEVICE, 40001, EVIL, 4444, TCP_SYN); /* 2 not listed */
	send_tcp(EVIL, 4444, DEVICE, 40001, TCP_SYN | TCP_ACK);
	send_tcp(DEVICE, 40002, CLOUD, 80, TCP_SYN);        /* 1 other port */
	send_udp("192.168.7.9", 777, DEVICE, 5683, "x", 1); /* 2 listed */
	send_udp(DEVICE, 5683, "192.168.7.9", 777, "y", 1);
	send_udp("192.168.7.9", 777, DEVICE, 1900, "x", 1);    /* 1 not listed */
	send_tcp("192.168.7.9", 1, "192.168.7.8", 2, TCP_SYN); /* not ours */
}

static void check_day(void)
{
	assert_int_equal(report.read, 14);
	assert_int_equal(report.packets, 13);
	/* both questions share their ports, hence a flow */
	assert_int_equal(report.flows, 6);
	assert_int_equal(report.blocked_packets, 4);
	assert_int_equal(report.blocked_flows, 3);
	assert_int_equal(report.rules[0].packets, 3);
	assert_int_equal(report.rules[1].packets, 2);
	assert_int_equal(report.rules[2].packets, 4); /* the gateway's DNS */
	assert_int_equal(report.violation_count, 3);
	const struct replay_violation *v = report.violations;
	struct addr evil = ip(EVIL);
	assert_int_equal(v[0].direction, DIRECTION_FROM_DEVICE);
	assert_true(addr_equal(&v[0].peer, &evil));
	assert_string_equal(v[0].name, "c2.example");
	assert_int_equal(v[0].port, 4444);
	assert_int_equal(v[0].packets, 2);
	assert_int_equal(v[0].first, 1700000007 * NS_PER_SEC);
	assert_string_equal(v[1].name, "cloud.example");
	assert_int_equal(v[1].port, 80);
	assert_int_equal(v[2].direction, DIRECTION_TO_DEVICE);
	assert_int_equal(v[2].port, 1900);
	assert_string_equal(v[2].name, "");
	assert_int_equal(report.env.lan_count, 1);
	assert_int_equal(report.env.lan[0].len, 24);
	assert_int_equal(report.env.gateway_count, 1);
}

static void a_day_by_address_and_by_mac(void **state)
{
	(void)state;
	begin(true);
	a_day();
	run(DEVICE);
	check_day();
	replay_report_free(&report);
	begin(false);
	a_day();
	run(DEVICE);
	check_day();
	assert_true(mac_equal(&report.mac, &device_mac));
	replay_report_free(&report);
	run("02:00:00:00:00:20");
	check_day();
	assert_int_equal(report.addr_count, 1);
	replay_report_free(&report);
}

static void a_broken_file_counts_so_far(void **state)
{
	(void)state;
	begin(true);
	a_day();
	assert_int_equal(run_cut(DEVICE, 3), CARDEA_ETRUNCATED);
	assert_int_equal(report.read, 13);
	assert_int_equal(report.packets, 13);
	assert_non_null(strstr(report.problem, "at byte"));
	replay_report_free(&report);
}

static void bindings_and_flows_expire(void **state)
{
	(void)state;
	begin(true);
	send_tcp(DEVICE, 40000, CLOUD, 443, TCP_SYN); /* before any answer */
	resolve(GATEWAY, "cloud.example", CLOUD);
	send_tcp(DEVICE, 40000, CLOUD, 443, TCP_SYN); /* judged again: listed */
	send_tcp(CLOUD, 443, DEVICE, 40000, TCP_SYN | TCP_ACK);
	now_s += 60 + BINDING_GRACE_S;
	send_tcp(DEVICE, 40000, CLOUD, 443, TCP_ACK); /* the flow outlives the name */
	send_tcp(DEVICE, 40009, CLOUD, 443, TCP_SYN); /* a new one does not begin */
	now_s += 7500;
	send_tcp(CLOUD, 443, DEVICE, 40000, TCP_ACK); /* and flows end */
	run(DEVICE);
	assert_int_equal(report.blocked_packets, 3);
	assert_int_equal(report.rules[0].packets, 3);
	assert_int_equal(report.flows, 4);
	assert_int_equal(report.blocked_flows, 3);
	/* the second violation has a name by then, though an expired one; the third is
	 * of the same kind, for the device began */
	assert_int_equal(report.violation_count, 2);
	assert_string_equal(report.violations[0].name, "");
	assert_string_equal(report.violations[1].name, "cloud.example");
	assert_int_equal(report.violations[1].packets, 2);
	replay_report_free(&report);
}

static void joins_in_the_middle(void **state)
{
	(void)state;
	begin(true);
	resolve(GATEWAY, "cloud.example", CLOUD);
	send_tcp(CLOUD, 443, DEVICE, 50000, TCP_ACK); /* the device must have begun */
	send_tcp(CLOUD, 443, DEVICE, 50001, TCP_SYN | TCP_ACK);
	send_tcp(EVIL, 443, DEVICE, 50002, TCP_ACK);
	send_tcp(EVIL, 443, DEVICE, 50003, TCP_SYN); /* surely the peer */
	run(DEVICE);
	assert_int_equal(report.rules[0].packets, 2);
	assert_int_equal(report.violation_count, 2);
	assert_int_equal(report.violations[0].direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(report.violations[0].port, 443);
	assert_int_equal(report.violations[1].direction, DIRECTION_TO_DEVICE);
	assert_int_equal(report.violations[1].port, 50003);
	replay_report_free(&report);
}

static void icmp_belongs_to_what_it_is_about(void **state)
{
	(void)state;
	begin(true);
	send_udp(DEVICE, 4000, GATEWAY, 53, "?", 1);
	send_unreachable(DEVICE, 4000, GATEWAY, 53); /* of a live flow */
	send_unreachable(DEVICE, 4001, GATEWAY, 53); /* of none */
	send_echo(DEVICE, EVIL, ICMP4_ECHO, 5);
	send_echo(EVIL, DEVICE, ICMP4_ECHO_REPLY, 5);
	send_echo(EVIL, DEVICE, ICMP4_ECHO_REPLY, 6); /* nobody asked */
	run(DEVICE);
	assert_int_equal(report.rules[2].packets, 2);
	assert_int_equal(report.blocked_packets, 4);
	assert_int_equal(report.violation_count, 3);
	assert_int_equal(report.violations[1].port, ICMP4_ECHO);
	assert_int_equal(report.violations[1].packets, 2);
	assert_int_equal(report.violations[2].direction, DIRECTION_TO_DEVICE);
	replay_report_free(&report);
}

static void send_lease(void)
{
	struct dhcp4 d = {.op = 2,
		.htype = 1,
		.msg_type = DHCP4_ACK,
		.chaddr = device_mac,
		.yiaddr = ip(DEVICE),
		.server_id = ip("192.168.7.2"),
		.router = ip(GATEWAY),
		.dns_count = 1,
		.dns = {ip("192.168.7.3")}};
	uint8_t buf[600];
	struct writer w = writer_of(buf, sizeof buf);

	assert_int_equal(dhcp4_build(&w, &d), 0);
	send_udp("192.168.7.2", 67, "255.255.255.255", 68, buf, w.len);
}

static void the_lease_tells_the_house(void **state)
{
	(void)state;
	begin(false);
	send_lease();
	resolve("192.168.7.3", "cloud.example", CLOUD);
	send_udp(DEVICE, 123, GATEWAY, 123, "?", 1);
	send_udp(DEVICE, 68, "255.255.255.255", 67, "?", 1);
	send_udp(DEVICE, 67, "255.255.255.255", 68, "!", 1); /* plays DHCP server */
	struct sent s = packet("203.0.113.5", CLOUD, 47);
	s.src = device_mac; /* a source it cannot have */
	send_packet(&s);
	run("02-00-00-00-00-20");
	assert_int_equal(report.env.gateway_count, 2);
	assert_int_equal(report.env.dns_count, 1);
	assert_int_equal(report.packets, 6);
	assert_int_equal(report.infrastructure, 1);
	assert_int_equal(report.rules[2].packets, 2);
	assert_int_equal(report.rules[4].packets, 1);
	assert_int_equal(report.violation_count, 2);
	assert_int_equal(report.violations[0].reason, REASON_ROGUE_RA);
	assert_int_equal(report.violations[1].reason, REASON_SPOOFED);
	replay_report_free(&report);
}

static void send_arp(const struct mac *sender, const char *addr)
{
	struct arp a = {.op = ARP_REPLY,
		.sender_mac = *sender,
		.target_mac = gateway_mac,
		.sender = ip(addr),
		.target = ip(GATEWAY)};
	struct eth e = {.dst = gateway_mac, .src = *sender, .type = ETH_TYPE_ARP};
	uint8_t frame[64];
	struct writer w = writer_of(frame, sizeof frame);

	build_eth(&w, &e);
	build_arp(&w, &a);
	pb_record(&capture, now_s++, 0, frame, (uint32_t)w.len, (uint32_t)w.len);
}

static void addresses_follow_arp(void **state)
{
	(void)state;
	begin(false);
	send_arp(&device_mac, DEVICE);
	send_arp(&device_mac, "192.168.7.21");
	send_arp(&other_mac, "192.168.7.21"); /* now another's */
	send_arp(&other_mac, DEVICE);         /* asked for by address: stays */
	run(DEVICE);
	assert_int_equal(report.addr_count, 1);
	assert_int_equal(report.packets, 2);
	assert_int_equal(report.infrastructure, 2);
	replay_report_free(&report);
}

static void foreign_dns_is_noticed(void **state)
{
	(void)state;
	begin(true);
	resolve("8.8.8.8", "cloud.example", CLOUD);
	resolve("8.8.8.8", "cloud.example", CLOUD);
	send_tcp(DEVICE, 40000, CLOUD, 443, TCP_SYN);
	send_udp("8.8.4.4", 53, DEVICE, 4000, "", 0); /* an answer to no question */
	run(DEVICE);
	assert_int_equal(report.rules[0].packets, 1);
	assert_int_equal(report.notice_count, 1);
	assert_non_null(strstr(report.notices[0], "8.8.8.8"));
	replay_report_free(&report);
}

/* The network sends questions elsewhere, and the capture is taken before its addresses
 * are put right. */
static void a_redirected_question_has_its_answer(void **state)
{
	(void)state;
	begin(true);
	resolve_by(GATEWAY, "9.9.9.9", "cloud.example", CLOUD);
	send_tcp(DEVICE, 40000, CLOUD, 443, TCP_SYN);
	run(DEVICE);
	assert_int_equal(report.rules[0].packets, 1);
	assert_int_equal(report.rules[2].packets, 2); /* the gateway's DNS */
	assert_int_equal(report.blocked_packets, 0);
	replay_report_free(&report);
	/* what nobody was asked names nothing */
	begin(true);
	send_udp(DEVICE, 3999, GATEWAY, 53, "?", 1);
	resolve_by(NULL, "9.9.9.9", "cloud.example", CLOUD);
	send_tcp(DEVICE, 40000, CLOUD, 443, TCP_SYN);
	run(DEVICE);
	assert_int_equal(report.blocked_packets, 2);
	replay_report_free(&report);
}

static void ask_from(const char *device, const char *server)
{
	struct sent s = packet(device, server, IP_PROTO_UDP);
	struct udp u = {.src_port = 4000, .dst_port = 53};
	struct writer w = writer_of(s.bytes, sizeof s.bytes);

	build_udp(&w, &s.ip, &u, "?", 1);
	s.len = w.len;
	s.src = device_mac;
	send_packet(&s);
}

/* From the access point of its setup into the house. */
static void who_is_moved_has_two_gateways(void **state)
{
	(void)state;
	begin(false);
	send_lease();
	send_arp(&device_mac, "10.1.1.20");
	ask_from("10.1.1.20", "10.1.1.1");
	ask_from("10.1.1.20", "10.1.1.3"); /* there is one already */
	run("02-00-00-00-00-20");
	assert_int_equal(report.env.lan_count, 2);
	assert_int_equal(report.env.gateway_count, 3);
	assert_int_equal(report.blocked_packets, 1);
	assert_int_equal(report.violation_count, 1);
	replay_report_free(&report);
}

/* Frames for a router, packets for elsewhere. */
static void what_it_routes_is_not_its_own(void **state)
{
	struct sent s;

	(void)state;
	begin(false);
	send_arp(&device_mac, DEVICE);
	send_udp("192.168.7.9", 777, DEVICE, 5683, "x", 1);
	s = packet("192.168.7.9", EVIL, 47);
	s.dst = device_mac;
	send_packet(&s);
	run("02-00-00-00-00-20");
	assert_int_equal(report.packets, 2);
	assert_int_equal(report.blocked_packets, 0);
	replay_report_free(&report);
}

static void strangers_are_not_reported(void **state)
{
	(void)state;
	begin(true);
	a_day();
	run("192.168.7.99");
	assert_int_equal(report.packets, 0);
	assert_int_equal(report.notice_count, 1);
	assert_non_null(strstr(report.notices[0], "no packet of 192.168.7.99"));
	replay_report_free(&report);
}

static void floods_are_bounded(void **state)
{
	(void)state;
	begin(true);
	for (unsigned i = 1; i <= REPLAY_VIOLATIONS_MAX + 100; i++)
		send_udp(DEVICE, 9, EVIL, (uint16_t)i, "", 0);
	run(DEVICE);
	assert_int_equal(report.violation_count, REPLAY_VIOLATIONS_MAX);
	assert_int_equal(report.violation_dropped, 100);
	assert_int_equal(report.blocked_packets, REPLAY_VIOLATIONS_MAX + 100);
	assert_int_equal(report.notice_count, 1);
	replay_report_free(&report);
}

static void shows_json_and_text(void **state)
{
	(void)state;
	struct jsonw j;
	char *text = NULL;
	size_t len = 0;

	begin(true);
	a_day();
	run(DEVICE);
	jsonw_init_buffer(&j, 1 << 20);
	replay_report_json(&report, &j);
	const char *s = jsonw_text(&j);
	assert_non_null(s);
	assert_ptr_equal(
		strstr(s, "{\"schema\":\"cardea.replay/1\",\"device\":\"" DEVICE
			  "\",\"packets\":13,\"flows\":6,\"blocked\":{\"packets\":4,"
			  "\"flows\":3},\"rules\":[{\"id\":1,\"source\":\"from/"
			  "cloud\",\"packets\":3,\"bytes\":120,"),
		s);
	assert_non_null(strstr(s,
		"\"violations\":[{\"direction\":\"from-device\",\"peer\":\"" EVIL
		"\",\"name\":\"c2.example\",\"proto\":\"tcp\",\"port\":4444,"
		"\"packets\":2,"
		"\"first\":\"2023-11-14T22:13:27.000Z\""));
	assert_non_null(strstr(s, "\"name\":null,\"proto\":\"udp\",\"port\":1900"));
	jsonw_free(&j);
	FILE *out = open_memstream(&text, &len);
	assert_int_equal(replay_report_text(&report, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "would be blocked: 4 packets in 3 flows"));
	assert_non_null(strstr(text, "tcp 4444"));
	free(text);
	replay_report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_by_address_and_by_mac),
		cmocka_unit_test(a_broken_file_counts_so_far),
		cmocka_unit_test(bindings_and_flows_expire),
		cmocka_unit_test(joins_in_the_middle),
		cmocka_unit_test(icmp_belongs_to_what_it_is_about),
		cmocka_unit_test(the_lease_tells_the_house),
		cmocka_unit_test(addresses_follow_arp),
		cmocka_unit_test(foreign_dns_is_noticed),
		cmocka_unit_test(a_redirected_question_has_its_answer),
		cmocka_unit_test(who_is_moved_has_two_gateways),
		cmocka_unit_test(what_it_routes_is_not_its_own),
		cmocka_unit_test(strangers_are_not_reported),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(shows_json_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
