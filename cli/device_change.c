// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea device url, confirm, set - what the owner says about a device. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/text.h"
#include "model/device_class.h"
#include "profiles/mud/mud.h"

enum cli_exit device_check_url(const char *url)
{
	char why[LIMIT_TEXT];

	if (!mud_url_check(url, 0, why))
		return CLI_OK;
	cli_complain("write it as the maker does, from https:// on",
		"%s cannot be a MUD URL: %s", text_clean(url), why);
	return CLI_USAGE;
}

enum cli_exit device_post(struct cli *c, const char *device, json_t *body, json_t **ret)
{
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/devices");
	client_target_segment(&t, device);
	e = answer_post(c, &t, body, ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, device);
	return e;
}

static void say_url_undo(const struct cli *c, const json_t *before)
{
	const char *old = text_quote(answer_raw(before, "mud_url"));

	if (old && answer_raw(before, "mud_url")[0])
		cli_say(c, "undo with: cardea device url %s %s",
			device_handle(before, answer_raw(before, "name")), old);
}

enum cli_exit device_url(struct cli *c)
{
	const char *url = c->args[1];
	json_t *before = NULL, *d = NULL;
	enum cli_exit e = device_check_url(url);

	if (e == CLI_OK)
		e = answer_device(c, c->args[0], &before);
	if (e == CLI_OK && args_flag(c, "dry-run"))
		e = answer_would(c, "the MUD file of %s would be %s", answer_text(before, "name"),
			text_clean(url));
	else if (e == CLI_OK)
		e = device_post(c, c->args[0], json_pack("{s:s}", "mud_url", url), &d);
	if (d && c->json)
		e = answer_print(d);
	else if (d)
		printf("the MUD file of %s is %s now\n", answer_text(before, "name"),
			text_clean(url));
	if (d)
		say_url_undo(c, before);
	json_decref(before);
	json_decref(d);
	return e;
}

static enum cli_exit pretend_confirm(const struct cli *c, const json_t *d, bool yes)
{
	return answer_would(c, "%s would be %staken for what its MUD URL says: %s",
		answer_text(d, "name"), yes ? "" : "no longer ", answer_text(d, "mud_url"));
}

static void print_confirmed(const json_t *d, bool yes)
{
	printf("%s is %staken for what its MUD URL says: %s\n", answer_text(d, "name"),
		yes ? "" : "no longer ", answer_text(d, "mud_url"));
}

static enum cli_exit wants_url(const json_t *d)
{
	if (answer_raw(d, "mud_url")[0])
		return CLI_OK;
	cli_complain("`cardea device url DEVICE URL` gives it one",
		"%s has no MUD URL that could be confirmed", answer_text(d, "name"));
	return CLI_CONFLICT;
}

enum cli_exit device_confirm(struct cli *c)
{
	bool yes = !args_flag(c, "no"), dry = args_flag(c, "dry-run") != NULL;
	json_t *before = NULL, *d = NULL;
	enum cli_exit e = answer_device(c, c->args[0], &before);

	if (e == CLI_OK && yes)
		e = wants_url(before);
	if (e == CLI_OK && !dry)
		e = device_post(
			c, c->args[0], json_pack("{s:b}", "confirmed", yes), &d);
	if (e == CLI_OK && dry)
		e = pretend_confirm(c, before, yes);
	else if (d && c->json)
		e = answer_print(d);
	else if (d)
		print_confirmed(before, yes);
	if (d)
		cli_say(c, "undo with: cardea device confirm %s%s",
			device_handle(before, answer_raw(before, "name")),
			yes ? " --no" : "");
	json_decref(before);
	json_decref(d);
	return e;
}

enum cli_exit device_set(struct cli *c)
{
	const char *class = args_flag(c, "class"), *old;
	enum device_class known;
	json_t *before = NULL, *d = NULL;
	enum cli_exit e = CLI_OK;

	if (!class) {
		cli_complain("for example: cardea device set front-door --class lock",
			"there is nothing to set");
		return CLI_USAGE;
	}
	if (!device_class_parse(class, &known)) {
		cli_complain("`cardea help device set` lists them", "\"%s\" is no class",
			text_clean(class));
		return CLI_USAGE;
	}
	e = answer_device(c, c->args[0], &before);
	if (e == CLI_OK && args_flag(c, "dry-run"))
		e = answer_would(c, "%s would be of the class %s", answer_text(before, "name"),
			class);
	else if (e == CLI_OK)
		e = device_post(c, c->args[0], json_pack("{s:s?}", "class", strcmp(class, "unknown") ? class : NULL), &d);
	if (d && c->json)
		e = answer_print(d);
	else if (d)
		printf("%s is of the class %s now\n", answer_text(before, "name"), text_clean(class));
	old = answer_raw(before, "class");
	if (d)
		cli_say(c, "undo with: cardea device set %s --class %s",
			device_handle(before, answer_raw(before, "name")),
			old[0] ? old : "unknown");
	json_decref(before);
	json_decref(d);
	return e;
}
