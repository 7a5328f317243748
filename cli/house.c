// SPDX-License-Identifier: GPL-2.0-or-later
/* What an owner has said of a house, gathered from the gateway. */
#include "cli/house.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cli/answer.h"
#include "cli/device.h"

/* Answers that another house, or this one later, can be given: what a case's answer set off
 * has been done. */
static const char *const lasting[] = {"authority", "signer", "unsigned", "rollback",
	"my-controller", "controller", "identity", "preview", "port", "conversation", "advisory"};

static bool is_lasting(const char *kind)
{
	for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++)
		if (strcmp(lasting[i], kind) == 0)
			return true;
	return false;
}

json_t *house_device(const json_t *house, const char *mac)
{
	json_t *o;
	size_t i;

	json_array_foreach (json_object_get(house, "devices"), i, o)
		if (strcmp(answer_raw(o, "mac"), mac) == 0)
			return o;
	return NULL;
}

/* Names of hosts and protocols have no case, and no other word differs by it alone. */
static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	return strcasecmp(answer_raw(a, key), answer_raw(b, key)) == 0;
}

static long long port_of(const json_t *o, const char *key, long long usual)
{
	const json_t *n = json_object_get(o, key);

	return json_is_integer(n) ? json_integer_value(n) : usual;
}

bool house_same_overlay(const json_t *a, const json_t *b)
{
	return same_text(a, b, "kind") && same_text(a, b, "peer") && same_text(a, b, "proto") &&
	       port_of(a, "port_from", 0) == port_of(b, "port_from", 0) &&
	       port_of(a, "port_to", UINT16_MAX) == port_of(b, "port_to", UINT16_MAX);
}

bool house_same_controller(const json_t *a, const json_t *b)
{
	return same_text(a, b, "class") && same_text(a, b, "device") && same_text(a, b, "target");
}

bool house_same_question(const json_t *a, const json_t *b)
{
	return same_text(a, b, "kind") && same_text(a, b, "device") && same_text(a, b, "subject");
}

/* ---- gathering ---- */

static void copy(json_t *to, const json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);

	if (v && !json_is_null(v))
		json_object_set(to, key, v);
}

/* By name, as the lists of the API tell it; "" when there is none. */
static const char *mac_of(const json_t *devices, const char *name)
{
	const json_t *d;
	size_t i;

	json_array_foreach (devices, i, d)
		if (strcmp(answer_raw(d, "name"), name) == 0)
			return answer_raw(d, "mac");
	return "";
}

static enum cli_exit add_device(struct cli *c, const json_t *row, bool all, json_t *house)
{
	const char *source = answer_raw(row, "url_source");
	struct client_target t;
	json_t *view = NULL, *o;
	enum cli_exit e;

	client_target_init(&t, "/v1/views");
	client_target_segment(&t, answer_raw(row, "mac"));
	e = answer_ask(c, &t, NULL, &view);
	if (e != CLI_OK)
		return e;
	o = json_pack("{s:O}", "mac", json_object_get(row, "mac"));
	if (all || answer_true(view, "named_by_owner"))
		copy(o, view, "name");
	if (strcmp(answer_raw(view, "class"), "unknown") != 0)
		copy(o, view, "class");
	if (strcmp(source, "owner") == 0 || strcmp(source, "qr") == 0)
		copy(o, view, "mud_url");
	if (answer_true(view, "confirmed"))
		copy(o, view, "confirmed");
	json_object_set_new(o, "overlays", json_array());
	json_array_append_new(json_object_get(house, "devices"), o);
	json_decref(view);
	return CLI_OK;
}

static void add_overlay(const json_t *row, bool ids, json_t *house)
{
	json_t *device = house_device(house, answer_raw(row, "mac")), *o = json_object();

	copy(o, row, "kind");
	copy(o, row, "peer");
	copy(o, row, "proto");
	if (port_of(row, "port_from", 0) || port_of(row, "port_to", UINT16_MAX) != UINT16_MAX) {
		copy(o, row, "port_from");
		copy(o, row, "port_to");
	}
	if (ids)
		copy(o, row, "id");
	json_array_append_new(json_object_get(device, "overlays"), o);
}

static void add_controller(const json_t *row, const json_t *devices, json_t *house)
{
	const char *of = answer_raw(row, "device");
	json_t *o = json_object();

	copy(o, row, "class");
	if (of[0])
		json_object_set_new(o, "device", json_string(mac_of(devices, of)));
	json_object_set(o, "target",
		answer_raw(row, "target_mac")[0] ? json_object_get(row, "target_mac")
						 : json_object_get(row, "target"));
	json_array_append_new(json_object_get(house, "controllers"), o);
}

static void add_decision(const json_t *row, const json_t *devices, bool ids, json_t *house)
{
	const char *of = answer_raw(row, "device");
	json_t *o;

	if (!is_lasting(answer_raw(row, "kind")) ||
		(!ids && strcmp(answer_raw(row, "answer"), "open") == 0))
		return;
	o = json_object();
	copy(o, row, "kind");
	if (of[0])
		json_object_set_new(o, "device", json_string(mac_of(devices, of)));
	copy(o, row, "subject");
	copy(o, row, "text");
	copy(o, row, "answer");
	copy(o, row, "choice");
	if (ids)
		copy(o, row, "id");
	json_array_append_new(json_object_get(house, "decisions"), o);
}

struct lists {
	json_t *devices, *overlays, *controllers, *decisions;
};

static enum cli_exit ask_all(struct cli *c, struct lists *l)
{
	struct client_target t;
	enum cli_exit e = answer_get(c, "/v1/devices", &l->devices);

	client_target_init(&t, "/v1/decisions");
	client_target_query(&t, "all", "1");
	if (e == CLI_OK)
		e = answer_get(c, "/v1/overlays", &l->overlays);
	if (e == CLI_OK)
		e = answer_get(c, "/v1/controllers", &l->controllers);
	if (e == CLI_OK)
		e = answer_ask(c, &t, NULL, &l->decisions);
	return e;
}

static enum cli_exit put_together(
	struct cli *c, const struct lists *l, bool ids, json_t *house)
{
	const json_t *devices = json_object_get(l->devices, "devices"), *row;
	enum cli_exit e = CLI_OK;
	size_t i;

	json_array_foreach (devices, i, row)
		if (e == CLI_OK)
			e = add_device(c, row, ids, house);
	json_array_foreach (json_object_get(l->overlays, "overlays"), i, row)
		add_overlay(row, ids, house);
	json_array_foreach (json_object_get(l->controllers, "controllers"), i, row)
		add_controller(row, devices, house);
	json_array_foreach (json_object_get(l->decisions, "decisions"), i, row)
		add_decision(row, devices, ids, house);
	return e;
}

enum cli_exit house_gather(struct cli *c, bool ids, json_t **ret)
{
	struct lists l = {0};
	json_t *house = json_pack("{s:s, s:[], s:[], s:[]}", "schema", HOUSE_SCHEMA, "devices",
		"controllers", "decisions");
	enum cli_exit e = ask_all(c, &l);

	if (e == CLI_OK)
		e = put_together(c, &l, ids, house);
	json_decref(l.devices);
	json_decref(l.overlays);
	json_decref(l.controllers);
	json_decref(l.decisions);
	if (e == CLI_OK)
		*ret = house;
	else
		json_decref(house);
	return e;
}
