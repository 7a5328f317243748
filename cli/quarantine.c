// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea quarantine - devices that may do no more than what repairs them. */
#include <string.h>
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/text.h"

#define REASON_DEFAULT "put there by hand"

static void print_one(const json_t *d)
{
	json_t *s;
	size_t i;

	printf("%s%s%s  %s%s%s\n", text_on(STYLE_BOLD), answer_text(d, "device"),
		text_off(STYLE_BOLD), text_on(STYLE_BAD), answer_text(d, "reason"),
		text_off(STYLE_BAD));
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

static void say_undo(const struct cli *c, const json_t *before)
{
	const char *reason = answer_raw(before, "quarantine");
	const char *name = device_handle(before, answer_raw(before, "name"));
	const char *quoted = text_quote(reason);

	if (!reason[0])
		cli_say(c, "undo with: cardea quarantine release %s", name);
	else
		cli_say(c, "undo with: cardea quarantine add %s --reason %s", name,
			quoted ? quoted : "...");
}

static void print_change(const json_t *d, const char *reason, bool dry)
{
	if (reason)
		printf("%s %s in quarantine: %s\n", answer_text(d, "name"),
			dry ? "would be" : "is", text_clean(reason));
	else
		printf("%s %s out of quarantine\n", answer_text(d, "name"),
			dry ? "would be" : "is");
}

static enum cli_exit change(struct cli *c, const char *reason)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *before = NULL, *after = NULL;
	enum cli_exit e = answer_device(c, c->args[0], &before);

	if (e == CLI_OK && !reason && !answer_raw(before, "quarantine")[0]) {
		cli_complain("`cardea quarantine list` shows who is",
			"%s is not in quarantine", answer_text(before, "name"));
		e = CLI_CONFLICT;
	}
	if (e == CLI_OK && !dry)
		e = device_post(c, answer_raw(before, "mac"),
			json_pack("{s:s?}", "quarantine", reason), &after);
	if (e == CLI_OK && after && c->json)
		e = answer_print(after);
	else if (e == CLI_OK)
		print_change(before, reason, dry);
	if (after)
		say_undo(c, before);
	json_decref(after);
	json_decref(before);
	return e;
}

enum cli_exit quarantine_add(struct cli *c)
{
	const char *reason = args_flag(c, "reason");

	return change(c, reason ? reason : REASON_DEFAULT);
}

enum cli_exit quarantine_release(struct cli *c)
{
	return change(c, NULL);
}
