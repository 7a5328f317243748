// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_dns_pad.c - fuzz target: padding of messages that somebody else wrote. */
#include "wire/dns_pad.h"
#include "wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t b[UINT16_MAX + 1];

	if (size > UINT16_MAX - 1024)
		return 0;
	(void)dns_is_padded(cursor_of(data, size));
	memcpy(b, data, size);
	struct writer w = writer_of(b, size + 1024);
	w.len = size;
	if (dns_pad(&w, DNS_PAD_BLOCK)) {
		FUZZ_ASSERT(w.len == size && !memcmp(b, data, size));
		return 0;
	}
	FUZZ_ASSERT(w.len % DNS_PAD_BLOCK == 0 && w.len >= size + 4);
	return 0;
}
