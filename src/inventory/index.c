// SPDX-License-Identifier: GPL-2.0-or-later
/* The inventory's memory and look-ups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "inventory/inventory_priv.h"

#define ENTRY(n) ((struct inventory_entry *)(void *)(n))
#define ADDR_NODE(n) ((struct inventory_addr *)(void *)(n))

_Static_assert(offsetof(struct inventory_entry, node) == 0, "ENTRY casts");
_Static_assert(offsetof(struct inventory_addr, node) == 0, "ADDR_NODE casts");

int inventory_new(struct inventory **ret)
{
	struct inventory *inv = calloc(1, sizeof(*inv));
	int error;

	if (!inv)
		return -ENOMEM;
	error = hash_init(&inv->by_mac, 64);
	if (!error)
		error = hash_init(&inv->by_addr, 128);
	if (error) {
		inventory_free(inv);
		return error;
	}
	*ret = inv;
	return 0;
}

static void free_addr(struct hash_node *n, void *ctx)
{
	hash_remove(ctx, n);
	free(ADDR_NODE(n));
}

void inventory_free(struct inventory *inv)
{
	if (!inv)
		return;
	if (inv->by_addr.buckets)
		hash_each(&inv->by_addr, free_addr, &inv->by_addr);
	for (size_t i = 0; i < inv->count; i++)
		free(inv->entries[i]);
	hash_free(&inv->by_mac);
	hash_free(&inv->by_addr);
	free(inv);
}

static bool same_mac(const struct hash_node *n, const void *key)
{
	return mac_equal(&ENTRY(n)->device.mac, key);
}

static bool same_addr(const struct hash_node *n, const void *key)
{
	return addr_equal(&ADDR_NODE(n)->addr, key);
}

struct inventory_entry *inventory_entry_of(struct device *d)
{
	return (struct inventory_entry *)(void *)((char *)d -
		offsetof(struct inventory_entry, device));
}

struct inventory_entry *inventory_entry_new(struct inventory *inv, const struct mac *mac,
	device_id id)
{
	struct inventory_entry *e;
	size_t at = inv->count;

	if (inv->count == LIMIT_DEVICES)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->device.mac = *mac;
	e->device.id = id;
	if (id > inv->last_id)
		inv->last_id = id;
	for (; at > 0 && inv->entries[at - 1]->device.id > id; at--)
		inv->entries[at] = inv->entries[at - 1];
	inv->entries[at] = e;
	inv->count++;
	hash_insert(&inv->by_mac, &e->node, mac, sizeof(*mac));
	return e;
}

void inventory_remove(struct inventory *inv, struct device *d)
{
	struct inventory_entry *e = inventory_entry_of(d);
	size_t at = 0;

	while (inv->entries[at] != e)
		at++;
	while (d->addr_count)
		inventory_addr_drop(inv, e, d->addr_count - 1);
	hash_remove(&inv->by_mac, &e->node);
	free(e);
	inv->count--;
	memmove(&inv->entries[at], &inv->entries[at + 1],
		(inv->count - at) * sizeof(*inv->entries));
}

void inventory_set_last_id(struct inventory *inv, device_id id)
{
	if (id > inv->last_id)
		inv->last_id = id;
}

struct inventory_addr *inventory_addr_find(struct inventory *inv, const struct addr *a)
{
	struct hash_node *n = hash_find(&inv->by_addr, a, sizeof(*a), same_addr);

	return n ? ADDR_NODE(n) : NULL;
}

static struct inventory_addr *index_addr(struct inventory *inv, const struct addr *addr,
	struct inventory_entry *e)
{
	struct inventory_addr *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->addr = *addr;
	a->entry = e;
	hash_insert(&inv->by_addr, &a->node, &a->addr, sizeof(a->addr));
	return a;
}

int inventory_addr_add(struct inventory *inv, struct inventory_entry *e,
	const struct device_addr *a)
{
	size_t at = e->device.addr_count;

	if (at == LIMIT_ADDRS_PER_DEVICE)
		return CARDEA_ELIMIT;
	e->addrs[at] = index_addr(inv, &a->addr, e);
	if (!e->addrs[at])
		return -ENOMEM;
	e->device.addrs[at] = *a;
	e->device.addr_count++;
	return 0;
}

void inventory_addr_drop(struct inventory *inv, struct inventory_entry *e, size_t index)
{
	size_t last = --e->device.addr_count;

	hash_remove(&inv->by_addr, &e->addrs[index]->node);
	free(e->addrs[index]);
	e->addrs[index] = e->addrs[last];
	e->addrs[last] = NULL;
	e->device.addrs[index] = e->device.addrs[last];
}

static void free_reserved(struct hash_node *n, void *ctx)
{
	if (!ADDR_NODE(n)->entry)
		free_addr(n, ctx);
}

void inventory_reserve_none(struct inventory *inv)
{
	hash_each(&inv->by_addr, free_reserved, &inv->by_addr);
}

int inventory_reserve(struct inventory *inv, const struct addr *addr)
{
	struct inventory_addr *a = inventory_addr_find(inv, addr);

	if (a && !a->entry)
		return 0;
	if (a) /* a device had it before it became ours */
		for (size_t i = 0; i < a->entry->device.addr_count; i++)
			if (a->entry->addrs[i] == a) {
				inventory_addr_drop(inv, a->entry, i);
				break;
			}
	return index_addr(inv, addr, NULL) ? 0 : -ENOMEM;
}

int inventory_load(struct inventory *inv, const struct device *d)
{
	struct inventory_entry *e;

	if (d->id == 0 || inventory_by_mac(inv, &d->mac) || inventory_by_id(inv, d->id))
		return CARDEA_EMALFORMED;
	e = inventory_entry_new(inv, &d->mac, d->id);
	if (!e)
		return CARDEA_ELIMIT;
	e->device = *d;
	e->device.addr_count = 0;
	for (size_t i = 0; i < d->addr_count && i < LIMIT_ADDRS_PER_DEVICE; i++) {
		int error = inventory_addr_find(inv, &d->addrs[i].addr)
			? 0 /* given to somebody else since */
			: inventory_addr_add(inv, e, &d->addrs[i]);
		if (error)
			return error;
	}
	return 0;
}

struct device *inventory_by_mac(struct inventory *inv, const struct mac *mac)
{
	struct hash_node *n = hash_find(&inv->by_mac, mac, sizeof(*mac), same_mac);

	return n ? &ENTRY(n)->device : NULL;
}

struct device *inventory_by_addr(struct inventory *inv, const struct addr *addr)
{
	struct inventory_addr *a = inventory_addr_find(inv, addr);

	return a && a->entry ? &a->entry->device : NULL;
}

struct device *inventory_by_id(struct inventory *inv, device_id id)
{
	for (size_t i = 0; i < inv->count; i++)
		if (inv->entries[i]->device.id == id)
			return &inv->entries[i]->device;
	return NULL;
}

static struct device *by_name(struct inventory *inv, const char *name)
{
	for (size_t i = 0; i < inv->count; i++)
		if (str_equal_nocase(inv->entries[i]->device.name, name))
			return &inv->entries[i]->device;
	return NULL;
}

struct device *inventory_find(struct inventory *inv, const char *text)
{
	struct device *d = by_name(inv, text);
	struct addr addr;
	struct mac mac;
	int64_t id;

	if (!d && mac_parse(text, &mac) == 0)
		d = inventory_by_mac(inv, &mac);
	if (!d && addr_parse(text, &addr) == 0)
		d = inventory_by_addr(inv, &addr);
	if (!d && str_to_i64(text, 1, UINT32_MAX, &id) == 0)
		d = inventory_by_id(inv, (device_id)id);
	return d;
}

struct device *inventory_at(struct inventory *inv, size_t index)
{
	return index < inv->count ? &inv->entries[index]->device : NULL;
}

size_t inventory_count(const struct inventory *inv)
{
	return inv->count;
}
