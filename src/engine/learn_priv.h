// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_priv - what the files of learning share. */
#ifndef CARDEA_ENGINE_LEARN_PRIV_H
#define CARDEA_ENGINE_LEARN_PRIV_H

#include "engine/learn.h"
#include "base/hash.h"
#include "sensors/pcap.h"
#include "wire/dhcp4.h"
#include "wire/link.h"

/* Twice the devices, so that probing stays short. A flood of made-up MACs gets no more
 * names than the learner has devices. */
#define LEARN_NAMES_SLOTS (2 * LEARNED_DEVICES_MAX)

struct learn_named {
	struct mac mac; /* zero: free */
	struct learn_name name;
	struct addr made_of; /* family 0: the MAC is its own */
};

struct learn_names {
	struct learn_named *slots;
	uint32_t count;
};

int learn_names_init(struct learn_names *n) CARDEA_MUSTCHECK;
void learn_names_free(struct learn_names *n);
void learn_names_see(struct learn_names *n, uint32_t linktype, struct cursor frame);
/* False: learn_names_see would find nothing. Ethernet, IPv4 without options, UDP to port
 * 67: where clients' packets have these octets. Others, tagged ones among them, are told
 * by the parser. */
static inline bool learn_names_may(uint32_t linktype, const uint8_t *b, size_t len)
{
	if (linktype != LINK_ETHERNET)
		return true;
	if (len < 38)
		return false;
	if (b[12] == 0x81 || b[12] == 0x88)
		return b[13] == 0 || b[13] == 0xa8;
	return b[23] == 17 && b[12] == 8 && b[13] == 0 &&
	       (b[14] != 0x45 || (b[36] == 0 && b[37] == DHCP4_SERVER_PORT));
}
/* Never NULL. */
const struct learn_named *learn_names_find(
	const struct learn_names *n, const struct mac *m);
/* This MAC was made of that address. */
void learn_names_make(struct learn_names *n, const struct mac *m, const struct addr *a);

/* Frames for packets that were captured without a link layer. */
#define LEARN_FRAME_MAX (65536 + 14) /* an IP packet has no more (RFC 791 3.1) */
struct learn_link {
	struct addr gateway[2]; /* IPv4, IPv6: whom devices ask for names */
	uint8_t *frame;
};

bool learn_link_lacks(uint32_t linktype);
/* The packet as an Ethernet frame, in l->frame; an empty cursor when it is none. */
struct cursor learn_link_frame(struct learn_link *l, struct learn_names *names,
	uint32_t linktype, struct cursor packet);

/* ---- learn_bare.c ---- */

/* Of all devices; and of one, beyond which addresses are no profile. */
#define LEARN_BARES_MAX 8192
#define LEARN_BARES_OF_DEVICE 128

enum learn_bare_why {
	LEARN_BARE_HINTED, /* named by TLS, QUIC or HTTP, and by no answer */
	LEARN_BARE_CUT,	   /* the capture has not its beginning */
	LEARN_BARE_ANSWER, /* to a question that went to a group */
	LEARN_BARE_UNTOLD, /* named by an answer of another time */
};

struct learn_bare_key {
	struct mac device;
	uint8_t direction, family, proto, place, why;
	uint16_t port;
	struct addr peer; /* of the internet */
};

struct learn_bare {
	struct hash_node node; /* first */
	struct learn_bare_key key;
	char name[LIMIT_NAME];
	nstime first, last;
	uint64_t flows, packets, bytes[DIRECTION_MAX];
};

struct learn_bares {
	struct hash_table table;
	struct learn_bare *list;
	uint32_t count;
};

int learn_bares_init(struct learn_bares *b) CARDEA_MUSTCHECK;
void learn_bares_free(struct learn_bares *b);
void learn_bares_see(struct learn_bares *t, const struct record *r);
/* Adds a rule for each of the device's that its rules do not let through. */
int learn_bares_add(
	const struct learn_source *s, struct learn_profile *p) CARDEA_MUSTCHECK;

/* learn_bare_keep.c: for who learns for weeks. */
void learn_bares_clear(struct learn_bares *t);
void learn_bares_forget(struct learn_bares *t, const struct mac *device);
/* Those that were not met since then go. */
void learn_bares_age(struct learn_bares *t, nstime before);
/* As it was stored; false: it is there already, or there is no room. */
bool learn_bares_put(struct learn_bares *t, const struct learn_bare *b);
/* The device has not more of them than any profile takes. */
bool learn_bares_has_room(const struct learn_bares *t, const struct mac *device);

#endif
