// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ear - the claims of an attestation result: what a verifier found when it appraised a
 * device's evidence (draft-ietf-rats-ear-04, on AR4SI). As a CWT; what a gateway decides
 * by, and no more: the tier of each part of the device, and the vector behind it. */
#ifndef CARDEA_WIRE_EAR_H
#define CARDEA_WIRE_EAR_H

#include <stdbool.h>
#include <stdint.h>
#include "base/cursor.h"
#include "base/error.h"
#include "wire/eat.h"

#define EAR_BYTES_MAX (64 * 1024) /* as a token's: it may hold the token */
#define EAR_SUBMODS_MAX 16	  /* parts of a device that are appraised by themselves */

/* draft-ietf-rats-ar4si 2.3. A higher one is worse, but for NONE. */
enum eat_tier { EAT_TIER_NONE = 0, EAT_TIER_AFFIRMING = 2, EAT_TIER_WARNING = 32,
	EAT_TIER_CONTRAINDICATED = 96 };

struct ear {
	struct cursor profile;	       /* text of a URI */
	struct cursor developer, build; /* ear_verifier_id; text */
	struct cursor ueid; /* of the device, where the verifier tells; or empty */
	uint64_t issued, expires;      /* seconds; expires 0: not said */
	uint32_t nonce_count, submod_count;
	struct cursor nonces[EAT_NONCES_MAX];
	/* Of all parts, their status and each claim of their vectors: CONTRAINDICATED
	 * before WARNING before NONE before AFFIRMING. */
	enum eat_tier worst;
	struct cursor worst_submod; /* its name: text */
};

/* The profiles that are read: of the drafts since 2023. */
bool ear_profile_is_known(struct cursor profile);

/* All of the claims, from their map to the end. CARDEA_EMALFORMED for a claim of another
 * form than the draft has, a result without a part, or of another profile; ret_at: where;
 * ret_claim: which, 0 when it is none. */
int ear_read(struct cursor claims, struct ear *ret, size_t *ret_at, int64_t *ret_claim)
	CARDEA_MUSTCHECK;

#endif
