// SPDX-License-Identifier: GPL-2.0-or-later
/* The policy of a device, made of its file and of what the house says about it. */
#include <errno.h>
#include <string.h>
#include "engine/classes.h"
#include "engine/household_priv.h"

#define FILE_POOL_BYTES                                                                  \
	(LIMIT_RULES * sizeof(struct rule) +                                             \
		LIMIT_PROFILE_LIMITS * sizeof(struct profile_limit) + 65536)

static bool has_classes(const struct policy *p)
{
	for (uint32_t i = 0; i < p->base_first; i++)
		if (classes_is_class(p->rules[i].peer.kind))
			return true;
	return false;
}

/* The policy anew; the one there is stays when that fails. */
static int remake(struct household_device *hd)
{
	const struct policy_input in = {.rules = hd->rules, .count = hd->rule_count};
	struct pool *pool = pool_new("policy", POLICY_POOL_BYTES);
	struct policy policy;
	int error;

	if (!pool)
		return -ENOMEM;
	error = policy_prepare(pool, &in, &policy);
	if (error) {
		pool_free(pool);
		return error;
	}
	pool_free(hd->pool);
	hd->pool = pool;
	hd->policy = policy;
	hd->uses_classes = has_classes(&policy);
	return 0;
}

/* What of a file must be at hand whenever the house changes its mind: a newer file may
 * lie on the shelf by then, and wait for the owner's word. */
static int copy_file(struct household_device *to, const struct profile *p)
{
	size_t limits = p->limits ? p->limit_count : 0;

	to->file = pool_new("rules", FILE_POOL_BYTES);
	if (!to->file)
		return -ENOMEM;
	to->rules = pool_copy(to->file, p->rules, p->rule_count * sizeof(*p->rules));
	to->rule_count = p->rule_count;
	to->limits = pool_copy(to->file, p->limits, limits * sizeof(*p->limits));
	to->limit_count = limits;
	if ((p->rule_count && !to->rules) || (limits && !to->limits))
		return -ENOMEM;
	return 0;
}

int household_adopt(struct household_device *d, const struct shelf_entry *source)
{
	struct household_device before = *d;
	int error = copy_file(d, &source->profile);

	if (!error)
		error = remake(d);
	if (error) {
		pool_free(d->file);
		*d = before;
		return error;
	}
	pool_free(before.file);
	d->source = source;
	memcpy(d->sha256, source->profile.sha256, sizeof(d->sha256));
	return 0;
}
