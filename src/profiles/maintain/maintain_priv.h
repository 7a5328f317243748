// SPDX-License-Identifier: GPL-2.0-or-later
/* maintain_priv - what the parts of maintenance share. */
#ifndef CARDEA_PROFILES_MAINTAIN_MAINTAIN_PRIV_H
#define CARDEA_PROFILES_MAINTAIN_MAINTAIN_PRIV_H

#include "base/str.h"
#include "profiles/maintain/maintain.h"

/* A clock that goes back by more was set; less is disorder of records. */
#define MAINTAIN_CLOCK_BACK (2 * MAINTAIN_HOUR)
/* One step of the clock is no more time than this: a gateway that starts in 1970 and is
 * told the year must not expire all it knows. */
#define MAINTAIN_CLOCK_STEP MAINTAIN_DAY
/* The latest time that is believed: sums of two stay within an int64_t. */
#define MAINTAIN_TIME_MAX (INT64_MAX / 4)
/* A firmware version that only calls itself otherwise: at most one a day, so that a
 * device with a random User-Agent does not push out all others. */
#define MAINTAIN_LABEL_REST MAINTAIN_DAY

/* As the learner tells an update (its context "update"), of one conversation. */
#define MAINTAIN_UPDATE_BYTES (1ULL << 20)
#define MAINTAIN_UPDATE_TIMES 4

/* Addresses without a name that did not answer, as what is blocked does not: a question
 * once it was tried in so many hours, and no more of them at once. */
#define MAINTAIN_SILENT_HOURS 3
#define MAINTAIN_SILENT_MAX 16

struct maintain_day {
	uint32_t day; /* of age */
	uint32_t conversations, blocked;
	uint64_t bytes;
};

struct item {
	struct maintain_item pub; /* week: filled in for whoever asks */
	nstime opened, seen;	  /* age */
	nstime awake_seen, slept; /* awake */
	bool ripe;   /* an episode of the learner has it: the owner may be asked */
	bool graced; /* it passed as one that may be an update's */
	bool first;  /* of the profile that was approved */
	bool told;   /* by the learner, in this round */
	bool silent; /* nobody answered, and the learner does not know it */
	uint32_t tried; /* hour of age in which it was, the last */
	uint32_t hour;	/* of age; and how much passed in it */
	uint64_t hour_bytes;
	uint32_t alerted; /* 1 + the day of age of the latest alert */
	uint64_t blocked; /* conversations, while it waited */
	struct maintain_day days[MAINTAIN_DAYS];
};

/* What a version's profile has of a kind. */
struct entry {
	uint32_t item;
	uint64_t median, p99;
	nstime period;
};

struct version {
	uint32_t number;
	enum maintain_source source;
	char label[LIMIT_SYSTEMINFO];
	nstime since; /* wall */
	bool closed;
	struct entry *entries;
	uint32_t count;
};

struct maintain {
	struct maintain_config config;
	struct mac mac;
	/* time */
	bool timed;
	nstime wall;	/* as told */
	nstime age;	/* that has passed, whatever the clock says */
	nstime awake;	/* of that, the device was not silent for long */
	nstime spoke;	/* age, of its latest record */
	/* kinds, in order of id */
	struct item **items;
	uint32_t count, cap, next_id;
	/* firmware */
	struct version versions[MAINTAIN_VERSIONS_MAX];
	uint32_t version_count, next_version;
	nstime labelled; /* age, of the latest version without a window */
	/* window */
	bool open, once; /* once: there was one */
	nstime opened, ended; /* age */
	nstime opened_wall;
	uint32_t window_episodes;
	/* the learner, at the last tick */
	bool met; /* it knew the device */
	uint32_t episodes, updates;
	uint64_t findings; /* of those that end a window */
	uint32_t poisoned; /* 1 + the day of age of the latest alert of that */
	/* weeks: the latest last */
	struct maintain_week weeks[MAINTAIN_WEEKS];
	uint32_t week_count;
};

/* A conversation, as far as a profile goes. */
struct seen {
	struct learned_kind kind; /* one conversation's worth of evidence */
	enum record_naming naming;
	bool midstream, admitted;
	bool silent; /* an address without a name that did not answer */
	bool aliased; /* nobody says its name, but the learner knows it */
	struct learned_kind alias;
};

/* admit.c: what the learner made of it. */
bool maintain_take(const struct learned *l, const struct record *r, struct seen *ret);
/* The learner has it still: it was not condemned since. */
bool maintain_is_learned(
	const struct learned *l, const struct mac *device, const struct learned_kind *k);
/* It is scanning now, or calls what only the infected call. */
bool maintain_is_hostile(const struct learned *l, const struct mac *device,
	const struct learned_kind *k, nstime when);
struct maintain_learner {
	uint32_t episodes, updates;
	uint64_t findings;
};
/* false: it does not know the device. */
bool maintain_learner(
	const struct learned *l, const struct mac *device, struct maintain_learner *ret);
/* What is asked of DNS and of groups is said in conversations that are kinds. */
bool maintain_is_kind(const struct learned_kind *k);

/* kind.c */
bool maintain_same(const struct learned_kind *a, const struct learned_kind *b);
/* k lets through what x is. */
bool maintain_covers(const struct learned_kind *k, const struct learned_kind *x);
/* A name that was told before the capture began: any of the same port may be it. */
bool maintain_namesake(const struct learned_kind *k, const struct learned_kind *x);
uint32_t maintain_episodes(const struct learned_kind *k);
/* The end of the name that has one owner; NULL: nobody's. */
const char *maintain_registrable(const struct maintain *m, const char *name);

/* maintain.c */
struct item *maintain_find_id(const struct maintain *m, uint32_t id);
struct item *maintain_find_same(const struct maintain *m, const struct learned_kind *k);
static inline bool maintain_in_force(const struct item *i)
{
	return i->pub.status == MAINTAIN_ACTIVE || i->pub.status == MAINTAIN_DORMANT;
}
/* A new one, without evidence but of k. CARDEA_ELIMIT: everything there is in force. */
int maintain_add(struct maintain *m, const struct learned_kind *k,
	enum maintain_status s, struct item **ret);
void maintain_drop(struct maintain *m, struct item *i);
void maintain_tell(const struct maintain *m, enum maintain_event e, uint32_t item,
	const char *fmt, ...) CARDEA_PRINTF(4, 5);
/* In force from now on, by whoever's word. */
void maintain_enforce(struct maintain *m, struct item *i, nstime wall, bool automatic);

/* time.c */
void maintain_time(struct maintain *m, nstime wall);
void maintain_note(struct maintain *m, struct item *i, const struct seen *s,
	enum maintain_verdict v);
/* What passed in this hour, an episode's time. */
uint64_t maintain_hour_bytes(const struct maintain *m, const struct item *i);
struct maintain_effect maintain_effect_of(const struct maintain *m, const struct item *i);
void maintain_age(struct maintain *m); /* sleep, expiry */

/* auto.c */
bool maintain_is_variant(const struct maintain *m, const struct learned_kind *k,
	enum record_naming naming, enum maintain_reason *ret_why);

/* window.c */
void maintain_update(struct maintain *m);
void maintain_window_tick(struct maintain *m, uint32_t episodes);
void maintain_window_stop(struct maintain *m);
uint32_t maintain_window_version(const struct maintain *m);

/* version.c */
struct version *maintain_version_new(struct maintain *m);
struct version *maintain_version_find(const struct maintain *m, uint32_t number);
void maintain_version_free(struct version *v);
/* The newest is what is done now. */
int maintain_version_refresh(struct maintain *m);
/* Some version has it. */
bool maintain_version_has(const struct maintain *m, uint32_t item);
void maintain_version_forget(struct maintain *m, uint32_t item);
void maintain_version_date(struct maintain *m, struct version *v);

/* week.c */
struct maintain_week *maintain_week(struct maintain *m);

#endif
