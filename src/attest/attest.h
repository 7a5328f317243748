// SPDX-License-Identifier: GPL-2.0-or-later
/* attest - who signed it: keys of makers and devices, signatures of firmware manifests
 * (SUIT) and of attestation tokens (EAT). Reads untrusted bytes through wire/, checks
 * signatures with OpenSSL, judges; it holds nothing between two calls. */
#ifndef CARDEA_ATTEST_H
#define CARDEA_ATTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cursor.h"
#include "base/error.h"
#include "model/limits.h"
#include "wire/cose.h"
#include "wire/eat.h"
#include "wire/suit.h"

/* ---- keys ---- */

#define ATTEST_KEY_BYTES_MAX (64 * 1024)
struct attest_key;

/* PEM: a public key, a certificate, or a private key (its public half is used). NIST
 * P-256, P-384, P-521, Ed25519, Ed448; CARDEA_EUNSUPPORTED for others. */
int attest_key_read(const void *pem, size_t len, struct attest_key **ret,
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;
void attest_key_free(struct attest_key *k); /* NULL is fine */

/* 0: signed by that key. CARDEA_ESIGNATURE; CARDEA_EUNTRUSTED when the key is not one of
 * that algorithm; CARDEA_EUNSUPPORTED: another algorithm, or a MAC. payload: see
 * cose_signed_bytes. */
int attest_cose_verify(const struct attest_key *k, const struct cose *s,
	struct cursor payload) CARDEA_MUSTCHECK;

/* UUID version 5 (RFC 9562 5.5) of a domain name: how SUIT spells a vendor. */
int attest_vendor_uuid(const char *domain, uint8_t ret[SUIT_UUID]) CARDEA_MUSTCHECK;

/* ---- firmware manifests ---- */

enum attest_state {
	ATTEST_VALID,
	ATTEST_INVALID,      /* another digest or signature: not to be used */
	ATTEST_UNSIGNED,
	ATTEST_UNVERIFIABLE, /* a MAC, or an algorithm that is not known here */
	ATTEST_UNCHECKED,    /* signed, but no key was given */
	ATTEST_STATE_MAX,
};

/* What is not wrong by itself, and still a reason not to install it. */
enum suit_doubt {
	SUIT_DOUBT_VERSION = 1,	    /* manifest-version is not 1 */
	SUIT_DOUBT_CONDITIONS = 2,  /* not tied to a vendor and a class */
	SUIT_DOUBT_VENDOR = 4,	    /* vendor-id is not of the vendor that was named */
	SUIT_DOUBT_ROLLBACK = 8,    /* an older sequence number than was accepted */
	SUIT_DOUBT_SEVERED = 16,    /* a severed member is not here */
	SUIT_DOUBT_NO_IMAGE = 32,   /* no image-digest anywhere */
};

struct suit_asked {
	const struct attest_key *key; /* or NULL */
	const char *vendor;		/* domain, or NULL */
	uint64_t accepted;		/* highest sequence that was accepted; 0: none */
};

struct suit_judged {
	enum attest_state state;
	bool has_alg;
	int64_t alg;
	uint32_t doubts; /* enum suit_doubt; 0 unless state is VALID, UNCHECKED, ... */
	struct suit_envelope envelope;
	bool has_manifest; /* it was read: its digest is right */
	struct suit_manifest manifest;
	char text[LIMIT_TEXT]; /* why state is not VALID, or the first doubt; else empty */
};

/* All that points, points into bytes. An error only for want of memory: all else is a
 * state and a text. */
int suit_judge(struct cursor bytes, const struct suit_asked *asked,
	struct suit_judged *ret) CARDEA_MUSTCHECK;
const char *attest_state_name(enum attest_state s); /* "valid", ... */
const char *suit_doubt_text(enum suit_doubt d);

/* ---- attestation ---- */

/* Tiers of EAR (draft-ietf-rats-ar4si 2.3). */
enum eat_tier { EAT_TIER_NONE = 0, EAT_TIER_AFFIRMING = 2, EAT_TIER_WARNING = 32,
	EAT_TIER_CONTRAINDICATED = 96 };

struct eat_asked {
	const struct attest_key *key;
	struct cursor nonce;	    /* ours */
	struct suit_digest digest;  /* of the accepted image; bytes empty: not compared */
	bool has_bootcount;
	uint64_t bootcount; /* of the last token of this device */
};

struct eat_judged {
	enum eat_tier tier;
	enum attest_state signature;
	bool has_alg;
	int64_t alg;
	bool read; /* claims are */
	struct eat claims;
	bool nonce_is_ours, is_psa, digest_matches;
	char text[LIMIT_TEXT]; /* why the tier is not AFFIRMING */
};

int eat_judge(struct cursor bytes, const struct eat_asked *asked,
	struct eat_judged *ret) CARDEA_MUSTCHECK;
const char *eat_tier_name(enum eat_tier t); /* "affirming", ... */

#endif
