// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dhcp4 - DHCP (RFC 2131, RFC 2132) with long options (RFC 3396) and the MUD URL
 * option (RFC 8520 section 10). */
#ifndef CARDEA_WIRE_DHCP4_H
#define CARDEA_WIRE_DHCP4_H

#include "base/addr.h"
#include "base/cursor.h"
#include "wire/octets.h"

#define DHCP4_SERVER_PORT 67
#define DHCP4_CLIENT_PORT 68
/* Option instances looked at; pads are not counted. A full Ethernet frame of empty
 * options would have 600. */
#define DHCP4_OPTIONS_MAX 256

/* Name servers kept; clients use three (resolv.conf). */
#define DHCP4_DNS_MAX 4

enum dhcp4_type {
	DHCP4_NONE = 0, /* plain BOOTP */
	DHCP4_DISCOVER = 1,
	DHCP4_OFFER,
	DHCP4_REQUEST,
	DHCP4_DECLINE,
	DHCP4_ACK,
	DHCP4_NAK,
	DHCP4_RELEASE,
	DHCP4_INFORM,
};

struct dhcp4 {
	uint8_t op; /* 1 from a client, 2 from a server */
	uint8_t htype;
	uint8_t msg_type; /* enum dhcp4_type, or as sent */
	uint16_t secs, flags;
	uint32_t xid;
	struct mac chaddr; /* when htype is 1 and hlen 6; else zero */
	/* IPv4, or family 0 when the field or option is absent or 0.0.0.0 */
	struct addr ciaddr, yiaddr, siaddr, giaddr, requested_ip, server_id, router;
	uint8_t dns_count;
	struct addr dns[DHCP4_DNS_MAX]; /* option 6, the first ones */
	bool has_lease_time;
	uint32_t lease_time; /* seconds; 0xffffffff is forever */
	struct octets hostname, fqdn, vendor_class, client_id, param_list;
	struct octets_url mud_url; /* up to the first space, the rest is reserved */
};

/* CARDEA_ELIMIT when an option is longer than its room or there are too many. */
int dhcp4_parse(struct cursor *c, struct dhcp4 *ret) CARDEA_MUSTCHECK;
/* Writes what dhcp4_parse reads back equal; splits long options per RFC 3396. Returns
 * the writer's error. */
int dhcp4_build(struct writer *w, const struct dhcp4 *d) CARDEA_MUSTCHECK;

#endif
