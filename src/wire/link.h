// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* link - from a capture's link type to the network header. Numbers are the registry's
 * at tcpdump.org/linktypes.html, plus the DLT values that old captures carry. */
#ifndef CARDEA_WIRE_LINK_H
#define CARDEA_WIRE_LINK_H

#include "wire/eth.h"

enum link_type {
	LINK_NULL = 0,	     /* BSD loopback, family in host order */
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12,   /* DLT_RAW */
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108,     /* OpenBSD loopback, family in network order */
	LINK_COOKED = 113,   /* LINUX_SLL */
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_COOKED2 = 276,  /* LINUX_SLL2 */
};

/* Afterwards c stands at the network header and ret_eth->type is its EtherType.
 * *ret_has_mac: ret_eth->src is a device's address. Cooked captures know no
 * destination (zero) but fill ret_eth->direction. */
int link_parse(uint32_t linktype, struct cursor *c, struct eth *ret_eth,
	bool *ret_has_mac) CARDEA_MUSTCHECK;

#endif
