// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* quic - Initial packets of QUIC version 1 and 2 (RFC 9000, RFC 9369) around their
 * protection, and the CRYPTO frames in them. Keys and ciphers are somebody else's. */
#ifndef CARDEA_WIRE_QUIC_H
#define CARDEA_WIRE_QUIC_H

#include "base/cursor.h"

#define QUIC_CID_MAX 20 /* RFC 9000 17.2 */
#define QUIC_V1 0x00000001U
#define QUIC_V2 0x6b3343cfU
/* Frames of one packet looked at: a packet of PINGs would have a thousand; PADDING is
 * not counted. */
#define QUIC_FRAMES_MAX 128

struct quic_cid {
	uint8_t len;
	uint8_t b[QUIC_CID_MAX];
};

struct quic_initial {
	uint32_t version;
	struct quic_cid dcid, scid;
	struct cursor packet; /* all of it, in its datagram */
	size_t number_at;     /* the packet number's offset in it */
};

/* The next packet of a datagram, consumed: 0 for an Initial. CARDEA_EUNSUPPORTED: a
 * long header of another type, stepped over when it has a length; go on while
 * cursor_left. CARDEA_EMALFORMED, CARDEA_ETRUNCATED, and CARDEA_ELIMIT for another
 * version: there is no way on. */
int quic_next_initial(
	struct cursor *datagram, struct quic_initial *ret) CARDEA_MUSTCHECK;

struct quic_crypto {
	uint64_t offset;
	struct cursor data;
};
/* From the plain text of an Initial: 1 and the next CRYPTO frame, 0 at the end, or an
 * error: a frame that an Initial must not have (RFC 9000 12.4), one that is cut, too
 * many. *left begins at QUIC_FRAMES_MAX. */
int quic_next_crypto(struct cursor *frames, unsigned *left,
	struct quic_crypto *ret) CARDEA_MUSTCHECK;
/* RFC 9000 16. */
uint64_t quic_varint(struct cursor *c);

#endif
