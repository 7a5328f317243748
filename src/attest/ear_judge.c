// SPDX-License-Identifier: GPL-2.0-or-later
/* What a verifier's result is worth: signed by one that the owner trusts, over our nonce,
 * and affirming in every part. A nonce is given to one device alone; that the verifier
 * looked at this device and no other, it says by the UEID where it tells one. */
#include <string.h>
#include "base/str.h"
#include "attest/attest.h"

/* Clocks of verifiers are right, ours within a minute; chosen. */
#define SKEW_S 300

static void say(struct ear_judged *j, enum attest_verdict v, const char *text)
{
	j->verdict = v;
	str_copy(j->text, LIMIT_TEXT, text);
}

static bool has_nonce(const struct ear *e, struct cursor nonce)
{
	bool found = false;

	for (uint32_t i = 0; i < e->nonce_count; i++)
		found |= attest_is_same(e->nonces[i], nonce);
	return found;
}

static const char *tier_text(enum eat_tier t)
{
	switch (t) {
	case EAT_TIER_AFFIRMING:
		return "";
	case EAT_TIER_WARNING:
		return "the verifier warns of it";
	case EAT_TIER_CONTRAINDICATED:
		return "the verifier found what speaks against it: contraindicated";
	case EAT_TIER_NONE:
		break;
	}
	return "the verifier makes no statement about a part of it";
}

/* In order of weight; the first that applies is told. */
static void appraise(const struct ear_asked *asked, struct ear_judged *j)
{
	const struct ear *e = &j->result;

	j->nonce_is_ours = has_nonce(e, asked->nonce);
	if (!e->nonce_count)
		say(j, ATTEST_NOTHING, "it has no nonce: it could be of any time");
	else if (!j->nonce_is_ours)
		say(j, ATTEST_FORGED,
			"its nonce is not the one that was given: a result of another "
			"time, replayed");
	else if (cursor_left(&e->ueid) && cursor_left(&asked->ueid) &&
		 !attest_is_same(e->ueid, asked->ueid))
		say(j, ATTEST_FORGED, "it is about another device");
	else if (e->expires && asked->now && e->expires + SKEW_S < asked->now)
		say(j, ATTEST_FORGED, "it has expired");
	else
		say(j, e->worst == EAT_TIER_AFFIRMING ? ATTEST_PROVEN : ATTEST_NOTHING,
			tier_text(e->worst));
}

static void read_result(struct cursor payload, struct ear_judged *j)
{
	int64_t claim;
	size_t octet;
	int error = ear_read(payload, &j->result, &octet, &claim);

	j->read = error == 0;
	if (!error)
		return;
	j->verdict = ATTEST_FORGED;
	(void)str_print(j->text, LIMIT_TEXT,
		"its claims cannot be read: %s, at octet %zu (claim %lld)",
		error_text(error), octet, (long long)claim);
}

int ear_judge(struct cursor bytes, const struct ear_asked *asked, struct ear_judged *ret)
{
	static const struct attest_form form = {.what = "result", .max = EAR_BYTES_MAX};
	struct attest_opened o;
	int error = attest_open(bytes, asked->key, &form, &o);

	memset(ret, 0, sizeof(*ret));
	if (error)
		return error;
	ret->signature = o.state;
	ret->has_alg = o.has_alg;
	ret->alg = o.alg;
	say(ret,
		o.state == ATTEST_INVALID || o.state == ATTEST_UNSIGNED ? ATTEST_FORGED
									: ATTEST_NOTHING,
		o.text);
	if (ret->verdict == ATTEST_FORGED)
		return 0;
	read_result(o.payload, ret);
	if (ret->read && o.state == ATTEST_VALID)
		appraise(asked, ret);
	return 0;
}
