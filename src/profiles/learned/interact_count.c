// SPDX-License-Identifier: GPL-2.0-or-later
/* interact_count - what happens, in order of time: for each effect, how long before it
 * each other act was; and as a control, how long before some moment a little earlier. */
#include "profiles/learned/interact_priv.h"

#include <stdlib.h>


const nstime interact_steps[INTERACT_WINDOWS] = {
	NS_PER_SEC / 2,
	1 * NS_PER_SEC,
	2 * NS_PER_SEC,
	5 * NS_PER_SEC,
	10 * NS_PER_SEC,
	INTERACT_LOOKBACK,
	LEARNED_INTERACT_LONGEST,
};

static uint8_t step_of(nstime delay)
{
	uint8_t s = 0;

	while (s < INTERACT_STEPS && delay > interact_steps[s])
		s++;
	return s;
}

/* ---- acts in order of time ---- */

static void set_newest(struct interact *in, struct act *a)
{
	if (in->newest == a)
		return;
	if (a->newer)
		a->newer->older = a->older;
	if (a->older)
		a->older->newer = a->newer;
	a->newer = NULL;
	a->older = in->newest;
	if (in->newest)
		in->newest->newer = a;
	in->newest = a;
}

void interact_recency_insert(
	struct interact *in, struct act *a, const struct act *like)
{
	a->last = like->last;
	if (!a->last)
		return;
	set_newest(in, a);
	while (a->older && a->older->last > a->last) {
		struct act *next = a->older;

		/* a changes places with it */
		next->newer = a->newer;
		if (a->newer)
			a->newer->older = next;
		else
			in->newest = next;
		a->older = next->older;
		if (next->older)
			next->older->newer = a;
		next->older = a;
		a->newer = next;
	}
}

static void add_cover(struct act *a, nstime gap)
{
	for (unsigned i = 0; i < INTERACT_WINDOWS; i++) {
		nstime part = gap < interact_steps[i] ? gap : interact_steps[i];

		a->cover[i] += (uint64_t)(part / NS_PER_MS);
	}
}

uint64_t interact_watched_ms(const struct interact *in)
{
	nstime here = in->begun ? in->counted - in->begin : 0;
	uint64_t watched = in->watched_ms + (uint64_t)(here / NS_PER_MS);

	return watched < INTERACT_WATCHED_MAX ? watched : INTERACT_WATCHED_MAX;
}

double interact_cover(const struct interact *in, const struct act *a, unsigned window)
{
	uint64_t watched = interact_watched_ms(in);
	uint64_t cover = a->cover[window];

	if (a->last) {
		nstime gap = in->counted - a->last;

		gap = gap < interact_steps[window] ? gap : interact_steps[window];
		cover += (uint64_t)(gap / NS_PER_MS);
	}
	if (!watched || cover > watched)
		return 1;
	return (double)cover / (double)watched;
}

void interact_stretch_end(struct interact *in)
{
	if (!in->begun)
		return;
	for (uint32_t i = 0; i < in->count; i++) {
		struct act *a = in->acts[i];

		if (a->last)
			add_cover(a, in->counted - a->last);
		a->last = a->effected = 0;
		a->older = a->newer = NULL;
		free(a->recent);
		a->recent = NULL;
		for (uint8_t j = 0; j < a->pair_count; j++)
			a->pairs[j].running = false;
	}
	in->newest = NULL;
	in->watched_ms = interact_watched_ms(in);
	in->begun = false;
}

/* False: it is told of what goes on since before. */
static bool is_new(struct act *a, const struct interact_event *e)
{
	for (unsigned i = 0; a->recent && i < INTERACT_RECENT; i++) {
		struct interact_recent *r = &a->recent[i];

		if (!r->at || r->ports != e->ports ||
			e->at > r->end + INTERACT_GOES_ON)
			continue;
		if (e->end > r->end)
			r->end = e->end;
		return false;
	}
	return true;
}

static void occur(struct interact *in, struct act *a, const struct interact_event *e)
{
	if (a->last == e->at)
		return; /* one of several that it stands for was counted */
	if (!a->recent)
		a->recent = calloc(INTERACT_RECENT, sizeof *a->recent); /* or none */
	if (a->recent)
		a->recent[a->recent_at++ % INTERACT_RECENT] =
			(struct interact_recent){e->at, e->end, e->ports};
	if (a->last)
		add_cover(a, e->at - a->last);
	a->count += a->count < UINT16_MAX;
	a->last = e->at;
	set_newest(in, a);
}

/* ---- pairs ---- */

uint32_t interact_pair_units(const struct interact_pair *p)
{
	uint32_t n = 0;

	for (unsigned i = 0; i <= INTERACT_STEPS; i++)
		n += p->hits[i];
	return n;
}

static void halve(struct interact_pair *p)
{
	for (unsigned i = 0; i <= INTERACT_STEPS; i++) {
		p->hits[i] /= 2;
		p->control[i] /= 2;
	}
	p->delay_ms /= 2;
	p->support /= 2;
	p->running = false; /* its step may count none by now */
}

/* Which step of the pair a moment is: how long before it the trigger was. */
static uint8_t step_at(const struct act *a, nstime when)
{
	nstime best = INT64_MAX, oldest = INT64_MAX;
	bool full = a->recent != NULL;

	for (unsigned i = 0; a->recent && i < INTERACT_RECENT; i++) {
		nstime at = a->recent[i].at;

		full &= at != 0;
		if (at && at < oldest)
			oldest = at;
		if (at && at < when && when - at < best)
			best = when - at;
	}
	/* so often that what was then is not remembered: it was there */
	return full && oldest >= when ? 0 : step_of(best);
}

/* Neither by chance of the caller nor at a fixed distance: the same for the same time. */
static nstime control_time(nstime at)
{
	uint64_t x = (uint64_t)at * 0x9e3779b97f4a7c15;

	x ^= x >> 32;
	return at - INTERACT_CONTROL -
	       (nstime)(x % (uint64_t)(INTERACT_CONTROL / NS_PER_MS)) * NS_PER_MS;
}

static void run_begin(struct interact_pair *p, nstime at, uint8_t step)
{
	p->hits[step]++;
	p->running = true;
	p->run = p->trigger->last;
	p->step = step;
	p->counted = step < INTERACT_MISS && at - p->supported >= INTERACT_APART;
	if (p->counted) {
		p->supported = at;
		p->support += p->support < UINT16_MAX;
	}
	if (step < INTERACT_MISS)
		p->delay_ms += (uint64_t)((at - p->run) / NS_PER_MS);
}

/* All that follows one trigger must do so in time. */
static void run_go_on(struct interact_pair *p, uint8_t step)
{
	if (step <= p->step)
		return;
	p->hits[p->step]--;
	p->hits[step]++;
	p->step = step;
	if (step == INTERACT_MISS && p->counted && p->support)
		p->support--;
}

static void pair_count(
	const struct interact *in, struct interact_pair *p, nstime at, bool bout)
{
	struct act *a = p->trigger;
	uint8_t step = a->last ? step_of(at - a->last) : INTERACT_MISS;
	nstime control = control_time(at);

	if (p->running && !bout && p->run == a->last) {
		run_go_on(p, step);
		return;
	}
	if (interact_pair_units(p) >= INTERACT_UNITS_MAX)
		halve(p);
	run_begin(p, at, step);
	if (control - INTERACT_LOOKBACK >= in->begin)
		p->control[step_at(a, control)]++;
}

/* Missed most often, of those that are missing now; at least as often as one that comes
 * anew would have been. */
static struct interact_pair *worst_pair(struct act *effect, uint16_t before)
{
	struct interact_pair *worst = NULL;

	for (uint8_t i = 0; i < effect->pair_count; i++) {
		struct interact_pair *p = &effect->pairs[i];

		if (p->step == INTERACT_MISS && p->hits[INTERACT_MISS] >= before &&
			(!worst ||
				p->hits[INTERACT_MISS] > worst->hits[INTERACT_MISS]))
			worst = p;
	}
	return worst;
}

struct interact_pair *interact_pair_slot(struct act *effect, uint16_t before)
{
	if (effect->pair_count == INTERACT_TRIGGERS_MAX)
		return worst_pair(effect, before);
	if (effect->pair_count == effect->pair_cap) {
		uint8_t cap = (uint8_t)(effect->pair_cap + 6);
		struct interact_pair *pairs =
			realloc(effect->pairs, cap * sizeof *pairs);

		if (!pairs)
			return NULL; /* one candidate less */
		effect->pairs = pairs;
		effect->pair_cap = cap;
	}
	return &effect->pairs[effect->pair_count++];
}

/* Those that were there shortly before, and were not looked at yet, the nearest first.
 * before: how often the effect was there without. */
static void pairs_begin(
	struct interact *in, struct act *effect, nstime at, uint16_t before)
{
	uint32_t mark = ++in->epoch, looked = 0;

	for (uint8_t i = 0; i < effect->pair_count; i++)
		effect->pairs[i].trigger->mark = mark;
	for (struct act *a = in->newest; a && looked < INTERACT_LOOK; a = a->older) {
		struct interact_pair *slot;

		looked++;
		if (at - a->last > INTERACT_LOOKBACK)
			return;
		if (a->mark == mark || interact_act_meets(a, effect))
			continue;
		slot = interact_pair_slot(effect, before);
		if (!slot)
			return;
		*slot = (struct interact_pair){.trigger = a};
		slot->hits[INTERACT_MISS] = before;
		pair_count(in, slot, at, true);
	}
}

static void effect_count(struct interact *in, struct act *a, nstime at)
{
	bool bout = !a->effected || at - a->effected > INTERACT_LOOKBACK;

	a->effected = at;
	if (at - in->begin < INTERACT_LOOKBACK)
		return; /* its trigger may have been before */
	if (bout && ++a->bouts >= INTERACT_UNITS_MAX)
		a->bouts /= 2;
	for (uint8_t i = 0; i < a->pair_count; i++)
		pair_count(in, &a->pairs[i], at, bout);
	pairs_begin(in, a, at, (uint16_t)(a->bouts - bout));
}

void interact_late(struct act *a)
{
	for (unsigned up = 0; a && interact_is_effect(a); a = up++ ? NULL : a->up[0]) {
		if (++a->bouts >= INTERACT_UNITS_MAX)
			a->bouts /= 2;
		for (uint8_t i = 0; i < a->pair_count; i++) {
			struct interact_pair *p = &a->pairs[i];

			if (interact_pair_units(p) >= INTERACT_UNITS_MAX)
				halve(p);
			p->hits[INTERACT_MISS]++;
		}
	}
}

/* ---- events ---- */

static bool same_event(const struct interact_event *a, const struct interact_event *b)
{
	return a->act == b->act && a->ports == b->ports;
}

/* What happens at one time has no order: first all as effects, then as triggers. */
static void count_moment(struct learned *l, const struct interact_event *e, size_t n)
{
	struct interact *in = l->interact;
	const struct act *effect = NULL, *above = NULL;

	for (size_t i = 0; i < n; i++) {
		struct act *a = e[i].act;

		if ((i && same_event(&e[i], &e[i - 1])) || !is_new(a, &e[i]))
			continue;
		interact_act_link(l, a, true);
		if (a == effect || !interact_is_effect(a))
			continue;
		effect = a;
		effect_count(in, a, e->at);
		if (a->up[0] && a->up[0] != above)
			effect_count(in, a->up[0], e->at);
		above = a->up[0];
	}
	for (size_t i = 0; i < n; i++) {
		struct act *a = e[i].act;

		if (a->last == e->at || !is_new(a, &e[i]))
			continue;
		for (unsigned j = 0; j < 2; j++)
			if (a->up[j])
				occur(in, a->up[j], &e[i]);
		occur(in, a, &e[i]);
	}
}

void interact_count(struct learned *l, const struct interact_event *e, size_t n)
{
	struct interact *in = l->interact;

	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && e[j].at == e[i].at; j++)
			;
		if (!in->begun) {
			in->begun = true;
			in->begin = e[i].at;
		}
		in->counted = e[i].at;
		count_moment(l, e + i, j - i);
	}
}
