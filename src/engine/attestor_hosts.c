// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a held device may fetch from: what a manifest names is opened, and what comes
 * from there is known for it. */
#include "engine/attestor.h"

#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "engine/held.h"
#include "engine/pipeline.h"

static void each_host(struct attestor *a, struct device *d,
	const struct attestor_manifest *m, bool open)
{
	struct update_host h;
	int error;

	for (uint32_t i = 0; i < m->uri_count; i++) {
		if (!update_host_of_uri(m->uris[i], &h))
			continue;
		h.device = d->id;
		h.source = UPDATE_SUIT;
		h.since = pipeline_wall(a->pipeline);
		error = open ? pipeline_update_host_add(a->pipeline, d, &h)
			     : pipeline_update_host_remove(a->pipeline, d, &h);
		if (error && error != -EEXIST && error != -ENOENT)
			log_warn("attestor",
				"device %u: an update host of its manifest is not %s: %s",
				d->id, open ? "opened" : "closed", error_text(error));
	}
}

void attestor_open_hosts(struct attestor *a, struct device *d,
	const struct attestor_manifest *before, const struct attestor_manifest *m)
{
	each_host(a, d, before, false);
	each_host(a, d, m, true);
}

struct match {
	const struct record *record;
	bool found;
};

static int match_host(void *ctx, const char *sentence, const struct update_host *h)
{
	struct match *m = ctx;
	const struct record *r = m->record;

	(void)sentence;
	if (!h || (h->port && h->port != r->peer_port) || (h->proto && h->proto != r->proto))
		return 0;
	if (h->has_addr)
		m->found |= addr_equal(&h->addr, &r->peer);
	else
		m->found |= r->name[0] && strcmp(h->name, r->name) == 0;
	return 0;
}

/* Of the internet a held device reaches nothing else; its hosts are named so that names
 * and time, which it may have, are not taken for firmware. */
bool attestor_is_from_host(struct attestor *a, struct device *d, const struct record *r)
{
	struct match m = {.record = r};

	if (r->direction != DIRECTION_FROM_DEVICE || !r->answered ||
		(r->place != RECORD_INTERNET && r->place != RECORD_DEVICE))
		return false;
	return pipeline_held_allows(a->pipeline, d, match_host, &m) == 0 && m.found;
}
