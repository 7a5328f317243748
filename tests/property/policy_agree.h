// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_agree - what the parts of the test share: one round, and its elements. */
#ifndef CARDEA_TEST_POLICY_AGREE_H
#define CARDEA_TEST_POLICY_AGREE_H

#include "policy/policy_priv.h"
#include "property/policy_elements.h"

#define ELEMENTS_MAX 60000

static struct element elements[ELEMENTS_MAX];
static size_t element_count;

/* All that one round is about. */
struct world {
	struct policy_input input;
	struct policy policy, free; /* as it is, and without being held */
	bool has_profile;
	struct update_host hosts[HOSTS_MAX];
	size_t host_count;
	struct policy_env env;
	struct policy_names names;
	struct policy_device device;
};

#endif
