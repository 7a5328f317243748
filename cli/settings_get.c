// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea config get - the settings of a gateway that runs; with --file, those of a file. */
#include <stdlib.h>
#include <string.h>
#include "cli/answer.h"
#include "cli/settings.h"
#include "cli/text.h"

static void print_pending(const struct cli *c, const json_t *o)
{
	const json_t *pending = json_object_get(o, "pending");

	if (json_is_object(pending))
		cli_say(c, "These wait for confirmation, and are taken back %s: `cardea config "
			   "confirm` keeps them.",
			text_ago(answer_raw(pending, "until")));
}

static void print_all(const struct cli *c, const json_t *o)
{
	static const char *const headers[] = {"SETTING", "VALUE", "A CHANGE HOLDS"};
	struct table t;
	json_t *item;
	size_t i;

	table_init(&t, headers, 3);
	json_array_foreach(json_object_get(o, "items"), i, item) {
		const json_t *value = json_object_get(item, "value");
		bool usual = json_equal(value, json_object_get(item, "default"));
		const char *text = settings_shown(value);

		table_cell(&t, STYLE_PLAIN, settings_name(item));
		table_cell(&t, usual ? STYLE_DIM : STYLE_BOLD, text[0] ? text : "-");
		table_cell(&t, STYLE_DIM,
			json_object_get(item, "running") ? "with the next start: waits"
							 : answer_text(item, "applies"));
	}
	table_print(&t, stdout);
	print_pending(c, o);
}

static void print_one(const json_t *item)
{
	const json_t *value = json_object_get(item, "value");
	json_t *one;
	size_t i;

	if (!json_is_array(value))
		puts(settings_shown(value));
	json_array_foreach(value, i, one)
		puts(settings_shown(one));
}

static enum cli_exit get_one(struct cli *c, json_t *o, const char *name)
{
	json_t *items = json_object_get(o, "items"), *item, *found = NULL;
	size_t i;

	json_array_foreach(items, i, item)
		if (strcmp(settings_name(item), name) == 0)
			found = item;
	if (!found)
		return settings_no_such(name);
	if (c->json) {
		json_object_set_new(o, "items", json_pack("[O]", found));
		return answer_print(o);
	}
	print_one(found);
	return CLI_OK;
}

/* ---- a file without a gateway ---- */

/* The items as the gateway would tell them. */
static json_t *items_of(const struct config *c)
{
	static struct config usual;
	const struct config_item *item;
	char applies[CONFIG_APPLIES_MAX];
	json_t *items = json_array();

	config_defaults(&usual);
	for (size_t i = 0; (item = config_schema_item(i)); i++)
		json_array_append_new(items,
			json_pack("{s:s, s:s, s:o, s:o, s:s, s:s}", "section", item->section,
				"key", item->key, "value", settings_value_json(item, c), "default",
				settings_value_json(item, &usual), "help", item->help, "applies",
				config_applies(item, applies)));
	return items;
}

enum cli_exit settings_get(struct cli *c)
{
	const char *file = args_flag(c, "file");
	static struct config config;
	json_t *o = NULL;
	enum cli_exit e;

	e = file ? settings_load(file, &config) : answer_get(c, "/v1/settings", &o);
	if (e == CLI_OK && file)
		o = json_pack("{s:s, s:o, s:n}", "schema", "cardea.settings/1", "items",
			items_of(&config), "pending");
	if (e == CLI_OK && c->arg_count)
		e = get_one(c, o, c->args[0]);
	else if (e == CLI_OK && c->json)
		e = answer_print(o);
	else if (e == CLI_OK)
		print_all(c, o);
	json_decref(o);
	return e;
}
