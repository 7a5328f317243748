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

static void print_choices(const json_t *offered)
{
	json_t *o;
	size_t i;

	json_array_foreach (offered, i, o)
		printf("  %s%-8s%s %s%s\n", text_on(STYLE_BOLD), answer_text(o, "choice"),
			text_off(STYLE_BOLD), answer_text(o, "text"),
			i == 0 ? " (advised)" : "");
}

static void print_one(const struct cli *c, const json_t *d)
{
	long long id = answer_number(d, "id");
	bool choose = answer_true(d, "needs_choice");
	const json_t *offered = json_object_get(d, "choices");

	printf("%s\n", answer_text(d, "text"));
	print_choices(offered);
	line("Device", answer_text(d, "device"));
	line("About", answer_text(d, "subject"));
	if (strcmp(answer_raw(d, "kind"), "playbook") == 0)
		line("Playbook", answer_text(d, "detail"));
	else if (!json_array_size(offered)) /* else it has them already */
		line("Signer", answer_text(d, "detail"));
	line("Asked", text_ago(answer_raw(d, "asked")));
	line("Answer", answer_text(d, "answer"));
	line("Choice", answer_text(d, "choice"));
	if (strcmp(answer_raw(d, "answer"), "open") != 0)
		return;
	cli_say(c, "yes: cardea decide accept %lld%s", id,
		json_array_size(offered) ? " --choose CHOICE"
		: choose		 ? " --choose DEVICE"
					 : "");
	cli_say(c, "no:  cardea decide reject %lld", id);
}

/* The question of that number, as the gateway has it. */
static enum cli_exit find(struct cli *c, json_t **ret_answer, json_t **ret)
{
	enum cli_exit e = ask_list(c, true, ret_answer);
	int64_t id = 0;
	json_t *d;
	size_t i;

	if (e == CLI_OK && str_to_i64(c->args[0], 1, UINT32_MAX, &id)) {
		cli_complain("`cardea decide list` shows them", "a question has a number");
		return CLI_USAGE;
	}
	*ret = NULL;
	json_array_foreach (json_object_get(*ret_answer, "decisions"), i, d)
		if (answer_number(d, "id") == id)
			*ret = d;
	if (e == CLI_OK && !*ret) {
		cli_complain("`cardea decide list` shows them", "there is no question %lld",
			(long long)id);
		return CLI_NOT_FOUND;
	}
	return e;
}

enum cli_exit decide_show(struct cli *c)
{
	json_t *answer = NULL, *found = NULL;
	enum cli_exit e = find(c, &answer, &found);

	if (e == CLI_OK && c->json)
		e = answer_print(found);
	else if (e == CLI_OK)
		print_one(c, found);
	json_decref(answer);
	return e;
}

static enum cli_exit pretend(struct cli *c, const char *word)
{
	const char *choice = args_flag(c, "choose");
	json_t *answer = NULL, *found = NULL;
	enum cli_exit e = find(c, &answer, &found);

	if (e == CLI_OK)
		e = answer_would(c, "would %s%s%s: %s", word, choice ? " with " : "",
			choice ? text_clean(choice) : "", answer_text(found, "text"));
	json_decref(answer);
	return e;
}

/* What is done about a device is undone at the device; any other answer by the other. */
static void say_undo(const struct cli *c, const json_t *d, const char *word)
{
	const char *device = text_quote(answer_raw(d, "device"));
	const char *kind = answer_raw(d, "kind"), *choice = answer_raw(d, "choice");
	bool accepts = strcmp(word, "accept") == 0;

	if (!device)
		device = "DEVICE";
	if (accepts && strcmp(kind, "case") == 0 && strcmp(choice, "retire") == 0)
		cli_say(c, "undo with: cardea device readmit %s", device);
	else if (accepts && strcmp(kind, "case") == 0 && strcmp(choice, "release") == 0)
		cli_say(c, "it is asked a second time: cardea decide list");
	else if (accepts && strcmp(kind, "release") == 0)
		cli_say(c, "undo with: cardea quarantine add %s", device);
	else if (strcmp(kind, "case") == 0 || strcmp(kind, "release") == 0)
		cli_say(c, "release it later with: cardea quarantine release %s", device);
	else if (strcmp(kind, "playbook") == 0)
		cli_say(c, "what comes next: cardea decide list");
	else
		cli_say(c, "change your mind with: cardea decide %s %s",
			accepts ? "reject" : "accept", c->args[0]);
}

static enum cli_exit decide(struct cli *c, const char *word)
{
	const char *choice = args_flag(c, "choose");
	struct client_target t;
	json_t *d = NULL;
	enum cli_exit e;

	if (args_flag(c, "dry-run"))
		return pretend(c, word);
	client_target_init(&t, "/v1/decisions");
	client_target_segment(&t, c->args[0]);
	e = answer_post(c, &t,
		json_pack("{s:s, s:s*}", "answer", word, "choice", choice), &d);
	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		printf("%s: %s\n", answer_text(d, "answer"), answer_text(d, "text"));
	if (e == CLI_OK)
		say_undo(c, d, word);
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
