// SPDX-License-Identifier: GPL-2.0-or-later
/* What the sensor saw: devices, their addresses, what they say, what was refused. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"
#include "model/verdict.h"

void pipeline_joined(struct pipeline *p, const struct device *d)
{
	char mac[MAC_TEXT_MAX];

	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_DEVICE_JOINED,
		"A new device joined: %s (%s).", d->name, mac_format(&d->mac, mac));
}

/* The owner chose it as a controller, or one for it. */
static bool is_chosen(void *ctx, const struct device *d)
{
	const struct classes *c = &((struct pipeline *)ctx)->classes;

	for (size_t i = 0; i < c->said_count; i++)
		if (c->said[i].target == d->id || c->said[i].device == d->id)
			return true;
	return false;
}

/* Somebody who floods the LAN with senders must not keep real devices out. */
void pipeline_make_room(struct pipeline *p, const struct mac *mac)
{
	struct device *d = inventory_by_mac(p->inventory, mac)
		? NULL
		: inventory_idle(p->inventory, pipeline_wall(p), is_chosen, p);

	if (!d)
		return;
	log_info("pipeline", "%s was not seen lately and makes room for a new device",
		d->name);
	history_forget(p, d);
	if (store_device_remove(p->store, d->id))
		log_warn("pipeline", "device %u stays in the store", d->id);
	pipeline_dns_gone(p, d);
	prober_gone(p, d);
	learner_forget(&p->learner, &d->mac);
	attestor_forget(&p->attestor, d->id);
	lives_forget(&p->lives, d->id);
	advisories_forget(p, d->id);
	cases_forget(&p->cases, d->id);
	household_remove(&p->household, d);
	inventory_remove(p->inventory, d);
}

static void conflict(struct pipeline *p, const struct device *d,
	const struct device *other, const struct addr *addr)
{
	struct event e = {.device = d->id, .kind = EVENT_CONFLICT,
		.reason = REASON_SPOOFED,
		.flow = {.direction = DIRECTION_FROM_DEVICE, .device = *addr,
			.peer = *addr}};
	char text[ADDR_TEXT_MAX];

	(void)str_print(e.text, sizeof(e.text),
		"%s claims %s, which belongs to %s; it does not get it.", d->name,
		addr_format(addr, text), other ? other->name : "this gateway");
	journal_packet(&p->journal, pipeline_wall(p), &e);
}

/* Frames that bear the gateway's MAC, or none that a device can have: the enforcer
 * refuses such a device, and every other change in the same transaction with it. */
bool pipeline_is_device_mac(const struct pipeline *p, const struct mac *mac)
{
	return !mac_is_zero(mac) && !mac_is_group(mac) &&
	       !household_is_gateway(&p->household, mac);
}

/* Addresses that a device of this LAN can hold. What lies elsewhere, or means everybody,
 * must not become one device's own because it said so. */
static bool is_device_addr(const struct pipeline *p, const struct addr *a)
{
	const struct policy_env *env = &p->household.env;

	if (addr_is_unspecified(a) || addr_is_multicast(a) || addr_is_loopback(a) ||
		addr_is_limited_broadcast(a))
		return false;
	for (size_t i = 0; i < env->lan_count; i++) {
		struct addr lo, hi;

		if (!prefix_contains(&env->lan[i], a))
			continue;
		/* RFC 1122 3.2.1.3; a /31 has no broadcast address (RFC 3021) */
		prefix_range(&env->lan[i], &lo, &hi);
		return a->family != 4 || env->lan[i].len >= 31 ||
		       (!addr_equal(a, &lo) && !addr_equal(a, &hi));
	}
	return addr_is_link_local(a);
}

static void seen_addr(struct pipeline *p, const struct message_seen_addr *m)
{
	nstime wall = pipeline_wall(p);
	struct inventory_result r;

	if (m->source >= ADDR_SOURCE_SELF || !pipeline_is_device_mac(p, &m->mac) ||
		!is_device_addr(p, &m->addr))
		return;
	pipeline_make_room(p, &m->mac);
	r = inventory_see_addr(p->inventory, m, wall);
	if (!r.device)
		return;
	if (r.changes & INVENTORY_NEW_DEVICE)
		pipeline_joined(p, r.device);
	if (r.changes & INVENTORY_CONFLICT)
		conflict(p, r.device, r.other, &m->addr);
	if (r.changes & INVENTORY_ADDRS) {
		if (r.other) {
			household_update(&p->household, r.other, false, wall);
			pipeline_dns_follow(p, r.other);
			pipeline_save_device(p, r.other);
		}
		household_update(&p->household, r.device, false, wall);
		pipeline_dns_follow(p, r.device);
	}
	if (r.changes)
		pipeline_save_device(p, r.device);
}

/* What a device with a file in force says of its file does not change it by that alone. */
static void settle_url(struct pipeline *p, struct message_seen_dhcp *m)
{
	struct device *d = inventory_by_mac(p->inventory, &m->mac);
	char url[LIMIT_URL];

	if (d && !pipeline_hears(d, URL_SOURCE_DHCP))
		m->mud_url[0] = 0;
	if (!d || !m->mud_url[0] || !d->mud_url[0] || !device_is_enforced(d) ||
		d->url_source > URL_SOURCE_DHCP)
		return;
	str_copy(url, sizeof(url), m->mud_url);
	m->mud_url[0] = 0;
	pipeline_says_url(p, d, url);
}

/* It says one thing, and somebody who should know says another. */
static void differs(struct pipeline *p, struct device *d)
{
	static const char text[] = "it says another MUD URL than the one it is known by";

	if (strcmp(d->problem, text) == 0 || d->problem[0])
		return;
	str_copy(d->problem, sizeof(d->problem), text);
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_PROFILE_FAILED, "%s: %s.",
		d->name, text);
}

static void seen_dhcp(struct pipeline *p, struct message_seen_dhcp *m)
{
	nstime wall = pipeline_wall(p);
	struct inventory_result r;

	if (!pipeline_is_device_mac(p, &m->mac))
		return;
	settle_url(p, m);
	pipeline_make_room(p, &m->mac);
	r = inventory_see_dhcp(p->inventory, m, wall);
	if (!r.device)
		return;
	if (r.changes & INVENTORY_NEW_DEVICE)
		pipeline_joined(p, r.device);
	if (r.changes & INVENTORY_URL_DIFFERS)
		differs(p, r.device);
	if (r.changes & INVENTORY_MUD_URL ||
		(r.device->mud_url[0] && !device_is_enforced(r.device)))
		pipeline_consider(p, r.device);
	else if (r.device->state == DEVICE_NEW && !r.device->mud_url[0]) {
		r.device->state = DEVICE_WATCHED;
		str_copy(r.device->problem, sizeof(r.device->problem),
			"it names no MUD file, so nothing is enforced for it yet");
		r.changes |= INVENTORY_IDENTITY;
	}
	if (r.changes)
		pipeline_save_device(p, r.device);
}

static struct device *offender(struct pipeline *p, const struct message_seen_violation *m)
{
	if (m->direction == DIRECTION_FROM_DEVICE)
		return inventory_by_mac(p->inventory, &m->mac);
	return inventory_by_addr(p->inventory, &m->device);
}

/* Whose address it was says more than where the packet went. */
static void explain_spoofed(struct pipeline *p, const struct device *d, struct event *e)
{
	struct device *owner = inventory_by_addr(p->inventory, &e->flow.device);
	char addr[ADDR_TEXT_MAX];

	addr_format(&e->flow.device, addr);
	if (e->flow.direction == DIRECTION_TO_DEVICE)
		(void)str_print(e->text, sizeof(e->text),
			"Blocked: a packet to %s at %s, an address that it has not been "
			"seen to use.",
			d->name, addr);
	else if (owner && owner != d)
		(void)str_print(e->text, sizeof(e->text),
			"Blocked: %s used the address %s, which belongs to %s.", d->name,
			addr, owner->name);
	else if (policy_env_is_gateway(&p->household.env, &e->flow.device))
		(void)str_print(e->text, sizeof(e->text),
			"Blocked: %s used the address %s, which is this gateway's.",
			d->name, addr);
	else
		(void)str_print(e->text, sizeof(e->text),
			"Blocked: %s used the address %s, which is none of this house.",
			d->name, addr);
}

/* It asked somebody else for names. */
static bool explain_hidden(struct pipeline *p, const struct device *d, struct event *e)
{
	char what[LIMIT_TEXT];

	if (!pipeline_hidden_what(p, &e->flow, e->name, what))
		return false;
	(void)str_print(e->text, sizeof(e->text),
		"Blocked: %s uses %s, which its profile does not list. This gateway "
		"answers its questions.",
		d->name, what);
	return true;
}

/* The kernel knows but that nothing opened it; whether the owner is why, the policy does.
 * That is polite: no violation, counted apart, and nothing for the maker to hear. */
static bool is_refused(struct pipeline *p, const struct device *d, struct event *e)
{
	struct household_device *hd = household_device(&p->household, d->id);
	char text[POLICY_EXPLAIN_MAX];
	struct household_names n;
	struct policy_names names;
	struct verdict v;

	if (e->reason != REASON_DEFAULT_DENY || !hd || !hd->pool ||
		(!hd->overlay_count && !hd->probe.until))
		return false;
	names = household_names(&n, hd, pipeline_wall(p));
	policy_evaluate(&hd->policy, &p->household.env, &names, &e->flow, &v);
	if (v.kind != VERDICT_REFUSE)
		return false;
	e->kind = EVENT_REFUSED;
	e->reason = v.reason;
	policy_explain(&hd->policy, &p->household.env, &names, &e->flow, &v, d->name,
		e->name[0] ? e->name : NULL, text);
	str_copy(e->text, sizeof(e->text), text);
	return true;
}

/* Of what the kernel refused to a device that is held: for that, or anyway. */
static void judge_held(struct pipeline *p, const struct household_device *hd,
	const struct policy_names *names, const struct flow *f, struct verdict *ret)
{
	struct verdict v;

	policy_evaluate(&hd->policy, &p->household.env, names, f, &v);
	if (v.kind == VERDICT_QUARANTINE || v.kind == VERDICT_REDIRECT)
		*ret = v;
}

static void explain(struct pipeline *p, const struct device *d, struct event *e)
{
	static const struct policy none; /* the guard also watches devices without one */
	struct household_device *hd = household_device(&p->household, d->id);
	struct verdict v = {.kind = VERDICT_VIOLATION, .reason = e->reason};
	struct household_names n;
	struct policy_names names;
	char text[POLICY_EXPLAIN_MAX];

	if (e->reason == REASON_SPOOFED) {
		explain_spoofed(p, d, e);
		return;
	}
	if (e->reason == REASON_DEFAULT_DENY && explain_hidden(p, d, e))
		return;
	if (hd)
		names = household_names(&n, hd, pipeline_wall(p));
	if (hd && hd->hold && hd->pool && e->reason == REASON_DEFAULT_DENY)
		judge_held(p, hd, &names, &e->flow, &v);
	policy_explain(hd && hd->pool ? &hd->policy : &none, &p->household.env,
		hd ? &names : NULL, &e->flow, &v, d->name, e->name[0] ? e->name : NULL,
		text);
	str_copy(e->text, sizeof(e->text), text);
}

/* It is suspicious, or not, whether it passed or not; nothing was refused to anybody. */
static void passed(struct pipeline *p, struct device *d, struct household_device *hd,
	struct event *e)
{
	const struct verdict v = {
		.kind = VERDICT_WOULD_BLOCK, .reason = REASON_DEFAULT_DENY};
	char text[POLICY_EXPLAIN_MAX];
	struct household_names n;
	struct policy_names names;

	if (!hd || !hd->pool)
		return; /* of a policy that is gone */
	names = household_names(&n, hd, pipeline_wall(p));
	e->kind = EVENT_WOULD_BLOCK;
	e->reason = REASON_DEFAULT_DENY;
	policy_explain(&hd->policy, &p->household.env, &names, &e->flow, &v, d->name,
		e->name[0] ? e->name : NULL, text);
	str_copy(e->text, sizeof(e->text), text);
	pipeline_life_violation(p, d, e);
	journal_packet(&p->journal, pipeline_wall(p), e);
}

static void seen_violation(struct pipeline *p, const struct message_seen_violation *m)
{
	struct event e = {.kind = EVENT_VIOLATION, .reason = m->reason};
	bool told = m->reason == REASON_TOLD;
	struct device *d;
	struct household_device *hd;
	const char *name = NULL;
	nstime wall = pipeline_wall(p);

	if (m->direction >= DIRECTION_MAX || m->reason >= REASON_MAX)
		return;
	d = offender(p, m);
	if (!d)
		return;
	hd = household_device(&p->household, d->id);
	if (hd)
		name = bindings_name_of(&hd->names, &m->peer, wall);
	e.device = d->id;
	e.flow = (struct flow){.direction = (enum direction)m->direction,
		.device = m->device, .peer = m->peer, .proto = m->proto,
		.device_port = m->device_port, .peer_port = m->peer_port,
		.icmp_type = m->icmp_type, .icmp_code = m->icmp_code};
	str_copy(e.name, sizeof(e.name), name ? name : "");
	e.packets = m->packets;
	if (told) {
		passed(p, d, hd, &e);
		return;
	}
	if (!is_refused(p, d, &e)) {
		if (hd && !hd->hold) /* no fault of its maker's file */
			reporter_dropped(hd, m);
		explain(p, d, &e);
		cases_refused(p, d, &e, m->length);
		pipeline_life_violation(p, d, &e);
		advisories_see_refused(p, d, &e);
	}
	prober_refused(p, d, &e);
	history_refused(p, d, &e);
	journal_packet(&p->journal, wall, &e);
}

void pipeline_sensor(struct pipeline *p, const struct message *m)
{
	if (m->type == MESSAGE_SEEN_ADDR)
		seen_addr(p, &m->seen_addr);
	else if (m->type == MESSAGE_SEEN_DHCP)
		seen_dhcp(p, &p->in.seen_dhcp);
	else if (m->type == MESSAGE_SEEN_VIOLATION)
		seen_violation(p, &m->seen_violation);
	else if (m->type == MESSAGE_SEEN_HELLO)
		pipeline_hello(p, &m->seen_hello);
	else
		p->sensor = m->sensor_counts;
}
