// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* tcp - RFC 9293 header. Options are stepped over. */
#ifndef CARDEA_WIRE_TCP_H
#define CARDEA_WIRE_TCP_H

#include "base/cursor.h"

#define TCP_HEADER_LEN 20

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

struct tcp {
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t flags;
	uint8_t header_len; /* with options */
	uint16_t window;
};

int tcp_parse(struct cursor *c, struct tcp *ret, struct cursor *ret_payload)
	CARDEA_MUSTCHECK;

#endif
