// SPDX-License-Identifier: GPL-2.0-or-later
/* interact - what only ever happens after something else: "the hub speaks to the bulb
 * only within 2 s after the phone spoke to the hub". Mined by the learner from the
 * records of all devices of one house, as precedence constraints: no order of all that
 * happens, so that branches, repeats and what has nothing to do with it break none.
 * Fed by learned_record, saved and loaded with the learner. */
#ifndef CARDEA_PROFILES_LEARNED_INTERACT_H
#define CARDEA_PROFILES_LEARNED_INTERACT_H

#include "profiles/learned/learned.h"

/* What is not seen on so many occasions, a minute apart from one another, is chance. */
#define LEARNED_INTERACT_SUPPORT 5
/* Least lower limit of the share of effects that had their trigger: it takes 25 effects
 * without an exception. */
#define LEARNED_INTERACT_BOUND 0.9
/* The longest between a trigger and its effect. */
#define LEARNED_INTERACT_LONGEST (60 * NS_PER_SEC)

/* A conversation that begins: by the device, DIRECTION_FROM_DEVICE, with whom `kind`
 * says; or by somebody of the internet, DIRECTION_TO_DEVICE. What happens between two
 * devices is told of who begins, kind.peer_mac is the other. */
struct learned_act {
	struct mac device; /* zero: whoever of the house; of triggers only */
	struct learned_kind kind;
};

struct learned_interaction {
	struct learned_act trigger, effect;
	/* The effect may begin for so long after the beginning of the trigger; with a
	 * margin over what was seen. */
	nstime within;
	/* How often the effect was seen: several that follow one trigger are one. */
	uint32_t effects;
	uint32_t precedences; /* of those, after their trigger */
	uint32_t support;     /* of those, a minute apart from one another */
	double bound;  /* 95 % lower limit of precedences / effects (Wilson 1927) */
	double chance; /* how likely any moment is that close behind a trigger */
	bool cross_device; /* the trigger is begun by another device, or from outside */
	/* The trigger is what is asked (DNS, mDNS, SSDP: kind.app, kind.detail) and not a
	 * conversation that a rule can tell from others. */
	bool question;
};

typedef int learned_interact_visit(void *ctx, const struct learned_interaction *i);
/* Those whose effect the device begins or answers; NULL: of the whole house. In an order
 * that does not depend on that of the records. Non-zero of visit stops and is returned.
 * -ENOENT: no such device; -ENOMEM. */
int learned_interactions(const struct learned *l, const struct mac *device,
	learned_interact_visit *visit, void *ctx) CARDEA_MUSTCHECK;

#endif
