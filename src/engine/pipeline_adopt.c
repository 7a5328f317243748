// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles that the owner puts in force himself: what was learned and he approved, or
 * what he brings. The text lies in the store and is read anew when we start; a maker's
 * file that comes, goes or changes takes nothing of it away. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/adopt.h"
#include "engine/pipeline.h"

/* anew: it must be this device's own; later its addresses may be others. */
static int put(struct pipeline *p, struct device *d, const struct adopted *a, bool anew,
	char why[LIMIT_TEXT])
{
	struct household_grant g = {.layer = a->layer, .form = a->form, .when = a->when};
	struct adopt_rules rules;
	int error;

	g.pool = pool_new("adopted", ADOPT_POOL_BYTES);
	if (!g.pool) {
		str_copy(why, LIMIT_TEXT, error_text(-ENOMEM));
		return -ENOMEM;
	}
	error = adopt_read(anew ? d : NULL, a, g.pool, &rules, why);
	if (!error) {
		g.rules = rules.rules;
		g.count = rules.count;
		g.watches = rules.watches;
		g.watch_count = rules.watch_count;
		error = household_grant(&p->household, d, &g, pipeline_wall(p));
		if (error)
			(void)str_print(why, LIMIT_TEXT,
				"with all that is said of %.60s it cannot be put in force: "
				"%s (at most %d rules together)",
				d->name, error_text(error), LIMIT_RULES);
	}
	if (error)
		pool_free(g.pool);
	return error;
}

static int load(void *ctx, device_id id, const struct adopted *a)
{
	struct pipeline *p = ctx;
	struct device *d = inventory_by_id(p->inventory, id);
	char why[LIMIT_TEXT];

	if (d && put(p, d, a, false, why)) {
		log_error("pipeline", "the profile that you put in force for %s is not: %s",
			d->name, why);
		(void)str_print(d->problem, sizeof(d->problem),
			"the profile that you put in force is not: %.180s", why);
	}
	return 0;
}

/* What a failed change left behind goes, and what was there before it comes back. */
static void as_stored(struct pipeline *p, struct device *d)
{
	(void)!household_grant(&p->household, d, NULL, pipeline_wall(p));
	(void)!store_adopted_of(p->store, d->id, load, p);
}

static void followed(struct pipeline *p, struct device *d)
{
	classes_changed(&p->classes, true);
	pipeline_dns_follow(p, d);
	pipeline_save_device(p, d);
	if (store_commit(p->store))
		log_error("pipeline", "what you put in force for %s was not stored", d->name);
}

static void say_adopted(struct pipeline *p, const struct device *d,
	const struct adopted *a)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	unsigned idle = 0;

	for (size_t i = 0; i < hd->grant.count; i++)
		idle += hd->grant.rules[i].status == RULE_NOT_YET ||
			hd->grant.rules[i].status == RULE_UNENFORCEABLE;
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_ADOPTED,
		"You put a profile in force for %s, %s: %zu rules, of which %u are not "
		"enforced (`cardea policy show`).",
		d->name, a->layer == LAYER_LEARNED ? "as it was learned" : "your own",
		hd->grant.count, idle);
}

int pipeline_adopt(struct pipeline *p, struct device *d, const struct adopted *a,
	char why[LIMIT_TEXT])
{
	struct adopted now = *a;
	int error;

	if (!now.when)
		now.when = pipeline_wall(p);
	error = put(p, d, &now, true, why);
	if (error)
		return error;
	pipeline_save_device(p, d); /* it refers to the device */
	error = store_adopted_save(p->store, d->id, &now);
	if (error) {
		(void)str_print(why, LIMIT_TEXT, "it was not stored: %s", error_text(error));
		as_stored(p, d);
		return error;
	}
	d->problem[0] = 0;
	followed(p, d);
	pipeline_ask_classes(p, d);
	pipeline_overlays_weigh(p, d);
	say_adopted(p, d, &now);
	return 0;
}

int pipeline_abandon(struct pipeline *p, struct device *d)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	int error;

	if (!hd || !hd->grant.pool)
		return -ENOENT;
	error = store_adopted_remove(p->store, d->id);
	if (error && error != -ENOENT)
		return error;
	error = household_grant(&p->household, d, NULL, pipeline_wall(p));
	if (error)
		return error;
	followed(p, d);
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_ADOPTED,
		"The profile that you put in force for %s is so no longer; it is %s.",
		d->name, device_state_name(d->state));
	return 0;
}

/* ---- what is in force, after a restart and for who asks ---- */

int pipeline_adopted_open(struct pipeline *p)
{
	return store_adopted(p->store, load, p);
}

void pipeline_adopted_forget(struct pipeline *p)
{
	free(p->adopted_text);
	p->adopted_text = NULL;
}

static int keep(void *ctx, device_id id, const struct adopted *a)
{
	struct pipeline *p = ctx;
	char *text = malloc(a->text_len + a->binding_len);

	(void)id;
	if (!text)
		return -ENOMEM;
	memcpy(text, a->text, a->text_len);
	if (a->binding_len)
		memcpy(text + a->text_len, a->binding, a->binding_len);
	p->adopted_text = text;
	p->adopted = *a;
	p->adopted.text = text;
	p->adopted.binding = a->binding_len ? text + a->text_len : NULL;
	return 0;
}

const struct adopted *pipeline_adopted(struct pipeline *p, const struct device *d)
{
	const struct household_device *hd = household_device(&p->household, d->id);

	pipeline_adopted_forget(p);
	if (!hd || !hd->grant.pool || store_adopted_of(p->store, d->id, keep, p))
		return NULL;
	return p->adopted_text ? &p->adopted : NULL;
}
