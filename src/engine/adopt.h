// SPDX-License-Identifier: GPL-2.0-or-later
/* adopt - reads what the owner wants to put in force himself: strictly, since its words
 * come from whoever speaks the control API, and from devices before that. */
#ifndef CARDEA_ENGINE_ADOPT_H
#define CARDEA_ENGINE_ADOPT_H

#include "base/error.h"
#include "base/pool.h"
#include "model/adopted.h"
#include "model/device.h"

#define ADOPT_WATCHES_MAX 512 /* EXTENDED_WATCHES */
#define ADOPT_POOL_BYTES                                                               \
	((LIMIT_RULES + 2 * ADOPT_WATCHES_MAX) * sizeof(struct rule) + 65536)

/* What of another device's traffic arms a trigger. */
struct adopt_watch {
	struct peer whose; /* a MAC, or one address */
	struct rule rule;
};

struct adopt_rules {
	const struct rule *rules;
	size_t count;
	const struct adopt_watch *watches;
	size_t watch_count;
};

/* Rules as policy_prepare takes them, in pool, which has ADOPT_POOL_BYTES. d: whose the
 * profile must be; NULL: anybody's. CARDEA_EMALFORMED, CARDEA_ELIMIT, -ENOMEM; why says
 * what is wrong, and where. */
int adopt_read(const struct device *d, const struct adopted *a, struct pool *pool,
	struct adopt_rules *ret, char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;

#endif
