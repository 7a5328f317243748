// SPDX-License-Identifier: GPL-2.0-or-later
/* confirmed - answers that need not wait again. Of each only a keyed hash is kept: its
 * name and addresses come from strangers, who do not know the key. */
#include "names/confirmed.h"

#include <string.h>

#define LIFE (CONFIRMED_S * NS_PER_SEC)
/* Lifetimes are whole seconds, rounded down by then and now. */
#define ROUNDING_S 1

void confirmed_init(struct confirmed *c, const struct hash_key *key)
{
	memset(c, 0, sizeof *c);
	c->key = *key;
}

/* The order of addresses does not matter: servers turn it. Neither a sum of hashes nor
 * the hash of that can be chosen without the key. */
static uint64_t answer_hash(const struct confirmed *c, const struct confirmed_answer *a)
{
	uint64_t parts[3] = {
		hash_bytes(&c->key, a->name, strlen(a->name)), 0, a->addr_count};

	for (size_t i = 0; i < a->addr_count; i++)
		parts[1] += hash_bytes(&c->key, &a->addrs[i], sizeof a->addrs[i]);
	return hash_bytes(&c->key, parts, sizeof parts);
}

static uint64_t client_hash(const struct confirmed *c, const struct addr *addr)
{
	return hash_bytes(&c->key, addr, sizeof *addr);
}

/* CONFIRMED_CLIENTS when it has nothing. */
static size_t client_find(const struct confirmed *c, const struct addr *addr)
{
	uint64_t hash = client_hash(c, addr);

	for (size_t i = 0; i < CONFIRMED_CLIENTS; i++)
		if (c->hashes[i] == hash && c->clients[i].count &&
			addr_equal(&c->clients[i].addr, addr))
			return i;
	return CONFIRMED_CLIENTS;
}

/* A share that nobody uses, or whose user has been silent for so long that nothing in it
 * counts. */
static size_t client_make(struct confirmed *c, const struct addr *addr, nstime now)
{
	size_t i = 0;

	while (i < CONFIRMED_CLIENTS && c->clients[i].count &&
		now - c->clients[i].newest < LIFE)
		i++;
	if (i == CONFIRMED_CLIENTS)
		return i;
	c->hashes[i] = client_hash(c, addr);
	c->clients[i].addr = *addr;
	c->clients[i].count = 0;
	c->clients[i].newest = now - LIFE;
	return i;
}

static size_t answer_find(const struct confirmed_client *k, uint64_t hash)
{
	size_t i = 0;

	while (i < k->count && k->answers[i] != hash)
		i++;
	return i;
}

/* Where a new one goes: at the end, or in place of the oldest. */
static size_t answer_place(struct confirmed_client *k)
{
	size_t oldest = 0;

	if (k->count < CONFIRMED_PER_CLIENT)
		return k->count++;
	for (size_t i = 1; i < k->count; i++)
		if (k->times[i].at < k->times[oldest].at)
			oldest = i;
	return oldest;
}

static nstime good_until(uint32_t ttl_s, nstime at)
{
	nstime s = ttl_s < BINDING_TTL_MIN_S ? BINDING_TTL_MIN_S : ttl_s;

	return at + (s + ROUNDING_S) * NS_PER_SEC;
}

void confirmed_put(
	struct confirmed *c, const struct confirmed_answer *a, nstime at, nstime now)
{
	uint64_t hash = answer_hash(c, a);
	size_t n = client_find(c, a->client);

	if (now - at >= LIFE)
		return;
	if (n == CONFIRMED_CLIENTS)
		n = client_make(c, a->client, now);
	if (n == CONFIRMED_CLIENTS)
		return;
	struct confirmed_client *k = &c->clients[n];
	size_t i = answer_find(k, hash);
	if (i == k->count)
		i = answer_place(k);
	k->answers[i] = hash;
	k->times[i].at = at;
	k->times[i].good_until = good_until(a->ttl_s, at);
	if (at > k->newest)
		k->newest = at;
}

bool confirmed_has(
	const struct confirmed *c, const struct confirmed_answer *a, nstime now)
{
	size_t n = client_find(c, a->client);

	if (n == CONFIRMED_CLIENTS)
		return false;
	const struct confirmed_client *k = &c->clients[n];
	size_t i = answer_find(k, answer_hash(c, a));
	return i < k->count && now - k->times[i].at < LIFE &&
	       now + (nstime)a->ttl_s * NS_PER_SEC <= k->times[i].good_until;
}

void confirmed_drop(struct confirmed *c, const struct addr *client)
{
	size_t n = client_find(c, client);

	if (n < CONFIRMED_CLIENTS)
		c->clients[n].count = 0;
}

void confirmed_drop_all(struct confirmed *c)
{
	for (size_t i = 0; i < CONFIRMED_CLIENTS; i++)
		c->clients[i].count = 0;
}
