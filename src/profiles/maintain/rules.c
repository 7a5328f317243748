// SPDX-License-Identifier: GPL-2.0-or-later
/* rules - the kinds in force as permissions. Named peers first, so that the kernel may
 * open them by itself; what is open to any address last, behind what keeps it out of
 * the house. */
#include "profiles/maintain/maintain_priv.h"

#include <errno.h>

#define PORT_DNS 53
#define PORT_NTP 123
/* From here on clients get theirs (Linux; RFC 6335: 49152). */
#define PORT_DYNAMIC 32768

enum part { PART_NAMES, PART_REST, PART_HOUSE, PART_ANY, PART_MAX };

struct list {
	struct rule *rules;
	size_t count;
};

static bool is_open(const struct learned_kind *k)
{
	return k->place == RECORD_INTERNET && !k->name[0] && !k->peer.family;
}

static enum part part_of(const struct learned_kind *k)
{
	if (k->place == RECORD_INTERNET && k->name[0])
		return PART_NAMES;
	return is_open(k) ? PART_ANY : PART_REST;
}

static enum peer_kind gateway_kind(const struct learned_kind *k)
{
	if (k->direction == DIRECTION_FROM_DEVICE && !k->port_any) {
		if (k->port == PORT_DNS)
			return PEER_CONTROLLER_DNS;
		if (k->port == PORT_NTP && k->proto == FLOW_PROTO_UDP)
			return PEER_CONTROLLER_NTP;
	}
	return PEER_GATEWAY;
}

static void set_peer(const struct learned_kind *k, struct peer *p)
{
	if (k->place == RECORD_GATEWAY) {
		p->kind = gateway_kind(k);
	} else if (k->place == RECORD_DEVICE) {
		p->kind = mac_is_zero(&k->peer_mac) ? PEER_LOCAL_NETWORKS : PEER_MAC;
		p->mac = k->peer_mac;
	} else if (k->name[0]) {
		p->kind = PEER_NAME;
		(void)str_copy(p->name, sizeof(p->name), k->name);
	} else if (k->peer.family) {
		p->kind = PEER_PREFIX;
		p->prefix = prefix_of(&k->peer, addr_bits(&k->peer));
	}
}

/* Names and roles are the same peer over both IP families. */
static uint8_t family_of(const struct learned_kind *k)
{
	if (k->name[0] || k->place == RECORD_GATEWAY || k->place == RECORD_DEVICE)
		return k->proto == FLOW_PROTO_ICMP    ? 4
		       : k->proto == FLOW_PROTO_ICMP6 ? 6
						      : 0;
	return k->family;
}

static void set_transport(const struct learned_kind *k, struct rule *r)
{
	bool out = k->direction == DIRECTION_FROM_DEVICE;
	struct range16 *port = out ? &r->peer_port : &r->device_port;
	struct range16 *source = out ? &r->device_port : &r->peer_port;

	r->family = family_of(k);
	r->proto = k->proto;
	if (k->proto == FLOW_PROTO_ICMP || k->proto == FLOW_PROTO_ICMP6)
		r->icmp_type = (int16_t)(k->port & UINT8_MAX);
	else if ((k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP) &&
		 !k->port_any)
		*port = (struct range16){k->port, k->port};
	if (k->source_port) { /* an answer to whoever has asked a group */
		*port = (struct range16){PORT_DYNAMIC, UINT16_MAX};
		*source = (struct range16){k->source_port, k->source_port};
	}
	if (k->proto == FLOW_PROTO_TCP)
		r->initiator = out ? INITIATOR_DEVICE : INITIATOR_PEER;
}

static struct rule *rule_add(struct list *l, const struct learned_kind *k)
{
	struct rule *r = &l->rules[l->count++];

	rule_init(r);
	r->id = (rule_id)l->count;
	r->layer = LAYER_LEARNED;
	r->status = RULE_ENFORCED;
	r->direction = k->direction;
	r->action = RULE_ACCEPT;
	(void)str_copy(r->acl, sizeof(r->acl), "learned");
	(void)str_print(r->ace, sizeof(r->ace), "kind-%u", (unsigned)l->count);
	set_transport(k, r);
	return r;
}

/* As long as it may be an update's. */
static bool has_grace(const struct maintain *m, const struct item *i)
{
	return i->pub.status == MAINTAIN_PROPOSED && i->graced && !m->once &&
	       m->age - i->opened <= MAINTAIN_GRACE_TIME;
}

static bool belongs(
	const struct maintain *m, const struct item *i, enum maintain_part part)
{
	switch (part) {
	case MAINTAIN_ALL:
		return maintain_in_force(i);
	case MAINTAIN_LATER:
		return (maintain_in_force(i) && !i->first) || has_grace(m, i);
	case MAINTAIN_NO:
		return i->pub.status == MAINTAIN_REJECTED ||
		       i->pub.status == MAINTAIN_GONE;
	}
	return false;
}

uint64_t maintain_force(const struct maintain *m)
{
	uint64_t n = 14695981039346656037u + m->open; /* FNV-1a, of numbers */

	for (uint32_t i = 0; i < m->count; i++)
		for (unsigned part = MAINTAIN_ALL; part <= MAINTAIN_NO; part++)
			if (belongs(m, m->items[i], part))
				n = (n ^ (m->items[i]->pub.id * 4 + part)) *
				    1099511628211u;
	return n;
}

static void add_item(struct list *l, const struct item *i)
{
	const struct learned_kind *k = &i->pub.kind;
	struct rule *r = rule_add(l, k);
	char since[CLOCK_TEXT_MAX], last[CLOCK_TEXT_MAX];

	set_peer(k, &r->peer);
	(void)str_print(r->detail, sizeof(r->detail),
		"%s on %.10s, seen in %u episodes, last %.10s%s",
		i->pub.automatic ? "accepted as a variant of what is known"
				 : "approved",
		clock_format(i->pub.answered, since), maintain_episodes(k),
		clock_format(k->last, last),
		i->pub.status == MAINTAIN_DORMANT ? "; dormant" : "");
}

/* The internet is all but the house. */
static void add_house(struct list *l, const struct learned_kind *k)
{
	struct rule *r = rule_add(l, k);

	r->action = RULE_DROP;
	r->initiator = INITIATOR_EITHER;
	r->peer.kind = PEER_LOCAL_NETWORKS;
	(void)str_copy(r->detail, sizeof(r->detail),
		"what may go to any address goes to the internet, as it was seen");
}

static void add_no(struct list *l, const struct item *i)
{
	struct rule *r = rule_add(l, &i->pub.kind);

	r->action = RULE_DROP;
	r->initiator = INITIATOR_EITHER;
	/* who only watches still keeps to the owner's own word */
	if (i->pub.status == MAINTAIN_REJECTED)
		(void)str_copy(r->acl, sizeof(r->acl), MAINTAIN_NO_ACL);
	set_peer(&i->pub.kind, &r->peer);
	(void)str_copy(r->detail, sizeof(r->detail),
		i->pub.status == MAINTAIN_REJECTED ? "you refused it"
						   : "expired: unseen for too long");
}

static void add_part(struct list *l, const struct item *i, enum part p)
{
	if (p == PART_HOUSE && is_open(&i->pub.kind))
		add_house(l, &i->pub.kind);
	else if (p == part_of(&i->pub.kind))
		add_item(l, i);
}

int maintain_rules(const struct maintain *m, enum maintain_part part, struct pool *pool,
	struct rule **ret_rules, size_t *ret_count)
{
	struct list l = {0};

	/* each kind has one rule, open ones have two */
	l.rules = pool_take(pool, (2 * (size_t)m->count + 1) * sizeof(*l.rules));
	if (!l.rules)
		return -ENOMEM;
	for (enum part p = 0; p < PART_MAX && part != MAINTAIN_NO; p++)
		for (uint32_t n = 0; n < m->count; n++)
			if (belongs(m, m->items[n], part))
				add_part(&l, m->items[n], p);
	for (uint32_t n = 0; n < m->count && part == MAINTAIN_NO; n++)
		if (belongs(m, m->items[n], part))
			add_no(&l, m->items[n]);
	*ret_rules = l.rules;
	*ret_count = l.count;
	return 0;
}
