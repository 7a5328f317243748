// SPDX-License-Identifier: GPL-2.0-or-later
/* local - what the gateway answers by itself and never asks anybody: the house's names
 * and their addresses, its own encrypted service (DDR, RFC 9462), names that have no
 * meaning outside (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476) and addresses that
 * have none (RFC 6303, RFC 7793). Bounded; no clock, no I/O. */
#ifndef CARDEA_NAMES_LOCAL_H
#define CARDEA_NAMES_LOCAL_H

#include <stdbool.h>
#include "base/addr.h"
#include "base/cursor.h"
#include "model/limits.h"
#include "wire/dns.h"

/* Names with an address each: four a device. */
#define LOCAL_NAMES_MAX (4 * LIMIT_DEVICES)
/* Addresses of one name in a reply: a device has one IPv4 and some of RFC 8981. */
#define LOCAL_ADDRS_PER_NAME 16
/* The gateway's own, over all LANs. */
#define LOCAL_HOUSE_ADDRS 32

/* One LAN address of the gateway. */
struct local_addr {
	char lan[LIMIT_IFNAME];
	struct addr addr;
	uint8_t prefix_len;
};

/* The gateway itself. Names in normal form. */
struct local_house {
	char name[LIMIT_NAME];   /* of the DNS service */
	char domain[LIMIT_NAME]; /* of the devices */
	bool dot;                /* DNS over TLS is there */
	bool canary;             /* deny use-application-dns.net */
	struct local_addr addrs[LOCAL_HOUSE_ADDRS];
	unsigned addr_count;
};

struct local;

struct local *local_new(void); /* NULL: no memory */
void local_free(struct local *l); /* NULL is fine */
struct local_house *local_house(struct local *l); /* to be filled in */
/* "br-lan 192.168.1.1/24", as the parent tells a LAN address. */
int local_house_add(struct local_house *h, const char *text) CARDEA_MUSTCHECK;

/* A device has this name, one label or one in the domain of the house, at addr. Known
 * pairs stay as they are. CARDEA_EMALFORMED: no host's name, or one with a meaning to
 * browsers and stacks that no device may have; CARDEA_ELIMIT, -ENOMEM. */
int local_tell(struct local *l, const char *name, const struct addr *addr)
	CARDEA_MUSTCHECK;
/* No longer; unknown pairs are fine. */
void local_forget(struct local *l, const char *name, const struct addr *addr);
void local_forget_all(struct local *l);

/* True: w holds the whole reply to q, asked by client, at most limit long (else it is
 * truncated). False: it is for upstream, and w is as it was. */
bool local_answer(const struct local *l, const struct addr *client,
	const struct dns_query *q, size_t limit, struct writer *w);

#endif
