// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* packet - one call from the link layer to the transport. */
#ifndef CARDEA_WIRE_PACKET_H
#define CARDEA_WIRE_PACKET_H

#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip.h"
#include "wire/link.h"
#include "wire/tcp.h"
#include "wire/udp.h"

enum packet_layer {
	PACKET_LINK = 1 << 0,
	PACKET_ARP = 1 << 1,
	PACKET_IP = 1 << 2,
	PACKET_TCP = 1 << 3,
	PACKET_UDP = 1 << 4,
	PACKET_ICMP = 1 << 5, /* or ICMPv6, by ip.family */
};

/* A value is set only when its bit is in layers; nothing else is cleared. */
struct packet {
	unsigned layers;
	unsigned error_layer; /* the layer that failed, or 0 */
	int error;	      /* why */
	bool has_mac;	      /* eth.src is a device's address */
	struct eth eth;
	struct arp arp;
	struct ip ip;
	struct tcp tcp;
	struct udp udp;
	struct icmp icmp;
	struct cursor network; /* from the network header to the end of the frame */
	struct cursor transport; /* IP payload: from the transport header on */
	struct cursor payload; /* behind the highest layer that was understood */
};

/* Fails only when the link layer does. A malformed upper layer leaves the lower ones
 * valid, with error_layer and error set. A fragment other than the first has no
 * transport. The payload of an ICMPv6 packet is behind its eight octets; nd_parse
 * wants .transport. */
int packet_parse(uint32_t linktype, struct cursor frame, struct packet *ret)
	CARDEA_MUSTCHECK;

/* Of TCP and UDP; 0 of all others. */
static inline void packet_ports(const struct packet *p, uint16_t *ret_src, uint16_t *ret_dst)
{
	bool tcp = p->layers & PACKET_TCP, udp = p->layers & PACKET_UDP;

	*ret_src = tcp ? p->tcp.src_port : udp ? p->udp.src_port : 0;
	*ret_dst = tcp ? p->tcp.dst_port : udp ? p->udp.dst_port : 0;
}

#endif
