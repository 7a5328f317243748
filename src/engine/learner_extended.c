// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/learner_extended.h"

#include <errno.h>

#include "base/str.h"
#include "engine/learn_interact.h"
#include "engine/pipeline.h"

static int add_device(struct learn_parties *t, const struct pipeline *p,
	const struct device *d)
{
	const struct policy_env *env = &p->household.env;
	int e = 0;

	for (uint32_t i = 0; !e && i < d->addr_count; i++)
		e = learn_parties_add(t, &d->mac, false, &d->addrs[i].addr);
	for (uint32_t i = 0; !e && i < env->gateway_count; i++)
		e = learn_parties_add(t, &d->mac, true, &env->gateway[i]);
	return e;
}

/* Who is beyond the limit was not learned either. */
static void add_home(struct learn_parties *t, const struct pipeline *p)
{
	const struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		if (add_device(t, p, d))
			return;
}

int learner_extended_make(const struct learner *l, const struct learn_profile *p,
	struct learn_extended *ret)
{
	struct learn_parties parties = {0};
	const struct learn_home home = {.learned = l->learned, .parties = &parties};
	int e = learn_parties_init(&parties);

	*ret = (struct learn_extended){0};
	if (!e) {
		add_home(&parties, l->pipeline);
		e = learn_extended_make(&home, p, ret);
	}
	learn_parties_free(&parties);
	return e;
}

static const char *call(void *ctx, const struct mac *m, char buf[LEARN_CALL_MAX])
{
	struct pipeline *p = ctx;
	const struct device *d = inventory_by_mac(p->inventory, m);

	if (d)
		(void)str_copy(buf, LEARN_CALL_MAX, d->name);
	else
		(void)mac_format(m, buf);
	return buf;
}

int learner_interactions_json(
	const struct learner *l, const struct device *d, struct jsonw *out)
{
	int e = learn_interactions_write(l->learned, &d->mac, call, l->pipeline, out);

	return e == -ENOENT ? 0 : e;
}
