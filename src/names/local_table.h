// SPDX-License-Identifier: GPL-2.0-or-later
/* local_table - private to local: which device has which name and addresses. */
#ifndef CARDEA_NAMES_LOCAL_TABLE_H
#define CARDEA_NAMES_LOCAL_TABLE_H

#include "base/hash.h"
#include "names/local.h"

struct local_host;

struct local_at {
	struct hash_node node; /* first: see local_table.c */
	struct addr addr;
	struct local_host *host;
};

struct local_host {
	struct hash_node node; /* first */
	char label[DNS_LABEL_MAX + 1];
	struct local_at *ats[LOCAL_ADDRS_PER_NAME];
	unsigned count;
};

struct local_table {
	struct hash_table hosts, addrs;
};

int local_table_init(struct local_table *t) CARDEA_MUSTCHECK;
void local_table_free(struct local_table *t);
void local_table_clear(struct local_table *t);
/* label is in normal form and of a host. */
int local_table_add(struct local_table *t, const char *label, const struct addr *addr)
	CARDEA_MUSTCHECK;
void local_table_remove(
	struct local_table *t, const char *label, const struct addr *addr);
/* NULL: nobody. */
const struct local_host *local_table_host(const struct local_table *t, const char *label);
const struct local_host *local_table_at(
	const struct local_table *t, const struct addr *addr);

#endif
