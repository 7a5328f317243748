// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended_rest - of a learned profile what another one lacks: the policies that
 * its packets needed, and one for each sort of packet that the learner keeps no kinds
 * of. */
#include "engine/learn_extended_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Sorts of packets, most of them of the link; a flood makes no more. */
#define REST_SORTS 64
#define REST_POOL_BYTES (2 * (size_t)EXTENDED_POOL_BYTES)

struct sort {
	uint8_t family, proto, type; /* ARP: family 0, type is its operation */
	bool from, is_source;	     /* port is that of who sends */
	uint16_t port;
	struct addr peer; /* of groups and of the internet */
	nstime first, last;
};

struct learn_rest {
	struct pool *pool;
	struct extended_profile profile;
	struct extended_binding binding;
	struct extended_bound bound;
	uint8_t *needed; /* by id */
	uint32_t sort_count, dropped;
	struct sort sorts[REST_SORTS];
};

static int read_back(struct learn_rest *r, const struct learn_extended *e)
{
	struct extended_notes notes = {0};
	int error = extended_parse(
		e->template, strlen(e->template), r->pool, &r->profile, &notes);

	if (!error)
		error = extended_parse_binding(
			e->binding, strlen(e->binding), r->pool, &r->binding, &notes);
	if (!error)
		error = extended_bind(
			&r->profile, &r->binding, r->pool, &r->bound, &notes);
	if (error)
		return error;
	r->needed = pool_take(r->pool, r->profile.id_count + 1);
	return r->needed ? 0 : -ENOMEM;
}

int learn_rest_new(const struct learn_extended *e, struct learn_rest **ret)
{
	struct learn_rest *r = calloc(1, sizeof *r);
	int error = r ? 0 : -ENOMEM;

	if (!error) {
		r->pool = pool_new("rest", REST_POOL_BYTES);
		error = r->pool ? read_back(r, e) : -ENOMEM;
	}
	if (error) {
		learn_rest_free(r);
		return error;
	}
	*ret = r;
	return 0;
}

void learn_rest_free(struct learn_rest *r)
{
	if (r)
		pool_free(r->pool);
	free(r);
}

const struct extended_bound *learn_rest_bound(const struct learn_rest *r)
{
	return &r->bound;
}

void learn_rest_needs(struct learn_rest *r, const struct extended_policy *p)
{
	if (p && p->id < r->profile.id_count)
		r->needed[p->id] = 1;
}

/* ---- packets that no kind tells of ---- */

static bool is_service(uint16_t port, uint16_t other)
{
	return port <= other;
}

static void sort_ports(const struct packet *p, struct sort *s)
{
	bool tcp = (p->layers & PACKET_TCP) != 0;
	uint16_t src = tcp ? p->tcp.src_port : p->udp.src_port;
	uint16_t dst = tcp ? p->tcp.dst_port : p->udp.dst_port;

	s->is_source = !is_service(dst, src);
	s->port = s->is_source ? src : dst;
}

/* False: not even the format has a word for it. */
static bool sort_of(const struct packet *p, bool from, struct sort *s)
{
	const struct addr *peer;

	memset(s, 0, sizeof *s); /* it is compared as bytes */
	s->from = from;
	if (p->layers & PACKET_ARP) {
		s->type = (uint8_t)p->arp.op;
		return p->arp.op == ARP_REQUEST || p->arp.op == ARP_REPLY;
	}
	if (!(p->layers & PACKET_IP))
		return false;
	s->family = p->ip.family;
	s->proto = p->ip.proto;
	peer = from ? &p->ip.dst : &p->ip.src;
	if (!addr_is_private(peer) && !addr_is_link_local(peer) &&
		!addr_is_unspecified(peer))
		s->peer = *peer;
	if (p->layers & PACKET_ICMP)
		s->type = p->icmp.type;
	else if (p->layers & (PACKET_TCP | PACKET_UDP))
		sort_ports(p, s);
	else
		return p->ip.proto == IP_PROTO_IGMP;
	return true;
}

static bool same_sort(const struct sort *a, const struct sort *b)
{
	return memcmp(a, b, offsetof(struct sort, first)) == 0;
}

bool learn_rest_packet(
	struct learn_rest *r, const struct packet *p, bool from, nstime when)
{
	struct sort s;

	if (!sort_of(p, from, &s))
		return false;
	for (uint32_t i = 0; i < r->sort_count; i++) {
		if (!same_sort(&r->sorts[i], &s))
			continue;
		r->sorts[i].last = when;
		return true;
	}
	if (r->sort_count == REST_SORTS)
		return false;
	s.first = s.last = when;
	memcpy(&r->sorts[r->sort_count++], &s, sizeof s); /* padding, too */
	return true;
}

static void sort_peer(struct making *m, struct extended_policy *p,
	enum extended_key key, const struct sort *s)
{
	int g = s->peer.family ? extended_group_of(&s->peer) : -1;
	const struct learned_kind k = {.place = RECORD_INTERNET, .peer = s->peer};
	const struct learned_kind group = {.place = RECORD_GROUP, .peer = s->peer};

	if (!s->peer.family)
		making_group(m, p, key, GROUP_LOCAL);
	else if (g >= 0 || addr_is_multicast(&s->peer) ||
		 addr_is_limited_broadcast(&s->peer))
		(void)making_peer(m, p, key, &group);
	else
		(void)making_peer(m, p, key, &k);
}

static void sort_arp(struct making *m, const struct sort *s)
{
	struct extended_policy *p =
		making_policy(m, "arp-%s", s->type == ARP_REQUEST ? "request" : "reply");

	if (!p)
		return;
	making_number(m, p, KEY_ARP_TYPE, s->type, s->type);
	if (s->from)
		making_role(m, p, KEY_ARP_SHA, EXTENDED_SELF);
	else
		making_group(m, p, KEY_ARP_TPA, GROUP_LOCAL);
}

static void sort_transport(struct making *m, struct extended_policy *p, const struct sort *s)
{
	bool tcp = s->proto == FLOW_PROTO_TCP;

	if (s->proto == FLOW_PROTO_ICMP) {
		making_number(m, p, KEY_ICMP_TYPE, s->type, s->type);
	} else if (s->proto == FLOW_PROTO_ICMP6) {
		making_number(m, p, KEY_ICMPV6_TYPE, s->type, s->type);
	} else if (s->proto == IP_PROTO_IGMP) {
		p->match.protos |= 1u << EXTENDED_IGMP;
	} else {
		enum extended_key src = tcp ? KEY_TCP_SRC_PORT : KEY_UDP_SRC_PORT;
		enum extended_key dst = tcp ? KEY_TCP_DST_PORT : KEY_UDP_DST_PORT;

		making_number(m, p, s->is_source ? src : dst, s->port, s->port);
	}
}

static void sort_policy(struct making *m, const struct sort *s)
{
	char proto[FLOW_PROTO_TEXT_MAX];
	struct extended_policy *p;

	if (!s->family) {
		sort_arp(m, s);
		return;
	}
	p = making_policy(m, "%s%s-%u", s->from ? "" : "from-",
		flow_proto_text(s->proto, proto), s->port ? s->port : s->type);
	if (!p)
		return;
	making_role(m, p, s->from ? making_src(s->family) : making_dst(s->family),
		EXTENDED_SELF);
	sort_peer(m, p, s->from ? making_dst(s->family) : making_src(s->family), s);
	sort_transport(m, p, s);
}

/* ---- what is kept ---- */

static void keep_policies(const struct learn_rest *r, struct making *m)
{
	for (uint32_t i = 0; i < r->profile.policy_count; i++) {
		const struct extended_policy *p = &r->profile.policies[i];

		if (r->needed[p->id])
			m->profile.policies[m->profile.policy_count++] = *p;
	}
	for (uint32_t i = 0; i < r->sort_count; i++) {
		uint32_t at = m->profile.policy_count;
		struct learned_kind k = {.first = r->sorts[i].first, .last = r->sorts[i].last};

		sort_policy(m, &r->sorts[i]);
		if (m->profile.policy_count == at)
			continue;
		making_evidence(m, &m->profile.policies[at], &k);
		m->profile.policies[at].confidence = -1; /* episodes do not count these */
	}
}

static void keep_permits(const struct learn_rest *r, struct making *m)
{
	for (uint32_t i = 0; i < r->profile.permit_count; i++) {
		const struct extended_permit *p = &r->profile.permits[i];

		if (r->needed[p->trigger.id] || r->needed[p->effect.id])
			m->profile.permits[m->profile.permit_count++] = *p;
	}
}

/* ---- roles that nothing names any more ---- */

static void mark_roles(const struct extended_policy *p, uint64_t *used)
{
	for (uint32_t i = 0; i < p->match.count; i++)
		for (uint32_t j = 0; j < p->match.fields[i].count; j++)
			if (p->match.fields[i].values[j].kind == VALUE_ROLE)
				*used |= 1ULL << p->match.fields[i].values[j].lo;
}

static void move_roles(struct extended_policy *p, const uint32_t to[EXTENDED_ROLES])
{
	for (uint32_t i = 0; i < p->match.count; i++)
		for (uint32_t j = 0; j < p->match.fields[i].count; j++)
			if (p->match.fields[i].values[j].kind == VALUE_ROLE)
				p->match.fields[i].values[j].lo =
					to[p->match.fields[i].values[j].lo];
}

static void drop_roles(struct making *m, uint64_t used)
{
	struct extended_profile *p = &m->profile;
	struct extended_binding *b = &m->binding;
	uint32_t to[EXTENDED_ROLES] = {0}, roles = 0, parties = 0;

	/* parties stand in the order of the roles that they play */
	for (uint32_t i = 0; i < p->role_count; i++) {
		if (!(used & 1ULL << i))
			continue;
		for (uint32_t j = parties; j < b->party_count; j++)
			if (strcmp(b->parties[j].role, p->roles[i].name) == 0)
				b->parties[parties++] = b->parties[j];
		to[i] = roles;
		p->roles[roles++] = p->roles[i];
	}
	p->role_count = roles;
	b->party_count = parties;
	for (uint32_t i = 0; i < p->policy_count; i++)
		move_roles(&p->policies[i], to);
	for (uint32_t i = 0; i < p->permit_count; i++) {
		move_roles(&p->permits[i].trigger, to);
		move_roles(&p->permits[i].effect, to);
	}
}

static uint64_t used_roles(const struct extended_profile *p)
{
	uint64_t used = 1ULL << EXTENDED_SELF | 1ULL << EXTENDED_GATEWAY;

	for (uint32_t i = 0; i < p->policy_count; i++)
		mark_roles(&p->policies[i], &used);
	for (uint32_t i = 0; i < p->permit_count; i++) {
		mark_roles(&p->permits[i].trigger, &used);
		mark_roles(&p->permits[i].effect, &used);
	}
	return used;
}

int learn_rest_finish(struct learn_rest *r, struct learn_extended *ret)
{
	struct making m = {.pool = r->pool, .profile = r->profile, .binding = r->binding};

	*ret = (struct learn_extended){0};
	m.room = r->profile.policy_count + r->sort_count;
	m.profile.policy_count = m.profile.permit_count = 0;
	m.profile.policies = pool_take(r->pool, (m.room + 1) * sizeof *m.profile.policies);
	m.profile.permits = pool_take(
		r->pool, (r->profile.permit_count + 1) * sizeof *m.profile.permits);
	if (!m.profile.policies || !m.profile.permits)
		return -ENOMEM;
	keep_policies(r, &m);
	keep_permits(r, &m);
	drop_roles(&m, used_roles(&m.profile));
	return making_finish(&m, ret);
}
