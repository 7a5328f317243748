// SPDX-License-Identifier: GPL-2.0-or-later
/* watching - the sentence of a gateway that only watches. */
#ifndef CARDEA_CLI_WATCHING_H
#define CARDEA_CLI_WATCHING_H

#include <jansson.h>

/* Of an answer with mode and until; nothing where it protects. */
void watching_print(const json_t *answer);

#endif
