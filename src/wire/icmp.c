// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* icmp.c - reads ICMP and ICMPv6, with the packet that an error quotes. */
#include "wire/icmp.h"
#include "wire/ip.h"

static bool icmp_is_error(uint8_t family, uint8_t type)
{
	if (family == 6) /* RFC 4443 2.1: errors are below 128 */
		return type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER;
	return type == ICMP4_UNREACHABLE || type == ICMP4_QUENCH ||
		type == ICMP4_REDIRECT || type == ICMP4_TIME_EXCEEDED ||
		type == ICMP4_PARAMETER;
}

static bool icmp_is_echo(uint8_t family, uint8_t type)
{
	if (family == 6)
		return type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY;
	return type == ICMP4_ECHO || type == ICMP4_ECHO_REPLY;
}

/* RFC 792 quotes only eight octets of the inner transport: enough for both. */
static void icmp_inner_transport(struct cursor c, struct icmp_inner *in, uint8_t family)
{
	uint8_t icmp = family == 6 ? IP_PROTO_ICMP6 : IP_PROTO_ICMP;
	if (in->proto == icmp) {
		uint8_t type = cursor_u8(&c);
		cursor_skip(&c, 3);
		in->src_port = cursor_u16(&c);
		in->has_echo = !c.error && icmp_is_echo(family, type);
		if (!in->has_echo)
			in->src_port = 0;
		return;
	}
	if (in->proto != IP_PROTO_TCP && in->proto != IP_PROTO_UDP &&
		in->proto != IP_PROTO_SCTP)
		return;
	uint16_t src_port = cursor_u16(&c), dst_port = cursor_u16(&c);
	if (c.error)
		return;
	in->has_ports = true;
	in->src_port = src_port;
	in->dst_port = dst_port;
}

static void icmp_parse_inner(struct cursor c, uint8_t family, struct icmp *m)
{
	struct ip ip;
	struct cursor payload;
	if (ip_parse(&c, &ip, &payload) || ip.family != family)
		return; /* quoted too short: the outer message is still good */
	m->has_inner = true;
	m->inner.src = ip.src;
	m->inner.dst = ip.dst;
	m->inner.proto = ip.proto;
	if (!ip.frag.offset)
		icmp_inner_transport(payload, &m->inner, family);
}

int icmp_parse(struct cursor *c, uint8_t family, struct icmp *ret,
	struct cursor *ret_payload)
{
	struct icmp m = {.type = cursor_u8(c)};
	m.code = cursor_u8(c);
	cursor_skip(c, 2); /* checksum */
	m.rest = cursor_u32(c);
	if (c->error)
		return c->error;
	if (icmp_is_echo(family, m.type)) {
		m.has_echo = true;
		m.echo_id = (uint16_t)(m.rest >> 16);
		m.echo_seq = (uint16_t)m.rest;
	}
	struct cursor payload = cursor_sub(c, cursor_left(c));
	if (icmp_is_error(family, m.type))
		icmp_parse_inner(payload, family, &m);
	*ret_payload = payload;
	*ret = m;
	return 0;
}
