// SPDX-License-Identifier: GPL-2.0-or-later
/* index.c - fills and empties the slots. */
#include "observe/index.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hash.h"

int index_init(struct index *x, uint32_t most)
{
	struct hash_key key = hash_key_random();
	uint32_t size = 16;

	while (size / 2 < most)
		size *= 2;
	x->slots = calloc(size, sizeof *x->slots);
	if (!x->slots)
		return -ENOMEM;
	x->mask = size - 1;
	x->secret[0] = key.k[0];
	x->secret[1] = key.k[1] | 1; /* a factor, never zero */
	return 0;
}

void index_free(struct index *x)
{
	free(x->slots);
	x->slots = NULL;
}

void index_add(struct index *x, uint64_t hash, uint32_t id)
{
	uint32_t at = index_first(x, hash);

	while (x->slots[at].id)
		at = (at + 1) & x->mask;
	x->slots[at] = (struct index_slot){.tag = index_tag(hash), .id = id};
}

/* Those behind the gap that would rather stand in it or before it move up (Knuth, TAOCP
 * 6.4, algorithm R): no marks are left that would make searches longer. */
void index_remove(struct index *x, uint64_t hash, uint32_t id)
{
	uint32_t gap = index_first(x, hash), at;

	while (x->slots[gap].id != id)
		gap = (gap + 1) & x->mask;
	for (at = (gap + 1) & x->mask; x->slots[at].id; at = (at + 1) & x->mask) {
		uint32_t home = x->slots[at].tag & x->mask;

		if (((at - home) & x->mask) < ((at - gap) & x->mask))
			continue;
		x->slots[gap] = x->slots[at];
		gap = at;
	}
	x->slots[gap].id = 0;
}
