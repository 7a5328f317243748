// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended_parties - which addresses a device, its gateway and its peers were seen
 * to have: kinds speak of roles, and a binding has to name who plays them. */
#include "engine/learn_extended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/flow.h"

/* Addresses of IPv6 are new every day (RFC 8981), and a MAC is enough to know them by:
 * they must not take the room of IPv4's. */
#define PARTY_ADDRS6 8
#define PORT_DNS 53
#define PORT_NTP 123

int learn_parties_init(struct learn_parties *t)
{
	int e = hash_init(&t->table, 64);

	if (e)
		return e;
	t->list = calloc(LEARN_PARTIES_MAX, sizeof *t->list);
	return t->list ? 0 : -ENOMEM;
}

void learn_parties_free(struct learn_parties *t)
{
	hash_free(&t->table);
	free(t->list);
}

static bool is_equal(const struct hash_node *n, const void *key)
{
	const struct learn_party *p = (const struct learn_party *)n;

	return memcmp(&p->key, key, sizeof p->key) == 0;
}

static struct learn_party_key key_of(const struct mac *m, bool gateway)
{
	struct learn_party_key k;

	memset(&k, 0, sizeof k); /* it is compared as bytes */
	k.mac = *m;
	k.is_gateway = gateway;
	return k;
}

const struct learn_party *learn_parties_find(
	const struct learn_parties *t, const struct mac *m, bool gateway)
{
	struct learn_party_key k = key_of(m, gateway);

	return (const struct learn_party *)hash_find(
		&t->table, &k, sizeof k, is_equal);
}

static struct learn_party *take(struct learn_parties *t, const struct mac *m, bool gateway)
{
	struct learn_party_key k = key_of(m, gateway);
	struct learn_party *p =
		(struct learn_party *)hash_find(&t->table, &k, sizeof k, is_equal);

	if (p || t->count == LEARN_PARTIES_MAX)
		return p;
	p = &t->list[t->count++];
	p->key = k;
	hash_insert(&t->table, &p->node, &k, sizeof k);
	return p;
}

/* An address of the house: what a device made up as its own is not one. */
static bool is_of_house(const struct addr *a)
{
	if (addr_is_multicast(a) || addr_is_unspecified(a) || addr_is_loopback(a))
		return false;
	return a->family == 6 || addr_is_private(a) || addr_is_link_local(a);
}

static void add(struct learn_party *p, const struct addr *a)
{
	uint32_t six = 0;

	if (!p || !is_of_house(a))
		return;
	for (uint32_t i = 0; i < p->count; i++) {
		six += p->addrs[i].family == 6;
		if (addr_equal(&p->addrs[i], a))
			return;
	}
	if (p->count < EXTENDED_PARTY_ADDRS && (a->family == 4 || six < PARTY_ADDRS6))
		p->addrs[p->count++] = *a;
}

/* As the learner has it: who answers for names and time has the gateway's role. */
static bool is_gateways(const struct record *r)
{
	if (r->place == RECORD_GATEWAY)
		return true;
	return r->place == RECORD_DEVICE && r->direction == DIRECTION_FROM_DEVICE &&
	       (r->peer_port == PORT_DNS ||
		       (r->peer_port == PORT_NTP && r->proto == FLOW_PROTO_UDP));
}

int learn_parties_add(struct learn_parties *t, const struct mac *m, bool gateway,
	const struct addr *a)
{
	struct learn_party *p = take(t, m, gateway);

	add(p, a);
	return p ? 0 : -ENOSPC;
}

void learn_parties_see(struct learn_parties *t, const struct record *r)
{
	add(take(t, &r->device, false), &r->device_addr);
	if (is_gateways(r))
		add(take(t, &r->device, true), &r->peer);
	if (r->place == RECORD_DEVICE && !mac_is_zero(&r->peer_mac))
		add(take(t, &r->peer_mac, false), &r->peer);
}
