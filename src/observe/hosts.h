// SPDX-License-Identifier: GPL-2.0-or-later
/* hosts - who is on the link: MACs, the addresses that are theirs, and which of them is
 * the gateway. */
#ifndef CARDEA_OBSERVE_HOSTS_H
#define CARDEA_OBSERVE_HOSTS_H

#include <stdbool.h>
#include "base/addr.h"
#include "base/clock.h"
#include "observe/index.h"
#include "model/limits.h"

/* Devices and a few routers. A flood of made-up MACs ends here; what they send is of no
 * device then. */
#define HOSTS_MAX (LIMIT_DEVICES + 16)

enum host_flag {
	HOST_GATEWAY = 1 << 0, /* by DHCP, router advertisement, or the caller's word */
	HOST_CARRIER = 1 << 1, /* foreign addresses come through it */
	HOST_CLIENT = 1 << 2,  /* asked DHCP for an address itself */
	HOST_TOLD = 1 << 3,    /* OBSERVE_NEW was */
};

struct host {
	struct mac mac;
	uint8_t flags;
	uint8_t addr_next; /* in the ring of its addresses */
	uint8_t addr_last; /* the one that it was last seen with */
	uint32_t boot_xid; /* of the DHCP exchange that was told as a boot */
	bool has_subnet;
	uint8_t subnet[8]; /* the first foreign IPv6 /64 it sent from */
	nstime first, boot;
};

struct host_addr {
	struct addr addr; /* family 0: free */
	uint16_t host;
};
_Static_assert(HOSTS_MAX <= UINT16_MAX, "hosts have numbers");

struct hosts {
	struct index macs, addrs;
	struct host *hosts;          /* from 1 on */
	/* A host's ring is one of each row: most have one or two addresses, and the pages of
	 * the other rows are never touched. */
	struct host_addr *addresses;
	uint32_t count, most;
	struct prefix lan[LIMIT_LAN_PREFIXES];
	uint32_t lan_count;
	struct addr router; /* DHCP's word, until its MAC is known */
	bool has_gateway;   /* one with HOST_GATEWAY */
};

int hosts_init(struct hosts *h, uint32_t most) CARDEA_MUSTCHECK;
void hosts_free(struct hosts *h);
/* 0: unknown. */
uint32_t hosts_find(const struct hosts *h, const struct mac *m);
/* 0 when it is no host's, or when there is no room. */
uint32_t hosts_see(struct hosts *h, const struct mac *m, nstime when);
/* Whose address this is, by what was seen; 0: nobody's. */
uint32_t hosts_owner(const struct hosts *h, const struct addr *a);
/* Newest word counts, as with ARP caches. Addresses nobody can own are ignored. */
void hosts_own(struct hosts *h, uint32_t host, const struct addr *a);
void hosts_add_lan(struct hosts *h, const struct prefix *p);
void hosts_set_gateway(struct hosts *h, uint32_t host);
void hosts_set_router(struct hosts *h, const struct addr *a);
static inline bool hosts_is_gateway(const struct hosts *h, uint32_t host)
{
	uint8_t flags = h->hosts[host].flags;

	/* who asks for an address is no router of this link, whatever it carries */
	return flags & HOST_GATEWAY ||
	       (flags & (HOST_CARRIER | HOST_CLIENT)) == HOST_CARRIER;
}
/* Of this link or another private one. */
bool hosts_is_local(const struct hosts *h, const struct addr *a);
/* A conversation begins with a packet from here, this far from home (ttl). */
void hosts_learn(struct hosts *h, uint32_t host, const struct addr *src, uint8_t ttl);

#endif
