// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* What RFC 9783 4 demands of a PSA attestation token. */
#include "wire/eat.h"

#include <string.h>

#define PSA_ID 32	      /* implementation-id, and the hash within an instance-id */
#define PSA_INSTANCE 33	      /* 0x01 and a hash: a UEID of type RAND */
#define PSA_INSTANCE_TYPE 0x01
#define PSA_SEED_MIN 8
#define PSA_SEED_MAX 32

static bool is_hash_size(size_t len)
{
	return len == 32 || len == 48 || len == 64;
}

/* "1234567890123-12345" */
static bool is_certification(const struct cursor *c)
{
	size_t len = cursor_left(c);

	if (len != 19)
		return false;
	for (size_t i = 0; i < len; i++)
		if (i == 13 ? c->pos[i] != '-' : c->pos[i] < '0' || c->pos[i] > '9')
			return false;
	return true;
}

static const char *component_fault(const struct eat *e)
{
	if (e->component_count == 0)
		return "psa-software-components are missing (RFC 9783 4.4.1)";
	for (uint32_t i = 0; i < e->component_count; i++) {
		const struct eat_component *c = &e->components[i];
		if (!is_hash_size(cursor_left(&c->measurement)))
			return "a software component has no measurement of 32, 48 or "
			       "64 octets (RFC 9783 4.4.1)";
		if (!is_hash_size(cursor_left(&c->signer)))
			return "a software component has no signer-id of 32, 48 or 64 "
			       "octets (RFC 9783 4.4.1)";
	}
	return NULL;
}

static const char *identity_fault(const struct eat *e)
{
	if (cursor_left(&e->ueid) != PSA_INSTANCE || e->ueid.pos[0] != PSA_INSTANCE_TYPE)
		return "psa-instance-id is not 0x01 and 32 octets (RFC 9783 4.2.1)";
	if (cursor_left(&e->implementation) != PSA_ID)
		return "psa-implementation-id is not of 32 octets (RFC 9783 4.2.2)";
	if (!e->has_client)
		return "psa-client-id is missing (RFC 9783 4.1.2)";
	if (!e->has_lifecycle)
		return "psa-security-lifecycle is missing (RFC 9783 4.3.1)";
	if (strcmp(eat_lifecycle_name(e->lifecycle), "invalid") == 0)
		return "psa-security-lifecycle is none (RFC 9783 4.3.1)";
	return NULL;
}

const char *eat_psa_fault(const struct eat *e)
{
	size_t seed = cursor_left(&e->bootseed);
	const char *fault;

	if (e->nonce_count != 1 || !is_hash_size(cursor_left(&e->nonces[0])))
		return "psa-nonce is not one of 32, 48 or 64 octets (RFC 9783 4.1.1)";
	fault = identity_fault(e);
	if (fault)
		return fault;
	if (e->bootseed.start && (seed < PSA_SEED_MIN || seed > PSA_SEED_MAX))
		return "psa-boot-seed is not of 8 to 32 octets (RFC 9783 4.3.2)";
	if (e->certification.start && !is_certification(&e->certification))
		return "psa-certification-reference is none (RFC 9783 4.2.3)";
	return component_fault(e);
}

bool eat_is_psa(const struct eat *e)
{
	size_t len = cursor_left(&e->profile);

	return len == sizeof(EAT_PROFILE_PSA) - 1 &&
	       memcmp(e->profile.pos, EAT_PROFILE_PSA, len) == 0;
}

const char *eat_lifecycle_name(uint64_t lifecycle)
{
	static const char *const names[] = {"unknown", "assembly and test",
		"provisioning", "secured", "debug, not of the root of trust",
		"debug, recoverable", "decommissioned"};
	uint64_t state = lifecycle >> 12;

	/* The lower octet is the implementation's, what is between must be nothing. */
	if (state >= sizeof(names) / sizeof(names[0]) || (lifecycle & 0x0f00))
		return "invalid";
	return names[state];
}

bool eat_lifecycle_is_secured(uint64_t lifecycle)
{
	return (lifecycle & 0xff00) == 0x3000;
}

const char *eat_debug_name(enum eat_debug d)
{
	static const char *const names[EAT_DEBUG_MAX] = {"enabled", "disabled",
		"disabled since boot", "disabled permanently",
		"disabled fully and permanently"};

	return d < EAT_DEBUG_MAX ? names[d] : "invalid";
}
