// SPDX-License-Identifier: GPL-2.0-or-later
/* decide - the owner's word. */
#include "profiles/maintain/maintain_priv.h"

#include <errno.h>
#include <string.h>

/* It waits, or was answered by him or for him. */
static bool is_answerable(const struct item *i)
{
	switch (i->pub.status) {
	case MAINTAIN_PROPOSED:
	case MAINTAIN_REJECTED:
	case MAINTAIN_ACTIVE:
	case MAINTAIN_DORMANT:
		return true;
	case MAINTAIN_GONE:
	case MAINTAIN_STATUS_MAX:
		break;
	}
	return false;
}

int maintain_accept(struct maintain *m, uint32_t item, nstime now)
{
	struct item *i = maintain_find_id(m, item);

	if (!i || !is_answerable(i))
		return -ENOENT;
	maintain_time(m, now);
	if (!maintain_in_force(i))
		maintain_week(m)->accepted++;
	maintain_enforce(m, i, m->wall, false);
	return 0;
}

/* The refusals that are kept have their own bound: an old no is asked again. */
static void bound_refusals(struct maintain *m, const struct item *but)
{
	struct item *old = NULL;
	uint32_t count = 0;

	for (uint32_t n = 0; n < m->count; n++) {
		struct item *i = m->items[n];

		if (i->pub.status != MAINTAIN_REJECTED)
			continue;
		count++;
		if (i != but && (!old || i->seen < old->seen))
			old = i;
	}
	if (count <= MAINTAIN_REFUSALS_MAX || !old)
		return;
	maintain_version_forget(m, old->pub.id);
	maintain_drop(m, old);
}

int maintain_reject(struct maintain *m, uint32_t item, nstime now)
{
	struct item *i = maintain_find_id(m, item);

	if (!i || !is_answerable(i))
		return -ENOENT;
	maintain_time(m, now);
	if (i->pub.status != MAINTAIN_REJECTED)
		maintain_week(m)->rejected++;
	i->pub.status = MAINTAIN_REJECTED;
	i->pub.automatic = false;
	i->pub.answered = m->wall;
	i->blocked = 0;
	i->seen = m->age;
	bound_refusals(m, i);
	return 0;
}

static int answer_version(struct maintain *m, uint32_t number, nstime now,
	int (*answer)(struct maintain *m, uint32_t item, nstime now))
{
	int e = maintain_version_find(m, number) ? 0 : -ENOENT;

	for (uint32_t n = m->count; n && !e; n--) {
		const struct item *i;

		if (n > m->count) /* an old refusal went meanwhile */
			continue;
		i = m->items[n - 1];
		if (i->pub.status == MAINTAIN_PROPOSED && i->pub.version == number)
			e = answer(m, i->pub.id, now);
	}
	return e;
}

int maintain_accept_version(struct maintain *m, uint32_t number, nstime now)
{
	return answer_version(m, number, now, maintain_accept);
}

int maintain_reject_version(struct maintain *m, uint32_t number, nstime now)
{
	return answer_version(m, number, now, maintain_reject);
}
