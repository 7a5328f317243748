// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of household share. */
#ifndef CARDEA_ENGINE_HOUSEHOLD_PRIV_H
#define CARDEA_ENGINE_HOUSEHOLD_PRIV_H

#include "engine/household.h"

/* household_list.c */
void element_list_free(struct element_list *l);
void element_list_add(struct element_list *l, const struct element *e);
void element_list_addr(struct element_list *l, enum element_kind kind,
	const struct mac *mac, const struct addr *addr);
/* Sorted, each key once, and no larger than it must be: it lives as long as the device.
 */
void element_list_finish(struct element_list *l);
int element_list_order(const void *a, const void *b);

/* household_policy.c */
/* True when a block is over: the policy is another one now. */
bool household_unblock(struct household_device *hd, nstime wall);

/* household_limits.c */
/* What the profile's bandwidths come to for the device as a whole. */
void household_limit_elements(const struct household_device *hd, const struct device *d,
	struct element_list *l);

#endif
