// SPDX-License-Identifier: GPL-2.0-or-later
/* sealed.c - fuzz target: the frame of a backup's file, as anybody may have altered it. What
 * is read is written back the same, no part claims more than is allowed, and no head asks for
 * more memory than was meant. */
#include <stdlib.h>
#include <string.h>
#include "wire/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_head(const struct sealed_head *h, const uint8_t *data)
{
	uint8_t raw[SEALED_HEAD];

	sealed_head_write(h, raw);
	if (memcmp(raw, data, sizeof(raw)) != 0)
		abort();
	if ((128ULL << h->log2_n) * h->r > 64ULL << 20)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size);
	uint8_t nonce[SEALED_NONCE], before[SEALED_NONCE] = {0};
	struct sealed_head h;
	struct sealed_part p = {0};

	if (sealed_head_read(&c, &h))
		return 0;
	same_head(&h, data);
	for (uint32_t place = 0; !p.last; place++) {
		if (sealed_part_read(&c, &p))
			return 0;
		if (p.len > SEALED_PART_MAX)
			abort();
		sealed_nonce(&h, place, p.last, nonce);
		if (place && memcmp(nonce, before, sizeof(nonce)) == 0)
			abort();
		memcpy(before, nonce, sizeof(nonce));
		if (!cursor_take(&c, p.len + SEALED_TAG))
			return 0;
	}
	return 0;
}
