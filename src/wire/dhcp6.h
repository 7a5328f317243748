// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dhcp6 - DHCPv6 (RFC 8415): who asks, who is given which address, and the MUD URL
 * option (RFC 8520 section 10). Relayed messages are unwrapped. */
#ifndef CARDEA_WIRE_DHCP6_H
#define CARDEA_WIRE_DHCP6_H

#include "base/addr.h"
#include "base/cursor.h"
#include "wire/octets.h"

#define DHCP6_CLIENT_PORT 546
#define DHCP6_SERVER_PORT 547
/* RFC 8415 7.6 HOP_COUNT_LIMIT is 8. */
#define DHCP6_RELAYS_MAX 8
/* Leased addresses in one message; a host asks for one or two. */
#define DHCP6_ADDRESSES_MAX 16
/* RFC 8415 11.1: a DUID is at most 130 octets with its type. */
#define DHCP6_DUID_MAX 130
/* Options looked at per message, over all nesting levels. */
#define DHCP6_OPTIONS_MAX 256

enum dhcp6_type {
	DHCP6_SOLICIT = 1,
	DHCP6_ADVERTISE,
	DHCP6_REQUEST,
	DHCP6_CONFIRM,
	DHCP6_RENEW,
	DHCP6_REBIND,
	DHCP6_REPLY,
	DHCP6_RELEASE,
	DHCP6_DECLINE,
	DHCP6_RECONFIGURE,
	DHCP6_INFORMATION,
	DHCP6_RELAY_FORWARD,
	DHCP6_RELAY_REPLY,
};

struct dhcp6_duid {
	uint8_t len; /* 0: absent */
	uint8_t b[DHCP6_DUID_MAX];
};

struct dhcp6_relay {
	uint8_t type, hop_count;
	struct addr link, peer;
};

struct dhcp6_address {
	struct addr addr;
	uint32_t iaid;
	uint32_t preferred_s, valid_s;
	bool temporary; /* from IA_TA */
};

struct dhcp6 {
	uint8_t msg_type; /* of the innermost message */
	uint32_t xid;	  /* 24 bits */
	uint8_t relay_count;
	uint8_t address_count;
	bool has_server_id;
	bool has_status; /* the message's own status code, not an IA's */
	bool has_client_mac; /* the client DUID is of type 1 or 3 over Ethernet */
	uint16_t status;
	struct mac client_mac;
	struct dhcp6_duid client_id, server_id;
	uint32_t vendor_enterprise; /* 0: no vendor class */
	struct octets vendor_class; /* the first vendor-class-data */
	struct octets fqdn; /* option 39 (RFC 4704), dotted text, without its flags */
	struct octets_url mud_url;
	struct dhcp6_relay relays[DHCP6_RELAYS_MAX]; /* outermost first */
	struct dhcp6_address addresses[DHCP6_ADDRESSES_MAX];
};

/* CARDEA_ELIMIT when a list or value above is exceeded. Entries beyond the counts are
 * not set. */
int dhcp6_parse(struct cursor *c, struct dhcp6 *ret) CARDEA_MUSTCHECK;
/* Writes what dhcp6_parse reads back equal. Returns the writer's error. */
int dhcp6_build(struct writer *w, const struct dhcp6 *d) CARDEA_MUSTCHECK;

#endif
