// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* icmp - ICMP (RFC 792) and ICMPv6 (RFC 4443). */
#ifndef CARDEA_WIRE_ICMP_H
#define CARDEA_WIRE_ICMP_H

#include "base/addr.h"
#include "base/cursor.h"

enum icmp_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_ROUTER_SOLICIT = 133,
	ICMP6_ROUTER_ADVERT = 134,
	ICMP6_NEIGHBOUR_SOLICIT = 135,
	ICMP6_NEIGHBOUR_ADVERT = 136,
	ICMP6_REDIRECT = 137,
};

/* The packet an error complains about; it began as src -> dst. */
struct icmp_inner {
	struct addr src, dst;
	uint8_t proto;
	bool has_ports; /* TCP, UDP or SCTP, and the first fragment */
	bool has_echo;	/* an echo request or reply: src_port is its identifier */
	uint16_t src_port, dst_port;
};

struct icmp {
	uint8_t type, code;
	bool has_echo;
	bool has_inner; /* an error whose inner IP header could be read */
	uint16_t echo_id, echo_seq;
	uint32_t rest; /* octets 4 to 7: MTU, pointer, gateway ... */
	struct icmp_inner inner;
};

/* family 4 or 6. The payload follows the eight-octet header. */
int icmp_parse(struct cursor *c, uint8_t family, struct icmp *ret,
	struct cursor *ret_payload) CARDEA_MUSTCHECK;

#endif
