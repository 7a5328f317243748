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

static char *put_digits(char *to, unsigned v, unsigned count, char mark)
{
	for (unsigned i = count; i--; v /= 10)
		to[i] = (char)('0' + v % 10);
	to[count] = mark;
	return to + count + 1;
}

/* Reports have very many times, and strftime is slow for one. */
char *clock_format(nstime wall, char buf[CLOCK_TEXT_MAX])
{
	nstime rest = wall % NS_PER_SEC;
	time_t sec = (time_t)(wall / NS_PER_SEC);
	char *to = buf;
	struct tm tm;

	if (rest < 0) {
		rest += NS_PER_SEC;
		sec--;
	}
	if (!gmtime_r(&sec, &tm)) {
		str_copy(buf, CLOCK_TEXT_MAX, "invalid time");
		return buf;
	}
	/* 64 bits of nanoseconds reach from 1677 to 2262 */
	to = put_digits(to, (unsigned)tm.tm_year + 1900, 4, '-');
	to = put_digits(to, (unsigned)tm.tm_mon + 1, 2, '-');
	to = put_digits(to, (unsigned)tm.tm_mday, 2, 'T');
	to = put_digits(to, (unsigned)tm.tm_hour, 2, ':');
	to = put_digits(to, (unsigned)tm.tm_min, 2, ':');
	to = put_digits(to, (unsigned)tm.tm_sec, 2, '.');
	to = put_digits(to, (unsigned)(rest / NS_PER_MS), 3, 'Z');
	*to = 0;
	return buf;
}
