// SPDX-License-Identifier: GPL-2.0-or-later
/* A week of the house: how often the owner was disturbed, how often in vain, and how much
 * is not known yet. */
#include "engine/api/api_priv.h"

void api_view_weeks(struct api_request *r)
{
	int64_t ago = 0;

	if (!api_query_number(r, "ago", 0, MAINTAIN_WEEKS - 1, &ago))
		return;
	learner_maintain_week(r->pipeline,
		pipeline_wall(r->pipeline) - ago * 7 * MAINTAIN_DAY, &r->json);
}
