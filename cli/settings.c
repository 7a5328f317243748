// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea config - are the settings right, and which are there? */
#include <stdlib.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/text.h"
#include "engine/config/schema.h"

static enum cli_exit print_check(const char *file, const char *error)
{
	json_t *o = json_object();
	enum cli_exit e;

	json_object_set_new(o, "schema", json_string("cardea.config.check/1"));
	json_object_set_new(o, "file", json_string(text_clean(file)));
	json_object_set_new(o, "valid", json_boolean(!error));
	json_object_set_new(
		o, "error", error ? json_string(text_clean(error)) : json_null());
	e = answer_print(o);
	json_decref(o);
	return e;
}

enum cli_exit settings_check(struct cli *c)
{
	static struct config config;
	char error[CONFIG_ERROR_MAX];
	enum cli_exit e = CLI_OK;
	const char *setting;
	bool wrong;

	config_defaults(&config);
	wrong = config_load(&config, c->args[0], error) != 0;
	if (!wrong && config_agree(&config, &setting, error)) {
		char told[CONFIG_ERROR_MAX];

		(void)str_print(told, sizeof(told), "%.255s: %.250s", c->args[0], error);
		(void)str_copy(error, sizeof(error), told);
		wrong = true;
	}
	if (c->json)
		e = print_check(c->args[0], wrong ? error : NULL);
	if (wrong && !c->json)
		fprintf(stderr, "%s\n", text_clean(error));
	if (!wrong)
		cli_say(c, "%s: all settings are right.", text_clean(c->args[0]));
	return e == CLI_OK && wrong ? CLI_NO : e;
}

static json_t *choices_of(const char *choices)
{
	struct untrusted_str rest = str_untrusted(choices), word;
	json_t *list = json_array();

	for (bool more = true; more;) {
		more = str_cut(&rest, ',', &word);
		if (!more)
			word = rest;
		if (word.len && *word.bytes == ' ') {
			word.bytes++;
			word.len--;
		}
		json_array_append_new(list, json_stringn(word.bytes, word.len));
	}
	return list;
}

static json_t *item_json(const struct config_item *item)
{
	static const char *const types[] = {[CONFIG_BOOL] = "bool",
		[CONFIG_INT] = "int",
		[CONFIG_STRING] = "text",
		[CONFIG_LIST] = "list"};
	char applies[CONFIG_APPLIES_MAX];
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "section", item->section,
		"key", item->key, "type", types[item->type], "default", item->fallback, "help",
		item->help, "applies", config_applies(item, applies));

	if (item->type == CONFIG_INT) {
		json_object_set_new(o, "min", json_integer(item->min));
		json_object_set_new(o, "max", json_integer(item->max));
	}
	if (item->choices)
		json_object_set_new(o, "choices", choices_of(item->choices));
	if (item->applies & CONFIG_BY_HAND)
		json_object_set_new(o, "by_hand", json_true());
	return o;
}

static enum cli_exit schema_json(const char *toml)
{
	const struct config_item *item;
	json_t *o = json_pack("{s:s, s:s, s:[]}", "schema", "cardea.config.schema/1", "toml",
		toml, "settings");
	enum cli_exit e;

	for (size_t i = 0; o && (item = config_schema_item(i)); i++)
		json_array_append_new(json_object_get(o, "settings"), item_json(item));
	e = o ? answer_print(o) : CLI_FAILED;
	json_decref(o);
	return e;
}

enum cli_exit settings_schema(struct cli *c)
{
	char *toml = NULL;
	size_t len;
	enum cli_exit e = CLI_FAILED;
	FILE *f;

	if (!c->json) {
		config_print_schema(stdout);
		return CLI_OK;
	}
	f = open_memstream(&toml, &len);
	if (!f)
		return CLI_FAILED;
	config_print_schema(f);
	if (fclose(f) == 0)
		e = schema_json(toml);
	free(toml);
	return e;
}
