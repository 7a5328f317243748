// SPDX-License-Identifier: GPL-2.0-or-later
/* Who may say something of this house's devices, what is everybody's, what a device runs,
 * and the log of it all. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define NEXT_ISSUER                                                                    \
	"send {\"name\":N,\"class\":\"isp|vendor|csirt|community\",\"group\":G,\"key\":PEM}"
#define NEXT_SHARED "send {\"prefix\":\"198.51.100.0/24\",\"name\":N,\"remove\":false}"

static void write_issuer(struct jsonw *j, const struct advisory_issuer *i)
{
	jsonw_kv_untrusted(j, "name", i->name);
	jsonw_kv_string(j, "class", advisory_class_name(i->class));
	jsonw_kv_untrusted(j, "group", i->group);
	jsonw_kv_untrusted(j, "signer", i->signer);
	jsonw_kv_untrusted(j, "signer_key", i->signer_key);
	jsonw_kv_u64(j, "overturned", i->overturned);
	jsonw_kv_bool(j, "notify_only", i->overturned >= ADVISORY_OVERTURNED_MAX);
	jsonw_kv_time(j, "added", i->added);
}

void api_view_issuers(struct api_request *r)
{
	const struct advisories *a = &r->pipeline->advisories;

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.issuer.list/1");
	jsonw_key(&r->json, "issuers");
	jsonw_array(&r->json);
	for (size_t i = 0; i < a->issuer_count; i++) {
		jsonw_object(&r->json);
		write_issuer(&r->json, a->issuers[i]);
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

static bool take(const json_t *root, const char *key, char *dst, size_t size)
{
	const char *text = json_string_value(json_object_get(root, key));

	return str_copy(dst, size, text ? text : "") &&
	       (!text || key[0] == 'k' || str_is_clean_utf8(text, strlen(text)));
}

static void write_added(struct api_request *r, const struct advisory_issuer *i)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.issuer/1");
	write_issuer(&r->json, i);
	/* what a maker's key is for, and whether it can be */
	jsonw_kv_string(&r->json, "note",
		i->class == ADVISORY_VENDOR && !i->signer_key[0]
			? "a bare key: it is not known whose devices are its own, so that it "
			  "may only notify; give the certificate that signs its MUD files"
			: NULL);
	jsonw_object_end(&r->json);
}

static void added(struct api_request *r, const struct advisory_issuer *i)
{
	struct api_command cmd;
	struct api_path path;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "advisory", "issuer", "add", i->name,
			advisory_class_name(i->class), "--key", "FILE", NULL),
		.path = api_path(&path, "issuers", i->name),
		.undo = json_pack("{s:b}", "remove", true)},
		"%s may say something of your devices.", i->name);
}

void api_add_issuer(struct api_request *r)
{
	struct advisory_issuer i = {0};
	json_t *root = api_is_owner(r) ? api_body(r) : NULL;
	const char *class = json_string_value(json_object_get(root, "class"));
	char why[LIMIT_TEXT];
	bool dry;
	int error;

	if (root && (!class || !advisory_class_parse(class, &i.class) ||
			    !take(root, "name", i.name, sizeof(i.name)) ||
			    !take(root, "group", i.group, sizeof(i.group)) ||
			    !take(root, "key", i.key, sizeof(i.key)))) {
		api_fail(r, 400, NEXT_ISSUER, "the body is not whole, or too long");
	} else if (root) {
		dry = json_is_true(json_object_get(root, "dry_run"));
		error = advisories_issuer_add(r->pipeline, &i, dry, why);
		if (!error && !dry)
			added(r, &i);
		if (error == -EEXIST)
			api_fail(r, 409, "`cardea advisory issuer remove` first", "%s", why);
		else if (error)
			api_fail(r, error < -999 ? 400 : 500, NEXT_ISSUER, "%s", why);
		else
			write_added(r, &i);
	}
	json_decref(root);
}

static void removed(struct api_request *r, const struct advisory_issuer *i)
{
	struct api_command cmd;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "advisory", "issuer", "remove", i->name, NULL),
		.why_not = "what it had said ended with it; add it again, and import that"},
		"%s may say nothing of your devices any more.", i->name);
}

void api_change_issuer(struct api_request *r)
{
	json_t *root = api_is_owner(r) ? api_body(r) : NULL;
	bool remove = json_is_true(json_object_get(root, "remove"));
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	const struct advisory_issuer *i =
		root ? advisories_issuer(r->pipeline, r->object) : NULL;
	struct advisory_issuer gone;
	int error;

	json_decref(root);
	if (root && !i)
		api_fail(r, 404, "`cardea advisory issuer list` shows all",
			"there is no issuer of that name");
	else if (root && !remove)
		api_fail(r, 400, "send {\"remove\":true}", "the body asks for nothing");
	if (!i || !remove)
		return;
	gone = *i;
	error = advisories_issuer_remove(r->pipeline, gone.name, dry);
	if (error) {
		api_fail(r, 500, "look at the log", "nothing has changed: %s",
			error_text(error));
		return;
	}
	if (!dry)
		removed(r, &gone);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.issuer/1");
	write_issuer(&r->json, &gone);
	jsonw_object_end(&r->json);
}

/* ---- everybody's ---- */

void api_view_shared(struct api_request *r)
{
	const struct advisories *a = &r->pipeline->advisories;
	char text[PREFIX_TEXT_MAX];

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.shared.list/1");
	jsonw_key(&r->json, "networks");
	jsonw_array(&r->json);
	for (size_t i = 0; i < a->shared_count; i++) {
		jsonw_object(&r->json);
		jsonw_kv_string(
			&r->json, "prefix", prefix_format(&a->shared[i].prefix, text));
		jsonw_kv_untrusted(&r->json, "name", a->shared[i].name);
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

static const struct store_shared *shared_of(struct api_request *r, const struct prefix *p)
{
	const struct advisories *a = &r->pipeline->advisories;
	char text[PREFIX_TEXT_MAX], other[PREFIX_TEXT_MAX];

	prefix_format(p, text);
	for (size_t i = 0; i < a->shared_count; i++)
		if (strcmp(prefix_format(&a->shared[i].prefix, other), text) == 0)
			return &a->shared[i];
	return NULL;
}

/* before: its name, or NULL: it was none of them. */
static void noted_shared(struct api_request *r, const struct prefix *p, const char *before)
{
	const struct store_shared *now = shared_of(r, p);
	char text[PREFIX_TEXT_MAX], about[CHANGE_ABOUT_MAX];
	struct api_command cmd;
	json_t *undo;

	if (!now == !before && (!now || strcmp(now->name, before) == 0))
		return;
	prefix_format(p, text);
	(void)!str_print(about, sizeof(about), "everybody's %s", text);
	undo = before ? json_pack("{s:s, s:s}", "prefix", text, "name", before)
		      : json_pack("{s:s, s:b}", "prefix", text, "remove", true);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "advisory", "shared", now ? "add" : "remove",
			text, now && now->name[0] ? "--name" : NULL, now ? now->name : "",
			NULL),
		.about = about,
		.path = "/v1/shared",
		.undo = undo},
		now ? "%s is everybody's, and proves nothing." : "%s is not everybody's.",
		text);
}

void api_change_shared(struct api_request *r)
{
	json_t *root = api_is_owner(r) ? api_body(r) : NULL;
	const char *text = json_string_value(json_object_get(root, "prefix"));
	bool remove = json_is_true(json_object_get(root, "remove"));
	const struct store_shared *was;
	struct store_shared n = {0};
	char before[LIMIT_LABEL];
	int error = 0;

	if (root && (!text || prefix_parse(text, &n.prefix) ||
			    !take(root, "name", n.name, sizeof(n.name)))) {
		api_fail(r, 400, NEXT_SHARED, "there is no prefix, or its name is none");
	} else if (root) {
		was = shared_of(r, &n.prefix);
		str_copy(before, sizeof(before), was ? was->name : "");
		if (!json_is_true(json_object_get(root, "dry_run")))
			error = remove ? advisories_shared_remove(r->pipeline, &n.prefix)
				       : advisories_shared_add(r->pipeline, &n);
		if (error == -ENOENT)
			api_fail(r, 404, "`cardea advisory shared list` shows all",
				"this network is not in the list");
		else if (error)
			api_fail(r, error == CARDEA_ELIMIT ? 409 : 500, "remove others",
				"nothing has changed: %s", error_text(error));
		else {
			noted_shared(r, &n.prefix, was ? before : NULL);
			api_view_shared(r);
		}
	}
	json_decref(root);
}

/* ---- what a device runs ---- */

static void noted_firmware(
	struct api_request *r, const struct device *d, const char *label, const char *before)
{
	char mac[MAC_TEXT_MAX], about[CHANGE_ABOUT_MAX];
	struct api_command cmd;

	if (strcmp(label, before) == 0)
		return;
	(void)!str_print(about, sizeof(about), "firmware of %u", d->id);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "advisory", "firmware", d->name, label, NULL),
		.about = about,
		.path = before[0] ? "/v1/firmware" : NULL,
		.undo = before[0] ? json_pack("{s:s, s:s}", "device",
					    mac_format(&d->mac, mac), "label", before)
				  : NULL,
		.why_not = "it was not known before what it runs; say another"},
		"You said that %s runs %s.", d->name, label);
}

void api_set_firmware(struct api_request *r)
{
	json_t *root = api_is_owner(r) ? api_body(r) : NULL;
	const char *name = json_string_value(json_object_get(root, "device"));
	const char *label = json_string_value(json_object_get(root, "label"));
	struct device *d = name ? api_device_as_is(r, name) : NULL;
	const struct advisories_device *known =
		d ? advisories_known(&r->pipeline->advisories, d->id) : NULL;
	char before[LIMIT_LABEL];
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	int error;

	str_copy(before, sizeof(before), known ? known->firmware.label : "");

	if (root && (!name || !label))
		api_fail(r, 400, "send {\"device\":D,\"label\":\"2.10\"}",
			"the device or what it runs is missing");
	else if (d) {
		error = dry ? 0 : advisories_firmware(r->pipeline, d, label);
		if (error) {
			api_fail(r, error == CARDEA_EMALFORMED ? 400 : 500,
				"give up to 63 characters", "nothing has changed: %s",
				error_text(error));
		} else {
			if (!dry)
				noted_firmware(r, d, label, before);
			jsonw_object(&r->json);
			jsonw_kv_string(&r->json, "schema", "cardea.firmware/1");
			jsonw_kv_untrusted(&r->json, "device", d->name);
			jsonw_kv_mac(&r->json, "mac", &d->mac);
			jsonw_kv_untrusted(&r->json, "label", label);
			jsonw_object_end(&r->json);
		}
	}
	json_decref(root);
}

/* ---- the log ---- */

static int write_entry(void *ctx, const struct advisory_entry *e)
{
	char hex[2 * ADVISORY_DIGEST + 1];
	struct jsonw *j = ctx;

	str_to_hex(e->digest, ADVISORY_DIGEST, hex);
	jsonw_object(j);
	jsonw_kv_u64(j, "seq", e->seq);
	jsonw_kv_time(j, "at", e->at);
	jsonw_kv_string(j, "act", advisory_act_name(e->act));
	jsonw_kv_untrusted(j, "issuer", e->issuer);
	jsonw_kv_untrusted(j, "advisory", e->advisory);
	jsonw_kv_untrusted(j, "device", e->device);
	jsonw_kv_untrusted(j, "text", e->text);
	jsonw_kv_string(j, "digest", hex);
	jsonw_object_end(j);
	return 0;
}

void api_view_advisory_log(struct api_request *r)
{
	struct advisories_checked c = {0};
	int64_t after = 0, limit = 500;
	char hex[2 * ADVISORY_DIGEST + 1];
	int error;

	if (!api_query_number(r, "after", 0, UINT32_MAX, &after) ||
		!api_query_number(r, "limit", 1, 5000, &limit))
		return;
	error = advisories_log_verify(r->pipeline, &c);
	str_to_hex(c.head, ADVISORY_DIGEST, hex);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.advisory.log/1");
	jsonw_kv_bool(&r->json, "whole", !error && !c.broken);
	jsonw_kv_string(&r->json, "why",
		error	   ? error_text(error)
		: c.broken ? c.why
			   : NULL);
	jsonw_kv_u64(&r->json, "first", c.first);
	jsonw_kv_u64(&r->json, "last", c.last);
	jsonw_kv_string(&r->json, "head", hex);
	jsonw_key(&r->json, "entries");
	jsonw_array(&r->json);
	if (!error)
		error = store_log(r->pipeline->store, (uint32_t)after, (unsigned)limit,
			write_entry, &r->json);
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
	if (error)
		api_fail(r, 500, "look at the log", "the log cannot be read: %s",
			error_text(error));
}
