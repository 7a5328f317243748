// SPDX-License-Identifier: GPL-2.0-or-later
/* confirmed - which answers the kernel is known to have opened for a client just now:
 * the same name with the same addresses need not wait for it again. Of fixed size; each
 * client has a share of its own that no other can take while it is in use. Time is the
 * caller's. */
#ifndef CARDEA_NAMES_CONFIRMED_H
#define CARDEA_NAMES_CONFIRMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/hash.h"
#include "model/limits.h"

/* An address stays open for BINDING_TTL_MIN_S + BINDING_GRACE_S at least; after this
 * much less the kernel is asked again, so that a confirmed answer never is near its end. */
#define CONFIRMED_S 30
_Static_assert(CONFIRMED_S < BINDING_TTL_MIN_S, "what is confirmed is open");
/* Clients with something confirmed in the last CONFIRMED_S. A home has a hundred devices
 * with two addresses each, of which few ask within half a minute; all others' answers
 * wait. */
#define CONFIRMED_CLIENTS 128
/* Answers of one client: a device asks for ten names, a hub for some dozens. */
#define CONFIRMED_PER_CLIENT 128

struct confirmed_answer {
	const struct addr *client;
	const char *name; /* in normal form */
	const struct addr *addrs; /* in any order */
	size_t addr_count;
	uint32_t ttl_s; /* they are good for, from now on */
};

struct confirmed_client {
	struct addr addr;
	uint32_t count;
	nstime newest;
	/* apart: searched for every query */
	uint64_t answers[CONFIRMED_PER_CLIENT];
	struct {
		nstime at;
		nstime good_until; /* as the engine was told, without grace */
	} times[CONFIRMED_PER_CLIENT];
};

struct confirmed {
	struct hash_key key;
	uint64_t hashes[CONFIRMED_CLIENTS]; /* of the addresses */
	struct confirmed_client clients[CONFIRMED_CLIENTS]; /* count 0: nobody's */
};

void confirmed_init(struct confirmed *c, const struct hash_key *key);
/* at: when the engine was asked, which is before the kernel opened the addresses. */
void confirmed_put(
	struct confirmed *c, const struct confirmed_answer *a, nstime at, nstime now);
/* Confirmed lately, and for as long as it would be good for now. */
bool confirmed_has(
	const struct confirmed *c, const struct confirmed_answer *a, nstime now);
void confirmed_drop(struct confirmed *c, const struct addr *client);
void confirmed_drop_all(struct confirmed *c);

#endif
