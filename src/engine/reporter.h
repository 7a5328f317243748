// SPDX-License-Identifier: GPL-2.0-or-later
/* reporter - tells makers how their files fare (draft-lear-opsawg-mud-reporter-01), where
 * the owner has said so (mud.report) and the file names a report-uri. What is told, and
 * that it is no more than that: engine/report_body.h. */
#ifndef CARDEA_ENGINE_REPORTER_H
#define CARDEA_ENGINE_REPORTER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/jsonw.h"
#include "model/device.h"
#include "model/limits.h"
#include "model/messages.h"

struct pipeline;
struct household_device;

/* After the start, or once the file is in force: an hour, and up to a day, so that
 * houses do not report all at once, nor each time the power comes back. */
#define REPORTER_FIRST (3600 * NS_PER_SEC)
#define REPORTER_FIRST_SPREAD (23 * 3600 * NS_PER_SEC)
/* Then once a day, up to an hour later. */
#define REPORTER_EVERY (24 * 3600 * NS_PER_SEC)
#define REPORTER_EVERY_SPREAD (3600 * NS_PER_SEC)
/* The courier's own limit is LIMIT_FETCH_S. */
#define REPORTER_ANSWER (60 * NS_PER_SEC)
/* Reports have ids that no fetch has: both ask the resolver for hosts. */
#define REPORTER_ID_FIRST (UINT64_C(1) << 63)

struct reporter {
	bool enabled;
	uint64_t last_id;
};

enum reporter_outcome { REPORTER_NEVER, REPORTER_DELIVERED, REPORTER_FAILED };

enum reporter_objection {
	REPORTER_WOULD_SEND,
	REPORTER_NOT_WANTED, /* by the owner */
	REPORTER_NO_FILE,
	REPORTER_NO_URI,
	REPORTER_BAD_URI,
	REPORTER_NO_TIME, /* the clock is wrong: no certificate can be judged */
	REPORTER_BUSY,	  /* one is under way, or LIMIT_REPORTS are */
};

void reporter_init(struct reporter *r);
/* Every second: sends what is due, gives up what nobody answers. */
void reporter_tick(struct pipeline *p);
/* Why nothing would be sent for this device, in words, too. */
enum reporter_objection reporter_objection(const struct pipeline *p,
	const struct device *d, const struct household_device *hd,
	char ret_text[LIMIT_TEXT]);
/* Into an empty buffer writer of LIMIT_REPORT_BYTES: what would be sent now. -ENOENT
 * without a file in force. */
int reporter_body(struct pipeline *p, struct household_device *hd,
	struct jsonw *j) CARDEA_MUSTCHECK;
/* Now, by the owner's word. -EPERM with an objection. */
int reporter_send(struct pipeline *p, const struct device *d,
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* To the courier: len octets of text for this URL, or for the owner where it is empty. What
 * becomes of them is told under the id. */
int reporter_post(struct pipeline *p, uint64_t id, const char *url, const char *text,
	size_t len) CARDEA_MUSTCHECK;

/* The courier's REPORT_DONE, and its HOST_WANTED for a report. */
bool reporter_takes(const struct message *m);
int reporter_message(struct pipeline *p, const struct message *m) CARDEA_MUSTCHECK;
/* False: it was not for a report. */
bool reporter_resolved(struct pipeline *p, const struct message_resolved *m);
void reporter_courier_lost(struct pipeline *p);
/* The kernel refused a packet of the device. */
void reporter_dropped(struct household_device *hd, const struct message_seen_violation *m);

#endif
