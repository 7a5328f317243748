// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner is asked, and the answers. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include "engine/api/api_priv.h"

static void write_decision(struct jsonw *j, struct pipeline *p, const struct decision *d)
{
	struct device *device = inventory_by_id(p->inventory, d->device);

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.decision/1");
	jsonw_kv_u64(j, "id", d->id);
	jsonw_kv_string(j, "kind", decision_kind_name(d->kind));
	jsonw_kv_string(j, "answer", decision_answer_name(d->answer));
	jsonw_kv_untrusted(j, "device", device ? device->name : NULL);
	jsonw_kv_untrusted(j, "text", d->text);
	jsonw_kv_untrusted(j, "subject", d->subject);
	jsonw_kv_untrusted(j, "detail", d->detail);
	jsonw_kv_untrusted(j, "choice", d->choice[0] ? d->choice : NULL);
	jsonw_kv_bool(j, "needs_choice",
		d->kind == DECISION_CONTROLLER || d->kind == DECISION_MY_CONTROLLER);
	jsonw_kv_time(j, "asked", d->asked);
	jsonw_kv_time(j, "answered", d->answered);
	jsonw_object_end(j);
}

static int list_one(void *ctx, const struct decision *d)
{
	struct api_request *r = ctx;

	write_decision(&r->json, r->pipeline, d);
	return 0;
}

void api_view_decisions(struct api_request *r)
{
	int64_t all = 0;

	if (!api_query_number(r, "all", 0, 1, &all))
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.decision.list/1");
	jsonw_key(&r->json, "decisions");
	jsonw_array(&r->json);
	if (store_decisions(r->pipeline->store, !all, list_one, r)) {
		api_fail(r, 500, "look at the log", "the questions could not be read");
		return;
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

static void answer(struct api_request *r, uint32_t id, bool accept, const char *choice)
{
	struct decision d;
	int error = pipeline_answer(r->pipeline, id, accept, choice ? choice : "", &d);

	if (error == -ENOENT)
		api_fail(r, 404, "`cardea decide` lists what is asked",
			"there is no question %u", id);
	else if (error == CARDEA_EMALFORMED)
		api_fail(r, 400, "choose a device by its name, MAC or address",
			"this question needs a choice that exists");
	else if (error)
		api_fail(r, 500, "look at the log", "%s", error_text(error));
	else
		write_decision(&r->json, r->pipeline, &d);
}

void api_change_decision(struct api_request *r)
{
	json_t *root = api_body(r);
	const char *word = json_string_value(json_object_get(root, "answer"));
	const char *choice = json_string_value(json_object_get(root, "choice"));
	int64_t id;

	if (!root)
		return;
	if (str_to_i64(r->object, 1, UINT32_MAX, &id))
		api_fail(r, 404, "`cardea decide` lists what is asked",
			"a question has a number");
	else if (!word || (strcmp(word, "accept") && strcmp(word, "reject")))
		api_fail(r, 400, "send {\"answer\":\"accept\"} or reject",
			"the body has no answer");
	else
		answer(r, (uint32_t)id, strcmp(word, "accept") == 0, choice);
	json_decref(root);
}
