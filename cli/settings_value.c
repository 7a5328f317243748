// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings and their values: as JSON, as people read them, as they are typed. */
#include "cli/settings.h"

#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/text.h"

/* A word of a list, from a gateway that may say anything. */
static const char *word_of(const json_t *v)
{
	const char *text = json_string_value(v);

	return text ? text : "";
}

static const char *value_text(const json_t *v)
{
	char *text;
	size_t i, size = 1, used = 0;
	json_t *one;

	if (json_is_string(v))
		return text_clean(word_of(v));
	if (!json_is_array(v))
		return json_is_true(v) ? "true" : json_is_false(v) ? "false" : NULL;
	json_array_foreach(v, i, one)
		size += strlen(text_clean(word_of(one))) + 2;
	text = cli_take(size);
	text[0] = 0;
	json_array_foreach(v, i, one) {
		(void)str_print(text + used, size - used, "%s%s", i ? ", " : "",
			text_clean(word_of(one)));
		used += strlen(text + used);
	}
	return text;
}

const char *settings_shown(const json_t *v)
{
	const char *text;
	char *number;

	if (!json_is_integer(v)) {
		text = value_text(v);
		return text ? text : "";
	}
	number = cli_take(24);
	(void)str_print(number, 24, "%lld", (long long)json_integer_value(v));
	return number;
}

/* NULL: a word of it cannot be typed. */
static char *quoted_list(const json_t *v)
{
	struct str_text t = {.size = 1};
	const char *word;
	json_t *one;
	size_t i;

	json_array_foreach(v, i, one) {
		word = text_quote(word_of(one));
		if (!word)
			return NULL;
		t.size += strlen(word) + 1;
	}
	t.buf = cli_take(t.size);
	t.buf[0] = 0;
	json_array_foreach(v, i, one) {
		word = text_quote(word_of(one));
		str_add(&t, "%s%s", i ? " " : "", word ? word : "");
	}
	return t.buf;
}

const char *settings_typed(const json_t *v)
{
	if ((json_is_string(v) && !word_of(v)[0]) ||
		(json_is_array(v) && json_array_size(v) == 0))
		return "--default";
	return json_is_array(v) ? quoted_list(v) : text_quote(settings_shown(v));
}

const char *settings_name(const json_t *item)
{
	char *name = cli_take(CONFIG_NAME_MAX);

	(void)str_print(name, CONFIG_NAME_MAX, "%s.%s", answer_text(item, "section"),
		answer_text(item, "key"));
	return name;
}

json_t *settings_value_json(const struct config_item *item, const struct config *c)
{
	const struct config_list *l = config_value_list(item, c);
	json_t *list;

	if (item->type == CONFIG_BOOL)
		return json_boolean(config_value_bool(item, c));
	if (item->type == CONFIG_INT)
		return json_integer(config_value_number(item, c));
	if (item->type == CONFIG_STRING)
		return json_string(text_clean(config_value_text(item, c)));
	list = json_array();
	for (unsigned i = 0; i < l->count; i++)
		json_array_append_new(list, json_string(text_clean(l->items[i])));
	return list;
}

enum cli_exit settings_no_such(const char *name)
{
	const struct config_item *near = config_schema_near(name);
	char nearest[CONFIG_NAME_MAX];

	cli_complain("`cardea config schema` lists them all",
		"there is no setting \"%s\"%s%s%s", text_clean(name),
		near ? "; did you mean \"" : "", near ? config_item_name(near, nearest) : "",
		near ? "\"?" : "");
	return CLI_NOT_FOUND;
}
