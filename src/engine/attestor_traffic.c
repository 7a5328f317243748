// SPDX-License-Identifier: GPL-2.0-or-later
/* What a held device fetches (evidence L1): octets that came to it from its update hosts,
 * as the LAN's frames show them, against the size that its maker's manifest says; and a
 * start after that. The kernel's own counters do not help: both back ends count the
 * packets that begin a conversation, not what it carries.
 *
 * It proves little: that the octets came, not what they are, nor that they were
 * installed. Classes of which more is demanded wait for a report or a token. */
#include "engine/attestor.h"

#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/lives.h"
#include "engine/pipeline.h"

const char *attestor_no_size(const struct attestor_device *s)
{
	if (!s || !s->manifest.accepted)
		return "no manifest of its maker was accepted, so nobody knows how large "
		       "its firmware is";
	if (!s->manifest.uri_count)
		return "its manifest names no place to fetch from: all is within it, or "
		       "comes another way";
	if (!s->manifest.size)
		return "its manifest does not say how large its firmware is";
	return NULL;
}

/* A new hold begins a new count. NULL: it is not held. */
static struct attestor_device *held(struct attestor *a, struct device *d)
{
	const struct life *l = pipeline_life_of(a->pipeline, d);
	struct attestor_device *s;

	if (!l || !life_is_isolated(l->state) || l->state == LIFE_RETIRED)
		return NULL;
	s = attestor_device(a, d);
	if (s && !s->fetch.since)
		s->fetch = (struct attestor_fetch){.since = pipeline_wall(a->pipeline)};
	return s;
}

static void save(struct attestor *a, struct attestor_device *s, bool now)
{
	nstime mono = loop_now(a->pipeline->loop);

	if (!now && s->fetch_saved && mono - s->fetch_saved < ATTESTOR_FETCH_SAVE)
		return;
	if (attestor_save(a, s) == 0)
		s->fetch_saved = mono;
}

static bool is_fetching(const struct attestor_device *s)
{
	uint64_t least = ATTESTOR_FETCH_LEAST;

	if (s->manifest.size && s->manifest.size / 2 < least)
		least = s->manifest.size / 2 + 1;
	return s->fetch.octets >= least;
}

static void tell_fetching(struct attestor *a, struct device *d, struct attestor_device *s)
{
	const struct life *l = pipeline_life_of(a->pipeline, d);
	struct life_said said = {0};
	char text[LIMIT_TEXT];

	if (!is_fetching(s) || !l || l->state == LIFE_UPDATING ||
		l->state == LIFE_ATTESTING)
		return;
	(void)str_print(text, sizeof(text), "%llu octets from %s",
		(unsigned long long)s->fetch.octets, s->fetch.host);
	said.text = text;
	(void)pipeline_life(a->pipeline, d, LIFE_FETCHING, &said, NULL);
}

/* The image is whole, and it started after that. */
static void tell_fetched(struct attestor *a, struct device *d, struct attestor_device *s)
{
	const struct life *l = pipeline_life_of(a->pipeline, d);
	struct life_said said = {.level = LIFE_L1_NETWORK};
	struct attestor_fetch done = s->fetch;
	char text[LIMIT_TEXT];

	if (!l || l->state != LIFE_UPDATING || !done.whole || done.started <= done.whole)
		return;
	(void)str_print(text, sizeof(text),
		"%llu octets from %s, of %llu that its firmware has, and a start after "
		"them",
		(unsigned long long)done.octets, done.host,
		(unsigned long long)s->manifest.size);
	said.text = text;
	/* Not stored, or killed in the middle: it counts with what is seen next. */
	if (!pipeline_life(a->pipeline, d, LIFE_FETCHED, &said, NULL))
		return;
	s->fetch.octets = 0; /* what it fetches next is another attempt */
	s->fetch.whole = s->fetch.started = 0;
	save(a, s, true);
}

/* All of it is here: by what just came, or by a manifest that says only now how much it
 * is. */
static bool is_whole_now(struct attestor_device *s)
{
	struct attestor_fetch *f = &s->fetch;

	if (f->whole || !f->octets || !s->manifest.size || f->octets < s->manifest.size)
		return false;
	f->whole = f->last;
	return true;
}

void attestor_weigh(struct attestor *a, struct device *d)
{
	struct attestor_device *s = held(a, d);

	if (!s)
		return;
	if (is_whole_now(s))
		save(a, s, true);
	tell_fetching(a, d, s);
	tell_fetched(a, d, s);
}

void attestor_record(struct attestor *a, struct device *d, const struct record *r)
{
	struct attestor_device *s = held(a, d);
	uint64_t octets = r->bytes[DIRECTION_TO_DEVICE];
	nstime now = pipeline_wall(a->pipeline);
	char addr[ADDR_TEXT_MAX];

	if (!s || !octets || r->first < s->fetch.since || !attestor_is_from_host(a, d, r))
		return;
	if (__builtin_add_overflow(s->fetch.octets, octets, &s->fetch.octets))
		s->fetch.octets = UINT64_MAX;
	/* the clock may have been set back meanwhile */
	s->fetch.last = r->last < now ? r->last : now;
	str_copy(s->fetch.host, sizeof(s->fetch.host),
		r->name[0] ? r->name : addr_format(&r->peer, addr));
	save(a, s, is_whole_now(s));
	tell_fetching(a, d, s);
	tell_fetched(a, d, s);
}

void attestor_started(struct attestor *a, struct device *d, nstime when)
{
	struct attestor_device *s = held(a, d);

	if (!s || when < s->fetch.since)
		return;
	s->fetch.started = when;
	save(a, s, s->fetch.whole != 0);
	tell_fetched(a, d, s);
}

/* A nonce is not moved: none of before is good for longer by that. */
void attestor_shift(struct attestor *a, const struct when_jump *j)
{
	for (size_t i = 0; i < a->device_count; i++) {
		struct attestor_fetch *f = &a->devices[i]->fetch;
		nstime *const times[] = {&f->since, &f->last, &f->whole, &f->started};

		for (size_t k = 0; k < sizeof(times) / sizeof(*times); k++)
			if (*times[k])
				*times[k] = when_moved(*times[k], j, 1);
		if (f->since && attestor_save(a, a->devices[i]))
			log_warn("attestor", "what device %u fetched is not stored",
				a->devices[i]->id);
	}
}

void attestor_moved(void *ctx, struct device *d, const struct life_step *step,
	const char *text)
{
	struct attestor *a = ctx;
	struct attestor_device *s = life_is_isolated(step->to)
		? attestor_device(a, d)
		: attestor_find(a, d);

	(void)text;
	if (!s || !step->moved)
		return;
	if (life_is_isolated(step->to) && !life_is_isolated(step->from))
		s->fetch = (struct attestor_fetch){.since = pipeline_wall(a->pipeline)};
	else if (!life_is_isolated(step->to))
		s->fetch = (struct attestor_fetch){0};
	else if (step->event == LIFE_STALLED && !s->fetch.whole)
		s->fetch.octets = 0; /* what it fetches next is another attempt */
	/* LIFE_DO_CHALLENGE: the device asks for its nonce itself. The one that it may have
	 * got since its start stays good: what it fetched is known some seconds later. */
	save(a, s, true);
}
