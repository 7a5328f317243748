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

/* household_names.c */
struct policy_device household_for(const struct device *d, struct addr *addrs);
/* NAME elements; what of the policy's names they leave to us goes to ret_whole. */
void household_name_elements(const struct household *h, const struct household_device *hd,
	const struct device *d, struct element_list *l, bool *ret_whole);
/* All that is to be open for the device's bindings now, not finished. */
void household_open_names(struct household *h, const struct device *d,
	const struct household_device *hd, nstime wall, struct element_list *l);
/* Something that is open will not be. */
bool household_closes(const struct household *h, const struct household_device *hd,
	const struct element_list *names, nstime wall);
/* Adds what is not open, or not for so long; all when asked. */
size_t household_count_new(const struct household *h, const struct household_device *hd,
	const struct element_list *names, nstime wall);
void household_send_names(struct household *h, const struct household_device *hd,
	const struct element_list *names, bool all, nstime wall);
/* From now on these, and nothing else, are open. */
void household_set_opened(const struct household *h, struct household_device *hd,
	const struct element_list *names, nstime wall);

/* household_gates.c */
/* g->gates, in its pool. CARDEA_ELIMIT, -ENOMEM. */
int household_gates_make(const struct household *h, device_id id,
	struct household_grant *g) CARDEA_MUSTCHECK;
/* An element of the device's policy with a trigger's number, under that of its gate. */
void household_gate_element(struct element_list *l, const struct household_device *hd,
	const struct element *e, rule_id rule);
/* What of the device's traffic arms triggers of others. */
void household_watch_elements(struct household *h, const struct device *d, nstime wall,
	struct element_list *l);

/* household_policy.c */
/* The policy anew; the one there is stays when that fails. Where that would keep the
 * device from being held, without what is its own (bare). */
int household_remake(struct household_device *hd) CARDEA_MUSTCHECK;
int household_remake_bare(struct household_device *hd) CARDEA_MUSTCHECK;
/* A device without a file has no rules of its own: the base layer is all it gets. */
void household_drop_policy(struct household_device *hd);
enum device_state household_state(
	const struct device *d, const struct household_device *hd);
/* Of rules that are there for a probe. */
#define HOUSEHOLD_PROBE_ACL "probe"
/* True when a block or a probe is over: the policy is another one now. */
bool household_unblock(struct household_device *hd, nstime wall);

/* household_told.c: the elements for what passes and is told. */
int household_told_elements(const struct household_device *hd, const struct device *d,
	nstime wall, struct element_list *l) CARDEA_MUSTCHECK;

/* household_hold.c */
/* What being held adds to the layers of a device's policy, of which there are count. */
int household_hold_layers(const struct household_device *hd, struct pool *pool,
	struct policy_layer *layers, size_t *count) CARDEA_MUSTCHECK;

/* household_limits.c */
/* What the profile's bandwidths come to for the device as a whole. */
void household_limit_elements(const struct household_device *hd, const struct device *d,
	struct element_list *l);

#endif
