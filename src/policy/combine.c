// SPDX-License-Identifier: GPL-2.0-or-later
/* combine - layers become one list of rules, in sections that keep them apart. The
 * algebra is docs/adr/0007; what a section means to whoever walks the rules is here. */
#include "policy/policy_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_drops(const struct policy_layer *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->rules[i].action == RULE_DROP)
			return true;
	return false;
}

static bool action_is_of(enum policy_part part, enum rule_action a)
{
	switch (part) {
	case POLICY_REFUSE:
		return a == RULE_DROP;
	case POLICY_LIMIT:
		return a == RULE_DROP || a == RULE_PASS;
	case POLICY_GRANT:
		return a == RULE_ACCEPT || a == RULE_DROP;
	case POLICY_PART_MAX:
		break;
	}
	return false;
}

/* Frames that are not IP stay on the LAN, where limits have nothing to say. */
static bool layer_is_sound(const struct policy_layer *l)
{
	if ((unsigned)l->part >= POLICY_PART_MAX || (unsigned)l->layer >= LAYER_MAX)
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (!action_is_of(l->part, l->rules[i].action) ||
			(l->part != POLICY_GRANT &&
				l->rules[i].ethertype != RULE_ETHERTYPE_IP))
			return false;
	return true;
}

/* Grants without prohibitions go first, so that most often just the last list has some,
 * and nothing has to be kept from it. */
static unsigned rank(const struct policy_layer *l)
{
	return (unsigned)l->part * 2 + (l->part == POLICY_GRANT && has_drops(l));
}

static int compare_ids(const void *a, const void *b)
{
	rule_id x = ((const struct rule *)a)->id, y = ((const struct rule *)b)->id;

	return (x > y) - (x < y);
}

struct combiner {
	struct rule *rules;
	struct policy_section *sections;
	size_t count, section_count;
};

static void append(struct combiner *c, const struct policy_layer *l)
{
	struct rule *to = &c->rules[c->count];

	if (!l->count)
		return;
	memcpy(to, l->rules, l->count * sizeof *to);
	qsort(to, l->count, sizeof *to, compare_ids);
	for (size_t i = 0; i < l->count; i++) {
		to[i].id = (rule_id)(c->count + i + 1);
		to[i].layer = l->layer;
	}
	c->sections[c->section_count++] =
		(struct policy_section){l->part, (uint32_t)l->count};
	c->count += l->count;
}

int policy_combine(struct pool *pool, const struct policy_layer *layers, size_t count,
	struct policy_input *ret)
{
	struct combiner c = {0};
	size_t all = 0;

	if (count > POLICY_LAYERS_MAX)
		return CARDEA_ELIMIT;
	for (size_t i = 0; i < count; i++) {
		if (layers[i].count > LIMIT_RULES - all)
			return CARDEA_ELIMIT;
		if (!layer_is_sound(&layers[i]))
			return CARDEA_EMALFORMED;
		all += layers[i].count;
	}
	c.rules = pool_take(pool, (all + 1) * sizeof *c.rules);
	c.sections = pool_take(pool, (count + 1) * sizeof *c.sections);
	if (!c.rules || !c.sections)
		return -ENOMEM;
	for (unsigned r = 0; r < 2 * POLICY_PART_MAX; r++)
		for (size_t i = 0; i < count; i++)
			if (rank(&layers[i]) == r)
				append(&c, &layers[i]);
	*ret = (struct policy_input){.rules = c.rules,
		.count = c.count,
		.sections = c.sections,
		.section_count = c.section_count};
	return 0;
}

uint32_t policy_section_at(const struct policy *p, uint32_t place)
{
	uint32_t end = p->block_count;

	if (place < end || place >= policy_base_at(p))
		return POLICY_NO_SECTION;
	for (uint32_t i = 0; i < p->section_count; i++) {
		end += p->sections[i].count;
		if (place < end)
			return i;
	}
	return POLICY_NO_SECTION;
}

enum policy_part policy_part_at(const struct policy *p, uint32_t place)
{
	uint32_t section = policy_section_at(p, place);

	if (section != POLICY_NO_SECTION)
		return p->sections[section].part;
	return place < p->block_count ? POLICY_REFUSE : POLICY_GRANT;
}

enum policy_part policy_part_of(const struct policy *p, const struct rule *r)
{
	if (r->id >= POLICY_BLOCK_ID)
		return POLICY_REFUSE;
	return policy_part_at(p, p->block_count + (uint32_t)(r - p->rules));
}

uint32_t policy_behind(const struct policy *p, uint32_t place)
{
	uint32_t section = policy_section_at(p, place), end = p->block_count;

	if (place < end)
		return end;
	if (section == POLICY_NO_SECTION)
		return policy_base_at(p);
	for (uint32_t i = 0; i <= section; i++)
		end += p->sections[i].count;
	return end;
}

uint32_t policy_ends_at(const struct policy *p, uint32_t place)
{
	uint32_t section = policy_section_at(p, place);
	enum rule_action action = policy_at(p, place)->action;

	if (section == POLICY_NO_SECTION || action == RULE_ACCEPT)
		return UINT32_MAX;
	if (action == RULE_PASS)
		return policy_behind(p, place);
	/* behind the last grant is the base layer, from which it takes as well */
	if (p->sections[section].part != POLICY_GRANT ||
		section + 1 == p->section_count)
		return UINT32_MAX;
	return policy_behind(p, place);
}

bool policy_denies_base(const struct policy *p, uint32_t place)
{
	return policy_at(p, place)->action == RULE_DROP &&
	       policy_part_at(p, place) == POLICY_GRANT;
}
