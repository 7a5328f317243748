// SPDX-License-Identifier: GPL-2.0-or-later
/* trial - a policy that is not in force: what the device might do if the owner said so. It
 * is made like the one that is, but as if the device were not held and not probed. */
#ifndef CARDEA_ENGINE_TRIAL_H
#define CARDEA_ENGINE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/pool.h"
#include "model/adopted.h"
#include "model/decision.h"
#include "model/device.h"
#include "model/overlay.h"
#include "policy/policy.h"

struct pipeline;

struct trial {
	struct pool *pool;   /* of all this */
	bool is_enforced;    /* false: no profile, so nothing is */
	struct policy policy;
	/* What profiles say, as they say it: the file's rules, and those the owner put in
	 * force. */
	struct rule *rules;
	size_t rule_count;
};

/* Each: 0, CARDEA_EMALFORMED, CARDEA_EREFUSED (why says so, and what is wrong), -ENOENT (what
 * it would be made of is not here) or another error. *ret wants trial_free after 0. */

/* As it is. */
int trial_now(struct pipeline *p, const struct device *d, struct trial *ret) CARDEA_MUSTCHECK;
/* With one more word of the owner; o->device is not looked at. */
int trial_overlay(struct pipeline *p, const struct device *d, const struct overlay *o,
	struct trial *ret) CARDEA_MUSTCHECK;
/* With this in the place of what the owner put in force. */
int trial_profile(struct pipeline *p, const struct device *d, const struct adopted *a,
	struct trial *ret, char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* The same with what was learned of it up to now. */
int trial_learned(struct pipeline *p, const struct device *d, struct trial *ret,
	char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* As if the owner accepted. */
int trial_decision(struct pipeline *p, const struct device *d, const struct decision *q,
	struct trial *ret, char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* Its answer changes what a device may do, and trial_decision can tell how. */
bool trial_knows(enum decision_kind k);
void trial_free(struct trial *t);

#endif
