// SPDX-License-Identifier: GPL-2.0-or-later
/* order - what of an interaction's order and of permits a datapath can keep that knows
 * "after that, for so long": which policy arms a trigger, and which one needs it. A step
 * that only one other step comes before needs that one; where several may come before,
 * or none, it is let through at any time. */
#include "profiles/extended/order_priv.h"

#include <errno.h>
#include <string.h>

/* What may have been the last step: bits by place in steps, and the beginning. */
struct before {
	uint64_t steps;
	bool start;
};

struct ordering {
	const struct extended_policy *steps[EXTENDED_STEPS];
	struct before befores[EXTENDED_STEPS];
	uint32_t count;
};

static struct before unite(struct before a, struct before b)
{
	return (struct before){a.steps | b.steps, a.start || b.start};
}

static uint32_t place_of(struct ordering *o, const struct extended_policy *step)
{
	uint32_t i = 0;

	while (i < o->count && o->steps[i] != step)
		i++;
	if (i == o->count && i < EXTENDED_STEPS)
		o->steps[o->count++] = step;
	return i;
}

static struct before walk_step(
	struct ordering *o, const struct extended_policy *step, struct before in)
{
	uint32_t at = place_of(o, step);
	struct before self = {.start = false};

	if (at == EXTENDED_STEPS)
		return in;
	self.steps = 1ULL << at;
	o->befores[at] = unite(o->befores[at], in);
	if (step->repeatable)
		o->befores[at] = unite(o->befores[at], self);
	return step->optional ? unite(self, in) : self;
}

/* As deep as a document nests, which is bounded (TREE_DEPTH). */
static struct before walk_list(
	struct ordering *o, const struct extended_node *n, struct before in)
{
	for (; n; n = n->next) {
		struct before out = {.start = false};

		switch (n->kind) {
		case NODE_STEP:
			out = walk_step(o, n->step, in);
			break;
		case NODE_SEQUENCE:
			out = walk_list(o, n->child, in);
			break;
		case NODE_CHOICE:
			for (const struct extended_node *c = n->child; c; c = c->next)
				out = unite(out,
					walk_list(o, c->kind == NODE_SEQUENCE ? c->child : c,
						in));
			break;
		case NODE_LOOP:
			out = walk_list(o, n->child, in);
			out = walk_list(o, n->child, unite(in, out)); /* once more */
			if (!n->min)
				out = unite(out, in);
			break;
		}
		in = out;
	}
	return in;
}

static uint32_t seconds(nstime t)
{
	uint64_t s = ((uint64_t)t + NS_PER_SEC - 1) / NS_PER_SEC;

	return s < 1 ? 1 : s > LIMIT_OPEN_S ? LIMIT_OPEN_S : (uint32_t)s;
}

/* The trigger that this policy arms; 0 when there are too many. */
static uint16_t arm(struct order *o, const struct extended_policy *p)
{
	struct order_place *at = &o->places[p->id];

	if (!at->arms && o->triggers < LIMIT_TRIGGERS)
		at->arms = (uint16_t)++o->triggers;
	return at->arms;
}

static void need(struct order *o, const struct extended_policy *p,
	const struct extended_policy *after, nstime within)
{
	struct order_place *at = &o->places[p->id];

	if (p->deny || after->deny)
		return;
	at->needs = arm(o, after);
	at->open_s = at->needs ? seconds(within) : 0;
	at->after = at->needs ? after : NULL;
}

static void order_steps(struct order *o, const struct extended_interaction *i)
{
	struct ordering w = {.count = 0};

	(void)walk_list(&w, i->nodes, (struct before){.start = true});
	for (uint32_t k = 0; k < w.count; k++) {
		uint64_t steps = w.befores[k].steps;
		nstime within = w.steps[k]->timeout ? w.steps[k]->timeout : i->timeout;

		if (w.befores[k].start || !steps || steps & (steps - 1) ||
			steps == 1ULL << k)
			continue;
		need(o, w.steps[k], w.steps[__builtin_ctzll(steps)],
			within ? within : EXTENDED_TIMEOUT);
	}
}

int order_make(const struct extended_profile *p, struct pool *pool, struct order *ret)
{
	*ret = (struct order){.places =
				      pool_take(pool, (p->id_count + 1) * sizeof *ret->places)};
	if (!ret->places)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->permit_count; i++)
		need(ret, &p->permits[i].effect, &p->permits[i].trigger,
			p->permits[i].within);
	for (uint32_t i = 0; i < p->interaction_count; i++)
		order_steps(ret, &p->interactions[i]);
	return 0;
}
