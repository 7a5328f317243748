// SPDX-License-Identifier: GPL-2.0-or-later
/* conntrack - ends what the kernel's connection tracking still knows of a conversation
 * that policy no longer allows, so that neither it nor an offload built on it goes on. */
#ifndef CARDEA_ENFORCE_CONNTRACK_H
#define CARDEA_ENFORCE_CONNTRACK_H

#include <stdint.h>
#include "base/addr.h"

/* A conversation as its two ends see it; who began does not matter, and address
 * translation may have changed one of the two directions. Numbers in the order of the
 * host. Of ICMP echo both ports are the identifier. */
struct conntrack_tuple {
	struct addr a, b; /* of one family */
	uint8_t proto;	  /* TCP, UDP, ICMP, ICMPv6: all others have no ports here */
	uint16_t a_port, b_port;
};

struct conntrack; /* a netlink socket */

/* Before the sandbox. -EPROTONOSUPPORT or the like where the kernel has no netlink. */
int conntrack_open(struct conntrack **ret) CARDEA_MUSTCHECK;
/* Deletes the entry with just this tuple in either direction; 0 also when there is none.
 * -EOPNOTSUPP: the kernel has no way in (ctnetlink). */
int conntrack_delete(struct conntrack *c, const struct conntrack_tuple *t)
	CARDEA_MUSTCHECK;
void conntrack_close(struct conntrack *c); /* NULL is fine */

#endif
