// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* flow - one conversation between a device and a peer, seen from the device. */
#ifndef CARDEA_MODEL_FLOW_H
#define CARDEA_MODEL_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"

enum direction {
	DIRECTION_FROM_DEVICE,
	DIRECTION_TO_DEVICE,
	DIRECTION_MAX,
};

#define FLOW_PROTO_TCP 6
#define FLOW_PROTO_UDP 17
#define FLOW_PROTO_ICMP 1
#define FLOW_PROTO_ICMP6 58

/* The direction is that of the packet under judgement; for the first packet of a flow it
 * is the initiator's. */
struct flow {
	enum direction direction;
	struct addr device;
	struct addr peer;
	uint8_t proto;
	uint16_t device_port; /* TCP, UDP, else 0 */
	uint16_t peer_port;
	uint8_t icmp_type; /* ICMP, ICMPv6 */
	uint8_t icmp_code;
};

const char *direction_name(enum direction d); /* "from-device", "to-device" */
const char *flow_proto_name(uint8_t proto);   /* "tcp", ..., or NULL when unnamed */
/* "tcp", or "253": as all output calls it. */
#define FLOW_PROTO_TEXT_MAX 8
const char *flow_proto_text(uint8_t proto, char buf[FLOW_PROTO_TEXT_MAX]);

#endif
