// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* nd - Neighbour Discovery (RFC 4861) with RDNSS (RFC 8106): the IPv6
 * messages that say who is where and who routes. */
#ifndef CARDEA_WIRE_ND_H
#define CARDEA_WIRE_ND_H

#include "base/addr.h"
#include "base/cursor.h"

/* A home has a delegated, a ULA and perhaps an old prefix; more than this is abuse. */
#define ND_PREFIXES_MAX 8
/* RFC 8106 5.3.1 asks hosts to keep three. */
#define ND_RDNSS_MAX 4
/* Options in one message; an MTU-sized RA holds fewer than this many useful ones. */
#define ND_OPTIONS_MAX 64

enum nd_ra_flag {
	ND_RA_MANAGED = 0x80,
	ND_RA_OTHER = 0x40,
	ND_RA_HOME_AGENT = 0x20,
	ND_RA_PREFERENCE = 0x18, /* RFC 4191, two bits */
};
enum nd_na_flag {
	ND_NA_ROUTER = 0x80,
	ND_NA_SOLICITED = 0x40,
	ND_NA_OVERRIDE = 0x20,
};
enum nd_prefix_flag {
	ND_PREFIX_ON_LINK = 0x80,
	ND_PREFIX_AUTONOMOUS = 0x40,
};

struct nd_prefix {
	struct prefix prefix;
	uint8_t flags;
	uint32_t valid_s, preferred_s;
};

struct nd {
	uint8_t type;	/* ICMP6_ROUTER_SOLICIT ... ICMP6_REDIRECT of icmp.h */
	uint8_t flags;	/* RA or NA */
	bool has_source_mac, has_target_mac;
	struct mac source_mac, target_mac;
	struct addr target;	 /* NS, NA, Redirect; else family 0 */
	struct addr destination; /* Redirect; else family 0 */
	/* Router Advertisement; else 0 */
	uint8_t hop_limit;
	uint16_t lifetime_s; /* 0: not a default router */
	uint32_t reachable_ms, retrans_ms;
	uint32_t mtu; /* 0: not given */
	uint8_t prefix_count, rdnss_count;
	uint32_t rdnss_lifetime_s;
	struct nd_prefix prefixes[ND_PREFIXES_MAX];
	struct addr rdnss[ND_RDNSS_MAX];
};

/* c at the ICMPv6 type octet. The caller checks that the hop limit is 255 (RFC 4861
 * 6.1, 7.1, 8.1): only then was the sender on this link. CARDEA_EUNSUPPORTED when the
 * type is not one of the five, CARDEA_ELIMIT when a list above is exceeded. */
int nd_parse(struct cursor *c, struct nd *ret) CARDEA_MUSTCHECK;

#endif
