// SPDX-License-Identifier: GPL-2.0-or-later
/* deviation - how far a day of a device is from its own days before: by medians, which a bad
 * day or two do not move, and in words. Pure. It judges nothing and alarms nobody; it shows
 * where to look.
 *
 * Each measure is compared with the median of the days before, in units of their median
 * absolute deviation (times 1.4826: the standard deviation, were they normal), of which it
 * has a least: who did the same each day is not strange by doing it once more. Octets and
 * refusals are compared by their logarithm: twice as much is as far as half as much. */
#ifndef CARDEA_ENGINE_DEVIATION_H
#define CARDEA_ENGINE_DEVIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/limits.h"

/* Fewer days before it say nothing about a day. */
#define DEVIATION_DAYS_LEAST 5
#define DEVIATION_DAYS_MAX 40
/* So many deviations are nothing; from there on each is so many points, up to 100. */
#define DEVIATION_USUAL 3.0
#define DEVIATION_POINTS 10.0
/* What it did so often before, nearly so, is a habit and no deviation, however seldom: on
 * two of the days, and on one of ten: what comes each week, in its third week. */
#define DEVIATION_HABIT_DAYS 2
#define DEVIATION_HABIT_SHARE 10
#define DEVIATION_NEARLY 0.8
/* Less than usual is a silence: odd, but no harm was seen. */
#define DEVIATION_LESS_MOST 40

enum deviation_measure {
	DEVIATION_BYTES,   /* both ways */
	DEVIATION_PEERS,   /* different ones */
	DEVIATION_REFUSED, /* packets */
	DEVIATION_FRESH,   /* peers that it never met */
	DEVIATION_HOURS,   /* in which it did anything */
	DEVIATION_MEASURES,
};

struct deviation_day {
	uint32_t day; /* since 1970 */
	double values[DEVIATION_MEASURES];
	/* Not all of it was seen: the gateway was off for a part, or it goes on. Such a day
	 * can have more than usual, not less, and says nothing about what is usual. */
	bool partial;
	bool missing; /* nothing was recorded in the house */
	bool absent;  /* the device was not seen: that says nothing about what is usual */
};

struct deviation_finding {
	enum deviation_measure measure;
	bool more; /* than usual, not less */
	unsigned score; /* 1 to 100 */
	const char *what;	     /* "more data than usual" */
	char was[LIMIT_LABEL];	     /* "4.1 GB" */
	char usual[LIMIT_LABEL * 2]; /* "2.0 MB, at most 3.1 MB in 12 days" */
};

struct deviation {
	int score; /* of the worst finding; 0: as usual; -1: it cannot be said */
	unsigned days; /* that it was compared with */
	struct deviation_finding findings[DEVIATION_MEASURES]; /* the worst first */
	size_t count;
};

/* The i-th of the days, in order of time, against those before it. */
void deviation_of(const struct deviation_day *days, size_t i, struct deviation *ret);
/* "bytes", ... */
const char *deviation_measure_name(enum deviation_measure m);

#endif
