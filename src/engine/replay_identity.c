// SPDX-License-Identifier: GPL-2.0-or-later
/* replay_identity - which packets of a capture are the device's, and what house it
 * lives in. A capture knows less than a gateway: raw ones have no MACs, and nobody
 * says which prefix is the LAN. */
#include "engine/replay_priv.h"

#include "wire/dhcp4.h"
#include "wire/dns.h"
#include "wire/nd.h"

#include <string.h>

#define LAN_BITS_V4 24 /* what home routers hand out */
#define LAN_BITS_V6 64 /* RFC 4291 2.5.4 */
#define ND_HOP_LIMIT 255

bool replay_owns(const struct replay *r, const struct addr *a)
{
	for (uint32_t i = 0; i < r->report->addr_count; i++)
		if (addr_equal(&r->report->addrs[i], a))
			return true;
	return false;
}

static bool has_lan(const struct replay *r, uint8_t family)
{
	for (uint32_t i = 0; i < r->env->lan_count; i++)
		if (r->env->lan[i].addr.family == family)
			return true;
	return false;
}

static bool is_unicast(const struct addr *a)
{
	return (a->family == 4 || a->family == 6) && !addr_is_unspecified(a) &&
	       !addr_is_multicast(a) && !addr_is_limited_broadcast(a) &&
	       !addr_is_loopback(a);
}

/* An address that is in the prefix, but names nobody: the directed broadcast. */
static bool is_broadcast_of(const struct policy_env *env, const struct addr *a)
{
	struct addr lo, hi;

	for (uint32_t i = 0; i < env->lan_count; i++) {
		if (a->family != 4 || env->lan[i].len >= 31)
			continue;
		prefix_range(&env->lan[i], &lo, &hi);
		if (addr_equal(a, &hi))
			return true;
	}
	return false;
}

static void lan_derive(struct replay *r, const struct addr *a)
{
	struct prefix p = prefix_of(a, a->family == 4 ? LAN_BITS_V4 : LAN_BITS_V6);

	if (r->options->lan_count || addr_is_link_local(a))
		return;
	if (a->family == 4 && !addr_is_private(a)) {
		replay_notice(r->report, "the device has a public IPv4 address: its "
					 "local network is not "
					 "known, name it with --lan");
		return;
	}
	if (!policy_env_add_lan(r->env, &p))
		replay_notice(r->report,
			"more than %d LAN prefixes: the rest is ignored",
			LIMIT_LAN_PREFIXES);
}

static void own(struct replay *r, const struct addr *a)
{
	struct replay_report *rep = r->report;

	if (!is_unicast(a) || replay_owns(r, a))
		return;
	if (rep->addr_count == LIMIT_ADDRS_PER_DEVICE) {
		replay_notice(rep,
			"the device has more than %d addresses: the rest is "
			"ignored",
			LIMIT_ADDRS_PER_DEVICE);
		return;
	}
	rep->addrs[rep->addr_count++] = *a;
	lan_derive(r, a);
}

static void disown(struct replay *r, const struct addr *a)
{
	struct replay_report *rep = r->report;

	for (uint32_t i = 0; i < rep->addr_count; i++)
		if (addr_equal(&rep->addrs[i], a) && !addr_equal(a, &r->options->addr))
			rep->addrs[i] = rep->addrs[--rep->addr_count];
}

static bool is_mine(const struct replay *r, const struct mac *m)
{
	return !mac_is_zero(m) && mac_equal(m, &r->report->mac);
}

/* "sender has a": said by the device it teaches an address, or its MAC when only an
 * address was asked for; said by another it takes the address away. */
static void claim(struct replay *r, const struct mac *sender, const struct addr *a)
{
	if (mac_is_zero(sender) || mac_is_group(sender) || !is_unicast(a))
		return;
	if (mac_is_zero(&r->report->mac) && replay_owns(r, a))
		r->report->mac = *sender;
	if (is_mine(r, sender))
		own(r, a);
	else
		disown(r, a);
}

/* The source of an IP packet teaches less: it may be forged, or routed by the device.
 * A first address of its family is believed, further ones when the LAN has them. */
static void claim_source(
	struct replay *r, const struct mac *sender, const struct addr *a)
{
	if (mac_is_zero(&r->report->mac) && replay_owns(r, a) && !mac_is_group(sender))
		r->report->mac = *sender;
	if (!is_mine(r, sender) || !is_unicast(a))
		return;
	if (a->family == 6 || !has_lan(r, 4) || policy_env_is_local(r->env, a))
		own(r, a);
}

static void gateway_found(struct replay *r, const struct addr *a)
{
	if (r->options->gateway_count || !is_unicast(a) ||
		!policy_env_is_local(r->env, a))
		return;
	(void)policy_env_add_gateway(r->env, a);
}

static void dns_server_found(struct replay *r, const struct addr *a)
{
	if (is_unicast(a) && policy_env_is_local(r->env, a))
		(void)policy_env_add_dns(r->env, a);
}

/* A lease of the device's, by hardware address or by what it asks for. */
static void learn_dhcp4(struct replay *r, const struct packet *p)
{
	struct cursor c = p->payload;
	struct dhcp4 d;

	if (dhcp4_parse(&c, &d))
		return;
	bool mine = is_mine(r, &d.chaddr) || replay_owns(r, &d.requested_ip) ||
		    replay_owns(r, &d.ciaddr) ||
		    (d.op == 2 && replay_owns(r, &d.yiaddr));
	if (!mine)
		return;
	if (mac_is_zero(&r->report->mac))
		r->report->mac = d.chaddr;
	if (d.msg_type != DHCP4_ACK)
		return;
	own(r, &d.yiaddr);
	gateway_found(r, &d.server_id);
	gateway_found(r, &d.router);
	for (unsigned i = 0; i < d.dns_count; i++)
		dns_server_found(r, &d.dns[i]);
}

static void learn_nd(struct replay *r, const struct packet *p)
{
	struct cursor c = p->transport;
	struct nd n;

	if (p->ip.ttl != ND_HOP_LIMIT || nd_parse(&c, &n))
		return;
	if (n.type == ICMP6_NEIGHBOUR_ADVERT && p->has_mac)
		claim(r, &p->eth.src, &n.target);
	if (n.type == ICMP6_NEIGHBOUR_SOLICIT && p->has_mac &&
		addr_is_unspecified(&p->ip.src))
		claim(r, &p->eth.src, &n.target); /* duplicate address detection */
	if (n.type != ICMP6_ROUTER_ADVERT || is_mine(r, &p->eth.src))
		return;
	gateway_found(r, &p->ip.src);
	for (unsigned i = 0; i < n.rdnss_count; i++)
		dns_server_found(r, &n.rdnss[i]);
}

/* A device that is moved has been in two, each with its gateway. Link-local addresses
 * are of all. */
static bool is_of_one_lan(
	const struct policy_env *env, const struct addr *a, const struct addr *b)
{
	bool apart = false;

	for (uint32_t i = 0; i < env->lan_count; i++)
		apart |= prefix_contains(&env->lan[i], a) !=
			 prefix_contains(&env->lan[i], b);
	return !apart || addr_is_link_local(a) || addr_is_link_local(b);
}

/* Without DHCP in the capture: whom the device asks for names, when that is local. */
static void learn_from_query(struct replay *r, const struct packet *p)
{
	if (r->options->gateway_count || !(p->layers & PACKET_UDP) ||
		p->udp.dst_port != DNS_PORT || !is_unicast(&p->ip.dst) ||
		!policy_env_is_local(r->env, &p->ip.dst) ||
		is_broadcast_of(r->env, &p->ip.dst))
		return;
	for (uint32_t i = 0; i < r->env->gateway_count; i++)
		if (r->env->gateway[i].family == p->ip.dst.family &&
			is_of_one_lan(r->env, &r->env->gateway[i], &p->ip.dst))
			return;
	(void)policy_env_add_gateway(r->env, &p->ip.dst);
}

static bool identify_frame(
	struct replay *r, const struct packet *p, enum direction *ret)
{
	if (p->layers & PACKET_ARP)
		claim(r, &p->arp.sender_mac, &p->arp.sender);
	if (!p->has_mac)
		return false;
	*ret = DIRECTION_FROM_DEVICE;
	if (is_mine(r, &p->eth.src))
		return true;
	*ret = DIRECTION_TO_DEVICE;
	return is_mine(r, &p->eth.dst);
}

static bool identify_ip(struct replay *r, const struct packet *p, enum direction *ret)
{
	if (p->layers & PACKET_UDP && p->ip.family == 4 &&
		(p->udp.dst_port == DHCP4_SERVER_PORT ||
			p->udp.dst_port == DHCP4_CLIENT_PORT))
		learn_dhcp4(r, p);
	if (p->layers & PACKET_ICMP && p->ip.family == 6)
		learn_nd(r, p);
	if (p->has_mac)
		claim_source(r, &p->eth.src, &p->ip.src);
	/* with MACs, only the MAC says who sent it: a source may be forged */
	bool sender_known = p->has_mac && !mac_is_zero(&r->report->mac);
	*ret = DIRECTION_FROM_DEVICE;
	if (sender_known ? is_mine(r, &p->eth.src) : replay_owns(r, &p->ip.src))
		return true;
	*ret = DIRECTION_TO_DEVICE;
	if (replay_owns(r, &p->ip.dst))
		return true;
	if (!p->has_mac || !is_mine(r, &p->eth.dst) || !is_unicast(&p->ip.dst))
		return false;
	/* a capture may begin in the middle: nobody else would get this frame; but what
	 * is for elsewhere, the device is to route */
	if (has_lan(r, p->ip.family) && !policy_env_is_local(r->env, &p->ip.dst))
		return false;
	own(r, &p->ip.dst);
	return true;
}

bool replay_identify(struct replay *r, const struct packet *p, enum direction *ret)
{
	if (!(p->layers & PACKET_IP))
		return identify_frame(r, p, ret);
	if (!identify_ip(r, p, ret))
		return false;
	if (*ret == DIRECTION_FROM_DEVICE)
		learn_from_query(r, p);
	return true;
}

void replay_identity_init(struct replay *r)
{
	const struct replay_options *o = r->options;

	r->report->mac = o->mac;
	for (uint32_t i = 0; i < o->lan_count && i < LIMIT_LAN_PREFIXES; i++)
		(void)policy_env_add_lan(r->env, &o->lan[i]);
	for (uint32_t i = 0; i < o->gateway_count && i < POLICY_ENV_ADDRS; i++)
		(void)policy_env_add_gateway(r->env, &o->gateway[i]);
	if (mac_is_zero(&o->mac)) {
		addr_format(&o->addr, r->report->device);
		own(r, &o->addr);
	} else {
		mac_format(&o->mac, r->report->device);
	}
}
