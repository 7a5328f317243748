// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* build.c - writes the layers of a packet with their lengths and checksums. */
#include "wire/build.h"
#include "wire/checksum.h"

#define BUILD_IP4_LEN 20
#define BUILD_IP6_LEN 40
#define BUILD_IP6_FRAGMENT_LEN 8
#define BUILD_IP_TOTAL_MAX 65535

void build_eth(struct writer *w, const struct eth *eth)
{
	writer_bytes(w, eth->dst.b, sizeof(eth->dst.b));
	writer_bytes(w, eth->src.b, sizeof(eth->src.b));
	for (unsigned i = 0; i < eth->vlan_count && i < ETH_VLANS_MAX; i++) {
		bool service = i + 1u < eth->vlan_count;
		writer_u16(w, service ? ETH_TYPE_QINQ : ETH_TYPE_VLAN);
		writer_u16(w, eth->vlan[i]);
	}
	writer_u16(w, eth->type);
}

void build_arp(struct writer *w, const struct arp *arp)
{
	writer_u16(w, 1); /* Ethernet */
	writer_u16(w, ETH_TYPE_IPV4);
	writer_u8(w, 6);
	writer_u8(w, 4);
	writer_u16(w, arp->op);
	writer_bytes(w, arp->sender_mac.b, 6);
	writer_bytes(w, arp->sender.b, 4);
	writer_bytes(w, arp->target_mac.b, 6);
	writer_bytes(w, arp->target.b, 4);
}

static void build_ip4(struct writer *w, const struct ip *ip, size_t payload_len)
{
	size_t at = w->len;
	writer_u8(w, 0x45);
	writer_u8(w, ip->tos);
	writer_u16(w, (uint16_t)(BUILD_IP4_LEN + payload_len));
	writer_u16(w, (uint16_t)ip->frag.id);
	writer_u16(w, (uint16_t)(ip->frag.offset / 8 | (ip->frag.more ? 0x2000 : 0)));
	writer_u8(w, ip->ttl);
	writer_u8(w, ip->proto);
	writer_u16(w, 0);
	writer_bytes(w, ip->src.b, 4);
	writer_bytes(w, ip->dst.b, 4);
	if (!w->error)
		writer_patch16(w, at + 10,
			checksum_finish(
				checksum_add(0, w->start + at, BUILD_IP4_LEN)));
}

static void build_ip6(struct writer *w, const struct ip *ip, size_t payload_len)
{
	bool fragment = ip->frag.is_fragment;
	size_t len = payload_len + (fragment ? BUILD_IP6_FRAGMENT_LEN : 0);
	writer_u32(w, 6u << 28 | (uint32_t)ip->tos << 20);
	writer_u16(w, (uint16_t)len);
	writer_u8(w, fragment ? IP_PROTO_FRAGMENT : ip->proto);
	writer_u8(w, ip->ttl);
	writer_bytes(w, ip->src.b, 16);
	writer_bytes(w, ip->dst.b, 16);
	if (!fragment)
		return;
	writer_u8(w, ip->proto);
	writer_u8(w, 0);
	writer_u16(w, (uint16_t)((ip->frag.offset & ~7) | ip->frag.more));
	writer_u32(w, ip->frag.id);
}

void build_ip(struct writer *w, const struct ip *ip, size_t payload_len)
{
	if (payload_len > BUILD_IP_TOTAL_MAX - BUILD_IP4_LEN)
		w->error = w->error ? w->error : CARDEA_ELIMIT;
	else if (ip->family == 4)
		build_ip4(w, ip, payload_len);
	else
		build_ip6(w, ip, payload_len);
}

/* Of the segment written since `at`, whose checksum field is still 0. */
static uint16_t build_checksum(const struct writer *w, size_t at, const struct ip *ip,
	uint8_t proto)
{
	size_t len = w->len - at;
	uint32_t sum = 0;
	if (proto != IP_PROTO_ICMP)
		sum = checksum_pseudo(&ip->src, &ip->dst, proto, (uint32_t)len);
	return checksum_finish(checksum_add(sum, w->start + at, len));
}

void build_udp(struct writer *w, const struct ip *ip, const struct udp *udp,
	const void *payload, size_t len)
{
	size_t at = w->len;
	writer_u16(w, udp->src_port);
	writer_u16(w, udp->dst_port);
	writer_u16(w, (uint16_t)(UDP_HEADER_LEN + len));
	writer_u16(w, 0);
	writer_bytes(w, payload, len);
	if (w->error)
		return;
	uint16_t sum = build_checksum(w, at, ip, IP_PROTO_UDP);
	writer_patch16(w, at + 6, sum ? sum : 0xffff); /* RFC 768: 0 means none */
}

void build_tcp(struct writer *w, const struct ip *ip, const struct tcp *tcp,
	const void *payload, size_t len)
{
	size_t at = w->len;
	writer_u16(w, tcp->src_port);
	writer_u16(w, tcp->dst_port);
	writer_u32(w, tcp->seq);
	writer_u32(w, tcp->ack);
	writer_u8(w, TCP_HEADER_LEN / 4 << 4);
	writer_u8(w, tcp->flags);
	writer_u16(w, tcp->window);
	writer_u32(w, 0); /* checksum, urgent pointer */
	writer_bytes(w, payload, len);
	if (!w->error)
		writer_patch16(w, at + 16, build_checksum(w, at, ip, IP_PROTO_TCP));
}

void build_icmp(struct writer *w, const struct ip *ip, const struct icmp *icmp,
	const void *payload, size_t len)
{
	size_t at = w->len;
	writer_u8(w, icmp->type);
	writer_u8(w, icmp->code);
	writer_u16(w, 0);
	writer_u32(w, icmp->rest);
	writer_bytes(w, payload, len);
	uint8_t proto = ip->family == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMP6;
	if (!w->error)
		writer_patch16(w, at + 2, build_checksum(w, at, ip, proto));
}
