// SPDX-License-Identifier: GPL-2.0-or-later
/* observe - from frames to conversations: whose they are, who began, by which name, and
 * how much passed. Bounded memory, no allocation for a packet; time is the packets'. */
#ifndef CARDEA_OBSERVE_OBSERVE_H
#define CARDEA_OBSERVE_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/limits.h"
#include "model/record.h"

/* Something about a device that is no conversation. */
enum observe_event {
	OBSERVE_NEW,  /* its MAC is seen for the first time */
	OBSERVE_BOOT, /* asks DHCP for an address anew (DISCOVER, SOLICIT) */
	OBSERVE_LEASE, /* renews: REQUEST, RENEW */
};

struct observe_config {
	/* Conversations at once; 0: OBSERVE_FLOWS_MAX. The one longest silent goes (to the
	 * second), as a record, when all are in use. Memory follows from it. */
	uint32_t flows;
	/* Only this device, when not zero; else all that the LAN has. */
	struct mac device;
	/* The house, as far as the caller knows it; what DHCP, router advertisements and
	 * traffic show is added. */
	struct prefix lan[LIMIT_LAN_PREFIXES];
	uint32_t lan_count;
	struct mac gateway;
	/* Who watches for days does not wait for the end of a conversation: one that has
	 * lasted this long becomes a record of what passed so far, and goes on, without
	 * more than OBSERVE_ACTIVE_LATE in between. 0: only at its end. */
	nstime active;
	/* A conversation that is over: silent for long, closed, evicted, or at the end; two
	 * of them when both ends are devices. A question of DNS or mDNS and what SSDP seeks
	 * are conversations of their own, also from one port. What keeps the link together
	 * (ARP, ND, MLD, IGMP) is none. Borrowed for the call. */
	void (*record)(void *ctx, const struct record *r);
	/* Of one device in order of time, NEW before all else of it; told once it is known
	 * that this is a device and not the gateway. */
	void (*event)(
		void *ctx, const struct mac *device, enum observe_event e, nstime when);
	void *ctx;
};

#define OBSERVE_FLOWS_MAX 524288
/* How often all conversations are looked at for that: a walk over a table. */
#define OBSERVE_ACTIVE_LATE (30 * NS_PER_SEC)

struct observe_counts {
	uint64_t packets, bytes;       /* frames taken, captured bytes */
	uint64_t unreadable;	       /* no packet of any kind we know */
	uint64_t malformed;	       /* a header that lies */
	uint64_t fragments; /* later ones: counted to the first, or not at all */
	uint64_t foreign;   /* of no device: between others, or not asked for; known when
			     * the conversation is over */
	uint64_t flows, evicted;       /* begun; ended for lack of room */
	uint64_t hellos, hellos_split; /* ClientHellos read; of several segments */
	uint64_t hidden;	       /* conversations with encrypted DNS */
};

struct observe;

/* Two of them share nothing. -ENOMEM. */
int observe_new(const struct observe_config *c, struct observe **ret) CARDEA_MUSTCHECK;
/* Forgets all; what was under way is lost, see observe_end. NULL is fine. */
void observe_free(struct observe *o);
/* One captured frame; wire_len: its length before it was cut. Times may jump, also back:
 * then conversations of before end. */
void observe_frame(struct observe *o, uint32_t linktype, const uint8_t *frame, size_t len,
	uint32_t wire_len, nstime when);
/* It is this late, and no frame tells: conversations that are over become records. */
void observe_time(struct observe *o, nstime now);
/* What passed up to now of what is under way becomes records; it goes on. */
void observe_tell(struct observe *o);
/* The house has this prefix, too; beyond LIMIT_LAN_PREFIXES it is not kept. */
void observe_add_lan(struct observe *o, const struct prefix *p);
/* The capture ends here: all conversations become records, devices and names stay. */
void observe_end(struct observe *o);
void observe_counts(const struct observe *o, struct observe_counts *ret);

#endif
