// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* Addresses: every text form of RFC 4291, near misses, prefixes and classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/addr.h"

static struct addr parsed(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a))
		fail_msg("not an address: %s", text);
	return a;
}

static struct prefix parsed_prefix(const char *text)
{
	struct prefix p;

	if (prefix_parse(text, &p))
		fail_msg("not a prefix: %s", text);
	return p;
}

static void test_text_forms(void **state)
{
	/* RFC 4291 section 2.2 and RFC 5952 section 4 */
	static const char *const forms[][2] = {
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"ABCD:EF01:2345:6789:ABCD:EF01:2345:6789",
			"abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
		{"2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"},
		{"2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"},
		{"FF01:0:0:0:0:0:0:101", "ff01::101"},
		{"0:0:0:0:0:0:0:1", "::1"},
		{"::", "::"},
		{"1::", "1::"},
		{"::FFFF:129.144.52.38", "::ffff:129.144.52.38"},
		{"0:0:0:0:0:FFFF:129.144.52.38", "::ffff:129.144.52.38"},
		{"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
		{"2001:0db8:0000:0001:0000:0000:0000:0001", "2001:db8:0:1::1"},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	};
	char buf[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct addr a = parsed(forms[i][0]);
		assert_string_equal(addr_format(&a, buf), forms[i][1]);
		struct addr again = parsed(buf);
		assert_true(addr_equal(&a, &again));
	}
}

static void test_text_refused(void **state)
{
	static const char *const bad[] = {"", " ", "1.2.3", "1.2.3.4.5", "1.2.3.256",
		"01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "0x1.2.3.4", "1.2.3.-4", "1..2.3",
		"16909060", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"1:2:3:4::5:6:7:8", "12345::", "g::", "fe80::1%eth0", "[::1]",
		"::1/128", "::1.2.3", "::1.2.3.4.5", "1:2:3:4:5:6:7:1.2.3.4", ":1::2",
		"1:", "::ffff:1.2.3.400"};
	struct addr a = {.family = 99};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (addr_parse(bad[i], &a) != CARDEA_EMALFORMED)
			fail_msg("taken for an address: '%s'", bad[i]);
	assert_int_equal(a.family, 99); /* untouched on failure */
}

static void test_unused_bytes_are_zero(void **state)
{
	(void)state;
	static const uint8_t four[] = {192, 0, 2, 1};
	struct addr a = addr_v4(four), b, none = {0};
	char buf[ADDR_TEXT_MAX];

	memset(&b, 0xff, sizeof b);
	assert_int_equal(addr_parse("192.0.2.1", &b), 0);
	assert_memory_equal(&a, &b, sizeof a);
	assert_int_equal(addr_compare(&a, &b), 0);
	b = parsed("::1");
	assert_true(addr_compare(&a, &b) < 0 && addr_compare(&b, &a) > 0);
	assert_memory_equal(b.b, addr_v6(b.b).b, 16);
	assert_string_equal(addr_format(&none, buf), "none");
	assert_int_equal(addr_bits(&a) + addr_bits(&b) + addr_bits(&none), 160);
}

static void test_mac(void **state)
{
	static const char *const bad[] = {"", "02:00:00:00:00", "02:00:00:00:00:01:02",
		"2:0:0:0:0:1", "02:00:00-00:00:01", "020000000001", "02.00.00.00.00.01",
		"0g:00:00:00:00:00", "02:00:00:00:00:0", "02:00:00:00:00:01 ", "0"};
	struct mac m, n;
	char buf[MAC_TEXT_MAX];

	(void)state;
	assert_int_equal(mac_parse("02:aB:cD:00:fF:01", &m), 0);
	assert_int_equal(mac_parse("02-AB-CD-00-FF-01", &n), 0);
	assert_true(mac_equal(&m, &n));
	assert_string_equal(mac_format(&m, buf), "02:ab:cd:00:ff:01");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (mac_parse(bad[i], &m) != CARDEA_EMALFORMED)
			fail_msg("taken for a MAC address: '%s'", bad[i]);
	assert_true(mac_equal(&m, &n));
	assert_false(mac_is_group(&m) || mac_is_zero(&m));
	assert_int_equal(mac_parse("33:33:00:00:00:01", &m), 0);
	assert_true(mac_is_group(&m));
	assert_int_equal(mac_parse("00:00:00:00:00:00", &m), 0);
	assert_true(mac_is_zero(&m));
}

static void test_prefix_text(void **state)
{
	static const char *const good[] = {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.1/32",
		"192.168.4.0/22", "::/0", "fe80::/10", "2001:db8::/32", "::1/128"};
	static const char *const bad[] = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/",
		"10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8 ", "/8",
		"10.0.0.0//8", "10.0.0.0/8/8", "::/129", "fe80::1/10", "fec0::/9",
		"10.0.0.0/4294967304", "10/8", "192.168.5.0/22",
		"1111:2222:3333:4444:5555:6666:123.123.123.1234567/8"};
	struct prefix p = {.len = 77};
	char buf[PREFIX_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (prefix_parse(bad[i], &p) != CARDEA_EMALFORMED)
			fail_msg("taken for a prefix: '%s'", bad[i]);
	assert_int_equal(p.len, 77);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		p = parsed_prefix(good[i]);
		assert_string_equal(prefix_format(&p, buf), good[i]);
	}
	assert_int_equal(parsed_prefix("192.0.2.1").len, 32);
	assert_int_equal(parsed_prefix("2001:db8::1").len, 128);
}

static bool inside(const char *prefix, const char *addr)
{
	struct prefix p = parsed_prefix(prefix);
	struct addr a = parsed(addr);
	return prefix_contains(&p, &a);
}

static void test_prefix_contains(void **state)
{
	struct addr none = {0};
	struct prefix all = {0};

	(void)state;
	assert_true(inside("10.0.0.0/9", "10.127.255.255"));
	assert_false(inside("10.0.0.0/9", "10.128.0.0"));
	assert_true(inside("0.0.0.0/0", "255.1.2.3"));
	assert_false(inside("0.0.0.0/0", "::1"));
	assert_true(inside("::/0", "ffff::"));
	assert_false(inside("::/0", "0.0.0.0"));
	assert_true(inside("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(inside("2001:db8::/33", "2001:db8:8000::"));
	assert_true(inside("192.0.2.1", "192.0.2.1"));
	assert_false(inside("192.0.2.1", "192.0.2.0"));
	assert_false(prefix_contains(&all, &none));
}

static void assert_range(const char *prefix, const char *lo, const char *hi)
{
	struct prefix p = parsed_prefix(prefix);
	struct addr l, h;
	char text[ADDR_TEXT_MAX];

	prefix_range(&p, &l, &h);
	assert_string_equal(addr_format(&l, text), lo);
	assert_string_equal(addr_format(&h, text), hi);
}

static void test_prefix_range(void **state)
{
	(void)state;
	assert_range("0.0.0.0/0", "0.0.0.0", "255.255.255.255");
	assert_range("192.168.4.0/22", "192.168.4.0", "192.168.7.255");
	assert_range("192.0.2.1/32", "192.0.2.1", "192.0.2.1");
	assert_range("fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_range("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	struct addr a = parsed("192.168.7.9");
	struct prefix p = prefix_of(&a, 200);
	assert_int_equal(p.len, 32);
	p = prefix_of(&a, 22);
	struct prefix want = parsed_prefix("192.168.4.0/22");
	assert_memory_equal(&p, &want, sizeof p);
}

static void test_classes(void **state)
{
	static const struct {
		const char *text;
		bool (*is)(const struct addr *);
		bool want;
	} rows[] = {
		{"224.0.0.1", addr_is_multicast, true},
		{"239.255.255.255", addr_is_multicast, true},
		{"240.0.0.0", addr_is_multicast, false},
		{"ff02::fb", addr_is_multicast, true},
		{"fe80::1", addr_is_multicast, false},
		{"0.0.0.0", addr_is_unspecified, true},
		{"::", addr_is_unspecified, true},
		{"::1", addr_is_unspecified, false},
		{"127.9.9.9", addr_is_loopback, true},
		{"::1", addr_is_loopback, true},
		{"::2", addr_is_loopback, false},
		{"169.254.0.1", addr_is_link_local, true},
		{"169.253.0.1", addr_is_link_local, false},
		{"fe80::1", addr_is_link_local, true},
		{"febf::1", addr_is_link_local, true},
		{"fec0::1", addr_is_link_local, false},
		{"10.1.2.3", addr_is_private, true},
		{"172.16.0.1", addr_is_private, true},
		{"172.31.255.255", addr_is_private, true},
		{"172.32.0.0", addr_is_private, false},
		{"192.168.0.1", addr_is_private, true},
		{"192.169.0.1", addr_is_private, false},
		{"100.64.0.1", addr_is_private, true},
		{"100.128.0.1", addr_is_private, false},
		{"fd00::1", addr_is_private, true},
		{"fc00::1", addr_is_private, true},
		{"fe00::1", addr_is_private, false},
		{"255.255.255.255", addr_is_limited_broadcast, true},
		{"255.255.255.254", addr_is_limited_broadcast, false},
		{"ffff:ffff::", addr_is_limited_broadcast, false},
	};
	const struct addr none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct addr a = parsed(rows[i].text);
		if (rows[i].is(&a) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].text);
		assert_false(rows[i].is(&none));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_forms),
		cmocka_unit_test(test_text_refused),
		cmocka_unit_test(test_unused_bytes_are_zero),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_prefix_text),
		cmocka_unit_test(test_prefix_contains),
		cmocka_unit_test(test_prefix_range),
		cmocka_unit_test(test_classes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
