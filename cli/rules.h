// SPDX-License-Identifier: GPL-2.0-or-later
/* rules - a rule as the API tells it, for people. */
#ifndef CARDEA_CLI_RULES_H
#define CARDEA_CLI_RULES_H

#include "cli/cli.h"

/* Where a rule comes from: "manufacturer, from4/cloud, line 42". */
const char *rules_source(const json_t *rule);
/* What the nft back end has in the kernel for devices, as nft commands. */
enum cli_exit nft_print(const json_t *policy);

#endif
