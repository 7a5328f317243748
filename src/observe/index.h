// SPDX-License-Identifier: GPL-2.0-or-later
/* index - open addressing from a hash to a number from 1 on; what is numbered stands
 * elsewhere and is compared by the caller. A quarter is empty at least, so that a search
 * ends soon, mostly within the line of the cache where it begins; the hash has a secret,
 * since keys come from attackers. */
#ifndef CARDEA_OBSERVE_INDEX_H
#define CARDEA_OBSERVE_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/error.h"
#include "base/hash.h"

struct index_slot {
	uint32_t tag; /* of the hash: says where it would like to stand */
	uint32_t id;  /* 0: empty */
};

struct index {
	struct index_slot *slots; /* those in use, of spare[0] or spare[1] */
	uint32_t mask, count;
	struct hash_key secret; /* k[1] is a factor, never zero */
	struct index_slot *spare[2];
};

/* For up to `most` numbers. All that it may need is set aside at once, and taken from
 * the kernel as it is touched; what is in use is small while the numbers are few, so
 * that it stays in the processor's caches. */
int index_init(struct index *x, uint32_t most) CARDEA_MUSTCHECK;
void index_free(struct index *x);
void index_add(struct index *x, uint64_t hash, uint32_t id);
/* The number must be in it, with that hash. */
void index_remove(struct index *x, uint64_t hash, uint32_t id);

/* Two words, of which one may be zero. */
static inline uint64_t index_hash2(const struct index *x, uint64_t a, uint64_t b)
{
	return hash_fold(hash_fold(a ^ x->secret.k[1], b ^ x->secret.k[0]) ^ x->secret.k[0],
		x->secret.k[1]);
}

static inline uint64_t index_hash(const struct index *x, const void *bytes, size_t len)
{
	return hash_quick(&x->secret, bytes, len);
}

static inline uint32_t index_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

/* Walks the numbers whose hash may be this one: for (at = index_first(x, hash); (id =
 * index_next(x, hash, &at));) */
static inline uint32_t index_first(const struct index *x, uint64_t hash)
{
	return index_tag(hash) & x->mask;
}
static inline void index_fetch(const struct index *x, uint64_t hash)
{
	__builtin_prefetch(&x->slots[index_first(x, hash)]);
}
static inline uint32_t index_next(const struct index *x, uint64_t hash, uint32_t *at)
{
	for (;;) {
		const struct index_slot *s = &x->slots[*at];

		*at = (*at + 1) & x->mask;
		if (!s->id || s->tag == index_tag(hash))
			return s->id;
	}
}

#endif
