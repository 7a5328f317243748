// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_fuzz - what the codec fuzz targets share. */
#ifndef CARDEA_FUZZ_WIRE_FUZZ_H
#define CARDEA_FUZZ_WIRE_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/cursor.h"

/* abort, not assert: it must hold in optimised builds too. */
#define FUZZ_ASSERT(condition)                                                           \
	do {                                                                             \
		if (!(condition))                                                        \
			abort();                                                         \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* c lies inside data. */
static inline void fuzz_inside(const struct cursor *c, const uint8_t *data, size_t size)
{
	FUZZ_ASSERT(!c->error);
	FUZZ_ASSERT(c->pos >= data && c->pos <= c->end && c->end <= data + size);
}

#endif
