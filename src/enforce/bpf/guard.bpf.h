// SPDX-License-Identifier: GPL-2.0-or-later
/* guard - nobody but its owner uses an owned address; a managed device uses the LAN's own
 * (RFC 2827) and is neither router nor DHCP server; and what stands outside policy. */
#ifndef CARDEA_ENFORCE_BPF_GUARD_H
#define CARDEA_ENFORCE_BPF_GUARD_H

#include "enforce/bpf/work.bpf.h"

/* RFC 2131 4.1, RFC 8415 7.2 */
#define DHCP4_SERVER bpf_htons(67)
#define DHCP4_CLIENT bpf_htons(68)
#define DHCP6_CLIENT bpf_htons(546)
#define DHCP6_SERVER bpf_htons(547)

/* RFC 4861 4, RFC 2710 3, RFC 3810 5.2 */
#define MLD_QUERY 130
#define MLD_REPORT 131
#define MLD_DONE 132
#define ND_ROUTER_SOLICIT 133
#define ND_ROUTER_ADVERT 134
#define ND_NEIGHBOUR_SOLICIT 135
#define ND_NEIGHBOUR_ADVERT 136
#define ND_REDIRECT 137
#define MLD2_REPORT 143

/* RFC 4861 7.1: what a router has passed on is no neighbour's */
#define ND_HOP_LIMIT 255

static __always_inline int is_icmp6(const struct packet *p)
{
	return p->family == 6 && p->proto == PROTO_ICMP6;
}

static __always_inline int is_udp(const struct packet *p, uint16_t from, uint16_t to)
{
	return p->proto == PROTO_UDP && p->from_port == from && p->to_port == to;
}

static __always_inline int is_multicast4(const struct bpf_addr *a)
{
	return (a->w[3] & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000);
}

static __always_inline int is_multicast6(const struct bpf_addr *a)
{
	return (a->w[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

static __always_inline int is_group_mac(const struct bpf_mac *mac)
{
	return mac->b[0] & 1;
}

/* IEEE 802.1Q table 8-1: what no bridge forwards, as LLDP and 802.1X */
static __always_inline int is_link_mac(const struct bpf_mac *m)
{
	return m->b[0] == 0x01 && m->b[1] == 0x80 && m->b[2] == 0xc2 && !m->b[3] &&
	       !m->b[4] && m->b[5] < 0x10;
}

static __always_inline int is_unspecified(const struct packet *p)
{
	const struct bpf_addr *a = &p->from;

	return p->family == 4 ? !a->w[3] : !(a->w[0] | a->w[1] | a->w[2] | a->w[3]);
}

static __noinline int guard_is_local(const struct bpf_addr *a)
{
	const struct bpf_settings *s = settings_get();
	uint64_t high = addr_high(a), low = addr_low(a);

	if (!s)
		return 0;
	for (uint32_t i = 0; i < BPF_LOCALS_MAX && i < s->local_count; i++)
		if (addr_within(high, low, &s->locals[i].lo, &s->locals[i].hi))
			return 1;
	return 0;
}

static __noinline int guard_is_bound(const struct bpf_mac *mac, const struct bpf_addr *a)
{
	struct bpf_bound key;

	key.addr = *a;
	key.mac = *mac;
	return bpf_map_lookup_elem(&bound, &key) != 0;
}

static __noinline int guard_is_owned(const struct bpf_addr *a)
{
	struct bpf_addr key = *a;
	struct bpf_addr_value *v = bpf_map_lookup_elem(&addrs, &key);

	return v && v->flags & BPF_OWNED;
}

/* Its source is another's, or foreign. */
static __noinline int guard_source(struct work *w)
{
	const struct packet *p = &w->packet;

	w->bound = (uint8_t)guard_is_bound(&p->from_mac, &p->from);
	if (w->bound)
		return 0;
	if (guard_is_owned(&p->from))
		return BPF_REASON_SPOOFED;
	if (w->mac_flags & BPF_MANAGED && !is_unspecified(p) && !guard_is_local(&p->from))
		return BPF_REASON_SPOOFED;
	return 0;
}

/* RFC 826, for IPv4 on Ethernet */
struct arp {
	uint16_t hardware, protocol;
	uint8_t hardware_size, protocol_size;
	uint16_t operation;
	uint8_t sender_mac[6];
	uint8_t sender[4];
	uint8_t target_mac[6];
	uint8_t target[4];
};

static __noinline int guard_arp(struct __sk_buff *skb, struct work *w)
{
	struct packet *p = &w->packet;
	struct bpf_mac claimed = {};
	struct arp arp;
	uint32_t sender;

	if (bpf_skb_load_bytes(skb, p->l3, &arp, sizeof arp) ||
		arp.protocol != ETHER_IP4 || arp.hardware_size != 6 ||
		arp.protocol_size != 4)
		return 0;
	__builtin_memcpy(&sender, arp.sender, 4);
	addr_of_ip4(&p->from, sender);
	if (!guard_is_owned(&p->from))
		return 0;
	__builtin_memcpy(claimed.b, arp.sender_mac, 6);
	if (guard_is_bound(&p->from_mac, &p->from) && guard_is_bound(&claimed, &p->from))
		return 0;
	return BPF_REASON_SPOOFED;
}

/* RFC 4861 4.4: the target stands behind eight bytes. */
static __noinline int guard_nd(struct __sk_buff *skb, const struct work *w)
{
	const struct packet *p = &w->packet;
	struct bpf_addr target;

	if (p->icmp_type == ND_ROUTER_ADVERT || p->icmp_type == ND_REDIRECT)
		return w->mac_flags & BPF_MANAGED ? BPF_REASON_ROGUE : 0;
	if (p->icmp_type != ND_NEIGHBOUR_ADVERT ||
		bpf_skb_load_bytes(skb, p->l4 + 8, &target, sizeof target))
		return 0;
	if (guard_is_owned(&target) && !guard_is_bound(&p->from_mac, &target))
		return BPF_REASON_SPOOFED;
	return 0;
}

/* 0, or the reason to refuse what came from the LAN. */
static __noinline int guard_packet(struct __sk_buff *skb, struct work *w)
{
	struct packet *p = &w->packet;
	int reason = 0;

	if (!p->family)
		return p->type == ETHER_ARP ? guard_arp(skb, w) : 0;
	if (is_icmp6(p) && p->fragment != FRAGMENT_LATER)
		reason = guard_nd(skb, w);
	if (!reason && w->mac_flags & BPF_MANAGED && p->proto == PROTO_UDP &&
		p->from_port == (p->family == 4 ? DHCP4_SERVER : DHCP6_SERVER))
		reason = BPF_REASON_ROGUE;
	return reason ? reason : guard_source(w);
}

/* ---- Outside policy ----
 * They never leave the LAN: without these tests they would be a way out. */

static __always_inline int infra_nd_from(const struct packet *p)
{
	switch (p->icmp_type) {
	case ND_ROUTER_SOLICIT:
	case ND_NEIGHBOUR_SOLICIT:
	case ND_NEIGHBOUR_ADVERT:
		return p->hop_limit == ND_HOP_LIMIT &&
		       (is_multicast6(&p->to) || guard_is_local(&p->to));
	case MLD_REPORT:
	case MLD_DONE:
	case MLD2_REPORT:
		return is_multicast6(&p->to);
	default:
		return 0;
	}
}

static __noinline int infra_from_asked(const struct packet *p)
{
	if (p->family == 4)
		return (p->proto == PROTO_IGMP && is_multicast4(&p->to)) ||
		       (is_udp(p, DHCP4_CLIENT, DHCP4_SERVER) &&
			       (p->to.w[3] == 0xffffffff || guard_is_local(&p->to)));
	if (is_icmp6(p))
		return infra_nd_from(p);
	return is_udp(p, DHCP6_CLIENT, DHCP6_SERVER) && /* to ff02::1:2 */
	       ((p->to.w[0] == bpf_htonl(0xff020000) && !p->to.w[1] &&
			!p->to.w[2] && p->to.w[3] == bpf_htonl(0x10002)) ||
		       guard_is_local(&p->to));
}

/* Most packets cannot be of these. */
static __always_inline int infra_may_be(const struct packet *p)
{
	return p->proto == PROTO_UDP
		       ? p->from_port == DHCP4_CLIENT || p->from_port == DHCP4_SERVER ||
				 p->from_port == DHCP6_CLIENT ||
				 p->from_port == DHCP6_SERVER
		       : p->proto != PROTO_TCP;
}

static __always_inline int infra_from(const struct packet *p)
{
	return infra_may_be(p) && infra_from_asked(p);
}

static __always_inline int infra_nd_to(const struct packet *p)
{
	switch (p->icmp_type) {
	case ND_ROUTER_SOLICIT:
	case ND_ROUTER_ADVERT:
	case ND_NEIGHBOUR_SOLICIT:
	case ND_NEIGHBOUR_ADVERT:
		return p->hop_limit == ND_HOP_LIMIT;
	case MLD_QUERY:
	case MLD_REPORT:
	case MLD_DONE:
	case MLD2_REPORT: /* fe80::/10 */
		return (p->from.w[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
	default:
		return 0;
	}
}

static __noinline int infra_to_asked(const struct packet *p)
{
	if (is_icmp6(p))
		return infra_nd_to(p);
	if (p->family == 4 ? p->proto != PROTO_IGMP && !is_udp(p, DHCP4_SERVER, DHCP4_CLIENT)
			   : !is_udp(p, DHCP6_SERVER, DHCP6_CLIENT))
		return 0;
	return guard_is_local(&p->from);
}

static __always_inline int infra_to(const struct packet *p)
{
	return infra_may_be(p) && infra_to_asked(p);
}

/* A device cannot receive on an address that nobody has seen; DHCP, neighbour discovery
 * and multicast are how it gets one. */
static __noinline int guard_receiver(struct work *w)
{
	const struct packet *p = &w->packet;

	w->bound = (uint8_t)guard_is_bound(&p->to_mac, &p->to);
	if (w->bound)
		return 0;
	if (p->family == 4)
		return is_multicast4(&p->to) || is_udp(p, DHCP4_SERVER, DHCP4_CLIENT)
			       ? 0
			       : BPF_REASON_SPOOFED;
	if (is_multicast6(&p->to) || is_udp(p, DHCP6_SERVER, DHCP6_CLIENT))
		return 0;
	return is_icmp6(p) && p->icmp_type >= ND_ROUTER_SOLICIT &&
			       p->icmp_type <= ND_NEIGHBOUR_ADVERT
		       ? 0
		       : BPF_REASON_SPOOFED;
}

#endif
