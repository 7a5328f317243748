// SPDX-License-Identifier: GPL-2.0-or-later
/* match - one packet against one match, the way it says or the way back. */
#include <regex.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/facts.h"

static bool in_nets(const struct prefix *nets, uint32_t count, const struct addr *a)
{
	for (uint32_t i = 0; i < count; i++)
		if (prefix_contains(&nets[i], a))
			return true;
	return false;
}

static bool addr_is_local(const struct extended_binding *b, const struct addr *a)
{
	if (addr_is_multicast(a) || addr_is_unspecified(a) || addr_is_limited_broadcast(a))
		return false;
	if (b->net_count && in_nets(b->nets, b->net_count, a))
		return true;
	return addr_is_link_local(a) || (!b->net_count && addr_is_private(a));
}

/* 255.255.255.255, or the last address of a network; where the home did not say its
 * networks, a private address ending in 255. */
static bool addr_is_broadcast(const struct extended_binding *b, const struct addr *a)
{
	struct addr lo, hi;

	if (a->family != 4)
		return false;
	if (addr_is_limited_broadcast(a))
		return true;
	for (uint32_t i = 0; i < b->net_count; i++) {
		prefix_range(&b->nets[i], &lo, &hi);
		if (b->nets[i].len < 31 && addr_equal(&hi, a))
			return true;
	}
	return !b->net_count && addr_is_private(a) && a->b[3] == 255;
}

static bool group_has(const struct view *v, enum extended_group g, const struct addr *a)
{
	const struct extended_binding *b = v->bound->binding;
	struct prefix net;

	if (g == GROUP_LOCAL)
		return addr_is_local(b, a);
	if (g == GROUP_EXTERNAL)
		return !addr_is_local(b, a) && !addr_is_multicast(a) &&
		       !addr_is_unspecified(a) && !addr_is_broadcast(b, a);
	if (g == GROUP_BROADCAST)
		return addr_is_broadcast(b, a);
	for (unsigned i = 0; schema_group_net(g, a->family, i, &net); i++)
		if (prefix_contains(&net, a))
			return true;
	return false;
}

static bool name_has(struct view *v, const char *pattern, const struct addr *a)
{
	if (names_has(v->names, pattern, a, v->f->when))
		return true;
	if (v->any_name && names_silent(v->names, pattern) &&
		group_has(v, GROUP_EXTERNAL, a))
		return true;
	v->name_missing = true;
	return false;
}

/* Which MAC was on the wire for the address, when it is one of the frame's two. */
static const struct mac *mac_of(const struct view *v, const struct addr *a)
{
	const struct packet *p = v->f->p;

	if (!(p->layers & PACKET_IP) || !p->has_mac)
		return NULL;
	if (addr_equal(a, &p->ip.src))
		return &p->eth.src;
	return addr_equal(a, &p->ip.dst) ? &p->eth.dst : NULL;
}

/* A device has more IPv6 addresses than a binding knows, and new ones every day (RFC
 * 8981): its MAC is enough on its own link. The gateway's MAC is on all that comes from
 * outside, so that only its link-local address goes by it. */
static bool role_by_mac(const struct view *v, uint32_t role, const struct extended_party *p,
	const struct addr *a)
{
	const struct mac *m = mac_of(v, a);

	if (!m || !p->has_mac || !mac_equal(m, &p->mac) || addr_is_multicast(a) ||
		addr_is_unspecified(a))
		return false;
	if (role == EXTENDED_GATEWAY)
		return a->family == 6 && addr_is_link_local(a);
	if (a->family == 6)
		return true;
	for (uint32_t i = 0; i < p->addr_count; i++)
		if (p->addrs[i].family == 4)
			return false;
	return addr_is_private(a) || addr_is_link_local(a);
}

static bool role_has(struct view *v, uint32_t role, const struct addr *a)
{
	const struct extended_party *p = v->bound->parties[role];
	const char *domain = v->bound->profile->roles[role].domain;

	if (domain && name_has(v, domain, a))
		return true;
	if (!p)
		return false;
	for (uint32_t i = 0; i < p->addr_count; i++)
		if (addr_equal(&p->addrs[i], a))
			return true;
	return (p->name && name_has(v, p->name, a)) || role_by_mac(v, role, p, a);
}

static bool field_addr(struct view *v, const struct extended_field *f, const struct addr *a)
{
	for (uint32_t i = 0; i < f->count; i++) {
		const struct extended_value *value = &f->values[i];

		if ((value->kind == VALUE_ROLE && role_has(v, value->lo, a)) ||
			(value->kind == VALUE_GROUP &&
				group_has(v, (enum extended_group)value->lo, a)) ||
			(value->kind == VALUE_NET && prefix_contains(&value->net, a)) ||
			(value->kind == VALUE_NAME && name_has(v, value->text, a)))
			return true;
	}
	return false;
}

static bool field_mac(const struct view *v, const struct extended_field *f,
	const struct mac *m)
{
	static const struct mac broadcast = {{255, 255, 255, 255, 255, 255}};

	for (uint32_t i = 0; i < f->count; i++) {
		const struct extended_value *value = &f->values[i];
		const struct extended_party *p =
			value->kind == VALUE_ROLE ? v->bound->parties[value->lo] : NULL;

		if ((p && p->has_mac && mac_equal(&p->mac, m)) ||
			(value->kind == VALUE_MAC && mac_equal(&value->mac, m)))
			return true;
		if (value->kind == VALUE_GROUP &&
			(value->lo == GROUP_ANY ||
				(value->lo == GROUP_MAC_ZERO && mac_is_zero(m)) ||
				(value->lo == GROUP_MAC_BROADCAST &&
					mac_equal(m, &broadcast))))
			return true;
	}
	return false;
}

static bool field_number(const struct extended_field *f, uint32_t n)
{
	for (uint32_t i = 0; i < f->count; i++)
		if (n >= f->values[i].lo && n <= f->values[i].hi)
			return true;
	return false;
}

static bool field_bool(const struct extended_field *f, bool is)
{
	for (uint32_t i = 0; i < f->count; i++)
		if ((f->values[i].lo != 0) == is)
			return true;
	return false;
}

static bool field_text(const struct extended_field *f, const char *text)
{
	for (uint32_t i = 0; i < f->count; i++) {
		const struct extended_value *v = &f->values[i];

		if (v->kind == VALUE_START ? strncmp(text, v->text, strlen(v->text)) == 0
					   : strcmp(text, v->text) == 0)
			return true;
	}
	return false;
}

static bool field_name(const struct extended_field *f, const char *name)
{
	for (uint32_t i = 0; i < f->count; i++)
		if (name_fits(f->values[i].text, name))
			return true;
	return false;
}

static bool match_arp(struct view *v, const struct extended_field *f)
{
	const struct arp *a = &v->f->p->arp;
	bool back = v->backward;

	/* the answer to a request is a reply, and the other way round */
	if (f->key == KEY_ARP_TYPE)
		return field_number(f, back ? 3u - a->op : a->op);
	if (f->key == KEY_ARP_SHA)
		return field_mac(v, f, back ? &a->target_mac : &a->sender_mac);
	if (f->key == KEY_ARP_THA)
		return field_mac(v, f, back ? &a->sender_mac : &a->target_mac);
	return field_addr(v, f, (f->key == KEY_ARP_SPA) != back ? &a->sender : &a->target);
}

static uint8_t icmp_answer(uint8_t family, uint8_t type)
{
	if (family == 6)
		return type == 129 ? 128 : type == 128 ? 129 : type;
	return type == 0 ? 8 : type == 8 ? 0 : type == 14 ? 13 : type;
}

static bool match_l4(struct view *v, const struct extended_field *f)
{
	const struct facts *facts = v->f;
	const struct icmp *icmp = &facts->p->icmp;
	bool src = f->key == KEY_TCP_SRC_PORT || f->key == KEY_UDP_SRC_PORT;

	if (f->key == KEY_ICMP_TYPE || f->key == KEY_ICMPV6_TYPE)
		return field_number(f, v->backward ? icmp_answer(facts->p->ip.family, icmp->type)
						   : icmp->type);
	if (f->key == KEY_ICMP_CODE || f->key == KEY_ICMPV6_CODE)
		return field_number(f, icmp->code);
	return field_number(f, src != v->backward ? facts->src_port : facts->dst_port);
}

/* A list of questions is about a name when one of them is. */
static bool match_questions(struct view *v, const struct extended_field *f, bool name)
{
	for (unsigned i = 0; i < v->f->dns.count; i++)
		if (name ? field_name(f, v->f->dns.questions[i].name.text)
			 : field_number(f, v->f->dns.questions[i].type))
			return true;
	/* an mDNS answer repeats no question (RFC 6762 6) */
	return v->f->dns.response && !v->f->dns.count;
}

static bool match_http(struct view *v, const struct extended_field *f)
{
	const struct facts *h = v->f;
	bool host = f->key == KEY_HTTP_HOST;
	struct dns_name name;

	if (f->key == KEY_HTTP_RESPONSE || f->key == KEY_SSDP_RESPONSE)
		return field_bool(f, h->http.response != v->backward);
	if (v->backward)
		return true; /* what was asked stands in the request */
	if (f->key == KEY_HTTP_METHOD || f->key == KEY_SSDP_METHOD)
		return field_text(f, h->http.method);
	if (host)
		return h->http.host.is_set &&
		       dns_name_from_text(h->http.host.text, &name) == 0 &&
		       field_name(f, name.text);
	return h->http.target.is_set && field_text(f, h->http.target.text);
}

static bool match_coap(struct view *v, const struct extended_field *f)
{
	if (v->backward)
		return true;
	if (f->key == KEY_COAP_TYPE)
		return field_number(f, v->f->coap.type);
	if (f->key == KEY_COAP_METHOD)
		return field_number(f, v->f->coap.code);
	return v->f->coap.uri.is_set && field_text(f, v->f->coap.uri.text);
}

static bool match_igmp(struct view *v, const struct extended_field *f)
{
	if (f->key == KEY_IGMP_VERSION)
		return field_number(f, v->f->igmp.version);
	if (f->key == KEY_IGMP_TYPE)
		return field_number(f, v->f->igmp.type);
	for (unsigned i = 0; i < v->f->igmp.count; i++)
		if (field_addr(v, f, &v->f->igmp.groups[i]))
			return true;
	return false;
}

static bool field_any(const struct extended_field *f, const uint8_t *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (field_number(f, list[i]))
			return true;
	return false;
}

static bool match_tls(struct view *v, const struct extended_field *f)
{
	const struct facts *h = v->f;

	if (f->key == KEY_TLS_CONTENT_TYPE)
		return field_any(f, h->tls.contents, h->tls.content_count);
	if (f->key == KEY_TLS_VERSION)
		return field_number(f, h->tls.version);
	if (v->backward)
		return true;
	if (f->key == KEY_TLS_HANDSHAKE_TYPE)
		return field_any(f, h->tls.handshakes, h->tls.handshake_count);
	if (!h->tls.has_hello) /* only a hello can break what is said of it */
		return true;
	if (f->key == KEY_TLS_SESSION_ID)
		return field_bool(f, h->tls.session_id);
	if (f->key == KEY_TLS_SNI)
		return field_name(f, h->tls.sni);
	for (unsigned i = 0; i < h->tls.alpn_count; i++)
		if (field_text(f, h->tls.alpn[i]))
			return true;
	return false;
}

/* POSIX extended, the whole payload; what does not compile matches nothing. */
static bool match_regex(const struct facts *h, const struct extended_field *f)
{
	char text[FACTS_TEXT];

	if (!h->mqtt.payload || !str_copy_bytes(text, sizeof text, h->mqtt.payload,
		h->mqtt.payload_len))
		return false;
	for (uint32_t i = 0; i < f->count; i++) {
		regmatch_t at;
		regex_t re;

		if (strlen(f->values[i].text) > 128 ||
			regcomp(&re, f->values[i].text, REG_EXTENDED))
			continue;
		bool whole = regexec(&re, text, 1, &at, 0) == 0 && at.rm_so == 0 &&
			     (size_t)at.rm_eo == strlen(text);

		regfree(&re);
		if (whole)
			return true;
	}
	return false;
}

static bool match_mqtt(struct view *v, const struct extended_field *f)
{
	const struct facts *h = v->f;

	if (v->backward)
		return true;
	if (f->key == KEY_MQTT_PACKET_TYPE)
		return field_number(f, h->mqtt.type);
	if (f->key == KEY_MQTT_TOPIC)
		return h->mqtt.type == 3 && h->mqtt.topic.is_set &&
		       field_text(f, h->mqtt.topic.text);
	if (f->key == KEY_MQTT_PAYLOAD_LENGTH)
		return h->mqtt.type == 3 && field_number(f, h->mqtt.payload_len);
	if (f->key == KEY_MQTT_PAYLOAD_REGEX)
		return h->mqtt.type == 3 && match_regex(h, f);
	if (h->mqtt.type != 1) /* only a connect can break what is said of it */
		return true;
	if (f->key == KEY_MQTT_CLIENT_ID)
		return h->mqtt.client_id.is_set && field_text(f, h->mqtt.client_id.text);
	if (f->key == KEY_MQTT_CLIENT_ID_LENGTH)
		return field_number(f, h->mqtt.client_id_len);
	if (f->key == KEY_MQTT_CLEAN_SESSION)
		return field_bool(f, h->mqtt.flags & 2);
	return field_number(f, h->mqtt.keep_alive);
}

static bool match_field(struct view *v, const struct extended_field *f)
{
	const struct ip *ip = &v->f->p->ip;
	bool src = f->key == KEY_IPV4_SRC || f->key == KEY_IPV6_SRC;

	switch (schema_keys[f->key].proto) {
	case EXTENDED_ARP:
		return match_arp(v, f);
	case EXTENDED_IPV4:
	case EXTENDED_IPV6:
		return field_addr(v, f, src != v->backward ? &ip->src : &ip->dst);
	case EXTENDED_ICMP:
	case EXTENDED_ICMPV6:
	case EXTENDED_TCP:
	case EXTENDED_UDP:
		return match_l4(v, f);
	case EXTENDED_IGMP:
		return match_igmp(v, f);
	case EXTENDED_DNS:
	case EXTENDED_MDNS:
		if (f->key == KEY_DNS_RESPONSE || f->key == KEY_MDNS_RESPONSE)
			return field_bool(f, v->f->dns.response != v->backward);
		return match_questions(v, f, f->key == KEY_DNS_NAME || f->key == KEY_MDNS_NAME);
	case EXTENDED_HTTP:
	case EXTENDED_SSDP:
		return match_http(v, f);
	case EXTENDED_COAP:
		return match_coap(v, f);
	case EXTENDED_DHCP:
		return f->key == KEY_DHCP_TYPE ? v->backward ||
							 field_number(f, v->f->dhcp.type)
					       : field_mac(v, f, &v->f->dhcp.client);
	case EXTENDED_TLS:
		return match_tls(v, f);
	case EXTENDED_MQTT:
		return match_mqtt(v, f);
	case EXTENDED_PROTO_MAX:
		break;
	}
	return false;
}

static bool has_key(const struct extended_match *m, enum extended_key key)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->fields[i].key == key)
			return true;
	return false;
}

/* Whether the packet is a question or an answer, where the match does not say. */
static bool match_way(const struct view *v, const struct extended_match *m)
{
	const struct facts *f = v->f;

	if ((m->protos & 1u << EXTENDED_DNS && !has_key(m, KEY_DNS_RESPONSE)) ||
		(m->protos & 1u << EXTENDED_MDNS && !has_key(m, KEY_MDNS_RESPONSE)))
		return f->dns.response == v->backward;
	if (m->protos & 1u << EXTENDED_SSDP && !has_key(m, KEY_SSDP_RESPONSE))
		return f->http.response == v->backward;
	if (m->protos & 1u << EXTENDED_HTTP && !has_key(m, KEY_HTTP_RESPONSE))
		return f->http.response == v->backward;
	if (m->protos & 1u << EXTENDED_COAP && f->coap.code)
		return (f->coap.code >= 32) == v->backward;
	return true;
}

#define APPS                                                                           \
	(1u << EXTENDED_DNS | 1u << EXTENDED_MDNS | 1u << EXTENDED_HTTP |              \
		1u << EXTENDED_SSDP | 1u << EXTENDED_COAP | 1u << EXTENDED_DHCP |      \
		1u << EXTENDED_TLS | 1u << EXTENDED_MQTT | 1u << EXTENDED_IGMP)

bool match_wants_head(const struct extended_policy *p)
{
	return (p->match.protos & APPS) != 0;
}

static bool is_app(enum extended_key key)
{
	return (APPS & 1u << schema_keys[key].proto) != 0;
}

static enum facts_app match_apps(struct view *v, const struct extended_match *m)
{
	enum facts_app state = APP_YES;

	for (unsigned proto = 0; proto < EXTENDED_PROTO_MAX; proto++) {
		if (!(m->protos & APPS & 1u << proto))
			continue;
		enum facts_app a = facts_app(v->f, (enum extended_proto)proto);

		if (a < state)
			state = a;
	}
	return state;
}

enum match match_packet(struct view *v, const struct extended_policy *p)
{
	const struct extended_match *m = &p->match;
	bool named = false, missed = false;

	v->name_missing = false;
	if (m->protos & ~APPS & ~v->f->protos)
		return MATCH_NO;
	for (uint32_t i = 0; i < m->count; i++) {
		if (is_app(m->fields[i].key) || match_field(v, &m->fields[i]))
			continue;
		named |= v->name_missing;
		missed |= !v->name_missing;
		v->name_missing = false;
	}
	if (missed)
		return MATCH_NO;
	enum facts_app app = match_apps(v, m);

	if (app == APP_NO)
		return MATCH_NO;
	if (app == APP_CARRIED)
		return named ? MATCH_NAME : MATCH_CARRIED;
	if (m->protos & APPS && !match_way(v, m))
		return MATCH_NO;
	for (uint32_t i = 0; i < m->count; i++)
		if (is_app(m->fields[i].key) && !match_field(v, &m->fields[i]))
			return MATCH_NO;
	return named ? MATCH_NAME : MATCH_YES;
}
