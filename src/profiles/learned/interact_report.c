// SPDX-License-Identifier: GPL-2.0-or-later
/* interact_report - which pairs are interactions: the trigger was there nearly each time,
 * and is not there at just any time. Of several triggers the nearest. */
#include "profiles/learned/interact_priv.h"

#include <errno.h>
#include <stdlib.h>

/* So many of a hundred that had their trigger must have had it within the step; the few
 * that are later are chance, or another's. */
#define COVERED 99
/* How much likelier the trigger is before the effect than before any moment. */
#define LIFT_LEAST 2
/* Who is let through more than half of all time is not kept out. */
#define CHANCE_MOST 0.5
/* Control windows that say anything. */
#define CONTROLS_LEAST 10
/* A question and the conversation in which it is put. */
#define SAME_MS 2.0

struct passing {
	const struct interact_pair *pair;
	unsigned step;
	uint32_t precedences, effects;
	double bound, chance, delay; /* delay: ms, in the mean */
	bool dropped;
};

struct passing_list {
	struct passing items[INTERACT_TRIGGERS_MAX];
	unsigned count;
};

static uint32_t within_step(const uint16_t n[INTERACT_STEPS + 1], unsigned step)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i <= step; i++)
		sum += n[i];
	return sum;
}

/* How likely the trigger is before any moment: of all time, or of the time around the
 * effects, whichever is more. Things happen together because people are at home. */
static double chance_of(
	const struct interact *in, const struct interact_pair *p, unsigned step)
{
	uint32_t controls = within_step(p->control, INTERACT_MISS);
	double all = interact_cover(in, p->trigger, step), near = 0;

	if (controls >= CONTROLS_LEAST)
		near = (double)within_step(p->control, step) / controls;
	return near > all ? near : all;
}

static bool holds_at(const struct interact *in, const struct interact_pair *p,
	unsigned step, struct passing *ret)
{
	struct passing t = {
		.pair = p,
		.step = step,
		.precedences = within_step(p->hits, step),
		.effects = interact_pair_units(p),
		.chance = interact_cover(in, p->trigger, step + 1),
	};
	uint32_t all = within_step(p->hits, INTERACT_STEPS - 1);

	t.bound = learned_estimate_wilson95(t.precedences, t.effects);
	if (t.bound < LEARNED_INTERACT_BOUND || t.chance > CHANCE_MOST ||
		(double)t.precedences / t.effects <
			LIFT_LEAST * chance_of(in, p, step))
		return false;
	t.delay = (double)p->delay_ms / all;
	*ret = t;
	return true;
}

/* The shortest that covers what was seen; or if that is so long that chance does it,
 * the shortest that is sure. */
static bool holds(
	const struct interact *in, const struct interact_pair *p, struct passing *ret)
{
	uint32_t all = within_step(p->hits, INTERACT_STEPS - 1);
	unsigned step = 0;

	if (p->support < LEARNED_INTERACT_SUPPORT || !all)
		return false;
	while (within_step(p->hits, step) * 100 < all * COVERED)
		step++;
	if (holds_at(in, p, step, ret))
		return true;
	for (unsigned s = 0; s < step; s++)
		if (holds_at(in, p, s, ret))
			return true;
	return false;
}

static void list_passing(
	const struct interact *in, const struct act *effect, struct passing_list *ret)
{
	ret->count = 0;
	for (uint8_t i = 0; i < effect->pair_count; i++)
		if (holds(in, &effect->pairs[i], &ret->items[ret->count]))
			ret->count++;
}

static bool is_above(const struct act *a, const struct act *b)
{
	return b->up[0] == a || b->up[1] == a;
}

static bool same_or_above(const struct act *a, const struct act *b)
{
	return a == b || is_above(a, b) || is_above(b, a);
}

/* Nothing of `then` happens without `first`. */
static bool follows(
	const struct interact *in, const struct act *then, const struct act *first)
{
	struct passing t;

	for (uint8_t i = 0; i < then->pair_count; i++)
		if (same_or_above(then->pairs[i].trigger, first) &&
			holds(in, &then->pairs[i], &t))
			return true;
	return false;
}

/* Better told by `by`: the same but exact; the same, as a conversation; or what came
 * of it. A question brings nothing about, and stands for nothing. */
static bool is_told_by(
	const struct interact *in, const struct passing *p, const struct passing *by)
{
	const struct act *a = p->pair->trigger, *b = by->pair->trigger;
	bool question = a->key.key.said, other = b->key.key.said;
	double apart = p->delay - by->delay;

	if (is_above(a, b))
		return true;
	if (question && !other && mac_equal(&a->key.device, &b->key.device) &&
		apart < SAME_MS && apart > -SAME_MS && p->effects == by->effects)
		return true;
	return (question || !other) && by->delay < p->delay && follows(in, b, a);
}

static bool is_cross(const struct act *trigger, const struct act *effect)
{
	return !mac_equal(&trigger->key.device, &effect->key.device) ||
	       (trigger->key.key.place == RECORD_INTERNET &&
		       trigger->key.key.direction == DIRECTION_TO_DEVICE);
}

/* Of each sort one: what others do, what it does itself, what is asked. */
static unsigned sort_of(const struct act *trigger, const struct act *effect)
{
	if (trigger->key.key.said)
		return 2;
	return is_cross(trigger, effect) ? 0 : 1;
}

static bool is_nearer(const struct passing *a, const struct passing *b)
{
	const struct act *x = a->pair->trigger, *y = b->pair->trigger;
	int r;

	if (a->delay < b->delay || a->delay > b->delay)
		return a->delay < b->delay;
	r = memcmp(&x->key, &y->key, sizeof x->key);
	return (r ? r : strcmp(x->text, y->text)) < 0;
}

static void reduce(
	const struct interact *in, const struct act *effect, struct passing_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		for (unsigned j = 0; j < list->count && !list->items[i].dropped; j++)
			list->items[i].dropped =
				j != i &&
				is_told_by(in, &list->items[i], &list->items[j]);
	for (unsigned i = 0; i < list->count; i++) {
		struct passing *p = &list->items[i];
		unsigned sort = sort_of(p->pair->trigger, effect);

		for (unsigned j = 0; j < list->count && !p->dropped; j++) {
			const struct passing *q = &list->items[j];

			p->dropped = j != i && !q->dropped && is_nearer(q, p) &&
				     sort_of(q->pair->trigger, effect) == sort;
		}
	}
}

/* ---- kinds ---- */

/* The same as the other end has it: it is called. */
static struct learned_key seen_by_peer(const struct act *a)
{
	struct learned_key k = a->key.key;

	k.direction = DIRECTION_TO_DEVICE;
	k.mac = a->key.device;
	if (mac_is_zero(&a->key.device))
		k.peer_any = 1;
	return k;
}

static void evident_kind(const struct dev *d, const struct learned_key *key,
	const char *text, const uint32_t *of, struct learned_kind *ret)
{
	struct group group = {.key = *key, .text = text};
	struct grouping g = {.groups = &group, .count = 1, .of = (uint32_t *)of};

	for (uint32_t i = 0; i < d->count; i++) {
		if (of[i])
			continue;
		group.siblings += d->leaves[i]->merged ? d->leaves[i]->merged : 1;
		learned_marks_add(&d->leaves[i]->marks, &group.set);
		learned_marks_add_older(&d->leaves[i]->marks, group.older);
	}
	group.general = key->name_any || key->peer_any ||
			(key->port_any && !key->source_port);
	learned_group_kind(d, &g, 0, ret);
}

/* What the device was found to do, findings apart: false: it is not. */
static int find_evident(const struct dev *d, const struct learned_key *key,
	const char *text, struct learned_kind *ret)
{
	struct group group = {.key = *key, .text = text};
	const struct leaf *leaf = learned_leaf_find(d, key, text);
	uint32_t *of = malloc((d->count ? d->count : 1) * sizeof *of), n = 0;

	if (!of)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->count; i++) {
		const struct leaf *l = d->leaves[i];
		bool is_it = l == leaf || learned_group_covers(&group, &l->key, l->text);

		is_it &= learned_leaf_is_evident(l);
		of[i] = is_it ? 0 : UINT32_MAX;
		n += is_it;
	}
	if (n)
		evident_kind(d, key, text, of, ret);
	free(of);
	return n ? 1 : 0;
}

/* Of who begins, or of who is called when only that one is known. 1: found. */
static int act_kind(const struct learned *l, const struct act *a, struct learned_act *ret)
{
	const struct dev *d = learned_dev_find(l, &a->key.device);
	int r = 0;

	ret->device = a->key.device;
	if (d)
		r = find_evident(d, &a->key.key, a->text, &ret->kind);
	if (r || a->key.key.place != RECORD_DEVICE)
		return r;
	d = learned_dev_find(l, &a->key.key.mac);
	if (!d)
		return 0;
	struct learned_key key = seen_by_peer(a);
	r = find_evident(d, &key, a->text, &ret->kind);
	ret->kind.direction = DIRECTION_FROM_DEVICE;
	ret->kind.peer_mac = a->key.key.mac;
	uint64_t from = ret->kind.bytes[DIRECTION_TO_DEVICE];
	ret->kind.bytes[DIRECTION_TO_DEVICE] = ret->kind.bytes[DIRECTION_FROM_DEVICE];
	ret->kind.bytes[DIRECTION_FROM_DEVICE] = from;
	return r;
}

/* ---- visiting ---- */

struct report {
	const struct learned *l;
	const struct interact *in;
	const struct mac *device; /* NULL: all */
	const struct act **acts;  /* in order */
	bool *told;               /* by index: it holds for the act, which tells it */
	learned_interact_visit *visit;
	void *ctx;
};

static int tell(const struct report *r, const struct act *effect, const struct passing *p)
{
	const struct act *trigger = p->pair->trigger;
	struct learned_interaction i = {
		.within = interact_steps[p->step + 1],
		.effects = p->effects,
		.precedences = p->precedences,
		.support = p->pair->support < p->precedences ? p->pair->support
							     : p->precedences,
		.bound = p->bound,
		.chance = p->chance,
		.cross_device = is_cross(trigger, effect),
		.question = trigger->key.key.said,
	};
	int found = act_kind(r->l, trigger, &i.trigger);

	if (found == 1)
		found = act_kind(r->l, effect, &i.effect);
	return found == 1 ? r->visit(r->ctx, &i) : found;
}

static int tell_effect(const struct report *r, const struct act *effect)
{
	struct passing_list list;
	int e = 0;

	list_passing(r->in, effect, &list);
	reduce(r->in, effect, &list);
	for (unsigned sort = 0; sort < 3 && !e; sort++)
		for (unsigned i = 0; i < list.count && !e; i++)
			if (!list.items[i].dropped &&
				sort_of(list.items[i].pair->trigger, effect) == sort)
				e = tell(r, effect, &list.items[i]);
	return e;
}

static bool is_about(const struct act *effect, const struct mac *device)
{
	return !device || mac_equal(&effect->key.device, device) ||
	       (effect->key.key.place == RECORD_DEVICE &&
		       mac_equal(&effect->key.key.mac, device));
}

static bool passes(const struct interact *in, const struct act *a)
{
	struct passing_list list;

	list_passing(in, a, &list);
	return list.count > 0;
}

/* Of ten times that it happens, how often it is one of those that say it themselves. */
static bool is_said_by_each(const struct report *r, const struct act *up)
{
	uint32_t said = 0;

	for (uint32_t i = 0; i < r->in->count; i++)
		if (r->in->acts[i]->up[0] == up && r->told[i])
			said += r->in->acts[i]->count;
	return said * 10 >= up->count * 9U;
}

/* What stands for several tells it for those that are too rare by themselves. */
static void choose(struct report *r)
{
	const struct interact *in = r->in;

	for (uint32_t i = 0; i < in->count; i++)
		r->told[i] = interact_is_effect(in->acts[i]) &&
			     is_about(in->acts[i], r->device) &&
			     passes(in, in->acts[i]);
	for (uint32_t i = 0; i < in->count; i++) {
		const struct act *up = in->acts[i];
		bool each = r->told[i] && is_said_by_each(r, up);

		for (uint32_t j = 0; j < in->count && r->told[i] && !each; j++)
			if (in->acts[j]->up[0] == up)
				r->told[j] = false;
		r->told[i] &= !each;
	}
}

static int compare_acts(const void *a, const void *b)
{
	const struct act *x = *(const struct act *const *)a;
	const struct act *y = *(const struct act *const *)b;
	int r = memcmp(&x->key.device, &y->key.device, sizeof x->key.device);

	r = r ? r : memcmp(&x->key.key, &y->key.key, sizeof x->key.key);
	return r ? r : strcmp(x->text, y->text);
}

static int report(struct report *r)
{
	uint32_t n = 0;
	int e = 0;

	choose(r);
	for (uint32_t i = 0; i < r->in->count; i++)
		if (r->told[i])
			r->acts[n++] = r->in->acts[i];
	qsort(r->acts, n, sizeof *r->acts, compare_acts);
	for (uint32_t i = 0; i < n && !e; i++)
		e = tell_effect(r, r->acts[i]);
	return e;
}

int learned_interactions(const struct learned *l, const struct mac *device,
	learned_interact_visit *visit, void *ctx)
{
	const struct interact *in = l->interact;
	size_t room = in->count ? in->count : 1;
	struct report r = {
		.l = l,
		.in = in,
		.device = device,
		.acts = calloc(room, sizeof *r.acts),
		.told = calloc(room, sizeof *r.told),
		.visit = visit,
		.ctx = ctx,
	};
	int e = 0;

	if (!r.acts || !r.told)
		e = -ENOMEM;
	else if (device && !learned_dev_find(l, device))
		e = -ENOENT;
	else
		e = report(&r);
	free(r.acts);
	free(r.told);
	return e;
}
