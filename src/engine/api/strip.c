// SPDX-License-Identifier: GPL-2.0-or-later
/* The last day of every device at a glance. */
#include "engine/api/strip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* '1' below 2^10 octets, then three bits more each. */
#define AMOUNT_FIRST 10
#define AMOUNT_BITS 3

struct maker {
	struct strips *strips;
	uint32_t first; /* hour */
	size_t at;	/* the device that came last */
};

static char amount_of(uint64_t bytes)
{
	unsigned bits = bytes ? 64 - (unsigned)__builtin_clzll(bytes) : 0;

	if (bits <= AMOUNT_FIRST)
		return bytes ? '1' : '0';
	bits = 1 + (bits - AMOUNT_FIRST + AMOUNT_BITS - 1) / AMOUNT_BITS;
	return (char)('0' + (bits > 9 ? 9 : bits));
}

static char mark_of(uint32_t flags)
{
	if (flags & HISTORY_HELD)
		return 'q';
	if (flags & HISTORY_REFUSED)
		return 'w';
	if (flags & HISTORY_LEARNING)
		return 'l';
	return flags & HISTORY_SEEN ? 'a' : '.';
}

/* Both are in order of id. */
static int take_spell(void *ctx, const struct store_spell *s)
{
	struct maker *m = ctx;
	struct strips *all = m->strips;
	struct strip *one;

	while (m->at < all->count && all->list[m->at].device->id < s->device)
		m->at++;
	if (m->at == all->count || all->list[m->at].device->id != s->device)
		return 0;
	one = &all->list[m->at];
	one->bytes += s->up + s->down;
	one->marks[s->hour - m->first] = mark_of(s->flags);
	one->amounts[s->hour - m->first] = amount_of(s->up + s->down);
	return 0;
}

static int by_id(const void *key, const void *member)
{
	device_id id = *(const device_id *)key, other = ((const struct strip *)member)->device->id;

	return (id > other) - (id < other);
}

/* A question of before the strip still stands. */
static int take_question(void *ctx, const struct decision *d)
{
	struct maker *m = ctx;
	struct strip *one = bsearch(&d->device, m->strips->list, m->strips->count,
		sizeof(*m->strips->list), by_id);
	uint32_t hour = history_hour(d->asked);
	size_t at = STRIP_HOURS - 1;

	if (!one)
		return 0;
	if (hour >= m->first && hour - m->first < STRIP_HOURS)
		at = hour - m->first;
	one->asks++;
	if (one->marks[at] != 'q')
		one->marks[at] = 'w';
	return 0;
}

static void begin(struct pipeline *p, struct strips *s)
{
	struct device *d;

	while (s->count < inventory_count(p->inventory) &&
		(d = inventory_at(p->inventory, s->count))) {
		struct strip *one = &s->list[s->count++];

		one->device = d;
		one->state = pipeline_life_of(p, d)->state;
		memset(one->marks, '.', STRIP_HOURS);
		memset(one->amounts, '0', STRIP_HOURS);
	}
}

int strips_make(struct pipeline *p, struct strips *ret)
{
	struct maker m = {
		.strips = ret, .first = history_hours_ago(pipeline_wall(p), STRIP_HOURS)};
	int error;

	*ret = (struct strips){.from = (nstime)m.first * HISTORY_HOUR};
	ret->list = calloc(inventory_count(p->inventory) + 1, sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	history_look(p);
	begin(p, ret);
	error = store_spells(p->store, 0, m.first, m.first + STRIP_HOURS, take_spell, &m);
	if (!error)
		error = store_decisions(p->store, true, take_question, &m);
	for (size_t i = 0; i < ret->count; i++) {
		struct strip *one = &ret->list[i];

		if (one->device->hold)
			one->marks[STRIP_HOURS - 1] = 'q';
		for (size_t k = 0; k < STRIP_HOURS; k++)
			one->odd += one->marks[k] == 'w';
	}
	return error;
}

void strips_free(struct strips *s)
{
	free(s->list);
	*s = (struct strips){0};
}

static unsigned rank(const struct strip *s)
{
	if (s->state == LIFE_RETIRED) /* nobody waits for it */
		return 5;
	if (s->device->hold)
		return 0;
	if (s->asks || s->state == LIFE_SUSPICIOUS)
		return 1;
	if (s->odd)
		return 2;
	return strchr(s->marks, 'l') ? 3 : 4;
}

static int order(const void *a, const void *b)
{
	const struct strip *x = a, *y = b;

	if (rank(x) != rank(y))
		return rank(x) < rank(y) ? -1 : 1;
	if (x->odd != y->odd)
		return x->odd > y->odd ? -1 : 1;
	return (x->device->id > y->device->id) - (x->device->id < y->device->id);
}

void strips_sort(struct strips *s)
{
	if (s->count)
		qsort(s->list, s->count, sizeof(*s->list), order);
}
