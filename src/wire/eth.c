// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* eth.c - reads Ethernet frames and their VLAN tags. */
#include "wire/eth.h"

/* IEEE 802.3 3.2.6: types start here; between the two the field means nothing. */
#define ETH_TYPE_MIN 0x600
#define ETH_VLAN_ID 0x0fff

static bool eth_is_tag(uint16_t type)
{
	return type == ETH_TYPE_VLAN || type == ETH_TYPE_QINQ;
}

static int eth_set_type(struct cursor *c, uint16_t type, struct eth *e)
{
	if (type >= ETH_TYPE_MIN) {
		e->type = type;
		return 0;
	}
	if (type > ETH_LENGTH_MAX)
		return CARDEA_EMALFORMED;
	if (type > cursor_left(c))
		return CARDEA_ETRUNCATED;
	c->end = c->pos + type; /* the rest pads the frame to its minimum */
	e->type = ETH_TYPE_LLC;
	return 0;
}

int eth_parse_tags(struct cursor *c, uint16_t type, struct eth *ret)
{
	struct eth e = *ret;
	e.vlan_count = 0;
	while (eth_is_tag(type)) {
		if (e.vlan_count == ETH_VLANS_MAX)
			return CARDEA_ELIMIT;
		e.vlan[e.vlan_count++] = cursor_u16(c) & ETH_VLAN_ID;
		type = cursor_u16(c);
	}
	int r = c->error ? c->error : eth_set_type(c, type, &e);
	if (!r)
		*ret = e;
	return r;
}

int eth_parse(struct cursor *c, struct eth *ret)
{
	struct eth e = {0};
	cursor_copy(c, e.dst.b, sizeof(e.dst.b));
	cursor_copy(c, e.src.b, sizeof(e.src.b));
	uint16_t type = cursor_u16(c);
	int r = c->error ? c->error : eth_parse_tags(c, type, &e);
	if (!r)
		*ret = e;
	return r;
}
