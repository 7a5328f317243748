// SPDX-License-Identifier: GPL-2.0-or-later
/* choose - what to refuse next: names of clouds first, and what a device does after a
 * start; never what it needs for a name, an address, the time or its repair. */
#include "profiles/probe/probe_priv.h"

#include <stdlib.h>
#include <string.h>
#include "model/flow.h"
#include "model/rule.h"

struct list {
	struct probe_usual *items;
	size_t count;
	bool failed; /* no memory, or more than a device with a purpose does */
};

static void collect(void *ctx, const struct probe_usual *u)
{
	struct list *l = ctx;

	l->failed |= l->count == PROBE_USUAL_MAX;
	if (l->failed || !probe_kind_is_sound(&u->kind))
		return;
	if ((l->count & (l->count - 1)) == 0) { /* 0, 1, 2, 4, ...: it is full */
		size_t cap = l->count ? 2 * l->count : 1;
		struct probe_usual *more = realloc(l->items, cap * sizeof *more);

		l->failed = !more;
		if (!more)
			return;
		l->items = more;
	}
	l->items[l->count++] = *u;
}

/* Names (53, 853), addresses (67, 68, 546, 547), time (123), names of the LAN (5353).
 */
static bool is_base(const struct probe_kind *k)
{
	static const uint16_t ports[] = {53, 67, 68, 123, 546, 547, 853, 5353};

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (k->port == ports[i])
			return true;
	return k->proto != FLOW_PROTO_TCP && k->proto != FLOW_PROTO_UDP;
}

/* A label, or a part of one between hyphens, that firmware servers are called by. */
static bool is_repair_word(const char *from, size_t len)
{
	static const char *const words[] = {"update", "updates", "updater", "upgrade",
		"upgrades", "firmware", "firmwares", "fw", "fota", "ota", "swupdate",
		"dfu", "recovery", "repair", "rescue"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == len && memcmp(words[i], from, len) == 0)
			return true;
	return false;
}

static bool is_repair_name(const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".-_0123456789");

		if (len && is_repair_word(name, len))
			return true;
		name += len;
		name += *name != 0;
	}
	return false;
}

static bool same_peer(const struct probe_kind *a, const struct probe_kind *b)
{
	struct probe_kind x = *a, y = *b;

	x.proto = y.proto = 0;
	x.direction = y.direction = DIRECTION_FROM_DEVICE;
	return probe_kind_meets(&x, &y);
}

/* What else would be lost with it, or is lost in part. */
static bool is_needed(const struct list *l, const struct probe_kind *k)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct probe_usual *u = &l->items[i];

		if (!same_peer(k, &u->kind))
			continue;
		if (u->update || u->time || is_repair_name(u->kind.name) ||
			(u->kind.proto && is_base(&u->kind)))
			return true;
	}
	return false;
}

static bool is_candidate(
	const struct probe *p, const struct list *l, const struct probe_usual *u)
{
	const struct probe_kind *k = &u->kind;

	return k->direction == DIRECTION_FROM_DEVICE && k->place == RECORD_INTERNET &&
	       !is_base(k) && k->port && (k->name[0] || k->peer.family) &&
	       u->episodes >= p->config.episodes_least && !is_needed(l, k);
}

static struct probe_target *find_target(struct subject *s, const struct probe_kind *k)
{
	for (uint32_t i = 0; i < s->target_count; i++)
		if (probe_kind_meets(&s->targets[i].kind, k))
			return &s->targets[i];
	return NULL;
}

static bool is_fallback(const struct subject *s, const struct probe_kind *k)
{
	for (uint32_t i = 0; i < s->target_count; i++)
		for (uint32_t f = 0; f < s->targets[i].fallback_count; f++)
			if (probe_kind_meets(&s->targets[i].fallbacks[f].kind, k))
				return true;
	return false;
}

/* The larger, the sooner. */
struct rank {
	int64_t parts[6];
};

static struct rank rank_of(struct subject *s, const struct probe_usual *u)
{
	const struct probe_target *t = find_target(s, &u->kind);
	int64_t fruitless = 0, answers = 0;

	if (t) {
		fruitless = (int64_t)t->counts[PROBE_UNMET] + t->counts[PROBE_UNCLEAR] +
			    t->counts[PROBE_STOPPED];
		answers = (int64_t)t->counts[PROBE_ESSENTIAL] +
			  t->counts[PROBE_FALLBACK] + t->counts[PROBE_NON_ESSENTIAL];
	}
	return (struct rank){{-fruitless, answers, !is_fallback(s, &u->kind),
		u->kind.name[0] != 0, u->boots > 0, u->episodes}};
}

static bool is_before(const struct rank *a, const struct rank *b)
{
	for (size_t i = 0; i < sizeof a->parts / sizeof *a->parts; i++)
		if (a->parts[i] != b->parts[i])
			return a->parts[i] > b->parts[i];
	return false;
}

static const struct probe_usual *best(
	const struct probe *p, struct subject *s, const struct list *l)
{
	const struct probe_usual *found = NULL;
	struct rank of_found = {{0}};

	for (size_t i = 0; i < l->count; i++) {
		const struct probe_usual *u = &l->items[i];
		const struct probe_target *t = find_target(s, &u->kind);
		struct rank r;

		if (!is_candidate(p, l, u) || (t && probe_target_done(t)) ||
			(!t && s->target_count == PROBE_TARGETS_MAX))
			continue;
		r = rank_of(s, u);
		if (found && !is_before(&r, &of_found))
			continue;
		found = u;
		of_found = r;
	}
	return found;
}

/* The name has no other service: it need not exist. */
static bool is_whole(const struct list *l, const struct probe_kind *k)
{
	if (!k->name[0])
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].kind.proto && same_peer(k, &l->items[i].kind) &&
			!probe_kind_meets(k, &l->items[i].kind))
			return false;
	return true;
}

static struct probe_target *make_target(struct subject *s, const struct probe_kind *k)
{
	struct probe_target *t = find_target(s, k), *more;

	if (t)
		return t;
	more = realloc(s->targets, (s->target_count + 1) * sizeof *more);
	if (!more)
		return NULL;
	s->targets = more;
	t = &s->targets[s->target_count++];
	*t = (struct probe_target){.kind = *k};
	return t;
}

/* Those with the shortest periods come most often while something is refused. */
static void add_companion(struct run *run, const struct probe_usual *u)
{
	struct companion *c = NULL;

	for (uint32_t i = 0; i < run->companion_count; i++) {
		if (probe_kind_meets(&run->companions[i].kind, &u->kind))
			return;
		if (!c || run->companions[i].period > c->period)
			c = &run->companions[i];
	}
	if (run->companion_count < PROBE_COMPANIONS_MAX)
		c = &run->companions[run->companion_count++];
	else if (!c || c->period <= u->period)
		return;
	*c = (struct companion){.kind = u->kind, .period = u->period};
}

static void take_companions(const struct probe *p, struct run *run,
	const struct list *l, const struct probe_kind *k)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct probe_usual *u = &l->items[i];

		if (u->period > 0 && u->period <= PROBE_PERIOD_MAX(p->config.longest) &&
			u->episodes >= p->config.episodes_least &&
			u->kind.direction == DIRECTION_FROM_DEVICE &&
			!same_peer(k, &u->kind))
			add_companion(run, u);
	}
}

bool probe_choose(struct probe *p, struct subject *s)
{
	struct list l = {0};
	const struct probe_usual *u = NULL;
	struct probe_target *t = NULL;

	p->config.usual(p->config.ctx, &s->mac, collect, &l);
	if (!l.failed)
		u = best(p, s, &l);
	if (u)
		t = make_target(s, &u->kind);
	if (t) {
		memset(&s->run, 0, sizeof s->run);
		s->run.target = (uint32_t)(t - s->targets);
		s->run.period = u->period;
		t->whole = is_whole(&l, &u->kind);
		take_companions(p, &s->run, &l, &u->kind);
	}
	free(l.items);
	return t != NULL;
}
