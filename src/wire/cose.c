// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "wire/cose.h"

#include "wire/cbor.h"

/* RFC 9052 3.1, RFC 9360 2. */
#define HEADER_ALG 1
#define HEADER_CRIT 2
#define HEADER_KID 4
#define HEADER_X5CHAIN 33

/* All that we know is all that may be critical. */
static void read_crit(struct cursor *c)
{
	uint64_t count = cbor_array(c);

	if (count == 0)
		cursor_fail(c, CARDEA_EMALFORMED); /* RFC 9052 3.1: at least one */
	for (uint64_t i = 0; i < count && !c->error; i++) {
		int64_t label = cbor_peek(c) == CBOR_TEXT ? 0 : cbor_int(c);
		if (label != HEADER_ALG && label != HEADER_KID &&
			label != HEADER_X5CHAIN)
			cursor_fail(c, CARDEA_EUNSUPPORTED);
	}
}

/* One certificate, or a list whose first is the signer's. */
static struct cursor read_chain(struct cursor *c)
{
	struct cursor first = cursor_of(NULL, 0);

	if (cbor_peek(c) != CBOR_ARRAY)
		return cbor_bytes(c);
	for (uint64_t i = 0, count = cbor_array(c); i < count && !c->error; i++) {
		struct cursor cert = cbor_bytes(c);
		if (i == 0)
			first = cert;
	}
	return first;
}

static void read_alg(struct cursor *c, bool is_protected, struct cose *s)
{
	/* Said twice is said falsely: RFC 9052 3. */
	if (s->has_alg)
		cursor_fail(c, CARDEA_EMALFORMED);
	if (cbor_peek(c) == CBOR_TEXT) /* none that has a name is in use */
		cursor_fail(c, CARDEA_EUNSUPPORTED);
	s->alg = cbor_int(c);
	s->has_alg = !c->error;
	s->alg_is_protected = is_protected;
}

static void read_headers(struct cursor *c, bool is_protected, struct cose *s)
{
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key)) {
		if (key.is_text)
			cbor_skip(c);
		else if (key.number == HEADER_ALG)
			read_alg(c, is_protected, s);
		else if (key.number == HEADER_CRIT && is_protected)
			read_crit(c);
		else if (key.number == HEADER_KID)
			s->kid = cbor_bytes(c);
		else if (key.number == HEADER_X5CHAIN)
			s->cert = read_chain(c);
		else
			cbor_skip(c);
	}
}

static void read_protected(struct cursor *c, struct cose *s)
{
	struct cursor content = cbor_bytes(c), all = content;

	if (cursor_left(&content) == 0)
		return;
	read_headers(&content, true, s);
	cbor_close(c, &content);
	/* An empty map counts as nothing at all (RFC 9052 4.4), however it was spelt. */
	if (!(cursor_left(&all) == 1))
		s->protected = all;
}

static void read_kind(struct cursor *c, bool tagged, struct cose *s)
{
	struct cbor item = {.value = COSE_TAG_SIGN1};

	if (cbor_peek(c) == CBOR_TAG)
		cbor_next(c, &item);
	else if (tagged)
		cursor_fail(c, CARDEA_EMALFORMED);
	if (item.value == COSE_TAG_SIGN1)
		s->kind = COSE_SIGN1;
	else if (item.value == COSE_TAG_MAC0)
		s->kind = COSE_MAC0;
	else
		cursor_fail(c, CARDEA_EUNSUPPORTED);
}

int cose_read(struct cursor *c, bool tagged, struct cose *ret)
{
	struct cose s = {.protected = cursor_of(NULL, 0)};
	struct cbor item;

	read_kind(c, tagged, &s);
	if (cbor_array(c) != 4)
		cursor_fail(c, CARDEA_EMALFORMED);
	read_protected(c, &s);
	read_headers(c, false, &s);
	s.is_detached = cbor_peek(c) == CBOR_NULL;
	if (s.is_detached)
		cbor_next(c, &item);
	else
		s.payload = cbor_bytes(c);
	s.signature = cbor_bytes(c);
	if (c->error)
		return c->error;
	*ret = s;
	return 0;
}

void cose_signed_bytes(const struct cose *s, struct cursor payload, struct writer *w)
{
	cbor_put_array(w, 4);
	cbor_put_text(w, s->kind == COSE_SIGN1 ? "Signature1" : "MAC0");
	cbor_put_bytes(w, s->protected.pos, cursor_left(&s->protected));
	cbor_put_bytes(w, NULL, 0);
	cbor_put_bytes(w, payload.pos, cursor_left(&payload));
}

const char *cose_alg_name(int64_t alg)
{
	static const struct {
		int64_t alg;
		const char *name;
	} known[] = {{COSE_ES256, "ES256"}, {COSE_EDDSA, "EdDSA"},
		{COSE_ESP256, "ESP256"}, {COSE_ED25519, "Ed25519"},
		{COSE_ES384, "ES384"}, {COSE_ES512, "ES512"},
		{COSE_HSS_LMS, "HSS-LMS"}, {COSE_ESP384, "ESP384"},
		{COSE_ESP512, "ESP512"}, {COSE_ED448, "Ed448"}, {4, "HMAC 256/64"},
		{5, "HMAC 256/256"}, {6, "HMAC 384/384"}, {7, "HMAC 512/512"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].alg == alg)
			return known[i].name;
	return NULL;
}
