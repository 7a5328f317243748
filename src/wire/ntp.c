// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ntp.c - reads the fixed header. */
#include "wire/ntp.h"

int ntp_parse(struct cursor *c, struct ntp *ret)
{
	struct ntp n = {0};
	uint8_t first = cursor_u8(c);
	n.leap = first >> 6;
	n.version = first >> 3 & 7;
	n.mode = first & 7;
	n.stratum = cursor_u8(c);
	if (c->error)
		return c->error;
	if (!n.mode || !n.version || n.version > 4)
		return CARDEA_EMALFORMED;
	if (n.mode < NTP_CONTROL) {
		cursor_skip(c, NTP_HEADER_LEN - 2 - 8);
		n.transmit = cursor_u64(c);
		if (c->error)
			return c->error;
	} else {
		n.stratum = 0;
	}
	*ret = n;
	return 0;
}
