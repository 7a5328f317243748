// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS and NTP of the house beside the gateway's: the classes that RFC 8520 3 takes for
 * granted, where the owner has servers of his own. */
#include <string.h>
#include "engine/classes.h"

static void add_device(const struct device *d, struct policy_env *env,
	bool (*add)(struct policy_env *, const struct addr *))
{
	for (size_t i = 0; i < d->addr_count; i++)
		(void)add(env, &d->addrs[i].addr); /* more than it holds: the first serve */
}

static void add_class(const struct classes *c, const char *class, struct policy_env *env,
	bool (*add)(struct policy_env *, const struct addr *))
{
	for (size_t i = classes_said(c, 0, class, 0); i < c->said_count;
		i = classes_said(c, 0, class, i + 1)) {
		const struct store_controller *m = &c->said[i];
		const struct device *d = inventory_by_id(c->inventory, m->target);

		if (!m->target)
			(void)add(env, &m->addr);
		else if (d)
			add_device(d, env, add);
	}
}

bool classes_servers(const struct classes *c, struct policy_env *env)
{
	struct policy_env before = *env;

	/* every byte: the two are compared as they are */
	env->dns_count = env->ntp_count = 0;
	memset(env->dns, 0, sizeof(env->dns));
	memset(env->ntp, 0, sizeof(env->ntp));
	add_class(c, CLASSES_DNS, env, policy_env_add_dns);
	add_class(c, CLASSES_NTP, env, policy_env_add_ntp);
	return before.dns_count != env->dns_count || before.ntp_count != env->ntp_count ||
	       memcmp(before.dns, env->dns, sizeof(env->dns)) != 0 ||
	       memcmp(before.ntp, env->ntp, sizeof(env->ntp)) != 0;
}
