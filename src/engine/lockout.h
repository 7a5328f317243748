// SPDX-License-Identifier: GPL-2.0-or-later
/* lockout - pauses after wrong passwords, which grow: for who guesses (a device, or an
 * address), and for whom is guessed at. Nobody is out for good: a pause ends, another
 * device that has not failed goes on at once, and root is not asked at all. */
#ifndef CARDEA_ENGINE_LOCKOUT_H
#define CARDEA_ENGINE_LOCKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "model/ids.h"
#include "model/limits.h"

/* Who guesses: the oldest goes. Devices have one place, whatever addresses they take, so
 * that it takes as many devices to push somebody out. */
#define LOCKOUT_PLACES 64
/* Whom they guess at: names share places by their hash, and whether there is such a user
 * makes no difference: else a second device, which then waits or not, could tell. */
#define LOCKOUT_NAMES 32
/* Who last logged in as whom: others' failures do not slow him there. */
#define LOCKOUT_KNOWN 16
#define LOCKOUT_FREE 3		     /* wrong ones that cost nothing: people mistype */
#define LOCKOUT_PAUSE_MAX (900 * NS_PER_SEC)
#define LOCKOUT_FORGET (3600 * NS_PER_SEC) /* after a quiet hour all is as before */
/* So many in an hour, and all together may guess once a second: who can say that he asks from
 * any address he likes is no faster. */
#define LOCKOUT_ALL_FREE 100
#define LOCKOUT_ALL_PAUSE NS_PER_SEC
#define LOCKOUT_TOLD_EVERY (600 * NS_PER_SEC)

struct lockout_place {
	uint64_t key;	/* 0: free */
	uint64_t about; /* the name that the failures were at; 0: several */
	uint32_t failures, untold;
	nstime last, until, told; /* mono; until: no other try before */
};

struct lockout {
	/* LOCKOUT_PLACES, then one of the setup secret and LOCKOUT_NAMES, at the first failure */
	struct lockout_place *places;
	uint64_t known[LOCKOUT_KNOWN]; /* the next to go is at known_next */
	uint32_t known_next;
	uint32_t all;	    /* failures since, of an hour at most */
	nstime since, last; /* mono */
};

struct lockout_try {
	device_id device; /* 0: no device of this house */
	struct addr from;
	const char *user; /* as it was said, whether there is one or not; "": the setup secret */
};

void lockout_free(struct lockout *l);
/* 0: it may be tried; else how long not. */
nstime lockout_pause(const struct lockout *l, const struct lockout_try *t, nstime now);
/* It was wrong. True: it should be told now, as *ret_count tries. */
bool lockout_failed(
	struct lockout *l, const struct lockout_try *t, nstime now, uint32_t *ret_count);
/* It was right. What was guessed at other names from there still counts: else whoever has a
 * login of his own guesses at the owner's without a pause. */
void lockout_passed(struct lockout *l, const struct lockout_try *t);

#endif
