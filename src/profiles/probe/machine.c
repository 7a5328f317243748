// SPDX-License-Identifier: GPL-2.0-or-later
/* machine - when a probe begins, and that it ends. */
#include "profiles/probe/probe_priv.h"

#include <errno.h>
#include <stdlib.h>

/* ---- may it begin? ---- */

/* The latest night that had a probe in the house. */
static int64_t house_night(const struct probe *p)
{
	int64_t latest = INT64_MIN;

	for (size_t i = 0; i < p->count; i++)
		if (p->subjects[i]->last && p->subjects[i]->last_night > latest)
			latest = p->subjects[i]->last_night;
	return latest;
}

/* One a night; a clock that was set makes no new night for half a day. */
static bool is_night_taken(const struct probe *p, const struct probe_time *now)
{
	int64_t tonight = probe_night(now), latest = house_night(p);

	if (p->begun_mono != PROBE_NEVER && now->mono - p->begun_mono < PROBE_APART)
		return true;
	return latest == tonight ||
	       (latest > tonight && now->mono - p->born_mono < PROBE_APART);
}

enum probe_why probe_wait(
	const struct probe *p, const struct subject *s, const struct probe_time *now)
{
	enum probe_why bar;

	if (!s->allowed)
		return PROBE_WHY_FORBIDDEN;
	if (probe_class_is_forbidden(s->class))
		return PROBE_WHY_CLASS;
	if (s->unrecovered)
		return PROBE_WHY_UNRECOVERED;
	if (s->state != PROBE_IDLE)
		return PROBE_WHY_RECOVERING;
	if (!now->sure)
		return PROBE_WHY_CLOCK;
	if (is_night_taken(p, now))
		return PROBE_WHY_TONIGHT;
	/* all of it must fit in what is left of the window */
	if (probe_window_left(&s->window, now) * NS_PER_SEC < p->config.longest)
		return PROBE_WHY_NIGHT;
	bar = p->config.bar(p->config.ctx, &s->mac);
	if (bar)
		return bar;
	return now->mono - s->active_mono < p->config.calm ? PROBE_WHY_CALM
							   : PROBE_WHY_NONE;
}

static void begin(struct probe *p, struct subject *s, const struct probe_time *now)
{
	struct probe_target *t = probe_target_of(s);

	s->state = PROBE_REFUSING;
	s->why = PROBE_WHY_NONE;
	s->last = s->run.begun_wall = now->wall;
	s->last_night = probe_night(now);
	s->run.begun_mono = s->run.moved_mono = p->begun_mono = now->mono;
	/* Stored first: who dies in between takes it back when he comes again. */
	probe_changed(p, s);
	if (p->config.refuse(p->config.ctx, &s->mac, t, p->config.longest)) {
		probe_end_try(p, s, PROBE_WHY_FAILED, now);
		return;
	}
	probe_tell(p, s, (struct probe_note){.told = PROBE_TOLD_BEGUN, .target = t});
}

/* Whose turn it is: who had the last one longest ago. */
static void begin_one(struct probe *p, const struct probe_time *now)
{
	struct subject *next = NULL;

	for (size_t i = 0; i < p->count; i++) {
		struct subject *s = p->subjects[i];

		if (s->nothing && now->mono - s->nothing_mono < PROBE_NOTHING)
			continue;
		if ((!next || s->last < next->last) &&
			probe_wait(p, s, now) == PROBE_WHY_NONE)
			next = s;
	}
	if (!next)
		return;
	next->nothing = !probe_choose(p, next);
	next->nothing_mono = now->mono;
	if (!next->nothing)
		begin(p, next, now);
}

/* ---- it ends ---- */

nstime probe_recovery(nstime period)
{
	nstime time = PROBE_RECOVERY_MOST;

	if (period && period < PROBE_RECOVERY_MOST / PROBE_RECOVERY_PERIODS)
		time = period * PROBE_RECOVERY_PERIODS;
	return time < PROBE_RECOVERY_LEAST ? PROBE_RECOVERY_LEAST : time;
}

static void recover(struct subject *s, const struct probe_time *now)
{
	s->state = PROBE_RECOVERING;
	s->run.deadline_mono = now->mono + probe_recovery(s->run.period);
}

static void restored(struct probe *p, struct subject *s, const struct probe_time *now)
{
	const struct probe_target *t = probe_target_of(s);

	s->run.restored_mono = now->mono;
	if (s->run.stopped && s->run.met)
		recover(s, now);
	else if (s->run.stopped)
		s->state = PROBE_IDLE;
	else {
		s->state = PROBE_SETTLING;
		s->run.deadline_mono = now->mono + PROBE_SETTLE(p->config.longest);
	}
	probe_changed(p, s);
	probe_tell(p, s,
		(struct probe_note){.told = PROBE_TOLD_RESTORED,
			.target = t,
			.try = s->run.stopped && t->try_count
				       ? &t->tries[t->try_count - 1]
				       : NULL,
			.why = s->why});
}

static void restore(struct probe *p, struct subject *s, const struct probe_time *now)
{
	s->state = PROBE_RESTORING;
	if (p->config.restore(p->config.ctx, &s->mac) == 0)
		restored(p, s, now);
}

/* NONE: it went as it should; else the try says no more than why. */
void probe_end_try(struct probe *p, struct subject *s, enum probe_why why,
	const struct probe_time *now)
{
	if (why && !s->run.stopped) {
		struct probe_try t = {.when = s->run.begun_wall,
			.outcome = PROBE_STOPPED,
			.why = why,
			.attempts = s->run.attempts};

		if (!s->loaded) /* else nobody knows */
			t.lasted_s = (uint32_t)((now->mono - s->run.begun_mono) /
						NS_PER_SEC);
		s->run.stopped = true;
		probe_count_try(probe_target_of(s), &t);
	}
	s->why = why;
	restore(p, s, now);
}

static bool is_over(
	const struct probe *p, const struct subject *s, const struct probe_time *now)
{
	const struct run *run = &s->run;
	nstime look = PROBE_LOOK(p->config.longest);

	if (now->mono - run->begun_mono >= p->config.longest)
		return true;
	if (!run->met)
		return false;
	for (uint32_t i = 0; i < run->companion_count; i++)
		if (look < 3 * run->companions[i].period)
			look = 3 * run->companions[i].period;
	return now->mono - run->met_mono >= look &&
	       now->mono - run->moved_mono >= PROBE_SILENCE(p->config.longest);
}

static enum probe_why speaks_against(
	const struct probe *p, const struct subject *s, const struct probe_time *now)
{
	nstime drift =
		(now->wall - s->run.begun_wall) - (now->mono - s->run.begun_mono);

	/* who slept has not seen it all; the refusal ended by itself meanwhile */
	if (now->mono - s->run.begun_mono > p->config.longest + PROBE_DRIFT)
		return PROBE_WHY_CLOCK;
	if (!now->sure || drift > PROBE_DRIFT || drift < -PROBE_DRIFT)
		return PROBE_WHY_CLOCK;
	if (!s->allowed)
		return PROBE_WHY_FORBIDDEN;
	if (s->run.flooded)
		return PROBE_WHY_ALERT;
	if (!probe_window_left(&s->window, now))
		return PROBE_WHY_NIGHT;
	return p->config.bar(p->config.ctx, &s->mac);
}

static void settle(struct probe *p, struct subject *s, const struct probe_time *now)
{
	struct probe_target *t = probe_target_of(s);
	struct probe_try try = probe_judge(s);

	probe_count_try(t, &try);
	if (s->run.met && !s->run.works)
		recover(s, now);
	else
		s->state = PROBE_IDLE;
	probe_changed(p, s);
	probe_tell(p, s,
		(struct probe_note){.told = PROBE_TOLD_OUTCOME,
			.target = t,
			.try = &t->tries[t->try_count - 1]});
}

static void check_recovery(
	struct probe *p, struct subject *s, const struct probe_time *now)
{
	enum probe_told told = PROBE_TOLD_RECOVERED;

	/* A device that is switched off does not owe anything. */
	if (!s->run.works && p->config.bar(p->config.ctx, &s->mac) == PROBE_WHY_GONE) {
		s->run.deadline_mono = now->mono + probe_recovery(s->run.period);
		return;
	}
	if (!s->run.works && now->mono < s->run.deadline_mono)
		return;
	if (!s->run.works) {
		s->unrecovered = true;
		told = PROBE_TOLD_UNRECOVERED;
	}
	s->state = PROBE_IDLE;
	probe_changed(p, s);
	probe_tell(
		p, s, (struct probe_note){.told = told, .target = probe_target_of(s)});
}

/* What was refused when we died is taken back, whoever has done so already; what came
 * of it nobody knows. */
static void resume(struct probe *p, struct subject *s, const struct probe_time *now)
{
	if (s->state == PROBE_RESTORING || s->state == PROBE_SETTLING)
		probe_end_try(p, s, PROBE_WHY_RESTART, now);
	else if (s->state == PROBE_RECOVERING)
		recover(s, now);
	s->loaded = false;
}

static void step(struct probe *p, struct subject *s, const struct probe_time *now)
{
	enum probe_why why;

	switch (s->state) {
	case PROBE_RESTORING:
		restore(p, s, now);
		break;
	case PROBE_REFUSING:
		why = speaks_against(p, s, now);
		if (why || is_over(p, s, now))
			probe_end_try(p, s, why, now);
		break;
	case PROBE_SETTLING:
		if (now->mono >= s->run.deadline_mono)
			settle(p, s, now);
		break;
	case PROBE_RECOVERING:
		check_recovery(p, s, now);
		break;
	case PROBE_IDLE:
	case PROBE_STATE_MAX:
		break;
	}
}

void probe_tick(struct probe *p, const struct probe_time *now)
{
	struct mac running;

	for (size_t i = 0; i < p->count; i++)
		if (p->subjects[i]->loaded)
			resume(p, p->subjects[i], now);
	for (size_t i = 0; i < p->count; i++)
		step(p, p->subjects[i], now);
	if (!probe_running(p, &running))
		begin_one(p, now);
}

bool probe_stop(struct probe *p, const struct mac *device, enum probe_why why,
	const struct probe_time *now)
{
	struct subject *s = probe_find(p, device);

	if (!s)
		return false;
	s->active_mono = now->mono;
	if (s->loaded)
		resume(p, s, now);
	if (s->state == PROBE_RESTORING)
		restore(p, s, now);
	if (s->state != PROBE_REFUSING)
		return false;
	probe_end_try(p, s, why, now);
	return true;
}

bool probe_stop_all(struct probe *p, enum probe_why why, const struct probe_time *now)
{
	bool any = false;

	for (size_t i = 0; i < p->count; i++)
		any |= probe_stop(p, &p->subjects[i]->mac, why, now);
	return any;
}
