// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* element - one entry of a flat kernel set: the whole language that the engine may
 * speak to the enforcer. Typed, fixed size, no strings.
 *
 *   kind      key                                                  purpose
 *   MANAGED   mac                                                  policy is enforced for it
 *   POLICED   device address                                       ... by address, routed to it
 *   BOUND     mac . address                                        its rightful addresses
 *   OWNED     address                                              somebody's: no one else's
 *   LOCAL     prefix                                               the LAN's own sources
 *   OUT       mac . peer address . proto . peer port               exact, from the device
 *   OUT_RANGE mac . peer range . proto range . device ports . peer ports
 *   IN_RANGE  device address . peer range . proto range . peer ports . device ports
 *   IN        device address . peer address . proto . device port   exact, to the device
 *   ETHER_OUT mac . Ethernet type . peer mac range      frames that are not IP, from it
 *   ETHER_IN  mac . Ethernet type . peer mac range      ... and to it
 *   NAME      mac . name hash . suffix? . proto . peer port   addresses that the kernel may
 *             learn from DNS answers to the device, and open as OUT; family 0 is both
 *   LIMIT_OUT_BYTES, LIMIT_OUT_PACKETS  mac             at most `rate` a second
 *   LIMIT_IN_BYTES, LIMIT_IN_PACKETS    device address  at most `rate` a second
 *   ARM_OUT   mac . gate . as OUT_RANGE      what it sends, and may, opens a gate
 *   ARM_IN    device address . gate . as IN_RANGE   ... or what it is sent
 *
 * A GATE is a number that stands for "open for open_s seconds after a packet that ARM_OUT or
 * ARM_IN holds"; it is unique in the house. OUT_RANGE and IN_RANGE with a gate let
 * conversations begin while it is open; gate 0 is always open. ELEMENT_GATE_TOLD is no number
 * of a trigger: what only such a range holds passes, and is told (REASON_TOLD).
 *
 * For ICMP the "device ports" of OUT_RANGE and the "peer ports" of IN_RANGE (that is,
 * the first two bytes of the transport header of that packet) hold type << 8 | code, and
 * the other range is 0-65535.
 * Ranges of one set must be disjoint (the kernel's pipapo refuses partial overlap);
 * policy/space makes them so. Those with a gate and ARM may overlap anything, but those of
 * ELEMENT_GATE_TOLD are disjoint among themselves. */
#ifndef CARDEA_MODEL_ELEMENT_H
#define CARDEA_MODEL_ELEMENT_H

#include <stdint.h>
#include "base/addr.h"
#include "model/rule.h"

enum element_kind {
	ELEMENT_MANAGED,
	ELEMENT_POLICED,
	ELEMENT_BOUND,
	ELEMENT_OWNED,
	ELEMENT_LOCAL,
	ELEMENT_OUT,
	ELEMENT_OUT_RANGE,
	ELEMENT_IN_RANGE,
	ELEMENT_IN,
	ELEMENT_ETHER_OUT,
	ELEMENT_ETHER_IN,
	ELEMENT_LIMIT_OUT_BYTES,
	ELEMENT_LIMIT_OUT_PACKETS,
	ELEMENT_LIMIT_IN_BYTES,
	ELEMENT_LIMIT_IN_PACKETS,
	ELEMENT_NAME,
	ELEMENT_ARM_OUT,
	ELEMENT_ARM_IN,
	ELEMENT_KIND_MAX,
};

#define ELEMENT_GATE_TOLD UINT32_MAX

struct element {
	enum element_kind kind;
	uint8_t family; /* 4, 6; 0 for MANAGED, ETHER and LIMIT_OUT */
	struct mac mac;
	struct addr device;	      /* POLICED, BOUND, OWNED, IN, IN_RANGE, LIMIT_IN */
	struct addr peer_lo, peer_hi; /* inclusive; equal for OUT, IN; LOCAL's range */
	uint8_t proto_lo, proto_hi;   /* 0-255 is any */
	struct range16 device_port, peer_port;
	uint16_t ether_type;		  /* ETHER */
	struct mac peer_mac_lo, peer_mac_hi; /* ETHER: inclusive; equal, or all there are */
	uint64_t name_hash; /* NAME: model/name_hash.h */
	bool name_suffix;   /* NAME: of all that is below the name, not the name itself */
	uint32_t gate;	    /* ARM; OUT_RANGE, IN_RANGE: or 0 */
	uint32_t open_s;    /* ARM: not part of the key, but the same for one gate */
	uint64_t rate;	    /* LIMIT: not part of the key, like the timeout */
	uint32_t timeout_s; /* 0: stays until removed */
};

const char *element_kind_name(enum element_kind k);
/* Order for sorting and equality of keys (timeout and rate are not part of the key). */
int element_compare(const struct element *a, const struct element *b);
/* 0, or CARDEA_EMALFORMED: a key that no set could hold. */
int element_check(const struct element *e) CARDEA_MUSTCHECK;

#endif
