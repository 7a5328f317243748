// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device was configured with, what the house says of it, and who takes its place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/replace.h"
#include "engine/vault.h"

#define NEXT_PUT "send {\"name\":N,\"bytes\":HEX}, or {\"remove\":VERSION}"

/* For free(); NULL when it is none. */
static uint8_t *from_hex(const char *hex, size_t *ret_len)
{
	size_t digits = strlen(hex);
	uint8_t *out = digits ? malloc(digits / 2 + 1) : NULL;

	*ret_len = digits / 2;
	if (out && !str_from_hex(hex, digits, out, digits / 2)) {
		free(out);
		return NULL;
	}
	return out;
}

/* ---- the vault ---- */

static int write_version(void *ctx, const struct store_vault *v)
{
	struct jsonw *j = ctx;
	char hex[65];

	str_to_hex(v->sha256, sizeof(v->sha256), hex);
	jsonw_object(j);
	jsonw_kv_u64(j, "version", v->version);
	jsonw_kv_untrusted(j, "name", v->name);
	jsonw_kv_time(j, "at", v->at);
	jsonw_kv_u64(j, "bytes", v->bytes);
	jsonw_kv_string(j, "sha256", hex);
	jsonw_object_end(j);
	return 0;
}

static void write_versions(struct api_request *r, const struct device *d)
{
	jsonw_key(&r->json, "versions");
	jsonw_array(&r->json);
	(void)!vault_list(r->pipeline, d, write_version, &r->json);
	jsonw_array_end(&r->json);
}

static void write_vault(struct api_request *r, const struct device *d)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.vault/1");
	jsonw_kv_untrusted(&r->json, "device", d->name);
	jsonw_kv_mac(&r->json, "mac", &d->mac);
	write_versions(r, d);
	jsonw_object_end(&r->json);
}

static void fail(struct api_request *r, const struct device *d, int error)
{
	if (error == -ENOENT)
		api_fail(r, 404, "`cardea device vault list DEVICE` shows what is there",
			"the vault of %s has no such version", d->name);
	else if (error == -ENOKEY)
		api_fail(r, 409, "put vault.key back into the state folder, readable by its "
				 "owner alone",
			"the key of the vault is gone: what is in it cannot be read");
	else if (error == CARDEA_ESIGNATURE)
		api_fail(r, 409, "remove that version",
			"it was changed, or is another device's: it is not given out");
	else if (error == CARDEA_ELIMIT)
		api_fail(r, 413, "a version has at most 256 KiB, all together 32 MiB",
			"this is too much for the vault");
	else if (error == CARDEA_EMALFORMED)
		api_fail(r, 400, NEXT_PUT, "it has no name, or nothing in it");
	else
		api_fail(r, 500, "look at the log", "nothing has changed: %s",
			error_text(error));
}

static void give(struct api_request *r, const struct device *d, uint32_t version)
{
	struct store_vault v;
	uint8_t *bytes;
	size_t len;
	char *hex;
	int error = vault_get(r->pipeline, d, version, &bytes, &len, &v);

	if (error) {
		fail(r, d, error);
		return;
	}
	hex = malloc(2 * len + 1);
	if (hex) {
		str_to_hex(bytes, len, hex);
		jsonw_object(&r->json);
		jsonw_kv_string(&r->json, "schema", "cardea.vault.version/1");
		jsonw_kv_untrusted(&r->json, "device", d->name);
		jsonw_kv_u64(&r->json, "version", v.version);
		jsonw_kv_untrusted(&r->json, "name", v.name);
		jsonw_kv_string(&r->json, "content", hex);
		jsonw_object_end(&r->json);
	} else {
		fail(r, d, -ENOMEM);
	}
	explicit_bzero(bytes, len);
	free(bytes);
	free(hex);
}

void api_view_vault(struct api_request *r)
{
	int64_t version = -1;
	struct device *d;

	if (!api_is_owner(r) || !api_query_number(r, "version", 0, UINT32_MAX, &version) ||
		!(d = api_device_as_is(r, r->object)))
		return;
	if (version >= 0)
		give(r, d, (uint32_t)version);
	else
		write_vault(r, d);
}

static void noted_put(
	struct api_request *r, const struct device *d, const char *name, uint32_t version)
{
	char about[CHANGE_ABOUT_MAX];
	struct api_command cmd;
	struct api_path path;

	(void)!str_print(about, sizeof(about), "version %u of vault %u", version, d->id);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "device", "vault", "put", d->name, "FILE",
			"--name", name, NULL),
		.about = about,
		.path = api_path_of(&path, "vaults", d),
		.undo = json_pack("{s:I}", "remove", (json_int_t)version)},
		"You put %.60s into the vault of %s, as version %u.", name, d->name, version);
}

static void noted_removed(struct api_request *r, const struct device *d, uint32_t version)
{
	struct api_command cmd;
	char number[16];

	(void)!str_print(number, sizeof(number), "%u", version);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "device", "vault", "remove", d->name, "--number",
			number, NULL),
		.why_not = "what was taken out of the vault is gone"},
		"You took version %s out of the vault of %s.", number, d->name);
}

static void take(struct api_request *r, struct device *d, const char *name,
	const char *hex, bool dry)
{
	size_t len = 0;
	uint8_t *bytes = from_hex(hex, &len);
	uint32_t version;
	int error = bytes ? 0 : CARDEA_EMALFORMED;

	if (!error && dry)
		error = len > VAULT_BYTES_MAX ? CARDEA_ELIMIT : 0;
	else if (!error)
		error = vault_put(r->pipeline, d, name, bytes, len, &version);
	if (!error && !dry)
		noted_put(r, d, name, version);
	if (bytes)
		explicit_bzero(bytes, len);
	free(bytes);
	if (error)
		fail(r, d, error);
	else
		write_vault(r, d);
}

void api_change_vault(struct api_request *r)
{
	struct device *d = api_is_owner(r) ? api_device_as_is(r, r->object) : NULL;
	json_t *root = d ? api_body(r) : NULL;
	const char *name = json_string_value(json_object_get(root, "name"));
	const char *hex = json_string_value(json_object_get(root, "bytes"));
	json_int_t version = json_integer_value(json_object_get(root, "remove"));
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	int error = 0;

	if (root && name && hex) {
		take(r, d, name, hex, dry);
	} else if (root && version > 0 && version <= UINT32_MAX) {
		if (!dry)
			error = vault_remove(r->pipeline, d, (uint32_t)version);
		if (!dry && !error)
			noted_removed(r, d, (uint32_t)version);
		if (error)
			fail(r, d, error);
		else
			write_vault(r, d);
	} else if (root) {
		api_fail(r, 400, NEXT_PUT, "the body asks for nothing");
	}
	json_decref(root);
}

/* ---- what the house says of it ---- */

static void write_overlays(struct jsonw *j, const struct household_device *hd)
{
	char text[PIPELINE_OVERLAY_TEXT];

	jsonw_key(j, "overlays");
	jsonw_array(j);
	for (size_t i = 0; hd && i < hd->overlay_count; i++)
		jsonw_untrusted(j,
			str_untrusted(pipeline_overlay_text(&hd->overlays[i], text)));
	jsonw_array_end(j);
}

static void write_controllers(struct api_request *r, const struct device *d)
{
	const struct classes *c = &r->pipeline->classes;

	jsonw_key(&r->json, "controllers");
	jsonw_array(&r->json);
	for (size_t i = 0; i < c->said_count; i++) {
		const struct store_controller *s = &c->said[i];
		const struct device *of = inventory_by_id(r->pipeline->inventory, s->device);
		const struct device *is = inventory_by_id(r->pipeline->inventory, s->target);

		if (s->device != d->id && s->target != d->id)
			continue;
		jsonw_object(&r->json);
		jsonw_kv_untrusted(&r->json, "class", s->class);
		jsonw_kv_untrusted(&r->json, "of", of ? of->name : NULL);
		if (is)
			jsonw_kv_untrusted(&r->json, "is", is->name);
		else
			jsonw_kv_addr(&r->json, "is", &s->addr);
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
}

static void write_adopted(struct api_request *r, struct device *d)
{
	const struct adopted *a = pipeline_adopted(r->pipeline, d);

	jsonw_key(&r->json, "profile");
	if (!a) {
		jsonw_null(&r->json);
		return;
	}
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "form", adopt_form_name(a->form));
	jsonw_kv_string(&r->json, "source", layer_name(a->layer));
	jsonw_key(&r->json, "text");
	jsonw_untrusted(&r->json, (struct untrusted_str){a->text, a->text_len});
	jsonw_key(&r->json, "binding");
	jsonw_untrusted(&r->json, (struct untrusted_str){a->binding, a->binding_len});
	jsonw_object_end(&r->json);
}

static void write_updates(struct jsonw *j, const struct household_device *hd)
{
	char words[UPDATE_HOST_WORDS_MAX];

	jsonw_key(j, "update_hosts");
	jsonw_array(j);
	for (size_t i = 0; hd && i < hd->update_count; i++) {
		jsonw_object(j);
		jsonw_kv_untrusted(j, "host", update_host_words(&hd->updates[i], words));
		jsonw_kv_string(j, "source", update_source_name(hd->updates[i].source));
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

void api_view_view(struct api_request *r)
{
	struct device *d = api_is_owner(r) ? api_device_as_is(r, r->object) : NULL;
	const struct household_device *hd =
		d ? household_device(&r->pipeline->household, d->id) : NULL;
	const struct advisories_device *ad =
		d ? advisories_known(&r->pipeline->advisories, d->id) : NULL;

	if (!d)
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.view/1");
	jsonw_kv_untrusted(&r->json, "name", d->name);
	jsonw_kv_bool(&r->json, "named_by_owner", d->named_by_owner);
	jsonw_kv_mac(&r->json, "mac", &d->mac);
	jsonw_kv_string(&r->json, "class", device_class_name(d->class));
	jsonw_kv_untrusted(&r->json, "mud_url", d->mud_url);
	jsonw_kv_string(&r->json, "url_source", url_source_name(d->url_source));
	jsonw_kv_bool(&r->json, "confirmed", d->confirmed);
	jsonw_kv_untrusted(&r->json, "firmware", ad ? ad->firmware.label : "");
	write_overlays(&r->json, hd);
	write_controllers(r, d);
	write_adopted(r, d);
	write_updates(&r->json, hd);
	write_versions(r, d);
	jsonw_object_end(&r->json);
}

/* ---- places ---- */

static void write_part(struct jsonw *j, const char *key, const struct replace_report *p,
	bool carried)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < p->count; i++)
		if (p->said[i].carried == carried)
			jsonw_untrusted(j, str_untrusted(p->said[i].text));
	jsonw_array_end(j);
}

static void noted_place(
	struct api_request *r, const struct device *old, const struct device *new)
{
	char mac[MAC_TEXT_MAX], other[MAC_TEXT_MAX];
	struct api_command cmd;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "device", "replace", mac_format(&old->mac, mac),
			mac_format(&new->mac, other), NULL),
		.why_not = "what was carried over stays there; let the old one in again with "
			   "`cardea device readmit`"},
		"%s took the place of %s.", new->name, old->name);
}

static void noted_retired(struct api_request *r, const struct device *d, bool retired)
{
	struct api_command cmd;
	struct api_path path;

	api_changed_by(r, &(struct api_change){
		.command = api_command(
			&cmd, "device", retired ? "retire" : "readmit", d->name, NULL),
		.path = api_path_of(&path, "retired", d),
		.undo = json_pack("{s:b}", "retire", !retired)},
		retired ? "You took %s out of service; undone, it comes in as a new one."
			: "You let %s in again, as a new one.", d->name);
}

static void replace(struct api_request *r, struct device *old, struct device *new,
	const json_t *root)
{
	struct replace_report *p = calloc(1, sizeof(*p));
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	int error = p ? replace_device(r->pipeline, old, new, dry,
				json_is_true(json_object_get(root, "anyway")), p)
		      : -ENOMEM;

	if (error == CARDEA_EREFUSED) {
		api_fail(r, 409, "`--anyway` where you know better; `cardea device set` "
				 "says what one is for",
			"%s is not taken for a replacement: %s", new->name, p->recognised);
	} else if (error) {
		api_fail(r, 500, "try again", "%s", error_text(error));
	} else {
		if (!dry)
			noted_place(r, old, new);
		jsonw_object(&r->json);
		jsonw_kv_string(&r->json, "schema", "cardea.replacement/1");
		jsonw_kv_untrusted(&r->json, "old", old->name);
		jsonw_kv_mac(&r->json, "old_mac", &old->mac);
		jsonw_kv_untrusted(&r->json, "new", new->name);
		jsonw_kv_mac(&r->json, "new_mac", &new->mac);
		jsonw_kv_bool(&r->json, "dry_run", dry);
		jsonw_kv_untrusted(&r->json, "recognised", p->recognised);
		write_part(&r->json, "carried", p, true);
		write_part(&r->json, "not_carried", p, false);
		jsonw_object_end(&r->json);
	}
	free(p);
}

/* POST /v1/replacements/NEW {"of":OLD} */
void api_replace(struct api_request *r)
{
	struct device *new = api_is_owner(r) ? api_device(r, r->object) : NULL, *old = NULL;
	json_t *root = new ? api_body(r) : NULL;
	const char *of = json_string_value(json_object_get(root, "of"));

	if (root && !of)
		api_fail(r, 400, "send {\"of\":OLD,\"dry_run\":true}",
			"whose place does it take?");
	else if (root)
		old = api_device(r, of);
	if (old)
		replace(r, old, new, root);
	json_decref(root);
}

/* POST /v1/retired/D {"retire":true} or {"retire":false} */
void api_retire(struct api_request *r)
{
	struct device *d = api_is_owner(r) ? api_device(r, r->object) : NULL;
	json_t *root = d ? api_body(r) : NULL;
	const json_t *retire = json_object_get(root, "retire");
	bool dry = json_is_true(json_object_get(root, "dry_run")), done = true;
	char why[LIMIT_TEXT] = "";

	if (!root)
		return;
	if (!json_is_boolean(retire)) {
		api_fail(r, 400, "send {\"retire\":true} or false",
			"the body asks for nothing");
	} else {
		if (!dry && json_is_true(retire))
			done = replace_retire(r->pipeline, d, false, why);
		else if (!dry)
			done = replace_readmit(r->pipeline, d, false, why);
		if (!done) {
			api_fail(r, 409, "`cardea device show` tells where it stands",
				"nothing has changed for %s: %s", d->name, why);
		} else {
			if (!dry)
				noted_retired(r, d, json_is_true(retire));
			jsonw_object(&r->json);
			jsonw_kv_string(&r->json, "schema", "cardea.device/1");
			api_write_device(&r->json, r->pipeline, d);
			jsonw_object_end(&r->json);
		}
	}
	json_decref(root);
}
