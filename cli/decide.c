// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea decide - what only the owner can say. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/daemon.h"
#include "cli/text.h"

static void print_list(const json_t *list)
{
	static const char *const headers[] = {"ID", "ASKED", "ANSWER", "DEVICE", "QUESTION"};
	struct table t;
	char id[16];
	json_t *d;
	size_t i;

	table_init(&t, headers, 5);
	json_array_foreach (list, i, d) {
		(void)str_print(id, sizeof(id), "%lld", answer_number(d, "id"));
		table_cell(&t, STYLE_BOLD, id);
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(d, "asked")));
		table_cell(&t, STYLE_PLAIN, answer_text(d, "answer"));
		table_cell(&t, STYLE_PLAIN, answer_text(d, "device"));
		table_cell(&t, STYLE_PLAIN, answer_text(d, "text"));
	}
	table_print(&t, stdout);
}

static enum cli_exit ask_list(struct cli *c, bool all, json_t **ret)
{
	return answer_get(c, all ? "/v1/decisions?all=1" : "/v1/decisions", ret);
}

enum cli_exit decide_list(struct cli *c)
{
	json_t *answer = NULL, *list;
	enum cli_exit e = ask_list(c, args_flag(c, "all") != NULL, &answer);

	list = json_object_get(answer, "decisions");
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && json_array_size(list))
		print_list(list);
	else if (e == CLI_OK)
		cli_say(c, "Nothing needs your word.");
	json_decref(answer);
	return e;
}

static void line(const char *label, const char *text)
{
	if (text[0])
		printf("%-10s %s\n", label, text);
}

static void print_one(const struct cli *c, const json_t *d)
{
	long long id = answer_number(d, "id");
	bool choose = answer_true(d, "needs_choice");

	printf("%s\n", answer_text(d, "text"));
	line("Device", answer_text(d, "device"));
	line("About", answer_text(d, "subject"));
	line("Signer", answer_text(d, "detail"));
	line("Asked", text_ago(answer_raw(d, "asked")));
	line("Answer", answer_text(d, "answer"));
	line("Choice", answer_text(d, "choice"));
	if (strcmp(answer_raw(d, "answer"), "open") != 0)
		return;
	cli_say(c, "yes: cardea decide accept %lld%s", id,
		choose ? " --choose DEVICE" : "");
	cli_say(c, "no:  cardea decide reject %lld", id);
}

enum cli_exit decide_show(struct cli *c)
{
	json_t *answer = NULL, *d, *found = NULL;
	enum cli_exit e = ask_list(c, true, &answer);
	int64_t id = 0;
	size_t i;

	if (e == CLI_OK && str_to_i64(c->args[0], 1, UINT32_MAX, &id)) {
		cli_complain("`cardea decide list` shows them", "a question has a number");
		e = CLI_USAGE;
	}
	json_array_foreach (json_object_get(answer, "decisions"), i, d)
		if (answer_number(d, "id") == id)
			found = d;
	if (e == CLI_OK && !found) {
		cli_complain("`cardea decide list` shows them", "there is no question %lld",
			(long long)id);
		e = CLI_NOT_FOUND;
	}
	if (e == CLI_OK && c->json)
		e = answer_print(found);
	else if (e == CLI_OK)
		print_one(c, found);
	json_decref(answer);
	return e;
}

static enum cli_exit decide(struct cli *c, const char *word)
{
	const char *choice = args_flag(c, "choose");
	struct client_target t;
	json_t *d = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/decisions");
	client_target_segment(&t, c->args[0]);
	e = answer_post(c, &t,
		json_pack("{s:s, s:s*}", "answer", word, "choice", choice), &d);
	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		printf("%s: %s\n", answer_text(d, "answer"), answer_text(d, "text"));
	if (e == CLI_OK)
		cli_say(c, "change your mind with: cardea decide %s %s",
			strcmp(word, "accept") == 0 ? "reject" : "accept", c->args[0]);
	json_decref(d);
	return e;
}

enum cli_exit decide_accept(struct cli *c)
{
	return decide(c, "accept");
}

enum cli_exit decide_reject(struct cli *c)
{
	return decide(c, "reject");
}
