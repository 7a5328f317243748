// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* hash - SipHash-2-4 with a per-process key (keys come from attackers), and an
 * intrusive chained table: nodes belong to the caller. */
#ifndef CARDEA_BASE_HASH_H
#define CARDEA_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct hash_key {
	uint64_t k[2];
};
/* From getrandom(2); fixed zero key when that fails at start. */
struct hash_key hash_key_random(void);
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

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
