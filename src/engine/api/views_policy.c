// SPDX-License-Identifier: GPL-2.0-or-later
/* Why, and what is in force, as JSON. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "engine/api/api_priv.h"
#include "engine/classes.h"
#include "engine/hits.h"
#include "engine/why.h"

/* Whom a class means now: a rule may be in force and open nothing. */
static void write_members(struct api_request *r, const struct household_device *hd,
	const struct rule *rule)
{
	const struct classes *c = &r->pipeline->classes;

	if (!hd || !rule_in_force(rule) || !policy_peer_is_class(rule->peer.kind) ||
		rule->ethertype != RULE_ETHERTYPE_IP)
		return;
	jsonw_kv_u64(&r->json, "members", classes_count(c, hd, &rule->peer));
	jsonw_kv_string(&r->json, "note", classes_note(c, hd, &rule->peer));
}

static void write_hits(
	struct api_request *r, struct household_device *hd, const struct rule *rule)
{
	bool listed = hd && hd->pool && rule >= hd->policy.rules &&
		      rule < hd->policy.rules + hd->policy.count;
	const struct rule_hits *h =
		listed ? household_hits(hd, (uint32_t)(rule - hd->policy.rules),
				 pipeline_wall(r->pipeline))
		       : NULL;

	if (!h)
		return;
	jsonw_kv_u64(&r->json, "hits", h->hits);
	jsonw_kv_u64(&r->json, "bytes", h->bytes);
	jsonw_kv_time(&r->json, "last_hit", h->last);
	jsonw_kv_time(&r->json, "counted_since", h->first);
}

/* hd: whose rule it is. */
static void write_rule(
	struct api_request *request, struct household_device *hd, const struct rule *r)
{
	struct jsonw *j = &request->json;
	char sentence[RULE_SENTENCE_MAX];

	jsonw_object(j);
	jsonw_kv_u64(j, "id", r->id);
	jsonw_kv_string(j, "source", layer_name(r->layer));
	jsonw_kv_string(j, "direction", direction_name(r->direction));
	jsonw_kv_string(j, "action", r->action == RULE_ACCEPT ? "accept"
		: r->action == RULE_DROP      ? "drop"
					      : "pass");
	jsonw_kv_untrusted(j, "sentence", rule_sentence(r, sentence));
	jsonw_kv_string(j, "status", rule_status_name(r->status));
	jsonw_kv_untrusted(j, "detail", r->detail);
	jsonw_kv_untrusted(j, "acl", r->acl);
	jsonw_kv_untrusted(j, "ace", r->ace);
	jsonw_kv_u64(j, "line", r->line);
	write_members(request, hd, r);
	write_hits(request, hd, r);
	jsonw_object_end(j);
}

static void write_answer(struct api_request *r, const struct device *d,
	const struct why_answer *a, const struct event *e)
{
	const struct device *judge = a->decided_by ? a->decided_by : d;
	struct household_device *hd =
		household_device(&r->pipeline->household, judge->id);
	struct jsonw *j = &r->json;
	char proto[FLOW_PROTO_TEXT_MAX];

	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.why/1");
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_bool(j, "enforced", a->enforced);
	jsonw_kv_bool(j, "allowed", a->allowed);
	jsonw_kv_string(j, "verdict", verdict_kind_name(a->verdict.kind));
	jsonw_kv_string(j, "reason", verdict_reason_name(a->verdict.reason));
	jsonw_kv_string(j, "direction", direction_name(a->flow.direction));
	jsonw_kv_addr(j, "peer", &a->flow.peer);
	jsonw_kv_untrusted(j, "name", a->name[0] ? a->name : NULL);
	jsonw_kv_string(j, "proto", flow_proto_text(a->flow.proto, proto));
	jsonw_kv_u64(j, "port", a->flow.peer_port);
	jsonw_kv_untrusted(j, "text", a->text);
	jsonw_kv_untrusted(j, "decided_by", judge->name);
	jsonw_kv_untrusted(j, "profile", hd && hd->source ? hd->source->url : NULL);
	jsonw_key(j, "rule");
	if (a->rule)
		write_rule(r, hd, a->rule);
	else
		jsonw_null(j);
	jsonw_key(j, "event");
	if (e)
		api_write_event(j, r->pipeline, e);
	else
		jsonw_null(j);
	jsonw_object_end(j);
}

/* A resolver's name that was refused has no address to judge. */
static void add_refused_name(const struct pipeline *p, struct why_answer *a)
{
	size_t n = strlen(a->text);
	const char *by = a->allowed || !a->name[0] || a->known_address
				 ? NULL
				 : encrypted_by_name(&p->encrypted, a->name);

	if (by)
		(void)str_print(a->text + n, sizeof(a->text) - n,
			" This is a public resolver (%s): the name is refused to the "
			"device, and this gateway answers its questions.",
			by);
}

/* Whoever asks another for names: what that means for what the house sees. A retired device
 * has no names from anybody. */
static void add_hidden(struct pipeline *p, const struct device *d, struct why_answer *a)
{
	char what[LIMIT_TEXT];
	size_t n = strlen(a->text);
	const char *asked = a->name[0] ? a->name : NULL;

	if (!a->enforced || d->hold == HOLD_REFUSED)
		return;
	if (!pipeline_hidden_what(p, &a->flow, asked, what))
		add_refused_name(p, a);
	else if (a->allowed)
		(void)str_print(a->text + n, sizeof(a->text) - n,
			" This is %s: its names are hidden from this gateway.", what);
	else if (a->flow.peer_port == 53 && p->redirects_dns)
		(void)str_print(a->text + n, sizeof(a->text) - n,
			" This is %s: its questions are redirected to this gateway, "
			"which answers them.",
			what);
	else
		(void)str_print(a->text + n, sizeof(a->text) - n,
			" This is %s: it is refused; this gateway answers its questions.",
			what);
}

static void answer(struct api_request *r, const struct why_question *q)
{
	struct why_answer a;
	int error =
		why_answer(&r->pipeline->household, q, pipeline_wall(r->pipeline), &a);

	if (error == -ENOENT)
		api_fail(r, 404, "ask again when it is there", "%s has no address now",
			q->peer->name);
	else if (error)
		api_fail(r, 400, "give a name such as example.com, or an address",
			"the destination is neither a name nor an address");
	else {
		add_hidden(r->pipeline, q->device, &a);
		write_answer(r, q->device, &a, q->event);
	}
}

static bool is_about_names(enum event_kind k)
{
	return k == EVENT_NAME_REFUSED || k == EVENT_NAMES_HIDDEN || k == EVENT_NAMES_ODD;
}

/* What no packet tells, the event says itself. */
static void write_told(
	struct api_request *r, const struct device *d, const struct event *e)
{
	struct why_answer a = {.flow = e->flow, .decided_by = d};

	a.enforced = device_is_enforced(d);
	a.allowed = e->kind != EVENT_NAME_REFUSED;
	a.verdict.kind = a.allowed ? VERDICT_ALLOW : VERDICT_REFUSE;
	str_copy(a.name, sizeof(a.name), e->name);
	(void)str_print(a.text, sizeof(a.text), "%s: %s",
		a.allowed ? "Noted" : "Refused", e->text);
	write_answer(r, d, &a, e);
}

static void why_event(struct api_request *r, int64_t id)
{
	struct why_question q = {.destination = "", .port = -1};
	struct event e;
	int error;

	journal_flush(&r->pipeline->journal);
	error = store_event(r->pipeline->store, (event_id)id, &e);
	if (error) {
		api_fail(r, 404, "`cardea events` lists them", "there is no event %lld",
			(long long)id);
		return;
	}
	q.device = inventory_by_id(r->pipeline->inventory, e.device);
	q.event = &e;
	if (q.device && is_about_names(e.kind))
		write_told(r, q.device, &e);
	else if (!q.device ||
		 (e.kind != EVENT_VIOLATION && e.kind != EVENT_REFUSED &&
			 e.kind != EVENT_WOULD_BLOCK))
		api_fail(r, 400, "ask about an event of kind violation, would-block or refused",
			"event %lld is no violation: %s", (long long)id, e.text);
	else
		answer(r, &q);
}

static bool read_proto(struct api_request *r, int *ret)
{
	char text[16];
	int64_t number = 0;

	if (!api_query(r, "proto", text, sizeof(text)))
		return false;
	for (int p = 1; p < 256 && text[0]; p++) {
		const char *name = flow_proto_name((uint8_t)p);

		if (name && strcasecmp(name, text) == 0)
			number = p;
	}
	if (text[0] && !number && str_to_i64(text, 1, 255, &number)) {
		api_fail(r, 400, "give tcp, udp, icmp or a number",
			"the protocol is not known");
		return false;
	}
	*ret = (int)number;
	return true;
}

/* A device by its name or MAC; a number or an address is what it says. */
static const struct device *peer_device(struct api_request *r, const char *text)
{
	const struct device *d = inventory_find(r->pipeline->inventory, text);
	struct mac mac;

	if (!d || (strcasecmp(d->name, text) != 0 && mac_parse(text, &mac)))
		return NULL;
	return d;
}

void api_view_why(struct api_request *r)
{
	struct why_question q = {0};
	char device[LIMIT_NAME], destination[LIMIT_NAME];
	int64_t event = 0, port = -1;

	if (!api_query_number(r, "event", 1, INT64_MAX, &event) ||
		!api_query_number(r, "port", 0, 65535, &port) ||
		!api_query(r, "device", device, sizeof(device)) ||
		!api_query(r, "destination", destination, sizeof(destination)) ||
		!read_proto(r, &q.proto))
		return;
	if (event) {
		why_event(r, event);
		return;
	}
	if (!device[0] || !destination[0]) {
		api_fail(r, 400, "give device= and destination=, or event=",
			"the question is not complete");
		return;
	}
	q.device = api_device(r, device);
	q.destination = destination;
	q.peer = peer_device(r, destination);
	q.journal = &r->pipeline->journal;
	q.port = (int)port;
	if (q.device)
		answer(r, &q);
}

/* The name itself is known by its hash alone. */
static void write_name(struct jsonw *j, const struct element *e)
{
	char hash[24];

	(void)str_print(hash, sizeof(hash), "%016llx", (unsigned long long)e->name_hash);
	jsonw_kv_string(j, "name_hash", hash);
	jsonw_kv_bool(j, "suffix", e->name_suffix);
	jsonw_kv_u64(j, "proto", e->proto_lo);
	jsonw_kv_u64(j, "port", e->peer_port.lo);
}

static void write_element(struct jsonw *j, const struct element *e)
{
	char text[MAC_TEXT_MAX], addr[ADDR_TEXT_MAX];

	jsonw_object(j);
	jsonw_kv_string(j, "set", element_kind_name(e->kind));
	jsonw_kv_u64(j, "family", e->family);
	if (!mac_is_zero(&e->mac))
		jsonw_kv_string(j, "mac", mac_format(&e->mac, text));
	if (e->device.family)
		jsonw_kv_string(j, "device", addr_format(&e->device, addr));
	if (e->rate)
		jsonw_kv_u64(j, "rate", e->rate);
	if (e->kind == ELEMENT_NAME)
		write_name(j, e);
	if (e->kind == ELEMENT_ETHER_OUT || e->kind == ELEMENT_ETHER_IN) {
		jsonw_kv_u64(j, "ether_type", e->ether_type);
		jsonw_kv_string(j, "peer_mac_from", mac_format(&e->peer_mac_lo, text));
		jsonw_kv_string(j, "peer_mac_to", mac_format(&e->peer_mac_hi, text));
	}
	if (e->peer_lo.family) {
		jsonw_kv_string(j, "peer_from", addr_format(&e->peer_lo, addr));
		jsonw_kv_string(j, "peer_to", addr_format(&e->peer_hi, addr));
		jsonw_kv_u64(j, "proto_from", e->proto_lo);
		jsonw_kv_u64(j, "proto_to", e->proto_hi);
		jsonw_kv_u64(j, "device_port_from", e->device_port.lo);
		jsonw_kv_u64(j, "device_port_to", e->device_port.hi);
		jsonw_kv_u64(j, "peer_port_from", e->peer_port.lo);
		jsonw_kv_u64(j, "peer_port_to", e->peer_port.hi);
	}
	jsonw_object_end(j);
}

static void write_blocks(struct jsonw *j, const struct household_device *hd)
{
	char proto[FLOW_PROTO_TEXT_MAX];

	jsonw_key(j, "ended");
	jsonw_array(j);
	for (size_t i = 0; hd && i < hd->block_count; i++) {
		jsonw_object(j);
		jsonw_kv_addr(j, "peer", &hd->blocks[i].peer);
		jsonw_kv_string(
			j, "proto", flow_proto_text(hd->blocks[i].proto, proto));
		jsonw_kv_u64(j, "port", hd->blocks[i].port);
		jsonw_kv_time(j, "until", hd->blocks[i].until);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

void api_write_limits(struct jsonw *j, const struct household_device *hd)
{
	struct household_limits all;
	const char *detail;

	if (hd)
		household_limits(hd, &all);
	jsonw_key(j, "limits");
	jsonw_array(j);
	for (size_t i = 0; hd && i < hd->limit_count; i++) {
		const struct profile_limit *l = &hd->limits[i];
		const char *status = household_limit_status(&all, i, l, &detail);

		jsonw_object(j);
		jsonw_kv_untrusted(j, "service", l->service);
		jsonw_kv_string(j, "direction", direction_name(l->direction));
		jsonw_kv_untrusted(j, "acl", l->acl[0] ? l->acl : NULL);
		jsonw_kv_u64(j, "bytes_per_s", l->bytes);
		jsonw_kv_u64(j, "packets_per_s", l->packets);
		jsonw_kv_string(j, "status", status);
		jsonw_kv_string(j, "detail", detail);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void write_policy(struct api_request *r, struct device *d, bool elements)
{
	struct household_device *hd = household_device(&r->pipeline->household, d->id);
	struct jsonw *j = &r->json;

	jsonw_object(j);
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	api_write_life(j, r->pipeline, d);
	jsonw_kv_untrusted(j, "problem", d->problem);
	jsonw_kv_untrusted(j, "quarantine", d->hold ? d->quarantine : NULL);
	jsonw_kv_untrusted(j, "profile", hd && hd->source ? hd->source->url : NULL);
	jsonw_key(j, "rules");
	jsonw_array(j);
	for (uint32_t i = 0; hd && hd->pool && i < hd->policy.count; i++)
		write_rule(r, hd, &hd->policy.rules[i]);
	jsonw_array_end(j);
	api_write_limits(j, hd);
	write_blocks(j, hd);
	if (elements) {
		jsonw_key(j, "elements");
		jsonw_array(j);
		for (size_t i = 0; hd && i < hd->installed.count; i++)
			write_element(j, &hd->installed.items[i]);
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
}

void api_view_policy(struct api_request *r)
{
	int64_t elements = 0;
	struct device *only = NULL, *d;

	if (!api_query_number(r, "elements", 0, 1, &elements) ||
		!api_query_device(r, &only))
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.policy/1");
	jsonw_kv_string(&r->json, "backend", r->pipeline->backend);
	jsonw_key(&r->json, "devices");
	jsonw_array(&r->json);
	for (size_t i = 0; (d = inventory_at(r->pipeline->inventory, i)); i++)
		if (!only || only == d)
			write_policy(r, d, elements == 1);
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}
