// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea case - what happened to devices in trouble, for their owner: names, addresses and
 * all. Nothing that is shown here has left the house. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/daemon.h"
#include "cli/text.h"

static const char *number(const json_t *o, const char *key)
{
	char *text = cli_take(24);

	(void)str_print(text, 24, "%lld", answer_number(o, key));
	return text;
}

static void print_list(const json_t *list)
{
	static const char *const headers[] = {">ID", "OPENED", "DEVICE", "STATE", "CLOSED"};
	struct table t;
	json_t *f;
	size_t i;

	table_init(&t, headers, 5);
	json_array_foreach (list, i, f) {
		table_cell(&t, STYLE_BOLD, number(f, "id"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(f, "opened")));
		table_cell(&t, STYLE_PLAIN, answer_text(f, "device"));
		table_cell(&t, daemon_state_style(answer_raw(f, "state")),
			answer_text(f, "state"));
		table_cell(&t, STYLE_PLAIN,
			answer_true(f, "open") ? "" : text_ago(answer_raw(f, "closed")));
	}
	table_print(&t, stdout);
}

enum cli_exit case_list(struct cli *c)
{
	const char *device = args_flag(c, "device");
	struct client_target t;
	json_t *answer = NULL, *list;
	enum cli_exit e;

	client_target_init(&t, "/v1/cases");
	if (args_flag(c, "all"))
		client_target_query(&t, "all", "1");
	if (device)
		client_target_query(&t, "device", device);
	e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_NOT_FOUND && device)
		answer_candidates(c, device);
	list = json_object_get(answer, "cases");
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && json_array_size(list))
		print_list(list);
	else if (e == CLI_OK)
		cli_say(c, "No case is open.");
	json_decref(answer);
	return e;
}

static void print_moments(const json_t *list)
{
	json_t *m;
	size_t i;

	json_array_foreach (list, i, m) {
		printf("%s  %s%s%s  %s\n", text_ago(answer_raw(m, "at")),
			text_on(STYLE_BOLD), answer_text(m, "to"), text_off(STYLE_BOLD),
			answer_text(m, "sentence"));
		if (answer_raw(m, "shows")[0])
			printf("    %s\n", answer_text(m, "shows"));
	}
}

static const char *peer_of(const json_t *f)
{
	if (answer_raw(f, "peer_device")[0])
		return answer_text(f, "peer_device");
	return answer_raw(f, "name")[0] ? answer_text(f, "name") : answer_text(f, "peer");
}

static void print_flows(const json_t *list)
{
	static const char *const headers[] = {
		"LAST", "FATE", "WITH", "SERVICE", ">SENT", ">RECEIVED"};
	struct table t;
	json_t *f;
	size_t i;

	table_init(&t, headers, 6);
	json_array_foreach (list, i, f) {
		char *service = cli_take(32);

		(void)str_print(service, 32, "%s %lld", answer_raw(f, "proto"),
			answer_number(f, "port"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(f, "last")));
		table_cell(&t, answer_true(f, "refused") ? STYLE_BAD : STYLE_GOOD,
			answer_true(f, "refused") ? "refused" : "passed");
		table_cell(&t, STYLE_PLAIN, peer_of(f));
		table_cell(&t, STYLE_PLAIN, text_clean(service));
		table_number(&t, answer_number(f, "packets_sent"));
		table_number(&t, answer_number(f, "packets_received"));
	}
	table_print(&t, stdout);
}

static void print_case(const struct cli *c, const json_t *o)
{
	const json_t *flows = json_object_get(o, "flows");

	printf("%scase %lld%s  %s: %s%s\n\n", text_on(STYLE_BOLD), answer_number(o, "id"),
		text_off(STYLE_BOLD), answer_text(o, "device"), answer_text(o, "state"),
		answer_true(o, "open") ? "" : " (closed)");
	print_moments(json_object_get(o, "moments"));
	if (json_array_size(flows)) {
		printf("\n");
		print_flows(flows);
	}
	if (answer_number(o, "flows_left_out"))
		printf("and %lld more than there was room for\n",
			answer_number(o, "flows_left_out"));
	cli_say(c, "what may leave the house of it: cardea case evidence %lld",
		answer_number(o, "id"));
}

enum cli_exit case_show(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/cases");
	client_target_segment(&t, c->args[0]);
	e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		print_case(c, answer);
	json_decref(answer);
	return e;
}
