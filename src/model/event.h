// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* event - something that happened in the house, kept for people. */
#ifndef CARDEA_MODEL_EVENT_H
#define CARDEA_MODEL_EVENT_H

#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "model/flow.h"
#include "model/ids.h"
#include "model/limits.h"
#include "model/verdict.h"

enum event_kind {
	EVENT_DEVICE_JOINED,
	EVENT_PROFILE_VERIFIED,
	EVENT_PROFILE_FAILED,
	EVENT_PROTECTED,
	EVENT_VIOLATION,
	EVENT_CONFLICT,	       /* a device wanted another's address */
	EVENT_PROCESS,	       /* one of our processes ended and came back */
	EVENT_GATEWAY,	       /* started, stopped, limits reached */
	EVENT_RENAMED,
	EVENT_QUESTION,	   /* the owner is asked */
	EVENT_DECIDED,	   /* ... and answered */
	EVENT_IDENTITY,	   /* who a device is was shown, or confirmed */
	EVENT_QUARANTINE,  /* in or out */
	EVENT_REPORT,	   /* told a maker, or could not */
	EVENT_NAME_REFUSED,  /* a question about a name that it may not use: polite */
	EVENT_NAMES_HIDDEN,  /* it asks somebody else for names, or where none can see */
	EVENT_NAMES_ODD,     /* an answer that was forged or points into the house, a flood */
	EVENT_REFUSED,	     /* a conversation that the owner does not want: polite */
	EVENT_OVERLAY,	     /* the owner said what a device may or may not */
	EVENT_ADOPTED,	     /* ... put a profile in force himself, or took it back */
	EVENT_PROBE,	     /* something is refused for a while to see what happens */
	EVENT_LEARNED,	     /* what learning found, and that it began anew */
	EVENT_LIFE,	     /* where a device stands in the life cycle changed */
	EVENT_ADVISORY,	     /* what outsiders say, and what comes of it */
	EVENT_PORTAL,	     /* it asked the gateway for what is the owner's to do */
	EVENT_EVIDENCE,	     /* what a device handed in to show what it runs, or is to run */
	EVENT_ACCESS,	     /* somebody logged in, could not, or may now */
	EVENT_WOULD_BLOCK,   /* a violation that passed: the gateway only watches */
	EVENT_KIND_MAX,
};

/* Alike violations within an hour are one event with a count. */
struct event {
	event_id id;
	nstime first, last; /* wall */
	device_id device;   /* 0: the gateway itself */
	enum event_kind kind;
	enum verdict_reason reason; /* VIOLATION, WOULD_BLOCK */
	/* VIOLATION, WOULD_BLOCK, REFUSED, CONFLICT, NAMES_HIDDEN: device and peer */
	struct flow flow;
	/* of the peer as the device knew it, or that it asked for; may be empty */
	char name[LIMIT_NAME];
	uint64_t packets;
	char text[LIMIT_TEXT]; /* one sentence */
};

const char *event_kind_name(enum event_kind k); /* "device-joined", "violation" ... */

#endif
