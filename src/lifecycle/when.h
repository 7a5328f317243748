// SPDX-License-Identifier: GPL-2.0-or-later
/* when - times as they may come from a store, or out of a clock that was set: what is
 * reckoned with them never overflows. */
#ifndef CARDEA_LIFECYCLE_WHEN_H
#define CARDEA_LIFECYCLE_WHEN_H

#include <stdbool.h>
#include "base/clock.h"

/* No real time is later: Linux sets no clock beyond the year 2232, so that 30 years are
 * left for what is to come. */
#define WHEN_LEFT (30LL * 365 * 86400 * NS_PER_SEC)
#define WHEN_MOST (INT64_MAX - WHEN_LEFT)

static inline bool when_is_real(nstime t)
{
	return t >= 0 && t <= WHEN_MOST;
}

/* The clock was set; what would be before 1970 is least. */
static inline nstime when_shifted(nstime t, nstime jump, nstime least)
{
	nstime r;

	if (__builtin_add_overflow(t, jump, &r))
		r = jump < 0 ? least : WHEN_MOST;
	return r < least ? least : r > WHEN_MOST ? WHEN_MOST : r;
}

/* The clock was set. What was said by it, from then until then, moves by as much; what an
 * earlier run said, by a clock that was right, only by as long as nobody ran. */
struct when_jump {
	nstime from, until, by;
	nstime other;
};

static inline nstime when_moves_by(nstime said, const struct when_jump *j)
{
	return said >= j->from && said <= j->until ? j->by : j->other;
}

static inline nstime when_moved(nstime t, const struct when_jump *j, nstime least)
{
	return when_shifted(t, when_moves_by(t, j), least);
}

#endif
