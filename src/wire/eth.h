// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* eth - Ethernet II and 802.3 frames with up to two VLAN tags. */
#ifndef CARDEA_WIRE_ETH_H
#define CARDEA_WIRE_ETH_H

#include "base/addr.h"
#include "base/cursor.h"

/* 802.1ad carries a service tag and a customer tag; deeper stacks are not bridged. */
#define ETH_VLANS_MAX 2
#define ETH_HEADER_LEN 14
/* IEEE 802.3 3.2.6: up to here the field is a length, from 0x600 a type. */
#define ETH_LENGTH_MAX 1500

enum eth_type {
	ETH_TYPE_LLC = 0, /* our mark: a length field, LLC follows */
	ETH_TYPE_IPV4 = 0x0800,
	ETH_TYPE_ARP = 0x0806,
	ETH_TYPE_VLAN = 0x8100,
	ETH_TYPE_IPV6 = 0x86dd,
	ETH_TYPE_QINQ = 0x88a8,
	ETH_TYPE_EAPOL = 0x888e,
	ETH_TYPE_LLDP = 0x88cc,
};

/* How a cooked capture saw the frame; a frame captured raw does not say. */
enum eth_direction {
	ETH_DIRECTION_UNKNOWN = 0,
	ETH_DIRECTION_TO_US,
	ETH_DIRECTION_BROADCAST,
	ETH_DIRECTION_MULTICAST,
	ETH_DIRECTION_TO_OTHER,
	ETH_DIRECTION_FROM_US,
};

struct eth {
	struct mac dst, src;
	uint16_t type;			/* ETH_TYPE_LLC for 802.3 */
	uint8_t vlan_count;
	uint8_t direction;		/* enum eth_direction */
	uint16_t vlan[ETH_VLANS_MAX];	/* VLAN id, outermost first */
};

/* Leaves c at the network header. For LLC the cursor's end is cut to the length. */
int eth_parse(struct cursor *c, struct eth *ret) CARDEA_MUSTCHECK;
/* From a type field just read: walks further tags into ret->vlan and sets ret->type.
 * For link layers that carry the type apart from the payload. */
int eth_parse_tags(struct cursor *c, uint16_t type, struct eth *ret) CARDEA_MUSTCHECK;

#endif
