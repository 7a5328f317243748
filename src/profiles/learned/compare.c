// SPDX-License-Identifier: GPL-2.0-or-later
/* compare - what others saw of a device against what was learned of it: the share that
 * was predicted, counted. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdlib.h>

static const struct group *find_cover(const struct grouping *g, const struct leaf *leaf)
{
	for (uint32_t i = 0; i < g->count; i++)
		if (learned_group_covers(&g->groups[i], &leaf->key, leaf->text))
			return &g->groups[i];
	return NULL;
}

struct comparison {
	const struct dev *other;
	struct grouping known, theirs;
	struct learned_set *met; /* episodes of each known group in other */
	struct learned_set surprised;
	struct learned_test test;
};

/* Each leaf of theirs counts for what we call it; what we have no name for, for what
 * they call it. */
static void count_leaves(struct comparison *c)
{
	for (uint32_t i = 0; i < c->other->count; i++) {
		const struct leaf *leaf = c->other->leaves[i];
		const struct group *cover = find_cover(&c->known, leaf);
		uint32_t theirs = c->theirs.of[i];

		if (theirs == UINT32_MAX)
			continue;
		if (cover) {
			learned_set_join(&c->met[cover - c->known.groups], &leaf->set);
			continue;
		}
		struct group *g = &c->theirs.groups[theirs];
		if (!g->seen)
			g->set = (struct learned_set){0};
		g->seen = true; /* here: unseen by us, with what of it is */
		learned_set_join(&g->set, &leaf->set);
	}
	for (uint32_t i = 0; i < c->known.count; i++)
		c->test.incidences += learned_set_count(&c->met[i]);
}

static int tell_unseen(struct comparison *c, learned_visit *visit, void *ctx)
{
	struct learned_kind k;
	uint32_t *order;
	int r = learned_group_order(c->other, &c->theirs, &order);

	if (r)
		return r;
	for (uint32_t i = 0; i < c->theirs.count && !r; i++) {
		const struct group *g = &c->theirs.groups[order[i]];
		uint32_t n = learned_set_count(&g->set);

		if (!g->seen || !n)
			continue;
		c->test.incidences += n;
		c->test.unseen += n;
		learned_set_join(&c->surprised, &g->set);
		if (!visit)
			continue;
		learned_group_kind(c->other, &c->theirs, order[i], &k);
		r = visit(ctx, &k);
	}
	free(order);
	return r;
}

static int compare(struct comparison *c, learned_visit *visit, void *ctx)
{
	int r;

	c->met = calloc(c->known.count ? c->known.count : 1, sizeof *c->met);
	if (!c->met)
		return -ENOMEM;
	count_leaves(c);
	r = tell_unseen(c, visit, ctx);
	free(c->met);
	c->test.episodes = c->other->number < LEARNED_WINDOW ? c->other->number
							     : LEARNED_WINDOW;
	c->test.surprised = learned_set_count(&c->surprised);
	if (c->test.incidences)
		c->test.unseen_share =
			(double)c->test.unseen / (double)c->test.incidences;
	return r;
}

int learned_compare(const struct learned *l, const struct learned *other,
	const struct mac *device, learned_visit *unseen, void *ctx,
	struct learned_test *ret)
{
	const struct dev *d = learned_dev_find(l, device);
	struct comparison c = {.other = learned_dev_find(other, device)};
	int r;

	if (!d || !c.other)
		return -ENOENT;
	r = learned_group(l, d, false, &c.known);
	if (r)
		return r;
	r = learned_group(other, c.other, false, &c.theirs);
	if (!r)
		r = compare(&c, unseen, ctx);
	learned_group_free(&c.known);
	learned_group_free(&c.theirs);
	if (!r)
		*ret = c.test;
	return r;
}
