// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea config set, diff, apply, confirm, rollback - other settings for a gateway that
 * runs. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/settings.h"
#include "cli/text.h"
#include "engine/config/file.h"

#define CONFIRM_MIN_S 10
#define CONFIRM_MAX_S 600
#define CONFIRM_TEXT "10 to 600 seconds, such as 90s"

static enum cli_exit confirm_within(const struct cli *c, json_t *body)
{
	const char *text = args_flag(c, "confirm-within");
	char number[8] = "";
	size_t digits = text ? strspn(text, "0123456789") : 0;
	int64_t seconds = 0;
	bool minutes = text && strcmp(text + digits, "m") == 0;

	if (text && digits < sizeof(number))
		str_copy_bytes(number, sizeof(number), text, digits);
	if (text && (str_to_i64(number, 0, CONFIRM_MAX_S, &seconds) ||
			    (text[digits] && !minutes && strcmp(text + digits, "s") != 0))) {
		cli_complain("give " CONFIRM_TEXT, "\"%s\" is no time", text_clean(text));
		return CLI_USAGE;
	}
	seconds *= minutes ? 60 : 1;
	if (text && (seconds < CONFIRM_MIN_S || seconds > CONFIRM_MAX_S)) {
		cli_complain("give " CONFIRM_TEXT, "nobody confirms within that time");
		return CLI_USAGE;
	}
	json_object_set_new(body, "confirm_within", json_integer(seconds));
	return CLI_OK;
}

static void print_changes(const struct cli *c, const json_t *o)
{
	bool dry = answer_true(o, "dry_run");
	json_t *changes = json_object_get(o, "changes"), *one;
	size_t i;

	if (json_array_size(changes) == 0)
		cli_say(c, "Nothing changes: it is so already.");
	json_array_foreach(changes, i, one) {
		const char *from = settings_shown(json_object_get(one, "from"));
		const char *to = settings_shown(json_object_get(one, "to"));

		printf("%s: %s -> %s (%s)\n", answer_text(one, "key"), from[0] ? from : "-",
			to[0] ? to : "-",
			strcmp(answer_text(one, "applies"), "restart") == 0
				? "with the next start"
				: answer_text(one, "applies"));
	}
	if (dry)
		cli_say(c, "Nothing was changed.");
}

static void say_undo(const struct cli *c, const json_t *o)
{
	json_t *changes = json_object_get(o, "changes"), *one = json_array_get(changes, 0);
	const char *words = one ? settings_typed(json_object_get(one, "from")) : NULL;

	if (answer_true(o, "dry_run") || !one)
		return;
	if (json_is_object(json_object_get(o, "pending"))) {
		cli_say(c, "Without `cardea config confirm` they are taken back %s.",
			text_ago(answer_raw(json_object_get(o, "pending"), "until")));
		cli_say(c, "undo with: cardea config rollback");
	} else if (json_array_size(changes) == 1 && words)
		cli_say(c, "undo with: cardea config set %s %s", answer_text(one, "key"), words);
	/* of several at once, the number of the change is told at the end */
}

static void pause_s(void)
{
	struct timespec t = {1, 0};

	nanosleep(&t, NULL);
}

/* --wait: until somebody has confirmed, or nobody did. */
static enum cli_exit wait_for_word(const struct cli *c, const json_t *o)
{
	const json_t *pending = json_object_get(o, "pending");
	json_t *changes = json_object_get(pending, "changes"), *now = NULL;
	json_t *to = json_object_get(json_array_get(changes, 0), "to"), *item;
	const char *key = answer_raw(json_array_get(changes, 0), "key");
	bool kept = false;
	size_t i;

	if (!args_flag(c, "wait") || !json_is_object(pending))
		return CLI_OK;
	for (;;) {
		enum cli_exit e = answer_get(c, "/v1/settings", &now);

		if (e != CLI_OK)
			return e;
		if (!json_is_object(json_object_get(now, "pending")))
			break;
		json_decref(now);
		pause_s();
	}
	json_array_foreach(json_object_get(now, "items"), i, item)
		if (strcmp(settings_name(item), key) == 0)
			kept = json_equal(to, json_object_get(item, "value"));
	json_decref(now);
	cli_say(c, kept ? "They were confirmed." : "They were taken back.");
	return kept ? CLI_OK : CLI_TIMEOUT;
}

/* Takes the body. */
static enum cli_exit propose(struct cli *c, json_t *body, json_t **ret)
{
	struct client_target t;

	if (args_flag(c, "dry-run"))
		json_object_set_new(body, "dry_run", json_true());
	client_target_init(&t, "/v1/settings");
	return answer_post(c, &t, body, ret);
}

static enum cli_exit propose_and_say(struct cli *c, json_t *body)
{
	json_t *o = NULL;
	enum cli_exit e = propose(c, body, &o);

	if (e != CLI_OK)
		return e;
	if (c->json)
		e = answer_print(o);
	else
		print_changes(c, o);
	say_undo(c, o);
	if (e == CLI_OK)
		e = wait_for_word(c, o);
	json_decref(o);
	return e;
}

/* NULL: there is no such setting. */
static json_t *wanted_value(const struct cli *c)
{
	const struct config_item *item = config_schema_named(c->args[0]);
	static struct config usual;
	json_t *value;

	if (args_flag(c, "default")) {
		config_defaults(&usual);
		return item ? settings_value_json(item, &usual) : NULL;
	}
	if (c->arg_count == 2)
		return json_string(c->args[1]);
	value = json_array();
	for (unsigned i = 1; i < c->arg_count; i++)
		json_array_append_new(value, json_string(c->args[i]));
	return value;
}

static enum cli_exit check_words(const struct cli *c)
{
	bool usual = args_flag(c, "default") != NULL;

	if (usual != (c->arg_count == 1)) {
		cli_complain("`cardea help config set` shows how", usual
				? "--default leaves no room for a value"
				: "a value is missing, or --default");
		return CLI_USAGE;
	}
	return usual && !config_schema_named(c->args[0]) ? settings_no_such(c->args[0]) : CLI_OK;
}

enum cli_exit settings_set(struct cli *c)
{
	json_t *value, *body;
	enum cli_exit e = check_words(c);

	if (e != CLI_OK)
		return e;
	if (args_flag(c, "file"))
		return settings_set_in_file(c, args_flag(c, "file"));
	value = wanted_value(c);
	body = json_pack("{s:{s:o}}", "set", c->args[0], value);
	if (!body) {
		cli_complain("write it in UTF-8", "a word of this command is no text");
		return CLI_USAGE;
	}
	e = confirm_within(c, body);
	if (e == CLI_OK)
		return propose_and_say(c, body);
	json_decref(body);
	return e;
}

/* {"file": TEXT}, or why not. */
static enum cli_exit body_of_file(const char *path, json_t **ret)
{
	char error[CONFIG_ERROR_MAX], *text;
	static struct config config;
	enum cli_exit e = settings_load(path, &config);
	size_t len;

	if (e != CLI_OK)
		return e;
	if (config_read(path, &text, &len, error))
		return settings_wrong_file(error);
	*ret = json_pack("{s:o}", "file", json_stringn(text, len));
	free(text);
	if (*ret)
		return CLI_OK;
	cli_complain("write it in UTF-8", "%s is no text", text_clean(path));
	return CLI_NO;
}

enum cli_exit settings_diff(struct cli *c)
{
	json_t *body = NULL, *o = NULL;
	struct client_target t;
	enum cli_exit e = body_of_file(c->args[0], &body);
	bool same;

	if (e != CLI_OK)
		return e;
	json_object_set_new(body, "dry_run", json_true());
	client_target_init(&t, "/v1/settings");
	e = answer_post(c, &t, body, &o);
	if (e != CLI_OK)
		return e;
	same = json_array_size(json_object_get(o, "changes")) == 0;
	if (c->json)
		e = answer_print(o);
	else if (same)
		cli_say(c, "%s says what is in force.", text_clean(c->args[0]));
	else
		print_changes(c, o);
	json_decref(o);
	return e == CLI_OK && !same ? CLI_NO : e;
}

enum cli_exit settings_apply(struct cli *c)
{
	json_t *body = NULL;
	enum cli_exit e = CLI_OK;

	if (c->arg_count) {
		e = body_of_file(c->args[0], &body);
		if (e == CLI_OK)
			e = confirm_within(c, body);
	} else if (args_flag(c, "confirm-within")) {
		cli_complain("name a file: what is replaced can be brought back",
			"the file as it stands has nothing before it to come back");
		e = CLI_USAGE;
	} else
		body = json_pack("{s:b}", "reload", 1);
	if (e == CLI_OK)
		return propose_and_say(c, body);
	json_decref(body);
	return e;
}

/* Too late is what one waits for in vain. */
static enum cli_exit end_wait(struct cli *c, const char *word, const char *said)
{
	json_t *o = NULL;
	enum cli_exit e = propose(c, json_pack("{s:b}", word, 1), &o);

	if (e != CLI_OK)
		return e;
	if (c->json)
		e = answer_print(o);
	else
		print_changes(c, o);
	if (!args_flag(c, "dry-run"))
		cli_say(c, "%s", said);
	json_decref(o);
	return e;
}

enum cli_exit settings_confirm(struct cli *c)
{
	return end_wait(c, "confirm", "They are kept.");
}

enum cli_exit settings_rollback(struct cli *c)
{
	return end_wait(c, "rollback", "The settings are as before; FILE.rolled-back has the "
				       "others.");
}
