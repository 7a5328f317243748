// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_policy - what a device may do in a round, at random: its rules, how it is
 * held, and what the owner said about it. */
#include "netns/differential_random.h"

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
		snprintf(p->name, sizeof p->name, "%s", some_name());
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

const uint8_t icmp_types[ICMP_TYPES] = {0, 3, 8, 8, 11, 128, 128, 129, 5, 4};

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
		r->icmp_type = icmp_types[pick(ICMP_TYPES)];
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

void make_rules(struct world *w, const struct flow *flows, size_t flow_count)
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

/* ---- what the owner said ---- */

static void some_overlay(struct overlay *o, uint32_t id)
{
	static const enum overlay_kind kinds[] = {OVERLAY_REFUSE, OVERLAY_REFUSE,
		OVERLAY_REFUSE, OVERLAY_ALLOW, OVERLAY_LAN_ONLY, OVERLAY_NO_INTERNET,
		OVERLAY_ONLY};
	struct addr a = some_addr();

	*o = (struct overlay){.id = id, .kind = kinds[pick(sizeof kinds / sizeof *kinds)],
		.proto = RULE_PROTO_ANY, .port = {0, UINT16_MAX}};
	if (!overlay_has_peer(o->kind))
		return;
	o->peer.kind = pick(2) ? PEER_NAME : PEER_PREFIX;
	if (o->peer.kind == PEER_NAME)
		snprintf(o->peer.name, sizeof o->peer.name, "%s", some_name());
	else
		o->peer.prefix = prefix_of(&a, (uint8_t)(addr_bits(&a) - pick(9)));
	if (pick(3) == 0) {
		o->proto = pick(2) ? FLOW_PROTO_TCP : FLOW_PROTO_UDP;
		o->port = random_ports();
	}
}

static size_t owner_layers(struct world *w, struct policy_layer *ret)
{
	size_t count = 0;
	int e = policy_overlay_layers(w->pool, w->overlays, w->overlay_count, ret, &count);

	EXPECT(!e, "overlays: %d", e);
	return count;
}

void make_owner(struct world *w)
{
	struct policy_layer layers[POLICY_OVERLAY_LAYERS + 1];
	struct policy_input in = w->input;

	for (unsigned i = pick(OVERLAYS_MAX + 1); i > 0; i--) {
		struct overlay *o = &w->overlays[w->overlay_count];
		some_overlay(o, i);
		w->overlay_count += overlay_is_sound(o);
	}
	size_t count = owner_layers(w, layers);
	if (in.count)
		layers[count++] = (struct policy_layer){
			POLICY_GRANT, pick(3) ? LAYER_LEARNED : LAYER_OWNER, w->rules,
			in.count};
	int e = policy_combine(w->pool, layers, count, &w->input);
	EXPECT(!e, "combine: %d", e);
	w->input.hold = in.hold;
}

void make_told(struct world *w)
{
	struct policy_layer layers[POLICY_OVERLAY_LAYERS + 1];
	size_t count = owner_layers(w, layers);

	for (unsigned i = 0; i < w->aims; i++)
		if (pick(2) && policy_told_keeps(&w->rules[i]))
			w->no[w->no_count++] = w->rules[i];
	if (w->no_count)
		layers[count++] = (struct policy_layer){
			POLICY_REFUSE, LAYER_OWNER, w->no, w->no_count};
	int e = policy_told_prepare(w->pool, layers, count, &w->told);
	EXPECT(!e, "seed %#" PRIx64 ": told: %d", w->seed, e);
	w->tells = true;
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
			snprintf(h->name, sizeof h->name, "%s", some_name());
		n += update_host_flaw(h) == NULL;
	}
	return n;
}

/* What it could do, and what being held adds, as the household combines them. */
void make_held(struct world *w)
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

