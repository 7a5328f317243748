// SPDX-License-Identifier: GPL-2.0-or-later
/* batch - several records at once. What is known of thousands of devices does not fit
 * the processor's caches, and each record waits for some ten lines of memory; for a
 * batch it waits for all of the first ones together, then for all of the second. The
 * passes only look; what is learned is learned by one after the other. */
#include "profiles/learned/learned_priv.h"

#define LINE 64

static void fetch(const void *at, size_t len)
{
	const char *p = at;

	for (size_t i = 0; i < len; i += LINE)
		__builtin_prefetch(p + i);
}

static void fetch_device(const struct dev *d)
{
	fetch(d, offsetof(struct dev, background) + sizeof d->background);
}

static void fetch_lists(struct learned_batched *b)
{
	const struct dev *d = b->dev;

	for (size_t i = 0; i < b->count; i++) {
		if (d->index.slots)
			fetch(&d->index.slots[learned_tag(b->hash[i]) & d->index.mask],
				LINE);
	}
	if (d->burst_count)
		fetch(d->bursts, d->burst_count * sizeof *d->bursts);
	if (d->watches)
		fetch(d->watches, sizeof *d->watches);
}

/* Perhaps the leaf of the kind; NULL: nowhere near. */
static const struct leaf *leaf_near(const struct dev *d, uint64_t hash)
{
	uint32_t at = learned_tag(hash), i;

	return learned_index_next(&d->index, hash, &at, &i) ? d->leaves[i] : NULL;
}

static void fetch_leaves(struct learned_batched *b)
{
	for (size_t i = 0; i < b->count; i++) {
		b->leaf[i] = leaf_near(b->dev, b->hash[i]);
		if (b->leaf[i])
			fetch(b->leaf[i], offsetof(struct leaf, marks));
		if (b->leaf[i] && b->kinds[i].text[0])
			fetch(b->leaf[i]->text, 1);
	}
}

static void fetch_touches(const struct learned_batched *b)
{
	const struct dev *d = b->dev;

	for (size_t i = 0; i < b->count && d->burst_count; i++) {
		const struct burst *last = &d->bursts[d->burst_count - 1];

		if (b->leaf[i] && b->leaf[i]->burst == (uint16_t)last->id)
			fetch(&last->touches[b->leaf[i]->touch], sizeof *last->touches);
	}
}

void learned_batch_fetch(struct learned *l, struct learned_batched *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((b[i].dev = learned_dev_find(l, &b[i].record->device)))
			fetch_device(b[i].dev);
	for (size_t i = 0; i < n; i++)
		if (b[i].dev)
			fetch_lists(&b[i]);
	for (size_t i = 0; i < n; i++)
		if (b[i].dev)
			fetch_leaves(&b[i]);
	for (size_t i = 0; i < n; i++)
		if (b[i].dev)
			fetch_touches(&b[i]);
}
