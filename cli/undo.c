// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea undo - what was changed, and back again. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/text.h"

#define LISTED "50"

/* "until ..." or why not. */
static const char *way_back(const json_t *change)
{
	const char *until = text_ago(answer_raw(change, "until"));
	size_t size = strlen(until) + 16;
	char *out;

	if (!answer_true(change, "can_undo"))
		return answer_text(change, "why_not");
	out = cli_take(size);
	(void)str_print(out, size, "yes, it ends %s", until);
	return out;
}

static void print_list(const struct cli *c, const json_t *answer)
{
	static const char *const headers[] = {">ID", "WHEN", "WHO", "WHAT", "CAN BE UNDONE"};
	const json_t *list = json_object_get(answer, "changes");
	struct table t;
	json_t *o;
	size_t i;

	if (!json_array_size(list)) {
		cli_say(c, "Nothing was changed in the last 30 days; what you change will "
			   "stand here.");
		return;
	}
	table_init(&t, headers, 5);
	json_array_foreach (list, i, o) {
		table_number(&t, answer_number(o, "id"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(o, "at")));
		table_cell(&t, STYLE_PLAIN, answer_text(o, "who"));
		table_cell(&t, answer_true(o, "undone") ? STYLE_DIM : STYLE_PLAIN,
			answer_text(o, "sentence"));
		table_cell(&t, answer_true(o, "can_undo") ? STYLE_GOOD : STYLE_DIM,
			way_back(o));
	}
	table_print(&t, stdout);
}

static enum cli_exit ask_list(const struct cli *c, json_t **ret)
{
	struct client_target t;

	client_target_init(&t, "/v1/changes");
	client_target_query(&t, "limit", LISTED);
	return answer_ask(c, &t, NULL, ret);
}

/* The last thing that somebody did and that stands: undone again and again, one after the
 * other is taken back. What undid something is nothing that was done. */
static enum cli_exit find_last(const struct cli *c, char id[24])
{
	json_t *answer = NULL, *o;
	enum cli_exit e = ask_list(c, &answer);
	size_t i;

	id[0] = 0;
	json_array_foreach (json_object_get(answer, "changes"), i, o)
		if (!id[0] && !answer_true(o, "undone") && !answer_number(o, "undoes"))
			(void)str_print(id, 24, "%lld", answer_number(o, "id"));
	json_decref(answer);
	if (e == CLI_OK && !id[0]) {
		cli_complain("`cardea undo --list` shows what was", "nothing was changed");
		e = CLI_NOT_FOUND;
	}
	return e;
}

enum cli_exit undo_run(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	const char *id = c->args[0];
	struct client_target t;
	json_t *answer = NULL;
	char last[24];
	enum cli_exit e = CLI_OK;

	if (args_flag(c, "list")) {
		e = ask_list(c, &answer);
		return answer_finish(c, e, answer, print_list);
	}
	if (!id) {
		e = find_last(c, last);
		id = last;
	}
	if (e != CLI_OK)
		return e;
	client_target_init(&t, "/v1/changes");
	client_target_segment(&t, id);
	e = answer_post(c, &t, json_pack("{s:b, s:b}", "undo", true, "dry_run", dry), &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		printf("%s: %s\n", dry ? "would be undone" : "undone",
			answer_text(answer, "sentence"));
	json_decref(answer);
	return e;
}
