// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* arp - RFC 826 for Ethernet and IPv4, the only pair in use. */
#ifndef CARDEA_WIRE_ARP_H
#define CARDEA_WIRE_ARP_H

#include "base/addr.h"
#include "base/cursor.h"

enum arp_op {
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
};

struct arp {
	uint16_t op; /* as sent; may be neither of the two */
	struct mac sender_mac, target_mac;
	struct addr sender, target; /* IPv4; a probe has sender 0 (RFC 5227) */
};

/* CARDEA_EUNSUPPORTED for other hardware or protocol types. */
int arp_parse(struct cursor *c, struct arp *ret) CARDEA_MUSTCHECK;

#endif
