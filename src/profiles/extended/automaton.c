// SPDX-License-Identifier: GPL-2.0-or-later
/* automaton - the steps of an interaction as positions, each with those that may follow
 * (Glushkov's construction): optional steps, choices and loops become sets of bits. */
#include <errno.h>
#include "profiles/extended/machine_priv.h"

struct part {
	uint64_t first, last, all;
	bool nullable;
};

struct builder {
	struct machine_interaction *mi;
};

bool policy_is_stream(const struct extended_policy *p)
{
	const struct extended_stats *s = &p->stats;

	return s->has_rate || s->bitrate || s->packets.is_set ||
	       s->bytes.is_set || s->duration.is_set;
}

static void connect(struct builder *b, uint64_t from, uint64_t to)
{
	for (uint32_t i = 0; i < b->mi->count; i++)
		if (from & 1ULL << i)
			b->mi->steps[i].follow |= to;
}

static struct part build_node(struct builder *b, const struct extended_node *n);

static struct part build_sequence(struct builder *b, const struct extended_node *n)
{
	struct part whole = {.nullable = true};

	for (; n; n = n->next) {
		struct part p = build_node(b, n);

		connect(b, whole.last, p.first);
		if (whole.nullable)
			whole.first |= p.first;
		whole.last = p.nullable ? whole.last | p.last : p.last;
		whole.all |= p.all;
		whole.nullable = whole.nullable && p.nullable;
	}
	return whole;
}

static struct part build_choice(struct builder *b, const struct extended_node *n)
{
	struct part whole = {0};

	for (const struct extended_node *c = n->child; c; c = c->next) {
		struct part p = build_sequence(b, c->child);

		whole.first |= p.first;
		whole.last |= p.last;
		whole.all |= p.all;
		whole.nullable |= p.nullable;
	}
	return whole;
}

/* How often is counted by step (steps.c): the innermost loop says it. */
static struct part build_loop(struct builder *b, const struct extended_node *n)
{
	struct part p = build_sequence(b, n->child ? n->child->child : NULL);

	connect(b, p.last, p.first);
	for (uint32_t i = 0; i < b->mi->count; i++) {
		struct machine_step *s = &b->mi->steps[i];

		if (!(p.all & 1ULL << i) || s->loop)
			continue;
		s->loop = p.all;
		s->loop_min = n->min;
		s->loop_max = n->max;
	}
	p.nullable |= n->min == 0;
	return p;
}

static struct part build_step(struct builder *b, const struct extended_node *n)
{
	uint32_t at = b->mi->count++;
	uint64_t bit = 1ULL << at;

	b->mi->steps[at] = (struct machine_step){.policy = n->step,
		.is_stream = policy_is_stream(n->step), .before = (int32_t)at - 1};
	return (struct part){bit, bit, bit, n->step->optional};
}

static struct part build_node(struct builder *b, const struct extended_node *n)
{
	switch (n->kind) {
	case NODE_STEP:
		return build_step(b, n);
	case NODE_SEQUENCE:
		return build_sequence(b, n->child);
	case NODE_CHOICE:
		return build_choice(b, n);
	case NODE_LOOP:
		return build_loop(b, n);
	}
	return (struct part){.nullable = true};
}

static uint32_t count_steps(const struct extended_node *n)
{
	uint32_t count = 0;

	for (; n; n = n->next)
		count += n->kind == NODE_STEP ? 1 : count_steps(n->child);
	return count;
}

int automaton_build(struct machine_interaction *mi, const struct extended_interaction *i,
	struct pool *pool)
{
	struct builder b = {.mi = mi};
	uint32_t count = count_steps(i->nodes);

	if (count == 0 || count > EXTENDED_STEPS)
		return CARDEA_ELIMIT;
	*mi = (struct machine_interaction){.of = i};
	mi->steps = pool_take(pool, count * sizeof *mi->steps);
	mi->instances = pool_take(pool, i->instances * sizeof *mi->instances);
	if (!mi->steps || !mi->instances)
		return -ENOMEM;
	for (uint32_t n = 0; n < i->instances; n++) {
		mi->instances[n].counts = pool_take(pool, count * sizeof(struct counts));
		if (!mi->instances[n].counts)
			return -ENOMEM;
	}
	struct part whole = build_sequence(&b, i->nodes->child);

	mi->first = whole.first;
	mi->last = whole.last;
	return 0;
}
