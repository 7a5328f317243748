// SPDX-License-Identifier: GPL-2.0-or-later
/* webhook - tells the one address that the owner wrote down what happens in the house, a
 * POST an event. Of what comes in masses (refused packets, names) it says nothing: there
 * are pages for that, and a phone that rings all day teaches nobody. */
#ifndef CARDEA_ENGINE_WEBHOOK_H
#define CARDEA_ENGINE_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/jsonw.h"
#include "engine/reporter.h"
#include "model/event.h"
#include "model/limits.h"
#include "model/messages.h"

struct pipeline;

/* Events that wait; then the oldest go, counted. Enough for a restart of a busy house. */
#define WEBHOOK_QUEUE_MAX 64
#define WEBHOOK_BODY_MAX 2048
/* A failure is tried again after a quarter of a minute, then four times as long each time;
 * after the last, some 6 minutes later, the event is given up. */
#define WEBHOOK_RETRY (15 * NS_PER_SEC)
#define WEBHOOK_TRIES 4
#define WEBHOOK_ANSWER (60 * NS_PER_SEC) /* the courier's own limit is LIMIT_FETCH_S */
/* Ids that no report and no fetch has. */
#define WEBHOOK_ID_FIRST (REPORTER_ID_FIRST | UINT64_C(1) << 62)

struct webhook {
	bool enabled;
	char url[LIMIT_URL]; /* empty: nobody is to be told */
	event_id queue[WEBHOOK_QUEUE_MAX]; /* oldest first */
	unsigned count;
	bool testing;	  /* what is under way is a test of the owner's */
	uint64_t last_id, sending; /* 0: nothing is under way */
	event_id telling;	   /* the event that is under way, or was last */
	unsigned tries;
	nstime due;  /* mono */
	nstime last; /* wall */
	uint64_t delivered, lost;
	bool failed;
	char text[LIMIT_TEXT]; /* what went wrong the last time */
};

/* "webhook" (yes, no), "webhook_url"; 0 also for others. */
int webhook_setting(struct webhook *w, const char *key, const char *value) CARDEA_MUSTCHECK;
bool webhook_is_on(const struct webhook *w);
/* An event of the journal, with its id: told, if it is one of those. */
void webhook_event(struct pipeline *p, const struct event *e);
/* Every second. */
void webhook_tick(struct pipeline *p);
/* Into an empty writer: exactly what is sent of this event. */
void webhook_body(const struct pipeline *p, const struct event *e, struct jsonw *j);
/* The youngest event that is, or would be, told; -ENOENT. */
int webhook_sample(struct pipeline *p, struct event *ret) CARDEA_MUSTCHECK;
/* Now, by the owner's word: a test. -EPERM where nobody is to be told, -EBUSY, -EPIPE. */
int webhook_test(struct pipeline *p) CARDEA_MUSTCHECK;

/* The courier's REPORT_DONE and HOST_WANTED for a message of ours; false: of others. */
bool webhook_takes(const struct message *m);
int webhook_message(struct pipeline *p, const struct message *m) CARDEA_MUSTCHECK;
/* False: it was not for us. */
bool webhook_resolved(struct pipeline *p, const struct message_resolved *m);
void webhook_courier_lost(struct pipeline *p);

#endif
