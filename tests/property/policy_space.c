// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: boxes and spaces obey the laws of sets, told by points. Environment:
 * POLICY_SEED, POLICY_ROUNDS. */
#include "policy/space_priv.h"
#include "property/policy_random.h"

#define ROUNDS 400

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
		EXPECT(!first == !at && (!at || at->place == first->place),
			"provenance");
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

int main(void)
{
	uint64_t seed = from_environment("POLICY_SEED", 1);
	uint64_t rounds = from_environment("POLICY_ROUNDS", ROUNDS);

	printf("seed %" PRIu64 ", %" PRIu64 " rounds\n", seed, rounds);
	for (uint64_t i = 0; i < rounds; i++) {
		seed_state = seed + i * 0x2545f4914f6cdd1d;
		for (unsigned k = 0; k < 20; k++)
			round_of_boxes();
		round_of_spaces();
	}
	return 0;
}
