// SPDX-License-Identifier: GPL-2.0-or-later
/* What the maker of a device is told, to the byte, before anything leaves. */
#include <errno.h>
#include <string.h>
#include "engine/api/api_priv.h"

static const char *outcome_name(int outcome)
{
	if (outcome == REPORTER_DELIVERED)
		return "delivered";
	return outcome == REPORTER_FAILED ? "failed" : NULL;
}

static nstime next_time(const struct pipeline *p, const struct household_device *hd)
{
	if (!hd->report.due || hd->report.id || !p->reporter.enabled)
		return 0;
	return pipeline_wall(p) + hd->report.due - loop_now(p->loop);
}

static void write_body(struct api_request *r, struct household_device *hd)
{
	struct jsonw body;
	int error;

	jsonw_init_buffer(&body, LIMIT_REPORT_BYTES);
	error = hd ? reporter_body(r->pipeline, hd, &body) : -ENOENT;
	if (error)
		jsonw_null(&r->json);
	else
		jsonw_string(&r->json, jsonw_text(&body));
	jsonw_free(&body);
}

static void write_state(struct api_request *r, struct household_device *hd)
{
	struct jsonw *j = &r->json;

	jsonw_kv_untrusted(j, "uri", hd && hd->report.uri[0] ? hd->report.uri : NULL);
	jsonw_kv_bool(j, "running", hd && hd->report.id);
	jsonw_kv_string(j, "outcome", hd ? outcome_name(hd->report.outcome) : NULL);
	jsonw_kv_untrusted(j, "text", hd ? hd->report.text : "");
	jsonw_kv_time(j, "last", hd ? hd->report.last : 0);
	jsonw_kv_time(j, "next", hd ? next_time(r->pipeline, hd) : 0);
}

static void write_report(struct api_request *r, const struct device *d)
{
	struct household_device *hd = household_device(&r->pipeline->household, d->id);
	struct jsonw *j = &r->json;
	char why[LIMIT_TEXT];
	enum reporter_objection no = reporter_objection(r->pipeline, d, hd, why);

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.report/1");
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_bool(j, "enabled", r->pipeline->reporter.enabled);
	jsonw_kv_bool(j, "sent", no == REPORTER_WOULD_SEND || no == REPORTER_BUSY);
	jsonw_kv_untrusted(j, "why", why);
	write_state(r, hd);
	jsonw_key(j, "body");
	write_body(r, hd);
	jsonw_object_end(j);
}

void api_view_reports(struct api_request *r)
{
	char text[LIMIT_NAME];
	struct device *d;

	if (!api_query(r, "device", text, sizeof(text)))
		return;
	if (!text[0]) {
		api_fail(r, 400, "give device=", "the question is not complete");
		return;
	}
	d = api_device(r, text);
	if (d)
		write_report(r, d);
}

void api_send_report(struct api_request *r)
{
	json_t *root = api_body(r);
	const char *name = json_string_value(json_object_get(root, "device"));
	char why[LIMIT_TEXT], shown[LIMIT_TEXT];
	struct device *d = NULL;

	if (root && !name)
		api_fail(r, 400, "give {\"device\":D}", "no device is named");
	else if (root)
		d = api_device(r, name);
	json_decref(root);
	if (!d)
		return;
	if (reporter_send(r->pipeline, d, why))
		api_fail(r, 409, "`cardea report preview` shows what would be sent",
			"nothing is sent for %.60s: %s", d->name,
			str_escape(str_untrusted(why), shown, sizeof(shown)));
	else
		write_report(r, d);
}
