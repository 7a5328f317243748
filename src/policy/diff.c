// SPDX-License-Identifier: GPL-2.0-or-later
/* diff - from what the kernel holds to what it should hold, by merging sorted lists. */
#include "policy/policy.h"

int policy_diff(const struct element *before, size_t before_count,
	const struct element *after, size_t after_count, policy_change remove,
	policy_change add, void *ctx)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (!r && (i < before_count || j < after_count)) {
		int c = i == before_count  ? 1
			: j == after_count ? -1
					   : element_compare(&before[i], &after[j]);
		if (c < 0) {
			r = remove(ctx, &before[i++]);
		} else if (c > 0) {
			r = add(ctx, &after[j++]);
		} else {
			if (before[i].timeout_s != after[j].timeout_s ||
				before[i].rate != after[j].rate)
				r = add(ctx, &after[j]);
			i++;
			j++;
		}
	}
	return r;
}
