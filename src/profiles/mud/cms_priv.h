// SPDX-License-Identifier: GPL-2.0-or-later
/* cms_priv - what signing and verifying share. */
#ifndef CARDEA_PROFILES_MUD_CMS_PRIV_H
#define CARDEA_PROFILES_MUD_CMS_PRIV_H

#include <openssl/cms.h>
#include <openssl/x509.h>
#include "profiles/mud/cms.h"

#define PEM_MAX_BYTES (256 * 1024) /* a file of 64 anchors has half of that */
/* What NIST SP 800-57 part 1 5.6.3 asks for: no MD5 and no SHA-1, which can be made to
 * collide, no RSA key of less than 2048 bits. */
#define CMS_STRENGTH_BITS 112

/* RFC 8520 13.1: the certificate may sign, and says so. */
int cms_check_usage(X509 *signer, char text[LIMIT_TEXT]);
/* In RFC 2253 order, printable ASCII. CARDEA_ELIMIT when it was cut: nothing to compare
 * with, but still something to show. */
int cms_name_text(const X509_NAME *name, char out[LIMIT_TEXT]);
int cms_subject(X509 *cert, char out[LIMIT_TEXT]); /* the same */
/* The key identifier of the authority that issued the signer, as lower-case hex: what
 * the authority says it is, what the signer says, or the hash of the authority's key.
 * issuer NULL: unknown; then it may be empty. */
void cms_issuer_key(X509 *signer, X509 *issuer, char out[LIMIT_LABEL]);
/* For PEM that is encrypted, as any PEM may be: no question on a terminal, where perhaps
 * nobody sits. ctx: NULL, or a bool that becomes true. */
int cms_no_password(char *buf, int size, int writing, void *ctx);
/* The first certificate of a PEM text, or NULL. */
X509 *cms_read_cert(const void *pem, size_t len);

#endif
