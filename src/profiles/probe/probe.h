// SPDX-License-Identifier: GPL-2.0-or-later
/* probe - what a device does when one thing is refused to it for a while: where it
 * falls back to, and what it cannot do without. Pure core: time, what was seen and what
 * may be done come from outside; the refusal itself is the caller's.
 *
 * Gentle: only devices that the owner named, with a class that allows it; at night; one
 * kind, in one device, once a night in the whole house; never for longer than
 * PROBE_LONGEST; and taken back at once when anybody needs the device. */
#ifndef CARDEA_PROFILES_PROBE_PROBE_H
#define CARDEA_PROFILES_PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "model/device_class.h"
#include "model/limits.h"
#include "model/record.h"

/* Devices that an owner lets be probed: a house has that many with a cloud. */
#define PROBE_DEVICES_MAX 64
/* Kinds of one device with results: one a night, that is a month without a repetition.
 */
#define PROBE_TARGETS_MAX 32
/* New kinds kept for one target; a chain of spare servers is shorter. */
#define PROBE_FALLBACKS_MAX 8
/* Latest tries of a target that are kept one by one; all are counted. */
#define PROBE_TRIES_KEPT 8

/* A refusal ends at the latest: long enough for the three attempts of most clients. */
#define PROBE_LONGEST (15 * 60 * NS_PER_SEC)
/* Bounds for a setting of it. */
#define PROBE_LONGEST_MIN (30 * NS_PER_SEC)
#define PROBE_LONGEST_MAX (30 * 60 * NS_PER_SEC)
/* Nobody has used the device for so long before one begins. */
#define PROBE_CALM (15 * 60 * NS_PER_SEC)
/* Fewer episodes say too little about what a kind is, and what is usual beside it. */
#define PROBE_EPISODES_LEAST 5
/* A try that says the same as another one ends the question; else so many decide. */
#define PROBE_AGREE 2
#define PROBE_TRIES_MAX 3
/* Nights on which nothing was learned, after which a target is left alone. */
#define PROBE_FRUITLESS_MAX 6
/* Nights that were ended count as one of those that taught nothing. */
#define PROBE_STOPPED_FEW 8

/* Every night, local time. It contains no noon, so that a night has one. */
struct probe_window {
	uint16_t start;  /* minutes after midnight */
	uint16_t length; /* minutes */
};
#define PROBE_WINDOW_MIN 30
#define PROBE_WINDOW_MAX (8 * 60)
#define PROBE_WINDOW_DEFAULT ((struct probe_window){2 * 60, 3 * 60})

/* A conversation, as far as it matters here. */
struct probe_kind {
	enum direction direction; /* who begins */
	uint8_t proto;            /* FLOW_PROTO_…; 0: a question for the name alone */
	uint16_t port;            /* of the service */
	enum record_place place;
	char name[LIMIT_NAME]; /* "*.example.com": all below; empty: peer */
	struct addr peer;      /* without name; zero of a DEVICE */
	struct mac peer_mac;   /* of DEVICE */
};

/* What is known of a kind of a device by what it did in all its life. */
struct probe_usual {
	struct probe_kind kind;
	uint32_t episodes, boots; /* in how many; boots: of those, after a start */
	nstime period;            /* 0: none that is regular */
	bool update;              /* seen while its firmware was loaded */
	bool time;                /* it asks for the time there */
};

enum probe_why {
	PROBE_WHY_NONE,
	PROBE_WHY_USER,  /* a phone or a hub spoke to it */
	PROBE_WHY_OWNER, /* the owner's command */
	PROBE_WHY_ALERT, /* something about it is suspicious */
	PROBE_WHY_QUARANTINE,
	PROBE_WHY_UPDATE, /* it loads firmware, or its profile is being learned anew */
	PROBE_WHY_FEW,    /* too few episodes */
	PROBE_WHY_NO_PROFILE,  /* nothing is enforced for it: nothing can be refused */
	PROBE_WHY_GONE,        /* it is not here */
	PROBE_WHY_CLASS,       /* its class forbids it, or it says it is another */
	PROBE_WHY_FORBIDDEN,   /* the owner has not allowed it */
	PROBE_WHY_NIGHT,       /* the window is closed */
	PROBE_WHY_TONIGHT,     /* the house has had its probe of this night */
	PROBE_WHY_CALM,        /* it was used not long ago */
	PROBE_WHY_CLOCK,       /* the clock is not sure, or was set */
	PROBE_WHY_UNRECOVERED, /* something that was refused did not come back */
	PROBE_WHY_RECOVERING,  /* ... has not come back yet */
	PROBE_WHY_DONE,        /* all that may be asked was asked */
	PROBE_WHY_FAILED,      /* the refusal could not be put in force */
	PROBE_WHY_RESTART,     /* the gateway was started anew meanwhile */
	PROBE_WHY_MAX,
};

enum probe_state {
	PROBE_IDLE,
	PROBE_REFUSING,
	PROBE_RESTORING,  /* to be taken back; tried until it is */
	PROBE_SETTLING,   /* taken back; what was seen meanwhile still comes in */
	PROBE_RECOVERING, /* does what was refused work again? */
	PROBE_STATE_MAX,
};

/* Of one try. */
enum probe_outcome {
	PROBE_ESSENTIAL,     /* it stopped what it does beside, too */
	PROBE_FALLBACK,      /* something new took its place */
	PROBE_NON_ESSENTIAL, /* nothing changed */
	PROBE_UNCLEAR,       /* nothing new, and nothing to tell by */
	PROBE_UNMET,         /* it did not try meanwhile */
	PROBE_STOPPED,       /* why says by what */
	PROBE_OUTCOME_MAX,
};

struct probe_try {
	nstime when; /* wall */
	enum probe_outcome outcome;
	enum probe_why why;
	uint32_t lasted_s, attempts; /* attempts: at what was refused */
	uint8_t expected, went_on;   /* of what is regular beside it */
	uint8_t appeared;            /* new kinds */
};

struct probe_fallback {
	struct probe_kind kind;
	uint32_t times;     /* tries in which it appeared */
	uint32_t apart;     /* sightings while nothing was refused */
	uint32_t after_ms;  /* the shortest time since the refusal was met */
	nstime first, last; /* wall */
};

/* All that is known of one kind that was refused: what a profile says as `fallback-of`
 * and as essential or not. */
struct probe_target {
	struct probe_kind kind;
	bool whole; /* all that the name stands for was refused: no such name */
	uint32_t counts[PROBE_OUTCOME_MAX];
	struct probe_try tries[PROBE_TRIES_KEPT]; /* the latest, oldest first */
	uint32_t try_count;
	struct probe_fallback fallbacks[PROBE_FALLBACKS_MAX];
	uint32_t fallback_count, fallbacks_beyond;
};

enum probe_need { PROBE_NEED_UNKNOWN, PROBE_NEED_ESSENTIAL, PROBE_NEED_NONE };

struct probe_device {
	struct mac mac;
	bool allowed;
	enum device_class class;
	struct probe_window window;
	nstime since; /* wall: of the owner's last word */
	enum probe_state state;
	enum probe_why why; /* of a state other than IDLE: what ended it; else what
			     * keeps the next one waiting */
	bool unrecovered;
	nstime last;              /* wall: when the latest one began; 0: never */
	struct probe_kind target; /* of that */
	nstime until;             /* wall: the refusal ends by then; 0: none */
	uint32_t targets;
};

/* Wall clock, a clock that never goes back, and local time. */
struct probe_time {
	nstime wall, mono;
	int32_t offset; /* seconds east of UTC */
	bool sure;      /* the wall clock is */
};

enum probe_told {
	PROBE_TOLD_BEGUN,
	PROBE_TOLD_APPEARED, /* fallback */
	PROBE_TOLD_RESTORED, /* why */
	PROBE_TOLD_OUTCOME,  /* outcome */
	PROBE_TOLD_RECOVERED,
	PROBE_TOLD_UNRECOVERED,
};
struct probe_note {
	enum probe_told told;
	const struct probe_target *target;
	const struct probe_fallback *fallback; /* of APPEARED */
	const struct probe_try *try;           /* of RESTORED and OUTCOME */
	enum probe_why why;
};

typedef void probe_visit(void *ctx, const struct probe_usual *u);
struct probe_config {
	nstime longest, calm;    /* 0: as above */
	uint32_t episodes_least; /* 0: as above */
	/* Refuse this to the device, politely, and on no account beyond `longest` from
	 * now; it is stored by then that this happens. */
	int (*refuse)(void *ctx, const struct mac *device, const struct probe_target *t,
		nstime longest);
	/* Take it back, also when there is nothing to take back. */
	int (*restore)(void *ctx, const struct mac *device);
	/* All that the device does. */
	void (*usual)(
		void *ctx, const struct mac *device, probe_visit *visit, void *to);
	/* It did this before that time (wall). */
	bool (*known)(void *ctx, const struct mac *device, const struct probe_kind *k,
		nstime before);
	/* What speaks against probing it at this moment. */
	enum probe_why (*bar)(void *ctx, const struct mac *device);
	/* The device's part of the state is another now: save it. */
	void (*changed)(void *ctx, const struct mac *device);
	/* For the owner. May be NULL. */
	void (*told)(void *ctx, const struct mac *device, const struct probe_note *n);
	void *ctx;
};

struct probe;

int probe_new(
	const struct probe_config *c, nstime mono, struct probe **ret) CARDEA_MUSTCHECK;
void probe_free(struct probe *p); /* takes nothing back; NULL is fine */

/* The owner's word. CARDEA_EREFUSED: no class, or one that is never probed;
 * CARDEA_EMALFORMED: no night; CARDEA_ELIMIT. What is allowed again may be probed
 * again, also when something did not recover. */
int probe_allow(struct probe *p, const struct mac *device, enum device_class class,
	const struct probe_window *w, const struct probe_time *now) CARDEA_MUSTCHECK;
/* What was found stays. -ENOENT. */
int probe_forbid(struct probe *p, const struct mac *device,
	const struct probe_time *now) CARDEA_MUSTCHECK;
/* The device is no longer one of the house. */
void probe_forget(struct probe *p, const struct mac *device);

/* Every second, or so: begins, ends, gives up. */
void probe_tick(struct probe *p, const struct probe_time *now);
/* A conversation of the device, as soon as it is known; when it began is `when` (wall).
 */
enum probe_fate {
	PROBE_TRIED,   /* nothing came of it, or not yet */
	PROBE_REFUSED, /* by this gateway */
	PROBE_WORKED,
};
void probe_saw(struct probe *p, const struct mac *device, const struct probe_kind *k,
	enum probe_fate fate, nstime when, const struct probe_time *now);
/* Somebody needs the device, or something is wrong with it: what is refused to it is
 * taken back before this returns, or, where that fails, with each tick. True: something
 * was. */
bool probe_stop(struct probe *p, const struct mac *device, enum probe_why why,
	const struct probe_time *now);
/* The same for whatever is refused in the house. */
bool probe_stop_all(struct probe *p, enum probe_why why, const struct probe_time *now);
/* The device for which something is refused now; false: none. */
bool probe_running(const struct probe *p, struct mac *ret);

/* ---- what is known ---- */

size_t probe_count(const struct probe *p);
void probe_device_at(const struct probe *p, size_t i, const struct probe_time *now,
	struct probe_device *ret);
/* -ENOENT. */
int probe_device_of(const struct probe *p, const struct mac *device,
	const struct probe_time *now, struct probe_device *ret) CARDEA_MUSTCHECK;
/* In order of first try; NULL: not so many. Valid until the next call that changes. */
const struct probe_target *probe_target_at(
	const struct probe *p, const struct mac *device, size_t i);
/* Essential or not, by all tries; and one that appeared in enough of them. */
enum probe_need probe_target_need(const struct probe_target *t);
bool probe_fallback_confirmed(const struct probe_fallback *f);
/* Nothing more is to be asked of it. */
bool probe_target_done(const struct probe_target *t);

/* ---- state: of one device each, versioned, bounded, checked on the way in ---- */

#define PROBE_STATE_MAX_BYTES (512 * 1024)
int probe_save(const struct probe *p, const struct mac *device,
	struct writer *w) CARDEA_MUSTCHECK;
size_t probe_save_size(const struct probe *p, const struct mac *device);
/* What was refused when it was saved is taken back with the next tick, before anything
 * else. -EEXIST: that device is there. */
int probe_load(struct probe *p, struct cursor saved) CARDEA_MUSTCHECK;

/* ---- words ---- */

/* Never probed: people or other devices depend on it at night, or nobody said what it is. */
bool probe_class_is_forbidden(enum device_class c);
const char *probe_why_text(enum probe_why w);     /* half a sentence */
const char *probe_why_name(enum probe_why w);     /* one word */
const char *probe_state_name(enum probe_state s); /* "idle", "refusing", ... */
const char *probe_outcome_name(enum probe_outcome o);
const char *probe_need_name(enum probe_need n); /* "unknown", "essential", ... */
/* "02:00-05:00"; over midnight, too. */
bool probe_window_parse(const char *text, struct probe_window *ret);
#define PROBE_WINDOW_TEXT 12
char *probe_window_text(const struct probe_window *w, char buf[PROBE_WINDOW_TEXT]);
bool probe_window_is_sound(const struct probe_window *w);
/* Two ways to say one kind; what one of them leaves open does not count. */
bool probe_kind_meets(const struct probe_kind *a, const struct probe_kind *b);
/* "tcp port 443 of cloud.example.com" */
#define PROBE_KIND_TEXT (LIMIT_NAME + 64)
char *probe_kind_text(const struct probe_kind *k, char buf[PROBE_KIND_TEXT]);

#endif
