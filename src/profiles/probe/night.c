// SPDX-License-Identifier: GPL-2.0-or-later
/* night - windows in local time, and which night it is. */
#include "profiles/probe/probe_priv.h"

#include <string.h>
#include "base/str.h"

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t local_seconds(const struct probe_time *now)
{
	return floor_div(now->wall, NS_PER_SEC) + now->offset;
}

/* From noon to noon: no window contains a noon, so that each lies in one night. */
int64_t probe_night(const struct probe_time *now)
{
	return floor_div(local_seconds(now) - NOON * 60, SECONDS_PER_DAY);
}

int64_t probe_window_left(const struct probe_window *w, const struct probe_time *now)
{
	int64_t local = local_seconds(now), since;

	since = local - floor_div(local, SECONDS_PER_DAY) * SECONDS_PER_DAY -
		w->start * 60;
	if (since < 0)
		since += SECONDS_PER_DAY;
	return since < w->length * 60 ? w->length * 60 - since : 0;
}

bool probe_window_is_sound(const struct probe_window *w)
{
	unsigned noon = w->start < NOON ? NOON : NOON + MINUTES_PER_DAY;

	return w->start < MINUTES_PER_DAY && w->length >= PROBE_WINDOW_MIN &&
	       w->length <= PROBE_WINDOW_MAX && (unsigned)w->start + w->length <= noon;
}

/* "02:00" of as many characters. */
static bool parse_minute(const char *text, int64_t *ret)
{
	char hour[3], minute[3];
	int64_t h, m;

	if (!str_copy_bytes(hour, sizeof hour, text, 2) || text[2] != ':' ||
		!str_copy_bytes(minute, sizeof minute, text + 3, 2) ||
		str_to_i64(hour, 0, 23, &h) || str_to_i64(minute, 0, 59, &m))
		return false;
	*ret = h * 60 + m;
	return true;
}

bool probe_window_parse(const char *text, struct probe_window *ret)
{
	struct probe_window w;
	int64_t from, to;

	if (strlen(text) != 11 || text[5] != '-' || !parse_minute(text, &from) ||
		!parse_minute(text + 6, &to))
		return false;
	w.start = (uint16_t)from;
	w.length = (uint16_t)((to - from + MINUTES_PER_DAY) % MINUTES_PER_DAY);
	if (!probe_window_is_sound(&w))
		return false;
	*ret = w;
	return true;
}

char *probe_window_text(const struct probe_window *w, char buf[PROBE_WINDOW_TEXT])
{
	unsigned end = (w->start + w->length) % MINUTES_PER_DAY;

	(void)str_print(buf, PROBE_WINDOW_TEXT, "%02u:%02u-%02u:%02u",
		w->start / 60 % 24, w->start % 60u, end / 60, end % 60);
	return buf;
}
