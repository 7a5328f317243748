// SPDX-License-Identifier: GPL-2.0-or-later
/* general - which exact kinds are one: names below a common one, dynamic ports,
 * addresses without a name, devices of the house. By evidence: how many siblings were
 * seen. What comes out depends on what was seen, not on the order. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdlib.h>

/* Two names with a common end may be two services; three are a farm. */
#define SIBLINGS_NAMES 3
/* Labels that a machine made: the second shows that they change. */
#define SIBLINGS_MACHINE 2
/* Addresses have no common end that shows one owner, and a rule for any is the whole
 * internet: more of them than one service has at once. */
#define SIBLINGS_ADDRS 8
#define SIBLINGS_DEVICES 3
/* A service with three ports of its own is common (an RTSP camera), with four is not.
 */
#define SIBLINGS_PORTS 4
#define PORT_DYNAMIC 1024
/* Without a list of public suffixes: "co.uk" has two labels. */
#define PUBLIC_UNKNOWN 2
#define NTP_POOL "pool.ntp.org"

struct item {
	struct learned_key key;
	const char *text;
	struct learned_key masked; /* for widen() */
	uint32_t leaf;
	uint32_t siblings;
	bool general;
	/* Of the text, when it is a name: its labels, and those of the ends that
	 * fixed_apex and learned_public_labels tell. */
	uint8_t labels, fixed, public;
};
_Static_assert(LIMIT_NAME / 2 < UINT8_MAX, "labels are counted in an octet");

static int compare_masked(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r = memcmp(&x->masked, &y->masked, sizeof x->masked);

	r = r ? r : strcmp(x->text, y->text);
	return r ? r : memcmp(&x->key, &y->key, sizeof x->key);
}

static int compare_named(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r = memcmp(&x->masked, &y->masked, sizeof x->masked);

	r = r ? r : learned_label_compare(x->text, y->text);
	return r ? r : memcmp(&x->key, &y->key, sizeof x->key);
}

static bool same_run(const struct item *a, const struct item *b)
{
	return memcmp(&a->masked, &b->masked, sizeof a->masked) == 0 &&
	       strcmp(a->text, b->text) == 0;
}

/* One way to generalise: a mask, and how many must have been told apart by it. */
struct widening {
	bool (*applies)(const struct item *i);
	void (*mask)(struct learned_key *k);
	uint32_t least;
};

static void mask_peer(struct learned_key *k)
{
	k->peer_any = 1;
	k->peer = (struct addr){0};
	k->mac = (struct mac){0};
}

static void mask_port(struct learned_key *k)
{
	k->port_any = 1;
	k->port = 0;
}

static void mask_both(struct learned_key *k)
{
	mask_peer(k);
	mask_port(k);
}

static bool is_controlled(const struct item *i)
{
	return !i->key.said && i->key.place == RECORD_DEVICE &&
	       i->key.direction == DIRECTION_TO_DEVICE;
}

static bool is_to_house(const struct item *i)
{
	return !i->key.said && i->key.place == RECORD_DEVICE &&
	       i->key.direction == DIRECTION_FROM_DEVICE;
}

static bool is_dynamic(const struct item *i)
{
	return !i->key.said &&
	       (i->key.proto == FLOW_PROTO_TCP || i->key.proto == FLOW_PROTO_UDP) &&
	       (i->key.port >= PORT_DYNAMIC || i->key.port_any);
}

static bool is_unnamed(const struct item *i)
{
	return !i->key.said && i->key.place == RECORD_INTERNET && !i->text[0];
}

/* Calls without a server: peer to peer. TCP with any port of anybody is no profile. */
static bool is_peer_to_peer(const struct item *i)
{
	return is_unnamed(i) && is_dynamic(i) && i->key.proto == FLOW_PROTO_UDP;
}

/* In this order. Who controls a device is the household's business, so one of its
 * devices stands for all; whom a device calls is its own. */
static const struct widening widenings[] = {
	{is_controlled, mask_peer, 1},
	{is_to_house, mask_peer, SIBLINGS_DEVICES},
	{is_dynamic, mask_port, SIBLINGS_PORTS},
	{is_unnamed, mask_peer, SIBLINGS_ADDRS},
	{is_peer_to_peer, mask_both, SIBLINGS_ADDRS},
};

/* A run of items that differ in nothing but what the mask hides. */
static void widen_run(struct item *run, size_t n, const struct widening *w)
{
	uint32_t distinct = 0, siblings = 0;
	bool wide = false;

	for (size_t i = 0; i < n; i++) {
		if (i && memcmp(&run[i].key, &run[i - 1].key, sizeof run->key) == 0)
			continue;
		distinct++;
		siblings += run[i].siblings;
		wide |= memcmp(&run[i].key, &run[i].masked, sizeof run->key) == 0;
	}
	if (!wide && distinct < w->least)
		return;
	for (size_t i = 0; i < n; i++) {
		run[i].key = run[i].masked;
		run[i].general = true;
		run[i].siblings = siblings;
	}
}

/* Those to which it applies go before the others, which need no order. How many. */
static size_t bring_forward(
	struct item *items, size_t n, bool (*applies)(const struct item *i))
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!applies(&items[i]))
			continue;
		if (i > count) {
			struct item other = items[count];

			items[count] = items[i];
			items[i] = other;
		}
		count++;
	}
	return count;
}

static void widen(struct item *items, size_t all, const struct widening *w)
{
	size_t n = bring_forward(items, all, w->applies);

	for (size_t i = 0; i < n; i++) {
		items[i].masked = items[i].key;
		w->mask(&items[i].masked);
	}
	qsort(items, n, sizeof *items, compare_masked);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && same_run(&items[i], &items[j]); j++)
			;
		widen_run(items + i, j - i, w);
	}
}

/* ---- names ---- */

/* As learned_label_tail, of a name whose labels were counted. */
static const char *tail_of(const struct item *i, unsigned n)
{
	const char *name = i->text;

	for (unsigned labels = i->labels; labels > n; labels--)
		name = strchr(name, '.') + 1;
	return name;
}

/* Of a name below `depth` labels: the next label, and how long. */
static const char *next_label(const struct item *i, unsigned depth, size_t *ret_len)
{
	const char *tail = tail_of(i, depth + 1);

	*ret_len = (size_t)(strchrnul(tail, '.') - tail);
	return tail;
}

static bool same_child(const struct item *a, const struct item *b, unsigned depth)
{
	size_t n, m;
	const char *x = next_label(a, depth, &n), *y = next_label(b, depth, &m);

	return n == m && memcmp(x, y, n) == 0;
}

static void set_suffix(struct item *i, unsigned depth, uint32_t siblings)
{
	i->text = tail_of(i, depth);
	if (i->labels > depth)
		i->labels = (uint8_t)depth;
	i->key.name_any = 1;
	i->general = true;
	i->siblings = siblings;
}

static bool is_at(const struct item *i, unsigned depth)
{
	return !i->key.name_any && i->labels == depth;
}

struct children {
	uint32_t count, machine; /* distinct next labels */
	uint32_t names;
	bool any; /* a leaf stands for all of them already */
};

static struct children children_of(const struct item *items, size_t n, unsigned depth)
{
	struct children c = {0};

	for (size_t i = 0; i < n; i++) {
		size_t len;

		if (is_at(&items[i], depth))
			continue;
		c.names += items[i].siblings;
		if (items[i].labels == depth) {
			c.any = true;
			continue;
		}
		if (i && items[i - 1].labels > depth &&
			same_child(&items[i], &items[i - 1], depth))
			continue;
		const char *label = next_label(&items[i], depth, &len);
		c.count++;
		c.machine += learned_label_is_machine(label, len);
	}
	return c;
}

/* Labels of an end below which all names are one: a pool is one service, and reverse
 * names are the addresses of whoever was met. 0: of no such end. */
static unsigned fixed_apex(const char *name)
{
	if (strcmp(learned_label_tail(name, 3), NTP_POOL) == 0)
		return 3;
	return strcmp(learned_label_tail(name, 1), "arpa") == 0;
}

/* items: all names that end in the same `depth` labels, in order of labels. */
static void walk_names(struct item *items, size_t n, unsigned depth)
{
	struct children c = children_of(items, n, depth);
	bool wide = items->fixed == depth ||
		    (depth > items->public && (c.any || c.count >= SIBLINGS_NAMES ||
						      c.machine >= SIBLINGS_MACHINE));

	for (size_t i = 0, j; i < n; i = j) {
		j = i + 1;
		if (is_at(&items[i], depth))
			continue;
		if (wide) {
			set_suffix(&items[i], depth, c.names);
			continue;
		}
		if (items[i].labels == depth)
			continue;
		while (j < n && same_child(&items[i], &items[j], depth))
			j++;
		walk_names(items + i, j - i, depth + 1);
	}
}

unsigned learned_public_labels(const struct learned *l, const char *name)
{
	if (!l->config.public_labels)
		return PUBLIC_UNKNOWN;
	unsigned n = l->config.public_labels(l->config.ctx, name);
	return n ? n : 1;
}

/* Labels from which on names may be one: all above are different owners'. */
static unsigned apex_of(const struct item *i)
{
	return i->fixed ? i->fixed : i->public + 1U;
}

static bool same_apex(const struct item *a, const struct item *b)
{
	unsigned n = apex_of(a);

	return memcmp(&a->masked, &b->masked, sizeof a->masked) == 0 &&
	       n == apex_of(b) && strcmp(tail_of(a, n), tail_of(b, n)) == 0;
}

static bool has_name(const struct item *i)
{
	if (i->key.said)
		return i->key.said == RECORD_APP_DNS;
	return i->key.place == RECORD_INTERNET && i->text[0];
}

static void count_labels(const struct learned *l, struct item *i)
{
	unsigned public = learned_public_labels(l, i->text);

	i->labels = (uint8_t)learned_label_count(i->text);
	i->fixed = (uint8_t)fixed_apex(i->text);
	i->public = (uint8_t)(public < UINT8_MAX ? public : UINT8_MAX);
}

static void widen_names(const struct learned *l, struct item *items, size_t all)
{
	size_t n = bring_forward(items, all, has_name);

	for (size_t i = 0; i < n; i++) {
		items[i].masked = items[i].key;
		items[i].masked.name_any = 0;
		count_labels(l, &items[i]);
	}
	qsort(items, n, sizeof *items, compare_named);
	for (size_t i = 0, j; i < n; i = j) {
		unsigned depth = apex_of(&items[i]);

		for (j = i + 1; j < n && same_apex(&items[i], &items[j]); j++)
			;
		if (depth <= items[i].labels)
			walk_names(items + i, j - i, depth);
	}
}

/* ---- groups ---- */

static bool is_namesake(const struct learned_key *k, const struct leaf *named)
{
	const struct learned_key *o = &named->key;

	return o->place == RECORD_INTERNET && !o->said && named->text[0] &&
	       o->direction == k->direction && o->proto == k->proto &&
	       o->family == k->family && (o->port == k->port || o->port_any) &&
	       learned_leaf_is_evident(named);
}

static bool is_preferred(const struct leaf *named, const struct leaf *best)
{
	uint32_t n = learned_marks_count(&named->marks);
	uint32_t most = best ? learned_marks_count(&best->marks) : 0;

	return !best || n > most ||
	       (n == most && strcmp(named->text, best->text) < 0);
}

const struct leaf *learned_leaf_namesake(const struct dev *d, const struct leaf *leaf)
{
	const struct leaf *best = NULL;
	bool told = false;

	if (leaf->key.said || leaf->key.place != RECORD_INTERNET ||
		leaf->text[0])
		return NULL;
	for (uint32_t i = 0; i < d->count; i++) {
		const struct leaf *named = d->leaves[i];

		if (!is_namesake(&leaf->key, named))
			continue;
		bool tells = learned_leaf_has_met(named, &leaf->key.peer);
		if (tells != told ? tells : is_preferred(named, best))
			best = named;
		told |= tells;
	}
	return told || !leaf->begun_once ? best : NULL;
}

static int items_of(const struct dev *d, bool pending, struct item **ret, size_t *ret_n)
{
	struct item *items = calloc(d->count ? d->count : 1, sizeof *items);
	size_t n = 0;

	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->count; i++) {
		const struct leaf *leaf = d->leaves[i];

		if ((!pending && !learned_leaf_is_evident(leaf)) ||
			learned_leaf_namesake(d, leaf))
			continue;
		uint32_t met = leaf->sketch ? learned_estimate_distinct(
						      learned_set_count(leaf->sketch))
					    : 0;
		items[n++] = (struct item){
			.key = leaf->key,
			.text = leaf->text,
			.leaf = i,
			.general = leaf->merged > 0,
			.siblings = met > leaf->merged
					    ? met
					    : (leaf->merged ? leaf->merged : 1),
		};
	}
	*ret = items;
	*ret_n = n;
	return 0;
}

static void group_add(struct group *g, const struct leaf *leaf)
{
	learned_marks_add(&leaf->marks, &g->set);
	g->days |= leaf->days;
	g->elder |= leaf->elder;
	learned_marks_add_older(&leaf->marks, g->older);
}

static void join_namesakes(const struct dev *d, struct grouping *g)
{
	for (uint32_t i = 0; i < d->count; i++) {
		const struct leaf *leaf = d->leaves[i];
		const struct leaf *named = learned_leaf_namesake(d, leaf);

		if (!named || !learned_leaf_is_evident(leaf))
			continue;
		g->of[i] = g->of[named->index];
		group_add(&g->groups[g->of[i]], leaf);
	}
}

static int gather(
	const struct dev *d, struct item *items, size_t n, struct grouping *ret)
{
	struct grouping g = {
		.groups = calloc(n ? n : 1, sizeof *g.groups),
		.of = malloc((d->count ? d->count : 1) * sizeof *g.of),
	};

	if (!g.groups || !g.of) {
		learned_group_free(&g);
		return -ENOMEM;
	}
	memset(g.of, 0xff, d->count * sizeof *g.of);
	for (size_t i = 0; i < n; i++)
		items[i].masked = items[i].key;
	qsort(items, n, sizeof *items, compare_masked);
	for (size_t i = 0; i < n; i++) {
		const struct leaf *leaf = d->leaves[items[i].leaf];

		if (!i || !same_run(&items[i], &items[i - 1]))
			g.groups[g.count++] = (struct group){
				.key = items[i].key,
				.text = items[i].text,
				.general = items[i].general,
				.siblings = items[i].siblings,
				.first_leaf = items[i].leaf,
			};
		struct group *group = &g.groups[g.count - 1];
		group_add(group, leaf);
		if (leaf->first < d->leaves[group->first_leaf]->first)
			group->first_leaf = items[i].leaf;
		g.of[items[i].leaf] = g.count - 1;
	}
	join_namesakes(d, &g);
	*ret = g;
	return 0;
}

int learned_group(const struct learned *l, const struct dev *d, bool pending,
	struct grouping *ret)
{
	struct item *items;
	size_t n;
	int r = items_of(d, pending, &items, &n);

	if (r)
		return r;
	for (size_t i = 0; i < sizeof widenings / sizeof *widenings; i++)
		widen(items, n, &widenings[i]);
	widen_names(l, items, n);
	r = gather(d, items, n, ret);
	free(items);
	return r;
}

int learned_group_exact(const struct dev *d, struct grouping *ret)
{
	struct item *items;
	size_t n;
	int r = items_of(d, false, &items, &n);

	if (r)
		return r;
	r = gather(d, items, n, ret);
	free(items);
	return r;
}

void learned_group_free(struct grouping *g)
{
	free(g->groups);
	free(g->of);
	*g = (struct grouping){0};
}
