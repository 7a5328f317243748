// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ids - numbers by which things are known across processes. */
#ifndef CARDEA_MODEL_IDS_H
#define CARDEA_MODEL_IDS_H

#include <stdint.h>

typedef uint32_t device_id; /* stable, from the store; 0 is none */
typedef uint32_t rule_id;   /* 1.. within one profile, in evaluation order; 0 is none */
typedef uint64_t event_id;  /* from the store; 0 is none */

enum role {
	ROLE_PARENT,
	ROLE_ENFORCER,
	ROLE_SENSOR,
	ROLE_RESOLVER,
	ROLE_COURIER,
	ROLE_ENGINE,
	ROLE_MAX,
};

const char *role_name(enum role r);

#endif
