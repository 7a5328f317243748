// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of settings: add one line here and it is parsed, checked, documented. */
#include "engine/config/schema_priv.h"

#include <ctype.h>
#include <string.h>
#include "base/addr.h"
#include "base/str.h"
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

static const char *check_unlisted(const char *value)
{
	static const char *const words[] = {"answer", "refuse", "nxdomain"};

	for (size_t i = 0; i < 3; i++)
		if (strcmp(value, words[i]) == 0)
			return NULL;
	return "one of answer, refuse, nxdomain";
}

static const char *check_foreign(const char *value)
{
	return strcmp(value, "redirect") == 0 || strcmp(value, "refuse") == 0
		       ? NULL
		       : "one of redirect, refuse";
}

static const char *check_file(const char *value)
{
	return !value[0] || value[0] == '/' ? NULL : "give an absolute path, or \"\"";
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

static const char *check_backend(const char *value)
{
	return strcmp(value, "auto") == 0 || strcmp(value, "bpf") == 0 ||
			       strcmp(value, "nft") == 0
		       ? NULL
		       : "one of auto, bpf, nft";
}

static const char *check_log_level(const char *value)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};

	for (size_t i = 0; i < 4; i++)
		if (strcmp(value, levels[i]) == 0)
			return NULL;
	return "one of error, warn, info, debug";
}

#define AT(member) offsetof(struct config, member)

static const struct config_item schema[] = {
	{"lan", "interfaces", CONFIG_LIST, AT(lan_interfaces), "[]",
		"LAN interfaces whose devices are protected, bridges or plain", 0, 0,
		check_interface},
	{"dns", "upstream", CONFIG_LIST, AT(dns_upstream), "[]",
		"resolvers to ask, address, address@port, or address@port#name for DNS "
		"over TLS; none: ask the root servers",
		0, 0, check_upstream},
	{"dns", "cache_kb", CONFIG_INT, AT(dns_cache_kb), "256",
		"memory for cached answers, in KiB", 64, 65536, NULL},
	{"dns", "dnssec", CONFIG_BOOL, AT(dns_dnssec), "true",
		"check signatures (DNSSEC), and give out nothing that is forged", 0, 0,
		NULL},
	{"dns", "trust_anchor", CONFIG_STRING, AT(dns_trust_anchor), "\"\"",
		"file with the root's keys to begin with; empty: those that IANA "
		"publishes; for laboratories",
		0, 0, check_file},
	{"dns", "root_hints", CONFIG_STRING, AT(dns_root_hints), "\"\"",
		"file with the root servers; empty: the world's; for laboratories", 0, 0,
		check_file},
	{"dns", "tls_ca", CONFIG_STRING, AT(dns_tls_ca), "\"\"",
		"PEM file of authorities for upstream's TLS; empty: the system's", 0, 0,
		check_file},
	{"dns", "private_names", CONFIG_LIST, AT(dns_private_names), "[]",
		"names, with all below, that may point to private addresses and need no "
		"signatures",
		0, 0, check_name},
	{"dns", "rate", CONFIG_INT, AT(dns_rate), "50",
		"questions a second that one device may ask in the long run", 1, 1000000,
		NULL},
	{"dns", "burst", CONFIG_INT, AT(dns_burst), "250",
		"questions that it may ask at once", 1, 1000000, NULL},
	{"dns", "tls", CONFIG_BOOL, AT(dns_tls), "true",
		"DNS over TLS for the LAN on port 853, announced by DDR", 0, 0, NULL},
	{"dns", "tls_cert", CONFIG_STRING, AT(dns_tls_cert), "\"\"",
		"PEM file with your own certificate chain for it; empty: one is made", 0, 0,
		check_file},
	{"dns", "tls_key", CONFIG_STRING, AT(dns_tls_key), "\"\"",
		"PEM file with its private key, readable by root alone", 0, 0, check_file},
	{"dns", "name", CONFIG_STRING, AT(dns_name), "\"dns.cardea.internal\"",
		"the name of this DNS service, as clients of the encrypted one are told", 0,
		0, check_name},
	{"dns", "domain", CONFIG_STRING, AT(dns_domain), "\"internal\"",
		"domain of the devices' names, which never leaves the house", 0, 0,
		check_domain},
	{"dns", "canary", CONFIG_BOOL, AT(dns_canary), "true",
		"ask browsers to keep to this network's DNS (use-application-dns.net)", 0,
		0, NULL},
	{"dns", "encrypted_names", CONFIG_LIST, AT(dns_encrypted_names), "[]",
		"further host names of public encrypted resolvers, beside the known ones",
		0, 0, check_name},
	{"dns", "unlisted", CONFIG_STRING, AT(dns_unlisted), "\"answer\"",
		"what a protected device hears about names that its profile does not list: "
		"answer, refuse or nxdomain",
		0, 0, check_unlisted},
	{"dns", "foreign", CONFIG_STRING, AT(dns_foreign), "\"redirect\"",
		"what becomes of a managed device's questions to other name servers, which "
		"its profile does not list: redirect (to this gateway) or refuse",
		0, 0, check_foreign},
	{"mud", "anchors", CONFIG_LIST, AT(mud_anchors), "[]",
		"PEM files of authorities whose MUD signatures are believed", 0, 0,
		check_directory},
	{"mud", "https_ca", CONFIG_LIST, AT(mud_https_ca), "[]",
		"PEM files of web authorities; none: the system's", 0, 0, check_directory},
	{"mud", "require_signature", CONFIG_BOOL, AT(mud_require_signature), "true",
		"refuse MUD files that are not signed", 0, 0, NULL},
	{"mud", "allow_private", CONFIG_BOOL, AT(mud_allow_private), "false",
		"fetch from private addresses too; for laboratories only", 0, 0, NULL},
	{"mud", "report", CONFIG_BOOL, AT(mud_report), "false",
		"tell makers whose MUD file asks for it, once a day, how it fares", 0, 0,
		NULL},
	{"learn", "enabled", CONFIG_BOOL, AT(learn_enabled), "true",
		"learn what each device does, from the headers of its packets; false: "
		"nothing is observed",
		0, 0, NULL},
	{"paths", "state", CONFIG_STRING, AT(state_dir), "\"/var/lib/cardea\"",
		"what must survive a restart", 0, 0, check_directory},
	{"paths", "run", CONFIG_STRING, AT(run_dir), "\"/run/cardea\"",
		"the control socket and empty directories for the sandboxes", 0, 0,
		check_directory},
	{"paths", "libexec", CONFIG_STRING, AT(libexec_dir), "\"\"",
		"where the processes' programs are; empty: beside cardead", 0, 0, NULL},
	{"hook", "group", CONFIG_STRING, AT(hook_group), "\"\"",
		"group of a RADIUS or DHCP server that may tell who devices are; "
		"empty: nobody",
		0, 0, check_group},
	{"stop", "open", CONFIG_BOOL, AT(stop_open), "false",
		"a plain stop takes the rules away; false leaves the network protected", 0,
		0, NULL},
	{"probe", "longest", CONFIG_INT, AT(probe_longest), "900",
		"seconds after which a probe's refusal ends at the latest", 30, 1800, NULL},
	{"probe", "calm", CONFIG_INT, AT(probe_calm), "900",
		"seconds for which nobody has used a device before it is probed", 1, 86400,
		NULL},
	{"probe", "episodes", CONFIG_INT, AT(probe_episodes), "5",
		"episodes in which something was seen before it is refused for a probe", 1,
		1000, NULL},
	{"enforce", "backend", CONFIG_STRING, AT(backend), "\"auto\"",
		"what judges packets in the kernel: bpf, nft, or auto: bpf where it covers "
		"every port of the LAN, else nft",
		0, 0, check_backend},
	{"enforce", "nflog_group", CONFIG_INT, AT(nflog_group), "1867",
		"netlink group by which the kernel reports refused packets", 1, 65535,
		NULL},
	{"process", "uid_base", CONFIG_INT, AT(uid_base), "61200",
		"first of eight user ids, one a process, that nobody else uses", 1000,
		65000, NULL},
	{"log", "level", CONFIG_STRING, AT(log_level), "\"info\"",
		"error, warn, info or debug", 0, 0, check_log_level},
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
