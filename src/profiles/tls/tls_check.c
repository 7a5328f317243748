// SPDX-License-Identifier: GPL-2.0-or-later
/* Compares a ClientHello with a TLS profile, parameter by parameter. */
#include "profiles/tls/tls_check.h"

#include <stddef.h>
#include <string.h>
#include "base/str.h"
#include "profiles/tls/tls_names.h"

/* Characters of an application protocol's name; real ones have 8. */
#define ALPN_SHOWN 64

/* Values in the list of cipher suites that are none: "I renegotiate safely" (RFC 5746
 * 3.3), which OpenSSL always says, and "I come back with less" (RFC 7507). */
#define SCSV_RENEGOTIATION 0x00ff
#define SCSV_FALLBACK 0x5600
/* The server's own words, given back to it on demand (RFC 8446 4.2.2). */
#define EXTENSION_COOKIE 44

struct kind {
	const char *what;
	const char *(*name)(uint16_t);
	bool only_known; /* numbers without a name are passed over */
	size_t in_profile, in_hello;
};

#define LISTS(member)                                                                  \
	.in_profile = offsetof(struct tls_profile, member),                            \
	.in_hello = offsetof(struct message_seen_hello, member)

/* What tells most to the owner comes first. */
static const struct kind kinds[] = {
	{"version", tls_name_version, true, LISTS(versions)},
	{"cipher suite", tls_name_cipher, false, LISTS(ciphers)},
	{"group", tls_name_group, false, LISTS(groups)},
	{"signature algorithm", tls_name_signature, false, LISTS(signatures)},
	{"certificate signature algorithm", tls_name_signature, false,
		LISTS(signatures_cert)},
	{"PSK key exchange mode", tls_name_mode, false, LISTS(modes)},
	{"certificate compression", tls_name_compression, false, LISTS(compressions)},
	{"extension", tls_name_extension, true, LISTS(extensions)},
};

struct finding {
	char what[LIMIT_TEXT]; /* the first */
	unsigned count;
};

static bool has(const struct u16_list *l, uint16_t value)
{
	for (unsigned i = 0; i < l->count && i < LIMIT_U16_LIST; i++)
		if (l->items[i] == value)
			return true;
	return false;
}

static bool is_parameter(const struct kind *k, uint16_t value)
{
	if (k->name == tls_name_extension && value == EXTENSION_COOKIE)
		return false;
	if (k->only_known)
		return k->name(value) != NULL;
	return k->name != tls_name_cipher ||
	       (value != SCSV_RENEGOTIATION && value != SCSV_FALLBACK);
}

static void check_list(const struct kind *k, const struct u16_list *listed,
	const struct u16_list *offered, struct finding *f)
{
	for (unsigned i = 0; i < offered->count && i < LIMIT_U16_LIST; i++) {
		uint16_t value = offered->items[i];
		const char *name = k->name(value);

		if (!is_parameter(k, value) || has(listed, value))
			continue;
		if (!f->count++)
			(void)str_print(f->what, sizeof(f->what),
				name ? "%s %s (0x%04x)" : "%s%s 0x%04x", k->what,
				name ? name : "", value);
	}
}

/* Names are compared as they are (RFC 7301 3.1): case counts. */
static bool alpn_has(const char *list, const char *name, size_t len)
{
	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && memcmp(list, name, len) == 0)
			return true;
		list += n;
		list += *list == ',';
	}
	return false;
}

static void check_alpn(const char *listed, const char *offered, struct finding *f)
{
	while (*offered) {
		size_t n = strcspn(offered, ",");

		if (n && !alpn_has(listed, offered, n) && !f->count++)
			(void)str_print(f->what, sizeof(f->what),
				"application protocol %.*s%s",
				(int)(n < ALPN_SHOWN ? n : ALPN_SHOWN), offered,
				n > ALPN_SHOWN ? "..." : "");
		offered += n;
		offered += *offered == ',';
	}
}

bool tls_profile_allows(const struct tls_profile *p, const struct message_seen_hello *h,
	char ret_text[LIMIT_TEXT])
{
	struct finding f = {.count = 0};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];
		const struct u16_list *listed =
			(const void *)((const char *)p + k->in_profile);

		if (listed->count)
			check_list(k, listed,
				(const void *)((const char *)h + k->in_hello), &f);
	}
	if (p->alpn[0])
		check_alpn(p->alpn, h->alpn, &f);
	if (!f.count)
		return true;
	if (f.count == 1)
		(void)str_print(ret_text, LIMIT_TEXT,
			"offers %s, which its TLS profile does not list", f.what);
	else
		(void)str_print(ret_text, LIMIT_TEXT,
			"offers %s and %u more that its TLS profile does not list",
			f.what, f.count - 1);
	return false;
}
