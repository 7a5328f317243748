// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea device - who is there, all about one, and its name. */
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/daemon.h"
#include "cli/device.h"
#include "cli/text.h"
#include "model/limits.h"

#define LABEL_WIDTH 14

/* The address that people know it by: the first IPv4 one, else the first. */
static const char *main_address(const json_t *d)
{
	const json_t *list = json_object_get(d, "addresses");
	json_t *a;
	size_t i;

	json_array_foreach (list, i, a)
		if (!strchr(answer_raw(a, "address"), ':'))
			return answer_text(a, "address");
	return json_array_size(list) ? answer_text(json_array_get(list, 0), "address")
				     : "-";
}

static void print_list(const json_t *list)
{
	static const char *const headers[] = {
		"NAME", "STATE", "ADDRESS", "MAC", "LAST SEEN", "WHY"};
	struct table t;
	json_t *d;
	size_t i;

	table_init(&t, headers, 6);
	json_array_foreach (list, i, d) {
		table_cell(&t, STYLE_BOLD, answer_text(d, "name"));
		table_cell(&t, daemon_state_style(answer_raw(d, "state")),
			answer_text(d, "state"));
		table_cell(&t, STYLE_PLAIN, main_address(d));
		table_cell(&t, STYLE_PLAIN, answer_text(d, "mac"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(d, "last_seen")));
		table_cell(&t, STYLE_PLAIN, answer_text(d, "problem"));
	}
	table_print(&t, stdout);
}

enum cli_exit device_list(struct cli *c)
{
	json_t *answer = NULL, *list;
	enum cli_exit e = answer_get(c, "/v1/devices", &answer);

	list = json_object_get(answer, "devices");
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && json_array_size(list))
		print_list(list);
	else if (e == CLI_OK)
		cli_say(c, "No device has been seen yet; the first packet of each "
			   "lists it.");
	json_decref(answer);
	return e;
}

static void line(const char *label, const char *text)
{
	if (text[0])
		printf("%-*s %s\n", LABEL_WIDTH, label, text);
}

static void print_addresses(const json_t *d)
{
	const char *label = "Addresses";
	json_t *a;
	size_t i;

	json_array_foreach (json_object_get(d, "addresses"), i, a) {
		const char *until = answer_raw(a, "until");

		printf("%-*s %s (from %s%s%s)\n", LABEL_WIDTH, label,
			answer_text(a, "address"), answer_text(a, "source"),
			until[0] ? ", ends " : "", until[0] ? text_ago(until) : "");
		label = "";
	}
}

static void print_notes(const json_t *profile)
{
	json_t *n;
	size_t i;

	json_array_foreach (json_object_get(profile, "notes"), i, n)
		printf("%-*s %s: %s (line %lld%s%s)\n", LABEL_WIDTH, i ? "" : "  notes",
			answer_text(n, "level"), answer_text(n, "text"),
			answer_number(n, "line"), answer_raw(n, "path")[0] ? ", " : "",
			answer_text(n, "path"));
}

static void print_profile(const json_t *p)
{
	if (!json_is_object(p)) {
		line("Profile", "none");
		return;
	}
	line("Profile", answer_text(p, "url"));
	printf("%-*s %s%s%s\n", LABEL_WIDTH, "  signature", answer_text(p, "signature"),
		answer_raw(p, "signer")[0] ? ", by " : "", answer_text(p, "signer"));
	line("  device", answer_text(p, "systeminfo"));
	line("  maker", answer_text(p, "mfg_name"));
	line("  model", answer_text(p, "model_name"));
	printf("%-*s %s; %s\n", LABEL_WIDTH, "  updated",
		text_ago(answer_raw(p, "last_update")),
		answer_true(p, "is_supported") ? "supported by its maker"
					       : "no longer supported by its maker");
	line("  fetched", text_ago(answer_raw(p, "fetched")));
	printf("%-*s %lld\n", LABEL_WIDTH, "  rules", answer_number(p, "rules"));
	print_notes(p);
}

static void print_names(const json_t *d)
{
	json_t *n;
	size_t i;

	json_array_foreach (json_object_get(d, "names"), i, n)
		printf("%-*s %s is %s, ends %s\n", LABEL_WIDTH, i ? "" : "Names told",
			answer_text(n, "name"), answer_text(n, "address"),
			text_ago(answer_raw(n, "until")));
}

/* Who says so, and what that is worth. */
static void print_mud_url(const json_t *d)
{
	const char *source = answer_text(d, "url_source");

	line("MUD URL", answer_text(d, "mud_url"));
	if (answer_raw(d, "mud_url")[0] && source[0])
		printf("%-*s %s%s\n", LABEL_WIDTH, "  said by", source,
			answer_true(d, "confirmed") ? ", confirmed by you" : "");
	line("  its signer", answer_text(d, "mud_signer"));
}

/* How it came where it stands, and what it may still do there. */
static void print_evidence(const json_t *d)
{
	const json_t *s = json_object_get(d, "suspicion");
	json_t *v;
	size_t i;

	if (answer_number(s, "points"))
		line("Suspicion", answer_text(s, "why"));
	json_array_foreach (json_object_get(d, "allowed_in_quarantine"), i, v)
		printf("%-*s %s\n", LABEL_WIDTH, i ? "" : "Still may",
			text_clean(json_string_value(v)));
	json_array_foreach (json_object_get(d, "evidence"), i, v)
		printf("%-*s %s: %s\n", LABEL_WIDTH, i ? "" : "History",
			text_ago(answer_raw(v, "at")), answer_text(v, "sentence"));
}

static void print_device(const json_t *d)
{
	enum text_style style = daemon_state_style(answer_raw(d, "state"));

	printf("%s%s%s\n", text_on(STYLE_BOLD), answer_text(d, "name"),
		text_off(STYLE_BOLD));
	printf("%-*s %s%s%s\n", LABEL_WIDTH, "State", text_on(style),
		answer_text(d, "state"), text_off(style));
	line("Since", text_ago(answer_raw(d, "since")));
	line("Held for", answer_text(d, "quarantine"));
	line("Why", answer_text(d, "problem"));
	line("Class", strcmp(answer_raw(d, "class"), "unknown") ? answer_text(d, "class")
							       : "");
	line("MAC", answer_text(d, "mac"));
	printf("%-*s %lld\n", LABEL_WIDTH, "Id", answer_number(d, "id"));
	print_addresses(d);
	line("Host name", answer_text(d, "hostname"));
	line("Vendor class", answer_text(d, "vendor_class"));
	print_mud_url(d);
	line("First seen", text_ago(answer_raw(d, "first_seen")));
	line("Last seen", text_ago(answer_raw(d, "last_seen")));
	print_profile(json_object_get(d, "profile"));
	print_names(d);
	print_evidence(d);
}

enum cli_exit device_show(struct cli *c)
{
	json_t *d = NULL;
	enum cli_exit e = answer_device(c, c->args[0], &d);

	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		print_device(d);
	json_decref(d);
	return e;
}

const char *device_handle(const json_t *d, const char *name)
{
	const char *quoted = text_quote(name);

	return quoted ? quoted : answer_text(d, "mac");
}

static void say_undo(
	const struct cli *c, const json_t *d, const char *before, const char *name)
{
	const char *old = text_quote(before);

	if (old)
		cli_say(c, "undo with: cardea device rename %s %s",
			device_handle(d, name), old);
	else
		cli_say(c,
			"The old name had characters that no one can type; there is no "
			"command to bring it back.");
}

static enum cli_exit rename_dry(const struct cli *c, const char *name)
{
	json_t *d = NULL, *all = NULL, *other;
	enum cli_exit e = answer_device(c, c->args[0], &d);
	size_t i;

	if (e == CLI_OK)
		e = answer_get(c, "/v1/devices", &all);
	if (e == CLI_OK && strlen(name) >= LIMIT_LABEL) {
		cli_complain("use 1 to 63 characters", "this is no name");
		e = CLI_USAGE;
	}
	json_array_foreach (json_object_get(all, "devices"), i, other) {
		if (e != CLI_OK || strcasecmp(answer_raw(other, "name"), name) != 0 ||
			answer_number(other, "id") == answer_number(d, "id"))
			continue;
		cli_complain("choose another name", "another device has that name");
		e = CLI_CONFLICT;
	}
	if (e == CLI_OK)
		e = answer_would(c, "%s would be called %s", answer_text(d, "name"),
			text_clean(name));
	json_decref(all);
	json_decref(d);
	return e;
}

static enum cli_exit rename_now(const struct cli *c, const char *name, json_t **ret)
{
	struct client_target t;
	json_t *body = json_pack("{s:s}", "name", name);
	enum cli_exit e;

	if (!body) {
		cli_complain("use letters of any script, in UTF-8", "this is no name");
		return CLI_USAGE;
	}
	client_target_init(&t, "/v1/devices");
	client_target_segment(&t, c->args[0]);
	e = answer_post(c, &t, body, ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	return e;
}

enum cli_exit device_rename(struct cli *c)
{
	const char *name = c->args[1];
	json_t *d = NULL;
	enum cli_exit e;

	if (args_flag(c, "dry-run"))
		return rename_dry(c, name);
	e = rename_now(c, name, &d);
	if (e != CLI_OK)
		return e;
	if (c->json)
		e = answer_print(d);
	else
		printf("%s is now called %s\n", answer_text(d, "previous_name"),
			answer_text(d, "name"));
	say_undo(c, d, answer_raw(d, "previous_name"), answer_raw(d, "name"));
	json_decref(d);
	return e;
}
