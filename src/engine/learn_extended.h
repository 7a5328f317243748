// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended - what was learned of a device as an extended profile: a template that
 * speaks of roles, and the binding that says who plays them in this home. */
#ifndef CARDEA_ENGINE_LEARN_EXTENDED_H
#define CARDEA_ENGINE_LEARN_EXTENDED_H

#include "base/hash.h"
#include "engine/learn.h"
#include "profiles/extended/extended.h"

/* ---- learn_extended_parties.c: which addresses whoever has ---- */

/* Every device, and the gateway as each of them sees it. */
#define LEARN_PARTIES_MAX (2 * LEARNED_DEVICES_MAX)

struct learn_party {
	struct hash_node node; /* first */
	struct learn_party_key {
		struct mac mac;
		uint8_t is_gateway; /* of the device with that MAC */
	} key;
	uint32_t count;
	struct addr addrs[EXTENDED_PARTY_ADDRS];
};

struct learn_parties {
	struct hash_table table;
	struct learn_party *list;
	uint32_t count;
};

int learn_parties_init(struct learn_parties *t) CARDEA_MUSTCHECK;
void learn_parties_free(struct learn_parties *t);
void learn_parties_see(struct learn_parties *t, const struct record *r);
/* NULL: nobody saw one. */
const struct learn_party *learn_parties_find(
	const struct learn_parties *t, const struct mac *m, bool gateway);
/* It is known otherwise: by whoever leases addresses. -ENOSPC beyond LEARN_PARTIES_MAX. */
int learn_parties_add(struct learn_parties *t, const struct mac *m, bool gateway,
	const struct addr *a) CARDEA_MUSTCHECK;

/* What was learned of all devices, and where they are: of captures, or of this home. */
struct learn_home {
	const struct learned *learned;
	const struct learn_parties *parties;
};
struct learn_home learn_home(const struct learn *l); /* learn.c */

/* ---- learn_extended.c ---- */

struct learn_extended {
	char *template, *binding; /* YAML, malloc'd; NULL: see problem */
	uint32_t policies, permits;
	uint32_t widened;  /* that say more than was seen: no role was left */
	uint32_t left_out; /* that the format has no words for */
	char problem[LIMIT_TEXT];
};

/* *ret wants learn_extended_free in any case. p: whole, not brief. */
int learn_extended_make(const struct learn_home *h, const struct learn_profile *p,
	struct learn_extended *ret) CARDEA_MUSTCHECK;
void learn_extended_free(struct learn_extended *e);

/* ---- learn_extended_rest.c: what another profile lacks ---- */

struct learn_rest;
int learn_rest_new(const struct learn_extended *e, struct learn_rest **ret)
	CARDEA_MUSTCHECK;
void learn_rest_free(struct learn_rest *r); /* NULL is fine */
/* All of it, to judge with. */
const struct extended_bound *learn_rest_bound(const struct learn_rest *r);
/* Only this one let a packet pass. NULL is fine. */
void learn_rest_needs(struct learn_rest *r, const struct extended_policy *p);
/* Nobody let it pass. False: there is no word for it, or too many are of that sort. */
bool learn_rest_packet(
	struct learn_rest *r, const struct packet *p, bool from, nstime when);
/* What was needed, and a policy for each sort of packet. Once, at the end. */
int learn_rest_finish(struct learn_rest *r, struct learn_extended *ret)
	CARDEA_MUSTCHECK;

#endif
