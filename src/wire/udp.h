// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* udp - RFC 768 header. */
#ifndef CARDEA_WIRE_UDP_H
#define CARDEA_WIRE_UDP_H

#include "base/cursor.h"

#define UDP_HEADER_LEN 8

struct udp {
	uint16_t src_port, dst_port;
	uint16_t len; /* header and data, as claimed */
};

/* The payload ends at the shorter of the length field and the cursor. */
int udp_parse(struct cursor *c, struct udp *ret, struct cursor *ret_payload)
	CARDEA_MUSTCHECK;

#endif
