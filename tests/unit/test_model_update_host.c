// SPDX-License-Identifier: GPL-2.0-or-later
/* test_model_update_host - what is a host that may be kept for a device that is held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/str.h"
#include "model/flow.h"
#include "model/update_host.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void texts_are_read(void **state)
{
	static const struct {
		const char *text, *words;
	} good[] = {
		{"Firmware.Example.COM", "firmware.example.com"},
		{"firmware.example.com.", "firmware.example.com"},
		{"firmware.example.com:8443", "firmware.example.com (TCP 8443)"},
		{"192.0.2.7", "192.0.2.7"},
		{"192.0.2.7:1", "192.0.2.7 (TCP 1)"},
		{"2001:db8::7", "2001:db8::7"},
		{"[2001:db8::7]:65535", "2001:db8::7 (TCP 65535)"},
		{"[2001:db8::7]", "2001:db8::7"},
	};
	static const char *const bad[] = {"", ":443", "a.example:", "a.example:0",
		"a.example:65536", "a.example:99999999999999999999", "a.example:44x",
		"a.example: 443", "[2001:db8::7", "[2001:db8::7]443", "[2001:db8::7]:", "[]:443",
		"[a.example]:443", "a..example", ".", "a.example:443:", "-1", "[192.0.2.7]:80"};
	char buf[UPDATE_HOST_WORDS_MAX];
	struct update_host h;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (!update_host_parse(good[i].text, &h))
			fail_msg("%s", good[i].text);
		assert_string_equal(update_host_words(&h, buf), good[i].words);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (update_host_parse(bad[i], &h) && !update_host_flaw(&h))
			fail_msg("%s was read as %s", bad[i], update_host_words(&h, buf));
}

static void uris_have_hosts(void **state)
{
	static const struct {
		const char *uri, *words;
	} good[] = {
		{"https://fw.example.com/a/b.bin", "fw.example.com (TCP 443)"},
		{"HTTPS://FW.example.com", "fw.example.com (TCP 443)"},
		{"http://fw.example.com:8080?x", "fw.example.com (TCP 8080)"},
		{"coap://fw.example.com/x", "fw.example.com (UDP 5683)"},
		{"coaps://[2001:db8::1]:9999/x", "2001:db8::1 (UDP 9999)"},
		{"https://192.0.2.7#x", "192.0.2.7 (TCP 443)"},
	};
	static const char *const bad[] = {"", "https://", "https:///x", "ftp://fw.example.com/",
		"https//fw.example.com", "https://user@fw.example.com/",
		"https://fw.example.com@evil.example/", "https://fw.example.com:/",
		"javascript://fw.example.com/", "#fw.example.com", "https:/fw.example.com"};
	char buf[UPDATE_HOST_WORDS_MAX], large[1024];
	struct update_host h;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (!update_host_of_uri(good[i].uri, &h))
			fail_msg("%s", good[i].uri);
		assert_string_equal(update_host_words(&h, buf), good[i].words);
		assert_null(update_host_flaw(&h));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (update_host_of_uri(bad[i], &h))
			fail_msg("%s was read as %s", bad[i], update_host_words(&h, buf));
	memset(large, 'a', sizeof(large));
	memcpy(large, "https://", 8);
	large[sizeof(large) - 1] = 0;
	assert_false(update_host_of_uri(large, &h));
}

static const char *flaw(const char *text, enum update_source source)
{
	struct update_host h;

	assert_true(update_host_parse(text, &h));
	if (text[0] == '*') /* as the learner writes it */
		str_copy(h.name, sizeof(h.name), "*.example.com");
	h.source = source;
	if (source != UPDATE_OWNER)
		h.proto = FLOW_PROTO_TCP;
	return update_host_flaw(&h);
}

static void flaws_are_named(void **state)
{
	static const struct {
		const char *text, *owner, *others; /* a part of it; NULL: none */
	} all[] = {
		{"fw.example.com:443", NULL, NULL},
		{"_fw.example.com:443", NULL, NULL},
		{"fw.example.com", NULL, "without its service"},
		{"com:443", "whole name", "whole name"},
		{"a-.example:443", "whole name", "whole name"},
		{"1.2.3.example.4:443", "whole name", "whole name"},
		{"*.example.com:443", "whole name", "whole name"},
		{"printer.local:443", "name of the internet", "name of the internet"},
		{"x.onion:443", "name of the internet", "name of the internet"},
		{"x.home.arpa:443", "name of the internet", "name of the internet"},
		{"fw.example.com:53", "answer for names", "answer for names"},
		{"fw.example.com:853", "answer for names", "answer for names"},
		{"0.0.0.0:443", "one host", "one host"},
		{"127.0.0.1:443", "one host", "one host"},
		{"169.254.1.1:443", "one host", "one host"},
		{"239.1.1.1:443", "one host", "one host"},
		{"255.255.255.255:443", "one host", "one host"},
		{"[::]:443", "one host", "one host"},
		{"[::1]:443", "one host", "one host"},
		{"[::ffff:192.0.2.7]:443", "one host", "one host"},
		{"[64:ff9b::c000:207]:443", "one host", "one host"},
		{"[fe80::1]:443", "one host", "one host"},
		{"[ff02::1]:443", "one host", "one host"},
		{"10.1.2.3:443", NULL, "only its owner"},
		{"[fd00::1]:443", NULL, "only its owner"},
		{"192.0.2.7:443", NULL, NULL},
		{"[2001:db8::7]:443", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++)
		for (unsigned s = UPDATE_SUIT; s < UPDATE_SOURCE_MAX; s++) {
			const char *is = flaw(all[i].text, (enum update_source)s);
			const char *want =
				s == UPDATE_OWNER ? all[i].owner : all[i].others;
			if (s == UPDATE_LEARNED && all[i].text[0] == '*')
				want = NULL; /* the learner stays below public suffixes */
			if (!is != !want || (want && !strstr(is, want)))
				fail_msg("%s by %s: %s", all[i].text,
					update_source_name((enum update_source)s),
					is ? is : "no flaw");
		}
}

static void odd_ones_are_none(void **state)
{
	struct update_host h = {.source = UPDATE_OWNER};
	struct update_host same;

	(void)state;
	assert_non_null(update_host_flaw(&h)); /* nobody */
	assert_true(update_host_parse("192.0.2.7", &h));
	h.source = UPDATE_OWNER;
	str_copy(h.name, sizeof(h.name), "a.example"); /* two at once */
	assert_non_null(update_host_flaw(&h));
	h.name[0] = 0;
	h.addr.family = 5;
	assert_non_null(update_host_flaw(&h));
	h.addr.family = 4;
	h.proto = 47;
	assert_non_null(update_host_flaw(&h));
	h.proto = 0;
	assert_null(update_host_flaw(&h));
	same = h;
	same.since = 7;
	assert_true(update_host_equal(&h, &same));
	same.port = 443;
	assert_false(update_host_equal(&h, &same));
	h.source = UPDATE_SOURCE_MAX;
	assert_non_null(update_host_flaw(&h));
	assert_string_equal(update_source_name(UPDATE_SOURCE_MAX), "unknown");
	memset(h.name, 'a', sizeof(h.name));
	h.has_addr = false;
	h.source = UPDATE_OWNER;
	assert_non_null(update_host_flaw(&h)); /* without an end */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read),
		cmocka_unit_test(uris_have_hosts),
		cmocka_unit_test(flaws_are_named),
		cmocka_unit_test(odd_ones_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
