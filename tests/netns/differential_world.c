// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_world - policies and flows at random, the same on every machine. */
#include "netns/differential.h"
#include "property/policy_random.h"

#define POOL_BYTES (4 * POLICY_POOL_BYTES) /* layers, and the policy of them */
#define TRIES 40 /* to find another trial */
#define NAMES 3
#define TIMEOUT_S 3600

bool world_triggers, world_held;
const char *const way_names[] = {"bridged", "routed", "gateway"};
static const char *const names_of_world[NAMES] = {"a.example", "b.example",
	"deep.c.example"};

/* Who is there: on the LAN, the gateway, the world, and groups. */
enum place { PLACE_LAN, PLACE_GATEWAY, PLACE_WORLD, PLACE_GROUP };
static const struct {
	const char *text;
	enum place place;
} addresses[] = {{"10.1.0.2", PLACE_LAN}, {"10.1.0.3", PLACE_LAN},
	{"10.1.0.9", PLACE_LAN}, {"10.1.0.1", PLACE_GATEWAY}, {"192.0.2.1", PLACE_WORLD},
	{"192.0.2.2", PLACE_WORLD}, {"192.0.2.255", PLACE_WORLD},
	{"198.51.100.66", PLACE_WORLD}, {"8.8.8.8", PLACE_WORLD},
	{"224.0.0.251", PLACE_GROUP}, {"239.1.2.3", PLACE_GROUP},
	{"255.255.255.255", PLACE_GROUP}, {"fd00:1::2", PLACE_LAN},
	{"fd00:1::3", PLACE_LAN}, {"fe80::2", PLACE_LAN}, {"fd00:1::1", PLACE_GATEWAY},
	{"2001:db8::1", PLACE_WORLD}, {"2001:db8::2", PLACE_WORLD},
	{"2001:db8:1::1", PLACE_WORLD}, {"2001:db9::7", PLACE_WORLD},
	{"ff02::fb", PLACE_GROUP}, {"ff05::2", PLACE_GROUP}};
#define ADDRESSES (sizeof addresses / sizeof *addresses)

static struct addr to_addr(const char *text)
{
	struct addr a;

	EXPECT(!addr_parse(text, &a), "%s", text);
	return a;
}

static struct addr some_addr(void)
{
	return to_addr(addresses[pick(ADDRESSES)].text);
}

struct mac device_mac(unsigned n)
{
	return (struct mac){{2, 0, 0, 1, 0, (uint8_t)n}};
}

void device_addrs(unsigned n, struct addr ret[3])
{
	ret[0] = (struct addr){4, {10, 1, 0, (uint8_t)(20 + n)}};
	ret[1] = (struct addr){6, {0xfd, 0, 0, 1, [14] = 1, [15] = (uint8_t)n}};
	ret[2] = (struct addr){6, {0xfe, 0x80, [14] = 1, [15] = (uint8_t)n}};
}

static enum place place_of(const struct addr *a)
{
	struct addr lan4 = to_addr("10.1.0.0"), lan6 = to_addr("fd00:1::");
	struct prefix p4 = prefix_of(&lan4, 24), p6 = prefix_of(&lan6, 64);

	if (addr_is_multicast(a) || addr_is_limited_broadcast(a))
		return PLACE_GROUP;
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct addr known = to_addr(addresses[i].text);
		if (addr_equal(&known, a))
			return addresses[i].place;
	}
	return prefix_contains(&p4, a) || prefix_contains(&p6, a) ||
			       addr_is_link_local(a) ? PLACE_LAN : PLACE_WORLD;
}

static void make_env(struct policy_env *env)
{
	struct addr lan4 = to_addr("10.1.0.0"), lan6 = to_addr("fd00:1::");
	struct prefix p4 = prefix_of(&lan4, 24), p6 = prefix_of(&lan6, 64);

	*env = (struct policy_env){0};
	EXPECT(policy_env_add_lan(env, &p4) && policy_env_add_lan(env, &p6), "lan");
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct addr a = to_addr(addresses[i].text);
		if (addresses[i].place == PLACE_GATEWAY)
			EXPECT(policy_env_add_gateway(env, &a), "gateway");
	}
}

/* ---- rules ---- */

static void some_peer(struct peer *p)
{
	static const enum peer_kind kinds[] = {PEER_ANY, PEER_NAME, PEER_NAME,
		PEER_NAME, PEER_PREFIX, PEER_PREFIX, PEER_PREFIX, PEER_PREFIX,
		PEER_LOCAL_NETWORKS, PEER_GATEWAY, PEER_CONTROLLER_DNS,
		PEER_CONTROLLER_NTP, PEER_MY_CONTROLLER, PEER_SAME_MANUFACTURER};
	struct addr a = some_addr();
	unsigned bits = addr_bits(&a);

	p->kind = kinds[pick(sizeof kinds / sizeof *kinds)];
	if (p->kind == PEER_NAME)
		snprintf(p->name, sizeof p->name, "%s", names_of_world[pick(NAMES)]);
	if (p->kind == PEER_PREFIX)
		p->prefix = prefix_of(&a,
			(uint8_t)(pick(3) ? bits - pick(bits / 4) : pick(bits + 1)));
}

static int16_t some_proto(void)
{
	static const int16_t protos[] = {
		RULE_PROTO_ANY, 6, 6, 6, 17, 17, 17, 1, 58, 47, 132};

	return protos[pick(sizeof protos / sizeof *protos)];
}

static const uint8_t icmp_types[] = {0, 3, 8, 8, 11, 128, 128, 129, 5, 4};

static void some_rule(struct rule *r, rule_id id)
{
	static const uint8_t families[] = {0, 0, 0, 4, 6};

	rule_init(r);
	r->id = id;
	r->direction = pick(3) ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;
	r->initiator = pick(4) ? INITIATOR_EITHER : pick(3);
	r->action = pick(5) ? RULE_ACCEPT : RULE_DROP;
	r->family = families[pick(sizeof families)];
	r->proto = some_proto();
	if (r->proto == 6 || r->proto == 17 || (r->proto < 0 && pick(4) == 0)) {
		r->device_port = random_ports();
		r->peer_port = random_ports();
	}
	if ((r->proto == 1 || r->proto == 58) && pick(2)) {
		r->icmp_type = icmp_types[pick(sizeof icmp_types)];
		if (pick(3) == 0)
			r->icmp_code = (int16_t)pick(2);
	}
	r->layer = pick(2) ? LAYER_MANUFACTURER : LAYER_OWNER;
	r->quarantine = pick(2);
	some_peer(&r->peer);
}

/* A rule about just this flow, or one near it. */
static void aimed_rule(struct rule *r, const struct flow *f)
{
	r->direction = f->direction;
	r->family = 0;
	r->proto = f->proto;
	r->icmp_type = r->icmp_code = RULE_ICMP_ANY;
	if (f->proto == 6 || f->proto == 17) {
		bool from = f->direction == DIRECTION_FROM_DEVICE;
		struct range16 any = {0, UINT16_MAX};
		r->device_port = from ? any : (struct range16){f->device_port,
						      f->device_port};
		r->peer_port = from ? (struct range16){f->peer_port, f->peer_port} : any;
	}
	if (r->peer.kind == PEER_PREFIX)
		r->peer.prefix = prefix_of(&f->peer, addr_bits(&f->peer));
}

#define PRESS_PORT 60000
#define PRESS_PEER "192.0.2.1"

/* Each trigger has a port of its own in the world, and some rules wait for it. */
static void make_triggers(struct world *w)
{
	struct addr peer = to_addr(PRESS_PEER);

	for (unsigned i = 0; i < w->aims; i++)
		if (w->rules[i].action == RULE_ACCEPT && pick(3)) {
			w->rules[i].needs = (uint16_t)(1 + pick(TRIGGERS));
			w->rules[i].open_s = OPEN_S;
		}
	for (unsigned n = 1; n <= TRIGGERS; n++) {
		struct rule *r = &w->rules[w->input.count++];
		rule_init(r);
		r->id = (rule_id)w->input.count;
		r->proto = FLOW_PROTO_UDP;
		r->peer.kind = PEER_PREFIX;
		r->peer.prefix = prefix_of(&peer, 32);
		r->peer_port.lo = r->peer_port.hi = (uint16_t)(PRESS_PORT + n);
		r->arms = (uint16_t)n;
		r->quarantine = true;
		if (pick(3))
			w->pressed |= (uint16_t)(1U << n);
	}
}

static void make_rules(struct world *w, const struct flow *flows, size_t flow_count)
{
	unsigned count = pick(RULES_MAX + 1);

	for (unsigned i = 0; i < count; i++) {
		some_rule(&w->rules[i], i + 1);
		if (flow_count && pick(2))
			aimed_rule(&w->rules[i], &flows[pick((unsigned)flow_count)]);
		if (i && pick(4) == 0) { /* a mirror of an earlier one */
			w->rules[i] = w->rules[pick(i)];
			w->rules[i].id = i + 1;
			w->rules[i].direction = 1 - w->rules[i].direction;
		}
	}
	w->aims = count;
	w->input = (struct policy_input){.rules = w->rules, .count = count,
		.hold = pick(8) == 0 ? HOLD_QUARANTINED : HOLD_NONE};
	if (world_triggers)
		make_triggers(w);
}

/* ---- devices that are held ---- */

static size_t some_hosts(struct update_host hosts[HOSTS_MAX])
{
	static const uint8_t protos[] = {0, FLOW_PROTO_TCP, FLOW_PROTO_TCP, FLOW_PROTO_UDP};
	size_t n = 0;

	for (unsigned i = pick(HOSTS_MAX + 1); i > 0; i--) {
		struct update_host *h = &hosts[n];
		*h = (struct update_host){.source = UPDATE_OWNER,
			.proto = protos[pick(sizeof protos)],
			.port = pick(3) ? random_port() : 443,
			.has_addr = pick(2)};
		if (h->has_addr)
			h->addr = some_addr();
		else
			snprintf(h->name, sizeof h->name, "%s", names_of_world[pick(NAMES)]);
		n += update_host_flaw(h) == NULL;
	}
	return n;
}

/* What it could do, and what being held adds, as the household combines them. */
static void make_held(struct world *w)
{
	struct policy_layer layers[1 + POLICY_HOLD_LAYERS] = {
		{POLICY_GRANT, LAYER_MANUFACTURER, w->rules, w->input.count}};
	struct policy_held held = {.hold = (enum device_hold)pick(HOLD_MAX),
		.hosts = w->hosts,
		.host_count = some_hosts(w->hosts),
		.has_profile = pick(3),
		.layers = layers,
		.layer_count = w->input.count && pick(4) ? 1 : 0};
	size_t more = 0;
	int e = policy_hold_layers(w->pool, &held, &layers[held.layer_count], &more);

	EXPECT(!e, "hold: %d", e);
	e = policy_combine(w->pool, layers, held.layer_count + more, &w->input);
	EXPECT(!e, "combine: %d", e);
	w->input.hold = held.hold;
	w->input.keeps_fabric = pick(2);
	w->input.redirect = pick(2);
	w->input.portal[0] = pick(2) ? 9999 : 0;
	w->input.portal[1] = pick(2) ? random_port() : 0;
}

/* ---- names and classes ---- */

static bool told_has(void *ctx, const char *name, const struct addr *a)
{
	const struct world *w = ctx;

	for (size_t i = 0; i < w->told_count; i++)
		if (!strcmp(w->told[i].name, name) && addr_equal(&w->told[i].addr, a))
			return true;
	return false;
}

static size_t told_addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	const struct world *w = ctx;
	size_t n = 0;

	for (size_t i = 0; i < w->told_count && n < max; i++)
		if (!strcmp(w->told[i].name, name))
			out[n++] = w->told[i].addr;
	return n;
}

static size_t class_members(void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	static const char *const members[] = {"10.1.0.3", "fd00:1::3", "fe80::2"};
	size_t n = 0;

	(void)ctx;
	while (n < 3 && n < max && p->kind != PEER_SAME_MANUFACTURER) {
		out[n] = to_addr(members[n]);
		n++;
	}
	return n;
}

static int keep_element(void *ctx, const struct element *e, rule_id rule)
{
	struct world *w = ctx;

	EXPECT(w->element_count < ELEMENTS_MAX, "too many elements");
	w->of[w->element_count] = rule;
	w->elements[w->element_count] = *e;
	if (e->gate) /* a number that no round before had */
		w->elements[w->element_count].gate =
			(uint32_t)(w->seed >> 32 ^ w->seed) << 2 | e->gate;
	if (e->kind == ELEMENT_ARM_OUT || e->kind == ELEMENT_ARM_IN)
		w->elements[w->element_count].open_s = OPEN_S;
	w->element_count++;
	return 0;
}

static bool is_armed(void *ctx, uint16_t trigger, uint32_t open_s)
{
	const struct world *w = ctx;

	return open_s && w->armed & 1U << trigger;
}

static struct policy_names names_of(const struct world *w)
{
	return (struct policy_names){.has = told_has, .addrs = told_addrs,
		.members = class_members, .armed = is_armed, .ctx = (void *)w};
}

static void compile(struct world *w)
{
	struct policy_names names = names_of(w);
	int e = policy_compile(&w->policy, &w->env, &names, &w->device, keep_element, w);

	EXPECT(!e, "seed %#" PRIx64 ": compile: %d", w->seed, e);
	for (size_t i = 0; i < w->told_count; i++) {
		e = policy_compile_binding(&w->policy, &w->env, &names, &w->device,
			w->told[i].name, &w->told[i].addr, TIMEOUT_S, keep_element, w);
		EXPECT(!e, "seed %#" PRIx64 ": compile binding: %d", w->seed, e);
	}
}

/* ---- trials ---- */

static bool in_ports(struct range16 p, uint16_t v)
{
	return v >= p.lo && v <= p.hi;
}

/* One element as a set of packets: model/element.h read literally. */
static bool element_has(const struct element *e, const struct trial *t, uint16_t armed)
{
	const struct flow *f = &t->flow;
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	if (e->family != f->peer.family || f->proto < e->proto_lo ||
		f->proto > e->proto_hi || addr_compare(&e->peer_lo, &f->peer) > 0 ||
		addr_compare(&f->peer, &e->peer_hi) > 0)
		return false;
	if (e->gate && !(armed & 1U << (e->gate & 3)))
		return false;
	switch ((int)e->kind) {
	case ELEMENT_OUT:
		return from && e->peer_port.lo == t->second;
	case ELEMENT_IN:
		return !from && addr_equal(&e->device, &f->device) &&
		       e->device_port.lo == t->second;
	case ELEMENT_OUT_RANGE:
		return from && in_ports(e->device_port, t->first) &&
		       in_ports(e->peer_port, t->second);
	case ELEMENT_IN_RANGE:
		return !from && addr_equal(&e->device, &f->device) &&
		       in_ports(e->peer_port, t->first) &&
		       in_ports(e->device_port, t->second);
	default:
		return false;
	}
}

static struct flow some_flow(const struct world *w)
{
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 17, 17, 1, 58, 47, 132};
	struct flow f = {.direction = pick(3) ? DIRECTION_FROM_DEVICE
					      : DIRECTION_TO_DEVICE};

	f.device = w->addrs[pick(2)];
	do
		f.peer = some_addr();
	while (f.peer.family != f.device.family);
	if (addr_is_link_local(&f.peer) || (place_of(&f.peer) == PLACE_LAN && !pick(4)))
		f.device = f.peer.family == 4 ? f.device : w->addrs[2];
	f.proto = protos[pick(sizeof protos)];
	if (f.proto == 6 || f.proto == 17) {
		f.device_port = random_port();
		f.peer_port = random_port();
	}
	if (f.proto == 1 || f.proto == 58) {
		f.icmp_type = icmp_types[pick(sizeof icmp_types)];
		f.icmp_code = pick(4) ? 0 : (uint8_t)pick(3);
	}
	return f;
}

static uint16_t near(struct range16 r)
{
	unsigned inner = pick((unsigned)(r.hi - r.lo) + 1);

	return pick(3) ? (uint16_t)(r.lo + inner) : pick(2) ? r.lo : r.hi;
}

static struct addr some_addr_at(enum place place, uint8_t family)
{
	struct addr a;

	do
		a = some_addr();
	while (a.family != family || place_of(&a) != place);
	return a;
}

/* Somebody whom the rule means. */
static void aim_peer(struct world *w, struct flow *f, const struct peer *p)
{
	uint8_t family = f->device.family;

	if (p->kind == PEER_PREFIX && p->prefix.addr.family == family)
		f->peer = p->prefix.addr;
	if (p->kind == PEER_LOCAL_NETWORKS || p->kind == PEER_MY_CONTROLLER)
		f->peer = some_addr_at(PLACE_LAN, family);
	if (p->kind == PEER_GATEWAY || p->kind == PEER_CONTROLLER_DNS ||
		p->kind == PEER_CONTROLLER_NTP)
		f->peer = some_addr_at(PLACE_GATEWAY, family);
	for (size_t i = 0; i < w->told_count && p->kind == PEER_NAME; i++)
		if (w->told[i].addr.family == family &&
			!strcmp(w->told[i].name, p->name))
			f->peer = w->told[i].addr;
}

/* Chance alone seldom finds a rule. */
static void aim(struct world *w, struct flow *f)
{
	/* of one that is held those count that hold it, too */
	const struct rule *r = world_held && w->policy.count && pick(2)
				       ? &w->policy.rules[pick(w->policy.count)]
				       : &w->rules[pick(w->aims)];
	uint8_t family = r->family ? r->family
			 : r->peer.kind == PEER_PREFIX ? r->peer.prefix.addr.family
						       : f->device.family;

	f->direction = r->direction;
	f->device = w->addrs[family == 6];
	f->peer = some_addr_at(pick(2) ? PLACE_WORLD : PLACE_LAN, family);
	if (pick(4))
		aim_peer(w, f, &r->peer);
	if (addr_is_link_local(&f->peer) && f->peer.family == 6)
		f->device = w->addrs[2];
	if (r->proto >= 0)
		f->proto = (uint8_t)r->proto;
	f->device_port = f->peer_port = 0;
	if (f->proto == 6 || f->proto == 17) {
		f->device_port = near(r->device_port);
		f->peer_port = near(r->peer_port);
	}
	if (r->icmp_type >= 0)
		f->icmp_type = (uint8_t)r->icmp_type;
	if (r->icmp_code >= 0)
		f->icmp_code = (uint8_t)r->icmp_code;
}

/* How its packet goes; false for what no packet of this house could be. */
static bool find_way(const struct world *w, struct trial *t)
{
	const struct flow *f = &t->flow;
	enum place place = place_of(&f->peer);
	bool from = f->direction == DIRECTION_FROM_DEVICE;
	bool linked = f->peer.family == 6 && (addr_is_link_local(&f->peer) ||
						     addr_is_link_local(&f->device));

	if (addr_is_unspecified(&f->peer) || addr_is_loopback(&f->peer) ||
		(f->peer.family == 4 && (f->peer.b[0] == 0 || f->peer.b[0] >= 240) &&
			place != PLACE_GROUP))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (addr_equal(&w->addrs[i], &f->peer))
			return false;
	t->way = place == PLACE_GATEWAY ? WAY_GATEWAY
		 : place == PLACE_WORLD && !linked && pick(3) ? WAY_ROUTED : WAY_BRIDGED;
	/* what the gateway itself says is no policy matter, and groups say nothing */
	return from || place == PLACE_LAN || place == PLACE_WORLD;
}

/* A packet of the same conversation would be known by the first. */
static bool is_known(const struct world *w, const struct flow *f)
{
	for (unsigned i = 0; i < w->trial_count; i++) {
		const struct flow *g = &w->trials[i].flow;
		if ((f->proto == 6 || f->proto == 17) && f->proto == g->proto &&
			addr_equal(&f->device, &g->device) &&
			addr_equal(&f->peer, &g->peer) &&
			f->device_port == g->device_port && f->peer_port == g->peer_port)
			return true;
	}
	return false;
}

static void set_lead(struct trial *t)
{
	const struct flow *f = &t->flow;
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	t->first = (uint16_t)next_random();
	t->second = (uint16_t)next_random();
	if (f->proto == 6 || f->proto == 17) {
		t->first = from ? f->device_port : f->peer_port;
		t->second = from ? f->peer_port : f->device_port;
	}
	if (f->proto == 1 || f->proto == 58)
		t->first = (uint16_t)(f->icmp_type << 8 | f->icmp_code);
}

/* Its section is one rule shorter, and none where that was all of it. */
static void section_drop(struct policy *p, uint32_t place)
{
	uint32_t end = 0;

	for (uint32_t s = 0; s < p->section_count; s++) {
		end += p->sections[s].count;
		if (place >= end)
			continue;
		if (--p->sections[s].count == 0) {
			p->section_count--;
			memmove(&p->sections[s], &p->sections[s + 1],
				(p->section_count - s) * sizeof *p->sections);
		}
		return;
	}
}

static void rule_drop(struct policy *p, struct rule *rules, rule_id id)
{
	struct policy left = *p;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		if (p->rules[i].id != id) {
			rules[kept++] = p->rules[i];
		} else if (i < p->base_first) {
			left.base_first--;
			section_drop(&left, i);
		}
	}
	left.rules = rules;
	left.count = kept;
	*p = left;
}

static bool has_name(const struct world *w, rule_id id)
{
	return policy_rule(&w->policy, id)->peer.kind == PEER_NAME;
}

/* Whether the element is the evaluator's rule's. Where several accepting rules meet, one
 * of them a name's, it may be another's, which without the evaluator's would have said the
 * same: answers come and go and change no range, so what a fixed rule allows remains its
 * own, and an exact element, which is asked first, has no ports of the caller. */
static bool rule_agrees(const struct world *w, const struct trial *t)
{
	static struct rule rules[LIMIT_RULES + 16];
	struct policy_names names = names_of(w);
	struct policy left = w->policy;
	struct verdict v = t->verdict;
	rule_id of = w->of[t->element];

	if (v.rule != of && !has_name(w, v.rule) && !has_name(w, of))
		return false;
	while (v.kind == VERDICT_ALLOW && v.rule != of) {
		rule_drop(&left, rules, v.rule);
		policy_evaluate(&left, &w->env, &names, &t->flow, &v);
	}
	return v.kind == VERDICT_ALLOW;
}

/* The kernel asks exact elements first. */
static void find_element(const struct world *w, struct trial *t)
{
	t->element = -1;
	for (size_t i = 0; i < w->element_count; i++) {
		const struct element *e = &w->elements[i];
		bool exact = e->kind == ELEMENT_OUT || e->kind == ELEMENT_IN;
		if (element_has(e, t, w->armed) && (t->element < 0 || exact))
			t->element = (int)i;
	}
	t->rule_agrees = t->verdict.kind != VERDICT_ALLOW || t->element < 0 ||
			 rule_agrees(w, t);
}

static bool make_trial(struct world *w, const struct flow *flows, size_t flow_count)
{
	struct trial *t = &w->trials[w->trial_count];
	struct policy_names names = names_of(w);
	uint16_t triggers[LIMIT_TRIGGERS];

	t->flow = some_flow(w);
	if (w->aims && pick(5))
		aim(w, &t->flow);
	if (flow_count) {
		t->flow = flows[pick((unsigned)flow_count)];
		t->flow.device = w->addrs[t->flow.peer.family == 4 ? 0 : 1];
	}
	if (policy_is_infrastructure(&t->flow) || policy_is_rogue(&t->flow) ||
		!find_way(w, t) || is_known(w, &t->flow) ||
		policy_arms(&w->policy, &w->env, &names, &t->flow, triggers))
		return false;
	t->id = (uint32_t)next_random();
	set_lead(t);
	policy_evaluate(&w->policy, &w->env, &names, &t->flow, &t->verdict);
	find_element(w, t);
	w->trial_count++;
	return true;
}

/* What is refused arms nothing. */
static void make_presses(struct world *w)
{
	struct policy_names names = names_of(w);

	for (unsigned n = 1; n <= TRIGGERS; n++) {
		struct trial *t = &w->presses[w->press_count];
		if (!(w->pressed & 1U << n))
			continue;
		*t = (struct trial){.way = WAY_ROUTED, .id = (uint32_t)next_random()};
		t->flow = (struct flow){.direction = DIRECTION_FROM_DEVICE,
			.device = w->addrs[0], .peer = to_addr(PRESS_PEER),
			.proto = FLOW_PROTO_UDP, .device_port = (uint16_t)(50000 + n),
			.peer_port = (uint16_t)(PRESS_PORT + n)};
		set_lead(t);
		policy_evaluate(&w->policy, &w->env, &names, &t->flow, &t->verdict);
		find_element(w, t);
		if (t->verdict.kind == VERDICT_ALLOW)
			w->press_count++;
		else
			w->pressed &= (uint16_t)~(1U << n);
	}
}

static void make_stages(struct world *w, unsigned trials, const struct flow *flows,
	size_t flow_count)
{
	for (unsigned stage = 0; stage < 3; stage++) {
		unsigned end = world_triggers ? trials * (stage + 1) / 3 : trials;
		unsigned tries = trials * TRIES;

		w->armed = stage == 1 ? w->pressed : 0;
		while (w->trial_count < end && tries--)
			(void)make_trial(w, flows, flow_count);
		w->stage_ends[stage] = w->trial_count;
	}
	w->armed = 0;
}

void world_make(struct world *w, uint64_t seed, unsigned trials,
	const struct flow *flows, size_t flow_count)
{
	seed_state = w->seed = seed;
	w->element_count = w->trial_count = w->press_count = 0;
	w->pressed = w->armed = 0;
	w->device = (struct policy_device){device_mac((unsigned)(seed % DEVICES)), w->addrs,
		3};
	device_addrs((unsigned)(seed % DEVICES), w->addrs);
	w->pool = pool_new("differential", POOL_BYTES);
	EXPECT(w->pool, "memory");
	make_env(&w->env);
	w->told_count = pick(BINDINGS_MAX + 1);
	for (size_t i = 0; i < w->told_count; i++) {
		w->told[i].name = names_of_world[pick(NAMES)];
		w->told[i].addr = flow_count ? flows[pick((unsigned)flow_count)].peer
					     : some_addr();
	}
	make_rules(w, flows, flow_count);
	if (world_held)
		make_held(w);
	int e = policy_prepare(w->pool, &w->input, &w->policy);
	EXPECT(!e, "seed %#" PRIx64 ": prepare: %d", seed, e);
	compile(w);
	make_presses(w);
	make_stages(w, trials, flows, flow_count);
}

void world_free(struct world *w)
{
	pool_free(w->pool);
}

void world_print(const struct world *w, const struct trial *t)
{
	char text[RULE_SENTENCE_MAX], device[ADDR_TEXT_MAX], peer[ADDR_TEXT_MAX];
	const struct flow *f = &t->flow;

	fprintf(stderr, "seed %#" PRIx64 " %s\n", w->seed,
		w->policy.hold ? device_hold_name(w->policy.hold) : "");
	for (uint32_t i = 0; i < w->policy.count; i++)
		fprintf(stderr, "  rule %u: %s (%s)\n", w->policy.rules[i].id,
			rule_sentence(&w->policy.rules[i], text),
			rule_status_name(w->policy.rules[i].status));
	for (size_t i = 0; i < w->told_count; i++)
		fprintf(stderr, "  %s is %s\n", w->told[i].name,
			addr_format(&w->told[i].addr, peer));
	fprintf(stderr, "  flow %s, %s: device %s port %u, peer %s port %u, protocol %u, "
			"type %u code %u, leads with %#x %#x\n", direction_name(f->direction),
		way_names[t->way], addr_format(&f->device, device), f->device_port,
		addr_format(&f->peer, peer), f->peer_port, f->proto, f->icmp_type,
		f->icmp_code, t->first, t->second);
	fprintf(stderr, "  the evaluator: %s (%s), rule %u; element %d of rule %u\n",
		verdict_kind_name(t->verdict.kind), verdict_reason_name(t->verdict.reason),
		t->verdict.rule, t->element, t->element < 0 ? 0 : w->of[t->element]);
}
