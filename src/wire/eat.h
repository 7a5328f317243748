// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* eat - the claims of an attestation token: an EAT (RFC 9711) or its profile for PSA
 * (RFC 9783). What is here is what a gateway judges by; other claims are passed over, as
 * RFC 9783 4.6 wants. */
#ifndef CARDEA_WIRE_EAT_H
#define CARDEA_WIRE_EAT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/cursor.h"
#include "base/error.h"

#define EAT_BYTES_MAX (64 * 1024) /* of a token; the published ones have below 1 KiB */
#define EAT_NONCES_MAX 4	  /* RFC 9711 4.1: more than one for several parties */
#define EAT_COMPONENTS_MAX 16
#define EAT_NONCE_MIN 8 /* octets: RFC 9711 4.1 */
#define EAT_NONCE_MAX 64
#define EAT_UEID_MIN 7 /* RFC 9711 4.2.1 */
#define EAT_UEID_MAX 33

enum eat_debug { /* RFC 9711 4.2.9 */
	EAT_DEBUG_ENABLED,
	EAT_DEBUG_DISABLED,
	EAT_DEBUG_SINCE_BOOT,
	EAT_DEBUG_PERMANENTLY,
	EAT_DEBUG_FULLY,
	EAT_DEBUG_MAX,
};

/* RFC 9783 4.4.1. Names may be empty. */
struct eat_component {
	struct cursor type, measurement, version, signer, description;
};

/* A result of a measurement: RFC 9711 4.2.17. */
enum eat_measres { EAT_RES_NONE, EAT_RES_SUCCESS, EAT_RES_FAIL, EAT_RES_NOT_RUN,
	EAT_RES_ABSENT };

struct eat {
	uint32_t nonce_count, component_count;
	struct cursor nonces[EAT_NONCES_MAX];
	struct cursor ueid, oemid, hwmodel, swname, swversion;
	struct cursor profile; /* text of a URI, or the octets of an OID */
	bool has_debug, has_oemboot, oemboot, has_bootcount, has_lifecycle, has_client;
	enum eat_debug debug;
	uint64_t bootcount;
	uint64_t lifecycle;		   /* RFC 9783 4.3.1 */
	struct cursor implementation;	   /* RFC 9783 4.2.2 */
	struct cursor certification, bootseed;
	struct eat_component components[EAT_COMPONENTS_MAX];
	bool has_measres;
	enum eat_measres worst; /* FAIL before ABSENT before NOT_RUN before SUCCESS */
	uint32_t submods;
	uint64_t issued; /* iat, seconds; 0: not said */
};

#define EAT_PROFILE_PSA "tag:psacertified.org,2023:psa#tfm"

/* All of the claims, from their map to the end. CARDEA_EMALFORMED for a claim of another
 * form than its RFC has; ret_at: where; ret_claim: which, 0 when it is none. */
int eat_read(struct cursor claims, struct eat *ret, size_t *ret_at,
	int64_t *ret_claim) CARDEA_MUSTCHECK;
/* A token of this profile has all that RFC 9783 4 demands: NULL, or what is wrong. */
const char *eat_psa_fault(const struct eat *e);
bool eat_is_psa(const struct eat *e);
/* RFC 9783 4.3.1: "secured", "debug, recoverable", ... */
const char *eat_lifecycle_name(uint64_t lifecycle);
bool eat_lifecycle_is_secured(uint64_t lifecycle);
const char *eat_debug_name(enum eat_debug d);

#endif
