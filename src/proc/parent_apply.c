// SPDX-License-Identifier: GPL-2.0-or-later
/* Another configuration while all runs: each process hears what is new for it, and those
 * that cannot change start anew, alone. What the kernel holds stays as it is meanwhile. */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/config/schema.h"
#include "proc/parent_priv.h"

/* What a process takes while it runs, under the name that it has there. */
static const struct told {
	const char *section, *key;
	enum role role;
	const char *as;
} told[] = {
	{"dns", "rate", ROLE_RESOLVER, "dns_rate"},
	{"dns", "burst", ROLE_RESOLVER, "dns_burst"},
	{"dns", "domain", ROLE_ENGINE, "dns_domain"},
	{"dns", "unlisted", ROLE_ENGINE, "dns_unlisted"},
	{"dns", "foreign", ROLE_ENGINE, "dns_foreign"},
	{"mud", "require_signature", ROLE_ENGINE, "require_signature"},
	{"policy", "mode", ROLE_ENGINE, "policy_mode"},
	{"mud", "report", ROLE_ENGINE, "report"},
	{"mqtt", "prefix", ROLE_ENGINE, "mqtt_prefix"},
	{"mqtt", "broker", ROLE_ENGINE, "mqtt_broker"},
	{"webhook", "enabled", ROLE_ENGINE, "webhook"},
	{"webhook", "url", ROLE_ENGINE, "webhook_url"},
	{"learn", "enabled", ROLE_ENGINE, "learn"},
	{"life", "isolate", ROLE_ENGINE, "life_isolate"},
	{"life", "probation", ROLE_ENGINE, "life_probation"},
	{"probe", "longest", ROLE_ENGINE, "probe_longest"},
	{"probe", "calm", ROLE_ENGINE, "probe_calm"},
	{"probe", "episodes", ROLE_ENGINE, "probe_episodes"},
};

static bool differs(const struct config *a, const struct config *b, const char *section,
	const char *key)
{
	const struct config_item *item = config_schema_find(section, key);

	return item && !config_value_same(item, a, b);
}

static void tell_one(struct parent *p, const struct told *t)
{
	const struct config_item *item = config_schema_find(t->section, t->key);
	struct parent_process *c = &p->processes[t->role];
	char number[24];

	if (item->type == CONFIG_BOOL)
		parent_setting(c, t->as, config_value_bool(item, &p->config) ? "yes" : "no");
	else if (item->type == CONFIG_STRING)
		parent_setting(c, t->as, config_value_text(item, &p->config));
	else {
		(void)str_print(number, sizeof(number), "%lld",
			(long long)config_value_number(item, &p->config));
		parent_setting(c, t->as, number);
	}
}

static void tell_all(struct parent *p, const struct config *was)
{
	struct parent_process *engine = &p->processes[ROLE_ENGINE];
	bool web = differs(was, &p->config, "dns", "name");
	const struct config_item *item;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (p->processes[told[i].role].pid &&
			differs(was, &p->config, told[i].section, told[i].key))
			tell_one(p, &told[i]);
	for (size_t i = 0; (item = config_schema_item(i)); i++)
		web |= strcmp(item->section, "web") == 0 &&
		       !config_value_same(item, was, &p->config);
	if (engine->pid && web)
		parent_settings_portal(engine);
	if (engine->pid && differs(was, &p->config, "dns", "encrypted_names"))
		parent_settings_encrypted(engine);
	if (!differs(was, &p->config, "log", "level"))
		return;
	parent_log_level(&p->config);
	for (size_t i = 0; i < ROLE_MAX; i++)
		if (i != ROLE_PARENT && p->processes[i].pid)
			parent_setting(&p->processes[i], "log_level", p->config.log_level);
}

/* A port that stays open loses nobody who waits there. */
static void move_listeners(struct parent *p, const struct config *was)
{
	const struct config *c = &p->config;
	bool web = was->web_enabled != c->web_enabled;
	unsigned kinds = 0;

	if (was->dns_tls != c->dns_tls)
		kinds |= 1U << SOCKET_DNS_TLS;
	if (web || was->web_https_port != c->web_https_port)
		kinds |= 1U << SOCKET_WEB_TLS;
	if (web || was->web_http_port != c->web_http_port)
		kinds |= 1U << SOCKET_WEB;
	if (was->web_page_port != c->web_page_port)
		kinds |= 1U << SOCKET_WEB_PAGE;
	if (was->learn_enabled != c->learn_enabled)
		kinds |= 1U << SOCKET_OBSERVE;
	if (kinds)
		parent_listen_renew(p, kinds);
	if (!p->processes[ROLE_WEB].pid)
		parent_wait_begin(p); /* who comes by a new one is seen, too */
}

/* Of all that differs; what waits for the next start is as it was. */
static unsigned take(struct parent *p, const struct config *wanted)
{
	const struct config_item *item;
	unsigned restart = 0;

	for (size_t i = 0; (item = config_schema_item(i)); i++) {
		unsigned roles = item->applies & ((1U << ROLE_MAX) - 1);

		if (!roles || config_value_same(item, &p->config, wanted))
			continue;
		config_value_copy(item, &p->config, wanted);
		restart |= roles;
	}
	return restart & ~(1U << ROLE_PARENT);
}

void parent_apply(struct parent *p, const struct config *wanted)
{
	struct config *was = malloc(sizeof(*was));
	unsigned restart;

	if (!was) {
		log_error("parent", "no memory to change the settings: they hold from the "
				    "next start");
		return;
	}
	*was = p->config;
	restart = take(p, wanted);
	move_listeners(p, was);
	tell_all(p, was);
	if (differs(was, &p->config, "dns", "tls_cert") ||
		differs(was, &p->config, "dns", "tls_key"))
		parent_tls_follow(p);
	free(was);
	for (size_t i = 0; i < ROLE_MAX; i++)
		if (restart >> i & 1)
			parent_process_again(&p->processes[i]);
}
