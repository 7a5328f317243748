// SPDX-License-Identifier: GPL-2.0-or-later
/* walk.c - takes each header as one block of bytes, so that there is one check of the
 * length for it. */
#include "observe/walk.h"

#include "wire/icmp.h"
#include "wire/ip.h"
#include "wire/link.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define IP4_HEADER_LEN 20
#define IP6_HEADER_LEN 40
#define IP4_MORE 0x2000
#define IP4_OFFSET 0x1fff

/* What the header claims, unless it is more than the frame had. Zero is what captures
 * of segments have that the card was to cut (TSO): all that is there then. */
static uint32_t length_of(uint32_t claimed, uint32_t on_wire)
{
	return claimed && claimed <= on_wire ? claimed : on_wire;
}

/* The key's addresses, the lower first. Which order that is does not matter as long as
 * it is one, so words are compared as this machine has them. */
static inline void order4(struct walk *w, const uint8_t *src, const uint8_t *dst)
{
	uint64_t a = 0, b = 0;

	memcpy(&a, src, 4);
	memcpy(&b, dst, 4);
	w->swapped = a > b || (a == b && w->sport > w->dport);
	w->key.addr[0][0] = w->swapped ? b : a;
	w->key.addr[1][0] = w->swapped ? a : b;
	w->key.addr[0][1] = w->key.addr[1][1] = 0;
}

static inline void order6(struct walk *w, const uint8_t *src, const uint8_t *dst)
{
	uint64_t a[2], b[2];

	memcpy(a, src, sizeof a);
	memcpy(b, dst, sizeof b);
	w->swapped = a[0] != b[0]   ? a[0] > b[0]
		     : a[1] != b[1] ? a[1] > b[1]
				    : w->sport > w->dport;
	memcpy(w->key.addr[w->swapped], a, sizeof a);
	memcpy(w->key.addr[!w->swapped], b, sizeof b);
}

static inline void finish(struct walk *w, const uint8_t *src, const uint8_t *dst)
{
	bool icmp = w->proto == IP_PROTO_ICMP || w->proto == IP_PROTO_ICMP6;

	if (w->family == 4)
		order4(w, src, dst);
	else
		order6(w, src, dst);
	bool turn = w->swapped && !icmp;
	w->key.rest = walk_rest(turn ? w->dport : w->sport, turn ? w->sport : w->dport,
		w->proto, w->family, 0);
	w->kind = WALK_PACKET;
}

static inline bool walk_tcp(struct walk *w, struct cursor c)
{
	const uint8_t *p = cursor_take(&c, TCP_HEADER_LEN);

	if (!p || p[12] >> 4 < TCP_HEADER_LEN / 4)
		return false;
	w->sport = load_be16(p);
	w->dport = load_be16(p + 2);
	w->seq = load_be32(p + 4);
	w->flags = p[13];
	/* options that the capture cut leave no payload */
	if (cursor_take(&c, (p[12] >> 4) * 4U - TCP_HEADER_LEN))
		w->payload = cursor_of(c.pos, cursor_left(&c));
	return true;
}

static inline bool walk_udp(struct walk *w, struct cursor c)
{
	const uint8_t *p = cursor_take(&c, UDP_HEADER_LEN);

	if (!p)
		return false;
	unsigned len = load_be16(p + 4);
	if (len && len < UDP_HEADER_LEN)
		return false;
	w->sport = load_be16(p);
	w->dport = load_be16(p + 2);
	size_t left = cursor_left(&c);
	if (len && len - UDP_HEADER_LEN < left)
		left = len - UDP_HEADER_LEN;
	w->payload = cursor_of(c.pos, left);
	return true;
}

/* An echo and its answer are one conversation, by the request's type. */
static inline bool walk_icmp(struct walk *w, struct cursor c)
{
	const uint8_t *p = cursor_take(&c, 4);

	if (!p)
		return false;
	w->icmp_type = p[0];
	w->sport = p[0];
	if (w->family == 4 ? p[0] == ICMP4_ECHO_REPLY : p[0] == ICMP6_ECHO_REPLY)
		w->sport = w->family == 4 ? ICMP4_ECHO : ICMP6_ECHO;
	if (w->sport == (w->family == 4 ? ICMP4_ECHO : ICMP6_ECHO))
		w->dport = cursor_u16(&c);
	return true;
}

static inline bool walk_transport(struct walk *w)
{
	if (w->later)
		return true;
	switch (w->proto) {
	case IP_PROTO_TCP:
		return walk_tcp(w, w->transport);
	case IP_PROTO_UDP:
		return walk_udp(w, w->transport);
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMP6:
		return (w->proto == IP_PROTO_ICMP6) != (w->family == 6) ||
		       walk_icmp(w, w->transport);
	default:
		return true;
	}
}

static inline void walk_ip4(struct walk *w, struct cursor c, uint32_t on_wire)
{
	const uint8_t *p = cursor_take(&c, IP4_HEADER_LEN);
	unsigned head = p ? (p[0] & 15) * 4U : 0, fragment;

	if (head < IP4_HEADER_LEN || p[0] >> 4 != 4)
		return;
	w->family = 4;
	w->proto = p[9];
	w->ttl = p[8];
	w->len = length_of(load_be16(p + 2), on_wire);
	fragment = load_be16(p + 6);
	w->fragment = fragment & (IP4_MORE | IP4_OFFSET);
	w->later = fragment & IP4_OFFSET;
	w->fragment_id = load_be16(p + 4);
	if (w->len < head || !cursor_take(&c, head - IP4_HEADER_LEN))
		return;
	/* a short frame is padded behind the packet */
	w->transport =
		cursor_left(&c) > w->len - head ? cursor_sub(&c, w->len - head) : c;
	if (walk_transport(w))
		finish(w, p + 12, p + 16);
}

/* Behind the extension headers (RFC 8200 4); false when there are too many. */
static inline bool walk_extensions(struct walk *w, struct cursor *c, unsigned next)
{
	for (int i = 0; i < IP_EXT_HEADERS_MAX; i++) {
		bool known = next == IP_PROTO_HOPOPTS || next == IP_PROTO_ROUTING ||
			     next == IP_PROTO_DSTOPTS || next == IP_PROTO_FRAGMENT ||
			     next == IP_PROTO_AH;
		w->proto = (uint8_t)next;
		if (!known || w->later)
			return true;
		const uint8_t *p = cursor_take(c, 8);
		if (!p)
			return false;
		if (next == IP_PROTO_FRAGMENT) {
			w->fragment = load_be16(p + 2) & 0xfff9;
			w->later = load_be16(p + 2) & 0xfff8;
			w->fragment_id = load_be32(p + 4);
		} else {
			/* RFC 4302 2.2: AH counts words of four octets, less two */
			cursor_skip(c, next == IP_PROTO_AH ? p[1] * 4U : p[1] * 8U);
		}
		next = p[0];
	}
	return false;
}

static inline void walk_ip6(struct walk *w, struct cursor c, uint32_t on_wire)
{
	const uint8_t *p = cursor_take(&c, IP6_HEADER_LEN);
	unsigned claimed = p ? load_be16(p + 4) : 0;

	if (!p || p[0] >> 4 != 6)
		return;
	w->family = 6;
	w->ttl = p[7];
	w->len = length_of(claimed ? claimed + IP6_HEADER_LEN : 0, on_wire);
	if (w->len < IP6_HEADER_LEN)
		return;
	if (cursor_left(&c) > w->len - IP6_HEADER_LEN)
		c = cursor_sub(&c, w->len - IP6_HEADER_LEN);
	if (!walk_extensions(w, &c, p[6]) || c.error)
		return;
	w->transport = c;
	if (walk_transport(w))
		finish(w, p + 8, p + 24);
}

static inline void walk_network(struct walk *w, struct cursor c, uint32_t on_wire)
{
	w->network = c;
	w->kind = WALK_MALFORMED;
	if (w->type == ETH_TYPE_IPV4)
		walk_ip4(w, c, on_wire);
	else if (w->type == ETH_TYPE_IPV6)
		walk_ip6(w, c, on_wire);
	else
		w->kind = WALK_OTHER;
}

/* Link layers that are rare, and 802.3. */
static void walk_link(
	struct walk *w, uint32_t linktype, struct cursor frame, uint32_t wire_len)
{
	struct cursor c = frame;
	struct eth eth;
	bool has_mac;

	w->kind = WALK_UNREADABLE;
	if (link_parse(linktype, &c, &eth, &has_mac))
		return;
	w->src = eth.src;
	w->dst = eth.dst;
	w->has_dst = linktype == LINK_ETHERNET;
	w->type = eth.type;
	walk_network(w, cursor_of(c.pos, cursor_left(&c)),
		wire_len - (uint32_t)cursor_offset(&c));
}

/* TCP's or UDP's header and payload, of which all is there: what walk_tcp and walk_udp
 * do, of plain pointers. */
static inline bool plain_transport(struct walk *w, const uint8_t *p, size_t len)
{
	size_t head = UDP_HEADER_LEN, claimed;

	w->sport = load_be16(p);
	w->dport = load_be16(p + 2);
	if (w->proto == IP_PROTO_TCP) {
		head = (p[12] >> 4) * 4U;
		if (head < TCP_HEADER_LEN)
			return false;
		w->seq = load_be32(p + 4);
		w->flags = p[13];
	} else {
		claimed = load_be16(p + 4);
		if (claimed && claimed < UDP_HEADER_LEN)
			return false;
		if (claimed && claimed < len)
			len = claimed;
		w->flags = 0;
	}
	w->payload = head <= len ? cursor_of(p + head, len - head) : cursor_of(NULL, 0);
	return true;
}

/* Most frames: Ethernet without tags, IPv4 without options, no fragment, and a whole
 * header of TCP or UDP. One check of the length for all of them; false: it is another,
 * or has something wrong with it. */
static inline bool walk_plain(
	struct walk *w, uint32_t linktype, const struct cursor *frame, uint32_t wire_len)
{
	const uint8_t *p = frame->pos, *ip = p + ETH_HEADER_LEN;
	size_t len = cursor_left(frame);
	uint32_t least;

	if (linktype != LINK_ETHERNET ||
		len < ETH_HEADER_LEN + IP4_HEADER_LEN + UDP_HEADER_LEN ||
		load_be16(p + 12) != ETH_TYPE_IPV4 || ip[0] != 0x45 ||
		load_be16(ip + 6) & (IP4_MORE | IP4_OFFSET))
		return false;
	w->proto = ip[9];
	if (w->proto != IP_PROTO_TCP && w->proto != IP_PROTO_UDP)
		return false;
	least = IP4_HEADER_LEN +
		(w->proto == IP_PROTO_TCP ? TCP_HEADER_LEN : UDP_HEADER_LEN);
	w->len = length_of(load_be16(ip + 2), wire_len - ETH_HEADER_LEN);
	len -= ETH_HEADER_LEN;
	if (len > w->len) /* a short frame is padded */
		len = w->len;
	if (len < least ||
		!plain_transport(w, ip + IP4_HEADER_LEN, len - IP4_HEADER_LEN))
		return false;
	w->ttl = ip[8];
	w->family = 4;
	w->icmp_type = 0;
	w->fragment = w->later = false;
	w->has_dst = true;
	w->type = ETH_TYPE_IPV4;
	memcpy(&w->dst, p, 6);
	memcpy(&w->src, p + 6, 6);
	finish(w, ip + 12, ip + 16);
	return true;
}

void walk_frame(
	struct walk *w, uint32_t linktype, struct cursor frame, uint32_t wire_len)
{
	if (walk_plain(w, linktype, &frame, wire_len))
		return;
	struct cursor c = frame;
	const uint8_t *p =
		linktype == LINK_ETHERNET ? cursor_take(&c, ETH_HEADER_LEN) : NULL;
	unsigned type = p ? load_be16(p + 12) : 0;

	w->fragment = w->later = false;
	w->flags = w->icmp_type = 0;
	w->sport = w->dport = 0;
	w->payload = cursor_of(NULL, 0);
	for (int i = 0; i < ETH_VLANS_MAX; i++) {
		if (type != ETH_TYPE_VLAN && type != ETH_TYPE_QINQ)
			break;
		const uint8_t *tag = cursor_take(&c, 4);
		type = tag ? load_be16(tag + 2) : 0;
	}
	if (type != ETH_TYPE_ARP && type != ETH_TYPE_IPV4 && type != ETH_TYPE_IPV6) {
		walk_link(w, linktype, frame, wire_len);
		return;
	}
	memcpy(&w->dst, p, 6);
	memcpy(&w->src, p + 6, 6);
	w->has_dst = true;
	w->type = (uint16_t)type;
	walk_network(w, cursor_of(c.pos, cursor_left(&c)),
		wire_len - (uint32_t)cursor_offset(&c));
}
