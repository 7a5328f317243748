// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea probe - who may be probed, what was found, and stop. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/text.h"

static void target_of(struct client_target *t, const char *device)
{
	client_target_init(t, "/v1/probes");
	if (device)
		client_target_segment(t, device);
}

/* ---- list, show ---- */

static enum text_style style_of(const json_t *d)
{
	const char *state = answer_raw(d, "state");

	if (!answer_true(d, "recovered"))
		return STYLE_BAD;
	if (!answer_true(d, "allowed"))
		return STYLE_DIM;
	return strcmp(state, "idle") == 0 ? STYLE_PLAIN : STYLE_WARN;
}

static const char *state_words(const json_t *d)
{
	bool idle = strcmp(answer_raw(d, "state"), "idle") == 0;

	if (!idle)
		return answer_text(d, "state");
	if (strcmp(answer_raw(d, "why"), "none") == 0)
		return "ready";
	return answer_text(d, "why");
}

static void print_list(const json_t *list)
{
	static const char *const headers[] = {
		"DEVICE", "CLASS", "WINDOW", "STATE", "FOUND", "LAST"};
	struct table t;
	char found[16];
	json_t *d;
	size_t i;

	table_init(&t, headers, 6);
	json_array_foreach(list, i, d)
	{
		(void)str_print(
			found, sizeof(found), "%lld", answer_number(d, "targets"));
		table_cell(&t, STYLE_BOLD, answer_text(d, "device"));
		table_cell(&t, STYLE_PLAIN, answer_text(d, "class"));
		table_cell(&t, STYLE_PLAIN, answer_text(d, "window"));
		table_cell(&t, style_of(d), state_words(d));
		table_cell(&t, STYLE_PLAIN, found);
		table_cell(&t, STYLE_DIM,
			answer_raw(d, "last")[0] ? text_ago(answer_raw(d, "last"))
						 : "never");
	}
	table_print(&t, stdout);
}

enum cli_exit probe_list(struct cli *c)
{
	json_t *answer = NULL, *list;
	enum cli_exit e = answer_get(c, "/v1/probes", &answer);

	list = json_object_get(answer, "devices");
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && json_array_size(list))
		print_list(list);
	else if (e == CLI_OK)
		cli_say(c, "No device is probed. `cardea probe allow DEVICE` lets one be.");
	json_decref(answer);
	return e;
}

static void print_fallback(const json_t *f)
{
	bool sure = answer_true(f, "confirmed");

	printf("    %s%s%s  %s, %lld time%s, after %.1f s\n",
		text_on(sure ? STYLE_GOOD : STYLE_WARN), answer_text(f, "text"),
		text_off(sure ? STYLE_GOOD : STYLE_WARN),
		sure ? "falls back to it" : "seen once", answer_number(f, "times"),
		answer_number(f, "times") == 1 ? "" : "s",
		(double)answer_number(f, "after_ms") / 1000);
}

static const char *need_words(const json_t *t)
{
	const char *need = answer_raw(t, "need");

	if (strcmp(need, "essential") == 0)
		return "essential: without it the device does not do the rest";
	if (strcmp(need, "non-essential") == 0)
		return "non-essential: the rest goes on without it";
	return json_array_size(json_object_get(t, "fallbacks")) ? "there are other ways"
								: "not known yet";
}

static void print_target(const json_t *t)
{
	json_t *f, *try;
	size_t i;

	printf("\n  %s%s%s  %s%s\n", text_on(STYLE_BOLD), answer_text(t, "text"),
		text_off(STYLE_BOLD), need_words(t),
		answer_true(t, "done") ? "" : " (to be asked again)");
	json_array_foreach(json_object_get(t, "fallbacks"), i, f) print_fallback(f);
	json_array_foreach(json_object_get(t, "tries"), i, try)
		printf("    %s%s  %s%s%s, %lld s, %lld of %lld others went on%s\n",
			text_on(STYLE_DIM), text_ago(answer_raw(try, "when")),
			answer_text(try, "outcome"),
			answer_raw(try, "why")[0] ? ": " : "", answer_text(try, "why"),
			answer_number(try, "lasted_s"), answer_number(try, "went_on"),
			answer_number(try, "expected"), text_off(STYLE_DIM));
}

static void print_device(const json_t *d)
{
	json_t *t;
	size_t i;

	printf("%s%s%s  %s, %s, %s\n", text_on(STYLE_BOLD), answer_text(d, "device"),
		text_off(STYLE_BOLD), answer_text(d, "class"), answer_text(d, "window"),
		answer_true(d, "allowed") ? "may be probed" : "is not probed");
	if (!answer_true(d, "recovered"))
		printf("  %s! %s has not come back since it was refused: see whether "
		       "the "
		       "device works%s\n",
			text_on(STYLE_BAD), answer_text(d, "last_target"),
			text_off(STYLE_BAD));
	if (strcmp(answer_raw(d, "state"), "idle") != 0)
		printf("  %s%s: %s%s\n", text_on(STYLE_WARN), answer_text(d, "state"),
			answer_text(d, "last_target"), text_off(STYLE_WARN));
	else if (strcmp(answer_raw(d, "why"), "none") != 0)
		printf("  waits: %s\n", answer_text(d, "why_text"));
	json_array_foreach(json_object_get(d, "results"), i, t) print_target(t);
}

enum cli_exit probe_show(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	target_of(&t, c->args[0]);
	e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		print_device(answer);
	json_decref(answer);
	return e;
}

/* ---- allow, forbid, stop ---- */

/* What the device was allowed before, or NULL. */
static json_t *before_of(struct cli *c)
{
	struct client_target t;
	json_t *list = NULL, *found = NULL, *device = NULL, *d;
	size_t i;

	client_target_init(&t, "/v1/probes");
	if (answer_device(c, c->args[0], &device) == CLI_OK &&
		answer_ask(c, &t, NULL, &list) == CLI_OK)
		json_array_foreach(json_object_get(list, "devices"), i,
			d) if (strcmp(answer_raw(d, "mac"),
				       answer_raw(device, "mac")) == 0) found =
			json_incref(d);
	json_decref(device);
	json_decref(list);
	return found;
}

static void say_allow(const struct cli *c, const json_t *before)
{
	cli_say(c, "undo with: cardea probe allow %s --class %s --window %s",
		device_handle(before, answer_raw(before, "device")),
		answer_text(before, "class"), answer_text(before, "window"));
}

static void say_undo_allow(
	const struct cli *c, const json_t *before, const json_t *after)
{
	if (before && answer_true(before, "allowed"))
		say_allow(c, before);
	else
		cli_say(c, "undo with: cardea probe forbid %s",
			device_handle(after, answer_raw(after, "device")));
}

static enum cli_exit post(struct cli *c, json_t *body, json_t **ret)
{
	struct client_target t;

	target_of(&t, c->arg_count ? c->args[0] : NULL);
	return answer_post(c, &t, body, ret);
}

enum cli_exit probe_allow_device(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *before = before_of(c), *after = NULL;
	enum cli_exit e = post(c,
		json_pack("{s:b, s:s*, s:s*, s:b}", "allow", true, "class",
			args_flag(c, "class"), "window", args_flag(c, "window"),
			"dry_run", dry),
		&after);

	if (e == CLI_OK && c->json)
		e = answer_print(after);
	else if (e == CLI_OK)
		printf("%s %s probed between %s, once a night at most\n",
			answer_text(after, "device"), dry ? "could be" : "may be",
			answer_text(after, "window"));
	if (e == CLI_OK && !dry)
		say_undo_allow(c, before, after);
	json_decref(before);
	json_decref(after);
	return e;
}

enum cli_exit probe_forbid_device(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *before = before_of(c), *after = NULL;
	enum cli_exit e = post(
		c, json_pack("{s:b, s:b}", "forbid", true, "dry_run", dry), &after);

	if (e == CLI_OK && c->json)
		e = answer_print(after);
	else if (e == CLI_OK)
		printf("%s %s probed\n", answer_text(after, "device"),
			dry ? "would not be" : "is not");
	if (e == CLI_OK && !dry && before && answer_true(before, "allowed"))
		say_allow(c, before);
	json_decref(before);
	json_decref(after);
	return e;
}

static void print_stopped(const struct cli *c, const json_t *d, bool dry)
{
	if (!answer_raw(d, "device")[0])
		cli_say(c, "Nothing is refused for a probe.");
	else
		printf("%s %s what it may again\n", answer_text(d, "device"),
			dry ? "would be let do" : "does");
}

enum cli_exit probe_stop_now(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *d = NULL;
	enum cli_exit e =
		post(c, json_pack("{s:b, s:b}", "stop", true, "dry_run", dry), &d);

	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		print_stopped(c, d, dry);
	json_decref(d);
	return e;
}
