// SPDX-License-Identifier: GPL-2.0-or-later
/* index.c - fills and empties the slots. */
#include "observe/index.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS_MIN 1024
/* Less is not worth a call of the kernel. */
#define GIVE_BACK_LEAST (64UL << 10)

int index_init(struct index *x, uint32_t most)
{
	uint32_t size = SLOTS_MIN;

	while (size - size / 4 < most)
		size *= 2;
	x->spare[0] = calloc(size, sizeof *x->slots);
	x->spare[1] = calloc(size, sizeof *x->slots);
	if (!x->spare[0] || !x->spare[1])
		return -ENOMEM;
	x->slots = x->spare[0];
	x->mask = SLOTS_MIN - 1;
	x->secret = hash_key_random();
	x->secret.k[1] |= 1;
	return 0;
}

void index_free(struct index *x)
{
	free(x->spare[0]);
	free(x->spare[1]);
	memset(x, 0, sizeof *x);
}

static void put(struct index *x, struct index_slot s)
{
	uint32_t at = s.tag & x->mask;

	while (x->slots[at].id)
		at = (at + 1) & x->mask;
	x->slots[at] = s;
}

/* Zeroes, of which the kernel has the whole pages back. */
static void give_back(void *at, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)at + page - 1) & ~(page - 1);
	uintptr_t to = ((uintptr_t)at + len) & ~(page - 1);

	if (len < GIVE_BACK_LEAST || madvise((void *)from, to - from, MADV_DONTNEED)) {
		memset(at, 0, len);
		return;
	}
	memset(at, 0, from - (uintptr_t)at);
	memset((void *)to, 0, (uintptr_t)at + len - to);
}

/* Into the other half of what is set aside, which is empty. */
static void grow(struct index *x)
{
	struct index_slot *old = x->slots;
	uint32_t size = x->mask + 1;

	x->slots = old == x->spare[0] ? x->spare[1] : x->spare[0];
	x->mask = size * 2 - 1;
	for (uint32_t i = 0; i < size; i++)
		if (old[i].id)
			put(x, old[i]);
	give_back(old, size * sizeof *old);
}

void index_add(struct index *x, uint64_t hash, uint32_t id)
{
	/* most numbers fill three quarters of all slots, so that this ends in time */
	if (x->count >= x->mask + 1 - (x->mask + 1) / 4)
		grow(x);
	put(x, (struct index_slot){.tag = index_tag(hash), .id = id});
	x->count++;
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
	x->count--;
}
