// SPDX-License-Identifier: GPL-2.0-or-later
/* strip - the last day of every device at a glance: a mark and an amount an hour, and what
 * it asks. One look at the store for all of them. */
#ifndef CARDEA_ENGINE_API_STRIP_H
#define CARDEA_ENGINE_API_STRIP_H

#include <stddef.h>
#include <stdint.h>
#include "engine/pipeline.h"

#define STRIP_HOURS 24

struct strip {
	const struct device *device;
	enum life_state state;
	char marks[STRIP_HOURS + 1]; /* '.' not seen, 'a' as expected, 'l' learning or new,
				      * 'w' refused something or asks, 'q' held */
	char amounts[STRIP_HOURS + 1]; /* '0' none, '1' below 1 KiB, each next eight times */
	unsigned asks;		       /* open questions about it */
	unsigned odd;		       /* hours with 'w' */
	uint64_t bytes;		       /* both ways */
};

struct strips {
	nstime from; /* wall: of the first hour */
	struct strip *list; /* in order of the inventory, which must not change meanwhile */
	size_t count;
};

/* 0, -ENOMEM or an error of the store; ret wants strips_free. */
int strips_make(struct pipeline *p, struct strips *ret) CARDEA_MUSTCHECK;
void strips_free(struct strips *s);
/* What is unusual comes first. */
void strips_sort(struct strips *s);

#endif
