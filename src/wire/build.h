// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* build - write packets layer by layer, with checksums; for tests and generators, and
 * for the few packets the gateway sends. Upper layers are written first into their own
 * buffer, or in order with known lengths; errors stick in the writer. */
#ifndef CARDEA_WIRE_BUILD_H
#define CARDEA_WIRE_BUILD_H

#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip.h"
#include "wire/tcp.h"
#include "wire/udp.h"

/* eth: dst, src, tags, type. */
void build_eth(struct writer *w, const struct eth *eth);
void build_arp(struct writer *w, const struct arp *arp);
/* ip: family, src, dst, proto, ttl, tos, frag. An IPv6 fragment gets a Fragment
 * header. payload_len is what the caller writes next. */
void build_ip(struct writer *w, const struct ip *ip, size_t payload_len);
/* Header, payload and checksum in one; ip gives the pseudo header. Lengths in the
 * structs are ignored. */
void build_udp(struct writer *w, const struct ip *ip, const struct udp *udp,
	const void *payload, size_t len);
void build_tcp(struct writer *w, const struct ip *ip, const struct tcp *tcp,
	const void *payload, size_t len);
/* type, code and rest (echo: id << 16 | seq). */
void build_icmp(struct writer *w, const struct ip *ip, const struct icmp *icmp,
	const void *payload, size_t len);

#endif
