// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* packet.c - walks a frame from its link layer to its transport. */
#include "wire/packet.h"

static void packet_fail(struct packet *p, unsigned layer, int error)
{
	p->error_layer = layer;
	p->error = error;
}

static void packet_transport(struct packet *p, struct cursor c)
{
	unsigned layer;
	int r;
	switch (p->ip.proto) {
	case IP_PROTO_TCP:
		layer = PACKET_TCP;
		r = tcp_parse(&c, &p->tcp, &p->payload);
		break;
	case IP_PROTO_UDP:
		layer = PACKET_UDP;
		r = udp_parse(&c, &p->udp, &p->payload);
		break;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMP6:
		/* Each belongs to its own family only. */
		if ((p->ip.proto == IP_PROTO_ICMP6) != (p->ip.family == 6))
			return;
		layer = PACKET_ICMP;
		r = icmp_parse(&c, p->ip.family, &p->icmp, &p->payload);
		break;
	default:
		return;
	}
	if (r)
		packet_fail(p, layer, r);
	else
		p->layers |= layer;
}

static void packet_ip(struct packet *p, struct cursor c)
{
	/* The type said which family; a version nibble that differs is a forgery. */
	unsigned version = cursor_left(&c) ? c.pos[0] >> 4 : 0;
	unsigned expected = p->eth.type == ETH_TYPE_IPV4 ? 4 : 6;
	int r = version && version != expected
		? CARDEA_EMALFORMED
		: ip_parse(&c, &p->ip, &p->transport);
	if (r) {
		packet_fail(p, PACKET_IP, r);
		return;
	}
	p->layers |= PACKET_IP;
	p->payload = p->transport;
	if (!p->ip.frag.offset)
		packet_transport(p, p->transport);
}

static void packet_arp(struct packet *p, struct cursor c)
{
	int r = arp_parse(&c, &p->arp);
	if (r) {
		packet_fail(p, PACKET_ARP, r);
		return;
	}
	p->layers |= PACKET_ARP;
	p->payload = cursor_sub(&c, cursor_left(&c));
}

int packet_parse(uint32_t linktype, struct cursor frame, struct packet *ret)
{
	struct cursor c = frame;
	int r = link_parse(linktype, &c, &ret->eth, &ret->has_mac);
	if (r)
		return r;
	ret->layers = PACKET_LINK;
	ret->error_layer = 0;
	ret->error = 0;
	ret->network = cursor_sub(&c, cursor_left(&c));
	ret->transport = ret->network;
	ret->payload = ret->network;
	if (ret->eth.type == ETH_TYPE_IPV4 || ret->eth.type == ETH_TYPE_IPV6)
		packet_ip(ret, ret->network);
	else if (ret->eth.type == ETH_TYPE_ARP)
		packet_arp(ret, ret->network);
	return 0;
}
