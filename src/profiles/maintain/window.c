// SPDX-License-Identifier: GPL-2.0-or-later
/* window - after an update: for some episodes or days what is new passes with an alert,
 * and what is known goes on. Bounded, and never twice in a row. */
#include "profiles/maintain/maintain_priv.h"

#include <string.h>

uint32_t maintain_window_version(const struct maintain *m)
{
	return m->open ? m->versions[m->version_count - 1].number : 0;
}

/* What passed as one that may be the update's is the update's. */
static void claim(struct maintain *m, uint32_t number)
{
	for (uint32_t n = 0; n < m->count; n++) {
		struct item *i = m->items[n];

		if (i->pub.status == MAINTAIN_PROPOSED && i->graced && !i->pub.version)
			i->pub.version = number;
	}
}

void maintain_update(struct maintain *m)
{
	struct version *v;

	if (m->open || (m->once && m->age - m->ended < MAINTAIN_WINDOW_REST))
		return;
	if (maintain_version_refresh(m))
		return; /* memory is short: the next one opens it */
	v = maintain_version_new(m);
	maintain_version_date(m, v);
	m->open = m->once = true;
	m->opened = m->age;
	m->opened_wall = m->wall;
	m->window_episodes = 0;
	claim(m, v->number);
	maintain_week(m)->windows++;
	maintain_week(m)->versions++;
	maintain_tell(m, MAINTAIN_WINDOW_OPENED, 0,
		"was updated: what is new passes with an alert, for %d episodes or %d "
		"days",
		MAINTAIN_WINDOW_EPISODES, (int)(MAINTAIN_WINDOW_TIME / MAINTAIN_DAY));
}

static uint32_t waiting_of(const struct maintain *m, uint32_t number)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->count; i++)
		n += m->items[i]->pub.status == MAINTAIN_PROPOSED &&
		     m->items[i]->ripe && m->items[i]->pub.version == number;
	return n;
}

static void close_window(struct maintain *m, enum maintain_event e, const char *why)
{
	struct version *v = &m->versions[m->version_count - 1];
	uint32_t waiting = waiting_of(m, v->number);

	m->open = false;
	m->ended = m->age;
	v->closed = true;
	maintain_tell(m, e, 0, "%s: %u new kind%s of its firmware \"%s\" wait%s for you",
		why, waiting, waiting == 1 ? "" : "s", v->label,
		waiting == 1 ? "s" : "");
}

void maintain_window_stop(struct maintain *m)
{
	if (m->open)
		close_window(m, MAINTAIN_WINDOW_STOPPED,
			"scans or worse, so that what is new is blocked again");
}

void maintain_window_tick(struct maintain *m, uint32_t episodes)
{
	if (!m->open)
		return;
	m->window_episodes += episodes;
	if (m->window_episodes >= MAINTAIN_WINDOW_EPISODES ||
		m->age - m->opened >= MAINTAIN_WINDOW_TIME)
		close_window(m, MAINTAIN_WINDOW_CLOSED,
			"has been watched after its update");
}

void maintain_window(const struct maintain *m, struct maintain_window *ret)
{
	*ret = (struct maintain_window){.open = m->open};
	if (!m->open)
		return;
	ret->version = maintain_window_version(m);
	ret->since = m->opened_wall;
	ret->until = m->wall + MAINTAIN_WINDOW_TIME - (m->age - m->opened);
	ret->episodes = m->window_episodes;
}
