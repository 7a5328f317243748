// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that are held: how far, and where they may fetch what repairs them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "engine/household_priv.h"

/* The policy follows, or nothing changes but what the caller puts back. */
static int follow(struct household_device *hd)
{
	if (hd->hold || hd->file || hd->grant.pool)
		return household_remake(hd);
	household_drop_policy(hd);
	return 0;
}

int household_hold(struct household *h, struct device *d, nstime wall)
{
	struct household_device *hd = household_device(h, d->id);
	enum device_hold was;
	int error;

	if (!hd)
		return CARDEA_ELIMIT;
	was = hd->hold;
	if (d->hold == was)
		return 0;
	if (!was && h->holding)
		h->holding(h->hold_ctx, d, hd);
	hd->hold = d->hold;
	error = follow(hd);
	if (error) {
		hd->hold = was;
		return error;
	}
	d->state = household_state(d, hd);
	household_update(h, d, hd->hold != HOLD_NONE, wall);
	return 0;
}

int household_updates(struct household *h, const struct device *d,
	const struct update_host *list, size_t count, nstime wall)
{
	struct household_device *hd = household_device(h, d->id);
	struct update_host *own = NULL, *before;
	size_t count_before;
	int error = 0;

	if (!hd || count > LIMIT_UPDATE_HOSTS)
		return CARDEA_ELIMIT;
	if (count) {
		own = malloc(count * sizeof(*own));
		if (!own)
			return -ENOMEM;
		memcpy(own, list, count * sizeof(*own));
	}
	before = hd->updates;
	count_before = hd->update_count;
	hd->updates = own;
	hd->update_count = count;
	if (hd->hold)
		error = follow(hd);
	if (error) {
		hd->updates = before;
		hd->update_count = count_before;
		free(own);
		return error;
	}
	free(before);
	if (hd->hold)
		household_update(h, d, false, wall);
	return 0;
}

int household_hold_layers(const struct household_device *hd, struct pool *pool,
	struct policy_layer *layers, size_t *count)
{
	struct policy_held held = {
		.hold = hd->hold,
		.hosts = hd->updates,
		.host_count = hd->bare ? 0 : hd->update_count,
		.has_profile = !hd->bare && (hd->file || hd->grant.pool),
		.layers = layers,
		.layer_count = *count,
	};
	size_t more = 0;
	int error = policy_hold_layers(pool, &held, &layers[*count], &more);

	if (!error)
		*count += more;
	return error;
}

void household_portal(struct household *h, const uint16_t ports[POLICY_PORTALS],
	const struct device *(*at)(void *, size_t), void *ctx, nstime wall)
{
	const struct device *d;

	if (memcmp(h->portal, ports, sizeof(h->portal)) == 0)
		return;
	memcpy(h->portal, ports, sizeof(h->portal));
	for (size_t i = 0; (d = at(ctx, i)); i++) {
		struct household_device *hd = household_device(h, d->id);

		if (!hd || !hd->pool)
			continue;
		if (household_remake(hd))
			log_error("household", "device %u: the portal stays closed to it",
				d->id);
		household_update(h, d, false, wall);
	}
}
