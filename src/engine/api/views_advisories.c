// SPDX-License-Identifier: GPL-2.0-or-later
/* What outsiders say: taken, shown, what it comes to, and what the owner says against it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define NEXT_BODY "send {\"text\":FILE,\"signature\":HEX,\"dry_run\":false}"

/* ---- one ---- */

static void write_selector(struct jsonw *j, const struct advisory *a)
{
	char text[16];

	jsonw_key(j, "about");
	jsonw_object(j);
	if (a->mud_url[0])
		jsonw_kv_untrusted(j, "mud_url", a->mud_url);
	if (a->has_oui) {
		(void)str_print(text, sizeof(text), "%02x:%02x:%02x", a->oui[0], a->oui[1],
			a->oui[2]);
		jsonw_kv_string(j, "oui", text);
	}
	if (a->cpe[0])
		jsonw_kv_untrusted(j, "cpe", a->cpe);
	if (a->matter[0])
		jsonw_kv_untrusted(j, "matter", a->matter);
	jsonw_object_end(j);
}

static void write_traffic(struct jsonw *j, const struct advisory *a)
{
	char prefix[PREFIX_TEXT_MAX], proto[FLOW_PROTO_TEXT_MAX];

	jsonw_key(j, "traffic");
	if (!advisory_has_traffic(a)) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	if (a->domain[0])
		jsonw_kv_untrusted(j, "domain", a->domain);
	if (a->has_peer)
		jsonw_kv_string(j, "address", prefix_format(&a->peer, prefix));
	if (a->proto)
		jsonw_kv_string(j, "proto", flow_proto_text(a->proto, proto));
	if (a->port)
		jsonw_kv_u64(j, "port", a->port);
	jsonw_object_end(j);
}

static void write_members(struct jsonw *j, const struct advisory *a)
{
	jsonw_kv_untrusted(j, "advisory", a->id);
	jsonw_kv_untrusted(j, "issuer", a->issuer);
	jsonw_kv_string(j, "class", advisory_class_name(a->class));
	jsonw_kv_untrusted(j, "group", a->group);
	jsonw_kv_bool(j, "signed", a->is_signed);
	jsonw_kv_decimal(j, "weight", advisory_weight(a));
	jsonw_kv_time(j, "issued", a->issued);
	jsonw_kv_time(j, "expires", a->expires);
	jsonw_kv_string(j, "effect", advisory_effect_name(a->effect));
	jsonw_kv_untrusted(j, "fixed_in", a->fixed_in);
	jsonw_kv_u64(j, "homes", a->homes);
	jsonw_kv_untrusted(j, "text", a->text);
	write_selector(j, a);
	write_traffic(j, a);
}

static void write_kept(struct jsonw *j, const struct advisory_kept *k)
{
	jsonw_kv_u64(j, "id", k->key);
	jsonw_kv_string(j, "state", advisory_state_name(k->state));
	jsonw_kv_time(j, "taken", k->taken);
	write_members(j, &k->a);
}

static void write_verdict(
	struct jsonw *j, const struct device *d, const struct advisory_verdict *v)
{
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_string(j, "effect", advisory_effect_name(v->effect));
	jsonw_kv_untrusted(j, "why", v->why);
	jsonw_kv_bool(j, "asks_you", v->ask);
	if (v->ask)
		jsonw_kv_string(j, "asked", advisory_effect_name(v->asked));
}

/* ---- the list ---- */

static void write_devices(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct device *d;

	jsonw_key(&r->json, "devices");
	jsonw_array(&r->json);
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct advisory_verdict *v = advisories_verdict(p, d);

		if (v->effect == ADVISORY_NOTHING)
			continue;
		jsonw_object(&r->json);
		write_verdict(&r->json, d, v);
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
}

void api_view_advisories(struct api_request *r)
{
	struct advisories *a = &r->pipeline->advisories;
	int64_t all = 0;

	if (!api_query_number(r, "all", 0, 1, &all))
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.advisory.list/1");
	jsonw_kv_string(&r->json, "log_broken", a->broken ? a->broken_why : NULL);
	jsonw_key(&r->json, "advisories");
	jsonw_array(&r->json);
	for (size_t i = 0; i < a->count; i++) {
		if (!all && a->list[i]->state != ADVISORY_ACTIVE)
			continue;
		jsonw_object(&r->json);
		write_kept(&r->json, a->list[i]);
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
	write_devices(r);
	jsonw_object_end(&r->json);
}

/* ---- one, whole ---- */

static struct advisory_kept *kept_of(struct api_request *r)
{
	struct advisory_kept *k = NULL;
	int64_t id = 0;

	if (str_to_i64(r->object, 1, UINT32_MAX, &id) == 0)
		k = advisories_find(r->pipeline, (uint32_t)id);
	if (!k)
		api_fail(r, 404, "`cardea advisory list --all` shows all",
			"there is no advisory of that id");
	return k;
}

static void write_evidence(struct jsonw *j, const struct advisory_seen *e)
{
	char proto[FLOW_PROTO_TEXT_MAX];

	jsonw_key(j, "evidence");
	if (!e) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_untrusted(j, "name", e->name);
	jsonw_kv_addr(j, "address", &e->peer);
	jsonw_kv_string(j, "proto", flow_proto_text(e->proto, proto));
	jsonw_kv_u64(j, "port", e->port);
	jsonw_kv_time(j, "first", e->first);
	jsonw_kv_time(j, "last", e->last);
	jsonw_kv_bool(j, "shared", e->shared);
	jsonw_kv_bool(j, "listed", e->listed);
	jsonw_object_end(j);
}

static void write_one(struct api_request *r, const struct advisory_kept *k)
{
	struct pipeline *p = r->pipeline;
	struct advisory_seen scratch;
	struct device *d;

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.advisory.kept/1");
	write_kept(&r->json, k);
	jsonw_key(&r->json, "devices");
	jsonw_array(&r->json);
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct advisory_seen *e = NULL;

		if (advisories_selects(p, k, d))
			e = advisories_evidence(p, k, d, &scratch);
		if (!advisories_selects(p, k, d) ||
			(!e && !k->a.mud_url[0] && !k->a.has_oui))
			continue;
		jsonw_object(&r->json);
		write_verdict(&r->json, d, advisories_verdict(p, d));
		write_evidence(&r->json, e);
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

void api_view_advisory(struct api_request *r)
{
	const struct advisory_kept *k = kept_of(r);

	if (k)
		write_one(r, k);
}

static void noted_end(
	struct api_request *r, const struct advisory_kept *k, const char *because)
{
	struct api_command cmd;
	char id[16];

	(void)!str_print(id, sizeof(id), "%u", k->key);
	api_changed_by(r, &(struct api_change){
		.command = because ? api_command(&cmd, "advisory", "appeal", id, "--because",
					     because, NULL)
				   : api_command(&cmd, "advisory", "withdraw", id, NULL),
		.why_not = "their log is written once; import it again"},
		because ? "You overturned advisory %s." : "You took advisory %s out.", id);
}

static void end_one(struct api_request *r, struct advisory_kept *k, const char *because,
	bool dry)
{
	int error = k->state == ADVISORY_ACTIVE ? 0 : -EALREADY;

	if (!error && !dry)
		error = because ? advisories_appeal(r->pipeline, k, because)
				: advisories_withdraw(r->pipeline, k);
	if (error == -EALREADY)
		api_fail(r, 409, "`cardea advisory list` shows those that count",
			"it does not count any more: it is %s",
			advisory_state_name(k->state));
	else if (error)
		api_fail(r, 500, "look at the log", "nothing has changed: %s",
			error_text(error));
	else {
		if (!dry)
			noted_end(r, k, because);
		write_one(r, k);
	}
}

void api_change_advisory(struct api_request *r)
{
	json_t *root = api_is_owner(r) ? api_body(r) : NULL;
	const char *because = json_string_value(json_object_get(root, "appeal"));
	bool withdraw = json_is_true(json_object_get(root, "withdraw"));
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	struct advisory_kept *k = root ? kept_of(r) : NULL;
	size_t len = because ? strlen(because) : 0;

	if (k && !because == !withdraw)
		api_fail(r, 400, "send {\"appeal\":WHY} or {\"withdraw\":true}",
			"the body asks for nothing, or for both");
	else if (k && because &&
		 (!len || len >= LIMIT_TEXT || !str_is_clean_utf8(because, len)))
		api_fail(r, 400, "say it in one sentence", "this is no reason");
	else if (k)
		end_one(r, k, because, dry);
	json_decref(root);
}

/* ---- a file ---- */

/* -1 when it is no hex. */
static int from_hex(const char *hex, uint8_t *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = strlen(hex);

	if (len % 2 || len / 2 > size)
		return -1;
	for (size_t i = 0; i < len; i++) {
		const char *at = strchr(digits, hex[i]);

		if (!at)
			return -1;
		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | (at - digits)
					     : (at - digits) << 4);
	}
	return (int)(len / 2);
}

/* What one import needs: too much for a stack. */
struct import {
	struct advisories_result results[ADVISORY_IN_FILE_MAX];
	struct advisories_hit hits[LIMIT_DEVICES];
	size_t count, hit_count;
	struct advisory_fault fault;
	uint8_t signature[ADVISORIES_SIGNATURE_MAX];
};

static void write_import(struct api_request *r, const struct import *w, bool dry)
{
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.advisory.import/1");
	jsonw_kv_bool(j, "dry_run", dry);
	jsonw_key(j, "advisories");
	jsonw_array(j);
	for (size_t i = 0; i < w->count; i++) {
		jsonw_object(j);
		jsonw_kv_u64(j, "id", w->results[i].key);
		jsonw_kv_string(j, "outcome",
			advisories_outcome_name(w->results[i].outcome));
		jsonw_kv_untrusted(j, "why", w->results[i].why);
		write_members(j, &w->results[i].a);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_key(j, "devices");
	jsonw_array(j);
	for (size_t i = 0; i < w->hit_count; i++) {
		const struct device *d =
			inventory_by_id(r->pipeline->inventory, w->hits[i].device);

		if (!d)
			continue;
		jsonw_object(j);
		write_verdict(j, d, &w->hits[i].verdict);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void refuse(struct api_request *r, const struct advisory_fault *f, int error)
{
	if (!f->text[0])
		api_fail(r, 500, "look at the log", "nothing has changed: %s",
			error_text(error));
	else if (error == CARDEA_ESIGNATURE || error == CARDEA_EUNTRUSTED ||
		 error == CARDEA_EREFUSED)
		api_fail(r, 403, "`cardea advisory issuer list` shows who may speak", "%s",
			f->text);
	else if (f->line)
		api_fail(r, 400, "docs/advisories.md has the form",
			"line %u, column %u: %.180s", f->line, f->column, f->text);
	else
		api_fail(r, 400, "docs/advisories.md has the form", "%s", f->text);
}

static void imported(struct api_request *r, size_t count)
{
	struct api_command cmd;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "advisory", "import", "FILE", NULL),
		.why_not = "take each out by itself: `cardea advisory withdraw ID`"},
		"You took a file with %zu %s of outsiders.", count,
		count == 1 ? "word" : "words");
}

static void import(struct api_request *r, const json_t *text, const char *hex, bool dry)
{
	struct import *w = calloc(1, sizeof(*w));
	int error, len = 0;

	if (!w) {
		api_fail(r, 500, "try again", "there is no memory for it");
		return;
	}
	if (hex)
		len = from_hex(hex, w->signature, sizeof(w->signature));
	if (len < 0 || (hex && !len)) {
		api_fail(r, 400, NEXT_BODY, "the signature is no hex, or too long");
		free(w);
		return;
	}
	error = advisories_import(r->pipeline, json_string_value(text),
		json_string_length(text), cursor_of(w->signature, (size_t)len), dry,
		w->results, &w->count, w->hits, LIMIT_DEVICES, &w->hit_count, &w->fault);
	if (error)
		refuse(r, &w->fault, error);
	else {
		if (!dry && w->count)
			imported(r, w->count);
		write_import(r, w, dry);
	}
	free(w);
}

void api_add_advisories(struct api_request *r)
{
	json_t *root = api_is_owner(r) ? api_body(r) : NULL;
	const json_t *text = json_object_get(root, "text");

	if (root && !json_is_string(text))
		api_fail(r, 400, NEXT_BODY, "the file's text is missing");
	else if (root)
		import(r, text, json_string_value(json_object_get(root, "signature")),
			json_is_true(json_object_get(root, "dry_run")));
	json_decref(root);
}
