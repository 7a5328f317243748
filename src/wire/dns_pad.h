// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns_pad - the EDNS padding option (RFC 7830), which hides how long an encrypted
 * message is. */
#ifndef CARDEA_WIRE_DNS_PAD_H
#define CARDEA_WIRE_DNS_PAD_H

#include "base/cursor.h"

/* Replies are a multiple of this long (RFC 8467 4.1). */
#define DNS_PAD_BLOCK 468

/* The message has the option; a malformed one has not. */
bool dns_is_padded(struct cursor message);
/* Makes the message that fills w, up to w->len, a multiple of block long. Its last
 * record must be OPT, else CARDEA_EUNSUPPORTED; CARDEA_ELIMIT when w has no room. w is
 * as it was after an error. */
int dns_pad(struct writer *w, size_t block) CARDEA_MUSTCHECK;

#endif
