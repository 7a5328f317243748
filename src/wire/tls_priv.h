// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* tls_priv - numbers that reader and writer of TLS share. */
#ifndef CARDEA_WIRE_TLS_PRIV_H
#define CARDEA_WIRE_TLS_PRIV_H

#include "wire/tls.h"

#define TLS_RECORD_HANDSHAKE 22
#define TLS_RECORD_HEAD_LEN 5
#define TLS_HANDSHAKE_CLIENT_HELLO 1
#define TLS_HANDSHAKE_HEAD_LEN 4
#define TLS_RANDOM_LEN 32
#define TLS_SESSION_ID_MAX 32 /* RFC 8446 4.1.2 */
#define TLS_NAME_HOST 0	      /* RFC 6066 3 */

/* The body of a ClientHello, c standing at its version and ending with it. With part,
 * what is missing at its end, or too long to keep, sets *part instead of failing, from
 * behind the cipher suites on; before, it is CARDEA_ETRUNCATED. */
int tls_parse_body(struct cursor *c, bool is_dtls, bool *part, struct tls_hello *ret)
	CARDEA_MUSTCHECK;
void tls_write_body(struct writer *w, const struct tls_hello *h);

#endif
