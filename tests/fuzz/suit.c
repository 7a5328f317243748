// SPDX-License-Identifier: GPL-2.0-or-later
/* suit.c - fuzz target: a firmware manifest is read, or refused with a reason; nothing
 * is believed that was not signed. */
#include "attest/attest.h"
#include "wire_fuzz.h"

static void within(struct cursor c, const uint8_t *data, size_t size)
{
	if (c.start)
		FUZZ_ASSERT(c.pos >= data && c.pos <= c.end && c.end <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct suit_judged j;
	struct suit_asked asked = {.vendor = "maker.example", .accepted = 1};

	/* The manifest, as if its digest were right: else mutations never get there. */
	struct suit_manifest *m = &j.manifest;
	size_t at;
	if (suit_read_manifest(cursor_of(data, size), m, &at) == 0) {
		FUZZ_ASSERT(m->component_count <= SUIT_COMPONENTS_MAX);
		for (uint32_t i = 0; i < m->uri_count; i++)
			within(m->uris[i].text, data, size);
		for (uint32_t i = 0; i < m->image_count; i++)
			within(m->images[i].digest.bytes, data, size);
	}
	FUZZ_ASSERT(at <= size);

	FUZZ_ASSERT(suit_judge(cursor_of(data, size), &asked, &j) == 0);
	FUZZ_ASSERT(j.state != ATTEST_VALID); /* no key was given */
	FUZZ_ASSERT(j.text[0]);
	FUZZ_ASSERT(j.has_manifest || j.state == ATTEST_INVALID ||
		    j.state == ATTEST_UNVERIFIABLE);
	return 0;
}
