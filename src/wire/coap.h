// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* coap - what is asked of whom in CoAP over UDP (RFC 7252). */
#ifndef CARDEA_WIRE_COAP_H
#define CARDEA_WIRE_COAP_H

#include "base/cursor.h"
#include "base/str.h"

#define COAP_PORT 5683
/* Options looked at; a URI of 255 segments of nothing would be an attack. */
#define COAP_OPTIONS_MAX 64
#define COAP_PATH_MAX 240

enum coap_type {
	COAP_CON,
	COAP_NON,
	COAP_ACK,
	COAP_RST,
};

struct coap {
	uint8_t type; /* enum coap_type */
	uint8_t code; /* class and detail: 0.01 is GET, 2.05 is Content; 0: empty */
	uint16_t id;
	uint8_t token_len;
	char path[COAP_PATH_MAX + 1]; /* "/a/b", as sent but for what is not printable,
				       * which is '?'; its start, when longer; "/"
				       * without options */
};

/* A whole datagram. CARDEA_EMALFORMED for what RFC 7252 3 calls a format error. */
int coap_parse(struct cursor *c, struct coap *ret) CARDEA_MUSTCHECK;
/* "GET", ... of a request; NULL for answers and the unknown. */
const char *coap_method(uint8_t code);

#endif
