// SPDX-License-Identifier: GPL-2.0-or-later
/* A home, a profile bound in it, and packets made by hand. */
#ifndef CARDEA_TESTS_EXTENDED_UTIL_H
#define CARDEA_TESTS_EXTENDED_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended.h"

#define S NS_PER_SEC
#define START (1767225600LL * S) /* Thursday, 2026-01-01 00:00 UTC */

__attribute__((unused)) static const char home[] = "cardea-binding: 1\ntemplate: lamp\nroles:\n"
	"  self: {mac: '02:00:00:00:00:01', ipv4: 192.168.1.5}\n"
	"  gateway: {mac: '02:00:00:00:00:fe', ipv4: 192.168.1.1}\n"
	"  phone: {mac: '02:00:00:00:00:02', ipv4: 192.168.1.6}\n"
	"  hub: {mac: '02:00:00:00:00:03', ipv4: 192.168.1.7}\n";
__attribute__((unused)) static const char other_home[] = "cardea-binding: 1\ntemplate: lamp\nroles:\n"
	"  self: {mac: '02:00:00:00:01:01', ipv4: 10.0.0.5}\n"
	"  phone: {mac: '02:00:00:00:01:02', ipv4: 10.0.0.6}\n"
	"  hub: {mac: '02:00:00:00:01:03', ipv4: 10.0.0.7}\n";

#define HEAD                                                                           \
	"cardea-profile: 1\ndevice: {name: lamp}\n"                                    \
	"roles: {phone: {kind: phone}, hub: {kind: hub}}\n"

struct bed {
	struct pool *pool;
	struct extended_profile p;
	struct extended_binding b;
	struct extended_bound bound;
	struct extended_machine *m;
	nstime now;
};

static inline struct bed *bed_new(const char *text, const char *binding, unsigned flags)
{
	struct bed *b = calloc(1, sizeof *b);
	struct extended_notes notes = {0};

	assert_non_null(b);
	b->pool = pool_new("test", EXTENDED_POOL_BYTES);
	int error = extended_parse(text, strlen(text), b->pool, &b->p, &notes);

	if (error)
		fail_msg("%u: %s", notes.items[0].note.line, notes.items[0].note.text);
	assert_int_equal(extended_parse_binding(binding, strlen(binding), b->pool, &b->b,
				 &notes), 0);
	assert_int_equal(extended_bind(&b->p, &b->b, b->pool, &b->bound, &notes), 0);
	b->m = extended_machine_new(&b->bound, flags);
	assert_non_null(b->m);
	b->now = START;
	return b;
}

static inline void bed_free(struct bed *b)
{
	extended_machine_free(b->m);
	pool_free(b->pool);
	free(b);
}

/* "192.168.1.5", and the MAC that ends in what the address' last part says. */
static inline struct mac mac_for(const struct addr *a)
{
	bool ten = a->b[0] == 10;
	struct mac m = {{2, 0, 0, 0, ten, 0xfe}};

	if (a->b[0] == 192 || ten)
		m.b[5] = a->b[3] == 1 ? 0xfe : (uint8_t)(a->b[3] - 4);
	return m;
}

static inline struct packet packet_ip(const char *src, const char *dst, uint8_t proto)
{
	struct packet p = {.layers = PACKET_LINK | PACKET_IP, .has_mac = true};

	assert_int_equal(addr_parse(src, &p.ip.src), 0);
	assert_int_equal(addr_parse(dst, &p.ip.dst), 0);
	p.eth.src = mac_for(&p.ip.src);
	p.eth.dst = mac_for(&p.ip.dst);
	p.ip.family = 4;
	p.ip.proto = proto;
	p.ip.header_len = 20;
	p.payload = cursor_of(NULL, 0);
	return p;
}

static inline void set_payload(struct packet *p, const void *bytes, size_t len)
{
	p->payload = cursor_of(bytes, len);
	p->ip.payload_len = (uint16_t)(len + (p->layers & PACKET_TCP ? 20 : 8));
}

static inline struct packet packet_udp(const char *src, uint16_t sport, const char *dst,
	uint16_t dport, const void *bytes, size_t len)
{
	struct packet p = packet_ip(src, dst, FLOW_PROTO_UDP);

	p.layers |= PACKET_UDP;
	p.udp.src_port = sport;
	p.udp.dst_port = dport;
	set_payload(&p, bytes, len);
	return p;
}

static inline struct packet packet_tcp(const char *src, uint16_t sport, const char *dst,
	uint16_t dport, uint8_t flags, const char *text)
{
	struct packet p = packet_ip(src, dst, FLOW_PROTO_TCP);

	p.layers |= PACKET_TCP;
	p.tcp.src_port = sport;
	p.tcp.dst_port = dport;
	p.tcp.flags = flags;
	set_payload(&p, text, strlen(text));
	return p;
}

static inline struct packet packet_arp(const char *sender, const char *target, uint16_t op)
{
	struct packet p = {.layers = PACKET_LINK | PACKET_ARP, .has_mac = true};

	assert_int_equal(addr_parse(sender, &p.arp.sender), 0);
	assert_int_equal(addr_parse(target, &p.arp.target), 0);
	p.arp.op = op;
	p.arp.sender_mac = mac_for(&p.arp.sender);
	p.eth.src = p.arp.sender_mac;
	p.eth.dst = mac_for(&p.arp.target);
	if (op == ARP_REPLY)
		p.arp.target_mac = p.eth.dst;
	return p;
}

static inline enum extended_reason judge(struct bed *b, struct packet p)
{
	struct extended_verdict v = extended_machine_packet(b->m, &p, b->now);

	assert_int_equal(v.accepted, extended_reason_accepts(v.reason));
	return v.reason;
}

#define UDP(src, sport, dst, dport) packet_udp(src, sport, dst, dport, "x", 1)
#define IS(bed, packet, reason) assert_int_equal(judge(bed, packet), reason)

#endif
