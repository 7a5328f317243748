// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_world - random rules, names, classes and flows of a small house, for the
 * property tests that judge policies. */
#ifndef CARDEA_TEST_POLICY_WORLD_H
#define CARDEA_TEST_POLICY_WORLD_H

#include "base/str.h"
#include "policy/policy.h"
#include "property/policy_random.h"

#define RULES_MAX 24
#define BLOCKS_MAX 3
#define NAMES 4
#define CLASSES 3
#define MEMBERS_MAX 10
#define MACS 3
#define BINDINGS_MAX 8

static inline int16_t random_proto(void)
{
	static const int16_t world[] = {
		RULE_PROTO_ANY, 6, 6, 6, 17, 17, 17, 1, 58, 47, 0, 255, 132};

	return world[pick(sizeof world / sizeof *world)];
}

static const char *const names_of_world[NAMES] = {
	"a.example", "b.example", "c.example", "x.b.example"};
/* What rules say, too. */
static const char *const suffixes_of_world[] = {"*.example", "*.b.example"};

static const struct mac macs_of_world[MACS] = {
	{{2, 0, 0, 0, 0, 7}}, {{2, 0, 0, 0, 0, 8}}, {{0x33, 0x33, 0, 0, 0, 1}}};

static inline void random_peer(struct peer *p)
{
	static const enum peer_kind kinds[] = {PEER_ANY, PEER_NAME, PEER_NAME,
		PEER_NAME, PEER_NAME, PEER_PREFIX, PEER_PREFIX, PEER_PREFIX,
		PEER_LOCAL_NETWORKS, PEER_GATEWAY, PEER_CONTROLLER_DNS,
		PEER_CONTROLLER_NTP, PEER_CONTROLLER, PEER_MY_CONTROLLER,
		PEER_SAME_MANUFACTURER, PEER_MANUFACTURER, PEER_MODEL, PEER_MAC};
	struct addr a = random_addr();
	unsigned bits = addr_bits(&a);

	p->kind = kinds[pick(sizeof kinds / sizeof *kinds)];
	if (p->kind == PEER_NAME)
		snprintf(p->name, sizeof p->name, "%s",
			pick(4) ? names_of_world[pick(NAMES)]
				: suffixes_of_world[pick(2)]);
	if (p->kind == PEER_PREFIX)
		p->prefix = prefix_of(&a,
			(uint8_t)(pick(3) ? bits - pick(bits / 4) : pick(bits + 1)));
	if (p->kind == PEER_PREFIX && pick(8) == 0) /* about fe80::/10 */
		p->prefix = prefix_of(
			&(struct addr){6, {0xfe, 0x80}}, (uint8_t)(7 + pick(5)));
	if (policy_peer_is_class(p->kind))
		snprintf(p->name, sizeof p->name, "%u", pick(CLASSES));
	p->mac = macs_of_world[pick(MACS)];
}

/* About frames that are not IP: few types, so that rules meet. */
static inline void random_ether(struct rule *r)
{
	static const int32_t types[] = {0x88e1, 0x88e1, 0x88e1, 0x8892, 0x0806};

	r->ethertype = types[pick(5)];
	r->peer.kind = pick(3) ? PEER_MAC : PEER_ANY;
}

#define TRIGGERS 4
static unsigned trigger_odds; /* one rule of so many waits for a trigger, or arms one; 0:
			       * none does */
static unsigned ages_of_triggers[TRIGGERS + 1]; /* seconds since each was armed */

static inline void random_triggers(struct rule *r)
{
	if (!trigger_odds)
		return;
	if (pick(trigger_odds) == 0)
		r->arms = (uint16_t)(1 + pick(TRIGGERS));
	if (pick(trigger_odds) == 0 && r->action == RULE_ACCEPT) {
		r->needs = (uint16_t)(1 + pick(TRIGGERS));
		r->open_s = 1 + pick(3) * 10;
	}
}

static inline bool trigger_armed(void *ctx, uint16_t trigger, uint32_t open_s)
{
	(void)ctx;
	return ages_of_triggers[trigger] < open_s;
}

static unsigned ether_odds; /* one rule of so many is about frames that are not IP */

static inline void random_rule(struct rule *r, rule_id id)
{
	static const uint8_t families[] = {0, 0, 4, 4, 6};

	rule_init(r);
	r->id = id;
	r->direction = pick(3) ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;
	r->initiator = pick(4) ? INITIATOR_EITHER : pick(3);
	r->action = pick(4) ? RULE_ACCEPT : RULE_DROP;
	r->family = families[pick(sizeof families)];
	r->proto = random_proto();
	if (r->proto == 6 || r->proto == 17 || (r->proto < 0 && pick(2))) {
		r->device_port = random_ports();
		r->peer_port = random_ports();
	}
	if ((r->proto == 1 || r->proto == 58) && pick(2)) {
		r->icmp_type = (int16_t)pick(12);
		if (pick(2))
			r->icmp_code = (int16_t)pick(4);
	}
	r->layer = pick(2) ? LAYER_MANUFACTURER : LAYER_OWNER;
	random_peer(&r->peer);
	r->quarantine = pick(2);
	random_triggers(r);
	if (pick(ether_odds) == 0)
		random_ether(r);
}

/* Files as they are: names that are accepted from the device, by port, and few drops. */
static bool plain_names;
static inline void random_plain(struct rule *r)
{
	if (r->peer.kind == PEER_NAME) {
		r->action = RULE_ACCEPT;
		r->direction = DIRECTION_FROM_DEVICE;
		r->initiator = INITIATOR_EITHER;
		r->proto = pick(2) ? 6 : 17;
		r->icmp_type = r->icmp_code = RULE_ICMP_ANY;
		r->device_port = (struct range16){0, UINT16_MAX};
		r->peer_port.lo = r->peer_port.hi = random_port();
		r->ethertype = RULE_ETHERTYPE_IP;
	} else if (pick(4)) {
		r->action = RULE_ACCEPT;
	}
}

/* As the engine ends a conversation. */
static inline void random_block(struct rule *r, rule_id id)
{
	struct addr a = random_addr();

	rule_init(r);
	r->id = id;
	r->direction = pick(2);
	r->action = RULE_DROP;
	r->proto = pick(2) ? 6 : 17;
	r->peer.kind = PEER_PREFIX;
	r->peer.prefix = prefix_of(&a, addr_bits(&a));
	r->peer_port.lo = r->peer_port.hi = random_port();
}

struct told {
	const char *name;
	struct addr addr;
};

static struct told told[BINDINGS_MAX];
static size_t told_count;

static inline bool told_has(void *ctx, const char *name, const struct addr *a)
{
	(void)ctx;
	for (size_t i = 0; i < told_count; i++)
		if (rule_name_matches(name, told[i].name) && addr_equal(&told[i].addr, a))
			return true;
	return false;
}

static inline size_t told_addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	size_t n = 0;

	(void)ctx;
	for (size_t i = 0; i < told_count && n < max; i++)
		if (rule_name_matches(name, told[i].name))
			out[n++] = told[i].addr;
	return n;
}

/* Whom a class or a MAC means: in no order, some twice. */
static struct addr members[CLASSES + MACS][MEMBERS_MAX];
static size_t member_count[CLASSES + MACS];

static inline size_t class_of(const struct peer *p)
{
	int64_t class = 0;
	size_t i = 0;

	if (p->kind != PEER_MAC && str_to_i64(p->name, 0, CLASSES - 1, &class))
		abort(); /* this test names its classes by number */
	if (p->kind != PEER_MAC)
		return (size_t)class;
	while (i < MACS - 1 && !mac_equal(&p->mac, &macs_of_world[i]))
		i++;
	return CLASSES + i;
}

static inline size_t class_members(
	void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	size_t of = class_of(p), n = member_count[of] < max ? member_count[of] : max;

	(void)ctx;
	memcpy(out, members[of], n * sizeof *out);
	return n;
}

static inline void random_classes(void)
{
	for (size_t i = 0; i < CLASSES + MACS; i++) {
		member_count[i] = pick(MEMBERS_MAX + 1);
		for (size_t k = 0; k < member_count[i]; k++)
			members[i][k] = random_addr();
	}
}

static inline void random_env(struct policy_env *env)
{
	*env = (struct policy_env){0};
	for (unsigned n = pick(4); n; n--) {
		struct addr a = random_addr();
		struct prefix p = prefix_of(&a, (uint8_t)(addr_bits(&a) - 8));
		EXPECT(policy_env_add_lan(env, &p), "lan");
	}
	for (unsigned n = pick(3); n; n--) {
		struct addr a = random_addr(), b = random_addr(), c = random_addr();
		EXPECT(policy_env_add_gateway(env, &a) && policy_env_add_dns(env, &b) &&
				policy_env_add_ntp(env, &c),
			"env");
	}
}

static inline struct flow random_flow(const struct policy_device *d)
{
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 17, 1, 58, 47, 132, 0, 255};
	struct flow f = {
		.direction = pick(3) ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE};

	f.device = d->addrs[pick((unsigned)d->addr_count)];
	f.peer = random_addr_of(f.device.family);
	f.proto = protos[pick(sizeof protos)];
	if (f.proto == 6 || f.proto == 17) {
		f.device_port = random_port();
		f.peer_port = random_port();
	}
	if (f.proto == 1 || f.proto == 58) {
		f.icmp_type = (uint8_t)pick(12);
		f.icmp_code = (uint8_t)pick(4);
	}
	return f;
}

static inline uint16_t port_near(struct range16 r)
{
	return pick(2) ? r.lo : r.hi;
}

/* Chance alone seldom finds a rule. */
static inline void aim(struct flow *f, const struct rule *r)
{
	f->direction = r->direction;
	if (r->proto == 6 || r->proto == 17) {
		f->proto = (uint8_t)r->proto;
		f->device_port = port_near(r->device_port);
		f->peer_port = port_near(r->peer_port);
	}
	if (r->peer.kind == PEER_PREFIX && r->peer.prefix.addr.family == f->peer.family)
		f->peer = r->peer.prefix.addr;
}

/* What the base layer is about, and addresses that names have. */
static inline void aim_at_house(
	struct flow *f, const struct policy_env *env, const struct policy_device *d)
{
	if (pick(6) == 0) { /* the base layer's */
		f->direction = DIRECTION_FROM_DEVICE;
		f->proto = FLOW_PROTO_UDP;
		f->peer_port = 53;
		if (env->gateway_count)
			f->peer = env->gateway[0];
	}
	if (told_count && pick(4) == 0)
		f->peer = told[pick((unsigned)told_count)].addr;
	for (size_t i = 0; i < d->addr_count; i++)
		if (d->addrs[i].family == f->peer.family && pick(2))
			f->device = d->addrs[i];
	while (f->device.family != f->peer.family)
		f->device = d->addrs[pick((unsigned)d->addr_count)];
}

static inline void random_rules(struct rule *rules, unsigned count, rule_id first)
{
	for (unsigned i = 0; i < count; i++) {
		random_rule(&rules[i], first + i);
		if (plain_names)
			random_plain(&rules[i]);
		if (i && pick(3) == 0) { /* a mirror of an earlier one */
			rules[i] = rules[pick(i)];
			rules[i].id = first + i;
			rules[i].direction = 1 - rules[i].direction;
		}
	}
}

/* What may stand in a part: a refusal says no, a limit lets some pass and drops others. */
static inline void random_part(struct rule *r, enum policy_part part)
{
	if (part == POLICY_GRANT)
		return;
	r->initiator = INITIATOR_EITHER;
	r->ethertype = RULE_ETHERTYPE_IP;
	r->arms = r->needs = 0;
	r->open_s = 0;
	if (r->peer.kind == PEER_MAC)
		r->peer.kind = PEER_LOCAL_NETWORKS;
	r->action = part == POLICY_LIMIT && pick(2) ? RULE_PASS : RULE_DROP;
}

#define LAYERS_MAX 6
struct layers {
	struct policy_layer list[LAYERS_MAX];
	size_t count;
	struct rule rules[LAYERS_MAX][RULES_MAX];
};

/* Rules that say much meet each other, and flows meet them. */
static inline void widen(struct layers *l)
{
	for (size_t i = 0; i < l->count; i++)
		for (size_t k = 0; k < l->list[i].count; k++) {
			struct rule *r = &l->rules[i][k];
			if (pick(3))
				continue;
			r->peer.kind = pick(2) ? PEER_ANY : PEER_LOCAL_NETWORKS;
			r->family = 0;
			r->ethertype = RULE_ETHERTYPE_IP;
			if (pick(2))
				r->device_port = r->peer_port =
					(struct range16){0, UINT16_MAX};
		}
}

static inline void random_contested_rule(struct rule *r, rule_id id)
{
	bool named = pick(2);

	rule_init(r);
	r->id = id;
	r->direction = pick(4) ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;
	r->action = pick(2) ? RULE_ACCEPT : RULE_DROP;
	r->proto = pick(2) ? FLOW_PROTO_TCP : RULE_PROTO_ANY;
	r->quarantine = true;
	r->peer.kind = named ? PEER_NAME : pick(2) ? PEER_ANY : PEER_PREFIX;
	snprintf(r->peer.name, sizeof r->peer.name, "%s",
		pick(4) ? names_of_world[pick(NAMES)] : suffixes_of_world[pick(2)]);
	if (r->peer.kind == PEER_PREFIX) {
		struct addr a = random_addr();
		r->peer.prefix = prefix_of(&a, (uint8_t)pick(addr_bits(&a)));
	}
	if (pick(3) == 0)
		r->peer_port = random_ports();
	if (pick(ether_odds) == 0) {
		random_ether(r);
		r->peer.mac = macs_of_world[pick(MACS)];
	}
}

/* Few layers that say yes and no to the same, by names as well as by addresses. */
static inline void random_contested(struct layers *l)
{
	l->count = 2 + pick(3);
	for (size_t i = 0; i < l->count; i++) {
		struct policy_layer *to = &l->list[i];
		to->part = pick(5) ? POLICY_GRANT : POLICY_LIMIT;
		to->layer = to->part == POLICY_GRANT ? (enum layer)(LAYER_MANUFACTURER +
							       pick(3))
						     : LAYER_OWNER;
		to->rules = l->rules[i];
		to->count = 1 + pick(4);
		for (size_t k = 0; k < to->count; k++) {
			random_contested_rule(&l->rules[i][k], (rule_id)(k + 1));
			random_part(&l->rules[i][k], to->part);
		}
	}
}

static inline void random_layers(struct layers *l)
{
	static const enum layer grants[] = {
		LAYER_MANUFACTURER, LAYER_LEARNED, LAYER_CROWD, LAYER_OWNER};
	static const enum layer limits[] = {LAYER_OWNER, LAYER_AGENT, LAYER_QUARANTINE};
	unsigned share;

	if (pick(3) == 0) {
		random_contested(l);
		return;
	}
	l->count = 1 + pick(LAYERS_MAX);
	share = RULES_MAX / (unsigned)l->count;
	for (size_t i = 0; i < l->count; i++) {
		struct policy_layer *to = &l->list[i];
		to->part = pick(2) ? POLICY_GRANT : pick(2) ? POLICY_LIMIT : POLICY_REFUSE;
		to->layer = to->part == POLICY_GRANT ? grants[pick(4)] : limits[pick(3)];
		to->rules = l->rules[i];
		/* limits that drop much leave nothing to look at */
		to->count = pick((to->part == POLICY_GRANT ? share : share / 4 + 1) + 1);
		random_rules(l->rules[i], (unsigned)to->count, 1);
		for (size_t k = 0; k < to->count; k++)
			random_part(&l->rules[i][k], to->part);
	}
	if (pick(4))
		widen(l);
}

/* Where a held device may fetch updates. */
#define HOSTS_MAX 4
static inline void random_host(struct update_host *h)
{
	static const uint8_t protos[] = {FLOW_PROTO_TCP, FLOW_PROTO_TCP, FLOW_PROTO_UDP, 0};

	memset(h, 0, sizeof *h);
	h->source = pick(2) ? UPDATE_OWNER : UPDATE_LEARNED;
	h->proto = protos[pick(h->source == UPDATE_OWNER ? 4 : 3)];
	do
		h->port = pick(3) ? random_ports().lo : 443;
	while (h->port == 53 || h->port == 853 ||
		(h->source != UPDATE_OWNER && !h->port));
	h->has_addr = pick(3) == 0;
	if (h->has_addr)
		h->addr = random_addr();
	else
		snprintf(h->name, sizeof h->name, "%s",
			h->source == UPDATE_LEARNED && pick(4) == 0
				? suffixes_of_world[1]
				: names_of_world[pick(NAMES)]);
}

/* Only those that may be kept; how many. */
static inline size_t random_hosts(struct update_host hosts[HOSTS_MAX])
{
	size_t n = 0;

	for (unsigned i = pick(HOSTS_MAX + 1); i > 0; i--) {
		random_host(&hosts[n]);
		n += update_host_flaw(&hosts[n]) == NULL;
	}
	return n;
}

#endif
