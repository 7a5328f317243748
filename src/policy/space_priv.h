// SPDX-License-Identifier: GPL-2.0-or-later
/* space - exact set algebra on flows: boxes of peer range x protocol range x device
 * ports x peer ports, one family and direction at a time. */
#ifndef CARDEA_POLICY_SPACE_PRIV_H
#define CARDEA_POLICY_SPACE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/pool.h"
#include "model/flow.h"
#include "model/rule.h"

/* Never empty: every range has lo <= hi. For ICMP the port range that leads the
 * transport header holds type << 8 | code (model/element.h). */
struct box {
	uint8_t family;
	uint8_t proto_lo, proto_hi;
	struct addr lo, hi; /* the peer, inclusive */
	struct range16 device_port, peer_port;
	uint32_t place; /* provenance, smaller is earlier: kept through every cut */
	bool accept;
};

/* Cutting a box out of another leaves at most two slabs per dimension. */
#define BOX_PIECES_MAX 8

/* The address behind; the last is followed by the first. */
struct addr addr_next(struct addr a);
/* Everything of one family. */
struct box box_all(uint8_t family);
bool box_intersects(const struct box *a, const struct box *b);
/* a AND b with a's provenance; false, and ret untouched, when empty. */
bool box_intersect(const struct box *a, const struct box *b, struct box *ret);
bool box_covers(const struct box *outer, const struct box *inner);
bool box_equal(const struct box *a, const struct box *b); /* as sets */
/* a minus b as disjoint pieces with a's provenance; how many. */
size_t box_subtract(
	const struct box *a, const struct box *b, struct box ret[BOX_PIECES_MAX]);
/* Some flow inside. */
struct flow box_witness(
	const struct box *b, enum direction d, const struct addr *device);

/* A list of boxes that grows in a pool, at most limit of them. */
struct space {
	struct pool *pool;
	struct box *boxes;
	uint32_t count, cap;
	uint32_t limit;
};

void space_init(struct space *s, struct pool *pool, uint32_t limit);
/* As it is, overlapping or not. CARDEA_ELIMIT, -ENOMEM. */
int space_push(struct space *s, const struct box *b) CARDEA_MUSTCHECK;
/* Removes b from every box; a disjoint space stays disjoint. */
int space_subtract(struct space *s, const struct box *b) CARDEA_MUSTCHECK;
/* Cuts every box along b, so that each is inside b or outside; the set is the same. */
int space_split(struct space *s, const struct box *b) CARDEA_MUSTCHECK;
/* Adds what of b is not there yet, so that a disjoint space stays disjoint and each
 * point keeps the provenance of the first box that brought it. scratch is emptied. */
int space_unite(
	struct space *s, const struct box *b, struct space *scratch) CARDEA_MUSTCHECK;
/* Adds what of b is neither there yet nor in except. */
int space_unite_but(struct space *s, const struct box *b, const struct space *except,
	struct space *scratch) CARDEA_MUSTCHECK;
/* The first box with that point in it (a box of one point), or NULL. */
const struct box *space_find(const struct space *s, const struct box *point);
/* Every point of a is in b: *ret is false and *ret_witness (a box of a minus b) is set
 * when not. Work is done in scratch. */
int space_is_subset(const struct space *a, const struct space *b, struct space *scratch,
	bool *ret, struct box *ret_witness) CARDEA_MUSTCHECK;

/* Sets of flows: a space for each direction and family, always disjoint. The universe is
 * every box of both directions and families. Each operation is exact; none changes its
 * arguments, none but ret's pool is used, and ret, which must be another set, is emptied
 * first. CARDEA_ELIMIT where a side would have more boxes than ret may hold: a set that
 * is not whole is none. */
#define FLOWS_FAMILIES 2
struct flows {
	struct space side[DIRECTION_MAX][FLOWS_FAMILIES];
	struct space scratch;
};
void flows_init(struct flows *f, struct pool *pool, uint32_t limit);
struct space *flows_side(struct flows *f, enum direction d, uint8_t family);
/* One box more; what is there already keeps its provenance, here and in unions. */
int flows_add(struct flows *f, enum direction d, const struct box *b) CARDEA_MUSTCHECK;
int flows_all(struct flows *ret) CARDEA_MUSTCHECK; /* the universe */
/* a's provenance goes before b's. */
int flows_unite(const struct flows *a, const struct flows *b,
	struct flows *ret) CARDEA_MUSTCHECK;
/* With a's provenance, these two. */
int flows_intersect(const struct flows *a, const struct flows *b,
	struct flows *ret) CARDEA_MUSTCHECK;
int flows_subtract(const struct flows *a, const struct flows *b,
	struct flows *ret) CARDEA_MUSTCHECK;
int flows_complement(const struct flows *a, struct flows *ret) CARDEA_MUSTCHECK;
/* Some box of the set, for box_witness; false when it is empty. */
bool flows_some(const struct flows *f, enum direction *ret_direction, struct box *ret);
bool flows_is_empty(const struct flows *f);
bool flows_has(const struct flows *f, enum direction d, const struct box *point);
/* Every flow of a is one of b. Where not, *rest holds a minus b: its flows_some is the
 * witness. */
int flows_is_subset(const struct flows *a, const struct flows *b, struct flows *rest,
	bool *ret) CARDEA_MUSTCHECK;
/* The same flows, whatever their boxes. rest holds what one has and the other has not. */
int flows_equal(const struct flows *a, const struct flows *b, struct flows *rest,
	bool *ret) CARDEA_MUSTCHECK;

#endif
