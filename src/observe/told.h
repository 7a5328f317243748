// SPDX-License-Identifier: GPL-2.0-or-later
/* told - which device was told which address under which name (RFC 9726), as long as
 * the gateway would hold it open. */
#ifndef CARDEA_OBSERVE_TOLD_H
#define CARDEA_OBSERVE_TOLD_H

#include "base/addr.h"
#include "base/clock.h"
#include "observe/hosts.h"
#include "observe/strings.h"

/* Names of one address that are told apart; a content network has thousands, a device
 * knows some. */
#define TOLD_NAMES_MAX 8

struct told {
	uint8_t octets[16]; /* of an address, as in struct addr */
	nstime when;
	uint32_t name; /* 0: free */
	uint32_t host : 14;
	uint32_t ttl_s : 17; /* with the grace */
	uint32_t is_v6 : 1;
};
_Static_assert(sizeof(struct told) == 32, "two in a line of the cache");
_Static_assert(HOSTS_MAX < 1 << 14 && BINDING_TTL_MAX_S + BINDING_GRACE_S < 1 << 17,
	"hosts and times fit");

/* Rings grow by so many: most devices are told a handful of addresses. */
#define TOLD_BLOCK 4
#define TOLD_BLOCKS (LIMIT_BINDINGS / TOLD_BLOCK)
_Static_assert(LIMIT_BINDINGS % TOLD_BLOCK == 0, "rings are whole blocks");

struct told_ring {
	uint32_t first, used; /* blocks: of its begin, and of the place before `next` */
	uint16_t next;	      /* place in it */
};

struct told_table {
	struct index index; /* by host and address, several names each */
	struct told *told;   /* block's first at block * TOLD_BLOCK */
	uint32_t *following; /* of a block, in its ring; 0: none yet */
	struct told_ring *rings;
	uint32_t last_block; /* that was taken */
};

int told_init(struct told_table *t, uint32_t hosts) CARDEA_MUSTCHECK;
void told_free(struct told_table *t);
/* name is held from now on. */
void told_add(struct told_table *t, struct strings *s, uint32_t host,
	const struct addr *a, uint32_t name, uint32_t ttl_s, nstime now);
/* The latest name of this address; 0: none that holds. */
uint32_t told_name(
	const struct told_table *t, uint32_t host, const struct addr *a, nstime now);
/* Whether it was told under this one. */
bool told_has(const struct told_table *t, uint32_t host, const struct addr *a,
	uint32_t name, nstime now);

#endif
