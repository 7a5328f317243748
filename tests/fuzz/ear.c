// SPDX-License-Identifier: GPL-2.0-or-later
/* ear.c - fuzz target: a verifier's result is read within its bounds, or refused; without
 * a key it proves nothing, whatever it says. */
#include "attest/attest.h"
#include "wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nonce[32] = {1};
	struct ear_asked asked = {.nonce = cursor_of(nonce, sizeof(nonce))};
	static struct ear_judged j;
	struct ear e;
	int64_t claim;
	size_t at;

	if (ear_read(cursor_of(data, size), &e, &at, &claim) == 0) {
		FUZZ_ASSERT(e.nonce_count <= EAT_NONCES_MAX);
		FUZZ_ASSERT(e.submod_count >= 1 && e.submod_count <= EAR_SUBMODS_MAX);
		FUZZ_ASSERT(ear_profile_is_known(e.profile));
		FUZZ_ASSERT(e.worst == EAT_TIER_NONE || e.worst == EAT_TIER_AFFIRMING ||
			    e.worst == EAT_TIER_WARNING ||
			    e.worst == EAT_TIER_CONTRAINDICATED);
	}
	FUZZ_ASSERT(at <= size);

	FUZZ_ASSERT(ear_judge(cursor_of(data, size), &asked, &j) == 0);
	FUZZ_ASSERT(j.verdict != ATTEST_PROVEN && j.text[0]);
	return 0;
}
