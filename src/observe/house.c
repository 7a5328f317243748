// SPDX-License-Identifier: GPL-2.0-or-later
/* house.c - what frames say about the house itself: who has which address, who is the
 * gateway, who comes back to the network. */
#include "observe/observe_priv.h"

#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip.h"

/* A client that gets no answer asks again within seconds, with a new exchange after a
 * while; it is the same boot. */
#define BOOT_AGAIN (30 * NS_PER_SEC)
#define ND_HOPS 255 /* RFC 4861 6.1.2: only then is the sender on this link */

bool observe_tell_new(struct observe *o, uint32_t id)
{
	struct host *h = &o->hosts.hosts[id];

	if (!id || hosts_is_gateway(&o->hosts, id) ||
		(o->one_device && !mac_equal(&h->mac, &o->config.device)))
		return false;
	if (!(h->flags & HOST_TOLD) && o->config.event)
		o->config.event(o->config.ctx, &h->mac, OBSERVE_NEW, h->first);
	h->flags |= HOST_TOLD;
	return true;
}

static void tell(struct observe *o, uint32_t id, enum observe_event event)
{
	if (observe_tell_new(o, id) && o->config.event)
		o->config.event(o->config.ctx, &o->hosts.hosts[id].mac, event, o->now);
}

static void tell_boot(struct observe *o, uint32_t id, uint32_t xid)
{
	struct host *h = &o->hosts.hosts[id];

	h->flags |= HOST_CLIENT;
	if (h->boot && (h->boot_xid == xid || o->now - h->boot < BOOT_AGAIN))
		return;
	h->boot = o->now;
	h->boot_xid = xid;
	tell(o, id, OBSERVE_BOOT);
}

void observe_link(struct observe *o, const struct walk *w)
{
	struct cursor c = w->network;
	struct arp arp;

	if (w->kind == WALK_UNREADABLE)
		o->counts.unreadable++;
	if (w->kind == WALK_MALFORMED)
		o->counts.malformed++;
	if (w->kind != WALK_OTHER)
		return;
	uint32_t host = hosts_see(&o->hosts, &w->src, o->now);
	if (w->type == ETH_TYPE_ARP && arp_parse(&c, &arp))
		o->counts.malformed++;
	else if (w->type == ETH_TYPE_ARP && mac_equal(&arp.sender_mac, &w->src))
		hosts_own(&o->hosts, host, &arp.sender);
}

/* RFC 2131 4.3.2: a REQUEST without an address of its own and without a server chosen
 * is of a client that has just come back. */
static void see_dhcp4_client(struct observe *o, uint32_t host, const struct dhcp4 *d)
{
	bool reboots = d->msg_type == DHCP4_REQUEST && !d->ciaddr.family &&
		       !d->server_id.family;

	if (d->msg_type == DHCP4_DISCOVER || reboots)
		tell_boot(o, host, d->xid);
	else if (d->msg_type == DHCP4_REQUEST)
		tell(o, host, OBSERVE_LEASE);
}

static void see_dhcp4(struct observe *o, const struct walk *w)
{
	struct dhcp4 *d = &o->scratch.dhcp4;
	struct cursor c = w->payload;
	uint32_t host = hosts_see(&o->hosts, &w->src, o->now);

	if (dhcp4_parse(&c, d))
		return;
	if (d->op == 1 && mac_equal(&d->chaddr, &w->src)) {
		see_dhcp4_client(o, host, d);
	} else if (d->op == 2 && d->msg_type == DHCP4_ACK) {
		hosts_own(&o->hosts, hosts_find(&o->hosts, &d->chaddr), &d->yiaddr);
		hosts_set_router(&o->hosts, &d->router);
	}
}

static void see_dhcp6(struct observe *o, const struct walk *w)
{
	struct dhcp6 *d = &o->scratch.dhcp6;
	struct cursor c = w->payload;
	uint32_t host = hosts_see(&o->hosts, &w->src, o->now);

	if (dhcp6_parse(&c, d) || d->relay_count)
		return;
	if (d->msg_type == DHCP6_SOLICIT)
		tell_boot(o, host, d->xid);
	else if (d->msg_type == DHCP6_REQUEST || d->msg_type == DHCP6_RENEW ||
		 d->msg_type == DHCP6_REBIND)
		tell(o, host, OBSERVE_LEASE);
}

static void see_router(struct observe *o, uint32_t host, const struct nd *nd)
{
	/* without a lifetime it routes to somewhere else only, as Thread's do */
	if (nd->lifetime_s)
		hosts_set_gateway(&o->hosts, host);
	for (unsigned i = 0; i < nd->prefix_count; i++)
		if (nd->prefixes[i].flags & ND_PREFIX_ON_LINK)
			hosts_add_lan(&o->hosts, &nd->prefixes[i].prefix);
}

static void see_nd(struct observe *o, const struct walk *w)
{
	struct nd *nd = &o->scratch.nd;
	struct cursor c = w->transport;
	struct addr src = walk_source(w);

	if (w->ttl != ND_HOPS || nd_parse(&c, nd))
		return;
	uint32_t host = hosts_see(&o->hosts, &w->src, o->now);
	if (nd->type == ICMP6_ROUTER_ADVERT)
		see_router(o, host, nd);
	if (nd->type == ICMP6_NEIGHBOUR_ADVERT)
		hosts_own(&o->hosts, host, &nd->target);
	/* of a source that is unspecified the target is what it wants to be (RFC 4862)
	 */
	if (nd->type == ICMP6_NEIGHBOUR_SOLICIT)
		hosts_own(&o->hosts, host,
			addr_is_unspecified(&src) ? &nd->target : &src);
}

void observe_house(struct observe *o, const struct walk *w)
{
	if (w->proto == IP_PROTO_ICMP6)
		see_nd(o, w);
	else if (w->sport == DHCP4_SERVER_PORT || w->dport == DHCP4_SERVER_PORT)
		see_dhcp4(o, w);
	else if (w->sport == DHCP6_SERVER_PORT || w->dport == DHCP6_SERVER_PORT)
		see_dhcp6(o, w);
}
