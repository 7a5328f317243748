// SPDX-License-Identifier: GPL-2.0-or-later
/* tls_weak - parameters in a TLS profile that its author should not list: those that
 * protect nothing any more, of which a manager warns (RFC 9761 6), and those that mean
 * nothing (RFC 8701). */
#include "profiles/mud/mud_priv.h"

struct span {
	uint16_t first, last;
	const char *why;
};

/* IANA's TLS Cipher Suites: no encryption, no server's name behind it, or a cipher that
 * RFC 9325 4.1 forbids (RC4, DES, 3DES, RC2, IDEA, export lengths). */
static const struct span ciphers[] = {
	{0x0000, 0x002e, "no encryption, or RC4, DES, 3DES or export lengths"},
	{0x0034, 0x0034, "an anonymous server"},
	{0x003a, 0x003a, "an anonymous server"},
	{0x003b, 0x003b, "no encryption"},
	{0x0046, 0x0046, "an anonymous server"},
	{0x006c, 0x006d, "an anonymous server"},
	{0x0089, 0x0089, "an anonymous server"},
	{0x008a, 0x008b, "RC4 or 3DES"},
	{0x008e, 0x008f, "RC4 or 3DES"},
	{0x0092, 0x0093, "RC4 or 3DES"},
	{0x009b, 0x009b, "an anonymous server"},
	{0x00a6, 0x00a7, "an anonymous server"},
	{0x00b0, 0x00b1, "no encryption"},
	{0x00b4, 0x00b5, "no encryption"},
	{0x00b8, 0x00b9, "no encryption"},
	{0x00bf, 0x00bf, "an anonymous server"},
	{0x00c5, 0x00c5, "an anonymous server"},
	{0xc001, 0xc003, "no encryption, RC4 or 3DES"},
	{0xc006, 0xc008, "no encryption, RC4 or 3DES"},
	{0xc00b, 0xc00d, "no encryption, RC4 or 3DES"},
	{0xc010, 0xc012, "no encryption, RC4 or 3DES"},
	{0xc015, 0xc01c, "an anonymous server, or 3DES"},
	{0xc033, 0xc034, "RC4 or 3DES"},
	{0xc039, 0xc03b, "no encryption"},
	{0xc046, 0xc047, "an anonymous server"},
	{0xc05a, 0xc05b, "an anonymous server"},
	{0xc084, 0xc085, "an anonymous server"},
	{0xc0b4, 0xc0b5, "no encryption"},
};

/* TLS Supported Groups: shorter than 224 bits, or withdrawn (RFC 8422 5.1.1). */
static const struct span groups[] = {
	{1, 8, "a curve of less than 192 bits"},
	{15, 19, "a curve of less than 224 bits"},
	{0xff01, 0xff02, "a curve of the device's own choice"},
};

/* TLS SignatureScheme, high byte the hash in TLS 1.2: MD5 and SHA-1 (RFC 9155). */
static const struct span signatures[] = {
	{0x0101, 0x0103, "MD5"},
	{0x0201, 0x0203, "SHA-1"},
};

/* RFC 8701 2: reserved values that hellos contain to keep servers honest. */
static bool is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

static const char *weakness(const struct span *spans, size_t count, uint16_t v)
{
	for (size_t i = 0; i < count; i++)
		if (v >= spans[i].first && v <= spans[i].last)
			return spans[i].why;
	return NULL;
}

/* The first of a list is named; who mends it looks at the others. */
static void look(struct mud_reader *r, const struct mud_at *at,
	const struct u16_list *l, const struct span *spans, size_t count)
{
	bool said_weak = false, said_grease = false;

	for (unsigned i = 0; i < l->count; i++) {
		uint16_t v = l->items[i];
		const char *why = weakness(spans, count, v);

		if (is_grease(v) && !said_grease) {
			mud_note(r, NOTE_WARNING, at,
				"0x%04x is reserved to mean nothing, and has no place "
				"in a profile (RFC 9761 section 5)",
				v);
			said_grease = true;
		} else if (why && !said_weak) {
			mud_note(r, NOTE_WARNING, at,
				"0x%04x is weak: %s (RFC 9761 section 6)", v, why);
			said_weak = true;
		}
	}
}

#define COUNT(x) (sizeof(x) / sizeof *(x))

void mud_tls_weak(struct mud_reader *r, const struct mud_at *at, enum mud_tls_kind kind,
	const struct u16_list *l)
{
	switch (kind) {
	case MUD_TLS_CIPHERS:
		look(r, at, l, ciphers, COUNT(ciphers));
		return;
	case MUD_TLS_GROUPS:
		look(r, at, l, groups, COUNT(groups));
		return;
	case MUD_TLS_SIGNATURES:
		look(r, at, l, signatures, COUNT(signatures));
		return;
	case MUD_TLS_OTHERS:
		look(r, at, l, NULL, 0);
		return;
	}
}
