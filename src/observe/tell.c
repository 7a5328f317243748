// SPDX-License-Identifier: GPL-2.0-or-later
/* tell.c - from flows to records. Whose they are is decided here, at their end, when
 * most is known about who is the gateway. */
#include "observe/observe_priv.h"

#include "base/str.h"
#include "wire/ip.h"

/* Nothing tells the length of prefixes: most houses have this, or split it no finer. */
#define ON_LINK_BITS4 24
#define ON_LINK_BITS6 64

/* One that was not known when the conversation began may be by now. */
static uint32_t host_of(struct observe *o, const struct flow_entry *e, unsigned side)
{
	return e->host[side] ? e->host[side] : hosts_find(&o->hosts, &e->mac[side]);
}

/* The host this side of it is a device. 0: it is the gateway, somebody's behind it, or
 * a group. */
static uint32_t device_of(struct observe *o, const struct flow_entry *e, unsigned side)
{
	uint32_t host = host_of(o, e, side);
	struct addr a = walk_addr(&e->key, side);

	if (!host || hosts_is_gateway(&o->hosts, host))
		return 0;
	if (addr_is_unspecified(&a) || hosts_is_local(&o->hosts, &a))
		return host;
	return hosts_owner(&o->hosts, &a) == host ? host : 0;
}

static bool lan_is_known(const struct hosts *h, uint8_t family)
{
	for (uint32_t i = 0; i < h->lan_count; i++)
		if (h->lan[i].addr.family == family)
			return true;
	return false;
}

/* A private address that the gateway's MAC stands for: its own, or behind it? */
static bool is_on_link(
	struct observe *o, const struct addr *a, const struct addr *device)
{
	const struct hosts *h = &o->hosts;
	uint32_t owner = hosts_owner(h, a);

	if (addr_equal(a, &h->router) || addr_is_link_local(a) ||
		(owner && hosts_is_gateway(h, owner)))
		return true;
	if (!lan_is_known(h, a->family)) {
		struct prefix p = prefix_of(
			device, a->family == 4 ? ON_LINK_BITS4 : ON_LINK_BITS6);
		return prefix_contains(&p, a);
	}
	for (uint32_t i = 0; i < h->lan_count; i++)
		if (prefix_contains(&h->lan[i], a))
			return true;
	return false;
}

static enum record_place place_of(
	struct observe *o, const struct flow_entry *e, unsigned side)
{
	struct addr a = walk_addr(&e->key, side), device = walk_addr(&e->key, !side);
	uint32_t host = host_of(o, e, side);

	if (e->flags & FLOW_GROUP)
		return RECORD_GROUP;
	if (device_of(o, e, side))
		return RECORD_DEVICE;
	if (addr_is_unspecified(&a) || !hosts_is_local(&o->hosts, &a))
		return RECORD_INTERNET;
	/* a MAC that never spoke, or none: by the address alone */
	if (!host && !addr_equal(&a, &o->hosts.router))
		return is_on_link(o, &a, &device) ? RECORD_DEVICE : RECORD_INTERNET;
	return is_on_link(o, &a, &device) ? RECORD_GATEWAY : RECORD_INTERNET;
}

static void copy_string(const struct observe *o, uint32_t id, char *ret, size_t size)
{
	str_copy_bytes(ret, size, strings_text(&o->strings, id),
		strings_length(&o->strings, id));
}

static void set_name(
	struct observe *o, const struct flow_entry *e, unsigned side, struct record *r)
{
	unsigned starter = e->flags & FLOW_STARTER ? 1 : 0;
	unsigned named = e->flags & FLOW_NAMED_STARTER ? starter : !starter;

	r->name[0] = '\0';
	r->naming = RECORD_UNNAMED;
	if (e->name && named != side) {
		r->naming = e->naming;
		copy_string(o, e->name, r->name, sizeof r->name);
	}
	copy_string(o, e->detail, r->detail, sizeof r->detail);
}

static void set_ports(const struct flow_entry *e, unsigned side, struct record *r)
{
	bool icmp = r->proto == IP_PROTO_ICMP || r->proto == IP_PROTO_ICMP6;

	r->device_port = walk_port(&e->key, icmp ? 0 : side);
	r->peer_port = icmp ? 0 : walk_port(&e->key, !side);
}

static void tell(struct observe *o, const struct flow_entry *e, unsigned side)
{
	struct record *r = &o->scratch.record;
	unsigned starter = e->flags & FLOW_STARTER ? 1 : 0;

	r->device = e->mac[side];
	r->first = e->first;
	r->last = e->last;
	r->direction = starter == side ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;
	r->midstream = e->flags & FLOW_MIDSTREAM;
	r->answered = e->was_answered || (e->packets[0] && e->packets[1]);
	r->family = walk_family(&e->key);
	r->proto = walk_proto(&e->key);
	r->device_addr = walk_addr(&e->key, side);
	r->peer = walk_addr(&e->key, !side);
	r->place = place_of(o, e, !side);
	r->peer_mac = r->place == RECORD_DEVICE ? e->mac[!side] : (struct mac){0};
	r->app = e->app;
	set_ports(e, side, r);
	set_name(o, e, side, r);
	r->packets[DIRECTION_FROM_DEVICE] = e->packets[side];
	r->packets[DIRECTION_TO_DEVICE] = e->packets[!side];
	r->bytes[DIRECTION_FROM_DEVICE] = e->bytes[side];
	r->bytes[DIRECTION_TO_DEVICE] = e->bytes[!side];
	o->config.record(o->config.ctx, r);
}

/* To both sides that are devices. */
static void tell_all(struct observe *o, const struct flow_entry *e)
{
	bool told = false;

	for (unsigned side = 0; side < 2; side++) {
		uint32_t device = device_of(o, e, side);
		if (!device || !observe_tell_new(o, device))
			continue;
		told = true;
		if (o->config.record)
			tell(o, e, side);
	}
	if (!told)
		o->counts.foreign += (uint64_t)e->packets[0] + e->packets[1];
}

void observe_flow_over(void *ctx, struct flow_entry *e)
{
	struct observe *o = ctx;

	observe_head_over(o, e);
	if (flow_is_live(e)) /* else all of it was told */
		tell_all(o, e);
	strings_drop(&o->strings, e->name);
	strings_drop(&o->strings, e->detail);
}

void observe_tell_active(struct observe *o, nstime age)
{
	for (uint32_t id = 1; id < o->flows.fresh; id++) {
		struct flow_entry *e = &o->flows.entries[id];

		if (!flow_is_live(e) || o->now - e->first < age)
			continue;
		tell_all(o, e);
		e->was_answered |= e->packets[0] && e->packets[1];
		e->packets[0] = e->packets[1] = 0;
		e->bytes[0] = e->bytes[1] = 0;
	}
}
