// SPDX-License-Identifier: GPL-2.0-or-later
/* The lives of all devices: loaded, saved, looked after each second. */
#include "engine/lives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* Off for longer than this, or with a clock that is wrong by so much: nobody watched
 * meanwhile, and nothing that is awaited came nearer. */
#define LIVES_GAP LIFE_DAY
#define PROBATION_MAX 31536000 /* a year: cardea.toml(5) */

void lives_init(struct lives *l)
{
	memset(l, 0, sizeof(*l));
	l->key = hash_key_random();
	l->isolates = true;
}

void lives_free(struct lives *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->devices[i]);
	for (size_t i = 0; i < LIVES_TOLD_MAX; i++)
		free(l->told[i].name);
	l->count = 0;
}

int lives_setting(struct lives *l, const char *key, const char *value)
{
	int64_t n;

	if (strcmp(key, "life_isolate") == 0) {
		l->isolates = strcmp(value, "no") != 0;
		return 0;
	}
	if (strcmp(key, "life_probation") != 0)
		return 0;
	if (str_to_i64(value, 1, PROBATION_MAX, &n))
		return CARDEA_EMALFORMED;
	l->probation = n * NS_PER_SEC;
	return 0;
}

int lives_hook(struct lives *l, const struct life_hook *h)
{
	if (l->hook_count == LIVES_HOOKS_MAX)
		return -ENOSPC;
	l->hooks[l->hook_count++] = *h;
	return 0;
}

void lives_call(
	struct lives *l, struct device *d, const struct life_step *s, const char *text)
{
	for (size_t i = 0; i < l->hook_count; i++)
		if (l->hooks[i].moved)
			l->hooks[i].moved(l->hooks[i].ctx, d, s, text);
}

/* ---- devices ---- */

static struct lives_device *known(const struct lives *l, device_id id)
{
	uint16_t hint = l->places[id % LIMIT_DEVICES];

	if (hint < l->count && l->devices[hint]->id == id)
		return l->devices[hint];
	for (size_t i = 0; i < l->count; i++)
		if (l->devices[i]->id == id)
			return l->devices[i];
	return NULL;
}

struct lives_device *lives_device(struct lives *l, device_id id, nstime wall)
{
	struct lives_device *d = known(l, id);

	if (d || l->count == LIMIT_DEVICES)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->id = id;
	life_init(&d->life, wall);
	suspicion_init(&d->suspicion, l->key, wall);
	l->places[id % LIMIT_DEVICES] = (uint16_t)l->count;
	l->devices[l->count++] = d;
	return d;
}

void lives_forget(struct lives *l, device_id id)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->devices[i]->id != id)
			continue;
		free(l->devices[i]);
		l->devices[i] = l->devices[--l->count];
		return;
	}
}

const struct life *pipeline_life_of(const struct pipeline *p, const struct device *d)
{
	static const struct life unknown = {.held = LIFE_QUARANTINED};
	const struct lives_device *ld = known(&p->lives, d->id);

	return ld ? &ld->life : &unknown;
}

struct lives_device *lives_of(struct pipeline *p, const struct device *d)
{
	bool begins = !known(&p->lives, d->id);
	struct lives_device *ld = lives_device(&p->lives, d->id, pipeline_wall(p));

	if (ld && begins && d->first_seen)
		ld->life.since = d->first_seen;
	return ld;
}

struct suspicion *pipeline_suspicion_of(struct pipeline *p, const struct device *d)
{
	struct lives_device *ld = lives_of(p, d);

	return ld ? &ld->suspicion : NULL;
}

void lives_shift(struct lives *l, const struct when_jump *j)
{
	for (size_t i = 0; i < l->count; i++) {
		struct lives_device *d = l->devices[i];

		life_shift(&d->life, j);
		suspicion_shift(&d->suspicion, j);
		d->asked += d->asked ? j->by : 0;
		d->still += d->still ? j->by : 0;
		d->changed += d->changed ? j->by : 0;
		if (d->back)
			d->back = when_moved(d->back, j, 1);
		d->owes_store = true;
	}
	for (size_t i = 0; i < LIVES_TOLD_MAX; i++)
		l->told[i].when += l->told[i].name ? j->by : 0;
}

/* A gateway without a battery began with an old date, and knows better now: what the store
 * had is younger than that date, and right already. */
static struct when_jump from_behind(struct pipeline *p, nstime before, nstime jump)
{
	struct lives *l = &p->lives;
	nstime ran = loop_now(p->loop) - p->started_mono;
	struct when_jump j = {.from = l->behind, .until = before, .by = jump};

	if (before + jump < p->clock_floor) { /* a little better */
		l->behind = when_shifted(l->behind, jump, 1);
		return j;
	}
	l->behind = 0;
	j.other = before + jump - ran - p->clock_floor;
	if (j.other < LIVES_GAP)
		j.other = 0;
	return j;
}

struct when_jump lives_jump(struct pipeline *p, nstime before, nstime jump)
{
	return p->lives.behind ? from_behind(p, before, jump)
			       : (struct when_jump){.until = INT64_MAX, .by = jump};
}

/* ---- start ---- */

static int load_one(void *ctx, const struct store_life *stored)
{
	struct pipeline *p = ctx;
	nstime wall = pipeline_wall(p);
	struct lives_device *d;

	if (!inventory_by_id(p->inventory, stored->device))
		return 0;
	d = lives_device(&p->lives, stored->device, wall);
	if (!d)
		return -ENOMEM;
	if (life_load(cursor_of(stored->state, stored->state_len), &d->life)) {
		log_error("lives", "device %u: where it stood cannot be read", d->id);
		lives_forget(&p->lives, stored->device);
		return 0;
	}
	if (suspicion_load(cursor_of(stored->suspicion, stored->suspicion_len),
		    p->lives.key, wall, &d->suspicion))
		log_warn("lives", "device %u: what it was suspected of is lost", d->id);
	if (d->life.state == LIFE_PROBATION)
		d->back = d->life.since;
	return 0;
}

/* Who was here before there was a life cycle stands where it is. */
static void begin(struct pipeline *p, const struct device *d)
{
	nstime wall = pipeline_wall(p);
	struct lives_device *ld = lives_device(&p->lives, d->id, wall);

	if (!ld)
		return;
	if (d->hold || d->quarantine[0]) {
		ld->life.state = d->hold == HOLD_REFUSED   ? LIFE_RETIRED
				 : d->hold == HOLD_LIMITED ? LIFE_LIMITED
							   : LIFE_QUARANTINED;
		ld->life.held = d->hold == HOLD_LIMITED ? LIFE_LIMITED : LIFE_QUARANTINED;
		ld->life.deadline = wall + LIFE_FIX_MAX;
		ld->life.offences = 1;
	} else if (d->state == DEVICE_PROTECTED) {
		ld->life.state = LIFE_PROTECTED;
	} else if (d->state == DEVICE_WATCHED) {
		ld->life.state = LIFE_LEARNING;
	}
	ld->owes_store = ld->life.state != LIFE_NEW;
}

/* The store says where it stands, and from that alone follows how it is held. */
static void take_hold(struct device *d, const struct life *l)
{
	d->hold = life_hold(l);
	if (!d->hold && d->state == DEVICE_QUARANTINED) /* it returned just before the end */
		d->state = d->mud_url[0] ? DEVICE_PROTECTED : DEVICE_WATCHED;
	if (!d->hold)
		d->quarantine[0] = 0;
	else if (!d->quarantine[0])
		(void)str_print(d->quarantine, sizeof(d->quarantine), "it is %s",
			life_state_name(l->state));
}

int lives_open(struct pipeline *p)
{
	struct device *d;
	nstime gap = pipeline_wall(p) - p->clock_floor;
	int error = store_lives(p->store, load_one, p);

	if (error)
		return error;
	if (p->clock_floor && gap > LIVES_GAP)
		lives_shift(&p->lives, &(struct when_jump){.until = INT64_MAX, .by = gap});
	else if (p->clock_floor && gap < 0)
		p->lives.behind = pipeline_wall(p) > 1 ? pipeline_wall(p) : 1;
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		if (!known(&p->lives, d->id))
			begin(p, d);
		take_hold(d, pipeline_life_of(p, d));
	}
	return 0;
}

/* ---- every second ---- */

void lives_follow(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		pipeline_life_follow(p, d);
}

void lives_tick(struct pipeline *p)
{
	nstime now = loop_now(p->loop);
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		pipeline_life_follow(p, d);
		pipeline_life_tick(p, d);
	}
	if (!p->lives.next_save)
		p->lives.next_save = now + LIVES_SAVE_S * NS_PER_SEC;
	if (now < p->lives.next_save)
		return;
	p->lives.next_save = now + LIVES_SAVE_S * NS_PER_SEC;
	lives_save_all(p);
}
