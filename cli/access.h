// SPDX-License-Identifier: GPL-2.0-or-later
/* access - what one profile allows and another does not, for people and as JSON. */
#ifndef CARDEA_CLI_ACCESS_H
#define CARDEA_CLI_ACCESS_H

#include <jansson.h>
#include "policy/policy.h"
#include "profiles/mud/mud.h"

/* What a file says, for policy_access_new; borrows from it. */
struct policy_says access_says(const struct mud_lint *l);
/* Both are clean and stay until the program ends. */
const char *access_sentence(const struct policy_access *a);
const char *access_witness(const struct policy_access *a); /* a flow that it lets begin */
json_t *access_json(const struct policy_access *a);

#endif
