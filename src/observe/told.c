// SPDX-License-Identifier: GPL-2.0-or-later
/* told.c - a ring of answers for each device: the newest ones stay. */
#include "observe/told.h"

#include <errno.h>
#include <stdlib.h>

int told_init(struct told_table *t, uint32_t hosts)
{
	int error = index_init(&t->index, hosts * LIMIT_BINDINGS);

	t->told = calloc((hosts * TOLD_BLOCKS + 1) * TOLD_BLOCK, sizeof *t->told);
	t->following = calloc(hosts * TOLD_BLOCKS + 1, sizeof *t->following);
	t->rings = calloc(hosts + 1, sizeof *t->rings);
	return error || !t->told || !t->following || !t->rings ? -ENOMEM : 0;
}

void told_free(struct told_table *t)
{
	index_free(&t->index);
	free(t->told);
	free(t->following);
	free(t->rings);
}

static uint64_t told_hash(const struct told_table *t, uint32_t host, const uint8_t octets[16])
{
	return index_hash2(&t->index, hash_word(octets) ^ (uint64_t)host << 48,
		hash_word(octets + 8) + host);
}

static bool is_of(const struct told *e, uint32_t host, const struct addr *a)
{
	return e->host == host && e->is_v6 == (a->family == 6) &&
	       !memcmp(e->octets, a->b, sizeof e->octets);
}

static bool is_over(const struct told *e, nstime now)
{
	return e->when + (nstime)e->ttl_s * NS_PER_SEC <= now;
}

static void told_forget(struct told_table *t, struct strings *s, uint32_t id)
{
	struct told *e = &t->told[id];

	index_remove(&t->index, told_hash(t, e->host, e->octets), id);
	strings_drop(s, e->name);
	*e = (struct told){0};
}

/* The oldest place of a ring, or one never used. Later ones of a ring have the higher
 * numbers, until it is full. */
static uint32_t ring_next(struct told_table *t, struct told_ring *r)
{
	uint32_t at = r->next;
	uint32_t *block = at ? &t->following[r->used] : &r->first;

	if (at % TOLD_BLOCK == 0) {
		if (!*block)
			*block = ++t->last_block;
		r->used = *block;
	}
	r->next = (uint16_t)((at + 1) % LIMIT_BINDINGS);
	return r->used * TOLD_BLOCK + at % TOLD_BLOCK;
}

/* The entry to write: the one with this name, else the oldest of too many names, else a
 * new one; the last two are emptied. */
static uint32_t told_place(struct told_table *t, struct strings *s, uint32_t host,
	const struct addr *a, uint32_t name)
{
	uint64_t hash = told_hash(t, host, a->b);
	uint32_t at = index_first(&t->index, hash), id, oldest = 0, names = 0;

	while ((id = index_next(&t->index, hash, &at))) {
		if (!is_of(&t->told[id], host, a))
			continue;
		if (t->told[id].name == name)
			return id;
		if (!oldest || t->told[id].when < t->told[oldest].when)
			oldest = id;
		names++;
	}
	id = oldest;
	if (names < TOLD_NAMES_MAX)
		id = ring_next(t, &t->rings[host]);
	if (t->told[id].name)
		told_forget(t, s, id);
	return id;
}

void told_add(struct told_table *t, struct strings *s, uint32_t host,
	const struct addr *a, uint32_t name, uint32_t ttl_s, nstime now)
{
	uint32_t id;

	if (!host || !name)
		return;
	if (ttl_s < BINDING_TTL_MIN_S)
		ttl_s = BINDING_TTL_MIN_S;
	if (ttl_s > BINDING_TTL_MAX_S)
		ttl_s = BINDING_TTL_MAX_S;
	id = told_place(t, s, host, a, name);
	struct told *e = &t->told[id];
	if (!e->name) {
		*e = (struct told){.host = host & 0x3fff, .is_v6 = a->family == 6};
		memcpy(e->octets, a->b, sizeof e->octets);
		e->name = strings_hold(s, name);
		index_add(&t->index, told_hash(t, host, a->b), id);
	}
	e->when = now;
	e->ttl_s = (ttl_s + BINDING_GRACE_S) & 0x1ffff;
}

uint32_t told_name(
	const struct told_table *t, uint32_t host, const struct addr *a, nstime now)
{
	uint64_t hash = told_hash(t, host, a->b);
	uint32_t at = index_first(&t->index, hash), id, latest = 0;
	nstime when = INT64_MIN;

	while ((id = index_next(&t->index, hash, &at))) {
		const struct told *e = &t->told[id];
		if (!is_of(e, host, a) || is_over(e, now) || e->when < when ||
			(e->when == when && id < latest))
			continue;
		when = e->when;
		latest = id;
	}
	return t->told[latest].name; /* none of 0 */
}

bool told_has(const struct told_table *t, uint32_t host, const struct addr *a,
	uint32_t name, nstime now)
{
	uint64_t hash = told_hash(t, host, a->b);
	uint32_t at = index_first(&t->index, hash), id;

	while ((id = index_next(&t->index, hash, &at)))
		if (t->told[id].name == name && is_of(&t->told[id], host, a))
			return !is_over(&t->told[id], now);
	return false;
}
