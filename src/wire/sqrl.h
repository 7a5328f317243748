// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* sqrl - the string in a QR code on a device or its box that names its MUD file
 * (RFC 9238): data records of the ANSI MH10.8.2 identifier 12N. */
#ifndef CARDEA_WIRE_SQRL_H
#define CARDEA_WIRE_SQRL_H

#include "base/addr.h"
#include "base/cursor.h"
#include "wire/octets.h"

/* What the largest QR code holds (ISO/IEC 18004: version 40, level L, octets). */
#define SQRL_MAX 2953

struct sqrl {
	struct octets_url mud_url; /* never empty, without a query */
	bool has_mac, has_eui64;   /* RFC 9238 3.2.5: one of the two, or neither */
	struct mac mac;
	uint8_t eui64[8]; /* of an IEEE 802.15.4 device */
	struct octets company, product, model; /* printable ASCII */
};

/* All of the cursor is the string. With several units (FS) the first that has a MUD URL
 * counts. CARDEA_EUNSUPPORTED for a well-formed string without one, CARDEA_ELIMIT for a
 * field or a string that is too long. A last record may lack its US. */
int sqrl_parse(struct cursor *c, struct sqrl *ret) CARDEA_MUSTCHECK;
/* Writes what sqrl_parse reads back equal. Returns the writer's error. */
int sqrl_build(struct writer *w, const struct sqrl *s) CARDEA_MUSTCHECK;

#endif
