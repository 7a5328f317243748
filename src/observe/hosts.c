// SPDX-License-Identifier: GPL-2.0-or-later
/* hosts.c - what a gateway is shows in what it carries: addresses from elsewhere. */
#include "observe/hosts.h"

#include <errno.h>
#include <stdlib.h>

int hosts_init(struct hosts *h, uint32_t most)
{
	int error = index_init(&h->macs, most);

	if (!error)
		error = index_init(&h->addrs, most * LIMIT_ADDRS_PER_DEVICE);
	h->most = most;
	h->hosts = calloc(most + 1, sizeof *h->hosts);
	h->addresses =
		calloc((most + 1) * LIMIT_ADDRS_PER_DEVICE, sizeof *h->addresses);
	return error || !h->hosts || !h->addresses ? -ENOMEM : 0;
}

void hosts_free(struct hosts *h)
{
	index_free(&h->macs);
	index_free(&h->addrs);
	free(h->hosts);
	free(h->addresses);
}

/* In two pieces that go through registers: a word put together in memory is slow to read
 * back. */
static inline uint64_t mac_word(const struct mac *m)
{
	uint32_t low;
	uint16_t high;

	memcpy(&low, m->b, sizeof low);
	memcpy(&high, m->b + sizeof low, sizeof high);
	return (uint64_t)high << 32 | low;
}

static uint64_t mac_hash(const struct hosts *h, const struct mac *m)
{
	return index_hash2(&h->macs, mac_word(m), 0);
}

uint32_t hosts_find(const struct hosts *h, const struct mac *m)
{
	if (mac_is_group(m))
		return 0;
	uint64_t hash = mac_hash(h, m);
	uint32_t at = index_first(&h->macs, hash), id;

	while ((id = index_next(&h->macs, hash, &at)))
		if (mac_word(&h->hosts[id].mac) == mac_word(m))
			break;
	return id;
}

uint32_t hosts_see(struct hosts *h, const struct mac *m, nstime when)
{
	uint32_t id = hosts_find(h, m);

	if (id || mac_is_zero(m) || mac_is_group(m) || h->count == h->most)
		return id;
	id = ++h->count;
	h->hosts[id].mac = *m;
	h->hosts[id].first = when;
	index_add(&h->macs, mac_hash(h, m), id);
	return id;
}

static uint64_t addr_hash(const struct hosts *h, const struct addr *a)
{
	return index_hash2(
		&h->addrs, hash_word(a->b), hash_word(a->b + 8) ^ a->family);
}

/* The place of an address in all rings; 0: none. */
static uint32_t addr_place(const struct hosts *h, const struct addr *a)
{
	uint64_t hash = addr_hash(h, a);
	uint32_t at = index_first(&h->addrs, hash), id;

	while ((id = index_next(&h->addrs, hash, &at)))
		if (addr_equal(&h->addresses[id].addr, a))
			break;
	return id;
}

static uint32_t ring_place(const struct hosts *h, uint32_t host, unsigned at)
{
	return at * (h->most + 1) + host;
}

uint32_t hosts_owner(const struct hosts *h, const struct addr *a)
{
	return h->addresses[addr_place(h, a)].host;
}

static void addr_forget(struct hosts *h, uint32_t place)
{
	index_remove(&h->addrs, addr_hash(h, &h->addresses[place].addr), place);
	h->addresses[place] = (struct host_addr){0};
}

static bool was_last(const struct hosts *h, uint32_t host, const struct addr *a)
{
	const struct host_addr *last =
		&h->addresses[ring_place(h, host, h->hosts[host].addr_last)];

	return last->host == host && addr_equal(&last->addr, a);
}

void hosts_own(struct hosts *h, uint32_t host, const struct addr *a)
{
	uint32_t place;

	if (!host || was_last(h, host, a) || !a->family || addr_is_unspecified(a) ||
		addr_is_multicast(a) || addr_is_limited_broadcast(a))
		return;
	place = addr_place(h, a);
	if (h->addresses[place].host == host) {
		h->hosts[host].addr_last = (uint8_t)(place / (h->most + 1));
		return;
	}
	if (place)
		addr_forget(h, place);
	h->hosts[host].addr_last = h->hosts[host].addr_next;
	place = ring_place(h, host, h->hosts[host].addr_next);
	h->hosts[host].addr_next =
		(uint8_t)((h->hosts[host].addr_next + 1) % LIMIT_ADDRS_PER_DEVICE);
	if (h->addresses[place].host)
		addr_forget(h, place);
	h->addresses[place] = (struct host_addr){.addr = *a, .host = (uint16_t)host};
	index_add(&h->addrs, addr_hash(h, a), place);
	if (addr_equal(a, &h->router))
		hosts_set_gateway(h, host);
}

void hosts_add_lan(struct hosts *h, const struct prefix *p)
{
	for (uint32_t i = 0; i < h->lan_count; i++)
		if (h->lan[i].len == p->len && addr_equal(&h->lan[i].addr, &p->addr))
			return;
	if (h->lan_count < LIMIT_LAN_PREFIXES)
		h->lan[h->lan_count++] = *p;
}

/* The first one's word stands: a second one may be a device that plays router. */
void hosts_set_gateway(struct hosts *h, uint32_t host)
{
	if (!host || h->has_gateway)
		return;
	h->has_gateway = true;
	h->hosts[host].flags |= HOST_GATEWAY;
}

void hosts_set_router(struct hosts *h, const struct addr *a)
{
	if (h->router.family || !a->family)
		return;
	h->router = *a;
	hosts_set_gateway(h, hosts_owner(h, a));
}

bool hosts_is_local(const struct hosts *h, const struct addr *a)
{
	if (addr_is_private(a) || addr_is_link_local(a))
		return true;
	for (uint32_t i = 0; i < h->lan_count; i++)
		if (prefix_contains(&h->lan[i], a))
			return true;
	return false;
}

/* What senders start with; routers on the way make it less (RFC 1812 5.3.1). */
static bool is_first_ttl(uint8_t ttl)
{
	return ttl == 255 || ttl == 128 || ttl == 64 || ttl == 32 || ttl <= 1;
}

void hosts_learn(struct hosts *h, uint32_t id, const struct addr *src, uint8_t ttl)
{
	struct host *host = &h->hosts[id];

	if (!id || addr_is_unspecified(src))
		return;
	if (hosts_is_local(h, src)) {
		if (!hosts_is_gateway(h, id))
			hosts_own(h, id, src);
		return;
	}
	/* what is known already */
	if (h->has_gateway || (src->family == 4 && host->flags & HOST_CARRIER) ||
		hosts_owner(h, src) == id)
		return;
	/* IPv6 has no private addresses to go by: a device is in one prefix and did not
	 * forward what it sends. */
	if (src->family == 6 && is_first_ttl(ttl) &&
		(!host->has_subnet ||
			!memcmp(host->subnet, src->b, sizeof host->subnet))) {
		host->has_subnet = true;
		memcpy(host->subnet, src->b, sizeof host->subnet);
		hosts_own(h, id, src);
		return;
	}
	host->flags |= HOST_CARRIER;
}
