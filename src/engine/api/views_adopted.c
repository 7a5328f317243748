// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles that the owner puts in force himself: brought, shown, taken back. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/adopt.h"
#include "engine/api/api_priv.h"

#define NEXT_BODY "send {\"device\":D,\"text\":PROFILE,\"binding\":BINDING,\"dry_run\":false}"

static void write_members(struct jsonw *j, const struct device *d,
	const struct household_grant *g, bool in_force)
{
	unsigned counts[RULE_STATUS_MAX] = {0};

	for (size_t i = 0; i < g->count; i++)
		counts[g->rules[i].status]++;
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_string(j, "form", adopt_form_name(g->form));
	jsonw_kv_string(j, "source", layer_name(g->layer));
	jsonw_kv_time(j, "taken", g->when);
	jsonw_kv_bool(j, "in_force", in_force);
	jsonw_kv_u64(j, "rules", g->count);
	jsonw_kv_u64(j, "approximated", counts[RULE_APPROXIMATED]);
	jsonw_kv_u64(j, "not_enforced",
		counts[RULE_NOT_YET] + counts[RULE_UNENFORCEABLE]);
}

/* As the profile says them: which of them answer others, the policy works out. */
static void write_rules(struct jsonw *j, const struct household_grant *g)
{
	char sentence[RULE_SENTENCE_MAX];

	jsonw_key(j, "list");
	jsonw_array(j);
	for (size_t i = 0; i < g->count; i++) {
		const struct rule *r = &g->rules[i];

		jsonw_object(j);
		jsonw_kv_untrusted(j, "sentence", rule_sentence(r, sentence));
		jsonw_kv_string(j, "status", rule_status_name(r->status));
		jsonw_kv_untrusted(j, "detail", r->detail);
		jsonw_kv_untrusted(j, "acl", r->acl);
		jsonw_kv_untrusted(j, "ace", r->ace);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void write_one(struct api_request *r, const struct device *d,
	const struct household_grant *g, bool in_force)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.profile/1");
	write_members(&r->json, d, g, in_force);
	write_rules(&r->json, g);
	jsonw_object_end(&r->json);
}

static const struct household_grant *grant_of(struct pipeline *p, const struct device *d)
{
	const struct household_device *hd = household_device(&p->household, d->id);

	return hd && hd->grant.pool ? &hd->grant : NULL;
}

void api_view_adopted(struct api_request *r)
{
	struct device *only = NULL, *d;

	if (!api_query_device(r, &only))
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.profile.list/1");
	jsonw_key(&r->json, "profiles");
	jsonw_array(&r->json);
	for (size_t i = 0; (d = inventory_at(r->pipeline->inventory, i)); i++) {
		const struct household_grant *g = grant_of(r->pipeline, d);

		if (!g || (only && only != d))
			continue;
		jsonw_object(&r->json);
		write_members(&r->json, d, g, device_is_enforced(d));
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

/* What is wrong with the body, or NULL. */
static const char *read_body(const json_t *root, struct adopted *a)
{
	const json_t *text = json_object_get(root, "text");
	const json_t *binding = json_object_get(root, "binding");
	const char *layer = json_string_value(json_object_get(root, "source"));

	*a = (struct adopted){.layer = LAYER_OWNER};
	if (!json_is_string(text))
		return "the profile's text is missing";
	a->text = json_string_value(text);
	a->text_len = json_string_length(text);
	if (layer && strcmp(layer, layer_name(LAYER_LEARNED)) == 0)
		a->layer = LAYER_LEARNED;
	else if (layer && strcmp(layer, layer_name(LAYER_OWNER)) != 0)
		return "the source of such a profile is \"owner\" or \"learned\"";
	if (!binding || json_is_null(binding))
		return NULL;
	if (!json_is_string(binding))
		return "the binding is no text";
	a->form = ADOPT_EXTENDED;
	a->binding = json_string_value(binding);
	a->binding_len = json_string_length(binding);
	return NULL;
}

static void refuse(struct api_request *r, const struct adopted *a, int error,
	const char *why)
{
	unsigned status = error == CARDEA_EMALFORMED || error == CARDEA_ELIMIT ? 400 : 500;

	api_fail(r, status,
		status == 500	       ? "look at the log"
		: a->form == ADOPT_MUD ? "`cardea mud lint FILE` says all that is wrong; a "
					 "template wants --binding"
				       : "`cardea profile bind TEMPLATE BINDING` tries it",
		"%s", why);
}

static void try_it(struct api_request *r, const struct device *d, const struct adopted *a)
{
	struct pool *pool = pool_new("adopted", ADOPT_POOL_BYTES);
	struct household_grant g = {.form = a->form, .layer = a->layer};
	struct adopt_rules rules = {0};
	char why[LIMIT_TEXT] = "no memory";
	int error = pool ? adopt_read(d, a, pool, &rules, why) : -ENOMEM;

	g.rules = rules.rules;
	g.count = rules.count;
	g.when = pipeline_wall(r->pipeline);
	if (error)
		refuse(r, a, error, why);
	else
		write_one(r, d, &g, false);
	pool_free(pool);
}

/* ---- the way back ---- */

/* The request that puts in force what is now; NULL: nothing is, or there is no memory. */
static json_t *again(struct pipeline *p, const struct device *d)
{
	const struct adopted *a = grant_of(p, d) ? pipeline_adopted(p, d) : NULL;
	char mac[MAC_TEXT_MAX];
	json_t *undo;

	if (!a)
		return NULL;
	undo = json_pack("{s:s, s:s%, s:s}", "device", mac_format(&d->mac, mac), "text", a->text,
		a->text_len, "source", layer_name(a->layer));
	if (undo && a->form == ADOPT_EXTENDED)
		json_object_set_new(
			undo, "binding", json_stringn(a->binding, a->binding_len));
	pipeline_adopted_forget(p);
	return undo;
}

/* undo: from before, taken. */
static void enforced(struct api_request *r, const struct device *d, json_t *undo,
	const struct adopted *a)
{
	char about[CHANGE_ABOUT_MAX];
	struct api_command cmd;
	struct api_path path;
	bool first = !undo;

	(void)!str_print(about, sizeof(about), "profile of %u", d->id);
	api_changed_by(r, &(struct api_change){
		.command = a->layer == LAYER_LEARNED
				   ? api_command(&cmd, "profile", "approve", d->name, NULL)
				   : api_command(&cmd, "profile", "enforce", d->name,
					     "FILE", NULL),
		.about = about,
		.path = first ? api_path_of(&path, "profiles", d) : "/v1/profiles",
		.undo = first ? json_pack("{s:b}", "remove", true) : undo},
		a->layer == LAYER_LEARNED
			? "You put in force for %s what was learned of it."
			: "You put a profile in force for %s.", d->name);
}

static void abandoned(struct api_request *r, const struct device *d, json_t *undo)
{
	char about[CHANGE_ABOUT_MAX];
	struct api_command cmd;

	(void)!str_print(about, sizeof(about), "profile of %u", d->id);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "profile", "abandon", d->name, NULL),
		.about = about,
		.path = undo ? "/v1/profiles" : NULL,
		.undo = undo,
		.why_not = "its text could not be kept"},
		"You took the profile back that you had put in force for %s.", d->name);
}

static void put(struct api_request *r, struct device *d, const struct adopted *a)
{
	json_t *undo = again(r->pipeline, d);
	char why[LIMIT_TEXT];
	int error = pipeline_adopt(r->pipeline, d, a, why);

	if (error) {
		json_decref(undo);
		refuse(r, a, error, why);
		return;
	}
	enforced(r, d, undo, a);
	write_one(r, d, grant_of(r->pipeline, d), device_is_enforced(d));
}

void api_adopt_text(
	struct api_request *r, struct device *d, const struct adopted *a, bool dry)
{
	if (dry)
		try_it(r, d, a);
	else
		put(r, d, a);
}

void api_adopt(struct api_request *r)
{
	json_t *root = api_body(r);
	const char *name = json_string_value(json_object_get(root, "device"));
	struct device *d = name ? api_device(r, name) : NULL;
	const char *wrong;
	struct adopted a;

	if (root && !name)
		api_fail(r, 400, NEXT_BODY, "no device is named");
	if (d) {
		wrong = read_body(root, &a);
		if (wrong)
			api_fail(r, 400, NEXT_BODY, "%s", wrong);
		else
			api_adopt_text(r, d, &a,
				json_is_true(json_object_get(root, "dry_run")));
	}
	json_decref(root);
}

static void abandon(struct api_request *r, struct device *d, bool dry)
{
	const struct household_grant *g = grant_of(r->pipeline, d);
	int error = g ? 0 : -ENOENT;
	json_t *undo = g && !dry ? again(r->pipeline, d) : NULL;

	if (g) {
		write_one(r, d, g, dry && device_is_enforced(d));
		error = dry ? 0 : pipeline_abandon(r->pipeline, d);
	}
	if (!error && !dry)
		abandoned(r, d, undo);
	else
		json_decref(undo);
	if (error == -ENOENT)
		api_fail(r, 404, "`cardea policy show DEVICE` says what is",
			"you have put no profile in force for %.60s", d->name);
	else if (error)
		api_fail(r, 500, "look at the log", "nothing has changed for %.60s: %s",
			d->name, error_text(error));
}

void api_change_adopted(struct api_request *r)
{
	json_t *root = api_body(r);
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	bool remove = json_is_true(json_object_get(root, "remove"));
	struct device *d = root ? api_device(r, r->object) : NULL;

	json_decref(root);
	if (!d)
		return;
	if (remove)
		abandon(r, d, dry);
	else
		api_fail(r, 400, "send {\"remove\":true}", "the body asks for nothing");
}
