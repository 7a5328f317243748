// SPDX-License-Identifier: GPL-2.0-or-later
/* Who a device is, by somebody who knows more than the LAN: the owner, a code on its
 * case, a certificate. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/pipeline.h"

int pipeline_identity(struct pipeline *p, const struct identity *i, struct device **ret)
{
	struct message_seen_dhcp m = {.mac = i->mac};
	struct inventory_result r;
	int error = 0;

	if (!pipeline_is_device_mac(p, &i->mac))
		return CARDEA_EMALFORMED;
	str_copy(m.mud_url, sizeof(m.mud_url), i->mud_url);
	r = inventory_see_dhcp(p->inventory, &m, pipeline_wall(p));
	if (!r.device)
		return CARDEA_ELIMIT;
	if (i->name[0])
		error = inventory_rename(p->inventory, r.device, i->name);
	if (r.changes & INVENTORY_MUD_URL) {
		r.device->url_source = i->source;
		str_copy(r.device->mud_signer, sizeof(r.device->mud_signer),
			i->mud_signer);
		pipeline_consider(p, r.device);
	}
	pipeline_save_device(p, r.device);
	*ret = r.device;
	return error;
}
