// SPDX-License-Identifier: GPL-2.0-or-later
/* eat.c - fuzz target: an attestation token that nobody's key vouches for is never
 * affirming, whatever it claims. */
#include "attest/attest.h"
#include "wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nonce[32] = {1};
	static struct eat_judged j;
	static struct eat e;
	struct eat_asked asked = {.nonce = cursor_of(nonce, sizeof(nonce))};
	size_t at;
	int64_t claim;

	/* The claims by themselves, which is where mutations lead anywhere. */
	if (eat_read(cursor_of(data, size), &e, &at, &claim) == 0) {
		FUZZ_ASSERT(e.nonce_count <= EAT_NONCES_MAX);
		FUZZ_ASSERT(e.component_count <= EAT_COMPONENTS_MAX);
		if (!eat_psa_fault(&e))
			FUZZ_ASSERT(cursor_left(&e.implementation) == 32);
	}
	FUZZ_ASSERT(at <= size);

	FUZZ_ASSERT(eat_judge(cursor_of(data, size), &asked, &j) == 0);
	FUZZ_ASSERT(j.tier != EAT_TIER_AFFIRMING && j.tier != EAT_TIER_WARNING);
	FUZZ_ASSERT(j.text[0]);
	return 0;
}
