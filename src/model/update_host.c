// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* update_host - what may be one, and the words for it. */
#include "model/update_host.h"

#include <string.h>

#include "base/str.h"
#include "model/rule.h"
#include "wire/dns_name.h"

#define PORT_DNS 53
#define PORT_DNS_TLS 853
#define PORT_HTTP 80
#define PORT_HTTPS 443
#define PORT_COAP 5683 /* RFC 7252 6.1 */
#define PORT_COAPS 5684

const char *update_source_name(enum update_source s)
{
	static const char *const names[UPDATE_SOURCE_MAX] = {
		[UPDATE_MUD] = "mud",
		[UPDATE_SUIT] = "suit",
		[UPDATE_LEARNED] = "learned",
		[UPDATE_OWNER] = "owner",
	};

	return (unsigned)s < UPDATE_SOURCE_MAX ? names[s] : "unknown";
}

/* Digits alone, 1 to 65535, nothing behind them. */
static bool port_parse(const char *text, uint16_t *ret)
{
	unsigned v = 0;

	if (!*text || *text == '0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (unsigned)(*text - '0');
		if (v > UINT16_MAX)
			return false;
	}
	*ret = (uint16_t)v;
	return true;
}

static bool host_parse(const char *text, struct update_host *ret)
{
	struct dns_name name;

	if (addr_parse(text, &ret->addr) == 0) {
		ret->has_addr = true;
		return true;
	}
	return dns_name_from_text(text, &name) == 0 && !dns_name_is_root(&name) &&
	       str_copy(ret->name, sizeof(ret->name), name.text);
}

/* Splits "host:port", "[v6]:port", "[v6]", "v6" and "host"; port "": none was said. */
static bool split(const char *text, char host[LIMIT_NAME], const char **ret_port)
{
	const char *end, *colon = strchr(text, ':');

	*ret_port = "";
	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':') || (end[1] && !end[2]) ||
			!memchr(text, ':', (size_t)(end - text)))
			return false;
		*ret_port = end[1] ? end + 2 : "";
	} else if (colon && !strchr(colon + 1, ':')) {
		end = colon;
		*ret_port = colon + 1;
		if (!**ret_port)
			return false;
	} else {
		end = text + strlen(text);
	}
	if (end == text || end - text >= LIMIT_NAME)
		return false;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = 0;
	return true;
}

bool update_host_parse(const char *text, struct update_host *ret)
{
	struct update_host h = {0};
	char host[LIMIT_NAME];
	const char *port;

	if (!split(text, host, &port) || !host_parse(host, &h) ||
		(*port && !port_parse(port, &h.port)))
		return false;
	*ret = h;
	return true;
}

static const struct {
	const char *scheme;
	uint16_t port;
	uint8_t proto;
} schemes[] = {
	{"https://", PORT_HTTPS, FLOW_PROTO_TCP},
	{"http://", PORT_HTTP, FLOW_PROTO_TCP},
	{"coap://", PORT_COAP, FLOW_PROTO_UDP},
	{"coaps://", PORT_COAPS, FLOW_PROTO_UDP},
};

static bool starts_with(const char *text, const char *with)
{
	for (; *with; text++, with++) /* RFC 3986 3.1: case does not count */
		if ((*text >= 'A' && *text <= 'Z' ? (*text | 0x20) : *text) != *with)
			return false;
	return true;
}

bool update_host_of_uri(const char *uri, struct update_host *ret)
{
	char authority[LIMIT_NAME + 8];
	struct update_host h;
	size_t i = 0, n;

	while (i < sizeof(schemes) / sizeof(*schemes) && !starts_with(uri, schemes[i].scheme))
		i++;
	if (i == sizeof(schemes) / sizeof(*schemes))
		return false;
	uri += strlen(schemes[i].scheme);
	n = strcspn(uri, "/?#");
	if (!n || n >= sizeof(authority) || memchr(uri, '@', n))
		return false;
	memcpy(authority, uri, n);
	authority[n] = 0;
	if (!update_host_parse(authority, &h))
		return false;
	h.proto = schemes[i].proto;
	if (!h.port)
		h.port = schemes[i].port;
	*ret = h;
	return true;
}

/* Letters, digits and hyphens (RFC 1123 2.1), two labels at least, the last of which is
 * no number: that would be an address of some notation (RFC 3696 2). */
static bool is_host_name(const char *name)
{
	const char *label = name, *p;
	unsigned labels = 0;

	for (p = name;; p++) {
		char c = *p;

		if (c == '.' || !c) {
			if (p == label || *label == '-' || p[-1] == '-')
				return false;
			labels++;
			if (!c)
				break;
			label = p + 1;
		} else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
				   c == '-' || c == '_')) {
			return false;
		}
	}
	return labels >= 2 && strspn(label, "0123456789") != strlen(label);
}

/* Names that are nobody's on the internet: RFC 6761, RFC 6762 3, RFC 7686, RFC 8375 3. */
static bool is_special(const char *name)
{
	static const char *const ends[] = {"localhost", "local", "internal", "arpa", "onion",
		"invalid", "alt", "lan", "home"};
	const char *last = strrchr(name, '.');

	for (size_t i = 0; last && i < sizeof(ends) / sizeof(*ends); i++)
		if (strcmp(last + 1, ends[i]) == 0)
			return true;
	return false;
}

static bool is_in(const struct addr *a, const char *const *prefixes, size_t count)
{
	struct prefix p;

	for (size_t i = 0; i < count; i++)
		if (prefix_parse(prefixes[i], &p) == 0 && prefix_contains(&p, a))
			return true;
	return false;
}
#define IS_IN(a, list) is_in(a, list, sizeof(list) / sizeof(*(list)))

/* RFC 6890: this host, loopback, the link, groups and what is reserved; IPv4 in IPv6's
 * clothes, and what translates to it, would be any host. */
static const char *const nobodys[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16",
	"224.0.0.0/3", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16",
	"fe80::/10", "fec0::/10", "ff00::/8"};
/* RFC 1918 3, RFC 6598, RFC 4193 3.1 */
static const char *const private[] = {
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"};

const char *update_host_flaw(const struct update_host *h)
{
	bool named = h->name[0] != 0;
	/* whom a device met under many names of one owner is known by what they share */
	const char *name = h->source == UPDATE_LEARNED && rule_name_is_suffix(h->name)
				   ? h->name + 2
				   : h->name;

	if (named == h->has_addr || !memchr(h->name, 0, sizeof(h->name)) ||
		(unsigned)h->source >= UPDATE_SOURCE_MAX)
		return "is neither a name nor an address";
	if (named && !is_host_name(name))
		return "is not the whole name of a host";
	if (named && is_special(name))
		return "is not a name of the internet";
	if (h->has_addr && h->addr.family != 4 && h->addr.family != 6)
		return "is no address";
	if (h->has_addr && IS_IN(&h->addr, nobodys))
		return "is not the address of one host";
	if (h->has_addr && h->source != UPDATE_OWNER && IS_IN(&h->addr, private))
		return "is an address of a house, which only its owner can mean";
	if (h->proto && h->proto != FLOW_PROTO_TCP && h->proto != FLOW_PROTO_UDP)
		return "is to be reached by a protocol that fetches no updates";
	if (h->port == PORT_DNS || h->port == PORT_DNS_TLS)
		return "would answer for names, through which anything can be told";
	if (h->source != UPDATE_OWNER && (!h->port || !h->proto))
		return "comes without its service";
	return NULL;
}

bool update_host_equal(const struct update_host *a, const struct update_host *b)
{
	return a->device == b->device && a->source == b->source && a->proto == b->proto &&
	       a->port == b->port && a->has_addr == b->has_addr &&
	       (a->has_addr ? addr_equal(&a->addr, &b->addr)
			    : strcmp(a->name, b->name) == 0);
}

char *update_host_words(const struct update_host *h, char buf[UPDATE_HOST_WORDS_MAX])
{
	char addr[ADDR_TEXT_MAX];
	const char *who = h->has_addr ? addr_format(&h->addr, addr) : h->name;

	if (h->port)
		(void)str_print(buf, UPDATE_HOST_WORDS_MAX, "%s (%s %u)", who,
			h->proto == FLOW_PROTO_UDP ? "UDP" : "TCP", h->port);
	else
		(void)str_print(buf, UPDATE_HOST_WORDS_MAX, "%s", who);
	return buf;
}
