// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_inside - names of the world that point into the house: a web page makes a
 * browser talk to the devices beside it that way (DNS rebinding). */
#include "names/resolver_priv.h"

#include <string.h>

#define V4_IN_6_MAPPED 12 /* ::ffff:0:0/96, RFC 4291 2.5.5.2 */
#define V4_IN_6TO4 2	  /* 2002::/16, RFC 3056 2 */

/* The IPv4 address that this one leads to by translation or tunnel. */
static bool v4_embedded(const struct addr *a, struct addr *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b}; /* RFC 6052 2.1 */
	static const uint8_t compatible[12] = {0};

	if (a->family != 6)
		return false;
	if (!memcmp(a->b, mapped, sizeof mapped) ||
		!memcmp(a->b, nat64, sizeof nat64) ||
		!memcmp(a->b, compatible, sizeof compatible))
		*ret = addr_v4(a->b + V4_IN_6_MAPPED);
	else if (a->b[0] == 0x20 && a->b[1] == 0x02)
		*ret = addr_v4(a->b + V4_IN_6TO4);
	else
		return false;
	return true;
}

static bool is_inside(const struct resolver *r, const struct addr *a)
{
	if (addr_is_unspecified(a) || addr_is_loopback(a) || addr_is_private(a) ||
		addr_is_link_local(a) || addr_is_limited_broadcast(a) ||
		(a->family == 4 && !a->b[0])) /* "this network", RFC 1122 3.2.1.3 */
		return true;
	for (unsigned i = 0; i < r->lan_count; i++)
		if (prefix_contains(&r->lan[i], a))
			return true;
	return false;
}

static bool may_point_inside(const struct resolver *r, const struct dns_name *name)
{
	for (unsigned i = 0; i < r->private_count; i++)
		if (dns_name_is_under(name, &r->private_names[i]))
			return true;
	return false;
}

bool resolver_inside_strip(
	const struct resolver *r, const struct dns_name *name, struct dns_answer *a)
{
	unsigned kept = 0;
	struct addr v4;

	if (!a->count || may_point_inside(r, name))
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		const struct addr *addr = &a->addresses[i];
		if (!is_inside(r, addr) &&
			!(v4_embedded(addr, &v4) && is_inside(r, &v4)))
			a->addresses[kept++] = *addr;
	}
	bool stripped = kept < a->count;
	a->count = (uint8_t)kept;
	return stripped;
}
