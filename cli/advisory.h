// SPDX-License-Identifier: GPL-2.0-or-later
/* advisory - what the verbs of `cardea advisory` share. */
#ifndef CARDEA_CLI_ADVISORY_H
#define CARDEA_CLI_ADVISORY_H

#include "cli/cli.h"

/* A file as a JSON string; NULL when it cannot be read (*ret) or is no UTF-8. */
json_t *advisory_file(const char *path, size_t max, enum cli_exit *ret);

#endif
