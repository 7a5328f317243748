// SPDX-License-Identifier: GPL-2.0-or-later
/* What the wall clock is worth: routers wake up in 1970 and learn the time later. */
#include "base/log.h"
#include "engine/pipeline.h"

#define CLOCK_SLACK (300 * NS_PER_SEC) /* set back by hand or by NTP, a little */
#define CLOCK_DOUBT (3600 * NS_PER_SEC)
#define JUMP_MIN (10 * NS_PER_SEC) /* a clock that only drifts is left alone */
/* 2025-01-01: before this program was written. */
#define CLOCK_WRITTEN ((nstime)1735689600 * NS_PER_SEC)

/* A gateway without a battery wakes up in 1970 and learns the time later: what was to
 * end in an hour still does, instead of at once, or never. */
static void follow_jump(struct pipeline *p)
{
	nstime wall = pipeline_wall(p), mono = loop_now(p->loop);
	nstime before = p->last_wall + (mono - p->last_mono);
	nstime jump = wall - before;
	struct when_jump moves;

	p->last_wall = wall;
	p->last_mono = mono;
	if (jump > -JUMP_MIN && jump < JUMP_MIN)
		return;
	log_info("pipeline", "the clock was set by %lld s",
		(long long)(jump / NS_PER_SEC));
	inventory_shift(p->inventory, before, jump);
	household_shift(&p->household, before, jump);
	moves = lives_jump(p, before, jump);
	lives_shift(&p->lives, &moves);
	attestor_shift(&p->attestor, &moves);
	advisories_shift(p, &moves);
	pipeline_overlays_shift(p, before, jump);
}

void pipeline_clock_seen(struct pipeline *p, nstime wall)
{
	if (wall > p->clock_floor)
		p->clock_floor = wall;
}

/* Certificates cannot be judged by a clock that is behind what we have seen ourselves: no
 * file is fetched until it is right, and what was decided before stays. A store written
 * while the clock was ahead must not stop us for good: after an hour, in which every
 * router learns the time, the clock is believed. */
static bool is_believable(const struct pipeline *p)
{
	nstime wall = pipeline_wall(p);

	if (wall < CLOCK_WRITTEN)
		return false;
	return wall >= p->clock_floor - CLOCK_SLACK ||
	       loop_now(p->loop) - p->started_mono >= CLOCK_DOUBT;
}

void pipeline_clock_init(struct pipeline *p)
{
	p->started_mono = loop_now(p->loop);
	p->clock_trusted = is_believable(p);
	if (!p->clock_trusted)
		log_warn("pipeline", "the clock is not set: MUD files are neither fetched nor "
				     "checked until it is, what is in force stays");
}

bool pipeline_clock_tick(struct pipeline *p)
{
	bool before = p->clock_trusted;

	follow_jump(p);
	p->clock_trusted = is_believable(p);
	if (p->clock_trusted && !before)
		log_info("pipeline", "the clock is set: MUD files are fetched again");
	return p->clock_trusted && !before;
}
