// SPDX-License-Identifier: GPL-2.0-or-later
/* inventory internals: index and merge share them. */
#ifndef CARDEA_INVENTORY_PRIV_H
#define CARDEA_INVENTORY_PRIV_H

#include "base/hash.h"
#include "inventory/inventory.h"

struct inventory_entry;

struct inventory_addr {
	struct hash_node node; /* in inventory.by_addr */
	struct addr addr;
	struct inventory_entry *entry; /* NULL: the gateway's */
};

struct inventory_entry {
	struct hash_node node; /* in inventory.by_mac */
	struct device device;
	struct inventory_addr *addrs[LIMIT_ADDRS_PER_DEVICE]; /* beside device.addrs */
};

struct inventory {
	struct inventory_entry *entries[LIMIT_DEVICES]; /* by id, ascending */
	size_t count;
	device_id last_id;
	struct hash_table by_mac, by_addr;
};

struct inventory_addr *inventory_addr_find(struct inventory *inv, const struct addr *a);
int inventory_addr_add(struct inventory *inv, struct inventory_entry *e,
	const struct device_addr *a) CARDEA_MUSTCHECK;
void inventory_addr_drop(struct inventory *inv, struct inventory_entry *e, size_t index);
struct inventory_entry *inventory_entry_of(struct device *d);
/* A new entry for mac with the next id, or NULL when full. */
struct inventory_entry *inventory_entry_new(struct inventory *inv, const struct mac *mac,
	device_id id);

#endif
