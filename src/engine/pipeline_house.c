// SPDX-License-Identifier: GPL-2.0-or-later
/* The house around the devices: LAN prefixes and the gateway's own addresses, at start
 * and when they change. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* Addresses come in bursts; a burst that goes on for two ticks is two. */
#define HOUSE_SETTLE 2

/* More than we can hold is no reason to end: the first ones are served. */
static int too_many(const char *key, const char *value)
{
	log_warn("pipeline", "%s %s is one too many and left out", key, value);
	return 0;
}

static int setting_prefix(struct pipeline_house *h, const char *value)
{
	struct prefix prefix;
	int error = prefix_parse(value, &prefix);

	if (error)
		return error;
	return policy_env_add_lan(&h->env, &prefix) ? 0 : too_many("lan_prefix", value);
}

static int setting_addr(struct pipeline_house *h, const char *value)
{
	struct addr addr;
	int error = addr_parse(value, &addr);

	if (error)
		return error;
	return policy_env_add_gateway(&h->env, &addr) ? 0
						       : too_many("gateway_addr", value);
}

static int setting_mac(struct pipeline_house *h, const char *value)
{
	struct mac mac;
	int error = mac_parse(value, &mac);

	if (error)
		return error;
	for (size_t i = 0; i < h->mac_count; i++)
		if (mac_equal(&h->macs[i], &mac))
			return 0;
	if (h->mac_count == LIMIT_LANS)
		return too_many("gateway_mac", value);
	h->macs[h->mac_count++] = mac;
	return 0;
}

/* For announcing our service in each LAN; policy takes the two above. */
static int setting_lan_addr(struct pipeline_house *h, const char *value)
{
	if (h->lan_addr_count == PIPELINE_LAN_ADDRS)
		return too_many("lan_addr", value);
	if (!str_copy(h->lan_addrs[h->lan_addr_count], LIMIT_LABEL, value))
		return CARDEA_EMALFORMED;
	h->lan_addr_count++;
	return 0;
}

static int setting_names(struct pipeline *p, const char *key, const char *value)
{
	if (strcmp(key, "dns_unlisted") == 0) {
		p->unlisted = strcmp(value, "refuse") == 0     ? NAMES_REFUSE
			      : strcmp(value, "nxdomain") == 0 ? NAMES_NXDOMAIN
							       : NAMES_ANSWER;
		p->dns_due = true; /* whose answers wait is another matter now */
	} else if (strcmp(key, "dns_domain") == 0)
		str_copy(p->dns_domain, sizeof(p->dns_domain), value);
	else if (strcmp(key, "dns_foreign") == 0)
		p->redirects_dns = strcmp(value, "redirect") == 0;
	else if (strcmp(key, "encrypted_begin") == 0)
		p->encrypted.count = 0;
	else if (strcmp(key, "encrypted_name") == 0)
		return encrypted_add(&p->encrypted, value);
	return 0;
}

/* Switched on after a start without it, it begins with what was learned before. */
static void setting_learn(struct pipeline *p, bool on)
{
	struct learner *l = &p->learner;
	int error = 0;

	l->enabled = on;
	if (!on || !l->pipeline || l->learned)
		return;
	error = learner_open(l, p);
	if (!error)
		error = learner_maintain_open(p);
	if (error)
		log_error("pipeline", "nothing is learned before the next start: %s",
			error_text(error));
}

int pipeline_setting(struct pipeline *p, const char *key, const char *value)
{
	struct pipeline_house *h = &p->house;
	int error = 0;

	if (strcmp(key, "lan_begin") == 0) {
		memset(&h->env, 0, sizeof(h->env));
		h->mac_count = h->lan_addr_count = 0;
	} else if (strcmp(key, "lan_prefix") == 0) {
		error = setting_prefix(h, value);
	} else if (strcmp(key, "gateway_addr") == 0) {
		error = setting_addr(h, value);
	} else if (strcmp(key, "gateway_mac") == 0) {
		error = setting_mac(h, value);
	} else if (strcmp(key, "lan_addr") == 0) {
		error = setting_lan_addr(h, value);
	} else if (strcmp(key, "require_signature") == 0) {
		p->require_signature = strcmp(value, "no") != 0;
		return 0;
	} else if (strcmp(key, "learn") == 0) {
		setting_learn(p, strcmp(value, "no") != 0);
		return 0;
	} else if (strcmp(key, "report") == 0) {
		p->reporter.enabled = strcmp(value, "yes") == 0;
		return 0;
	} else if (strcmp(key, "policy_mode") == 0) {
		watching_setting(p, value);
		return 0;
	} else if (strncmp(key, "mqtt", 4) == 0) {
		return homeassistant_setting(&p->homeassistant, key, value);
	} else if (strncmp(key, "webhook", 7) == 0) {
		return webhook_setting(&p->webhook, key, value);
	} else if (strncmp(key, "life_", 5) == 0) {
		return lives_setting(&p->lives, key, value);
	} else if (strncmp(key, "portal", 6) == 0) {
		return portal_setting(&p->portal, key, value);
	} else if (strncmp(key, "probe_", 6) == 0) {
		return prober_setting(&p->prober, key, value);
	} else {
		return setting_names(p, key, value);
	}
	h->settle = HOUSE_SETTLE;
	return error;
}

/* Rules that name the gateway or the local networks follow its addresses. */
void pipeline_house_apply(struct pipeline *p)
{
	struct household *h = &p->household;
	struct device *d;

	p->house.settle = 0;
	h->env = p->house.env;
	(void)classes_servers(&p->classes, &h->env);
	memcpy(h->gateway_macs, p->house.macs, sizeof(h->gateway_macs));
	h->gateway_mac_count = p->house.mac_count;
	inventory_reserve_none(p->inventory);
	for (size_t i = 0; i < h->env.gateway_count; i++)
		if (inventory_reserve(p->inventory, &h->env.gateway[i]))
			log_error("pipeline", "no memory for the gateway's addresses");
	/* Devices first: one may hold an address that is the gateway's now. */
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		household_update(h, d, false, pipeline_wall(p));
	household_update_house(h);
}

void pipeline_house_tick(struct pipeline *p)
{
	if (p->house.settle && --p->house.settle == 0)
		pipeline_house_apply(p);
}
