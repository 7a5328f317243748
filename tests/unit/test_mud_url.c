// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_url - which URLs may be fetched, who is behind one, where its signature is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/str.h"
#include "profiles/mud/mud.h"

static void test_good(void **state)
{
	(void)state;
	static const char *const urls[] = {"https://maker.example/thing",
		"HTTPS://Maker.Example", "https://maker.example:8443/a/b.json?v=1%20",
		"https://maker.example./x", "https://a_b.example/",
		"https://m.example?q", "https://xn--bcher-kva.example/#f",
		"https://m.example:/"};
	char why[LIMIT_TEXT];

	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		str_copy(why, sizeof why, "untouched");
		assert_int_equal(mud_url_check(urls[i], 0, why), 0);
		assert_string_equal(why, "untouched");
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		int error;
		const char *part;
	} cases[] = {
		{"", CARDEA_EMALFORMED, "https"},
		{"https:/", CARDEA_EMALFORMED, "https"},
		{"http://maker.example/", CARDEA_EMALFORMED, "https"},
		{"ftp://maker.example/", CARDEA_EMALFORMED, "https"},
		{"file:///etc/passwd", CARDEA_EMALFORMED, "https"},
		{"maker.example/thing", CARDEA_EMALFORMED, "https"},
		{"https://", CARDEA_EMALFORMED, "host"},
		{"https:///path", CARDEA_EMALFORMED, "host"},
		{"https://-a.example/", CARDEA_EMALFORMED, "host"},
		{"https://a..example/", CARDEA_EMALFORMED, "host"},
		{"https://10.0.0.300/", CARDEA_EMALFORMED, "host"},
		{"https://[192.0.2.1]/", CARDEA_EMALFORMED, "host"},
		{"https://[2001:db8::1]x/", CARDEA_EMALFORMED, "host"},
		{"https://[2001:db8::1/", CARDEA_EMALFORMED, "host"},
		{"https://a%2eexample/", CARDEA_EMALFORMED, "host"},
		{"https://maker.example:0/", CARDEA_EMALFORMED, "port"},
		{"https://maker.example:65536/", CARDEA_EMALFORMED, "port"},
		{"https://maker.example:4430000443/", CARDEA_EMALFORMED, "port"},
		{"https://maker.example:+443/", CARDEA_EMALFORMED, "port"},
		{"https://u@maker.example/", CARDEA_EREFUSED, "user name"},
		{"https://maker.example:x@evil.example/", CARDEA_EREFUSED, "user name"},
		{"https://192.0.2.1/", CARDEA_EREFUSED, "address"},
		{"https://[2001:db8::1]:444/", CARDEA_EREFUSED, "address"},
		{"https://maker.example/a b", CARDEA_EMALFORMED, "percent"},
		{"https://maker.example/\n", CARDEA_EMALFORMED, "percent"},
		{"https://maker.example/\xc3\xa4", CARDEA_EMALFORMED, "percent"},
		{"https://maker.example\\@evil.example/", CARDEA_EMALFORMED, "percent"},
	};
	char why[LIMIT_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(mud_url_check(cases[i].url, 0, why), cases[i].error);
		assert_non_null(strstr(why, cases[i].part));
	}
}

static void test_length(void **state)
{
	(void)state;
	char url[LIMIT_URL + 1] = "https://maker.example/", why[LIMIT_TEXT];
	size_t n = strlen(url);

	memset(url + n, 'a', LIMIT_URL - 1 - n);
	url[LIMIT_URL - 1] = 0;
	assert_int_equal(mud_url_check(url, 0, why), 0);
	url[LIMIT_URL - 1] = 'a';
	url[LIMIT_URL] = 0;
	assert_int_equal(mud_url_check(url, 0, why), CARDEA_ELIMIT);
}

static void test_literals_on_demand(void **state)
{
	(void)state;
	char why[LIMIT_TEXT];

	assert_int_equal(mud_url_check("https://192.0.2.1/", MUD_URL_LITERALS, why), 0);
	assert_int_equal(
		mud_url_check("https://[2001:db8::1]:444/", MUD_URL_LITERALS, why), 0);
}

static void test_authority(void **state)
{
	(void)state;
	static const struct {
		const char *url, *authority;
	} cases[] = {
		{"https://Maker.Example/x", "maker.example"},
		{"https://maker.example:443/x", "maker.example"},
		{"https://maker.example:/x", "maker.example"},
		{"https://maker.example.:8443", "maker.example:8443"},
		{"https://maker.example?a@b", "maker.example"},
		{"https://[2001:DB8:0::1]:444/", "[2001:db8::1]:444"},
	};
	char out[LIMIT_NAME];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(mud_url_authority(cases[i].url, out), 0);
		assert_string_equal(out, cases[i].authority);
	}
	str_copy(out, sizeof out, "untouched");
	assert_int_equal(
		mud_url_authority("http://a.example/", out), CARDEA_EMALFORMED);
	assert_int_equal(mud_url_authority("https://a b/", out), CARDEA_EMALFORMED);
	assert_string_equal(out, "untouched");
}

/* The examples of RFC 3986 5.4, with what applies to https. */
static void test_signature_url(void **state)
{
	(void)state;
	static const struct {
		const char *base, *reference, *url;
	} cases[] = {
		{"https://a.example/b/c/d?q", "g", "https://a.example/b/c/g"},
		{"https://a.example/b/c/d?q", "./g", "https://a.example/b/c/g"},
		{"https://a.example/b/c/d?q", "g/", "https://a.example/b/c/g/"},
		{"https://a.example/b/c/d?q", "/g", "https://a.example/g"},
		{"https://a.example/b/c/d?q", "//g.example", "https://g.example"},
		{"https://a.example/b/c/d?q", "?y", "https://a.example/b/c/d?y"},
		{"https://a.example/b/c/d?q", "g?y", "https://a.example/b/c/g?y"},
		{"https://a.example/b/c/d?q", ".", "https://a.example/b/c/"},
		{"https://a.example/b/c/d?q", "..", "https://a.example/b/"},
		{"https://a.example/b/c/d?q", "../g", "https://a.example/b/g"},
		{"https://a.example/b/c/d?q", "../../g", "https://a.example/g"},
		{"https://a.example/b/c/d?q", "../../../../g", "https://a.example/g"},
		{"https://a.example/b/c/d?q", "./g/../h", "https://a.example/b/c/h"},
		{"https://a.example/b/c/d?q", "g?y/../x",
			"https://a.example/b/c/g?y/../x"},
		{"https://a.example/b/c/d?q", "..g", "https://a.example/b/c/..g"},
		{"https://a.example", "g.p7s", "https://a.example/g.p7s"},
		{"https://a.example:8443/x", "g.p7s", "https://a.example:8443/g.p7s"},
		{"https://a.example/x", "https://b.example/y", "https://b.example/y"},
	};
	char url[LIMIT_URL], why[LIMIT_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(mud_url_signature(cases[i].base, cases[i].reference, 0,
					 url, why),
			0);
		assert_string_equal(url, cases[i].url);
	}
}

static void test_signature_url_refused(void **state)
{
	(void)state;
	static const struct {
		const char *reference, *part;
	} cases[] = {
		{"", "empty"},
		{"#f", "empty"},
		{"http://a.example/x", "https"},
		{"mailto:a@b.example", "https"},
		{"//u@b.example/", "user name"},
		{"//192.0.2.1/x", "address"},
		{"a b", "percent"},
	};
	char url[LIMIT_URL] = "untouched", why[LIMIT_TEXT], longer[LIMIT_URL];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(mud_url_signature("https://a.example/x", cases[i].reference,
				    0, url, why) < 0);
		assert_non_null(strstr(why, cases[i].part));
	}
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = 0;
	assert_int_equal(mud_url_signature("https://a.example/x", longer, 0, url, why),
		CARDEA_ELIMIT);
	assert_string_equal(url, "untouched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_literals_on_demand),
		cmocka_unit_test(test_authority),
		cmocka_unit_test(test_signature_url),
		cmocka_unit_test(test_signature_url_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
