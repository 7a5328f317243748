// SPDX-License-Identifier: GPL-2.0-or-later
/* week - counters by the week of the wall clock: the numbers of the home-week report. */
#include "profiles/maintain/maintain_priv.h"

#include <string.h>

/* 1970-01-01 was a Thursday. */
#define THURSDAY 3

nstime maintain_week_of(nstime wall)
{
	int64_t day = wall < 0 ? 0 : wall / MAINTAIN_DAY;
	int64_t monday = day - (day + THURSDAY) % 7;

	return (monday < 0 ? 0 : monday) * MAINTAIN_DAY;
}

/* A clock that is set makes a week of its own; it goes like all others. */
struct maintain_week *maintain_week(struct maintain *m)
{
	nstime since = maintain_week_of(m->wall);
	struct maintain_week w = {.since = since};
	uint32_t n = 0;

	while (n < m->week_count && m->weeks[n].since != since)
		n++;
	if (n + 1 == m->week_count)
		return &m->weeks[n];
	if (n < m->week_count)
		w = m->weeks[n]; /* back in it: it is the latest again */
	else if (m->week_count == MAINTAIN_WEEKS)
		n = 0;
	else
		m->week_count++;
	memmove(&m->weeks[n], &m->weeks[n + 1],
		(m->week_count - n - 1) * sizeof(*m->weeks));
	m->weeks[m->week_count - 1] = w;
	return &m->weeks[m->week_count - 1];
}

size_t maintain_week_count(const struct maintain *m)
{
	return m->week_count;
}

void maintain_week_at(const struct maintain *m, size_t i, struct maintain_week *ret)
{
	*ret = m->weeks[i];
}
