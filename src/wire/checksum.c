// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* checksum.c - one's complement sums over headers and payloads. */
#include "wire/checksum.h"
#include "wire/ip.h"
#include "wire/udp.h"

#define CHECKSUM_UDP_OFFSET 6

uint32_t checksum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t s = sum; /* no carry is lost over 2^32 words */
	for (; len > 1; p += 2, len -= 2)
		s += (uint32_t)p[0] << 8 | p[1];
	if (len)
		s += (uint32_t)p[0] << 8;
	while (s >> 32)
		s = (s & 0xffffffff) + (s >> 32);
	return (uint32_t)s;
}

uint32_t checksum_pseudo(const struct addr *src, const struct addr *dst, uint8_t proto,
	uint32_t len)
{
	size_t width = src->family == 4 ? 4 : 16;
	uint8_t tail[8] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
		(uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, proto};
	uint32_t sum = checksum_add(0, src->b, width);
	sum = checksum_add(sum, dst->b, width);
	return checksum_add(sum, tail, sizeof(tail));
}

uint16_t checksum_finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

bool checksum_transport_ok(const struct addr *src, const struct addr *dst,
	uint8_t proto, struct cursor segment)
{
	size_t len = cursor_left(&segment);
	uint32_t sum = 0;
	if (proto == IP_PROTO_UDP && src->family == 4 && len >= UDP_HEADER_LEN) {
		const uint8_t *field = segment.pos + CHECKSUM_UDP_OFFSET;
		if (!field[0] && !field[1])
			return true; /* RFC 768: not computed */
	}
	if (proto != IP_PROTO_ICMP) /* the only one without a pseudo header */
		sum = checksum_pseudo(src, dst, proto, (uint32_t)len);
	return checksum_finish(checksum_add(sum, segment.pos, len)) == 0;
}
