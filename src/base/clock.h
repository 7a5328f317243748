// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* clock - the only source of time; injected everywhere so that days of life cycle
 * run in seconds under test and a capture replays under its own clock. */
#ifndef CARDEA_BASE_CLOCK_H
#define CARDEA_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t nstime; /* nanoseconds */
#define NS_PER_SEC 1000000000LL
#define NS_PER_MS 1000000LL

struct clock {
	nstime (*mono)(void *ctx); /* never goes back */
	nstime (*wall)(void *ctx); /* since 1970, may jump */
	void *ctx;
};

/* The kernel's clocks. */
const struct clock *clock_system(void);

/* A clock that moves only when told to. Both readings start at start. */
struct clock_virtual {
	struct clock clock;
	nstime now;
};
void clock_virtual_init(struct clock_virtual *v, nstime start);
void clock_virtual_set(struct clock_virtual *v, nstime now);

static inline nstime clock_mono(const struct clock *c)
{
	return c->mono(c->ctx);
}
static inline nstime clock_wall(const struct clock *c)
{
	return c->wall(c->ctx);
}

/* "2026-11-21T20:01:02.345Z" (RFC 3339) into buf of CLOCK_TEXT_MAX; returns buf. */
#define CLOCK_TEXT_MAX 32
char *clock_format(nstime wall, char buf[CLOCK_TEXT_MAX]);

#endif
