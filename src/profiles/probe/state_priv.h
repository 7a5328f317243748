// SPDX-License-Identifier: GPL-2.0-or-later
/* state_priv - what saving and loading agree on. */
#ifndef CARDEA_PROFILES_PROBE_STATE_PRIV_H
#define CARDEA_PROFILES_PROBE_STATE_PRIV_H

#include "profiles/probe/probe_priv.h"

#define PROBE_STATE_MAGIC 0x43505242u /* "CPRB" */
#define PROBE_STATE_VERSION 1

enum { SAVED_IDLE, SAVED_REFUSED, SAVED_SETTLING, SAVED_RECOVERING, SAVED_MAX };

/* At most; the whole is far below PROBE_STATE_MAX_BYTES. */
#define SAVED_KIND (1 + 1 + 2 + 1 + 1 + (LIMIT_NAME - 1) + 17 + 6)
#define SAVED_TRY (8 + 1 + 1 + 4 + 4 + 3)
#define SAVED_FALLBACK (SAVED_KIND + 4 + 4 + 4 + 8 + 8)
#define SAVED_TARGET (SAVED_KIND + 1 + 4 * PROBE_OUTCOME_MAX + 1 + 1 + 4)
#define SAVED_HEAD (4 + 1 + 6 + 1 + 1 + 4 + 8 + 1 + 1 + 8 + 8 + 1 + 1 + 4 + 8)

_Static_assert(SAVED_HEAD + PROBE_TARGETS_MAX *
				       (SAVED_TARGET + PROBE_TRIES_KEPT * SAVED_TRY +
					       PROBE_FALLBACKS_MAX * SAVED_FALLBACK) <=
		       PROBE_STATE_MAX_BYTES,
	"a saved device fits");

#endif
