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
	return strcmp(r->acl, MAINTAIN_NO_ACL) == 0 && policy_told_keeps(r);
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

int household_told_policy(
	const struct household_device *hd, struct pool *pool, struct policy *ret)
{
	struct policy_layer layers[POLICY_OVERLAY_LAYERS + 1];
	size_t count = 0;
	int error = policy_overlay_layers(
		pool, hd->overlays, hd->overlay_count, layers, &count);

	if (!error)
		error = add_no(&hd->grant, pool, layers, &count);
	return error ? error : policy_told_prepare(pool, layers, count, ret);
}

static struct pool *told_pool(void)
{
	return pool_new("told", 4 * POLICY_POOL_BYTES);
}

/* ---- the kernel ---- */

static int told_emit(void *ctx, const struct element *e, rule_id rule)
{
	struct element_list *l = ctx;

	(void)rule;
	element_list_add(l, e);
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
		error = policy_told_compile(
			&policy, &hd->house->env, &names, &pd, told_emit, l);
	pool_free(pool);
	return error;
}

/* ---- the verdict ---- */

void household_judge(const struct household_device *hd, const struct policy_names *names,
	const struct flow *f, struct verdict *ret)
{
	struct pool *pool = household_tells(hd) ? told_pool() : NULL;
	const struct policy_env *env = &hd->house->env;
	struct policy told;

	if (pool && household_told_policy(hd, pool, &told) == 0)
		policy_told_evaluate(&hd->policy, &told, env, names, f, ret);
	else
		policy_evaluate(&hd->policy, env, names, f, ret);
	pool_free(pool);
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
