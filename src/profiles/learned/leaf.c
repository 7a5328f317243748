// SPDX-License-Identifier: GPL-2.0-or-later
/* leaf - the exact kinds of one device and the evidence for each. Where very many
 * names, addresses or ports were one, they become one leaf that stands for all. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdlib.h>

/* So many of one group are as good as all: what else is there is not kept apart. */
#define COLLAPSE_LEAST 16
/* Groups are looked for when there are so many leaves more than last time. */
#define COLLAPSE_STEP 64

static uint64_t hash_of(const struct hash_key *secret, const struct learned_key *key,
	const char *text, size_t len)
{
	uint64_t h = hash_quick(secret, key, sizeof *key);

	return len ? hash_fold(h ^ secret->k[0], hash_quick(secret, text, len)) : h;
}

uint64_t learned_leaf_hash(const struct hash_key *secret, const struct canonical *c)
{
	return hash_of(secret, &c->key, c->text, c->len);
}

static struct leaf *find_hashed(const struct dev *d, const struct learned_key *key,
	const char *text, size_t len, uint64_t hash)
{
	uint32_t at = learned_tag(hash), i;

	while (learned_index_next(&d->index, hash, &at, &i)) {
		struct leaf *leaf = d->leaves[i];

		if (leaf->text_len == len && !memcmp(key, &leaf->key, sizeof *key) &&
			!memcmp(text, leaf->text, len))
			return leaf;
	}
	return NULL;
}

static struct leaf *find_exactly(
	const struct dev *d, const struct learned_key *key, const char *text)
{
	size_t len = strnlen(text, LIMIT_NAME);

	return find_hashed(d, key, text, len, hash_of(&d->key, key, text, len));
}

/* One that stands for several, at each height of the name. */
static struct leaf *find_by_name(
	const struct dev *d, const struct learned_key *key, const char *text)
{
	struct learned_key general = *key;
	const char *tail = text;

	general.name_any = 1;
	while ((tail = strchr(tail, '.'))) {
		struct leaf *leaf = find_exactly(d, &general, ++tail);

		if (leaf)
			return leaf;
	}
	return NULL;
}

static struct learned_key without_port(const struct learned_key *key)
{
	struct learned_key k = *key;

	k.port_any = 1;
	k.port = 0;
	return k;
}

static struct leaf *find_general(
	const struct dev *d, const struct learned_key *key, const char *text)
{
	for (unsigned ways = 1; ways < 4; ways++) {
		struct learned_key k = *key;
		struct leaf *leaf;

		if (ways & 1) {
			k.peer_any = 1;
			k.peer = (struct addr){0};
			k.mac = (struct mac){0};
		}
		if (ways & 2)
			k = without_port(&k);
		leaf = find_exactly(d, &k, text);
		if (leaf)
			return leaf;
	}
	if (!text[0])
		return NULL;
	struct learned_key any_port = without_port(key);
	struct leaf *leaf = find_by_name(d, key, text);
	return leaf ? leaf : find_by_name(d, &any_port, text);
}

struct leaf *learned_leaf_find(
	const struct dev *d, const struct learned_key *key, const char *text)
{
	struct leaf *leaf = find_exactly(d, key, text);

	return leaf || !d->merged ? leaf : find_general(d, key, text);
}

struct leaf *learned_leaf_find_kind(
	const struct dev *d, const struct canonical *c, uint64_t hash)
{
	struct leaf *leaf = find_hashed(d, &c->key, c->text, c->len, hash);

	return leaf || !d->merged ? leaf : find_general(d, &c->key, c->text);
}

static int grow(struct dev *d)
{
	uint32_t cap = d->cap + d->cap / 2 + 4;
	struct leaf **leaves;

	if (d->count < d->cap)
		return 0;
	leaves = realloc(d->leaves, cap * sizeof *leaves);
	if (!leaves)
		return -ENOMEM;
	d->leaves = leaves;
	d->cap = cap;
	return 0;
}

static int leaf_make(struct dev *d, const struct learned_key *key, const char *text,
	struct leaf **ret)
{
	struct leaf *leaf;
	size_t len = strnlen(text, LIMIT_NAME - 1);

	if (grow(d) || learned_index_reserve(&d->index))
		return -ENOMEM;
	leaf = calloc(1, sizeof *leaf + len + 1);
	if (!leaf)
		return -ENOMEM;
	memcpy(leaf->text, text, len);
	leaf->text_len = (uint8_t)len;
	leaf->key = *key;
	leaf->index = (uint16_t)d->count;
	learned_index_put(
		&d->index, hash_of(&d->key, key, leaf->text, len), d->count);
	d->leaves[d->count++] = leaf;
	*ret = leaf;
	return 0;
}

int learned_leaf_new(struct dev *d, const struct learned_key *key, const char *text,
	struct leaf **ret)
{
	if (d->count >= LEARNED_KINDS_MAX)
		return CARDEA_ELIMIT;
	return leaf_make(d, key, text, ret);
}

static uint64_t own_hash(const struct dev *d, const struct leaf *leaf)
{
	return hash_of(&d->key, &leaf->key, leaf->text, leaf->text_len);
}

void learned_leaf_free(struct dev *d, struct leaf *leaf)
{
	struct leaf *last = d->leaves[--d->count];

	learned_index_remove(&d->index, own_hash(d, leaf), leaf->index);
	if (last != leaf)
		learned_index_move(&d->index, own_hash(d, last), d->count, leaf->index);
	d->leaves[leaf->index] = last;
	last->index = leaf->index;
	d->merged -= leaf->merged > 0;
	free(leaf->marks.wide);
	free(leaf->volumes.all);
	free(leaf->peers);
	free(leaf->sketch);
	free(leaf->detail);
	free(leaf);
}

bool learned_leaf_has_met(const struct leaf *leaf, const struct addr *peer)
{
	for (size_t i = 0; leaf->peers && i < leaf->peers->count; i++)
		if (addr_equal(&leaf->peers->at[i], peer))
			return true;
	return false;
}

static bool peers_grow(struct leaf *leaf)
{
	struct learned_peers *p = leaf->peers;
	uint8_t room = p ? p->room : 0;

	if (p && (p->count < room || room == LEARNED_PEERS))
		return true;
	room = room ? (uint8_t)(2 * room) : 1;
	p = realloc(p, sizeof *p + room * sizeof *p->at);
	if (!p)
		return false;
	if (!leaf->peers)
		*p = (struct learned_peers){0};
	p->room = room;
	leaf->peers = p;
	return true;
}

/* Without memory for it, it is another time's to note. */
void learned_leaf_met(struct leaf *leaf, const struct addr *peer)
{
	if (!leaf->text[0] || leaf->key.said || leaf->key.place != RECORD_INTERNET ||
		learned_leaf_has_met(leaf, peer))
		return;
	if (!peers_grow(leaf))
		return;
	leaf->peers->at[leaf->peers->next] = *peer;
	leaf->peers->next = (uint8_t)((leaf->peers->next + 1) % LEARNED_PEERS);
	if (leaf->peers->count < LEARNED_PEERS)
		leaf->peers->count++;
}

bool learned_leaf_is_evident(const struct leaf *leaf)
{
	return learned_marks_count(&leaf->marks) || learned_marks_older(&leaf->marks);
}

void learned_leaf_release(struct dev *d, struct leaf *leaf)
{
	if (!leaf->pending && !learned_leaf_is_evident(leaf))
		learned_leaf_free(d, leaf);
}

/* Of the application, whichever is seen first: not all conversations show it. */
void learned_leaf_note(struct leaf *leaf, const struct record *r)
{
	if (leaf->key.said || r->app == RECORD_APP_NONE)
		return;
	if (!leaf->app)
		leaf->app = (uint8_t)r->app;
	if (leaf->app == r->app && !leaf->detail && r->detail[0])
		leaf->detail = strndup(r->detail, LIMIT_TEXT - 1); /* or none */
}

void learned_leaf_sketch(struct dev *d, struct leaf *leaf, const char *text)
{
	if (!leaf->merged || !leaf->key.name_any)
		return;
	if (!leaf->sketch)
		leaf->sketch = calloc(1, sizeof *leaf->sketch);
	if (leaf->sketch)
		learned_set_put(leaf->sketch,
			(uint32_t)(hash_bytes(&d->key, text, strlen(text)) %
				   LEARNED_WINDOW));
}

static void join_evidence(struct leaf *into, const struct leaf *from)
{
	learned_marks_join(&into->marks, &from->marks);
	into->days |= from->days;
	into->elder |= from->elder;
	if (!into->flows || from->first < into->first)
		into->first = from->first;
	if (from->last > into->last)
		into->last = from->last;
	into->flows += from->flows;
	into->packets += from->packets;
	for (size_t i = 0; i < DIRECTION_MAX; i++)
		into->bytes[i] += from->bytes[i];
	into->begun_once |= from->begun_once;
	for (size_t i = 0; from->peers && i < from->peers->count; i++)
		learned_leaf_met(into, &from->peers->at[i]);
	if (!into->app)
		into->app = from->app;
	uint32_t merged = (uint32_t)into->merged + (from->merged ? from->merged : 1);
	into->merged = (uint16_t)(merged > UINT16_MAX ? UINT16_MAX : merged);
	learned_few_join(&into->volumes, &from->volumes);
}

/* Bursts under way that touched `from` touched `into`. */
static void redirect(struct dev *d, struct leaf *from, struct leaf *into)
{
	for (uint32_t b = 0; b <= d->burst_count && from->pending; b++) {
		struct burst *burst =
			b < d->burst_count ? &d->bursts[b] : &d->background;

		for (uint32_t t = 0; t < burst->count; t++) {
			if (burst->touches[t].leaf != from)
				continue;
			burst->touches[t].leaf = into;
			into->pending++;
			from->pending--;
		}
	}
}

static void absorb(struct dev *d, struct leaf *from, struct leaf *into)
{
	learned_leaf_sketch(d, into, from->text);
	join_evidence(into, from);
	redirect(d, from, into);
	if (from->sketch && into->sketch)
		learned_set_join(into->sketch, from->sketch);
	learned_leaf_free(d, from);
}

/* The leaf of a group's key, which may be one of its members. */
static int leaf_of_group(struct dev *d, const struct group *g, struct leaf **ret)
{
	char text[LIMIT_NAME];
	struct leaf *leaf = find_exactly(d, &g->key, g->text);

	if (!leaf) {
		str_copy(text, sizeof text, g->text); /* a member's, soon freed */
		/* one too many for as long as its members are not absorbed */
		int r = leaf_make(d, &g->key, text, &leaf);
		if (r)
			return r;
	}
	if (!leaf->merged) {
		leaf->merged = 1;
		d->merged++;
	}
	*ret = leaf;
	return 0;
}

static int collapse_group(
	struct dev *d, const struct group *g, struct leaf **members, uint32_t count)
{
	struct leaf *into;
	int r;

	r = leaf_of_group(d, g, &into);
	if (r)
		return r;
	for (uint32_t i = 0; i < count; i++)
		if (members[i] != into)
			absorb(d, members[i], into);
	return 0;
}

static int collapse(struct dev *d, const struct grouping *g)
{
	struct leaf **members = calloc(d->count, sizeof *members);
	uint32_t leaves = d->count;
	struct leaf **all = NULL;
	int r = members ? 0 : -ENOMEM;

	if (!r && leaves) {
		all = malloc(leaves * sizeof *all);
		r = all ? 0 : -ENOMEM;
	}
	if (all)
		memcpy(all, d->leaves, leaves * sizeof *all);
	for (uint32_t i = 0; i < g->count && !r; i++) {
		uint32_t n = 0;

		if (!g->groups[i].general || g->groups[i].siblings < COLLAPSE_LEAST)
			continue;
		for (uint32_t j = 0; j < leaves; j++)
			if (g->of[j] == i)
				members[n++] = all[j];
		if (n >= COLLAPSE_LEAST || (n > 1 && d->count == LEARNED_KINDS_MAX))
			r = collapse_group(d, &g->groups[i], members, n);
	}
	free(all);
	free(members);
	return r;
}

/* At the limit it costs more than it brings to look for groups at each record. */
static bool is_crowded(struct dev *d)
{
	if (d->count < LEARNED_KINDS_MAX)
		return d->count >= d->collapsed_at + COLLAPSE_STEP;
	return d->refused++ % LEARNED_KINDS_MAX == 0;
}

int learned_leaf_collapse(const struct learned *l, struct dev *d)
{
	struct grouping g;
	int r;

	if (!is_crowded(d))
		return 0;
	r = learned_group(l, d, true, &g);
	if (r)
		return r;
	r = collapse(d, &g);
	learned_group_free(&g);
	d->collapsed_at = d->count;
	return r == CARDEA_ELIMIT ? 0 : r;
}
