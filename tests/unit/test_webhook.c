// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the owner may have himself told of what happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "model/webhook.h"

static const struct {
	const char *url, *host;
	uint16_t port;
	bool tls, literal;
} good[] = {
	{"https://hooks.example/a/b?c=d", "hooks.example", 443, true, false},
	{"https://hooks.example", "hooks.example", 443, true, false},
	{"https://hooks.example:8443/", "hooks.example", 8443, true, false},
	{"https://203.0.113.7/x", "203.0.113.7", 443, true, true},
	{"http://192.168.1.10:8123/api/webhook/x", "192.168.1.10", 8123, false, true},
	{"http://10.0.0.1?x", "10.0.0.1", 80, false, true},
	{"http://[fd00::7]:8123/x", "fd00::7", 8123, false, true},
	{"http://[fe80::7]/x", "fe80::7", 80, false, true},
	{"http://127.0.0.1:9/x", "127.0.0.1", 9, false, true},
};

static void what_is_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct webhook_url u;
		const char *why = NULL;

		assert_int_equal(webhook_url_read(good[i].url, &u, &why), 0);
		assert_string_equal(u.host, good[i].host);
		assert_int_equal(u.port, good[i].port);
		assert_int_equal(u.tls, good[i].tls);
		assert_int_equal(u.literal, good[i].literal);
	}
}

static void what_is_shown(void **state)
{
	static const char *const urls[][2] = {
		{"https://hooks.example/a/b?c=d", "https://hooks.example/(hidden)"},
		{"https://hooks.example?c=d", "https://hooks.example/(hidden)"},
		{"https://hooks.example", "https://hooks.example"},
		{"http://[fd00::7]:8123/x", "http://[fd00::7]:8123/(hidden)"},
		{"", ""}, {"hooks.example/secret", ""}};
	char shown[64];

	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		webhook_url_show(urls[i][0], shown, sizeof shown);
		assert_string_equal(shown, urls[i][1]);
	}
}

static void what_is_none(void **state)
{
	static const char *const bad[] = {"", "hooks.example", "ftp://192.168.1.1/",
		"http://hooks.example/", "http://203.0.113.7/", "http://[2001:db8::1]/",
		"https://", "https:///x", "https://:443/", "https://a b/", "https://a\n/",
		"https://user@hooks.example/", "https://hooks.example:0/",
		"https://hooks.example:65536/", "https://hooks.example:4x/",
		"https://hooks.example:/", "https://[fd00::1/", "https://[fd00::1]x/",
		"https://-x/", "https://.x/", "https://\xc3\xa4/", "https://x/#y",
		"http://[::ffff:203.0.113.7]/", "https://[hooks.example]:99999/"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct webhook_url u = {.port = 7};
		const char *why = NULL;

		if (!webhook_url_read(bad[i], &u, &why))
			fail_msg("taken: %s", bad[i]);
		assert_non_null(why);
		assert_int_equal(u.port, 7); /* untouched */
	}
}

static void a_host_that_is_too_long(void **state)
{
	char url[600] = "https://";
	struct webhook_url u;
	const char *why = NULL;

	(void)state;
	memset(url + 8, 'a', 500);
	assert_int_not_equal(webhook_url_read(url, &u, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_one),
		cmocka_unit_test(what_is_shown), cmocka_unit_test(what_is_none),
		cmocka_unit_test(a_host_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
