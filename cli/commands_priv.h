// SPDX-License-Identifier: GPL-2.0-or-later
/* commands_priv - the rows of the table of commands, by what they are about. */
#ifndef CARDEA_CLI_COMMANDS_PRIV_H
#define CARDEA_CLI_COMMANDS_PRIV_H

#include "cli/cli.h"

#define FLAG_DRY_RUN {"dry-run", NULL, "say what would change, and change nothing", 0}

#define FLAG_YES {"yes", NULL, "do it without asking", 0}

#define READS(schema) false, DOES_READ, schema
#define CHANGES(schema) false, DOES_CHANGE, schema
#define DANGERS(schema) false, DOES_DANGER, schema
#define MAKES(schema) false, DOES_MAKE, schema
#define HIDDEN true, DOES_READ, NULL

#define FLAG_LEVEL                                                                       \
	{"level", "LEVEL", "shape, names, peers or content (names)", 0}
#define FLAG_CUT                                                                         \
	{"cut", "FIELD", "leave this field, or part, out; may be repeated", 0}
#define FLAG_OUT {"out", "FILE", "where to write it; - is stdout", COMPLETE_FILE}

#define FLAG_ROOT                                                                      \
	{"root", "DIR", "where a published profile may include from", COMPLETE_FILE}

/* In the order of `cardea help`; each ends with a row without a noun. */
extern const struct command commands_house[];
extern const struct command commands_policy[];
extern const struct command commands_profile[];
extern const struct command commands_gateway[];

#endif
