// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* nd.c - reads Neighbour Discovery messages and the options a home network uses. */
#include "wire/nd.h"
#include "wire/icmp.h"

enum nd_option {
	ND_OPTION_SOURCE_LL = 1,
	ND_OPTION_TARGET_LL = 2,
	ND_OPTION_PREFIX = 3,
	ND_OPTION_MTU = 5,
	ND_OPTION_RDNSS = 25,
};
/* Option lengths in units of eight octets. */
#define ND_UNIT 8
#define ND_LL_UNITS 1 /* a six-octet address */
#define ND_PREFIX_UNITS 4
#define ND_MTU_UNITS 1
#define ND_RDNSS_UNITS_MIN 3

static struct addr nd_addr(struct cursor *c)
{
	uint8_t b[16];
	cursor_copy(c, b, sizeof(b));
	return addr_v6(b);
}

static int nd_prefix(struct cursor *c, struct nd *nd)
{
	if (nd->prefix_count == ND_PREFIXES_MAX)
		return CARDEA_ELIMIT;
	struct nd_prefix *p = &nd->prefixes[nd->prefix_count];
	uint8_t len = cursor_u8(c);
	p->flags = cursor_u8(c);
	p->valid_s = cursor_u32(c);
	p->preferred_s = cursor_u32(c);
	cursor_skip(c, 4);
	struct addr a = nd_addr(c);
	if (len > 128)
		return CARDEA_EMALFORMED;
	p->prefix = prefix_of(&a, len);
	nd->prefix_count++;
	return c->error;
}

static int nd_rdnss(struct cursor *c, struct nd *nd)
{
	cursor_skip(c, 2);
	nd->rdnss_lifetime_s = cursor_u32(c);
	while (cursor_left(c) >= 16) {
		if (nd->rdnss_count == ND_RDNSS_MAX)
			return CARDEA_ELIMIT;
		nd->rdnss[nd->rdnss_count++] = nd_addr(c);
	}
	return c->error;
}

static int nd_ra_option(unsigned kind, unsigned units, struct cursor *c, struct nd *nd)
{
	if (kind == ND_OPTION_PREFIX && units == ND_PREFIX_UNITS)
		return nd_prefix(c, nd);
	if (kind == ND_OPTION_RDNSS && units >= ND_RDNSS_UNITS_MIN)
		return nd_rdnss(c, nd);
	if (kind == ND_OPTION_MTU && units == ND_MTU_UNITS) {
		cursor_skip(c, 2);
		nd->mtu = cursor_u32(c);
	}
	return c->error;
}

static bool nd_may_have_source(uint8_t type)
{
	return type == ICMP6_ROUTER_SOLICIT || type == ICMP6_ROUTER_ADVERT ||
		type == ICMP6_NEIGHBOUR_SOLICIT;
}

/* RFC 4861 4: an option that the message may not carry is ignored. */
static int nd_option(unsigned kind, unsigned units, struct cursor *c, struct nd *nd)
{
	bool may_have_source = nd_may_have_source(nd->type);
	if (kind == ND_OPTION_SOURCE_LL && units == ND_LL_UNITS && may_have_source) {
		cursor_copy(c, nd->source_mac.b, sizeof(nd->source_mac.b));
		nd->has_source_mac = true;
	} else if (kind == ND_OPTION_TARGET_LL && units == ND_LL_UNITS &&
		   !may_have_source) {
		cursor_copy(c, nd->target_mac.b, sizeof(nd->target_mac.b));
		nd->has_target_mac = true;
	} else if (nd->type == ICMP6_ROUTER_ADVERT) {
		return nd_ra_option(kind, units, c, nd);
	}
	return c->error;
}

static int nd_options(struct cursor *c, struct nd *nd)
{
	for (int i = 0; cursor_left(c); i++) {
		if (i == ND_OPTIONS_MAX)
			return CARDEA_ELIMIT;
		unsigned kind = cursor_u8(c), units = cursor_u8(c);
		if (c->error)
			return c->error;
		if (!units) /* RFC 4861 4.6: the message is discarded */
			return CARDEA_EMALFORMED;
		struct cursor body = cursor_sub(c, units * ND_UNIT - 2);
		if (c->error)
			return c->error;
		int r = nd_option(kind, units, &body, nd);
		if (r)
			return r;
	}
	return 0;
}

static void nd_router_advert(struct cursor *c, struct nd *nd)
{
	nd->hop_limit = cursor_u8(c);
	nd->flags = cursor_u8(c);
	nd->lifetime_s = cursor_u16(c);
	nd->reachable_ms = cursor_u32(c);
	nd->retrans_ms = cursor_u32(c);
}

static int nd_fixed(struct cursor *c, struct nd *nd)
{
	switch (nd->type) {
	case ICMP6_ROUTER_SOLICIT:
		cursor_skip(c, 4);
		return c->error;
	case ICMP6_ROUTER_ADVERT:
		nd_router_advert(c, nd);
		return c->error;
	case ICMP6_NEIGHBOUR_SOLICIT:
	case ICMP6_NEIGHBOUR_ADVERT:
	case ICMP6_REDIRECT:
		break;
	default:
		return CARDEA_EUNSUPPORTED;
	}
	uint32_t flags = cursor_u32(c);
	nd->target = nd_addr(c);
	if (nd->type == ICMP6_NEIGHBOUR_ADVERT)
		nd->flags = (uint8_t)(flags >> 24);
	if (nd->type == ICMP6_REDIRECT)
		nd->destination = nd_addr(c);
	if (c->error)
		return c->error;
	return addr_is_multicast(&nd->target) ? CARDEA_EMALFORMED : 0;
}

int nd_parse(struct cursor *c, struct nd *ret)
{
	struct nd nd;
	memset(&nd, 0, sizeof(nd));
	nd.type = cursor_u8(c);
	uint8_t code = cursor_u8(c);
	cursor_skip(c, 2); /* checksum */
	if (c->error)
		return c->error;
	int r = nd_fixed(c, &nd);
	if (!r && code)
		r = CARDEA_EMALFORMED;
	if (!r)
		r = nd_options(c, &nd);
	if (!r)
		*ret = nd;
	return r;
}
