// SPDX-License-Identifier: GPL-2.0-or-later
#include "lifecycle/advisory.h"

#include <math.h>
#include <string.h>
#include "base/str.h"

static const char *const class_names[ADVISORY_CLASS_MAX] = {
	"owner", "isp", "vendor", "csirt", "community"};
static const char *const effect_names[ADVISORY_EFFECT_MAX] = {
	"nothing", "observe", "notify", "limit", "update-only", "block"};

const char *advisory_class_name(enum advisory_class c)
{
	return c < ADVISORY_CLASS_MAX ? class_names[c] : "?";
}

const char *advisory_effect_name(enum advisory_effect e)
{
	return e < ADVISORY_EFFECT_MAX ? effect_names[e] : "?";
}

bool advisory_class_parse(const char *text, enum advisory_class *ret)
{
	for (enum advisory_class c = 0; c < ADVISORY_CLASS_MAX; c++)
		if (strcmp(text, class_names[c]) == 0) {
			*ret = c;
			return true;
		}
	return false;
}

bool advisory_effect_parse(const char *text, enum advisory_effect *ret)
{
	for (enum advisory_effect e = ADVISORY_OBSERVE; e < ADVISORY_EFFECT_MAX; e++)
		if (strcmp(text, effect_names[e]) == 0) {
			*ret = e;
			return true;
		}
	return false;
}

static bool has_selector(const struct advisory *a)
{
	return a->mud_url[0] || a->has_oui;
}

static bool has_traffic(const struct advisory *a)
{
	return a->domain[0] || a->has_peer;
}

int advisory_check(const struct advisory *a, nstime now, char ret_why[LIMIT_TEXT])
{
	const char *no = NULL;

	if (!a->id[0] || !a->issuer[0])
		no = "it has no id or no issuer";
	else if (!a->signature_good && a->class != ADVISORY_OWNER)
		no = "its signature is not good";
	else if (!has_selector(a) && !(a->class == ADVISORY_OWNER && has_traffic(a)))
		no = "it names no type of device: only the owner may speak of all";
	else if (a->expires <= a->issued || a->expires - a->issued > ADVISORY_TTL_MAX)
		no = "it has to expire, within 30 days";
	else if (a->expires <= now)
		no = "it has expired";
	else if (a->issued > now + 3600 * NS_PER_SEC)
		no = "it was issued in the future";
	else if (a->effect == ADVISORY_NOTHING)
		no = "it asks for nothing";
	if (!no)
		return 0;
	str_copy(ret_why, LIMIT_TEXT, no);
	return CARDEA_EMALFORMED;
}

double advisory_weight(const struct advisory *a)
{
	if (a->class == ADVISORY_OWNER)
		return ADVISORY_BLOCK_WEIGHT;
	if (a->class == ADVISORY_COMMUNITY)
		return fmin(log2(1.0 + a->homes) / 8, ADVISORY_COMMUNITY_MOST);
	return 1;
}

/* ---- how far one advisory goes by itself ---- */

static bool is_evident(const struct advisory_home *h)
{
	return h->flows_match && !h->match_is_shared;
}

static enum advisory_effect alone(const struct advisory *a, const struct advisory_home *h,
	const char **why)
{
	enum advisory_effect most = ADVISORY_BLOCK;

	*why = "";
	if (h->is_fixed) {
		*why = "the device runs firmware that mends it";
		return ADVISORY_NOTHING;
	}
	if (a->class == ADVISORY_OWNER)
		return a->effect;
	if (a->overturned >= ADVISORY_OVERTURNED_MAX) {
		most = ADVISORY_NOTIFY;
		*why = "its issuer was wrong too often to do more than notify";
	} else if (!is_evident(h) && h->is_its_vendor && a->class == ADVISORY_VENDOR) {
		most = ADVISORY_UPDATE_ONLY; /* it knows its own devices */
		*why = "its own maker says so; without evidence here it may only demand "
		       "the update";
	} else if (!has_traffic(a)) {
		most = ADVISORY_NOTIFY;
		*why = "it accuses a type and names no traffic that could be checked";
	} else if (!h->flows_match) {
		most = ADVISORY_NOTIFY;
		*why = "our own traffic does not show it";
	} else if (h->match_is_shared) {
		most = ADVISORY_NOTIFY;
		*why = "our own traffic goes to an address that many share, which proves "
		       "nothing";
	}
	return a->effect < most ? a->effect : most;
}

/* ---- together ---- */

static bool same_party(const struct advisory *a, const struct advisory *b)
{
	return strcmp(a->issuer, b->issuer) == 0 ||
	       (a->group[0] && strcmp(a->group, b->group) == 0);
}

/* Of those that demand at least this much and whose word goes that far. */
static bool has_quorum(const struct advisory *list, size_t count,
	const enum advisory_effect *far, enum advisory_effect effect)
{
	double weight = 0, community = 0;
	unsigned classes = 0;

	for (size_t i = 0; i < count; i++) {
		bool counted = far[i] < effect;
		for (size_t k = 0; k < i && !counted; k++)
			counted = far[k] >= effect && same_party(&list[i], &list[k]);
		if (counted)
			continue;
		classes |= 1U << list[i].class;
		if (list[i].class == ADVISORY_COMMUNITY)
			community = fmax(community, advisory_weight(&list[i]));
		else
			weight += advisory_weight(&list[i]);
	}
	if (classes & 1U << ADVISORY_OWNER)
		return true;
	return weight + community >= ADVISORY_BLOCK_WEIGHT &&
	       __builtin_popcount(classes) >= 2;
}

/* Which effects a single issuer is enough for: a maker for the update of its own things. */
static bool is_enough(const struct advisory *list, size_t count,
	const enum advisory_effect *far, enum advisory_effect effect)
{
	if (effect <= ADVISORY_LIMIT)
		return true;
	if (has_quorum(list, count, far, effect))
		return true;
	for (size_t i = 0; i < count && effect == ADVISORY_UPDATE_ONLY; i++)
		if (far[i] >= effect && list[i].class == ADVISORY_VENDOR)
			return true;
	return false;
}

static bool is_broad(const struct advisory_home *h)
{
	return h->devices_hit > ADVISORY_DEVICES_MAX ||
	       (h->devices_hit > 1 &&
		       h->devices_hit > ADVISORY_SHARE_MAX * (double)h->devices);
}

/* What is too much without the owner. */
static void brake(const struct advisory *worst, const struct advisory_home *h,
	struct advisory_verdict *ret)
{
	enum advisory_effect most = ret->effect;
	const char *why = NULL;

	if (worst->class == ADVISORY_OWNER || h->owner_agrees)
		return;
	if (h->critical && ret->effect > ADVISORY_LIMIT) {
		most = ADVISORY_LIMIT;
		why = "the device is needed, and goes dark by its owner's word alone";
	}
	if (is_broad(h) && ret->effect > ADVISORY_NOTIFY) {
		most = ADVISORY_NOTIFY;
		why = "it would touch too many devices at once";
	}
	if (!why)
		return;
	ret->ask = true;
	ret->asked = ret->effect;
	ret->effect = most;
	str_copy(ret->why, LIMIT_TEXT, why);
}

void advisory_judge(const struct advisory *list, size_t count,
	const struct advisory_home *homes, struct advisory_verdict *ret)
{
	enum advisory_effect far[ADVISORY_ISSUERS_MAX], effect = ADVISORY_NOTHING;
	const char *why, *first = "nobody says anything of it";
	size_t worst = 0;

	*ret = (struct advisory_verdict){.effect = ADVISORY_NOTHING};
	count = count < ADVISORY_ISSUERS_MAX ? count : ADVISORY_ISSUERS_MAX;
	for (size_t i = 0; i < count; i++) {
		far[i] = list[i].expires > homes[i].now ? alone(&list[i], &homes[i], &why)
							: ADVISORY_NOTHING;
		if (list[i].expires <= homes[i].now)
			why = "what was said of it has expired";
		if (i == 0 || far[i] > far[worst]) {
			worst = i;
			first = why;
		}
		effect = far[i] > effect ? far[i] : effect;
	}
	while (effect > ADVISORY_LIMIT && !is_enough(list, count, far, effect)) {
		effect--;
		first = "one issuer is not enough for more: two of different kinds are";
	}
	ret->effect = effect;
	str_copy(ret->why, LIMIT_TEXT, first);
	if (count)
		brake(&list[worst], &homes[worst], ret);
}
