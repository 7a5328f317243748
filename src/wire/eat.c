// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "wire/eat.h"

#include <string.h>
#include "wire/cbor.h"

/* RFC 8392 3.1, RFC 9711 10.2 and RFC 9783 4. */
enum claim {
	CLAIM_IAT = 6,
	CLAIM_NONCE = 10,
	CLAIM_UEID = 256,
	CLAIM_OEMID = 258,
	CLAIM_HWMODEL = 259,
	CLAIM_OEMBOOT = 262,
	CLAIM_DBGSTAT = 263,
	CLAIM_PROFILE = 265,
	CLAIM_SUBMODS = 266,
	CLAIM_BOOTCOUNT = 267,
	CLAIM_BOOTSEED = 268,
	CLAIM_SWNAME = 270,
	CLAIM_SWVERSION = 271,
	CLAIM_MEASRES = 274,
	CLAIM_PSA_CLIENT = 2394,
	CLAIM_PSA_LIFECYCLE = 2395,
	CLAIM_PSA_IMPLEMENTATION = 2396,
	CLAIM_PSA_CERTIFICATION = 2398,
	CLAIM_PSA_COMPONENTS = 2399,
};

enum component_key {
	COMPONENT_TYPE = 1,
	COMPONENT_MEASUREMENT = 2,
	COMPONENT_VERSION = 4,
	COMPONENT_SIGNER = 5,
	COMPONENT_DESCRIPTION = 6,
};

static void within(struct cursor *c, const struct cursor *bytes, size_t min, size_t max)
{
	size_t len = cursor_left(bytes);

	if (len < min || len > max)
		cursor_fail(c, CARDEA_EMALFORMED);
}

static void read_nonce(struct cursor *c, struct eat *e)
{
	uint64_t count = cbor_peek(c) == CBOR_ARRAY ? cbor_array(c) : 1;

	if (count == 0 || count > EAT_NONCES_MAX)
		cursor_fail(c, count ? CARDEA_ELIMIT : CARDEA_EMALFORMED);
	for (uint64_t i = 0; i < count && !c->error; i++) {
		struct cursor nonce = cbor_bytes(c);
		within(c, &nonce, EAT_NONCE_MIN, EAT_NONCE_MAX);
		e->nonces[e->nonce_count++] = nonce;
	}
}

/* RFC 9711 4.2.3: a random one or the IEEE's, or a private enterprise number. */
static void read_oemid(struct cursor *c, struct eat *e)
{
	if (cbor_peek(c) == CBOR_BYTES)
		e->oemid = cbor_bytes(c);
	else
		(void)cbor_int(c);
}

/* RFC 9711 4.2.7: [version, scheme]. */
static void read_swversion(struct cursor *c, struct eat *e)
{
	uint64_t count = cbor_array(c);

	if (count < 1 || count > 2)
		cursor_fail(c, CARDEA_EMALFORMED);
	e->swversion = cbor_text(c);
	if (count == 2)
		cbor_skip(c);
}

static void read_profile(struct cursor *c, struct eat *e)
{
	if (cbor_peek(c) == CBOR_TEXT)
		e->profile = cbor_text(c);
	else
		e->profile = cbor_bytes(c);
}

static bool read_bool(struct cursor *c)
{
	struct cbor item;

	cbor_next(c, &item);
	if (item.type != CBOR_TRUE && item.type != CBOR_FALSE)
		cursor_fail(c, CARDEA_EMALFORMED);
	return item.type == CBOR_TRUE;
}

static void read_debug(struct cursor *c, struct eat *e)
{
	uint64_t state = cbor_uint(c);

	if (state >= EAT_DEBUG_MAX)
		cursor_fail(c, CARDEA_EMALFORMED);
	e->debug = c->error ? EAT_DEBUG_ENABLED : (enum eat_debug)state;
	e->has_debug = !c->error;
}

static enum eat_measres worse(enum eat_measres a, enum eat_measres b)
{
	static const uint8_t order[] = {0, 1, 4, 2, 3};

	return order[a] >= order[b] ? a : b;
}

/* [[system, [[id, result], ...]], ...] */
static void read_measres(struct cursor *c, struct eat *e)
{
	for (uint64_t systems = cbor_array(c); systems > 0 && !c->error; systems--) {
		if (cbor_array(c) != 2)
			cursor_fail(c, CARDEA_EMALFORMED);
		cbor_skip(c);
		for (uint64_t n = cbor_array(c); n > 0 && !c->error; n--) {
			if (cbor_array(c) != 2)
				cursor_fail(c, CARDEA_EMALFORMED);
			cbor_skip(c);
			uint64_t result = cbor_uint(c);
			if (result < EAT_RES_SUCCESS || result > EAT_RES_ABSENT)
				cursor_fail(c, CARDEA_EMALFORMED);
			else
				e->worst = worse(e->worst, (enum eat_measres)result);
		}
	}
	e->has_measres = !c->error;
}

static void read_component(struct cursor *c, struct eat_component *ret)
{
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key)) {
		switch (key.is_text ? 0 : key.number) {
		case COMPONENT_TYPE:
			ret->type = cbor_text(c);
			break;
		case COMPONENT_MEASUREMENT:
			ret->measurement = cbor_bytes(c);
			break;
		case COMPONENT_VERSION:
			ret->version = cbor_text(c);
			break;
		case COMPONENT_SIGNER:
			ret->signer = cbor_bytes(c);
			break;
		case COMPONENT_DESCRIPTION:
			ret->description = cbor_text(c);
			break;
		default:
			cbor_skip(c);
		}
	}
}

static void read_components(struct cursor *c, struct eat *e)
{
	uint64_t count = cbor_array(c);

	if (count > EAT_COMPONENTS_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
	for (uint64_t i = 0; i < count && !c->error; i++)
		read_component(c, &e->components[e->component_count++]);
}

static void read_submods(struct cursor *c, struct eat *e)
{
	struct cursor ahead = *c;

	e->submods = (uint32_t)cbor_map(&ahead); /* at most half the octets of a token */
	if (ahead.error)
		cursor_fail(c, ahead.error);
	cbor_skip(c);
}

static void read_psa(struct cursor *c, int64_t claim, struct eat *e)
{
	switch (claim) {
	case CLAIM_PSA_CLIENT: {
		int64_t client = cbor_int(c);
		if (client < INT32_MIN || client > INT32_MAX)
			cursor_fail(c, CARDEA_EMALFORMED);
		e->has_client = !c->error;
		break;
	}
	case CLAIM_PSA_LIFECYCLE:
		e->lifecycle = cbor_uint(c);
		if (e->lifecycle > UINT16_MAX)
			cursor_fail(c, CARDEA_EMALFORMED);
		e->has_lifecycle = !c->error;
		break;
	case CLAIM_PSA_IMPLEMENTATION:
		e->implementation = cbor_bytes(c);
		break;
	case CLAIM_PSA_CERTIFICATION:
		e->certification = cbor_text(c);
		break;
	case CLAIM_PSA_COMPONENTS:
		read_components(c, e);
		break;
	default:
		cbor_skip(c);
	}
}

static void read_claim(struct cursor *c, int64_t claim, struct eat *e)
{
	switch (claim) {
	case CLAIM_IAT:
		if (cbor_peek(c) == CBOR_UINT)
			e->issued = cbor_uint(c);
		else
			cbor_skip(c); /* a fraction of a second is no one's concern */
		break;
	case CLAIM_NONCE:
		read_nonce(c, e);
		break;
	case CLAIM_UEID:
		e->ueid = cbor_bytes(c);
		within(c, &e->ueid, EAT_UEID_MIN, EAT_UEID_MAX);
		break;
	case CLAIM_OEMID:
		read_oemid(c, e);
		break;
	case CLAIM_HWMODEL:
		e->hwmodel = cbor_bytes(c);
		break;
	case CLAIM_OEMBOOT:
		e->oemboot = read_bool(c);
		e->has_oemboot = !c->error;
		break;
	case CLAIM_DBGSTAT:
		read_debug(c, e);
		break;
	case CLAIM_PROFILE:
		read_profile(c, e);
		break;
	case CLAIM_SUBMODS:
		read_submods(c, e);
		break;
	case CLAIM_BOOTCOUNT:
		e->bootcount = cbor_uint(c);
		e->has_bootcount = !c->error;
		break;
	case CLAIM_BOOTSEED:
		e->bootseed = cbor_bytes(c);
		break;
	case CLAIM_SWNAME:
		e->swname = cbor_text(c);
		break;
	case CLAIM_SWVERSION:
		read_swversion(c, e);
		break;
	case CLAIM_MEASRES:
		read_measres(c, e);
		break;
	default:
		read_psa(c, claim, e);
	}
}

int eat_read(struct cursor claims, struct eat *ret, size_t *ret_at, int64_t *ret_claim)
{
	struct cursor *c = &claims;
	struct cbor_pairs pairs;
	struct cbor_key key = {0};
	struct eat e = {0};

	if (cursor_left(c) > EAT_BYTES_MAX)
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
	*ret_at = cursor_offset(c);
	if (c->error)
		return c->error;
	*ret = e;
	return 0;
}
