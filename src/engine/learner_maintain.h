// SPDX-License-Identifier: GPL-2.0-or-later
/* learner_maintain - profiles that were learned and approved, kept up over the years:
 * what is new is asked, what is a variant is let through, what follows an update is
 * learned anew, and the kernel follows. */
#ifndef CARDEA_ENGINE_LEARNER_MAINTAIN_H
#define CARDEA_ENGINE_LEARNER_MAINTAIN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/jsonw.h"
#include "model/decision.h"
#include "model/device.h"
#include "model/record.h"
#include "profiles/maintain/maintain.h"

struct pipeline;

/* A device whose learned profile is in force. */
struct learner_maintained {
	struct pipeline *pipeline;
	struct mac mac;
	device_id device;
	struct maintain *m;
	nstime approved;  /* wall: which profile it is about */
	uint64_t force;	  /* as the kernel has it; 0: not yet */
	const struct pool *pool; /* of the rules that it has */
	uint64_t saved;	  /* hash of what is stored */
};

struct learner_maintain {
	struct learner_maintained **list;
	size_t count, cap;
	/* The hook is told before the learner is: the one before this is judged. */
	struct record last;
	bool waits;
	bool open;
	nstime next_save; /* mono */
};

/* After learner_open, with what the store has; again when the learner came later. */
int learner_maintain_open(struct pipeline *p) CARDEA_MUSTCHECK;
void learner_maintain_end(struct pipeline *p); /* saves; before learner_end */
/* The owner answered a question of kind DECISION_CONVERSATION. */
int learner_maintain_answer(struct pipeline *p, const struct decision *d,
	bool accept) CARDEA_MUSTCHECK;
/* NULL: its profile is not a learned one. */
const struct maintain *learner_maintain_of(
	const struct pipeline *p, const struct mac *mac);
/* Of all of them, schema cardea.week/1; the week in which `wall` is. */
void learner_maintain_week(const struct pipeline *p, nstime wall, struct jsonw *out);

#endif
