// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea events - what happened, and what happens. */
#include <string.h>
#include "base/str.h"
#include "cli/events.h"
#include "cli/text.h"

static enum text_style kind_style(const char *kind)
{
	if (strcmp(kind, "violation") == 0 || strcmp(kind, "address-conflict") == 0)
		return STYLE_BAD;
	if (strcmp(kind, "profile-failed") == 0 || strcmp(kind, "process") == 0)
		return STYLE_WARN;
	return strcmp(kind, "protected") == 0 ? STYLE_GOOD : STYLE_PLAIN;
}

static const char *what(const json_t *e)
{
	long long packets = answer_number(e, "packets");
	const char *text = answer_text(e, "text");
	size_t size = strlen(text) + 40;
	char *out;

	if (packets < 2)
		return text;
	out = cli_take(size);
	(void)str_print(out, size, "%s (%lld packets)", text, packets);
	return out;
}

static void print_table(const json_t *list)
{
	static const char *const headers[] = {">ID", "WHEN", "DEVICE", "KIND", "WHAT"};
	struct table t;
	json_t *e;
	size_t i;

	table_init(&t, headers, 5);
	json_array_foreach (list, i, e) {
		const char *device = answer_text(e, "device");

		table_number(&t, answer_number(e, "id"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(e, "last")));
		table_cell(&t, STYLE_PLAIN, device[0] ? device : "-");
		table_cell(
			&t, kind_style(answer_raw(e, "kind")), answer_text(e, "kind"));
		table_cell(&t, STYLE_PLAIN, what(e));
	}
	table_print(&t, stdout);
}

static enum cli_exit print_list(const struct cli *c, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "events");
	enum cli_exit result = CLI_OK;
	json_t *e;
	size_t i;

	if (args_flag(c, "jsonl") || (c->json && args_flag(c, "follow"))) {
		json_array_foreach (list, i, e)
			if (result == CLI_OK)
				result = answer_print(e);
		return result;
	}
	if (c->json)
		return answer_print(answer);
	if (json_array_size(list))
		print_table(list);
	else
		cli_say(c, "Nothing has happened%s.",
			args_flag(c, "device") || args_flag(c, "after")
				? " of that kind"
				: " yet");
	return CLI_OK;
}

static enum cli_exit ask_list(const struct cli *c, json_t **ret)
{
	static const char *const keys[] = {"after", "limit", "device"};
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/events");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (args_flag(c, keys[i]))
			client_target_query(&t, keys[i], args_flag(c, keys[i]));
	e = answer_ask(c, &t, NULL, ret);
	if (e == CLI_NOT_FOUND && args_flag(c, "device"))
		answer_candidates(c, args_flag(c, "device"));
	return e;
}

/* One line, in columns that do not depend on what comes later. */
static void print_live(const json_t *e)
{
	enum text_style style = kind_style(answer_raw(e, "kind"));
	const char *device = answer_text(e, "device");
	const char *when = answer_text(e, "last");
	const char *clock = strchr(when, 'T');

	printf("%lld  %.8s  %s%s%s  %s%s%s\n", answer_number(e, "id"),
		clock ? clock + 1 : when, text_on(style), answer_text(e, "kind"),
		text_off(style), device, device[0] ? ": " : "", what(e));
}

/* The stream was opened before the list was asked for, so that nothing is lost between
 * them; what is in both is shown once. */
static bool was_listed(const json_t *answer, const json_t *e)
{
	json_t *other;
	size_t i;

	json_array_foreach (json_object_get(answer, "events"), i, other)
		if (json_equal(other, e))
			return true;
	return false;
}

enum cli_exit events_follow(const struct cli *c, struct client_stream *s,
	bool (*wants)(const void *, const json_t *), const void *ctx)
{
	char *text;

	fflush(stdout);
	while ((text = client_stream_line(s))) {
		json_t *e = json_loads(text, 0, NULL);
		bool wanted = json_is_object(e) && wants(ctx, e);

		if (wanted && (c->json || args_flag(c, "jsonl")))
			(void)answer_print(e);
		else if (wanted)
			print_live(e);
		json_decref(e);
		cli_forget(); /* or a month of following would fill it */
		if (fflush(stdout))
			return CLI_FAILED;
	}
	cli_complain(
		"`cardea status` says whether it runs", "the daemon ended the stream");
	return CLI_UNREACHABLE;
}

enum cli_exit events_open(const struct cli *c, struct client_stream **ret)
{
	struct client_target t;
	struct client_stream *s;
	int error;

	client_target_init(&t, "/v1/events");
	client_target_query(&t, "follow", "1");
	error = client_follow(c->socket, &t, &s);
	if (error)
		return answer_client_error(c, error);
	if (client_stream_status(s) != 200) {
		char *text = client_stream_line(s);
		json_t *body = text ? json_loads(text, 0, NULL) : NULL;
		enum cli_exit e = answer_refusal(client_stream_status(s), body);

		json_decref(body);
		client_stream_free(s);
		return e;
	}
	*ret = s;
	return CLI_OK;
}

/* What was listed before the stream, and the device that is asked for. */
struct wanted {
	const json_t *answer;
	const char *mac; /* "": all */
};

static bool is_wanted(const void *ctx, const json_t *e)
{
	const struct wanted *w = ctx;

	return !was_listed(w->answer, e) &&
	       (!w->mac[0] || strcmp(answer_raw(e, "mac"), w->mac) == 0);
}

enum cli_exit events_run(struct cli *c)
{
	struct client_stream *s = NULL;
	json_t *answer = NULL, *device = NULL;
	enum cli_exit e = CLI_OK;

	if (args_flag(c, "follow")) {
		if (args_flag(c, "device"))
			e = answer_device(c, args_flag(c, "device"), &device);
		if (e == CLI_OK)
			e = events_open(c, &s);
	}
	if (e == CLI_OK)
		e = ask_list(c, &answer);
	if (e == CLI_OK)
		e = print_list(c, answer);
	if (e == CLI_OK && s)
		e = events_follow(c, s, is_wanted,
			&(struct wanted){answer, answer_raw(device, "mac")});
	client_stream_free(s);
	json_decref(answer);
	json_decref(device);
	return e;
}
