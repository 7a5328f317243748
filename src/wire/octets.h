// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* octets - bounded storage for option values that arrive in pieces (RFC 3396), so that
 * a slice of the packet cannot hold them. The bytes are the sender's: show them only
 * through octets_str and an escaping function. */
#ifndef CARDEA_WIRE_OCTETS_H
#define CARDEA_WIRE_OCTETS_H

#include "base/str.h"

/* One DHCPv4 option without concatenation: its length field is one octet. */
#define OCTETS_MAX 255
/* A MUD URL with its reserved tail. RFC 8520 gives no limit; one DHCPv4 option holds
 * 255, LLDP 508. With a NUL it fits LIMIT_URL. */
#define OCTETS_URL_MAX 511

struct octets {
	uint16_t len;
	char b[OCTETS_MAX];
};

struct octets_url {
	uint16_t len;
	char b[OCTETS_URL_MAX];
};

static inline struct untrusted_str octets_str(const struct octets *o)
{
	return (struct untrusted_str){.bytes = o->b, .len = o->len};
}
static inline struct untrusted_str octets_url_str(const struct octets_url *o)
{
	return (struct untrusted_str){.bytes = o->b, .len = o->len};
}

#endif
