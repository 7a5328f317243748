// SPDX-License-Identifier: GPL-2.0-or-later
/* What an attestation token is worth. Only what is signed by the device's own key, over
 * our nonce, and says that the accepted firmware runs with the debug port shut, is
 * affirming: that alone may bring a device back without a human being. */
#include <string.h>
#include "base/str.h"
#include "attest/attest.h"

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

/* One of those that were accepted; alternatives, and parts of the device. */
static bool runs(const struct eat_judged *j, const struct eat_asked *asked)
{
	for (uint32_t i = 0; i < j->claims.component_count; i++)
		for (uint32_t k = 0; k < asked->digest_count; k++)
			if (attest_is_same(j->claims.components[i].measurement,
				    asked->digests[k].bytes))
				return true;
	return false;
}

/* What it says is of this device, of now, and of firmware that is no older. */
static bool is_fresh(const struct eat_asked *asked, const struct eat_judged *j)
{
	const struct eat *e = &j->claims;

	return j->nonce_is_ours &&
	       !(asked->has_bootcount && e->has_bootcount &&
		       e->bootcount < asked->bootcount);
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
	else if (asked->digest_count && !e->component_count)
		say(j, EAT_TIER_WARNING, "it does not say which firmware it runs");
	else if (asked->digest_count && !j->digest_matches)
		say(j, EAT_TIER_CONTRAINDICATED,
			"the firmware that it runs is not the one that was accepted");
	else if (!is_locked(j))
		say(j, EAT_TIER_WARNING,
			"nothing in it says that its debug port is shut");
	else if (!asked->digest_count)
		say(j, EAT_TIER_WARNING,
			"nobody said which firmware it should run, so that was not "
			"compared");
	else
		say(j, EAT_TIER_AFFIRMING, "");
}

/* Who signed is settled; what the tier comes to before anything was read. */
static void take_signature(const struct attest_opened *o, struct eat_judged *j)
{
	bool is_worse = o->state == ATTEST_INVALID || o->state == ATTEST_UNSIGNED;

	j->signature = o->state;
	j->has_alg = o->has_alg;
	j->alg = o->alg;
	say(j, is_worse ? EAT_TIER_CONTRAINDICATED : EAT_TIER_NONE, o->text);
}

int eat_judge(struct cursor bytes, const struct eat_asked *asked, struct eat_judged *ret)
{
	static const struct attest_form form = {.what = "token", .max = EAT_BYTES_MAX};
	struct attest_opened o;
	int error = attest_open(bytes, asked->key, &form, &o);

	memset(ret, 0, sizeof(*ret));
	if (error)
		return error;
	take_signature(&o, ret);
	if (o.state == ATTEST_INVALID || o.state == ATTEST_UNSIGNED)
		return 0;
	read_claims(o.payload, ret);
	if (!ret->read)
		return 0;
	ret->is_psa = eat_is_psa(&ret->claims);
	for (uint32_t i = 0; i < ret->claims.nonce_count; i++)
		ret->nonce_is_ours |= attest_is_same(ret->claims.nonces[i], asked->nonce);
	ret->digest_matches = runs(ret, asked);
	if (ret->signature != ATTEST_VALID)
		return 0;
	appraise(asked, ret);
	ret->is_genuine = is_fresh(asked, ret) &&
			  (!asked->digest_count || !ret->claims.component_count ||
				  ret->digest_matches);
	return 0;
}
