// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ntp - who asks whom for the time (RFC 5905 7.3). */
#ifndef CARDEA_WIRE_NTP_H
#define CARDEA_WIRE_NTP_H

#include "base/cursor.h"

#define NTP_PORT 123
#define NTP_HEADER_LEN 48

enum ntp_mode {
	NTP_SYMMETRIC = 1,
	NTP_SYMMETRIC_PASSIVE,
	NTP_CLIENT,
	NTP_SERVER,
	NTP_BROADCAST,
	NTP_CONTROL, /* another format: only version and mode are read */
	NTP_PRIVATE,
};

struct ntp {
	uint8_t leap, version, mode, stratum;
	uint64_t transmit; /* seconds since 1900 and their fraction */
};

/* CARDEA_EMALFORMED for a mode or a version that does not exist. */
int ntp_parse(struct cursor *c, struct ntp *ret) CARDEA_MUSTCHECK;

#endif
