// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* tcp.c - reads TCP headers. */
#include "wire/tcp.h"

int tcp_parse(struct cursor *c, struct tcp *ret, struct cursor *ret_payload)
{
	struct tcp t;
	t.src_port = cursor_u16(c);
	t.dst_port = cursor_u16(c);
	t.seq = cursor_u32(c);
	t.ack = cursor_u32(c);
	t.header_len = (uint8_t)((cursor_u8(c) >> 4) * 4);
	t.flags = cursor_u8(c);
	t.window = cursor_u16(c);
	cursor_skip(c, 4); /* checksum, urgent pointer */
	if (c->error)
		return c->error;
	if (t.header_len < TCP_HEADER_LEN)
		return CARDEA_EMALFORMED;
	cursor_skip(c, (size_t)t.header_len - TCP_HEADER_LEN);
	if (c->error)
		return c->error;
	*ret_payload = cursor_sub(c, cursor_left(c));
	*ret = t;
	return 0;
}
