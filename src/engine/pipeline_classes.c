// SPDX-License-Identifier: GPL-2.0-or-later
/* What the classes of RFC 8520 4 need from the owner: who a controller is, and whether a
 * device is what its MUD URL says when that rests on its own word. Asked only when an
 * answer would change something: who is asked too often says yes to everything. */
#include <string.h>
#include "base/str.h"
#include "engine/classes.h"
#include "engine/pipeline.h"
#include "profiles/mud/mud.h"

#define ASKED_AT_ONCE 16 /* classes of one profile; the UNSW files have up to 2 */

static void ask_controller(struct pipeline *p, const struct device *d,
	const struct peer *class)
{
	struct decision q = {.kind = DECISION_CONTROLLER};

	if (class->kind == PEER_MY_CONTROLLER) {
		q.kind = DECISION_MY_CONTROLLER;
		q.device = d->id;
		(void)str_print(q.text, sizeof(q.text),
			"Which device controls %s? Until you say so they may not talk.",
			d->name);
	} else {
		str_copy(q.subject, sizeof(q.subject), class->name);
		(void)str_print(q.text, sizeof(q.text),
			"%s wants to talk with controllers of class %s. Which device is "
			"one?",
			d->name, class->name);
	}
	(void)pipeline_ask(p, &q);
}

static void ask_identity(struct pipeline *p, const struct device *d)
{
	struct decision q = {.kind = DECISION_IDENTITY, .device = d->id};

	if (device_is_proven(d))
		return;
	str_copy(q.subject, sizeof(q.subject), d->mud_url);
	(void)str_print(q.text, sizeof(q.text),
		"Is %s really the device that %s describes? Only its own word says so, and "
		"other devices would be open to it.",
		d->name, d->mud_url);
	(void)pipeline_ask(p, &q);
}

static bool same_maker(const struct device *a, const struct device *b)
{
	char x[LIMIT_NAME], y[LIMIT_NAME];

	return mud_url_authority(a->mud_url, x) == 0 &&
	       mud_url_authority(b->mud_url, y) == 0 && strcmp(x, y) == 0;
}

static bool made_by(const struct device *d, const char *authority)
{
	char own[LIMIT_NAME];

	return mud_url_authority(d->mud_url, own) == 0 && strcmp(own, authority) == 0;
}

/* A rule of holder would mean other, if it is what it says. */
static bool means(const struct household_device *hd, const struct device *holder,
	const struct device *other)
{
	for (uint32_t i = 0; i < hd->policy.count; i++) {
		const struct rule *r = &hd->policy.rules[i];

		if (!rule_in_force(r))
			continue;
		if ((r->peer.kind == PEER_SAME_MANUFACTURER && same_maker(holder, other)) ||
			(r->peer.kind == PEER_MANUFACTURER && made_by(other, r->peer.name)) ||
			(r->peer.kind == PEER_MODEL &&
				strcmp(r->peer.name, other->mud_url) == 0))
			return true;
	}
	return false;
}

static void ask_pair(struct pipeline *p, const struct device *holder,
	const struct device *other)
{
	const struct household_device *hd = household_device(&p->household, holder->id);

	if (!hd || !hd->pool || !other->mud_url[0] || !device_is_enforced(other) ||
		!means(hd, holder, other))
		return;
	ask_identity(p, other);
	if (policy_uses_peer(&hd->policy, PEER_SAME_MANUFACTURER) &&
		same_maker(holder, other))
		ask_identity(p, holder);
}

void pipeline_ask_classes(struct pipeline *p, const struct device *d)
{
	struct household_device *hd = household_device(&p->household, d->id);
	struct peer unmapped[ASKED_AT_ONCE];
	const struct device *other;
	size_t count;

	if (!hd || !hd->pool)
		return;
	count = classes_unmapped(p, hd, unmapped, ASKED_AT_ONCE);
	for (size_t i = 0; i < count; i++)
		ask_controller(p, d, &unmapped[i]);
	for (size_t i = 0; (other = inventory_at(p->inventory, i)); i++) {
		if (other == d)
			continue;
		ask_pair(p, d, other);
		ask_pair(p, other, d);
	}
}
