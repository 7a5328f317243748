// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea policy refuse, allow, limit, overlays, withdraw - what the owner says about a
 * device, whatever its profile says. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/text.h"
#include "model/limits.h"

/* "443" or "5000-5010". */
static enum cli_exit add_ports(const struct cli *c, json_t *body)
{
	const char *text = args_flag(c, "port"), *dash;
	char first[16] = "";
	int64_t lo, hi;

	if (!text)
		return CLI_OK;
	dash = strchr(text, '-');
	if (dash && (size_t)(dash - text) < sizeof(first))
		(void)str_print(first, sizeof(first), "%.*s", (int)(dash - text), text);
	if (str_to_i64(dash ? first : text, 0, UINT16_MAX, &lo) ||
		str_to_i64(dash ? dash + 1 : text, 0, UINT16_MAX, &hi) || lo > hi) {
		cli_complain("give 443, or 5000-5010", "\"%s\" is no port",
			text_clean(text));
		return CLI_USAGE;
	}
	json_object_set_new(body, "port_from", json_integer(lo));
	json_object_set_new(body, "port_to", json_integer(hi));
	return CLI_OK;
}

/* "90s", "30m", "1h", "2d". */
static enum cli_exit add_span(const struct cli *c, json_t *body)
{
	static const struct {
		char unit;
		int seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	const char *text = args_flag(c, "for");
	size_t len = text ? strlen(text) : 0;
	char number[16] = "";
	int64_t n;

	if (!text)
		return CLI_OK;
	for (size_t i = 0; len && i < sizeof(units) / sizeof(units[0]); i++)
		if (text[len - 1] == units[i].unit && len < sizeof(number) &&
			str_print(number, sizeof(number), "%.*s", (int)len - 1, text) == 0 &&
			str_to_i64(number, 1, LIMIT_OVERLAY_S / units[i].seconds, &n) == 0) {
			json_object_set_new(body, "for", json_integer(n * units[i].seconds));
			return CLI_OK;
		}
	cli_complain("for example --for 90s, 30m, 1h or 2d, up to 30d",
		"\"%s\" is no span of time", text_clean(text));
	return CLI_USAGE;
}

static void print_note(const json_t *o)
{
	if (answer_raw(o, "note")[0])
		printf("  %s! %s%s\n", text_on(STYLE_WARN), answer_text(o, "note"),
			text_off(STYLE_WARN));
}

static void print_one(const struct cli *c, const json_t *o, bool dry)
{
	printf("%s: %s%s\n", answer_text(o, "device"), dry ? "would be " : "",
		answer_text(o, "text"));
	print_note(o);
	if (answer_raw(o, "until")[0])
		printf("  it ends by itself %s\n", text_ago(answer_raw(o, "until")));
	if (!dry)
		cli_say(c, "undo with: cardea policy withdraw %lld",
			answer_number(o, "id"));
}

static enum cli_exit say(struct cli *c, const char *kind, const char *peer)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *body = json_pack("{s:s, s:s, s:s*, s:s*, s:b}", "device", c->args[0],
		"kind", kind, "peer", peer, "proto", args_flag(c, "proto"), "dry_run",
		dry);
	struct client_target t;
	json_t *o = NULL;
	enum cli_exit e = body ? add_ports(c, body) : CLI_OK;

	if (body && e == CLI_OK)
		e = add_span(c, body);
	if (e != CLI_OK) {
		json_decref(body);
		return e;
	}
	client_target_init(&t, "/v1/overlays");
	e = answer_post(c, &t, body, &o);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	if (e == CLI_OK && c->json)
		e = answer_print(o);
	else if (e == CLI_OK)
		print_one(c, o, dry);
	json_decref(o);
	return e;
}

enum cli_exit overlay_refuse(struct cli *c)
{
	return say(c, "refuse", c->args[1]);
}

enum cli_exit overlay_allow(struct cli *c)
{
	return say(c, "allow", c->args[1]);
}

enum cli_exit overlay_limit(struct cli *c)
{
	const char *kind = c->args[1];
	bool only = strcmp(kind, "only") == 0;

	if (!only && strcmp(kind, "lan-only") != 0 && strcmp(kind, "no-internet") != 0) {
		cli_complain("give lan-only, no-internet, or only PEER",
			"\"%s\" is no limit", text_clean(kind));
		return CLI_USAGE;
	}
	if (only != (c->arg_count == 3)) {
		cli_complain("cardea policy limit DEVICE only hub.example.com",
			only ? "only what?" : "%s is about no peer in particular", kind);
		return CLI_USAGE;
	}
	return say(c, kind, only ? c->args[2] : NULL);
}

static void print_list(const json_t *list)
{
	static const char *const headers[] = {"ID", "DEVICE", "WHAT YOU SAID", "SINCE",
		"ENDS"};
	struct table t;
	char id[16];
	json_t *o;
	size_t i;

	table_init(&t, headers, 5);
	json_array_foreach (list, i, o) {
		(void)str_print(id, sizeof(id), "%lld", answer_number(o, "id"));
		table_cell(&t, STYLE_BOLD, id);
		table_cell(&t, STYLE_PLAIN, answer_text(o, "device"));
		table_cell(&t, STYLE_PLAIN, answer_text(o, "text"));
		table_cell(&t, STYLE_DIM, text_ago(answer_raw(o, "said")));
		table_cell(&t, STYLE_PLAIN, answer_raw(o, "until")[0] ?
			text_ago(answer_raw(o, "until")) : "");
	}
	table_print(&t, stdout);
	json_array_foreach (list, i, o)
		if (answer_raw(o, "note")[0])
			printf("%s! %lld: %s%s\n", text_on(STYLE_WARN),
				answer_number(o, "id"), answer_text(o, "note"),
				text_off(STYLE_WARN));
}

enum cli_exit overlay_list(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL, *list;
	enum cli_exit e;

	client_target_init(&t, "/v1/overlays");
	if (c->arg_count)
		client_target_query(&t, "device", c->args[0]);
	e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_NOT_FOUND && c->arg_count)
		answer_candidates(c, c->args[0]);
	list = json_object_get(answer, "overlays");
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && json_array_size(list))
		print_list(list);
	else if (e == CLI_OK)
		cli_say(c, "You have said nothing beside the profiles.");
	json_decref(answer);
	return e;
}

/* What brings it back: the words of the API are those of the command line. */
static void say_undo(const struct cli *c, const json_t *o)
{
	const char *kind = answer_raw(o, "kind"), *peer;
	long long lo = answer_number(o, "port_from"), hi = answer_number(o, "port_to");
	bool limit = strcmp(kind, "refuse") != 0 && strcmp(kind, "allow") != 0;
	char ports[40] = "", proto[32] = "", span[32] = "";
	nstime said, until;

	peer = answer_raw(o, "peer")[0] ? text_quote(answer_raw(o, "peer")) : NULL;
	if (lo || hi != UINT16_MAX)
		(void)str_print(ports, sizeof(ports), lo == hi ? " --port %lld" : " --port %lld-%lld",
			lo, hi);
	if (answer_raw(o, "proto")[0])
		(void)str_print(proto, sizeof(proto), " --proto %s", answer_text(o, "proto"));
	if (text_time(answer_raw(o, "said"), &said) && text_time(answer_raw(o, "until"), &until))
		(void)str_print(span, sizeof(span), " --for %llds",
			(long long)((until - said + NS_PER_SEC / 2) / NS_PER_SEC));
	cli_say(c, "undo with: cardea policy %s %s%s%s%s%s%s%s%s", limit ? "limit" : kind,
		device_handle(o, answer_raw(o, "device")), limit ? " " : "",
		limit ? kind : "", peer ? " " : "", peer ? peer : "", proto, ports, span);
}

enum cli_exit overlay_withdraw(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *o = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/overlays");
	client_target_segment(&t, c->args[0]);
	e = answer_post(
		c, &t, json_pack("{s:b, s:b}", "remove", true, "dry_run", dry), &o);
	if (e == CLI_OK && c->json)
		e = answer_print(o);
	else if (e == CLI_OK)
		printf("%s: %s withdrawn: %s\n", answer_text(o, "device"),
			dry ? "would be" : "is", answer_text(o, "text"));
	if (e == CLI_OK && !dry)
		say_undo(c, o);
	json_decref(o);
	return e;
}
