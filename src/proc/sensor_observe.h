// SPDX-License-Identifier: GPL-2.0-or-later
/* sensor_observe - from the frames of each LAN interface to what the engine learns from:
 * one observer a LAN, and no device may have more than its share of the channel. */
#ifndef CARDEA_PROC_SENSOR_OBSERVE_H
#define CARDEA_PROC_SENSOR_OBSERVE_H

#include "base/hash.h"
#include "model/messages.h"
#include "observe/observe.h"
#include "proc/sensor_ring.h"

/* Records of one device a second in the long run, and at once: a page in a browser makes
 * a hundred conversations and asks twice as many names; a scan, of which a few dozen show
 * all there is to see, makes thousands. */
#define SENSOR_RECORD_RATE 10
#define SENSOR_RECORD_BURST 600
/* Devices share these by their MAC's hash, so that a flood of made up senders is bounded,
 * too. */
#define SENSOR_RECORD_PLACES 256

/* Devices that somebody else's speaking to is told of: those that are probed. */
#define SENSOR_WATCHED_MAX 64

struct sensor_observe;

struct sensor_lan {
	uint32_t ifindex; /* 0: free */
	struct mac gateway;
	struct prefix lan[LIMIT_LAN_PREFIXES];
	uint32_t lan_count;
	struct observe *observe; /* NULL: none yet, or no memory for one */
	struct sensor_observe *owner;
};

struct sensor_observe {
	/* 0, or it was not sent. */
	int (*send)(void *ctx, const struct message *m);
	void *ctx;
	struct sensor_lan lans[LIMIT_LANS];
	struct hash_key key;
	nstime full[SENSOR_RECORD_PLACES]; /* when all that was taken is earned */
	struct {
		struct mac mac; /* zero: free */
		nstime told;
	} watched[SENSOR_WATCHED_MAX];
	size_t watched_count; /* places that were ever used */
	struct message message;
	uint64_t dropped; /* by the kernel */
	uint64_t records, held_back, lost;
};

void sensor_observe_init(struct sensor_observe *s,
	int (*send)(void *ctx, const struct message *m), void *ctx);
void sensor_observe_end(struct sensor_observe *s);
/* "lan_mac", "lan_prefix", each "IFINDEX VALUE"; may come again when the LAN changes. A
 * value that is none is CARDEA_EMALFORMED. */
int sensor_observe_setting(struct sensor_observe *s, const char *key, const char *value);
/* Settings are complete: an observer for each interface that they name. Before the
 * sandbox, for the library of ciphers reads its configuration. */
int sensor_observe_start(struct sensor_observe *s) CARDEA_MUSTCHECK;
/* NULL: nothing is to be learned from this interface. */
struct sensor_lan *sensor_observe_lan(struct sensor_observe *s, uint32_t ifindex);
void sensor_observe_frame(struct sensor_lan *lan, const struct sensor_frame *f);
/* What is under way, as records. */
void sensor_observe_tell(struct sensor_observe *s);
/* TOUCHED is sent when another device of the LAN speaks to this one, or no longer. */
void sensor_observe_watch(struct sensor_observe *s, const struct mac *mac, bool on);
/* A new engine says anew whom to watch. */
void sensor_observe_unwatch(struct sensor_observe *s);
/* Time passes also where nobody speaks. */
void sensor_observe_time(struct sensor_observe *s, nstime wall);
void sensor_observe_counts(
	const struct sensor_observe *s, struct message_observe_counts *ret);

#endif
