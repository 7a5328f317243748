// SPDX-License-Identifier: GPL-2.0-or-later
/* initial - takes the protection off QUIC's first packets, whose keys everybody can
 * make (RFC 9001 5.2, RFC 9369 3.3). */
#ifndef CARDEA_OBSERVE_INITIAL_H
#define CARDEA_OBSERVE_INITIAL_H

#include "wire/quic.h"

/* A datagram on Ethernet; larger ones exist, but no client begins with them. */
#define INITIAL_MAX 2048

struct initial;

/* Ciphers are made once: none are for a packet. -ENOMEM. */
int initial_new(struct initial **ret) CARDEA_MUSTCHECK;
void initial_free(struct initial *i); /* NULL is fine */
/* What a client sent, with keys from the connection ID of its first packet: the frames,
 * valid until the next call. CARDEA_ESIGNATURE when these are not its keys. */
int initial_open(struct initial *i, const struct quic_initial *p,
	const struct quic_cid *cid, struct cursor *ret_frames) CARDEA_MUSTCHECK;

#endif
