// SPDX-License-Identifier: GPL-2.0-or-later
/* Status, devices and events as JSON; small changes. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include "base/sandbox.h"
#include "engine/api/api_priv.h"
#include "profiles/mud/mud.h"

#define EVENTS_DEFAULT 100
#define EVENTS_MAX 1000

static void write_process(struct jsonw *j, const struct pipeline *p, enum role role)
{
	const struct pipeline_process *s = &p->processes[role];
	char layers[SANDBOX_TEXT_MAX];

	jsonw_object(j);
	jsonw_kv_string(j, "name", role_name(role));
	jsonw_kv_bool(j, "running", s->running);
	jsonw_kv_u64(j, "pid", s->pid);
	jsonw_kv_u64(j, "restarts", s->restarts);
	jsonw_kv_string(j, "sandbox", sandbox_format(s->layers, layers));
	jsonw_object_end(j);
}

static void count_states(struct pipeline *p, unsigned counts[DEVICE_STATE_MAX])
{
	struct device *d;

	memset(counts, 0, DEVICE_STATE_MAX * sizeof(*counts));
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		counts[d->state]++;
}

/* The one sentence that a home user wants. */
static void write_sentence(struct jsonw *j, struct pipeline *p,
	const unsigned counts[DEVICE_STATE_MAX])
{
	char text[LIMIT_TEXT], quarantined[48] = "";
	size_t n = inventory_count(p->inventory);

	if (counts[DEVICE_QUARANTINED])
		(void)str_print(quarantined, sizeof(quarantined), ", %u in quarantine",
			counts[DEVICE_QUARANTINED]);
	if (!p->ready)
		(void)str_print(text, sizeof(text),
			"Cardea is starting; rules that were in force stay in force.");
	else if (n == 0)
		(void)str_print(text, sizeof(text), "No device has been seen yet.");
	else
		(void)str_print(text, sizeof(text),
			"%zu device%s: %u protected, %u watched, %u new%s.", n,
			n == 1 ? "" : "s", counts[DEVICE_PROTECTED],
			counts[DEVICE_WATCHED], counts[DEVICE_NEW], quarantined);
	jsonw_kv_string(j, "sentence", text);
}

static int count_one(void *ctx, const struct decision *d)
{
	(void)d;
	++*(unsigned *)ctx;
	return 0;
}

static unsigned count_decisions(struct pipeline *p)
{
	unsigned n = 0;

	(void)!store_decisions(p->store, true, count_one, &n);
	return n;
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

static void write_ports(struct jsonw *j, struct pipeline *p)
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

void api_view_status(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct jsonw *j = &r->json;
	unsigned counts[DEVICE_STATE_MAX];

	count_states(p, counts);
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.status/1");
	jsonw_kv_string(j, "version", CARDEA_VERSION);
	jsonw_kv_bool(j, "ready", p->ready);
	write_sentence(j, p, counts);
	jsonw_kv_string(j, "backend", p->backend);
	jsonw_kv_string(j, "backend_lacks", p->backend_lacks);
	write_names(j, p);
	write_ports(j, p);
	jsonw_kv_time(j, "started", p->started);
	jsonw_kv_u64(j, "devices", inventory_count(p->inventory));
	jsonw_key(j, "states");
	jsonw_object(j);
	for (unsigned i = 0; i < DEVICE_STATE_MAX; i++)
		jsonw_kv_u64(j, device_state_name((enum device_state)i), counts[i]);
	jsonw_object_end(j);
	jsonw_key(j, "sandbox");
	jsonw_array(j);
	for (unsigned i = 0; i < ROLE_MAX; i++)
		write_process(j, p, (enum role)i);
	jsonw_array_end(j);
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
	jsonw_kv_u64(j, "decisions", count_decisions(p));
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

void api_write_device(struct jsonw *j, const struct device *d)
{
	jsonw_kv_u64(j, "id", d->id);
	jsonw_kv_untrusted(j, "name", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_string(j, "state", device_state_name(d->state));
	jsonw_kv_untrusted(j, "hostname", d->hostname);
	jsonw_kv_untrusted(j, "vendor_class", d->vendor_class);
	jsonw_kv_untrusted(j, "mud_url", d->mud_url);
	jsonw_kv_string(j, "url_source", url_source_name(d->url_source));
	jsonw_kv_bool(j, "confirmed", d->confirmed);
	jsonw_kv_bool(j, "proven", device_is_proven(d));
	jsonw_kv_untrusted(j, "mud_signer", d->mud_signer);
	jsonw_kv_untrusted(j, "quarantine", d->quarantine[0] ? d->quarantine : NULL);
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
		api_write_device(j, d);
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
	api_write_device(j, d);
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
	jsonw_object_end(j);
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
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.device/1");
	api_write_device(&r->json, d);
	jsonw_kv_untrusted(&r->json, "previous_name", before);
	jsonw_object_end(&r->json);
}

static void answer_device(struct api_request *r, const struct device *d)
{
	(void)!store_commit(r->pipeline->store);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.device/1");
	api_write_device(&r->json, d);
	jsonw_object_end(&r->json);
}

static void set_url(struct api_request *r, struct device *d, const char *url)
{
	struct identity i = {.mac = d->mac, .source = URL_SOURCE_OWNER};
	char text[LIMIT_TEXT];

	if (mud_url_check(url, 0, text)) {
		api_fail(r, 400, "give the https URL of its MUD file", "%s", text);
		return;
	}
	str_copy(i.mud_url, sizeof(i.mud_url), url);
	if (pipeline_identity(r->pipeline, &i, &d))
		api_fail(r, 500, "look at the log", "the URL could not be set");
	else
		answer_device(r, d);
}

static void set_quarantine(struct api_request *r, struct device *d, const json_t *reason)
{
	int error = pipeline_quarantine(r->pipeline, d, json_string_value(reason));

	if (error == CARDEA_EMALFORMED)
		api_fail(r, 400, "say why, in 1 to 255 characters", "this is no reason");
	else if (error)
		api_fail(r, 500, "look at the log", "%s", error_text(error));
	else
		answer_device(r, d);
}

void api_change_device(struct api_request *r)
{
	struct device *d = api_device(r, r->object);
	json_t *root = d ? api_body(r) : NULL, *v;

	if (!root)
		return;
	if (json_object_size(root) != 1) {
		api_fail(r, 400,
			"send one of name, mud_url, confirmed, quarantine at a time",
			"the body has %zu members", json_object_size(root));
	} else if (json_is_string(v = json_object_get(root, "name"))) {
		rename_device(r, d, json_string_value(v));
	} else if (json_is_string(v = json_object_get(root, "mud_url"))) {
		set_url(r, d, json_string_value(v));
	} else if (json_is_boolean(v = json_object_get(root, "confirmed"))) {
		pipeline_confirm(r->pipeline, d, json_is_true(v));
		answer_device(r, d);
	} else if ((v = json_object_get(root, "quarantine")) &&
		   (json_is_string(v) || json_is_null(v))) {
		set_quarantine(r, d, v);
	} else {
		api_fail(r, 400,
			"send {\"name\":\"...\"}, {\"mud_url\":\"...\"}, "
			"{\"confirmed\":true} or {\"quarantine\":\"why\"}",
			"the body has nothing that can be changed");
	}
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
	if (d)
		jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_untrusted(j, "text", e->text);
	if (e->kind == EVENT_NAME_REFUSED || e->kind == EVENT_NAMES_ODD) {
		jsonw_kv_untrusted(j, "name", e->name[0] ? e->name : NULL);
		jsonw_kv_u64(j, "packets", e->packets);
	}
	if (e->kind == EVENT_VIOLATION || e->kind == EVENT_REFUSED ||
		e->kind == EVENT_CONFLICT ||
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

static int list_event(void *ctx, const struct event *e)
{
	struct api_request *r = ctx;

	api_write_event(&r->json, r->pipeline, e);
	return 0;
}

/* Followers get lines, not a list: what happened lately comes with the list before. */
void api_view_events(struct api_request *r)
{
	struct store_event_query q = {.limit = EVENTS_DEFAULT};
	int64_t after = 0, limit = EVENTS_DEFAULT, follow = 0;
	char device[LIMIT_NAME];
	struct device *d = NULL;

	if (!api_query_number(r, "after", 0, INT64_MAX, &after) ||
		!api_query_number(r, "limit", 1, EVENTS_MAX, &limit) ||
		!api_query_number(r, "follow", 0, 1, &follow) ||
		!api_query(r, "device", device, sizeof(device)))
		return;
	if (device[0] && !(d = api_device(r, device)))
		return;
	r->follow = follow == 1;
	r->follow_device = d ? d->id : 0;
	if (r->follow)
		return;
	q.after = (event_id)after;
	q.limit = (unsigned)limit;
	q.device = d ? d->id : 0;
	journal_flush(&r->pipeline->journal);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.event.list/1");
	jsonw_key(&r->json, "events");
	jsonw_array(&r->json);
	if (store_events(r->pipeline->store, &q, list_event, r)) {
		api_fail(r, 500, "look at the log", "the events could not be read");
		return;
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
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
