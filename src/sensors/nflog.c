// SPDX-License-Identifier: GPL-2.0-or-later
/* Datagrams of the kernel's nfnetlink_log: packets that our rules refused, or only tell of,
 * with the reason in the log prefix (enforce/nft writes it). */
#include "sensors/sensors.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <string.h>
#include "model/flow.h"
#include "model/verdict.h"
#include "wire/link.h"
#include "wire/packet.h"

/* A netlink message of 64 KiB holds fewer; more is not the kernel speaking. */
#define NFLOG_PACKETS_MAX 1024

/* Reports are few, whatever there is: one a second says that more than so many packets of
 * the device were refused in it, or told of (enforce/nft/skeleton.nft). */
#define FLOOD_PACKETS 150
#define STORM_PACKETS 1500

struct logged {
	struct cursor prefix, payload, hardware;
	uint16_t protocol;
};

static const struct {
	const char *text;
	enum direction direction;
	enum verdict_reason reason;
	uint32_t packets; /* that this one stands for */
} prefixes[] = {
	{"cardea:f:deny", DIRECTION_FROM_DEVICE, REASON_DEFAULT_DENY, 1},
	{"cardea:t:deny", DIRECTION_TO_DEVICE, REASON_DEFAULT_DENY, 1},
	{"cardea:f:spoof", DIRECTION_FROM_DEVICE, REASON_SPOOFED, 1},
	{"cardea:t:spoof", DIRECTION_TO_DEVICE, REASON_SPOOFED, 1},
	{"cardea:f:rogue", DIRECTION_FROM_DEVICE, REASON_ROGUE_RA, 1},
	{"cardea:f:frag", DIRECTION_FROM_DEVICE, REASON_FRAGMENT, 1},
	{"cardea:f:told", DIRECTION_FROM_DEVICE, REASON_TOLD, 1},
	{"cardea:t:told", DIRECTION_TO_DEVICE, REASON_TOLD, 1},
	{"cardea:f:flood", DIRECTION_FROM_DEVICE, REASON_DEFAULT_DENY, FLOOD_PACKETS},
	{"cardea:f:storm", DIRECTION_FROM_DEVICE, REASON_DEFAULT_DENY, STORM_PACKETS},
	{"cardea:f:toldflood", DIRECTION_FROM_DEVICE, REASON_TOLD, FLOOD_PACKETS},
	{"cardea:f:toldstorm", DIRECTION_FROM_DEVICE, REASON_TOLD, STORM_PACKETS},
};

/* Netlink integers are in host order, unlike everything else here. */
static uint16_t host16(struct cursor *c)
{
	uint16_t v = 0;

	cursor_copy(c, &v, sizeof(v));
	return v;
}

static uint32_t host32(struct cursor *c)
{
	uint32_t v = 0;

	cursor_copy(c, &v, sizeof(v));
	return v;
}

static void pad(struct cursor *c)
{
	size_t rest = (4 - cursor_offset(c) % 4) % 4;

	cursor_skip(c, rest < cursor_left(c) ? rest : cursor_left(c));
}

static void attribute(uint16_t type, struct cursor body, struct logged *l)
{
	struct cursor c;

	if (type == NFULA_PREFIX)
		l->prefix = body;
	else if (type == NFULA_PAYLOAD)
		l->payload = body;
	else if (type == NFULA_HWADDR) { /* __be16 length, __u16 pad, 8 bytes */
		uint16_t len = cursor_u16(&body);

		cursor_skip(&body, 2);
		c = cursor_sub(&body, 6);
		if (len == 6 && !c.error)
			l->hardware = c;
	} else if (type == NFULA_PACKET_HDR)
		l->protocol = cursor_u16(&body);
}

static int read_attributes(struct cursor *c, struct logged *ret)
{
	struct logged l = {0};

	while (cursor_left(c) >= 4) {
		uint16_t len = host16(c);
		uint16_t type = host16(c) & NLA_TYPE_MASK;

		if (len < 4)
			return CARDEA_EMALFORMED;
		attribute(type, cursor_sub(c, (size_t)len - 4), &l);
		pad(c);
	}
	if (c->error)
		return c->error;
	*ret = l;
	return 0;
}

static bool judge_prefix(struct cursor text, struct message_seen_violation *m)
{
	size_t len = cursor_left(&text);

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t want = strlen(prefixes[i].text);

		if (len >= want && memcmp(text.pos, prefixes[i].text, want) == 0 &&
			(len == want || text.pos[want] == 0)) {
			m->direction = (uint8_t)prefixes[i].direction;
			m->reason = (uint8_t)prefixes[i].reason;
			m->packets = prefixes[i].packets;
			return true;
		}
	}
	return false;
}

static void fill_ports(const struct packet *p, bool from,
	struct message_seen_violation *m)
{
	uint16_t src, dst;

	packet_ports(p, &src, &dst);
	if (p->layers & PACKET_ICMP) {
		m->icmp_type = p->icmp.type;
		m->icmp_code = p->icmp.code;
	}
	m->device_port = from ? src : dst;
	m->peer_port = from ? dst : src;
}

static void fill_packet(struct packet *p, struct message_seen_violation *m)
{
	bool from = m->direction == DIRECTION_FROM_DEVICE;

	if (p->layers & PACKET_IP) {
		m->device = from ? p->ip.src : p->ip.dst;
		m->peer = from ? p->ip.dst : p->ip.src;
		m->proto = p->ip.proto;
		m->length = (uint32_t)p->ip.header_len + p->ip.payload_len;
		fill_ports(p, from, m);
	} else if (p->layers & PACKET_ARP) {
		m->device = p->arp.sender;
		m->peer = p->arp.target;
		m->length = 28;
	}
}

/* The network header as packet_parse wants it: behind an Ethernet header. */
static int parse_network(const struct logged *l, struct packet *p)
{
	uint8_t frame[14 + 256];
	size_t len = cursor_left(&l->payload);

	if (len > sizeof(frame) - 14)
		len = sizeof(frame) - 14;
	memset(frame, 0, 12);
	frame[12] = (uint8_t)(l->protocol >> 8);
	frame[13] = (uint8_t)l->protocol;
	memcpy(frame + 14, l->payload.pos, len);
	return packet_parse(LINK_ETHERNET, cursor_of(frame, 14 + len), p);
}

static void violation(struct sensors *s, const struct logged *l, nstime wall)
{
	struct message_seen_violation *m = &s->message.seen_violation;
	struct packet p;

	memset(&s->message, 0, sizeof(s->message));
	s->message.type = MESSAGE_SEEN_VIOLATION;
	if (!judge_prefix(l->prefix, m))
		return; /* another program's log group line */
	if (cursor_left(&l->payload) == 0 || parse_network(l, &p)) {
		s->counts.malformed++;
		return;
	}
	fill_packet(&p, m);
	if (l->hardware.pos)
		memcpy(m->mac.b, l->hardware.pos, 6);
	m->when = wall;
	s->counts.violations++;
	s->emit(s->ctx, &s->message);
}

void sensors_nflog(struct sensors *s, struct cursor datagram, nstime wall)
{
	for (int i = 0; i < NFLOG_PACKETS_MAX && cursor_left(&datagram) >= 16; i++) {
		uint32_t len = host32(&datagram);
		uint16_t type = host16(&datagram);
		struct logged logged;
		struct cursor body;

		cursor_skip(&datagram, 10); /* flags, sequence, port */
		if (len < 16) {
			s->counts.malformed++;
			return;
		}
		body = cursor_sub(&datagram, len - 16);
		pad(&datagram);
		if (type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
			continue;
		cursor_skip(&body, sizeof(struct nfgenmsg));
		if (body.error || read_attributes(&body, &logged))
			s->counts.malformed++;
		else
			violation(s, &logged, wall);
	}
}
