// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a device stands, how it came there, what it is suspected of and what it may still
 * do. */
#include <string.h>
#include "engine/api/api_priv.h"

#define EVIDENCE_MAX 32 /* of one device, the last ones */
#define HISTORY_DEFAULT 50
#define HISTORY_MAX 500

void api_write_life(struct jsonw *j, const struct pipeline *p, const struct device *d)
{
	const struct life *l = pipeline_life_of(p, d);

	jsonw_kv_string(j, "state", life_state_name(l->state));
	jsonw_kv_time(j, "since", l->since ? l->since : d->first_seen);
	jsonw_kv_string(j, "hold", device_hold_name(d->hold));
	jsonw_kv_string(j, "class", device_class_name(d->class));
}

static void write_step(struct jsonw *j, const struct store_step *s)
{
	jsonw_kv_string(j, "kind", s->kind);
	jsonw_kv_untrusted(j, "sentence", s->sentence);
	jsonw_kv_time(j, "at", s->at);
	jsonw_kv_untrusted(j, "detail", s->detail[0] ? s->detail : NULL);
	jsonw_kv_string(j, "protocol", s->protocol[0] ? s->protocol : NULL);
	jsonw_kv_string(j, "from", life_state_name((enum life_state)s->was));
	jsonw_kv_string(j, "to", life_state_name((enum life_state)s->state));
	jsonw_kv_string(j, "event", life_event_name((enum life_event)s->event));
}

static int list_evidence(void *ctx, const struct store_step *s)
{
	struct jsonw *j = ctx;

	jsonw_object(j);
	write_step(j, s);
	jsonw_object_end(j);
	return 0;
}

static void write_suspicion(struct api_request *r, struct device *d)
{
	static const char *const levels[] = {"none", "raised", "convicted"};
	struct suspicion *s = pipeline_suspicion_of(r->pipeline, d);
	nstime wall = pipeline_wall(r->pipeline);
	struct jsonw *j = &r->json;
	char why[LIMIT_TEXT];

	jsonw_key(j, "suspicion");
	jsonw_object(j);
	jsonw_kv_u64(j, "points", s ? (uint64_t)(suspicion_score(s, wall) + 0.5) : 0);
	jsonw_kv_string(j, "level", s ? levels[s->level] : levels[0]);
	jsonw_kv_untrusted(j, "why", s ? suspicion_why(s, wall, why) : NULL);
	jsonw_kv_bool(j, "tight", s && s->tight);
	jsonw_object_end(j);
}

void api_write_evidence(struct api_request *r, struct device *d)
{
	struct pipeline *p = r->pipeline;
	const struct life *l = pipeline_life_of(p, d);
	struct jsonw *j = &r->json;

	jsonw_kv_string(j, "class_used", device_class_name(pipeline_class_of(p, d)));
	jsonw_kv_string(j, "return_needs",
		life_level_name(life_least(pipeline_class_of(p, d))));
	jsonw_kv_string(j, "shown", life_level_name(l->level));
	jsonw_kv_time(j, "deadline", l->state == LIFE_AWAY ? 0 : l->deadline);
	jsonw_kv_u64(j, "offences", l->offences);
	jsonw_kv_u64(j, "returns", l->returns);
	write_suspicion(r, d);
	jsonw_key(j, "evidence");
	jsonw_array(j);
	if (store_steps(p->store, d->id, EVIDENCE_MAX, list_evidence, j))
		api_fail(r, 500, "look at the log", "what is known of it could not be read");
	else
		jsonw_array_end(j);
}

/* ---- history ---- */

static int list_history(void *ctx, const struct store_step *s)
{
	struct api_request *r = ctx;
	struct device *d = inventory_by_id(r->pipeline->inventory, s->device);
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_u64(j, "id", s->id);
	jsonw_kv_untrusted(j, "device", d ? d->name : NULL);
	if (d)
		jsonw_kv_mac(j, "mac", &d->mac);
	write_step(j, s);
	jsonw_object_end(j);
	return 0;
}

void api_view_history(struct api_request *r)
{
	struct device *only = NULL;
	int64_t limit = HISTORY_DEFAULT;

	if (!api_query_number(r, "limit", 1, HISTORY_MAX, &limit) ||
		!api_query_device(r, &only))
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.quarantine.history/1");
	jsonw_key(&r->json, "steps");
	jsonw_array(&r->json);
	if (store_steps(r->pipeline->store, only ? only->id : 0, (unsigned)limit,
		    list_history, r)) {
		api_fail(r, 500, "look at the log", "the history could not be read");
		return;
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}
