// SPDX-License-Identifier: GPL-2.0-or-later
/* hits - how often each rule was used: the kernel counts for each element, and what is
 * new since the last time is put down to the rule that the element stands for. A rule
 * counts on under a new version of its file, as long as it is called the same there. */
#ifndef CARDEA_ENGINE_HITS_H
#define CARDEA_ENGINE_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/hash.h"
#include "engine/household.h"
#include "model/messages.h"

struct pipeline;

#define HITS_EVERY (30 * NS_PER_SEC)
#define HITS_SAVE_EVERY (600 * NS_PER_SEC) /* flash wears out */
/* Elements of a full house that have counted something, in both tables; 32 bytes each.
 * Beyond, what they count is not seen. */
#define HITS_SLOTS_MAX 262144

struct hits_counter {
	uint64_t key; /* hash of the element; 0: the slot is free */
	uint64_t packets, bytes;
	uint32_t round; /* when it was last told */
};

struct hits {
	struct hash_key key;
	struct hits_counter *slots;
	size_t slot_count, used;
	uint32_t round, swept; /* swept: the round that threw out the stale ones */
	bool asking, seeded;   /* seeded: what the kernel counted before us is known */
	nstime asked, saved;   /* mono */
	uint64_t unseen;       /* counters without a slot */
};

void hits_init(struct hits *h);
void hits_free(struct hits *h);
/* What the store has, for devices that are there. */
int hits_open(struct pipeline *p) CARDEA_MUSTCHECK;
/* Every second: asks when it is time, saves now and then. */
void hits_tick(struct pipeline *p);
/* COUNT and COUNTS_END. CARDEA_EMALFORMED when nobody asked. */
int hits_message(struct pipeline *p, const struct message *m) CARDEA_MUSTCHECK;
void hits_lost(struct hits *h); /* the enforcer is gone */
void hits_save(struct pipeline *p);

/* household_hits.c */
/* Of the rule with this index in the device's policy. Rules that the device has not had
 * before count from now. NULL when memory is short. */
struct rule_hits *household_hits(
	struct household_device *hd, uint32_t rule, nstime wall);
/* Takes what was stored; before the device has a policy. */
int household_hits_load(
	struct household_device *hd, const struct rule_hits *stored) CARDEA_MUSTCHECK;

#endif
