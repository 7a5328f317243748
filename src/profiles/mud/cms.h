// SPDX-License-Identifier: GPL-2.0-or-later
/* cms - signatures of MUD files (RFC 8520 13, RFC 5652): detached CMS in DER over the
 * exact bytes. Apart from mud.h, because this one needs OpenSSL. */
#ifndef CARDEA_PROFILES_MUD_CMS_H
#define CARDEA_PROFILES_MUD_CMS_H

#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "model/limits.h"
#include "model/profile.h"

struct mud_trust; /* the anchors that may sign MUD files */

/* PEM text with one or more certificates, each one an anchor. */
int mud_trust_new(const void *pem, size_t len, struct mud_trust **ret_trust,
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;
void mud_trust_free(struct mud_trust *t); /* NULL is fine */
size_t mud_trust_count(const struct mud_trust *t);

/* 0: ret_signer is the subject of the signing certificate (RFC 2253 order, printable
 * ASCII). Else ret_text says in one sentence what is wrong: CARDEA_ELIMIT too big,
 * CARDEA_EMALFORMED not DER or not detached, CARDEA_ESIGNATURE other bytes,
 * CARDEA_EUNTRUSTED unknown or expired signer, or a certificate that may not sign. */
int mud_cms_verify(const struct mud_trust *trust, const void *mud, size_t mud_len,
	const void *signature, size_t signature_len, nstime wall,
	char ret_signer[LIMIT_TEXT], char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* What a signature is worth. INVALID: other bytes, no CMS, a certificate that may not
 * sign or whose time is over. UNTRUSTED: all is well, but it leads to no anchor. */
struct mud_signature {
	enum signature_state state; /* VALID, INVALID or UNTRUSTED */
	char signer[LIMIT_TEXT]; /* its subject, when these bytes are what it signed */
	char key[LIMIT_LABEL]; /* key identifier of the CA that issued its certificate,
				* in hex; what a pin remembers beside the subject */
	char text[LIMIT_TEXT]; /* why it is not VALID */
};
/* trust NULL: there are no anchors. Fails only for want of memory. */
int mud_cms_judge(const struct mud_trust *trust, const void *mud, size_t mud_len,
	const void *signature, size_t signature_len, nstime wall,
	struct mud_signature *ret_signature) CARDEA_MUSTCHECK;

/* A Name in DER, such as the value of id-pe-mudsigner, as struct mud_signature.signer
 * has it: the two texts can be compared. CARDEA_EMALFORMED, or CARDEA_ELIMIT for one
 * that does not fit. */
int mud_name_text(
	const void *der, size_t len, char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* The same as mud_cms_verify, for a device that showed a certificate of its own (PEM):
 * when that names its MUD signer (id-pe-mudsigner, RFC 8520 11), the signature must be
 * by that one. */
int mud_cms_verify_device(const struct mud_trust *trust, const void *device_pem,
	size_t device_len, const void *mud, size_t mud_len, const void *signature,
	size_t signature_len, nstime wall, char ret_signer[LIMIT_TEXT],
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* A maker's identity, all PEM; chain may be empty. */
struct mud_cms_identity {
	const void *key, *cert, *chain;
	size_t key_len, cert_len, chain_len;
};
/* Signs the exact bytes; *ret_der is for free(). CARDEA_EREFUSED when nobody could
 * accept the signature, CARDEA_EMALFORMED for what cannot be read. */
int mud_cms_sign(const struct mud_cms_identity *id, const void *mud, size_t mud_len,
	nstime wall, uint8_t **ret_der, size_t *ret_len, char ret_signer[LIMIT_TEXT],
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* SHA-256 of the exact bytes, for struct profile. */
int mud_sha256(const void *bytes, size_t len, uint8_t ret_digest[32]) CARDEA_MUSTCHECK;

#endif
