// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ip.c - reads IPv4 and IPv6 headers, extension headers and fragment fields. */
#include "wire/ip.h"
#include "wire/checksum.h"

#define IP4_HEADER_LEN 20
#define IP6_HEADER_LEN 40
#define IP4_MORE 0x2000
#define IP4_OFFSET 0x1fff
#define IP6_MORE 0x0001
#define IP6_OFFSET 0xfff8

enum ip_option {
	IP4_OPTION_END = 0,
	IP4_OPTION_NOP = 1,
	IP4_OPTION_ROUTER_ALERT = 148, /* RFC 2113 */
	IP6_OPTION_PAD1 = 0,
	IP6_OPTION_ROUTER_ALERT = 5, /* RFC 2711 */
};

static struct cursor ip_payload(struct cursor *c, size_t claimed, bool *ret_cut)
{
	size_t left = cursor_left(c);
	*ret_cut = claimed > left;
	return cursor_sub(c, claimed > left ? left : claimed);
}

static void ip_set_frag(struct ip_frag *f, uint16_t offset, bool more, uint32_t id)
{
	*f = (struct ip_frag){
		.is_fragment = offset || more,
		.first = more && !offset,
		.more = more,
		.offset = offset,
		.id = id,
	};
}

static int ip4_options(struct cursor c, struct ip *ip)
{
	while (cursor_left(&c)) {
		uint8_t type = cursor_u8(&c);
		if (type == IP4_OPTION_END)
			break;
		if (type == IP4_OPTION_NOP)
			continue;
		uint8_t len = cursor_u8(&c);
		if (len < 2)
			return CARDEA_EMALFORMED;
		cursor_skip(&c, len - 2u);
		if (type == IP4_OPTION_ROUTER_ALERT)
			ip->router_alert = true;
	}
	return c.error ? CARDEA_EMALFORMED : 0;
}

static int ip4_parse(struct cursor *c, struct ip *ret, struct cursor *ret_payload)
{
	const uint8_t *b = cursor_take(c, IP4_HEADER_LEN);
	if (!b)
		return c->error;
	unsigned header_len = (b[0] & 0x0fu) * 4, total = load_be16(b + 2);
	if (header_len < IP4_HEADER_LEN || total < header_len)
		return CARDEA_EMALFORMED;
	struct ip ip = {
		.family = 4,
		.src = addr_v4(b + 12),
		.dst = addr_v4(b + 16),
		.proto = b[9],
		.ttl = b[8],
		.tos = b[1],
		.header_len = (uint16_t)header_len,
		.payload_len = (uint16_t)(total - header_len),
	};
	unsigned frag = load_be16(b + 6);
	ip_set_frag(&ip.frag, (uint16_t)((frag & IP4_OFFSET) * 8), frag & IP4_MORE,
		load_be16(b + 4));
	struct cursor options = cursor_sub(c, header_len - IP4_HEADER_LEN);
	if (c->error)
		return c->error;
	int r = ip4_options(options, &ip);
	if (r)
		return r;
	*ret_payload = ip_payload(c, ip.payload_len, &ip.cut);
	*ret = ip;
	return 0;
}

static int ip6_hop_options(struct cursor c, struct ip *ip)
{
	while (cursor_left(&c)) {
		uint8_t type = cursor_u8(&c);
		if (type == IP6_OPTION_PAD1)
			continue;
		cursor_skip(&c, cursor_u8(&c));
		if (type == IP6_OPTION_ROUTER_ALERT)
			ip->router_alert = true;
	}
	return c.error ? CARDEA_EMALFORMED : 0;
}

/* Length octets count 8-octet units beyond the first (RFC 8200 4.3), but 4-octet units
 * minus two in the Authentication Header (RFC 4302 2.2). */
static int ip6_skip_header(struct cursor *c, struct ip *ip)
{
	uint8_t kind = ip->proto;
	ip->proto = cursor_u8(c);
	size_t len = cursor_u8(c);
	len = kind == IP_PROTO_AH ? (len + 2) * 4 : (len + 1) * 8;
	struct cursor body = cursor_sub(c, len - 2);
	if (c->error)
		return c->error;
	return kind == IP_PROTO_HOPOPTS ? ip6_hop_options(body, ip) : 0;
}

static int ip6_fragment(struct cursor *c, struct ip *ip, bool *seen)
{
	if (*seen)
		return CARDEA_EMALFORMED;
	*seen = true;
	ip->proto = cursor_u8(c);
	cursor_skip(c, 1);
	uint16_t field = cursor_u16(c);
	uint32_t id = cursor_u32(c);
	ip_set_frag(&ip->frag, field & IP6_OFFSET, field & IP6_MORE, id);
	return c->error;
}

/* Walks to the upper-layer header, or to the data of a later fragment. */
static int ip6_extensions(struct cursor *c, struct ip *ip)
{
	bool fragment_seen = false;
	for (int i = 0; i <= IP_EXT_HEADERS_MAX; i++) {
		int r;
		switch (ip->proto) {
		case IP_PROTO_HOPOPTS:
			/* RFC 8200 4.1: nowhere but first. */
			r = i ? CARDEA_EMALFORMED : ip6_skip_header(c, ip);
			break;
		case IP_PROTO_ROUTING:
		case IP_PROTO_DSTOPTS:
		case IP_PROTO_AH:
			r = ip6_skip_header(c, ip);
			break;
		case IP_PROTO_FRAGMENT:
			r = ip6_fragment(c, ip, &fragment_seen);
			if (!r && ip->frag.offset)
				return 0;
			break;
		default:
			return 0;
		}
		if (r)
			return r;
	}
	return CARDEA_ELIMIT;
}

static int ip6_parse(struct cursor *c, struct ip *ret, struct cursor *ret_payload)
{
	const uint8_t *b = cursor_take(c, IP6_HEADER_LEN);
	if (!b)
		return c->error;
	struct ip ip = {
		.family = 6,
		.src = addr_v6(b + 8),
		.dst = addr_v6(b + 24),
		.proto = b[6],
		.ttl = b[7],
		.tos = (uint8_t)(b[0] << 4 | b[1] >> 4),
	};
	/* A jumbogram (RFC 2675) says 0 here and fails in its hop-by-hop header: no
	 * home link carries them. */
	unsigned claimed = load_be16(b + 4);
	struct cursor payload = ip_payload(c, claimed, &ip.cut);
	int r = ip6_extensions(&payload, &ip);
	if (r)
		return r;
	unsigned extensions = (unsigned)cursor_offset(&payload);
	ip.header_len = (uint16_t)(IP6_HEADER_LEN + extensions);
	ip.payload_len = (uint16_t)(claimed - extensions);
	payload.start = payload.pos;
	*ret_payload = payload;
	*ret = ip;
	return 0;
}

int ip_parse(struct cursor *c, struct ip *ret, struct cursor *ret_payload)
{
	if (!cursor_left(c))
		return c->error ? c->error : CARDEA_ETRUNCATED;
	switch (c->pos[0] >> 4) {
	case 4:
		return ip4_parse(c, ret, ret_payload);
	case 6:
		return ip6_parse(c, ret, ret_payload);
	default:
		return CARDEA_EMALFORMED;
	}
}

int ip_checksum_verify(struct cursor c)
{
	uint8_t first = cursor_u8(&c);
	if (c.error)
		return c.error;
	if (first >> 4 == 6)
		return 0;
	unsigned header_len = (first & 0x0fu) * 4;
	if (first >> 4 != 4 || header_len < IP4_HEADER_LEN)
		return CARDEA_EMALFORMED;
	cursor_seek(&c, cursor_offset(&c) - 1);
	const uint8_t *header = cursor_take(&c, header_len);
	if (!header)
		return c.error;
	uint16_t sum = checksum_finish(checksum_add(0, header, header_len));
	return sum ? CARDEA_EMALFORMED : 0;
}
