// SPDX-License-Identifier: GPL-2.0-or-later
/* tick - now and then: what the learner knows by now of kinds in force and of those
 * that wait, and what is due. */
#include "profiles/maintain/maintain_priv.h"

#include <errno.h>
#include <string.h>

struct round {
	struct maintain *m;
	int error;
};

/* ---- evidence ---- */

static void evidence_set(struct learned_kind *k, const struct learned_kind *told)
{
	memcpy(k->episodes, told->episodes, sizeof(k->episodes));
	memcpy(k->bytes, told->bytes, sizeof(k->bytes));
	k->first = told->first;
	k->last = told->last;
	k->flows = told->flows;
	k->packets = told->packets;
	k->bytes_median = told->bytes_median;
	k->bytes_p99 = told->bytes_p99;
	k->period = told->period;
	k->siblings = told->siblings;
	k->general = told->general;
	if (told->app && !k->app)
		k->app = told->app;
}

/* The same peer over the other IP. */
static void evidence_join(struct learned_kind *k, const struct learned_kind *told)
{
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		if (told->episodes[c] > k->episodes[c])
			k->episodes[c] = told->episodes[c];
	for (size_t d = 0; d < DIRECTION_MAX; d++)
		k->bytes[d] += told->bytes[d];
	if (told->first < k->first)
		k->first = told->first;
	if (told->last > k->last)
		k->last = told->last;
	k->flows += told->flows;
	k->packets += told->packets;
	if (told->bytes_median > k->bytes_median)
		k->bytes_median = told->bytes_median;
	if (told->bytes_p99 > k->bytes_p99)
		k->bytes_p99 = told->bytes_p99;
	if (!k->period)
		k->period = told->period;
}

static void ask(struct maintain *m, struct item *i)
{
	char text[MAINTAIN_TEXT_MAX];

	i->ripe = true;
	i->pub.asked = m->wall;
	maintain_week(m)->asked++;
	i->pub.week = maintain_effect_of(m, i);
	maintain_tell(m, MAINTAIN_ASKED, i->pub.id, "%s",
		maintain_question(&i->pub, text));
}

static void tell_kind(struct item *i, const struct learned_kind *k)
{
	if (i->told)
		evidence_join(&i->pub.kind, k);
	else
		evidence_set(&i->pub.kind, k);
	i->told = true;
}

static int tell_exact(void *ctx, const struct learned_kind *k)
{
	struct round *r = ctx;
	struct item *i = maintain_is_kind(k) ? maintain_find_same(r->m, k) : NULL;

	if (i && !i->pub.kind.general)
		tell_kind(i, k);
	return 0;
}

/* ---- several that became one ---- */

struct cover {
	uint32_t waiting, others;
	struct item *first;
};

/* What of the list a general kind stands for. */
static struct cover cover_of(const struct maintain *m, const struct learned_kind *k)
{
	struct cover c = {0};

	for (uint32_t n = 0; n < m->count; n++) {
		struct item *i = m->items[n];

		if (!maintain_covers(k, &i->pub.kind) ||
			i->pub.status == MAINTAIN_GONE)
			continue;
		if (i->pub.status != MAINTAIN_PROPOSED) {
			c.others++;
			continue;
		}
		c.waiting++;
		if (!c.first)
			c.first = i;
	}
	return c;
}

static void absorb(struct maintain *m, struct item *into, struct item *i)
{
	if (i->pub.naming > into->pub.naming)
		into->pub.naming = i->pub.naming;
	if (!into->pub.version)
		into->pub.version = i->pub.version;
	for (size_t d = 0; d < MAINTAIN_DAYS; d++) {
		if (into->days[d].day != i->days[d].day)
			continue;
		into->days[d].conversations += i->days[d].conversations;
		into->days[d].blocked += i->days[d].blocked;
		into->days[d].bytes += i->days[d].bytes;
	}
	into->blocked += i->blocked;
	if (i->seen > into->seen)
		into->seen = i->seen;
	if (i->ripe)
		maintain_tell(m, MAINTAIN_WITHDRAWN, i->pub.id,
			"is asked with others of its kind");
	maintain_version_forget(m, i->pub.id);
	maintain_drop(m, i);
}

/* One question for all of them, and none where the owner has answered one. */
static void merge(struct maintain *m, const struct learned_kind *k)
{
	struct cover c = cover_of(m, k);
	struct learned_kind whole = *k;

	if (c.waiting < 2 || c.others)
		return;
	for (uint32_t n = m->count; n; n--) {
		struct item *i = m->items[n - 1];

		if (i != c.first && i->pub.status == MAINTAIN_PROPOSED &&
			maintain_covers(k, &i->pub.kind))
			absorb(m, c.first, i);
	}
	c.first->pub.kind = whole;
	if (c.first->ripe) { /* it is another question now */
		maintain_tell(m, MAINTAIN_WITHDRAWN, c.first->pub.id,
			"is asked with others of its kind");
		c.first->ripe = false;
	}
}

static int tell_general(void *ctx, const struct learned_kind *k)
{
	struct round *r = ctx;
	struct item *i;

	if (!maintain_is_kind(k))
		return 0;
	if (k->general)
		merge(r->m, k);
	i = maintain_find_same(r->m, k);
	if (i && (i->pub.kind.general || !i->told))
		tell_kind(i, k);
	return 0;
}

/* ---- what is due ---- */

/* What the learner took back was a scan, or is too much to be learned. */
static void withdraw(struct maintain *m, const struct learned *l)
{
	for (uint32_t n = m->count; n; n--) {
		struct item *i = m->items[n - 1];

		if (i->pub.status != MAINTAIN_PROPOSED || i->pub.kind.general)
			continue;
		if (i->ripe) /* it was learned, and the learner has begun anew */
			continue;
		if (i->silent ? !maintain_is_hostile(l, &m->mac, &i->pub.kind,
					i->pub.kind.last)
			      : maintain_is_learned(l, &m->mac, &i->pub.kind))
			continue;
		maintain_version_forget(m, i->pub.id);
		maintain_drop(m, i);
	}
}

static void review(struct maintain *m)
{
	for (uint32_t n = 0; n < m->count; n++) {
		struct item *i = m->items[n];

		if (i->pub.status == MAINTAIN_PROPOSED && !i->ripe && i->told &&
			maintain_episodes(&i->pub.kind))
			ask(m, i);
	}
}

static void review_silent(struct maintain *m)
{
	for (uint32_t n = 0; n < m->count; n++) {
		struct item *i = m->items[n];

		if (i->pub.status == MAINTAIN_PROPOSED && i->silent && !i->ripe &&
			i->pub.kind.episodes[LEARNED_QUIET] >= MAINTAIN_SILENT_HOURS)
			ask(m, i);
	}
}

static int sync(struct maintain *m, const struct learned *l)
{
	struct round r = {.m = m};
	int e;

	for (uint32_t n = 0; n < m->count; n++)
		m->items[n]->told = false;
	e = learned_kinds(l, &m->mac, false, tell_exact, &r);
	if (!e)
		e = learned_kinds(l, &m->mac, true, tell_general, &r);
	if (e)
		return e;
	review(m);
	return 0;
}

/* How many episodes ended since; a learner that knows less has begun anew. */
static uint32_t progress(struct maintain *m, const struct maintain_learner *now)
{
	uint32_t ended =
		now->episodes >= m->episodes ? now->episodes - m->episodes : 0;

	if (!m->met || now->episodes < m->episodes) {
		m->updates = now->updates;
		m->findings = now->findings;
		ended = m->met ? 0 : now->episodes;
	}
	m->met = true;
	m->episodes = now->episodes;
	return ended;
}

int maintain_tick(struct maintain *m, const struct learned *l, nstime now)
{
	struct maintain_learner known;
	uint32_t ended, after;
	int e = 0;

	maintain_time(m, now);
	if (maintain_learner(l, &m->mac, &known)) {
		ended = progress(m, &known);
		after = m->open ? ended : 0; /* what ended before is not of it */
		if (after && known.updates > m->updates)
			after--; /* nor is the update itself */
		withdraw(m, l);
		review_silent(m);
		if (ended)
			e = sync(m, l);
		if (known.updates > m->updates)
			maintain_update(m);
		m->updates = known.updates;
		if (known.findings != m->findings)
			maintain_window_stop(m);
		m->findings = known.findings;
		maintain_window_tick(m, after);
	} else {
		maintain_window_tick(m, 0);
	}
	maintain_age(m);
	return e ? e : maintain_version_refresh(m);
}
