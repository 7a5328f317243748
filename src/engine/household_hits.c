// SPDX-License-Identifier: GPL-2.0-or-later
/* The hits of a device's rules, by what the rules are called in their file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/hits.h"

static struct rule_hits *find(const struct household_device *hd, const struct rule *r)
{
	for (size_t i = 0; i < hd->hit_count; i++)
		if (hd->hits[i].direction == r->direction &&
			strcmp(hd->hits[i].ace, r->ace) == 0 &&
			strcmp(hd->hits[i].acl, r->acl) == 0)
			return &hd->hits[i];
	return NULL;
}

static struct rule_hits *named_before(
	struct rule_hits *all, size_t count, const struct rule *r)
{
	struct household_device made = {.hits = all, .hit_count = count};

	return find(&made, r);
}

static struct rule_hits begin(const struct rule *r, nstime wall)
{
	struct rule_hits h = {.direction = r->direction, .first = wall, .dirty = true};

	str_copy(h.acl, sizeof(h.acl), r->acl);
	str_copy(h.ace, sizeof(h.ace), r->ace);
	return h;
}

/* One for each name that the policy's rules have, with what was counted for it before.
 */
static int follow_policy(struct household_device *hd, nstime wall)
{
	const struct policy *p = &hd->policy;
	struct rule_hits *all = calloc(p->count ? p->count : 1, sizeof(*all));
	uint16_t *of_rule = calloc(p->count ? p->count : 1, sizeof(*of_rule));
	size_t count = 0;

	if (!all || !of_rule) {
		free(all);
		free(of_rule);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < p->count; i++) {
		const struct rule_hits *before = find(hd, &p->rules[i]);
		struct rule_hits *h = named_before(all, count, &p->rules[i]);

		if (!h) {
			h = &all[count++];
			*h = before ? *before : begin(&p->rules[i], wall);
		}
		of_rule[i] = (uint16_t)(h - all);
	}
	free(hd->hits);
	free(hd->hit_of_rule);
	hd->hits = all;
	hd->hit_count = count;
	hd->hit_of_rule = of_rule;
	hd->hits_of = p->rules;
	return 0;
}

struct rule_hits *household_hits(
	struct household_device *hd, uint32_t rule, nstime wall)
{
	if (!hd->pool || rule >= hd->policy.count)
		return NULL;
	if (hd->hits_of != hd->policy.rules && follow_policy(hd, wall))
		return NULL;
	return &hd->hits[hd->hit_of_rule[rule]];
}

int household_hits_load(struct household_device *hd, const struct rule_hits *stored)
{
	struct rule_hits *all;

	if (hd->hit_count == LIMIT_RULES)
		return CARDEA_ELIMIT;
	all = realloc(hd->hits, (hd->hit_count + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	hd->hits = all;
	hd->hits[hd->hit_count++] = *stored;
	return 0;
}
