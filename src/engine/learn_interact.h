// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_interact - mined interactions as sentences and as JSON. */
#ifndef CARDEA_ENGINE_LEARN_INTERACT_H
#define CARDEA_ENGINE_LEARN_INTERACT_H

#include <stdio.h>
#include "engine/learn.h"
#include "profiles/learned/interact.h"

/* How a device is called, in printable ASCII: in buf, or for as long as the sentence is
 * made. */
typedef const char *learn_caller(
	void *ctx, const struct mac *m, char buf[LEARN_CALL_MAX]);

#define LEARN_INTERACTION_TEXT_MAX                                                     \
	(4 * LEARN_CALL_MAX + 2 * (LIMIT_NAME + LIMIT_TEXT) + 256)
/* "hub speaks UDP 5683 to bulb only within 2 s after phone spoke TCP 80 to hub: 34 of 34
 * times, at least 0.92" */
const char *learn_interaction_text(const struct learned_interaction *i,
	learn_caller *call, void *ctx, char buf[LEARN_INTERACTION_TEXT_MAX]);
void learn_interaction_json(const struct learned_interaction *i, learn_caller *call,
	void *ctx, struct jsonw *out);

/* What the device begins or answers only after something else: as a member
 * "interactions" of the object that is being written. */
int learn_interactions_write(const struct learned *l, const struct mac *device,
	learn_caller *call, void *ctx, struct jsonw *out) CARDEA_MUSTCHECK;
/* The same, from captures. */
int learn_interactions_json(const struct learn *l, const struct mac *device,
	struct jsonw *out) CARDEA_MUSTCHECK;
/* The same as a block for people, with a heading; nothing when there is none. */
int learn_interactions_text(
	const struct learn *l, const struct mac *device, FILE *out) CARDEA_MUSTCHECK;

#endif
