// SPDX-License-Identifier: GPL-2.0-or-later
/* judge - what is seen while something is refused, and what follows from it. */
#include "profiles/probe/probe_priv.h"

#include <string.h>

/* Reports of two processes may come in the other order. */
#define DISORDER (2 * NS_PER_SEC)

static bool is_habit(
	const struct subject *s, const struct probe_kind *k, bool *ret_known)
{
	uint32_t apart = 0;
	bool known = false;

	for (uint32_t i = 0; i < s->target_count; i++)
		for (uint32_t f = 0; f < s->targets[i].fallback_count; f++) {
			const struct probe_fallback *b = &s->targets[i].fallbacks[f];
			if (!probe_kind_meets(&b->kind, k))
				continue;
			known = true;
			apart += b->apart;
		}
	*ret_known = known;
	return apart >= PROBE_HABIT;
}

/* Nothing that it does without a probe. What other probes have shown is so far known
 * from probes alone. */
static bool is_new(
	const struct probe *p, const struct subject *s, const struct probe_kind *k)
{
	bool by_probes;

	if (is_habit(s, k, &by_probes))
		return false;
	return by_probes ||
	       !p->config.known(p->config.ctx, &s->mac, k, s->run.begun_wall);
}

static struct probe_fallback *fallback_of(struct subject *s, const struct probe_kind *k)
{
	struct probe_target *t = probe_target_of(s);

	for (uint32_t i = 0; i < t->fallback_count; i++)
		if (probe_kind_meets(&t->fallbacks[i].kind, k))
			return &t->fallbacks[i];
	if (t->fallback_count == PROBE_FALLBACKS_MAX) {
		t->fallbacks_beyond++;
		s->run.flooded = true;
		return NULL;
	}
	struct probe_fallback *f = &t->fallbacks[t->fallback_count++];
	*f = (struct probe_fallback){.kind = *k, .after_ms = UINT32_MAX};
	return f;
}

static uint32_t ms_after(nstime from, nstime to)
{
	nstime ms = to > from ? (to - from) / NS_PER_MS : 0;

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static void appear(struct probe *p, struct subject *s, const struct probe_kind *k,
	nstime when, nstime at)
{
	struct probe_target *t = probe_target_of(s);
	struct probe_fallback *f = fallback_of(s, k);
	uint32_t after = ms_after(s->run.met_mono, at);
	uint8_t bit;

	if (!f)
		return;
	if (!f->kind.proto && k->proto)
		f->kind = *k; /* the conversation after the question */
	if (after < f->after_ms)
		f->after_ms = after;
	if (!f->times || when < f->first)
		f->first = when;
	if (when > f->last)
		f->last = when;
	bit = (uint8_t)(1U << (f - t->fallbacks));
	if (s->run.appeared & bit)
		return;
	s->run.appeared |= bit;
	f->times++;
	probe_changed(p, s);
	probe_tell(p, s,
		(struct probe_note){
			.told = PROBE_TOLD_APPEARED, .target = t, .fallback = f});
}

static bool note_companion(struct run *run, const struct probe_kind *k)
{
	bool found = false;

	for (uint32_t i = 0; i < run->companion_count; i++)
		if (probe_kind_meets(&run->companions[i].kind, k))
			run->companions[i].seen = found = true;
	return found;
}

/* Another kind than the one that is refused; it began at `at`, monotonic. */
static void saw_other(struct probe *p, struct subject *s, const struct probe_kind *k,
	nstime when, nstime at)
{
	struct run *run = &s->run;

	if (!run->met || run->stopped || at < run->met_mono - DISORDER ||
		(s->state == PROBE_SETTLING && at > run->restored_mono))
		return;
	if (at >= run->met_mono && note_companion(run, k))
		return;
	if (is_new(p, s, k))
		appear(p, s, k, when, at);
}

/* A question that was answered has met nothing yet. */
static bool has_met(const struct probe_kind *k, enum probe_fate fate)
{
	return fate == PROBE_REFUSED || (fate == PROBE_TRIED && k->proto);
}

static void saw_target(struct probe *p, struct subject *s, const struct probe_kind *k,
	enum probe_fate fate, nstime at)
{
	struct run *run = &s->run;

	if (s->state != PROBE_REFUSING) {
		if (fate == PROBE_WORKED && at >= run->restored_mono)
			run->works = true;
		return;
	}
	if (!has_met(k, fate) || at < run->begun_mono - DISORDER)
		return; /* it was under way, or got through: no refusal that it met */
	run->attempts++;
	if (run->met)
		return;
	run->met = true;
	run->met_mono = at > run->begun_mono ? at : run->begun_mono;
	probe_changed(p, s);
}

/* It does by itself what was called a fallback. */
static void saw_apart(struct probe *p, struct subject *s, const struct probe_kind *k)
{
	for (uint32_t i = 0; i < s->target_count; i++)
		for (uint32_t f = 0; f < s->targets[i].fallback_count; f++) {
			struct probe_fallback *b = &s->targets[i].fallbacks[f];

			if (b->apart > PROBE_HABIT || !probe_kind_meets(&b->kind, k))
				continue;
			b->apart++;
			probe_changed(p, s);
		}
}

/* By the clock that nobody sets: as long ago as the wall clock says now. */
static nstime mono_of(nstime when, const struct probe_time *now)
{
	nstime ago = now->wall - when;

	return ago > 0 ? now->mono - ago : now->mono;
}

void probe_saw(struct probe *p, const struct mac *device, const struct probe_kind *k,
	enum probe_fate fate, nstime when, const struct probe_time *now)
{
	struct subject *s = probe_find(p, device);
	nstime at = mono_of(when, now);

	if (!s || s->loaded || !probe_kind_is_sound(k) || when < 0 ||
		when > PROBE_WALL_MAX)
		return;
	if (s->state == PROBE_IDLE) {
		saw_apart(p, s, k);
		return;
	}
	if (s->state == PROBE_REFUSING)
		s->run.moved_mono = now->mono;
	if (probe_kind_meets(&probe_target_of(s)->kind, k))
		saw_target(p, s, k, fate, at);
	else if (s->state == PROBE_REFUSING || s->state == PROBE_SETTLING)
		saw_other(p, s, k, when, at);
}

/* ---- the outcome ---- */

static uint8_t bits(uint8_t set)
{
	uint8_t n = 0;

	for (; set; set &= (uint8_t)(set - 1))
		n++;
	return n;
}

/* Two of each should have come, and a bit of time for disorder. */
static void weigh_companions(const struct run *run, struct probe_try *ret)
{
	nstime span = run->restored_mono - run->met_mono;

	for (uint32_t i = 0; i < run->companion_count; i++) {
		const struct companion *c = &run->companions[i];

		if (2 * c->period + c->period / 10 + NS_PER_SEC > span)
			continue;
		ret->expected++;
		ret->went_on += c->seen;
	}
}

struct probe_try probe_judge(const struct subject *s)
{
	const struct run *run = &s->run;
	struct probe_try t = {.when = run->begun_wall,
		.attempts = run->attempts,
		.lasted_s =
			(uint32_t)((run->restored_mono - run->begun_mono) / NS_PER_SEC),
		.appeared = bits(run->appeared)};

	if (!run->met) {
		t.outcome = PROBE_UNMET;
		return t;
	}
	weigh_companions(run, &t);
	if (t.expected && 2 * t.went_on < t.expected)
		t.outcome = PROBE_ESSENTIAL;
	else if (t.appeared)
		t.outcome = PROBE_FALLBACK;
	else
		t.outcome = t.expected ? PROBE_NON_ESSENTIAL : PROBE_UNCLEAR;
	return t;
}

void probe_count_try(struct probe_target *t, const struct probe_try *try)
{
	t->counts[try->outcome]++;
	if (t->try_count == PROBE_TRIES_KEPT)
		memmove(&t->tries[0], &t->tries[1],
			--t->try_count * sizeof t->tries[0]);
	t->tries[t->try_count++] = *try;
}

enum probe_need probe_target_need(const struct probe_target *t)
{
	uint32_t yes = t->counts[PROBE_ESSENTIAL], no = t->counts[PROBE_NON_ESSENTIAL];

	if (yes > no && yes >= t->counts[PROBE_FALLBACK])
		return PROBE_NEED_ESSENTIAL;
	return no > yes ? PROBE_NEED_NONE : PROBE_NEED_UNKNOWN;
}

bool probe_fallback_confirmed(const struct probe_fallback *f)
{
	return f->times >= PROBE_AGREE;
}

bool probe_target_done(const struct probe_target *t)
{
	uint32_t e = t->counts[PROBE_ESSENTIAL], f = t->counts[PROBE_FALLBACK],
		 n = t->counts[PROBE_NON_ESSENTIAL];
	/* Nights that people or faults ended say nothing; some day it is enough, too.
	 */
	uint32_t fruitless = t->counts[PROBE_UNMET] + t->counts[PROBE_UNCLEAR] +
			     t->counts[PROBE_STOPPED] / PROBE_STOPPED_FEW;

	return e >= PROBE_AGREE || f >= PROBE_AGREE || n >= PROBE_AGREE ||
	       e + f + n >= PROBE_TRIES_MAX || fruitless >= PROBE_FRUITLESS_MAX;
}
