// SPDX-License-Identifier: GPL-2.0-or-later
/* learned - devices, and what is told of them. */
#include "profiles/learned/interact_priv.h"

#include <errno.h>
#include <stdlib.h>

#define MAX(a, b) ((a) > (b) ? (a) : (b))

static uint64_t mac_hash(const struct learned *l, const struct mac *mac)
{
	return hash_quick(&l->key, mac->b, sizeof mac->b);
}

struct dev *learned_dev_find(const struct learned *l, const struct mac *mac)
{
	uint64_t hash = mac_hash(l, mac);
	uint32_t at = learned_tag(hash), i;

	while (learned_index_next(&l->index, hash, &at, &i))
		if (mac_equal(&l->devices[i]->mac, mac))
			return l->devices[i];
	return NULL;
}

static void dev_free(struct dev *d)
{
	if (!d)
		return;
	learned_dev_forget(d);
	while (d->count)
		learned_leaf_free(d, d->leaves[d->count - 1]);
	learned_index_free(&d->index);
	learned_watches_free(d);
	free(d->leaves);
	free(d->bursts);
	free(d->latest);
	free(d->days);
	free(d->findings);
	free(d->boots);
	free(d->downloads.all);
	free(d);
}

int learned_dev_get(struct learned *l, const struct mac *mac, struct dev **ret)
{
	struct dev *d = learned_dev_find(l, mac);

	if (!d) {
		if (l->count == LEARNED_DEVICES_MAX)
			return CARDEA_ELIMIT;
		d = learned_index_reserve(&l->index) ? NULL : calloc(1, sizeof *d);
		if (!d)
			return -ENOMEM;
		d->mac = *mac;
		d->key = l->key;
		learned_index_put(&l->index, mac_hash(l, mac), l->count);
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
	l->key = hash_key_random();
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
	learned_index_free(&l->index);
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

#define EIGHT(octet) (0x0101010101010101 * (uint64_t)(octet))

/* Whether one of eight octets is no printable ASCII, or the end. */
static bool has_odd(const char *p)
{
	uint64_t x = hash_word(p);

	return ((x - EIGHT(' ')) | (x + EIGHT(0x7f - '~')) | x) & EIGHT(0x80);
}

/* What is not printable is a question mark. size: a multiple of eight. */
static void mend_text(char *text, size_t size)
{
	size_t i = 0;

	while (i < size && !has_odd(text + i))
		i += sizeof(uint64_t);
	for (; i < size && text[i]; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
}

/* A caller's record gets times that can be reckoned with, and texts that end. */
static void mend(struct record *r)
{
	r->name[sizeof r->name - 1] = 0;
	r->detail[sizeof r->detail - 1] = 0;
	r->first = sane(r->first);
	r->last = MAX(sane(r->last), r->first);
	mend_text(r->detail, sizeof r->detail);
	r->peer = addr_of(&r->peer);
}

static bool is_known(const struct record *r)
{
	return r->direction < DIRECTION_MAX && r->place < RECORD_PLACE_MAX &&
	       r->app < RECORD_APP_MAX && r->naming < RECORD_NAMING_MAX;
}

static void prepare(struct learned *l, struct record *r, struct learned_batched *ret)
{
	mend(r);
	ret->record = r;
	ret->dev = NULL;
	ret->count = learned_canonical(r, ret->kinds);
	for (size_t i = 0; i < ret->count; i++)
		ret->hash[i] = learned_leaf_hash(&l->key, &ret->kinds[i]);
}

static int see(struct learned *l, const struct learned_batched *b)
{
	const struct record *r = b->record;
	struct dev *d = b->dev;
	int e = d ? 0 : learned_dev_get(l, &r->device, &d);

	if (e)
		return e;
	tell_time(l, r->last);
	learned_dev_end(l, d, l->now, false);
	if (!learned_poison_admits(d, r) || !b->count)
		return 0;
	return learned_touch(l, d, b, learned_record_is_fruitless(r));
}

int learned_record(struct learned *l, const struct record *told)
{
	struct learned_batched b;
	struct record r;

	if (!is_known(told))
		return CARDEA_EMALFORMED;
	record_copy(&r, told);
	prepare(l, &r, &b);
	return see(l, &b);
}

void learned_records(
	struct learned *l, struct record r[], size_t n, int ret[LEARNED_BATCH])
{
	struct learned_batched all[LEARNED_BATCH];
	size_t count = 0;

	for (size_t i = 0; i < n && i < LEARNED_BATCH; i++) {
		ret[i] = is_known(&r[i]) ? 0 : CARDEA_EMALFORMED;
		if (!ret[i])
			prepare(l, &r[i], &all[count++]);
	}
	learned_batch_fetch(l, all, count);
	for (size_t i = 0; i < count; i++)
		ret[all[i].record - r] = see(l, &all[i]);
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
	if (!d->boots)
		d->boots = calloc(LEARNED_BOOTS_MAX, sizeof *d->boots);
	if (!d->boots)
		return; /* without memory, this boot is not one that we saw */
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
	learned_index_remove(&l->index, mac_hash(l, &d->mac), i);
	for (l->count--; i < l->count; i++) { /* they keep their order */
		l->devices[i] = l->devices[i + 1];
		learned_index_move(
			&l->index, mac_hash(l, &l->devices[i]->mac), i + 1, i);
	}
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
