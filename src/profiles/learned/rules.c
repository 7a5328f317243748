// SPDX-License-Identifier: GPL-2.0-or-later
/* rules - what was learned as permissions, each with its evidence. Who answers is let
 * through by the conversation that is open: a rule is about who begins. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdlib.h>

#define PORT_DNS 53
#define PORT_NTP 123
#define PORT_DHCP_SERVER 67
#define PORT_DHCP_CLIENT 68
#define PORT_DHCP6_CLIENT 546
#define PORT_DHCP6_SERVER 547

/* In order of the rules: names first, so that the kernel may open them by itself; what
 * is open to any address of the internet last, behind what keeps it out of the house.
 */
enum part { PART_NAMES, PART_REST, PART_HOUSE, PART_ANY, PART_MAX };

struct rule_list {
	struct pool *pool;
	bool words; /* what each was seen by, which is most of the work */
	struct rule *rules;
	size_t count;
};

/* What policy lets pass always, or what is said in conversations that have a rule. */
static bool has_rule(const struct group *g)
{
	uint16_t port = g->key.port;

	if (g->key.said)
		return false;
	return g->key.proto != FLOW_PROTO_UDP ||
	       !(port == PORT_DHCP_SERVER || port == PORT_DHCP_CLIENT ||
		       port == PORT_DHCP6_CLIENT || port == PORT_DHCP6_SERVER);
}

static void set_gateway(const struct learned_kind *k, struct peer *p)
{
	bool out = k->direction == DIRECTION_FROM_DEVICE && !k->port_any;

	p->kind = PEER_GATEWAY;
	if (out && k->port == PORT_DNS)
		p->kind = PEER_CONTROLLER_DNS;
	if (out && k->port == PORT_NTP && k->proto == FLOW_PROTO_UDP)
		p->kind = PEER_CONTROLLER_NTP;
}

static void set_peer(const struct learned_kind *k, struct peer *p)
{
	switch (k->place) {
	case RECORD_GATEWAY:
		set_gateway(k, p);
		return;
	case RECORD_DEVICE:
		p->kind = mac_is_zero(&k->peer_mac) ? PEER_LOCAL_NETWORKS : PEER_MAC;
		p->mac = k->peer_mac;
		return;
	case RECORD_INTERNET:
	case RECORD_GROUP:
	case RECORD_PLACE_MAX:
		break;
	}
	if (k->name[0]) {
		p->kind = PEER_NAME;
		str_copy(p->name, sizeof p->name, k->name);
	} else if (k->peer.family) {
		p->kind = PEER_PREFIX;
		p->prefix = prefix_of(&k->peer, addr_bits(&k->peer));
	}
}

static void set_transport(const struct learned_kind *k, struct rule *r)
{
	bool out = k->direction == DIRECTION_FROM_DEVICE;
	struct range16 *port = out ? &r->peer_port : &r->device_port;
	struct range16 *source = out ? &r->device_port : &r->peer_port;

	r->family = k->family;
	r->proto = k->proto;
	if (k->proto == FLOW_PROTO_ICMP || k->proto == FLOW_PROTO_ICMP6)
		r->icmp_type = (int16_t)(k->port & UINT8_MAX);
	else if (k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP)
		*port = k->port_any ? *port : (struct range16){k->port, k->port};
	if (k->source_port) { /* see canonical.c: whoever asked has such a port */
		*port = (struct range16){LEARNED_PORT_DYNAMIC, UINT16_MAX};
		*source = (struct range16){k->source_port, k->source_port};
	}
	if (k->proto == FLOW_PROTO_TCP)
		r->initiator = out ? INITIATOR_DEVICE : INITIATOR_PEER;
}

static void say_bytes(struct str_text *s, uint64_t bytes)
{
	if (bytes < 10000)
		str_add(s, "%llu bytes", (unsigned long long)bytes);
	else if (bytes < 10000000)
		str_add(s, "%llu kB", (unsigned long long)bytes / 1000);
	else
		str_add(s, "%llu MB", (unsigned long long)bytes / 1000000);
}

static void say_contexts(struct str_text *s, const struct learned_kind *k)
{
	const char *before = " (";

	for (unsigned c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		if (!k->episodes[c])
			continue;
		str_add(s, "%s%s %u", before, learned_context_name(c), k->episodes[c]);
		before = ", ";
	}
	str_add(s, "%s", before[0] == ',' ? ")" : "");
}

/* "seen in 9 of 12 episodes (boot 5, user 4), 34 conversations, 1200 kB, 2026-11-02 to
 * 2026-11-20, every 236 s; for 4 names" */
static void say_evidence(
	const struct dev *d, const struct learned_kind *k, char text[LIMIT_TEXT])
{
	char first[CLOCK_TEXT_MAX], last[CLOCK_TEXT_MAX];
	struct str_text s = {.buf = text, .size = LIMIT_TEXT};
	uint32_t n = 0;

	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += k->episodes[c];
	str_add(&s, "seen in %u of %u episodes", n, d->number);
	say_contexts(&s, k);
	str_add(&s, ", %llu conversation%s, ", (unsigned long long)k->flows,
		k->flows == 1 ? "" : "s");
	say_bytes(&s, k->bytes[0] + k->bytes[1]);
	str_add(&s, ", %.10s", clock_format(k->first, first));
	if (strncmp(first, clock_format(k->last, last), 10) != 0)
		str_add(&s, " to %.10s", last);
	if (k->period)
		str_add(&s, ", every %lld s",
			(long long)((k->period + NS_PER_SEC / 2) / NS_PER_SEC));
	if (k->general && k->siblings > 1)
		str_add(&s, "; stands for %u", k->siblings);
	if (k->port_any && !k->source_port)
		str_add(&s, "; any port, as they change");
}

static struct rule *rule_add(struct rule_list *l)
{
	struct rule *r = &l->rules[l->count++];

	rule_init(r);
	r->id = (rule_id)l->count;
	r->layer = LAYER_LEARNED;
	r->status = RULE_ENFORCED;
	str_copy(r->acl, sizeof r->acl, "learned");
	if (l->words)
		(void)str_print(r->ace, sizeof r->ace, "kind-%u", (unsigned)l->count);
	return r;
}

static void add_kind(
	struct rule_list *l, const struct dev *d, const struct learned_kind *k)
{
	struct rule *r = rule_add(l);

	r->direction = k->direction;
	r->action = RULE_ACCEPT;
	set_transport(k, r);
	set_peer(k, &r->peer);
	if (l->words)
		say_evidence(d, k, r->detail);
}

/* The internet is all but the house. */
static void add_house(struct rule_list *l, const struct learned_kind *k)
{
	struct rule *r = rule_add(l);

	r->direction = k->direction;
	r->action = RULE_DROP;
	set_transport(k, r);
	r->initiator = INITIATOR_EITHER;
	r->peer.kind = PEER_LOCAL_NETWORKS;
	(void)str_print(r->detail, sizeof r->detail,
		"what may go to any address goes to the internet, as it was seen");
}

static enum part part_of(const struct group *g)
{
	const struct learned_key *k = &g->key;

	if (k->place != RECORD_INTERNET)
		return PART_REST;
	if (k->name_any || g->text[0])
		return PART_NAMES;
	return k->peer.family ? PART_REST : PART_ANY;
}

static void add_part(struct rule_list *l, const struct dev *d, const struct grouping *g,
	const uint32_t *order, enum part part)
{
	struct learned_kind k;

	for (uint32_t i = 0; i < g->count; i++) {
		const struct group *group = &g->groups[order[i]];
		enum part its = part_of(group);

		if (!has_rule(group) ||
			!(part == its || (part == PART_HOUSE && its == PART_ANY)))
			continue;
		learned_group_kind(d, g, order[i], &k);
		if (part == PART_HOUSE)
			add_house(l, &k);
		else
			add_kind(l, d, &k);
	}
}

static int make_rules(
	const struct dev *d, const struct grouping *g, struct rule_list *l)
{
	uint32_t *order;
	int r = learned_group_order(d, g, &order);

	if (r)
		return r;
	/* each kind has one rule, open ones have two */
	l->rules = pool_take(l->pool, (2 * (size_t)g->count + 1) * sizeof *l->rules);
	for (enum part p = 0; p < PART_MAX && l->rules; p++)
		add_part(l, d, g, order, p);
	free(order);
	return l->rules ? 0 : -ENOMEM;
}

int learned_view_rules(const struct learned_view *v, bool words, struct pool *pool,
	struct rule **ret_rules, size_t *ret_count)
{
	struct rule_list list = {.pool = pool, .words = words};
	int r = make_rules(v->dev, &v->groups, &list);

	if (r)
		return r;
	*ret_rules = list.rules;
	*ret_count = list.count;
	return 0;
}

int learned_rules(const struct learned *l, const struct mac *device, struct pool *pool,
	struct rule **ret_rules, size_t *ret_count)
{
	struct learned_view *v;
	int r = learned_view_new(l, device, &v);

	if (r)
		return r;
	r = learned_view_rules(v, true, pool, ret_rules, ret_count);
	learned_view_free(v);
	return r;
}
