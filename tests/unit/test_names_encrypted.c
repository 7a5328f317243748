// SPDX-License-Identifier: GPL-2.0-or-later
/* Public resolvers by name and address: whose they are, and what is none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "names/encrypted.h"
#include "names/encrypted_table.h"

#include <stdio.h>
#include <string.h>

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static const char *whose(const char *text)
{
	struct addr a = ip(text);

	return encrypted_by_addr(&a);
}

static void knows_names(void **state)
{
	(void)state;
	assert_string_equal(encrypted_by_name(NULL, "dns.google"), "Google");
	assert_string_equal(encrypted_by_name(NULL, "one.one.one.one"), "Cloudflare");
	assert_string_equal(encrypted_by_name(NULL, "dns.quad9.net"), "Quad9");
	/* the first and the last of the table */
	assert_non_null(encrypted_by_name(NULL, names[0].name));
	assert_non_null(
		encrypted_by_name(NULL, names[sizeof names / sizeof names[0] - 1].name));
}

static void knows_what_is_below(void **state)
{
	(void)state;
	assert_string_equal(
		encrypted_by_name(NULL, "mozilla.cloudflare-dns.com"), "Cloudflare");
	assert_string_equal(encrypted_by_name(NULL, "abc123.dns.nextdns.io"), "NextDNS");
	assert_string_equal(encrypted_by_name(NULL, "dns64.dns.google"), "Google");
}

static void knows_no_others(void **state)
{
	static const char *const others[] = {"google.com", "www.google", "google", "com",
		".", "", "cloudflare.com", "notdns.google", "dns.google.example",
		"nextdns.io", "www.opendns.com", "adns.googlee", "cloud.maker.example"};

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_null(encrypted_by_name(NULL, others[i]));
}

static void knows_addresses(void **state)
{
	(void)state;
	assert_string_equal(whose("8.8.8.8"), "Google");
	assert_string_equal(whose("1.0.0.1"), "Cloudflare");
	assert_string_equal(whose("9.9.9.9"), "Quad9");
	assert_string_equal(whose("223.5.5.5"), "AliDNS");
	assert_string_equal(whose("2001:4860:4860::8888"), "Google");
	assert_string_equal(whose("2606:4700:4700::1111"), "Cloudflare");
	assert_null(whose("8.8.8.9"));
	assert_null(whose("192.168.1.1"));
	assert_null(whose("2001:4860:4860::8889"));
	assert_null(whose("::"));
	assert_null(encrypted_by_addr(&(struct addr){0}));
}

static void takes_the_owners(void **state)
{
	struct encrypted_own own = {0};

	(void)state;
	assert_int_equal(encrypted_add(&own, "DoH.Example.NET."), 0);
	assert_string_equal(
		encrypted_by_name(&own, "a.doh.example.net"), "doh.example.net");
	assert_null(encrypted_by_name(&own, "example.net"));
	assert_null(encrypted_by_name(NULL, "doh.example.net"));
	assert_string_equal(encrypted_by_name(&own, "dns.google"), "Google");
	assert_int_equal(encrypted_add(&own, ""), CARDEA_EMALFORMED);
	assert_int_equal(encrypted_add(&own, "com"), CARDEA_EMALFORMED);
	assert_int_equal(encrypted_add(&own, "."), CARDEA_EMALFORMED);
	assert_int_equal(encrypted_add(&own, "a..b"), CARDEA_EMALFORMED);
	assert_int_equal(own.count, 1);
	while (own.count < ENCRYPTED_OWN_MAX)
		assert_int_equal(encrypted_add(&own, "x.example"), 0);
	assert_int_equal(encrypted_add(&own, "y.example"), CARDEA_ELIMIT);
}

/* A name out of order would never be found. */
static void table_is_sound(void **state)
{
	size_t count = sizeof providers / sizeof providers[0];

	(void)state;
	assert_true(count >= 60);
	for (size_t i = 0; i < count; i++)
		assert_non_null(providers[i]);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_true(!i || strcmp(names[i - 1].name, names[i].name) < 0);
		assert_string_equal(encrypted_by_name(NULL, names[i].name),
			providers[names[i].provider]);
	}
	for (size_t i = 1; i < sizeof v4s / sizeof v4s[0]; i++)
		assert_true(v4s[i - 1].addr < v4s[i].addr);
	for (size_t i = 1; i < sizeof v6s / sizeof v6s[0]; i++) {
		int order = 0;
		for (unsigned k = 0; !order && k < 8; k++)
			order = v6s[i].groups[k] - v6s[i - 1].groups[k];
		assert_true(order > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_names),
		cmocka_unit_test(knows_what_is_below),
		cmocka_unit_test(knows_no_others),
		cmocka_unit_test(knows_addresses),
		cmocka_unit_test(takes_the_owners),
		cmocka_unit_test(table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
