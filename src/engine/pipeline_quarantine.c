// SPDX-License-Identifier: GPL-2.0-or-later
/* Quarantine by the owner's hand: what a device may still do is what its file keeps on
 * in quarantine, and the time and the names of this house from this gateway. */
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

static void note(struct pipeline *p, const struct device *d, bool was)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	bool updates = hd && hd->source && hd->source->profile.has_quarantine;

	if (d->quarantine[0] && !was)
		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_QUARANTINE,
			"%s is in quarantine: %s. It may %s.", d->name, d->quarantine,
			updates ? "only do what its profile keeps on for repair"
				: "only ask this gateway for the time and for the "
				  "names of this house");
	else if (!d->quarantine[0])
		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_QUARANTINE,
			"%s is out of quarantine; it is %s again.", d->name,
			device_state_name(d->state));
}

int pipeline_quarantine(struct pipeline *p, struct device *d, const char *reason)
{
	bool was = d->quarantine[0] != 0;
	char before[LIMIT_TEXT];
	int error;

	if (reason && !is_reason(reason))
		return CARDEA_EMALFORMED;
	if (!reason && !was)
		return 0;
	(void)prober_stop(p, d, PROBE_WHY_QUARANTINE);
	str_copy(before, sizeof(before), d->quarantine);
	str_copy(d->quarantine, sizeof(d->quarantine), reason ? reason : "");
	error = household_quarantine(&p->household, d, pipeline_wall(p));
	if (error) {
		str_copy(d->quarantine, sizeof(d->quarantine), before);
		return error;
	}
	pipeline_dns_follow(p, d);
	pipeline_save_device(p, d);
	if (store_commit(p->store))
		log_error("pipeline", "the quarantine of %s was not stored", d->name);
	note(p, d, was);
	if (!reason)
		pipeline_consider(p, d);
	return 0;
}

/* Before anything is made of what the store has. */
void pipeline_quarantine_start(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		if (d->quarantine[0] &&
			household_quarantine(&p->household, d, pipeline_wall(p)))
			log_error("pipeline", "device %u: its quarantine has no rules",
				d->id);
}
