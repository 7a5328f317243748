// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: on populations that are known, the learner's numbers are what they say.
 * Kinds with probabilities of their own occur in episodes by chance; the share of what
 * was not seen is computed from the probabilities, and the estimate's mean must be near
 * it, its bound above it in nearly nineteen of twenty cases. LEARNED_SEED,
 * LEARNED_ROUNDS. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "profiles/learned/learned.h"

#define ROUNDS 300
#define KINDS_MAX 60
#define BOUND_HOLDS 0.92 /* it is one of 95 %, within what chance does to ROUNDS */
#define T0 (1700000000 * NS_PER_SEC)

static uint64_t random_state = 0x9e3779b97f4a7c15;

static double chance(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (double)(random_state * 0x2545f4914f6cdd1d >> 11) / (double)(1ULL << 53);
}

static const struct mac mac = {{2, 0, 0, 0, 0, 1}};

static unsigned one(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return 1;
}

static void occur(struct learned *l, size_t kind, unsigned episode)
{
	struct record r = {
		.device = mac,
		.first = T0 + episode * 3600 * NS_PER_SEC,
		.last = T0 + episode * 3600 * NS_PER_SEC + NS_PER_SEC,
		.direction = DIRECTION_FROM_DEVICE,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.peer = {.family = 4, .b = {203, 0, 113, 1}},
		.place = RECORD_INTERNET,
		.naming = RECORD_ANSWER,
		.packets = {5, 5},
		.bytes = {1000, 1000},
	};

	/* owners of their own: nothing is one */
	(void)str_print(r.name, sizeof r.name, "www.owner%zu.com", kind);
	if (learned_record(l, &r))
		abort();
}

struct population {
	const char *name;
	double p[KINDS_MAX];
	size_t count;
};

struct outcome {
	double predicted, actual;
	unsigned covered;
};

static void play(const struct population *pop, unsigned episodes, struct outcome *o)
{
	struct learned_config c = {.public_labels = one, .per_capture = true};
	bool seen[KINDS_MAX] = {0};
	double unseen = 0, all = 0;
	struct learned_device d;
	struct learned *l;

	if (learned_new(&c, &l))
		abort();
	for (unsigned e = 0; e < episodes; e++) {
		for (size_t k = 0; k < pop->count; k++) {
			if (chance() >= pop->p[k])
				continue;
			seen[k] = true;
			occur(l, k, e);
		}
		learned_capture(l);
	}
	for (size_t k = 0; k < pop->count; k++) {
		all += pop->p[k];
		unseen += seen[k] ? 0 : pop->p[k];
	}
	learned_device_at(l, 0, &d);
	o->predicted += d.all.share;
	o->actual += unseen / all;
	o->covered += unseen / all <= d.all.bound;
	learned_free(l);
}

static int judge(const struct population *pop, unsigned episodes, unsigned rounds)
{
	struct outcome o = {0};

	for (unsigned i = 0; i < rounds; i++)
		play(pop, episodes, &o);
	double off = (o.predicted - o.actual) / rounds;
	double tolerance = 0.01 + 0.05 * o.actual / rounds;
	double covered = (double)o.covered / rounds;
	printf("%-10s %2u episodes: predicted %5.2f %%, is %5.2f %%, bound holds in "
	       "%5.1f "
	       "%%\n",
		pop->name, episodes, 100 * o.predicted / rounds,
		100 * o.actual / rounds, 100 * covered);
	if (off > tolerance || off < -tolerance || covered < BOUND_HOLDS) {
		printf("that is too far off, or the bound is none\n");
		return 1;
	}
	return 0;
}

/* All are frequent; half is rare; the rarer the more there are of it. */
static void make(struct population *pop, int which)
{
	static const char *const names[] = {"steady", "two-faced", "zipf"};

	pop->name = names[which];
	pop->count = which ? KINDS_MAX : 12;
	for (size_t i = 0; i < pop->count; i++) {
		if (which == 0)
			pop->p[i] = 0.5 + 0.04 * (double)i;
		else if (which == 1)
			pop->p[i] = i < 20 ? 0.9 : 0.05;
		else
			pop->p[i] = 1 / (double)(i + 1);
	}
}

int main(void)
{
	static const unsigned episodes[] = {5, 8, 10, 15, 30};
	const char *seed = getenv("LEARNED_SEED"), *rounds = getenv("LEARNED_ROUNDS");
	struct population pop;
	int failed = 0;

	if (seed)
		random_state = strtoull(seed, NULL, 0) | 1;
	for (int which = 0; which < 3; which++) {
		make(&pop, which);
		for (size_t i = 0; i < sizeof episodes / sizeof *episodes; i++)
			failed |= judge(&pop, episodes[i],
				rounds ? (unsigned)strtoul(rounds, NULL, 0) : ROUNDS);
	}
	return failed;
}
