// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea controller - which device, or address, a class of controllers means here. */
#include <string.h>
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/text.h"

#define EVERYBODY "all devices"

static const char *joined(const json_t *list)
{
	size_t size = 1, i;
	char *out;
	json_t *v;

	json_array_foreach (list, i, v)
		size += strlen(text_clean(json_string_value(v))) + 2;
	out = cli_take(size);
	out[0] = 0;
	json_array_foreach (list, i, v) {
		if (i)
			strncat(out, ", ", size - strlen(out) - 1);
		strncat(out, text_clean(json_string_value(v)), size - strlen(out) - 1);
	}
	return out;
}

static const char *holder(const json_t *m)
{
	return answer_raw(m, "device")[0] ? answer_text(m, "device") : EVERYBODY;
}

static void print_said(const json_t *list)
{
	static const char *const headers[] = {"CLASS", "FOR", "IS", "USED BY"};
	struct table t;
	json_t *m;
	size_t i;

	table_init(&t, headers, 4);
	json_array_foreach (list, i, m) {
		const char *target = answer_text(m, "target");

		table_cell(&t, STYLE_BOLD, answer_text(m, "class"));
		table_cell(&t, STYLE_PLAIN, holder(m));
		table_cell(&t, STYLE_PLAIN, target[0] ? target : "(gone)");
		table_cell(&t, STYLE_PLAIN, joined(json_object_get(m, "used_by")));
	}
	table_print(&t, stdout);
}

/* " --device NAME", or "" for a class that is the same for all. */
static const char *device_flag(const json_t *m)
{
	const char *name = text_quote(answer_raw(m, "device"));
	size_t size = name ? strlen(name) + sizeof(" --device ") : 1;
	char *out = cli_take(size);

	out[0] = 0;
	if (answer_raw(m, "device")[0] && name)
		snprintf(out, size, " --device %s", name);
	return out;
}

static void print_open(struct cli *c, const json_t *list)
{
	json_t *m, *s;
	size_t i, k;

	json_array_foreach (list, i, m) {
		const json_t *suggestions = json_object_get(m, "suggestions");
		const char *class = text_quote(answer_raw(m, "class"));

		printf("%sNobody is %s%s, which %s may talk to.\n", text_on(STYLE_WARN),
			answer_text(m, "class"), text_off(STYLE_WARN),
			joined(json_object_get(m, "used_by")));
		json_array_foreach (suggestions, k, s)
			printf("  perhaps %s: %s\n", answer_text(s, "device"),
				answer_text(s, "why"));
		cli_say(c, "  name one with: cardea controller set %s %s%s",
			class ? class : "CLASS",
			json_array_size(suggestions)
				? device_handle(json_array_get(suggestions, 0),
					  answer_raw(json_array_get(suggestions, 0),
						  "device"))
				: "DEVICE",
			device_flag(m));
	}
}

enum cli_exit controller_list(struct cli *c)
{
	json_t *answer = NULL, *said, *open;
	enum cli_exit e = answer_get(c, "/v1/controllers", &answer);

	said = json_object_get(answer, "controllers");
	open = json_object_get(answer, "unmapped");
	if (e == CLI_OK && c->json) {
		e = answer_print(answer);
	} else if (e == CLI_OK) {
		if (json_array_size(said))
			print_said(said);
		else
			cli_say(c, "No controller has been named.");
		print_open(c, open);
	}
	json_decref(answer);
	return e;
}

/* The device's name as the daemon knows it, or NULL: for all. */
static enum cli_exit find_holder(struct cli *c, json_t **ret)
{
	const char *device = args_flag(c, "device");

	return device ? answer_device(c, device, ret) : CLI_OK;
}

static bool is_about(const json_t *m, const char *class, const json_t *device)
{
	return strcmp(answer_raw(m, "class"), class) == 0 &&
	       strcmp(answer_raw(m, "device"), answer_raw(device, "name")) == 0;
}

/* What stood there before, as commands that bring it back. */
static void say_undo(const struct cli *c, const json_t *before, const char *class,
	const json_t *device)
{
	const char *quoted = text_quote(class);
	bool any = false;
	json_t *m;
	size_t i;

	json_array_foreach (json_object_get(before, "controllers"), i, m) {
		const char *target = answer_raw(m, "target_mac");

		if (!is_about(m, class, device))
			continue;
		cli_say(c, "undo with: cardea controller set %s %s%s%s", quoted,
			target[0] ? text_clean(target) : answer_text(m, "target"),
			device_flag(m), any ? " --add" : "");
		any = true;
	}
	if (!any)
		cli_say(c, "undo with: cardea controller remove %s%s%s", quoted,
			device ? " --device " : "",
			device ? device_handle(device, answer_raw(device, "name"))
			       : "");
}

static enum cli_exit post(struct cli *c, json_t *body, json_t **ret)
{
	struct client_target t;

	client_target_init(&t, "/v1/controllers");
	return answer_post(c, &t, body, ret);
}

static enum cli_exit print_change(const struct cli *c, const json_t *device, const char *target,
	bool dry)
{
	const char *who = device ? answer_text(device, "name") : EVERYBODY;
	const char *class = text_clean(c->args[0]), *whom = target ? text_clean(target) : "nobody";

	if (dry)
		return answer_would(c, "%s would be %s for %s", whom, class, who);
	printf("%s is now %s for %s\n", whom, class, who);
	return CLI_OK;
}

static enum cli_exit change(struct cli *c, const char *target)
{
	bool dry = args_flag(c, "dry-run") != NULL, add = args_flag(c, "add") != NULL;
	const char *class = c->args[0];
	json_t *before = NULL, *device = NULL, *after = NULL;
	enum cli_exit e = find_holder(c, &device);

	if (e == CLI_OK)
		e = answer_get(c, "/v1/controllers", &before);
	if (e == CLI_OK && !dry)
		e = post(c,
			json_pack("{s:s, s:s?, s:s?, s:b}", "class", class, "device",
				device ? answer_raw(device, "mac") : NULL, "target",
				target, "add", add),
			&after);
	if (e == CLI_OK && after && c->json)
		e = answer_print(after);
	else if (e == CLI_OK)
		e = print_change(c, device, target, dry);
	if (after)
		say_undo(c, before, class, device);
	json_decref(after);
	json_decref(before);
	json_decref(device);
	return e;
}

enum cli_exit controller_set(struct cli *c)
{
	return change(c, c->args[1]);
}

enum cli_exit controller_remove(struct cli *c)
{
	return change(c, NULL);
}
