// SPDX-License-Identifier: GPL-2.0-or-later
/* local_table - which device has which name and addresses. */
#include "names/local_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "wire/dns_name.h"

static struct local_host *host_of(const struct hash_node *n)
{
	return (struct local_host *)n;
}

static struct local_at *at_of(const struct hash_node *n)
{
	return (struct local_at *)n;
}

static bool host_equal(const struct hash_node *n, const void *key)
{
	return !strcmp(host_of(n)->label, key);
}

static bool at_equal(const struct hash_node *n, const void *key)
{
	return addr_equal(&at_of(n)->addr, key);
}

int local_table_init(struct local_table *t)
{
	int e = hash_init(&t->hosts, 64);

	if (e)
		return e;
	e = hash_init(&t->addrs, 64);
	if (e)
		hash_free(&t->hosts);
	return e;
}

const struct local_host *local_table_host(const struct local_table *t, const char *label)
{
	struct hash_node *n = hash_find(&t->hosts, label, strlen(label), host_equal);

	return n ? host_of(n) : NULL;
}

const struct local_host *local_table_at(
	const struct local_table *t, const struct addr *addr)
{
	struct hash_node *n = hash_find(&t->addrs, addr, sizeof *addr, at_equal);

	return n ? at_of(n)->host : NULL;
}

static void at_remove(struct local_table *t, struct local_at *at)
{
	struct local_host *h = at->host;

	for (unsigned i = 0; i < h->count; i++)
		if (h->ats[i] == at)
			h->ats[i] = h->ats[--h->count];
	hash_remove(&t->addrs, &at->node);
	free(at);
	if (h->count)
		return;
	hash_remove(&t->hosts, &h->node);
	free(h);
}

void local_table_remove(
	struct local_table *t, const char *label, const struct addr *addr)
{
	struct hash_node *n = hash_find(&t->addrs, addr, sizeof *addr, at_equal);

	if (n && !strcmp(at_of(n)->host->label, label))
		at_remove(t, at_of(n));
}

static struct local_host *host_take(struct local_table *t, const char *label)
{
	struct hash_node *n = hash_find(&t->hosts, label, strlen(label), host_equal);

	if (n)
		return host_of(n);
	struct local_host *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	(void)str_copy(h->label, sizeof h->label, label);
	hash_insert(&t->hosts, &h->node, h->label, strlen(h->label));
	return h;
}

/* An address is of the name that was told last. */
int local_table_add(struct local_table *t, const char *label, const struct addr *addr)
{
	struct hash_node *n = hash_find(&t->addrs, addr, sizeof *addr, at_equal);
	const struct local_host *known = local_table_host(t, label);

	if (n && !strcmp(at_of(n)->host->label, label))
		return 0;
	if ((known && known->count == LOCAL_ADDRS_PER_NAME) ||
		(!n && t->addrs.count >= LOCAL_NAMES_MAX))
		return CARDEA_ELIMIT;
	struct local_at *at = calloc(1, sizeof *at);
	struct local_host *h = at ? host_take(t, label) : NULL;
	if (!h) {
		free(at);
		return -ENOMEM;
	}
	if (n)
		at_remove(t, at_of(n));
	at->addr = *addr;
	at->host = h;
	h->ats[h->count++] = at;
	hash_insert(&t->addrs, &at->node, addr, sizeof *addr);
	return 0;
}

static void drop(struct hash_node *n, void *ctx)
{
	at_remove(ctx, at_of(n));
}

void local_table_clear(struct local_table *t)
{
	hash_each(&t->addrs, drop, t);
}

void local_table_free(struct local_table *t)
{
	local_table_clear(t);
	hash_free(&t->hosts);
	hash_free(&t->addrs);
}
