// SPDX-License-Identifier: GPL-2.0-or-later
/* profile_life - what the files of cardea profile life share. */
#ifndef CARDEA_CLI_PROFILE_LIFE_H
#define CARDEA_CLI_PROFILE_LIFE_H

#include "cli/cli.h"
#include "engine/learn.h"
#include "profiles/maintain/maintain.h"

struct life_device {
	struct maintain *m;
	uint32_t kinds; /* that were approved */
	json_t *phases; /* what happened in each */
	/* of the phase that is read */
	json_t *events;
	uint64_t conversations[MAINTAIN_VERDICT_MAX], packets[MAINTAIN_VERDICT_MAX];
};

/* The phase is over: what happened, and what is true now; and a new one begins. */
void life_phase_end(struct life_device *d, const char *name);
/* For maintain_config.event; ctx: the device. */
void life_event(void *ctx, const struct mac *mac, enum maintain_event e, uint32_t item,
	const char *text);
/* All that is known of the device, as one member of devices. */
json_t *life_device_json(const struct life_device *d, const struct learn *l);
/* For people, from the same. */
void life_device_text(const json_t *device, FILE *out);

#endif
