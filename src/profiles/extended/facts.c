// SPDX-License-Identifier: GPL-2.0-or-later
/* facts - a packet as far as its transport; each protocol above it once, when asked. */
#include <string.h>
#include "profiles/extended/facts.h"

static void facts_transport(struct facts *f, const struct packet *p)
{
	if (p->layers & PACKET_TCP) {
		f->protos |= 1u << EXTENDED_TCP;
		f->is_tcp = true;
		f->src_port = p->tcp.src_port;
		f->dst_port = p->tcp.dst_port;
		f->syn = p->tcp.flags & TCP_SYN;
		f->ack = p->tcp.flags & TCP_ACK;
		f->fin = p->tcp.flags & TCP_FIN;
		f->rst = p->tcp.flags & TCP_RST;
	} else if (p->layers & PACKET_UDP) {
		f->protos |= 1u << EXTENDED_UDP;
		f->src_port = p->udp.src_port;
		f->dst_port = p->udp.dst_port;
	} else if (p->layers & PACKET_ICMP) {
		f->protos |= p->ip.family == 4 ? 1u << EXTENDED_ICMP : 1u << EXTENDED_ICMPV6;
	} else if (p->ip.proto == IP_PROTO_IGMP) {
		f->protos |= 1u << EXTENDED_IGMP;
	}
}

void facts_init(struct facts *f, const struct packet *p, nstime when)
{
	memset(f, 0, offsetof(struct facts, dns));
	f->p = p;
	f->when = when;
	if (p->layers & PACKET_ARP) {
		f->protos |= 1u << EXTENDED_ARP;
		f->length = 28;
	}
	if (!(p->layers & PACKET_IP))
		return;
	f->protos |= p->ip.family == 4 ? 1u << EXTENDED_IPV4 : 1u << EXTENDED_IPV6;
	f->length = (uint32_t)p->ip.header_len + p->ip.payload_len;
	f->payload_len = (uint32_t)cursor_left(&p->payload);
	facts_transport(f, p);
}

enum facts_app facts_app(struct facts *f, enum extended_proto proto)
{
	enum facts_app (*const read[EXTENDED_PROTO_MAX])(struct facts *) = {
		[EXTENDED_DNS] = facts_dns, [EXTENDED_MDNS] = facts_dns,
		[EXTENDED_HTTP] = facts_http, [EXTENDED_SSDP] = facts_ssdp,
		[EXTENDED_COAP] = facts_coap, [EXTENDED_DHCP] = facts_dhcp,
		[EXTENDED_IGMP] = facts_igmp, [EXTENDED_TLS] = facts_tls,
		[EXTENDED_MQTT] = facts_mqtt};

	if (!read[proto])
		return f->protos & 1u << proto ? APP_YES : APP_NO;
	if (!(f->tried & 1u << proto)) {
		f->app[proto] = read[proto](f);
		f->tried |= 1u << proto;
	}
	return f->app[proto];
}
