// SPDX-License-Identifier: GPL-2.0-or-later
/* pseudonym - addresses that leave the house without telling it: two that share a prefix
 * share one afterwards, so that a scan still looks like one, and without the home's key
 * nobody turns them back (Xu, Fan, Ammar, Moon: "Prefix-preserving IP address
 * anonymization", ICNP 2002; for IPv6 the same over 128 bits). */
#ifndef CARDEA_LIFECYCLE_PSEUDONYM_H
#define CARDEA_LIFECYCLE_PSEUDONYM_H

#include <stdint.h>
#include "base/addr.h"
#include "base/error.h"

#define PSEUDONYM_KEY 32 /* octets, random, of one home */

struct pseudonym;

/* A key for one purpose and number, which says nothing of the home's or of others made
 * from it (HMAC-SHA-256). -ENOMEM. */
int pseudonym_key(const uint8_t home[PSEUDONYM_KEY], const char *purpose, uint64_t number,
	uint8_t ret[PSEUDONYM_KEY]) CARDEA_MUSTCHECK;

/* -ENOMEM. */
int pseudonym_new(const uint8_t key[PSEUDONYM_KEY], struct pseudonym **ret) CARDEA_MUSTCHECK;
void pseudonym_free(struct pseudonym *p); /* NULL is fine; forgets the key */
/* Another address of the same family. One of no family stays none. */
int pseudonym_addr(struct pseudonym *p, const struct addr *a, struct addr *ret)
	CARDEA_MUSTCHECK;
/* A MAC: its maker's half stays, which says what kind of device it is; the other half is
 * another. Locally administered ones become others as a whole, but for their flags. */
int pseudonym_mac(struct pseudonym *p, const struct mac *m, struct mac *ret) CARDEA_MUSTCHECK;

#endif
