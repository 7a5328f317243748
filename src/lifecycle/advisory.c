// SPDX-License-Identifier: GPL-2.0-or-later
#include "lifecycle/advisory.h"

#include <math.h>
#include <string.h>
#include "base/str.h"

static bool has_selector(const struct advisory *a)
{
	return a->mud_url[0] || a->has_oui || a->cpe[0] || a->matter[0];
}

bool advisory_has_traffic(const struct advisory *a)
{
	return a->domain[0] || a->has_peer;
}

int advisory_check(const struct advisory *a, nstime now, char ret_why[LIMIT_TEXT])
{
	const char *no = NULL;

	if (!a->id[0] || !a->issuer[0])
		no = "it has no id or no issuer";
	else if (!a->is_signed && a->class != ADVISORY_OWNER)
		no = "it is not signed, and only the owner needs no signature";
	else if (!a->signature_good && a->class != ADVISORY_OWNER)
		no = "its signature is not good";
	else if (!has_selector(a) && !(a->class == ADVISORY_OWNER && advisory_has_traffic(a)))
		no = "it names no type of device: only the owner may speak of all";
	else if (a->expires <= a->issued || a->expires - a->issued > ADVISORY_TTL_MAX)
		no = "it has to expire, within 30 days";
	else if (a->expires <= now)
		no = "it has expired";
	else if (a->issued > now + 3600 * NS_PER_SEC)
		no = "it was issued in the future";
	else if (a->effect == ADVISORY_NOTHING && !a->revoked)
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

static bool is_evident(const struct advisory *a, const struct advisory_home *h)
{
	return advisory_has_traffic(a) && h->flows_match && !h->match_is_shared &&
	       !h->match_is_listed;
}

/* How far it may go at most, and why. */
static enum advisory_effect most_of(const struct advisory *a,
	const struct advisory_home *h, const char **why)
{
	if (a->overturned >= ADVISORY_OVERTURNED_MAX) {
		*why = "its issuer was wrong too often to do more than notify";
		return ADVISORY_NOTIFY;
	}
	if (a->class == ADVISORY_VENDOR && !h->is_its_vendor) {
		*why = "its issuer is a maker, but did not sign this device's file: of "
		       "others' devices a maker may only notify";
		return ADVISORY_NOTIFY;
	}
	if (is_evident(a, h)) {
		*why = "our own traffic shows what it says";
		return ADVISORY_BLOCK;
	}
	if (a->class == ADVISORY_VENDOR) { /* it knows its own devices */
		*why = "its own maker says so; without evidence here it may only demand "
		       "the update";
		return ADVISORY_UPDATE_ONLY;
	}
	if (!advisory_has_traffic(a))
		*why = "it accuses a type and names no traffic that could be checked";
	else if (!h->flows_match)
		*why = "our own traffic does not show it";
	else if (h->match_is_listed)
		*why = "our own traffic shows it, but the device's own file lists that, "
		       "which proves nothing";
	else
		*why = "our own traffic goes to an address or name that many share, which "
		       "proves nothing";
	return ADVISORY_NOTIFY;
}

enum advisory_effect advisory_alone(const struct advisory *a,
	const struct advisory_home *h, const char **ret_why)
{
	enum advisory_effect most;

	if (a->expires <= h->now) {
		*ret_why = "what was said of it has expired";
		return ADVISORY_NOTHING;
	}
	if (h->is_fixed) {
		*ret_why = "the device runs firmware that mends it";
		return ADVISORY_NOTHING;
	}
	if (a->class == ADVISORY_OWNER) {
		*ret_why = "you said so yourself";
		return a->effect;
	}
	most = most_of(a, h, ret_why);
	return a->effect < most ? a->effect : most;
}

/* ---- together ---- */

static bool same_party(const struct advisory *a, const struct advisory *b)
{
	return strcmp(a->issuer, b->issuer) == 0 ||
	       (a->group[0] && strcmp(a->group, b->group) == 0);
}

/* Of those that demand at least this much and whose word goes that far. */
struct quorum {
	unsigned parties, doubles; /* doubles: of a party that counted before */
	unsigned classes;	   /* a bit each */
	double weight;
};

static struct quorum count_those(const struct advisory *list, size_t count,
	const enum advisory_effect *far, enum advisory_effect effect)
{
	struct quorum q = {0};
	double community = 0;

	for (size_t i = 0; i < count; i++) {
		bool counted = false;

		if (far[i] < effect)
			continue;
		for (size_t k = 0; k < i && !counted; k++)
			counted = far[k] >= effect && same_party(&list[i], &list[k]);
		q.doubles += counted;
		if (counted)
			continue;
		q.parties++;
		q.classes |= 1U << list[i].class;
		if (list[i].class == ADVISORY_COMMUNITY)
			community = fmax(community, advisory_weight(&list[i]));
		else
			q.weight += advisory_weight(&list[i]);
	}
	q.weight += community;
	return q;
}

static bool is_quorum(const struct quorum *q)
{
	return q->classes & 1U << ADVISORY_OWNER ||
	       (q->weight >= ADVISORY_BLOCK_WEIGHT && __builtin_popcount(q->classes) >= 2);
}

static void say_no_quorum(const struct quorum *q, char ret[LIMIT_TEXT])
{
	if (q->classes == 1U << ADVISORY_COMMUNITY)
		(void)str_print(ret, LIMIT_TEXT,
			"other homes alone are not enough for more: they weigh %.2f, "
			"however many they are, and a block needs %.0f",
			q->weight, ADVISORY_BLOCK_WEIGHT);
	else if (q->parties < 2 && q->doubles)
		str_copy(ret, LIMIT_TEXT,
			"all who say so belong to one owner and count once: two of "
			"different kinds are needed for more");
	else if (q->parties < 2)
		str_copy(ret, LIMIT_TEXT,
			"one issuer is not enough for more: two of different kinds are");
	else if (__builtin_popcount(q->classes) < 2)
		str_copy(ret, LIMIT_TEXT,
			"all who say so are of one kind: two of different kinds are "
			"needed for more");
	else
		(void)str_print(ret, LIMIT_TEXT,
			"those who say so weigh %.2f together, and a block needs %.0f",
			q->weight, ADVISORY_BLOCK_WEIGHT);
}

/* Which effects a single issuer is enough for: a maker for the update of its own things. */
static bool is_enough(const struct advisory *list, const struct advisory_home *homes,
	size_t count, const enum advisory_effect *far, enum advisory_effect effect,
	struct quorum *ret)
{
	if (effect <= ADVISORY_LIMIT)
		return true;
	*ret = count_those(list, count, far, effect);
	if (is_quorum(ret))
		return true;
	for (size_t i = 0; i < count && effect == ADVISORY_UPDATE_ONLY; i++)
		if (far[i] >= effect && homes[i].is_its_vendor &&
			list[i].class == ADVISORY_VENDOR)
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
static void brake(const struct advisory *list, const struct advisory_home *homes,
	size_t count, const enum advisory_effect *far, struct advisory_verdict *ret)
{
	const struct advisory_home *h = &homes[0];
	enum advisory_effect most = ret->effect;
	const char *why = NULL;

	for (size_t i = 0; i < count; i++) {
		if (far[i] < ret->effect)
			continue;
		if (list[i].class == ADVISORY_OWNER || homes[i].owner_agrees)
			return;
		if (homes[i].devices_hit > h->devices_hit || far[h - homes] < ret->effect)
			h = &homes[i];
	}
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
	struct quorum q = {0};
	size_t worst = 0;

	*ret = (struct advisory_verdict){.effect = ADVISORY_NOTHING};
	count = count < ADVISORY_ISSUERS_MAX ? count : ADVISORY_ISSUERS_MAX;
	for (size_t i = 0; i < count; i++) {
		far[i] = advisory_alone(&list[i], &homes[i], &why);
		if (i == 0 || far[i] > far[worst]) {
			worst = i;
			first = why;
		}
		effect = far[i] > effect ? far[i] : effect;
	}
	str_copy(ret->why, LIMIT_TEXT, first);
	while (!is_enough(list, homes, count, far, effect, &q)) {
		effect--;
		say_no_quorum(&q, ret->why);
	}
	ret->effect = effect;
	if (count)
		brake(list, homes, count, far, ret);
}

/* ---- versions ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The next part: digits or letters; len 0 at the end. Marks between parts do not count, but
 * a hyphen before letters makes them a version before the one that it stands behind. */
struct part {
	const char *at;
	size_t len;
	bool number, before;
};

static struct part next_part(const char **text)
{
	struct part p = {0};
	const char *t = *text;

	while (*t && !is_digit(*t) && !is_letter(*t))
		p.before |= *t++ == '-';
	p.number = is_digit(*t);
	for (p.at = t; p.number ? is_digit(*t) : is_letter(*t); t++)
		p.len++;
	p.before &= !p.number;
	*text = t;
	return p;
}

static int compare_numbers(struct part a, struct part b)
{
	while (a.len && *a.at == '0')
		a.at++, a.len--;
	while (b.len && *b.at == '0')
		b.at++, b.len--;
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return memcmp(a.at, b.at, a.len);
}

bool advisory_version_reaches(const char *runs, const char *wanted)
{
	if (!runs[0] || !wanted[0])
		return false;
	for (;;) {
		struct part a = next_part(&runs), b = next_part(&wanted);
		int order;

		if (!a.len || !b.len) /* the longer one is newer, unless it is "-rc" */
			return a.len ? !a.before : !b.len || b.before;
		if (a.number != b.number)
			return false;
		if (a.number) {
			order = compare_numbers(a, b);
			if (order)
				return order > 0;
		} else if (a.len != b.len || memcmp(a.at, b.at, a.len) != 0) {
			return false; /* "x1" and "y1": who knows */
		}
	}
}
