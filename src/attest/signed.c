// SPDX-License-Identifier: GPL-2.0-or-later
/* What tokens, reports and results have in common: one COSE object with its payload, and
 * whether a key made its signature. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "base/str.h"
#include "attest/attest.h"
#include "wire/cbor.h"

/* A CWT's own tag may stand around it (RFC 8392 6); a PSA token has none. */
static void pass_cwt_tag(struct cursor *c)
{
	struct cursor ahead = *c;
	struct cbor tag;

	if (cbor_peek(c) != CBOR_TAG)
		return;
	cbor_next(&ahead, &tag);
	if (tag.value == COSE_TAG_CWT)
		*c = ahead;
}

static void fault(struct attest_opened *o, enum attest_state state, const char *text)
{
	o->state = state;
	str_copy(o->text, LIMIT_TEXT, text);
}

static int check_signature(
	const struct attest_key *key, const struct cose *cose, struct attest_opened *o)
{
	int error;

	o->has_alg = cose->has_alg;
	o->alg = cose->alg;
	o->payload = cose->payload;
	if (cose->kind == COSE_MAC0) {
		fault(o, ATTEST_UNVERIFIABLE,
			"it has a MAC and no signature: only who has the "
			"device's secret can check it");
		return 0;
	}
	if (!key) {
		fault(o, ATTEST_UNCHECKED, "no key was given to check its signature");
		return 0;
	}
	error = attest_cose_verify(key, cose, cose->payload);
	if (error == -ENOMEM)
		return error;
	if (!error)
		fault(o, ATTEST_VALID, "");
	else if (error == CARDEA_EUNSUPPORTED)
		fault(o, ATTEST_UNVERIFIABLE,
			"its signature is of an algorithm that is not known here");
	else
		fault(o, ATTEST_INVALID,
			error == CARDEA_EUNTRUSTED
				? "the key is not one of its algorithm"
				: "the key did not make its signature: forged, changed, "
				  "or of another device");
	return 0;
}

int attest_open(struct cursor bytes, const struct attest_key *key,
	const struct attest_form *form, struct attest_opened *ret)
{
	struct cursor c = bytes;
	struct cose cose;
	int error;

	*ret = (struct attest_opened){.state = ATTEST_UNSIGNED};
	pass_cwt_tag(&c);
	error = cursor_left(&c) > form->max ? CARDEA_ELIMIT
					    : cose_read(&c, !form->untagged, &cose);
	if (!error && (cursor_left(&c) || cose.is_detached))
		error = CARDEA_EMALFORMED;
	if (error) {
		(void)str_print(ret->text, LIMIT_TEXT,
			"this is no signed %s: %s, at octet %zu", form->what,
			error_text(error), cursor_offset(&c));
		return 0;
	}
	return check_signature(key, &cose, ret);
}

bool attest_is_same(struct cursor a, struct cursor b)
{
	size_t len = cursor_left(&a);

	return len > 0 && len == cursor_left(&b) &&
	       CRYPTO_memcmp(a.pos, b.pos, len) == 0;
}

int attest_hash(struct cursor bytes, uint8_t ret[32])
{
	unsigned len = 0;

	if (EVP_Digest(bytes.pos, cursor_left(&bytes), ret, &len, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	return len == 32 ? 0 : -ENOMEM;
}
