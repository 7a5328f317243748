// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: layers that were combined into one list of rules judge every flow as the
 * algebra of docs/adr/0007 says, each layer looked at alone: with names, classes, and in
 * quarantine. Environment: POLICY_SEED, POLICY_ROUNDS. */
#include "policy/policy_priv.h"
#include "property/policy_world.h"

#define ROUNDS 1000
#define FLOWS_PER_ROUND 300

/* What one layer says of a flow, by its own rules and nothing else. */
enum says { SAYS_NOTHING, SAYS_YES, SAYS_NO };

struct alone {
	enum policy_part part;
	enum layer layer;
	const struct rule *rules;
	size_t count;
};

struct world {
	struct layers layers;
	struct alone alone[LAYERS_MAX];
	struct alone base;
	struct policy all;
	struct policy_env env;
	struct policy_names names;
};

/* Which half of a pair opens, and what quarantine leaves of a grant, is its own affair:
 * it is made ready alone. */
static void prepare_alone(
	struct pool *pool, const struct policy_layer *l, bool quarantined, struct alone *ret)
{
	struct policy_input in = {
		.rules = l->rules,
		.count = l->count,
		.hold = quarantined ? HOLD_QUARANTINED : HOLD_NONE,
	};
	struct policy policy;

	*ret = (struct alone){l->part, l->layer, l->rules, l->count};
	if (l->part != POLICY_GRANT)
		return;
	EXPECT(!policy_prepare(pool, &in, &policy), "prepare one layer");
	ret->rules = policy.rules;
}

/* The first rule that matches. */
static enum says ask(const struct world *w, const struct alone *a, const struct flow *f)
{
	for (size_t i = 0; i < a->count; i++)
		if (policy_rule_matches(&a->rules[i], &w->env, &w->names, f))
			return a->rules[i].action == RULE_DROP ? SAYS_NO : SAYS_YES;
	return SAYS_NOTHING;
}

/* The algebra, as a sentence: some grant has it, or the base layer where no grant says no
 * and none of the refusals or limits drops it. */
struct answer {
	bool refused, limited, granted, denied, base;
};

static struct answer define(const struct world *w, const struct flow *f)
{
	struct answer a = {0};

	for (size_t i = 0; i < w->layers.count; i++) {
		enum says s = ask(w, &w->alone[i], f);
		a.refused |= w->alone[i].part == POLICY_REFUSE && s == SAYS_NO;
		a.limited |= w->alone[i].part == POLICY_LIMIT && s == SAYS_NO;
		a.granted |= w->alone[i].part == POLICY_GRANT && s == SAYS_YES;
		a.denied |= w->alone[i].part == POLICY_GRANT && s == SAYS_NO;
	}
	a.base = ask(w, &w->base, f) == SAYS_YES && !a.denied;
	return a;
}

static unsigned allowed, refused, limited, denied, unlisted, by_base, contested;

static bool is_polite(enum layer l)
{
	return l == LAYER_OWNER || l == LAYER_AGENT;
}

/* Who decided is one of those who say so. */
static void check_layer(const struct world *w, const struct flow *f,
	const struct verdict *v, enum policy_part part, enum says says)
{
	bool found = false;

	for (size_t i = 0; i < w->layers.count; i++)
		found |= w->alone[i].part == part && w->alone[i].layer == v->layer &&
			 ask(w, &w->alone[i], f) == says;
	EXPECT(found, "layer %s did not say so", layer_name(v->layer));
	const struct rule *r = policy_rule(&w->all, v->rule);
	EXPECT(r && r->layer == v->layer && policy_part_of(&w->all, r) == part,
		"the rule is another layer's");
}

static void check_verdict(const struct world *w, const struct flow *f)
{
	struct answer a = define(w, f);
	struct verdict v;
	bool pass;

	policy_evaluate(&w->all, &w->env, &w->names, f, &v);
	pass = (a.granted || a.base) && !a.refused && !a.limited;
	EXPECT((v.kind == VERDICT_ALLOW) == pass,
		"allowed %d; refused %d, limited %d, granted %d, denied %d, base %d",
		v.kind == VERDICT_ALLOW, a.refused, a.limited, a.granted, a.denied,
		a.base);
	if (a.refused) {
		check_layer(w, f, &v, POLICY_REFUSE, SAYS_NO);
		refused++;
	} else if (a.limited && (a.granted || a.base)) {
		check_layer(w, f, &v, POLICY_LIMIT, SAYS_NO);
		limited++;
	} else if (a.granted) {
		check_layer(w, f, &v, POLICY_GRANT, SAYS_YES);
		allowed++;
	} else if (a.base) {
		EXPECT(v.layer == LAYER_BASE && v.rule > w->all.base_first, "base");
		by_base++;
	} else if (a.denied) {
		check_layer(w, f, &v, POLICY_GRANT, SAYS_NO);
		denied++;
	} else {
		EXPECT(v.reason == REASON_DEFAULT_DENY && !v.rule, "default");
		unlisted++;
	}
	contested += a.granted && a.denied;
	if (v.reason == REASON_RULE && v.kind != VERDICT_ALLOW)
		EXPECT((v.kind == VERDICT_REFUSE) == is_polite(v.layer), "politeness");
}

static struct flow some_flow(const struct world *w, const struct policy_device *d)
{
	struct flow f = random_flow(d);
	const struct policy_layer *l = &w->layers.list[pick((unsigned)w->layers.count)];

	if (l->count && pick(4))
		aim(&f, &l->rules[pick((unsigned)l->count)]);
	aim_at_house(&f, &w->env, d);
	return f;
}

static void round_of_layers(struct world *w)
{
	const struct addr addrs[] = {addr_v4("\x0a\0\0\x32"),
		{.family = 6, .b = {0x20, 1, 0xd, 0xb8, [15] = 0x50}},
		{.family = 6, .b = {0xfe, 0x80, [15] = 0x50}}};
	const struct policy_device device = {
		.mac = {{2, 0, 0, 0, 0, 1}}, .addrs = addrs, .addr_count = 3};
	struct pool *pool = pool_new("test", (LAYERS_MAX + 3) * POLICY_POOL_BYTES);
	struct policy_input in = {0}, none = {0};
	struct policy base;
	bool quarantined = pick(5) == 0;

	EXPECT(pool, "memory");
	*w = (struct world){
		.names = {.has = told_has, .addrs = told_addrs, .members = class_members}};
	random_env(&w->env);
	random_classes();
	told_count = pick(BINDINGS_MAX + 1);
	for (size_t i = 0; i < told_count; i++)
		told[i] = (struct told){names_of_world[pick(NAMES)], random_addr()};
	ether_odds = 1000;
	plain_names = pick(4) == 0;
	random_layers(&w->layers);
	for (size_t i = 0; i < w->layers.count; i++)
		prepare_alone(pool, &w->layers.list[i], quarantined, &w->alone[i]);
	none.hold = quarantined ? HOLD_QUARANTINED : HOLD_NONE;
	EXPECT(!policy_prepare(pool, &none, &base), "prepare the base");
	w->base = (struct alone){POLICY_GRANT, LAYER_BASE, base.rules, base.count};
	EXPECT(!policy_combine(pool, w->layers.list, w->layers.count, &in), "combine");
	in.hold = quarantined ? HOLD_QUARANTINED : HOLD_NONE;
	EXPECT(!policy_prepare(pool, &in, &w->all), "prepare all");
	for (unsigned i = 0; i < FLOWS_PER_ROUND; i++) {
		struct flow f = some_flow(w, &device);
		if (!policy_is_infrastructure(&f) && !policy_is_rogue(&f))
			check_verdict(w, &f);
	}
	pool_free(pool);
}

int main(void)
{
	uint64_t seed = from_environment("POLICY_SEED", 1);
	uint64_t rounds = from_environment("POLICY_ROUNDS", ROUNDS);
	static struct world w;

	printf("seed %" PRIu64 ", %" PRIu64 " rounds\n", seed, rounds);
	for (uint64_t i = 0; i < rounds; i++) {
		seed_state = seed + i * 0x2545f4914f6cdd1d;
		round_of_layers(&w);
	}
	printf("%u allowed by grants, %u by the base layer; %u refused, %u beyond a limit, "
	       "%u forbidden by a grant, %u listed nowhere; of %u one grant said yes and "
	       "another no\n",
		allowed, by_base, refused, limited, denied, unlisted, contested);
	EXPECT(rounds < 50 || (allowed > 1000 && by_base > 100 && refused > 1000 &&
				      limited > 500 && denied > 1000 &&
				      unlisted > 1000 && contested > 100),
		"the world is too small");
	return 0;
}
