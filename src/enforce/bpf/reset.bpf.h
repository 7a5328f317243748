// SPDX-License-Identifier: GPL-2.0-or-later
/* reset - the answer to a TCP segment that policy refuses at the gateway's own address: as
 * of a port that nobody listens at (RFC 9293 3.10.7.1). Without it a browser on a device
 * that is held waits for minutes. The segment itself becomes the answer and leaves by the
 * port that it came in. Other hosts' addresses are not spoken for. */
#ifndef CARDEA_ENFORCE_BPF_RESET_H
#define CARDEA_ENFORCE_BPF_RESET_H

#include "enforce/bpf/limit.bpf.h"

/* As in nft/embed.py: who floods gets no more of them. */
#define RESET_NS (SECOND_NS / 10)
#define RESETS_BURST 40

#define RESET_HOPS 64
#define IP4_DONT 0x4000

struct tcp_header {
	uint16_t from_port, to_port;
	uint32_t seq, ack;
	uint8_t offset, flags; /* offset: in words, in the upper four bits */
	uint16_t window, checksum, urgent;
};

/* What TCP's checksum is made of (RFC 9293 3.1, RFC 8200 8.1). An IPv4 address counts the
 * same as ::ffff:a.b.c.d, for 0xffff is nothing in such a sum (RFC 1071). */
struct reset_sum {
	struct bpf_addr from, to;
	uint32_t length, proto;
	struct tcp_header tcp;
};

/* The gateway's own: what another router of the LAN gets is not redirected there. */
static __noinline int to_gateway(const struct work *w)
{
	struct bpf_mac to = w->packet.to_mac;
	struct bpf_mac_value *m = bpf_map_lookup_elem(&macs, &to);

	return m && m->flags & BPF_GATEWAY;
}

/* A whole segment without options before it, to an address of the gateway, which is
 * bound to it like those of devices are to them. */
static __noinline int reset_is_due(const struct work *w)
{
	const struct packet *p = &w->packet;
	struct bpf_subject *s = subject_at(w->mac_subject);

	return s && p->proto == PROTO_TCP && p->fragment == FRAGMENT_NONE &&
	       !(p->tcp_flags & TCP_RST) && p->tcp_flags & (TCP_SYN | TCP_ACK) &&
	       p->l4 - p->l3 == (p->family == 4 ? sizeof(struct ip4_header)
						: sizeof(struct ip6_header)) &&
	       to_gateway(w) && guard_is_bound(&p->to_mac, &p->to) &&
	       bucket_take(&s->resets, w->now, RESET_NS, RESET_NS * RESETS_BURST);
}

static __always_inline uint16_t reset_fold(uint64_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Of the segment t, which began at p->l4. */
static __always_inline void reset_fill(
	struct reset_sum *r, const struct packet *p, const struct tcp_header *t)
{
	uint32_t octets = p->end - p->l4 - (t->offset >> 4) * 4U;

	r->from = p->to;
	r->to = p->from;
	r->length = bpf_htonl(sizeof r->tcp);
	r->proto = bpf_htonl(PROTO_TCP);
	r->tcp.from_port = p->to_port;
	r->tcp.to_port = p->from_port;
	r->tcp.offset = 5 << 4;
	r->tcp.flags = TCP_RST;
	if (t->flags & TCP_ACK) {
		r->tcp.seq = t->ack;
	} else {
		octets += !!(t->flags & TCP_SYN) + !!(t->flags & TCP_FIN);
		r->tcp.ack = bpf_htonl(bpf_ntohl(t->seq) + octets);
		r->tcp.flags |= TCP_ACK;
	}
	r->tcp.checksum = reset_fold(
		(uint32_t)bpf_csum_diff(0, 0, (void *)r, sizeof *r, 0));
}

static __always_inline long reset_ip4(struct __sk_buff *skb, const struct packet *p)
{
	struct ip4_header h = {.version_ihl = 0x45, .ttl = RESET_HOPS, .proto = PROTO_TCP,
		.total = bpf_htons(sizeof h + sizeof(struct tcp_header)),
		.fragment = bpf_htons(IP4_DONT), .from = p->to.w[3], .to = p->from.w[3]};

	h.checksum = reset_fold((uint32_t)bpf_csum_diff(0, 0, (void *)&h, sizeof h, 0));
	return bpf_skb_store_bytes(skb, p->l3, &h, sizeof h, 0);
}

static __always_inline long reset_ip6(struct __sk_buff *skb, const struct packet *p)
{
	struct ip6_header h = {.version_flow = bpf_htonl(6U << 28), .next = PROTO_TCP,
		.payload = bpf_htons(sizeof(struct tcp_header)), .hop_limit = RESET_HOPS,
		.from = p->to, .to = p->from};

	return bpf_skb_store_bytes(skb, p->l3, &h, sizeof h, 0);
}

static __noinline int reset(struct __sk_buff *skb, const struct work *w)
{
	const struct packet *p = &w->packet;
	struct bpf_mac macs[2] = {p->from_mac, p->to_mac};
	struct reset_sum r = {};
	struct tcp_header t;

	if (bpf_skb_load_bytes(skb, p->l4, &t, sizeof t) ||
		bpf_skb_change_tail(skb, p->l4 + sizeof t, 0))
		return TC_ACT_SHOT;
	reset_fill(&r, p, &t);
	if (bpf_skb_store_bytes(skb, 0, macs[0].b, 6, 0) ||
		bpf_skb_store_bytes(skb, 6, macs[1].b, 6, 0) ||
		(p->family == 4 ? reset_ip4(skb, p) : reset_ip6(skb, p)) ||
		bpf_skb_store_bytes(skb, p->l4, &r.tcp, sizeof r.tcp, 0))
		return TC_ACT_SHOT;
	skb->mark = BPF_MARK_RESET;
	return (int)bpf_redirect(skb->ifindex, 0);
}

/* It leaves where its segment came in, which nothing else does that has a mark of ours. */
static __always_inline int reset_passes(struct __sk_buff *skb)
{
	if (skb->mark != BPF_MARK_RESET || skb->ingress_ifindex != skb->ifindex)
		return 0;
	skb->mark = 0;
	return 1;
}

#endif
