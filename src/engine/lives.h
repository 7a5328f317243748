// SPDX-License-Identifier: GPL-2.0-or-later
/* lives - where each device stands in the life cycle and what it is suspected of: the
 * table's word is stored, put in force in the kernel, told, and then given to whoever
 * hangs on it (cases, attestation).
 *
 * What is stored goes first: who kills the engine at any point finds state and kernel in
 * agreement after the next start, when all is made from the store. A step back into
 * service that cannot be stored does not happen; one into isolation does, and is stored as
 * soon as there is room. */
#ifndef CARDEA_ENGINE_LIVES_H
#define CARDEA_ENGINE_LIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/hash.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/suspicion.h"
#include "model/device.h"
#include "model/limits.h"
#include "model/record.h"

struct pipeline;
struct event;

#define LIVES_HOOKS_MAX 8
/* Points change with each refused packet: what a power cut may forget of them. */
#define LIVES_SAVE_S 300
/* The same device is asked about once a day, however often it comes and goes. */
#define LIVES_ASK_EVERY LIFE_DAY
/* What moves nothing (another forgery) is noted once in this time. */
#define LIVES_STILL_EVERY (60 * NS_PER_SEC)
/* A file that came into force, or firmware that was fetched, explains what is new for so
 * long: what makers need until file and firmware fit again. Chosen. */
#define LIVES_CHANGED (3 * LIFE_DAY)
/* A release in two steps: the number that the first one shows is good for so long, */
#define LIVES_CODE_S 600
#define LIVES_CODE_DIGITS 6
/* and so many wrong ones, or first steps, an hour are taken for one device. */
#define LIVES_RELEASE_TRIES 5
#define LIVES_RELEASE_STARTS 10
#define LIVES_RELEASE_WINDOW (3600 * NS_PER_SEC)
#define LIVES_SETTLE_S 3600 /* after a start, until absence counts */
/* Addresses that names were told to have in this house, lately: where a device goes by an
 * address that a name of its profile had, the name has moved. */
#define LIVES_TOLD_MAX 2048
#define LIVES_TOLD_FOR (7 * LIFE_DAY)

/* What is known of an event beside what the house knows itself. */
struct life_said {
	enum life_level level; /* of EVIDENCE and FETCHED */
	enum life_level least_override; /* in place of what the class demands; or NONE */
	bool by_device; /* asked from one of the device's own addresses */
	uint32_t steps; /* of the owner's word for a release */
	bool accused_alone; /* of ABSOLVED: nothing but others' word holds it */
	const char *text; /* what shows it; or NULL */
};

/* Called when it is stored and in force. A step that did not move has ->moved false. */
struct life_hook {
	void (*moved)(void *ctx, struct device *d, const struct life_step *s,
		const char *text);
	void *ctx;
};

struct lives_release {
	char code[LIVES_CODE_DIGITS + 1]; /* empty: no first step was taken */
	nstime until, window;		  /* mono */
	unsigned tries, starts;		  /* in the window */
};

struct lives_device {
	device_id id;
	struct life life;
	struct suspicion suspicion;
	bool owes_store, owes_hold; /* what could not be done; tried again each second */
	bool points; /* changed since they were stored */
	nstime asked, still; /* wall: last */
	nstime changed;	     /* wall: its file or firmware did */
	nstime back;	     /* wall: it was let back; what it did before is forgiven */
	struct lives_release release;
};

struct lives_told {
	struct addr addr;
	nstime when; /* wall */
	char *name;
};

struct lives {
	bool isolates;	  /* by itself; false: only the owner does */
	nstime probation; /* as long as the owner says; 0: as the table does */
	struct lives_device *devices[LIMIT_DEVICES];
	size_t count;
	uint16_t places[LIMIT_DEVICES]; /* in devices, by id; a hint */
	struct life_hook hooks[LIVES_HOOKS_MAX];
	size_t hook_count;
	struct hash_key key;
	struct lives_told told[LIVES_TOLD_MAX];
	size_t told_next;
	bool store_fails; /* was told */
	nstime next_save; /* mono */
	nstime behind; /* wall: the store is younger than the clock that we began with */
	uint64_t asks, asks_spared;
};

void lives_init(struct lives *l);
void lives_free(struct lives *l);
/* A setting: life_isolate (yes, no), life_probation (seconds). 0 also when it is another's. */
int lives_setting(struct lives *l, const char *key, const char *value) CARDEA_MUSTCHECK;
/* -ENOSPC beyond LIVES_HOOKS_MAX; before or after lives_open. */
int lives_hook(struct lives *l, const struct life_hook *h);
/* What the store has; devices are loaded. Each gets its hold. */
int lives_open(struct pipeline *p) CARDEA_MUSTCHECK;
/* Every second: deadlines, absence, profiles that came or went, what is owed. */
void lives_tick(struct pipeline *p);
/* States follow what is enforced, now: somebody looks. */
void lives_follow(struct pipeline *p);
void lives_save_all(struct pipeline *p);
/* The device left the house for good. */
void lives_forget(struct lives *l, device_id id);
/* The clock, which showed before, was set by jump: what moves, and how far. */
struct when_jump lives_jump(struct pipeline *p, nstime before, nstime jump);
void lives_shift(struct lives *l, const struct when_jump *j);
/* Made at first use; NULL when memory is short. */
struct lives_device *lives_device(struct lives *l, device_id id, nstime wall);
/* The same; its life begins with the device: to ask about it is no event. NULL: no room. */
struct lives_device *lives_of(struct pipeline *p, const struct device *d);
/* Hooks a step was carried out; for pipeline_life alone. */
void lives_call(struct lives *l, struct device *d, const struct life_step *s,
	const char *text);

/* lives_names.c: a name of this house was told to be there. */
void lives_told(struct lives *l, const char *name, const struct addr *a, nstime wall);
bool lives_was_told(const struct lives *l, const struct addr *a, nstime wall,
	bool (*is_wanted)(void *ctx, const char *name), void *ctx);

/* pipeline_life.c. An event: judged by the table, stored, actions carried out (hold,
 * journal), hooks called. False: ret->refused says why, nothing has changed. ret may be
 * NULL, and said, too. */
bool pipeline_life(struct pipeline *p, struct device *d, enum life_event e,
	const struct life_said *said, struct life_step *ret);
const struct life *pipeline_life_of(const struct pipeline *p, const struct device *d);
/* NULL when memory is short. */
struct suspicion *pipeline_suspicion_of(struct pipeline *p, const struct device *d);
/* As its owner says, or else as the maker's file and the name he gave it do: not as it
 * calls itself. */
enum device_class pipeline_class_of(struct pipeline *p, const struct device *d);
/* Its state follows what is enforced for it: a profile came into force, or is none. */
void pipeline_life_follow(struct pipeline *p, struct device *d);
/* What holds it beside its life cycle has changed (engine/advisories.h). */
int pipeline_life_hold(struct pipeline *p, struct device *d);
/* Its owner said what it is, by its class or its name: what is critical goes on within the
 * house, unless he wants it isolated. */
void pipeline_life_classed(struct pipeline *p, struct device *d);
/* That it is isolated is its owner's word, too. */
int pipeline_life_owner_holds(struct pipeline *p, struct device *d) CARDEA_MUSTCHECK;
/* Time alone. */
void pipeline_life_tick(struct pipeline *p, struct device *d);

/* pipeline_life_feed.c. Something that the house noticed; raises, convicts. */
void pipeline_life_see(
	struct pipeline *p, struct device *d, const struct suspicion_seen *seen);
/* ... as the kernel refused it, with what explains it */
void pipeline_life_violation(
	struct pipeline *p, struct device *d, const struct event *e);
/* ... as a conversation that was observed, refused or not */
void pipeline_life_record(
	struct pipeline *p, struct device *d, const struct record *r);
/* Its file or its firmware has changed just now. */
void pipeline_life_changed(struct pipeline *p, const struct device *d);

/* pipeline_release.c. The owner's word in two steps: without a code, ret_code is one that
 * he has to say within LIVES_CODE_S; with it the device is released. CARDEA_EREFUSED: why
 * is in ret->refused. dry: only whether it could be. */
int pipeline_release(struct pipeline *p, struct device *d, const char *code, bool dry,
	bool by_device, char ret_code[LIVES_CODE_DIGITS + 1], struct life_step *ret)
	CARDEA_MUSTCHECK;

#endif
