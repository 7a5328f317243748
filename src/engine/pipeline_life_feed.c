// SPDX-License-Identifier: GPL-2.0-or-later
/* What the house notices of its devices, in the words of suspicion, with what explains it:
 * names that moved, files and firmware that just changed. */
#include <string.h>
#include "base/str.h"
#include "engine/pipeline.h"
#include "model/verdict.h"

/* Clients' ports begin here (IANA: 49152, Linux: 32768); what goes to one, from a port
 * below, is an answer and no call. */
#define PORT_DYNAMIC 32768
/* A file that should have been fetched anew so long ago cannot know new services. */
#define OVERDUE LIFE_DAY

void pipeline_life_see(
	struct pipeline *p, struct device *d, const struct suspicion_seen *seen)
{
	nstime wall = pipeline_wall(p);
	struct lives_device *ld = lives_of(p, d);
	enum suspicion_level level;
	char why[LIMIT_TEXT];

	/* Whoever is held is refused nearly everything, and cannot get deeper in. */
	if (!ld || life_is_isolated(ld->life.state))
		return;
	suspicion_see(&ld->suspicion, seen);
	ld->points = true;
	level = suspicion_level(
		&ld->suspicion, suspicion_class_of(pipeline_class_of(p, d)), wall);
	if (level == SUSPICION_CONVICTED && !p->lives.isolates)
		level = SUSPICION_RAISED;
	if (level == SUSPICION_NONE ||
		(level == SUSPICION_RAISED && ld->life.state == LIFE_SUSPICIOUS) ||
		(!p->lives.isolates && ld->life.state == LIFE_PROBATION))
		return;
	const struct life_said said = {
		.text = suspicion_why(&ld->suspicion, wall, why)};
	(void)pipeline_life(p, d,
		level == SUSPICION_CONVICTED ? LIFE_CONVICTED : LIFE_RAISED, &said, NULL);
}

/* ---- what explains it ---- */

static bool is_of_profile(void *ctx, const char *name)
{
	const struct policy *policy = ctx;

	for (uint32_t i = 0; i < policy->base_first; i++) {
		const struct rule *r = &policy->rules[i];

		if (r->peer.kind == PEER_NAME && r->action == RULE_ACCEPT &&
			rule_name_matches(r->peer.name, name))
			return true;
	}
	return false;
}

static bool is_outdated(struct pipeline *p, const struct device *d,
	const struct household_device *hd)
{
	struct lives_device *ld = lives_of(p, d);
	nstime wall = pipeline_wall(p);

	if (ld && ld->changed && wall - ld->changed < LIVES_CHANGED)
		return true;
	return hd && hd->source && hd->source->due && wall - hd->source->due > OVERDUE;
}

static void explain(
	struct pipeline *p, const struct device *d, struct suspicion_seen *seen)
{
	struct household_device *hd = household_device(&p->household, d->id);

	seen->inside = policy_env_is_local(&p->household.env, &seen->peer) ||
		       addr_is_link_local(&seen->peer) || addr_is_multicast(&seen->peer);
	seen->drifted = hd && hd->pool &&
			lives_was_told(&p->lives, &seen->peer, seen->when, is_of_profile,
				&hd->policy);
	seen->outdated = is_outdated(p, d, hd);
}

void pipeline_life_changed(struct pipeline *p, const struct device *d)
{
	struct lives_device *ld = lives_of(p, d);

	if (ld)
		ld->changed = pipeline_wall(p);
}

/* ---- what the kernel refused ---- */

static bool is_answer(const struct flow *f)
{
	return (f->proto == FLOW_PROTO_TCP || f->proto == FLOW_PROTO_UDP) &&
	       f->peer_port >= PORT_DYNAMIC && f->device_port &&
	       f->device_port < PORT_DYNAMIC;
}

static bool kind_of(struct pipeline *p, const struct event *e, enum suspicion_kind *ret)
{
	char what[LIMIT_TEXT];

	if (e->reason == REASON_SPOOFED || e->reason == REASON_ROGUE_RA)
		*ret = SUSPICION_SPOOF;
	else if (pipeline_hidden_what(p, &e->flow, e->name, what))
		*ret = SUSPICION_HIDDEN;
	else
		*ret = SUSPICION_STRAY;
	return e->reason == REASON_SPOOFED || e->reason == REASON_ROGUE_RA ||
	       e->reason == REASON_DEFAULT_DENY;
}

/* Whose address it used says more than where the packet went. */
static void set_source(struct pipeline *p, const struct device *d, const struct addr *a,
	struct suspicion_seen *seen)
{
	struct device *owner = inventory_by_addr(p->inventory, a);

	seen->peer = *a;
	seen->foreign = (!owner || owner == d) &&
			!policy_env_is_gateway(&p->household.env, a);
}

void pipeline_life_violation(
	struct pipeline *p, struct device *d, const struct event *e)
{
	struct suspicion_seen seen = {.when = pipeline_wall(p),
		.peer = e->flow.peer,
		.proto = e->flow.proto,
		.port = is_answer(&e->flow) ? 0 : e->flow.peer_port,
		.count = e->packets ? e->packets : 1};

	const struct household_device *hd = household_device(&p->household, d->id);

	/* What others send to it says nothing about it; nor where it turns while a probe
	 * refuses it something, which is what the probe wants to see. */
	if (e->flow.direction != DIRECTION_FROM_DEVICE || (hd && hd->probe.until) ||
		!kind_of(p, e, &seen.kind))
		return;
	explain(p, d, &seen);
	if (e->reason == REASON_SPOOFED)
		set_source(p, d, &e->flow.device, &seen);
	pipeline_life_see(p, d, &seen);
}

/* ---- what was observed ---- */

#define FLOOD_SECONDS 10
#define FLOOD_RATE 150 /* packets a second into the void: see suspicion.c */

/* What it sent into the void, as much as ten seconds of it had. */
static uint64_t flood_of(const struct record *r)
{
	uint64_t packets = r->packets[DIRECTION_FROM_DEVICE];
	uint64_t seconds = (uint64_t)((r->last - r->first) / NS_PER_SEC) + 1;

	if (r->answered || packets / seconds < FLOOD_RATE)
		return 1;
	return seconds < FLOOD_SECONDS ? packets : packets / seconds * FLOOD_SECONDS;
}

/* A service that it offers: others began, and it answered. */
static bool is_offer(const struct record *r)
{
	return r->direction == DIRECTION_TO_DEVICE && r->answered && !record_is_in_vain(r) &&
	       !r->midstream &&
	       (r->proto == FLOW_PROTO_TCP || r->proto == FLOW_PROTO_UDP) &&
	       r->device_port && r->device_port < PORT_DYNAMIC &&
	       (r->place == RECORD_INTERNET || r->place == RECORD_DEVICE);
}

static bool is_attempt(const struct record *r)
{
	return r->direction == DIRECTION_FROM_DEVICE && record_is_in_vain(r) && !r->midstream &&
	       !r->name[0] &&
	       (r->place == RECORD_INTERNET || r->place == RECORD_DEVICE ||
		       r->place == RECORD_GATEWAY);
}

/* A conversation is told when it has been silent for long, an attempt for a minute: what
 * ended before the device was let back is no offence on its probation. */
static bool is_forgiven(struct pipeline *p, const struct device *d, const struct record *r)
{
	const struct lives_device *ld = lives_of(p, d);

	return ld && r->last < ld->back;
}

void pipeline_life_record(
	struct pipeline *p, struct device *d, const struct record *r)
{
	struct suspicion_seen seen = {.when = pipeline_wall(p), .peer = r->peer,
		.proto = r->proto, .count = 1, .allowed = true};
	bool icmp = r->proto == FLOW_PROTO_ICMP || r->proto == FLOW_PROTO_ICMP6;

	seen.port = icmp ? 0 : record_port(r);
	if (is_forgiven(p, d, r))
		return;
	if (is_offer(r)) {
		seen.kind = SUSPICION_LISTEN;
	} else if (is_attempt(r)) {
		seen.kind = SUSPICION_STRAY;
		seen.count = flood_of(r);
	} else {
		return;
	}
	explain(p, d, &seen);
	if (seen.kind == SUSPICION_LISTEN || !seen.drifted)
		pipeline_life_see(p, d, &seen);
}
