// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_trials - packets at random: near the rules, and what the evaluator says. */
#include "netns/differential_random.h"

#define TRIES 40 /* to find another trial */

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
	if (e->gate && e->gate != ELEMENT_GATE_TOLD && !(armed & 1U << (e->gate & 3)))
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
	for (size_t i = 0; i < w->binding_count && p->kind == PEER_NAME; i++)
		if (w->bindings[i].addr.family == family &&
			!strcmp(w->bindings[i].name, p->name))
			f->peer = w->bindings[i].addr;
}

/* Chance alone seldom finds a rule. */
static void aim(struct world *w, struct flow *f)
{
	/* those that hold it, and those of the owner, count, too */
	const struct rule *r = (world_held || world_watch) && w->policy.count && pick(2)
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

#define DNS_PORT 53

/* Questions that may all be put to the gateway in the end. */
static bool is_asked(const struct flow *f)
{
	return world_redirect && f->peer_port == DNS_PORT;
}

/* A packet of the same conversation would be known by the first. */
static bool is_known(const struct world *w, const struct flow *f)
{
	for (unsigned i = 0; i < w->trial_count; i++) {
		const struct flow *g = &w->trials[i].flow;
		if ((f->proto == 6 || f->proto == 17) && f->proto == g->proto &&
			addr_equal(&f->device, &g->device) &&
			(addr_equal(&f->peer, &g->peer) || is_asked(f)) &&
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

/* A name's, or what waits for a trigger. */
static bool is_beside(const struct policy *p, rule_id id)
{
	const struct rule *r = policy_rule(p, id);

	return r->peer.kind == PEER_NAME || r->needs;
}

/* Whether the element is the rule's that allows it in that policy. Where several accepting
 * rules meet, one of them a name's, it may be another's, which without that one would have
 * said the same: answers come and go and change no range, so what a fixed rule allows
 * remains its own, and an exact element, which is asked first, has no ports of the caller.
 * What waits for a trigger takes nothing from others, either (policy/compile.c). */
static bool rule_agrees(const struct world *w, const struct policy *p, const struct trial *t)
{
	static struct rule rules[LIMIT_RULES + 16];
	struct policy_names names = names_of(w);
	struct policy left = *p;
	rule_id of = w->of[t->element];
	struct verdict v;

	policy_evaluate(p, &w->env, &names, &t->flow, &v);
	if (v.rule != of && !is_beside(p, v.rule) && !is_beside(p, of))
		return false;
	while (v.kind == VERDICT_ALLOW && v.rule != of) {
		rule_drop(&left, rules, v.rule);
		policy_evaluate(&left, &w->env, &names, &t->flow, &v);
	}
	return v.kind == VERDICT_ALLOW;
}

static bool is_told(const struct world *w, int element)
{
	return element >= 0 && w->elements[element].gate == ELEMENT_GATE_TOLD;
}

/* The kernel asks exact elements first, and those of what is told when no other has it. */
static void find_element(const struct world *w, struct trial *t)
{
	t->element = -1;
	for (size_t i = 0; i < w->element_count && !t->lies; i++) {
		const struct element *e = &w->elements[i];
		bool exact = e->kind == ELEMENT_OUT || e->kind == ELEMENT_IN;
		if (element_has(e, t, w->armed) && (t->element < 0 || exact))
			t->element = (int)i;
	}
	bool told = t->verdict.kind == VERDICT_WOULD_BLOCK;
	t->rule_agrees = !trial_passes(t) || t->element < 0 ||
			 (told == is_told(w, t->element) &&
				 rule_agrees(w, told ? &w->told : &w->policy, t));
}

static void judge(const struct world *w, struct trial *t)
{
	struct policy_names names = names_of(w);

	if (w->tells)
		policy_told_evaluate(
			&w->policy, &w->told, &w->env, &names, &t->flow, &t->verdict);
	else
		policy_evaluate(&w->policy, &w->env, &names, &t->flow, &t->verdict);
	/* that the address is its own the evaluator takes for granted */
	if (t->lies && t->verdict.reason != REASON_ROGUE_RA)
		t->verdict = (struct verdict){VERDICT_VIOLATION, REASON_SPOOFED, 0, 0};
	find_element(w, t);
}

/* ---- what the guard is for ---- */

/* It plays DHCP server or router. */
static void make_rogue(struct flow *f)
{
	bool v4 = f->device.family == 4;

	f->direction = DIRECTION_FROM_DEVICE;
	f->device_port = f->peer_port = 0;
	f->icmp_type = f->icmp_code = 0;
	if (v4 || pick(2)) {
		f->proto = FLOW_PROTO_UDP;
		f->device_port = v4 ? 67 : 547;
		f->peer_port = random_port();
	} else {
		f->proto = FLOW_PROTO_ICMP6;
		f->icmp_type = pick(2) ? 134 : 137;
	}
}

/* An address of somebody else of the house, or of nobody there. */
static void make_thief(struct flow *f)
{
	struct addr of[3];

	f->direction = DIRECTION_FROM_DEVICE;
	device_addrs(BYSTANDER, of);
	f->device = f->device.family == 4		? of[0]
		    : addr_is_link_local(&f->device) ? of[2] : of[1];
	if (pick(3) == 0)
		f->device = some_addr_at(PLACE_WORLD, f->device.family);
}

static bool make_lie(struct flow *f)
{
	if (!world_watch || pick(8))
		return false;
	if (pick(2))
		make_rogue(f);
	else
		make_thief(f);
	return true;
}

/* ---- trials ---- */

/* Of which so many are told at once by nftables: LIMIT_EVENT_BURST. */
static bool is_too_much(const struct world *w, const struct flow *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->trial_count; i++)
		n += w->trials[i].flow.direction == f->direction;
	return world_watch && n >= LIMIT_EVENT_BURST - 4;
}

/* ---- names asked of others ---- */

static void make_question(struct world *w, struct flow *f)
{
	uint8_t family = pick(2) ? 4 : 6;

	if (!world_redirect || pick(4))
		return;
	*f = (struct flow){.direction = DIRECTION_FROM_DEVICE,
		.device = w->addrs[family == 6],
		.peer = some_addr_at(PLACE_WORLD, family),
		.proto = pick(3) ? FLOW_PROTO_UDP : FLOW_PROTO_TCP,
		.device_port = (uint16_t)(1024 + pick(60000)), .peer_port = DNS_PORT};
}

/* Nothing lists it, and a question to others that goes through the gateway is for the
 * gateway, if that may be asked. False where that passes and is told: of whom, nftables says
 * as it is asked then, and the BPF program as it was. */
static bool redirect(const struct world *w, struct trial *t)
{
	struct trial asked = *t;

	t->redirected = world_redirect && !t->lies && t->way == WAY_ROUTED &&
			t->flow.direction == DIRECTION_FROM_DEVICE &&
			t->flow.peer_port == DNS_PORT &&
			t->verdict.kind != VERDICT_ALLOW;
	if (!t->redirected)
		return true;
	asked.flow.peer = some_addr_at(PLACE_GATEWAY, t->flow.peer.family);
	judge(w, &asked);
	t->way = WAY_GATEWAY;
	t->verdict = asked.verdict;
	t->element = asked.element;
	t->rule_agrees = asked.rule_agrees;
	return t->verdict.kind != VERDICT_WOULD_BLOCK;
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
	make_question(w, &t->flow);
	t->lies = make_lie(&t->flow);
	if (policy_is_infrastructure(&t->flow) || (policy_is_rogue(&t->flow) && !t->lies) ||
		is_too_much(w, &t->flow) || !find_way(w, t) || is_known(w, &t->flow) ||
		policy_arms(&w->policy, &w->env, &names, &t->flow, triggers))
		return false;
	t->id = (uint32_t)next_random();
	set_lead(t);
	judge(w, t);
	if (!redirect(w, t))
		return false;
	w->trial_count++;
	return true;
}

/* What is refused arms nothing. */
void make_presses(struct world *w)
{
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
		judge(w, t);
		if (trial_passes(t))
			w->press_count++;
		else
			w->pressed &= (uint16_t)~(1U << n);
	}
}

void make_stages(struct world *w, unsigned trials, const struct flow *flows,
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

