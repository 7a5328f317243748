// SPDX-License-Identifier: GPL-2.0-or-later
/* state_priv - what saving and loading agree on. */
#ifndef CARDEA_PROFILES_MAINTAIN_STATE_PRIV_H
#define CARDEA_PROFILES_MAINTAIN_STATE_PRIV_H

#include "profiles/maintain/maintain_priv.h"

#define MAINTAIN_STATE_MAGIC 0x434d4e54u /* "CMNT" */
#define MAINTAIN_STATE_VERSION 1

/* Bits of an item. */
#define ITEM_AUTOMATIC 1
#define ITEM_RIPE 2
#define ITEM_GRACED 4
#define ITEM_GENERAL 8
#define ITEM_PORT_ANY 16
#define ITEM_SILENT 32
#define ITEM_FIRST 64
#define ITEM_FLAGS 127

/* Bits of the device. */
#define DEVICE_TIMED 1
#define DEVICE_OPEN 2
#define DEVICE_ONCE 4
#define DEVICE_MET 8
#define DEVICE_FLAGS 15

#define MAINTAIN_STATE_KIND_MAX                                                        \
	(6 + 4 + 1 + LIMIT_NAME + 17 + 6 + 1 + 4 * LEARNED_CONTEXT_MAX + 16 +          \
		2 + 16 + 8 * DIRECTION_MAX + 24)
#define MAINTAIN_STATE_ITEM_MAX                                                        \
	(MAINTAIN_STATE_KIND_MAX + 4 + 4 + 16 + 4 + 32 + 8 + 8 + 4 + 8 +                       \
		MAINTAIN_DAYS * (4 + 8 + 8))
#define MAINTAIN_STATE_ENTRY 28
#define MAINTAIN_STATE_VERSION_MAX (4 + 1 + 1 + LIMIT_SYSTEMINFO + 8 + 1 + 2)
#define MAINTAIN_STATE_WEEK (8 + 8 * MAINTAIN_VERDICT_MAX + 16 + 4 * 9)
#define MAINTAIN_STATE_HEAD                                                            \
	(6 + 6 + 1 + 8 * 4 + 4 + 2 + 1 + 4 + 8 + 24 + 4 + 8 + 8 + 4 + 1)

#endif
