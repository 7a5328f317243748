// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_cbor.c - fuzz target: whatever comes, a skipped item ends where reading it head
 * by head does, and integers survive being written. */
#include "wire/cbor.h"
#include "wire_fuzz.h"

static void walk(struct cursor c, const struct cursor *end)
{
	struct cbor item;
	uint64_t left = 1;

	for (; left > 0; left--) {
		cbor_next(&c, &item);
		FUZZ_ASSERT(!c.error);
		if (item.type == CBOR_ARRAY)
			left += item.value;
		else if (item.type == CBOR_MAP)
			left += 2 * item.value;
		else if (item.type == CBOR_TAG)
			left++;
	}
	FUZZ_ASSERT(c.pos == end->pos);
}

static void write_again(struct cursor c)
{
	uint8_t b[16];
	struct writer w = writer_of(b, sizeof(b));
	struct cursor back, first = c;
	int64_t v = cbor_int(&first), again;

	if (first.error)
		return;
	cbor_put_int(&w, v);
	FUZZ_ASSERT(!w.error && w.len <= cursor_offset(&first));
	back = cursor_of(b, w.len);
	again = cbor_int(&back);
	FUZZ_ASSERT(!back.error && again == v && cursor_left(&back) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size), from = c;
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_skip(&c);
	if (!c.error) {
		fuzz_inside(&c, data, size);
		walk(from, &c);
		write_again(from);
	}
	cbor_pairs(&from, &pairs);
	while (cbor_pairs_next(&pairs, &from, &key))
		cbor_skip(&from);
	FUZZ_ASSERT(pairs.seen_count <= CBOR_KEYS_MAX);
	return 0;
}
