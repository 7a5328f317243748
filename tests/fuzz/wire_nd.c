// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_nd.c - fuzz target: Neighbour Discovery. */
#include "wire/nd.h"
#include "wire/icmp.h"
#include "wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nd nd, untouched;
	struct cursor c = cursor_of(data, size);
	memset(&nd, 0xa5, sizeof(nd));
	memset(&untouched, 0xa5, sizeof(untouched));
	if (nd_parse(&c, &nd)) {
		FUZZ_ASSERT(!memcmp(&nd, &untouched, sizeof(nd)));
		return 0;
	}
	FUZZ_ASSERT(cursor_left(&c) == 0);
	FUZZ_ASSERT(
		nd.prefix_count <= ND_PREFIXES_MAX && nd.rdnss_count <= ND_RDNSS_MAX);
	for (unsigned i = 0; i < nd.prefix_count; i++) {
		const struct prefix *p = &nd.prefixes[i].prefix;
		FUZZ_ASSERT(p->len <= 128 && prefix_contains(p, &p->addr));
	}
	FUZZ_ASSERT(!nd.has_target_mac || nd.type == ICMP6_NEIGHBOUR_ADVERT ||
		nd.type == ICMP6_REDIRECT);
	FUZZ_ASSERT(!nd.prefix_count || nd.type == ICMP6_ROUTER_ADVERT);
	return 0;
}
