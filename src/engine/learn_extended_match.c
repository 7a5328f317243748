// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended_match - a learned conversation in the words of a match: roles instead of
 * the addresses of one home, names instead of those of clouds. */
#include "engine/learn_extended_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define LABEL_MAX 56 /* of 63, so that a number can stand behind it */
#define PORTS_DYNAMIC 32768 /* as the learner has it (RFC 6335 6, and Linux' own) */

static bool has_name(const struct making *m, const char *name)
{
	for (uint32_t i = 0; i < m->profile.policy_count; i++)
		if (strcmp(m->profile.policies[i].name, name) == 0)
			return true;
	return false;
}

/* What is no letter of a label becomes a line. */
static void clean(char *name)
{
	for (char *p = name; *p; p++) {
		bool good = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || *p == '_' || *p == '.';

		*p = good ? *p : '-';
	}
}

static const char *label(struct making *m, const char *text)
{
	char name[LABEL_MAX + 8];

	(void)str_copy(name, LABEL_MAX, text);
	clean(name);
	size_t len = strlen(name);

	for (unsigned n = 2; has_name(m, name) && n < EXTENDED_POLICIES; n++)
		(void)str_print(name + len, sizeof name - len, "-%u", n);
	return pool_string(m->pool, name, strlen(name));
}

struct extended_policy *making_policy(struct making *m, const char *fmt, ...)
{
	char text[LIMIT_NAME + 64];
	struct extended_policy *p;
	va_list ap;

	if (m->profile.policy_count == m->room) {
		m->left_out++;
		return NULL;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	p = &m->profile.policies[m->profile.policy_count];
	*p = (struct extended_policy){.name = label(m, text), .confidence = -1};
	p->match.fields =
		pool_take(m->pool, MAKING_FIELDS * sizeof *p->match.fields);
	if (!p->name || !p->match.fields) {
		m->short_of_memory = true;
		return NULL;
	}
	p->id = m->profile.policy_count++;
	return p;
}

static enum extended_proto proto_of(enum extended_key key)
{
	static const struct {
		enum extended_key last;
		enum extended_proto proto;
	} ranges[] = {{KEY_ARP_TPA, EXTENDED_ARP}, {KEY_IPV4_DST, EXTENDED_IPV4},
		{KEY_IPV6_DST, EXTENDED_IPV6}, {KEY_ICMP_CODE, EXTENDED_ICMP},
		{KEY_ICMPV6_CODE, EXTENDED_ICMPV6}, {KEY_IGMP_GROUP, EXTENDED_IGMP},
		{KEY_TCP_DST_PORT, EXTENDED_TCP}, {KEY_UDP_DST_PORT, EXTENDED_UDP},
		{KEY_DNS_RESPONSE, EXTENDED_DNS}, {KEY_MDNS_RESPONSE, EXTENDED_MDNS},
		{KEY_HTTP_RESPONSE, EXTENDED_HTTP}, {KEY_SSDP_RESPONSE, EXTENDED_SSDP},
		{KEY_COAP_URI, EXTENDED_COAP}, {KEY_DHCP_CLIENT_MAC, EXTENDED_DHCP},
		{KEY_TLS_ALPN, EXTENDED_TLS}, {KEY_MQTT_PAYLOAD_LENGTH, EXTENDED_MQTT}};
	size_t i = 0;

	while (key > ranges[i].last)
		i++;
	return ranges[i].proto;
}

struct extended_field *making_field(
	struct making *m, struct extended_policy *p, enum extended_key key, uint32_t room)
{
	struct extended_match *match = &p->match;
	struct extended_value *values = pool_take(m->pool, room * sizeof *values);
	uint32_t at = match->count;

	if (!values || match->count == MAKING_FIELDS) {
		m->short_of_memory = true;
		return NULL;
	}
	for (; at && match->fields[at - 1].key > key; at--)
		match->fields[at] = match->fields[at - 1];
	match->count++;
	match->protos |= 1u << proto_of(key);
	match->fields[at] = (struct extended_field){.key = key, .values = values};
	return &match->fields[at];
}

static void one(struct making *m, struct extended_policy *p, enum extended_key key,
	struct extended_value v)
{
	struct extended_field *f = making_field(m, p, key, 1);

	if (f)
		f->values[f->count++] = v;
}

void making_number(struct making *m, struct extended_policy *p, enum extended_key key,
	uint32_t lo, uint32_t hi)
{
	one(m, p, key, (struct extended_value){.kind = VALUE_RANGE, .lo = lo, .hi = hi});
}

void making_role(
	struct making *m, struct extended_policy *p, enum extended_key key, uint32_t role)
{
	one(m, p, key, (struct extended_value){.kind = VALUE_ROLE, .lo = role});
}

void making_group(struct making *m, struct extended_policy *p, enum extended_key key,
	enum extended_group g)
{
	one(m, p, key, (struct extended_value){.kind = VALUE_GROUP, .lo = g});
}

enum extended_key making_src(uint8_t family)
{
	return family == 4 ? KEY_IPV4_SRC : KEY_IPV6_SRC;
}

enum extended_key making_dst(uint8_t family)
{
	return family == 4 ? KEY_IPV4_DST : KEY_IPV6_DST;
}

/* ---- who it is with ---- */

int making_device(struct making *m, const struct mac *mac)
{
	struct extended_profile *p = &m->profile;
	char name[32];

	for (uint32_t i = 2; i < p->role_count; i++)
		if (mac_equal(&m->role_macs[i], mac))
			return (int)i;
	if (p->role_count == EXTENDED_ROLES)
		return -1;
	uint32_t at = p->role_count;

	(void)str_print(name, sizeof name, "device-%u", at - 1);
	const char *text = pool_string(m->pool, name, strlen(name));

	if (!text) {
		m->short_of_memory = true;
		return -1;
	}
	p->roles[at] = (struct extended_role){.name = text, .kind = EXTENDED_ROLE_DEVICE};
	m->role_macs[at] = *mac;
	p->role_count++;
	return (int)at;
}

static void device_peer(struct making *m, struct extended_policy *p, enum extended_key key,
	const struct mac *mac)
{
	int role = mac_is_zero(mac) ? -1 : making_device(m, mac);

	m->widened += role < 0 && !mac_is_zero(mac);
	if (role < 0)
		making_group(m, p, key, GROUP_LOCAL);
	else
		making_role(m, p, key, (uint32_t)role);
}

/* A group that means the same in every home; what is left is a broadcast address. */
static void group_peer(struct making *m, struct extended_policy *p, enum extended_key key,
	const struct addr *a)
{
	int g = extended_group_of(a);

	if (g >= 0)
		making_group(m, p, key, (enum extended_group)g);
	else if (addr_is_multicast(a))
		one(m, p, key, (struct extended_value){.kind = VALUE_NET,
				       .net = prefix_of(a, addr_bits(a))});
	else
		making_group(m, p, key, GROUP_BROADCAST);
}

static void internet_peer(struct making *m, struct extended_policy *p,
	enum extended_key key, const struct learned_kind *k)
{
	/* a word without a dot would be a role */
	if (strchr(k->name, '.')) {
		const char *text = pool_string(m->pool, k->name, strlen(k->name));

		one(m, p, key, (struct extended_value){.kind = VALUE_NAME, .text = text});
		m->short_of_memory |= !text;
		return;
	}
	m->widened += k->name[0] != '\0';
	if (k->peer.family)
		one(m, p, key, (struct extended_value){.kind = VALUE_NET,
				       .net = prefix_of(&k->peer, addr_bits(&k->peer))});
	else
		making_group(m, p, key, GROUP_EXTERNAL);
}

bool making_peer(struct making *m, struct extended_policy *p, enum extended_key key,
	const struct learned_kind *k)
{
	switch (k->place) {
	case RECORD_GATEWAY:
		making_role(m, p, key, EXTENDED_GATEWAY);
		return true;
	case RECORD_DEVICE:
		device_peer(m, p, key, &k->peer_mac);
		return true;
	case RECORD_GROUP:
		group_peer(m, p, key, &k->peer);
		return true;
	case RECORD_INTERNET:
		internet_peer(m, p, key, k);
		return true;
	case RECORD_PLACE_MAX:
		break;
	}
	return false;
}

/* ---- what is spoken ---- */

static bool transport(
	struct making *m, struct extended_policy *p, const struct learned_kind *k)
{
	bool tcp = k->proto == FLOW_PROTO_TCP;
	enum extended_key src = tcp ? KEY_TCP_SRC_PORT : KEY_UDP_SRC_PORT;
	enum extended_key dst = tcp ? KEY_TCP_DST_PORT : KEY_UDP_DST_PORT;

	switch (k->proto) {
	case FLOW_PROTO_ICMP:
		making_number(m, p, KEY_ICMP_TYPE, k->port, k->port);
		return true;
	case FLOW_PROTO_ICMP6:
		making_number(m, p, KEY_ICMPV6_TYPE, k->port, k->port);
		return true;
	case FLOW_PROTO_TCP:
	case FLOW_PROTO_UDP:
		break;
	default: /* the format has no word for it */
		return false;
	}
	p->match.protos |= 1u << (tcp ? EXTENDED_TCP : EXTENDED_UDP);
	if (tcp)
		p->initiator = EXTENDED_SRC;
	if (k->source_port) {
		making_number(m, p, src, k->source_port, k->source_port);
		making_number(m, p, dst, PORTS_DYNAMIC, UINT16_MAX);
	} else if (!k->port_any) {
		making_number(m, p, dst, k->port, k->port);
	}
	return true;
}

bool making_kind_match(
	struct making *m, struct extended_policy *p, const struct learned_kind *k)
{
	bool out = k->direction == DIRECTION_FROM_DEVICE;
	enum extended_key src = making_src(k->family), dst = making_dst(k->family);

	if (k->family != 4 && k->family != 6)
		return false;
	making_role(m, p, out ? src : dst, EXTENDED_SELF);
	if (!making_peer(m, p, out ? dst : src, k) || !transport(m, p, k))
		return false;
	p->bidirectional = true;
	return true;
}
