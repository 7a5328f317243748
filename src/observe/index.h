// SPDX-License-Identifier: GPL-2.0-or-later
/* index - open addressing from a hash to a number from 1 on; what is numbered stands
 * elsewhere and is compared by the caller. Half empty at least, so that a search ends
 * soon; the hash has a secret, since keys come from attackers. */
#ifndef CARDEA_OBSERVE_INDEX_H
#define CARDEA_OBSERVE_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/error.h"

struct index_slot {
	uint32_t tag; /* of the hash: says where it would like to stand */
	uint32_t id;  /* 0: empty */
};

struct index {
	struct index_slot *slots; /* those in use, of spare[0] or spare[1] */
	uint32_t mask, count;
	uint64_t secret[2];
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

/* The 128-bit product of two words, folded: what wyhash and its kin mix with. */
static inline uint64_t index_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
#else
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t low = al * bl, mid = ah * bl + (low >> 32),
		 mid2 = al * bh + (uint32_t)mid;

	return ((mid2 << 32) | (uint32_t)low) ^ (ah * bh + (mid >> 32) + (mid2 >> 32));
#endif
}

static inline uint64_t index_word(const void *bytes)
{
	uint64_t w;

	memcpy(&w, bytes, sizeof w);
	return w;
}

/* Two words, of which one may be zero. */
static inline uint64_t index_hash2(const struct index *x, uint64_t a, uint64_t b)
{
	return index_fold(index_fold(a ^ x->secret[1], b ^ x->secret[0]) ^ x->secret[0],
		x->secret[1]);
}

/* len: any; the last word is filled with zeros. */
static inline uint64_t index_hash(const struct index *x, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t h = x->secret[0] ^ len, last[2] = {0, 0};

	for (; len > 16; len -= 16, p += 16)
		h = index_fold(index_word(p) ^ x->secret[1], index_word(p + 8) ^ h);
	memcpy(last, p, len);
	h = index_fold(last[0] ^ x->secret[1], last[1] ^ h);
	return index_fold(h ^ x->secret[0], x->secret[1]);
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
