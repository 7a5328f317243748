// SPDX-License-Identifier: GPL-2.0-or-later
/* journal - events as people read them: alike violations within an hour are one event
 * with a count; a device that shouts cannot flood it. */
#ifndef CARDEA_ENGINE_JOURNAL_H
#define CARDEA_ENGINE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "model/event.h"
#include "store/store.h"

#define JOURNAL_OPEN_MAX 512	/* violations that may still grow */
#define JOURNAL_OPEN_S 3600
#define JOURNAL_NOTES_MAX 256	/* notes about devices at once, then one a second */
#define JOURNAL_BUCKETS 256	/* rate limiters; devices share them by id */

struct journal_bucket {
	nstime when;
	int64_t tokens; /* thousandths */
};

struct journal {
	struct store *store;
	void (*added)(void *ctx, const struct event *e); /* a new event, with its id */
	void *ctx;
	struct {
		struct event event;
		bool dirty;
	} open[JOURNAL_OPEN_MAX];
	size_t next; /* to be replaced when all are taken */
	struct journal_bucket buckets[JOURNAL_BUCKETS], notes;
	uint64_t suppressed; /* violations and notes beyond the rate */
};

void journal_init(struct journal *j, struct store *s,
	void (*added)(void *, const struct event *), void *ctx);
/* A single happening; text by format. */
void journal_note(struct journal *j, nstime wall, device_id device, enum event_kind kind,
	const char *fmt, ...) CARDEA_PRINTF(5, 6);
/* Refused packets, or what comes as often: e.packets of them, 1 where that is 0. e: device,
 * kind, reason, flow, name, text; times are set here. */
void journal_packet(struct journal *j, nstime wall, const struct event *e);
/* The last conversation with this peer that was refused within JOURNAL_OPEN_S; or NULL. */
const struct event *journal_last(const struct journal *j, device_id device,
	const struct addr *peer);
/* Writes counts that grew. */
void journal_flush(struct journal *j);

#endif
