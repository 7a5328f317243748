// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* evidence - what a device, or somebody for it, hands in to show what it runs; and the
 * keys that the owner trusts for it. */
#ifndef CARDEA_MODEL_EVIDENCE_H
#define CARDEA_MODEL_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "model/ids.h"
#include "model/limits.h"

enum attest_kind {
	ATTEST_TOKEN,	 /* an EAT or PSA token (RFC 9711, RFC 9783) */
	ATTEST_RESULT,	 /* what a verifier says of one (draft-ietf-rats-ear) */
	ATTEST_ENVELOPE, /* a firmware manifest (draft-ietf-suit-manifest) */
	ATTEST_REPORT,	 /* of its installation (draft-ietf-suit-report) */
	ATTEST_KIND_MAX,
};

/* What a key may sign. */
enum attest_use {
	ATTEST_USE_DEVICE,   /* tokens and reports of one device */
	ATTEST_USE_MAKER,    /* manifests, for one device or all of a vendor */
	ATTEST_USE_VERIFIER, /* results, for the same */
	ATTEST_USE_MAX,
};

#define EVIDENCE_NONCE 32      /* octets: RFC 9783 4.1.1 knows 32, 48, 64 */
#define EVIDENCE_KEYS_MAX 512  /* of the house; half as many as devices. Chosen */
#define EVIDENCE_KEYS_OF_MAX 8 /* of one device or vendor: what one piece may cost us */
#define EVIDENCE_KEY_BYTES 4096 /* PEM of a key; a certificate's is 2 KiB */
#define EVIDENCE_BYTES_MAX (512 * 1024) /* an envelope; SUIT_BYTES_MAX */

/* A key of the trust store. */
struct evidence_key {
	uint32_t id;
	enum attest_use use;
	device_id device;	 /* 0: of a vendor */
	char vendor[LIMIT_NAME]; /* domain, lower case; empty: of a device */
	nstime since;		 /* wall */
	size_t pem_len;
	char pem[EVIDENCE_KEY_BYTES];
};

const char *attest_kind_name(enum attest_kind k); /* "token", ... */
const char *attest_use_name(enum attest_use u);	  /* "device", ... */
bool attest_kind_find(const char *name, enum attest_kind *ret);
bool attest_use_find(const char *name, enum attest_use *ret);
/* Of one device or one vendor, and of a use that this can have. */
bool evidence_key_is_sound(const struct evidence_key *k);

#endif
