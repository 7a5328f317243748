// SPDX-License-Identifier: GPL-2.0-or-later
/* What each child process is told before it starts, and when the LAN changes. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "model/web.h"
#include "proc/child.h"
#include "proc/parent_priv.h"

int parent_send(struct parent_process *c, const struct message *m, int fd)
{
	int error = child_send(&c->ipc, m, fd);

	if (error && ipc_is_open(&c->ipc))
		log_warn("parent", "%s does not listen: %s", role_name(c->role),
			error_text(error));
	return error;
}

void parent_setting(struct parent_process *c, const char *key, const char *value)
{
	struct message *m = &c->parent->message;

	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_CONFIG;
	str_copy(m->config.key, sizeof(m->config.key), key);
	str_copy(m->config.value, sizeof(m->config.value), value);
	(void)parent_send(c, m, -1);
}

static void setting_list(struct parent_process *c, const char *key,
	const struct config_list *l)
{
	for (unsigned i = 0; i < l->count; i++)
		parent_setting(c, key, l->items[i]);
}

static void setting_number(struct parent_process *c, const char *key, int64_t n)
{
	char text[24];

	(void)str_print(text, sizeof(text), "%lld", (long long)n);
	parent_setting(c, key, text);
}

static void setting_macs(struct parent_process *c)
{
	const struct parent_lan *lan = &c->parent->lan;
	char text[MAC_TEXT_MAX];

	for (unsigned i = 0; i < lan->interface_count; i++)
		parent_setting(c, "gateway_mac", mac_format(&lan->interfaces[i].mac, text));
}

static void setting_addrs(struct parent_process *c, bool prefixes_only)
{
	const struct parent_lan *lan = &c->parent->lan;
	char text[PREFIX_TEXT_MAX];

	for (unsigned i = 0; i < lan->addr_count; i++) {
		struct prefix p = prefix_of(&lan->addrs[i].addr, lan->addrs[i].prefix_len);

		if (!addr_is_link_local(&lan->addrs[i].addr))
			parent_setting(c, "lan_prefix", prefix_format(&p, text));
		if (!prefixes_only)
			parent_setting(c, "gateway_addr", addr_format(&lan->addrs[i].addr, text));
	}
}

/* Whole addresses, each with its LAN. */
static void setting_lan(struct parent_process *c)
{
	const struct parent_lan *lan = &c->parent->lan;
	char addr[ADDR_TEXT_MAX], text[LIMIT_IFNAME + PREFIX_TEXT_MAX];

	for (unsigned i = 0; i < lan->addr_count; i++)
		for (unsigned k = 0; k < lan->interface_count; k++) {
			if (lan->interfaces[k].ifindex != lan->addrs[i].ifindex)
				continue;
			(void)str_print(text, sizeof(text), "%s %s/%u",
				lan->interfaces[k].name,
				addr_format(&lan->addrs[i].addr, addr),
				lan->addrs[i].prefix_len);
			parent_setting(c, "lan_addr", text);
		}
	parent_setting(c, "lan_end", "");
}

static void settings_enforcer(struct parent_process *c)
{
	const struct parent *p = c->parent;

	for (unsigned i = 0; i < p->lan.interface_count; i++)
		parent_setting(c, "lan", p->lan.interfaces[i].name);
	parent_setting(c, "backend", p->config.backend);
	setting_number(c, "nflog_group", p->config.nflog_group);
	parent_setting(c, "dns_foreign", p->config.dns_foreign);
	setting_macs(c);
}

/* What tells this gateway from others at a broker: the digits of its first MAC. */
static const char *node_of(const struct parent_process *c, char buf[MAC_TEXT_MAX])
{
	const struct parent_lan *lan = &c->parent->lan;
	size_t n = 0;

	mac_format(&lan->interfaces[0].mac, buf);
	for (size_t i = 0; buf[i]; i++)
		if (buf[i] != ':')
			buf[n++] = buf[i];
	buf[lan->interface_count ? n : 0] = 0;
	return buf;
}

static void settings_courier(struct parent_process *c)
{
	const struct config *k = &c->parent->config;
	char node[MAC_TEXT_MAX];

	setting_list(c, "https_ca", &k->mud_https_ca);
	setting_list(c, "mud_anchor", &k->mud_anchors);
	parent_setting(c, "allow_private", k->mud_allow_private ? "yes" : "no");
	parent_setting(c, "mqtt_node", node_of(c, node));
	parent_setting(c, "mqtt_broker", k->mqtt_broker);
	parent_setting(c, "mqtt_user", k->mqtt_user);
	parent_setting(c, "mqtt_password", k->mqtt_password);
	parent_setting(c, "webhook", k->webhook_url);
	parent_setting(c, "webhook_key", k->webhook_key);
	setting_addrs(c, true);
}

static const char *root_of(const struct parent_process *c)
{
	const struct parent *p = c->parent;

	if (c->role == ROLE_ENGINE)
		return p->config.state_dir;
	return c->role == ROLE_RESOLVER ? p->resolver_dir : p->empty;
}

/* All of it each time: the engine forgets what it was told before. */
void parent_settings_house(struct parent_process *c)
{
	parent_setting(c, "lan_begin", "");
	setting_macs(c);
	setting_addrs(c, false);
	setting_lan(c);
}

void parent_settings_lan(struct parent_process *c)
{
	parent_setting(c, "lan_begin", "");
	setting_lan(c);
}

/* Each with its interface: "3 02:00:00:00:00:01", "3 192.168.1.0/24". */
void parent_settings_sensor(struct parent_process *c)
{
	const struct parent_lan *lan = &c->parent->lan;
	char word[PREFIX_TEXT_MAX], text[PREFIX_TEXT_MAX + 16];

	for (unsigned i = 0; i < lan->interface_count; i++) {
		(void)str_print(text, sizeof(text), "%u %s", lan->interfaces[i].ifindex,
			mac_format(&lan->interfaces[i].mac, word));
		parent_setting(c, "lan_mac", text);
	}
	for (unsigned i = 0; i < lan->addr_count; i++) {
		struct prefix p = prefix_of(&lan->addrs[i].addr, lan->addrs[i].prefix_len);

		(void)str_print(text, sizeof(text), "%u %s", lan->addrs[i].ifindex,
			prefix_format(&p, word));
		if (!addr_is_link_local(&lan->addrs[i].addr))
			parent_setting(c, "lan_prefix", text);
	}
}

static void settings_upstream(struct parent_process *c)
{
	const struct config *k = &c->parent->config;

	setting_list(c, "upstream", &k->dns_upstream);
	setting_number(c, "cache_kb", k->dns_cache_kb);
	parent_setting(c, "dnssec", k->dns_dnssec ? "yes" : "no");
	parent_setting(c, "trust_anchor", k->dns_trust_anchor);
	parent_setting(c, "root_hints", k->dns_root_hints);
	parent_setting(c, "tls_ca", k->dns_tls_ca);
	setting_list(c, "private_name", &k->dns_private_names);
}

/* Of the services that have a certificate. */
static void settings_tls(struct parent_process *c)
{
	const struct config *k = &c->parent->config;
	char dir[PARENT_PATH_MAX];

	parent_tls_dir(k, dir);
	parent_setting(c, "tls_dir", dir);
	parent_setting(c, "tls_cert", k->dns_tls_cert);
	parent_setting(c, "tls_key", k->dns_tls_key);
	parent_setting(c, "dns_name", k->dns_name);
}

static void settings_web(struct parent_process *c)
{
	settings_tls(c);
	setting_number(c, "idle_s", c->parent->config.web_idle);
	parent_settings_lan(c);
}

/* Where something is by HTTP: the port only where it is another one. 0: nowhere. */
static void setting_uri(struct parent_process *c, const char *key, const char *scheme,
	int64_t port, int64_t usual, const char *path)
{
	const struct config *k = &c->parent->config;
	char uri[LIMIT_URL] = "", number[24] = "";

	if (port != usual)
		(void)str_print(number, sizeof(number), ":%lld", (long long)port);
	if (port)
		(void)str_print(uri, sizeof(uri), "%s://%s%s%s", scheme, k->dns_name,
			number, path);
	parent_setting(c, key, uri);
}

/* What answers devices, as they are told by DHCP, and people. */
void parent_settings_portal(struct parent_process *c)
{
	const struct config *k = &c->parent->config;
	int64_t https = k->web_enabled ? k->web_https_port : 0;
	int64_t http = k->web_enabled ? k->web_http_port : 0;

	parent_setting(c, "portal", k->web_enabled ? "yes" : "no");
	if (k->web_enabled) {
		setting_number(c, "portal_https_port", https);
		setting_number(c, "portal_http_port", http);
	}
	setting_uri(c, "portal_https", "https", https, 443, WEB_PATH_CAPPORT);
	setting_uri(c, "portal_http", "http", http, 80, WEB_PATH_CAPPORT);
	setting_uri(c, "portal_page", "https", k->web_page_port, 443, "/");
}

/* All of them each time. */
void parent_settings_encrypted(struct parent_process *c)
{
	parent_setting(c, "encrypted_begin", "");
	setting_list(c, "encrypted_name", &c->parent->config.dns_encrypted_names);
}

static void settings_resolver(struct parent_process *c)
{
	const struct config *k = &c->parent->config;

	settings_upstream(c);
	setting_number(c, "dns_rate", k->dns_rate);
	setting_number(c, "dns_burst", k->dns_burst);
	parent_setting(c, "tls", k->dns_tls ? "yes" : "no");
	settings_tls(c);
	parent_setting(c, "dns_domain", k->dns_domain);
	parent_setting(c, "canary", k->dns_canary ? "yes" : "no");
	setting_list(c, "encrypted_name", &k->dns_encrypted_names);
	parent_settings_lan(c);
	setting_addrs(c, true);
}

void parent_settings(struct parent_process *c)
{
	struct parent *p = c->parent;
	char node[MAC_TEXT_MAX];

	setting_number(c, "uid", p->config.uid_base + (int64_t)c->role);
	parent_setting(c, "chroot", root_of(c));
	parent_setting(c, "log_level", p->config.log_level);
	if (c->role == ROLE_ENFORCER)
		settings_enforcer(c);
	if (c->role == ROLE_COURIER)
		settings_courier(c);
	if (c->role == ROLE_RESOLVER)
		settings_resolver(c);
	if (c->role == ROLE_WEB)
		settings_web(c);
	if (c->role == ROLE_SENSOR && p->config.learn_enabled)
		parent_settings_sensor(c);
	if (c->role == ROLE_ENGINE) {
		parent_setting(c, "require_signature",
			p->config.mud_require_signature ? "yes" : "no");
		parent_setting(c, "report", p->config.mud_report ? "yes" : "no");
		parent_setting(c, "mqtt_prefix", p->config.mqtt_prefix);
		parent_setting(c, "mqtt_node", node_of(c, node));
		parent_setting(c, "mqtt_broker", p->config.mqtt_broker);
		parent_setting(c, "webhook", p->config.webhook_enabled ? "yes" : "no");
		parent_setting(c, "webhook_url", p->config.webhook_url);
		parent_setting(c, "learn", p->config.learn_enabled ? "yes" : "no");
		parent_setting(c, "life_isolate", p->config.life_isolate ? "yes" : "no");
		setting_number(c, "life_probation", p->config.life_probation);
		setting_number(c, "probe_longest", p->config.probe_longest);
		setting_number(c, "probe_calm", p->config.probe_calm);
		setting_number(c, "probe_episodes", p->config.probe_episodes);
		parent_setting(c, "dns_domain", p->config.dns_domain);
		parent_setting(c, "dns_unlisted", p->config.dns_unlisted);
		parent_setting(c, "policy_mode", p->config.policy_mode);
		parent_setting(c, "dns_foreign", p->config.dns_foreign);
		parent_settings_encrypted(c);
		parent_settings_portal(c);
		parent_settings_house(c);
	}
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_CONFIG_END;
	(void)parent_send(c, &p->message, -1);
}
