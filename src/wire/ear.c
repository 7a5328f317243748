// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "wire/ear.h"

#include <string.h>
#include "wire/cbor.h"

/* RFC 8392 3.1, RFC 9711 10.2, draft-ietf-rats-ear-04 3. */
enum claim {
	CLAIM_EXP = 4,
	CLAIM_IAT = 6,
	CLAIM_NONCE = 10,
	CLAIM_UEID = 256,
	CLAIM_PROFILE = 265,
	CLAIM_SUBMODS = 266,
	CLAIM_STATUS = 1000,
	CLAIM_VECTOR = 1001,
	CLAIM_VERIFIER = 1004,
};
enum verifier_key { VERIFIER_DEVELOPER = 0, VERIFIER_BUILD = 1 };

/* AR4SI 2.3.1: what a claim of the vector comes to. */
#define VECTOR_CLAIMS 8 /* instance-identity to sourced-data */
#define CLAIM_MIN (-128)
#define CLAIM_MAX 127
#define AFFIRMING_FROM 2
#define WARNING_FROM 32
#define CONTRAINDICATED_FROM 96

bool ear_profile_is_known(struct cursor profile)
{
	/* The first one has the draft's version behind it: "#04". */
	static const char *const known[] = {"tag:ietf.org,2026:rats/ear#",
		"tag:ietf.org,2024:rats/ear", "tag:github.com,2023:veraison/ear"};
	size_t len = cursor_left(&profile);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i]);
		if (len >= n && memcmp(profile.pos, known[i], n) == 0 &&
			(len == n || known[i][n - 1] == '#'))
			return true;
	}
	return false;
}

static unsigned weight(enum eat_tier t)
{
	switch (t) {
	case EAT_TIER_AFFIRMING:
		return 0;
	case EAT_TIER_NONE:
		return 1;
	case EAT_TIER_WARNING:
		return 2;
	case EAT_TIER_CONTRAINDICATED:
		break;
	}
	return 3;
}

static void worsen(struct ear *e, enum eat_tier t, struct cursor submod)
{
	if (weight(t) <= weight(e->worst))
		return;
	e->worst = t;
	e->worst_submod = submod;
}

static void read_nonces(struct cursor *c, struct ear *e)
{
	uint64_t count = cbor_peek(c) == CBOR_ARRAY ? cbor_array(c) : 1;

	if (count == 0 || count > EAT_NONCES_MAX - e->nonce_count)
		cursor_fail(c, count ? CARDEA_ELIMIT : CARDEA_EMALFORMED);
	for (uint64_t i = 0; i < count && !c->error; i++) {
		struct cursor nonce = cbor_bytes(c);
		size_t len = cursor_left(&nonce);
		if (len < EAT_NONCE_MIN || len > EAT_NONCE_MAX)
			cursor_fail(c, CARDEA_EMALFORMED);
		else
			e->nonces[e->nonce_count++] = nonce;
	}
}

static void read_ueid(struct cursor *c, struct ear *e)
{
	struct cursor ueid = cbor_bytes(c);
	size_t len = cursor_left(&ueid);

	if (len < EAT_UEID_MIN || len > EAT_UEID_MAX || cursor_left(&e->ueid))
		cursor_fail(c, CARDEA_EMALFORMED); /* two are none */
	e->ueid = ueid;
}

/* Numbers that are no tier have no meaning: nobody may guess what they are. */
static enum eat_tier read_status(struct cursor *c)
{
	uint64_t v = cbor_uint(c);

	if (v != EAT_TIER_NONE && v != EAT_TIER_AFFIRMING && v != EAT_TIER_WARNING &&
		v != EAT_TIER_CONTRAINDICATED)
		cursor_fail(c, CARDEA_EMALFORMED);
	return c->error ? EAT_TIER_NONE : (enum eat_tier)v;
}

static enum eat_tier tier_of(int64_t claim)
{
	uint64_t size = claim < 0 ? (uint64_t)-claim : (uint64_t)claim;

	if (size >= CONTRAINDICATED_FROM)
		return EAT_TIER_CONTRAINDICATED;
	if (size >= WARNING_FROM)
		return EAT_TIER_WARNING;
	return size >= AFFIRMING_FROM ? EAT_TIER_AFFIRMING : EAT_TIER_NONE;
}

/* A claim of 0 is none: the status alone says what that comes to. */
static void read_vector(struct cursor *c, struct ear *e, struct cursor submod)
{
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_pairs(c, &pairs);
	if (pairs.left == 0)
		cursor_fail(c, CARDEA_EMALFORMED);
	while (cbor_pairs_next(&pairs, c, &key)) {
		int64_t v = cbor_int(c);
		if (key.is_text || key.number < 0 || key.number >= VECTOR_CLAIMS ||
			v < CLAIM_MIN || v > CLAIM_MAX)
			cursor_fail(c, CARDEA_EMALFORMED);
		else if (v != 0)
			worsen(e, tier_of(v), submod);
	}
}

static void read_appraisal(struct cursor *c, struct ear *e, struct cursor submod)
{
	struct cbor_pairs pairs;
	struct cbor_key key;
	bool has_status = false;

	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key)) {
		switch (key.is_text ? 0 : key.number) {
		case CLAIM_STATUS:
			worsen(e, read_status(c), submod);
			has_status = true;
			break;
		case CLAIM_VECTOR:
			read_vector(c, e, submod);
			break;
		case CLAIM_NONCE:
			read_nonces(c, e);
			break;
		case CLAIM_UEID:
			read_ueid(c, e);
			break;
		default:
			cbor_skip(c);
		}
	}
	if (!has_status)
		cursor_fail(c, CARDEA_EMALFORMED);
}

static void read_submods(struct cursor *c, struct ear *e)
{
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_pairs(c, &pairs);
	if (pairs.left == 0 || pairs.left > EAR_SUBMODS_MAX)
		cursor_fail(c, pairs.left ? CARDEA_ELIMIT : CARDEA_EMALFORMED);
	while (cbor_pairs_next(&pairs, c, &key)) {
		if (!key.is_text)
			cursor_fail(c, CARDEA_EMALFORMED);
		read_appraisal(c, e, key.text);
		e->submod_count++;
	}
}

static void read_verifier(struct cursor *c, struct ear *e)
{
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key)) {
		if (!key.is_text && key.number == VERIFIER_DEVELOPER)
			e->developer = cbor_text(c);
		else if (!key.is_text && key.number == VERIFIER_BUILD)
			e->build = cbor_text(c);
		else
			cbor_skip(c);
	}
}

static void read_claim(struct cursor *c, int64_t claim, struct ear *e)
{
	switch (claim) {
	case CLAIM_EXP:
		e->expires = cbor_uint(c);
		break;
	case CLAIM_IAT:
		e->issued = cbor_uint(c);
		break;
	case CLAIM_NONCE:
		read_nonces(c, e);
		break;
	case CLAIM_UEID:
		read_ueid(c, e);
		break;
	case CLAIM_PROFILE:
		e->profile = cbor_text(c);
		if (!c->error && !ear_profile_is_known(e->profile))
			cursor_fail(c, CARDEA_EUNSUPPORTED);
		break;
	case CLAIM_STATUS:
		worsen(e, read_status(c), cursor_of(NULL, 0));
		break;
	case CLAIM_SUBMODS:
		read_submods(c, e);
		break;
	case CLAIM_VERIFIER:
		read_verifier(c, e);
		break;
	default:
		cbor_skip(c);
	}
}

int ear_read(struct cursor claims, struct ear *ret, size_t *ret_at, int64_t *ret_claim)
{
	struct cursor *c = &claims;
	struct cbor_pairs pairs;
	struct cbor_key key = {0};
	struct ear e = {.worst = EAT_TIER_AFFIRMING};

	if (cursor_left(c) > EAR_BYTES_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key)) {
		if (key.is_text)
			cbor_skip(c);
		else
			read_claim(c, key.number, &e);
	}
	*ret_claim = c->error ? key.number : 0;
	cbor_end(c);
	if (!c->error && (!e.submod_count || !e.issued || !cursor_left(&e.profile)))
		cursor_fail(c, CARDEA_EMALFORMED);
	*ret_at = cursor_offset(c);
	if (c->error)
		return c->error;
	*ret = e;
	return 0;
}
