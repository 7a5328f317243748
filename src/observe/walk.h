// SPDX-License-Identifier: GPL-2.0-or-later
/* walk - the headers of one frame, read once and as briefly as a packet of a known
 * conversation allows: addresses, ports, flags, lengths. wire/ reads all the rest. */
#ifndef CARDEA_OBSERVE_WALK_H
#define CARDEA_OBSERVE_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/cursor.h"

/* A conversation, the same from both ends: the lower address first. Whole words,
 * because what is written in halves is slow to read as a whole. */
struct walk_key {
	uint64_t addr[2][2]; /* as struct addr has it: IPv4 in the first four bytes */
	uint64_t rest;       /* walk_rest */
};

enum walk_kind {
	WALK_OTHER, /* no IP: c stands behind the link layer */
	WALK_PACKET,
	WALK_MALFORMED,  /* a header that lies, or that is not all there */
	WALK_UNREADABLE, /* not even a link layer that we know */
};

struct walk {
	enum walk_kind kind;
	bool has_dst;         /* cooked captures lack it; zero then */
	bool fragment, later; /* of a packet in fragments; not the first of them */
	bool swapped;         /* the sender is key.addr[1] */
	uint8_t family, proto, ttl, flags; /* flags: TCP's */
	uint8_t icmp_type;
	uint16_t type; /* EtherType */
	uint16_t sport, dport;
	uint32_t seq, fragment_id;
	uint32_t len; /* of the IP packet */
	struct mac dst, src;
	struct walk_key key;
	struct cursor network;   /* of what is no IP: what stands in its place */
	struct cursor transport; /* of ICMP, too; not of all TCP and UDP */
	struct cursor payload; /* starts where it stands, as DNS counts */
};

/* Ports of either side (ICMP: type and identifier, whatever the side), protocol,
 * family, and the number of what is asked, of at most 23 bits. */
static inline uint64_t walk_rest(
	uint16_t port0, uint16_t port1, uint8_t proto, uint8_t family, uint32_t asked)
{
	return port0 | (uint64_t)port1 << 16 | (uint64_t)proto << 32 |
	       (uint64_t)(family == 6) << 40 | (uint64_t)asked << 41;
}
static inline uint16_t walk_port(const struct walk_key *k, unsigned side)
{
	return (uint16_t)(k->rest >> (side ? 16 : 0));
}
static inline uint8_t walk_proto(const struct walk_key *k)
{
	return (uint8_t)(k->rest >> 32);
}
static inline uint8_t walk_family(const struct walk_key *k)
{
	return k->rest >> 40 & 1 ? 6 : 4;
}
static inline struct addr walk_addr(const struct walk_key *k, unsigned side)
{
	struct addr a = {.family = walk_family(k)};

	memcpy(a.b, k->addr[side], sizeof a.b);
	return a;
}
static inline bool walk_key_equal(const struct walk_key *a, const struct walk_key *b)
{
	return !((a->addr[0][0] ^ b->addr[0][0]) | (a->addr[0][1] ^ b->addr[0][1]) |
		 (a->addr[1][0] ^ b->addr[1][0]) | (a->addr[1][1] ^ b->addr[1][1]) |
		 (a->rest ^ b->rest));
}

/* wire_len: of the frame before the capture cut it. */
void walk_frame(
	struct walk *w, uint32_t linktype, struct cursor frame, uint32_t wire_len);
static inline struct addr walk_source(const struct walk *w)
{
	return walk_addr(&w->key, w->swapped);
}
static inline struct addr walk_target(const struct walk *w)
{
	return walk_addr(&w->key, !w->swapped);
}

#endif
