// SPDX-License-Identifier: GPL-2.0-or-later
/* held - what a device that is held may still do, for people and for who keeps the list:
 * docs/lifecycle.md says what each hold leaves; engine/household.h puts it in force. */
#ifndef CARDEA_ENGINE_HELD_H
#define CARDEA_ENGINE_HELD_H

#include "base/error.h"
#include "model/device.h"
#include "model/update_host.h"

struct pipeline;

/* Of each source, for one device. */
#define HELD_HOSTS_MAX (LIMIT_UPDATE_HOSTS / 3)
/* What was learned counts only when it is this old: an attacker who loads more of himself
 * has not been there for so long, or it was not noticed at all. Chosen. */
#define HELD_LEARNED_AGE (7 * 86400 * NS_PER_SEC)
/* ... and carried so much to the device in an episode: half of the smallest images that
 * are published. Chosen. */
#define HELD_LEARNED_BYTES (256UL << 10)
#define HELD_SENTENCE_MAX 640

/* Why it may not be kept for this device, in words that follow its name; NULL: it may.
 * Beside update_host_flaw: what answers for names, this house and this gateway are no
 * update hosts. */
const char *pipeline_update_host_why(
	struct pipeline *p, const struct device *d, const struct update_host *h);
/* Where the device may fetch updates while it is held, from now on; h->device and since
 * are set here. 0 also when it was kept already. CARDEA_EREFUSED: see above; CARDEA_ELIMIT
 * beyond HELD_HOSTS_MAX of its source, another error; nothing has changed then. */
int pipeline_update_host_add(struct pipeline *p, struct device *d,
	const struct update_host *h) CARDEA_MUSTCHECK;
/* ... and no longer, by the word of h->source. -ENOENT. */
int pipeline_update_host_remove(struct pipeline *p, struct device *d,
	const struct update_host *h) CARDEA_MUSTCHECK;
/* Each thing that it may do while it is held, or, if it is not, would be: "fetch updates
 * from firmware.example.com (TCP 443), which you allowed"; h where it is a host, of
 * UPDATE_MUD where its file has it; else NULL. Non-zero of each stops and is returned. */
int pipeline_held_allows(struct pipeline *p, const struct device *d,
	int (*each)(void *ctx, const char *sentence, const struct update_host *h), void *ctx);

int pipeline_held_open(struct pipeline *p) CARDEA_MUSTCHECK;

#endif
