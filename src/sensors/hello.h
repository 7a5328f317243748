// SPDX-License-Identifier: GPL-2.0-or-later
/* hello - what a device offers when it opens TLS or DTLS (RFC 9761), as a message. */
#ifndef CARDEA_SENSORS_HELLO_H
#define CARDEA_SENSORS_HELLO_H

#include "model/messages.h"
#include "wire/packet.h"
#include "wire/tls.h"

/* Too large for the stack of a small process. */
struct hello_scratch {
	uint8_t message[TLS_HELLO_MAX];
	struct tls_hello hello;
};

/* The packet can be the start of a ClientHello: the first octets of its payload say so.
 */
bool hello_is_one(const struct packet *p);
/* Fills all of ret but .when, from a packet for which the above is true. Of a hello
 * that goes on in other packets it has what was there. CARDEA_EUNSUPPORTED when it is
 * none after all, CARDEA_EMALFORMED when it is broken. */
int hello_read(const struct packet *p, struct hello_scratch *scratch,
	struct message_seen_hello *ret) CARDEA_MUSTCHECK;

#endif
