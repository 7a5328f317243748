// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* link.c - finds the network header behind each link type. */
#include "wire/link.h"

/* Address families differ between the systems that write BSD loopback captures. */
enum link_family {
	LINK_AF_INET = 2,
	LINK_AF_INET6_LINUX = 10,
	LINK_AF_INET6_NETBSD = 24,
	LINK_AF_INET6_FREEBSD = 28,
	LINK_AF_INET6_DARWIN = 30,
};
/* LINKTYPE_LINUX_SLL: below this the protocol field is a pseudo type, not EtherType. */
#define LINK_COOKED_TYPE_MIN 0x600
#define LINK_COOKED_ADDR_LEN 8

static int link_set_raw(const struct cursor *c, struct eth *e)
{
	if (!cursor_left(c))
		return CARDEA_ETRUNCATED;
	switch (c->pos[0] >> 4) {
	case 4:
		e->type = ETH_TYPE_IPV4;
		return 0;
	case 6:
		e->type = ETH_TYPE_IPV6;
		return 0;
	default:
		return CARDEA_EMALFORMED;
	}
}

static int link_parse_loop(struct cursor *c, bool host_order, struct eth *e)
{
	uint32_t family = cursor_u32(c);
	if (c->error)
		return c->error;
	/* The writer's byte order is unknown, but families are small numbers. */
	if (host_order && family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case LINK_AF_INET:
		e->type = ETH_TYPE_IPV4;
		return 0;
	case LINK_AF_INET6_LINUX:
	case LINK_AF_INET6_NETBSD:
	case LINK_AF_INET6_FREEBSD:
	case LINK_AF_INET6_DARWIN:
		e->type = ETH_TYPE_IPV6;
		return 0;
	default:
		return CARDEA_EUNSUPPORTED;
	}
}

static uint8_t link_direction(unsigned packet_type)
{
	static const uint8_t directions[] = {ETH_DIRECTION_TO_US,
		ETH_DIRECTION_BROADCAST, ETH_DIRECTION_MULTICAST,
		ETH_DIRECTION_TO_OTHER, ETH_DIRECTION_FROM_US};
	return packet_type < sizeof(directions) ? directions[packet_type]
						: ETH_DIRECTION_UNKNOWN;
}

static int link_set_cooked(struct cursor *c, uint16_t protocol, unsigned packet_type,
	const uint8_t *address, unsigned len, struct eth *e)
{
	if (c->error)
		return c->error;
	e->direction = link_direction(packet_type);
	if (len == sizeof(e->src.b))
		memcpy(e->src.b, address, len);
	if (protocol < LINK_COOKED_TYPE_MIN) {
		e->type = ETH_TYPE_LLC;
		return 0;
	}
	return eth_parse_tags(c, protocol, e);
}

static int link_parse_cooked(struct cursor *c, struct eth *e)
{
	unsigned packet_type = cursor_u16(c);
	cursor_skip(c, 2); /* ARPHRD type */
	unsigned len = cursor_u16(c);
	const uint8_t *address = cursor_take(c, LINK_COOKED_ADDR_LEN);
	uint16_t protocol = cursor_u16(c);
	return link_set_cooked(c, protocol, packet_type, address, len, e);
}

static int link_parse_cooked2(struct cursor *c, struct eth *e)
{
	uint16_t protocol = cursor_u16(c);
	cursor_skip(c, 2 + 4 + 2); /* reserved, interface index, ARPHRD type */
	unsigned packet_type = cursor_u8(c);
	unsigned len = cursor_u8(c);
	const uint8_t *address = cursor_take(c, LINK_COOKED_ADDR_LEN);
	return link_set_cooked(c, protocol, packet_type, address, len, e);
}

static int link_parse_any(uint32_t linktype, struct cursor *c, struct eth *e)
{
	switch (linktype) {
	case LINK_ETHERNET:
		return eth_parse(c, e);
	case LINK_RAW:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
		return link_set_raw(c, e);
	case LINK_IPV4:
		e->type = ETH_TYPE_IPV4;
		return 0;
	case LINK_IPV6:
		e->type = ETH_TYPE_IPV6;
		return 0;
	case LINK_COOKED:
		return link_parse_cooked(c, e);
	case LINK_COOKED2:
		return link_parse_cooked2(c, e);
	case LINK_NULL:
		return link_parse_loop(c, true, e);
	case LINK_LOOP:
		return link_parse_loop(c, false, e);
	default:
		return CARDEA_EUNSUPPORTED;
	}
}

int link_parse(uint32_t linktype, struct cursor *c, struct eth *ret_eth,
	bool *ret_has_mac)
{
	struct eth e = {0};
	int r = link_parse_any(linktype, c, &e);
	if (r)
		return r;
	*ret_eth = e;
	*ret_has_mac = !mac_is_zero(&e.src) && !mac_is_group(&e.src);
	return 0;
}
