// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_lldp.c - fuzz target: what is read from LLDP survives being written. */
#include "wire/lldp.h"
#include "wire_fuzz.h"

#define UNIT_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t b[UNIT_MAX];
	static struct lldp first, second;
	struct cursor c = cursor_of(data, size);
	if (lldp_parse(&c, &first))
		return 0;
	fuzz_inside(&c, data, size);
	FUZZ_ASSERT(first.chassis_id.len && first.port_id.len);
	FUZZ_ASSERT(first.mud_url.len <= LLDP_MUD_URL_MAX);
	FUZZ_ASSERT(!memchr(first.mud_url.b, ' ', first.mud_url.len));
	struct writer w = writer_of(b, sizeof(b));
	FUZZ_ASSERT(lldp_build(&w, &first) == 0);
	c = cursor_of(b, w.len);
	FUZZ_ASSERT(lldp_parse(&c, &second) == 0);
	FUZZ_ASSERT(!memcmp(&first, &second, sizeof(first)));
	return 0;
}
