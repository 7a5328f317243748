// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* udp.c - reads UDP headers. */
#include "wire/udp.h"

int udp_parse(struct cursor *c, struct udp *ret, struct cursor *ret_payload)
{
	struct udp u;
	u.src_port = cursor_u16(c);
	u.dst_port = cursor_u16(c);
	u.len = cursor_u16(c);
	cursor_skip(c, 2); /* checksum */
	if (c->error)
		return c->error;
	if (u.len < UDP_HEADER_LEN)
		return CARDEA_EMALFORMED;
	size_t claimed = u.len - (size_t)UDP_HEADER_LEN, left = cursor_left(c);
	*ret_payload = cursor_sub(c, claimed < left ? claimed : left);
	*ret = u;
	return 0;
}
