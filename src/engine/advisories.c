// SPDX-License-Identifier: GPL-2.0-or-later
/* What outsiders say: loaded, looked after, and forgotten when its time is over. */
#include "engine/advisories.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* An advisory that ended is kept for so long, against its being said again. */
#define ENDED_KEPT (2 * ADVISORY_TTL_MAX)

struct advisories_device *advisories_known(const struct advisories *a, device_id id)
{
	for (size_t i = 0; i < a->device_count; i++)
		if (a->devices[i]->id == id)
			return a->devices[i];
	return NULL;
}

struct advisories_device *advisories_device(struct advisories *a, device_id id)
{
	struct advisories_device *d = advisories_known(a, id);

	if (d || a->device_count == LIMIT_DEVICES)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->id = d->held.device = d->firmware.device = id;
	a->devices[a->device_count++] = d;
	return d;
}

static void free_device(struct advisories_device *d)
{
	advisories_flows_free(&d->talked);
	advisories_flows_free(&d->refused);
	free(d);
}

void advisories_forget(struct pipeline *p, device_id id)
{
	struct advisories *a = &p->advisories;

	for (size_t i = a->device_count; i-- > 0;)
		if (a->devices[i]->id == id) {
			free_device(a->devices[i]);
			a->devices[i] = a->devices[--a->device_count];
		}
	for (size_t i = a->seen_count; i-- > 0;)
		if (a->seens[i].device == id)
			a->seens[i] = a->seens[--a->seen_count];
}

/* ---- start ---- */

static int load_issuer(void *ctx, const struct advisory_issuer *i)
{
	struct advisories *a = ctx;
	struct advisory_issuer *copy;

	if (a->issuer_count == STORE_ISSUERS_MAX)
		return 0;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *i;
	a->issuers[a->issuer_count++] = copy;
	return 0;
}

/* Class, group and how often it was wrong are the issuer's today. */
static bool join_issuer(struct pipeline *p, struct advisory *a)
{
	const struct advisory_issuer *i = advisories_issuer(p, a->issuer);

	if (strcmp(a->issuer, ADVISORIES_OWNER) == 0) {
		a->class = ADVISORY_OWNER;
		return true;
	}
	if (!i)
		return false;
	a->class = i->class;
	a->overturned = i->overturned;
	str_copy(a->group, sizeof(a->group), i->group);
	return true;
}

static int load_advisory(void *ctx, const struct advisory_kept *k)
{
	struct pipeline *p = ctx;
	struct advisories *a = &p->advisories;
	struct advisory_kept **list, *copy;

	if (a->count == ADVISORIES_MAX)
		return 0;
	list = realloc(a->list, (a->count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	a->list = list;
	a->cap = a->count + 1;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *k;
	if (!join_issuer(p, &copy->a) && copy->state == ADVISORY_ACTIVE)
		copy->state = ADVISORY_WITHDRAWN; /* nobody stands for it */
	a->list[a->count++] = copy;
	return 0;
}

static int load_seen(void *ctx, const struct advisory_seen *e)
{
	struct pipeline *p = ctx;
	struct advisories *a = &p->advisories;
	struct advisory_seen *list;

	if (a->seen_count == ADVISORIES_SEENS_MAX || !advisories_find(p, e->advisory) ||
		!inventory_by_id(p->inventory, e->device))
		return 0;
	list = realloc(a->seens, (a->seen_count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	a->seens = list;
	a->seen_cap = a->seen_count + 1;
	a->seens[a->seen_count++] = *e;
	return 0;
}

static int load_held(void *ctx, const struct advisory_held *h)
{
	struct pipeline *p = ctx;
	struct advisories_device *d;

	if (!inventory_by_id(p->inventory, h->device))
		return 0;
	d = advisories_device(&p->advisories, h->device);
	if (!d)
		return -ENOMEM;
	d->held = *h;
	d->now.effect = h->effect;
	str_copy(d->now.why, sizeof(d->now.why), h->why);
	d->due = true;
	return 0;
}

/* Before any rule is made: what was held is. */
static void take_holds(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		if (advisories_hold(p, d) <= d->hold)
			continue;
		d->hold = advisories_hold(p, d);
		if (!d->quarantine[0])
			str_copy(d->quarantine, sizeof(d->quarantine),
				advisories_why(p, d));
	}
}

static int load_firmware(void *ctx, const struct store_firmware *f)
{
	struct pipeline *p = ctx;
	struct advisories_device *d;

	if (!inventory_by_id(p->inventory, f->device))
		return 0;
	d = advisories_device(&p->advisories, f->device);
	if (!d)
		return -ENOMEM;
	d->firmware = *f;
	return 0;
}

static int load_shared(void *ctx, const struct store_shared *n)
{
	struct advisories *a = ctx;
	struct store_shared *list =
		realloc(a->shared, (a->shared_count + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	a->shared = list;
	a->shared[a->shared_count++] = *n;
	return 0;
}

/* Who changed the log changed what the owner would have read in it. */
static int check_log(struct pipeline *p)
{
	struct advisories *a = &p->advisories;
	struct advisories_checked c;
	/* what was noted since the start is others' to keep: a rollback would take it back */
	int error = store_commit(p->store);

	if (!error)
		error = advisories_log_verify(p, &c);
	if (error)
		return error;
	advisories_log_again(p);
	a->broken = c.broken;
	if (!c.broken)
		return 0;
	str_copy(a->broken_why, sizeof(a->broken_why), c.why);
	log_error("advisories", "%s", c.why);
	journal_note(&p->journal, pipeline_wall(p), 0, EVENT_ADVISORY,
		"The log of advisories was changed or damaged: %s `cardea advisory log` "
		"shows it.",
		c.why);
	return 0;
}

static void moved(void *ctx, struct device *d, const struct life_step *s, const char *text);

int advisories_open(struct pipeline *p)
{
	struct advisories *a = &p->advisories;
	const struct life_hook hook = {.moved = moved, .ctx = p};
	int error = store_issuers(p->store, load_issuer, a);

	a->pipeline = p;
	if (!error)
		error = store_advisories(p->store, load_advisory, p);
	if (!error)
		error = store_advisory_seens(p->store, load_seen, p);
	if (!error)
		error = store_advisory_helds(p->store, load_held, p);
	if (!error)
		error = store_firmwares(p->store, load_firmware, p);
	if (!error)
		error = store_shareds(p->store, load_shared, a);
	if (!error)
		error = check_log(p);
	if (!error)
		error = lives_hook(&p->lives, &hook);
	if (!error)
		take_holds(p);
	a->open = !error;
	return error;
}

void advisories_end(struct advisories *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->list[i]);
	free(a->list);
	for (size_t i = 0; i < a->issuer_count; i++)
		free(a->issuers[i]);
	for (size_t i = 0; i < a->device_count; i++)
		free_device(a->devices[i]);
	free(a->seens);
	free(a->shared);
	learn_suffixes_free(a->suffixes);
	memset(a, 0, sizeof(*a));
}

/* ---- what its life does to it ---- */

/* It came back with evidence, or by its owner's word: what was seen of it before is
 * answered. */
static void moved(void *ctx, struct device *d, const struct life_step *s, const char *text)
{
	struct pipeline *p = ctx;
	struct advisories_device *ad = advisories_known(&p->advisories, d->id);

	(void)text;
	if (!ad || !s->moved)
		return;
	if (s->to == LIFE_PROBATION || s->event == LIFE_OWNER_READMITS) {
		ad->held.healed = pipeline_wall(p);
		ad->held.accused = false;
		if (store_advisory_held_save(p->store, &ad->held))
			log_error("advisories", "the return of %s was not stored", d->name);
	}
	if (s->event == LIFE_OWNER_ISOLATES)
		(void)!advisories_owner_holds(p, d);
	if (d->hold && !d->quarantine[0])
		str_copy(d->quarantine, sizeof(d->quarantine), ad->held.why);
	ad->due = true;
}

int advisories_owner_holds(struct pipeline *p, const struct device *d)
{
	struct advisories_device *ad = advisories_known(&p->advisories, d->id);
	struct advisory_held held;
	int error;

	if (!ad || !ad->held.accused)
		return 0;
	held = ad->held;
	held.accused = false;
	error = store_advisory_held_save(p->store, &held);
	if (error)
		log_error("advisories", "that %s is held by its owner is not stored", d->name);
	else
		ad->held = held;
	return error;
}

/* ---- time ---- */

static void move(nstime *t, const struct when_jump *j)
{
	if (*t)
		*t = when_moved(*t, j, 1);
}

static int shift_device(struct pipeline *p, struct advisories_device *d,
	const struct when_jump *j)
{
	const struct advisories_flows *flows[] = {&d->talked, &d->refused};
	int error = 0;

	for (size_t n = 0; n < 2; n++)
		for (size_t i = 0; i < flows[n]->count; i++)
			move(&flows[n]->items[i].last, j);
	move(&d->held.since, j);
	move(&d->held.healed, j);
	move(&d->firmware.since, j);
	if (d->held.since || d->held.healed)
		error = store_advisory_held_save(p->store, &d->held);
	if (!error && d->firmware.since)
		error = store_firmware_save(p->store, &d->firmware);
	return error;
}

/* What was done and seen in this house; when others spoke, their own clocks say. */
void advisories_shift(struct pipeline *p, const struct when_jump *j)
{
	struct advisories *a = &p->advisories;
	int error = 0;

	for (size_t i = 0; i < a->device_count; i++)
		error |= shift_device(p, a->devices[i], j);
	for (size_t i = 0; i < a->seen_count; i++) {
		move(&a->seens[i].first, j);
		move(&a->seens[i].last, j);
		error |= store_advisory_seen_save(p->store, &a->seens[i]);
	}
	for (size_t i = 0; i < a->count; i++) {
		move(&a->list[i]->taken, j);
		error |= store_advisory_save(p->store, a->list[i]);
	}
	if (error)
		log_error("advisories", "when things were seen is not stored");
}

static void expire(struct pipeline *p, struct advisory_kept *k)
{
	const struct advisories_said s = {.act = ADVISORY_ACT_EXPIRED,
		.issuer = k->a.issuer, .advisory = k->a.id, .text = "Its time is over."};
	int error = advisories_log(p, &s);

	if (!error)
		error = advisories_close(p, k, ADVISORY_EXPIRED);
	if (!error)
		error = store_commit(p->store);
	if (!error)
		return;
	k->state = ADVISORY_ACTIVE; /* it counts no more all the same; tried again */
	advisories_log_again(p);
}

static void remove_seens(struct advisories *a, uint32_t key)
{
	for (size_t i = a->seen_count; i-- > 0;)
		if (a->seens[i].advisory == key)
			a->seens[i] = a->seens[--a->seen_count];
}

/* What ended long ago; one a time, in the order in which they came. */
static bool forget_one(struct pipeline *p, nstime wall)
{
	struct advisories *a = &p->advisories;

	for (size_t i = 0; i < a->count; i++) {
		struct advisory_kept *k = a->list[i];

		if (k->state == ADVISORY_ACTIVE || wall - k->taken < ENDED_KEPT)
			continue;
		if (store_advisory_remove(p->store, k->key))
			return false;
		remove_seens(a, k->key);
		memmove(&a->list[i], &a->list[i + 1],
			(--a->count - i) * sizeof(*a->list));
		free(k);
		return true;
	}
	return false;
}

void advisories_tick(struct pipeline *p)
{
	struct advisories *a = &p->advisories;
	nstime now = loop_now(p->loop), wall = pipeline_wall(p);
	struct device *d;

	if (!a->open || now < a->next_tick || !p->clock_trusted)
		return;
	a->next_tick = now + ADVISORIES_TICK_S * NS_PER_SEC;
	for (size_t i = 0; i < a->count; i++)
		if (a->list[i]->state == ADVISORY_ACTIVE && a->list[i]->a.expires <= wall)
			expire(p, a->list[i]);
	while (forget_one(p, wall))
		;
	for (size_t i = 0; i < a->device_count; i++) {
		if (!a->devices[i]->due)
			continue;
		d = inventory_by_id(p->inventory, a->devices[i]->id);
		if (d)
			advisories_judge_now(p, d);
	}
}
