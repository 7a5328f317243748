// SPDX-License-Identifier: GPL-2.0-or-later
/* dns_inside - what a name server of the world may not say: that a name of the world is
 * in the house (DNS rebinding). For answers that the gateway makes itself, the resolver
 * sees to it (names/resolver_inside.c), which also knows the names that may. */
#ifndef CARDEA_ENFORCE_BPF_DNS_INSIDE_H
#define CARDEA_ENFORCE_BPF_DNS_INSIDE_H

#include "enforce/bpf/guard.bpf.h"

/* Private (RFC 1918, RFC 6598), loopback, link-local, "this network", broadcast */
static __always_inline int dns_is_inside4(uint32_t ip)
{
	return ip >> 24 == 0 || ip >> 24 == 10 || ip >> 24 == 127 ||
	       ip >> 20 == 0xac1 || ip >> 16 == 0xc0a8 || ip >> 16 == 0xa9fe ||
	       ip >> 22 == 0x6440 >> 6 || ip == 0xffffffff;
}

/* The LAN's own, also where a translator or tunnel leads there. */
static __always_inline int dns_is_lan4(uint32_t ip)
{
	struct bpf_addr a;

	addr_of_ip4(&a, bpf_htonl(ip));
	return guard_is_local(&a);
}

/* Global: verified once, not in each round of each loop around it. */
__noinline int dns_is_inside(const struct bpf_addr *a)
{
	if (!a)
		return 1;
	uint32_t w0 = bpf_ntohl(a->w[0]), w1 = bpf_ntohl(a->w[1]);
	uint32_t w2 = bpf_ntohl(a->w[2]), ip = bpf_ntohl(a->w[3]);

	if (guard_is_local(a))
		return 1;
	if (w0 >> 25 == 0xfc >> 1 ||
		w0 >> 22 == 0xfe80 >> 6) /* RFC 4193, RFC 4291 2.5.6 */
		return 1;
	if (w0 >> 16 == 0x2002) /* 6to4, RFC 3056 2 */
		ip = w0 << 16 | w1 >> 16;
	else if (!(w0 == 0x0064ff9b && !w1 && !w2) &&    /* RFC 6052 2.1 */
		 !(!w0 && !w1 && (!w2 || w2 == 0xffff))) /* RFC 4291 2.5.5 */
		return 0;
	return dns_is_inside4(ip) || dns_is_lan4(ip);
}

#endif
