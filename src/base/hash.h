// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* hash - SipHash-2-4 with a per-process key (keys come from attackers), and an
 * intrusive chained table: nodes belong to the caller. */
#ifndef CARDEA_BASE_HASH_H
#define CARDEA_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/error.h"

struct hash_key {
	uint64_t k[2];
};
/* From getrandom(2); fixed zero key when that fails at start. */
struct hash_key hash_key_random(void);
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

/* The 128-bit product of two words, folded: what wyhash and its kin mix with. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
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

static inline uint64_t hash_word(const void *bytes)
{
	uint64_t w;

	memcpy(&w, bytes, sizeof w);
	return w;
}

static inline uint64_t hash_half_word(const void *bytes)
{
	uint32_t w;

	memcpy(&w, bytes, sizeof w);
	return w;
}

/* Some times faster than SipHash, and no pseudorandom function: for tables that are
 * looked into for each packet, whose size is bounded, and whose hashes nobody is told.
 */
static inline uint64_t hash_quick(const struct hash_key *key, const void *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data;
	uint64_t h = key->k[0] ^ len, a = 0, b = 0;

	for (; len > 16; len -= 16, p += 16)
		h = hash_fold(hash_word(p) ^ key->k[1], hash_word(p + 8) ^ h);
	if (len >= 8) {
		a = hash_word(p);
		b = hash_word(p + len - 8);
	} else if (len >= 4) {
		a = hash_half_word(p);
		b = hash_half_word(p + len - 4);
	} else if (len) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[len / 2] << 8 | p[len - 1];
	}
	h = hash_fold(a ^ key->k[1], b ^ h);
	return hash_fold(h ^ key->k[0], key->k[1]);
}

struct hash_node {
	struct hash_node *next;
	uint64_t hash;
};

struct hash_table {
	struct hash_node **buckets;
	size_t mask; /* buckets - 1 */
	size_t count;
	struct hash_key key;
};

int hash_init(struct hash_table *t, size_t expected) CARDEA_MUSTCHECK;
void hash_free(struct hash_table *t); /* frees buckets, never nodes */
/* Grows by itself; a failed growth only makes chains longer. */
void hash_insert(struct hash_table *t, struct hash_node *n, const void *key, size_t len);
void hash_remove(struct hash_table *t, struct hash_node *n);
/* The first node for which equal(node, key) holds. */
struct hash_node *hash_find(const struct hash_table *t, const void *key, size_t len,
	bool (*equal)(const struct hash_node *, const void *key));
/* Calls visit for every node; visit may remove the node it is given. */
void hash_each(struct hash_table *t, void (*visit)(struct hash_node *, void *ctx),
	void *ctx);

#endif
