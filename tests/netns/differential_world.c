// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_world - policies and flows at random, the same on every machine. */
#include "netns/differential_random.h"

#define POOL_BYTES (8 * POLICY_POOL_BYTES) /* layers, and the policies of them */
#define NAMES 3
#define TIMEOUT_S 3600

uint64_t seed_state;
bool world_triggers, world_held, world_watch, world_redirect;
const char *const way_names[] = {"bridged", "routed", "gateway"};
static const char *const names_of_world[NAMES] = {"a.example", "b.example",
	"deep.c.example"};

static const struct {
	const char *text;
	enum place place;
} addresses[] = {{"10.1.0.2", PLACE_LAN}, {"10.1.0.3", PLACE_LAN},
	{"10.1.0.9", PLACE_LAN}, {GATEWAY4, PLACE_GATEWAY}, {"192.0.2.1", PLACE_WORLD},
	{"192.0.2.2", PLACE_WORLD}, {"192.0.2.255", PLACE_WORLD},
	{"198.51.100.66", PLACE_WORLD}, {"8.8.8.8", PLACE_WORLD},
	{"224.0.0.251", PLACE_GROUP}, {"239.1.2.3", PLACE_GROUP},
	{"255.255.255.255", PLACE_GROUP}, {"fd00:1::2", PLACE_LAN},
	{"fd00:1::3", PLACE_LAN}, {"fe80::2", PLACE_LAN}, {GATEWAY6, PLACE_GATEWAY},
	{"2001:db8::1", PLACE_WORLD}, {"2001:db8::2", PLACE_WORLD},
	{"2001:db8:1::1", PLACE_WORLD}, {"2001:db9::7", PLACE_WORLD},
	{"ff02::fb", PLACE_GROUP}, {"ff05::2", PLACE_GROUP}};
#define ADDRESSES (sizeof addresses / sizeof *addresses)

struct addr to_addr(const char *text)
{
	struct addr a;

	EXPECT(!addr_parse(text, &a), "%s", text);
	return a;
}

struct addr some_addr(void)
{
	return to_addr(addresses[pick(ADDRESSES)].text);
}

struct mac device_mac(unsigned n)
{
	return (struct mac){{2, 0, 0, 1, (uint8_t)(n >> 8), (uint8_t)n}};
}

void device_addrs(unsigned n, struct addr ret[3])
{
	uint8_t high = (uint8_t)(1 + (n >> 8)), low = (uint8_t)n;

	ret[0] = (struct addr){4, {10, 1, (uint8_t)((20 + n) >> 8), (uint8_t)(20 + n)}};
	ret[1] = (struct addr){6, {0xfd, 0, 0, 1, [14] = high, [15] = low}};
	ret[2] = (struct addr){6, {0xfe, 0x80, [14] = high, [15] = low}};
}

const char *some_name(void)
{
	return names_of_world[pick(NAMES)];
}

static struct prefix to_prefix(const char *text)
{
	struct prefix p;

	EXPECT(!prefix_parse(text, &p), "%s", text);
	return p;
}

enum place place_of(const struct addr *a)
{
	struct prefix p4 = to_prefix(LOCAL4), p6 = to_prefix(LOCAL6);

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

struct addr some_addr_at(enum place place, uint8_t family)
{
	struct addr a;

	do
		a = some_addr();
	while (a.family != family || place_of(&a) != place);
	return a;
}

static void make_env(struct policy_env *env)
{
	struct prefix p4 = to_prefix(LOCAL4), p6 = to_prefix(LOCAL6);

	*env = (struct policy_env){0};
	EXPECT(policy_env_add_lan(env, &p4) && policy_env_add_lan(env, &p6), "lan");
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct addr a = to_addr(addresses[i].text);
		if (addresses[i].place == PLACE_GATEWAY)
			EXPECT(policy_env_add_gateway(env, &a), "gateway");
	}
}

/* ---- names and classes ---- */

static bool bindings_have(void *ctx, const char *name, const struct addr *a)
{
	const struct world *w = ctx;

	for (size_t i = 0; i < w->binding_count; i++)
		if (!strcmp(w->bindings[i].name, name) && addr_equal(&w->bindings[i].addr, a))
			return true;
	return false;
}

static size_t bindings_of(void *ctx, const char *name, struct addr *out, size_t max)
{
	const struct world *w = ctx;
	size_t n = 0;

	for (size_t i = 0; i < w->binding_count && n < max; i++)
		if (!strcmp(w->bindings[i].name, name))
			out[n++] = w->bindings[i].addr;
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
	if (e->gate && e->gate != ELEMENT_GATE_TOLD) /* a number that no round before had */
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

struct policy_names names_of(const struct world *w)
{
	return (struct policy_names){.has = bindings_have, .addrs = bindings_of,
		.members = class_members, .armed = is_armed, .ctx = (void *)w};
}

static void compile(struct world *w)
{
	struct policy_names names = names_of(w);
	int e = policy_compile(&w->policy, &w->env, &names, &w->device, keep_element, w);

	EXPECT(!e, "seed %#" PRIx64 ": compile: %d", w->seed, e);
	for (size_t i = 0; i < w->binding_count; i++) {
		e = policy_compile_binding(&w->policy, &w->env, &names, &w->device,
			w->bindings[i].name, &w->bindings[i].addr, TIMEOUT_S, keep_element, w);
		EXPECT(!e, "seed %#" PRIx64 ": compile binding: %d", w->seed, e);
	}
	if (!w->tells)
		return;
	e = policy_told_compile(&w->told, &w->env, &names, &w->device, keep_element, w);
	EXPECT(!e, "seed %#" PRIx64 ": compile told: %d", w->seed, e);
}

void world_make(struct world *w, uint64_t seed, unsigned device, unsigned trials,
	const struct flow *flows, size_t flow_count)
{
	seed_state = w->seed = seed;
	w->element_count = w->trial_count = w->press_count = 0;
	w->overlay_count = w->no_count = 0;
	w->pressed = w->armed = 0;
	w->tells = false;
	w->device = (struct policy_device){device_mac(device), w->addrs, 3};
	device_addrs(device, w->addrs);
	w->pool = pool_new("differential", POOL_BYTES);
	EXPECT(w->pool, "memory");
	make_env(&w->env);
	w->binding_count = pick(BINDINGS_MAX + 1);
	for (size_t i = 0; i < w->binding_count; i++) {
		w->bindings[i].name = some_name();
		w->bindings[i].addr = flow_count ? flows[pick((unsigned)flow_count)].peer
					     : some_addr();
	}
	make_rules(w, flows, flow_count);
	if (world_held)
		make_held(w);
	else if (world_watch)
		make_owner(w);
	int e = policy_prepare(w->pool, &w->input, &w->policy);
	EXPECT(!e, "seed %#" PRIx64 ": prepare: %d", seed, e);
	if (world_watch && !w->input.hold && pick(4))
		make_told(w);
	compile(w);
	make_presses(w);
	make_stages(w, trials, flows, flow_count);
}

bool world_lists(const struct world *w, const struct flow *f)
{
	struct policy_names names = names_of(w);
	struct verdict v;

	policy_evaluate(&w->policy, &w->env, &names, f, &v);
	return v.kind == VERDICT_ALLOW;
}

void world_free(struct world *w)
{
	pool_free(w->pool);
}

static void rules_print(const struct policy *p, const char *what)
{
	char text[RULE_SENTENCE_MAX];

	for (uint32_t i = 0; i < p->count; i++) {
		const struct rule *r = &p->rules[i];
		fprintf(stderr, "  %s %u, a %s of the %s: %s (%s)\n", what, r->id,
			policy_part_of(p, r) == POLICY_GRANT   ? "grant"
			: policy_part_of(p, r) == POLICY_LIMIT ? "limit" : "refusal",
			layer_name(r->layer), rule_sentence(r, text),
			rule_status_name(r->status));
	}
}

void world_print(const struct world *w, const struct trial *t)
{
	char device[ADDR_TEXT_MAX], peer[ADDR_TEXT_MAX];
	const struct flow *f = &t->flow;

	fprintf(stderr, "seed %#" PRIx64 " %s\n", w->seed,
		w->policy.hold ? device_hold_name(w->policy.hold)
		: w->tells     ? "watched only" : "");
	rules_print(&w->policy, "rule");
	if (w->tells)
		rules_print(&w->told, "told: rule");
	for (size_t i = 0; i < w->binding_count; i++)
		fprintf(stderr, "  %s is %s\n", w->bindings[i].name,
			addr_format(&w->bindings[i].addr, peer));
	fprintf(stderr, "  flow %s, %s: device %s port %u, peer %s port %u, protocol %u, "
			"type %u code %u, leads with %#x %#x\n", direction_name(f->direction),
		way_names[t->way], addr_format(&f->device, device), f->device_port,
		addr_format(&f->peer, peer), f->peer_port, f->proto, f->icmp_type,
		f->icmp_code, t->first, t->second);
	fprintf(stderr, "  the evaluator: %s (%s), rule %u; element %d of rule %u\n",
		verdict_kind_name(t->verdict.kind), verdict_reason_name(t->verdict.reason),
		t->verdict.rule, t->element, t->element < 0 ? 0 : w->of[t->element]);
}
