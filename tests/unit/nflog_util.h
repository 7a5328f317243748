// SPDX-License-Identifier: GPL-2.0-or-later
/* nflog_util - datagrams as nfnetlink_log sends them, for tests and fuzz seeds. */
#ifndef CARDEA_TEST_NFLOG_UTIL_H
#define CARDEA_TEST_NFLOG_UTIL_H

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>
#include "wire/build.h"

struct nflog_packet {
	const char *prefix;  /* NULL: none */
	uint16_t protocol;   /* EtherType */
	const uint8_t *mac;  /* NULL: none */
	const void *payload; /* from the network header on */
	size_t len;
};

static inline void nflog_attribute(struct writer *w, uint16_t type, const void *data,
	size_t len)
{
	uint16_t head[2] = {(uint16_t)(len + 4), type};
	static const uint8_t zero[4];

	writer_bytes(w, head, 4); /* host order, unlike the values */
	writer_bytes(w, data, len);
	writer_bytes(w, zero, (4 - len % 4) % 4);
}

static inline void nflog_message(struct writer *w, const struct nflog_packet *p)
{
	size_t at = w->len;
	uint32_t len;
	uint16_t type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
	uint8_t head[16] = {0}, hardware[12] = {0, 6}, packet[4] = {0};

	memcpy(head + 4, &type, 2);
	writer_bytes(w, head, 16);
	writer_u32(w, 0); /* nfgenmsg */
	packet[0] = (uint8_t)(p->protocol >> 8);
	packet[1] = (uint8_t)p->protocol;
	nflog_attribute(w, NFULA_PACKET_HDR, packet, 4);
	if (p->prefix)
		nflog_attribute(w, NFULA_PREFIX, p->prefix, strlen(p->prefix) + 1);
	if (p->mac) {
		memcpy(hardware + 4, p->mac, 6);
		nflog_attribute(w, NFULA_HWADDR, hardware, 12);
	}
	if (p->len)
		nflog_attribute(w, NFULA_PAYLOAD, p->payload, p->len);
	len = (uint32_t)(w->len - at);
	if (!w->error)
		memcpy(w->start + at, &len, 4);
}

/* A TCP packet 192.168.7.20:40000 -> 203.0.113.9:23, its length. */
static inline size_t nflog_tcp(uint8_t *buf, size_t size)
{
	static const uint8_t src[4] = {192, 168, 7, 20}, dst[4] = {203, 0, 113, 9};
	struct writer w = writer_of(buf, size);
	struct ip h = {.family = 4, .proto = IP_PROTO_TCP, .ttl = 64,
		.src = addr_v4(src), .dst = addr_v4(dst)};
	struct tcp t = {.src_port = 40000, .dst_port = 23};

	build_ip(&w, &h, 20);
	build_tcp(&w, &h, &t, "", 0);
	return w.len;
}

#endif
