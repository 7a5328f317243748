// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of routes, and what all answers share. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "engine/api/api_priv.h"

static const struct api_route routes[] = {
	{"GET", "/v1/status", false, api_view_status, "health, processes, back end"},
	{"GET", "/v1/devices", false, api_view_devices, "all devices"},
	{"GET", "/v1/devices", true, api_view_device, "one device, whole"},
	{"POST", "/v1/devices", true, api_change_device, "rename: {\"name\":\"...\"}"},
	{"POST", "/v1/identities", false, api_add_identity,
		"{\"mac\":\"...\",\"source\":\"...\",\"mud_url\":\"...\"}"},
	{"GET", "/v1/decisions", false, api_view_decisions, "what the owner is asked: all=1"},
	{"POST", "/v1/decisions", true, api_change_decision,
		"{\"answer\":\"accept|reject\",\"choice\":\"DEVICE\"}"},
	{"GET", "/v1/events", false, api_view_events,
		"after=ID device=D limit=N follow=1"},
	{"GET", "/v1/why", false, api_view_why,
		"event=ID, or device=D destination=X port=N proto=tcp"},
	{"GET", "/v1/policy", false, api_view_policy, "device=D elements=1"},
	{"GET", "/v1/overlays", false, api_view_overlays,
		"what the owner says beside the profiles: device=D"},
	{"POST", "/v1/overlays", false, api_add_overlay,
		"{\"device\":D,\"kind\":\"refuse\",\"peer\":NAME}"},
	{"POST", "/v1/overlays", true, api_remove_overlay, "{\"remove\":true}"},
	{"GET", "/v1/profiles", false, api_view_adopted,
		"profiles that the owner put in force himself: device=D"},
	{"POST", "/v1/profiles", false, api_adopt,
		"{\"device\":D,\"text\":PROFILE,\"binding\":BINDING,\"dry_run\":false}",
		true},
	{"POST", "/v1/profiles", true, api_change_adopted, "{\"remove\":true}"},
	{"GET", "/v1/learning", false, api_view_learnings,
		"what is learned of all devices, and how complete it is"},
	{"GET", "/v1/learning", true, api_view_learning,
		"of one, with rules and evidence; export=1: as files"},
	{"POST", "/v1/learning", true, api_change_learning,
		"{\"learn\":false}, {\"again\":true}, {\"episode\":true}, "
		"{\"approve\":true,\"now\":false,\"dry_run\":false}"},
	{"GET", "/v1/controllers", false, api_view_controllers,
		"who the classes of controllers are, and who might be"},
	{"POST", "/v1/controllers", false, api_change_controllers,
		"{\"class\":URI,\"device\":D,\"target\":DEVICE or ADDRESS}"},
	{"GET", "/v1/quarantine", false, api_view_quarantine, "devices in quarantine"},
	{"GET", "/v1/probes", false, api_view_probes, "devices that may be probed"},
	{"GET", "/v1/probes", true, api_view_probe, "what was found in one device"},
	{"POST", "/v1/probes", false, api_stop_probes, "{\"stop\":true}"},
	{"POST", "/v1/probes", true, api_change_probe,
		"{\"allow\":true,\"class\":C,\"window\":W}, {\"forbid\":true}, {\"stop\":true}"},
	{"GET", "/v1/reports", false, api_view_reports, "device=D"},
	{"GET", "/v1/weeks", false, api_view_weeks,
		"alerts, false blocks and what is unseen, of this week: ago=N weeks"},
	{"POST", "/v1/reports", false, api_send_report, "send one now: {\"device\":D}"},
	{"POST", "/v1/stop", false, api_change_stop, "{\"open\":true}"},
};

const struct api_route *api_route_find(const struct http_head *h, char *object,
	size_t size)
{
	char noun[32], version[8], rest[2], path[48];
	bool has_object;
	int error;

	if (http_path_segment(h->path, 0, version, sizeof(version)) ||
		http_path_segment(h->path, 1, noun, sizeof(noun)) ||
		http_path_segment(h->path, 3, rest, sizeof(rest)) != -ENOENT ||
		str_print(path, sizeof(path), "/%s/%s", version, noun))
		return NULL;
	object[0] = 0;
	error = http_path_segment(h->path, 2, object, size);
	if (error && error != -ENOENT)
		return NULL; /* too long or badly encoded: nobody's name */
	has_object = error == 0;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (http_str_equal(h->method, routes[i].method) &&
			strcmp(path, routes[i].path) == 0 &&
			has_object == routes[i].has_object)
			return &routes[i];
	return NULL;
}

void api_fail(struct api_request *r, unsigned status, const char *next, const char *fmt,
	...)
{
	char text[LIMIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	jsonw_free(&r->json);
	jsonw_init_buffer(&r->json, API_REPLY_MAX);
	r->status = status;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.error/1");
	jsonw_kv_string(&r->json, "error", text);
	jsonw_kv_string(&r->json, "next", next);
	jsonw_object_end(&r->json);
}

json_t *api_body(struct api_request *r)
{
	json_error_t error;
	json_t *root = json_loadb(r->body, r->body_len, JSON_REJECT_DUPLICATES, &error);

	if (root && json_is_object(root))
		return root;
	json_decref(root);
	api_fail(r, 400, "send a JSON object", "the body is no JSON object (line %d)",
		error.line);
	return NULL;
}

bool api_query(struct api_request *r, const char *key, char *buf, size_t size)
{
	int error = http_query_value(r->head->query, key, buf, size);

	if (error == -ENOENT) {
		buf[0] = 0;
		return true;
	}
	if (error)
		api_fail(r, 400, "percent-encode it and keep it short",
			"the value of %s is not readable", key);
	return !error;
}

bool api_query_number(struct api_request *r, const char *key, int64_t min, int64_t max,
	int64_t *value)
{
	char text[32];

	if (!api_query(r, key, text, sizeof(text)))
		return false;
	if (text[0] && str_to_i64(text, min, max, value)) {
		api_fail(r, 400, "give a whole number", "%s is a number from %lld to %lld",
			key, (long long)min, (long long)max);
		return false;
	}
	return true;
}

struct device *api_device_as_is(struct api_request *r, const char *text)
{
	struct device *d = inventory_find(r->pipeline->inventory, text);
	char shown[LIMIT_NAME];

	if (!d)
		api_fail(r, 404, "`cardea device list` shows all",
			"no device has the name, MAC, address or id \"%s\"",
			str_escape(str_untrusted(text), shown, sizeof(shown)));
	return d;
}

struct device *api_device(struct api_request *r, const char *text)
{
	struct device *d = api_device_as_is(r, text);

	if (d && http_str_equal(r->head->method, "POST"))
		(void)prober_stop(r->pipeline, d, PROBE_WHY_OWNER);
	return d;
}
