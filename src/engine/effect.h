// SPDX-License-Identifier: GPL-2.0-or-later
/* effect - what another policy would make of what a device did: the sums that were recorded
 * are judged by the same evaluator as packets are.
 *
 * A sum is no packet. It has no port of the client, no code of ICMP and no order in time:
 * where the verdict turns on one of these, the answer is "cannot be told", and counted so.
 * Of a name it has the last address alone, and of an address the last name. */
#ifndef CARDEA_ENGINE_EFFECT_H
#define CARDEA_ENGINE_EFFECT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "engine/household.h"
#include "model/device.h"
#include "policy/policy.h"
#include "store/store.h"

struct pipeline;

/* By whose policy; all of it outlives the judgements. */
struct effect_bench {
	const struct policy_env *env;
	const struct device *device;
	const struct household_device *hd; /* its names and classes at wall; NULL: none */
	nstime wall;
	const struct policy *policy; /* NULL: nothing is enforced, all passes */
};

struct effect_verdict {
	bool allowed;
	bool unsure; /* see above */
	const struct rule *rule; /* that decided; or NULL */
};

/* The policy that is in force for the device now. */
struct effect_bench effect_now(struct pipeline *p, const struct device *d);
void effect_judge(const struct effect_bench *b, const struct store_peer *peer,
	struct effect_verdict *ret);

/* What was recorded, held against both policies. */
#define EFFECT_EXAMPLES 10
struct effect_example {
	struct store_peer peer;
	bool now, then; /* it passes */
	bool unsure;	/* then: cannot be told */
	uint64_t count;
	nstime last;
};
struct effect {
	nstime since;  /* of what was looked at; 0: nothing is recorded */
	bool enforced; /* something would be, then */
	uint64_t conversations; /* and refused packets: each counts */
	uint64_t would_block, would_allow, unchanged, unknown;
	struct effect_example examples[EFFECT_EXAMPLES]; /* those that matter most first */
	size_t example_count;
};
/* policy NULL: nothing is enforced. */
int effect_measure(struct pipeline *p, const struct device *d, uint32_t hours,
	const struct policy *now, const struct policy *then,
	struct effect *ret) CARDEA_MUSTCHECK;
/* "Of 1204 conversations since 21 Nov, 3 would be blocked ..." */
#define EFFECT_TEXT_MAX 768
char *effect_sentence(const struct effect *e, const struct device *d,
	char buf[EFFECT_TEXT_MAX]);
/* "tcp 443 to cloud.example" */
#define EFFECT_PEER_MAX (LIMIT_NAME + 64)
char *effect_peer(const struct store_peer *p, char buf[EFFECT_PEER_MAX]);

#endif
