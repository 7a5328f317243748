// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* cose - the frame around what is signed (RFC 9052): COSE_Sign1, and COSE_Mac0, which
 * only who has the secret can check. Reads the frame; attest/ has the keys. */
#ifndef CARDEA_WIRE_COSE_H
#define CARDEA_WIRE_COSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cursor.h"
#include "base/error.h"

enum cose_kind { COSE_SIGN1, COSE_MAC0 };

/* IANA "COSE Algorithms"; the fully specified ones are RFC 9864's. */
enum cose_alg {
	COSE_ES256 = -7,
	COSE_EDDSA = -8,
	COSE_ESP256 = -9,
	COSE_ED25519 = -19,
	COSE_ES384 = -35,
	COSE_ES512 = -36,
	COSE_HSS_LMS = -46,
	COSE_ESP384 = -51,
	COSE_ESP512 = -52,
	COSE_ED448 = -53,
};

struct cose {
	enum cose_kind kind;
	struct cursor protected; /* as it is signed: empty where it was an empty map */
	bool has_alg, alg_is_protected;
	int64_t alg;
	struct cursor kid;  /* or empty */
	struct cursor cert; /* the first of x5chain, in DER; or empty */
	bool is_detached;
	struct cursor payload; /* empty when detached */
	struct cursor signature;
};

#define COSE_TAG_MAC0 17
#define COSE_TAG_SIGN1 18
#define COSE_TAG_MAC 97
#define COSE_TAG_SIGN 98
#define COSE_TAG_CWT 61 /* RFC 8392: around one of them */

/* Consumes one. CARDEA_EMALFORMED, CARDEA_ETRUNCATED, CARDEA_ELIMIT; CARDEA_EUNSUPPORTED
 * for another frame (several signers, encrypted), or a header that must be understood and
 * is not. tagged: without its tag it is none. */
int cose_read(struct cursor *c, bool tagged, struct cose *ret) CARDEA_MUSTCHECK;
/* What was signed (RFC 9052 4.4, Sig_structure). payload: of a detached one, else its own.
 * w fails with CARDEA_ELIMIT when it has no room. */
void cose_signed_bytes(const struct cose *s, struct cursor payload, struct writer *w);
/* More than cose_signed_bytes can take beside payload and protected. */
#define COSE_SIGNED_HEAD 48
const char *cose_alg_name(int64_t alg); /* "ES256"; NULL when unknown */

#endif
