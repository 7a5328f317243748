// SPDX-License-Identifier: GPL-2.0-or-later
/* schema - what a match may ask of each protocol, and the words for it. One entry here
 * is read, printed and named in hints. */
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"

const char *const schema_protos[] = {"arp", "ipv4", "ipv6", "icmp", "icmpv6", "igmp",
	"tcp", "udp", "dns", "mdns", "http", "ssdp", "coap", "dhcp", "tls", "mqtt", NULL};
const char *const schema_units[] = {"second", "minute", "hour", "day", "week", NULL};
const char *const schema_sources[] = {"none", "maker", "published", "learned", "owner",
	NULL};
const char *const schema_roles[] = {"self", "gateway", "controller", "hub", "phone",
	"device", "server", "cloud", NULL};
const char *const schema_contexts[] = {"setup", "boot", "user", "timer", "update", "quiet",
	NULL};

static const struct schema_word arp_types[] = {{"request", 1}, {"reply", 2}, {0}};
static const struct schema_word icmp_types[] = {{"echo-reply", 0},
	{"destination-unreachable", 3}, {"source-quench", 4}, {"redirect", 5},
	{"echo-request", 8}, {"router-advertisement", 9}, {"router-solicitation", 10},
	{"time-exceeded", 11}, {"parameter-problem", 12}, {"timestamp-request", 13},
	{"timestamp-reply", 14}, {0}};
static const struct schema_word icmpv6_types[] = {{"destination-unreachable", 1},
	{"packet-too-big", 2}, {"time-exceeded", 3}, {"parameter-problem", 4},
	{"echo-request", 128}, {"echo-reply", 129}, {"mld-query", 130},
	{"mld-report", 131}, {"mld-done", 132}, {"router-solicitation", 133},
	{"router-advertisement", 134}, {"neighbour-solicitation", 135},
	{"neighbour-advertisement", 136}, {"redirect", 137}, {"mld2-report", 143}, {0}};
/* Reports of all versions are one word: version has a key of its own. */
static const struct schema_word igmp_types[] = {{"membership-query", 0x11},
	{"membership-report", 0x16}, {"leave-group", 0x17}, {0}};
static const struct schema_word dns_types[] = {{"A", 1}, {"NS", 2}, {"CNAME", 5},
	{"SOA", 6}, {"PTR", 12}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}, {"SRV", 33},
	{"NAPTR", 35}, {"SVCB", 64}, {"HTTPS", 65}, {"ANY", 255}, {0}};
static const struct schema_word coap_types[] = {{"CON", 0}, {"NON", 1}, {"ACK", 2},
	{"RST", 3}, {0}};
static const struct schema_word coap_methods[] = {{"GET", 1}, {"POST", 2}, {"PUT", 3},
	{"DELETE", 4}, {"FETCH", 5}, {"PATCH", 6}, {"iPATCH", 7}, {0}};
static const struct schema_word dhcp_types[] = {{"discover", 1}, {"offer", 2},
	{"request", 3}, {"decline", 4}, {"ack", 5}, {"nak", 6}, {"release", 7},
	{"inform", 8}, {0}};
static const struct schema_word tls_contents[] = {{"change-cipher-spec", 20},
	{"alert", 21}, {"handshake", 22}, {"application-data", 23}, {"heartbeat", 24},
	{0}};
static const struct schema_word tls_handshakes[] = {{"hello-request", 0},
	{"client-hello", 1}, {"server-hello", 2}, {"new-session-ticket", 4},
	{"encrypted-extensions", 8}, {"certificate", 11}, {"server-key-exchange", 12},
	{"certificate-request", 13}, {"server-hello-done", 14}, {"certificate-verify", 15},
	{"client-key-exchange", 16}, {"finished", 20}, {0}};
static const struct schema_word tls_versions[] = {{"1.0", 0x0301}, {"1.1", 0x0302},
	{"1.2", 0x0303}, {"1.3", 0x0304}, {0}};
static const struct schema_word mqtt_types[] = {{"connect", 1}, {"connack", 2},
	{"publish", 3}, {"puback", 4}, {"pubrec", 5}, {"pubrel", 6}, {"pubcomp", 7},
	{"subscribe", 8}, {"suback", 9}, {"unsubscribe", 10}, {"unsuback", 11},
	{"pingreq", 12}, {"pingresp", 13}, {"disconnect", 14}, {"auth", 15}, {0}};

const struct schema_key schema_keys[KEY_MAX] = {
	[KEY_ARP_TYPE] = {EXTENDED_ARP, "type", TYPE_NUMBER, 65535, arp_types},
	[KEY_ARP_SHA] = {EXTENDED_ARP, "sha", TYPE_MAC, 0, NULL},
	[KEY_ARP_THA] = {EXTENDED_ARP, "tha", TYPE_MAC, 0, NULL},
	[KEY_ARP_SPA] = {EXTENDED_ARP, "spa", TYPE_IPV4, 0, NULL},
	[KEY_ARP_TPA] = {EXTENDED_ARP, "tpa", TYPE_IPV4, 0, NULL},
	[KEY_IPV4_SRC] = {EXTENDED_IPV4, "src", TYPE_IPV4, 0, NULL},
	[KEY_IPV4_DST] = {EXTENDED_IPV4, "dst", TYPE_IPV4, 0, NULL},
	[KEY_IPV6_SRC] = {EXTENDED_IPV6, "src", TYPE_IPV6, 0, NULL},
	[KEY_IPV6_DST] = {EXTENDED_IPV6, "dst", TYPE_IPV6, 0, NULL},
	[KEY_ICMP_TYPE] = {EXTENDED_ICMP, "type", TYPE_NUMBER, 255, icmp_types},
	[KEY_ICMP_CODE] = {EXTENDED_ICMP, "code", TYPE_NUMBER, 255, NULL},
	[KEY_ICMPV6_TYPE] = {EXTENDED_ICMPV6, "type", TYPE_NUMBER, 255, icmpv6_types},
	[KEY_ICMPV6_CODE] = {EXTENDED_ICMPV6, "code", TYPE_NUMBER, 255, NULL},
	[KEY_IGMP_VERSION] = {EXTENDED_IGMP, "version", TYPE_NUMBER, 3, NULL},
	[KEY_IGMP_TYPE] = {EXTENDED_IGMP, "type", TYPE_NUMBER, 255, igmp_types},
	[KEY_IGMP_GROUP] = {EXTENDED_IGMP, "group", TYPE_IPV4, 0, NULL},
	[KEY_TCP_SRC_PORT] = {EXTENDED_TCP, "src-port", TYPE_NUMBER, 65535, NULL},
	[KEY_TCP_DST_PORT] = {EXTENDED_TCP, "dst-port", TYPE_NUMBER, 65535, NULL},
	[KEY_UDP_SRC_PORT] = {EXTENDED_UDP, "src-port", TYPE_NUMBER, 65535, NULL},
	[KEY_UDP_DST_PORT] = {EXTENDED_UDP, "dst-port", TYPE_NUMBER, 65535, NULL},
	[KEY_DNS_QTYPE] = {EXTENDED_DNS, "qtype", TYPE_NUMBER, 65535, dns_types},
	[KEY_DNS_NAME] = {EXTENDED_DNS, "domain-name", TYPE_NAME, 0, NULL},
	[KEY_DNS_RESPONSE] = {EXTENDED_DNS, "response", TYPE_BOOL, 1, NULL},
	[KEY_MDNS_QTYPE] = {EXTENDED_MDNS, "qtype", TYPE_NUMBER, 65535, dns_types},
	[KEY_MDNS_NAME] = {EXTENDED_MDNS, "domain-name", TYPE_NAME, 0, NULL},
	[KEY_MDNS_RESPONSE] = {EXTENDED_MDNS, "response", TYPE_BOOL, 1, NULL},
	[KEY_HTTP_METHOD] = {EXTENDED_HTTP, "method", TYPE_WORD, 0, NULL},
	[KEY_HTTP_URI] = {EXTENDED_HTTP, "uri", TYPE_TEXT, 0, NULL},
	[KEY_HTTP_HOST] = {EXTENDED_HTTP, "host", TYPE_NAME, 0, NULL},
	[KEY_HTTP_RESPONSE] = {EXTENDED_HTTP, "response", TYPE_BOOL, 1, NULL},
	[KEY_SSDP_METHOD] = {EXTENDED_SSDP, "method", TYPE_WORD, 0, NULL},
	[KEY_SSDP_TARGET] = {EXTENDED_SSDP, "target", TYPE_TEXT, 0, NULL},
	[KEY_SSDP_RESPONSE] = {EXTENDED_SSDP, "response", TYPE_BOOL, 1, NULL},
	[KEY_COAP_TYPE] = {EXTENDED_COAP, "type", TYPE_NUMBER, 3, coap_types},
	[KEY_COAP_METHOD] = {EXTENDED_COAP, "method", TYPE_NUMBER, 31, coap_methods},
	[KEY_COAP_URI] = {EXTENDED_COAP, "uri", TYPE_TEXT, 0, NULL},
	[KEY_DHCP_TYPE] = {EXTENDED_DHCP, "type", TYPE_NUMBER, 255, dhcp_types},
	[KEY_DHCP_CLIENT_MAC] = {EXTENDED_DHCP, "client-mac", TYPE_MAC, 0, NULL},
	[KEY_TLS_CONTENT_TYPE] = {EXTENDED_TLS, "content-type", TYPE_NUMBER, 255,
		tls_contents},
	[KEY_TLS_HANDSHAKE_TYPE] = {EXTENDED_TLS, "handshake-type", TYPE_NUMBER, 255,
		tls_handshakes},
	[KEY_TLS_VERSION] = {EXTENDED_TLS, "tls-version", TYPE_NUMBER, 65535,
		tls_versions},
	[KEY_TLS_SESSION_ID] = {EXTENDED_TLS, "session-id", TYPE_BOOL, 1, NULL},
	[KEY_TLS_SNI] = {EXTENDED_TLS, "sni", TYPE_NAME, 0, NULL},
	[KEY_TLS_ALPN] = {EXTENDED_TLS, "alpn", TYPE_TEXT, 0, NULL},
	[KEY_MQTT_PACKET_TYPE] = {EXTENDED_MQTT, "packet-type", TYPE_NUMBER, 15,
		mqtt_types},
	[KEY_MQTT_CLIENT_ID] = {EXTENDED_MQTT, "client-id", TYPE_TEXT, 0, NULL},
	[KEY_MQTT_CLIENT_ID_LENGTH] = {EXTENDED_MQTT, "client-id-length", TYPE_NUMBER,
		65535, NULL},
	[KEY_MQTT_CLEAN_SESSION] = {EXTENDED_MQTT, "clean-session", TYPE_BOOL, 1, NULL},
	[KEY_MQTT_KEEP_ALIVE] = {EXTENDED_MQTT, "keep-alive", TYPE_NUMBER, 65535, NULL},
	[KEY_MQTT_TOPIC] = {EXTENDED_MQTT, "topic-name", TYPE_TEXT, 0, NULL},
	[KEY_MQTT_PAYLOAD_REGEX] = {EXTENDED_MQTT, "payload-regex", TYPE_TEXT, 0, NULL},
	[KEY_MQTT_PAYLOAD_LENGTH] = {EXTENDED_MQTT, "payload-length", TYPE_NUMBER,
		268435455, NULL},
};

int schema_word_index(const char *word, const char *const *list)
{
	for (int i = 0; list[i]; i++)
		if (strcmp(word, list[i]) == 0)
			return i;
	return -1;
}

int schema_key_find(enum extended_proto proto, const char *name)
{
	for (int k = 0; k < KEY_MAX; k++)
		if (schema_keys[k].proto == proto && strcmp(schema_keys[k].name, name) == 0)
			return k;
	return -1;
}

void schema_key_names(enum extended_proto proto, const char *ret_names[KEY_MAX + 1])
{
	unsigned n = 0;

	for (unsigned k = 0; k < KEY_MAX; k++)
		if (schema_keys[k].proto == proto)
			ret_names[n++] = schema_keys[k].name;
	ret_names[n] = NULL;
}

#define FOR_IPV4 1u
#define FOR_IPV6 2u
#define FOR_MAC 4u
#define GROUP_NETS 2

/* Groups without networks are what the home says (bind.c). */
static const struct {
	const char *name;
	unsigned types;
	const char *nets4[GROUP_NETS], *nets6[GROUP_NETS];
} groups[GROUP_MAX] = {
	[GROUP_ANY] = {"any", FOR_IPV4 | FOR_IPV6 | FOR_MAC, {"0.0.0.0/0"}, {"::/0"}},
	[GROUP_LOCAL] = {"local", FOR_IPV4 | FOR_IPV6, {0}, {0}},
	[GROUP_EXTERNAL] = {"external", FOR_IPV4 | FOR_IPV6, {0}, {0}},
	[GROUP_BROADCAST] = {"broadcast", FOR_IPV4, {0}, {0}},
	[GROUP_MULTICAST] = {"multicast", FOR_IPV4 | FOR_IPV6, {"224.0.0.0/4"},
		{"ff00::/8"}},
	[GROUP_UNSPECIFIED] = {"unspecified", FOR_IPV4 | FOR_IPV6, {"0.0.0.0"}, {"::"}},
	[GROUP_LINK_LOCAL] = {"link-local", FOR_IPV4 | FOR_IPV6, {"169.254.0.0/16"},
		{"fe80::/10"}},
	[GROUP_ALL_NODES] = {"all-nodes", FOR_IPV4 | FOR_IPV6, {"224.0.0.1"},
		{"ff02::1"}},
	[GROUP_ALL_ROUTERS] = {"all-routers", FOR_IPV4 | FOR_IPV6, {"224.0.0.2"},
		{"ff02::2", "ff05::2"}},
	[GROUP_IGMPV3] = {"igmpv3", FOR_IPV4, {"224.0.0.22"}, {0}},
	[GROUP_MLDV2] = {"all-mldv2-routers", FOR_IPV6, {0}, {"ff02::16"}},
	[GROUP_MDNS] = {"mdns", FOR_IPV4 | FOR_IPV6, {"224.0.0.251"}, {"ff02::fb"}},
	[GROUP_SSDP] = {"ssdp", FOR_IPV4 | FOR_IPV6, {"239.255.255.250"},
		{"ff02::c", "ff05::c"}},
	[GROUP_COAP] = {"coap", FOR_IPV4 | FOR_IPV6, {"224.0.1.187"},
		{"ff02::158", "ff02::fd"}},
	[GROUP_MAC_ZERO] = {"zero", FOR_MAC, {0}, {0}},
	[GROUP_MAC_BROADCAST] = {"broadcast", FOR_MAC, {0}, {0}},
};

const char *schema_group_name(enum extended_group g)
{
	return groups[g].name;
}

int schema_group_find(enum key_type type, const char *name)
{
	unsigned bit = type == TYPE_IPV4   ? FOR_IPV4
		       : type == TYPE_IPV6 ? FOR_IPV6
					   : FOR_MAC;

	for (int g = GROUP_MAX; g-- > 0;)
		if (groups[g].types & bit && strcmp(groups[g].name, name) == 0)
			return g;
	return -1;
}

bool schema_group_net(enum extended_group g, uint8_t family, unsigned index,
	struct prefix *ret)
{
	const char *const *nets = family == 4 ? groups[g].nets4 : groups[g].nets6;

	return index < GROUP_NETS && nets[index] && prefix_parse(nets[index], ret) == 0;
}

const char *extended_group_name(enum extended_group g)
{
	return schema_group_name(g);
}

int extended_group_of(const struct addr *a)
{
	struct prefix net;

	for (int g = GROUP_ALL_NODES; g <= GROUP_COAP; g++)
		for (unsigned i = 0; schema_group_net(g, a->family, i, &net); i++)
			if (prefix_contains(&net, a))
				return g;
	return -1;
}

bool extended_word(enum extended_key key, const char *word, uint32_t *ret)
{
	const struct schema_key *k = &schema_keys[key];
	int64_t n = 0;

	for (const struct schema_word *w = k->words; w && w->word; w++) {
		if (!str_equal_nocase(w->word, word))
			continue;
		*ret = w->value;
		return true;
	}
	if (k->type != TYPE_NUMBER || str_to_i64(word, 0, k->max, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

const char *extended_document_name(enum extended_document d)
{
	switch (d) {
	case DOCUMENT_TEMPLATE:
		return "template";
	case DOCUMENT_BINDING:
		return "binding";
	case DOCUMENT_PUBLISHED:
		return "published";
	case DOCUMENT_UNKNOWN:
		break;
	}
	return "unknown";
}
