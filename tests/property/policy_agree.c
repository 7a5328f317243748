// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: the evaluator that reads rules and the elements that the compiler makes
 * agree on every flow, with names, classes, blocks and in quarantine, and no set would
 * refuse the elements. What the kernel opens by itself for names is the same as what is
 * compiled for their bindings. Environment: POLICY_SEED, POLICY_ROUNDS. */
#include "property/policy_agree.h"
#include "property/policy_agree_alone.h"
#include "property/policy_agree_ether.h"
#include "property/policy_agree_held.h"

#define ROUNDS 900
#define FLOWS_PER_ROUND 400

static int keep(void *ctx, const struct element *e, rule_id rule)
{
	const struct policy *p = ctx;
	struct element own = *e;

	EXPECT(element_count < ELEMENTS_MAX, "too many elements");
	if (e->kind == ELEMENT_ARM_OUT || e->kind == ELEMENT_ARM_IN)
		own.open_s = 1; /* it is the caller's to say, like the gate's number */
	EXPECT(element_check(&own) == 0, "bad element");
	EXPECT(policy_rule(p, rule) && (own.open_s || policy_rule(p, rule)->action == RULE_ACCEPT),
		"element of rule %u", rule);
	EXPECT(e->gate == (own.open_s ? policy_rule(p, rule)->arms
				      : policy_rule(p, rule)->needs),
		"the gate of rule %u is %u", rule, e->gate);
	if (e->gate && !own.open_s)
		own.open_s = policy_rule(p, rule)->open_s;
	elements[element_count++] = own;
	return 0;
}

static void check_disjoint(size_t static_count)
{
	for (size_t i = 0; i < element_count; i++)
		for (size_t j = 0; j < i; j++) {
			if (!elements_meet(&elements[i], &elements[j]))
				continue;
			EXPECT(j >= static_count && i >= static_count,
				"element %zu meets static element %zu", i, j);
			EXPECT(element_compare(&elements[i], &elements[j]) == 0,
				"elements %zu and %zu overlap in part", i, j);
		}
}

static unsigned allowed, refused, bound_allowed, blocked, classed, waited, armed;

static bool block_matches(const struct rule *b, const struct flow *f)
{
	return b->direction == f->direction && b->proto == f->proto &&
	       prefix_contains(&b->peer.prefix, &f->peer) &&
	       in_ports(b->peer_port, f->peer_port);
}

/* A block goes before everything, and nothing else is called one. */
static void check_block(
	const struct policy_input *in, const struct flow *f, const struct verdict *v)
{
	bool hit = false;

	for (size_t i = 0; i < in->block_count; i++)
		hit |= block_matches(&in->blocks[i], f);
	EXPECT(hit == (v->reason == REASON_TLS), "block %d, reason %s", hit,
		verdict_reason_name(v->reason));
	EXPECT(!hit || (v->rule >= POLICY_BLOCK_ID && v->kind == VERDICT_VIOLATION),
		"verdict of a block");
	blocked += hit;
}

/* The same triggers, by the rules and by the elements. */
static void check_arms(const struct world *w, const struct flow *f, struct lead l)
{
	uint16_t list[LIMIT_TRIGGERS];
	size_t n = policy_arms(&w->policy, &w->env, &w->names, f, list);
	unsigned by_rules = 0, by_elements = 0;

	for (size_t i = 0; i < n; i++)
		by_rules |= 1U << list[i];
	for (size_t i = 0; i < element_count; i++)
		if (is_arm(&elements[i]) &&
			element_has(&elements[i], &w->device.mac, f, l))
			by_elements |= 1U << elements[i].gate;
	EXPECT(by_rules == by_elements, "rules arm %x, elements %x", by_rules, by_elements);
	armed += by_rules != 0;
}

/* What waits is refused now, and would pass once everything is armed; nothing else. */
static void check_waits(const struct world *w, const struct flow *f, const struct verdict *v)
{
	const struct rule *r = policy_waits_for(&w->policy, &w->env, &w->names, f);
	unsigned before[TRIGGERS + 1];
	struct verdict all;

	memcpy(before, ages_of_triggers, sizeof before);
	memset(ages_of_triggers, 0, sizeof ages_of_triggers);
	policy_evaluate(&w->policy, &w->env, &w->names, f, &all);
	memcpy(ages_of_triggers, before, sizeof before);
	EXPECT(v->kind != VERDICT_ALLOW || all.kind == VERDICT_ALLOW,
		"an armed trigger has closed something");
	EXPECT((r != NULL) == (v->kind != VERDICT_ALLOW && all.kind == VERDICT_ALLOW),
		"waits: %d, %s, then %s", r != NULL, verdict_kind_name(v->kind),
		verdict_kind_name(all.kind));
	EXPECT(!r || r->needs, "rule %u waits for nothing", r ? r->id : 0);
	waited += r != NULL;
}

static void aim_at_host(struct flow *f, const struct update_host *h)
{
	f->direction = DIRECTION_FROM_DEVICE;
	f->proto = h->proto ? h->proto : FLOW_PROTO_TCP;
	f->peer_port = h->port;
	if (h->has_addr)
		f->peer = h->addr;
	for (size_t i = 0; i < told_count && !h->has_addr; i++)
		if (rule_name_matches(h->name, told[i].name))
			f->peer = told[i].addr;
}

static void check_flow(const struct world *w, size_t n_static)
{
	struct flow f = random_flow(&w->device);
	unsigned how = pick(4);

	if (how == 0 && w->input.count)
		aim(&f, &w->input.rules[pick((unsigned)w->input.count)]);
	if (how == 1 && w->input.block_count)
		aim(&f, &w->input.blocks[pick((unsigned)w->input.block_count)]);
	if (w->policy.hold && w->host_count && pick(8) == 0)
		aim_at_host(&f, &w->hosts[pick((unsigned)w->host_count)]);
	if (w->input.section_count)
		aim_at_house(&f, &w->env, &w->device);
	if (w->policy.hold && w->env.gateway_count && pick(16) == 0) {
		f.direction = DIRECTION_FROM_DEVICE;
		f.proto = FLOW_PROTO_TCP;
		f.peer_port = w->input.portal[pick(POLICY_PORTALS)];
	}
	struct lead l = lead_of(&f);
	struct verdict v;
	char buf[POLICY_EXPLAIN_MAX];
	bool member = false, literal = false;

	if (policy_is_infrastructure(&f) || policy_is_rogue(&f))
		return;
	policy_evaluate(&w->policy, &w->env, &w->names, &f, &v);
	for (size_t i = 0; i < element_count; i++)
		if (!is_arm(&elements[i]) &&
			element_has(&elements[i], &w->device.mac, &f, l)) {
			member = true;
			literal |= i < n_static;
		}
	policy_explain(&w->policy, &w->env, &w->names, &f, &v, "thing", NULL, buf);
	EXPECT(member == (v.kind == VERDICT_ALLOW),
		"evaluator says %s, elements %d: %s", verdict_kind_name(v.kind), member,
		buf);
	check_block(&w->input, &f, &v);
	check_arms(w, &f, l);
	check_waits(w, &f, &v);
	if (w->policy.hold)
		check_held(w, &f, &v);
	EXPECT(w->policy.hold || v.kind < VERDICT_QUARANTINE || v.layer == LAYER_QUARANTINE,
		"nobody holds it");
	allowed += member;
	refused += !member;
	bound_allowed += member && !literal;
	classed += member &&
		   policy_peer_is_class(policy_rule(&w->policy, v.rule)->peer.kind);
}

/* What fits a hash set is there. */
static void check_exact(void)
{
	for (size_t i = 0; i < element_count; i++) {
		const struct element *e = &elements[i];
		bool out = e->kind == ELEMENT_OUT_RANGE;
		struct range16 server = out ? e->peer_port : e->device_port;
		struct range16 client = out ? e->device_port : e->peer_port;
		if ((!out && e->kind != ELEMENT_IN_RANGE) || e->gate)
			continue;
		EXPECT(!addr_equal(&e->peer_lo, &e->peer_hi) ||
				e->proto_lo != e->proto_hi ||
				(e->proto_lo != 6 && e->proto_lo != 17) ||
				server.lo != server.hi || client.lo != 0 ||
				client.hi != UINT16_MAX,
			"element %zu is exact", i);
	}
}

static void compile_all(struct world *w)
{
	element_count = 0;
	EXPECT(policy_compile(&w->policy, &w->env, &w->names, &w->device, keep,
		       &w->policy) == 0,
		"compile");
	size_t n_static = element_count;
	for (size_t i = 0; i < told_count; i++)
		EXPECT(policy_compile_binding(&w->policy, &w->env, &w->names,
			       &w->device, told[i].name, &told[i].addr, 600, keep,
			       &w->policy) == 0,
			"compile binding");
	check_disjoint(n_static);
	check_exact();
	check_ether_status(&w->policy);
	for (unsigned d = 0; d < DIRECTION_MAX; d++) {
		check_ether(&w->policy, d, 0x88e1);
		check_ether(&w->policy, d, 0x8892);
	}
	check_inline(w, n_static);
	for (unsigned i = 0; i < FLOWS_PER_ROUND; i++)
		check_flow(w, n_static);
}

/* The layers of a device that is held, some of them made for that. */
static void add_hold(struct pool *pool, struct world *w, struct layers *l,
	struct policy_layer list[LAYERS_MAX + POLICY_HOLD_LAYERS], size_t *count)
{
	struct policy_held held = {.hold = w->input.hold,
		.hosts = w->hosts,
		.host_count = w->host_count,
		.has_profile = w->has_profile,
		.layers = list,
		.layer_count = *count};
	size_t more = 0;

	memcpy(list, l->list, *count * sizeof *list);
	EXPECT(!policy_hold_layers(pool, &held, &list[*count], &more), "hold");
	*count += more;
}

static void random_hold(struct world *w)
{
	w->input.hold = pick(3) ? HOLD_NONE : (enum device_hold)(1 + pick(HOLD_MAX - 1));
	w->has_profile = pick(4);
	w->host_count = random_hosts(w->hosts);
	w->input.keeps_fabric = pick(2);
	w->input.redirect = pick(2);
	w->input.portal[0] = 443;
	w->input.portal[1] = pick(2) ? random_ports().lo : 0;
}

/* free: the same, but that it is not held. */
static void random_input(struct pool *pool, struct world *w, struct policy_input *ret_free)
{
	static struct rule rules[RULES_MAX], blocks[BLOCKS_MAX];
	static struct policy_layer list[LAYERS_MAX + POLICY_HOLD_LAYERS];
	static struct layers layers;
	struct policy_input *in = &w->input, chosen;
	unsigned rule_count = pick(RULES_MAX + 1);
	size_t count;

	ether_odds = pick(8) ? 8 : 1;
	trigger_odds = pick(3) ? 0 : 2;
	for (unsigned i = 0; i <= TRIGGERS; i++)
		ages_of_triggers[i] = pick(30);
	plain_names = pick(4) == 0;
	random_hold(w);
	chosen = *in;
	if (in->hold || pick(2)) {
		random_layers(&layers);
		count = layers.count;
		EXPECT(!policy_combine(pool, layers.list, count, ret_free), "combine");
		add_hold(pool, w, &layers, list, &count);
		EXPECT(!policy_combine(pool, list, count, in), "combine");
	} else {
		random_rules(rules, rule_count, 1);
		*in = (struct policy_input){.rules = rules, .count = rule_count};
		*ret_free = *in;
	}
	in->hold = chosen.hold;
	in->keeps_fabric = chosen.keeps_fabric;
	in->redirect = chosen.redirect;
	memcpy(in->portal, chosen.portal, sizeof in->portal);
	ret_free->blocks = in->blocks = blocks;
	ret_free->block_count = in->block_count = pick(2) ? pick(BLOCKS_MAX + 1) : 0;
	for (size_t i = 0; i < in->block_count; i++)
		random_block(&blocks[i], POLICY_BLOCK_ID + (rule_id)i);
}

static void round_of_policy(void)
{
	const struct addr addrs[] = {addr_v4("\x0a\0\0\x32"), addr_v4("\x0a\0\1\x32"),
		{.family = 6, .b = {0x20, 1, 0xd, 0xb8, [15] = 0x50}},
		{.family = 6, .b = {0xfe, 0x80, [15] = 0x50}}};
	struct world w = {
		.device = {.mac = {{2, 0, 0, 0, 0, 1}},
			.addrs = addrs,
			.addr_count = 4},
		.names = {.has = told_has,
			.addrs = told_addrs,
			.members = class_members,
			.armed = trigger_armed},
	};
	struct pool *pool = pool_new("test", 6 * POLICY_POOL_BYTES);
	struct policy_input free = {0};

	EXPECT(pool, "memory");
	random_env(&w.env);
	random_input(pool, &w, &free);
	random_classes();
	told_count = pick(BINDINGS_MAX + 1);
	for (size_t i = 0; i < told_count; i++)
		told[i] = (struct told){names_of_world[pick(NAMES)], random_addr()};
	EXPECT(!policy_prepare(pool, &w.input, &w.policy) &&
			!policy_prepare(pool, &free, &w.free),
		"prepare");
	compile_all(&w);
	pool_free(pool);
}

int main(void)
{
	uint64_t seed = from_environment("POLICY_SEED", 1);
	uint64_t rounds = from_environment("POLICY_ROUNDS", ROUNDS);

	printf("seed %" PRIu64 ", %" PRIu64 " rounds\n", seed, rounds);
	for (uint64_t i = 0; i < rounds; i++) {
		seed_state = seed + i * 0x2545f4914f6cdd1d;
		round_of_policy();
	}
	printf("%u flows allowed (%u by names, %u by classes), %u refused (%u by "
	       "blocks); "
	       "%u kinds of frames allowed; %u openings by the kernel alone, all of "
	       "them in %u rounds\n",
		allowed, bound_allowed, classed, refused, blocked, ether_allowed,
		opened_alone, wholes_alone);
	printf("%u flows waited for a trigger, %u armed one\n", waited, armed);
	printf("held: %u allowed and %u refused while limited, %u and %u in quarantine, %u "
	       "refused when retired; %u updates that nothing else opened, %u to the portal\n",
		held_allowed[HOLD_LIMITED], held_refused[HOLD_LIMITED],
		held_allowed[HOLD_QUARANTINED], held_refused[HOLD_QUARANTINED],
		held_refused[HOLD_REFUSED], held_updates, held_portal);
	EXPECT(rounds < 500 || (held_allowed[HOLD_LIMITED] > 500 &&
				       held_allowed[HOLD_QUARANTINED] > 500 &&
				       held_refused[HOLD_REFUSED] > 1000 &&
				       held_updates > 50 && held_portal > 20),
		"too few are held");
	/* a test whose world never says yes, or never no, proves nothing */
	EXPECT(rounds < 50 ||
			(allowed > 1000 && refused > 1000 && bound_allowed > 100 &&
				classed > 100 && blocked > 100 && ether_allowed > 50 &&
				opened_alone > 50 && wholes_alone > 5 &&
				waited > 100 && armed > 500),
		"the world is too small");
	return 0;
}
