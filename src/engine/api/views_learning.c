// SPDX-License-Identifier: GPL-2.0-or-later
/* What is learned while it happens: of all devices, of one, as files, and put in force. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/learner_extended.h"

#define NEXT_BODY                                                                      \
	"send {\"learn\":true|false}, {\"again\":true}, {\"episode\":true} or "        \
	"{\"approve\":true,\"now\":false,\"interactions\":false,\"dry_run\":false}"
#define PERCENT 100.0

/* False after an error reply. */
static bool is_enabled(struct api_request *r)
{
	if (r->pipeline->learner.learned)
		return true;
	api_fail(r, 409, "set enabled = true in [learn] of the settings, and restart",
		"learning is off");
	return false;
}

/* ---- all devices ---- */

static void write_counts(struct jsonw *j, const struct learner *l)
{
	const struct message_observe_counts *n = &l->counts;

	jsonw_key(j, "observed");
	jsonw_object(j);
	jsonw_kv_u64(j, "packets", n->packets);
	jsonw_kv_u64(j, "dropped", n->dropped);
	jsonw_kv_u64(j, "malformed", n->malformed);
	jsonw_kv_u64(j, "conversations", n->flows);
	jsonw_kv_u64(j, "evicted", n->evicted);
	jsonw_kv_u64(j, "records", n->records);
	jsonw_kv_u64(j, "held_back", n->held_back);
	jsonw_kv_u64(j, "lost", n->lost);
	jsonw_kv_u64(j, "strangers", l->strangers);
	jsonw_kv_u64(j, "crowded", l->crowded);
	jsonw_object_end(j);
}

/* Nothing is known of it until its first record. */
static void device_of(const struct learner *l, const struct device *d,
	struct learned_device *ret)
{
	if (learned_device_of(l->learned, &d->mac, ret))
		*ret = (struct learned_device){.mac = d->mac};
}

static void write_row(struct jsonw *j, const struct learner *l, const struct device *d)
{
	struct learned_device ld;

	device_of(l, d, &ld);
	jsonw_object(j);
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_bool(j, "learned", learner_is_on(l, d));
	learn_device_json(&ld, j);
	jsonw_object_end(j);
}

void api_write_unseen(struct jsonw *j, const struct learned_unseen *u)
{
	bool known = u->state != LEARNED_UNKNOWN;

	jsonw_object(j);
	jsonw_kv_string(j, "state", learned_state_name(u->state));
	jsonw_key(j, "share");
	if (known)
		jsonw_decimal(j, u->share);
	else
		jsonw_null(j);
	jsonw_key(j, "bound");
	if (known)
		jsonw_decimal(j, u->bound);
	else
		jsonw_null(j);
	jsonw_object_end(j);
}

void api_view_learnings(struct api_request *r)
{
	const struct learner *l = &r->pipeline->learner;
	struct jsonw *j = &r->json;
	const struct device *d;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.learning.list/1");
	jsonw_kv_bool(j, "enabled", l->learned != NULL);
	jsonw_kv_time(j, "saved", l->saved);
	jsonw_kv_u64(j, "state_bytes", l->saved_bytes);
	write_counts(j, l);
	jsonw_key(j, "devices");
	jsonw_array(j);
	for (size_t i = 0; l->learned && (d = inventory_at(r->pipeline->inventory, i)); i++)
		write_row(j, l, d);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

/* ---- one ---- */

static void write_maker(struct jsonw *j, const struct household_device *hd)
{
	jsonw_key(j, "maker");
	if (!hd || !hd->source) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_untrusted(j, "url", hd->source->url);
	jsonw_kv_string(j, "layer", layer_name(hd->source->profile.layer));
	jsonw_kv_u64(j, "rules", hd->rule_count);
	jsonw_kv_time(j, "last_update", hd->last_update);
	jsonw_object_end(j);
}

static void write_adopted(struct jsonw *j, const struct household_device *hd)
{
	jsonw_key(j, "adopted");
	if (!hd || !hd->grant.pool) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_string(j, "form", adopt_form_name(hd->grant.form));
	jsonw_kv_string(j, "layer", layer_name(hd->grant.layer));
	jsonw_kv_u64(j, "rules", hd->grant.count);
	jsonw_kv_time(j, "taken", hd->grant.when);
	jsonw_object_end(j);
}

/* Whose words make its policy, each as short as can be. */
static void write_layers(struct jsonw *j, struct pipeline *p, const struct device *d)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	char text[PIPELINE_OVERLAY_TEXT];

	jsonw_key(j, "layers");
	jsonw_object(j);
	jsonw_kv_string(j, "state", device_state_name(d->state));
	write_maker(j, hd);
	write_adopted(j, hd);
	jsonw_key(j, "owner");
	jsonw_array(j);
	for (size_t i = 0; hd && i < hd->overlay_count; i++)
		jsonw_untrusted(j,
			str_untrusted(pipeline_overlay_text(&hd->overlays[i], text)));
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void write_rules(struct jsonw *j, const struct learn_profile *p)
{
	char sentence[RULE_SENTENCE_MAX];

	jsonw_key(j, "list");
	jsonw_array(j);
	for (size_t i = 0; i < p->rule_count; i++) {
		jsonw_object(j);
		jsonw_kv_untrusted(j, "sentence", rule_sentence(&p->rules[i], sentence));
		jsonw_kv_untrusted(j, "evidence", p->rules[i].detail);
		jsonw_kv_string(j, "in_mud",
			p->says ? maker_said_name(p->says[i].said) : NULL);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void write_kinds(struct jsonw *j, const struct learn_profile *p)
{
	jsonw_key(j, "conversations");
	jsonw_array(j);
	for (size_t i = 0; i < p->general.count; i++)
		learn_kind_json(&p->general.list[i], j);
	jsonw_array_end(j);
}

static void write_one(struct api_request *r, const struct device *d,
	const struct learn_profile *p)
{
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.learning/1");
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_bool(j, "learned", learner_is_on(&r->pipeline->learner, d));
	learn_profile_json(p, NULL, j);
	write_layers(j, r->pipeline, d);
	write_rules(j, p);
	write_kinds(j, p);
	(void)!learner_interactions_json(&r->pipeline->learner, d, j); /* no memory: none */
	jsonw_object_end(j);
}

static void write_state(struct api_request *r, const struct device *d)
{
	struct learned_device ld;
	struct jsonw *j = &r->json;

	device_of(&r->pipeline->learner, d, &ld);
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.learning/1");
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_bool(j, "learned", learner_is_on(&r->pipeline->learner, d));
	learn_device_json(&ld, j);
	write_layers(j, r->pipeline, d);
	jsonw_object_end(j);
}

/* Null each where there is none. */
static void write_extended(struct api_request *r, const struct learn_profile *p)
{
	struct jsonw *j = &r->json;
	struct learn_extended x;
	int error = learner_extended_make(&r->pipeline->learner, p, &x);

	jsonw_kv_untrusted(j, "template", x.template);
	jsonw_kv_untrusted(j, "binding", x.binding);
	jsonw_kv_string(j, "extended_problem", x.problem[0] ? x.problem
		: error				  ? error_text(error)
						  : NULL);
	learn_extended_free(&x);
}

static void write_export(struct api_request *r, const struct device *d,
	const struct learn_profile *p)
{
	struct jsonw *j = &r->json;
	char mac[MAC_TEXT_MAX], file[MAC_TEXT_MAX + 8];

	mac_format(&d->mac, mac);
	for (char *c = mac; *c; c++)
		if (*c == ':')
			*c = '-';
	(void)str_print(file, sizeof(file), "%s.json", mac);
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.learning.export/1");
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_string(j, "file", file);
	jsonw_kv_untrusted(j, "mud", p->mud);
	jsonw_key(j, "evidence");
	learn_evidence_json(p, p->mud ? file : NULL, j);
	jsonw_kv_string(j, "problem", p->problem[0] ? p->problem : NULL);
	write_extended(r, p);
	jsonw_object_end(j);
}

/* What was learned of it. -ENOENT: nothing yet. *ret wants learn_profile_free. */
static int make(struct pipeline *p, const struct device *d, struct learn_profile *ret)
{
	struct learn_source s = learner_source(&p->learner, d);

	return learn_profile_of(&s, &d->mac, pipeline_wall(p), ret);
}

static void no_profile(struct api_request *r, const struct device *d, int error)
{
	if (error == -ENOENT)
		api_fail(r, 404, "it is learned as it talks; see `cardea profile learn`",
			"nothing was learned of %.60s yet", d->name);
	else
		api_fail(r, 500, "look at the log", "what was learned of %.60s: %s",
			d->name, error_text(error));
}

void api_view_learning(struct api_request *r)
{
	struct device *d = is_enabled(r) ? api_device(r, r->object) : NULL;
	struct learn_profile p = {0};
	int64_t export = 0;
	int error;

	if (!d || !api_query_number(r, "export", 0, 1, &export))
		return;
	error = make(r->pipeline, d, &p);
	if (!error && export)
		write_export(r, d, &p);
	else if (!error)
		write_one(r, d, &p);
	else if (error == -ENOENT && !export)
		write_state(r, d);
	else
		no_profile(r, d, error);
	learn_profile_free(&p);
}

/* ---- what can be asked for ---- */

/* "12 % of what it does was not seen yet, 30 % at most" */
static void unseen_text(const struct learned_unseen *u, char *buf, size_t size)
{
	if (u->state == LEARNED_UNKNOWN)
		(void)str_print(buf, size, "%u episodes of the %d that an estimate needs",
			u->episodes, LEARNED_EPISODES_LEAST);
	else
		(void)str_print(buf, size,
			"%.1f %% of what it does was not seen yet, %.1f %% at most",
			u->share * PERCENT, u->bound * PERCENT);
}

static void adopt_mud(struct api_request *r, struct device *d,
	const struct learn_profile *p, bool dry)
{
	const struct adopted a = {.layer = LAYER_LEARNED,
		.text = p->mud,
		.text_len = p->mud ? strlen(p->mud) : 0};

	if (p->mud)
		api_adopt_text(r, d, &a, dry);
	else
		api_fail(r, 409, "`cardea profile learn DEVICE` shows what it does",
			"there is no MUD file of %.60s: %s", d->name, p->problem);
}

/* With what it does only after something else: that is then all that it may do so. */
static void adopt_extended(struct api_request *r, struct device *d,
	const struct learn_profile *p, bool dry)
{
	struct learn_extended x;
	int error = learner_extended_make(&r->pipeline->learner, p, &x);
	const struct adopted a = {.form = ADOPT_EXTENDED,
		.layer = LAYER_LEARNED,
		.text = x.template,
		.text_len = x.template ? strlen(x.template) : 0,
		.binding = x.binding,
		.binding_len = x.binding ? strlen(x.binding) : 0};

	if (error || !x.template)
		api_fail(r, 409, "approve it without interactions",
			"there is no extended profile of %.60s: %s", d->name,
			x.problem[0] ? x.problem : error_text(error));
	else
		api_adopt_text(r, d, &a, dry);
	learn_extended_free(&x);
}

struct approval {
	bool now, interactions, dry;
};

static void approve(struct api_request *r, struct device *d, struct approval how)
{
	struct learn_profile p = {0};
	int error = make(r->pipeline, d, &p);
	char unseen[LIMIT_TEXT];

	if (error) {
		no_profile(r, d, error);
	} else if (!p.rule_count) { /* it would cut the device off */
		no_profile(r, d, -ENOENT);
	} else if (p.device.all.state < LEARNED_SETTLED && !how.now) {
		unseen_text(&p.device.all, unseen, sizeof(unseen));
		api_fail(r, 409,
			"watch on, use the device, and see what was not seen with `cardea "
			"profile learn DEVICE`; or say --now",
			"%.60s is %s, not settled: %s", d->name,
			learned_state_name(p.device.all.state), unseen);
	} else if (how.interactions) {
		adopt_extended(r, d, &p, how.dry);
	} else {
		adopt_mud(r, d, &p, how.dry);
	}
	learn_profile_free(&p);
}

static void noted(struct api_request *r, const struct device *d, bool learn)
{
	struct api_command cmd;
	struct api_path path;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "profile", "learn", d->name,
			learn ? "--start" : "--stop", NULL),
		.path = api_path_of(&path, "learning", d),
		.undo = json_pack("{s:b}", "learn", !learn)},
		learn ? "%s is learned." : "%s is learned no more.", d->name);
}

static void noted_again(struct api_request *r, const struct device *d)
{
	struct api_command cmd;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "profile", "learn", d->name, "--again", NULL),
		.why_not = "what was learned is forgotten; it is learned anew"},
		"You had what was learned of %s forgotten.", d->name);
}

static void changed(struct api_request *r, const struct device *d, int error)
{
	if (error == -ENOTCONN || error == -EAGAIN)
		api_fail(r, 503, "try again in a few seconds",
			"the sensor cannot be asked what is under way");
	else if (error)
		api_fail(r, 500, "look at the log", "nothing has changed for %.60s: %s",
			d->name, error_text(error));
	else
		write_state(r, d);
}

static void set_learned(struct api_request *r, struct device *d, bool learn)
{
	bool before = learner_is_on(&r->pipeline->learner, d);
	int error = learner_set(&r->pipeline->learner, d, learn);

	if (!error && before != learner_is_on(&r->pipeline->learner, d))
		noted(r, d, learn);
	changed(r, d, error);
}

static void again(struct pipeline *p, const struct device *d)
{
	learner_again(&p->learner, &d->mac);
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_LEARNED,
		"You had what was learned of %s forgotten; it is learned anew.", d->name);
}

static void act(struct api_request *r, struct device *d, const json_t *body)
{
	struct pipeline *p = r->pipeline;
	const json_t *learn = json_object_get(body, "learn");

	if (json_is_true(json_object_get(body, "approve"))) {
		approve(r, d, (struct approval){
			.now = json_is_true(json_object_get(body, "now")),
			.interactions = json_is_true(json_object_get(body, "interactions")),
			.dry = json_is_true(json_object_get(body, "dry_run"))});
	} else if (json_is_boolean(learn)) {
		set_learned(r, d, json_is_true(learn));
	} else if (json_is_true(json_object_get(body, "again"))) {
		again(p, d);
		noted_again(r, d);
		changed(r, d, 0);
	} else if (json_is_true(json_object_get(body, "episode"))) {
		changed(r, d, learner_cut(&p->learner, d));
	} else {
		api_fail(r, 400, NEXT_BODY, "the body asks for nothing");
	}
}

void api_change_learning(struct api_request *r)
{
	json_t *root = api_body(r);
	struct device *d = NULL;

	if (root && is_enabled(r))
		d = api_device(r, r->object);
	if (d)
		act(r, d, root);
	json_decref(root);
}
