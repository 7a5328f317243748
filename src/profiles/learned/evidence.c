// SPDX-License-Identifier: GPL-2.0-or-later
/* evidence - in which episodes, how much, how often: counters of fixed size. */
#include "profiles/learned/learned_priv.h"

#include <stdlib.h>

/* A period needs as many gaps at least: three equal ones are a coincidence. */
#define GAPS_LEAST 4
/* ... of which so many of a hundred are equal. */
#define GAPS_EQUAL_PERCENT 75
#define GAP_TOLERANCE_MS 1000 /* or 1 %, what is more: timers of devices drift */
#define VOLUME_LEAST_BITS 6   /* 64 bytes: nothing is less than a packet */

bool learned_set_has(const struct learned_set *s, uint32_t bit)
{
	return s->w[bit / 64] >> bit % 64 & 1;
}

void learned_set_put(struct learned_set *s, uint32_t bit)
{
	s->w[bit / 64] |= 1ULL << bit % 64;
}

void learned_set_clear(struct learned_set *s, uint32_t bit)
{
	s->w[bit / 64] &= ~(1ULL << bit % 64);
}

void learned_set_join(struct learned_set *into, const struct learned_set *s)
{
	for (size_t i = 0; i < LEARNED_WINDOW / 64; i++)
		into->w[i] |= s->w[i];
}

void learned_set_common(struct learned_set *into, const struct learned_set *s)
{
	for (size_t i = 0; i < LEARNED_WINDOW / 64; i++)
		into->w[i] &= s->w[i];
}

/* Sums of pairs, of fours, of eights, of all: what compilers make of their own word for
 * it is a call, unless they may count on a newer processor. */
static uint32_t bits_of(uint64_t w)
{
	w -= w >> 1 & 0x5555555555555555;
	w = (w & 0x3333333333333333) + (w >> 2 & 0x3333333333333333);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return (uint32_t)(w * 0x0101010101010101 >> 56);
}

uint32_t learned_set_count(const struct learned_set *s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < LEARNED_WINDOW / 64; i++)
		n += bits_of(s->w[i]);
	return n;
}

static unsigned log2_of(uint64_t v)
{
	return v ? 63 - (unsigned)__builtin_clzll(v) : 0;
}

/* Two buckets an octave: the second begins at one and a half. */
unsigned learned_volumes_bucket(uint64_t bytes)
{
	unsigned bits = log2_of(bytes);

	if (bits < VOLUME_LEAST_BITS)
		return 0;
	unsigned i = 2 * (bits - VOLUME_LEAST_BITS) + (bytes >> (bits - 1) & 1);
	return i < LEARNED_VOLUMES ? i : LEARNED_VOLUMES - 1;
}

static uint64_t volume_end(unsigned bucket)
{
	uint64_t low = 1ULL << (bucket / 2 + VOLUME_LEAST_BITS);

	return bucket % 2 ? 2 * low : low + low / 2;
}

/* Full counters are halved: what is new counts more then. */
void learned_volumes_add(struct learned_volumes *v, uint64_t bytes)
{
	uint16_t *n = &v->n[learned_volumes_bucket(bytes)];

	if (*n == UINT16_MAX)
		for (size_t i = 0; i < LEARNED_VOLUMES; i++)
			v->n[i] /= 2;
	++*n;
}

void learned_volumes_join(struct learned_volumes *into, const struct learned_volumes *v)
{
	for (size_t i = 0; i < LEARNED_VOLUMES; i++) {
		uint32_t sum = (uint32_t)into->n[i] + v->n[i];

		into->n[i] = (uint16_t)(sum > UINT16_MAX ? UINT16_MAX : sum);
	}
}

uint64_t learned_volumes_at(const struct learned_volumes *v, unsigned percent)
{
	uint64_t all = 0, sum = 0;

	for (size_t i = 0; i < LEARNED_VOLUMES; i++)
		all += v->n[i];
	for (unsigned i = 0; i < LEARNED_VOLUMES; i++) {
		sum += v->n[i];
		if (v->n[i] && sum * 100 >= all * percent)
			return volume_end(i);
	}
	return 0;
}

void learned_gaps_add(struct learned_gaps *g, nstime gap)
{
	uint64_t ms = (uint64_t)(gap / NS_PER_MS);
	unsigned octave = log2_of(ms / 1000);

	if (octave >= LEARNED_GAP_OCTAVES)
		octave = LEARNED_GAP_OCTAVES - 1;
	g->ms[g->count++ % LEARNED_GAPS] = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
	if (g->octaves[octave] == UINT8_MAX)
		for (size_t i = 0; i < LEARNED_GAP_OCTAVES; i++)
			g->octaves[i] /= 2;
	g->octaves[octave]++;
}

/* A handful. */
static void sort_ms(uint32_t *ms, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		uint32_t v = ms[i], at = i;

		for (; at && ms[at - 1] > v; at--)
			ms[at] = ms[at - 1];
		ms[at] = v;
	}
}

/* At least half of all gaps that there ever were are about as long: what has been
 * regular for eight times may be so by chance, once in a long life. */
static bool is_usual(const struct learned_gaps *g, uint32_t ms)
{
	unsigned octave = log2_of(ms / 1000);
	uint64_t all = 0, near = 0;

	for (unsigned i = 0; i < LEARNED_GAP_OCTAVES; i++) {
		all += g->octaves[i];
		if (i + 1 >= octave && i <= octave + 1)
			near += g->octaves[i];
	}
	return near * 2 >= all;
}

nstime learned_gaps_period(const struct learned_gaps *g)
{
	uint32_t sorted[LEARNED_GAPS], median, tolerance;
	uint32_t n = g->count < LEARNED_GAPS ? g->count : LEARNED_GAPS, equal = 0;

	if (n < GAPS_LEAST)
		return 0;
	memcpy(sorted, g->ms, n * sizeof *sorted);
	sort_ms(sorted, n);
	median = sorted[n / 2];
	tolerance = median / 100 > GAP_TOLERANCE_MS ? median / 100 : GAP_TOLERANCE_MS;
	/* what comes every second or two is within the tolerance of anything */
	if (median < 4 * GAP_TOLERANCE_MS)
		tolerance = median / 4;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t off =
			sorted[i] > median ? sorted[i] - median : median - sorted[i];
		equal += off <= tolerance;
	}
	if (equal * 100 < n * GAPS_EQUAL_PERCENT || !is_usual(g, median))
		return 0;
	return (nstime)median * NS_PER_MS;
}
