// SPDX-License-Identifier: GPL-2.0-or-later
/* parse - the headers of a frame, up to the ports, for the path that a packet takes when
 * no flow is found at once. All reading is by bpf_skb_load_bytes, which checks bounds and
 * knows data that is not in one piece. What was read lies in a map of each CPU: the
 * verifier walks a loop over map memory once, over the stack once per state. */
#ifndef CARDEA_ENFORCE_BPF_PARSE_H
#define CARDEA_ENFORCE_BPF_PARSE_H

#include "enforce/bpf/maps.bpf.h"

#define ETHER_HEADER 14U
#define ETHER_IP4 bpf_htons(0x0800)
#define ETHER_ARP bpf_htons(0x0806)
#define ETHER_IP6 bpf_htons(0x86dd)
#define ETHER_VLAN bpf_htons(0x8100)
#define ETHER_SERVICE_VLAN bpf_htons(0x88a8)
#define ETHER_EAPOL bpf_htons(0x888e)
#define VLANS_MAX 2

#define PROTO_HOPOPTS 0
#define PROTO_ICMP 1
#define PROTO_IGMP 2
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ROUTING 43
#define PROTO_FRAGMENT 44
#define PROTO_AH 51
#define PROTO_ICMP6 58
#define PROTO_DSTOPTS 60

/* As many extension headers as one packet may have: RFC 8200 4.1 lists six that occur
 * once, destination options twice. */
#define EXTENSIONS_MAX 8

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO 8
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129

#define IP4_MORE 0x2000
#define IP4_OFFSET 0x1fff

enum fragment {
	FRAGMENT_NONE,
	FRAGMENT_FIRST, /* has the ports */
	FRAGMENT_LATER,
};

struct packet {
	struct bpf_addr from, to;
	struct bpf_mac from_mac, to_mac;
	uint16_t from_port, to_port; /* be; of an ICMP echo both are the identifier */
	uint16_t type;		     /* be, of Ethernet, behind VLAN tags */
	uint8_t family;		     /* 4, 6; 0: not IP, or its header cannot be read */
	uint8_t proto;
	uint8_t hop_limit;
	uint8_t tcp_flags;
	uint8_t icmp_type, icmp_code;
	uint8_t fragment; /* enum fragment */
	uint8_t malformed;
	uint16_t zero;
	uint32_t frag_id; /* be */
	uint32_t l3, l4, end; /* offsets in the frame; end of what IP says is there */
	uint32_t length; /* from l3 on: the bytes that are counted */
};

static __always_inline void addr_of_ip4(struct bpf_addr *to, uint32_t ip)
{
	to->w[0] = 0;
	to->w[1] = 0;
	to->w[2] = bpf_htonl(0xffff);
	to->w[3] = ip;
}

static __always_inline int parse_is_icmp(const struct packet *p)
{
	return p->proto == (p->family == 4 ? PROTO_ICMP : PROTO_ICMP6) && p->family;
}

/* Has a type and a code, which policy may name, also where it is the other version's and
 * nobody could answer. */
static __always_inline int parse_has_type(const struct packet *p)
{
	return p->proto == PROTO_ICMP || p->proto == PROTO_ICMP6;
}

static __always_inline int parse_has_ports(const struct packet *p)
{
	return p->proto == PROTO_TCP || p->proto == PROTO_UDP;
}

static __always_inline int parse_is_echo_request(const struct packet *p)
{
	return parse_is_icmp(p) &&
	       p->icmp_type == (p->family == 4 ? ICMP_ECHO : ICMP6_ECHO);
}

static __always_inline int parse_is_echo(const struct packet *p)
{
	return parse_is_echo_request(p) ||
	       (parse_is_icmp(p) &&
		       p->icmp_type ==
			       (p->family == 4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY));
}

static __always_inline int parse_tcp(struct __sk_buff *skb, struct packet *p)
{
	uint8_t h[20];

	if (p->end - p->l4 < sizeof h || bpf_skb_load_bytes(skb, p->l4, h, sizeof h))
		return -1;
	__builtin_memcpy(&p->from_port, h, 2);
	__builtin_memcpy(&p->to_port, h + 2, 2);
	p->tcp_flags = h[13];
	return 0;
}

static __always_inline int parse_udp(struct __sk_buff *skb, struct packet *p)
{
	uint16_t h[4];

	if (p->end - p->l4 < sizeof h || bpf_skb_load_bytes(skb, p->l4, h, sizeof h))
		return -1;
	p->from_port = h[0];
	p->to_port = h[1];
	return 0;
}

/* Eight bytes are the least of any ICMP message (RFC 792, RFC 4443 2.1 and 4). */
static __always_inline int parse_icmp(struct __sk_buff *skb, struct packet *p)
{
	uint16_t h[4];

	if (p->end - p->l4 < sizeof h || bpf_skb_load_bytes(skb, p->l4, h, sizeof h))
		return -1;
	uint16_t type_code = bpf_ntohs(h[0]);
	p->icmp_type = type_code >> 8;
	p->icmp_code = (uint8_t)type_code;
	if (parse_is_echo(p))
		p->from_port = p->to_port = h[2];
	return 0;
}

static __noinline int parse_transport(struct __sk_buff *skb, struct packet *p)
{
	if (p->fragment == FRAGMENT_LATER)
		return 0;
	if (p->proto == PROTO_TCP)
		return parse_tcp(skb, p);
	if (p->proto == PROTO_UDP)
		return parse_udp(skb, p);
	return parse_has_type(p) ? parse_icmp(skb, p) : 0;
}

struct ip4_header {
	uint8_t version_ihl, tos;
	uint16_t total, id, fragment;
	uint8_t ttl, proto;
	uint16_t checksum;
	uint32_t from, to;
};

static __noinline int parse_ip4(struct __sk_buff *skb, struct packet *p)
{
	struct ip4_header h;

	if (bpf_skb_load_bytes(skb, p->l3, &h, sizeof h))
		return -1;
	uint32_t header = (h.version_ihl & 15U) * 4, total = bpf_ntohs(h.total);
	if (!total && skb->gso_size) /* more than 65535 bytes, not yet cut */
		total = p->length;
	if (h.version_ihl >> 4 != 4 || header < sizeof h || total < header ||
		total > p->length)
		return -1;
	p->family = 4;
	p->proto = h.proto;
	p->hop_limit = h.ttl;
	addr_of_ip4(&p->from, h.from);
	addr_of_ip4(&p->to, h.to);
	p->l4 = p->l3 + header;
	p->end = p->l3 + total;
	uint16_t fragment = bpf_ntohs(h.fragment);
	p->frag_id = h.id;
	if (fragment & IP4_OFFSET)
		p->fragment = FRAGMENT_LATER;
	else if (fragment & IP4_MORE)
		p->fragment = FRAGMENT_FIRST;
	return parse_transport(skb, p);
}

struct ip6_header {
	uint32_t version_flow;
	uint16_t payload;
	uint8_t next, hop_limit;
	struct bpf_addr from, to;
};

/* RFC 8200 4.5 */
struct ip6_fragment {
	uint8_t next, reserved;
	uint16_t offset;
	uint32_t id;
};

#define IP6_MORE 1
#define IP6_OFFSET 0xfff8

static __always_inline int parse_ip6_fragment(struct __sk_buff *skb, struct packet *p)
{
	struct ip6_fragment f;

	if (p->end - p->l4 < sizeof f || bpf_skb_load_bytes(skb, p->l4, &f, sizeof f))
		return -1;
	uint16_t offset = bpf_ntohs(f.offset);
	p->frag_id = f.id;
	if (offset & IP6_OFFSET)
		p->fragment = FRAGMENT_LATER;
	else if (offset & IP6_MORE) /* else it is whole: RFC 6946 */
		p->fragment = FRAGMENT_FIRST;
	p->proto = f.next;
	p->l4 += sizeof f;
	return 0;
}

static __always_inline int parse_is_extension(uint8_t proto)
{
	return proto == PROTO_HOPOPTS || proto == PROTO_ROUTING ||
	       proto == PROTO_FRAGMENT || proto == PROTO_AH || proto == PROTO_DSTOPTS;
}

/* 1: there is another header to look at. */
static __noinline int parse_extension(struct __sk_buff *skb, struct packet *p)
{
	uint8_t h[2];

	if (p->fragment == FRAGMENT_LATER || !parse_is_extension(p->proto))
		return 0;
	if (p->proto == PROTO_FRAGMENT)
		return parse_ip6_fragment(skb, p) ? -1 : 1;
	if (p->end - p->l4 < 8 || bpf_skb_load_bytes(skb, p->l4, h, sizeof h))
		return -1;
	uint32_t size = p->proto == PROTO_AH ? (h[1] + 2U) * 4 : (h[1] + 1U) * 8;
	if (p->end - p->l4 < size)
		return -1;
	p->proto = h[0];
	p->l4 += size;
	return 1;
}

static __noinline int parse_extensions(struct __sk_buff *skb, struct packet *p)
{
	int more = 1;

	for (int i = 0; i <= EXTENSIONS_MAX && more == 1; i++)
		more = parse_extension(skb, p);
	return more ? -1 : 0;
}

/* An IPv4 address within IPv6 is on no wire (RFC 4038 4.2), and here it would be taken
 * for the former. */
static __always_inline int parse_is_mapped(const struct ip6_header *h)
{
	return addr_family(&h->from) == 4 || addr_family(&h->to) == 4;
}

static __noinline int parse_ip6(struct __sk_buff *skb, struct packet *p)
{
	struct ip6_header h;

	if (bpf_skb_load_bytes(skb, p->l3, &h, sizeof h))
		return -1;
	uint32_t total = bpf_ntohs(h.payload) + (uint32_t)sizeof h;
	if (!h.payload && skb->gso_size)
		total = p->length;
	if (bpf_ntohl(h.version_flow) >> 28 != 6 || total > p->length ||
		parse_is_mapped(&h))
		return -1;
	p->family = 6;
	p->proto = h.next;
	p->hop_limit = h.hop_limit;
	p->from = h.from;
	p->to = h.to;
	p->l4 = p->l3 + sizeof h;
	p->end = p->l3 + total;
	if (parse_extensions(skb, p))
		return -1;
	return parse_transport(skb, p);
}

struct ether_header {
	uint8_t to[6], from[6];
	uint16_t type;
};

struct vlan_tag {
	uint16_t tci, type;
};

static __always_inline int parse_is_vlan(const struct packet *p)
{
	return p->type == ETHER_VLAN || p->type == ETHER_SERVICE_VLAN;
}

/* The tag that a driver took off lies in the skb, and nobody judges it. */
static __always_inline int parse_vlans(struct __sk_buff *skb, struct packet *p)
{
	struct vlan_tag tag;

	for (int i = 0; i < VLANS_MAX; i++) {
		if (!parse_is_vlan(p))
			return 0;
		if (bpf_skb_load_bytes(skb, p->l3, &tag, sizeof tag))
			return -1;
		p->type = tag.type;
		p->l3 += sizeof tag;
	}
	return parse_is_vlan(p) ? -1 : 0;
}

static __always_inline int parse_ether(struct __sk_buff *skb, struct packet *p)
{
	struct ether_header h;

	if (bpf_skb_load_bytes(skb, 0, &h, sizeof h))
		return -1;
	__builtin_memcpy(p->from_mac.b, h.from, 6);
	__builtin_memcpy(p->to_mac.b, h.to, 6);
	p->type = h.type;
	p->l3 = ETHER_HEADER;
	return parse_vlans(skb, p);
}

/* ---- The same by pointers, for most packets: no tags, options or fragments ---- */

static __always_inline int parse_plain_transport(
	struct packet *p, const void *l4, const void *end)
{
	const uint16_t *ports = l4;
	const uint8_t *tcp = l4;
	uint32_t size = p->proto == PROTO_TCP ? 20 : 8;

	if (p->end - p->l4 < size || p->end - p->l3 > p->length)
		return 0;
	if (p->proto == PROTO_TCP) {
		if (l4 + 20 > end)
			return 0;
		p->tcp_flags = tcp[13];
	} else if (p->proto != PROTO_UDP || l4 + 8 > end)
		return 0;
	p->from_port = ports[0];
	p->to_port = ports[1];
	return 1;
}

static __always_inline int parse_plain4(struct packet *p, const void *ip, const void *end)
{
	const struct ip4_header *h = ip;

	if (ip + sizeof *h > end || h->version_ihl != 0x45 ||
		h->fragment & bpf_htons(IP4_MORE | IP4_OFFSET))
		return 0;
	p->proto = h->proto;
	p->hop_limit = h->ttl;
	addr_of_ip4(&p->from, h->from);
	addr_of_ip4(&p->to, h->to);
	p->family = 4;
	p->l4 = p->l3 + sizeof *h;
	p->end = p->l3 + bpf_ntohs(h->total);
	return p->end >= p->l4 && parse_plain_transport(p, ip + sizeof *h, end);
}

static __always_inline int parse_plain6(struct packet *p, const void *ip, const void *end)
{
	const struct ip6_header *h = ip;

	if (ip + sizeof *h > end || bpf_ntohl(h->version_flow) >> 28 != 6 ||
		parse_is_mapped(h))
		return 0;
	p->proto = h->next;
	p->hop_limit = h->hop_limit;
	p->from = h->from;
	p->to = h->to;
	p->family = 6;
	p->l4 = p->l3 + sizeof *h;
	p->end = p->l4 + bpf_ntohs(h->payload);
	return parse_plain_transport(p, ip + sizeof *h, end);
}

/* 1: read. Else nothing that was set counts. */
static __always_inline int parse_plain(struct __sk_buff *skb, struct packet *p)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct ether_header *h = data;

	if (data + sizeof *h > end)
		return 0;
	__builtin_memcpy(p->from_mac.b, h->from, 6);
	__builtin_memcpy(p->to_mac.b, h->to, 6);
	p->type = h->type;
	p->l3 = ETHER_HEADER;
	p->length = skb->len - ETHER_HEADER;
	if (h->type == ETHER_IP4)
		return parse_plain4(p, data + sizeof *h, end);
	return h->type == ETHER_IP6 && parse_plain6(p, data + sizeof *h, end);
}

/* What cannot be read is malformed; addresses are there if family is. */
static __noinline void parse_packet(struct __sk_buff *skb, struct packet *p)
{
	int bad;

	__builtin_memset(p, 0, sizeof *p);
	if (parse_plain(skb, p))
		return;
	__builtin_memset(p, 0, sizeof *p);
	bad = parse_ether(skb, p);
	p->length = skb->len - p->l3;
	if (!bad && p->type == ETHER_IP4)
		bad = parse_ip4(skb, p);
	else if (!bad && p->type == ETHER_IP6)
		bad = parse_ip6(skb, p);
	p->malformed = !!bad;
}

#endif
