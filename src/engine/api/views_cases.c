// SPDX-License-Identifier: GPL-2.0-or-later
/* Cases: what happened, for the owner; what of it would leave the house, to the octet; and
 * playbooks of others. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "engine/api/api_priv.h"

#define CUTS_TEXT 1024 /* of all fields there are, and commas */

static const char *device_name(struct pipeline *p, device_id id)
{
	const struct device *d = inventory_by_id(p->inventory, id);

	return d ? d->name : NULL;
}

static void write_file(struct jsonw *j, struct pipeline *p, const struct case_file *f)
{
	jsonw_kv_u64(j, "id", f->id);
	jsonw_kv_untrusted(j, "device", device_name(p, f->device));
	jsonw_kv_string(j, "state", life_state_name((enum life_state)f->state));
	jsonw_kv_bool(j, "open", f->closed == 0);
	jsonw_kv_time(j, "opened", f->opened);
	jsonw_kv_time(j, "closed", f->closed);
}

struct listing {
	struct api_request *r;
	device_id device; /* 0: all */
	bool open_only;
};

static int list_one(void *ctx, const struct case_file *f)
{
	struct listing *l = ctx;

	if ((l->device && f->device != l->device) || (l->open_only && f->closed))
		return 0;
	jsonw_object(&l->r->json);
	write_file(&l->r->json, l->r->pipeline, f);
	jsonw_object_end(&l->r->json);
	return 0;
}

void api_view_cases(struct api_request *r)
{
	struct listing l = {.r = r};
	char text[LIMIT_NAME];
	int64_t all = 0;

	if (!api_query(r, "device", text, sizeof(text)) ||
		!api_query_number(r, "all", 0, 1, &all))
		return;
	if (text[0]) {
		const struct device *d = api_device_as_is(r, text);

		if (!d)
			return;
		l.device = d->id;
	}
	l.open_only = !all;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.case.list/1");
	jsonw_key(&r->json, "cases");
	jsonw_array(&r->json);
	if (store_cases(r->pipeline->store, list_one, &l)) {
		api_fail(r, 500, "look at the log", "the cases could not be read");
		return;
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

/* ---- one, for the owner: with names and addresses ---- */

static void write_moments(struct jsonw *j, const struct case_view *v, const char *name)
{
	char said[LIMIT_TEXT];

	jsonw_key(j, "moments");
	jsonw_array(j);
	for (uint32_t i = 0; i < v->moment_count; i++) {
		const struct case_moment *m = &v->moments[i];

		jsonw_object(j);
		jsonw_kv_time(j, "at", m->at);
		jsonw_kv_string(j, "from", life_state_name((enum life_state)m->from));
		jsonw_kv_string(j, "to", life_state_name((enum life_state)m->to));
		jsonw_kv_untrusted(j, "kind", m->kind);
		jsonw_kv_untrusted(j, "protocol", m->protocol);
		jsonw_kv_untrusted(j, "sentence", case_say(m, name, said));
		jsonw_kv_untrusted(j, "shows", m->shows[0] ? m->shows : NULL);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void write_flow(struct jsonw *j, struct pipeline *p, const struct case_head *h)
{
	char proto[FLOW_PROTO_TEXT_MAX];

	jsonw_object(j);
	jsonw_kv_time(j, "first", h->first);
	jsonw_kv_time(j, "last", h->last);
	jsonw_kv_bool(j, "refused", h->fate == CASE_REFUSED);
	jsonw_kv_string(j, "began", h->began == DIRECTION_FROM_DEVICE ? "device" : "peer");
	jsonw_kv_string(j, "proto", flow_proto_text(h->proto, proto));
	jsonw_kv_u64(j, "port", h->port);
	jsonw_kv_string(j, "place", record_place_name((enum record_place)h->place));
	jsonw_kv_addr(j, "peer", &h->peer);
	jsonw_kv_untrusted(j, "peer_device", device_name(p, h->peer_device));
	jsonw_kv_untrusted(j, "name", h->name[0] ? h->name : NULL);
	jsonw_kv_untrusted(j, "detail", h->detail[0] ? h->detail : NULL);
	jsonw_kv_u64(j, "packets_sent", h->packets[DIRECTION_FROM_DEVICE]);
	jsonw_kv_u64(j, "packets_received", h->packets[DIRECTION_TO_DEVICE]);
	jsonw_kv_u64(j, "bytes_sent", h->bytes[DIRECTION_FROM_DEVICE]);
	jsonw_kv_u64(j, "bytes_received", h->bytes[DIRECTION_TO_DEVICE]);
	jsonw_object_end(j);
}

static void write_detectors(struct jsonw *j, const struct case_bundle *b)
{
	jsonw_key(j, "detectors");
	jsonw_array(j);
	for (unsigned k = 0; k < SUSPICION_KIND_MAX; k++) {
		if (!b->times[k])
			continue;
		jsonw_object(j);
		jsonw_kv_string(j, "kind", case_detector_name((enum suspicion_kind)k));
		jsonw_kv_u64(j, "points", b->points[k]);
		jsonw_kv_u64(j, "times", b->times[k]);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static int show_one(void *ctx, const struct case_view *v)
{
	struct api_request *r = ctx;
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.case.show/1");
	write_file(j, r->pipeline, &v->file);
	jsonw_kv_mac(j, "mac", v->device ? &v->device->mac : &(struct mac){{0}});
	write_detectors(j, v->bundle);
	jsonw_kv_u64(j, "moments_left_out", v->file.moments_left_out);
	write_moments(j, v, v->device ? v->device->name : "it");
	jsonw_kv_u64(j, "flows_before", v->bundle->before);
	jsonw_kv_u64(j, "flows_left_out", v->bundle->left_out);
	jsonw_key(j, "flows");
	jsonw_array(j);
	for (uint32_t i = 0; i < v->bundle->count; i++)
		write_flow(j, r->pipeline, &v->bundle->heads[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
	return 0;
}

/* ---- what would leave ---- */

static bool read_cuts(struct api_request *r, struct bundle_wish *w)
{
	char text[CUTS_TEXT], shown[BUNDLE_FIELD_TEXT];

	if (!api_query(r, "cut", text, sizeof(text)))
		return false;
	for (char *at = text, *next; at && *at; at = next) {
		next = strchr(at, ',');
		if (next)
			*next++ = 0;
		if (bundle_cut(w, at))
			continue;
		api_fail(r, 400, "`cardea case fields` lists them",
			"there is no field \"%s\"",
			str_escape(str_untrusted(at), shown, sizeof(shown)));
		return false;
	}
	return true;
}

static bool read_wish(struct api_request *r, struct bundle_wish *w)
{
	char text[32];

	*w = (struct bundle_wish){.level = BUNDLE_NAMES};
	if (!api_query(r, "level", text, sizeof(text)))
		return false;
	if (text[0] && !bundle_level_parse(text, &w->level)) {
		api_fail(r, 400, "shape, names, peers or content", "there is no such level");
		return false;
	}
	return read_cuts(r, w);
}

static void write_fields(struct jsonw *j, const struct bundle_wish *w)
{
	const struct bundle_field *f;
	char name[BUNDLE_FIELD_TEXT];

	jsonw_key(j, "fields");
	jsonw_array(j);
	for (size_t i = 0; (f = bundle_field_at(i)); i++) {
		jsonw_object(j);
		jsonw_kv_string(j, "field", bundle_field_text(f, name));
		jsonw_kv_string(j, "level", bundle_level_name(f->level));
		jsonw_kv_string(j, "why", f->why);
		jsonw_kv_bool(j, "leaves", bundle_leaves(w, i));
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void reply_export(struct api_request *r, uint32_t id, const struct bundle_wish *w,
	const struct jsonw *document)
{
	char digest[BUNDLE_DIGEST];

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.case.export/1");
	jsonw_kv_u64(&r->json, "id", id);
	jsonw_kv_string(&r->json, "sha256",
		bundle_digest(document->buf, document->len, digest));
	jsonw_kv_string(&r->json, "document", document->buf);
	if (w)
		write_fields(&r->json, w);
	jsonw_object_end(&r->json);
}

static void fail_case(struct api_request *r, int error, const char *why)
{
	if (error == -ENOENT)
		api_fail(r, 404, "`cardea case list --all` shows all", "there is no such case");
	else if (error == CARDEA_EREFUSED)
		api_fail(r, 409, "cut that field, or report it: nothing has left the house",
			"%s", why);
	else
		api_fail(r, 500, "look at the log", "%s", error_text(error));
}

static void export(struct api_request *r, uint32_t id, bool cacao)
{
	struct cases *c = &r->pipeline->cases;
	struct bundle_wish w;
	struct jsonw document;
	char why[LIMIT_TEXT];
	int error;

	if (!read_wish(r, &w))
		return;
	jsonw_init_buffer(&document, BUNDLE_MAX);
	error = cacao ? cases_playbook(c, id, &document, why)
		      : cases_document(c, id, &w, &document, why);
	if (error)
		fail_case(r, error, why);
	else
		reply_export(r, id, cacao ? NULL : &w, &document);
	jsonw_free(&document);
}

static bool read_id(struct api_request *r, uint32_t *ret)
{
	int64_t id;

	if (str_to_i64(r->object, 1, UINT32_MAX, &id)) {
		api_fail(r, 404, "`cardea case list --all` shows all", "a case has a number");
		return false;
	}
	*ret = (uint32_t)id;
	return true;
}

/* /v1/cases/fields: what can leave, of any case. */
static void view_fields(struct api_request *r)
{
	struct bundle_wish w;

	if (!read_wish(r, &w))
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.case.fields/1");
	jsonw_kv_string(&r->json, "level", bundle_level_name(w.level));
	write_fields(&r->json, &w);
	jsonw_object_end(&r->json);
}

void api_view_case(struct api_request *r)
{
	char form[16];
	uint32_t id;
	int error;

	if (strcmp(r->object, "fields") == 0) {
		view_fields(r);
		return;
	}
	if (!read_id(r, &id) || !api_query(r, "form", form, sizeof(form)))
		return;
	if (strcmp(form, "evidence") == 0 || strcmp(form, "cacao") == 0) {
		export(r, id, form[0] == 'c');
	} else if (form[0]) {
		api_fail(r, 400, "evidence, cacao, or none", "there is no such form");
	} else {
		error = cases_view(&r->pipeline->cases, id, show_one, r);
		if (error)
			fail_case(r, error, "");
	}
}

/* ---- playbooks ---- */

static void write_plan(struct jsonw *j, const struct cacao_plan *p, bool taken)
{
	static const char *const acts[] = {
		[CACAO_PASS] = "pass", [CACAO_MANUAL] = "manual", [CACAO_IF] = "if",
		[CACAO_ISOLATE] = "isolate"};

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.playbook/1");
	jsonw_kv_bool(j, "taken", taken);
	jsonw_kv_untrusted(j, "name", p->name);
	jsonw_kv_untrusted(j, "by", p->by);
	jsonw_key(j, "steps");
	jsonw_array(j);
	for (uint32_t i = 0; i < p->count; i++) {
		if (p->steps[i].act == CACAO_PASS)
			continue;
		jsonw_object(j);
		jsonw_kv_string(j, "act", acts[p->steps[i].act]);
		jsonw_kv_untrusted(j, "name", p->steps[i].name);
		jsonw_kv_untrusted(j, "text", p->steps[i].text);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_kv_u64(j, "refused", p->refused);
	jsonw_key(j, "refusals");
	jsonw_array(j);
	for (uint32_t i = 0; i < p->refused && i < CACAO_REFUSALS_MAX; i++) {
		jsonw_object(j);
		jsonw_kv_untrusted(j, "step", p->refusals[i].step);
		jsonw_kv_untrusted(j, "why", p->refusals[i].why);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void noted(struct api_request *r, uint32_t id, const struct cacao_plan *plan)
{
	struct api_command cmd;
	char number[16];

	(void)!str_print(number, sizeof(number), "%u", id);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "case", "import", number, "FILE", NULL),
		.why_not = "say no to its next question, and it ends: `cardea decide list`"},
		"You let a playbook ask you about case %s: %.120s", number, plan->name);
}

static void import(struct api_request *r, uint32_t id, const json_t *playbook, bool dry)
{
	struct cacao_plan *plan = calloc(1, sizeof(*plan));
	int error = plan ? cases_playbook_import(r->pipeline, id, json_string_value(playbook),
				   json_string_length(playbook), dry, plan)
			 : -ENOMEM;

	if (!error && !dry)
		noted(r, id, plan);
	if (!error || (plan && plan->refused))
		write_plan(&r->json, plan, !error && !dry);
	else if (error == -EEXIST)
		api_fail(r, 409, "answer its question: `cardea decide list`",
			"another playbook for that device is not over");
	else if (error == -EBUSY)
		api_fail(r, 409, "answer it first: `cardea decide list`",
			"a question about that device is open");
	else if (error == CARDEA_EMALFORMED)
		api_fail(r, 400, "there is nothing to do then", "that playbook asks nothing");
	else if (error == -ENOENT)
		api_fail(r, 404, "`cardea case list` shows them", "no such case is open");
	else
		api_fail(r, 500, "look at the log", "%s", error_text(error));
	free(plan);
}

void api_change_case(struct api_request *r)
{
	json_t *root = api_body(r);
	const json_t *playbook = json_object_get(root, "playbook");
	uint32_t id;

	if (!root)
		return;
	if (!json_is_string(playbook))
		api_fail(r, 400, "send {\"playbook\":TEXT}", "the body has no playbook");
	else if (read_id(r, &id))
		import(r, id, playbook, json_is_true(json_object_get(root, "dry_run")));
	json_decref(root);
}
