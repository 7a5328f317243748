// SPDX-License-Identifier: GPL-2.0-or-later
/* The LAN interfaces: their MACs, addresses and prefixes. */
#include "proc/parent_priv.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/str.h"

static uint8_t mask_bits(const uint8_t *mask, size_t len)
{
	uint8_t bits = 0;

	for (size_t i = 0; i < len * 8 && mask[i / 8] & (0x80 >> i % 8); i++)
		bits++;
	return bits;
}

static bool read_addr(const struct ifaddrs *i, struct addr *a, uint8_t *prefix_len)
{
	if (i->ifa_addr->sa_family == AF_INET && i->ifa_netmask) {
		const struct sockaddr_in *in = (const void *)i->ifa_addr;
		const struct sockaddr_in *mask = (const void *)i->ifa_netmask;

		*a = addr_v4(&in->sin_addr);
		*prefix_len = mask_bits((const uint8_t *)&mask->sin_addr, 4);
		return true;
	}
	if (i->ifa_addr->sa_family == AF_INET6 && i->ifa_netmask) {
		const struct sockaddr_in6 *in = (const void *)i->ifa_addr;
		const struct sockaddr_in6 *mask = (const void *)i->ifa_netmask;

		*a = addr_v6(&in->sin6_addr);
		*prefix_len = mask_bits((const uint8_t *)&mask->sin6_addr, 16);
		return true;
	}
	return false;
}

static void take(struct parent_lan *lan, const struct ifaddrs *i, uint32_t ifindex,
	unsigned at)
{
	struct addr a;
	uint8_t prefix_len;

	if (!i->ifa_addr)
		return;
	if (i->ifa_addr->sa_family == AF_PACKET) {
		const struct sockaddr_ll *ll = (const void *)i->ifa_addr;

		if (ll->sll_halen == 6)
			memcpy(lan->interfaces[at].mac.b, ll->sll_addr, 6);
	} else if (lan->addr_count < PARENT_ADDRS_MAX && read_addr(i, &a, &prefix_len)) {
		lan->addrs[lan->addr_count].addr = a;
		lan->addrs[lan->addr_count].prefix_len = prefix_len;
		lan->addrs[lan->addr_count].ifindex = ifindex;
		lan->addr_count++;
	}
}

int parent_lan_read(const struct config *c, struct parent_lan *ret,
	char missing[LIMIT_IFNAME])
{
	struct parent_lan lan = {0};
	struct ifaddrs *all;

	for (unsigned i = 0; i < c->lan_interfaces.count && i < LIMIT_LANS; i++) {
		str_copy(lan.interfaces[i].name, LIMIT_IFNAME, c->lan_interfaces.items[i]);
		lan.interfaces[i].ifindex = if_nametoindex(lan.interfaces[i].name);
		if (!lan.interfaces[i].ifindex) {
			str_copy(missing, LIMIT_IFNAME, lan.interfaces[i].name);
			return -ENODEV;
		}
		lan.interface_count++;
	}
	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		for (unsigned k = 0; k < lan.interface_count; k++)
			if (strcmp(i->ifa_name, lan.interfaces[k].name) == 0)
				take(&lan, i, lan.interfaces[k].ifindex, k);
	freeifaddrs(all);
	*ret = lan;
	return 0;
}

int parent_lan_watch(void)
{
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&nl, sizeof(nl))) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}
