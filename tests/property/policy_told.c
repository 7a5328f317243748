// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: where a gateway only watches, what passes and is told by the evaluator is what
 * the ranges of ELEMENT_GATE_TOLD hold and nothing else lets begin; nothing that is listed
 * is told, what the owner keeps refused is never let pass, and no set would refuse the
 * ranges. Environment: POLICY_SEED, POLICY_ROUNDS. */
#include "policy/policy_priv.h"
#include "property/policy_elements.h"

#define ROUNDS 200
#define FLOWS_PER_ROUND 400
#define ELEMENTS_MAX 60000
#define KEPT_MAX 3

static struct element elements[ELEMENTS_MAX];
static size_t element_count;

struct world {
	struct policy_input input;
	struct policy policy, told;
	struct policy_layer kept[KEPT_MAX];
	size_t kept_count;
	struct rule rules[KEPT_MAX][RULES_MAX];
	struct policy_env env;
	struct policy_names names;
	struct policy_device device;
};

static unsigned listed, told_only, kept_refused, named;

static int keep(void *ctx, const struct element *e, rule_id rule)
{
	(void)ctx, (void)rule;
	EXPECT(element_count < ELEMENTS_MAX, "too many elements");
	elements[element_count] = *e;
	if (e->gate && e->gate != ELEMENT_GATE_TOLD)
		elements[element_count].open_s = 10;
	element_count++;
	return 0;
}

static int keep_told(void *ctx, const struct element *e, rule_id rule)
{
	EXPECT(e->gate == ELEMENT_GATE_TOLD && !e->timeout_s &&
			(e->kind == ELEMENT_OUT_RANGE || e->kind == ELEMENT_IN_RANGE),
		"%s is told", element_kind_name(e->kind));
	EXPECT(element_check(e) == 0, "bad element");
	return keep(ctx, e, rule);
}

/* Refusals and limits as the owner may say them: by addresses, and by names that are
 * forbidden, or alone allowed. */
static void random_kept(struct world *w)
{
	w->kept_count = pick(KEPT_MAX + 1);
	for (size_t i = 0; i < w->kept_count; i++) {
		struct policy_layer *to = &w->kept[i];
		to->part = pick(3) ? POLICY_REFUSE : POLICY_LIMIT;
		to->layer = LAYER_OWNER;
		to->rules = w->rules[i];
		to->count = 1 + pick(5);
		random_rules(w->rules[i], (unsigned)to->count, 1);
		for (size_t k = 0; k < to->count; k++) {
			struct rule *r = &w->rules[i][k];
			random_part(r, to->part);
			r->icmp_type = r->icmp_code = RULE_ICMP_ANY;
			if (r->proto != FLOW_PROTO_TCP && r->proto != FLOW_PROTO_UDP)
				r->device_port = r->peer_port =
					(struct range16){0, UINT16_MAX};
			/* as it would be asked of the grants */
			if (r->action == RULE_DROP && !policy_told_keeps(r)) {
				rule_init(r);
				r->id = (rule_id)k + 1;
				r->action = RULE_DROP;
				r->peer.kind = PEER_LOCAL_NETWORKS;
			}
		}
	}
}

/* The first word of each layer that means it. */
static bool is_kept_from(const struct world *w, const struct flow *f)
{
	for (size_t i = 0; i < w->kept_count; i++)
		for (size_t k = 0; k < w->kept[i].count; k++) {
			const struct rule *r = &w->rules[i][k];
			if (!policy_rule_matches(r, &w->env, &w->names, f))
				continue;
			if (r->action == RULE_DROP)
				return true;
			break;
		}
	return false;
}

static void check_flow(const struct world *w)
{
	struct flow f = random_flow(&w->device);
	bool lets = false, tells = false;
	struct verdict v, plain;

	if (w->input.count && pick(3) == 0)
		aim(&f, &w->input.rules[pick((unsigned)w->input.count)]);
	else if (w->kept_count && pick(2))
		aim(&f, &w->rules[pick((unsigned)w->kept_count)][0]);
	aim_at_house(&f, &w->env, &w->device);
	if (pick(16) == 0) { /* it plays DHCP server */
		f.direction = DIRECTION_FROM_DEVICE;
		f.proto = FLOW_PROTO_UDP;
		f.device_port = f.device.family == 4 ? 67 : 547;
	}
	if (policy_is_infrastructure(&f))
		return;
	struct lead l = lead_of(&f);
	policy_evaluate(&w->policy, &w->env, &w->names, &f, &plain);
	policy_told_evaluate(&w->policy, &w->told, &w->env, &w->names, &f, &v);
	for (size_t i = 0; i < element_count && !policy_is_rogue(&f); i++) {
		if (is_arm(&elements[i]) ||
			!element_has(&elements[i], &w->device.mac, &f, l))
			continue;
		lets |= elements[i].gate != ELEMENT_GATE_TOLD;
		tells |= elements[i].gate == ELEMENT_GATE_TOLD;
	}
	EXPECT((v.kind == VERDICT_ALLOW) == lets, "%s, elements %d",
		verdict_kind_name(v.kind), lets);
	EXPECT((v.kind == VERDICT_WOULD_BLOCK) == (tells && !lets), "%s, told %d %d",
		verdict_kind_name(v.kind), tells, lets);
	EXPECT((v.kind == VERDICT_ALLOW) == (plain.kind == VERDICT_ALLOW), "listed, or not");
	EXPECT(v.rule == plain.rule && v.reason == plain.reason && v.layer == plain.layer,
		"another reason");
	EXPECT(v.kind != VERDICT_WOULD_BLOCK || !is_kept_from(w, &f), "it was refused");
	EXPECT(v.kind == VERDICT_ALLOW || v.kind == VERDICT_WOULD_BLOCK ||
			policy_is_rogue(&f) || is_kept_from(w, &f),
		"%s, and nothing keeps it", verdict_kind_name(v.kind));
	listed += lets;
	told_only += v.kind == VERDICT_WOULD_BLOCK;
	kept_refused += v.kind != VERDICT_ALLOW && v.kind != VERDICT_WOULD_BLOCK;
	for (size_t i = 0; i < told_count; i++)
		named += addr_equal(&told[i].addr, &f.peer) && !lets && tells;
}

static void compile(struct world *w)
{
	element_count = 0;
	EXPECT(!policy_compile(&w->policy, &w->env, &w->names, &w->device, keep, NULL),
		"compile");
	for (size_t i = 0; i < told_count; i++)
		EXPECT(!policy_compile_binding(&w->policy, &w->env, &w->names, &w->device,
			       told[i].name, &told[i].addr, 600, keep, NULL),
			"compile binding");
	size_t first = element_count;
	EXPECT(!policy_told_compile(
		       &w->told, &w->env, &w->names, &w->device, keep_told, NULL),
		"compile told");
	for (size_t i = first; i < element_count; i++)
		for (size_t j = first; j < i; j++)
			EXPECT(!elements_meet(&elements[i], &elements[j]),
				"told elements %zu and %zu meet", i, j);
}

static void round_of_policy(void)
{
	static struct layers layers;
	static const struct addr addrs[] = {{4, {10, 0, 0, 0x32}},
		{.family = 6, .b = {0x20, 1, 0xd, 0xb8, [15] = 0x50}},
		{.family = 6, .b = {0xfe, 0x80, [15] = 0x50}}};
	static struct world w;
	struct pool *pool = pool_new("test", 8 * POLICY_POOL_BYTES);

	EXPECT(pool, "memory");
	w = (struct world){.device = {{{2, 0, 0, 0, 0, 1}}, addrs, 3},
		.names = {.has = told_has, .addrs = told_addrs, .members = class_members,
			.armed = trigger_armed}};
	random_env(&w.env);
	ether_odds = 8;
	trigger_odds = pick(3) ? 0 : 2;
	for (unsigned i = 0; i <= TRIGGERS; i++)
		ages_of_triggers[i] = pick(2) ? 0 : 60;
	random_layers(&layers);
	for (size_t i = 0; i < layers.count; i++) /* nobody is held */
		if (layers.list[i].layer == LAYER_QUARANTINE)
			layers.list[i].layer = LAYER_AGENT;
	random_classes();
	told_count = pick(BINDINGS_MAX + 1);
	for (size_t i = 0; i < told_count; i++)
		told[i] = (struct told){names_of_world[pick(NAMES)], random_addr()};
	random_kept(&w);
	EXPECT(!policy_combine(pool, layers.list, layers.count, &w.input), "combine");
	EXPECT(!policy_prepare(pool, &w.input, &w.policy), "prepare");
	EXPECT(!policy_told_prepare(pool, w.kept, w.kept_count, &w.told), "prepare told");
	compile(&w);
	for (unsigned i = 0; i < FLOWS_PER_ROUND; i++)
		check_flow(&w);
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
	printf("%u flows listed, %u told only (%u at addresses of names), %u kept refused\n",
		listed, told_only, named, kept_refused);
	EXPECT(rounds < ROUNDS || (listed > 1000 && told_only > 5000 && named > 500 &&
					  kept_refused > 1000),
		"the world is too small");
	return 0;
}
