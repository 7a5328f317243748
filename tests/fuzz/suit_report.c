// SPDX-License-Identifier: GPL-2.0-or-later
/* suit_report.c - fuzz target: a report is read within its bounds, or refused; without a
 * key it proves nothing, whatever it says. */
#include "attest/attest.h"
#include "wire_fuzz.h"

static void within(struct cursor c, const uint8_t *data, size_t size)
{
	if (c.start)
		FUZZ_ASSERT(c.pos >= data && c.pos <= c.end && c.end <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nonce[32] = {1};
	struct report_asked asked = {.nonce = cursor_of(nonce, sizeof(nonce)),
		.digest = cursor_of(nonce, sizeof(nonce))};
	static struct report_judged j;
	struct suit_report r;
	size_t at;

	if (suit_report_read(cursor_of(data, size), &r, &at) == 0) {
		within(r.uri, data, size);
		within(r.digest.bytes, data, size);
		within(r.nonce, data, size);
		FUZZ_ASSERT(r.records <= SUIT_REPORT_RECORDS_MAX);
		FUZZ_ASSERT(r.reason < SUIT_REASON_MAX);
		FUZZ_ASSERT(!r.succeeded || r.reason == SUIT_REASON_OK);
	}
	FUZZ_ASSERT(at <= size);

	FUZZ_ASSERT(report_judge(cursor_of(data, size), &asked, &j) == 0);
	FUZZ_ASSERT(j.verdict != ATTEST_PROVEN && j.text[0]);
	return 0;
}
