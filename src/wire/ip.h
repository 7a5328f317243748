// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ip - IPv4 (RFC 791) and IPv6 (RFC 8200) headers as one value. */
#ifndef CARDEA_WIRE_IP_H
#define CARDEA_WIRE_IP_H

#include "base/addr.h"
#include "base/cursor.h"

/* RFC 8200 4.1 knows six kinds, Destination Options twice; RFC 8504 5.3 lets a node
 * drop longer chains. */
#define IP_EXT_HEADERS_MAX 8

enum ip_proto {
	IP_PROTO_HOPOPTS = 0,
	IP_PROTO_ICMP = 1,
	IP_PROTO_IGMP = 2,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_ROUTING = 43,
	IP_PROTO_FRAGMENT = 44,
	IP_PROTO_ESP = 50,
	IP_PROTO_AH = 51,
	IP_PROTO_ICMP6 = 58,
	IP_PROTO_NONE = 59,
	IP_PROTO_DSTOPTS = 60,
	IP_PROTO_SCTP = 132,
	IP_PROTO_MOBILITY = 135,
};

struct ip_frag {
	bool is_fragment; /* more set, or offset not 0 */
	bool first;	  /* a fragment with offset 0 */
	bool more;
	uint16_t offset; /* in bytes */
	uint32_t id;	 /* IPv6: 0 without a fragment header */
};

struct ip {
	struct addr src, dst; /* families equal .family */
	uint8_t family;	      /* 4 or 6 */
	uint8_t proto;	      /* of the payload, behind all extension headers */
	uint8_t ttl;	      /* or hop limit */
	uint8_t tos;	      /* or traffic class */
	uint16_t header_len;  /* all headers before the payload */
	uint16_t payload_len; /* as the header claims */
	bool cut;	      /* the capture holds less than payload_len */
	bool router_alert;    /* RFC 2113, RFC 2711: MLD and IGMP set it */
	struct ip_frag frag;
};

/* Either family, by the version nibble. The payload cursor ends at the shorter of what
 * the header claims and what was captured. For a fragment that is not the first,
 * .proto is what the fragment says and the payload is no transport header. */
int ip_parse(struct cursor *c, struct ip *ret, struct cursor *ret_payload)
	CARDEA_MUSTCHECK;
/* c at an IPv4 header: 0 when its checksum holds. IPv6 has none and returns 0. */
int ip_checksum_verify(struct cursor c) CARDEA_MUSTCHECK;

#endif
