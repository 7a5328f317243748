// SPDX-License-Identifier: GPL-2.0-or-later
/* compare - what others saw of a device against what was learned of it: the share that
 * was predicted, counted. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdlib.h>

/* A quarter of them in circumstances of their own is more than an exception. */
#define STRANGE_PARTS 4
/* So unlikely by chance that it is none: one of a hundred such comparisons is wrong. */
#define CHANCE_LEAST 0.01
/* Where the share is beyond its bound, too, it need not be as unlikely. By itself the
 * share says little: one episode may bring ten kinds. */
#define CHANCE_BEYOND 0.05

struct comparison {
	const struct dev *ours, *other;
	struct grouping known, theirs;
	struct learned_set *met; /* episodes of each known group in other */
	struct learned_set surprised;
	struct learned_test test;
};

static const struct group *find_own(
	const struct dev *d, const struct grouping *g, const struct leaf *leaf)
{
	const struct leaf *named = learned_leaf_namesake(d, leaf);

	if (named)
		return &g->groups[g->of[named->index]];
	for (uint32_t i = 0; i < g->count; i++)
		if (learned_group_covers(&g->groups[i], &leaf->key, leaf->text))
			return &g->groups[i];
	return NULL;
}

/* It has a name for them, and for us each of its addresses is one that it calls. */
static const struct group *find_by_peers(
	const struct grouping *g, const struct leaf *leaf)
{
	struct learned_key key = leaf->key;
	const struct group *cover = NULL;

	for (size_t i = 0; leaf->peers && i < leaf->peers->count; i++) {
		key.peer = leaf->peers->at[i];
		cover = NULL;
		for (uint32_t j = 0; j < g->count && !cover; j++)
			if (learned_group_covers(&g->groups[j], &key, ""))
				cover = &g->groups[j];
		if (!cover)
			return NULL;
	}
	return cover;
}

static const struct group *find_cover(const struct comparison *c, const struct leaf *leaf)
{
	const struct group *g = find_own(c->ours, &c->known, leaf);
	const struct leaf *named = g ? NULL : learned_leaf_namesake(c->other, leaf);

	if (!g && named)
		g = find_own(c->ours, &c->known, named);
	return g ? g : find_by_peers(&c->known, leaf);
}

/* Each leaf of theirs counts for what we call it; what we have no name for, for what
 * they call it. */
static void count_leaves(struct comparison *c)
{
	for (uint32_t i = 0; i < c->other->count; i++) {
		const struct leaf *leaf = c->other->leaves[i];
		const struct group *cover = find_cover(c, leaf);
		uint32_t theirs = c->theirs.of[i];

		if (theirs == UINT32_MAX)
			continue;
		if (cover) {
			learned_marks_add(&leaf->marks, &c->met[cover - c->known.groups]);
			continue;
		}
		struct group *g = &c->theirs.groups[theirs];
		if (!g->seen)
			g->set = (struct learned_set){0};
		g->seen = true; /* here: unseen by us, with what of it is */
		learned_marks_add(&leaf->marks, &g->set);
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
	c->test.episodes =
		c->other->number < LEARNED_WINDOW ? c->other->number : LEARNED_WINDOW;
	c->test.surprised = learned_set_count(&c->surprised);
	if (c->test.incidences)
		c->test.unseen_share =
			(double)c->test.unseen / (double)c->test.incidences;
	return r;
}

/* ---- whether the prediction is about them at all ---- */

struct strangeness {
	struct learned_set context, companion, day, time;
	struct learned_set any;
};

static bool is_met(const struct dev *d, const struct mac *mac)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (d->leaves[i]->key.place == RECORD_DEVICE &&
			(d->leaves[i]->key.peer_any ||
				mac_equal(&d->leaves[i]->key.mac, mac)))
			return true;
	return false;
}

/* Who was watched on so few days does not know how one differs from another; later,
 * another day is but one more of them. */
static void find_strange_days(
	const struct dev *d, const struct dev *other, uint32_t n, struct learned_set *ret)
{
	struct sittings s;

	learned_sittings(d, &s);
	for (uint32_t i = 0; i < n && s.all < LEARNED_EPISODES_LEAST; i++)
		if (!learned_sittings_reach(&s, other->latest[i].hour))
			learned_set_put(ret, i);
}

static void find_strange(
	const struct dev *d, const struct dev *other, struct strangeness *s)
{
	struct learned_set masks[LEARNED_CONTEXT_MAX];
	uint32_t n = other->number < LEARNED_WINDOW ? other->number : LEARNED_WINDOW;
	nstime from, to;

	*s = (struct strangeness){0};
	learned_dev_masks(other, masks);
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		if (!d->episodes[c])
			learned_set_join(&s->context, &masks[c]);
	for (uint32_t i = 0; i < other->count; i++) {
		const struct learned_key *k = &other->leaves[i]->key;

		if (k->place == RECORD_DEVICE && !k->said && !k->peer_any &&
			!is_met(d, &k->mac))
			learned_marks_add(&other->leaves[i]->marks, &s->companion);
	}
	find_strange_days(d, other, n, &s->day);
	learned_dev_span(d, &from, &to);
	for (uint32_t i = 0; i < n; i++)
		if (other->latest[i].hour > to / NS_PER_HOUR ||
			(nstime)other->latest[i].hour < from / NS_PER_HOUR)
			learned_set_put(&s->time, i);
	learned_set_join(&s->any, &s->context);
	learned_set_join(&s->any, &s->companion);
	learned_set_join(&s->any, &s->day);
	learned_set_join(&s->any, &s->time);
}

/* Another day is less strange than another context: half of them may be of such. */
static bool are_many(const struct strangeness *s, uint32_t episodes)
{
	struct learned_set but_day = s->context;

	learned_set_join(&but_day, &s->companion);
	learned_set_join(&but_day, &s->time);
	return learned_set_count(&but_day) * STRANGE_PARTS >= episodes ||
	       learned_set_count(&s->any) * 2 > episodes;
}

static void say_part(char why[LIMIT_TEXT], const char *words, uint32_t n, uint32_t of)
{
	size_t len = strlen(why);

	if (n)
		(void)str_print(why + len, LIMIT_TEXT - len, "%s%u of %u episodes %s",
			len ? ", " : "", n, of, words);
}

static void judge_strange(struct comparison *c)
{
	struct learned_test *t = &c->test;
	struct strangeness s;
	struct tally tally;
	double chance, bound = 1;
	bool beyond;

	find_strange(c->ours, c->other, &s);
	learned_tally(c->ours, &c->known, &tally);
	t->strange = learned_set_count(&s.any);
	chance = learned_estimate_chance(
		tally.all.once_units, tally.all.units, t->surprised, t->episodes);
	if (tally.all.units >= LEARNED_EPISODES_LEAST)
		bound = learned_estimate_bound(&tally.all);
	beyond = chance < (t->unseen_share > bound ? CHANCE_BEYOND : CHANCE_LEAST);
	if (!are_many(&s, t->episodes) && !beyond)
		return;
	t->context_not_seen = t->episodes > 0;
	say_part(t->why, "are of a context without any before",
		learned_set_count(&s.context), t->episodes);
	say_part(t->why, "meet a device of the house for the first time",
		learned_set_count(&s.companion), t->episodes);
	say_part(t->why, "are of a day that was not learned from",
		learned_set_count(&s.day), t->episodes);
	say_part(t->why, "are farther from what was learned than it is long",
		learned_set_count(&s.time), t->episodes);
	if (beyond)
		say_part(t->why, "surprise, more than chance has it", t->surprised,
			t->episodes);
}

int learned_compare(const struct learned *l, const struct learned *other,
	const struct mac *device, learned_visit *unseen, void *ctx,
	struct learned_test *ret)
{
	const struct dev *d = learned_dev_find(l, device);
	struct comparison c = {.ours = d, .other = learned_dev_find(other, device)};
	int r;

	if (!d || !c.other)
		return -ENOENT;
	r = learned_group(l, d, false, &c.known);
	if (r)
		return r;
	r = learned_group(other, c.other, false, &c.theirs);
	if (!r)
		r = compare(&c, unseen, ctx);
	if (!r)
		judge_strange(&c);
	learned_group_free(&c.known);
	learned_group_free(&c.theirs);
	if (!r)
		*ret = c.test;
	return r;
}
