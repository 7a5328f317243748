// SPDX-License-Identifier: GPL-2.0-or-later
/* test_dns_util - a lamp with rules about names, and what the resolver and the kernel were
 * told of it. */
#ifndef CARDEA_TEST_DNS_UTIL_H
#define CARDEA_TEST_DNS_UTIL_H

#include <fcntl.h>
#include "model/name_hash.h"
#include "test_engine_util.h"
#include "wire/dns.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define CLOUD "198.51.100.7"
#define OTHER "198.51.100.8"

static const struct name_key key = {0x0123456789abcdef, 0xfedcba9876543210};

static inline void name_rule(struct rule *r, rule_id id, const char *name, uint16_t port)
{
	rule_init(r);
	r->id = id;
	r->proto = FLOW_PROTO_TCP;
	r->peer.kind = PEER_NAME;
	r->peer_port = (struct range16){port, port};
	r->layer = LAYER_MANUFACTURER;
	str_copy(r->peer.name, sizeof(r->peer.name), name);
}

/* An enforcer whose kernel learns names. */
static inline void learning_ready(struct house *h)
{
	struct message m = {.type = MESSAGE_ENFORCER_READY};

	str_copy(m.enforcer_ready.backend, sizeof(m.enforcer_ready.backend), "bpf");
	m.enforcer_ready.name_key0 = key.k0;
	m.enforcer_ready.name_key1 = key.k1;
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static inline struct household_device *lamp(struct house *h)
{
	return household_device(&h->p.household, device_of(h, LAMP)->id);
}

static inline void adopt(struct house *h, struct shelf_entry *e, struct rule *rules,
	size_t count)
{
	struct device *d;
	bool again;

	if (!device_of(h, LAMP))
		see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	d = device_of(h, LAMP);
	again = lamp(h)->pool != NULL;
	*e = (struct shelf_entry){.profile = {.rules = rules, .rule_count = (uint32_t)count}};
	assert_int_equal(household_adopt(lamp(h), e), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, again, h->clock.now);
	spin(h);
}

/* As the resolver knows it by now: the last word about the address. */
static inline int mode_told(const struct house *h, const char *addr)
{
	struct addr a = ip(addr);
	int mode = -1;

	for (size_t i = 0; i < h->far[ROLE_RESOLVER].count; i++) {
		const struct message *m = &h->far[ROLE_RESOLVER].got[i];

		if (m->type == MESSAGE_DNS_CLIENT && addr_equal(&m->dns_client.client, &a))
			mode = m->dns_client.mode;
	}
	return mode;
}

static inline void told(struct house *h, const char *name, const char *addr)
{
	struct message m = {.type = MESSAGE_DNS_ANSWER};

	m.dns_answer.client = ip(LAMP_IP);
	str_copy(m.dns_answer.name, sizeof(m.dns_answer.name), name);
	m.dns_answer.ttl_s = 300;
	m.dns_answer.addrs.count = 1;
	m.dns_answer.addrs.addrs[0] = ip(addr);
	far_send(h, ROLE_RESOLVER, &m);
	spin(h);
}

static inline const struct message *last_release(const struct house *h)
{
	unsigned n = got_count(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE);

	assert_true(n > 0);
	return got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, n - 1);
}

static inline bool bound(struct house *h, const char *name, const char *addr)
{
	struct addr a = ip(addr);

	return bindings_has(&lamp(h)->names, name, &a, h->clock.now);
}

#endif
