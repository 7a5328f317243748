// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* addr - MAC and IP addresses and prefixes as plain values. Unused bytes are zero, so
 * values compare with memcmp and hash as bytes. */
#ifndef CARDEA_BASE_ADDR_H
#define CARDEA_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct mac {
	uint8_t b[6];
};

struct addr {
	uint8_t family; /* 4, 6, or 0 for none */
	uint8_t b[16];	/* network order; IPv4 in the first four */
};

struct prefix {
	struct addr addr; /* bits beyond len are zero */
	uint8_t len;	  /* bits */
};

#define MAC_TEXT_MAX 18
#define ADDR_TEXT_MAX 46
#define PREFIX_TEXT_MAX 50

struct addr addr_v4(const void *four_bytes);
struct addr addr_v6(const void *sixteen_bytes);
/* Strict dotted or RFC 4291 text. -CARDEA_EMALFORMED style: CARDEA_EMALFORMED. */
int addr_parse(const char *text, struct addr *ret) CARDEA_MUSTCHECK;
char *addr_format(const struct addr *a, char buf[ADDR_TEXT_MAX]);
int mac_parse(const char *text, struct mac *ret) CARDEA_MUSTCHECK; /* : or - between */
char *mac_format(const struct mac *m, char buf[MAC_TEXT_MAX]);
/* "10.0.0.0/8", or a bare address as a host prefix; host bits must be zero. */
int prefix_parse(const char *text, struct prefix *ret) CARDEA_MUSTCHECK;
char *prefix_format(const struct prefix *p, char buf[PREFIX_TEXT_MAX]);

bool addr_equal(const struct addr *a, const struct addr *b);
bool mac_equal(const struct mac *a, const struct mac *b);
int addr_compare(const struct addr *a, const struct addr *b); /* as memcmp */
uint8_t addr_bits(const struct addr *a);		      /* 32, 128 or 0 */
bool prefix_contains(const struct prefix *p, const struct addr *a);
struct prefix prefix_of(const struct addr *a, uint8_t len); /* masks host bits */
void prefix_range(const struct prefix *p, struct addr *ret_lo, struct addr *ret_hi);

bool mac_is_zero(const struct mac *m);
bool mac_is_group(const struct mac *m); /* broadcast and multicast */
bool addr_is_multicast(const struct addr *a);
bool addr_is_unspecified(const struct addr *a);
bool addr_is_loopback(const struct addr *a);
bool addr_is_link_local(const struct addr *a);	/* 169.254/16, fe80::/10 */
bool addr_is_private(const struct addr *a);	/* RFC 1918, RFC 6598, RFC 4193 */
bool addr_is_limited_broadcast(const struct addr *a);

#endif
