// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_link - captures of tunnels and of some routers have packets without a link
 * layer, and whose packet it is can be told by its address alone. Each address of the
 * house gets a MAC here, and all of the world the gateway's. */
#include "engine/learn_priv.h"

#include <stdlib.h>
#include <string.h>

#include "wire/dhcp4.h"
#include "wire/dns.h"
#include "wire/packet.h"

/* Locally administered, and of no use that is known (IEEE 802c): nobody's own. */
static const uint8_t made_prefix[2] = {0xca, 0xde};
static const struct mac gateway_mac = {{0xce, 0xde, 0, 0, 0, 1}};

bool learn_link_lacks(uint32_t linktype)
{
	switch ((enum link_type)linktype) {
	case LINK_NULL:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_RAW:
	case LINK_LOOP:
	case LINK_IPV4:
	case LINK_IPV6:
		return true;
	case LINK_ETHERNET:
	case LINK_COOKED:
	case LINK_COOKED2:
		break;
	}
	return false;
}

/* An IPv6 address is folded: two of one house meet once in 2^32 pairs, and then their
 * records mix, no more. */
struct mac learn_mac_make(const struct addr *a)
{
	struct mac m = {{made_prefix[0], made_prefix[1]}};

	for (unsigned i = 0; i < addr_bits(a) / 8; i++)
		m.b[2 + i % 4] ^= a->b[i];
	return m;
}

static bool is_house(const struct addr *a)
{
	return addr_is_private(a) || addr_is_link_local(a);
}

static struct mac group_mac(const struct addr *a)
{
	if (a->family == 6)
		return (struct mac){{0x33, 0x33, a->b[12], a->b[13], a->b[14], a->b[15]}};
	if (addr_is_limited_broadcast(a))
		return (struct mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	return (struct mac){{0x01, 0, 0x5e, a->b[1] & 0x7f, a->b[2], a->b[3]}};
}

/* A device that has no address yet names the one that it had. */
static struct addr sender(const struct packet *p)
{
	struct cursor c = p->payload;
	struct dhcp4 d;

	if (!addr_is_unspecified(&p->ip.src) || !(p->layers & PACKET_UDP) ||
		p->udp.dst_port != DHCP4_SERVER_PORT || dhcp4_parse(&c, &d))
		return p->ip.src;
	return d.requested_ip;
}

static struct mac mac_of(
	const struct learn_link *l, struct learn_names *names, const struct addr *a)
{
	struct mac m;

	if (addr_is_multicast(a) || addr_is_limited_broadcast(a))
		return group_mac(a);
	if (!is_house(a) || addr_equal(a, &l->gateway[a->family == 6]))
		return gateway_mac;
	m = learn_mac_make(a);
	learn_names_make(names, &m, a);
	return m;
}

/* Of the house, and asked for names or answering: the gateway, as far as anybody can
 * tell. The first one's word stands. */
static void find_gateway(struct learn_link *l, const struct packet *p)
{
	struct addr *known = &l->gateway[p->ip.family == 6];

	if (known->family || !(p->layers & PACKET_UDP))
		return;
	if (p->udp.dst_port == DNS_PORT && is_house(&p->ip.dst))
		*known = p->ip.dst;
	else if (p->udp.src_port == DNS_PORT && is_house(&p->ip.src))
		*known = p->ip.src;
}

struct cursor learn_link_frame(struct learn_link *l, struct learn_names *names,
	uint32_t linktype, struct cursor packet)
{
	struct packet p;
	struct addr src;
	struct mac m;

	if (!l->frame)
		l->frame = malloc(LEARN_FRAME_MAX);
	if (!l->frame || packet_parse(linktype, packet, &p) || !(p.layers & PACKET_IP))
		return cursor_of(NULL, 0);
	size_t len = cursor_left(&p.network);
	src = sender(&p);
	if (len > LEARN_FRAME_MAX - ETH_HEADER_LEN || !src.family ||
		addr_is_unspecified(&src))
		return cursor_of(NULL, 0);
	find_gateway(l, &p);
	m = mac_of(l, names, &p.ip.dst);
	memcpy(l->frame, m.b, sizeof m.b);
	m = mac_of(l, names, &src);
	memcpy(l->frame + sizeof m.b, m.b, sizeof m.b);
	uint16_t type = p.ip.family == 6 ? ETH_TYPE_IPV6 : ETH_TYPE_IPV4;
	l->frame[12] = (uint8_t)(type >> 8);
	l->frame[13] = (uint8_t)type;
	memcpy(l->frame + ETH_HEADER_LEN, p.network.pos, len);
	return cursor_of(l->frame, len + ETH_HEADER_LEN);
}
