// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_limit - how often one client may ask, and how much it may have in work. */
#include "names/resolver_priv.h"

#include <stdlib.h>

/* Told modes: every address of every device. */
#define MODES_MAX (LIMIT_DEVICES * LIMIT_ADDRS_PER_DEVICE)

static struct resolver_client *client_of(const struct hash_node *n)
{
	return (struct resolver_client *)n;
}

static bool client_equal(const struct hash_node *n, const void *key)
{
	return addr_equal(&client_of(n)->addr, key);
}

int resolver_limit_init(struct resolver_limit *l)
{
	l->interval = NS_PER_SEC / RESOLVER_RATE;
	l->burst = RESOLVER_BURST;
	return hash_init(&l->clients, 64);
}

static void client_drop(struct hash_node *n, void *ctx)
{
	hash_remove(ctx, n);
	free(client_of(n));
}

void resolver_limit_free(struct resolver_limit *l)
{
	hash_each(&l->clients, client_drop, &l->clients);
	hash_free(&l->clients);
}

struct sweep {
	struct hash_table *table;
	nstime now;
};

static void client_drop_idle(struct hash_node *n, void *ctx)
{
	const struct resolver_client *c = client_of(n);
	struct sweep *s = ctx;

	if (!c->pending && c->mode == DNS_HOLD && c->credit <= s->now)
		client_drop(n, s->table);
}

static struct resolver_client *client_add(
	struct resolver_limit *l, const struct addr *addr, nstime now)
{
	struct sweep sweep = {.table = &l->clients, .now = now};

	if (l->clients.count - l->marked >= RESOLVER_CLIENTS_MAX)
		hash_each(&l->clients, client_drop_idle, &sweep);
	if (l->clients.count - l->marked >= RESOLVER_CLIENTS_MAX)
		return NULL;
	struct resolver_client *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->addr = *addr;
	hash_insert(&l->clients, &c->node, addr, sizeof *addr);
	return c;
}

static struct resolver_client *client_get(
	struct resolver_limit *l, const struct addr *addr, nstime now)
{
	struct hash_node *n =
		hash_find(&l->clients, addr, sizeof *addr, client_equal);

	return n ? client_of(n) : client_add(l, addr, now);
}

struct resolver_client *resolver_limit_admit(struct resolver_limit *l,
	const struct addr *client, nstime now, bool *ret_admitted)
{
	struct resolver_client *c = client_get(l, client, now);

	*ret_admitted = false;
	if (!c || c->pending >= RESOLVER_PENDING_PER_CLIENT)
		return c;
	nstime credit = c->credit > now ? c->credit : now;
	if (credit - now > (l->burst - 1) * l->interval)
		return c;
	c->credit = credit + l->interval;
	*ret_admitted = true;
	return c;
}

bool resolver_limit_finding(struct resolver_limit *l, const struct addr *client, nstime now)
{
	struct hash_node *n = hash_find(&l->clients, client, sizeof *client, client_equal);
	struct resolver_client *c = n ? client_of(n) : NULL;
	const nstime interval = RESOLVER_FINDING_S * NS_PER_SEC;

	if (!c)
		return false;
	nstime credit = c->told_found > now ? c->told_found : now;
	if (credit - now > (RESOLVER_FINDING_BURST - 1) * interval)
		return false;
	c->told_found = credit + interval;
	return true;
}

void resolver_limit_mode(struct resolver_limit *l, const struct addr *client,
	enum dns_mode mode, nstime now)
{
	bool mark = mode != DNS_HOLD;
	struct resolver_client *c;

	if (mark ? l->marked >= MODES_MAX
		 : !hash_find(&l->clients, client, sizeof *client, client_equal))
		return; /* held for, as everybody: slower, never open */
	c = client_get(l, client, now);
	if (!c)
		return;
	l->marked -= c->mode != DNS_HOLD;
	l->marked += mark;
	c->mode = mode;
}

static void client_hold(struct hash_node *n, void *ctx)
{
	(void)ctx;
	client_of(n)->mode = DNS_HOLD;
}

void resolver_limit_modes_forget(struct resolver_limit *l)
{
	hash_each(&l->clients, client_hold, NULL);
	l->marked = 0;
}
