// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_link.c - Ethernet, VLAN tags, the other link types, ARP. */
#include "test_wire_util.h"
#include "wire/arp.h"
#include "wire/build.h"
#include "wire/eth.h"
#include "wire/link.h"

static int parse_eth(struct cursor c)
{
	struct eth e;
	return eth_parse(&c, &e);
}

static size_t frame(uint8_t *buf, size_t cap, struct eth e)
{
	struct writer w = writer_of(buf, cap);
	e.dst = test_mac("02:00:00:00:00:01");
	e.src = test_mac("02:00:00:00:00:02");
	build_eth(&w, &e);
	assert_int_equal(w.error, 0);
	return w.len;
}

static void test_eth_plain(void **state)
{
	(void)state;
	uint8_t b[64];
	struct eth e;
	size_t n = frame(b, sizeof(b), (struct eth){.type = ETH_TYPE_IPV4});
	struct cursor c = cursor_of(b, n);
	assert_int_equal(eth_parse(&c, &e), 0);
	assert_int_equal(e.type, ETH_TYPE_IPV4);
	assert_int_equal(e.vlan_count, 0);
	assert_mac(&e.src, "02:00:00:00:00:02");
	assert_mac(&e.dst, "02:00:00:00:00:01");
	assert_int_equal(cursor_offset(&c), ETH_HEADER_LEN);
	test_truncations(b, n, parse_eth);
}

static void test_eth_two_tags(void **state)
{
	(void)state;
	uint8_t b[64];
	struct eth e;
	size_t n = frame(b, sizeof(b),
		(struct eth){
			.type = ETH_TYPE_IPV6, .vlan_count = 2, .vlan = {0xe064, 7}});
	struct cursor c = cursor_of(b, n);
	assert_int_equal(eth_parse(&c, &e), 0);
	assert_int_equal(e.vlan_count, 2);
	assert_int_equal(e.vlan[0], 0x064); /* priority bits are no part of the id */
	assert_int_equal(e.vlan[1], 7);
	assert_int_equal(e.type, ETH_TYPE_IPV6);
	test_truncations(b, n, parse_eth);
}

static void test_eth_three_tags_refused(void **state)
{
	(void)state;
	uint8_t b[64];
	size_t n = frame(b, sizeof(b),
		(struct eth){.type = ETH_TYPE_VLAN, .vlan_count = 2, .vlan = {1, 2}});
	memcpy(b + n, "\x00\x03\x08\x00", 4);
	assert_int_equal(parse_eth(cursor_of(b, n + 4)), CARDEA_ELIMIT);
}

static void test_eth_llc(void **state)
{
	(void)state;
	uint8_t b[80] = {0};
	struct eth e;
	size_t n = frame(b, sizeof(b), (struct eth){.type = 3});
	struct cursor c = cursor_of(b, n + 40);
	assert_int_equal(eth_parse(&c, &e), 0);
	assert_int_equal(e.type, ETH_TYPE_LLC);
	assert_int_equal(cursor_left(&c), 3); /* padding is cut off */
	frame(b, sizeof(b), (struct eth){.type = 1500});
	assert_int_equal(parse_eth(cursor_of(b, n + 40)), CARDEA_ETRUNCATED);
	frame(b, sizeof(b), (struct eth){.type = 1501});
	assert_int_equal(parse_eth(cursor_of(b, n + 40)), CARDEA_EMALFORMED);
	frame(b, sizeof(b), (struct eth){.type = 0x5ff});
	assert_int_equal(parse_eth(cursor_of(b, n + 40)), CARDEA_EMALFORMED);
}

static void test_failure_leaves_output(void **state)
{
	(void)state;
	struct eth e = {.type = 0xbeef}, before = e;
	struct cursor c = cursor_of("short", 5);
	assert_int_equal(eth_parse(&c, &e), CARDEA_ETRUNCATED);
	assert_memory_equal(&e, &before, sizeof(e));
}

struct link_case {
	uint32_t linktype;
	const char *bytes;
	size_t len;
	int result;
	uint16_t type;
	size_t offset;
};

#define BYTES(s) s, sizeof(s) - 1
static void test_link_simple(void **state)
{
	(void)state;
	static const struct link_case cases[] = {
		{LINK_RAW, BYTES("\x45"), 0, ETH_TYPE_IPV4, 0},
		{LINK_RAW_BSD, BYTES("\x60"), 0, ETH_TYPE_IPV6, 0},
		{LINK_RAW_OPENBSD, BYTES("\x4f"), 0, ETH_TYPE_IPV4, 0},
		{LINK_RAW, BYTES("\x50"), CARDEA_EMALFORMED, 0, 0},
		{LINK_RAW, BYTES(""), CARDEA_ETRUNCATED, 0, 0},
		{LINK_IPV4, BYTES(""), 0, ETH_TYPE_IPV4, 0},
		{LINK_IPV6, BYTES(""), 0, ETH_TYPE_IPV6, 0},
		{LINK_NULL, BYTES("\x02\0\0\0"), 0, ETH_TYPE_IPV4, 4},
		{LINK_NULL, BYTES("\0\0\0\x02"), 0, ETH_TYPE_IPV4, 4},
		{LINK_NULL, BYTES("\x1e\0\0\0"), 0, ETH_TYPE_IPV6, 4},
		{LINK_NULL, BYTES("\x0a\0\0\0"), 0, ETH_TYPE_IPV6, 4},
		{LINK_LOOP, BYTES("\0\0\0\x18"), 0, ETH_TYPE_IPV6, 4},
		{LINK_LOOP, BYTES("\0\0\0\x1c"), 0, ETH_TYPE_IPV6, 4},
		{LINK_LOOP, BYTES("\x02\0\0\0"), CARDEA_EUNSUPPORTED, 0, 0},
		{LINK_LOOP, BYTES("\0\0\0\x07"), CARDEA_EUNSUPPORTED, 0, 0},
		{LINK_LOOP, BYTES("\0\0\0"), CARDEA_ETRUNCATED, 0, 0},
		{147, BYTES("\x45"), CARDEA_EUNSUPPORTED, 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct link_case *k = &cases[i];
		struct eth e;
		bool has_mac = true;
		struct cursor c = cursor_of(k->bytes, k->len);
		assert_int_equal(link_parse(k->linktype, &c, &e, &has_mac), k->result);
		if (k->result)
			continue;
		assert_int_equal(e.type, k->type);
		assert_int_equal(cursor_offset(&c), k->offset);
		assert_false(has_mac);
	}
}

static int parse_cooked(struct cursor c)
{
	struct eth e;
	bool has_mac;
	return link_parse(LINK_COOKED, &c, &e, &has_mac);
}

static int parse_cooked2(struct cursor c)
{
	struct eth e;
	bool has_mac;
	return link_parse(LINK_COOKED2, &c, &e, &has_mac);
}

static void test_link_cooked(void **state)
{
	(void)state;
	static const char v1[] = "\0\x04\0\x01\0\x06\x02\0\0\0\0\x09\0\0\x86\xdd";
	struct eth e;
	bool has_mac = false;
	struct cursor c = cursor_of(v1, sizeof(v1) - 1);
	assert_int_equal(link_parse(LINK_COOKED, &c, &e, &has_mac), 0);
	assert_true(has_mac);
	assert_mac(&e.src, "02:00:00:00:00:09");
	assert_true(mac_is_zero(&e.dst));
	assert_int_equal(e.direction, ETH_DIRECTION_FROM_US);
	assert_int_equal(e.type, ETH_TYPE_IPV6);
	test_truncations(v1, sizeof(v1) - 1, parse_cooked);
	/* protocol 4 is 802.2, not a length */
	static const char llc[] = "\0\x01\0\x01\0\x06\x02\0\0\0\0\x09\0\0\0\x04";
	c = cursor_of(llc, sizeof(llc) - 1);
	assert_int_equal(link_parse(LINK_COOKED, &c, &e, &has_mac), 0);
	assert_int_equal(e.type, ETH_TYPE_LLC);
	assert_int_equal(e.direction, ETH_DIRECTION_BROADCAST);
}

static void test_link_cooked2(void **state)
{
	(void)state;
	static const char v2[] =
		"\x81\0\0\0\0\0\0\x03\0\x01\0\x06\x02\0\0\0\0\x09\0\0\0\x2a\x08\0";
	struct eth e;
	bool has_mac = false;
	struct cursor c = cursor_of(v2, sizeof(v2) - 1);
	assert_int_equal(link_parse(LINK_COOKED2, &c, &e, &has_mac), 0);
	assert_true(has_mac);
	assert_int_equal(e.direction, ETH_DIRECTION_TO_US);
	assert_int_equal(e.vlan_count, 1);
	assert_int_equal(e.vlan[0], 42);
	assert_int_equal(e.type, ETH_TYPE_IPV4);
	test_truncations(v2, sizeof(v2) - 1, parse_cooked2);
	/* a tunnel device: no six-octet address, an unknown packet type */
	static const char tun[] = "\x08\0\0\0\0\0\0\x03\xff\xfe\x09\0\0\0\0\0\0\0\0\0";
	c = cursor_of(tun, sizeof(tun) - 1);
	assert_int_equal(link_parse(LINK_COOKED2, &c, &e, &has_mac), 0);
	assert_false(has_mac);
	assert_int_equal(e.direction, ETH_DIRECTION_UNKNOWN);
}

static void test_link_group_source(void **state)
{
	(void)state;
	uint8_t b[64];
	struct eth e;
	bool has_mac = true;
	size_t n = frame(b, sizeof(b), (struct eth){.type = ETH_TYPE_ARP});
	b[6] |= 1;
	struct cursor c = cursor_of(b, n);
	assert_int_equal(link_parse(LINK_ETHERNET, &c, &e, &has_mac), 0);
	assert_false(has_mac);
}

static int parse_arp(struct cursor c)
{
	struct arp a;
	return arp_parse(&c, &a);
}

static void test_arp(void **state)
{
	(void)state;
	struct arp a = {.op = ARP_REPLY,
		.sender_mac = test_mac("02:00:00:00:00:05"),
		.target_mac = test_mac("02:00:00:00:00:06"),
		.sender = test_addr("192.0.2.5"),
		.target = test_addr("192.0.2.6")};
	struct arp back;
	uint8_t b[64];
	struct writer w = writer_of(b, sizeof(b));
	build_arp(&w, &a);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(arp_parse(&c, &back), 0);
	assert_int_equal(back.op, ARP_REPLY);
	assert_mac(&back.sender_mac, "02:00:00:00:00:05");
	assert_mac(&back.target_mac, "02:00:00:00:00:06");
	assert_addr(&back.sender, "192.0.2.5");
	assert_addr(&back.target, "192.0.2.6");
	test_truncations(b, w.len, parse_arp);
	b[1] = 6; /* IEEE 802 hardware */
	assert_int_equal(parse_arp(cursor_of(b, w.len)), CARDEA_EUNSUPPORTED);
	b[1] = 1;
	b[3] = 1; /* a protocol that is not IPv4 */
	assert_int_equal(parse_arp(cursor_of(b, w.len)), CARDEA_EUNSUPPORTED);
	b[3] = 0;
	b[4] = 8; /* and addresses of wrong lengths */
	assert_int_equal(parse_arp(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[4] = 6;
	b[5] = 16;
	assert_int_equal(parse_arp(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[5] = 4;
	assert_int_equal(parse_arp(cursor_of(b, w.len)), 0);
	b[1] = 6;
	b[1] = 1;
	b[5] = 16; /* a protocol length that is not IPv4's */
	assert_int_equal(parse_arp(cursor_of(b, w.len)), CARDEA_EMALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eth_plain),
		cmocka_unit_test(test_eth_two_tags),
		cmocka_unit_test(test_eth_three_tags_refused),
		cmocka_unit_test(test_eth_llc),
		cmocka_unit_test(test_failure_leaves_output),
		cmocka_unit_test(test_link_simple),
		cmocka_unit_test(test_link_cooked),
		cmocka_unit_test(test_link_cooked2),
		cmocka_unit_test(test_link_group_source),
		cmocka_unit_test(test_arp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
