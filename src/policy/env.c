// SPDX-License-Identifier: GPL-2.0-or-later
/* env - the house around a device: which addresses are local, which the gateway's. */
#include "policy/policy.h"
#include "policy/policy_priv.h"

/* Destinations that no router forwards: IPv4 local network control (RFC 5771 4), the
 * limited broadcast (RFC 919 7), IPv6 link-local unicast and multicast (RFC 4291). */
const struct prefix policy_link_scopes[POLICY_LINK_SCOPES] = {
	{{4, {224, 0, 0, 0}}, 24},
	{{4, {255, 255, 255, 255}}, 32},
	{{6, {0xfe, 0x80}}, 10},
	{{6, {0xff, 0x02}}, 16},
};

static bool list_has(const struct addr *list, uint32_t count, const struct addr *a)
{
	for (uint32_t i = 0; i < count; i++)
		if (addr_equal(&list[i], a))
			return true;
	return false;
}

static bool list_add(struct addr *list, uint32_t *count, const struct addr *a)
{
	if (list_has(list, *count, a))
		return true;
	if (*count == POLICY_ENV_ADDRS)
		return false;
	list[(*count)++] = *a;
	return true;
}

bool policy_env_add_lan(struct policy_env *env, const struct prefix *p)
{
	for (uint32_t i = 0; i < env->lan_count; i++)
		if (env->lan[i].len == p->len &&
			addr_equal(&env->lan[i].addr, &p->addr))
			return true;
	if (env->lan_count == LIMIT_LAN_PREFIXES)
		return false;
	env->lan[env->lan_count++] = *p;
	return true;
}

bool policy_env_add_gateway(struct policy_env *env, const struct addr *a)
{
	return list_add(env->gateway, &env->gateway_count, a);
}

bool policy_env_add_dns(struct policy_env *env, const struct addr *a)
{
	return list_add(env->dns, &env->dns_count, a);
}

bool policy_env_add_ntp(struct policy_env *env, const struct addr *a)
{
	return list_add(env->ntp, &env->ntp_count, a);
}

bool policy_env_is_local(const struct policy_env *env, const struct addr *a)
{
	for (uint32_t i = 0; i < env->lan_count; i++)
		if (prefix_contains(&env->lan[i], a))
			return true;
	for (unsigned i = 0; i < POLICY_LINK_SCOPES; i++)
		if (prefix_contains(&policy_link_scopes[i], a))
			return true;
	return false;
}

bool policy_env_is_gateway(const struct policy_env *env, const struct addr *a)
{
	return list_has(env->gateway, env->gateway_count, a);
}

bool policy_env_is_dns(const struct policy_env *env, const struct addr *a)
{
	return policy_env_is_gateway(env, a) || list_has(env->dns, env->dns_count, a);
}

bool policy_env_is_ntp(const struct policy_env *env, const struct addr *a)
{
	return policy_env_is_gateway(env, a) || list_has(env->ntp, env->ntp_count, a);
}
