// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: sets of flows obey the laws of sets. On tiny universes every point is looked
 * at, so that nothing is left to chance but the sets themselves; on the whole one the
 * laws are told by the sets. Environment: POLICY_SEED, POLICY_ROUNDS. */
#include "policy/space_priv.h"
#include "property/policy_random.h"

#define ROUNDS 300
#define BOXES_MAX 6
#define LIMIT 20000

/* A universe of so many addresses, protocols and ports on each side. */
struct tiny {
	uint8_t family;
	unsigned addrs, protos, device_ports, peer_ports;
};

static const struct tiny tinies[] = {
	{4, 4, 3, 3, 4}, {6, 5, 2, 3, 3}, {4, 16, 1, 1, 2}, {6, 2, 6, 4, 2}};
#define TINIES (sizeof tinies / sizeof *tinies)
#define POINTS_MAX 4096

/* Both ends of the address space: the carry and the last address are where it goes wrong. */
static struct addr tiny_addr(const struct tiny *t, unsigned i)
{
	struct addr a = {.family = t->family};
	unsigned last = t->family == 4 ? 3 : 15, half = t->addrs / 2;

	if (i < half) {
		a.b[last - 1] = 0xff;
		a.b[last] = (uint8_t)(0xfe + i); /* carries into the byte before */
		if (0xfe + i > 0xff)
			a.b[last - 2]++, a.b[last - 1] = 0, a.b[last] = (uint8_t)(i - 2);
		return a;
	}
	memset(a.b, 0xff, last + 1);
	a.b[last] = (uint8_t)(0xff - (t->addrs - 1 - i));
	return a;
}

static void order(unsigned *a, unsigned *b)
{
	unsigned x = *a;

	if (*a > *b) {
		*a = *b;
		*b = x;
	}
}

static struct range16 tiny_ports(unsigned n)
{
	unsigned a = pick(n), b = pick(n);

	order(&a, &b);
	/* the universe's last port is the last of all */
	return (struct range16){(uint16_t)a, (uint16_t)(b == n - 1 ? UINT16_MAX : b)};
}

static struct box tiny_box(const struct tiny *t)
{
	struct box b = box_all(t->family);
	unsigned a = pick(t->addrs), z = pick(t->addrs), p = pick(t->protos),
		 q = pick(t->protos);

	order(&a, &z);
	order(&p, &q);
	b.lo = tiny_addr(t, a);
	b.hi = tiny_addr(t, z);
	b.proto_lo = (uint8_t)p;
	b.proto_hi = (uint8_t)(q == t->protos - 1 ? UINT8_MAX : q);
	b.device_port = tiny_ports(t->device_ports);
	b.peer_port = tiny_ports(t->peer_ports);
	b.place = pick(1000);
	return b;
}

static struct box tiny_point(const struct tiny *t, unsigned i)
{
	struct box b = box_all(t->family);

	b.device_port.lo = b.device_port.hi = (uint16_t)(i % t->device_ports);
	i /= t->device_ports;
	b.peer_port.lo = b.peer_port.hi = (uint16_t)(i % t->peer_ports);
	i /= t->peer_ports;
	b.proto_lo = b.proto_hi = (uint8_t)(i % t->protos);
	b.lo = b.hi = tiny_addr(t, i / t->protos);
	return b;
}

static unsigned tiny_points(const struct tiny *t)
{
	return t->addrs * t->protos * t->device_ports * t->peer_ports;
}

/* A set as boxes, and as a list of what it has. */
struct set {
	struct flows flows;
	bool has[DIRECTION_MAX][POINTS_MAX];
};

static struct pool *pool;

static void set_init(struct set *s)
{
	memset(s, 0, sizeof *s);
	flows_init(&s->flows, pool, LIMIT);
}

static void set_random(struct set *s, const struct tiny *t)
{
	set_init(s);
	for (unsigned n = pick(BOXES_MAX + 1); n; n--) {
		struct box b = tiny_box(t);
		unsigned d = pick(DIRECTION_MAX);
		EXPECT(!flows_add(&s->flows, d, &b), "add");
		for (unsigned i = 0; i < tiny_points(t); i++) {
			struct box p = tiny_point(t, i);
			s->has[d][i] |= box_covers(&b, &p);
		}
	}
}

static void check_disjoint(const struct flows *f)
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++)
		for (unsigned k = 0; k < FLOWS_FAMILIES; k++) {
			const struct space *s = &f->side[d][k];
			for (uint32_t i = 0; i < s->count; i++)
				for (uint32_t j = 0; j < i; j++)
					EXPECT(!box_intersects(&s->boxes[i],
						       &s->boxes[j]),
						"boxes overlap");
		}
}

static unsigned points_seen, points_in;

/* The set has exactly the points that the list has. */
static void check_points(const struct tiny *t, const struct flows *f,
	bool (*wanted)(const struct set *a, const struct set *b, unsigned d, unsigned i),
	const struct set *a, const struct set *b, const char *what)
{
	check_disjoint(f);
	for (unsigned d = 0; d < DIRECTION_MAX; d++)
		for (unsigned i = 0; i < tiny_points(t); i++) {
			struct box p = tiny_point(t, i);
			bool in = flows_has(f, d, &p);
			EXPECT(in == wanted(a, b, d, i), "%s: point %u of side %u", what,
				i, d);
			points_seen++;
			points_in += in;
		}
}

static bool in_a(const struct set *a, const struct set *b, unsigned d, unsigned i)
{
	(void)b;
	return a->has[d][i];
}

static bool in_both(const struct set *a, const struct set *b, unsigned d, unsigned i)
{
	return a->has[d][i] && b->has[d][i];
}

static bool in_either(const struct set *a, const struct set *b, unsigned d, unsigned i)
{
	return a->has[d][i] || b->has[d][i];
}

static bool in_first_alone(
	const struct set *a, const struct set *b, unsigned d, unsigned i)
{
	return a->has[d][i] && !b->has[d][i];
}

static bool in_none(const struct set *a, const struct set *b, unsigned d, unsigned i)
{
	(void)b;
	return !a->has[d][i];
}

/* The place of the box that has the point; the first brings it. */
static uint32_t place_at(const struct flows *f, unsigned d, const struct box *p)
{
	const struct box *b = space_find(&f->side[d][p->family == 6], p);

	return b ? b->place : UINT32_MAX;
}

/* Where a point is in a, what unites, meets or is left of a says a's place. */
static void check_provenance(const struct tiny *t, const struct set *a,
	const struct set *b, const struct flows *united, const struct flows *rest)
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++)
		for (unsigned i = 0; i < tiny_points(t); i++) {
			struct box p = tiny_point(t, i);
			const struct flows *from =
				a->has[d][i] ? &a->flows : &b->flows;
			EXPECT(place_at(united, d, &p) == place_at(from, d, &p),
				"whose point is it?");
			if (a->has[d][i] && !b->has[d][i])
				EXPECT(place_at(rest, d, &p) ==
						place_at(&a->flows, d, &p),
					"whose rest is it?");
		}
}

static void check_relations(
	const struct tiny *t, const struct set *a, const struct set *b)
{
	struct flows rest;
	enum direction d = DIRECTION_MAX;
	struct box some, point;
	bool subset = true, equal = true, really = true, same = true, empty = true, told;

	flows_init(&rest, pool, LIMIT);
	for (unsigned k = 0; k < DIRECTION_MAX; k++)
		for (unsigned i = 0; i < tiny_points(t); i++) {
			really &= !a->has[k][i] || b->has[k][i];
			same &= a->has[k][i] == b->has[k][i];
			empty &= !a->has[k][i];
		}
	EXPECT(flows_is_empty(&a->flows) == empty, "emptiness");
	EXPECT(!flows_is_subset(&a->flows, &b->flows, &rest, &subset), "subset");
	EXPECT(subset == really, "subset %d, by points %d", subset, really);
	told = flows_some(&rest, &d, &some);
	EXPECT(told == !subset, "a witness where there is none, or none");
	if (told) {
		point = some;
		point.hi = point.lo;
		point.proto_hi = point.proto_lo;
		point.device_port.hi = point.device_port.lo;
		point.peer_port.hi = point.peer_port.lo;
		EXPECT(flows_has(&a->flows, d, &point) &&
				!flows_has(&b->flows, d, &point),
			"the witness is none");
	}
	EXPECT(!flows_equal(&a->flows, &b->flows, &rest, &equal) && equal == same,
		"equality");
}

static void round_of_points(const struct tiny *t)
{
	static struct set a, b;
	struct flows united, met, rest, none;

	set_random(&a, t);
	set_random(&b, t);
	if (pick(3) == 0) /* chance seldom makes a subset */
		for (unsigned d = 0; d < DIRECTION_MAX; d++)
			for (uint32_t i = 0; i < a.flows.side[d][t->family == 6].count;
				i++) {
				struct box box = a.flows.side[d][t->family == 6].boxes[i];
				EXPECT(!flows_add(&b.flows, d, &box), "add");
				for (unsigned k = 0; k < tiny_points(t); k++) {
					struct box p = tiny_point(t, k);
					b.has[d][k] |= box_covers(&box, &p);
				}
			}
	flows_init(&united, pool, LIMIT);
	flows_init(&met, pool, LIMIT);
	flows_init(&rest, pool, LIMIT);
	flows_init(&none, pool, LIMIT);
	EXPECT(!flows_unite(&a.flows, &b.flows, &united) &&
			!flows_intersect(&a.flows, &b.flows, &met) &&
			!flows_subtract(&a.flows, &b.flows, &rest) &&
			!flows_complement(&a.flows, &none),
		"operations");
	check_points(t, &a.flows, in_a, &a, &b, "the set itself");
	check_points(t, &united, in_either, &a, &b, "union");
	check_points(t, &met, in_both, &a, &b, "intersection");
	check_points(t, &rest, in_first_alone, &a, &b, "difference");
	check_points(t, &none, in_none, &a, &b, "complement");
	check_provenance(t, &a, &b, &united, &rest);
	check_relations(t, &a, &b);
	check_relations(t, &a, &a);
}

/* ---- laws, on the whole universe ---- */

static struct box random_box(void)
{
	struct box b = box_all(pick(2) ? 4 : 6);
	struct addr x = random_addr_of(b.family), y = random_addr_of(b.family);
	unsigned p = pick(256), q = pick(256);

	order(&p, &q);
	b.lo = addr_compare(&x, &y) < 0 ? x : y;
	b.hi = addr_compare(&x, &y) < 0 ? y : x;
	b.proto_lo = (uint8_t)p;
	b.proto_hi = (uint8_t)q;
	b.device_port = random_ports();
	b.peer_port = random_ports();
	return b;
}

static void random_flows(struct flows *f)
{
	flows_init(f, pool, LIMIT);
	for (unsigned n = pick(BOXES_MAX); n; n--) {
		struct box b = random_box();
		EXPECT(!flows_add(f, pick(DIRECTION_MAX), &b), "add");
	}
}

/* Expressions over sets, each result in a set of its own. */
static struct flows *fresh(void)
{
	struct flows *f = pool_take(pool, sizeof *f);

	EXPECT(f, "memory");
	flows_init(f, pool, LIMIT);
	return f;
}

static const struct flows *or(const struct flows *a, const struct flows *b)
{
	struct flows *f = fresh();

	EXPECT(!flows_unite(a, b, f), "unite");
	return f;
}

static const struct flows *and(const struct flows *a, const struct flows *b)
{
	struct flows *f = fresh();

	EXPECT(!flows_intersect(a, b, f), "intersect");
	return f;
}

static const struct flows *but(const struct flows *a, const struct flows *b)
{
	struct flows *f = fresh();

	EXPECT(!flows_subtract(a, b, f), "subtract");
	return f;
}

static const struct flows *not(const struct flows *a)
{
	struct flows *f = fresh();

	EXPECT(!flows_complement(a, f), "complement");
	return f;
}

static void same(const struct flows *a, const struct flows *b, const char *law)
{
	struct flows *rest = fresh();
	bool equal = false;

	check_disjoint(a);
	EXPECT(!flows_equal(a, b, rest, &equal) && equal, "%s does not hold", law);
}

static void inside(const struct flows *a, const struct flows *b, const char *law)
{
	struct flows *rest = fresh();
	bool subset = false;

	EXPECT(!flows_is_subset(a, b, rest, &subset) && subset, "%s does not hold", law);
}

static void round_of_laws(void)
{
	struct flows a, b, c, all, none;

	random_flows(&a);
	random_flows(&b);
	random_flows(&c);
	flows_init(&none, pool, LIMIT);
	flows_init(&all, pool, LIMIT);
	EXPECT(!flows_all(&all), "all");
	same(or(&a, &b), or(&b, &a), "A + B = B + A");
	same(and(&a, &b), and(&b, &a), "A . B = B . A");
	same(or(or(&a, &b), &c), or(&a, or(&b, &c)), "(A + B) + C = A + (B + C)");
	same(and(and(&a, &b), &c), and(&a, and(&b, &c)), "(A . B) . C = A . (B . C)");
	same(or(&a, &a), &a, "A + A = A");
	same(and(&a, &a), &a, "A . A = A");
	same(and(&a, or(&b, &c)), or(and(&a, &b), and(&a, &c)), "A . (B + C)");
	same(or(&a, and(&b, &c)), and(or(&a, &b), or(&a, &c)), "A + (B . C)");
	same(not(or(&a, &b)), and(not(&a), not(&b)), "not (A + B)");
	same(not(and(&a, &b)), or(not(&a), not(&b)), "not (A . B)");
	same(not(not(&a)), &a, "not not A = A");
	same(but(&a, &b), and(&a, not(&b)), "A - B = A . not B");
	same(but(&a, or(&b, &c)), but(but(&a, &b), &c), "A - (B + C) = A - B - C");
	same(or(&a, and(&a, &b)), &a, "A + A . B = A");
	same(and(&a, not(&a)), &none, "A . not A = 0");
	same(or(&a, not(&a)), &all, "A + not A = 1");
	same(or(&a, &none), &a, "A + 0 = A");
	same(and(&a, &all), &a, "A . 1 = A");
	inside(but(&a, &b), &a, "A - B in A");
	inside(and(&a, &b), &b, "A . B in B");
	inside(&b, or(&a, &b), "B in A + B");
}

/* What does not fit is an error, and no smaller set. */
static void check_bounds(void)
{
	struct flows small, a;
	struct box one = box_all(4);

	flows_init(&a, pool, LIMIT);
	flows_init(&small, pool, 3);
	for (uint16_t i = 0; i < 4; i++) {
		one.peer_port.lo = one.peer_port.hi = (uint16_t)(2 * i);
		EXPECT(!flows_add(&a, DIRECTION_FROM_DEVICE, &one), "add");
		EXPECT(flows_add(&small, DIRECTION_FROM_DEVICE, &one) ==
				(i < 3 ? 0 : CARDEA_ELIMIT),
			"bound at %u", i);
	}
	EXPECT(flows_unite(&a, &a, &small) == CARDEA_ELIMIT, "union");
	EXPECT(flows_complement(&a, &small) == CARDEA_ELIMIT, "complement");
	EXPECT(flows_intersect(&a, &a, &small) == CARDEA_ELIMIT, "intersection");
}

int main(void)
{
	uint64_t seed = from_environment("POLICY_SEED", 1);
	uint64_t rounds = from_environment("POLICY_ROUNDS", ROUNDS);

	printf("seed %" PRIu64 ", %" PRIu64 " rounds\n", seed, rounds);
	for (uint64_t i = 0; i < rounds; i++) {
		seed_state = seed + i * 0x2545f4914f6cdd1d;
		pool = pool_new("test", 256 << 20);
		EXPECT(pool, "memory");
		round_of_points(&tinies[i % TINIES]);
		round_of_laws();
		pool_free(pool);
	}
	pool = pool_new("test", 16 << 20);
	check_bounds();
	pool_free(pool);
	printf("%u points looked at, %u of them in a set\n", points_seen, points_in);
	EXPECT(rounds < 50 ||
			(points_in > points_seen / 20 &&
				points_in < points_seen / 20 * 19),
		"the sets are too small or too big");
	return 0;
}
