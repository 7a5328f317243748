// SPDX-License-Identifier: GPL-2.0-or-later
/* flows.c - entries are filed by the second in which they were last heard of when
 * somebody looked; a packet does not move them. Who looks and finds an entry that spoke
 * since files it anew, so that each is moved once for many packets. */
#include "observe/flows.h"

#include <errno.h>
#include <stdlib.h>

#define SILENCE_CLOSING 10 /* seconds; retransmissions of the last segments */
#define SILENCE_OPENING 60
#define SILENCE_SHORT 120
#define SILENCE_LONG 7440 /* two hours and four minutes */
_Static_assert(SILENCE_LONG + 2 < FLOWS_BUCKETS, "seconds must not share a bucket");

const nstime flow_silence[FLOW_CLASS_MAX] = {
	SILENCE_CLOSING * NS_PER_SEC,
	SILENCE_OPENING *NS_PER_SEC,
	SILENCE_SHORT *NS_PER_SEC,
	SILENCE_LONG *NS_PER_SEC,
};

int flows_init(struct flows *f, uint32_t most)
{
	int error = index_init(&f->index, most);

	/* on whole lines of the cache; each is written before it is read */
	f->entries = aligned_alloc(
		sizeof *f->entries, ((size_t)most + 1) * sizeof *f->entries);
	f->most = most;
	f->fresh = 1;
	if (error || !f->entries)
		return -ENOMEM;
	f->entries[0] = (struct flow_entry){0};
	return 0;
}

void flows_free(struct flows *f)
{
	index_free(&f->index);
	free(f->entries);
}

static void file(struct flows *f, struct flow_entry *e)
{
	int64_t second = e->last / NS_PER_SEC;
	uint32_t *head, id = flows_id(f, e);

	/* clocks may go back a little */
	if (second < f->oldest[e->class] || !f->filed[e->class])
		f->oldest[e->class] = second;
	f->filed[e->class]++;
	e->filed = e->class;
	e->bucket = (uint16_t)(second % FLOWS_BUCKETS);
	head = &f->buckets[e->filed][e->bucket];
	e->prev = 0;
	e->next = *head;
	if (*head)
		f->entries[*head].prev = id;
	*head = id;
}

static void unfile(struct flows *f, struct flow_entry *e)
{
	f->filed[e->filed]--;
	if (e->prev)
		f->entries[e->prev].next = e->next;
	else
		f->buckets[e->filed][e->bucket] = e->next;
	if (e->next)
		f->entries[e->next].prev = e->prev;
}

/* A longer silence than before is seen to when the shorter one would be over. */
void flows_set_class(struct flows *f, struct flow_entry *e, enum flow_class class)
{
	bool shorter = class < e->filed;

	e->class = (uint8_t) class;
	if (!shorter)
		return;
	unfile(f, e);
	file(f, e);
}

void flows_end(struct flows *f, struct flow_entry *e)
{
	uint64_t hash = flows_hash(f, &e->key);

	index_fetch(&f->index, hash); /* it is far by now, and comes while over() works */
	f->over(f->ctx, e);
	unfile(f, e);
	index_remove(&f->index, hash, flows_id(f, e));
	*e = (struct flow_entry){.next = f->free};
	f->free = flows_id(f, e);
	f->count--;
}

/* An entry that spoke since it was filed here goes where it belongs. */
static bool refile(struct flows *f, struct flow_entry *e)
{
	if (e->last / NS_PER_SEC % FLOWS_BUCKETS == e->bucket && e->class == e->filed)
		return false;
	unfile(f, e);
	file(f, e);
	return true;
}

/* The entry longest silent of a class, to the second; 0: it has none. */
static uint32_t oldest_of(struct flows *f, unsigned class)
{
	while (f->filed[class]) {
		uint32_t id = f->buckets[class][f->oldest[class] % FLOWS_BUCKETS];

		if (!id)
			f->oldest[class]++;
		else if (!refile(f, &f->entries[id]))
			return id;
	}
	return 0;
}

static void evict(struct flows *f)
{
	uint32_t found = 0;

	/* what is filed anew goes to a longer silence, which is looked at later */
	for (unsigned class = 0; class < FLOW_CLASS_MAX; class ++) {
		uint32_t id = oldest_of(f, class);
		if (id && (!found || f->entries[id].last < f->entries[found].last))
			found = id;
	}
	flows_end(f, &f->entries[found]);
}

struct flow_entry *flows_add(struct flows *f, const struct walk_key *k, uint64_t hash,
	nstime when, enum flow_class class, bool *ret_evicted)
{
	struct flow_entry *e;

	*ret_evicted = f->count == f->most;
	if (*ret_evicted)
		evict(f);
	e = &f->entries[f->free ? f->free : f->fresh];
	if (f->free)
		f->free = e->next;
	else
		f->fresh++;
	*e = (struct flow_entry){
		.key = *k, .first = when, .last = when, .class = (uint8_t) class};
	index_add(&f->index, hash, flows_id(f, e));
	file(f, e);
	f->count++;
	return e;
}

static void sweep_second(struct flows *f, int64_t second, unsigned class)
{
	uint32_t id = f->buckets[class][second % FLOWS_BUCKETS], next;

	for (; id; id = next) {
		struct flow_entry *e = &f->entries[id];
		next = e->next;
		__builtin_prefetch(&f->entries[next]);
		__builtin_prefetch(&f->entries[next].first);
		if (!refile(f, e))
			flows_end(f, e);
	}
}

static void sweep_class(struct flows *f, unsigned class)
{
	int64_t until = f->now - flow_silence[class] / NS_PER_SEC - 1;
	int64_t from = f->oldest[class];

	if (from >= until)
		return;
	if (from < until - FLOWS_BUCKETS)
		from = until - FLOWS_BUCKETS;
	for (; from < until && f->filed[class]; from++)
		sweep_second(f, from, class);
	f->oldest[class] = until;
}

void flows_sweep(struct flows *f, nstime now)
{
	f->now = now / NS_PER_SEC;
	/* what is filed anew goes to a longer silence, which is looked at later */
	for (unsigned class = 0; class < FLOW_CLASS_MAX; class ++)
		sweep_class(f, class);
}

void flows_end_all(struct flows *f)
{
	while (f->count)
		evict(f);
}
