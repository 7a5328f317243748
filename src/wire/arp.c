// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* arp.c - reads ARP for IPv4 over Ethernet. */
#include "wire/arp.h"

#define ARP_HARDWARE_ETHERNET 1
#define ARP_PROTOCOL_IPV4 0x0800

static struct addr arp_addr(struct cursor *c)
{
	uint8_t b[4];
	cursor_copy(c, b, sizeof(b));
	return addr_v4(b);
}

int arp_parse(struct cursor *c, struct arp *ret)
{
	uint16_t hardware = cursor_u16(c), protocol = cursor_u16(c);
	uint8_t hardware_len = cursor_u8(c), protocol_len = cursor_u8(c);
	if (c->error)
		return c->error;
	if (hardware != ARP_HARDWARE_ETHERNET || protocol != ARP_PROTOCOL_IPV4)
		return CARDEA_EUNSUPPORTED;
	if (hardware_len != 6 || protocol_len != 4)
		return CARDEA_EMALFORMED;
	struct arp a = {.op = cursor_u16(c)};
	cursor_copy(c, a.sender_mac.b, sizeof(a.sender_mac.b));
	a.sender = arp_addr(c);
	cursor_copy(c, a.target_mac.b, sizeof(a.target_mac.b));
	a.target = arp_addr(c);
	if (c->error)
		return c->error;
	*ret = a;
	return 0;
}
