// SPDX-License-Identifier: GPL-2.0-or-later
/* interact_priv - what the parts of the miner share: acts, which are conversations that
 * begin; those that happened and are not counted yet; and for each act as an effect, how
 * long before it each possible trigger was. */
#ifndef CARDEA_PROFILES_LEARNED_INTERACT_PRIV_H
#define CARDEA_PROFILES_LEARNED_INTERACT_PRIV_H

#include "profiles/learned/interact.h"
#include "profiles/learned/learned_priv.h"

/* ---- limits: some 1.5 MiB for a house at the worst, a tenth of it as a rule ---- */

/* Different acts of one house. A house of twenty devices has some 300; when there are
 * more, the rarer half goes. */
#define INTERACT_ACTS_MAX 1024
/* Possible triggers of one effect. One that is real was there nearly each time, so that
 * those that were missing most often make room. */
#define INTERACT_TRIGGERS_MAX 16
/* What happened and is not counted yet, 32 bytes each. */
#define INTERACT_EVENTS_MAX 16384
/* A conversation is told when it is over; so long, silence that ends TCP included (RFC
 * 5382: two hours), all that began before it is waited for. */
#define INTERACT_HOLD (130 * NS_PER_MIN)
/* How often those that were held for long enough are counted. */
#define INTERACT_DRAIN (5 * NS_PER_MIN)
/* Acts shortly before an effect that are looked at. */
#define INTERACT_LOOK 256
/* The latest of an act, as far back as control windows reach. */
#define INTERACT_RECENT 16
/* Within it, the same ports are the same conversation, told in parts (RFC 4787 4.3: so
 * long a NAT keeps them). */
#define INTERACT_GOES_ON (2 * NS_PER_MIN)
/* Occasions so far apart are independent ones. */
#define INTERACT_APART NS_PER_MIN
/* Old habits lose half of their weight when there are so many new ones. */
#define INTERACT_UNITS_MAX 512

/* ---- how long before ---- */

/* A trigger lies within one of these before its effect; the last is margin only. */
enum { INTERACT_STEPS = 6, INTERACT_MISS = INTERACT_STEPS, INTERACT_WINDOWS = 7 };
extern const nstime interact_steps[INTERACT_WINDOWS];
#define INTERACT_LOOKBACK (30 * NS_PER_SEC) /* the last that is no margin */

/* Control windows lie this much earlier than the effect, and up to twice as much: not at
 * a fixed distance, for things repeat at fixed distances. */
#define INTERACT_CONTROL INTERACT_LOOKBACK

struct act_key {
	struct learned_key key;
	struct mac device; /* who begins, or of the house whom the internet calls; zero:
			    * whoever of the house */
};

struct act;

/* A possible trigger of an effect. */
struct interact_pair {
	struct act *trigger;
	/* Effects by how long before the trigger was; the last: it was not. */
	uint16_t hits[INTERACT_STEPS + 1];
	/* The same for moments of before that are not the effect's. */
	uint16_t control[INTERACT_STEPS + 1];
	uint16_t support;
	uint64_t delay_ms; /* sum over hits */
	/* The run of effects after one trigger that is under way. */
	nstime run, supported; /* begin of that trigger; latest that counts to support */
	uint8_t step;
	bool running, counted; /* counted: the run, to support */
};

struct interact_recent {
	nstime at, end;
	uint32_t ports;
};

struct act {
	struct hash_node node; /* in interact.table, first */
	struct act_key key;
	char *text;
	uint32_t index;   /* in interact.acts */
	uint16_t count;   /* how often it happened, as far as that goes */
	uint32_t mark;    /* for whoever walks over acts */
	uint32_t held;    /* events of it that are not counted; while room is made */
	/* It happens whenever this happens: the same of several names, ports or
	 * addresses; and of whoever begins. */
	struct act *up[2];      /* or NULL, as long as nothing else is of it */
	uint64_t up_hash[2];    /* of their keys; 0: there is none to be */
	bool has_up;            /* those are set */
	uint64_t cover[INTERACT_WINDOWS];   /* ms that lie so close behind it */
	nstime last;                        /* the latest of this stretch; 0: none */
	struct act *older, *newer;          /* in order of `last` */
	struct interact_recent *recent;     /* a ring; or NULL */
	uint8_t recent_at;
	/* as an effect */
	uint16_t bouts; /* each is followed by 30 s without */
	nstime effected;
	struct interact_pair *pairs;
	uint8_t pair_count, pair_cap;
};

struct interact_event {
	nstime at, end;
	struct act *act;
	uint32_t ports;
};

struct interact {
	struct hash_table table;
	struct act *acts[INTERACT_ACTS_MAX];
	uint32_t count;
	struct interact_event *events;
	uint32_t event_count, event_cap;
	nstime drain_at; /* 0: not known yet */
	/* The stretch that is being watched: nothing is known of before. */
	nstime begin, counted; /* counted: up to here; what is told later is late */
	bool begun;
	uint64_t watched_ms; /* of stretches before */
	struct act *newest;
	uint32_t epoch; /* of act.mark */
	uint32_t age;   /* of leaf.act: how often room was made, and 1 */
};

/* interact.c */
int learned_interact_new(struct interact **ret);
void learned_interact_free(struct interact *in); /* NULL is fine */
/* One that learned_poison_admits, and what it is of. */
int learned_interact_see(struct learned *l, const struct dev *d, const struct record *r,
	const struct canonical *kind, struct leaf *leaf);
/* Counts what was held for long enough at `now`; all: everything. */
void learned_interact_end(struct learned *l, nstime now, bool all);
/* What comes is of another capture, or of another time. */
void learned_interact_break(struct learned *l);
/* All that the device begins, or is called for. */
void learned_interact_forget(struct learned *l, const struct mac *device);
struct act *interact_act_find(
	const struct interact *in, const struct act_key *key, const char *text);
/* CARDEA_ELIMIT at INTERACT_ACTS_MAX. */
int interact_act_new(struct interact *in, const struct act_key *key, const char *text,
	struct act **ret);
/* Finds what it is of; make: or makes it when it is the second. */
void interact_act_link(const struct learned *l, struct act *a, bool make);
/* They may be one conversation: whatever is said of it is said of the other. */
bool interact_act_meets(const struct act *a, const struct act *b);
/* What can wait for a trigger, and be told from other things by a rule. */
bool interact_is_effect(const struct act *a);

/* interact_count.c */
void interact_count(struct learned *l, const struct interact_event *e, size_t n);
/* Where a pair may stand that was missing `before` times; the caller fills it. NULL:
 * nowhere, all others are better. */
struct interact_pair *interact_pair_slot(struct act *effect, uint16_t before);
/* It happened last when `like` did. */
void interact_recency_insert(
	struct interact *in, struct act *a, const struct act *like);
/* It was told too late to know what was before. */
void interact_late(struct act *a);
void interact_stretch_end(struct interact *in);
/* Time watched up to now; no more than there is, however often a clock was set. */
#define INTERACT_WATCHED_MAX ((uint64_t)(LEARNED_TIME_MAX / NS_PER_MS))
uint64_t interact_watched_ms(const struct interact *in);
/* Of all time watched, the share that lies so close behind it. */
double interact_cover(const struct interact *in, const struct act *a, unsigned window);
uint32_t interact_pair_units(const struct interact_pair *p);

/* interact_state.c */
void learned_interact_save(const struct learned *l, struct writer *w);
size_t learned_interact_save_size(const struct interact *in);
/* paired: acts that are no effects may have pairs, which are dropped. */
int learned_interact_load(struct learned *l, struct cursor *c, bool paired);

#endif
