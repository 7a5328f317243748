// SPDX-License-Identifier: GPL-2.0-or-later
/* A file of settings without a gateway: what it says, and one value of it changed. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/settings.h"
#include "cli/text.h"
#include "engine/config/file.h"

enum cli_exit settings_wrong_file(const char *error)
{
	fprintf(stderr, "%s\n", text_clean(error));
	return CLI_NO;
}

enum cli_exit settings_load(const char *path, struct config *c)
{
	char error[CONFIG_ERROR_MAX];

	config_defaults(c);
	return config_load(c, path, error) ? settings_wrong_file(error) : CLI_OK;
}

/* ---- one value changed ---- */

/* What a list is given as one word, "a, b", is cut at the commas. */
static size_t words_of(const struct cli *c, const struct config_item *item,
	const char *words[CONFIG_LIST_MAX + 1])
{
	size_t count = c->arg_count - 1;
	char *copy, *word;

	if (item->type != CONFIG_LIST || count != 1) {
		for (size_t i = 0; i < count && i <= CONFIG_LIST_MAX; i++)
			words[i] = c->args[1 + i];
		return count;
	}
	copy = cli_take(strlen(c->args[1]) + 1);
	(void)str_copy(copy, strlen(c->args[1]) + 1, c->args[1]);
	count = 0;
	while (*copy && (word = strsep(&copy, ",")) && count <= CONFIG_LIST_MAX) {
		word += strspn(word, " ");
		for (size_t n = strlen(word); n && word[n - 1] == ' '; n--)
			word[n - 1] = 0;
		words[count++] = word;
		if (!copy)
			break;
	}
	return count;
}

struct edited {
	struct config before, after;
	char *text;
	size_t len;
};

static enum cli_exit edit(
	const char *path, const struct config_item *item, const char *value, struct edited *d)
{
	char error[CONFIG_ERROR_MAX], *text;
	size_t len;
	enum cli_exit e = settings_load(path, &d->before);

	if (e != CLI_OK)
		return e;
	d->after = d->before;
	/* an empty default means "not set", which no check would accept */
	if (strcmp(value, item->fallback) != 0 &&
		config_value_set(item, &d->after, value, error)) {
		cli_complain("correct it", "%s.%s: %s", item->section, item->key,
			text_clean(error));
		return CLI_USAGE;
	}
	if (config_read(path, &text, &len, error))
		return settings_wrong_file(error);
	if (config_edit(text, len, item->section, item->key, value, &d->text, &d->len)) {
		cli_complain("make room in it", "%s cannot take more", text_clean(path));
		e = CLI_FAILED;
	}
	free(text);
	return e;
}

/* As it was, but for its text; a link to it stays one. */
static enum cli_exit write_file(const char *path, const struct edited *d)
{
	char real[PATH_MAX];
	int error = realpath(path, real) ? config_file_replace(real, d->text, d->len, false)
					 : -errno;

	if (!error)
		return CLI_OK;
	cli_complain("see who may write it and its folder", "%s: cannot be written: %s",
		text_clean(path), error_text(error));
	return CLI_FAILED;
}

enum cli_exit settings_set_in_file(struct cli *c, const char *path)
{
	const struct config_item *item = config_schema_named(c->args[0]);
	const char *words[CONFIG_LIST_MAX + 1];
	char value[CONFIG_VALUE_MAX], old[CONFIG_VALUE_MAX];
	static struct edited d;
	enum cli_exit e;

	if (!item)
		return settings_no_such(c->args[0]);
	if (args_flag(c, "default"))
		(void)str_copy(value, sizeof(value), item->fallback);
	else if (config_value_from(item, words, words_of(c, item, words), value)) {
		cli_complain(NULL, "%s takes %s", c->args[0],
			item->type == CONFIG_LIST ? "at most eight values" : "one value");
		return CLI_USAGE;
	}
	e = edit(path, item, value, &d);
	if (e == CLI_OK && !args_flag(c, "dry-run"))
		e = write_file(path, &d);
	free(d.text);
	if (e != CLI_OK)
		return e;
	config_value_print(item, &d.before, old);
	cli_say(c, "%s: %s %s %s; it was %s", text_clean(path), c->args[0],
		args_flag(c, "dry-run") ? "would be" : "is", text_clean(value),
		text_clean(old));
	return CLI_OK;
}
