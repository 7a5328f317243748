// SPDX-License-Identifier: GPL-2.0-or-later
/* learner - learns what the devices of this house do while they do it: the sensor's
 * records in, one state for all that survives restarts, findings as events. */
#ifndef CARDEA_ENGINE_LEARNER_H
#define CARDEA_ENGINE_LEARNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/hash.h"
#include "engine/learn.h"
#include "model/device.h"
#include "model/messages.h"
#include "model/record.h"
#include "profiles/learned/learned.h"

/* How often episodes are ended and findings told. */
#define LEARNER_TICK_S 10
/* How often the state is stored, if it has changed: what a power cut loses. Only ended
 * episodes are in it, which come by the minute; flash wears out. */
#define LEARNER_SAVE_S 300
/* Parts that look over its shoulder (maintenance, probing). */
#define LEARNER_HOOKS_MAX 4
/* Episodes that the owner ends, under way. */
#define LEARNER_CUTS_MAX 16
/* First sightings that wait until the inventory knows the device, too. */
#define LEARNER_WAITING_MAX 64

struct pipeline;

/* Each may be NULL. Called from the engine's loop. */
struct learner_hook {
	/* A record of a device that is learned, before the learner has it. */
	void (*record)(void *ctx, struct device *d, const struct record *r);
	/* Every LEARNER_TICK_S, after episodes were ended. */
	void (*tick)(void *ctx, nstime wall);
	/* What was seen of it is to be known no more; gone: nor is the device. */
	void (*forget)(void *ctx, const struct mac *mac, bool gone);
	void *ctx;
};

struct learner_waiting {
	struct mac mac;
	nstime when; /* 0: free */
};

struct learner_cut {
	struct mac mac;
	uint32_t id; /* of OBSERVE_TELL; 0: free */
};

struct learner {
	struct pipeline *pipeline;
	bool enabled; /* by the owner's settings */
	struct learned *learned; /* NULL: not enabled, or no memory for it */
	struct learn_suffixes *suffixes;
	struct learn_bares *bares;
	struct hash_table devices; /* struct learner_device, by MAC */
	struct learner_hook hooks[LEARNER_HOOKS_MAX];
	size_t hook_count;
	struct learner_waiting waiting[LEARNER_WAITING_MAX];
	unsigned waits; /* the place of the next one */
	struct learner_cut cuts[LEARNER_CUTS_MAX];
	uint32_t cut_id;
	struct message_observe_counts counts; /* the sensor's */
	uint64_t strangers; /* records of nobody that the inventory has */
	uint64_t crowded;   /* of devices beyond LEARNED_DEVICES_MAX */
	nstime next_tick, next_save; /* mono */
	nstime saved;		     /* wall; 0: not since the start */
	size_t saved_bytes;
	uint64_t saved_hash;
	struct hash_key key;
};

void learner_init(struct learner *l);
/* Settings are complete, and devices are loaded. A state that cannot be read is set
 * aside and told, and learning begins anew; an error is of memory or of the store. */
int learner_open(struct learner *l, struct pipeline *p) CARDEA_MUSTCHECK;
void learner_end(struct learner *l); /* saves */
/* -ENOSPC beyond LEARNER_HOOKS_MAX; before or after learner_open. */
int learner_hook(struct learner *l, const struct learner_hook *h) CARDEA_MUSTCHECK;

bool learner_takes(const struct message *m);
/* RECORD, OBSERVED, OBSERVE_COUNTS, OBSERVE_TOLD. CARDEA_EMALFORMED: the sensor is at fault. */
int learner_message(struct learner *l, const struct message *m) CARDEA_MUSTCHECK;
void learner_tick(struct learner *l);
/* Stores the state now, if it has changed. */
int learner_save(struct learner *l) CARDEA_MUSTCHECK;

/* What is learned of it goes: it leaves the house. */
void learner_forget(struct learner *l, const struct mac *mac);
/* The owner wants it learned anew. What he approved stays. */
void learner_again(struct learner *l, const struct mac *mac);
/* Whether it is learned. -ENOENT, or an error of the store. */
int learner_set(struct learner *l, const struct device *d, bool on) CARDEA_MUSTCHECK;
/* The owner says: what it did up to now is one episode. Ends when the sensor has told
 * what is under way. -ENOTCONN: there is no sensor; -EAGAIN: too many at once. */
int learner_cut(struct learner *l, const struct device *d) CARDEA_MUSTCHECK;
bool learner_is_on(const struct learner *l, const struct device *d);
/* For learn_profile_of: valid until the next message. NULL learned: not enabled. */
struct learn_source learner_source(const struct learner *l, const struct device *d);

/* learner_state.c: all of it as bytes, and back. */
int learner_state_make(
	const struct learner *l, uint8_t **ret, size_t *ret_len) CARDEA_MUSTCHECK;
/* Into l->learned and l->bares, which is empty. */
int learner_state_take(struct learner *l, struct cursor state) CARDEA_MUSTCHECK;

#endif
