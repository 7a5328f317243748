// SPDX-License-Identifier: GPL-2.0-or-later
/* edit - one setting in the owner's file, without touching the rest of what he wrote. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/config/schema.h"

struct edit {
	const char *text;
	size_t len;
	const char *section, *key;
	size_t done; /* end of the statement before */
	bool in;     /* the section that counts */
	bool has_section, has_value, has_indent;
	size_t value, end; /* of the last value: that one holds */
	size_t last;	   /* end of the last statement in the section */
	size_t comment;	   /* end of the line that shows the setting, as a comment; or 0 */
	size_t indent;	   /* start of a setting's line in the section */
};

static size_t line_end(const struct edit *e, size_t from)
{
	const char *nl = from < e->len ? memchr(e->text + from, '\n', e->len - from) : NULL;

	return nl ? (size_t)(nl - e->text) + 1 : e->len;
}

static size_t skip_blanks(const struct edit *e, size_t at, size_t end)
{
	while (at < end && (e->text[at] == ' ' || e->text[at] == '\t'))
		at++;
	return at;
}

/* "# key = value": the place that `cardea config schema` leaves for it. */
static bool is_shown(const struct edit *e, size_t at, size_t end)
{
	size_t len = strlen(e->key);

	at = skip_blanks(e, at, end);
	if (at == end || e->text[at] != '#')
		return false;
	at = skip_blanks(e, at + 1, end);
	if (end - at < len || memcmp(e->text + at, e->key, len) != 0)
		return false;
	at = skip_blanks(e, at + len, end);
	return at < end && e->text[at] == '=';
}

/* Between two statements there are comments and empty lines; what stands behind the first
 * on its own line is its own. */
static void look_between(struct edit *e, size_t until)
{
	for (size_t at = line_end(e, e->done), end; e->in && at < until; at = end) {
		end = line_end(e, at);
		if (is_shown(e, at, end))
			e->comment = end;
	}
}

static size_t line_start(const struct edit *e, size_t at)
{
	while (at && e->text[at - 1] != '\n')
		at--;
	return at;
}

static void seen(void *ctx, const struct config_seen *s)
{
	struct edit *e = ctx;

	look_between(e, line_start(e, s->start));
	e->done = s->end;
	if (!s->item) {
		e->in = strcmp(s->section, e->section) == 0;
		e->has_section |= e->in;
	}
	if (!e->in)
		return;
	e->last = s->end;
	if (!s->item) { /* places of an earlier part of the section do not count */
		e->comment = 0;
		return;
	}
	e->indent = line_start(e, s->start);
	e->has_indent = true;
	if (strcmp(s->item->key, e->key) == 0) {
		e->value = s->value;
		e->end = s->end;
		e->has_value = true;
	}
}

static void add(struct str_text *t, const char *bytes, size_t len)
{
	memcpy(t->buf + t->len, bytes, len);
	t->len += len;
}

static void add_text(struct str_text *t, const char *text)
{
	add(t, text, strlen(text));
}

/* As the owner's editor ends lines. */
static const char *newline(const struct edit *e)
{
	size_t end = line_end(e, 0);

	return end >= 2 && e->text[end - 1] == '\n' && e->text[end - 2] == '\r' ? "\r\n"
										 : "\n";
}

/* A line of its own behind what ends at that place. */
static void add_line(const struct edit *e, struct str_text *t, size_t at,
	const char *value)
{
	size_t blank = e->has_indent ? skip_blanks(e, e->indent, e->len) : 0;

	if (at && e->text[at - 1] != '\n') /* an end that was only half there */
		add_text(t, e->text[at - 1] == '\r' ? "\n" : newline(e));
	if (!e->has_section) {
		if (at)
			add_text(t, newline(e));
		add_text(t, "[");
		add_text(t, e->section);
		add_text(t, "]");
		add_text(t, newline(e));
	}
	if (e->has_indent)
		add(t, e->text + e->indent, blank - e->indent);
	add_text(t, e->key);
	add_text(t, " = ");
	add_text(t, value);
	add_text(t, newline(e));
}

static void compose(const struct edit *e, struct str_text *t, const char *value)
{
	size_t from = e->value, to = e->end;

	if (!e->has_value)
		from = to = !e->has_section ? e->len
			    : e->comment    ? e->comment
					    : line_end(e, e->last);
	add(t, e->text, from);
	if (e->has_value)
		add_text(t, value);
	else
		add_line(e, t, from, value);
	add(t, e->text + to, e->len - to);
}

int config_edit(const char *text, size_t len, const char *section, const char *key,
	const char *value, char **ret_text, size_t *ret_len)
{
	struct edit e = {.text = text, .len = len, .section = section, .key = key};
	struct str_text t = {0};
	struct config *scratch = malloc(sizeof(*scratch));
	char error[CONFIG_ERROR_MAX];
	int result = -ENOMEM;

	if (!scratch)
		return result;
	config_defaults(scratch);
	result = config_walk(scratch, "", text, len, seen, &e, error);
	free(scratch);
	if (result)
		return result;
	look_between(&e, len);
	/* three ends of lines, and an indent that is in the text already */
	t.size = 2 * len + strlen(section) + strlen(key) + strlen(value) + 16;
	t.buf = malloc(t.size);
	if (!t.buf)
		return -ENOMEM;
	compose(&e, &t, value);
	if (t.len > CONFIG_FILE_MAX) {
		free(t.buf);
		return CARDEA_ELIMIT;
	}
	*ret_text = t.buf;
	*ret_len = t.len;
	return 0;
}
