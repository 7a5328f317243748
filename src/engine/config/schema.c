// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of settings: add one line here and it is parsed, checked, documented. */
#include "engine/config/schema.h"

#include <ctype.h>
#include <string.h>
#include "base/addr.h"
#include "base/str.h"
#include "model/mqtt_broker.h"
#include "model/webhook.h"
#include "wire/dns_name.h"

/* What the kernel accepts and what cannot be mistaken in an nft text. */
static const char *check_interface(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > 15)
		return "an interface name has 1 to 15 characters";
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)value[i]) && !strchr("._-", value[i]))
			return "an interface name has letters, digits, '.', '_', '-'";
	return NULL;
}

static const char *check_upstream(const char *value)
{
	char host[CONFIG_STRING_MAX];
	struct addr addr;
	int64_t port;
	char *at, *name;

	str_copy(host, sizeof(host), value);
	at = strchr(host, '@');
	name = strchr(host, '#');
	if (name && (!at || at > name || !name[1]))
		return "for TLS give address, port and name, such as "
		       "\"192.0.2.53@853#dns.example\"";
	if (name)
		*name = 0;
	if (at) {
		*at = 0;
		if (str_to_i64(at + 1, 1, 65535, &port))
			return "the port after '@' is a number from 1 to 65535";
	}
	if (addr_parse(host, &addr))
		return "give an address, such as \"192.0.2.53\" or \"192.0.2.53@5353\"";
	return NULL;
}

/* Of a service or zone: two labels at least, none that needs an escape. */
static const char *check_name(const char *value)
{
	struct dns_name name;

	if (dns_name_from_text(value, &name) || strchr(name.text, '\\'))
		return "give a domain name of letters, digits, '-' and '.'";
	return dns_name_labels(&name) < 2 ? "a whole top-level domain is too much" : NULL;
}

static const char *check_domain(const char *value)
{
	struct dns_name name;

	if (dns_name_from_text(value, &name) || strchr(name.text, '\\') ||
		dns_name_is_root(&name))
		return "give a domain such as \"internal\" or \"home.arpa\"";
	return NULL;
}

static const char *check_file(const char *value)
{
	return !value[0] || value[0] == '/' ? NULL : "give an absolute path, or \"\"";
}

static const char *check_broker(const char *value)
{
	struct addr addr;
	uint16_t port;

	if (!value[0])
		return NULL;
	if (mqtt_broker_read(value, &addr, &port))
		return "give an address, such as \"192.168.1.10\" or \"192.168.1.10@1884\"";
	return addr_is_private(&addr) || addr_is_link_local(&addr) || addr_is_loopback(&addr)
		       ? NULL
		       : "without TLS it may only be an address of the house";
}

static const char *check_user(const char *value)
{
	return strlen(value) < 64 ? NULL : "a user has at most 63 characters";
}

static const char *check_prefix(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > 48)
		return "a topic of 1 to 48 characters";
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)value[i]) && !strchr("/_-", value[i]))
			return "letters, digits, '/', '_', '-'";
	return NULL;
}

static const char *check_webhook(const char *value)
{
	struct webhook_url url;
	const char *why = NULL;

	return !value[0] || !webhook_url_read(value, &url, &why) ? NULL : why;
}

static const char *check_directory(const char *value)
{
	return value[0] == '/' ? NULL : "give an absolute path";
}

/* As adduser(8) makes them; whether there is such a group is known at the start. */
static const char *check_group(const char *value)
{
	size_t len = strlen(value);

	if (len > 31 || value[0] == '-')
		return "a group's name has at most 31 characters, and no '-' in front";
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)value[i]) && !strchr("._-", value[i]))
			return "a group's name has letters, digits, '.', '_', '-'";
	return NULL;
}

#define AT(member) offsetof(struct config, member)

/* By what a setting is carried out; by none of these it is at the next start. */
enum {
	AT_START = 0,
	NOW = 1 << ROLE_PARENT,
	ENFORCER = 1 << ROLE_ENFORCER,
	SENSOR = 1 << ROLE_SENSOR,
	RESOLVER = 1 << ROLE_RESOLVER,
	COURIER = 1 << ROLE_COURIER,
	WEB = 1 << ROLE_WEB,
	BY_HAND = CONFIG_BY_HAND,
	FILES = CONFIG_FILES,
	SECRET = CONFIG_SECRET,
};

static const struct config_item schema[] = {
	{"lan", "interfaces", CONFIG_LIST, AT(lan_interfaces), "[]",
		"LAN interfaces whose devices are protected, bridges or plain", 0, 0,
		check_interface, AT_START},
	{"dns", "upstream", CONFIG_LIST, AT(dns_upstream), "[]",
		"resolvers to ask, address, address@port, or address@port#name for DNS "
		"over TLS; none: ask the root servers",
		0, 0, check_upstream, RESOLVER},
	{"dns", "cache_kb", CONFIG_INT, AT(dns_cache_kb), "256",
		"memory for cached answers, in KiB", 64, 65536, NULL, RESOLVER},
	{"dns", "dnssec", CONFIG_BOOL, AT(dns_dnssec), "true",
		"check signatures (DNSSEC), and give out nothing that is forged", 0, 0,
		NULL, RESOLVER},
	{"dns", "trust_anchor", CONFIG_STRING, AT(dns_trust_anchor), "\"\"",
		"file with the root's keys to begin with; empty: those that IANA "
		"publishes; for laboratories",
		0, 0, check_file, RESOLVER | FILES},
	{"dns", "root_hints", CONFIG_STRING, AT(dns_root_hints), "\"\"",
		"file with the root servers; empty: the world's; for laboratories", 0, 0,
		check_file, RESOLVER | FILES},
	{"dns", "tls_ca", CONFIG_STRING, AT(dns_tls_ca), "\"\"",
		"PEM file of authorities for upstream's TLS; empty: the system's", 0, 0,
		check_file, RESOLVER | FILES},
	{"dns", "private_names", CONFIG_LIST, AT(dns_private_names), "[]",
		"names, with all below, that may point to private addresses and need no "
		"signatures",
		0, 0, check_name, RESOLVER},
	{"dns", "rate", CONFIG_INT, AT(dns_rate), "50",
		"questions a second that one device may ask in the long run", 1, 1000000,
		NULL, NOW},
	{"dns", "burst", CONFIG_INT, AT(dns_burst), "250",
		"questions that it may ask at once", 1, 1000000, NULL, NOW},
	{"dns", "tls", CONFIG_BOOL, AT(dns_tls), "true",
		"DNS over TLS for the LAN on port 853, announced by DDR", 0, 0, NULL,
		RESOLVER},
	{"dns", "tls_cert", CONFIG_STRING, AT(dns_tls_cert), "\"\"",
		"PEM file with your own certificate chain for it; empty: one is made", 0, 0,
		check_file, RESOLVER | WEB | FILES},
	{"dns", "tls_key", CONFIG_STRING, AT(dns_tls_key), "\"\"",
		"PEM file with its private key, readable by root alone", 0, 0, check_file,
		RESOLVER | WEB | FILES},
	{"dns", "name", CONFIG_STRING, AT(dns_name), "\"dns.cardea.internal\"",
		"the name of this DNS service, as clients of the encrypted one are told", 0,
		0, check_name, RESOLVER | WEB},
	{"dns", "domain", CONFIG_STRING, AT(dns_domain), "\"internal\"",
		"domain of the devices' names, which never leaves the house", 0, 0,
		check_domain, RESOLVER},
	{"dns", "canary", CONFIG_BOOL, AT(dns_canary), "true",
		"ask browsers to keep to this network's DNS (use-application-dns.net)", 0,
		0, NULL, RESOLVER},
	{"dns", "encrypted_names", CONFIG_LIST, AT(dns_encrypted_names), "[]",
		"further host names of public encrypted resolvers, beside the known ones",
		0, 0, check_name, RESOLVER},
	{"dns", "unlisted", CONFIG_STRING, AT(dns_unlisted), "\"answer\"",
		"what a protected device hears about names that its profile does not list: "
		"answer, refuse or nxdomain",
		0, 0, NULL, NOW, "answer, refuse, nxdomain"},
	{"dns", "foreign", CONFIG_STRING, AT(dns_foreign), "\"redirect\"",
		"what becomes of a managed device's questions to other name servers, which "
		"its profile does not list: redirect (to this gateway) or refuse",
		0, 0, NULL, ENFORCER, "redirect, refuse"},
	{"policy", "mode", CONFIG_STRING, AT(policy_mode), "\"protect\"",
		"protect: what a device's profile does not list is blocked; watch: it passes "
		"and is told, and after 7 days you are asked",
		0, 0, NULL, NOW, "protect, watch"},
	{"mud", "anchors", CONFIG_LIST, AT(mud_anchors), "[]",
		"PEM files of authorities whose MUD signatures are believed", 0, 0,
		check_directory, COURIER | FILES},
	{"mud", "https_ca", CONFIG_LIST, AT(mud_https_ca), "[]",
		"PEM files of web authorities; none: the system's", 0, 0, check_directory,
		COURIER | FILES},
	{"mud", "require_signature", CONFIG_BOOL, AT(mud_require_signature), "true",
		"refuse MUD files that are not signed", 0, 0, NULL, NOW},
	{"mud", "allow_private", CONFIG_BOOL, AT(mud_allow_private), "false",
		"fetch from private addresses too; for laboratories only", 0, 0, NULL,
		COURIER},
	{"mud", "report", CONFIG_BOOL, AT(mud_report), "false",
		"tell makers whose MUD file asks for it, once a day, how it fares", 0, 0,
		NULL, NOW},
	{"webhook", "enabled", CONFIG_BOOL, AT(webhook_enabled), "true",
		"tell the address below what happens; false: nothing is sent", 0, 0, NULL, NOW},
	{"webhook", "url", CONFIG_STRING, AT(webhook_url), "\"\"",
		"where what happens is told, as JSON by POST: https://..., or http:// and an "
		"address of the house; empty: nowhere",
		0, 0, check_webhook, COURIER | SECRET},
	{"webhook", "key", CONFIG_STRING, AT(webhook_key), "\"\"",
		"file with a secret by which the receiver knows that it was us "
		"(X-Cardea-Signature); empty: nothing is signed",
		0, 0, check_file, COURIER | FILES},
	{"mqtt", "broker", CONFIG_STRING, AT(mqtt_broker), "\"\"",
		"address of an MQTT broker in the house, ADDRESS or ADDRESS@PORT, that is told "
		"how devices are, as Home Assistant finds it; empty: none",
		0, 0, check_broker, COURIER},
	{"mqtt", "user", CONFIG_STRING, AT(mqtt_user), "\"\"",
		"user at the broker; empty: none is named", 0, 0, check_user, COURIER},
	{"mqtt", "password", CONFIG_STRING, AT(mqtt_password), "\"\"",
		"file with the password for it, readable by root alone", 0, 0, check_file,
		COURIER | FILES},
	{"mqtt", "prefix", CONFIG_STRING, AT(mqtt_prefix), "\"homeassistant\"",
		"where Home Assistant looks for what is announced (its discovery prefix)", 0, 0,
		check_prefix, NOW},
	{"learn", "enabled", CONFIG_BOOL, AT(learn_enabled), "true",
		"learn what each device does, from the headers of its packets; false: "
		"nothing is observed",
		0, 0, NULL, SENSOR},
	{"web", "enabled", CONFIG_BOOL, AT(web_enabled), "true",
		"answer devices on the LAN: whether they are held, and their evidence", 0, 0,
		NULL, WEB},
	{"web", "https_port", CONFIG_INT, AT(web_https_port), "8908",
		"port for that over TLS, with the certificate of [dns]; 0: none", 0, 65535,
		NULL, WEB},
	{"web", "http_port", CONFIG_INT, AT(web_http_port), "8909",
		"port for devices that cannot do TLS; 0: none", 0, 65535, NULL, WEB},
	{"web", "page_port", CONFIG_INT, AT(web_page_port), "8443",
		"port of the owner's pages and of the control API on the LAN, over TLS; 0: "
		"none",
		0, 65535, NULL, WEB},
	{"web", "idle", CONFIG_INT, AT(web_idle), "120",
		"seconds without a client after which the process for it ends, until the "
		"next one comes",
		1, 86400, NULL, WEB},
	{"paths", "state", CONFIG_STRING, AT(state_dir), "\"/var/lib/cardea\"",
		"what must survive a restart", 0, 0, check_directory,
		AT_START | BY_HAND},
	{"paths", "run", CONFIG_STRING, AT(run_dir), "\"/run/cardea\"",
		"the control socket and empty directories for the sandboxes", 0, 0,
		check_directory, AT_START | BY_HAND},
	{"paths", "libexec", CONFIG_STRING, AT(libexec_dir), "\"\"",
		"where the processes' programs are; empty: beside cardead", 0, 0, NULL,
		AT_START | BY_HAND},
	{"hook", "group", CONFIG_STRING, AT(hook_group), "\"\"",
		"group of a RADIUS or DHCP server that may tell who devices are; "
		"empty: nobody",
		0, 0, check_group, AT_START},
	{"stop", "open", CONFIG_BOOL, AT(stop_open), "false",
		"a plain stop takes the rules away; false leaves the network protected", 0,
		0, NULL, NOW},
	{"life", "isolate", CONFIG_BOOL, AT(life_isolate), "true",
		"devices that attack are isolated; false: they are shown as suspicious, "
		"and you isolate them",
		0, 0, NULL, NOW},
	{"life", "probation", CONFIG_INT, AT(life_probation), "604800",
		"seconds for which a device that came back is watched more closely; four "
		"times as long when it offends again",
		1, 31536000, NULL, NOW},
	{"probe", "longest", CONFIG_INT, AT(probe_longest), "900",
		"seconds after which a probe's refusal ends at the latest", 30, 1800, NULL,
		NOW},
	{"probe", "calm", CONFIG_INT, AT(probe_calm), "900",
		"seconds for which nobody has used a device before it is probed", 1, 86400,
		NULL, NOW},
	{"probe", "episodes", CONFIG_INT, AT(probe_episodes), "5",
		"episodes in which something was seen before it is refused for a probe", 1,
		1000, NULL, NOW},
	{"enforce", "backend", CONFIG_STRING, AT(backend), "\"auto\"",
		"what judges packets in the kernel: bpf, nft, or auto: bpf where it covers "
		"every port of the LAN, else nft",
		0, 0, NULL, AT_START, "auto, bpf, nft"},
	{"enforce", "nflog_group", CONFIG_INT, AT(nflog_group), "1867",
		"netlink group by which the kernel reports refused packets", 1, 65535,
		NULL, AT_START},
	{"process", "uid_base", CONFIG_INT, AT(uid_base), "61200",
		"first of eight user ids, one a process, that nobody else uses", 1000,
		65000, NULL, AT_START | BY_HAND},
	{"log", "level", CONFIG_STRING, AT(log_level), "\"info\"",
		"error, warn, info or debug", 0, 0, NULL,
		NOW, "error, warn, info, debug"},
};

#define SCHEMA_LEN (sizeof(schema) / sizeof(schema[0]))

const struct config_item *config_schema_item(size_t index)
{
	return index < SCHEMA_LEN ? &schema[index] : NULL;
}

const struct config_item *config_schema_find(const char *section, const char *key)
{
	for (size_t i = 0; i < SCHEMA_LEN; i++)
		if (strcmp(schema[i].section, section) == 0 &&
			strcmp(schema[i].key, key) == 0)
			return &schema[i];
	return NULL;
}

bool config_schema_has_section(const char *section)
{
	for (size_t i = 0; i < SCHEMA_LEN; i++)
		if (strcmp(schema[i].section, section) == 0)
			return true;
	return false;
}

/* Levenshtein distance; words here are short. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64];
	size_t la = strlen(a), lb = strlen(b);

	if (la > 60 || lb > 60)
		return 99;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned up = row[j], cost = a[i - 1] != b[j - 1];
			unsigned best = diagonal + cost;

			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = up;
		}
	}
	return row[lb];
}

const char *config_schema_suggest(const char *section, const char *word)
{
	const char *best = NULL;
	unsigned nearest = 4; /* farther than three letters is no typing error */

	for (size_t i = 0; i < SCHEMA_LEN; i++) {
		const char *candidate = section ? schema[i].key : schema[i].section;
		unsigned d = distance(candidate, word);

		if (section && strcmp(schema[i].section, section) != 0)
			continue;
		if (d < nearest) {
			nearest = d;
			best = candidate;
		}
	}
	return best;
}

const struct config_item *config_schema_named(const char *name)
{
	char text[CONFIG_NAME_MAX];

	for (size_t i = 0; i < SCHEMA_LEN; i++)
		if (strcmp(config_item_name(&schema[i], text), name) == 0)
			return &schema[i];
	return NULL;
}

const struct config_item *config_schema_near(const char *name)
{
	const struct config_item *best = NULL;
	unsigned nearest = 4; /* as above */
	char text[CONFIG_NAME_MAX];

	for (size_t i = 0; i < SCHEMA_LEN; i++) {
		/* the key alone may have been written */
		unsigned whole = distance(config_item_name(&schema[i], text), name);
		unsigned key = distance(schema[i].key, name);
		unsigned d = whole < key ? whole : key;

		if (d < nearest) {
			nearest = d;
			best = &schema[i];
		}
	}
	return best;
}

/* One of the words of "a, b, c". */
static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = choices; len && at; at = strchr(at, ',')) {
		at += strspn(at, ", ");
		if (strncmp(at, value, len) == 0 && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

const char *config_schema_check(const struct config_item *item, const char *value,
	char buf[CONFIG_STRING_MAX])
{
	if (item->choices && !is_choice(item->choices, value)) {
		(void)str_print(buf, CONFIG_STRING_MAX, "one of %s", item->choices);
		return buf;
	}
	return item->check ? item->check(value) : NULL;
}

char *config_item_name(const struct config_item *item, char buf[CONFIG_NAME_MAX])
{
	(void)str_print(buf, CONFIG_NAME_MAX, "%s.%s", item->section, item->key);
	return buf;
}

char *config_applies(const struct config_item *item, char buf[CONFIG_APPLIES_MAX])
{
	struct str_text t = {.buf = buf, .size = CONFIG_APPLIES_MAX};
	const char *mark = " of ";

	if (item->applies & NOW) {
		str_add(&t, "now");
		return buf;
	}
	str_add(&t, "restart");
	for (unsigned r = 1; r < ROLE_MAX; r++)
		if (item->applies >> r & 1) {
			str_add(&t, "%s%s", mark, role_name((enum role)r));
			mark = ", ";
		}
	return buf;
}
