// SPDX-License-Identifier: GPL-2.0-or-later
/* walk - the headers of one frame, read once and as briefly as a packet of a known
 * conversation allows: addresses, ports, flags, lengths. wire/ reads all the rest. */
#ifndef CARDEA_OBSERVE_WALK_H
#define CARDEA_OBSERVE_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/cursor.h"

/* A conversation, the same from both ends: the lower address first. */
struct walk_key {
	uint8_t addr[2][16]; /* IPv4 in the first four */
	uint16_t port[2];    /* ICMP: type and identifier, for either order */
	uint32_t tail;	     /* protocol, family, what is asked: walk_tail */
};

enum walk_kind {
	WALK_OTHER,	/* no IP: c stands behind the link layer */
	WALK_PACKET,
	WALK_MALFORMED, /* a header that lies, or that is not all there */
	WALK_UNREADABLE,/* not even a link layer that we know */
};

struct walk {
	enum walk_kind kind;
	bool has_dst; /* cooked captures lack it; zero then */
	bool fragment, later; /* of a packet in fragments; not the first of them */
	bool swapped; /* the sender is key.addr[1] */
	uint8_t family, proto, ttl, flags; /* flags: TCP's */
	uint8_t icmp_type;
	uint16_t type; /* EtherType */
	uint16_t sport, dport;
	uint32_t seq, fragment_id;
	uint32_t len; /* of the IP packet */
	struct mac dst, src;
	struct walk_key key;
	struct cursor network; /* from the IP header on, or what stands in its place */
	struct cursor transport;
	struct cursor payload; /* starts where it stands, as DNS counts */
};

static inline uint32_t walk_tail(uint8_t proto, uint8_t family, uint32_t asked)
{
	return (uint32_t)proto | (family == 6) << 8 | asked << 9;
}
static inline bool walk_key_equal(const struct walk_key *a, const struct walk_key *b)
{
	uint64_t x[5], y[5];

	memcpy(x, a, sizeof x);
	memcpy(y, b, sizeof y);
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) |
		 (x[4] ^ y[4]));
}
_Static_assert(sizeof(struct walk_key) == 40, "five words without a gap");
static inline struct addr walk_addr(const struct walk_key *k, unsigned side)
{
	return k->tail >> 8 & 1 ? addr_v6(k->addr[side]) : addr_v4(k->addr[side]);
}

/* wire_len: of the frame before the capture cut it. */
void walk_frame(struct walk *w, uint32_t linktype, struct cursor frame,
	uint32_t wire_len);
static inline struct addr walk_source(const struct walk *w)
{
	return walk_addr(&w->key, w->swapped);
}
static inline struct addr walk_target(const struct walk *w)
{
	return walk_addr(&w->key, !w->swapped);
}

#endif
