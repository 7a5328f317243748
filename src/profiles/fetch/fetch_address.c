// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_address - where the courier may connect to. A device names the URL, so without
 * this check it could make the gateway talk to any service in the house. */
#include "profiles/fetch/fetch.h"

#include <string.h>

/* Prefixes whose addresses carry an IPv4 address, and where it stands. */
struct embedding {
	uint8_t prefix[12];
	uint8_t bytes;
	uint8_t at;
};

static const struct embedding embeddings[] = {
	{{0}, 12, 12}, /* ::/96, RFC 4291 2.5.5.1 */
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12, 12}, /* mapped, 2.5.5.2 */
	{{0, 0x64, 0xff, 0x9b}, 12, 12},                      /* NAT64, RFC 6052 2.1 */
	{{0x20, 0x02}, 2, 2},                                 /* 6to4, RFC 3056 2 */
};

/* RFC 8215: leads to whatever the house's own translator likes. */
static const uint8_t local_nat64[6] = {0, 0x64, 0xff, 0x9b, 0, 1};

/* Networks that addr.h has no word for and that are nobody's server. */
static bool addr_is_reserved(const struct addr *a)
{
	if (a->family == 4) /* RFC 1122 3.2.1.3 this network, RFC 1112 4 class E */
		return a->b[0] == 0 || a->b[0] >= 240;
	if (!memcmp(a->b, local_nat64, sizeof local_nat64))
		return true;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0xc0; /* site-local, RFC 3879 */
}

static bool addr_is_inside(const struct addr *a)
{
	return addr_is_private(a) || addr_is_loopback(a);
}

static bool in_lan(const struct fetch_config *c, const struct addr *a)
{
	for (unsigned i = 0; i < c->lan_count; i++)
		if (prefix_contains(&c->lan[i], a))
			return true;
	return false;
}

static bool plain_allowed(const struct fetch_config *c, const struct addr *a)
{
	if (!addr_bits(a) || addr_is_unspecified(a) || addr_is_multicast(a) ||
		addr_is_link_local(a) || addr_is_limited_broadcast(a))
		return false;
	if (in_lan(c, a))
		return false;
	if (addr_is_inside(a))
		return c->allow_private;
	return !addr_is_reserved(a);
}

bool fetch_address_allowed(const struct fetch_config *c, const struct addr *a)
{
	if (!plain_allowed(c, a))
		return false;
	if (a->family != 6 || addr_is_loopback(a))
		return true;
	for (size_t i = 0; i < sizeof embeddings / sizeof *embeddings; i++) {
		const struct embedding *e = &embeddings[i];
		if (memcmp(a->b, e->prefix, e->bytes) != 0)
			continue;
		struct addr inner = addr_v4(a->b + e->at);
		return plain_allowed(c, &inner);
	}
	return true;
}
