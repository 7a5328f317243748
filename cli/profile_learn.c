// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile learn, show - what the gateway learns of devices while they work. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/profile.h"
#include "cli/text.h"

#define PERCENT 100.0
#define LINES_MAX 100 /* of one list; the rest is in --json */
#define NOT_SEEN_MAX 128

static enum text_style state_style(const char *state)
{
	if (strcmp(state, "closed") == 0 || strcmp(state, "settled") == 0)
		return STYLE_GOOD;
	return strcmp(state, "learning") == 0 ? STYLE_WARN : STYLE_DIM;
}

/* "1.5 %", or "-" where nobody can say. */
static const char *share_text(const json_t *unseen, const char *key)
{
	const json_t *v = json_object_get(unseen, key);
	char *text = cli_take(16);

	if (!json_is_number(v))
		return "-";
	(void)str_print(text, 16, "%.1f %%", json_number_value(v) * PERCENT);
	return text;
}

static const char *not_seen(const json_t *d)
{
	char *text = cli_take(NOT_SEEN_MAX);
	struct str_text t = {.buf = text, .size = NOT_SEEN_MAX};
	const json_t *o;
	size_t i;

	text[0] = 0;
	json_array_foreach (json_object_get(d, "contexts_not_seen"), i, o)
		str_add(&t, i ? ", %s" : "%s", text_clean(json_string_value(o)));
	return text;
}

/* "2 boot, 5 quiet" */
static const char *contexts_text(const json_t *d)
{
	char *text = cli_take(NOT_SEEN_MAX);
	struct str_text t = {.buf = text, .size = NOT_SEEN_MAX};
	const char *name;
	json_t *o;

	text[0] = 0;
	json_object_foreach (json_object_get(d, "contexts"), name, o) {
		if (!answer_number(o, "episodes"))
			continue;
		str_add(&t, text[0] ? ", %lld %s" : "%lld %s",
			answer_number(o, "episodes"), text_clean(name));
	}
	return text[0] ? text : "-";
}

/* ---- all ---- */

static void print_row(struct table *t, const json_t *d)
{
	const json_t *unseen = json_object_get(d, "unseen");
	const char *state = answer_raw(unseen, "state");
	bool on = answer_true(d, "learned");

	table_cell(t, STYLE_BOLD, answer_text(d, "device"));
	table_cell(t, on ? state_style(state) : STYLE_DIM,
		on ? answer_text(unseen, "state") : "not learned");
	table_number(t, answer_number(d, "episodes"));
	table_number(t, answer_number(d, "kinds"));
	table_cell(t, STYLE_PLAIN, share_text(unseen, "share"));
	table_cell(t, STYLE_PLAIN, share_text(unseen, "bound"));
	table_cell(t, STYLE_PLAIN, contexts_text(d));
	table_cell(t, STYLE_DIM, not_seen(d));
}

static void print_list(const struct cli *c, const json_t *answer)
{
	static const char *const headers[] = {"DEVICE", "STATE", ">EPISODES", ">KINDS",
		">UNSEEN", ">AT MOST", "SEEN", "NOT SEEN AT ALL"};
	const json_t *o = json_object_get(answer, "observed");
	long long away = answer_number(o, "dropped") + answer_number(o, "lost");
	struct table t;
	json_t *d;
	size_t i;

	table_init(&t, headers, 8);
	json_array_foreach (json_object_get(answer, "devices"), i, d)
		print_row(&t, d);
	table_print(&t, stdout);
	json_array_foreach (json_object_get(answer, "devices"), i, d)
		if (json_array_size(json_object_get(d, "findings")))
			printf("%s! %s: %zu findings that are not learned "
			       "(`cardea profile learn %s`)%s\n",
				text_on(STYLE_WARN), answer_text(d, "device"),
				json_array_size(json_object_get(d, "findings")),
				device_handle(d, answer_raw(d, "device")),
				text_off(STYLE_WARN));
	if (away)
		cli_say(c, "%lld of %lld packets and records were lost on the way.", away,
			answer_number(o, "packets") + answer_number(o, "records"));
}

static enum cli_exit list(struct cli *c)
{
	json_t *answer = NULL;
	enum cli_exit e = answer_get(c, "/v1/learning", &answer);

	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && !answer_true(answer, "enabled"))
		cli_say(c, "Learning is off: set enabled = true in [learn] of the "
			   "settings, and restart.");
	else if (e == CLI_OK && json_array_size(json_object_get(answer, "devices")))
		print_list(c, answer);
	else if (e == CLI_OK)
		cli_say(c, "No device has been seen yet.");
	json_decref(answer);
	return e;
}

/* ---- one ---- */

static void print_state(const json_t *d)
{
	const json_t *unseen = json_object_get(d, "unseen");
	const char *state = answer_raw(unseen, "state");

	printf("%s%s%s%s: %lld episodes (%s), %lld kinds of conversation\n",
		text_on(STYLE_BOLD), answer_text(d, "device"), text_off(STYLE_BOLD),
		answer_true(d, "learned") ? "" : ", not learned any more",
		answer_number(d, "episodes"), contexts_text(d),
		answer_number(d, "kinds"));
	printf("  %s%s%s", text_on(state_style(state)), answer_text(unseen, "state"),
		text_off(state_style(state)));
	if (json_is_number(json_object_get(unseen, "share")))
		printf(": %s of what it does was not seen yet, %s at most\n",
			share_text(unseen, "share"), share_text(unseen, "bound"));
	else
		puts(": too few episodes for an estimate");
	if (not_seen(d)[0])
		printf("  not seen at all: %s\n", not_seen(d));
}

static void print_strings(const json_t *list, const char *title)
{
	json_t *o;
	size_t i;

	if (json_array_size(list))
		printf("%s\n", title);
	json_array_foreach (list, i, o)
		if (i < LINES_MAX)
			printf("  %s\n", text_clean(json_string_value(o)));
}

static void print_pairs(const json_t *list, const char *title, const char *first,
	const char *second)
{
	json_t *o;
	size_t i;

	if (json_array_size(list))
		printf("%s\n", title);
	json_array_foreach (list, i, o) {
		if (i == LINES_MAX) {
			printf("  and %zu more\n", json_array_size(list) - LINES_MAX);
			break;
		}
		printf("  %s%s%s%s%s\n", answer_text(o, first), text_on(STYLE_DIM),
			answer_raw(o, second)[0] ? " - " : "", answer_text(o, second),
			text_off(STYLE_DIM));
	}
}

static void print_conversations(const json_t *list)
{
	static const char *const headers[] = {"CONVERSATION", ">EPISODES", "LAST"};
	struct table t;
	json_t *k;
	size_t i;

	if (!json_array_size(list))
		return;
	table_init(&t, headers, 3);
	json_array_foreach (list, i, k) {
		if (i == LINES_MAX)
			break;
		table_cell(&t, STYLE_PLAIN, answer_text(k, "text"));
		table_number(&t, answer_number(k, "episodes"));
		table_cell(&t, STYLE_DIM, text_ago(answer_raw(k, "last")));
	}
	table_print(&t, stdout);
}

static void print_interactions(const json_t *list)
{
	json_t *o;
	size_t i;

	if (json_array_size(list))
		puts("Only after something else:");
	json_array_foreach (list, i, o)
		if (i < LINES_MAX)
			printf("  %s\n", answer_text(o, "text"));
}

static void print_one(const json_t *d)
{
	print_state(d);
	print_conversations(json_object_get(d, "conversations"));
	print_strings(json_object_get(d, "singletons"), "Seen in one episode only:");
	print_interactions(json_object_get(d, "interactions"));
	print_pairs(json_object_get(d, "findings"), "Found, and never in a profile:", "text",
		"kind");
	if (answer_raw(d, "problem")[0])
		printf("No MUD file: %s\n", answer_text(d, "problem"));
}

static enum cli_exit ask_one(struct cli *c, json_t **ret)
{
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/learning");
	client_target_segment(&t, c->args[0]);
	e = answer_ask(c, &t, NULL, ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	return e;
}

/* ---- what is asked for ---- */

struct wish {
	const char *flag, *key;
	bool value;
	const char *said, *undo;
};

static const struct wish wishes[] = {
	{"start", "learn", true, "is learned from now on", "--stop"},
	{"stop", "learn", false, "is not learned any more; what was learned stays",
		"--start"},
	{"again", "again", true, "is learned anew; what was learned is forgotten", NULL},
	{"episode", "episode", true, "what it did up to now is one episode, in a second",
		NULL},
};

static const struct wish *wish_of(const struct cli *c, unsigned *ret_count)
{
	const struct wish *found = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		if (!args_flag(c, wishes[i].flag))
			continue;
		found = &wishes[i];
		++*ret_count;
	}
	return found;
}

static enum cli_exit pretend(struct cli *c, const struct wish *w)
{
	json_t *d = NULL;
	enum cli_exit e = answer_device(c, c->args[0], &d);

	if (e == CLI_OK)
		e = answer_would(c, "%s: would be so: %s", answer_text(d, "name"), w->said);
	json_decref(d);
	return e;
}

static enum cli_exit ask_for(struct cli *c, const struct wish *w)
{
	struct client_target t;
	json_t *o = NULL;
	enum cli_exit e;

	if (args_flag(c, "dry-run"))
		return pretend(c, w);
	e = w->undo || strcmp(w->key, "again") != 0
		    ? CLI_OK
		    : cli_confirm(c, "What was learned of %s is forgotten then.",
			      text_clean(c->args[0]));
	if (e != CLI_OK)
		return e;
	client_target_init(&t, "/v1/learning");
	client_target_segment(&t, c->args[0]);
	e = answer_post(c, &t, json_pack("{s:b}", w->key, w->value), &o);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	if (e == CLI_OK && c->json)
		e = answer_print(o);
	else if (e == CLI_OK)
		printf("%s: %s\n", answer_text(o, "device"), w->said);
	if (e == CLI_OK && w->undo)
		cli_say(c, "undo with: cardea profile learn %s %s",
			device_handle(o, answer_raw(o, "device")), w->undo);
	json_decref(o);
	return e;
}

enum cli_exit profile_learn(struct cli *c)
{
	unsigned count;
	const struct wish *w = wish_of(c, &count);
	json_t *d = NULL;
	enum cli_exit e;

	if (count > 1 || (w && !c->arg_count)) {
		cli_complain("cardea profile learn DEVICE --stop",
			count > 1 ? "one wish at a time" : "which device?");
		return CLI_USAGE;
	}
	if (w)
		return ask_for(c, w);
	if (!c->arg_count)
		return list(c);
	e = ask_one(c, &d);
	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		print_one(d);
	json_decref(d);
	return e;
}

/* ---- whose words make its policy ---- */

static void print_layers(const json_t *d)
{
	const json_t *layers = json_object_get(d, "layers");
	const json_t *maker = json_object_get(layers, "maker");
	const json_t *adopted = json_object_get(layers, "adopted");

	printf("%s%s%s is %s\n", text_on(STYLE_BOLD), answer_text(d, "device"),
		text_off(STYLE_BOLD), answer_text(layers, "state"));
	if (json_is_object(maker))
		printf("  %s: %s, %lld rules\n", answer_text(maker, "layer"),
			answer_text(maker, "url"), answer_number(maker, "rules"));
	if (json_is_object(adopted))
		printf("  %s: %s that you put in force %s, %lld rules\n",
			answer_text(adopted, "layer"),
			strcmp(answer_raw(adopted, "form"), "extended") == 0
				? "an extended profile"
				: "a MUD file",
			text_ago(answer_raw(adopted, "taken")),
			answer_number(adopted, "rules"));
	print_strings(json_object_get(layers, "owner"), "You say beside that:");
}

static enum cli_exit show_device(struct cli *c)
{
	json_t *d = NULL;
	enum cli_exit e = ask_one(c, &d);

	if (e == CLI_OK && c->json) {
		e = answer_print(d);
	} else if (e == CLI_OK) {
		print_layers(d);
		print_state(d);
		print_pairs(json_object_get(d, "list"), "As learned, it:", "sentence",
			"evidence");
	}
	json_decref(d);
	return e;
}

/* What exists is meant; a name that both have is the file's, as ./NAME always is. */
enum cli_exit profile_show(struct cli *c)
{
	if (args_flag(c, "root") || strchr(c->args[0], '/') ||
		access(c->args[0], F_OK) == 0)
		return profile_file_show(c);
	return show_device(c);
}
