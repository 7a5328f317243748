// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea config - are the settings right, and which are there? */
#include <stdlib.h>
#include "cli/answer.h"
#include "cli/text.h"
#include "engine/config/config.h"

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
	bool wrong;

	config_defaults(&config);
	wrong = config_load(&config, c->args[0], error) != 0;
	if (c->json)
		e = print_check(c->args[0], wrong ? error : NULL);
	if (wrong && !c->json)
		fprintf(stderr, "%s\n", text_clean(error));
	if (!wrong)
		cli_say(c, "%s: all settings are right.", text_clean(c->args[0]));
	return e == CLI_OK && wrong ? CLI_NO : e;
}

static enum cli_exit schema_json(const char *toml)
{
	json_t *o = json_pack(
		"{s:s, s:s}", "schema", "cardea.config.schema/1", "toml", toml);
	enum cli_exit e = o ? answer_print(o) : CLI_FAILED;

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
