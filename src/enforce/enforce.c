// SPDX-License-Identifier: GPL-2.0-or-later
/* enforce - settings and transactions before any kernel sees them. */
#include "enforce/enforce.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define NFLOG_GROUP_LAST 65535
#define ROOM_LEAST 8 /* a power of two */

static int lan_add(struct enforce_config *c, const char *name)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(name);

	if (!len || len >= LIMIT_IFNAME || strspn(name, good) != len)
		return CARDEA_EMALFORMED;
	if (c->lan_count == LIMIT_LANS)
		return CARDEA_ELIMIT;
	(void)str_copy(c->lans[c->lan_count++], LIMIT_IFNAME, name);
	return 0;
}

static bool is_gateway(const struct enforce_config *c, const struct mac *m)
{
	for (unsigned i = 0; i < c->gateway_count; i++) {
		if (mac_equal(&c->gateways[i], m))
			return true;
	}
	return false;
}

static int gateway_add(struct enforce_config *c, const char *text)
{
	struct mac mac;
	int e = mac_parse(text, &mac);

	if (e)
		return e;
	if (mac_is_zero(&mac) || mac_is_group(&mac))
		return CARDEA_EMALFORMED;
	if (is_gateway(c, &mac)) /* one MAC on two bridges */
		return 0;
	if (c->gateway_count == ENFORCE_GATEWAY_MACS_MAX)
		return CARDEA_ELIMIT;
	c->gateways[c->gateway_count++] = mac;
	return 0;
}

int enforce_config_set(struct enforce_config *c, const char *key, const char *value)
{
	int64_t group;

	if (!strcmp(key, "lan"))
		return lan_add(c, value);
	if (!strcmp(key, "backend"))
		return str_copy(c->backend, sizeof c->backend, value) ? 0
								      : CARDEA_EMALFORMED;
	if (!strcmp(key, "gateway_mac"))
		return gateway_add(c, value);
	if (!strcmp(key, "dns_foreign"))
		c->dns_redirect = !strcmp(value, "redirect");
	if (strcmp(key, "nflog_group") != 0)
		return 0;
	int e = str_to_i64(value, 0, NFLOG_GROUP_LAST, &group);
	if (!e)
		c->nflog_group = (uint16_t)group;
	return e;
}

/* Room for one more: twice as much whenever the count reaches a power of two. One DNS
 * answer takes no more than the least. */
static int array_room(void **array, size_t count, size_t size, size_t limit)
{
	if (count == limit)
		return CARDEA_ELIMIT;
	if (*array && (count < ROOM_LEAST || count & (count - 1)))
		return 0;
	void *more = realloc(*array, (count < ROOM_LEAST ? ROOM_LEAST : 2 * count) * size);
	if (more)
		*array = more;
	return more ? 0 : -ENOMEM;
}

void enforce_txn_begin(struct enforce_txn *t, uint64_t seq, bool sync)
{
	t->seq = seq;
	t->sync = sync;
	t->open = true;
	t->change_count = 0;
}

/* An address that a device can hold; anything else as OWNED, BOUND or POLICED would
 * catch traffic of everybody. */
static bool is_unicast(const struct addr *a)
{
	return !addr_is_unspecified(a) && !addr_is_multicast(a) &&
	       !addr_is_loopback(a) && !addr_is_limited_broadcast(a);
}

#define BIT(kind) (1U << ELEMENT_##kind)

/* The gateway itself must never become a managed device: that would end management.
 * Its addresses may be BOUND to it and OWNED, so that nobody takes them. */
static bool cuts_management(const struct enforce_config *c, const struct element *e)
{
	static const unsigned by_mac = BIT(MANAGED) | BIT(OUT) | BIT(OUT_RANGE) |
				       BIT(ETHER_OUT) | BIT(ETHER_IN) |
				       BIT(LIMIT_OUT_BYTES) | BIT(LIMIT_OUT_PACKETS);

	if (by_mac & 1U << e->kind)
		return is_gateway(c, &e->mac);
	return e->kind != ELEMENT_LOCAL && !is_unicast(&e->device);
}

int enforce_txn_add(struct enforce_txn *t, const struct enforce_config *c,
	const struct element *e, bool remove)
{
	int error = element_check(e);

	if (error)
		return error;
	if (!remove && cuts_management(c, e))
		return CARDEA_EREFUSED;
	error = array_room((void **)&t->changes, t->change_count, sizeof *t->changes,
		ENFORCE_ELEMENTS_MAX);
	if (!error)
		t->changes[t->change_count++] = (struct enforce_change){*e, remove};
	return error;
}

int enforce_txn_forget(struct enforce_txn *t, const struct message_forget *m)
{
	if (m->addrs.count > LIMIT_ANSWER_ADDRS)
		return CARDEA_EMALFORMED;
	int e = array_room((void **)&t->forgets, t->forget_count, sizeof *t->forgets,
		ENFORCE_FORGETS_MAX);
	if (!e)
		t->forgets[t->forget_count++] = *m;
	return e;
}

void enforce_txn_clear(struct enforce_txn *t)
{
	free(t->changes);
	free(t->forgets);
	*t = (struct enforce_txn){0};
}
