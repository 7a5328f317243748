// SPDX-License-Identifier: GPL-2.0-or-later
/* lifecycle - where a device stands, what may bring it elsewhere, and why it came there:
 * one table of states and events (draft-richardson-shg-un-quarantine-03 and the talk of
 * RIPE 79 have the states). Pure: time and facts come from the caller, actions go to it.
 *
 * What the table guards: nothing a device says about itself ends its quarantine; each
 * arc back to protected needs evidence, of a level that its class demands; who is
 * critical (medical, lock, smoke, heating) is limited and never dark without the owner. */
#ifndef CARDEA_LIFECYCLE_LIFECYCLE_H
#define CARDEA_LIFECYCLE_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "lifecycle/when.h"
#include "model/device.h"
#include "model/limits.h"

enum life_state {
	LIFE_NEW,	  /* seen; nobody said yet what it is for */
	LIFE_LEARNING,	  /* watched; nothing is enforced */
	LIFE_PROTECTED,	  /* its profile is enforced */
	LIFE_SUSPICIOUS,  /* it left its profile; watched closely */
	LIFE_QUARANTINED, /* only names, time and its update hosts */
	LIFE_UPDATING,	  /* fetches from its update hosts */
	LIFE_ATTESTING,	  /* has to show what it runs now */
	LIFE_PROBATION,	  /* back in service, with tighter thresholds */
	LIFE_LIMITED,	  /* critical and suspect: local work goes on, no internet */
	LIFE_AWAY,	  /* not seen for long */
	LIFE_UNFIXABLE,	  /* no firmware will mend it: the owner decides */
	LIFE_RETIRED,	  /* out of service for good; refused if it comes back */
	LIFE_STATE_MAX,
};

enum life_event {
	LIFE_SEEN_AGAIN,
	LIFE_GONE,	    /* not seen for LIFE_AWAY_AFTER */
	LIFE_WATCH,	    /* no profile yet: learn */
	LIFE_PROFILE,	    /* a profile came into force */
	LIFE_PROFILE_LOST,  /* and is none any more */
	LIFE_RAISED,	    /* the score of suspicion passed the first threshold */
	LIFE_CLEARED,	    /* it fell below; or an update of the profile explains it */
	LIFE_CONVICTED,	    /* it passed the second threshold, by what we saw ourselves */
	LIFE_ACCUSED,	    /* outsiders say so, and our own flows show it */
	LIFE_OWNER_ISOLATES,
	LIFE_OWNER_RELEASES,/* both steps of his word */
	LIFE_OWNER_RETIRES,
	LIFE_OWNER_READMITS,/* a retired one is a new one again */
	LIFE_FETCHING,	    /* octets come from an allowed update host */
	LIFE_FETCHED,	    /* an image whole, and a start after it: evidence L1 */
	LIFE_STALLED,	    /* neither, for LIFE_UPDATE_MAX */
	LIFE_EVIDENCE,	    /* a report, token or result: facts.level says how good */
	LIFE_FORGED,	    /* one that is forged, replayed or of old firmware */
	LIFE_HOPELESS,	    /* no update came forth for LIFE_FIX_MAX, or the maker says so */
	LIFE_SERVED,	    /* probation is over without an offence */
	LIFE_ABSOLVED, /* what others said of it is over, taken back or wrong; nothing else
			* holds it */
	LIFE_NEEDED, /* it was isolated before its owner said that its class is critical */
	LIFE_EVENT_MAX,
};

/* How good the evidence for a return is (identity.md of the design: L0 to L4). */
enum life_level {
	LIFE_L_NONE,
	LIFE_L0_OWNER,	 /* the owner's word, in two steps */
	LIFE_L1_NETWORK, /* fetched an image's size from an allowed host, then started */
	LIFE_L2_REPORT,	 /* a signed report of the installation */
	LIFE_L3_TOKEN,	 /* a signed token over our nonce with the image's digest */
	LIFE_L4_RESULT,	 /* a trusted verifier's affirming result */
	LIFE_LEVEL_MAX,
};

/* What is to be done, a bit each; in this order. */
enum life_action {
	LIFE_DO_ENFORCE = 1,	  /* its profile */
	LIFE_DO_WATCH = 2,	  /* nothing enforced */
	LIFE_DO_ISOLATE = 4,	  /* only the quarantine's list */
	LIFE_DO_LIMIT = 8,	  /* no internet but updates; the house stays open to it */
	LIFE_DO_REFUSE = 16,	  /* nothing at all */
	LIFE_DO_CASE_OPEN = 32,	  /* begin a case, with a bundle of evidence */
	LIFE_DO_CASE_CLOSE = 64,
	LIFE_DO_TELL = 128,	  /* the owner */
	LIFE_DO_ASK = 256,	  /* the owner: at most three choices */
	LIFE_DO_CHALLENGE = 512,  /* a fresh nonce */
	LIFE_DO_TIGHTEN = 1024,	  /* lower thresholds of suspicion */
	LIFE_DO_LOOSEN = 2048,
};

#define LIFE_HOUR (3600 * NS_PER_SEC)
#define LIFE_DAY (24 * LIFE_HOUR)
#define LIFE_AWAY_AFTER (30 * LIFE_DAY)     /* longer than a holiday */
#define LIFE_UPDATE_MAX (2 * LIFE_HOUR)     /* the slowest image over the thinnest line */
#define LIFE_ATTEST_MAX (24 * LIFE_HOUR)    /* a device that starts at night */
#define LIFE_FIX_MAX (30 * LIFE_DAY)	      /* what makers need for an urgent fix */
#define LIFE_PROBATION_FOR (7 * LIFE_DAY) /* a week has all of a home's contexts */
#define LIFE_PROBATION_TIMES 4	/* so many times as long for who offends again */
/* Returns in a row that no human being looked at; then only the owner can. A device that
 * oscillates tires nobody out. */
#define LIFE_RETURNS_MAX 2
#define LIFE_RETURNS_WITHIN (90 * LIFE_DAY)

/* What is known when an event happens. */
struct life_facts {
	nstime now;  /* wall */
	nstime seen; /* wall: when it last spoke; probation is not served by absence */
	bool critical; /* its class: never dark without the owner */
	bool enforceable; /* there is a profile to enforce */
	enum life_level level; /* of EVIDENCE and FETCHED */
	enum life_level least; /* that its class demands for a return */
	bool by_device; /* it was asked from one of the device's own addresses */
	uint32_t steps; /* of the owner's word for a release: 2 are needed */
	nstime probation; /* as long as the owner says; 0: LIFE_PROBATION_FOR */
	bool accused_alone; /* ABSOLVED: it is held for others' word and nothing else */
};

/* Where one device stands; small, saved and loaded as it is. */
struct life {
	enum life_state state;
	enum life_state before; /* AWAY: where it was */
	enum life_state held;	/* QUARANTINED or LIMITED: where it goes when updating,
				 * attesting or a return fails */
	nstime since;
	nstime deadline; /* of what is awaited in this state; 0: nothing */
	uint32_t offences; /* times in quarantine or limited */
	uint32_t returns;  /* without a human being, within LIFE_RETURNS_WITHIN */
	nstime first_return;
	enum life_level level; /* of the evidence that was brought so far */
	bool by_owner; /* isolated as he wants: then what is critical may be dark, too */
	nstime hopeless; /* when it is given up, also while it updates; 0: not settled */
};

/* What came of an event. */
struct life_step {
	enum life_event event;
	bool moved; /* or stayed, with actions */
	enum life_state from, to;
	unsigned actions;
	const char *evidence; /* its kind: "violations", "suit-report", ... */
	const char *protocol; /* over which it came: "IPFIX", "SUIT", ... or "" */
	const char *refused;  /* why nothing happened: a sentence; else NULL */
	char sentence[LIMIT_TEXT]; /* what happened, for people */
};

void life_init(struct life *l, nstime now);
/* An event; name: of the device, in sentences. False when the table has no such arc or a
 * guard refuses: ret->refused says why, nothing has changed. */
bool life_event(struct life *l, enum life_event e, const struct life_facts *f,
	const char *name, struct life_step *ret);
/* What time alone brings (a deadline); call until it is false. The clock may jump: a
 * deadline further away than its state allows is pulled in. */
bool life_tick(struct life *l, const struct life_facts *f, const char *name,
	struct life_step *ret);

const char *life_state_name(enum life_state s); /* "protected", ... also in the API */
const char *life_event_name(enum life_event e);
/* False: it may speak with the internet beyond its update hosts. Who is AWAY is kept as
 * it was before. */
bool life_is_isolated(enum life_state s);

/* How far a device that stands there is held; who is AWAY, as before. */
enum device_hold life_hold(const struct life *l);
/* The clock was set, or the gateway was off for so long: what was to end in a while still
 * does after the same while. */
void life_shift(struct life *l, const struct when_jump *j);
/* What its class demands for a return without its owner. */
enum life_level life_least(enum device_class c);
const char *life_level_name(enum life_level l); /* "none", "owner", "network", ... */

/* ---- the table itself, for the test that walks it, the diagram and the API ---- */

/* Where an arc leads when the state before decides. */
#define LIFE_TO_BEFORE LIFE_STATE_MAX /* AWAY: where it was */
#define LIFE_TO_HELD (LIFE_STATE_MAX + 1)
struct life_arc {
	uint32_t from; /* states, a bit each */
	enum life_event event;
	unsigned to; /* enum life_state, or one of the above */
	/* NULL: it may happen; else why not. Rows of one event are tried in order; the
	 * last one's reason is told. */
	const char *(*guard)(const struct life *l, const struct life_facts *f);
	unsigned actions;
	bool returns; /* back into service: only with evidence or the owner */
	const char *evidence, *protocol;
	const char *sentence; /* $: the device's name */
};
/* NULL behind the last. */
const struct life_arc *life_arc_at(size_t i);
/* The table as a drawing for the documents. */
int life_draw(FILE *out) CARDEA_MUSTCHECK;

#define LIFE_SAVED 64 /* octets */
int life_save(const struct life *l, struct writer *w) CARDEA_MUSTCHECK;
/* CARDEA_EMALFORMED: no state of ours; ret is a new device then. */
int life_load(struct cursor saved, struct life *ret) CARDEA_MUSTCHECK;

#endif
