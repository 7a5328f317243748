// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_nd.c - Neighbour Discovery messages and options. */
#include "test_wire_util.h"
#include "wire/icmp.h"
#include "wire/nd.h"

static int parse_nd(struct cursor c)
{
	struct nd nd;
	return nd_parse(&c, &nd);
}

static void put_addr(struct writer *w, const char *text)
{
	struct addr a = test_addr(text);
	writer_bytes(w, a.b, 16);
}

static void put_mac(struct writer *w, uint8_t option, const char *text)
{
	struct mac m = test_mac(text);
	writer_u8(w, option);
	writer_u8(w, 1);
	writer_bytes(w, m.b, 6);
}

static void put_head(struct writer *w, uint8_t type)
{
	writer_u32(w, (uint32_t)type << 24);
}

static void put_prefix(struct writer *w, uint8_t len, const char *text)
{
	writer_u32(w, 3u << 24 | 4u << 16 | (uint32_t)len << 8 | 0xc0);
	writer_u32(w, 86400);
	writer_u32(w, 3600);
	writer_u32(w, 0);
	put_addr(w, text);
}

static void put_ra(struct writer *w)
{
	put_head(w, ICMP6_ROUTER_ADVERT);
	writer_u32(w, 0x40c00708); /* hop limit 64, M and O, 1800 s */
	writer_u32(w, 30000);
	writer_u32(w, 1000);
}

static void test_advert(void **state)
{
	(void)state;
	uint8_t b[256];
	struct writer w = writer_of(b, sizeof(b));
	struct nd nd;
	char text[PREFIX_TEXT_MAX];
	put_ra(&w);
	put_mac(&w, 1, "02:00:00:00:00:aa");
	writer_u64(&w, 0x05010000000005dc); /* MTU 1500 */
	put_prefix(&w, 64, "2001:db8:1::ffff");
	writer_u64(&w, 0x1905000000000258); /* two RDNSS, 600 s */
	put_addr(&w, "2001:db8:1::53");
	put_addr(&w, "fe80::1");
	writer_u64(&w, 0xfe01000000000000); /* an option nobody knows */
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(nd_parse(&c, &nd), 0);
	assert_int_equal(nd.type, ICMP6_ROUTER_ADVERT);
	assert_int_equal(nd.hop_limit, 64);
	assert_int_equal(nd.flags, ND_RA_MANAGED | ND_RA_OTHER);
	assert_int_equal(nd.lifetime_s, 1800);
	assert_int_equal(nd.reachable_ms, 30000);
	assert_int_equal(nd.retrans_ms, 1000);
	assert_int_equal(nd.mtu, 1500);
	assert_true(nd.has_source_mac);
	assert_mac(&nd.source_mac, "02:00:00:00:00:aa");
	assert_int_equal(nd.prefix_count, 1);
	assert_string_equal(
		prefix_format(&nd.prefixes[0].prefix, text), "2001:db8:1::/64");
	assert_int_equal(nd.prefixes[0].valid_s, 86400);
	assert_int_equal(nd.prefixes[0].preferred_s, 3600);
	assert_int_equal(
		nd.prefixes[0].flags, ND_PREFIX_ON_LINK | ND_PREFIX_AUTONOMOUS);
	assert_int_equal(nd.rdnss_count, 2);
	assert_int_equal(nd.rdnss_lifetime_s, 600);
	assert_addr(&nd.rdnss[0], "2001:db8:1::53");
	assert_addr(&nd.rdnss[1], "fe80::1");
}

static void test_advert_limits(void **state)
{
	(void)state;
	uint8_t b[1024];
	struct writer w = writer_of(b, sizeof(b));
	put_ra(&w);
	for (int i = 0; i < ND_PREFIXES_MAX; i++)
		put_prefix(&w, 64, "2001:db8::");
	assert_int_equal(parse_nd(cursor_of(b, w.len)), 0);
	put_prefix(&w, 64, "2001:db8::");
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_ELIMIT);

	w = writer_of(b, sizeof(b));
	put_ra(&w);
	writer_u64(&w, 0x190b000000000258); /* five servers */
	for (int i = 0; i < ND_RDNSS_MAX + 1; i++)
		put_addr(&w, "2001:db8::53");
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_ELIMIT);

	w = writer_of(b, sizeof(b));
	put_ra(&w);
	for (int i = 0; i < ND_OPTIONS_MAX; i++)
		writer_u64(&w, 0xfe01000000000000);
	assert_int_equal(parse_nd(cursor_of(b, w.len)), 0);
	writer_u64(&w, 0xfe01000000000000);
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_ELIMIT);
}

static void test_solicit_and_advert(void **state)
{
	(void)state;
	uint8_t b[64];
	struct nd nd;
	struct writer w = writer_of(b, sizeof(b));
	put_head(&w, ICMP6_NEIGHBOUR_SOLICIT);
	writer_u32(&w, 0xffffffff); /* reserved: no flags in a solicitation */
	put_addr(&w, "fe80::5");
	test_truncations(b, w.len, parse_nd);
	put_mac(&w, 1, "02:00:00:00:00:01");
	put_mac(&w, 2, "02:00:00:00:00:02"); /* not allowed here: ignored */
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(nd_parse(&c, &nd), 0);
	assert_addr(&nd.target, "fe80::5");
	assert_int_equal(nd.flags, 0);
	assert_true(nd.has_source_mac);
	assert_false(nd.has_target_mac);

	w = writer_of(b, sizeof(b));
	put_head(&w, ICMP6_NEIGHBOUR_ADVERT);
	writer_u32(&w, 0x60000000);
	put_addr(&w, "fe80::5");
	put_mac(&w, 2, "02:00:00:00:00:02");
	c = cursor_of(b, w.len);
	assert_int_equal(nd_parse(&c, &nd), 0);
	assert_int_equal(nd.flags, ND_NA_SOLICITED | ND_NA_OVERRIDE);
	assert_true(nd.has_target_mac);
	assert_mac(&nd.target_mac, "02:00:00:00:00:02");
	assert_false(nd.has_source_mac);
}

static void test_redirect_and_rs(void **state)
{
	(void)state;
	uint8_t b[64];
	struct nd nd;
	struct writer w = writer_of(b, sizeof(b));
	put_head(&w, ICMP6_REDIRECT);
	writer_u32(&w, 0);
	put_addr(&w, "fe80::9");
	put_addr(&w, "2001:db8::9");
	test_truncations(b, w.len, parse_nd);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(nd_parse(&c, &nd), 0);
	assert_addr(&nd.target, "fe80::9");
	assert_addr(&nd.destination, "2001:db8::9");

	w = writer_of(b, sizeof(b));
	put_head(&w, ICMP6_ROUTER_SOLICIT);
	writer_u32(&w, 0);
	test_truncations(b, w.len, parse_nd);
	put_mac(&w, 1, "02:00:00:00:00:01");
	c = cursor_of(b, w.len);
	assert_int_equal(nd_parse(&c, &nd), 0);
	assert_true(nd.has_source_mac);
	assert_int_equal(nd.target.family, 0);
}

static void test_malformed(void **state)
{
	(void)state;
	uint8_t b[64];
	struct writer w = writer_of(b, sizeof(b));
	put_head(&w, ICMP6_NEIGHBOUR_SOLICIT);
	writer_u32(&w, 0);
	put_addr(&w, "ff02::1");
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	w = writer_of(b, sizeof(b));
	put_head(&w, ICMP6_ROUTER_SOLICIT);
	writer_u32(&w, 0);
	b[1] = 1; /* code */
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[1] = 0;
	writer_u64(&w, 0x0100000000000000); /* length 0 would never end */
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[9] = 2; /* longer than the message */
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_ETRUNCATED);
	w = writer_of(b, sizeof(b));
	put_ra(&w);
	put_prefix(&w, 129, "2001:db8::");
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[0] = ICMP6_ECHO;
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_EUNSUPPORTED);
}

/* Options of a known kind and a length that no RFC gives them are stepped over. */
static void test_odd_lengths(void **state)
{
	(void)state;
	static const uint8_t kinds[] = {1, 3, 5, 25};
	uint8_t b[128];
	struct nd nd;
	struct writer w = writer_of(b, sizeof(b));
	put_ra(&w);
	for (size_t i = 0; i < sizeof(kinds); i++) {
		writer_u16(&w, (uint16_t)(kinds[i] << 8 | 2));
		memset(writer_room(&w, 14), 0xee, 14);
	}
	writer_u64(&w, 0x0501000000000500); /* MTU 1280 */
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(nd_parse(&c, &nd), 0);
	assert_false(nd.has_source_mac);
	assert_int_equal(nd.prefix_count, 0);
	assert_int_equal(nd.rdnss_count, 0);
	assert_int_equal(nd.mtu, 1280);
	writer_u8(&w, 1); /* half the head of an option */
	assert_int_equal(parse_nd(cursor_of(b, w.len)), CARDEA_ETRUNCATED);

	w = writer_of(b, sizeof(b));
	put_head(&w, ICMP6_NEIGHBOUR_ADVERT);
	writer_u32(&w, 0);
	put_addr(&w, "fe80::5");
	writer_u16(&w, 0x0202);
	memset(writer_room(&w, 14), 0xee, 14);
	c = cursor_of(b, w.len);
	assert_int_equal(nd_parse(&c, &nd), 0);
	assert_false(nd.has_target_mac);
	put_mac(&w, 1, "02:00:00:00:00:01"); /* a source in an advertisement */
	c = cursor_of(b, w.len);
	assert_int_equal(nd_parse(&c, &nd), 0);
	assert_false(nd.has_source_mac || nd.has_target_mac);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_advert),
		cmocka_unit_test(test_advert_limits),
		cmocka_unit_test(test_solicit_and_advert),
		cmocka_unit_test(test_redirect_and_rs),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_odd_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
