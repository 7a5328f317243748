// SPDX-License-Identifier: GPL-2.0-or-later
/* report - what was learned of a device: its kinds, and how much was not seen. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdlib.h>

/* A context in which a device is so rarely says nothing about the whole: one of twenty
 * episodes. */
#define WEIGHT_LEAST_PARTS 20
#define DAY (24 * NS_PER_HOUR)

/* ---- completeness ---- */

static void tally_group(struct tally *t, const struct group *g,
	const struct learned_set masks[LEARNED_CONTEXT_MAX])
{
	uint32_t total = learned_group_total(g), lately = learned_set_count(&g->set);

	if (!lately) /* an old habit: known, but no part of the sample */
		return;
	t->all.kinds++;
	t->all.sum += lately;
	t->all.once += total == 1;
	t->all.twice += total == 2;
	if (total == 1)
		learned_set_join(&t->once[LEARNED_CONTEXT_MAX], &g->set);
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		struct learned_set in = masks[c];
		uint32_t n;

		learned_set_common(&in, &g->set);
		n = learned_set_count(&in);
		t->in[c].kinds += n > 0;
		t->in[c].sum += n;
		/* Known from elsewhere is known: what a context has alone counts. */
		t->in[c].once += n && total == 1;
		t->in[c].twice += n && total == 2;
		if (n && total == 1)
			learned_set_join(&t->once[c], &in);
	}
}

void learned_tally(const struct dev *d, const struct grouping *g, struct tally *t)
{
	struct learned_set masks[LEARNED_CONTEXT_MAX];

	memset(t, 0, sizeof *t);
	learned_dev_masks(d, masks);
	for (uint32_t i = 0; i < g->count; i++)
		tally_group(t, &g->groups[i], masks);
	t->all.units = d->number < LEARNED_WINDOW ? d->number : LEARNED_WINDOW;
	t->all.once_units = learned_set_count(&t->once[LEARNED_CONTEXT_MAX]);
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		t->in[c].units = learned_set_count(&masks[c]);
		t->in[c].once_units = learned_set_count(&t->once[c]);
	}
}

/* The number is the mean over what was sampled, in the mix that was sampled; the word
 * is the worst of the contexts that are not rare. One that is too rare to be known does
 * not hide the others, but while it is there nothing is closed. */
static void judge(struct learned_device *ret)
{
	enum learned_state most = learned_estimate_daily(ret->sittings, ret->another_day);
	bool started = ret->episodes[LEARNED_SETUP] || ret->episodes[LEARNED_BOOT];

	if (!started && ret->all.state == LEARNED_CLOSED)
		ret->all.state = LEARNED_SETTLED;
	if (ret->all.state > most)
		ret->all.state = most;
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		const struct learned_unseen *u = &ret->contexts[c];
		enum learned_state s = u->state;

		if (u->episodes * WEIGHT_LEAST_PARTS < ret->all.episodes ||
			!u->episodes)
			continue;
		if (s == LEARNED_UNKNOWN)
			s = LEARNED_SETTLED;
		if (s < ret->all.state)
			ret->all.state = s;
	}
}

/* g: NULL when there is no memory: nothing is known. */
static void unseen_of(
	const struct dev *d, const struct grouping *g, struct learned_device *ret)
{
	struct sittings sittings;
	struct tally t;

	learned_sittings(d, &sittings);
	ret->sittings = sittings.all;
	memset(&t, 0, sizeof t);
	if (g) {
		learned_tally(d, g, &t);
		ret->kinds = g->count;
		ret->another_day = learned_sittings_share(&sittings, g);
	}
	learned_estimate(&t.all, &ret->all);
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		learned_estimate(&t.in[c], &ret->contexts[c]);
	judge(ret);
}

void learned_dev_span(const struct dev *d, nstime *ret_from, nstime *ret_to)
{
	nstime span = d->last - d->first;

	span = span > DAY ? span : DAY;
	*ret_from = d->first - span;
	*ret_to = d->last + span;
}

static void tell_device(
	const struct dev *d, const struct grouping *g, struct learned_device *ret)
{
	nstime from;

	memset(ret, 0, sizeof *ret);
	ret->mac = d->mac;
	ret->first = d->first;
	ret->last = d->last;
	ret->finding_count = d->finding_count;
	memcpy(ret->episodes, d->episodes, sizeof ret->episodes);
	for (uint32_t f = 0; f < d->finding_count; f++)
		ret->findings[f] = d->findings[f].finding;
	learned_dev_span(d, &from, &ret->holds_until);
	unseen_of(d, g, ret);
}

static void look_at_device(const struct learned *l, const struct dev *d,
	struct learned_device *ret)
{
	struct grouping g;
	bool none = learned_group(l, d, false, &g) != 0;

	tell_device(d, none ? NULL : &g, ret);
	if (!none)
		learned_group_free(&g);
}

void learned_device_at(const struct learned *l, size_t i, struct learned_device *ret)
{
	look_at_device(l, l->devices[i], ret);
}

int learned_device_of(const struct learned *l, const struct mac *device,
	struct learned_device *ret)
{
	const struct dev *d = learned_dev_find(l, device);

	if (!d)
		return -ENOENT;
	look_at_device(l, d, ret);
	return 0;
}

/* ---- kinds ---- */

static int visit_groups(const struct dev *d, const struct grouping *g, bool once,
	learned_visit *visit, void *ctx)
{
	struct learned_kind k;
	uint32_t *order;
	int r = learned_group_order(d, g, &order);

	if (r)
		return r;
	for (uint32_t i = 0; i < g->count && !r; i++) {
		if (once && learned_group_total(&g->groups[order[i]]) != 1)
			continue;
		learned_group_kind(d, g, order[i], &k);
		r = visit(ctx, &k);
	}
	free(order);
	return r;
}

static int visit_device(const struct learned *l, const struct mac *device, bool general,
	bool once, learned_visit *visit, void *ctx)
{
	const struct dev *d = learned_dev_find(l, device);
	struct grouping g;
	int r;

	if (!d)
		return -ENOENT;
	r = general ? learned_group(l, d, false, &g) : learned_group_exact(d, &g);
	if (r)
		return r;
	r = visit_groups(d, &g, once, visit, ctx);
	learned_group_free(&g);
	return r;
}

int learned_kinds(const struct learned *l, const struct mac *device, bool general,
	learned_visit *visit, void *ctx)
{
	return visit_device(l, device, general, false, visit, ctx);
}

int learned_singletons(const struct learned *l, const struct mac *device,
	learned_visit *visit, void *ctx)
{
	return visit_device(l, device, true, true, visit, ctx);
}

int learned_unnamed(const struct learned *l, const struct mac *device,
	learned_visit *visit, void *ctx)
{
	const struct dev *d = learned_dev_find(l, device);
	int r = d ? 0 : -ENOENT;

	for (uint32_t i = 0; !r && i < d->count; i++) {
		const struct leaf *leaf = d->leaves[i];
		const struct leaf *named = learned_leaf_namesake(d, leaf);
		struct learned_kind k;

		if (!named || !leaf->key.peer.family || !learned_leaf_is_evident(leaf))
			continue;
		learned_leaf_kind(leaf, &k);
		str_copy(k.name, sizeof k.name, named->text);
		r = visit(ctx, &k);
	}
	return r;
}

/* ---- several of these ---- */

int learned_view_new(const struct learned *l, const struct mac *device,
	struct learned_view **ret)
{
	const struct dev *d = learned_dev_find(l, device);
	struct learned_view *v;
	int r;

	if (!d)
		return -ENOENT;
	v = calloc(1, sizeof *v);
	if (!v)
		return -ENOMEM;
	v->learned = l;
	v->dev = d;
	r = learned_group(l, d, false, &v->groups);
	if (r) {
		free(v);
		return r;
	}
	*ret = v;
	return 0;
}

void learned_view_free(struct learned_view *v)
{
	if (v)
		learned_group_free(&v->groups);
	free(v);
}

void learned_view_device(const struct learned_view *v, struct learned_device *ret)
{
	tell_device(v->dev, &v->groups, ret);
}

int learned_view_singletons(
	const struct learned_view *v, learned_visit *visit, void *ctx)
{
	return visit_groups(v->dev, &v->groups, true, visit, ctx);
}
