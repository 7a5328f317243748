// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea why - one sentence, and the rule behind it. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/rules.h"
#include "cli/text.h"

static void print_rule(const json_t *rule)
{
	if (!json_is_object(rule))
		return;
	printf("  rule      it %s\n", answer_text(rule, "sentence"));
	printf("  source    %s\n", rules_source(rule));
	if (strcmp(answer_raw(rule, "status"), "enforced") != 0)
		printf("  status    %s%s%s\n", answer_text(rule, "status"),
			answer_raw(rule, "detail")[0] ? ": " : "",
			answer_text(rule, "detail"));
}

static void print_event(const json_t *event)
{
	if (!json_is_object(event))
		return;
	printf("  event     %lld, first %s, last %s, %lld packet%s\n",
		answer_number(event, "id"), text_ago(answer_raw(event, "first")),
		text_ago(answer_raw(event, "last")), answer_number(event, "packets"),
		answer_number(event, "packets") == 1 ? "" : "s");
}

static void print_answer(const json_t *a)
{
	enum text_style style = answer_true(a, "allowed") ? STYLE_GOOD : STYLE_BAD;
	const char *text = answer_text(a, "text");
	size_t first = strcspn(text, ":. ");

	/* the verdict is the sentence's first word */
	printf("%s%.*s%s%s\n", text_on(style), (int)first, text, text_off(style),
		text + first);
	print_rule(json_object_get(a, "rule"));
	if (answer_raw(a, "profile")[0])
		printf("  profile   %s\n", answer_text(a, "profile"));
	print_event(json_object_get(a, "event"));
	if (!answer_true(a, "enforced"))
		printf("  note      nothing is enforced for this device\n");
}

static enum cli_exit question(const struct cli *c, struct client_target *t)
{
	int64_t id;

	client_target_init(t, "/v1/why");
	if (c->arg_count == 2) {
		client_target_query(t, "device", c->args[0]);
		client_target_query(t, "destination", c->args[1]);
	} else if (str_to_i64(c->args[0], 1, INT64_MAX, &id) == 0) {
		client_target_query(t, "event", c->args[0]);
	} else {
		cli_complain("cardea why DEVICE DESTINATION, or cardea why EVENT-ID",
			"\"%s\" is not the number of an event, and alone it is no "
			"question",
			text_clean(c->args[0]));
		return CLI_USAGE;
	}
	if (c->arg_count == 1 && (args_flag(c, "port") || args_flag(c, "proto"))) {
		cli_complain(NULL, "an event has its port and protocol already");
		return CLI_USAGE;
	}
	if (args_flag(c, "port"))
		client_target_query(t, "port", args_flag(c, "port"));
	if (args_flag(c, "proto"))
		client_target_query(t, "proto", args_flag(c, "proto"));
	return CLI_OK;
}

enum cli_exit why_run(struct cli *c)
{
	struct client_target t;
	json_t *a = NULL;
	enum cli_exit e = question(c, &t);

	if (e == CLI_OK)
		e = answer_ask(c, &t, NULL, &a);
	if (e == CLI_NOT_FOUND && c->arg_count == 2)
		answer_candidates(c, c->args[0]);
	if (e != CLI_OK)
		return e;
	if (c->json)
		e = answer_print(a);
	else
		print_answer(a);
	if (e == CLI_OK && !answer_true(a, "allowed"))
		e = CLI_NO;
	json_decref(a);
	return e;
}
