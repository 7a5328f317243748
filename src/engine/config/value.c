// SPDX-License-Identifier: GPL-2.0-or-later
/* value - settings as text: one as it stands in a file, or all of them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/config/schema.h"

static const void *at(const struct config_item *item, const struct config *c)
{
	return (const char *)c + item->offset;
}

const char *config_value_text(const struct config_item *item, const struct config *c)
{
	return at(item, c);
}

int64_t config_value_number(const struct config_item *item, const struct config *c)
{
	return *(const int64_t *)at(item, c);
}

bool config_value_bool(const struct config_item *item, const struct config *c)
{
	return *(const bool *)at(item, c);
}

const struct config_list *config_value_list(
	const struct config_item *item, const struct config *c)
{
	return at(item, c);
}

static void add_quoted(struct str_text *t, const char *value)
{
	str_add(t, "\"");
	for (; *value; value++)
		str_add(t, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	str_add(t, "\"");
}

static void add_list(struct str_text *t, const struct config_list *l)
{
	str_add(t, "[");
	for (unsigned i = 0; i < l->count; i++) {
		if (i)
			str_add(t, ", ");
		add_quoted(t, l->items[i]);
	}
	str_add(t, "]");
}

void config_value_print(const struct config_item *item, const struct config *c,
	char buf[CONFIG_VALUE_MAX])
{
	struct str_text t = {.buf = buf, .size = CONFIG_VALUE_MAX};

	buf[0] = 0;
	switch (item->type) {
	case CONFIG_BOOL:
		str_add(&t, "%s", config_value_bool(item, c) ? "true" : "false");
		break;
	case CONFIG_INT:
		str_add(&t, "%lld", (long long)config_value_number(item, c));
		break;
	case CONFIG_STRING:
		add_quoted(&t, config_value_text(item, c));
		break;
	case CONFIG_LIST:
		add_list(&t, config_value_list(item, c));
		break;
	}
}

/* A number or a word without quotes must not end its line and begin another setting. */
static bool is_plain(const char *word)
{
	for (; *word; word++)
		if (!isalnum((unsigned char)*word) && *word != '-')
			return false;
	return true;
}

int config_value_from(const struct config_item *item, const char *const *words,
	size_t count, char buf[CONFIG_VALUE_MAX])
{
	struct str_text t = {.buf = buf, .size = CONFIG_VALUE_MAX};

	buf[0] = 0;
	if (count > CONFIG_LIST_MAX || (item->type != CONFIG_LIST && count != 1))
		return CARDEA_ELIMIT;
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) >= CONFIG_STRING_MAX)
			return CARDEA_ELIMIT;
	if (item->type == CONFIG_LIST)
		str_add(&t, "[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			str_add(&t, ", ");
		if (item->type == CONFIG_LIST || item->type == CONFIG_STRING ||
			!is_plain(words[i]))
			add_quoted(&t, words[i]);
		else
			str_add(&t, "%s", words[i]);
	}
	if (item->type == CONFIG_LIST)
		str_add(&t, "]");
	return 0;
}

static bool same_list(const struct config_list *a, const struct config_list *b)
{
	bool same = a->count == b->count;

	for (unsigned i = 0; i < a->count && same; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

bool config_value_same(
	const struct config_item *item, const struct config *a, const struct config *b)
{
	switch (item->type) {
	case CONFIG_BOOL:
		return config_value_bool(item, a) == config_value_bool(item, b);
	case CONFIG_INT:
		return config_value_number(item, a) == config_value_number(item, b);
	case CONFIG_STRING:
		return strcmp(config_value_text(item, a), config_value_text(item, b)) == 0;
	case CONFIG_LIST:
		return same_list(config_value_list(item, a), config_value_list(item, b));
	}
	return false;
}

void config_value_copy(
	const struct config_item *item, struct config *to, const struct config *from)
{
	static const size_t sizes[] = {[CONFIG_BOOL] = sizeof(bool),
		[CONFIG_INT] = sizeof(int64_t),
		[CONFIG_STRING] = CONFIG_STRING_MAX,
		[CONFIG_LIST] = sizeof(struct config_list)};

	memcpy((char *)to + item->offset, at(item, from), sizes[item->type]);
}

bool config_same(const struct config *a, const struct config *b)
{
	const struct config_item *item;

	for (size_t i = 0; (item = config_schema_item(i)); i++)
		if (!config_value_same(item, a, b))
			return false;
	return true;
}

static void print_changed(FILE *out, const struct config *c, const struct config *usual)
{
	const struct config_item *item;
	const char *section = "";
	char value[CONFIG_VALUE_MAX];

	for (size_t i = 0; (item = config_schema_item(i)); i++) {
		if (config_value_same(item, c, usual))
			continue;
		if (strcmp(section, item->section) != 0)
			fprintf(out, "[%s]\n", item->section);
		section = item->section;
		config_value_print(item, c, value);
		fprintf(out, "%s = %s\n", item->key, value);
	}
}

int config_print(const struct config *c, char **ret_text, size_t *ret_len)
{
	struct config *usual = malloc(sizeof(*usual));
	char *text = NULL;
	size_t len = 0;
	FILE *out = usual ? open_memstream(&text, &len) : NULL;

	if (out) {
		config_defaults(usual);
		print_changed(out, c, usual);
	}
	free(usual);
	if (!out || fclose(out)) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

void config_print_schema(FILE *out)
{
	const char *section_name = "";

	for (size_t i = 0; config_schema_item(i); i++) {
		const struct config_item *item = config_schema_item(i);

		if (strcmp(section_name, item->section) != 0)
			fprintf(out, "%s[%s]\n", i ? "\n" : "", item->section);
		section_name = item->section;
		fprintf(out, "# %s\n# %s = %s\n", item->help, item->key, item->fallback);
	}
}
