// SPDX-License-Identifier: GPL-2.0-or-later
/* auto - what may be accepted without the owner: another name of an owner whose name he
 * approved, by the same port, answered by our resolver, and not more traffic than twice
 * what is known. All else waits. */
#include "profiles/maintain/maintain_priv.h"

#include <string.h>

/* The kind that it may be a variant of: of those by the same port the one with the
 * most traffic. What was accepted so itself vouches for nothing. */
static const struct item *model_of(
	const struct maintain *m, const struct learned_kind *k, const char *owner)
{
	const struct item *best = NULL;

	for (uint32_t n = 0; n < m->count; n++) {
		const struct item *i = m->items[n];
		const struct learned_kind *known = &i->pub.kind;
		const char *apex;

		if (i->pub.status != MAINTAIN_ACTIVE || i->pub.automatic ||
			known->place != RECORD_INTERNET || !known->name[0] ||
			known->direction != k->direction || known->proto != k->proto ||
			known->port_any || known->port != k->port)
			continue;
		apex = maintain_registrable(m, known->name);
		if (!apex || strcmp(apex, owner) != 0)
			continue;
		if (!best || known->bytes_p99 > best->pub.kind.bytes_p99)
			best = i;
	}
	return best;
}

/* Of an episode where the learner has one, else of this conversation. */
static bool is_within(const struct learned_kind *k, const struct learned_kind *known)
{
	uint64_t bytes = k->bytes_p99;

	if (!bytes)
		bytes = k->bytes[0] + k->bytes[1];
	return bytes / MAINTAIN_VOLUME_TIMES <= known->bytes_p99;
}

bool maintain_is_variant(const struct maintain *m, const struct learned_kind *k,
	enum record_naming naming, enum maintain_reason *ret_why)
{
	enum maintain_reason why = MAINTAIN_WHY_NEW;
	const struct item *known;
	const char *owner;

	if (k->place != RECORD_INTERNET || k->direction != DIRECTION_FROM_DEVICE ||
		k->port_any || !k->port)
		goto waits;
	why = MAINTAIN_WHY_NAMELESS;
	if (!k->name[0])
		goto waits;
	why = MAINTAIN_WHY_DOMAIN;
	owner = maintain_registrable(m, k->name);
	known = owner ? model_of(m, k, owner) : NULL;
	if (!known)
		goto waits;
	why = MAINTAIN_WHY_PROVENANCE;
	if (naming != RECORD_ANSWER)
		goto waits;
	why = MAINTAIN_WHY_VOLUME;
	if (!is_within(k, &known->pub.kind))
		goto waits;
	return true;
waits:
	*ret_why = why;
	return false;
}
