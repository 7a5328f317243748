// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_bare_keep - addresses without names over weeks: which stay, and how they come
 * back from a state that was stored. */
#include "engine/learn_priv.h"

#include <string.h>

/* The table is made of places in the list: who moves one files all anew. */
static void file_all(struct learn_bares *t)
{
	memset(t->table.buckets, 0, (t->table.mask + 1) * sizeof(struct hash_node *));
	t->table.count = 0;
	for (uint32_t i = 0; i < t->count; i++) {
		struct learn_bare *b = &t->list[i];

		hash_insert(&t->table, &b->node, &b->key, sizeof b->key);
	}
}

void learn_bares_clear(struct learn_bares *t)
{
	t->count = 0;
	file_all(t);
}

void learn_bares_forget(struct learn_bares *t, const struct mac *device)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->count; i++)
		if (!mac_equal(&t->list[i].key.device, device))
			t->list[kept++] = t->list[i];
	if (kept == t->count)
		return;
	t->count = kept;
	file_all(t);
}

void learn_bares_age(struct learn_bares *t, nstime before)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->count; i++)
		if (t->list[i].last >= before)
			t->list[kept++] = t->list[i];
	if (kept == t->count)
		return;
	t->count = kept;
	file_all(t);
}

static bool is_equal(const struct hash_node *n, const void *key)
{
	const struct learn_bare *b = (const struct learn_bare *)n;

	return memcmp(&b->key, key, sizeof b->key) == 0;
}

bool learn_bares_put(struct learn_bares *t, const struct learn_bare *b)
{
	struct learn_bare *own;

	if (t->count == LEARN_BARES_MAX ||
		hash_find(&t->table, &b->key, sizeof b->key, is_equal))
		return false;
	own = &t->list[t->count++];
	*own = *b;
	hash_insert(&t->table, &own->node, &own->key, sizeof own->key);
	return true;
}

bool learn_bares_has_room(const struct learn_bares *t, const struct mac *device)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->count; i++)
		n += mac_equal(&t->list[i].key.device, device);
	return n <= LEARN_BARES_OF_DEVICE;
}
