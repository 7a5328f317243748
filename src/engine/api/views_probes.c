// SPDX-License-Identifier: GPL-2.0-or-later
/* Which devices may be probed, what was found, and the end of what is under way. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"

#define NEXT_BODY                                                                      \
	"send {\"allow\":true,\"class\":CLASS,\"window\":\"02:00-05:00\"}, "           \
	"{\"forbid\":true} or {\"stop\":true}"

static void write_kind(struct jsonw *j, const struct probe_kind *k)
{
	char text[PROBE_KIND_TEXT], addr[ADDR_TEXT_MAX], proto[FLOW_PROTO_TEXT_MAX];

	jsonw_kv_untrusted(j, "text", probe_kind_text(k, text));
	jsonw_kv_string(j, "direction", direction_name(k->direction));
	jsonw_kv_string(j, "place", record_place_name(k->place));
	if (k->name[0])
		jsonw_kv_untrusted(j, "name", k->name);
	else if (k->place == RECORD_DEVICE)
		jsonw_kv_mac(j, "mac", &k->peer_mac);
	else
		jsonw_kv_string(j, "address", addr_format(&k->peer, addr));
	if (!k->proto)
		return;
	jsonw_kv_string(j, "proto", flow_proto_text(k->proto, proto));
	jsonw_kv_u64(j, "port", k->port);
}

static void write_try(struct jsonw *j, const struct probe_try *t)
{
	jsonw_object(j);
	jsonw_kv_time(j, "when", t->when);
	jsonw_kv_string(j, "outcome", probe_outcome_name(t->outcome));
	if (t->why)
		jsonw_kv_string(j, "why", probe_why_name(t->why));
	jsonw_kv_u64(j, "lasted_s", t->lasted_s);
	jsonw_kv_u64(j, "attempts", t->attempts);
	jsonw_kv_u64(j, "expected", t->expected);
	jsonw_kv_u64(j, "went_on", t->went_on);
	jsonw_kv_u64(j, "appeared", t->appeared);
	jsonw_object_end(j);
}

static void write_fallback(struct jsonw *j, const struct probe_fallback *f)
{
	jsonw_object(j);
	write_kind(j, &f->kind);
	jsonw_kv_u64(j, "times", f->times);
	jsonw_kv_bool(j, "confirmed", probe_fallback_confirmed(f));
	jsonw_kv_u64(j, "apart", f->apart);
	jsonw_kv_u64(j, "after_ms", f->after_ms);
	jsonw_kv_time(j, "first", f->first);
	jsonw_kv_time(j, "last", f->last);
	jsonw_object_end(j);
}

static void write_target(struct jsonw *j, const struct probe_target *t)
{
	jsonw_object(j);
	write_kind(j, &t->kind);
	jsonw_kv_bool(j, "whole_name", t->whole);
	jsonw_kv_string(j, "need", probe_need_name(probe_target_need(t)));
	jsonw_kv_bool(j, "done", probe_target_done(t));
	jsonw_key(j, "outcomes");
	jsonw_object(j);
	for (unsigned i = 0; i < PROBE_OUTCOME_MAX; i++)
		jsonw_kv_u64(
			j, probe_outcome_name((enum probe_outcome)i), t->counts[i]);
	jsonw_object_end(j);
	jsonw_key(j, "fallbacks");
	jsonw_array(j);
	for (uint32_t i = 0; i < t->fallback_count; i++)
		write_fallback(j, &t->fallbacks[i]);
	jsonw_array_end(j);
	jsonw_key(j, "tries");
	jsonw_array(j);
	for (uint32_t i = 0; i < t->try_count; i++)
		write_try(j, &t->tries[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void write_device(
	struct jsonw *j, const struct device *d, const struct probe_device *v)
{
	char window[PROBE_WINDOW_TEXT], target[PROBE_KIND_TEXT];

	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_bool(j, "allowed", v->allowed);
	jsonw_kv_string(j, "class", device_class_name(v->class));
	jsonw_kv_string(j, "window", probe_window_text(&v->window, window));
	jsonw_kv_time(j, "since", v->since);
	jsonw_kv_string(j, "state", probe_state_name(v->state));
	jsonw_kv_string(j, "why", probe_why_name(v->why));
	jsonw_kv_string(j, "why_text", probe_why_text(v->why));
	jsonw_kv_bool(j, "recovered", !v->unrecovered);
	jsonw_kv_u64(j, "targets", v->targets);
	if (v->last) {
		jsonw_kv_time(j, "last", v->last);
		jsonw_kv_untrusted(
			j, "last_target", probe_kind_text(&v->target, target));
	}
	if (v->until)
		jsonw_kv_time(j, "until", v->until);
}

void api_view_probes(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct probe_time now = prober_time(p);
	struct probe_device v;
	const struct device *d;

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.probe.list/1");
	jsonw_key(&r->json, "devices");
	jsonw_array(&r->json);
	for (size_t i = 0; i < probe_count(p->prober.core); i++) {
		probe_device_at(p->prober.core, i, &now, &v);
		d = inventory_by_mac(p->inventory, &v.mac);
		if (!d)
			continue;
		jsonw_object(&r->json);
		write_device(&r->json, d, &v);
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

static void write_one(
	struct api_request *r, const struct device *d, const struct probe_device *v)
{
	const struct probe_target *t;

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.probe/1");
	write_device(&r->json, d, v);
	jsonw_key(&r->json, "results");
	jsonw_array(&r->json);
	for (size_t i = 0; (t = probe_target_at(r->pipeline->prober.core, &d->mac, i));
		i++)
		write_target(&r->json, t);
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

static bool view_of(
	struct api_request *r, const struct device *d, struct probe_device *ret)
{
	struct probe_time now = prober_time(r->pipeline);

	if (probe_device_of(r->pipeline->prober.core, &d->mac, &now, ret) == 0)
		return true;
	api_fail(r, 404, "`cardea probe allow DEVICE` lets it",
		"you have not let %.60s be probed", d->name);
	return false;
}

void api_view_probe(struct api_request *r)
{
	const struct device *d = api_device(r, r->object);
	struct probe_device v;

	if (d && view_of(r, d, &v))
		write_one(r, d, &v);
}

/* ---- what is sent ---- */

static void fail_class(struct api_request *r, const char *said)
{
	struct str_text t;
	char text[LIMIT_TEXT], shown[32];

	t = (struct str_text){.buf = text, .size = sizeof(text)};
	for (unsigned c = 0; c < DEVICE_CLASS_MAX; c++)
		if (!probe_class_is_forbidden((enum device_class)c))
			str_add(&t, "%s%s", t.len ? ", " : "",
				device_class_name((enum device_class)c));
	if (!said)
		api_fail(r, 400, text,
			"it is not known what the device is for: name its class");
	else
		api_fail(r, 400, text, "\"%s\" is no class",
			str_escape(str_untrusted(said), shown, sizeof(shown)));
}

static bool fail_never(struct api_request *r, enum device_class c, const char *next)
{
	api_fail(r, 403, next, "a device of the class %s is never probed",
		device_class_name(c));
	return false;
}

/* What is said here is for probing alone; else the device's own class is. Either is
 * believed, unless the device, or what its owner said of it, forbids it. */
static bool read_class(struct api_request *r, const struct device *d,
	const json_t *root, enum device_class *ret)
{
	const json_t *v = json_object_get(root, "class");
	const char *said = json_string_value(v);
	char words[LIMIT_TEXT];
	enum device_class other;

	*ret = !v || json_is_null(v) ? pipeline_class_of(r->pipeline, d)
				     : DEVICE_CLASS_UNKNOWN;
	if (said)
		(void)device_class_parse(said, ret);
	if (*ret == DEVICE_CLASS_UNKNOWN) {
		fail_class(r, said);
		return false;
	}
	if (d->class != DEVICE_CLASS_UNKNOWN && probe_class_is_forbidden(d->class))
		return fail_never(r, d->class,
			"leave it as it is; if it is none, `cardea device set DEVICE "
			"--class CLASS`");
	other = prober_class_by_words(r->pipeline, d, words);
	if (other == DEVICE_CLASS_UNKNOWN)
		return !probe_class_is_forbidden(*ret) ||
		       fail_never(r, *ret, "leave it as it is");
	api_fail(r, 403, "rename it if only its name misleads, and try again",
		"\"%.100s\" sounds like a device of the class %s, which is never "
		"probed",
		words, device_class_name(other));
	return false;
}

static bool read_window(
	struct api_request *r, const json_t *root, struct probe_window *ret)
{
	const json_t *v = json_object_get(root, "window");
	const char *text = json_string_value(v);

	*ret = PROBE_WINDOW_DEFAULT;
	if (!v || json_is_null(v))
		return true;
	if (text && probe_window_parse(text, ret))
		return true;
	api_fail(r, 400, "give 02:00-05:00, or 23:30-02:00",
		"a window is a time of the night, of %d minutes to %d hours, without "
		"noon",
		PROBE_WINDOW_MIN, PROBE_WINDOW_MAX / 60);
	return false;
}

/* What one may be probed for, and when; false: it may not. */
struct permission {
	bool allowed;
	enum device_class class;
	char window[PROBE_WINDOW_TEXT];
};

static struct permission permission_of(struct api_request *r, const struct device *d)
{
	struct probe_time now = prober_time(r->pipeline);
	struct permission p = {0};
	struct probe_device v;

	if (probe_device_of(r->pipeline->prober.core, &d->mac, &now, &v) || !v.allowed)
		return p;
	p.allowed = true;
	p.class = v.class;
	probe_window_text(&v.window, p.window);
	return p;
}

static json_t *way_back(const struct permission *before)
{
	if (!before->allowed)
		return json_pack("{s:b}", "forbid", true);
	return json_pack("{s:b, s:s, s:s}", "allow", true, "class",
		device_class_name(before->class), "window", before->window);
}

static void noted(struct api_request *r, const struct device *d,
	const struct permission *before)
{
	struct permission now = permission_of(r, d);
	const char *class = device_class_name(now.class);
	char about[CHANGE_ABOUT_MAX];
	struct api_command cmd;
	struct api_path path;

	if (now.allowed == before->allowed && now.class == before->class &&
		strcmp(now.window, before->window) == 0)
		return;
	(void)!str_print(about, sizeof(about), "probing of %u", d->id);
	api_changed_by(r, &(struct api_change){
		.command = now.allowed
				   ? api_command(&cmd, "probe", "allow", d->name, "--class",
					     class, "--window", now.window, NULL)
				   : api_command(&cmd, "probe", "forbid", d->name, NULL),
		.about = about,
		.path = api_path_of(&path, "probes", d),
		.undo = way_back(before)},
		now.allowed ? "%s may be probed at night." : "%s may be probed no more.",
		d->name);
}

static bool allow(struct api_request *r, const struct device *d, const json_t *root,
	bool dry, struct probe_device *ret)
{
	struct probe_window w;
	enum device_class class;
	int error = 0;

	if (!read_class(r, d, root, &class) || !read_window(r, root, &w))
		return false;
	if (!dry)
		error = prober_allow(r->pipeline, d, class, &w);
	if (error == CARDEA_ELIMIT)
		api_fail(r, 409, "forbid one that needs it no more",
			"%d devices may be probed already", PROBE_DEVICES_MAX);
	else if (error)
		api_fail(r, 500, "look at the log", "nothing has changed for %.60s: %s",
			d->name, error_text(error));
	else if (dry)
		*ret = (struct probe_device){.mac = d->mac,
			.allowed = true,
			.class = class,
			.window = w,
			.since = pipeline_wall(r->pipeline)};
	return !error && (dry || view_of(r, d, ret));
}

static bool forbid(struct api_request *r, const struct device *d, bool dry,
	struct probe_device *ret)
{
	bool was;

	if (!view_of(r, d, ret))
		return false;
	was = ret->allowed;
	ret->allowed = false;
	if (!dry && was && !prober_forbid(r->pipeline, d))
		return view_of(r, d, ret);
	return true;
}

static bool stop(struct api_request *r, const struct device *d, bool dry,
	struct probe_device *ret)
{
	if (!view_of(r, d, ret))
		return false;
	if (ret->state != PROBE_REFUSING && ret->state != PROBE_RESTORING) {
		api_fail(r, 409, "`cardea probe show DEVICE` tells what was found",
			"nothing is refused to %.60s now", d->name);
		return false;
	}
	if (!dry)
		(void)prober_stop(r->pipeline, d, PROBE_WHY_OWNER);
	return view_of(r, d, ret);
}

static void change(struct api_request *r, const struct device *d, const json_t *root)
{
	bool dry = json_is_true(json_object_get(root, "dry_run")), done = false;
	struct permission before = permission_of(r, d);
	struct probe_device v;

	if (json_is_true(json_object_get(root, "allow")))
		done = allow(r, d, root, dry, &v);
	else if (json_is_true(json_object_get(root, "forbid")))
		done = forbid(r, d, dry, &v);
	else if (json_is_true(json_object_get(root, "stop")))
		done = stop(r, d, dry, &v);
	else
		api_fail(r, 400, NEXT_BODY, "the body asks for nothing");
	if (!done)
		return;
	noted(r, d, &before);
	write_one(r, d, &v);
}

void api_change_probe(struct api_request *r)
{
	json_t *root = api_body(r);
	const struct device *d = root ? api_device_as_is(r, r->object) : NULL;

	if (d)
		change(r, d, root);
	json_decref(root);
}

/* Whatever is refused for a probe, in any device. */
void api_stop_probes(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	json_t *root = api_body(r);
	bool asked = json_is_true(json_object_get(root, "stop"));
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	const struct device *d = NULL;
	struct mac running;

	if (!root)
		return;
	json_decref(root);
	if (!asked) {
		api_fail(r, 400, "send {\"stop\":true}", "the body asks for nothing");
		return;
	}
	if (probe_running(p->prober.core, &running))
		d = inventory_by_mac(p->inventory, &running);
	if (!dry)
		(void)prober_stop(p, NULL, PROBE_WHY_OWNER);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.probe.stop/1");
	if (d) {
		jsonw_kv_untrusted(&r->json, "device", d->name);
	} else {
		jsonw_key(&r->json, "device");
		jsonw_null(&r->json);
	}
	jsonw_object_end(&r->json);
}
