// SPDX-License-Identifier: GPL-2.0-or-later
/* advisory.c - fuzz target: a file of advisories is read or refused with a place, and what
 * is read keeps its bounds, whoever wrote it. */
#include "lifecycle/advisory.h"
#include "wire_fuzz.h"

#define FEW 8

static void check_one(const struct advisory *a)
{
	FUZZ_ASSERT(a->id[0] && a->issuer[0]);
	FUZZ_ASSERT(!a->is_signed && !a->signature_good && !a->overturned);
	FUZZ_ASSERT(a->effect > ADVISORY_NOTHING && a->effect < ADVISORY_EFFECT_MAX);
	FUZZ_ASSERT(a->issued >= 0 && a->expires >= 0);
	FUZZ_ASSERT(a->domain[0] != '*' || a->domain[1] == '.');
	if (a->has_peer)
		FUZZ_ASSERT(a->peer.len >= (a->peer.addr.family == 4
							   ? ADVISORY_PREFIX4_MIN
							   : ADVISORY_PREFIX6_MIN));
	if (a->proto || a->port)
		FUZZ_ASSERT(advisory_has_traffic(a));
}

/* Alone and unsigned it never does more than notify. */
static void judge_one(struct advisory *a)
{
	struct advisory_home h = {.now = a->issued, .devices_hit = 1, .devices = 1};
	struct advisory_verdict v;
	char why[LIMIT_TEXT] = "";

	a->class = ADVISORY_CSIRT;
	if (advisory_check(a, a->issued, why) == 0)
		__builtin_trap(); /* nobody signed it */
	FUZZ_ASSERT(why[0]);
	advisory_judge(a, 1, &h, &v);
	FUZZ_ASSERT(v.effect <= ADVISORY_NOTIFY && v.why[0]);
	(void)advisory_version_reaches(a->fixed_in, a->text);
	(void)advisory_version_reaches(a->text, a->fixed_in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct advisory list[FEW];
	struct advisory_fault fault = {0};
	size_t count = 0;
	int error = advisory_read(
		size ? (const char *)data : "", size, list, FEW, &count, &fault);

	if (error) {
		FUZZ_ASSERT(fault.text[0]);
		return 0;
	}
	FUZZ_ASSERT(count > 0 && count <= FEW);
	for (size_t i = 0; i < count; i++) {
		check_one(&list[i]);
		judge_one(&list[i]);
	}
	return 0;
}
