// SPDX-License-Identifier: GPL-2.0-or-later
/* learner_extended - what was learned in this home as an extended profile: with what a
 * device does only after something else. */
#ifndef CARDEA_ENGINE_LEARNER_EXTENDED_H
#define CARDEA_ENGINE_LEARNER_EXTENDED_H

#include "base/jsonw.h"
#include "engine/learn_extended.h"
#include "engine/learner.h"

/* The binding names devices of this home, with the addresses that they have now. p:
 * whole, not brief. *ret wants learn_extended_free in any case. */
int learner_extended_make(const struct learner *l, const struct learn_profile *p,
	struct learn_extended *ret) CARDEA_MUSTCHECK;
/* A member "interactions" of the object that is being written; empty when nothing was
 * learned of the device. */
int learner_interactions_json(const struct learner *l, const struct device *d,
	struct jsonw *out) CARDEA_MUSTCHECK;

#endif
