// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* clock - the kernel's clocks, a clock for tests, and RFC 3339 text. */
#include "base/clock.h"

#include <time.h>
#include "base/str.h"

static nstime clock_read(clockid_t id)
{
	struct timespec t;

	/* cannot fail for these two clocks and a valid pointer */
	clock_gettime(id, &t);
	return (nstime)t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static nstime system_mono(void *ctx)
{
	(void)ctx;
	return clock_read(CLOCK_MONOTONIC);
}

static nstime system_wall(void *ctx)
{
	(void)ctx;
	return clock_read(CLOCK_REALTIME);
}

const struct clock *clock_system(void)
{
	static const struct clock kernel = {.mono = system_mono, .wall = system_wall};
	return &kernel;
}

static nstime virtual_now(void *ctx)
{
	const struct clock_virtual *v = ctx;
	return v->now;
}

void clock_virtual_init(struct clock_virtual *v, nstime start)
{
	v->clock = (struct clock){.mono = virtual_now, .wall = virtual_now, .ctx = v};
	v->now = start;
}

void clock_virtual_set(struct clock_virtual *v, nstime now)
{
	if (now > v->now) /* mono never goes back */
		v->now = now;
}

char *clock_format(nstime wall, char buf[CLOCK_TEXT_MAX])
{
	nstime rest = wall % NS_PER_SEC;
	time_t sec = (time_t)(wall / NS_PER_SEC);
	struct tm tm;
	char day[CLOCK_TEXT_MAX];

	if (rest < 0) {
		rest += NS_PER_SEC;
		sec--;
	}
	int ms = (int)(rest / NS_PER_MS);
	if (!gmtime_r(&sec, &tm) ||
		!strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm) ||
		str_print(buf, CLOCK_TEXT_MAX, "%s.%03dZ", day, ms))
		str_copy(buf, CLOCK_TEXT_MAX, "invalid time");
	return buf;
}
