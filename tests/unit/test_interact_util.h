// SPDX-License-Identifier: GPL-2.0-or-later
/* test_interact_util - a house for the miner of interactions: who speaks to whom when,
 * and what was mined, in a word or two. */
#ifndef CARDEA_TEST_INTERACT_UTIL_H
#define CARDEA_TEST_INTERACT_UTIL_H

#include "unit/test_learned_util.h"
#include "profiles/learned/interact.h"

static const struct mac hub_mac = {{2, 0, 0, 0, 0, 7}};
static const struct mac bulb_mac = {{2, 0, 0, 0, 0, 8}};

/* Another each time. */
static inline uint16_t port_at(int64_t ms)
{
	return (uint16_t)(40000 + ((uint64_t)ms * 2654435761u >> 16) % 20000);
}

/* From one device of the house to another, a second long. `ms` after T0. */
static inline struct record house(const struct mac *from, const struct mac *to,
	uint8_t proto, uint16_t port, int64_t ms)
{
	struct record r = {
		.device = *from,
		.first = T0 + ms * 1000000,
		.last = T0 + ms * 1000000 + NS_PER_SEC,
		.direction = DIRECTION_FROM_DEVICE,
		.answered = true,
		.family = 4,
		.proto = proto,
		.device_port = port_at(ms),
		.peer_port = port,
		.device_addr = addr_v4((uint8_t[]){192, 168, 1, from->b[5]}),
		.peer = addr_v4((uint8_t[]){192, 168, 1, to->b[5]}),
		.place = RECORD_DEVICE,
		.peer_mac = *to,
		.packets = {4, 4},
		.bytes = {800, 800},
	};

	return r;
}

/* The same as the other end tells it. */
static inline struct record called(const struct record *r)
{
	struct record other = *r;

	other.device = r->peer_mac;
	other.peer_mac = r->device;
	other.device_addr = r->peer;
	other.peer = r->device_addr;
	other.device_port = r->peer_port;
	other.peer_port = r->device_port;
	other.direction = DIRECTION_TO_DEVICE;
	return other;
}

static inline struct record cloud(
	const struct mac *from, const char *name, int64_t ms)
{
	struct record r = to_name(name, 0);

	r.device = *from;
	r.first = T0 + ms * 1000000;
	r.last = r.first + NS_PER_SEC;
	r.device_port = port_at(ms);
	return r;
}

static inline void feed_both(struct learned *l, struct record r)
{
	feed(l, r);
	feed(l, called(&r));
}

static inline void phone_to_hub(struct learned *l, int64_t ms)
{
	feed_both(l, house(&phone_mac, &hub_mac, FLOW_PROTO_TCP, 80, ms));
}

static inline void hub_to_bulb(struct learned *l, int64_t ms)
{
	feed_both(l, house(&hub_mac, &bulb_mac, FLOW_PROTO_UDP, 5683, ms));
}

struct mined {
	struct learned_interaction i[64];
	size_t count;
};

static inline int keep_mined(void *ctx, const struct learned_interaction *i)
{
	struct mined *list = ctx;

	if (list->count < 64)
		list->i[list->count] = *i;
	list->count++;
	return 0;
}

static inline struct mined *mined_of(struct learned *l, const struct mac *device)
{
	static struct mined list;

	finish(l);
	memset(&list, 0, sizeof list);
	assert_int_equal(learned_interactions(l, device, keep_mined, &list), 0);
	return &list;
}

static inline bool is_act(const struct learned_act *a, const struct mac *from,
	const struct mac *to, uint16_t port)
{
	return mac_equal(&a->device, from) && a->kind.place == RECORD_DEVICE &&
	       mac_equal(&a->kind.peer_mac, to) && a->kind.port == port;
}

/* NULL: it was not mined. */
static inline const struct learned_interaction *mined_find(const struct mined *list,
	const struct mac *from, const struct mac *to, uint16_t port)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_act(&list->i[i].effect, from, to, port))
			return &list->i[i];
	return NULL;
}

#define MINUTE 60000 /* ms */

/* Of a day in which the phone switches the bulb by way of the hub `times` times. */
static inline void switch_bulb(struct learned *l, int times, int delay_ms)
{
	feed(l, cloud(&hub_mac, "first.example.net", 0)); /* nobody knows before */
	for (int i = 0; i < times; i++) {
		int64_t at = (int64_t)(i + 1) * 7 * MINUTE + i * 1313;

		phone_to_hub(l, at);
		hub_to_bulb(l, at + delay_ms + i % 5 * 20);
	}
}

#endif
