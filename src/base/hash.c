// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* hash - SipHash-2-4 and an intrusive table that grows at load factor one. */
#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS_MIN 8
#define BUCKETS_MAX (SIZE_MAX / 2 / sizeof(struct hash_node *))

struct hash_key hash_key_random(void)
{
	struct hash_key key;

	if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
		key = (struct hash_key){0};
	return key;
}

static uint64_t rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

struct sip {
	uint64_t a, b, c, d;
};

/* SipRound: Aumasson and Bernstein, "SipHash: a fast short-input PRF", figure 2.1. */
static inline void sip_round(struct sip *v)
{
	v->a += v->b;
	v->c += v->d;
	v->b = rotate(v->b, 13) ^ v->a;
	v->d = rotate(v->d, 16) ^ v->c;
	v->a = rotate(v->a, 32) + v->d;
	v->c += v->b;
	v->b = rotate(v->b, 17) ^ v->c;
	v->d = rotate(v->d, 21) ^ v->a;
	v->c = rotate(v->c, 32);
}

static inline void sip_word(struct sip *v, uint64_t word)
{
	v->d ^= word;
	sip_round(v);
	sip_round(v);
	v->a ^= word;
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t last = (uint64_t)len << 56, word;
	struct sip v = {
		key->k[0] ^ 0x736f6d6570736575,
		key->k[1] ^ 0x646f72616e646f6d,
		key->k[0] ^ 0x6c7967656e657261,
		key->k[1] ^ 0x7465646279746573,
	};

	for (; len >= sizeof word; len -= sizeof word, p += sizeof word) {
		memcpy(&word, p, sizeof word);
		sip_word(&v, le64toh(word));
	}
	for (unsigned shift = 0; len; len--, shift += 8)
		last |= (uint64_t)*p++ << shift;
	sip_word(&v, last);
	v.c ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&v);
	return v.a ^ v.b ^ v.c ^ v.d;
}

int hash_init(struct hash_table *t, size_t expected)
{
	size_t size = BUCKETS_MIN;

	while (size < expected) {
		if (size > BUCKETS_MAX / 2)
			return -ENOMEM;
		size *= 2;
	}
	struct hash_node **buckets = calloc(size, sizeof(struct hash_node *));
	if (!buckets)
		return -ENOMEM;
	*t = (struct hash_table){
		.buckets = buckets, .mask = size - 1, .key = hash_key_random()};
	return 0;
}

void hash_free(struct hash_table *t)
{
	free(t->buckets);
	*t = (struct hash_table){0};
}

static void bucket_push(struct hash_table *t, struct hash_node *n)
{
	struct hash_node **b = &t->buckets[n->hash & t->mask];
	n->next = *b;
	*b = n;
}

static void hash_grow(struct hash_table *t)
{
	struct hash_table big = *t;
	size_t size = t->mask + 1;

	if (size > BUCKETS_MAX / 2)
		return;
	big.buckets = calloc(size * 2, sizeof(struct hash_node *));
	if (!big.buckets)
		return;
	big.mask = size * 2 - 1;
	for (size_t i = 0; i < size; i++) {
		for (struct hash_node *n = t->buckets[i], *next; n; n = next) {
			next = n->next;
			bucket_push(&big, n);
		}
	}
	free(t->buckets);
	*t = big;
}

void hash_insert(struct hash_table *t, struct hash_node *n, const void *key, size_t len)
{
	if (t->count > t->mask)
		hash_grow(t);
	n->hash = hash_bytes(&t->key, key, len);
	bucket_push(t, n);
	t->count++;
}

void hash_remove(struct hash_table *t, struct hash_node *n)
{
	if (!t->buckets)
		return;
	for (struct hash_node **at = &t->buckets[n->hash & t->mask]; *at;
		at = &(*at)->next) {
		if (*at == n) {
			*at = n->next;
			n->next = NULL;
			t->count--;
			return;
		}
	}
}

struct hash_node *hash_find(const struct hash_table *t, const void *key, size_t len,
	bool (*equal)(const struct hash_node *, const void *key))
{
	if (!t->buckets)
		return NULL;
	uint64_t hash = hash_bytes(&t->key, key, len);
	for (struct hash_node *n = t->buckets[hash & t->mask]; n; n = n->next)
		if (n->hash == hash && equal(n, key))
			return n;
	return NULL;
}

void hash_each(
	struct hash_table *t, void (*visit)(struct hash_node *, void *ctx), void *ctx)
{
	if (!t->buckets)
		return;
	for (size_t i = 0; i <= t->mask; i++) {
		for (struct hash_node *n = t->buckets[i], *next; n; n = next) {
			next = n->next;
			visit(n, ctx);
		}
	}
}
