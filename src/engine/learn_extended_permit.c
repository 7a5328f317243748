// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended_permit - what only ever happened after something else is permitted after
 * that alone. */
#include "engine/learn_extended_priv.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "profiles/learned/interact.h"

#define PERMITS_MAX 64

struct visiting {
	struct making *m;
	uint32_t room;
};

/* How the device itself has it: what another begins with it comes to it. */
static bool as_own(const struct making *m, const struct learned_act *a,
	struct learned_kind *ret)
{
	const struct mac *self = &m->of->device.mac;

	*ret = a->kind;
	if (mac_equal(&a->device, self))
		return true;
	if (a->kind.place != RECORD_DEVICE || !mac_equal(&a->kind.peer_mac, self))
		return false;
	ret->direction = DIRECTION_TO_DEVICE;
	ret->peer_mac = a->device;
	return true;
}

/* "*.example.com" stands for all below it. */
static bool name_covers(const char *whole, const char *name)
{
	size_t len = strlen(name), tail = strlen(whole);

	if (whole[0] != '*')
		return strcmp(whole, name) == 0;
	return len > tail - 1 && strcmp(name + len - (tail - 1), whole + 1) == 0;
}

/* Whether what is of kind `k` is of kind `whole`, too. */
static bool covers(const struct learned_kind *whole, const struct learned_kind *k)
{
	if (whole->direction != k->direction || whole->family != k->family ||
		whole->proto != k->proto || whole->place != k->place ||
		(!whole->port_any && whole->port != k->port) ||
		whole->source_port != k->source_port)
		return false;
	if (!mac_is_zero(&whole->peer_mac) && !mac_equal(&whole->peer_mac, &k->peer_mac))
		return false;
	if (whole->name[0])
		return name_covers(whole->name, k->name);
	return !whole->peer.family || addr_equal(&whole->peer, &k->peer);
}

/* One that has an exception would be refused what was seen. */
static bool is_strict(const struct learned_interaction *i)
{
	return i->effects == i->precedences && i->support >= LEARNED_INTERACT_SUPPORT &&
	       i->bound >= LEARNED_INTERACT_BOUND;
}

static bool is_effect(const struct making *m, const struct learned_kind *k)
{
	for (uint32_t i = 0; i < m->profile.permit_count; i++)
		if (covers(&m->effects[i], k))
			return true;
	return false;
}

/* When each conversation that the kind stands for only ever followed something. */
bool making_is_permitted(const struct making *m, const struct learned_kind *k)
{
	const struct learn_kinds *exact = &m->of->exact;
	bool any = false;

	if (!m->profile.permit_count || m->permits_full)
		return false;
	for (size_t i = 0; i < exact->count; i++) {
		const struct learned_kind *e = &exact->list[i];

		if (learn_kind_is_said(e) || !covers(k, e))
			continue;
		if (!is_effect(m, e))
			return false;
		any = true;
	}
	return any;
}

static bool policy_new(struct making *m, struct extended_policy *p, const char *name)
{
	*p = (struct extended_policy){.name = name, .confidence = -1};
	p->match.fields =
		pool_take(m->pool, MAKING_FIELDS * sizeof *p->match.fields);
	m->short_of_memory |= !p->match.fields;
	return p->match.fields;
}

/* Whoever begins it, in words of roles. */
static bool act_match(
	struct making *m, const struct learned_act *a, struct extended_policy *p)
{
	struct learned_kind own;
	uint32_t self = EXTENDED_SELF;
	int role;

	if (as_own(m, a, &own))
		return making_kind_match(m, p, &own);
	if (!making_kind_match(m, p, &a->kind))
		return false;
	/* the device in the middle of that match is another one */
	role = mac_is_zero(&a->device) ? -1 : making_device(m, &a->device);
	for (uint32_t i = 0; i < p->match.count; i++) {
		struct extended_value *v = p->match.fields[i].values;

		if (v->kind != VALUE_ROLE || v->lo != self)
			continue;
		*v = role < 0 ? (struct extended_value){.kind = VALUE_GROUP, .lo = GROUP_LOCAL}
			      : (struct extended_value){.kind = VALUE_ROLE, .lo = (uint32_t)role};
	}
	return true;
}

static int add_permit(void *ctx, const struct learned_interaction *i)
{
	struct visiting *v = ctx;
	struct making *m = v->m;
	struct extended_permit *p = &m->profile.permits[m->profile.permit_count];
	struct learned_kind own;
	char name[32];

	if (!is_strict(i) || i->question || !as_own(m, &i->effect, &own))
		return 0;
	m->permits_full |= m->profile.permit_count == v->room;
	if (m->permits_full)
		return 0;
	(void)str_print(name, sizeof name, "after-%u", m->profile.permit_count + 1);
	*p = (struct extended_permit){
		.name = pool_string(m->pool, name, strlen(name)), .within = i->within};
	if (!p->name || !policy_new(m, &p->trigger, "trigger") ||
		!policy_new(m, &p->effect, "effect") ||
		!act_match(m, &i->trigger, &p->trigger) ||
		!act_match(m, &i->effect, &p->effect)) {
		m->permits_full = true; /* one that cannot be said permits nothing */
		return 0;
	}
	m->effects[m->profile.permit_count] = own;
	making_evidence(m, &p->effect, &own);
	p->effect.confidence = (int32_t)(i->bound * 1000);
	m->profile.permit_count++;
	return 0;
}

void making_permits(struct making *m)
{
	struct visiting v = {m, PERMITS_MAX};

	m->profile.permits = pool_take(m->pool, PERMITS_MAX * sizeof *m->profile.permits);
	m->effects = pool_take(m->pool, PERMITS_MAX * sizeof *m->effects);
	if (!m->profile.permits || !m->effects) {
		m->short_of_memory = true;
		return;
	}
	if (learned_interactions(m->home->learned, &m->of->device.mac, add_permit,
		    &v) == -ENOMEM)
		m->short_of_memory = true;
}
