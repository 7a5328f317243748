// SPDX-License-Identifier: GPL-2.0-or-later
/* test_lives_util - a lamp with a profile in a house, and what it does wrong. */
#ifndef CARDEA_TEST_LIVES_UTIL_H
#define CARDEA_TEST_LIVES_UTIL_H

#include "test_engine_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define CLOUD_IP "198.51.100.7"

static struct house *h;

/* Its profile names its cloud, and nothing else. */
static inline void protect_lamp(void)
{
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	see_dhcp(h, LAMP, "lamp", URL_A);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD_IP);
	lives_follow(&h->p);
}

static inline struct device *lamp(void)
{
	struct device *d = device_of(h, LAMP);

	assert_non_null(d);
	return d;
}

static inline enum life_state stands(void)
{
	return pipeline_life_of(&h->p, lamp())->state;
}

/* The kernel refused packets of the lamp. */
static inline void refuse(const char *peer, uint8_t proto, uint16_t port, uint32_t packets)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(peer);
	m.seen_violation.proto = proto;
	m.seen_violation.device_port = 40001;
	m.seen_violation.peer_port = port;
	m.seen_violation.packets = packets;
	m.seen_violation.when = h->clock.now;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

/* One port of many hosts. */
static inline void scan(unsigned hosts, uint16_t port)
{
	for (unsigned i = 1; i <= hosts; i++) {
		char peer[32];

		assert_int_equal(str_print(peer, sizeof(peer), "203.0.113.%u", i), 0);
		refuse(peer, FLOW_PROTO_TCP, port, 1);
	}
}

static inline bool says(enum life_event e, const struct life_said *said)
{
	bool done = pipeline_life(&h->p, lamp(), e, said, NULL);

	spin(h);
	return done;
}

static inline bool cloud_is_open(void)
{
	return kernel_out(h, CLOUD_IP) != NULL;
}

#endif
