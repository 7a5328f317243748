// SPDX-License-Identifier: GPL-2.0-or-later
/* estimate - how much was not seen, from how often what was seen was. Incidence data:
 * the sampling unit is the episode (Chao and Jost 2012; Chao 1987). */
#include "profiles/learned/learned_priv.h"

/* Three words. A single kind of twenty in each hundredth episode is 0.05 %. */
#define CLOSED_SHARE 0.005
#define CLOSED_BOUND 0.05
#define SETTLED_SHARE 0.05
#define SETTLED_BOUND 0.15

static double at_most_one(double v)
{
	return v > 1 ? 1 : v;
}

/* Newton's, so that a router needs no libm for it. */
static double square_root(double v)
{
	double r = v > 1 ? v : 1;

	for (int i = 0; i < 60; i++)
		r = (r + v / r) / 2;
	return r;
}

/* Good and Turing, with the correction of Chao and Jost for what was seen twice. Where
 * nothing was, theirs makes nothing of a single singleton; each of them is worth what
 * leaving its episode out says it is. */
double learned_estimate_share(const struct incidence *i)
{
	double t1 = (double)i->units - 1, q1 = i->once, q2 = i->twice;

	if (i->units < 2 || !i->sum || !i->once)
		return 0;
	double part = q2 > 0 ? t1 * q1 / (t1 * q1 + 2 * q2) : t1 / i->units;
	return at_most_one(q1 / (double)i->sum * part);
}

double learned_estimate_richness(const struct incidence *i)
{
	double q1 = i->once, q2 = i->twice;

	if (!i->units)
		return 0;
	double part = ((double)i->units - 1) / i->units;
	return i->kinds + part * (q2 > 0 ? q1 * q1 / (2 * q2) : q1 * (q1 - 1) / 2);
}

/* One-sided 95 % lower limit of a share (Wilson 1927). */
double learned_estimate_wilson95(uint32_t k, uint32_t n)
{
	const double z = 1.6449, zz = z * z;
	double p, half;

	if (!n)
		return 0;
	p = (double)k / n;
	half = z * square_root(p * (1 - p) / n + zz / (4.0 * n * n));
	p = (p + zz / (2.0 * n) - half) / (1 + zz / n);
	return p > 0 ? p : 0;
}

/* One-sided 95 % upper limit of a Poisson mean: the table is exact to 1e-3 (Garwood
 * 1936), beyond it the approximation of Wilson and Hilferty is. */
double learned_estimate_poisson95(uint32_t count)
{
	static const double table[] = {2.996, 4.744, 6.296, 7.754, 9.154, 10.513,
		11.842, 13.148, 14.435, 15.705, 16.962};
	double n = (double)count + 1, part;

	if (count < sizeof table / sizeof *table)
		return table[count];
	part = 1 - 1 / (9 * n) + 1.6449 / (3 * square_root(n));
	return n * part * part * part;
}

/* Surprises come by episode, several kinds at once: so the number of episodes that had
 * one (each with a kind that no other has) is what is bounded, and each brings as many
 * kinds as those did. Without any it is the rule of three, one kind at a time. */
double learned_estimate_bound(const struct incidence *i)
{
	if (i->units < 2 || !i->sum)
		return 1;
	double kinds = i->once_units ? (double)i->once / i->once_units : 1;
	double most = learned_estimate_poisson95(i->once_units);

	return at_most_one(most * kinds / (double)i->sum);
}

/* Weights of the hypergeometric distribution, each from the one before; only their
 * ratio counts, so they are scaled when they become large. */
double learned_estimate_chance(
	uint32_t once, uint32_t units, uint32_t more, uint32_t others)
{
	uint32_t k = once + more;
	uint32_t lo = k > units ? k - units : 0, hi = k < others ? k : others;
	double weight = 1, all = 0, tail = 0;

	for (uint32_t x = lo;; x++) {
		all += weight;
		tail += x >= more ? weight : 0;
		if (x >= hi)
			break;
		weight *= (double)(k - x) * (others - x) /
			  ((double)(x + 1) * (units - k + x + 1));
		if (all > 1e100) {
			all *= 1e-100;
			tail *= 1e-100;
			weight *= 1e-100;
		}
	}
	return tail / all;
}

/* Coupon collector: bits - filled are still empty. */
uint32_t learned_estimate_distinct(uint32_t filled)
{
	double sum = 0;

	for (uint32_t empty = LEARNED_WINDOW; empty > LEARNED_WINDOW - filled; empty--)
		sum += (double)LEARNED_WINDOW / empty;
	return (uint32_t)(sum + 0.5);
}

static enum learned_state state_of(const struct learned_unseen *u)
{
	if (u->episodes < LEARNED_EPISODES_LEAST)
		return LEARNED_UNKNOWN;
	if (!u->singletons && u->share <= CLOSED_SHARE && u->bound <= CLOSED_BOUND)
		return LEARNED_CLOSED;
	if (u->share <= SETTLED_SHARE && u->bound <= SETTLED_BOUND)
		return LEARNED_SETTLED;
	return LEARNED_LEARNING;
}

enum learned_state learned_estimate_daily(uint32_t sittings, double share)
{
	if (sittings < 2 || share > SETTLED_SHARE)
		return LEARNED_LEARNING;
	return share > CLOSED_SHARE ? LEARNED_SETTLED : LEARNED_CLOSED;
}

void learned_estimate(const struct incidence *i, struct learned_unseen *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->episodes = i->units;
	ret->kinds = i->kinds;
	ret->singletons = i->once;
	ret->doubletons = i->twice;
	ret->bound = 1;
	ret->richness = learned_estimate_richness(i);
	if (i->units >= LEARNED_EPISODES_LEAST) {
		ret->share = learned_estimate_share(i);
		ret->bound = learned_estimate_bound(i);
		if (ret->bound < ret->share)
			ret->bound = ret->share;
	}
	ret->state = state_of(ret);
}
