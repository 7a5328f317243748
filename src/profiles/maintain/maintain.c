// SPDX-License-Identifier: GPL-2.0-or-later
/* maintain - the kinds of one device's profile: what is in force, what waits, what was
 * refused. */
#include "profiles/maintain/maintain_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int maintain_new(const struct maintain_config *c, const struct mac *device,
	struct maintain **ret)
{
	struct maintain *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->config = *c;
	m->mac = *device;
	m->next_id = 1;
	m->next_version = 1;
	*ret = m;
	return 0;
}

void maintain_free(struct maintain *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; i < m->count; i++)
		free(m->items[i]);
	for (uint32_t i = 0; i < m->version_count; i++)
		maintain_version_free(&m->versions[i]);
	free(m->items);
	free(m);
}

const struct mac *maintain_device(const struct maintain *m)
{
	return &m->mac;
}

void maintain_tell(const struct maintain *m, enum maintain_event e, uint32_t item,
	const char *fmt, ...)
{
	char text[MAINTAIN_TEXT_MAX];
	va_list ap;

	if (!m->config.event)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	m->config.event(m->config.event_ctx, &m->mac, e, item, text);
}

/* ---- the list ---- */

struct item *maintain_find_id(const struct maintain *m, uint32_t id)
{
	uint32_t lo = 0, hi = m->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (m->items[mid]->pub.id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->count && m->items[lo]->pub.id == id ? m->items[lo] : NULL;
}

struct item *maintain_find_same(const struct maintain *m, const struct learned_kind *k)
{
	for (uint32_t n = 0; n < m->count; n++)
		if (maintain_same(&m->items[n]->pub.kind, k))
			return m->items[n];
	return NULL;
}

void maintain_drop(struct maintain *m, struct item *i)
{
	uint32_t n = 0;

	while (m->items[n] != i)
		n++;
	memmove(&m->items[n], &m->items[n + 1],
		(m->count - n - 1) * sizeof(*m->items));
	m->count--;
	free(i);
}

/* Of those of one status: how many, and which was not seen for longest. */
static struct item *oldest(
	const struct maintain *m, enum maintain_status s, uint32_t *ret_count)
{
	struct item *found = NULL;

	*ret_count = 0;
	for (uint32_t n = 0; n < m->count; n++) {
		struct item *i = m->items[n];

		if (i->pub.status != s)
			continue;
		++*ret_count;
		if (!found || i->seen < found->seen)
			found = i;
	}
	return found;
}

static void evict(struct maintain *m, struct item *i)
{
	if (i->pub.status == MAINTAIN_PROPOSED && i->ripe)
		maintain_tell(m, MAINTAIN_WITHDRAWN, i->pub.id,
			"does too many new things: this question is withdrawn");
	maintain_version_forget(m, i->pub.id);
	maintain_drop(m, i);
}

/* Nothing of a stranger's doing pushes out what is in force. */
static int make_room(struct maintain *m, enum maintain_status s)
{
	static const enum maintain_status order[] = {
		MAINTAIN_GONE, MAINTAIN_PROPOSED, MAINTAIN_REJECTED};
	uint32_t count;
	struct item *i = oldest(m, s, &count);

	if ((s == MAINTAIN_PROPOSED && count >= MAINTAIN_PROPOSALS_MAX) ||
		(s == MAINTAIN_REJECTED && count >= MAINTAIN_REFUSALS_MAX))
		evict(m, i);
	for (size_t n = 0;
		m->count >= MAINTAIN_KINDS_MAX && n < sizeof(order) / sizeof(*order);
		n++) {
		i = oldest(m, order[n], &count);
		if (i)
			evict(m, i);
	}
	return m->count < MAINTAIN_KINDS_MAX ? 0 : CARDEA_ELIMIT;
}

static int grow(struct maintain *m)
{
	uint32_t cap = m->cap ? 2 * m->cap : 16;
	struct item **items;

	if (m->count < m->cap)
		return 0;
	items = realloc(m->items, cap * sizeof(*items));
	if (!items)
		return -ENOMEM;
	m->items = items;
	m->cap = cap;
	return 0;
}

int maintain_add(struct maintain *m, const struct learned_kind *k,
	enum maintain_status s, struct item **ret)
{
	struct item *i;
	int e = make_room(m, s);

	if (e)
		return e;
	if (grow(m))
		return -ENOMEM;
	i = calloc(1, sizeof(*i));
	if (!i)
		return -ENOMEM;
	i->pub.id = m->next_id++;
	i->pub.status = s;
	i->pub.kind = *k;
	i->opened = i->seen = m->age;
	i->awake_seen = m->awake;
	m->items[m->count++] = i;
	*ret = i;
	return 0;
}

void maintain_enforce(struct maintain *m, struct item *i, nstime wall, bool automatic)
{
	if (!automatic && i->pub.status != MAINTAIN_ACTIVE &&
		i->pub.status != MAINTAIN_DORMANT)
		maintain_week(m)->false_blocks += i->blocked;
	i->pub.status = MAINTAIN_ACTIVE;
	i->pub.automatic = automatic;
	i->pub.answered = wall;
	i->ripe = true;
	i->blocked = 0;
	i->awake_seen = m->awake;
}

/* ---- what is in force ---- */

int maintain_permit(struct maintain *m, const struct learned_kind *k, nstime now)
{
	struct item *i = maintain_find_same(m, k);
	int e = 0;

	maintain_time(m, now);
	if (!maintain_is_kind(k))
		return 0;
	if (!i)
		e = maintain_add(m, k, MAINTAIN_PROPOSED, &i);
	if (!e)
		maintain_enforce(m, i, m->wall, false);
	return e;
}

struct approval {
	struct maintain *m;
	int error;
};

/* Whom it calls vouches for others of the same owner. What is in force may have been
 * learned of another device: then its own calls were approved by nobody. */
static bool is_approved(const struct maintain *m, const struct learned_kind *k)
{
	return !m->config.permits || k->direction != DIRECTION_FROM_DEVICE ||
	       k->place != RECORD_INTERNET || !k->name[0] ||
	       m->config.permits(m->config.permits_ctx, k);
}

static int approve_one(void *ctx, const struct learned_kind *k)
{
	struct approval *a = ctx;

	struct item *i;

	if (!is_approved(a->m, k))
		return 0;
	a->error = maintain_permit(a->m, k, a->m->wall);
	i = a->error ? NULL : maintain_find_same(a->m, k);
	if (i)
		i->first = true;
	return a->error;
}

/* Who approves all, approves what waits and is part of it. */
static void approve_waiting(struct maintain *m)
{
	for (uint32_t n = m->count; n; n--) {
		struct item *i = m->items[n - 1];

		if (i->pub.status != MAINTAIN_PROPOSED)
			continue;
		for (uint32_t k = 0; k < m->count; k++)
			if (maintain_in_force(m->items[k]) &&
				maintain_covers(&m->items[k]->pub.kind, &i->pub.kind)) {
				evict(m, i);
				break;
			}
	}
}

int maintain_approve(struct maintain *m, const struct learned *l, nstime now)
{
	struct approval a = {.m = m};
	struct maintain_learner known;
	int e;

	maintain_time(m, now);
	e = learned_kinds(l, &m->mac, true, approve_one, &a);
	if (e)
		return e;
	approve_waiting(m);
	m->met = maintain_learner(l, &m->mac, &known);
	m->episodes = known.episodes;
	m->updates = known.updates;
	m->findings = known.findings;
	if (!m->version_count) {
		maintain_version_new(m)->closed = true;
		maintain_week(m)->versions++;
	}
	return maintain_version_refresh(m);
}

/* ---- asked about ---- */

static void tell_item(
	const struct maintain *m, const struct item *i, struct maintain_item *ret)
{
	*ret = i->pub;
	ret->week = maintain_effect_of(m, i);
}

int maintain_items(const struct maintain *m, enum maintain_status s,
	maintain_visit *visit, void *ctx)
{
	struct maintain_item pub;
	int r = 0;

	for (uint32_t n = 0; n < m->count && !r; n++) {
		const struct item *i = m->items[n];

		if (i->pub.status != s || (s == MAINTAIN_PROPOSED && !i->ripe))
			continue;
		tell_item(m, i, &pub);
		r = visit(ctx, &pub);
	}
	return r;
}

int maintain_item(const struct maintain *m, uint32_t id, struct maintain_item *ret)
{
	const struct item *i = maintain_find_id(m, id);

	if (!i)
		return -ENOENT;
	tell_item(m, i, ret);
	return 0;
}
