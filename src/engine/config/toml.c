// SPDX-License-Identifier: GPL-2.0-or-later
/* The subset of TOML that the schema needs: [section], key = value, with strings,
 * integers, booleans and one-line or many-line lists of strings; comments. */
#include "engine/config/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "engine/config/schema.h"

struct toml {
	struct config *config;
	const char *file;
	const char *pos, *end;
	unsigned line;
	const char *line_start;
	char section[CONFIG_STRING_MAX];
	char *error;
	const char *text;
	void (*seen)(void *ctx, const struct config_seen *s);
	void *ctx;
};

static int fail(struct toml *t, const char *at, const char *fmt, ...) CARDEA_PRINTF(3, 4);
static int fail(struct toml *t, const char *at, const char *fmt, ...)
{
	char what[CONFIG_ERROR_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	str_print(t->error, CONFIG_ERROR_MAX, "%s:%u:%u: %s", t->file, t->line,
		(unsigned)(at - t->line_start) + 1, what);
	return CARDEA_EMALFORMED;
}

static bool at(const struct toml *t, char c)
{
	return t->pos < t->end && *t->pos == c;
}

static void skip_blanks(struct toml *t)
{
	while (t->pos < t->end && (*t->pos == ' ' || *t->pos == '\t'))
		t->pos++;
}

/* Blanks, comments and line ends: between statements and inside lists. */
static void skip_lines(struct toml *t)
{
	for (;;) {
		skip_blanks(t);
		if (at(t, '#'))
			while (t->pos < t->end && *t->pos != '\n')
				t->pos++;
		if (at(t, '\r'))
			t->pos++;
		if (!at(t, '\n'))
			return;
		t->pos++;
		t->line++;
		t->line_start = t->pos;
	}
}

static int word(struct toml *t, char *buf, size_t size)
{
	const char *start = t->pos;

	while (t->pos < t->end &&
		(isalnum((unsigned char)*t->pos) || *t->pos == '_' || *t->pos == '-'))
		t->pos++;
	if (t->pos == start || (size_t)(t->pos - start) >= size)
		return fail(t, start, "expected a name of letters, digits, '_' or '-'");
	str_copy_bytes(buf, size, start, (size_t)(t->pos - start));
	return 0;
}

static int quoted(struct toml *t, char buf[CONFIG_STRING_MAX])
{
	const char *start = t->pos;
	size_t len = 0;

	if (!at(t, '"'))
		return fail(t, start, "expected a value in double quotes");
	for (t->pos++; t->pos < t->end && *t->pos != '"'; t->pos++) {
		if (*t->pos == '\n')
			break;
		if (iscntrl((unsigned char)*t->pos))
			return fail(t, t->pos, "control character in a value");
		if (*t->pos == '\\') {
			if (t->pos + 1 == t->end ||
				(t->pos[1] != '"' && t->pos[1] != '\\'))
				return fail(t, t->pos,
					"after a backslash: another one, or a quote");
			t->pos++;
		}
		if (len + 1 >= CONFIG_STRING_MAX)
			return fail(t, start, "longer than %d characters",
				CONFIG_STRING_MAX - 1);
		buf[len++] = *t->pos;
	}
	if (!at(t, '"'))
		return fail(t, start, "the closing double quote is missing");
	t->pos++;
	buf[len] = 0;
	/* as TOML has it; what is none could be shown to nobody, and not be set again */
	if (!str_is_clean_utf8(buf, len))
		return fail(t, start, "this is no UTF-8");
	return 0;
}

static int checked(struct toml *t, const struct config_item *item, const char *start,
	const char *value)
{
	char buf[CONFIG_STRING_MAX];
	const char *why = config_schema_check(item, value, buf);

	return why ? fail(t, start, "%s \"%s\": %s", item->key, value, why) : 0;
}

static int value_string(struct toml *t, const struct config_item *item, void *dst)
{
	const char *start = t->pos;
	char value[CONFIG_STRING_MAX];
	int error = quoted(t, value);

	if (error)
		return error;
	error = checked(t, item, start, value);
	if (!error)
		str_copy(dst, CONFIG_STRING_MAX, value);
	return error;
}

static int value_list(struct toml *t, const struct config_item *item, void *dst)
{
	struct config_list list = {0};
	const char *start = t->pos;

	if (!at(t, '['))
		return fail(t, start, "expected a list: [\"...\", \"...\"]");
	t->pos++;
	for (skip_lines(t); !at(t, ']'); skip_lines(t)) {
		int error;

		if (list.count == CONFIG_LIST_MAX)
			return fail(t, t->pos, "at most %d values", CONFIG_LIST_MAX);
		error = value_string(t, item, list.items[list.count]);
		if (error)
			return error;
		list.count++;
		skip_lines(t);
		if (at(t, ','))
			t->pos++;
		else if (!at(t, ']'))
			return fail(t, t->pos, "expected ',' or ']'");
	}
	t->pos++;
	memcpy(dst, &list, sizeof(list));
	return 0;
}

static int value_plain(struct toml *t, const struct config_item *item, void *dst)
{
	const char *start = t->pos;
	char text[32];
	int64_t number;

	while (t->pos < t->end && (isalnum((unsigned char)*t->pos) || *t->pos == '-'))
		t->pos++;
	if (!str_copy_bytes(text, sizeof(text), start, (size_t)(t->pos - start)))
		return fail(t, start, "the value of %s is too long", item->key);
	if (item->type == CONFIG_BOOL) {
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return fail(t, start, "%s is true or false", item->key);
		*(bool *)dst = text[0] == 't';
		return 0;
	}
	if (str_to_i64(text, item->min, item->max, &number))
		return fail(t, start, "%s is a whole number from %lld to %lld", item->key,
			(long long)item->min, (long long)item->max);
	*(int64_t *)dst = number;
	return 0;
}

static int value(struct toml *t, const struct config_item *item)
{
	void *dst = (char *)t->config + item->offset;

	switch (item->type) {
	case CONFIG_STRING:
		return value_string(t, item, dst);
	case CONFIG_LIST:
		return value_list(t, item, dst);
	case CONFIG_BOOL:
	case CONFIG_INT:
		return value_plain(t, item, dst);
	}
	return CARDEA_EUNSUPPORTED;
}

static int unknown(struct toml *t, const char *start, const char *section,
	const char *name)
{
	const char *near = config_schema_suggest(section, name);
	const char *kind = section ? "key" : "section";

	if (near)
		return fail(t, start, "unknown %s \"%s\"; did you mean \"%s\"?", kind, name,
			near);
	return fail(t, start, "unknown %s \"%s\"; `cardea config schema` lists them all",
		kind, name);
}

static void see(struct toml *t, const struct config_item *item, const char *start,
	const char *value)
{
	struct config_seen s = {.item = item,
		.section = t->section,
		.start = (size_t)(start - t->text),
		.value = (size_t)(value - t->text),
		.end = (size_t)(t->pos - t->text)};

	if (t->seen)
		t->seen(t->ctx, &s);
}

static int section(struct toml *t)
{
	char name[CONFIG_STRING_MAX];
	const char *start = ++t->pos;
	int error = word(t, name, sizeof(name));

	if (error)
		return error;
	if (!at(t, ']'))
		return fail(t, t->pos, "expected ']' after the section's name");
	t->pos++;
	if (!config_schema_has_section(name))
		return unknown(t, start, NULL, name);
	str_copy(t->section, sizeof(t->section), name);
	see(t, NULL, start - 1, start);
	return 0;
}

static int setting(struct toml *t)
{
	const struct config_item *item;
	char key[CONFIG_STRING_MAX];
	const char *at_value, *start = t->pos;
	int error = word(t, key, sizeof(key));

	if (error)
		return error;
	if (t->section[0] == 0)
		return fail(t, start, "\"%s\" stands before any [section]", key);
	item = config_schema_find(t->section, key);
	if (!item)
		return unknown(t, start, t->section, key);
	skip_blanks(t);
	if (!at(t, '='))
		return fail(t, t->pos, "expected '=' after \"%s\"", key);
	t->pos++;
	skip_blanks(t);
	at_value = t->pos;
	error = value(t, item);
	if (!error)
		see(t, item, start, at_value);
	return error;
}

int config_walk(struct config *c, const char *file, const char *text, size_t len,
	void (*seen)(void *ctx, const struct config_seen *s), void *ctx,
	char error[CONFIG_ERROR_MAX])
{
	struct toml t = {.config = c, .file = file, .pos = text, .end = text + len,
		.line = 1, .line_start = text, .error = error, .text = text,
		.seen = seen, .ctx = ctx};
	int result;

	for (skip_lines(&t); t.pos < t.end; skip_lines(&t)) {
		unsigned line = t.line;

		result = at(&t, '[') ? section(&t) : setting(&t);
		if (result)
			return result;
		skip_lines(&t);
		if (t.pos < t.end && t.line == line)
			return fail(&t, t.pos, "one setting a line: end the line here");
	}
	return 0;
}

void config_defaults(struct config *c)
{
	char error[CONFIG_ERROR_MAX];

	memset(c, 0, sizeof(*c));
	for (size_t i = 0;; i++) {
		const struct config_item *item = config_schema_item(i);
		struct toml t = {.config = c, .file = "default", .line = 1,
			.error = error};

		if (!item)
			return;
		t.pos = t.line_start = item->fallback;
		t.end = item->fallback + strlen(item->fallback);
		/* An empty default means "not set", which no check would accept. */
		if (strcmp(item->fallback, "\"\"") != 0 && value(&t, item))
			abort(); /* a default that its own check refuses */
	}
}

int config_parse(struct config *c, const char *file, const char *text, size_t len,
	char error[CONFIG_ERROR_MAX])
{
	return config_walk(c, file, text, len, NULL, NULL, error);
}

int config_value_set(const struct config_item *item, struct config *c, const char *text,
	char error[CONFIG_ERROR_MAX])
{
	char told[CONFIG_ERROR_MAX];
	struct toml t = {.config = c, .file = "", .pos = text, .end = text + strlen(text),
		.line = 1, .line_start = text, .error = told, .text = text};
	int result = value(&t, item);

	if (!result && t.pos < t.end)
		result = fail(&t, t.pos, "one value alone");
	if (result) /* ":1:1: what" */
		str_copy(error, CONFIG_ERROR_MAX, strchr(told, ' ') + 1);
	return result;
}

int config_read(const char *path, char **ret_text, size_t *ret_len,
	char error[CONFIG_ERROR_MAX])
{
	char *text = malloc(CONFIG_FILE_MAX + 1);
	int result = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	size_t len = 0;

	if (!text || fd < 0) {
		result = -errno;
		str_print(error, CONFIG_ERROR_MAX, "%s: %s; is that the file of the settings?", path,
			strerror(errno));
		goto out;
	}
	while (len <= CONFIG_FILE_MAX &&
		(n = read(fd, text + len, CONFIG_FILE_MAX + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0 || len > CONFIG_FILE_MAX) {
		result = n < 0 ? -errno : CARDEA_ELIMIT;
		str_print(error, CONFIG_ERROR_MAX, "%s: %s", path,
			n < 0 ? strerror(errno) : "larger than 64 KiB");
		goto out;
	}
	*ret_text = text;
	*ret_len = len;
	text = NULL;
out:
	if (fd >= 0)
		close(fd);
	free(text);
	return result;
}

int config_load(struct config *c, const char *path, char error[CONFIG_ERROR_MAX])
{
	char *text;
	size_t len;
	int result = config_read(path, &text, &len, error);

	if (result)
		return result;
	result = config_parse(c, path, text, len, error);
	free(text);
	return result;
}
