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
/* The first box with that point in it (a box of one point), or NULL. */
const struct box *space_find(const struct space *s, const struct box *point);
/* Every point of a is in b: *ret is false and *ret_witness (a box of a minus b) is set
 * when not. Work is done in scratch. */
int space_is_subset(const struct space *a, const struct space *b, struct space *scratch,
	bool *ret, struct box *ret_witness) CARDEA_MUSTCHECK;

#endif
