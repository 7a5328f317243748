// SPDX-License-Identifier: GPL-2.0-or-later
/* web_limit - how often an address may connect and ask: a bucket for each of those that
 * asked last, and one for all together, so that many addresses are no way around. Pure. */
#ifndef CARDEA_PROC_WEB_LIMIT_H
#define CARDEA_PROC_WEB_LIMIT_H

#include <stdbool.h>
#include "base/addr.h"
#include "base/clock.h"

/* A second, and at once: of one address, and of all. */
struct web_rates {
	int64_t rate, burst;
	int64_t all_rate, all_burst;
};

/* Addresses that are remembered; a house has fewer that ask at the same time. Who is
 * forgotten begins with a full bucket: the one for all bounds what that is worth. */
#define WEB_LIMIT_ADDRS 64

struct web_bucket {
	int64_t tokens; /* in billionths */
	nstime at;
};

struct web_limit {
	struct web_limit_client {
		struct addr addr; /* family 0: free */
		struct web_bucket bucket;
		nstime known; /* until then; 0: never */
	} clients[WEB_LIMIT_ADDRS];
	struct web_bucket all;
};

/* True: it may, and has cost that much. now: mono. Zeroed memory is a new one. */
bool web_limit_admit(struct web_limit *l, const struct web_rates *r,
	const struct addr *client, unsigned cost, nstime now);

/* The same address, or the same /64 of IPv6. */
bool web_limit_are_near(const struct addr *a, const struct addr *b);
/* Somebody asks from there who may: for a while what others do takes nothing from him. */
#define WEB_LIMIT_KNOWN (3600 * NS_PER_SEC)
/* What he asks costs this part of what it costs others: pages that are opened anew in
 * quick succession are a person, there. */
#define WEB_LIMIT_KNOWN_SHARE 4
void web_limit_know(struct web_limit *l, const struct addr *client, nstime now);
bool web_limit_knows(const struct web_limit *l, const struct addr *client, nstime now);

#endif
