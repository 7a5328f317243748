// SPDX-License-Identifier: GPL-2.0-or-later
/* answers - a hash table over two lists by age. The second question for a name moves
 * its answer from the first list to the second (segmented LRU). */
#include "names/answers.h"

#include <stdlib.h>
#include <string.h>

/* See answers_fits. */
#define SHARE_MAX 8
/* Of the bytes, what answers asked for once may use; the rest is for proven ones. */
#define ONCE_SHARE 4

static struct answer *answer_of(const struct hash_node *n)
{
	return (struct answer *)n;
}

void answers_key_set(struct answers_key *k, const uint8_t *name, size_t name_len,
	uint16_t type, uint8_t flags)
{
	for (size_t i = 0; i < name_len; i++) {
		/* lengths are below 'A': only letters change */
		uint8_t c = name[i];
		k->bytes[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
	}
	k->bytes[name_len] = (uint8_t)(type >> 8);
	k->bytes[name_len + 1] = (uint8_t)type;
	k->bytes[name_len + 2] = flags;
	k->len = (uint16_t)(name_len + 3);
}

/* ---- one answer ---- */

static uint8_t *addrs_at(const struct answer *a)
{
	return (uint8_t *)(a->ttl_at + a->ttl_count);
}

static uint8_t *key_at(const struct answer *a)
{
	return addrs_at(a) + a->addr_count * sizeof(struct addr);
}

const struct addr *answer_addrs(const struct answer *a)
{
	return (const struct addr *)addrs_at(a); /* bytes only: any alignment */
}

const uint8_t *answer_wire(const struct answer *a)
{
	return key_at(a) + a->key_len;
}

static size_t answer_size(const struct answer *a)
{
	return sizeof *a + a->ttl_count * sizeof a->ttl_at[0] +
	       a->addr_count * sizeof(struct addr) + a->key_len + a->wire_len;
}

struct answer *answer_new(const struct answer_parts *p)
{
	size_t size = sizeof(struct answer) + p->ttl_count * sizeof p->ttl_at[0] +
		      p->addr_count * sizeof *p->addrs + p->key->len + p->wire_len;
	struct answer *a = malloc(size);

	if (!a)
		return NULL;
	memset(a, 0, sizeof *a);
	a->ttl_count = (uint16_t)p->ttl_count;
	a->addr_count = (uint8_t)p->addr_count;
	a->key_len = p->key->len;
	a->wire_len = (uint32_t)p->wire_len;
	if (p->ttl_count)
		memcpy(a->ttl_at, p->ttl_at, p->ttl_count * sizeof p->ttl_at[0]);
	if (p->addr_count)
		memcpy(addrs_at(a), p->addrs, p->addr_count * sizeof *p->addrs);
	memcpy(key_at(a), p->key->bytes, p->key->len);
	memcpy(key_at(a) + a->key_len, p->wire, p->wire_len);
	return a;
}

uint32_t answer_left(const struct answer *a, nstime now)
{
	nstime passed = (now - a->stored) / NS_PER_SEC;

	return passed < a->ttl ? (uint32_t)(a->ttl - passed) : 0;
}

/* ---- the lists ---- */

static void list_add(struct answers *s, struct answer *a)
{
	struct answers_list *l = &s->lists[a->proven];

	a->newer = NULL;
	a->older = l->newest;
	if (l->newest)
		l->newest->newer = a;
	else
		l->oldest = a;
	l->newest = a;
	l->bytes += answer_size(a);
}

static void list_remove(struct answers *s, struct answer *a)
{
	struct answers_list *l = &s->lists[a->proven];

	if (a->newer)
		a->newer->older = a->older;
	else
		l->newest = a->older;
	if (a->older)
		a->older->newer = a->newer;
	else
		l->oldest = a->newer;
	l->bytes -= answer_size(a);
}

static void answer_remove(struct answers *s, struct answer *a)
{
	list_remove(s, a);
	hash_remove(&s->table, &a->node);
	free(a);
}

size_t answers_bytes(const struct answers *s)
{
	return s->lists[0].bytes + s->lists[1].bytes;
}

/* Proven ones go only when they alone are too many. keep is the newest, and stays. */
static void answers_shrink(struct answers *s, const struct answer *keep)
{
	size_t once_max = s->bytes_max / ONCE_SHARE;
	size_t proven_max = s->bytes_max - once_max;

	while (s->lists[0].bytes > once_max && s->lists[0].oldest != keep) {
		answer_remove(s, s->lists[0].oldest);
		s->evicted++;
	}
	while (s->lists[1].bytes > proven_max && s->lists[1].oldest != keep) {
		answer_remove(s, s->lists[1].oldest);
		s->evicted++;
	}
}

int answers_init(struct answers *s, size_t bytes_max)
{
	*s = (struct answers){.bytes_max = bytes_max};
	return hash_init(&s->table, bytes_max / 1024);
}

void answers_free(struct answers *s)
{
	for (unsigned i = 0; i < 2; i++)
		while (s->lists[i].oldest)
			answer_remove(s, s->lists[i].oldest);
	hash_free(&s->table);
}

static bool key_equal(const struct hash_node *n, const void *key)
{
	const struct answers_key *k = key;
	const struct answer *a = answer_of(n);

	return a->key_len == k->len && !memcmp(key_at(a), k->bytes, k->len);
}

/* hash_find hashes the key itself, and hands the struct to the comparison: both start
 * with the same bytes. */
static struct answer *entry_find(const struct answers *s, const struct answers_key *k)
{
	struct hash_node *n = hash_find(&s->table, k, k->len, key_equal);

	return n ? answer_of(n) : NULL;
}

static bool answer_is_over(const struct answer *a, uint32_t stale_s, nstime now)
{
	nstime life = (nstime)a->ttl + (a->failure ? 0 : stale_s);

	return now - a->stored >= life * NS_PER_SEC;
}

struct answer *answers_find(struct answers *s, const struct answers_key *k,
	uint32_t stale_s, nstime now)
{
	struct answer *a = entry_find(s, k);

	if (!a)
		return NULL;
	if (answer_is_over(a, stale_s, now)) {
		answer_remove(s, a);
		return NULL;
	}
	list_remove(s, a);
	a->proven = !a->failure;
	list_add(s, a);
	answers_shrink(s, a);
	return a;
}

bool answers_fits(const struct answers *s, const struct answer *a)
{
	return answer_size(a) <= s->bytes_max / SHARE_MAX;
}

struct answer *answers_put(struct answers *s, struct answer *a, nstime now)
{
	struct answer *old;
	struct answers_key k = {.len = a->key_len};

	memcpy(k.bytes, key_at(a), k.len);
	old = entry_find(s, &k);
	if (old) {
		a->proven = old->proven && !a->failure;
		answer_remove(s, old);
	}
	if (!a->ttl || !answers_fits(s, a)) {
		free(a);
		return NULL;
	}
	a->stored = now;
	hash_insert(&s->table, &a->node, key_at(a), a->key_len);
	list_add(s, a);
	answers_shrink(s, a);
	return a;
}

void answers_drop(struct answers *s, const struct answers_key *k)
{
	struct answer *a = entry_find(s, k);

	if (a)
		answer_remove(s, a);
}
