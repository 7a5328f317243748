// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea quarantine - devices that may do no more than what repairs them. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/daemon.h"
#include "cli/device.h"
#include "cli/text.h"

#define REASON_DEFAULT "put there by hand"

static void print_one(const json_t *d)
{
	json_t *s;
	size_t i;

	printf("%s%s%s  %s%s%s since %s: %s\n", text_on(STYLE_BOLD), answer_text(d, "device"),
		text_off(STYLE_BOLD), text_on(STYLE_BAD), answer_text(d, "state"),
		text_off(STYLE_BAD), text_ago(answer_raw(d, "since")),
		answer_text(d, "reason"));
	json_array_foreach (json_object_get(d, "still_on"), i, s)
		printf("  still %s\n", text_clean(json_string_value(s)));
}

enum cli_exit quarantine_list(struct cli *c)
{
	json_t *answer = NULL, *list, *d;
	enum cli_exit e = answer_get(c, "/v1/quarantine", &answer);
	size_t i;

	list = json_object_get(answer, "devices");
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && !json_array_size(list))
		cli_say(c, "No device is in quarantine.");
	else
		json_array_foreach (list, i, d)
			print_one(d);
	json_decref(answer);
	return e;
}

/* ---- history ---- */

static void print_history(const json_t *list)
{
	static const char *const headers[] = {"WHEN", "DEVICE", "FROM", "TO", "WHAT"};
	struct table t;
	json_t *s;
	size_t i;

	table_init(&t, headers, 5);
	json_array_foreach (list, i, s) {
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(s, "at")));
		table_cell(&t, STYLE_BOLD, answer_text(s, "device"));
		table_cell(&t, STYLE_PLAIN, answer_text(s, "from"));
		table_cell(&t, daemon_state_style(answer_raw(s, "to")),
			answer_text(s, "to"));
		table_cell(&t, STYLE_PLAIN, answer_text(s, "sentence"));
	}
	table_print(&t, stdout);
}

enum cli_exit quarantine_history(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL, *list;
	enum cli_exit e;

	client_target_init(&t, "/v1/history");
	if (c->arg_count)
		client_target_query(&t, "device", c->args[0]);
	e = answer_ask(c, &t, NULL, &answer);
	list = json_object_get(answer, "steps");
	if (e == CLI_NOT_FOUND && c->arg_count)
		answer_candidates(c, c->args[0]);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && json_array_size(list))
		print_history(list);
	else if (e == CLI_OK)
		cli_say(c, "Nothing has happened yet.");
	json_decref(answer);
	return e;
}

/* ---- in and out ---- */

static enum cli_exit post(struct cli *c, const char *device, json_t *body, json_t **ret)
{
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/quarantine");
	client_target_segment(&t, device);
	e = answer_post(c, &t, body, ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, device);
	return e;
}

static void say_undo(const struct cli *c, const json_t *before, bool was_held)
{
	const char *name = device_handle(before, answer_raw(before, "name"));
	const char *quoted = text_quote(answer_raw(before, "quarantine"));

	if (!was_held)
		cli_say(c, "undo with: cardea quarantine release %s", name);
	else
		cli_say(c, "undo with: cardea quarantine add %s --reason %s", name,
			quoted ? quoted : "...");
}

enum cli_exit quarantine_add(struct cli *c)
{
	const char *reason = args_flag(c, "reason");
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *before = NULL, *d = NULL;
	enum cli_exit e = answer_device(c, c->args[0], &before);

	reason = reason ? reason : REASON_DEFAULT;
	if (e == CLI_OK && !dry)
		e = post(c, answer_raw(before, "mac"), json_pack("{s:s}", "add", reason), &d);
	if (e == CLI_OK && dry)
		e = answer_would(c, "%s would be in quarantine: %s", answer_text(before, "name"),
			text_clean(reason));
	else if (d && c->json)
		e = answer_print(d);
	else if (d)
		printf("%s is in quarantine: %s\n", answer_text(before, "name"),
			text_clean(reason));
	if (d)
		say_undo(c, before, answer_raw(before, "quarantine")[0] != 0);
	json_decref(before);
	json_decref(d);
	return e;
}

/* The first step shows a number, the second one says it. */
static void print_release(const json_t *before, const json_t *d)
{
	if (answer_raw(d, "code")[0])
		printf("%s is held: %s\nIf it is to be released all the same, say so within "
		       "%lld minutes:\n  cardea quarantine release %s --code %s\n",
			answer_text(before, "name"), answer_text(before, "quarantine"),
			answer_number(d, "code_seconds") / 60,
			device_handle(before, answer_raw(before, "name")),
			answer_text(d, "code"));
	else
		printf("%s is out of quarantine; it is on probation\n",
			answer_text(before, "name"));
}

static enum cli_exit wants_held(const json_t *before)
{
	if (answer_raw(before, "quarantine")[0])
		return CLI_OK;
	cli_complain("`cardea quarantine list` shows who is", "%s is not in quarantine",
		answer_text(before, "name"));
	return CLI_CONFLICT;
}

enum cli_exit quarantine_release(struct cli *c)
{
	json_t *before = NULL, *d = NULL;
	enum cli_exit e = answer_device(c, c->args[0], &before);

	if (e == CLI_OK)
		e = wants_held(before);
	if (e == CLI_OK && !args_flag(c, "dry-run"))
		e = post(c, answer_raw(before, "mac"),
			json_pack("{s:b, s:s*}", "release", true, "code",
				args_flag(c, "code")),
			&d);
	if (d && c->json)
		e = answer_print(d);
	else if (d)
		print_release(before, d);
	else if (e == CLI_OK)
		e = answer_would(c, "%s would be out of quarantine after the second step, on "
				    "probation",
			answer_text(before, "name"));
	if (d && !answer_raw(d, "code")[0])
		say_undo(c, before, true);
	json_decref(before);
	json_decref(d);
	return e;
}

/* ---- where it may fetch updates ---- */

static enum cli_exit set_host(struct cli *c, bool allow)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	const char *host = text_clean(c->args[1]);
	json_t *d = NULL;
	enum cli_exit e = post(c, c->args[0],
		json_pack("{s:s, s:b}", allow ? "allow" : "disallow", c->args[1], "dry_run",
			dry),
		&d);

	if (d && c->json)
		e = answer_print(d);
	else if (d)
		printf("%s %s %sfetch updates from %s while it is held\n",
			answer_text(d, "device"), dry ? "would" : "may",
			allow ? "" : "no longer ", host);
	if (d && !dry)
		cli_say(c, "undo with: cardea quarantine %s %s %s",
			allow ? "disallow" : "allow",
			device_handle(d, answer_raw(d, "device")), host);
	json_decref(d);
	return e;
}

enum cli_exit quarantine_allow(struct cli *c)
{
	return set_host(c, true);
}

enum cli_exit quarantine_disallow(struct cli *c)
{
	return set_host(c, false);
}
