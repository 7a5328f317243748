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
#include "wire/ear.h"
#include "wire/eat.h"
#include "wire/suit.h"
#include "wire/suit_report.h"

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
/* All images that name a vendor name this one, and one does. */
bool attest_is_of_vendor(const struct suit_manifest *m, const char *domain);

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

struct eat_asked {
	const struct attest_key *key;
	struct cursor nonce;	    /* ours */
	/* Of the images that were accepted; none: not compared. */
	const struct suit_digest *digests;
	uint32_t digest_count;
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
	/* Of this device, of now, of no firmware but the accepted one: who is genuine and
	 * contraindicated tells the truth about himself. */
	bool is_genuine;
	char text[LIMIT_TEXT]; /* why the tier is not AFFIRMING */
};

int eat_judge(struct cursor bytes, const struct eat_asked *asked,
	struct eat_judged *ret) CARDEA_MUSTCHECK;
const char *eat_tier_name(enum eat_tier t); /* "affirming", ... */

/* What a piece of evidence proves. */
enum attest_verdict {
	ATTEST_NOTHING, /* text says why not */
	ATTEST_PROVEN,
	ATTEST_FORGED, /* forged, replayed, old, or of another */
};

struct report_asked {
	const struct attest_key *key; /* the device's */
	struct cursor nonce;	      /* ours */
	struct cursor digest;	      /* of the accepted manifest; empty: there is none */
};

struct report_judged {
	enum attest_verdict verdict;
	enum attest_state signature;
	bool has_alg;
	int64_t alg;
	bool read; /* report is */
	struct suit_report report;
	bool nonce_is_ours, digest_matches;
	char text[LIMIT_TEXT]; /* why it is not PROVEN */
};

/* A report of an installation (draft-ietf-suit-report). */
int report_judge(struct cursor bytes, const struct report_asked *asked,
	struct report_judged *ret) CARDEA_MUSTCHECK;

struct ear_asked {
	const struct attest_key *key; /* the verifier's */
	struct cursor nonce;	      /* ours */
	struct cursor ueid;	      /* of the device; empty: not known */
	uint64_t now;		      /* seconds; 0: the clock is not to be believed */
};

struct ear_judged {
	enum attest_verdict verdict;
	enum attest_state signature;
	bool has_alg;
	int64_t alg;
	bool read; /* result is */
	struct ear result;
	bool nonce_is_ours;
	char text[LIMIT_TEXT]; /* why it is not PROVEN */
};

/* What a verifier says of a device (draft-ietf-rats-ear), as a CWT. */
int ear_judge(struct cursor bytes, const struct ear_asked *asked,
	struct ear_judged *ret) CARDEA_MUSTCHECK;

/* ---- what all of them are: one COSE object with its payload ---- */

struct attest_form {
	const char *what; /* "token" */
	size_t max;	  /* octets */
	bool untagged;	  /* it may be */
};

struct attest_opened {
	enum attest_state state; /* UNSIGNED: it is none of these at all */
	bool has_alg;
	int64_t alg;
	struct cursor payload;
	char text[LIMIT_TEXT]; /* why it is not VALID */
};

int attest_open(struct cursor bytes, const struct attest_key *key,
	const struct attest_form *form, struct attest_opened *ret) CARDEA_MUSTCHECK;
/* The same octets, and some; in a time that does not tell where they differ. */
bool attest_is_same(struct cursor a, struct cursor b);
/* SHA-256. */
int attest_hash(struct cursor bytes, uint8_t ret[32]) CARDEA_MUSTCHECK;

#endif
