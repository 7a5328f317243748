// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* lldp - Link Layer Discovery Protocol (IEEE 802.1AB) and the MUD URL in it (RFC 8520
 * section 12): what a device says of itself without asking for an address. */
#ifndef CARDEA_WIRE_LLDP_H
#define CARDEA_WIRE_LLDP_H

#include "base/cursor.h"
#include "wire/octets.h"

/* TLVs looked at. lldpd sends some 20; a full frame of empty ones would have 750. */
#define LLDP_TLVS_MAX 128
/* A TLV's nine bits of length, less the OUI and its subtype. */
#define LLDP_MUD_URL_MAX 507

enum lldp_chassis {
	LLDP_CHASSIS_MAC = 4,
};
enum lldp_port {
	LLDP_PORT_MAC = 3,
	LLDP_PORT_IFNAME = 5,
};

struct lldp {
	uint8_t chassis_subtype, port_subtype; /* as sent */
	uint16_t ttl_s; /* 0: the sender leaves (802.1AB 9.1.2.2) */
	/* Without their subtype octet; never empty. */
	struct octets chassis_id, port_id;
	struct octets port_desc, system_name, system_desc;
	struct octets_url mud_url; /* up to the first space, the rest is reserved */
};

/* c at the data unit, behind the EtherType. CARDEA_EMALFORMED when the mandatory TLVs
 * are not the first ones in their order (802.1AB 8.2), or when a TLV that is to stand
 * once does so twice. What follows the end TLV pads the frame. */
int lldp_parse(struct cursor *c, struct lldp *ret) CARDEA_MUSTCHECK;
/* Writes what lldp_parse reads back equal. Returns the writer's error. */
int lldp_build(struct writer *w, const struct lldp *l) CARDEA_MUSTCHECK;

#endif
