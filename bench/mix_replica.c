// SPDX-License-Identifier: GPL-2.0-or-later
/* mix_replica - see the header. What differs is XORed, so that two addresses that were
 * different stay so, and two of one network stay in one: the fourth octet of a MAC
 * address, where neighbours of one maker's series seldom differ, and the third of a
 * private IPv4 address (RFC 1918). Checksums are put right by the difference (RFC 1624). */
#include "mix_replica.h"

#include <string.h>

#define ETHER 14
#define ARP_LEN 28
#define DHCP_CHADDR 28
#define DHCP_COOKIE 236
#define DHCP_OPTIONS 240

struct change {
	uint8_t replica;
	uint32_t sum; /* what was added to the words of a checksum */
};

static unsigned get16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

/* high: the octet is the first of a checksum's words. */
static void change_octet(struct change *c, uint8_t *p, int high)
{
	unsigned shift = high ? 8 : 0, old = *p;

	*p ^= c->replica;
	c->sum += 0xffff - (old << shift);
	c->sum += (unsigned)*p << shift;
}

static void change_mac(struct change *c, uint8_t *p, int high)
{
	static const uint8_t none[6];

	if (!(p[0] & 1) && memcmp(p, none, sizeof none) != 0)
		change_octet(c, p + 3, !high);
}

static void change_ipv4(struct change *c, uint8_t *p, int high)
{
	if (p[0] == 10 || (p[0] == 192 && p[1] == 168) ||
		(p[0] == 172 && (p[1] & 0xf0) == 16))
		change_octet(c, p + 2, high);
}

static void change_checksum(const struct change *c, uint8_t *p)
{
	uint32_t sum = (~get16(p) & 0xffff) + (c->sum & 0xffff) + (c->sum >> 16);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	p[0] = (uint8_t)(sum >> 8);
	p[1] = (uint8_t)sum;
}

static void change_arp(struct change *c, uint8_t *p, size_t len)
{
	if (len < ARP_LEN || get16(p) != 1 || get16(p + 2) != 0x0800 || p[4] != 6 || p[5] != 4)
		return;
	change_mac(c, p + 8, 1);
	change_ipv4(c, p + 14, 1);
	change_mac(c, p + 18, 1);
	change_ipv4(c, p + 24, 1);
}

static void change_option(struct change *c, const uint8_t *start, uint8_t *p, size_t len)
{
	switch (p[0]) {
	case 3: /* routers */
	case 6: /* DNS servers */
	case 28: /* broadcast */
	case 50: /* the address asked for */
	case 54: /* the server */
		for (size_t i = 2; i + 4 <= len; i += 4)
			change_ipv4(c, p + i, !((p + i - start) & 1));
		break;
	case 61: /* who asks: by MAC address */
		if (len == 9 && p[2] == 1)
			change_mac(c, p + 3, !((p + 3 - start) & 1));
		break;
	default:
		break;
	}
}

static void change_dhcp(struct change *c, uint8_t *p, size_t len)
{
	static const uint8_t cookie[4] = {99, 130, 83, 99};
	size_t at = DHCP_OPTIONS;

	if (len < DHCP_OPTIONS || memcmp(p + DHCP_COOKIE, cookie, sizeof cookie) != 0)
		return;
	for (size_t i = 12; i < DHCP_CHADDR; i += 4)
		change_ipv4(c, p + i, 1);
	change_mac(c, p + DHCP_CHADDR, 1);
	while (at + 2 <= len && p[at] != 255) {
		if (!p[at]) { /* padding */
			at++;
			continue;
		}
		if (at + 2 + p[at + 1] > len)
			return;
		change_option(c, p, p + at, 2U + p[at + 1]);
		at += 2U + p[at + 1];
	}
}

static void change_udp(struct change *c, uint8_t *p, size_t len)
{
	int has_checksum = get16(p + 6) != 0;

	if ((get16(p) == 67 || get16(p) == 68) && (get16(p + 2) == 67 || get16(p + 2) == 68))
		change_dhcp(c, p + 8, len - 8);
	if (!has_checksum)
		return;
	change_checksum(c, p + 6);
	if (!get16(p + 6)) /* that would be none (RFC 768) */
		memset(p + 6, 0xff, 2);
}

static void change_packet(struct change *c, uint8_t *p, size_t len)
{
	size_t head = len < 20 ? 0 : (p[0] & 15) * 4U;

	if (head < 20 || p[0] >> 4 != 4)
		return;
	change_ipv4(c, p + 12, 1);
	change_ipv4(c, p + 16, 1);
	change_checksum(c, p + 10);
	if (get16(p + 6) & 0x1fff) /* a later fragment: the first one has the checksum */
		return;
	if (p[9] == 6 && len >= head + 20)
		change_checksum(c, p + head + 16);
	if (p[9] == 17 && len >= head + 8)
		change_udp(c, p + head, len - head);
}

void mix_replica(uint8_t *frame, size_t len, uint8_t replica)
{
	struct change c = {.replica = replica};
	size_t at = 12;

	if (!replica || len < ETHER)
		return;
	change_mac(&c, frame, 1);
	change_mac(&c, frame + 6, 1);
	c.sum = 0; /* no checksum has these */
	while (at + 6 <= len && (get16(frame + at) == 0x8100 || get16(frame + at) == 0x88a8))
		at += 4;
	unsigned type = get16(frame + at);
	at += 2;
	if (type == 0x0806)
		change_arp(&c, frame + at, len - at);
	if (type == 0x0800)
		change_packet(&c, frame + at, len - at);
}
