// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner is asked, and the answers. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include "engine/api/api_priv.h"

static void write_choices(struct jsonw *j, const struct decision *d)
{
	struct cases_choice offered[CASES_CHOICES_MAX];
	size_t n = cases_choices(d, offered);

	jsonw_key(j, "choices");
	jsonw_array(j);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(j);
		jsonw_kv_string(j, "choice", offered[i].word);
		jsonw_kv_string(j, "text", offered[i].text);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

void api_write_decision(struct jsonw *j, struct pipeline *p, const struct decision *d)
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
		d->kind == DECISION_CONTROLLER || d->kind == DECISION_MY_CONTROLLER ||
			d->kind == DECISION_CASE);
	write_choices(j, d);
	jsonw_kv_time(j, "asked", d->asked);
	jsonw_kv_time(j, "answered", d->answered);
	jsonw_object_end(j);
}

static int list_one(void *ctx, const struct decision *d)
{
	struct api_request *r = ctx;

	api_write_decision(&r->json, r->pipeline, d);
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

/* ---- the way back ---- */

/* Why an answer cannot be taken back by the opposite one; NULL: it can. What an accepted
 * file replaced is not kept, and what a case's answer set off has been done. */
static const char *bound_by(const struct decision *d)
{
	bool yes = d->answer == DECISION_ACCEPTED;

	switch (d->kind) {
	case DECISION_CASE:
	case DECISION_RELEASE:
	case DECISION_PLAYBOOK:
		return "what it set off has been done";
	case DECISION_SIGNER:
		return yes ? "its files are signed by that signer from now on" : NULL;
	case DECISION_PREVIEW:
	case DECISION_ROLLBACK:
		return yes ? "the file took the other one's place; `cardea policy refuse` "
			     "takes single things back"
			   : NULL;
	case DECISION_AUTHORITY:
		return yes ? "`cardea device url` says another MUD URL of it" : NULL;
	case DECISION_CONTROLLER:
	case DECISION_MY_CONTROLLER:
		return yes ? NULL : "say who it is: `cardea decide accept ID --choose DEVICE`";
	case DECISION_UNSIGNED:
	case DECISION_IDENTITY:
	case DECISION_ADVISORY:
	case DECISION_PORT:
	case DECISION_CONVERSATION:
	case DECISION_PROTECT:
	case DECISION_KIND_MAX:
		break;
	}
	return NULL;
}

/* Taken back, a no is no yes: the question is there again. Nothing was put in force by it. */
static bool opens(const struct decision *d, const struct decision *before)
{
	return before->answer == DECISION_OPEN && d->answer == DECISION_REJECTED &&
	       d->kind != DECISION_CASE && d->kind != DECISION_RELEASE &&
	       d->kind != DECISION_PLAYBOOK;
}

/* before: what it was; where it was another answer, that comes back. */
static json_t *way_back(const struct decision *d, const struct decision *before)
{
	bool yes = before->answer == DECISION_OPEN ? d->answer != DECISION_ACCEPTED
						   : before->answer == DECISION_ACCEPTED;

	if (opens(d, before))
		return json_pack("{s:s}", "answer", "open");
	return json_pack("{s:s, s:s?}", "answer", yes ? "accept" : "reject", "choice",
		yes && before->choice[0] ? before->choice : NULL);
}

static void answered(struct api_request *r, const struct decision *d,
	const struct decision *before)
{
	const char *verb = d->answer == DECISION_ACCEPTED ? "accept" : "reject";
	const char *why = opens(d, before) ? NULL : bound_by(d);
	struct api_command cmd;
	struct api_path path;
	char id[16];

	if (before->answer == DECISION_ACCEPTED && before->choice[0])
		why = NULL; /* whoever was chosen before is known */
	(void)!str_print(id, sizeof(id), "%u", d->id);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "decide", verb, id,
			d->choice[0] ? "--choose" : NULL, d->choice, NULL),
		.path = why ? NULL : api_path(&path, "decisions", id),
		.undo = why ? NULL : way_back(d, before),
		.why_not = why},
		"You said %s to: %.200s", d->answer == DECISION_ACCEPTED ? "yes" : "no", d->text);
}

static void opened(struct api_request *r, const struct decision *d)
{
	struct api_path path;
	char id[16];

	(void)!str_print(id, sizeof(id), "%u", d->id);
	api_changed_by(r, &(struct api_change){
		.path = api_path(&path, "decisions", id),
		.undo = json_pack("{s:s}", "answer", "reject")},
		"You took back your no to: %.200s", d->text);
}

static void open_again(struct api_request *r, uint32_t id)
{
	struct decision d, before = {0};
	bool known = store_decision_find(r->pipeline->store, id, &before) == 0;
	int error = pipeline_ask_again(r->pipeline, id, &d);

	if (error == -ENOENT)
		api_fail(r, 404, "`cardea decide list` lists what is asked",
			"there is no question %u", id);
	else if (error == CARDEA_EREFUSED)
		api_fail(r, 409, "`cardea decide show` says what can be chosen",
			"what it set off has been done");
	else if (error)
		api_fail(r, 500, "look at the log", "%s", error_text(error));
	else {
		if (known && before.answer != d.answer)
			opened(r, &d);
		api_write_decision(&r->json, r->pipeline, &d);
	}
}

static void answer(struct api_request *r, uint32_t id, bool accept, const char *choice)
{
	struct decision d, before = {0};
	bool known = store_decision_find(r->pipeline->store, id, &before) == 0;
	int error = pipeline_answer(r->pipeline, id, accept, choice ? choice : "", &d);

	if (error == -ENOENT)
		api_fail(r, 404, "`cardea decide list` lists what is asked",
			"there is no question %u", id);
	else if (error == CARDEA_EMALFORMED)
		api_fail(r, 400, "choose a device by its name, MAC or address",
			"this question needs a choice that exists");
	else if (error == CARDEA_EREFUSED)
		api_fail(r, 409, "`cardea decide show` says what can be chosen",
			"that cannot be: %s", r->pipeline->cases.why);
	else if (error)
		api_fail(r, 500, "look at the log", "%s", error_text(error));
	else {
		if (known && (before.answer != d.answer || strcmp(before.choice, d.choice)))
			answered(r, &d, &before);
		api_write_decision(&r->json, r->pipeline, &d);
	}
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
		api_fail(r, 404, "`cardea decide list` lists what is asked",
			"a question has a number");
	else if (!word || (strcmp(word, "accept") && strcmp(word, "reject") &&
				  strcmp(word, "open")))
		api_fail(r, 400, "send {\"answer\":\"accept\"} or reject",
			"the body has no answer");
	else if (strcmp(word, "open") == 0)
		open_again(r, (uint32_t)id);
	else
		answer(r, (uint32_t)id, strcmp(word, "accept") == 0, choice);
	json_decref(root);
}
