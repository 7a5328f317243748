// SPDX-License-Identifier: GPL-2.0-or-later
/* A device opens TLS: is what it offers what its file lists (RFC 9761)? When not, the
 * conversation ends, and the owner reads why. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"
#include "profiles/tls/tls_check.h"

/* A name in a sentence; longer ones say less than the address does. */
#define NAME_SHOWN 64

/* The rule of the device's file that lets the conversation be. The client of TLS is who
 * opened the connection, nearly always; else a rule for the other direction did. */
static const struct rule *allowing_rule(struct pipeline *p,
	const struct household_device *hd, struct flow *f, nstime wall)
{
	struct household_names n;
	struct policy_names names = household_names(&n, hd, wall);

	for (unsigned d = 0; d < DIRECTION_MAX; d++) {
		struct verdict v;

		f->direction = (enum direction)d;
		policy_evaluate(&hd->policy, &p->household.env, &names, f, &v);
		if (v.kind == VERDICT_ALLOW)
			return policy_rule(&hd->policy, v.rule);
		if (v.kind == VERDICT_PASS)
			return NULL;
	}
	return NULL;
}

/* What the rule says about TLS, or NULL. The shelf may have a newer file than the one in
 * force: its profiles are not this rule's. */
static const struct tls_profile *profile_of(const struct household_device *hd,
	const struct rule *r)
{
	const struct profile *file = hd->source ? &hd->source->profile : NULL;

	if (!r || !r->tls || !file || r->tls > file->tls_count ||
		memcmp(hd->sha256, file->sha256, sizeof(hd->sha256)) != 0)
		return NULL;
	return &file->tls[r->tls - 1];
}

/* It goes on where this gateway only watches. */
static void tell_conversation(struct pipeline *p, const struct device *d, struct event *e,
	const char *offers)
{
	char addr[ADDR_TEXT_MAX];
	bool named = e->name[0] && strlen(e->name) < NAME_SHOWN;

	e->device = d->id;
	e->kind = EVENT_WOULD_BLOCK;
	e->reason = REASON_TLS;
	(void)str_print(e->text, sizeof(e->text),
		"%s: its conversation with %s %s; it would be ended.", d->name,
		named ? e->name : addr_format(&e->flow.peer, addr), offers);
	journal_packet(&p->journal, pipeline_wall(p), e);
}

static void end_conversation(struct pipeline *p, const struct device *d, struct event *e,
	const char *offers)
{
	char addr[ADDR_TEXT_MAX];
	bool named = e->name[0] && strlen(e->name) < NAME_SHOWN;
	nstime wall = pipeline_wall(p);
	int error = household_block(&p->household, d, &e->flow.peer, e->flow.proto,
		e->flow.peer_port, wall);

	if (error)
		log_error("pipeline", "a conversation of device %u goes on: %s", d->id,
			error_text(error));
	e->device = d->id;
	e->kind = EVENT_VIOLATION;
	e->reason = REASON_TLS;
	(void)str_print(e->text, sizeof(e->text), "%s: its conversation with %s %s; it %s.",
		d->name, named ? e->name : addr_format(&e->flow.peer, addr),
		error ? "could not be ended" : "was ended", offers);
	journal_packet(&p->journal, wall, e);
}

void pipeline_hello(struct pipeline *p, const struct message_seen_hello *m)
{
	const struct device *d = inventory_by_mac(p->inventory, &m->mac);
	struct household_device *hd = d ? household_device(&p->household, d->id) : NULL;
	struct event e = {.flow = {.device = m->device, .peer = m->peer, .proto = m->proto,
				  .device_port = m->device_port,
				  .peer_port = m->peer_port}};
	nstime wall = pipeline_wall(p);
	const struct tls_profile *profile;
	const char *name = m->server_name;
	char offers[LIMIT_TEXT];

	if (!hd || !hd->pool || !device_is_enforced(d) || m->device.family == 0 ||
		m->device.family != m->peer.family)
		return;
	profile = profile_of(hd, allowing_rule(p, hd, &e.flow, wall));
	if (!profile || tls_profile_allows(profile, m, offers))
		return;
	if (!name[0])
		name = bindings_name_of(&hd->names, &m->peer, wall);
	str_copy(e.name, sizeof(e.name), name ? name : "");
	if (household_tells(hd))
		tell_conversation(p, d, &e, offers);
	else
		end_conversation(p, d, &e, offers);
}
