// SPDX-License-Identifier: GPL-2.0-or-later
/* compact - the evidence of a leaf, in as few bytes as most need: devices have a dozen
 * leaves, a house has thousands, and few are in more than a handful of episodes. Without
 * memory for more, what is there stays, and what would be new is another time's. */
#include "profiles/learned/learned_priv.h"

#include <errno.h>
#include <stdlib.h>

/* ---- in which episodes ---- */

static bool widen(struct learned_marks *m)
{
	if (!m->wide)
		m->wide = calloc(1, sizeof *m->wide);
	if (!m->wide)
		return false;
	m->wide->set.w[0] |= m->low;
	m->low = 0;
	return true;
}

void learned_marks_put(struct learned_marks *m, uint32_t slot)
{
	if (!m->wide && slot < 64)
		m->low |= 1ULL << slot;
	else if (widen(m))
		learned_set_put(&m->wide->set, slot);
}

void learned_marks_age(struct learned_marks *m, uint32_t slot, uint8_t context)
{
	bool has = m->wide ? learned_set_has(&m->wide->set, slot)
			   : slot < 64 && m->low >> slot & 1;

	if (!has)
		return;
	if (!widen(m)) {
		m->low &= ~(1ULL << slot);
		return;
	}
	learned_set_clear(&m->wide->set, slot);
	m->wide->older[context]++;
}

uint32_t learned_marks_count(const struct learned_marks *m)
{
	return m->wide ? learned_set_count(&m->wide->set)
		       : (uint32_t)__builtin_popcountll(m->low);
}

uint32_t learned_marks_older(const struct learned_marks *m)
{
	uint32_t n = 0;

	for (size_t c = 0; m->wide && c < LEARNED_CONTEXT_MAX; c++)
		n += m->wide->older[c];
	return n;
}

void learned_marks_add(const struct learned_marks *m, struct learned_set *into)
{
	if (m->wide)
		learned_set_join(into, &m->wide->set);
	else
		into->w[0] |= m->low;
}

/* Of episodes that left the window only numbers are known: at least as many as the most
 * frequent member had. */
void learned_marks_add_older(
	const struct learned_marks *m, uint32_t into[LEARNED_CONTEXT_MAX])
{
	for (size_t c = 0; m->wide && c < LEARNED_CONTEXT_MAX; c++)
		if (m->wide->older[c] > into[c])
			into[c] = m->wide->older[c];
}

void learned_marks_join(struct learned_marks *into, const struct learned_marks *from)
{
	if (from->wide && widen(into))
		learned_marks_add_older(from, into->wide->older);
	if (into->wide)
		learned_marks_add(from, &into->wide->set);
	else
		into->low |= from->wide ? from->wide->set.w[0] : from->low;
}

int learned_marks_take(struct learned_marks *m, const struct learned_set *s,
	const uint32_t older[LEARNED_CONTEXT_MAX])
{
	bool narrow = true;

	for (size_t i = 1; i < LEARNED_WINDOW / 64; i++)
		narrow &= !s->w[i];
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		narrow &= !older[c];
	m->low = s->w[0];
	if (narrow)
		return 0;
	if (!widen(m))
		return -ENOMEM;
	m->wide->set = *s;
	memcpy(m->wide->older, older, sizeof m->wide->older);
	return 0;
}

/* ---- how much ---- */

static bool spread(struct learned_few *f)
{
	if (f->all)
		return true;
	f->all = calloc(1, sizeof *f->all);
	if (f->all)
		learned_few_add_to(f, f->all);
	return f->all;
}

/* The place of a bucket: its own, or a free one; LEARNED_FEW: there is none. */
static size_t place_of(const struct learned_few *f, unsigned bucket)
{
	size_t i = 0;

	while (i < LEARNED_FEW && f->n[i] && f->bucket[i] != bucket)
		i++;
	return i;
}

void learned_few_add(struct learned_few *f, uint64_t bytes)
{
	unsigned bucket = learned_volumes_bucket(bytes);
	size_t i = place_of(f, bucket);

	if (f->all || i == LEARNED_FEW || f->n[i] == UINT16_MAX) {
		if (spread(f))
			learned_volumes_add(f->all, bytes);
		return;
	}
	f->bucket[i] = (uint8_t)bucket;
	f->n[i]++;
}

void learned_few_add_to(const struct learned_few *f, struct learned_volumes *into)
{
	struct learned_volumes v = {0};

	if (f->all && f->all != into) {
		learned_volumes_join(into, f->all);
		return;
	}
	for (size_t i = 0; i < LEARNED_FEW && f->n[i]; i++)
		v.n[f->bucket[i]] = f->n[i];
	learned_volumes_join(into, &v);
}

uint64_t learned_few_at(const struct learned_few *f, unsigned percent)
{
	struct learned_volumes v = {0};

	learned_few_add_to(f, &v);
	return learned_volumes_at(&v, percent);
}

int learned_few_take(struct learned_few *f, const struct learned_volumes *v)
{
	size_t used = 0;

	for (size_t i = 0; i < LEARNED_VOLUMES; i++)
		used += v->n[i] > 0;
	if (f->all || used > LEARNED_FEW) {
		if (!spread(f))
			return -ENOMEM;
		*f->all = *v;
		return 0;
	}
	memset(f->n, 0, sizeof f->n);
	for (size_t i = 0, at = 0; i < LEARNED_VOLUMES; i++) {
		if (!v->n[i])
			continue;
		f->bucket[at] = (uint8_t)i;
		f->n[at++] = v->n[i];
	}
	return 0;
}

void learned_few_join(struct learned_few *into, const struct learned_few *from)
{
	struct learned_volumes v = {0};

	learned_few_add_to(into, &v);
	learned_few_add_to(from, &v);
	if (learned_few_take(into, &v))
		return; /* without memory it stays as it is */
}
