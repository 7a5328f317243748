// SPDX-License-Identifier: GPL-2.0-or-later
/* Watching only: what a profile does not list passes and is told. What the owner refused is
 * refused as ever, and so is all that a held device has lost: a second policy says what
 * that is, and what it lets pass the kernel gets as ranges of ELEMENT_GATE_TOLD, which it
 * looks at when the first one says no. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/household_priv.h"
#include "profiles/maintain/maintain.h"

bool household_tells(const struct household_device *hd)
{
	return hd->house->tells && !hd->hold;
}

/* ---- what is still refused ---- */

/* In what was learned the owner's no to a conversation stands among the grants. */
static bool is_the_owners_no(const struct rule *r)
{
	return r->action == RULE_DROP && strcmp(r->acl, MAINTAIN_NO_ACL) == 0;
}

static int add_no(const struct household_grant *g, struct pool *pool,
	struct policy_layer *layers, size_t *count)
{
	struct rule *no;
	size_t n = 0;

	for (size_t i = 0; i < g->count; i++)
		n += is_the_owners_no(&g->rules[i]);
	if (!n)
		return 0;
	no = pool_take(pool, n * sizeof(*no));
	if (!no)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < g->count; i++)
		if (is_the_owners_no(&g->rules[i])) {
			no[n] = g->rules[i];
			no[n].layer = LAYER_OWNER;
			n++;
		}
	layers[(*count)++] = (struct policy_layer){POLICY_REFUSE, LAYER_OWNER, no, n};
	return 0;
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

int household_told_policy(
	const struct household_device *hd, struct pool *pool, struct policy *ret)
{
	struct policy_layer layers[POLICY_OVERLAY_LAYERS + 2];
	struct rule any[DIRECTION_MAX];
	struct policy_input in;
	size_t count = 0;
	int error = policy_overlay_layers(
		pool, hd->overlays, hd->overlay_count, layers, &count);

	if (!error)
		error = add_no(&hd->grant, pool, layers, &count);
	if (error)
		return error;
	any_rules(any);
	layers[count++] =
		(struct policy_layer){POLICY_GRANT, LAYER_LEARNED, any, DIRECTION_MAX};
	error = policy_combine(pool, layers, count, &in);
	return error ? error : policy_prepare(pool, &in, ret);
}

static struct pool *told_pool(void)
{
	return pool_new("told", 4 * POLICY_POOL_BYTES);
}

/* ---- the kernel ---- */

/* An exact element has no port of who calls. */
static int told_emit(void *ctx, const struct element *e, rule_id rule)
{
	static const struct range16 any = {0, UINT16_MAX};
	struct element_list *l = ctx;
	struct element told = *e;

	(void)rule;
	if (e->kind == ELEMENT_OUT) {
		told.kind = ELEMENT_OUT_RANGE;
		told.device_port = any;
	} else if (e->kind == ELEMENT_IN) {
		told.kind = ELEMENT_IN_RANGE;
		told.peer_port = any;
	} else if (e->kind != ELEMENT_OUT_RANGE && e->kind != ELEMENT_IN_RANGE) {
		return 0;
	}
	told.gate = ELEMENT_GATE_TOLD;
	element_list_add(l, &told);
	return l->error;
}

int household_told_elements(const struct household_device *hd, const struct device *d,
	nstime wall, struct element_list *l)
{
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE];
	struct policy_device pd = household_for(d, addrs);
	struct household_names n;
	struct policy_names names = household_names(&n, hd, wall);
	struct pool *pool = told_pool();
	struct policy policy;
	int error = pool ? household_told_policy(hd, pool, &policy) : -ENOMEM;

	if (!error)
		error = policy_compile(&policy, &hd->house->env, &names, &pd, told_emit, l);
	pool_free(pool);
	return error;
}

/* ---- the verdict ---- */

static bool passes(const struct household_device *hd, const struct policy_names *names,
	const struct flow *f)
{
	struct pool *pool = told_pool();
	struct policy policy;
	struct verdict v = {.kind = VERDICT_VIOLATION};

	if (pool && household_told_policy(hd, pool, &policy) == 0)
		policy_evaluate(&policy, &hd->house->env, names, f, &v);
	pool_free(pool);
	return v.kind == VERDICT_ALLOW || v.kind == VERDICT_PASS;
}

void household_judge(const struct household_device *hd, const struct policy_names *names,
	const struct flow *f, struct verdict *ret)
{
	policy_evaluate(&hd->policy, &hd->house->env, names, f, ret);
	if (ret->kind == VERDICT_VIOLATION && household_tells(hd) && !policy_is_rogue(f) &&
		passes(hd, names, f))
		ret->kind = VERDICT_WOULD_BLOCK;
}

/* ---- the change ---- */

/* What was ended by itself begins anew where it is only told of. */
static void let_go(struct household_device *hd)
{
	hd->block_count = 0;
	hd->probe = (struct household_probe){0};
	if (hd->pool && household_remake(hd))
		log_error("household", "device %u: what was ended stays so", hd->id);
}

void household_tell_only(struct household *h, bool on,
	const struct device *(*at)(void *ctx, size_t i), void *ctx, nstime wall)
{
	const struct device *d;

	if (h->tells == on)
		return;
	h->tells = on;
	for (size_t i = 0; (d = at(ctx, i)); i++) {
		struct household_device *hd = household_device(h, d->id);

		if (!hd || !hd->pool)
			continue;
		if (on && (hd->block_count || hd->probe.until))
			let_go(hd);
		household_update(h, d, !on, wall);
	}
}
