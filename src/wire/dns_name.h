// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns_name - domain names: from the wire with compression (RFC 1035 4.1.4), as text,
 * and back. One spelling per name, so that equality is strcmp. */
#ifndef CARDEA_WIRE_DNS_NAME_H
#define CARDEA_WIRE_DNS_NAME_H

#include "base/cursor.h"

/* RFC 1035 2.3.4, counted on the wire with the root's zero octet. */
#define DNS_NAME_WIRE_MAX 255
#define DNS_LABEL_MAX 63
/* Compression pointers followed for one name. Backwards-only pointers end by
 * themselves; this bounds the work. */
#define DNS_POINTERS_MAX 64

/* Lower case, no trailing dot, root is ".". Octets other than letters, digits, hyphen
 * and underscore are \DDD (RFC 4343 2.1). A name whose text would not fit is
 * CARDEA_ELIMIT: nobody but an attacker escapes that much. */
struct dns_name {
	char text[256];
};

/* c->start must be the start of the message: pointers count from there. Pointers must
 * go strictly backwards, else CARDEA_ELOOP. */
int dns_name_parse(struct cursor *c, struct dns_name *ret) CARDEA_MUSTCHECK;
/* The same where compression is forbidden (SVCB targets, RFC 9460 2.2). */
int dns_name_parse_plain(struct cursor *c, struct dns_name *ret) CARDEA_MUSTCHECK;
/* Uncompressed labels up to the end of c; the closing zero may be missing, as partial
 * names in DHCP options lack it (RFC 4702 3.3, RFC 4704 4.2). */
int dns_name_parse_labels(struct cursor *c, struct dns_name *ret) CARDEA_MUSTCHECK;
/* Accepts any case, a trailing dot, \DDD and \X. Empty text is malformed. */
int dns_name_from_text(const char *text, struct dns_name *ret) CARDEA_MUSTCHECK;
/* Uncompressed wire form. Returns the writer's error. */
int dns_name_write(struct writer *w, const struct dns_name *name);

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);
/* name is zone or below it; everything is under the root. */
bool dns_name_is_under(const struct dns_name *name, const struct dns_name *zone);
bool dns_name_is_root(const struct dns_name *name);
/* Labels without the root: "a.b" has two. */
unsigned dns_name_labels(const struct dns_name *name);
/* The text from the label before which `labels` labels remain: ("a.b.c", 2) is "b.c".
 * The whole text when there are fewer; "." for 0. Points into name. */
const char *dns_name_tail(const struct dns_name *name, unsigned labels);

#endif
