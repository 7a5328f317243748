// SPDX-License-Identifier: GPL-2.0-or-later
/* Bandwidth profiles: what a file says of single services, as limits of the device. The
 * kernel counts by device and direction, so a limit of one list of rules is ours to
 * keep only where all the others of its direction have one too. */
#include <string.h>
#include "engine/household_priv.h"

/* In one unit, bytes or packets, and one direction. */
struct measure {
	const struct household_device *hd;
	enum direction direction;
	bool packets;
};

static uint64_t rate_of(const struct measure *m, const struct profile_limit *l)
{
	if (l->direction != m->direction)
		return 0;
	return m->packets ? l->packets : l->bytes;
}

static bool list_is_limited(const struct measure *m, const char *acl)
{
	for (size_t i = 0; i < m->hd->limit_count; i++)
		if (rate_of(m, &m->hd->limits[i]) &&
			strcmp(m->hd->limits[i].acl, acl) == 0)
			return true;
	return false;
}

static bool all_lists_are_limited(const struct measure *m)
{
	for (size_t i = 0; i < m->hd->rule_count; i++) {
		const struct rule *r = &m->hd->rules[i];

		if (r->direction == m->direction && !list_is_limited(m, r->acl))
			return false;
	}
	return true;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	uint64_t both;

	return __builtin_add_overflow(a, b, &both) ? UINT64_MAX : both;
}

/* What services need together is what the device needs. */
static uint64_t add_up(const struct measure *m, uint8_t counted[])
{
	bool all = all_lists_are_limited(m);
	uint64_t total = 0;

	for (size_t i = 0; i < m->hd->limit_count; i++) {
		const struct profile_limit *l = &m->hd->limits[i];

		if (!rate_of(m, l) || (!all && l->acl[0]))
			continue;
		total = sum(total, rate_of(m, l));
		counted[i] |=
			m->packets ? HOUSEHOLD_LIMIT_PACKETS : HOUSEHOLD_LIMIT_BYTES;
	}
	return total;
}

void household_limits(const struct household_device *hd, struct household_limits *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned d = 0; d < DIRECTION_MAX; d++) {
		struct measure m = {.hd = hd, .direction = (enum direction)d};

		ret->bytes[d] = add_up(&m, ret->counted);
		m.packets = true;
		ret->packets[d] = add_up(&m, ret->counted);
	}
}

static void add_limit(struct element_list *l, enum element_kind kind,
	const struct device *d, uint64_t rate)
{
	struct element e = {.kind = kind, .rate = rate};

	if (!rate)
		return;
	if (kind == ELEMENT_LIMIT_OUT_BYTES || kind == ELEMENT_LIMIT_OUT_PACKETS) {
		e.mac = d->mac;
		element_list_add(l, &e);
		return;
	}
	for (size_t i = 0; i < d->addr_count; i++) {
		e.family = d->addrs[i].addr.family;
		e.device = d->addrs[i].addr;
		element_list_add(l, &e);
	}
}

void household_limit_elements(const struct household_device *hd, const struct device *d,
	struct element_list *l)
{
	struct household_limits limits;

	if (!hd->limit_count)
		return;
	household_limits(hd, &limits);
	add_limit(l, ELEMENT_LIMIT_OUT_BYTES, d, limits.bytes[DIRECTION_FROM_DEVICE]);
	add_limit(
		l, ELEMENT_LIMIT_OUT_PACKETS, d, limits.packets[DIRECTION_FROM_DEVICE]);
	add_limit(l, ELEMENT_LIMIT_IN_BYTES, d, limits.bytes[DIRECTION_TO_DEVICE]);
	add_limit(l, ELEMENT_LIMIT_IN_PACKETS, d, limits.packets[DIRECTION_TO_DEVICE]);
}

const char *household_limit_status(const struct household_limits *all, size_t i,
	const struct profile_limit *l, const char **ret_detail)
{
	uint8_t asked = (l->bytes ? HOUSEHOLD_LIMIT_BYTES : 0) |
			(l->packets ? HOUSEHOLD_LIMIT_PACKETS : 0);

	*ret_detail = "it says no number";
	if (!asked)
		return rule_status_name(RULE_UNENFORCEABLE);
	*ret_detail = "for the device as a whole";
	if ((all->counted[i] & asked) == asked)
		return rule_status_name(RULE_APPROXIMATED);
	*ret_detail = "only some of the lists of its direction are limited";
	if (all->counted[i])
		*ret_detail =
			"for the device as a whole, and only in bytes or in "
			"packets: only some of its lists are limited in the other";
	return rule_status_name(
		all->counted[i] ? RULE_APPROXIMATED : RULE_UNENFORCEABLE);
}
