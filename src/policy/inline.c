// SPDX-License-Identifier: GPL-2.0-or-later
/* inline - names whose addresses the kernel may open by itself, out of the answer that
 * the device is told. It knows no order of rules and no ranges: only what is the same
 * whatever the address turns out to be is left to it. */
#include "policy/policy_priv.h"

#include <string.h>

struct opening {
	uint8_t proto;
	uint16_t port;
	bool v4, v6;
	rule_id rule;
};

/* All that one name opens. */
struct openings {
	struct opening list[LIMIT_OPENINGS];
	size_t count;
};

/* What waits for a trigger is compiled as a whole. */
static bool is_asked(const struct rule *r)
{
	return r->peer.kind == PEER_NAME && r->action == RULE_ACCEPT && !r->needs;
}

static bool rule_counts(const struct rule *r)
{
	return policy_rule_counts(r, r->direction);
}

/* An earlier rule forbids some of the shape, at some address. */
static bool is_cut(const struct policy *p, uint32_t place, const struct box *shape)
{
	struct box cuts[POLICY_SHAPES_MAX];

	for (uint32_t i = 0; i < place; i++) {
		const struct rule *r = policy_at(p, i);
		if (r->action != RULE_DROP ||
			!policy_rule_counts(r, DIRECTION_FROM_DEVICE))
			continue;
		size_t n = policy_rule_shapes(r, shape->family, cuts);
		for (size_t k = 0; k < n; k++)
			if (box_intersects(&cuts[k], shape))
				return true;
	}
	return false;
}

static bool add_opening(struct openings *o, const struct box *shape, rule_id rule)
{
	size_t i = 0;

	while (i < o->count && (o->list[i].proto != shape->proto_lo ||
				       o->list[i].port != shape->peer_port.lo))
		i++;
	if (i == LIMIT_OPENINGS)
		return false;
	if (i == o->count)
		o->list[o->count++] = (struct opening){.proto = shape->proto_lo,
			.port = shape->peer_port.lo,
			.rule = rule};
	if (shape->family == 4)
		o->list[i].v4 = true;
	else
		o->list[i].v6 = true;
	return true;
}

static bool add_family(struct openings *o, const struct policy *p, uint32_t place,
	uint8_t family)
{
	const struct rule *r = policy_at(p, place);
	struct box shapes[POLICY_SHAPES_MAX];
	size_t n = policy_rule_shapes(r, family, shapes);

	for (size_t i = 0; i < n; i++) {
		struct box one = shapes[i];
		one.hi = one.lo;
		if (!policy_box_is_exact(&one, DIRECTION_FROM_DEVICE) ||
			is_cut(p, place, &shapes[i]) ||
			!add_opening(o, &shapes[i], r->id))
			return false;
	}
	return true;
}

/* False: the name needs us. */
static bool gather(struct openings *o, const struct policy *p, const char *name)
{
	o->count = 0;
	for (uint32_t i = 0; i < policy_places(p); i++) {
		const struct rule *r = policy_at(p, i);
		if (!rule_counts(r) || !is_asked(r) || strcmp(r->peer.name, name) != 0)
			continue;
		if (r->direction != DIRECTION_FROM_DEVICE || r->arms || !add_family(o, p, i, 4) ||
			!add_family(o, p, i, 6))
			return false;
	}
	return true;
}

static int emit(const struct openings *o, const char *name, policy_open open, void *ctx)
{
	bool suffix = rule_name_is_suffix(name);
	int r = 0;

	for (size_t i = 0; i < o->count && !r; i++) {
		const struct opening *one = &o->list[i];
		struct policy_opening opening = {
			.name = suffix ? name + 2 : name,
			.suffix = suffix,
			.family = one->v4 && one->v6 ? 0 : one->v4 ? 4 : 6,
			.proto = one->proto,
			.port = one->port,
			.rule = one->rule,
		};
		r = open(ctx, &opening);
	}
	return r;
}

static bool is_first(const struct policy *p, uint32_t place)
{
	const struct rule *r = policy_at(p, place);

	for (uint32_t i = 0; i < place; i++) {
		const struct rule *before = policy_at(p, i);
		if (rule_counts(before) && is_asked(before) &&
			strcmp(before->peer.name, r->peer.name) == 0)
			return false;
	}
	return true;
}

int policy_inline(const struct policy *p, policy_open open, void *ctx, bool *ret_whole)
{
	bool whole = true;
	struct openings o;
	int r = 0;

	for (uint32_t i = 0; i < policy_places(p) && !r; i++) {
		const struct rule *rule = policy_at(p, i);
		if (!rule_counts(rule) || rule->peer.kind != PEER_NAME)
			continue;
		if (!is_asked(rule))
			whole = false; /* what its addresses come to is for us to say */
		else if (!is_first(p, i))
			continue;
		else if (gather(&o, p, rule->peer.name))
			r = emit(&o, rule->peer.name, open, ctx);
		else
			whole = false;
	}
	if (!r)
		*ret_whole = whole;
	return r;
}
