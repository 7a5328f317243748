// SPDX-License-Identifier: GPL-2.0-or-later
/* index - open addressing from a hash to a place in an array, that grows with the
 * array: a house has a thousand of them. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_MIN 8

static void put(struct learned_index *x, struct learned_slot s)
{
	uint32_t at = s.tag & x->mask;

	while (x->slots[at].place)
		at = (at + 1) & x->mask;
	x->slots[at] = s;
}

static int grow(struct learned_index *x)
{
	struct learned_index big = {
		.mask = x->slots ? 2 * x->mask + 1 : SLOTS_MIN - 1, .count = x->count};

	big.slots = calloc((size_t)big.mask + 1, sizeof *big.slots);
	if (!big.slots)
		return -ENOMEM;
	for (uint32_t i = 0; x->slots && i <= x->mask; i++)
		if (x->slots[i].place)
			put(&big, x->slots[i]);
	free(x->slots);
	*x = big;
	return 0;
}

int learned_index_reserve(struct learned_index *x)
{
	if (x->slots && x->count < x->mask - x->mask / 4)
		return 0;
	/* one slot stays empty: there a search ends */
	return grow(x) && (!x->slots || x->count == x->mask) ? -ENOMEM : 0;
}

void learned_index_put(struct learned_index *x, uint64_t hash, uint32_t at)
{
	put(x, (struct learned_slot){learned_tag(hash), at + 1});
	x->count++;
}

static uint32_t slot_of(const struct learned_index *x, uint64_t hash, uint32_t at)
{
	uint32_t slot = learned_tag(hash) & x->mask;

	while (x->slots[slot].place != at + 1)
		slot = (slot + 1) & x->mask;
	return slot;
}

void learned_index_move(struct learned_index *x, uint64_t hash, uint32_t from, uint32_t to)
{
	x->slots[slot_of(x, hash, from)].place = to + 1;
}

/* Those behind the gap that would rather stand in it or before it move up (Knuth, TAOCP
 * 6.4, algorithm R). */
void learned_index_remove(struct learned_index *x, uint64_t hash, uint32_t at)
{
	uint32_t gap = slot_of(x, hash, at), i;

	for (i = (gap + 1) & x->mask; x->slots[i].place; i = (i + 1) & x->mask) {
		uint32_t home = x->slots[i].tag & x->mask;

		if (((i - home) & x->mask) < ((i - gap) & x->mask))
			continue;
		x->slots[gap] = x->slots[i];
		gap = i;
	}
	x->slots[gap] = (struct learned_slot){0};
	x->count--;
}

void learned_index_free(struct learned_index *x)
{
	free(x->slots);
	*x = (struct learned_index){0};
}
