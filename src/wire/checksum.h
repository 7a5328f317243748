// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* checksum - the Internet checksum (RFC 1071). */
#ifndef CARDEA_WIRE_CHECKSUM_H
#define CARDEA_WIRE_CHECKSUM_H

#include "base/addr.h"
#include "base/cursor.h"

/* Sums further 16-bit words; only the last piece may have an odd length. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len);
/* The pseudo header of TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 8200 8.1). */
uint32_t checksum_pseudo(const struct addr *src, const struct addr *dst, uint8_t proto,
	uint32_t len);
/* Folded and complemented, ready for the header. */
uint16_t checksum_finish(uint32_t sum);
/* A whole TCP, UDP, ICMP or ICMPv6 segment; a UDP checksum of 0 over IPv4 is fine. */
bool checksum_transport_ok(const struct addr *src, const struct addr *dst,
	uint8_t proto, struct cursor segment);

#endif
