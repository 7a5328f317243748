// SPDX-License-Identifier: GPL-2.0-or-later
/* Status, devices and events as JSON; small changes. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include "base/sandbox.h"
#include "engine/api/api_priv.h"
#include "profiles/mud/mud.h"

static void count_states(struct pipeline *p, unsigned counts[LIFE_STATE_MAX])
{
	struct device *d;

	memset(counts, 0, LIFE_STATE_MAX * sizeof(*counts));
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		counts[pipeline_life_of(p, d)->state]++;
}

/* ", 1 quarantined, 2 suspicious": what is not as usual. */
static void add_unusual(struct str_text *t, const unsigned counts[LIFE_STATE_MAX])
{
	for (unsigned s = LIFE_SUSPICIOUS; s < LIFE_STATE_MAX; s++)
		if (counts[s])
			str_add(t, ", %u %s", counts[s],
				life_state_name((enum life_state)s));
}

/* The one sentence that a home user wants. */
static void write_sentence(struct jsonw *j, struct pipeline *p,
	const unsigned counts[LIFE_STATE_MAX])
{
	char text[LIMIT_TEXT] = "";
	struct str_text t = {.buf = text, .size = sizeof(text)};
	size_t n = inventory_count(p->inventory);

	if (!p->ready) {
		str_add(&t, "Cardea is starting; rules that were in force stay in force.");
	} else if (n == 0) {
		str_add(&t, "No device has been seen yet.");
	} else {
		str_add(&t, "%zu device%s: %u protected, %u learning, %u new", n,
			n == 1 ? "" : "s", counts[LIFE_PROTECTED], counts[LIFE_LEARNING],
			counts[LIFE_NEW]);
		add_unusual(&t, counts);
		str_add(&t, ".");
	}
	jsonw_kv_string(j, "sentence", text);
}

/* How answers reach the devices, and how many of them. */
static void write_names(struct jsonw *j, struct pipeline *p)
{
	static const char *const unlisted[] = {
		[NAMES_ANSWER] = "answer",
		[NAMES_REFUSE] = "refuse",
		[NAMES_NXDOMAIN] = "nxdomain",
	};
	bool learns = p->household.name_key.k0 || p->household.name_key.k1;
	unsigned kernel, held;

	pipeline_dns_paths(p, &kernel, &held);
	jsonw_key(j, "names");
	jsonw_object(j);
	jsonw_kv_string(j, "learned_by", learns ? "kernel" : "resolver");
	jsonw_kv_u64(j, "devices_kernel", kernel);
	jsonw_kv_u64(j, "devices_held", held);
	jsonw_kv_string(j, "unlisted", unlisted[p->unlisted]);
	jsonw_kv_string(j, "domain", p->dns_domain[0] ? p->dns_domain : NULL);
	jsonw_object_end(j);
}

void api_write_ports(struct jsonw *j, struct pipeline *p)
{
	jsonw_key(j, "ports");
	jsonw_array(j);
	for (size_t i = 0; i < p->port_count; i++) {
		const struct pipeline_port *port = &p->ports[i];

		jsonw_object(j);
		jsonw_kv_string(j, "name", port->name);
		jsonw_kv_bool(j, "covered", port->covered);
		if (!port->covered) {
			jsonw_kv_string(j, "why", port->text);
			jsonw_kv_bool(j, "accepted",
				pipeline_port_accepted(p, port->name));
		}
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_kv_u64(j, "ports_beyond", p->ports_beyond);
}

/* Where devices ask whether they are held; the first is for DHCP option 114. */
static void write_portal(struct jsonw *j, const struct portal *o)
{
	jsonw_key(j, "portal");
	jsonw_object(j);
	jsonw_kv_bool(j, "enabled", o->enabled);
	jsonw_kv_string(j, "uri", o->https[0] ? o->https : NULL);
	jsonw_kv_string(j, "plain_uri", o->http[0] ? o->http : NULL);
	jsonw_kv_string(j, "page", o->page[0] ? o->page : NULL);
	jsonw_kv_u64(j, "asked", o->counts.asked);
	jsonw_kv_u64(j, "unknown", o->counts.unknown);
	jsonw_kv_u64(j, "forbidden", o->counts.forbidden);
	jsonw_kv_u64(j, "evidence", o->counts.evidence);
	jsonw_object_end(j);
}

void api_view_status(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct jsonw *j = &r->json;
	unsigned counts[LIFE_STATE_MAX];

	count_states(p, counts);
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.status/1");
	jsonw_kv_string(j, "version", CARDEA_VERSION);
	jsonw_kv_bool(j, "ready", p->ready);
	write_sentence(j, p, counts);
	jsonw_kv_string(j, "backend", p->backend);
	jsonw_kv_string(j, "backend_lacks", p->backend_lacks);
	write_names(j, p);
	api_write_ports(j, p);
	jsonw_kv_time(j, "started", p->started);
	jsonw_kv_u64(j, "devices", inventory_count(p->inventory));
	jsonw_key(j, "states");
	jsonw_object(j);
	for (unsigned i = 0; i < LIFE_STATE_MAX; i++)
		jsonw_kv_u64(j, life_state_name((enum life_state)i), counts[i]);
	jsonw_object_end(j);
	jsonw_key(j, "sandbox");
	jsonw_array(j);
	for (unsigned i = 0; i < ROLE_MAX; i++)
		if (api_shows_process(p, (enum role)i)) {
			jsonw_object(j);
			api_write_process(j, p, (enum role)i);
			jsonw_object_end(j);
		}
	jsonw_array_end(j);
	write_portal(j, &p->portal);
	jsonw_key(j, "sensor");
	jsonw_object(j);
	jsonw_kv_u64(j, "frames", p->sensor.frames);
	jsonw_kv_u64(j, "malformed", p->sensor.malformed);
	jsonw_kv_u64(j, "dropped", p->sensor.dropped);
	jsonw_kv_u64(j, "violations", p->sensor.violations);
	jsonw_object_end(j);
	jsonw_kv_u64(j, "events_suppressed", p->journal.suppressed);
	jsonw_kv_u64(j, "refused_transactions", p->commit.refused);
	jsonw_kv_bool(j, "clock_trusted", p->clock_trusted);
	jsonw_key(j, "watching");
	jsonw_object(j);
	api_write_watching(j, p);
	jsonw_object_end(j);
	jsonw_kv_u64(j, "decisions", pipeline_open_decisions(p));
	api_write_dns(j, p);
	jsonw_object_end(j);
}

static void write_addrs(struct jsonw *j, const struct device *d)
{
	jsonw_key(j, "addresses");
	jsonw_array(j);
	for (size_t i = 0; i < d->addr_count; i++) {
		jsonw_object(j);
		jsonw_kv_addr(j, "address", &d->addrs[i].addr);
		jsonw_kv_string(j, "source", addr_source_name(d->addrs[i].source));
		jsonw_kv_time(j, "until", d->addrs[i].expires);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

void api_write_device(struct jsonw *j, const struct pipeline *p, const struct device *d)
{
	jsonw_kv_u64(j, "id", d->id);
	jsonw_kv_untrusted(j, "name", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	api_write_life(j, p, d);
	jsonw_kv_untrusted(j, "hostname", d->hostname);
	jsonw_kv_untrusted(j, "vendor_class", d->vendor_class);
	jsonw_kv_untrusted(j, "mud_url", d->mud_url);
	jsonw_kv_string(j, "url_source", url_source_name(d->url_source));
	jsonw_kv_bool(j, "confirmed", d->confirmed);
	jsonw_kv_bool(j, "proven", device_is_proven(d));
	jsonw_kv_untrusted(j, "mud_signer", d->mud_signer);
	jsonw_kv_untrusted(j, "quarantine", d->hold ? d->quarantine : NULL);
	jsonw_kv_untrusted(j, "problem", d->problem);
	jsonw_kv_time(j, "first_seen", d->first_seen);
	jsonw_kv_time(j, "last_seen", d->last_seen);
	write_addrs(j, d);
}

void api_view_devices(struct api_request *r)
{
	struct jsonw *j = &r->json;
	struct device *d;

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.device.list/1");
	jsonw_key(j, "devices");
	jsonw_array(j);
	for (size_t i = 0; (d = inventory_at(r->pipeline->inventory, i)); i++) {
		jsonw_object(j);
		api_write_device(j, r->pipeline, d);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static int write_binding(void *ctx, const struct binding *b)
{
	struct jsonw *j = ctx;

	jsonw_object(j);
	jsonw_kv_untrusted(j, "name", b->name);
	jsonw_kv_addr(j, "address", &b->addr);
	jsonw_kv_time(j, "until", b->expires);
	jsonw_object_end(j);
	return 0;
}

static void write_profile(struct jsonw *j, const struct shelf_entry *e)
{
	const struct profile *p = &e->profile;

	jsonw_object(j);
	jsonw_kv_untrusted(j, "url", p->url);
	jsonw_kv_string(j, "signature", signature_state_name(p->signature));
	jsonw_kv_untrusted(j, "signer", p->signer);
	jsonw_kv_untrusted(j, "systeminfo", p->systeminfo);
	jsonw_kv_untrusted(j, "mfg_name", p->mfg_name);
	jsonw_kv_untrusted(j, "model_name", p->model_name);
	jsonw_kv_bool(j, "is_supported", p->is_supported);
	jsonw_kv_time(j, "last_update", p->last_update);
	jsonw_kv_time(j, "fetched", e->fetched);
	jsonw_kv_u64(j, "rules", p->rule_count);
	jsonw_key(j, "notes");
	jsonw_array(j);
	for (uint32_t i = 0; i < p->note_count; i++) {
		jsonw_object(j);
		jsonw_kv_string(j, "level", note_level_name(p->notes[i].level));
		jsonw_kv_u64(j, "line", p->notes[i].line);
		jsonw_kv_untrusted(j, "path", p->notes[i].path);
		jsonw_kv_untrusted(j, "text", p->notes[i].text);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

void api_view_device(struct api_request *r)
{
	struct device *d = api_device(r, r->object);
	struct household_device *hd;
	struct jsonw *j = &r->json;

	if (!d)
		return;
	hd = household_device(&r->pipeline->household, d->id);
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.device/1");
	api_write_device(j, r->pipeline, d);
	jsonw_key(j, "profile");
	if (hd && hd->source)
		write_profile(j, hd->source);
	else
		jsonw_null(j);
	api_write_limits(j, hd);
	jsonw_key(j, "names");
	jsonw_array(j);
	if (hd)
		(void)bindings_each(&hd->names, pipeline_wall(r->pipeline), write_binding,
			j);
	jsonw_array_end(j);
	api_write_kept(r, d);
	api_write_evidence(r, d);
	if (r->status < 400)
		jsonw_object_end(j);
}

void api_renamed(struct api_request *r, const struct device *d, const char *before)
{
	struct api_command cmd;
	struct api_path path;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "device", "rename", before, d->name, NULL),
		.path = api_path_of(&path, "devices", d),
		.undo = json_pack("{s:s}", "name", before)},
		"%s is now called %s.", before, d->name);
}

static void rename_device(struct api_request *r, struct device *d, const char *name)
{
	struct pipeline *p = r->pipeline;
	char before[LIMIT_LABEL];
	int error;

	str_copy(before, sizeof(before), d->name);
	error = inventory_rename(p->inventory, d, name);
	if (error == -EEXIST) {
		api_fail(r, 409, "choose another name", "another device has that name");
		return;
	}
	if (error) {
		api_fail(r, 400, "use 1 to 63 characters", "this is no name");
		return;
	}
	pipeline_save_device(p, d);
	(void)!store_commit(p->store);
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_RENAMED,
		"%s is now called %s.", before, d->name);
	if (strcmp(before, d->name) != 0)
		api_renamed(r, d, before);
	pipeline_life_classed(p, d);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.device/1");
	api_write_device(&r->json, r->pipeline, d);
	jsonw_kv_untrusted(&r->json, "previous_name", before);
	jsonw_object_end(&r->json);
}

static void answer_device(struct api_request *r, const struct device *d)
{
	(void)!store_commit(r->pipeline->store);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.device/1");
	api_write_device(&r->json, r->pipeline, d);
	jsonw_object_end(&r->json);
}

/* What it said itself comes back when it says it again: nobody else can say it for it. */
void api_said_url(struct api_request *r, const struct device *d,
	const struct device *before)
{
	bool yours = before->mud_url[0] && before->url_source == URL_SOURCE_OWNER;
	struct api_command cmd;
	struct api_path path;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "device", "url", d->name, d->mud_url, NULL),
		.path = yours ? api_path_of(&path, "devices", d) : NULL,
		.undo = yours ? json_pack("{s:s}", "mud_url", before->mud_url) : NULL,
		.why_not = "you had said no other MUD URL of it; `cardea device url` says "
			   "another"},
		"You said which MUD file is %s's: %.120s", d->name, d->mud_url);
}

static void set_url(struct api_request *r, struct device *d, const char *url)
{
	struct device before;
	struct identity i = {.mac = d->mac, .source = URL_SOURCE_OWNER};
	char text[LIMIT_TEXT];

	if (mud_url_check(url, 0, text)) {
		api_fail(r, 400, "give the https URL of its MUD file", "%s", text);
		return;
	}
	before = *d;
	str_copy(i.mud_url, sizeof(i.mud_url), url);
	if (pipeline_identity(r->pipeline, &i, &d)) {
		api_fail(r, 500, "look at the log", "the URL could not be set");
		return;
	}
	if (strcmp(before.mud_url, d->mud_url) != 0 || before.url_source != d->url_source)
		api_said_url(r, d, &before);
	answer_device(r, d);
}

static void set_confirmed(struct api_request *r, struct device *d, bool confirmed)
{
	bool before = d->confirmed;
	struct api_command cmd;
	struct api_path path;

	pipeline_confirm(r->pipeline, d, confirmed);
	if (before != d->confirmed)
		api_changed_by(r, &(struct api_change){
			.command = api_command(&cmd, "device", "confirm", d->name,
				confirmed ? NULL : "--no", NULL),
			.path = api_path_of(&path, "devices", d),
			.undo = json_pack("{s:b}", "confirmed", before)},
			confirmed ? "You vouched that %s is what it says."
				  : "You vouch for %s no longer.", d->name);
	answer_device(r, d);
}

static void set_quarantine(struct api_request *r, struct device *d, const char *reason)
{
	if (api_put_in_quarantine(r, d, reason))
		answer_device(r, d);
}

static void classed(struct api_request *r, const struct device *d, enum device_class before)
{
	const char *now = device_class_name(d->class), *was = device_class_name(before);
	struct api_command cmd;
	struct api_path path;

	api_changed_by(r, &(struct api_change){
		.command = d->class == DEVICE_CLASS_UNKNOWN
				   ? NULL
				   : api_command(&cmd, "device", "set", d->name, "--class", now,
					     NULL),
		.path = api_path_of(&path, "devices", d),
		.undo = json_pack("{s:s?}", "class",
			before == DEVICE_CLASS_UNKNOWN ? NULL : was)},
		"%s is of the class %s now; it was of the class %s.", d->name, now, was);
}

static void set_class(struct api_request *r, struct device *d, const json_t *v)
{
	enum device_class c = DEVICE_CLASS_UNKNOWN, before;

	if (!json_is_null(v) && !device_class_parse(json_string_value(v), &c)) {
		api_fail(r, 400,
			"light, plug, speaker, tv, camera, sensor, appliance, climate, "
			"printer, toy, other, lock, alarm, medical, phone, hub, smoke, "
			"heating or computer",
			"this is no class of devices");
		return;
	}
	before = d->class;
	d->class = c;
	pipeline_save_device(r->pipeline, d);
	if (before != c)
		classed(r, d, before);
	pipeline_life_classed(r->pipeline, d);
	answer_device(r, d);
}

static void change_device(struct api_request *r, struct device *d, const json_t *root)
{
	const json_t *v;

	if (json_is_string(v = json_object_get(root, "name")))
		rename_device(r, d, json_string_value(v));
	else if (json_is_string(v = json_object_get(root, "mud_url")))
		set_url(r, d, json_string_value(v));
	else if (json_is_boolean(v = json_object_get(root, "confirmed")))
		set_confirmed(r, d, json_is_true(v));
	else if (json_is_string(v = json_object_get(root, "quarantine")))
		set_quarantine(r, d, json_string_value(v));
	else if ((v = json_object_get(root, "class")) &&
		 (json_is_string(v) || json_is_null(v)))
		set_class(r, d, v);
	else
		api_fail(r, 400,
			"send {\"name\":\"...\"}, {\"mud_url\":\"...\"}, "
			"{\"confirmed\":true}, {\"class\":\"...\"} or "
			"{\"quarantine\":\"why\"}; a release has two steps: POST "
			"/v1/quarantine/DEVICE",
			"the body has nothing that can be changed");
}

void api_change_device(struct api_request *r)
{
	struct device *d = api_device(r, r->object);
	json_t *root = d ? api_body(r) : NULL;

	if (!root)
		return;
	if (json_object_size(root) != 1)
		api_fail(r, 400,
			"send one of name, mud_url, confirmed, class, quarantine at a time",
			"the body has %zu members", json_object_size(root));
	else
		change_device(r, d, root);
	json_decref(root);
}

void api_write_event(struct jsonw *j, struct pipeline *p, const struct event *e)
{
	struct device *d = inventory_by_id(p->inventory, e->device);
	char proto[FLOW_PROTO_TEXT_MAX];

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.event/1");
	jsonw_kv_u64(j, "id", e->id);
	jsonw_kv_string(j, "kind", event_kind_name(e->kind));
	jsonw_kv_time(j, "first", e->first);
	jsonw_kv_time(j, "last", e->last);
	jsonw_kv_untrusted(j, "device", d ? d->name : NULL);
	if (d) {
		jsonw_kv_u64(j, "device_id", d->id);
		jsonw_kv_mac(j, "mac", &d->mac);
	}
	jsonw_kv_untrusted(j, "text", e->text);
	if (e->kind == EVENT_NAME_REFUSED || e->kind == EVENT_NAMES_ODD) {
		jsonw_kv_untrusted(j, "name", e->name[0] ? e->name : NULL);
		jsonw_kv_u64(j, "packets", e->packets);
	}
	if (e->kind == EVENT_VIOLATION || e->kind == EVENT_REFUSED ||
		e->kind == EVENT_WOULD_BLOCK || e->kind == EVENT_CONFLICT ||
		e->kind == EVENT_NAMES_HIDDEN) {
		jsonw_kv_string(j, "reason", verdict_reason_name(e->reason));
		jsonw_kv_string(j, "direction", direction_name(e->flow.direction));
		jsonw_kv_addr(j, "device_address", &e->flow.device);
		jsonw_kv_addr(j, "peer", &e->flow.peer);
		jsonw_kv_untrusted(j, "name", e->name[0] ? e->name : NULL);
		jsonw_kv_string(j, "proto", flow_proto_text(e->flow.proto, proto));
		jsonw_kv_u64(j, "device_port", e->flow.device_port);
		jsonw_kv_u64(j, "port", e->flow.peer_port);
		jsonw_kv_u64(j, "packets", e->packets);
	}
	jsonw_object_end(j);
}

void api_change_stop(struct api_request *r)
{
	json_t *root = api_body(r);

	if (!root)
		return;
	r->stop = true;
	r->stop_open = json_is_true(json_object_get(root, "open"));
	json_decref(root);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.stop/1");
	jsonw_kv_bool(&r->json, "open", r->stop_open);
	jsonw_object_end(&r->json);
}
