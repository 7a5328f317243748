// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_priv - what the files of learning share. */
#ifndef CARDEA_ENGINE_LEARN_PRIV_H
#define CARDEA_ENGINE_LEARN_PRIV_H

#include "engine/learn.h"
#include "sensors/pcap.h"

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
/* A look at a few octets; all but DHCP costs no more. */
void learn_names_see(struct learn_names *n, uint32_t linktype, struct cursor frame);
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

#endif
