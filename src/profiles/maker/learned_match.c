// SPDX-License-Identifier: GPL-2.0-or-later
/* What a rule says of packets, as an entry of a MUD file has it. */
#include "profiles/maker/maker_priv.h"

#define URN "urn:ietf:params:mud:"

static json_t *port_match(struct range16 p)
{
	if (p.lo == p.hi)
		return json_pack("{s:s, s:i}", "operator", "eq", "port", (int)p.lo);
	return json_pack("{s:i, s:i}", "lower-port", (int)p.lo, "upper-port", (int)p.hi);
}

/* The part of the transport; NULL when the rule says nothing of it. */
static json_t *transport(const struct rule *r, bool to_list)
{
	bool from_device = r->direction == DIRECTION_FROM_DEVICE;
	const struct range16 *src = to_list ? &r->peer_port : &r->device_port;
	const struct range16 *dst = to_list ? &r->device_port : &r->peer_port;
	json_t *o = json_object();

	if (maker_is_icmp(r->proto)) {
		if (r->icmp_type != RULE_ICMP_ANY)
			json_object_set_new(o, "type", json_integer(r->icmp_type));
		if (r->icmp_code != RULE_ICMP_ANY)
			json_object_set_new(o, "code", json_integer(r->icmp_code));
		return o;
	}
	if (!maker_is_any(*src))
		json_object_set_new(o, "source-port", port_match(*src));
	if (!maker_is_any(*dst))
		json_object_set_new(o, "destination-port", port_match(*dst));
	/* what is forbidden is so whoever begins */
	if (r->proto == FLOW_PROTO_TCP && r->action == RULE_ACCEPT)
		json_object_set_new(o, "ietf-mud:direction-initiated",
			json_string(from_device ? "from-device" : "to-device"));
	return o;
}

static void set_network(json_t *ip, const struct prefix *p, bool to_list)
{
	char text[PREFIX_TEXT_MAX];
	bool four = p->addr.family == 4;

	prefix_format(p, text);
	json_object_set_new(ip,
		four ? to_list ? "source-ipv4-network" : "destination-ipv4-network"
		: to_list ? "source-ipv6-network"
			  : "destination-ipv6-network",
		json_string(text));
}

/* Of the classes of RFC 8520 4; NULL when the peer is no class. */
static json_t *class_of(const struct peer *p)
{
	switch (p->kind) {
	case PEER_LOCAL_NETWORKS:
	case PEER_MAC: /* what one home has, another has not */
	case PEER_GATEWAY: /* no class is registered for it (RFC 8520 17.6) */
		return json_pack("{s:[n]}", "local-networks");
	case PEER_CONTROLLER_DNS:
		return json_pack("{s:s}", "controller", URN "dns");
	case PEER_CONTROLLER_NTP:
		return json_pack("{s:s}", "controller", URN "ntp");
	case PEER_CONTROLLER:
		return json_pack("{s:s}", "controller", p->name);
	case PEER_MY_CONTROLLER:
		return json_pack("{s:[n]}", "my-controller");
	case PEER_SAME_MANUFACTURER:
		return json_pack("{s:[n]}", "same-manufacturer");
	case PEER_MANUFACTURER:
		return json_pack("{s:s}", "manufacturer", p->name);
	case PEER_MODEL:
		return json_pack("{s:s}", "model", p->name);
	case PEER_ANY:
	case PEER_NAME:
	case PEER_PREFIX:
	case PEER_MAX:
		break;
	}
	return NULL;
}

json_t *maker_matches_of(const struct rule *r, bool to_list, bool four)
{
	json_t *m = json_object(), *ip = json_object(), *class = class_of(&r->peer);

	if (class)
		json_object_set_new(m, "ietf-mud:mud", class);
	if (r->proto != RULE_PROTO_ANY)
		json_object_set_new(ip, "protocol", json_integer(r->proto));
	if (r->peer.kind == PEER_NAME)
		json_object_set_new(ip,
			to_list ? "ietf-acldns:src-dnsname" : "ietf-acldns:dst-dnsname",
			json_string(r->peer.name));
	if (r->peer.kind == PEER_PREFIX)
		set_network(ip, &r->peer.prefix, to_list);
	if (json_object_size(ip))
		json_object_set(m, four ? "ipv4" : "ipv6", ip);
	json_decref(ip);
	if (maker_has_ports(r->proto) || maker_is_icmp(r->proto)) {
		json_t *t = transport(r, to_list);
		if (json_object_size(t))
			json_object_set(m,
				maker_is_icmp(r->proto)		? "icmp"
				: r->proto == FLOW_PROTO_TCP ? "tcp"
							     : "udp",
				t);
		json_decref(t);
	}
	return m;
}
