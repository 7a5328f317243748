// SPDX-License-Identifier: GPL-2.0-or-later
/* peers - rules as boxes, and boxes as kernel elements. */
#include "policy/policy_priv.h"

static struct range16 icmp_range(const struct rule *r)
{
	if (r->icmp_type == RULE_ICMP_ANY)
		return (struct range16){0, UINT16_MAX};
	uint16_t type = (uint16_t)(r->icmp_type << 8);
	if (r->icmp_code == RULE_ICMP_ANY)
		return (struct range16){type, (uint16_t)(type | 0xff)};
	return (struct range16){
		(uint16_t)(type | r->icmp_code), (uint16_t)(type | r->icmp_code)};
}

size_t policy_rule_shapes(
	const struct rule *r, uint8_t family, struct box ret[POLICY_SHAPES_MAX])
{
	uint8_t own = policy_rule_family(r);
	struct box b = box_all(family);

	if (own && own != family)
		return 0;
	b.accept = r->action == RULE_ACCEPT;
	b.device_port = r->device_port;
	b.peer_port = r->peer_port;
	if (r->proto != RULE_PROTO_ANY)
		b.proto_lo = b.proto_hi = (uint8_t)r->proto;
	else if (!policy_range_is_any(r->device_port) ||
		 !policy_range_is_any(r->peer_port))
		b.proto_lo = b.proto_hi = FLOW_PROTO_TCP;
	if (policy_is_icmp(r->proto)) {
		/* what leads the transport header: see model/element.h */
		if (r->direction == DIRECTION_FROM_DEVICE)
			b.device_port = icmp_range(r);
		else
			b.peer_port = icmp_range(r);
	}
	ret[0] = b;
	if (r->proto != RULE_PROTO_ANY || b.proto_hi == UINT8_MAX)
		return 1;
	b.proto_lo = b.proto_hi = FLOW_PROTO_UDP;
	ret[1] = b;
	return 2;
}

/* One call's arguments, carried through the kinds of peer. */
struct ranges {
	uint8_t family;
	int (*visit)(void *ctx, const struct addr *lo, const struct addr *hi);
	void *ctx;
};

static int range_prefix(const struct ranges *to, const struct prefix *p)
{
	struct addr lo, hi;

	if (p->addr.family != to->family)
		return 0;
	prefix_range(p, &lo, &hi);
	return to->visit(to->ctx, &lo, &hi);
}

static int range_list(const struct ranges *to, const struct addr *list, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count && !r; i++)
		if (list[i].family == to->family)
			r = to->visit(to->ctx, &list[i], &list[i]);
	return r;
}

static int range_local(const struct ranges *to, const struct policy_env *env)
{
	int r = 0;

	for (uint32_t i = 0; i < env->lan_count && !r; i++)
		r = range_prefix(to, &env->lan[i]);
	for (unsigned i = 0; i < POLICY_LINK_SCOPES && !r; i++)
		r = range_prefix(to, &policy_link_scopes[i]);
	return r;
}

static int range_all(const struct ranges *to)
{
	struct box all = box_all(to->family);

	return to->visit(to->ctx, &all.lo, &all.hi);
}

static int range_name(
	const struct ranges *to, const struct policy_names *names, const char *name)
{
	struct addr list[LIMIT_BINDINGS];

	if (!names)
		return 0;
	return range_list(
		to, list, names->addrs(names->ctx, name, list, LIMIT_BINDINGS));
}

int policy_rule_ranges(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, uint8_t family,
	int (*visit)(void *ctx, const struct addr *lo, const struct addr *hi),
	void *ctx)
{
	const struct ranges to = {family, visit, ctx};
	int e = 0;

	switch (r->peer.kind) {
	case PEER_ANY:
		return range_all(&to);
	case PEER_NAME:
		return range_name(&to, names, r->peer.name);
	case PEER_PREFIX:
		return range_prefix(&to, &r->peer.prefix);
	case PEER_LOCAL_NETWORKS:
		return range_local(&to, env);
	case PEER_GATEWAY:
		return range_list(&to, env->gateway, env->gateway_count);
	case PEER_CONTROLLER_DNS:
		e = range_list(&to, env->gateway, env->gateway_count);
		return e ? e : range_list(&to, env->dns, env->dns_count);
	case PEER_CONTROLLER_NTP:
		e = range_list(&to, env->gateway, env->gateway_count);
		return e ? e : range_list(&to, env->ntp, env->ntp_count);
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAC:
		return policy_class_ranges(names, r, family, visit, ctx);
	case PEER_MAX:
		break;
	}
	return 0;
}

enum policy_scope policy_scope_of(const struct addr *a)
{
	if (a->family != 6)
		return SCOPE_ANY;
	return addr_is_link_local(a) ? SCOPE_LINK : SCOPE_WIDE;
}

static bool side_has(const struct policy_side *s, const struct addr *a)
{
	return a->family == s->family &&
	       (s->scope == SCOPE_ANY || s->scope == policy_scope_of(a));
}

bool policy_side_is_used(const struct policy_side *s, const struct policy_device *d)
{
	if (s->direction == DIRECTION_FROM_DEVICE)
		return true;
	for (size_t i = 0; i < d->addr_count; i++)
		if (side_has(s, &d->addrs[i]))
			return true;
	return false;
}

bool policy_side_is_reached(
	const struct policy_side *s, const struct addr *lo, const struct addr *hi)
{
	static const struct prefix link = {{6, {0xfe, 0x80}}, 10};
	struct addr first, last;

	if (s->scope == SCOPE_ANY)
		return true;
	prefix_range(&link, &first, &last);
	bool all = addr_compare(lo, &first) >= 0 && addr_compare(hi, &last) <= 0;
	bool none = addr_compare(hi, &first) < 0 || addr_compare(lo, &last) > 0;
	return s->scope == SCOPE_LINK ? !none : !all;
}

bool policy_box_is_exact(const struct box *b, enum direction d)
{
	bool out = d == DIRECTION_FROM_DEVICE;
	struct range16 client = out ? b->device_port : b->peer_port;
	struct range16 server = out ? b->peer_port : b->device_port;

	return b->proto_lo == b->proto_hi && policy_has_ports(b->proto_lo) &&
	       server.lo == server.hi && policy_range_is_any(client) &&
	       addr_equal(&b->lo, &b->hi);
}

int policy_emit_box(const struct policy_output *o, const struct box *b, rule_id rule)
{
	bool out = o->side.direction == DIRECTION_FROM_DEVICE;
	bool exact = !o->needs && policy_box_is_exact(b, o->side.direction);
	struct element e = {
		.family = b->family,
		.peer_lo = b->lo,
		.peer_hi = b->hi,
		.proto_lo = b->proto_lo,
		.proto_hi = b->proto_hi,
		.device_port = b->device_port,
		.peer_port = b->peer_port,
		.timeout_s = o->timeout_s,
		.gate = o->arms ? o->arms : o->needs,
	};
	int r = 0;

	if (out) {
		e.kind = o->arms ? ELEMENT_ARM_OUT : exact ? ELEMENT_OUT : ELEMENT_OUT_RANGE;
		e.mac = o->device->mac;
		return o->emit(o->ctx, &e, rule);
	}
	e.kind = o->arms ? ELEMENT_ARM_IN : exact ? ELEMENT_IN : ELEMENT_IN_RANGE;
	for (size_t i = 0; i < o->device->addr_count && !r; i++) {
		if (!side_has(&o->side, &o->device->addrs[i]))
			continue;
		e.device = o->device->addrs[i];
		r = o->emit(o->ctx, &e, rule);
	}
	return r;
}
