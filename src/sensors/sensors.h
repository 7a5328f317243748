// SPDX-License-Identifier: GPL-2.0-or-later
/* sensors - from frames and kernel log datagrams to observations. Pure: bytes in,
 * messages out (model/messages.def, sensor -> engine); descriptors are the process'. */
#ifndef CARDEA_SENSORS_H
#define CARDEA_SENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/cursor.h"
#include "base/hash.h"
#include "model/messages.h"
#include "sensors/hello.h"

/* Places in which a sighting is remembered, so that a device which repeats itself
 * does not load the engine; a collision only repeats an observation. */
#define SENSORS_RECENT 2048
#define SENSORS_REPEAT_S 30
/* ClientHellos of one device that are read in a second, and at once: a browser that opens
 * a page makes some 30. What is beyond counts as dropped. */
#define SENSORS_HELLO_RATE 20
#define SENSORS_HELLO_BURST 60
#define SENSORS_HELLO_PLACES 256

struct sensors {
	void (*emit)(void *ctx, const struct message *m);
	void *ctx;
	struct message message; /* scratch: too large for a stack in a small process */
	struct hash_key key;
	struct {
		uint64_t hash;
		nstime when;
	} recent[SENSORS_RECENT];
	nstime hello_full[SENSORS_HELLO_PLACES]; /* when all that was taken is earned */
	struct hello_scratch scratch;
	struct message_sensor_counts counts;
};

void sensors_init(struct sensors *s, void (*emit)(void *, const struct message *),
	void *ctx);
/* One Ethernet frame. outgoing: this gateway sent it, so a lease in it is genuine. */
void sensors_frame(struct sensors *s, struct cursor frame, bool outgoing,
	uint32_t ifindex, nstime mono, nstime wall);
/* One datagram of nfnetlink_log, possibly with several packets. */
void sensors_nflog(struct sensors *s, struct cursor datagram, nstime wall);

#endif
