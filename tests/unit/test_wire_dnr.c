// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* The options of RFC 9463, octet by octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "wire/dnr.h"

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct dnr dnr_of(const char *name, const struct addr *addrs, size_t count)
{
	struct dnr d = {.priority = 1, .addrs = addrs, .addr_count = count};

	assert_int_equal(dns_name_from_text(name, &d.name), 0);
	return d;
}

static void dhcp4(void **state)
{
	static const uint8_t expected[] = "\0\x21" /* what follows: 33 */
					  "\0\1"
					  "\x11" "\3dns\6cardea\4home\0"
					  "\4" "\xc0\xa8\1\1"
					  "\0\1\0\4\3" "dot";
	struct addr addrs[] = {ip("192.168.1.1"), ip("fd00:1::1")};
	struct dnr d = dnr_of("dns.cardea.home", addrs, 2);
	uint8_t b[256];
	struct writer w = writer_of(b, sizeof b);

	(void)state;
	assert_int_equal(dnr_build_dhcp4(&w, &d), 0);
	assert_int_equal(w.len, sizeof expected - 1);
	assert_memory_equal(b, expected, w.len);
}

static void dhcp6(void **state)
{
	static const uint8_t expected[] = "\0\1"
					  "\0\x11" "\3dns\6cardea\4home\0"
					  "\0\x20"
					  "\xfd\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1"
					  "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
					  "\0\1\0\4\3" "dot";
	struct addr addrs[] = {ip("192.168.1.1"), ip("fd00:1::1"), ip("2001:db8::1")};
	struct dnr d = dnr_of("dns.cardea.home", addrs, 3);
	uint8_t b[256];
	struct writer w = writer_of(b, sizeof b);

	(void)state;
	assert_int_equal(dnr_build_dhcp6(&w, &d), 0);
	assert_int_equal(w.len, sizeof expected - 1);
	assert_memory_equal(b, expected, w.len);
}

static void advertisement(void **state)
{
	static const uint8_t expected[] = "\x90\x07" /* 56 octets */
					  "\0\1"
					  "\0\0\x0e\x10"
					  "\0\x11" "\3dns\6cardea\4home\0"
					  "\0\x10"
					  "\xfd\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1"
					  "\0\x08"
					  "\0\1\0\4\3" "dot"
					  "\0";
	struct addr addr = ip("fd00:1::1");
	struct dnr d = dnr_of("dns.cardea.home", &addr, 1);
	uint8_t b[256] = {0};
	struct writer w = writer_of(b, sizeof b);

	(void)state;
	assert_int_equal(dnr_build_ra(&w, &d, 3600), 0);
	assert_int_equal(w.len, 56);
	assert_memory_equal(b, expected, w.len);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct addr four[64], six = ip("fd00:1::1");
	struct dnr d = dnr_of("dns.cardea.home", &six, 1);
	uint8_t b[4096];
	struct writer w = writer_of(b, sizeof b);

	(void)state;
	assert_int_equal(dnr_build_dhcp4(&w, &d), CARDEA_EMALFORMED);
	for (unsigned i = 0; i < 64; i++)
		four[i] = ip("192.168.1.1");
	d.addrs = four;
	d.addr_count = 64;
	assert_int_equal(dnr_build_dhcp4(&w, &d), CARDEA_ELIMIT);
	assert_int_equal(dnr_build_dhcp6(&w, &d), CARDEA_EMALFORMED);
	d.addr_count = 60;
	assert_int_equal(dnr_build_dhcp4(&w, &d), CARDEA_ELIMIT);
	d.addr_count = 1;
	d.priority = 0; /* AliasMode: the client may ignore all the rest */
	assert_int_equal(dnr_build_dhcp4(&w, &d), CARDEA_EMALFORMED);
	d.priority = 1;
	assert_int_equal(dns_name_from_text(".", &d.name), 0);
	assert_int_equal(dnr_build_dhcp4(&w, &d), CARDEA_EMALFORMED);
	d = dnr_of("dns.cardea.home", four, 1);
	w = writer_of(b, 34);
	assert_int_equal(dnr_build_dhcp4(&w, &d), CARDEA_ELIMIT);
	d = dnr_of("dns.cardea.home", &six, 1);
	w = writer_of(b, 55);
	assert_int_equal(dnr_build_ra(&w, &d, 1), CARDEA_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dhcp4),
		cmocka_unit_test(dhcp6),
		cmocka_unit_test(advertisement),
		cmocka_unit_test(what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
