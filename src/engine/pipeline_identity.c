// SPDX-License-Identifier: GPL-2.0-or-later
/* Who a device is, by somebody who knows more than the LAN: the owner, a code on its
 * case, a certificate; and what a device says of itself. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/classes.h"
#include "engine/pipeline.h"

static bool names_another(const struct device *d, const struct identity *i)
{
	return d && i->mud_url[0] && d->mud_url[0] && strcmp(d->mud_url, i->mud_url) != 0;
}

bool pipeline_hears(const struct device *d, enum url_source source)
{
	return !d->hold || source > URL_SOURCE_DHCP;
}

/* LLDP and DHCP are both the device's own word. */
static bool same_voice(enum url_source a, enum url_source b)
{
	return a == b || (a <= URL_SOURCE_DHCP && b <= URL_SOURCE_DHCP);
}

/* What a certificate or the owner says replaces what was only said by DHCP, never the
 * other way; but while a file is in force, another one by the same word must be
 * acceptable first, unless the owner himself says so. */
static bool must_ask(const struct device *d, const struct identity *i)
{
	return names_another(d, i) && device_is_enforced(d) &&
	       i->source != URL_SOURCE_OWNER && same_voice(i->source, d->url_source);
}

static void say_identified(struct pipeline *p, const struct device *d)
{
	static const char *const by[URL_SOURCE_MAX] = {
		[URL_SOURCE_LLDP] = "LLDP",
		[URL_SOURCE_DHCP] = "DHCP",
		[URL_SOURCE_QR] = "the code on it",
		[URL_SOURCE_CERTIFICATE] = "its certificate",
		[URL_SOURCE_OWNER] = "you",
	};

	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_IDENTITY,
		"%s is what %s describes, by %s.", d->name, d->mud_url,
		by[d->url_source] ? by[d->url_source] : "nobody");
}

/* The file in force was another's: nothing of it holds for what the device is now. */
static void drop_policy(struct pipeline *p, struct device *d)
{
	struct household_device *hd = household_device(&p->household, d->id);

	if (hd)
		household_abandon(hd);
	if (d->state != DEVICE_QUARANTINED)
		d->state = hd && hd->pool ? DEVICE_PROTECTED : DEVICE_WATCHED;
	household_update(&p->household, d, true, pipeline_wall(p));
	classes_changed(&p->classes, true);
}

static int identify(struct pipeline *p, const struct identity *i, struct device **ret)
{
	nstime wall = pipeline_wall(p);
	struct inventory_result r;
	struct device *d = inventory_by_mac(p->inventory, &i->mac);
	bool another = names_another(d, i), ask = d && must_ask(d, i);
	int error = 0;

	if (!pipeline_is_device_mac(p, &i->mac) || i->source >= URL_SOURCE_MAX)
		return CARDEA_EMALFORMED;
	if (i->name[0])
		error = inventory_may_name(p->inventory, d, i->name);
	if (error)
		return error; /* and nothing has changed */
	if (ask) {
		*ret = d;
		pipeline_says_url(p, d, i->mud_url);
		pipeline_save_device(p, d);
		return 0;
	}
	pipeline_make_room(p, &i->mac);
	r = inventory_identify(
		p->inventory, &i->mac, i->source, i->mud_url, i->mud_signer, wall);
	if (!r.device)
		return CARDEA_ELIMIT;
	*ret = d = r.device;
	if (r.changes & INVENTORY_NEW_DEVICE)
		pipeline_joined(p, d);
	if (r.changes & INVENTORY_URL_DIFFERS)
		error = CARDEA_EREFUSED;
	else if (i->name[0])
		error = inventory_rename(p->inventory, d, i->name);
	if (r.changes & INVENTORY_MUD_URL) {
		if (another)
			drop_policy(p, d);
		say_identified(p, d);
		pipeline_consider(p, d);
	}
	classes_changed(&p->classes, false);
	pipeline_save_device(p, d);
	return error;
}

int pipeline_identity(struct pipeline *p, const struct identity *i, struct device **ret)
{
	const struct device *d = inventory_by_mac(p->inventory, &i->mac);
	struct identity heard = *i;

	if (d && !pipeline_hears(d, i->source))
		heard.mud_url[0] = 0;
	return identify(p, &heard, ret);
}

void pipeline_confirm(struct pipeline *p, struct device *d, bool confirmed)
{
	if (d->confirmed == confirmed)
		return;
	d->confirmed = confirmed;
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_IDENTITY,
		confirmed ? "You confirmed that %s is what its MUD file describes."
			  : "You took back that %s is what its MUD file describes.",
		d->name);
	classes_changed(&p->classes, !confirmed);
	pipeline_save_device(p, d);
}
