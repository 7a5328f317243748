// SPDX-License-Identifier: GPL-2.0-or-later
/* group - what is known of groups of kinds: their evidence, their form for others, and
 * whether something else is of them. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

uint32_t learned_group_total(const struct group *g)
{
	uint32_t n = learned_set_count(&g->set);

	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += g->older[c];
	return n;
}

void learned_dev_masks(
	const struct dev *d, struct learned_set masks[LEARNED_CONTEXT_MAX])
{
	uint32_t n = d->number < LEARNED_WINDOW ? d->number : LEARNED_WINDOW;

	memset(masks, 0, LEARNED_CONTEXT_MAX * sizeof *masks);
	for (uint32_t i = 0; i < n; i++)
		learned_set_put(&masks[d->latest[i].context], i);
}

static bool text_covers(const struct group *g, const char *text)
{
	size_t whole = strlen(text), tail = strlen(g->text);

	if (!g->key.name_any)
		return strcmp(g->text, text) == 0;
	return whole > tail && text[whole - tail - 1] == '.' &&
	       strcmp(text + whole - tail, g->text) == 0;
}

bool learned_group_covers(
	const struct group *g, const struct learned_key *key, const char *text)
{
	struct learned_key k = *key;
	bool is_it = key->name_any && g->key.name_any && strcmp(g->text, text) == 0;

	if (g->key.port_any) {
		k.port_any = 1;
		k.port = 0;
	}
	if (g->key.peer_any) {
		k.peer_any = 1;
		k.peer = (struct addr){0};
		k.mac = (struct mac){0};
	}
	k.name_any = g->key.name_any;
	return memcmp(&k, &g->key, sizeof k) == 0 && (is_it || text_covers(g, text));
}

struct ordered {
	nstime first;
	uint32_t group;
};

static int compare_ordered(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

int learned_group_order(const struct dev *d, const struct grouping *g, uint32_t **ret)
{
	struct ordered *list = calloc(g->count ? g->count : 1, sizeof *list);
	uint32_t *order = calloc(g->count ? g->count : 1, sizeof *order);

	if (!list || !order) {
		free(list);
		free(order);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < g->count; i++)
		list[i] =
			(struct ordered){d->leaves[g->groups[i].first_leaf]->first, i};
	qsort(list, g->count, sizeof *list, compare_ordered);
	for (uint32_t i = 0; i < g->count; i++)
		order[i] = list[i].group;
	free(list);
	*ret = order;
	return 0;
}

static void kind_texts(const struct group *g, struct learned_kind *k)
{
	char verb[LEARNED_VERB_MAX + 1] = {0};

	if (!g->key.said) {
		size_t any = g->key.name_any ? strlen("*.") : 0;
		(void)str_copy(k->name, sizeof k->name, "*.");
		(void)str_copy(k->name + any, sizeof k->name - any, g->text);
		return;
	}
	memcpy(verb, g->key.verb, LEARNED_VERB_MAX);
	k->app = g->key.said;
	(void)str_print(k->detail, sizeof k->detail, "%s%s%s%s", verb,
		g->text[0] || g->key.name_any ? " " : "",
		g->key.name_any ? "*." : "", g->text);
}

static void kind_evidence(const struct leaf *leaf, struct learned_kind *k)
{
	if (!k->flows || leaf->first < k->first)
		k->first = leaf->first;
	if (!k->flows || leaf->last > k->last)
		k->last = leaf->last;
	k->flows += leaf->flows;
	k->packets += leaf->packets;
	for (size_t i = 0; i < DIRECTION_MAX; i++)
		k->bytes[i] += leaf->bytes[i];
	if (!k->app && leaf->app) {
		k->app = leaf->app;
		if (leaf->detail)
			str_copy(k->detail, sizeof k->detail, leaf->detail);
	}
}

/* A group has the period that its only regular member has. */
static void kind_period(
	const struct leaf *leaf, struct learned_kind *k, uint32_t *found)
{
	nstime period = learned_gaps_period(&leaf->gaps);

	if (period)
		k->period = ++*found == 1 ? period : 0;
}

static void kind_match(const struct learned_key *key, struct learned_kind *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->direction = key->direction;
	ret->family = key->family;
	ret->proto = key->proto;
	ret->port = key->port;
	ret->port_any = key->port_any;
	ret->source_port = key->source_port;
	ret->place = key->place;
	ret->peer = key->peer;
	ret->peer_mac = key->mac;
}

void learned_leaf_kind(const struct leaf *leaf, struct learned_kind *ret)
{
	kind_match(&leaf->key, ret);
	kind_evidence(leaf, ret);
}

void learned_group_kind(const struct dev *d, const struct grouping *g, uint32_t i,
	struct learned_kind *ret)
{
	const struct group *group = &g->groups[i];
	struct learned_set masks[LEARNED_CONTEXT_MAX];
	struct learned_volumes volumes = {0};
	uint32_t periods = 0;

	kind_match(&group->key, ret);
	ret->general = group->general;
	ret->siblings =
		(uint16_t)(group->siblings > UINT16_MAX ? UINT16_MAX : group->siblings);
	kind_texts(group, ret);
	for (uint32_t j = 0; j < d->count; j++) {
		if (g->of[j] != i)
			continue;
		kind_evidence(d->leaves[j], ret);
		kind_period(d->leaves[j], ret, &periods);
		learned_few_add_to(&d->leaves[j]->volumes, &volumes);
	}
	ret->bytes_median = learned_volumes_at(&volumes, 50);
	ret->bytes_p99 = learned_volumes_at(&volumes, 99);
	learned_dev_masks(d, masks);
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		learned_set_common(&masks[c], &group->set);
		ret->episodes[c] = learned_set_count(&masks[c]) + group->older[c];
	}
}
