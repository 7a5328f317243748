// SPDX-License-Identifier: GPL-2.0-or-later
/* cose.c - fuzz target: a frame's parts lie inside it, what is to be signed says each of
 * them once and no more, and no key vouches for what it never signed. */
#include "attest/attest.h"
#include "wire/cbor.h"
#include "wire_fuzz.h"

/* Their private halves were thrown away: whatever verifies is a forgery. */
static const char *const pems[] = {
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDCJc0krKxqSBDz8/K6uJHCcNEX/s\n"
	"ZEZY6izDy4Hgh8/Z6wVHkbxKZRVxh3MSq8ckICoAWGSm7ED6o1iw/W5aKg==\n"
	"-----END PUBLIC KEY-----\n",
	"-----BEGIN PUBLIC KEY-----\n"
	"MCowBQYDK2VwAyEAgB6vPEuuqu9iPTHcBdBFk/6Ml+gf79MHXzFWL784eJA=\n"
	"-----END PUBLIC KEY-----\n",
};
#define KEYS (sizeof(pems) / sizeof(pems[0]))

static struct attest_key *key(size_t i)
{
	static struct attest_key *keys[KEYS];
	char text[LIMIT_TEXT];

	if (!keys[i])
		FUZZ_ASSERT(attest_key_read(pems[i], strlen(pems[i]), &keys[i], text) == 0);
	return keys[i];
}

static void part_inside(struct cursor c, const uint8_t *data, size_t size)
{
	if (c.start)
		fuzz_inside(&c, data, size);
}

static void same(struct cursor a, struct cursor b)
{
	size_t len = cursor_left(&a);

	FUZZ_ASSERT(len == cursor_left(&b));
	FUZZ_ASSERT(len == 0 || memcmp(a.pos, b.pos, len) == 0);
}

/* Sig_structure (RFC 9052 4.4), read by the rules of any CBOR. */
static void signed_says_all(const struct cose *s, size_t size)
{
	size_t room = COSE_SIGNED_HEAD + size;
	uint8_t *b = malloc(room);
	if (!b)
		abort();
	struct writer w = writer_of(b, room);

	cose_signed_bytes(s, s->payload, &w);
	FUZZ_ASSERT(!w.error);
	struct cursor c = cursor_of(b, w.len), nothing = cursor_of(NULL, 0);
	FUZZ_ASSERT(cbor_array(&c) == 4);
	const char *context = s->kind == COSE_SIGN1 ? "Signature1" : "MAC0";
	same(cbor_text(&c), cursor_of(context, strlen(context)));
	same(cbor_bytes(&c), s->protected);
	same(cbor_bytes(&c), nothing);
	same(cbor_bytes(&c), s->payload);
	FUZZ_ASSERT(!c.error && cursor_left(&c) == 0);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int tagged = 0; tagged < 2; tagged++) {
		struct cursor c = cursor_of(data, size);
		struct cose s;

		if (cose_read(&c, tagged, &s))
			continue;
		fuzz_inside(&c, data, size);
		part_inside(s.protected, data, size);
		part_inside(s.kid, data, size);
		part_inside(s.cert, data, size);
		part_inside(s.payload, data, size);
		part_inside(s.signature, data, size);
		FUZZ_ASSERT(!s.alg_is_protected || s.has_alg);
		FUZZ_ASSERT(!s.is_detached || cursor_left(&s.payload) == 0);
		signed_says_all(&s, size);
		for (size_t i = 0; i < KEYS; i++)
			FUZZ_ASSERT(attest_cose_verify(key(i), &s, s.payload) != 0);
	}
	return 0;
}
