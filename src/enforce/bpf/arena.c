// SPDX-License-Identifier: GPL-2.0-or-later
/* arena - which boxes are whose. A device's boxes lie together, and are replaced by new
 * ones elsewhere: packets that are being judged may still read the old ones, which are
 * given to nobody before the second turn. */
#include <string.h>

#include "enforce/bpf/bpf_priv.h"

enum { FREE, USED, GIVEN, WAITING };

/* The first of count free ones from `at` on, below end; end when there are not so many.
 * The lowest are given out first: what lies above is not in our memory. */
static uint32_t arena_find(const struct arena *a, uint32_t at, uint32_t end,
	uint32_t count)
{
	uint32_t run = 0;

	for (; at < end; at++) {
		run = a->state[at] == FREE ? run + 1 : 0;
		if (run == count)
			return at + 1 - count;
	}
	return end;
}

int arena_take(struct arena *a, uint32_t count, uint32_t *ret_first)
{
	uint32_t at = arena_find(a, a->next, BPF_BOXES_MAX, count);

	if (at == BPF_BOXES_MAX)
		return CARDEA_ELIMIT;
	memset(a->state + at, USED, count);
	while (a->next < BPF_BOXES_MAX && a->state[a->next] != FREE)
		a->next++;
	*ret_first = at;
	return 0;
}

static void arena_free(struct arena *a, uint32_t at)
{
	a->state[at] = FREE;
	if (at < a->next)
		a->next = at;
}

int arena_mark(struct arena *a, uint32_t first, uint32_t count)
{
	if (first > BPF_BOXES_MAX || count > BPF_BOXES_MAX - first)
		return CARDEA_EMALFORMED;
	for (uint32_t i = first; i < first + count; i++) {
		if (a->state[i] != FREE)
			return CARDEA_EMALFORMED;
	}
	memset(a->state + first, USED, count);
	return 0;
}

void arena_give(struct arena *a, uint32_t first, uint32_t count, bool seen)
{
	for (uint32_t i = first; i < first + count; i++) {
		if (seen)
			a->state[i] = GIVEN;
		else
			arena_free(a, i);
	}
}

void arena_turn(struct arena *a)
{
	for (uint32_t i = 0; i < BPF_BOXES_MAX; i++) {
		if (a->state[i] == GIVEN)
			a->state[i] = WAITING;
		else if (a->state[i] == WAITING)
			arena_free(a, i);
	}
}
