// SPDX-License-Identifier: GPL-2.0-or-later
/* compile - the rules whose peers are addresses, as disjoint accepting boxes: each rule
 * gets what no earlier rule has taken, and what has not left its layer before; drops only
 * take. */
#include "policy/policy_priv.h"

#include <errno.h>

struct compiler {
	const struct policy *policy;
	const struct policy_env *env;
	const struct policy_names *names;
	struct policy_side side;
	struct space taken;   /* disjoint; by the first rule that matches */
	struct space scratch; /* for space_unite */
	struct space left;    /* what has left the layer at work, up to left_until */
	struct space denied;  /* what has left a grant: no business of the base layer */
	struct space reached; /* by such a rule, at work */
	struct space gated;   /* what rules that need a trigger would let begin */
	uint32_t left_until;
	bool leaves, denies, needs; /* the rule at work */
	struct box shape;    /* of the rule at work */
};

/* Accepting names come and go with their bindings (binding.c); a name that is denied
 * holes everything behind it and so belongs here. */
static bool rule_is_static(const struct rule *r, enum direction d)
{
	return policy_rule_counts(r, d) &&
	       (r->peer.kind != PEER_NAME || r->action != RULE_ACCEPT || r->needs);
}

/* A rule that needs a trigger takes nothing from others: what it reaches is beside what
 * they let begin, and may overlap with it. */
static int gate_range(struct compiler *c, const struct box *b)
{
	int r;

	c->reached.count = 0;
	r = space_unite_but(&c->reached, b, &c->left, &c->scratch);
	for (uint32_t i = 0; i < c->taken.count && !r; i++)
		r = space_subtract(&c->reached, &c->taken.boxes[i]);
	for (uint32_t i = 0; i < c->reached.count && !r; i++)
		r = space_push(&c->gated, &c->reached.boxes[i]);
	return r;
}

static int compile_range(void *ctx, const struct addr *lo, const struct addr *hi)
{
	struct compiler *c = ctx;
	struct box b = c->shape;

	if (b.accept && !policy_side_is_reached(&c->side, lo, hi))
		return 0;
	b.lo = *lo;
	b.hi = *hi;
	if (c->needs)
		return gate_range(c, &b);
	if (!c->leaves)
		return space_unite_but(&c->taken, &b, &c->left, &c->scratch);
	int r = space_push(&c->left, &b);
	return r || !c->denies ? r : space_push(&c->denied, &b);
}

/* What has left one layer is back for the next, but for the base layer. */
static int enter_layer(struct compiler *c, uint32_t place)
{
	int r = 0;

	if (place == policy_base_at(c->policy)) {
		c->left.count = 0;
		for (uint32_t i = 0; i < c->denied.count && !r; i++)
			r = space_push(&c->left, &c->denied.boxes[i]);
		c->left_until = UINT32_MAX;
	} else if (place >= c->left_until) {
		c->left.count = 0;
	}
	return r;
}

static int compile_rule(struct compiler *c, uint32_t place)
{
	const struct rule *rule = policy_at(c->policy, place);
	struct box shapes[POLICY_SHAPES_MAX];
	size_t n = policy_rule_shapes(rule, c->side.family, shapes);
	uint32_t end = policy_ends_at(c->policy, place);
	int r = 0;

	c->leaves = end != UINT32_MAX;
	c->needs = rule->needs != 0;
	c->denies = policy_denies_base(c->policy, place);
	if (c->leaves)
		c->left_until = end;
	for (size_t i = 0; i < n && !r; i++) {
		c->shape = shapes[i];
		c->shape.place = place;
		r = policy_rule_ranges(
			rule, c->env, c->names, c->side.family, compile_range, c);
	}
	return r;
}

static int compile_side(struct compiler *c)
{
	int r = 0;

	c->taken.count = c->left.count = c->denied.count = c->gated.count = 0;
	c->left_until = 0;
	for (uint32_t i = 0; i < policy_places(c->policy) && !r; i++) {
		r = enter_layer(c, i);
		if (!r && rule_is_static(policy_at(c->policy, i), c->side.direction))
			r = compile_rule(c, i);
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
	struct policy_output o = {
		.device = d, .side = c->side, .emit = meter_emit, .ctx = m};
	int r = 0;

	for (uint32_t i = 0; i < c->taken.count && !r; i++) {
		const struct box *b = &c->taken.boxes[i];
		if (b->accept)
			r = policy_emit_box(&o, b, policy_at(c->policy, b->place)->id);
	}
	for (uint32_t i = 0; i < c->gated.count && !r; i++) {
		const struct rule *rule = policy_at(c->policy, c->gated.boxes[i].place);

		o.needs = rule->needs;
		r = policy_emit_box(&o, &c->gated.boxes[i], rule->id);
	}
	return r;
}

/* ---- what arms triggers ---- */

struct arming {
	const struct rule *rule;
	struct policy_output out;
	struct box shape;
	uint32_t count;
};

static int arm_emit(void *ctx, const struct element *e, rule_id rule)
{
	struct arming *a = ctx;

	if (a->count == POLICY_ARMS_MAX)
		return CARDEA_ELIMIT;
	a->count++;
	return a->out.emit(a->out.ctx, e, rule);
}

static int arm_range(void *ctx, const struct addr *lo, const struct addr *hi)
{
	struct arming *a = ctx;
	struct policy_output o = a->out;
	struct box b = a->shape;

	if (b.accept && !policy_side_is_reached(&o.side, lo, hi))
		return 0;
	b.lo = *lo;
	b.hi = *hi;
	o.emit = arm_emit;
	o.ctx = a;
	return policy_emit_box(&o, &b, a->rule->id);
}

static int arm_side(struct arming *a, const struct policy_env *env,
	const struct policy_names *names)
{
	struct box shapes[POLICY_SHAPES_MAX];
	size_t n = policy_rule_shapes(a->rule, a->out.side.family, shapes);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		a->shape = shapes[i];
		r = policy_rule_ranges(
			a->rule, env, names, a->out.side.family, arm_range, a);
	}
	return r;
}

static const struct policy_side sides[] = {
	{DIRECTION_FROM_DEVICE, 4, SCOPE_ANY},
	{DIRECTION_FROM_DEVICE, 6, SCOPE_ANY},
	{DIRECTION_TO_DEVICE, 4, SCOPE_ANY},
	{DIRECTION_TO_DEVICE, 6, SCOPE_WIDE},
	{DIRECTION_TO_DEVICE, 6, SCOPE_LINK},
};

int policy_compile_arms(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d,
	policy_emit emit, void *ctx)
{
	struct arming a = {.rule = r,
		.out = {.device = d, .emit = emit, .ctx = ctx, .arms = r->arms}};
	int error = 0;

	if (!r->arms || !policy_rule_counts(r, r->direction))
		return 0;
	for (unsigned i = 0; i < sizeof sides / sizeof *sides && !error; i++) {
		a.out.side = sides[i];
		if (sides[i].direction == r->direction &&
			policy_side_is_used(&sides[i], d))
			error = arm_side(&a, env, names);
	}
	return error;
}

static int arms_compile(const struct compiler *c, const struct policy_device *d,
	struct meter *m)
{
	int r = 0;

	for (uint32_t i = 0; i < c->policy->count && !r; i++)
		r = policy_compile_arms(
			&c->policy->rules[i], c->env, c->names, d, meter_emit, m);
	return r;
}

int policy_compile(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d,
	policy_emit emit, void *ctx)
{
	struct pool *pool = pool_new("policy compile", POLICY_SCRATCH_BYTES);
	struct compiler c = {.policy = p, .env = env};
	struct policy_memo memo;
	struct meter m = {.emit = emit, .ctx = ctx};
	int r = 0;

	if (!pool)
		return -ENOMEM;
	c.names = policy_memo_init(&memo, names, pool);
	/* drops take boxes too, without becoming elements */
	space_init(&c.taken, pool, LIMIT_BOXES);
	space_init(&c.scratch, pool, LIMIT_BOXES);
	space_init(&c.left, pool, LIMIT_BOXES);
	space_init(&c.denied, pool, LIMIT_BOXES);
	space_init(&c.gated, pool, LIMIT_BOXES);
	space_init(&c.reached, pool, LIMIT_BOXES);
	for (unsigned i = 0; i < sizeof sides / sizeof *sides && !r; i++) {
		if (!policy_side_is_used(&sides[i], d))
			continue;
		c.side = sides[i];
		r = compile_side(&c);
		if (!r)
			r = emit_side(&c, d, &m);
	}
	if (!r)
		r = arms_compile(&c, d, &m);
	if (!r)
		r = policy_ether_compile(p, d, meter_emit, &m);
	pool_free(pool);
	return r;
}
