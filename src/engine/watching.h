// SPDX-License-Identifier: GPL-2.0-or-later
/* watching - the house as it is before its owner has decided: what profiles do not list is
 * told and passes (engine/household_told.c). After some days he is asked, with what would
 * have been blocked; whatever he does not answer, it stays as it is. */
#ifndef CARDEA_ENGINE_WATCHING_H
#define CARDEA_ENGINE_WATCHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "engine/effect.h"
#include "model/decision.h"

struct pipeline;

/* A week has all of a home's days. */
#define WATCHING_DAYS 7

struct watching {
	bool on;
	bool read;  /* the store was asked since when */
	bool asked; /* for this until */
	nstime since, until; /* wall; 0: the clock is not believed yet */
};

/* What the recorded conversations since then would have met. */
struct watching_sum {
	unsigned devices; /* some of whose would have been blocked */
	uint64_t conversations, would_block, unknown;
	char most[LIMIT_TEXT]; /* "tcp 443 to cloud.example of Kitchen camera", or empty */
};

/* [policy] mode. */
void watching_setting(struct pipeline *p, const char *value);
void watching_tick(struct pipeline *p);
/* The owner's answer to DECISION_PROTECT; -EBUSY: other settings are on their way. */
int watching_answer(struct pipeline *p, const struct decision *d, bool was_accepted)
	CARDEA_MUSTCHECK;
/* Of one device: what passed since then, against its profile. -ENOENT: nothing is enforced
 * for it, or it is held. */
int watching_measure(struct pipeline *p, const struct device *d,
	struct effect *ret) CARDEA_MUSTCHECK;
void watching_sum(struct pipeline *p, struct watching_sum *ret);

#endif
