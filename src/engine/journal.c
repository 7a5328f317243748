// SPDX-License-Identifier: GPL-2.0-or-later
/* Events: single ones and counted ones. */
#include "engine/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"

void journal_init(struct journal *j, struct store *s,
	void (*added)(void *, const struct event *), void *ctx)
{
	memset(j, 0, sizeof(*j));
	j->store = s;
	j->added = added;
	j->ctx = ctx;
	for (size_t i = 0; i < JOURNAL_BUCKETS; i++)
		j->buckets[i].tokens = LIMIT_EVENT_BURST * 1000;
	j->notes.tokens = JOURNAL_NOTES_MAX * 1000;
}

/* Takes one token of the bucket, which gains rate a second up to burst. */
static bool within_rate(struct journal_bucket *b, nstime now, int64_t rate, int64_t burst)
{
	nstime passed = now - b->when;

	if (passed > 0 && b->when) {
		b->tokens += passed / NS_PER_MS * rate;
		if (b->tokens > burst * 1000)
			b->tokens = burst * 1000;
	}
	b->when = now;
	if (b->tokens < 1000)
		return false;
	b->tokens -= 1000;
	return true;
}

static void save_new(struct journal *j, struct event *e)
{
	int error = store_event_save(j->store, e);

	if (error)
		log_error("journal", "an event was not stored: %s", error_text(error));
	if (j->added)
		j->added(j->ctx, e);
}

void journal_note(struct journal *j, nstime wall, device_id device, enum event_kind kind,
	const char *fmt, ...)
{
	struct event e = {.first = wall, .last = wall, .device = device, .kind = kind};
	va_list ap;

	/* Devices that come and go by the thousand must not push out all else. */
	if (device && !within_rate(&j->notes, wall, 1, JOURNAL_NOTES_MAX)) {
		j->suppressed++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	save_new(j, &e);
}

/* A client's own port changes from try to try and does not count. */
static bool same_service(const struct flow *f, const struct flow *g)
{
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	return f->proto == g->proto && addr_equal(&f->peer, &g->peer) &&
	       f->icmp_type == g->icmp_type &&
	       (from ? f->peer_port == g->peer_port : f->device_port == g->device_port);
}

/* The same offence. Who uses another's address offends by that, wherever it talks to. */
static bool alike(const struct event *a, const struct event *b)
{
	if (a->device != b->device || a->kind != b->kind || a->reason != b->reason ||
		a->flow.direction != b->flow.direction)
		return false;
	if (a->kind == EVENT_NAME_REFUSED || a->kind == EVENT_NAMES_ODD)
		return strcmp(a->name, b->name) == 0 && strcmp(a->text, b->text) == 0;
	if (a->kind == EVENT_NAMES_HIDDEN && a->name[0])
		return strcmp(a->name, b->name) == 0 &&
		       a->flow.peer_port == b->flow.peer_port;
	if (a->reason == REASON_SPOOFED)
		return addr_equal(&a->flow.device, &b->flow.device);
	return same_service(&a->flow, &b->flow);
}

static size_t slot_for(struct journal *j, const struct event *e, nstime now)
{
	for (size_t i = 0; i < JOURNAL_OPEN_MAX; i++) {
		const struct event *have = &j->open[i].event;

		if (have->id && now - have->first < JOURNAL_OPEN_S * NS_PER_SEC &&
			alike(have, e))
			return i;
	}
	return JOURNAL_OPEN_MAX;
}

static void flush_slot(struct journal *j, size_t i)
{
	int error;

	if (!j->open[i].dirty)
		return;
	j->open[i].dirty = false;
	error = store_event_save(j->store, &j->open[i].event);
	if (error)
		log_error("journal", "a count was not stored: %s", error_text(error));
}

static uint64_t packets_of(const struct event *e)
{
	return e->packets ? e->packets : 1;
}

void journal_packet(struct journal *j, nstime wall, const struct event *e)
{
	size_t i = slot_for(j, e, wall);

	if (i < JOURNAL_OPEN_MAX) {
		j->open[i].event.packets += packets_of(e);
		j->open[i].event.last = wall;
		j->open[i].dirty = true;
		return;
	}
	if (!within_rate(&j->buckets[e->device % JOURNAL_BUCKETS], wall, LIMIT_EVENT_RATE,
		    LIMIT_EVENT_BURST)) {
		j->suppressed++;
		return;
	}
	i = j->next;
	j->next = (j->next + 1) % JOURNAL_OPEN_MAX;
	flush_slot(j, i);
	j->open[i].event = *e;
	j->open[i].event.id = 0;
	j->open[i].event.first = j->open[i].event.last = wall;
	j->open[i].event.packets = packets_of(e);
	save_new(j, &j->open[i].event);
}

void journal_flush(struct journal *j)
{
	for (size_t i = 0; i < JOURNAL_OPEN_MAX; i++)
		flush_slot(j, i);
}

const struct event *journal_last(const struct journal *j, device_id device,
	const struct addr *peer)
{
	const struct event *last = NULL;

	for (size_t i = 0; i < JOURNAL_OPEN_MAX; i++) {
		const struct event *e = &j->open[i].event;

		if (e->id && e->device == device &&
			((e->kind == EVENT_VIOLATION && e->reason == REASON_DEFAULT_DENY) ||
				e->kind == EVENT_REFUSED || e->kind == EVENT_WOULD_BLOCK) &&
			addr_equal(&e->flow.peer, peer) && (!last || e->last > last->last))
			last = e;
	}
	return last;
}
