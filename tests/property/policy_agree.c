// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: the evaluator that reads rules and the elements that the compiler makes
 * agree on every flow, and no interval set would refuse the elements. Environment:
 * POLICY_SEED, POLICY_ROUNDS. */
#include "policy/policy.h"
#include "policy/space_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 400
#define FLOWS_PER_ROUND 400
#define RULES_MAX 24
#define NAMES 4
#define BINDINGS_MAX 8
#define ELEMENTS_MAX 60000

static uint64_t seed_state;

/* splitmix64: small, and the same on every machine */
static uint64_t next_random(void)
{
	uint64_t z = seed_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned pick(unsigned n)
{
	return (unsigned)(next_random() % n);
}

#define EXPECT(cond, ...)                                                              \
	do {                                                                           \
		if (!(cond)) {                                                         \
			fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                \
			fprintf(stderr, __VA_ARGS__);                                  \
			fprintf(stderr, "\n");                                         \
			exit(1);                                                       \
		}                                                                      \
	} while (0)

/* A small world, so that rules overlap and flows hit. */
static struct addr random_addr(void)
{
	static const char *const world[] = {"10.0.0.1", "10.0.0.2", "10.0.0.9",
		"10.0.1.7", "192.0.2.1", "192.0.2.2", "192.0.2.255", "198.51.100.66",
		"0.0.0.0", "255.255.255.255", "224.0.0.251", "239.1.2.3", "2001:db8::1",
		"2001:db8::2", "2001:db8:1::1", "fe80::1", "ff02::fb", "ff05::2",
		"2001:db9::7", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	struct addr a;

	if (addr_parse(world[pick(sizeof world / sizeof *world)], &a))
		abort();
	return a;
}

static struct addr random_addr_of(uint8_t family)
{
	struct addr a = random_addr();

	while (a.family != family)
		a = random_addr();
	return a;
}

static uint16_t random_port(void)
{
	static const uint16_t world[] = {0, 1, 22, 53, 68, 80, 123, 443, 500, 1000,
		1023, 1024, 5353, 9999, 32768, 65534, 65535};

	return world[pick(sizeof world / sizeof *world)];
}

static struct range16 random_ports(void)
{
	uint16_t a = random_port(), b = random_port();

	if (pick(3) == 0)
		return (struct range16){0, UINT16_MAX};
	if (pick(2))
		return (struct range16){a, a};
	return (struct range16){a < b ? a : b, a < b ? b : a};
}

static int16_t random_proto(void)
{
	static const int16_t world[] = {
		RULE_PROTO_ANY, 6, 6, 6, 17, 17, 17, 1, 58, 47, 0, 255, 132};

	return world[pick(sizeof world / sizeof *world)];
}

static const char *const names_of_world[NAMES] = {
	"a.example", "b.example", "c.example", "d.example"};

static void random_peer(struct peer *p)
{
	static const enum peer_kind kinds[] = {PEER_ANY, PEER_NAME, PEER_NAME,
		PEER_NAME, PEER_NAME, PEER_PREFIX, PEER_PREFIX, PEER_PREFIX,
		PEER_LOCAL_NETWORKS, PEER_GATEWAY, PEER_CONTROLLER_DNS,
		PEER_CONTROLLER_NTP, PEER_MY_CONTROLLER};
	struct addr a = random_addr();
	unsigned bits = addr_bits(&a);

	p->kind = kinds[pick(sizeof kinds / sizeof *kinds)];
	if (p->kind == PEER_NAME)
		snprintf(p->name, sizeof p->name, "%s", names_of_world[pick(NAMES)]);
	if (p->kind == PEER_PREFIX)
		p->prefix = prefix_of(&a,
			(uint8_t)(pick(3) ? bits - pick(bits / 4) : pick(bits + 1)));
}

static void random_rule(struct rule *r, rule_id id)
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
}

struct told {
	const char *name;
	struct addr addr;
};

static struct told told[BINDINGS_MAX];
static size_t told_count;

static bool told_has(void *ctx, const char *name, const struct addr *a)
{
	(void)ctx;
	for (size_t i = 0; i < told_count; i++)
		if (!strcmp(told[i].name, name) && addr_equal(&told[i].addr, a))
			return true;
	return false;
}

static size_t told_addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	size_t n = 0;

	(void)ctx;
	for (size_t i = 0; i < told_count && n < max; i++)
		if (!strcmp(told[i].name, name))
			out[n++] = told[i].addr;
	return n;
}

static struct element elements[ELEMENTS_MAX];
static size_t element_count;

static int keep(void *ctx, const struct element *e, rule_id rule)
{
	const struct policy *p = ctx;

	EXPECT(element_count < ELEMENTS_MAX, "too many elements");
	EXPECT(element_check(e) == 0, "bad element");
	EXPECT(policy_rule(p, rule) && policy_rule(p, rule)->action == RULE_ACCEPT,
		"element of rule %u", rule);
	elements[element_count++] = *e;
	return 0;
}

/* The four bytes that lead the transport header, as the kernel would load them. */
struct lead {
	uint16_t first, second;
};

static struct lead lead_of(const struct flow *f)
{
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	if (f->proto == 6 || f->proto == 17)
		return (struct lead){from ? f->device_port : f->peer_port,
			from ? f->peer_port : f->device_port};
	if (f->proto == 1 || f->proto == 58)
		return (struct lead){(uint16_t)(f->icmp_type << 8 | f->icmp_code),
			(uint16_t)next_random()};
	return (struct lead){(uint16_t)next_random(), (uint16_t)next_random()};
}

static bool in_addrs(const struct element *e, const struct addr *a)
{
	return e->family == a->family && memcmp(&e->peer_lo, a, sizeof *a) <= 0 &&
	       memcmp(a, &e->peer_hi, sizeof *a) <= 0;
}

static bool in_ports(struct range16 p, uint16_t v)
{
	return v >= p.lo && v <= p.hi;
}

/* One element as a set of packets: model/element.h read literally. */
static bool element_has(const struct element *e, const struct mac *mac,
	const struct flow *f, struct lead l)
{
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	if (!in_addrs(e, &f->peer) || f->proto < e->proto_lo || f->proto > e->proto_hi)
		return false;
	switch ((int)e->kind) {
	case ELEMENT_OUT:
		return from && !memcmp(&e->mac, mac, sizeof *mac) &&
		       e->peer_port.lo == l.second;
	case ELEMENT_IN:
		return !from && !memcmp(&e->device, &f->device, sizeof f->device) &&
		       e->device_port.lo == l.second;
	case ELEMENT_OUT_RANGE:
		return from && !memcmp(&e->mac, mac, sizeof *mac) &&
		       in_ports(e->device_port, l.first) &&
		       in_ports(e->peer_port, l.second);
	case ELEMENT_IN_RANGE:
		return !from && !memcmp(&e->device, &f->device, sizeof f->device) &&
		       in_ports(e->peer_port, l.first) &&
		       in_ports(e->device_port, l.second);
	default:
		return false;
	}
}

static bool ranges_meet(struct range16 a, struct range16 b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

static bool elements_meet(const struct element *a, const struct element *b)
{
	if (a->kind != b->kind || a->family != b->family || 
		a->kind == ELEMENT_OUT || a->kind == ELEMENT_IN)
		return false;
	if (a->kind == ELEMENT_IN_RANGE &&
		memcmp(&a->device, &b->device, sizeof a->device))
		return false;
	return memcmp(&a->peer_lo, &b->peer_hi, sizeof a->peer_lo) <= 0 &&
	       memcmp(&b->peer_lo, &a->peer_hi, sizeof a->peer_lo) <= 0 &&
	       a->proto_lo <= b->proto_hi && b->proto_lo <= a->proto_hi &&
	       ranges_meet(a->device_port, b->device_port) &&
	       ranges_meet(a->peer_port, b->peer_port);
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

static void random_env(struct policy_env *env)
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

static struct flow random_flow(const struct policy_device *d)
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

static unsigned allowed, refused, bound_allowed;

static void check_flow(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d,
	size_t n_static)
{
	struct flow f = random_flow(d);
	struct lead l = lead_of(&f);
	struct verdict v;
	char buf[POLICY_EXPLAIN_MAX];
	bool member = false, literal = false;

	if (policy_is_infrastructure(&f) || policy_is_rogue(&f))
		return;
	policy_evaluate(p, env, names, &f, &v);
	for (size_t i = 0; i < element_count; i++)
		if (element_has(&elements[i], &d->mac, &f, l)) {
			member = true;
			literal |= i < n_static;
		}
	policy_explain(p, env, names, &f, &v, "thing", NULL, buf);
	EXPECT(member == (v.kind == VERDICT_ALLOW),
		"evaluator says %s, elements %d: %s", verdict_kind_name(v.kind), member,
		buf);
	allowed += member;
	refused += !member;
	bound_allowed += member && !literal;
}

static void round_of_policy(void)
{
	static struct rule rules[RULES_MAX];
	unsigned count = pick(RULES_MAX + 1);
	struct addr addrs[3] = {addr_v4("\x0a\0\0\x32"), addr_v4("\x0a\0\1\x32"),
		{.family = 6, .b = {0x20, 1, 0xd, 0xb8, [15] = 0x50}}};
	struct policy_device d = {
		.mac = {{2, 0, 0, 0, 0, 1}}, .addrs = addrs, .addr_count = 3};
	struct policy_names names = {.has = told_has, .addrs = told_addrs};
	struct pool *pool = pool_new("test", POLICY_POOL_BYTES);
	struct policy_env env;
	struct policy p;

	random_env(&env);
	for (unsigned i = 0; i < count; i++) {
		random_rule(&rules[i], i + 1);
		if (i && pick(3) == 0) { /* a mirror of an earlier one */
			rules[i] = rules[pick(i)];
			rules[i].id = i + 1;
			rules[i].direction = 1 - rules[i].direction;
		}
	}
	const struct policy_input in = {.rules = rules, .count = count};
	told_count = pick(BINDINGS_MAX + 1);
	for (size_t i = 0; i < told_count; i++)
		told[i] = (struct told){names_of_world[pick(NAMES)], random_addr()};
	EXPECT(pool && policy_prepare(pool, &in, &p) == 0, "prepare");
	element_count = 0;
	EXPECT(policy_compile(&p, &env, &names, &d, keep, &p) == 0, "compile");
	size_t n_static = element_count;
	for (size_t i = 0; i < told_count; i++)
		EXPECT(policy_compile_binding(&p, &env, &names, &d, told[i].name,
			       &told[i].addr, 600, keep, &p) == 0,
			"compile binding");
	check_disjoint(n_static);
	for (unsigned i = 0; i < FLOWS_PER_ROUND; i++)
		check_flow(&p, &env, &names, &d, n_static);
	pool_free(pool);
}

static struct box random_box(void)
{
	struct box b = box_all(pick(2) ? 4 : 6);
	struct addr x = random_addr_of(b.family), y = random_addr_of(b.family);
	uint8_t p = (uint8_t)pick(256), q = (uint8_t)pick(256);

	b.lo = addr_compare(&x, &y) < 0 ? x : y;
	b.hi = addr_compare(&x, &y) < 0 ? y : x;
	b.proto_lo = p < q ? p : q;
	b.proto_hi = p < q ? q : p;
	b.device_port = random_ports();
	b.peer_port = random_ports();
	return b;
}

static struct box random_point(uint8_t family)
{
	struct box b = box_all(family);

	b.lo = b.hi = random_addr_of(family);
	b.proto_lo = b.proto_hi = (uint8_t)pick(256);
	b.device_port.lo = b.device_port.hi = random_port();
	b.peer_port.lo = b.peer_port.hi = random_port();
	return b;
}

static void check_pairwise(const struct space *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		for (uint32_t j = 0; j < i; j++)
			EXPECT(!box_intersects(&s->boxes[i], &s->boxes[j]), "overlap");
}

/* a - b and a AND b part a; and the two-box laws, on points. */
static void round_of_boxes(void)
{
	struct box a = random_box(), b = random_box(), i, pieces[BOX_PIECES_MAX];
	size_t n = box_subtract(&a, &b, pieces);
	bool meet = box_intersect(&a, &b, &i);

	EXPECT(meet == box_intersects(&a, &b) && meet == box_intersects(&b, &a),
		"meet");
	EXPECT(!box_covers(&b, &a) || n == 0, "covered, but %zu pieces left", n);
	if (meet)
		EXPECT(box_covers(&a, &i) && box_covers(&b, &i),
			"intersection sticks out");
	for (unsigned k = 0; k < 50; k++) {
		struct box p = random_point(a.family);
		unsigned in = 0;
		for (size_t j = 0; j < n; j++)
			in += box_covers(&pieces[j], &p);
		bool both = box_covers(&a, &p) && box_covers(&b, &p);
		EXPECT(in == (box_covers(&a, &p) && !box_covers(&b, &p)), "a - b");
		EXPECT(both == (meet && box_covers(&i, &p)), "a AND b");
	}
}

/* Spaces: union, difference, splitting and subset against membership of points. */
static void round_of_spaces(void)
{
	struct pool *pool = pool_new("test", 64 << 20);
	struct space u, v, left, scratch, raw;
	struct box witness, boxes[12];
	unsigned n = 1 + pick(12);
	bool subset;

	space_init(&u, pool, LIMIT_BOXES);
	space_init(&v, pool, LIMIT_BOXES);
	space_init(&left, pool, LIMIT_BOXES);
	space_init(&scratch, pool, LIMIT_BOXES);
	space_init(&raw, pool, LIMIT_BOXES);
	for (unsigned i = 0; i < n; i++) {
		boxes[i] = random_box();
		boxes[i].place = i;
		EXPECT(!space_unite(&u, &boxes[i], &scratch), "unite");
		EXPECT(!space_push(&raw, &boxes[i]), "push");
		EXPECT(i == n / 2 || !space_unite(&v, &boxes[i], &scratch), "unite");
		EXPECT(!space_push(&left, &u.boxes[0]), "push");
	}
	check_pairwise(&u);
	left.count = 0;
	for (uint32_t i = 0; i < u.count; i++)
		EXPECT(!space_push(&left, &u.boxes[i]), "push");
	EXPECT(!space_split(&left, &boxes[n - 1]), "split");
	check_pairwise(&left);
	for (uint32_t i = 0; i < left.count; i++)
		EXPECT(!box_intersects(&left.boxes[i], &boxes[n - 1]) ||
				box_covers(&boxes[n - 1], &left.boxes[i]),
			"neither in nor out");
	for (unsigned k = 0; k < 100; k++) {
		struct box p = random_point(pick(2) ? 4 : 6);
		const struct box *first = space_find(&raw, &p),
				 *at = space_find(&u, &p);
		EXPECT(!first == !at && (!at || at->place == first->place), "provenance");
		EXPECT(!at == !space_find(&left, &p), "splitting changed the set");
	}
	EXPECT(!space_is_subset(&v, &u, &scratch, &subset, &witness) && subset,
		"subset");
	EXPECT(!space_is_subset(&u, &v, &scratch, &subset, &witness), "subset");
	if (!subset) {
		witness.hi = witness.lo;
		witness.proto_hi = witness.proto_lo;
		witness.device_port.hi = witness.device_port.lo;
		witness.peer_port.hi = witness.peer_port.lo;
		EXPECT(space_find(&u, &witness) && !space_find(&v, &witness),
			"witness");
	}
	EXPECT(!space_subtract(&u, &boxes[0]), "subtract");
	EXPECT(!space_find(&u, &boxes[0]), "still there");
	for (uint32_t i = 0; i < u.count; i++)
		EXPECT(!box_intersects(&u.boxes[i], &boxes[0]), "subtract left some");
	pool_free(pool);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *v = getenv(name);

	return v ? strtoull(v, NULL, 0) : otherwise;
}

int main(void)
{
	uint64_t seed = from_environment("POLICY_SEED", 1);
	uint64_t rounds = from_environment("POLICY_ROUNDS", ROUNDS);

	printf("seed %" PRIu64 ", %" PRIu64 " rounds\n", seed, rounds);
	for (uint64_t i = 0; i < rounds; i++) {
		seed_state = seed + i * 0x2545f4914f6cdd1d;
		round_of_policy();
		for (unsigned k = 0; k < 20; k++)
			round_of_boxes();
		round_of_spaces();
	}
	printf("%u flows allowed (%u by names), %u refused\n", allowed, bound_allowed,
		refused);
	/* a test whose world never says yes, or never no, proves nothing */
	EXPECT(rounds < 50 || (allowed > 1000 && refused > 1000 && bound_allowed > 100),
		"the world is too small");
	return 0;
}
