// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended_kinds - conversations as policies: by name or role, and those that are
 * known by an address alone. */
#include "engine/learn_extended_priv.h"

#include <string.h>

#include "engine/learn_priv.h"

/* As the learner has it: every device may do these. */
static bool is_link(const struct learned_kind *k)
{
	return k->proto == FLOW_PROTO_UDP && !k->port_any &&
	       (k->port == 67 || k->port == 68 || k->port == 546 || k->port == 547);
}

static const char *proto_name(uint8_t proto)
{
	return proto == FLOW_PROTO_TCP ? "tcp" : proto == FLOW_PROTO_UDP ? "udp" : "icmp";
}

static const char *peer_name(const struct learned_kind *k)
{
	int g = k->place == RECORD_GROUP ? extended_group_of(&k->peer) : -1;

	if (k->name[0])
		return k->name[0] == '*' ? k->name + 2 : k->name;
	if (g >= 0)
		return extended_group_name((enum extended_group)g);
	return record_place_name(k->place);
}

/* Questions and answers alike go to a group. */
static void both_ways(struct making *m, struct extended_policy *p, enum extended_key key)
{
	struct extended_field *f = making_field(m, p, key, 2);

	for (uint32_t b = 0; f && b < 2; b++)
		f->values[f->count++] =
			(struct extended_value){.kind = VALUE_BOOL, .lo = b, .hi = b};
}

/* What is spoken, where it is beyond doubt: a head that must be there. */
static void spoken(
	struct making *m, struct extended_policy *p, const struct learned_kind *k)
{
	static const uint8_t protos[RECORD_APP_MAX] = {[RECORD_APP_HTTP] = EXTENDED_HTTP,
		[RECORD_APP_MDNS] = EXTENDED_MDNS, [RECORD_APP_SSDP] = EXTENDED_SSDP,
		[RECORD_APP_COAP] = EXTENDED_COAP, [RECORD_APP_MQTT] = EXTENDED_MQTT,
		[RECORD_APP_TLS] = EXTENDED_TLS};

	if (k->app < RECORD_APP_MAX && protos[k->app])
		p->match.protos |= 1u << protos[k->app];
	if (k->app == RECORD_APP_MDNS)
		both_ways(m, p, KEY_MDNS_RESPONSE);
	if (k->app == RECORD_APP_SSDP)
		both_ways(m, p, KEY_SSDP_RESPONSE);
}

static void add_kind(struct making *m, const struct learned_kind *k)
{
	const char *way = k->direction == DIRECTION_FROM_DEVICE ? "" : "from-";
	const char *six = k->family == 6 ? "-ipv6" : "";
	struct extended_policy *p;

	if (k->port_any)
		p = making_policy(m, "%s%s-%s%s", way, proto_name(k->proto),
			peer_name(k), six);
	else
		p = making_policy(m, "%s%s-%u-%s%s", way, proto_name(k->proto), k->port,
			peer_name(k), six);
	if (!p)
		return;
	if (!making_kind_match(m, p, k)) {
		m->left_out++;
		m->profile.policy_count--;
		return;
	}
	spoken(m, p, k);
	making_evidence(m, p, k);
	making_volume(p, k);
}

void making_kinds(struct making *m)
{
	const struct learn_kinds *all = &m->of->general;

	for (size_t i = 0; i < all->count; i++) {
		const struct learned_kind *k = &all->list[i];

		if (!learn_kind_is_said(k) && !is_link(k) && !making_is_asked(m, k) &&
			!making_is_permitted(m, k))
			add_kind(m, k);
	}
}

/* ---- by address alone ---- */

/* What the rule of such a conversation says, as a kind. */
static void bare_kind(const struct learn_bare *b, struct learned_kind *ret)
{
	*ret = (struct learned_kind){.direction = b->key.direction,
		.family = b->key.family, .proto = b->key.proto, .port = b->key.port,
		.place = b->key.place, .peer = b->key.peer, .first = b->first,
		.last = b->last, .flows = b->flows, .packets = b->packets,
		.bytes = {b->bytes[0], b->bytes[1]}};
}

/* Answers come from the port of the service, to any that asked. */
static void bare_ports(struct making *m, struct extended_policy *p,
	const struct learn_bare *b)
{
	p->match.count = 0;
	p->match.protos = 0;
	bool out = b->key.direction == DIRECTION_FROM_DEVICE;
	struct learned_kind k;

	bare_kind(b, &k);
	making_role(m, p, out ? making_src(k.family) : making_dst(k.family),
		EXTENDED_SELF);
	(void)making_peer(
		m, p, out ? making_dst(k.family) : making_src(k.family), &k);
	making_number(m, p, KEY_UDP_SRC_PORT, k.port, k.port);
	p->bidirectional = true;
}

static bool is_known(const struct learn_bare *b)
{
	return b->key.why == LEARN_BARE_HINTED && strchr(b->name, '.') &&
	       b->key.place == RECORD_INTERNET;
}

static void add_bare(struct making *m, const struct learn_bare *b)
{
	struct learned_kind k;
	struct extended_policy *p;

	bare_kind(b, &k);
	p = making_policy(m, "%s-%u-by-address", proto_name(k.proto), k.port);
	if (!p)
		return;
	if (b->key.why == LEARN_BARE_ANSWER)
		bare_ports(m, p, b);
	else if (!making_kind_match(m, p, &k)) {
		m->left_out++;
		m->profile.policy_count--;
		return;
	}
	making_evidence(m, p, &k);
	p->confidence = -1; /* episodes do not count these */
	making_volume(p, &k);
}

static struct extended_known *known_of(struct making *m, const char *name)
{
	struct extended_binding *b = &m->binding;

	for (uint32_t i = 0; i < b->known_count; i++)
		if (strcmp(b->known[i].name, name) == 0)
			return &b->known[i];
	struct extended_known *k = &b->known[b->known_count];

	k->name = pool_string(m->pool, name, strlen(name));
	m->short_of_memory |= !k->name;
	b->known_count += k->name != NULL;
	return k->name ? k : NULL;
}

/* Named by its own hello alone: this home knows the address, others will be told it. */
static void add_known(struct making *m, const struct learn_bare *b)
{
	struct extended_known *k = known_of(m, b->name);

	if (k && k->addr_count < EXTENDED_PARTY_ADDRS)
		k->addrs[k->addr_count++] = b->key.peer;
}

void making_bares(struct making *m)
{
	const struct learn_profile *of = m->of;

	m->binding.known =
		pool_take(m->pool, (of->rule_count + 1) * sizeof *m->binding.known);
	if (!m->binding.known) {
		m->short_of_memory = true;
		return;
	}
	for (size_t i = 0; i < of->rule_count; i++) {
		if (!of->bares[i])
			continue;
		if (is_known(of->bares[i]))
			add_known(m, of->bares[i]);
		else
			add_bare(m, of->bares[i]);
	}
}
