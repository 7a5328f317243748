// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea device replace, retire, readmit - one thing takes another's place, or goes. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/text.h"

static void print_part(const json_t *answer, const char *key, const char *mark)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(answer, key), i, s)
		printf("  %s %s\n", mark, text_clean(json_string_value(s)));
}

/* The other way round: the old one may come back first. */
static void say_undo(const struct cli *c, const json_t *answer)
{
	const char *old = answer_text(answer, "old_mac");
	const char *new = answer_text(answer, "new_mac");

	cli_say(c, "undo with: cardea device readmit %s && cardea device replace %s %s --anyway",
		old, new, old);
}

enum cli_exit device_replace(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	e = cli_confirm(c, "%s takes the place of %s, for good.", text_clean(c->args[1]),
		text_clean(c->args[0]));
	if (e != CLI_OK)
		return e;
	client_target_init(&t, "/v1/replacements");
	client_target_segment(&t, c->args[1]);
	e = answer_post(c, &t,
		json_pack("{s:s, s:b, s:b}", "of", c->args[0], "anyway",
			args_flag(c, "anyway") != NULL, "dry_run", dry),
		&answer);
	if (e == CLI_OK && c->json) {
		e = answer_print(answer);
	} else if (e == CLI_OK) {
		printf("%s%s%s %s the place of %s (%s)\n", text_on(STYLE_BOLD),
			answer_text(answer, "new"), text_off(STYLE_BOLD),
			dry ? "would take" : "takes", answer_text(answer, "old"),
			answer_text(answer, "recognised"));
		print_part(answer, "carried", "+");
		print_part(answer, "not_carried", "-");
		if (!dry)
			say_undo(c, answer);
	}
	json_decref(answer);
	return e;
}

static enum cli_exit retire(struct cli *c, bool out)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *d = NULL;
	enum cli_exit e = CLI_OK;

	if (out)
		e = cli_confirm(c, "%s may do nothing then; if it is let in again, it is as "
				   "a new device.",
			text_clean(c->args[0]));
	if (e != CLI_OK)
		return e;
	client_target_init(&t, "/v1/retired");
	client_target_segment(&t, c->args[0]);
	e = answer_post(c, &t,
		json_pack("{s:b, s:b}", "retire", out, "dry_run", dry), &d);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	if (e == CLI_OK && c->json) {
		e = answer_print(d);
	} else if (e == CLI_OK) {
		printf("%s %s %s\n", answer_text(d, "name"), dry ? "would be" : "is",
			out ? "out of service: it may do nothing, and is not learned"
			    : "let in again, as a new device");
		if (!dry)
			cli_say(c, "undo with: cardea device %s %s",
				out ? "readmit" : "retire",
				device_handle(d, answer_raw(d, "name")));
	}
	json_decref(d);
	return e;
}

enum cli_exit device_retire(struct cli *c)
{
	return retire(c, true);
}

enum cli_exit device_readmit(struct cli *c)
{
	return retire(c, false);
}
