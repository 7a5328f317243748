// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* flow - words for directions and protocols. */
#include "model/flow.h"

#include "base/str.h"

#include <stddef.h>

const char *direction_name(enum direction d)
{
	switch (d) {
	case DIRECTION_FROM_DEVICE:
		return "from-device";
	case DIRECTION_TO_DEVICE:
		return "to-device";
	case DIRECTION_MAX:
		break;
	}
	return "unknown";
}

/* Those of IANA's protocol numbers that homes see. */
const char *flow_proto_name(uint8_t proto)
{
	switch (proto) {
	case FLOW_PROTO_ICMP:
		return "icmp";
	case 2:
		return "igmp";
	case FLOW_PROTO_TCP:
		return "tcp";
	case FLOW_PROTO_UDP:
		return "udp";
	case 41:
		return "ipv6";
	case 47:
		return "gre";
	case 50:
		return "esp";
	case 51:
		return "ah";
	case FLOW_PROTO_ICMP6:
		return "icmpv6";
	case 132:
		return "sctp";
	default:
		return NULL;
	}
}

const char *flow_proto_text(uint8_t proto, char buf[FLOW_PROTO_TEXT_MAX])
{
	const char *name = flow_proto_name(proto);

	if (name)
		return name;
	(void)str_print(buf, FLOW_PROTO_TEXT_MAX, "%u", proto);
	return buf;
}
