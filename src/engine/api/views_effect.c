// SPDX-License-Identifier: GPL-2.0-or-later
/* What would be otherwise: a change held against what was recorded, and what waits for the
 * owner side by side with what is in force. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/effect.h"
#include "engine/trial.h"

#define HOURS_DEFAULT 168 /* a week has all of a home's contexts */
#define HOURS_MAX (HISTORY_TALK_DAYS * 24)
#define LISTED_MAX 400 /* rules or differences in one reply */
/* Rules on both sides that are compared: beyond, it would take the engine some 100 ms. */
#define COMPARED_MAX 1000

/* ---- effect ---- */

static const char *word(bool passes)
{
	return passes ? "allowed" : "blocked";
}

static void write_example(struct jsonw *j, const struct effect_example *x)
{
	char text[EFFECT_PEER_MAX], proto[FLOW_PROTO_TEXT_MAX], addr[ADDR_TEXT_MAX];
	const struct store_peer *p = &x->peer;

	jsonw_object(j);
	jsonw_kv_untrusted(j, "peer",
		p->name[0]	 ? p->name
		: p->addr.family ? addr_format(&p->addr, addr)
				 : NULL);
	jsonw_kv_string(j, "proto", p->proto ? flow_proto_text(p->proto, proto) : NULL);
	jsonw_key(j, "port");
	if (p->proto == FLOW_PROTO_TCP || p->proto == FLOW_PROTO_UDP)
		jsonw_u64(j, p->port);
	else
		jsonw_null(j);
	jsonw_kv_bool(j, "inbound", p->direction == DIRECTION_TO_DEVICE);
	jsonw_kv_untrusted(j, "text", effect_peer(p, text));
	jsonw_kv_string(j, "now", word(x->now));
	jsonw_kv_string(j, "then", x->unsure ? "unknown" : word(x->then));
	jsonw_kv_u64(j, "count", x->count);
	jsonw_kv_time(j, "last", x->last);
	jsonw_object_end(j);
}

/* The members. */
static void write_effect(struct jsonw *j, const struct device *d, const struct effect *e)
{
	char text[EFFECT_TEXT_MAX];

	jsonw_kv_time(j, "recorded_since", e->since);
	jsonw_kv_u64(j, "conversations", e->conversations);
	jsonw_kv_u64(j, "would_block", e->would_block);
	jsonw_kv_u64(j, "would_allow", e->would_allow);
	jsonw_kv_u64(j, "unchanged", e->unchanged);
	jsonw_kv_u64(j, "unknown", e->unknown);
	jsonw_key(j, "examples");
	jsonw_array(j);
	for (size_t i = 0; i < e->example_count; i++)
		write_example(j, &e->examples[i]);
	jsonw_array_end(j);
	jsonw_kv_untrusted(j, "sentence", effect_sentence(e, d, text));
}

static void fail(struct api_request *r, int error, const char *why)
{
	if (error == -ENOENT)
		api_fail(r, 404, "`cardea decide list` and `cardea profile learn` show what there is",
			"%s", why[0] ? why : "there is nothing to hold it against");
	else if (error == CARDEA_EMALFORMED)
		api_fail_field(r, 400, "profile", "`cardea mud lint FILE` says all that is wrong",
			"%s", why);
	else if (error == CARDEA_EREFUSED || error == CARDEA_ELIMIT)
		api_fail(r, 409, "ask about another change", "%s",
			why[0] ? why : "that is more than can be put in force");
	else
		api_fail(r, 500, "look at the log", "%s", error_text(error));
}

static int measure(struct api_request *r, const struct device *d, uint32_t hours,
	const struct trial *then, struct effect *ret)
{
	struct trial now;
	int error = trial_now(r->pipeline, d, &now);

	if (error)
		return error;
	error = effect_measure(r->pipeline, d, hours, now.is_enforced ? &now.policy : NULL,
		then->is_enforced ? &then->policy : NULL, ret);
	trial_free(&now);
	return error;
}

/* What is asked about, as a policy. */
static int read_trial(struct api_request *r, const json_t *body, const struct device *d,
	struct trial *ret, char why[LIMIT_TEXT])
{
	const json_t *overlay = json_object_get(body, "overlay");
	const json_t *text = json_object_get(body, "profile");
	const json_t *binding = json_object_get(body, "binding");
	struct adopted a = {.layer = LAYER_OWNER};
	struct overlay o;
	const char *wrong;

	why[0] = 0;
	if (overlay) {
		wrong = api_read_overlay(overlay, &o);
		if (wrong) {
			str_copy(why, LIMIT_TEXT, wrong);
			return CARDEA_EMALFORMED;
		}
		return trial_overlay(r->pipeline, d, &o, ret);
	}
	if (!text)
		return trial_learned(r->pipeline, d, ret, why);
	a.text = json_string_value(text);
	a.text_len = json_string_length(text);
	if (json_is_string(binding)) {
		a.form = ADOPT_EXTENDED;
		a.binding = json_string_value(binding);
		a.binding_len = json_string_length(binding);
	}
	return trial_profile(r->pipeline, d, &a, ret, why);
}

static void answer_effect(struct api_request *r, const struct device *d, uint32_t hours,
	const struct trial *t)
{
	struct effect e;
	int error = measure(r, d, hours, t, &e);

	if (error) {
		fail(r, error, "");
		return;
	}
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.effect/1");
	jsonw_kv_untrusted(&r->json, "device", d->name);
	jsonw_kv_u64(&r->json, "id", d->id);
	write_effect(&r->json, d, &e);
	jsonw_object_end(&r->json);
}

static int read_decision(struct api_request *r, uint32_t id, struct decision *q,
	const struct device **ret_device, char why[LIMIT_TEXT])
{
	int error = store_decision_find(r->pipeline->store, id, q);

	if (!error) {
		const struct device *of = inventory_by_id(r->pipeline->inventory, q->device);

		error = of && (!*ret_device || *ret_device == of) ? 0 : -ENOENT;
		*ret_device = of;
	}
	if (error == -ENOENT)
		(void)str_print(
			why, LIMIT_TEXT, "there is no question %u about that device", id);
	return error;
}

void api_ask_effect(struct api_request *r)
{
	json_t *root = api_body(r);
	const json_t *asked = json_object_get(root, "decision");
	const json_t *hours = json_object_get(root, "hours");
	const char *name = json_string_value(json_object_get(root, "device"));
	const struct device *d = name ? api_device_as_is(r, name) : NULL;
	char why[LIMIT_TEXT] = "";
	struct decision q;
	struct trial t;
	int error = 0;

	if (name && !d)
		goto out;
	if (asked)
		error = read_decision(
			r, (uint32_t)json_integer_value(asked), &q, &d, why);
	if (!error && asked)
		error = trial_decision(r->pipeline, d, &q, &t, why);
	else if (!error)
		error = read_trial(r, root, d, &t, why);
	if (error) {
		fail(r, error, why);
		goto out;
	}
	answer_effect(
		r, d, hours ? (uint32_t)json_integer_value(hours) : HOURS_DEFAULT, &t);
	trial_free(&t);
out:
	json_decref(root);
}

/* ---- review ---- */

static void write_rules(struct jsonw *j, const char *key, const struct trial *t)
{
	char sentence[RULE_SENTENCE_MAX];

	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < t->rule_count && i < LISTED_MAX; i++) {
		jsonw_object(j);
		jsonw_kv_untrusted(j, "sentence", rule_sentence(&t->rules[i], sentence));
		jsonw_kv_string(j, "source", layer_name(t->rules[i].layer));
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* What b allows and a does not. False: there is too much to compare. */
static bool write_new(
	struct jsonw *j, const struct trial *a, const struct trial *b, const char *sign)
{
	const struct policy_says before = {.rules = a->rules, .count = a->rule_count};
	const struct policy_says after = {.rules = b->rules, .count = b->rule_count};
	struct pool *pool = pool_new("difference", POLICY_ACCESS_POOL_BYTES);
	const struct policy_access *list = NULL;
	char sentence[RULE_SENTENCE_MAX];
	size_t count = 0;
	int error = pool ? policy_access_new(pool, &before, &after, &list, &count) : -ENOMEM;

	for (size_t i = 0; !error && i < count && i < LISTED_MAX; i++) {
		jsonw_object(j);
		jsonw_kv_string(j, "sign", sign);
		jsonw_kv_untrusted(j, "sentence", rule_sentence(&list[i].what, sentence));
		jsonw_kv_string(j, "source", layer_name(list[i].from->layer));
		jsonw_object_end(j);
	}
	pool_free(pool);
	return !error;
}

static void write_diff(struct jsonw *j, const struct trial *now, const struct trial *then)
{
	bool whole = now->rule_count + then->rule_count <= COMPARED_MAX;

	jsonw_key(j, "diff");
	jsonw_array(j);
	if (whole)
		whole = write_new(j, then, now, "-") && write_new(j, now, then, "+");
	jsonw_array_end(j);
	jsonw_kv_bool(j, "diff_whole", whole);
}

/* How much of what it does is known. */
static void write_coverage(struct api_request *r, const struct device *d)
{
	const struct learner *l = &r->pipeline->learner;
	struct jsonw *j = &r->json;
	struct learned_device ld;

	jsonw_key(j, "coverage");
	if (!learner_is_on(l, d) || learned_device_of(l->learned, &d->mac, &ld)) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_u64(j, "episodes", ld.all.episodes);
	jsonw_key(j, "contexts");
	jsonw_object(j);
	for (unsigned i = 0; i < LEARNED_CONTEXT_MAX; i++)
		jsonw_kv_u64(j, learned_context_name((enum learned_context)i), ld.episodes[i]);
	jsonw_object_end(j);
	jsonw_key(j, "unseen");
	api_write_unseen(j, &ld.all);
	jsonw_key(j, "not_seen");
	jsonw_array(j);
	for (unsigned i = 0; i < LEARNED_CONTEXT_MAX; i++)
		if (!ld.episodes[i])
			jsonw_string(j, learned_context_name((enum learned_context)i));
	jsonw_array_end(j);
	jsonw_kv_time(j, "since", ld.first);
	jsonw_object_end(j);
}

/* What waits for the owner: the first question that a policy hangs on, or else what was
 * learned. */
struct proposal {
	struct decision question; /* id 0: none */
	bool learned;
};

static int take_question(void *ctx, const struct decision *q)
{
	struct proposal *p = ctx;

	if (!p->question.id && q->answer == DECISION_OPEN && trial_knows(q->kind))
		p->question = *q;
	return 0;
}

static int find_proposal(struct api_request *r, const struct device *d, int64_t wanted,
	struct proposal *ret)
{
	static const enum decision_kind kinds[] = {DECISION_AUTHORITY, DECISION_SIGNER,
		DECISION_UNSIGNED, DECISION_ROLLBACK, DECISION_PREVIEW, DECISION_CONVERSATION};
	const struct household_device *hd =
		household_device(&r->pipeline->household, d->id);
	int error = 0;

	if (wanted) {
		error = store_decision_find(r->pipeline->store, (uint32_t)wanted, &ret->question);
		return !error && ret->question.device != d->id ? -ENOENT : error;
	}
	for (size_t i = 0; !error && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		error = store_decisions_of(
			r->pipeline->store, d->id, kinds[i], take_question, ret);
	ret->learned = !ret->question.id && hd && !hd->file && !hd->grant.pool;
	return error;
}

static int make_proposal(struct api_request *r, const struct device *d,
	const struct proposal *p, struct trial *ret, char why[LIMIT_TEXT])
{
	why[0] = 0;
	if (p->question.id)
		return trial_decision(r->pipeline, d, &p->question, ret, why);
	if (p->learned)
		return trial_learned(r->pipeline, d, ret, why);
	return -ENOENT;
}

static void write_waiting(struct jsonw *j, const struct proposal *p, int error,
	const char *why)
{
	const struct decision *q = &p->question;

	jsonw_key(j, "waiting");
	if (!q->id && error) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_string(j, "by",
		q->id && q->kind != DECISION_CONVERSATION ? "maker" : "learned");
	jsonw_kv_string(j, "kind", q->id ? decision_kind_name(q->kind) : "learned");
	jsonw_kv_untrusted(j, "text",
		q->id ? q->text : "What was learned of it can be put in force.");
	jsonw_kv_untrusted(j, "subject", q->id ? q->subject : NULL);
	jsonw_kv_time(j, "asked", q->asked);
	/* nobody can say yet what it comes to */
	jsonw_kv_untrusted(j, "problem", error ? why : NULL);
	jsonw_object_end(j);
}

static int write_sides(struct api_request *r, const struct device *d, uint32_t hours,
	const struct trial *now, const struct trial *then)
{
	struct jsonw *j = &r->json;
	struct effect e;
	int error;

	write_rules(j, "current", now);
	if (!then) {
		jsonw_key(j, "proposed");
		jsonw_null(j);
		jsonw_key(j, "diff");
		jsonw_null(j);
		jsonw_kv_bool(j, "diff_whole", true);
		jsonw_key(j, "effect");
		jsonw_null(j);
		return 0;
	}
	write_rules(j, "proposed", then);
	write_diff(j, now, then);
	error = effect_measure(r->pipeline, d, hours, now->is_enforced ? &now->policy : NULL,
		then->is_enforced ? &then->policy : NULL, &e);
	if (error)
		return error;
	jsonw_key(j, "effect");
	jsonw_object(j);
	write_effect(j, d, &e);
	jsonw_object_end(j);
	return 0;
}

static void write_review(struct api_request *r, const struct device *d, uint32_t hours,
	const struct proposal *p)
{
	struct trial now, then = {0};
	char why[LIMIT_TEXT];
	int error = trial_now(r->pipeline, d, &now);
	int missing = error ? error : make_proposal(r, d, p, &then, why);
	struct jsonw *j = &r->json;

	if (error) {
		fail(r, error, "");
		return;
	}
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.review/1");
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_u64(j, "id", d->id);
	write_waiting(j, p, missing, why);
	error = write_sides(r, d, hours, &now, missing ? NULL : &then);
	write_coverage(r, d);
	jsonw_key(j, "decision");
	if (p->question.id)
		jsonw_u64(j, p->question.id);
	else
		jsonw_null(j);
	jsonw_kv_bool(j, "learned", p->learned && !missing);
	jsonw_object_end(j);
	trial_free(&then);
	trial_free(&now);
	if (error)
		fail(r, error, "");
}

void api_view_review(struct api_request *r)
{
	struct device *d = api_device_as_is(r, r->object);
	int64_t hours = HOURS_DEFAULT, wanted = 0;
	struct proposal p = {0};
	int error;

	if (!d || !api_query_number(r, "hours", 1, HOURS_MAX, &hours) ||
		!api_query_number(r, "decision", 1, UINT32_MAX, &wanted))
		return;
	error = find_proposal(r, d, wanted, &p);
	if (error)
		fail(r, error, "there is no such question about it");
	else
		write_review(r, d, (uint32_t)hours, &p);
}
