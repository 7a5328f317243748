// SPDX-License-Identifier: GPL-2.0-or-later
/* Quarantine by the owner's hand, and what holds devices when the gateway starts. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

static bool is_reason(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < LIMIT_TEXT && str_is_clean_utf8(text, len);
}

/* It is there already: for another reason. */
static int change_reason(struct pipeline *p, struct device *d, const char *reason)
{
	char before[LIMIT_TEXT];
	int error;

	str_copy(before, sizeof(before), d->quarantine);
	str_copy(d->quarantine, sizeof(d->quarantine), reason);
	error = store_device_save(p->store, d);
	if (!error)
		error = advisories_owner_holds(p, d);
	if (!error)
		error = pipeline_life_owner_holds(p, d);
	if (!error)
		error = store_commit(p->store);
	if (error)
		str_copy(d->quarantine, sizeof(d->quarantine), before);
	return error;
}

int pipeline_quarantine(struct pipeline *p, struct device *d, const char *reason)
{
	const struct life_said said = {.steps = 2, .text = reason};

	if (reason && !is_reason(reason))
		return CARDEA_EMALFORMED;
	if (!reason && !d->hold)
		return 0;
	if (!reason)
		return pipeline_life(p, d, LIFE_OWNER_RELEASES, &said, NULL)
			       ? 0
			       : CARDEA_EREFUSED;
	if (pipeline_life(p, d, LIFE_OWNER_ISOLATES, &said, NULL))
		return 0;
	if (pipeline_life_of(p, d)->state == LIFE_QUARANTINED)
		return change_reason(p, d, reason);
	return CARDEA_EREFUSED;
}

/* Before anything is made of what the store has. */
void pipeline_quarantine_start(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		if (d->hold && household_hold(&p->household, d, pipeline_wall(p)))
			log_error("pipeline", "device %u: what holds it has no rules",
				d->id);
}
