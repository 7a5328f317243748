// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: what is said of a recorded sum is what the evaluator said of each packet that is
 * in it, whatever the client's port and the code were; or it is said to be unsure, and then
 * there are two packets of the sum that differ. Environment: POLICY_SEED, POLICY_ROUNDS. */
#include "engine/effect.h"
#include "policy/policy_priv.h"
#include "property/policy_world.h"

#define ROUNDS 300
#define FLOWS_PER_ROUND 100

struct world {
	struct policy policy;
	struct policy_env env;
	struct device device;
	struct layers layers;
	struct store_peer peer;
};

static unsigned sure_yes, sure_no, unsure, of_dhcp;

static bool row_has(void *ctx, const char *name, const struct addr *a)
{
	const struct store_peer *p = ctx;

	return p->told && addr_equal(a, &p->addr) && rule_name_matches(name, p->name);
}

static size_t row_addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	const struct store_peer *p = ctx;

	if (!max || !row_has(ctx, name, &p->addr))
		return 0;
	out[0] = p->addr;
	return 1;
}

static bool passes(struct world *w, const struct flow *f)
{
	const struct policy_names names = {
		.has = row_has, .addrs = row_addrs, .ctx = &w->peer};
	struct verdict v;

	policy_evaluate(&w->policy, &w->env, &names, f, &v);
	return v.kind == VERDICT_ALLOW || v.kind == VERDICT_PASS;
}

/* As engine/history.c keeps it. */
static void sum_of(struct world *w, const struct flow *f)
{
	struct store_peer *p = &w->peer;
	bool icmp = f->proto == FLOW_PROTO_ICMP || f->proto == FLOW_PROTO_ICMP6;

	*p = (struct store_peer){.place = RECORD_INTERNET,
		.direction = f->direction,
		.proto = f->proto,
		.addr = f->peer,
		.port = icmp ? f->icmp_type
			: f->direction == DIRECTION_FROM_DEVICE ? f->peer_port
								: f->device_port};
	for (size_t i = 0; i < told_count && !p->name[0]; i++)
		if (addr_equal(&told[i].addr, &f->peer) && told[i].name[0] != '*') {
			str_copy(p->name, sizeof(p->name), told[i].name);
			p->told = true;
		}
}

/* Those that rules speak of (random_port), their neighbours, and a client's usual one. */
static const unsigned ports_of_world[] = {1, 2, 21, 22, 23, 52, 53, 54, 67, 68, 69, 79, 80, 81,
	122, 123, 124, 442, 443, 444, 499, 500, 501, 999, 1000, 1001, 1022, 1023, 1024, 1025,
	5352, 5353, 5354, 9998, 9999, 10000, 32767, 32768, 32769, 49152, 65533, 65534, 65535};
#define PORTS (sizeof(ports_of_world) / sizeof(*ports_of_world))

/* Every packet that the sum may have been, as far as it makes a difference. */
static void all_of(struct world *w, const struct flow *f, bool *some, bool *none)
{
	bool ports = f->proto == FLOW_PROTO_TCP || f->proto == FLOW_PROTO_UDP;
	bool icmp = f->proto == FLOW_PROTO_ICMP || f->proto == FLOW_PROTO_ICMP6;
	unsigned count = ports ? PORTS : icmp ? UINT8_MAX + 1 : 1;

	*some = *none = false;
	for (unsigned n = 0; n < count; n++) {
		struct flow g = *f;

		if (ports && f->direction == DIRECTION_FROM_DEVICE)
			g.device_port = (uint16_t)ports_of_world[n];
		else if (ports)
			g.peer_port = (uint16_t)ports_of_world[n];
		else if (icmp)
			g.icmp_code = (uint8_t)n;
		if (policy_is_infrastructure(&g) || policy_is_rogue(&g))
			continue;
		*(passes(w, &g) ? some : none) = true;
	}
}

/* Within the LAN: its ports are nobody else's (RFC 2131 4.1, RFC 8415 7.2). */
static bool is_dhcp(const struct world *w)
{
	const struct store_peer *p = &w->peer;
	bool from = p->direction == DIRECTION_FROM_DEVICE;

	return p->proto == FLOW_PROTO_UDP && policy_env_is_local(&w->env, &p->addr) &&
	       p->port == (p->addr.family == 4 ? (from ? 67 : 68) : (from ? 547 : 546));
}

static void check(struct world *w, const struct flow *f)
{
	const struct effect_bench b = {
		.env = &w->env, .device = &w->device, .policy = &w->policy};
	struct effect_verdict v;
	bool some, none;

	sum_of(w, f);
	effect_judge(&b, &w->peer, &v);
	if (is_dhcp(w)) {
		EXPECT(v.allowed && !v.unsure, "DHCP is refused: port %u", w->peer.port);
		of_dhcp++;
		return;
	}
	if (v.rule && v.rule->needs)
		return; /* order in time */
	all_of(w, f, &some, &none);
	if (v.unsure)
		EXPECT(some && none, "unsure, and all packets of it are judged alike");
	else
		EXPECT(!(v.allowed ? none : some), "said %d of port %u proto %u, not so of all",
			v.allowed, w->peer.port, w->peer.proto);
	unsure += v.unsure;
	sure_yes += !v.unsure && v.allowed;
	sure_no += !v.unsure && !v.allowed;
}

static void round_of_sums(struct world *w)
{
	const struct addr own[] = {addr_v4("\x0a\0\0\x32"),
		{.family = 6, .b = {0x20, 1, 0xd, 0xb8, [15] = 0x50}},
		{.family = 6, .b = {0xfe, 0x80, [15] = 0x50}}};
	const struct policy_device device = {
		.mac = {{2, 0, 0, 0, 0, 1}}, .addrs = own, .addr_count = 3};
	struct pool *pool = pool_new("test", (LAYERS_MAX + 3) * POLICY_POOL_BYTES);
	struct policy_input in = {0};

	EXPECT(pool, "memory");
	memset(w, 0, sizeof(*w));
	w->device.addr_count = 3;
	for (size_t i = 0; i < 3; i++)
		w->device.addrs[i].addr = own[i];
	random_env(&w->env);
	told_count = pick(BINDINGS_MAX + 1);
	for (size_t i = 0; i < told_count; i++)
		told[i] = (struct told){names_of_world[pick(NAMES)], random_addr()};
	ether_odds = 1000;
	random_layers(&w->layers);
	EXPECT(!policy_combine(pool, w->layers.list, w->layers.count, &in), "combine");
	EXPECT(!policy_prepare(pool, &in, &w->policy), "prepare");
	for (unsigned i = 0; i < FLOWS_PER_ROUND; i++) {
		struct flow f = random_flow(&device);
		const struct policy_layer *l =
			&w->layers.list[pick((unsigned)w->layers.count)];

		if (l->count && pick(4))
			aim(&f, &l->rules[pick((unsigned)l->count)]);
		/* the device's address is not kept, but its kind is */
		for (size_t k = 0; k < 3; k++)
			if (own[k].family == f.peer.family &&
				addr_is_link_local(&own[k]) == addr_is_link_local(&f.peer))
				f.device = own[k];
		if (f.device.family == f.peer.family && !policy_is_infrastructure(&f) &&
			!policy_is_rogue(&f))
			check(w, &f);
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
		round_of_sums(&w);
	}
	printf("%u sums pass, %u do not, of %u it cannot be told\n", sure_yes, sure_no, unsure);
	EXPECT(rounds < 50 || (sure_yes > 500 && sure_no > 500 && unsure > 100 && of_dhcp > 5),
		"the world is too small");
	return 0;
}
