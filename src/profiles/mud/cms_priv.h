// SPDX-License-Identifier: GPL-2.0-or-later
/* cms_priv - what signing and verifying share. */
#ifndef CARDEA_PROFILES_MUD_CMS_PRIV_H
#define CARDEA_PROFILES_MUD_CMS_PRIV_H

#include <openssl/cms.h>
#include <openssl/x509.h>
#include "profiles/mud/cms.h"

#define PEM_MAX_BYTES (256 * 1024) /* a file of 64 anchors has half of that */

/* RFC 8520 13.1: the certificate may sign, and says so. */
int cms_check_usage(X509 *signer, char text[LIMIT_TEXT]);
/* The subject in RFC 2253 order, printable ASCII. */
void cms_subject(X509 *cert, char out[LIMIT_TEXT]);
/* The first certificate of a PEM text, or NULL. */
X509 *cms_read_cert(const void *pem, size_t len);

#endif
