// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* arp.c - reads ARP for IPv4 over Ethernet. */
#include "wire/arp.h"

#define ARP_HARDWARE_ETHERNET 1
#define ARP_PROTOCOL_IPV4 0x0800

/* Operation, and both sides' addresses. */
#define ARP_REST_LEN 22

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
	const uint8_t *p = cursor_take(c, ARP_REST_LEN);
	if (!p)
		return c->error;
	ret->op = load_be16(p);
	memcpy(ret->sender_mac.b, p + 2, sizeof(ret->sender_mac.b));
	ret->sender = addr_v4(p + 8);
	memcpy(ret->target_mac.b, p + 12, sizeof(ret->target_mac.b));
	ret->target = addr_v4(p + 18);
	return 0;
}
