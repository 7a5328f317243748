// SPDX-License-Identifier: GPL-2.0-or-later
/* maker_priv - what the files of the maker's bench share. */
#ifndef CARDEA_PROFILES_MAKER_MAKER_PRIV_H
#define CARDEA_PROFILES_MAKER_MAKER_PRIV_H

#include "model/flow.h"
#include "profiles/maker/maker.h"

/* Different conversations of one file; the biggest known one has 90. */
#define MAKER_LINES_MAX 1024
#define MAKER_POOL_BYTES (MAKER_LINES_MAX * sizeof(struct maker_line) + 4096)

/* Text as XML wants it. */
void maker_xml(const char *utf8, FILE *out);
/* At most max characters, the last one an ellipsis when something is missing. */
char *maker_short(const char *utf8, size_t max, char *buf, size_t size);

#endif
