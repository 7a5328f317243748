// SPDX-License-Identifier: GPL-2.0-or-later
/* tls_check - is what a device offers when it opens TLS what its profile lists (RFC
 * 9761)? Pure. */
#ifndef CARDEA_PROFILES_TLS_CHECK_H
#define CARDEA_PROFILES_TLS_CHECK_H

#include <stdbool.h>
#include "model/messages.h"
#include "model/profile.h"

/* False when a parameter that we know is offered and not listed; ret_text then says
 * which, as in "offers cipher suite TLS_RSA_WITH_RC4_128_SHA (0x0005), which its TLS
 * profile does not list". A list without items says nothing of its kind; extensions and
 * versions that nobody knows are passed over. */
bool tls_profile_allows(const struct tls_profile *p, const struct message_seen_hello *h,
	char ret_text[LIMIT_TEXT]);

#endif
