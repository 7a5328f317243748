// SPDX-License-Identifier: GPL-2.0-or-later
/* What a profile lists against what a device offers, and how the difference is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "profiles/tls/tls_check.h"
#include "profiles/tls/tls_names.h"

static struct tls_profile profile;
static struct message_seen_hello hello;
static char text[LIMIT_TEXT];

static void set(struct u16_list *l, const uint16_t *values, unsigned count)
{
	l->count = (uint16_t)count;
	memcpy(l->items, values, count * sizeof(*values));
}
#define SET(l, ...)                                                                      \
	set(l, (uint16_t[]){__VA_ARGS__},                                                \
		sizeof((uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

/* A profile of everything, and a hello that offers all of it but one thing of each. */
static int setup(void **state)
{
	(void)state;
	memset(&profile, 0, sizeof(profile));
	memset(&hello, 0, sizeof(hello));
	text[0] = 0;
	SET(&profile.versions, 0x0303, 0x0304);
	SET(&profile.ciphers, 0x1301, 0xc02b, 0xc02f);
	SET(&profile.extensions, 0, 10, 13, 16, 43, 51);
	SET(&profile.groups, 23, 29);
	SET(&profile.signatures, 0x0403, 0x0804);
	SET(&profile.signatures_cert, 0x0403);
	SET(&profile.modes, 1);
	SET(&profile.compressions, 2);
	str_copy(profile.alpn, LIMIT_TEXT, "h2,http/1.1,a\\x2cb");
	SET(&hello.versions, 0x0304);
	SET(&hello.ciphers, 0xc02f, 0x1301);
	SET(&hello.extensions, 51, 0, 43);
	SET(&hello.groups, 29);
	SET(&hello.signatures, 0x0804);
	SET(&hello.signatures_cert, 0x0403);
	SET(&hello.modes, 1);
	SET(&hello.compressions, 2);
	str_copy(hello.alpn, LIMIT_TEXT, "http/1.1,h2");
	return 0;
}

static void allowed(void)
{
	if (!tls_profile_allows(&profile, &hello, text))
		fail_msg("it %s", text);
	assert_string_equal(text, "");
}

static void refused(const char *what)
{
	char expected[LIMIT_TEXT];

	assert_false(tls_profile_allows(&profile, &hello, text));
	(void)str_print(expected, sizeof(expected),
		"offers %s, which its TLS profile does not list", what);
	assert_string_equal(text, expected);
	assert_int_equal(setup(NULL), 0);
}

static void what_is_listed_is_allowed(void **state)
{
	(void)state;
	allowed();
	memset(&hello, 0, sizeof(hello)); /* less than is listed */
	allowed();
}

static void each_kind_is_checked(void **state)
{
	(void)state;
	SET(&hello.versions, 0x0304, 0x0302);
	refused("version TLS 1.1 (0x0302)");
	SET(&hello.versions, 0xfefd);
	refused("version DTLS 1.2 (0xfefd)");
	SET(&hello.ciphers, 0x1301, 0x0005);
	refused("cipher suite TLS_RSA_WITH_RC4_128_SHA (0x0005)");
	SET(&hello.ciphers, 0xfaf0);
	refused("cipher suite 0xfaf0");
	SET(&hello.extensions, 0, 15);
	refused("extension heartbeat (0x000f)");
	SET(&hello.groups, 0x11ec, 29);
	refused("group X25519MLKEM768 (0x11ec)");
	SET(&hello.signatures, 0x0201);
	refused("signature algorithm rsa_pkcs1_sha1 (0x0201)");
	SET(&hello.signatures_cert, 0x0804);
	refused("certificate signature algorithm rsa_pss_rsae_sha256 (0x0804)");
	SET(&hello.modes, 1, 0);
	refused("PSK key exchange mode psk_ke (0x0000)");
	SET(&hello.compressions, 3);
	refused("certificate compression zstd (0x0003)");
	str_copy(hello.alpn, LIMIT_TEXT, "h2,dot");
	refused("application protocol dot");
}

static void the_rest_is_counted(void **state)
{
	(void)state;
	SET(&hello.ciphers, 0x0005, 0x000a, 0x1301);
	SET(&hello.extensions, 15);
	str_copy(hello.alpn, LIMIT_TEXT, "dot");
	assert_false(tls_profile_allows(&profile, &hello, text));
	assert_string_equal(text,
		"offers cipher suite TLS_RSA_WITH_RC4_128_SHA (0x0005) and 3 more that "
		"its TLS profile does not list");
}

/* What is not recognised is passed over (RFC 9761); signals are no cipher suites, and a
 * cookie is not the device's. */
static void the_unknown_is_passed_over(void **state)
{
	(void)state;
	SET(&hello.extensions, 0, 0x7777, 44);
	SET(&hello.versions, 0x0304, 0x7f1c);
	SET(&hello.ciphers, 0x1301, 0x00ff, 0x5600);
	allowed();
}

static void empty_lists_say_nothing(void **state)
{
	static const size_t lists[] = {offsetof(struct tls_profile, versions),
		offsetof(struct tls_profile, ciphers),
		offsetof(struct tls_profile, extensions),
		offsetof(struct tls_profile, groups),
		offsetof(struct tls_profile, signatures),
		offsetof(struct tls_profile, signatures_cert),
		offsetof(struct tls_profile, modes),
		offsetof(struct tls_profile, compressions)};

	(void)state;
	SET(&hello.versions, 0x0300);
	SET(&hello.ciphers, 0x0005);
	SET(&hello.extensions, 15);
	SET(&hello.groups, 1);
	SET(&hello.signatures, 0x0101);
	SET(&hello.signatures_cert, 0x0101);
	SET(&hello.modes, 0);
	SET(&hello.compressions, 1);
	str_copy(hello.alpn, LIMIT_TEXT, "dot");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_false(tls_profile_allows(&profile, &hello, text));
		((struct u16_list *)(void *)((char *)&profile + lists[i]))->count = 0;
	}
	assert_false(tls_profile_allows(&profile, &hello, text));
	profile.alpn[0] = 0;
	text[0] = 0;
	allowed();
}

/* A part of a listed name, or two of them, is another name. */
static void names_are_compared_whole(void **state)
{
	static const char *const others[] = {
		"h", "h22", "H2", "http/1.", "1.1", "a\\x2c", "b", "..."};

	(void)state;
	str_copy(hello.alpn, LIMIT_TEXT, "a\\x2cb");
	allowed();
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char what[LIMIT_TEXT];

		(void)str_print(what, sizeof(what), "application protocol %s", others[i]);
		str_copy(hello.alpn, LIMIT_TEXT, others[i]);
		refused(what);
	}
	memset(hello.alpn, 'x', LIMIT_TEXT - 1);
	assert_false(tls_profile_allows(&profile, &hello, text));
	assert_non_null(strstr(text, "xxx..., which its TLS profile does not list"));
}

/* Full lists do not read beyond themselves, whatever their count says. */
static void full_lists_are_read(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LIMIT_U16_LIST; i++) {
		profile.ciphers.items[i] = (uint16_t)(0xc000 + i);
		hello.ciphers.items[i] = (uint16_t)(0xc0ff - i);
	}
	profile.ciphers.count = hello.ciphers.count = LIMIT_U16_LIST;
	allowed();
	profile.ciphers.count = hello.ciphers.count = 0xffff;
	allowed();
	hello.ciphers.items[LIMIT_U16_LIST - 1] = 5;
	refused("cipher suite TLS_RSA_WITH_RC4_128_SHA (0x0005)");
}

/* Every sentence with a name fits; one number has one name. */
static void all_names_fit(void **state)
{
	static const char *(*const names[])(uint16_t) = {tls_name_version,
		tls_name_cipher, tls_name_extension, tls_name_group, tls_name_signature,
		tls_name_mode, tls_name_compression};
	static const unsigned at_least[] = {8, 200, 50, 40, 25, 2, 3};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unsigned known = 0;

		for (unsigned n = 0; n <= 0xffff; n++) {
			const char *name = names[i]((uint16_t)n);

			known += name != NULL;
			assert_true(!name || (name[0] && strlen(name) < 64));
		}
		assert_true(known >= at_least[i]);
	}
	assert_string_equal(tls_name_cipher(0x1301), "TLS_AES_128_GCM_SHA256");
	assert_string_equal(
		tls_name_cipher(0xc02b), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
	assert_string_equal(tls_name_extension(43), "supported_versions");
	assert_string_equal(tls_name_group(29), "x25519");
	assert_string_equal(tls_name_signature(0x0807), "ed25519");
	assert_null(tls_name_extension(0x0a0a));
	assert_null(tls_name_version(0x0a0a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_listed_is_allowed, setup),
		cmocka_unit_test_setup(each_kind_is_checked, setup),
		cmocka_unit_test_setup(the_rest_is_counted, setup),
		cmocka_unit_test_setup(the_unknown_is_passed_over, setup),
		cmocka_unit_test_setup(empty_lists_say_nothing, setup),
		cmocka_unit_test_setup(names_are_compared_whole, setup),
		cmocka_unit_test_setup(full_lists_are_read, setup),
		cmocka_unit_test(all_names_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
