// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_ip.c - IP headers, extension headers, fragments, checksums. */
#include "test_wire_util.h"
#include "wire/build.h"
#include "wire/checksum.h"
#include "wire/ip.h"

static int parse_ip(struct cursor c)
{
	struct ip ip;
	struct cursor payload;
	return ip_parse(&c, &ip, &payload);
}

/* For messages where a cut payload is legal: only the headers must be whole. */
static size_t header_len;
static int parse_ip_headers(struct cursor c)
{
	struct ip ip;
	struct cursor payload;
	int r = ip_parse(&c, &ip, &payload);
	if (!r) {
		assert_int_equal(ip.header_len, header_len);
		assert_true(ip.cut == (cursor_left(&payload) < ip.payload_len));
	}
	return r;
}

static struct ip ip4(void)
{
	return (struct ip){.family = 4,
		.src = test_addr("192.0.2.1"),
		.dst = test_addr("198.51.100.2"),
		.proto = IP_PROTO_UDP,
		.ttl = 64,
		.tos = 0xb8};
}

static struct ip ip6(void)
{
	return (struct ip){.family = 6,
		.src = test_addr("2001:db8::1"),
		.dst = test_addr("2001:db8::2"),
		.proto = IP_PROTO_TCP,
		.ttl = 255,
		.tos = 0xb8};
}

static size_t build(uint8_t *b, size_t cap, const struct ip *ip, size_t payload)
{
	struct writer w = writer_of(b, cap);
	build_ip(&w, ip, payload);
	assert_int_equal(w.error, 0);
	return w.len;
}

static void test_ip4(void **state)
{
	(void)state;
	uint8_t b[64] = {0};
	struct ip in = ip4(), ip;
	struct cursor payload;
	assert_int_equal(build(b, sizeof(b), &in, 10), 20);
	struct cursor c = cursor_of(b, 40); /* ten octets of Ethernet padding */
	assert_int_equal(ip_parse(&c, &ip, &payload), 0);
	assert_addr(&ip.src, "192.0.2.1");
	assert_addr(&ip.dst, "198.51.100.2");
	assert_int_equal(ip.proto, IP_PROTO_UDP);
	assert_int_equal(ip.ttl, 64);
	assert_int_equal(ip.tos, 0xb8);
	assert_int_equal(ip.header_len, 20);
	assert_int_equal(ip.payload_len, 10);
	assert_false(ip.cut);
	assert_false(ip.frag.is_fragment);
	assert_int_equal(cursor_left(&payload), 10);
	assert_int_equal(ip_checksum_verify(cursor_of(b, 40)), 0);
	b[8]--;
	assert_int_equal(ip_checksum_verify(cursor_of(b, 40)), CARDEA_EMALFORMED);
	assert_int_equal(ip_checksum_verify(cursor_of(b, 19)), CARDEA_ETRUNCATED);
}

static void test_ip4_truncations(void **state)
{
	(void)state;
	uint8_t b[64] = {0};
	struct ip in = ip4();
	build(b, sizeof(b), &in, 0);
	test_truncations(b, 20, parse_ip);
	b[0] = 0x47; /* two words of options: router alert, NOPs */
	b[3] = 28;
	memcpy(b + 20, "\x94\x04\0\0\1\1\1\0", 8);
	header_len = 28;
	test_truncations(b, 28, parse_ip_headers);
	struct ip ip;
	struct cursor payload, c = cursor_of(b, 28);
	assert_int_equal(ip_parse(&c, &ip, &payload), 0);
	assert_true(ip.router_alert);
}

static void test_ip4_cut(void **state)
{
	(void)state;
	uint8_t b[64] = {0};
	struct ip in = ip4(), ip;
	struct cursor payload;
	build(b, sizeof(b), &in, 1000);
	struct cursor c = cursor_of(b, 30);
	assert_int_equal(ip_parse(&c, &ip, &payload), 0);
	assert_true(ip.cut);
	assert_int_equal(ip.payload_len, 1000);
	assert_int_equal(cursor_left(&payload), 10);
}

static void test_ip4_malformed(void **state)
{
	(void)state;
	uint8_t good[64] = {0}, b[64];
	struct ip in = ip4();
	build(good, sizeof(good), &in, 4);
	memcpy(b, good, sizeof(b));
	b[0] = 0x44; /* header of 16 octets */
	assert_int_equal(parse_ip(cursor_of(b, 40)), CARDEA_EMALFORMED);
	assert_int_equal(ip_checksum_verify(cursor_of(b, 40)), CARDEA_EMALFORMED);
	assert_int_equal(ip_checksum_verify(cursor_of(b, 0)), CARDEA_ETRUNCATED);
	b[0] = 0x75; /* version 7 */
	assert_int_equal(ip_checksum_verify(cursor_of(b, 40)), CARDEA_EMALFORMED);
	assert_int_equal(parse_ip(cursor_of(b, 40)), CARDEA_EMALFORMED);
	memcpy(b, good, sizeof(b));
	b[3] = 19; /* total shorter than the header */
	assert_int_equal(parse_ip(cursor_of(b, 40)), CARDEA_EMALFORMED);
	memcpy(b, good, sizeof(b));
	b[0] = 0x46;
	memcpy(b + 20, "\x07\x01\0\0", 4); /* an option shorter than its own head */
	assert_int_equal(parse_ip(cursor_of(b, 40)), CARDEA_EMALFORMED);
	memcpy(b + 20, "\x07\x09\0\0", 4); /* and one longer than the header */
	assert_int_equal(parse_ip(cursor_of(b, 40)), CARDEA_EMALFORMED);
}

static void check_fragment(struct ip in)
{
	uint8_t b[128] = {0};
	struct ip ip;
	struct cursor payload;
	size_t n = build(b, sizeof(b), &in, 16);
	struct cursor c = cursor_of(b, n + 16);
	assert_int_equal(ip_parse(&c, &ip, &payload), 0);
	assert_int_equal(ip.frag.is_fragment, in.frag.is_fragment);
	assert_int_equal(ip.frag.first, in.frag.more && !in.frag.offset);
	assert_int_equal(ip.frag.more, in.frag.more);
	assert_int_equal(ip.frag.offset, in.frag.offset);
	assert_int_equal(ip.frag.id, in.frag.id);
	assert_int_equal(ip.proto, in.proto);
	assert_int_equal(cursor_left(&payload), 16);
}

static void test_fragments(void **state)
{
	(void)state;
	struct ip v4 = ip4(), v6 = ip6();
	v4.frag = (struct ip_frag){.is_fragment = true, .more = true, .id = 0xabcd};
	check_fragment(v4);
	v4.frag.offset = 1480;
	check_fragment(v4);
	v4.frag.more = false;
	check_fragment(v4);
	v6.frag = (struct ip_frag){.is_fragment = true, .more = true, .id = 0xdeadbeef};
	check_fragment(v6);
	v6.frag.offset = 65528;
	check_fragment(v6);
	v6.frag.more = false;
	check_fragment(v6);
}

/* Chains of extension headers, written by hand behind a fixed header. */
static size_t extended(
	uint8_t *b, size_t cap, uint8_t first, const void *ext, size_t len)
{
	struct ip in = ip6();
	in.proto = first;
	size_t n = build(b, cap, &in, len);
	memcpy(b + n, ext, len);
	return n + len;
}

static void test_ip6_extensions(void **state)
{
	(void)state;
	static const char chain[] =
		"\x2b\0\x05\x02\0\0\1\0"	 /* hop-by-hop: router alert */
		"\x33\0\0\0\0\0\0\0"		 /* routing */
		"\x2c\x01\0\0\0\0\0\1\0\0\0\2"	 /* authentication, 12 octets */
		"\x3c\0\0\0\x11\x22\x33\x44"	 /* fragment: atomic */
		"\x11\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* destination, 16 octets */
		"\0\1\0\2\0\x08\0\0";		 /* UDP */
	uint8_t b[256];
	struct ip ip;
	struct cursor payload;
	size_t n = extended(b, sizeof(b), IP_PROTO_HOPOPTS, chain, sizeof(chain) - 1);
	struct cursor c = cursor_of(b, n);
	assert_int_equal(ip_parse(&c, &ip, &payload), 0);
	assert_int_equal(ip.proto, IP_PROTO_UDP);
	assert_int_equal(ip.header_len, 40 + sizeof(chain) - 1 - 8);
	assert_int_equal(ip.payload_len, 8);
	assert_int_equal(cursor_left(&payload), 8);
	assert_int_equal(cursor_offset(&payload), 0);
	assert_true(ip.router_alert);
	assert_false(ip.frag.is_fragment); /* RFC 6946 */
	assert_int_equal(ip.frag.id, 0x11223344);
	header_len = ip.header_len;
	test_truncations(b, ip.header_len, parse_ip_headers);
	/* the router alert behind single octets of padding */
	n = extended(b, sizeof(b), IP_PROTO_HOPOPTS, "\x3b\0\0\0\x05\2\0\0", 8);
	c = cursor_of(b, n);
	assert_int_equal(ip_parse(&c, &ip, &payload), 0);
	assert_true(ip.router_alert);
}

/* What went wrong before is what is told, and nothing is set. */
static void test_failed_cursor(void **state)
{
	(void)state;
	uint8_t b[64] = {0};
	struct ip in = ip4(), ip = {.family = 9};
	struct cursor payload;
	struct cursor c = cursor_of(b, build(b, sizeof(b), &in, 0));
	cursor_fail(&c, CARDEA_ELIMIT);
	assert_int_equal(ip_parse(&c, &ip, &payload), CARDEA_ELIMIT);
	assert_int_equal(ip_checksum_verify(c), CARDEA_ELIMIT);
	assert_int_equal(ip.family, 9);
}

static void test_ip6_limits(void **state)
{
	(void)state;
	uint8_t b[256], chain[(IP_EXT_HEADERS_MAX + 1) * 8] = {0};
	for (size_t i = 0; i < sizeof(chain); i += 8)
		chain[i] = IP_PROTO_DSTOPTS;
	size_t all = sizeof(chain), allowed = all - 8;
	chain[all - 8] = IP_PROTO_NONE;
	size_t n = extended(b, sizeof(b), IP_PROTO_DSTOPTS, chain, all);
	assert_int_equal(parse_ip(cursor_of(b, n)), CARDEA_ELIMIT);
	chain[allowed - 8] = IP_PROTO_NONE;
	n = extended(b, sizeof(b), IP_PROTO_DSTOPTS, chain, allowed);
	assert_int_equal(parse_ip(cursor_of(b, n)), 0);
}

static void test_ip6_malformed(void **state)
{
	(void)state;
	uint8_t b[256];
	/* hop-by-hop behind something else */
	size_t n = extended(b, sizeof(b), IP_PROTO_DSTOPTS,
		"\0\0\0\0\0\0\0\0\x3b\0\0\0\0\0\0\0", 16);
	assert_int_equal(parse_ip(cursor_of(b, n)), CARDEA_EMALFORMED);
	/* two fragment headers */
	n = extended(b, sizeof(b), IP_PROTO_FRAGMENT,
		"\x2c\0\0\0\0\0\0\1\x3b\0\0\0\0\0\0\1", 16);
	assert_int_equal(parse_ip(cursor_of(b, n)), CARDEA_EMALFORMED);
	/* an option that runs out of its header */
	n = extended(b, sizeof(b), IP_PROTO_HOPOPTS, "\x3b\0\x01\x09\0\0\0\0", 8);
	assert_int_equal(parse_ip(cursor_of(b, n)), CARDEA_EMALFORMED);
	/* a chain that runs out of the payload length, though the frame has more */
	n = extended(b, sizeof(b), IP_PROTO_DSTOPTS, "\x3b\3\0\0\0\0\0\0", 8);
	assert_int_equal(parse_ip(cursor_of(b, n + 100)), CARDEA_ETRUNCATED);
}

static void test_ip6_stops(void **state)
{
	(void)state;
	uint8_t b[128];
	struct ip ip;
	struct cursor payload;
	size_t n = extended(b, sizeof(b), IP_PROTO_ESP, "\0\0\0\1\0\0\0\1", 8);
	struct cursor c = cursor_of(b, n);
	assert_int_equal(ip_parse(&c, &ip, &payload), 0);
	assert_int_equal(ip.proto, IP_PROTO_ESP);
	/* a later fragment: what follows is data even if it says extension header */
	n = extended(b, sizeof(b), IP_PROTO_FRAGMENT,
		"\x3c\0\0\x08\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff", 16);
	c = cursor_of(b, n);
	assert_int_equal(ip_parse(&c, &ip, &payload), 0);
	assert_int_equal(ip.proto, IP_PROTO_DSTOPTS);
	assert_int_equal(cursor_left(&payload), 8);
	assert_int_equal(ip_checksum_verify(cursor_of(b, n)), 0);
}

static void test_checksum(void **state)
{
	(void)state;
	/* The worked example of RFC 1071 3. */
	static const uint8_t b[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	assert_int_equal(checksum_finish(checksum_add(0, b, 8)), (uint16_t)~0xddf2);
	assert_int_equal(checksum_finish(checksum_add(checksum_add(0, b, 2), b + 2, 6)),
		(uint16_t)~0xddf2);
	assert_int_equal(checksum_finish(checksum_add(0, b, 3)), (uint16_t)~0xf201);
	assert_int_equal(checksum_finish(0), 0xffff);
}

static void check_transport(struct ip ip)
{
	uint8_t b[64];
	struct udp udp = {.src_port = 1, .dst_port = 2};
	struct tcp tcp = {.src_port = 1, .dst_port = 2, .flags = TCP_SYN};
	struct icmp icmp = {.type = 8, .rest = 0x10002};
	struct writer w = writer_of(b, sizeof(b));
	build_udp(&w, &ip, &udp, "odd", 3);
	assert_true(checksum_transport_ok(&ip.src, &ip.dst, 17, cursor_of(b, w.len)));
	b[w.len - 1] ^= 1;
	assert_false(checksum_transport_ok(&ip.src, &ip.dst, 17, cursor_of(b, w.len)));
	memset(b + 6, 0, 2); /* no checksum: IPv4 may, IPv6 may not */
	assert_int_equal(checksum_transport_ok(&ip.src, &ip.dst, 17,
				 cursor_of(b, w.len)),
		ip.family == 4);
	w = writer_of(b, sizeof(b));
	build_tcp(&w, &ip, &tcp, "even", 4);
	assert_true(checksum_transport_ok(&ip.src, &ip.dst, 6, cursor_of(b, w.len)));
	b[0] ^= 1;
	assert_false(checksum_transport_ok(&ip.src, &ip.dst, 6, cursor_of(b, w.len)));
	uint8_t proto = ip.family == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMP6;
	w = writer_of(b, sizeof(b));
	build_icmp(&w, &ip, &icmp, "ping", 4);
	assert_true(
		checksum_transport_ok(&ip.src, &ip.dst, proto, cursor_of(b, w.len)));
}

static void test_transport_checksums(void **state)
{
	(void)state;
	check_transport(ip4());
	check_transport(ip6());
}

static void test_build_limits(void **state)
{
	(void)state;
	uint8_t b[32];
	struct ip in = ip4();
	struct writer w = writer_of(b, sizeof(b));
	build_ip(&w, &in, 65516);
	assert_int_equal(w.error, CARDEA_ELIMIT);
	w = writer_of(b, 19);
	build_ip(&w, &in, 0);
	assert_int_equal(w.error, CARDEA_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip4),
		cmocka_unit_test(test_ip4_truncations),
		cmocka_unit_test(test_ip4_cut),
		cmocka_unit_test(test_ip4_malformed),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_ip6_extensions),
		cmocka_unit_test(test_failed_cursor),
		cmocka_unit_test(test_ip6_limits),
		cmocka_unit_test(test_ip6_malformed),
		cmocka_unit_test(test_ip6_stops),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_transport_checksums),
		cmocka_unit_test(test_build_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
