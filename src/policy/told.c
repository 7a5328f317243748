// SPDX-License-Identifier: GPL-2.0-or-later
/* told - where a gateway only watches. A second policy says what passes although the first
 * one does not list it: all but what some layers keep refused. The kernel gets it as ranges
 * of ELEMENT_GATE_TOLD, at which it looks when the first policy says no. */
#include "policy/policy_priv.h"

bool policy_told_keeps(const struct rule *r)
{
	struct rule alone = *r;

	if (r->action != RULE_DROP || r->ethertype != RULE_ETHERTYPE_IP)
		return false;
	policy_status_alone(&alone);
	return rule_in_force(&alone);
}

static void any_rules(struct rule rules[DIRECTION_MAX])
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++) {
		rule_init(&rules[d]);
		rules[d].id = d + 1;
		rules[d].direction = (enum direction)d;
		rules[d].layer = LAYER_LEARNED;
	}
}

int policy_told_prepare(struct pool *pool, const struct policy_layer *kept, size_t count,
	struct policy *ret)
{
	struct policy_layer layers[POLICY_LAYERS_MAX];
	struct rule any[DIRECTION_MAX];
	struct policy_input in;
	size_t n = 0;
	int error;

	if (count >= POLICY_LAYERS_MAX)
		return CARDEA_ELIMIT;
	while (n < count) {
		layers[n] = kept[n];
		n++;
	}
	any_rules(any);
	layers[n++] = (struct policy_layer){POLICY_GRANT, LAYER_LEARNED, any, DIRECTION_MAX};
	error = policy_combine(pool, layers, n, &in);
	return error ? error : policy_prepare(pool, &in, ret);
}

struct telling {
	policy_emit emit;
	void *ctx;
};

/* An exact element holds all ports of who calls (policy_box_is_exact): a range says so. */
static int told_emit(void *ctx, const struct element *e, rule_id rule)
{
	const struct telling *t = ctx;
	struct element told = *e;

	if (e->kind == ELEMENT_OUT)
		told.kind = ELEMENT_OUT_RANGE;
	else if (e->kind == ELEMENT_IN)
		told.kind = ELEMENT_IN_RANGE;
	else if (e->kind != ELEMENT_OUT_RANGE && e->kind != ELEMENT_IN_RANGE)
		return 0;
	told.gate = ELEMENT_GATE_TOLD;
	return t->emit(t->ctx, &told, rule);
}

int policy_told_compile(const struct policy *told, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d, policy_emit emit,
	void *ctx)
{
	struct telling t = {emit, ctx};

	return policy_compile(told, env, names, d, told_emit, &t);
}

/* Whoever refuses it in the first policy: what is to stay refused is in the second. */
void policy_told_evaluate(const struct policy *p, const struct policy *told,
	const struct policy_env *env, const struct policy_names *names, const struct flow *f,
	struct verdict *ret_verdict)
{
	struct verdict v;

	policy_evaluate(p, env, names, f, ret_verdict);
	if (ret_verdict->kind != VERDICT_VIOLATION && ret_verdict->kind != VERDICT_REFUSE)
		return;
	policy_evaluate(told, env, names, f, &v);
	if (v.kind == VERDICT_ALLOW)
		ret_verdict->kind = VERDICT_WOULD_BLOCK;
}
