// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_packet.c - TCP, UDP, ICMP, and the walk from link to transport. */
#include "test_wire_util.h"
#include "wire/build.h"
#include "wire/packet.h"

#define FRAME_MAX 512

static struct ip base_ip(uint8_t family, uint8_t proto)
{
	return (struct ip){.family = family,
		.src = test_addr(family == 4 ? "192.0.2.1" : "2001:db8::1"),
		.dst = test_addr(family == 4 ? "192.0.2.2" : "2001:db8::2"),
		.proto = proto,
		.ttl = 64};
}

static size_t frame_of(uint8_t *b, const struct ip *ip, const void *data, size_t len)
{
	struct writer w = writer_of(b, FRAME_MAX);
	struct eth eth = {.src = test_mac("02:00:00:00:00:01"),
		.dst = test_mac("02:00:00:00:00:02"),
		.type = ip->family == 4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6};
	build_eth(&w, &eth);
	build_ip(&w, ip, len);
	writer_bytes(&w, data, len);
	assert_int_equal(w.error, 0);
	return w.len;
}

static void check_tcp(uint8_t family)
{
	uint8_t segment[64], b[FRAME_MAX];
	struct ip ip = base_ip(family, IP_PROTO_TCP);
	struct tcp tcp = {.src_port = 443,
		.dst_port = 50000,
		.seq = 0x01020304,
		.ack = 0xf0f0f0f0,
		.flags = TCP_SYN | TCP_ACK,
		.window = 65000};
	struct writer w = writer_of(segment, sizeof(segment));
	struct packet p;
	build_tcp(&w, &ip, &tcp, "data", 4);
	size_t n = frame_of(b, &ip, segment, w.len);
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.layers, PACKET_LINK | PACKET_IP | PACKET_TCP);
	assert_int_equal(p.error_layer, 0);
	assert_int_equal(p.tcp.src_port, 443);
	assert_int_equal(p.tcp.dst_port, 50000);
	assert_int_equal(p.tcp.seq, 0x01020304);
	assert_int_equal(p.tcp.ack, 0xf0f0f0f0);
	assert_int_equal(p.tcp.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(p.tcp.window, 65000);
	assert_int_equal(cursor_left(&p.payload), 4);
	assert_memory_equal(p.payload.pos, "data", 4);
	assert_int_equal(cursor_left(&p.transport), 24);
	assert_int_equal(cursor_left(&p.network), n - ETH_HEADER_LEN);
}

static void test_tcp(void **state)
{
	(void)state;
	check_tcp(4);
	check_tcp(6);
}

static int parse_tcp(struct cursor c)
{
	struct tcp t;
	struct cursor payload;
	return tcp_parse(&c, &t, &payload);
}

static void test_tcp_options(void **state)
{
	(void)state;
	uint8_t b[40] = {[12] = 0xa0}; /* 40 octets of header */
	struct tcp t;
	struct cursor payload, c = cursor_of(b, sizeof(b));
	assert_int_equal(tcp_parse(&c, &t, &payload), 0);
	assert_int_equal(t.header_len, 40);
	assert_int_equal(cursor_left(&payload), 0);
	test_truncations(b, sizeof(b), parse_tcp);
	b[12] = 0x40;
	assert_int_equal(parse_tcp(cursor_of(b, sizeof(b))), CARDEA_EMALFORMED);
}

static int parse_udp(struct cursor c)
{
	struct udp u;
	struct cursor payload;
	return udp_parse(&c, &u, &payload);
}

static void test_udp(void **state)
{
	(void)state;
	static const uint8_t b[] = "\x14\xe9\x14\xe9\0\x0b\0\0abcdef";
	struct udp u;
	struct cursor payload, c = cursor_of(b, 14);
	assert_int_equal(udp_parse(&c, &u, &payload), 0);
	assert_int_equal(u.src_port, 5353);
	assert_int_equal(u.len, 11);
	assert_int_equal(cursor_left(&payload), 3); /* what the length says */
	c = cursor_of(b, 10);
	assert_int_equal(udp_parse(&c, &u, &payload), 0);
	assert_int_equal(cursor_left(&payload), 2); /* what there is */
	test_truncations("\0\1\0\2\0\x08\0\0", 8, parse_udp);
	assert_int_equal(
		parse_udp(cursor_of("\0\1\0\2\0\x07\0\0", 8)), CARDEA_EMALFORMED);
}

static int parse_icmp(struct cursor c)
{
	struct icmp m;
	struct cursor payload;
	return icmp_parse(&c, 4, &m, &payload);
}

static void test_icmp_echo(void **state)
{
	(void)state;
	struct icmp m;
	struct cursor payload, c = cursor_of("\x80\0\0\0\x12\x34\0\x07xy", 10);
	assert_int_equal(icmp_parse(&c, 6, &m, &payload), 0);
	assert_true(m.has_echo);
	assert_int_equal(m.echo_id, 0x1234);
	assert_int_equal(m.echo_seq, 7);
	assert_int_equal(cursor_left(&payload), 2);
	c = cursor_of("\x80\0\0\0\x12\x34\0\x07", 8); /* 128 is no echo in IPv4 */
	assert_int_equal(icmp_parse(&c, 4, &m, &payload), 0);
	assert_false(m.has_echo);
	test_truncations("\x08\0\0\0\0\0\0\0", 8, parse_icmp);
}

/* An error of the family that quotes the first n octets of an inner packet. */
static struct icmp quote(uint8_t family, uint8_t type, const void *inner, size_t n)
{
	uint8_t b[256] = {type, 1};
	struct icmp m;
	struct cursor payload;
	memcpy(b + 8, inner, n);
	uint8_t *exact = test_exact(b, 8 + n);
	struct cursor c = cursor_of(exact, 8 + n);
	assert_int_equal(icmp_parse(&c, family, &m, &payload), 0);
	free(exact);
	return m;
}

static void check_quote(uint8_t family, uint8_t type)
{
	uint8_t b[128];
	struct ip ip = base_ip(family, IP_PROTO_UDP);
	struct writer w = writer_of(b, sizeof(b));
	build_ip(&w, &ip, 500);
	size_t header = w.len;
	writer_u32(&w, 0xc0000035);
	writer_u32(&w, 0);
	struct icmp m = quote(family, type, b, w.len);
	assert_true(m.has_inner);
	assert_true(m.inner.has_ports);
	assert_int_equal(m.inner.src_port, 0xc000);
	assert_int_equal(m.inner.dst_port, 53);
	assert_int_equal(m.inner.proto, IP_PROTO_UDP);
	assert_true(addr_equal(&m.inner.src, &ip.src));
	assert_true(addr_equal(&m.inner.dst, &ip.dst));
	for (size_t n = 0; n < w.len; n++) {
		m = quote(family, type, b, n);
		assert_int_equal(m.has_inner, n >= header);
		assert_int_equal(m.inner.has_ports, n >= header + 4);
	}
	/* the other family's packet inside is not believed */
	assert_false(
		quote(family == 4 ? 6 : 4, family == 4 ? 1 : 3, b, w.len).has_inner);
}

static void test_icmp_inner(void **state)
{
	(void)state;
	check_quote(4, ICMP4_UNREACHABLE);
	check_quote(4, ICMP4_TIME_EXCEEDED);
	check_quote(6, ICMP6_TOO_BIG);
	check_quote(6, ICMP6_PARAMETER);
}

static void test_icmp_inner_kinds(void **state)
{
	(void)state;
	uint8_t b[128] = {0};
	struct ip ip = base_ip(4, IP_PROTO_ICMP);
	struct writer w = writer_of(b, sizeof(b));
	build_ip(&w, &ip, 8);
	writer_u32(&w, 0x08000000);
	writer_u32(&w, 0x43210001);
	struct icmp m = quote(4, ICMP4_UNREACHABLE, b, w.len);
	assert_true(m.inner.has_echo);
	assert_int_equal(m.inner.src_port, 0x4321);
	b[20] = 3; /* an error about an error has no identifier */
	m = quote(4, ICMP4_UNREACHABLE, b, w.len);
	assert_false(m.inner.has_echo);
	assert_int_equal(m.inner.src_port, 0);
	b[9] = IP_PROTO_TCP;
	b[7] = 1; /* a later fragment has no ports */
	m = quote(4, ICMP4_UNREACHABLE, b, w.len);
	assert_true(m.has_inner);
	assert_false(m.inner.has_ports);
	assert_false(quote(4, ICMP4_ECHO, b, w.len).has_inner);
}

static void test_later_fragment(void **state)
{
	(void)state;
	uint8_t b[FRAME_MAX];
	struct packet p;
	struct ip ip = base_ip(6, IP_PROTO_UDP);
	ip.frag = (struct ip_frag){.is_fragment = true, .offset = 1280, .id = 5};
	size_t n = frame_of(b, &ip, "\0\1\0\2\0\x08\0\0", 8);
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.layers, PACKET_LINK | PACKET_IP);
	assert_int_equal(p.error_layer, 0);
	assert_int_equal(cursor_left(&p.payload), 8);
	ip.frag = (struct ip_frag){.is_fragment = true, .more = true, .id = 5};
	n = frame_of(b, &ip, "\0\1\0\2\0\x08\0\0", 8);
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.layers, PACKET_LINK | PACKET_IP | PACKET_UDP);
}

static void test_errors_keep_lower_layers(void **state)
{
	(void)state;
	uint8_t b[FRAME_MAX];
	struct packet p;
	struct ip ip = base_ip(4, IP_PROTO_TCP);
	size_t n = frame_of(b, &ip, "short", 5);
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.layers, PACKET_LINK | PACKET_IP);
	assert_int_equal(p.error_layer, PACKET_TCP);
	assert_int_equal(p.error, CARDEA_ETRUNCATED);
	assert_int_equal(cursor_left(&p.payload), 5);
	b[14] = 0x65; /* IPv6 under the type of IPv4 */
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.layers, PACKET_LINK);
	assert_int_equal(p.error_layer, PACKET_IP);
	assert_int_equal(p.error, CARDEA_EMALFORMED);
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, 14), &p), 0);
	assert_int_equal(p.error, CARDEA_ETRUNCATED);
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, 13), &p),
		CARDEA_ETRUNCATED);
	b[12] = 0x08;
	b[13] = 0x06;
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.error_layer, PACKET_ARP);
}

static void test_other_protocols(void **state)
{
	(void)state;
	uint8_t b[FRAME_MAX];
	struct packet p;
	struct ip ip = base_ip(4, IP_PROTO_ICMP6); /* ICMPv6 over IPv4 is neither */
	size_t n = frame_of(b, &ip, "\x80\0\0\0\0\0\0\0", 8);
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.layers, PACKET_LINK | PACKET_IP);
	assert_int_equal(p.error_layer, 0);
	ip.proto = IP_PROTO_SCTP;
	n = frame_of(b, &ip, "12345678", 8);
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.layers, PACKET_LINK | PACKET_IP);
	assert_int_equal(cursor_left(&p.payload), 8);
	b[12] = 0x88;
	b[13] = 0xcc; /* LLDP: link only */
	assert_int_equal(packet_parse(LINK_ETHERNET, cursor_of(b, n), &p), 0);
	assert_int_equal(p.layers, PACKET_LINK);
	assert_int_equal(cursor_left(&p.payload), n - ETH_HEADER_LEN);
}

/* Every prefix of a frame, exact in memory: no read past the end at any layer. */
static void test_every_prefix(void **state)
{
	(void)state;
	uint8_t b[FRAME_MAX];
	struct ip ip = base_ip(6, IP_PROTO_ICMP6);
	size_t n = frame_of(b, &ip, "\x80\0\0\0\0\1\0\1", 8);
	for (size_t i = 0; i <= n; i++) {
		struct packet p;
		uint8_t *exact = test_exact(b, i);
		int r = packet_parse(LINK_ETHERNET, cursor_of(exact, i), &p);
		assert_int_equal(r, i < ETH_HEADER_LEN ? CARDEA_ETRUNCATED : 0);
		if (!r)
			assert_int_equal(p.layers & PACKET_ICMP ? 1 : 0, i == n);
		free(exact);
	}
}

/* Which types quote a packet, in either family. */
static void test_icmp_error_types(void **state)
{
	(void)state;
	static const uint8_t errors[2][5] = {{3, 4, 5, 11, 12}, {1, 2, 3, 4, 4}};
	uint8_t b[128] = {0};
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct ip ip = base_ip(v6 ? 6 : 4, IP_PROTO_UDP);
		struct writer w = writer_of(b, sizeof(b));
		build_ip(&w, &ip, 8);
		writer_u64(&w, 0x0001000200080000);
		for (unsigned type = 0; type < 256; type++) {
			bool error = memchr(errors[v6], (int)type, 5);
			struct icmp m = quote(ip.family, (uint8_t)type, b, w.len);
			assert_int_equal(m.has_inner, error);
			assert_int_equal(m.inner.has_ports, error);
			assert_int_equal(m.has_echo,
				v6 ? type == 128 || type == 129 : !type || type == 8);
		}
	}
}

/* The first n octets of an inner transport of eight. */
static struct icmp quote_transport(uint8_t family, uint8_t proto, uint64_t data,
	size_t n)
{
	uint8_t b[128];
	struct ip ip = base_ip(family, proto);
	struct writer w = writer_of(b, sizeof(b));
	build_ip(&w, &ip, 8);
	size_t header = w.len;
	writer_u64(&w, data);
	return quote(family, 3, b, header + n);
}

static void test_icmp_inner_transports(void **state)
{
	(void)state;
	const uint64_t ports = 0x1234567800000000, echo = 0x8100000043210001;
	struct icmp m = quote_transport(4, IP_PROTO_SCTP, ports, 8);
	assert_true(m.inner.has_ports);
	assert_int_equal(m.inner.src_port, 0x1234);
	assert_int_equal(m.inner.dst_port, 0x5678);
	assert_true(quote_transport(4, IP_PROTO_TCP, ports, 8).inner.has_ports);
	m = quote_transport(4, IP_PROTO_ESP, ports, 8);
	assert_true(m.has_inner);
	assert_false(m.inner.has_ports);
	assert_int_equal(m.inner.src_port, 0);
	m = quote_transport(6, IP_PROTO_ICMP6, echo, 8);
	assert_true(m.inner.has_echo); /* a reply's identifier counts as a request's */
	assert_int_equal(m.inner.src_port, 0x4321);
	assert_true(quote_transport(6, IP_PROTO_ICMP6, echo, 6).inner.has_echo);
	m = quote_transport(6, IP_PROTO_ICMP6, echo, 5);
	assert_true(m.has_inner);
	assert_false(m.inner.has_echo);
	assert_int_equal(m.inner.src_port, 0);
	/* the other family's ICMP is neither echo nor ports */
	m = quote_transport(6, IP_PROTO_ICMP, 0x0800000043210001, 8);
	assert_false(m.inner.has_echo || m.inner.has_ports);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_options),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_icmp_echo),
		cmocka_unit_test(test_icmp_inner),
		cmocka_unit_test(test_icmp_inner_kinds),
		cmocka_unit_test(test_icmp_error_types),
		cmocka_unit_test(test_icmp_inner_transports),
		cmocka_unit_test(test_later_fragment),
		cmocka_unit_test(test_errors_keep_lower_layers),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_every_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
