// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that are held, why, what each may still do, and the owner's word about it. */
#include <errno.h>
#include <string.h>
#include "engine/api/api_priv.h"
#include "engine/held.h"
#include "base/str.h"

/* A file says what it keeps on once for each family; nobody wants to read it twice. */
#define SENTENCES_KNOWN 128

struct sentences {
	struct jsonw *json;
	struct hash_key key;
	uint64_t known[SENTENCES_KNOWN];
	size_t count;
};

static int write_sentence(void *ctx, const char *sentence, const struct update_host *host)
{
	struct sentences *s = ctx;
	uint64_t hash = hash_bytes(&s->key, sentence, strlen(sentence));

	(void)host;
	for (size_t i = 0; i < s->count; i++)
		if (s->known[i] == hash)
			return 0;
	if (s->count < SENTENCES_KNOWN)
		s->known[s->count++] = hash;
	jsonw_untrusted(s->json, str_untrusted(sentence));
	return 0;
}

/* What is left to it, or would be. */
static void write_still(struct api_request *r, const char *key, const struct device *d)
{
	struct sentences s = {.json = &r->json, .key = r->pipeline->key};

	jsonw_key(&r->json, key);
	jsonw_array(&r->json);
	(void)pipeline_held_allows(r->pipeline, d, write_sentence, &s);
	jsonw_array_end(&r->json);
}

void api_write_kept(struct api_request *r, struct device *d)
{
	write_still(r, "allowed_in_quarantine", d);
}

static void write_one(struct api_request *r, const struct device *d)
{
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_u64(j, "id", d->id);
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	api_write_life(j, r->pipeline, d);
	jsonw_kv_untrusted(j, "reason", d->quarantine);
	write_still(r, "still_on", d);
	jsonw_object_end(j);
}

void api_view_quarantine(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct device *d;

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.quarantine.list/1");
	jsonw_key(&r->json, "devices");
	jsonw_array(&r->json);
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		if (d->hold)
			write_one(r, d);
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

/* ---- the owner's word ---- */

/* code: to be said in the second step; or NULL. */
static void answer(struct api_request *r, struct device *d, const char *code, bool dry)
{
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.quarantine/1");
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	api_write_life(j, r->pipeline, d);
	jsonw_kv_untrusted(j, "reason", d->hold ? d->quarantine : NULL);
	jsonw_kv_bool(j, "dry_run", dry);
	jsonw_kv_string(j, "code", code);
	jsonw_kv_u64(j, "code_seconds", code ? LIVES_CODE_S : 0);
	api_write_kept(r, d);
	jsonw_object_end(j);
}

static void changed_held(struct api_request *r, const struct device *d)
{
	struct api_command cmd;
	char why[LIMIT_TEXT];

	(void)str_print(why, sizeof(why),
		"letting it out takes two steps: `cardea quarantine release '%s'`", d->name);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "quarantine", "add", d->name, "--reason",
			d->quarantine, NULL),
		.why_not = why},
		"You put %s in quarantine: %.150s", d->name, d->quarantine);
}

/* cause: why it was held; said: why it is let go, in the owner's words, or NULL. */
static void released(struct api_request *r, const struct device *d, const char *cause,
	const char *said)
{
	struct api_command cmd;
	struct api_path path;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "quarantine", "release", d->name, NULL),
		.path = api_path_of(&path, "quarantine", d),
		.undo = json_pack("{s:s}", "add", cause)},
		"You let %s out of quarantine%s%.80s%s; it had been held: %.100s", d->name,
		said ? " (" : "", said ? said : "", said ? ")" : "", cause);
}

static void release(struct api_request *r, struct device *d, const json_t *root, bool dry)
{
	const char *code = json_string_value(json_object_get(root, "code"));
	const char *said = json_string_value(json_object_get(root, "reason"));
	char next[LIVES_CODE_DIGITS + 1] = "", cause[LIMIT_TEXT];
	enum device_hold before = d->hold;
	struct life_step step;

	str_copy(cause, sizeof(cause), d->quarantine[0] ? d->quarantine : "as before");
	int error = pipeline_release(r->pipeline, d, code, dry, r->asker == d->id, next, &step);

	if (error)
		api_fail(r, r->asker == d->id ? 403 : 409,
			"`cardea device show` tells where it stands, and why",
			"%s is not released: %s", d->name, step.refused);
	else {
		if (!dry && before && !d->hold)
			released(r, d, cause, said);
		answer(r, d, next[0] ? next : NULL, dry);
	}
}

bool api_put_in_quarantine(struct api_request *r, struct device *d, const char *reason)
{
	int error = r->asker == d->id ? CARDEA_EREFUSED
				      : pipeline_quarantine(r->pipeline, d, reason);

	if (error == CARDEA_EMALFORMED)
		api_fail(r, 400, "say why, in 1 to 255 characters", "this is no reason");
	else if (error == CARDEA_EREFUSED)
		api_fail(r, 409, "`cardea device show` tells where it stands",
			"%s is %s: that cannot be put in quarantine", d->name,
			life_state_name(pipeline_life_of(r->pipeline, d)->state));
	else if (error)
		api_fail(r, 500, "look at the log", "%s", error_text(error));
	else
		changed_held(r, d);
	return !error;
}

static uint32_t hosts_of(struct api_request *r, const struct device *d)
{
	const struct household_device *hd = household_device(&r->pipeline->household, d->id);

	return hd ? (uint32_t)hd->update_count : 0;
}

/* text: the host, as it was written. */
static void hosted(struct api_request *r, const struct device *d,
	const struct update_host *host, const char *text, bool allow)
{
	const char *verb = allow ? "allow" : "disallow", *back = allow ? "disallow" : "allow";
	char words[UPDATE_HOST_WORDS_MAX], about[CHANGE_ABOUT_MAX];
	struct api_command cmd;
	struct api_path path;

	update_host_words(host, words);
	(void)!str_print(about, sizeof(about), "update host %s of %u", words, d->id);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "quarantine", verb, d->name, text, NULL),
		.about = about,
		.path = api_path_of(&path, "quarantine", d),
		.undo = json_pack("{s:s}", back, text)},
		allow ? "%s may fetch updates from %.120s while it is held."
		      : "%s may no longer fetch updates from %.120s while it is held.",
		d->name, words);
}

/* Where it may fetch updates, and no longer may. */
static void set_host(struct api_request *r, struct device *d, const char *text, bool allow,
	bool dry)
{
	struct update_host host;
	const char *why;
	uint32_t before;
	int error = 0;

	if (!update_host_parse(text, &host)) {
		api_fail(r, 400, "for example firmware.example.com or 192.0.2.7:8443",
			"that is no host");
		return;
	}
	host.source = UPDATE_OWNER;
	why = allow ? pipeline_update_host_why(r->pipeline, d, &host) : NULL;
	if (why) {
		api_fail(r, 409, "name a host that has nothing but updates", "%s %s", text, why);
		return;
	}
	before = hosts_of(r, d);
	if (!dry)
		error = allow ? pipeline_update_host_add(r->pipeline, d, &host)
			      : pipeline_update_host_remove(r->pipeline, d, &host);
	if (error == -ENOENT)
		api_fail(r, 404, "`cardea device show` lists what you allowed",
			"you have not allowed that to %s", d->name);
	else if (error)
		api_fail(r, error == CARDEA_ELIMIT ? 409 : 500, "take one away first",
			"%s", error_text(error));
	else {
		if (before != hosts_of(r, d))
			hosted(r, d, &host, text, allow);
		answer(r, d, NULL, dry);
	}
}

static void change(struct api_request *r, struct device *d, const json_t *root)
{
	const char *reason = json_string_value(json_object_get(root, "add"));
	const char *allow = json_string_value(json_object_get(root, "allow"));
	const char *disallow = json_string_value(json_object_get(root, "disallow"));
	bool dry = json_is_true(json_object_get(root, "dry_run"));

	if (reason && dry)
		answer(r, d, NULL, true);
	else if (reason && api_put_in_quarantine(r, d, reason))
		answer(r, d, NULL, false);
	else if (reason)
		return;
	else if (json_is_true(json_object_get(root, "release")))
		release(r, d, root, dry);
	else if ((allow || disallow) && r->asker != d->id)
		set_host(r, d, allow ? allow : disallow, allow != NULL, dry);
	else
		api_fail(r, 400,
			"send {\"release\":true}, the same with \"code\", "
			"{\"add\":\"why\"}, {\"allow\":\"HOST\"} or "
			"{\"disallow\":\"HOST\"}",
			"the body says nothing that can be done");
}

void api_change_quarantine(struct api_request *r)
{
	struct device *d = api_device(r, r->object);
	json_t *root = d ? api_body(r) : NULL;

	if (root)
		change(r, d, root);
	json_decref(root);
}
