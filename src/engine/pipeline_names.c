// SPDX-License-Identifier: GPL-2.0-or-later
/* Names that devices are told: opened in the kernel before the device hears the answer. */
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

static void save_binding(void *ctx, const struct device *d, const struct binding *b)
{
	struct pipeline *p = ctx;
	struct store_binding saved = {
		.device = d->id, .addr = b->addr, .expires = b->expires};

	str_copy(saved.name, sizeof(saved.name), b->name);
	if (store_binding_save(p->store, &saved))
		log_warn("pipeline", "a name was not stored");
}

static void release(struct pipeline *p, uint64_t id)
{
	p->commit.done(p->commit.ctx, id, 0);
}

static void dns_answer(struct pipeline *p, const struct message_dns_answer *m)
{
	struct device *d = inventory_by_addr(p->inventory, &m->client);

	if (!d || m->addrs.count == 0 ||
		!household_tell(&p->household, d, m, pipeline_wall(p), m->id,
			save_binding, p))
		release(p, m->id);
}

void pipeline_resolver(struct pipeline *p, const struct message *m)
{
	if (m->type == MESSAGE_DNS_ANSWER)
		dns_answer(p, &m->dns_answer);
	else if (!reporter_resolved(p, &m->resolved))
		fetcher_resolved(&p->fetcher, &m->resolved);
}
