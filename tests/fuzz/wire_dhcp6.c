// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_dhcp6.c - fuzz target: what is read from DHCPv6 survives being written. */
#include "wire/dhcp6.h"
#include "wire_fuzz.h"

#define MESSAGE_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t b[MESSAGE_MAX];
	static struct dhcp6 first, second;
	struct cursor c = cursor_of(data, size);
	if (dhcp6_parse(&c, &first))
		return 0;
	FUZZ_ASSERT(first.relay_count <= DHCP6_RELAYS_MAX);
	FUZZ_ASSERT(first.address_count <= DHCP6_ADDRESSES_MAX);
	FUZZ_ASSERT(!memchr(first.mud_url.b, ' ', first.mud_url.len));
	struct writer w = writer_of(b, sizeof(b));
	FUZZ_ASSERT(dhcp6_build(&w, &first) == 0);
	c = cursor_of(b, w.len);
	FUZZ_ASSERT(dhcp6_parse(&c, &second) == 0);
	FUZZ_ASSERT(!memcmp(&first, &second, sizeof(first)));
	return 0;
}
