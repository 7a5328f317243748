// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_sqrl.c - fuzz target: what is read from a QR code survives being written. */
#include "wire/sqrl.h"
#include "wire_fuzz.h"

static void check_printable(const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		FUZZ_ASSERT(b[i] >= ' ' && b[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t b[SQRL_MAX];
	static struct sqrl first, second;
	struct cursor c = cursor_of(data, size);
	if (sqrl_parse(&c, &first))
		return 0;
	fuzz_inside(&c, data, size);
	FUZZ_ASSERT(first.mud_url.len && !memchr(first.mud_url.b, '?', first.mud_url.len));
	FUZZ_ASSERT(!first.has_mac || !first.has_eui64);
	check_printable(first.mud_url.b, first.mud_url.len);
	check_printable(first.company.b, first.company.len);
	check_printable(first.product.b, first.product.len);
	check_printable(first.model.b, first.model.len);
	struct writer w = writer_of(b, sizeof(b));
	FUZZ_ASSERT(sqrl_build(&w, &first) == 0);
	c = cursor_of(b, w.len);
	FUZZ_ASSERT(sqrl_parse(&c, &second) == 0);
	FUZZ_ASSERT(!memcmp(&first, &second, sizeof(first)));
	return 0;
}
