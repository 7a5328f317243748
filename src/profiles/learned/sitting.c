// SPDX-License-Identifier: GPL-2.0-or-later
/* sitting - when was watched: runs of episodes without a night between. What differs
 * from day to day (who is at home, which release, which server) is the same within one,
 * so that its episodes are no witnesses for another. */
#include "profiles/learned/learned_priv.h"

#include <stdlib.h>

#define HOURS_OF_DAY 24

static uint32_t earliest(const struct dev *d)
{
	uint32_t e = 0;

	for (uint32_t i = 1; i < d->day_count; i++)
		if (d->days[i].first < d->days[e].first)
			e = i;
	return e;
}

/* The earliest makes room: what was seen then is known, but of no day that is told
 * apart. */
static uint32_t make_room(struct dev *d, uint32_t hour)
{
	uint32_t slot = earliest(d);

	d->days_older += d->days_older < UINT32_MAX;
	if (d->days[slot].first > hour)
		return LEARNED_DAYS;
	for (uint32_t i = 0; i < d->count; i++) {
		struct leaf *leaf = d->leaves[i];

		leaf->elder |= leaf->days >> slot & 1;
		leaf->days &= ~(1ULL << slot);
	}
	return slot;
}

uint32_t learned_day_note(struct dev *d, uint32_t hour)
{
	uint32_t slot = d->day_count;

	for (uint32_t i = 0; i < d->day_count; i++) {
		struct learned_hours *day = &d->days[i];

		if (day->first / HOURS_OF_DAY != hour / HOURS_OF_DAY)
			continue;
		if (hour < day->first)
			day->first = hour;
		if (hour > day->last)
			day->last = hour;
		return i;
	}
	if (slot == LEARNED_DAYS)
		slot = make_room(d, hour);
	else
		d->day_count++;
	if (slot < LEARNED_DAYS)
		d->days[slot] = (struct learned_hours){hour, hour};
	return slot;
}

void learned_day_mark(struct leaf *leaf, uint32_t slot)
{
	if (slot < LEARNED_DAYS)
		leaf->days |= 1ULL << slot;
	else
		leaf->elder = true;
}

struct dated {
	struct learned_hours hours;
	uint32_t slot;
};

static int compare_dated(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;

	return (x->hours.first > y->hours.first) - (x->hours.first < y->hours.first);
}

/* An evening that goes on after midnight is one with it; but who is watched day and
 * night has been watched for more than one day. */
static bool goes_on(const struct learned_hours *s, const struct learned_hours *day)
{
	return day->first - s->last <= LEARNED_NIGHT_HOURS &&
	       day->last - s->first < HOURS_OF_DAY;
}

void learned_sittings(const struct dev *d, struct sittings *ret)
{
	struct dated days[LEARNED_DAYS];

	*ret = (struct sittings){0};
	for (uint32_t i = 0; i < d->day_count; i++)
		days[i] = (struct dated){d->days[i], i};
	qsort(days, d->day_count, sizeof *days, compare_dated);
	for (uint32_t i = 0; i < d->day_count; i++) {
		struct learned_hours *s = &ret->hours[ret->count ? ret->count - 1 : 0];

		if (ret->count && goes_on(s, &days[i].hours))
			s->last = days[i].hours.last;
		else
			ret->hours[ret->count++] = days[i].hours;
		ret->of[days[i].slot] = (uint8_t)(ret->count - 1);
		ret->days[ret->count - 1] |= 1ULL << days[i].slot;
	}
	ret->all = ret->count + d->days_older;
}

bool learned_sittings_reach(const struct sittings *s, uint32_t hour)
{
	for (uint32_t i = 0; i < s->count; i++)
		if ((uint64_t)hour + LEARNED_NIGHT_HOURS >= s->hours[i].first &&
			hour <= (uint64_t)s->hours[i].last + LEARNED_NIGHT_HOURS)
			return true;
	return false;
}

static bool is_of_one(const struct sittings *s, const struct group *g)
{
	if (g->elder || !g->days)
		return false;
	return !(g->days & ~s->days[s->of[__builtin_ctzll(g->days)]]);
}

/* Each sitting left out in turn: what it alone has is what it would have surprised
 * with. */
double learned_sittings_share(const struct sittings *s, const struct grouping *g)
{
	uint64_t sum = 0, alone = 0;

	for (uint32_t i = 0; i < g->count; i++) {
		uint32_t lately = learned_set_count(&g->groups[i].set);

		sum += lately;
		alone += is_of_one(s, &g->groups[i]) ? lately : 0;
	}
	return s->all > 1 && sum ? (double)alone / (double)sum : 0;
}
