// SPDX-License-Identifier: GPL-2.0-or-later
/* What reduce.c and order.c share. */
#ifndef CARDEA_PROFILES_EXTENDED_ORDER_PRIV_H
#define CARDEA_PROFILES_EXTENDED_ORDER_PRIV_H

#include "profiles/extended/extended.h"

struct order_place {
	uint16_t arms, needs; /* triggers of this profile; 0: none */
	uint32_t open_s;
	const struct extended_policy *after; /* what arms the one that it needs */
	uint32_t seen; /* rules and watches that arm it: reduce.c counts */
};

struct order {
	struct order_place *places; /* by id of policy */
	uint32_t triggers;
};

int order_make(const struct extended_profile *p, struct pool *pool,
	struct order *ret) CARDEA_MUSTCHECK;

#endif
