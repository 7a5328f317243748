// SPDX-License-Identifier: GPL-2.0-or-later
/* learned - devices, and what is told of them. */
#include "profiles/learned/interact_priv.h"

#include <errno.h>
#include <stdlib.h>

#define MAX(a, b) ((a) > (b) ? (a) : (b))

static bool dev_equal(const struct hash_node *n, const void *key)
{
	return mac_equal(&((const struct dev *)n)->mac, key);
}

struct dev *learned_dev_find(const struct learned *l, const struct mac *mac)
{
	return (struct dev *)hash_find(&l->table, mac, sizeof *mac, dev_equal);
}

static void dev_free(struct dev *d)
{
	if (!d)
		return;
	learned_dev_forget(d);
	while (d->count)
		learned_leaf_free(d, d->leaves[d->count - 1]);
	hash_free(&d->table);
	free(d->leaves);
	free(d->watches);
	free(d->findings);
	free(d);
}

int learned_dev_get(struct learned *l, const struct mac *mac, struct dev **ret)
{
	struct dev *d = learned_dev_find(l, mac);

	if (!d) {
		if (l->count == LEARNED_DEVICES_MAX)
			return CARDEA_ELIMIT;
		d = calloc(1, sizeof *d);
		if (!d || hash_init(&d->table, 8)) {
			free(d);
			return -ENOMEM;
		}
		d->mac = *mac;
		hash_insert(&l->table, &d->node, &d->mac, sizeof d->mac);
		l->devices[l->count++] = d;
	}
	*ret = d;
	return 0;
}

int learned_new(const struct learned_config *c, struct learned **ret)
{
	struct learned *l = calloc(1, sizeof *l);

	if (!l)
		return -ENOMEM;
	if (hash_init(&l->table, 16)) {
		free(l);
		return -ENOMEM;
	}
	if (learned_interact_new(&l->interact)) {
		learned_free(l);
		return -ENOMEM;
	}
	l->config = *c;
	l->capture = 1;
	*ret = l;
	return 0;
}

void learned_free(struct learned *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; i < l->count; i++)
		dev_free(l->devices[i]);
	learned_interact_free(l->interact);
	hash_free(&l->table);
	free(l);
}

static void end_all(struct learned *l)
{
	for (uint32_t i = 0; i < l->count; i++)
		learned_dev_end(l, l->devices[i], l->now, true);
}

void learned_capture(struct learned *l)
{
	end_all(l);
	learned_interact_break(l);
	l->capture++;
	l->timed = false;
}

static nstime sane(nstime t)
{
	return t < 0 ? 0 : t > LEARNED_TIME_MAX ? LEARNED_TIME_MAX : t;
}

/* Time goes on with what is told; a clock that was set back begins anew. */
static void tell_time(struct learned *l, nstime when)
{
	if (l->timed && when < l->now - LEARNED_CLOCK_BACK) {
		if (!l->config.per_capture)
			end_all(l);
		learned_interact_break(l);
		l->now = when;
	}
	if (!l->timed) {
		l->now = l->began = when;
		l->timed = true;
	}
	if (when > l->now)
		l->now = when;
}

/* Unused bytes are zero, whoever made it. */
static struct addr addr_of(const struct addr *a)
{
	return a->family == 4   ? addr_v4(a->b)
	       : a->family == 6 ? addr_v6(a->b)
				: (struct addr){0};
}

/* A caller's record with times that can be reckoned with, and texts that end. */
static void take(const struct record *r, struct record *ret)
{
	*ret = *r;
	ret->first = sane(r->first);
	ret->last = MAX(sane(r->last), ret->first);
	ret->name[sizeof ret->name - 1] = 0;
	ret->detail[sizeof ret->detail - 1] = 0;
	for (char *c = ret->detail; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	ret->peer = addr_of(&r->peer);
}

static bool is_known(const struct record *r)
{
	return r->direction < DIRECTION_MAX && r->place < RECORD_PLACE_MAX &&
	       r->app < RECORD_APP_MAX && r->naming < RECORD_NAMING_MAX;
}

int learned_record(struct learned *l, const struct record *told)
{
	struct canonical kinds[LEARNED_CANONICAL_MAX];
	struct record r;
	struct dev *d;
	size_t n;

	if (!is_known(told))
		return CARDEA_EMALFORMED;
	take(told, &r);
	int e = learned_dev_get(l, &r.device, &d);
	if (e)
		return e;
	tell_time(l, r.last);
	learned_dev_end(l, d, l->now, false);
	n = learned_canonical(&r, kinds);
	if (!learned_poison_admits(d, &r) || !n)
		return 0;
	return learned_touch(l, d, &r, kinds, n, learned_record_is_fruitless(&r));
}

void learned_seen(struct learned *l, const struct mac *device, nstime when)
{
	struct dev *d;

	when = sane(when);
	if (learned_dev_find(l, device) || learned_dev_get(l, device, &d))
		return;
	tell_time(l, when);
	d->fresh = true;
	d->appeared = when;
}

void learned_booted(struct learned *l, const struct mac *device, nstime when)
{
	struct dev *d;

	when = sane(when);
	if (learned_dev_get(l, device, &d))
		return;
	tell_time(l, when);
	d->boots[d->boot_count++ % LEARNED_BOOTS_MAX] = when;
	if (d->boot_count == 2 * LEARNED_BOOTS_MAX)
		d->boot_count = LEARNED_BOOTS_MAX; /* the ring is full all the same */
}

void learned_cut(struct learned *l, const struct mac *device)
{
	struct dev *d = learned_dev_find(l, device);

	if (d)
		learned_dev_end(l, d, l->now, true);
}

void learned_forget(struct learned *l, const struct mac *device)
{
	struct dev *d = learned_dev_find(l, device);
	uint32_t i = 0;

	if (!d)
		return;
	while (l->devices[i] != d)
		i++;
	l->count--;
	memmove(&l->devices[i], &l->devices[i + 1], (l->count - i) * sizeof l->devices[0]);
	hash_remove(&l->table, &d->node);
	learned_interact_forget(l, device);
	dev_free(d);
}

bool learned_finding_of(const struct learned *l, const struct mac *device, uint32_t i,
	struct learned_finding *ret)
{
	const struct dev *d = learned_dev_find(l, device);

	if (!d || i >= d->finding_count)
		return false;
	*ret = d->findings[i].finding;
	return true;
}

void learned_end(struct learned *l, nstime now)
{
	bool all = now == INT64_MAX;

	for (uint32_t i = 0; i < l->count; i++)
		learned_dev_end(l, l->devices[i], sane(now), all);
	learned_interact_end(l, sane(now), all);
}

size_t learned_count(const struct learned *l)
{
	return l->count;
}

const struct mac *learned_mac_at(const struct learned *l, size_t i)
{
	return &l->devices[i]->mac;
}
