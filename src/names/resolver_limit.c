// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_limit - how often one client may ask, and how much it may have in work. */
#include "names/resolver_priv.h"

#include <stdlib.h>

#define INTERVAL (NS_PER_SEC / RESOLVER_RATE)

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
	struct sweep *s = ctx;

	if (!client_of(n)->pending && client_of(n)->credit <= s->now)
		client_drop(n, s->table);
}

static struct resolver_client *client_add(
	struct resolver_limit *l, const struct addr *addr, nstime now)
{
	struct sweep sweep = {.table = &l->clients, .now = now};

	if (l->clients.count >= RESOLVER_CLIENTS_MAX)
		hash_each(&l->clients, client_drop_idle, &sweep);
	if (l->clients.count >= RESOLVER_CLIENTS_MAX)
		return NULL;
	struct resolver_client *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->addr = *addr;
	hash_insert(&l->clients, &c->node, addr, sizeof *addr);
	return c;
}

struct resolver_client *resolver_limit_admit(
	struct resolver_limit *l, const struct addr *client, nstime now)
{
	struct hash_node *n =
		hash_find(&l->clients, client, sizeof *client, client_equal);
	struct resolver_client *c = n ? client_of(n) : client_add(l, client, now);

	if (!c || c->pending >= RESOLVER_PENDING_PER_CLIENT)
		return NULL;
	nstime credit = c->credit > now ? c->credit : now;
	if (credit - now > (RESOLVER_BURST - 1) * INTERVAL)
		return NULL;
	c->credit = credit + INTERVAL;
	return c;
}
