// SPDX-License-Identifier: GPL-2.0-or-later
/* What an attestation token is worth. Only what is signed by the device's own key, over
 * our nonce, and says that the accepted firmware runs with the debug port shut, is
 * affirming: that alone may bring a device back without a human being. */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include "base/str.h"
#include "attest/attest.h"
#include "wire/cbor.h"

const char *eat_tier_name(enum eat_tier t)
{
	switch (t) {
	case EAT_TIER_NONE:
		return "none";
	case EAT_TIER_AFFIRMING:
		return "affirming";
	case EAT_TIER_WARNING:
		return "warning";
	case EAT_TIER_CONTRAINDICATED:
		return "contraindicated";
	}
	return "?";
}

static void say(struct eat_judged *j, enum eat_tier tier, const char *text)
{
	j->tier = tier;
	str_copy(j->text, LIMIT_TEXT, text);
}

static bool is_same(struct cursor a, struct cursor b)
{
	size_t len = cursor_left(&a);

	return len > 0 && len == cursor_left(&b) &&
	       CRYPTO_memcmp(a.pos, b.pos, len) == 0;
}

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

static int check_signature(const struct eat_asked *asked, const struct cose *cose,
	struct eat_judged *j)
{
	int error;

	j->has_alg = cose->has_alg;
	j->alg = cose->alg;
	if (cose->kind == COSE_MAC0) {
		j->signature = ATTEST_UNVERIFIABLE;
		say(j, EAT_TIER_NONE, "it has a MAC and no signature: only who has the "
				      "device's secret can check it");
		return 0;
	}
	if (!asked->key) {
		j->signature = ATTEST_UNCHECKED;
		say(j, EAT_TIER_NONE, "no key was given to check its signature");
		return 0;
	}
	error = attest_cose_verify(asked->key, cose, cose->payload);
	if (error == -ENOMEM)
		return error;
	if (!error) {
		j->signature = ATTEST_VALID;
	} else if (error == CARDEA_EUNSUPPORTED) {
		j->signature = ATTEST_UNVERIFIABLE;
		say(j, EAT_TIER_NONE,
			"its signature is of an algorithm that is not known here");
	} else {
		j->signature = ATTEST_INVALID;
		say(j, EAT_TIER_CONTRAINDICATED,
			error == CARDEA_EUNTRUSTED
				? "the key is not one of its algorithm"
				: "the key did not make its signature: forged, changed, "
				  "or of another device");
	}
	return 0;
}

static void read_claims(struct cursor payload, struct eat_judged *j)
{
	size_t octet;
	int64_t claim;
	int error = eat_read(payload, &j->claims, &octet, &claim);

	j->read = error == 0;
	if (!error)
		return;
	j->tier = EAT_TIER_CONTRAINDICATED;
	(void)str_print(j->text, LIMIT_TEXT,
		"its claims cannot be read: %s, at octet %zu (claim %lld)",
		error_text(error), octet, (long long)claim);
}

/* The debug port is shut and stays so until it is started again at least. */
static bool is_locked(const struct eat_judged *j)
{
	const struct eat *e = &j->claims;

	if (e->has_debug)
		return e->debug >= EAT_DEBUG_SINCE_BOOT;
	return e->has_lifecycle && eat_lifecycle_is_secured(e->lifecycle);
}

static bool runs(const struct eat_judged *j, struct cursor digest)
{
	for (uint32_t i = 0; i < j->claims.component_count; i++)
		if (is_same(j->claims.components[i].measurement, digest))
			return true;
	return false;
}

/* In order of weight; the first that applies is told. */
static void appraise(const struct eat_asked *asked, struct eat_judged *j)
{
	const struct eat *e = &j->claims;
	const char *psa = j->is_psa ? eat_psa_fault(e) : NULL;

	if (psa)
		say(j, EAT_TIER_CONTRAINDICATED, psa);
	else if (!j->nonce_is_ours)
		say(j, EAT_TIER_CONTRAINDICATED,
			"its nonce is not the one that was given: a token of another "
			"time, replayed");
	else if (e->has_lifecycle && !eat_lifecycle_is_secured(e->lifecycle))
		say(j, EAT_TIER_CONTRAINDICATED,
			"its security lifecycle is not 'secured'");
	else if (e->has_oemboot && !e->oemboot)
		say(j, EAT_TIER_CONTRAINDICATED,
			"it did not start what its maker authorised");
	else if (e->has_measres && e->worst == EAT_RES_FAIL)
		say(j, EAT_TIER_CONTRAINDICATED, "a measurement of it failed");
	else if (asked->has_bootcount && e->has_bootcount &&
		 e->bootcount < asked->bootcount)
		say(j, EAT_TIER_CONTRAINDICATED, "it counts fewer starts than before");
	else if (cursor_left(&asked->digest.bytes) && !j->digest_matches)
		say(j, EAT_TIER_CONTRAINDICATED,
			"the firmware that it runs is not the one that was accepted");
	else if (!is_locked(j))
		say(j, EAT_TIER_WARNING,
			"nothing in it says that its debug port is shut");
	else if (!cursor_left(&asked->digest.bytes))
		say(j, EAT_TIER_WARNING,
			"nobody said which firmware it should run, so that was not "
			"compared");
	else
		say(j, EAT_TIER_AFFIRMING, "");
}

int eat_judge(struct cursor bytes, const struct eat_asked *asked, struct eat_judged *ret)
{
	struct cursor c = bytes;
	struct cose cose;
	int error;

	memset(ret, 0, sizeof(*ret));
	ret->signature = ATTEST_UNSIGNED;
	pass_cwt_tag(&c);
	error = cursor_left(&c) > EAT_BYTES_MAX ? CARDEA_ELIMIT
						: cose_read(&c, true, &cose);
	if (!error && (cursor_left(&c) || cose.is_detached))
		error = CARDEA_EMALFORMED;
	if (error) {
		ret->tier = EAT_TIER_CONTRAINDICATED;
		(void)str_print(ret->text, LIMIT_TEXT,
			"this is no signed token: %s, at octet %zu", error_text(error),
			cursor_offset(&c));
		return 0;
	}
	error = check_signature(asked, &cose, ret);
	if (error || ret->signature == ATTEST_INVALID)
		return error;
	read_claims(cose.payload, ret);
	if (!ret->read)
		return 0;
	ret->is_psa = eat_is_psa(&ret->claims);
	for (uint32_t i = 0; i < ret->claims.nonce_count; i++)
		ret->nonce_is_ours |= is_same(ret->claims.nonces[i], asked->nonce);
	ret->digest_matches = runs(ret, asked->digest.bytes);
	if (ret->signature == ATTEST_VALID)
		appraise(asked, ret);
	return 0;
}
