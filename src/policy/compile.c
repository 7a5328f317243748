// SPDX-License-Identifier: GPL-2.0-or-later
/* compile - the rules whose peers are addresses, as disjoint accepting boxes: each rule
 * gets what no earlier rule has taken, drops only take. */
#include "policy/policy_priv.h"

#include <errno.h>

struct compiler {
	const struct policy *policy;
	const struct policy_env *env;
	const struct policy_names *names;
	enum direction direction;
	uint8_t family;
	struct space taken;   /* disjoint; by the first rule that matches */
	struct space scratch; /* for space_unite */
	struct box shape;     /* of the rule at work */
};

/* Accepting names come and go with their bindings (binding.c); a name that is denied
 * holes everything behind it and so belongs here. */
static bool rule_is_static(const struct rule *r)
{
	return r->status == RULE_ENFORCED &&
	       (r->peer.kind != PEER_NAME || r->action == RULE_DROP);
}

static int compile_range(void *ctx, const struct addr *lo, const struct addr *hi)
{
	struct compiler *c = ctx;
	struct box b = c->shape;

	b.lo = *lo;
	b.hi = *hi;
	return space_unite(&c->taken, &b, &c->scratch);
}

static int compile_rule(struct compiler *c, const struct rule *rule)
{
	struct box shapes[POLICY_SHAPES_MAX];
	size_t n = policy_rule_shapes(rule, c->family, shapes);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		c->shape = shapes[i];
		r = policy_rule_ranges(
			rule, c->env, c->names, c->family, compile_range, c);
	}
	return r;
}

static int compile_side(struct compiler *c)
{
	int r = 0;

	c->taken.count = 0;
	for (uint32_t i = 0; i < c->policy->count && !r; i++) {
		const struct rule *rule = &c->policy->rules[i];
		if (rule->direction == c->direction && rule_is_static(rule))
			r = compile_rule(c, rule);
	}
	return r;
}

/* Counts what one device may hold over all sides. */
struct meter {
	policy_emit emit;
	void *ctx;
	uint32_t count;
};

static int meter_emit(void *ctx, const struct element *e, rule_id rule)
{
	struct meter *m = ctx;

	if (m->count == LIMIT_BOXES)
		return CARDEA_ELIMIT;
	m->count++;
	return m->emit(m->ctx, e, rule);
}

static int emit_side(
	const struct compiler *c, const struct policy_device *d, struct meter *m)
{
	int r = 0;

	for (uint32_t i = 0; i < c->taken.count && !r; i++)
		if (c->taken.boxes[i].accept)
			r = policy_emit_box(
				d, c->direction, &c->taken.boxes[i], 0, meter_emit, m);
	return r;
}

int policy_compile(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d,
	policy_emit emit, void *ctx)
{
	static const uint8_t families[] = {4, 6};
	struct pool *pool = pool_new("policy compile", POLICY_SCRATCH_BYTES);
	struct compiler c = {.policy = p, .env = env, .names = names};
	struct meter m = {.emit = emit, .ctx = ctx};
	int r = 0;

	if (!pool)
		return -ENOMEM;
	/* drops take boxes too, without becoming elements */
	space_init(&c.taken, pool, LIMIT_BOXES);
	space_init(&c.scratch, pool, LIMIT_BOXES);
	for (unsigned dir = 0; dir < DIRECTION_MAX && !r; dir++)
		for (unsigned i = 0; i < 2 && !r; i++) {
			c.direction = dir;
			c.family = families[i];
			r = compile_side(&c);
			if (!r)
				r = emit_side(&c, d, &m);
		}
	pool_free(pool);
	return r;
}
