// SPDX-License-Identifier: GPL-2.0-or-later
/* The grammar of schemas: reads one type after the other, and says them in words. */
#include <string.h>
#include "engine/api/schema_priv.h"
#include "model/device_class.h"

#define NESTED_MAX 8 /* of a schema: a row of routes.def has 2 at most */

static const char kinds[SCHEMA_KIND_MAX][8] = {
	[SCHEMA_TEXT] = "text",
	[SCHEMA_LINES] = "lines",
	[SCHEMA_HEX] = "hex",
	[SCHEMA_INT] = "int",
	[SCHEMA_NUMBER] = "number",
	[SCHEMA_BOOL] = "bool",
	[SCHEMA_TRUE] = "true",
	[SCHEMA_FLAG] = "flag",
	[SCHEMA_NULL] = "null",
	[SCHEMA_ANY] = "any",
	[SCHEMA_DEVICE] = "device",
	[SCHEMA_CLASS] = "class",
	[SCHEMA_MAC] = "mac",
	[SCHEMA_TIME] = "time",
};

void schema_space_skip(const char **at)
{
	while (**at == ' ')
		++*at;
}

bool schema_mark_take(const char **at, char mark)
{
	schema_space_skip(at);
	if (**at != mark)
		return false;
	++*at;
	schema_space_skip(at);
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

static bool read_word(const char **at, char word[static SCHEMA_WORD_MAX])
{
	size_t n = 0;

	while (is_word((*at)[n]))
		n++;
	if (!n || n >= SCHEMA_WORD_MAX)
		return false;
	memcpy(word, *at, n);
	word[n] = 0;
	*at += n;
	return true;
}

bool schema_name_read(const char **at, char name[static SCHEMA_WORD_MAX], bool *ret_optional)
{
	schema_space_skip(at);
	*ret_optional = **at == '*';
	if (**at == '*') {
		str_copy(name, SCHEMA_WORD_MAX, "*");
		++*at;
	} else {
		if (!read_word(at, name))
			return false;
		*ret_optional = schema_mark_take(at, '?');
	}
	return schema_mark_take(at, ':');
}

static bool read_number(const char **at, int64_t *ret)
{
	bool minus = **at == '-', any = false;
	int64_t n = 0;

	for (*at += minus; **at >= '0' && **at <= '9' && n <= SCHEMA_NUMBER_MAX; ++*at) {
		n = 10 * n + (**at - '0');
		any = true;
	}
	if (!any || n > SCHEMA_NUMBER_MAX)
		return false;
	*ret = minus ? -n : n;
	return true;
}

/* (MAX), (MIN..), (MIN..MAX); nothing: what stands in a already. */
static bool read_range(const char **at, struct schema_atom *a)
{
	int64_t n;

	if (**at != '(')
		return true;
	++*at;
	if (!read_number(at, &n))
		return false;
	if (**at == ')') {
		a->max = n;
	} else {
		if (strncmp(*at, "..", 2) != 0)
			return false;
		*at += 2;
		a->min = n;
		if (**at != ')' && !read_number(at, &a->max))
			return false;
	}
	return *(*at)++ == ')' && a->min <= a->max;
}

static void set_range(struct schema_atom *a)
{
	bool is_text = a->kind == SCHEMA_TEXT || a->kind == SCHEMA_LINES ||
		       a->kind == SCHEMA_HEX;

	a->min = is_text ? 1 : 0;
	a->max = SCHEMA_NUMBER_MAX;
}

static bool has_range(enum schema_kind k)
{
	return k == SCHEMA_TEXT || k == SCHEMA_LINES || k == SCHEMA_HEX || k == SCHEMA_INT;
}

static void find_kind(struct schema_atom *a)
{
	a->kind = SCHEMA_WORD;
	for (unsigned k = SCHEMA_WORD + 1; k < SCHEMA_KIND_MAX; k++)
		if (strcmp(a->word, kinds[k]) == 0)
			a->kind = (enum schema_kind)k;
	set_range(a);
	if (a->kind == SCHEMA_INT)
		a->min = -SCHEMA_NUMBER_MAX;
}

static bool read_list(const char **at, struct schema_atom *a)
{
	a->kind = SCHEMA_LIST;
	set_range(a);
	a->inside = *at;
	return schema_type_skip(at) && schema_mark_take(at, ']') && read_range(at, a);
}

static bool read_object(const char **at, struct schema_atom *a)
{
	a->kind = SCHEMA_OBJECT;
	a->inside = *at;
	return schema_forms_skip(at) && schema_mark_take(at, '}');
}

bool schema_atom_read(const char **at, struct schema_atom *ret)
{
	*ret = (struct schema_atom){.kind = SCHEMA_WORD};
	schema_space_skip(at);
	switch (**at) {
	case '[':
		++*at;
		return read_list(at, ret);
	case '{':
		++*at;
		return read_object(at, ret);
	case '\'':
		++*at;
		return read_word(at, ret->word) && *(*at)++ == '\'';
	default:
		if (!read_word(at, ret->word))
			return false;
		find_kind(ret);
		return !has_range(ret->kind) || read_range(at, ret);
	}
}

/* Schemas are the program's own, but a row with a slip must not end it. */
static bool skip_type(const char **at, unsigned depth);

static bool skip_forms(const char **at, unsigned depth)
{
	char name[SCHEMA_WORD_MAX];
	bool optional;

	schema_space_skip(at);
	if (!**at || **at == '}')
		return true;
	do {
		if (!schema_name_read(at, name, &optional) || !skip_type(at, depth))
			return false;
	} while (schema_mark_take(at, ',') || schema_mark_take(at, '/'));
	return true;
}

static bool skip_atom(const char **at, unsigned depth)
{
	struct schema_atom a = {.kind = SCHEMA_LIST};

	schema_space_skip(at);
	if (!depth)
		return false;
	if (**at == '[') {
		++*at;
		set_range(&a);
		return skip_type(at, depth - 1) && schema_mark_take(at, ']') &&
		       read_range(at, &a);
	}
	if (**at == '{') {
		++*at;
		return skip_forms(at, depth - 1) && schema_mark_take(at, '}');
	}
	return schema_atom_read(at, &a);
}

static bool skip_type(const char **at, unsigned depth)
{
	do {
		if (!skip_atom(at, depth))
			return false;
	} while (schema_mark_take(at, '|'));
	return true;
}

bool schema_type_skip(const char **at)
{
	return skip_type(at, NESTED_MAX);
}

bool schema_forms_skip(const char **at)
{
	return skip_forms(at, NESTED_MAX);
}

bool schema_is_sound(const char *schema)
{
	return schema_forms_skip(&schema) && !*schema;
}

/* ---- in words ---- */

void schema_class_words(struct str_text *t)
{
	for (unsigned c = DEVICE_CLASS_UNKNOWN + 1; c < DEVICE_CLASS_MAX; c++)
		str_add(t, "%s%s", c > DEVICE_CLASS_UNKNOWN + 1 ? ", " : "",
			device_class_name((enum device_class)c));
}

static void add_range(struct str_text *t, const struct schema_atom *a)
{
	if (a->max == SCHEMA_NUMBER_MAX && a->min != -SCHEMA_NUMBER_MAX)
		str_add(t, ", at least %lld", (long long)a->min);
	else if (a->max != SCHEMA_NUMBER_MAX)
		str_add(t, " from %lld to %lld", (long long)a->min, (long long)a->max);
}

static void add_text(struct str_text *t, const struct schema_atom *a, const char *what,
	const char *unit)
{
	str_add(t, "%s", what);
	if (a->max < SCHEMA_NUMBER_MAX)
		str_add(t, " of %lld to %lld %s", (long long)a->min, (long long)a->max, unit);
}

static void atom_words(struct str_text *t, const struct schema_atom *a)
{
	static const char fixed[SCHEMA_KIND_MAX][56] = {
		[SCHEMA_NUMBER] = "a number",
		[SCHEMA_BOOL] = "true or false",
		[SCHEMA_TRUE] = "true",
		[SCHEMA_FLAG] = "0 or 1",
		[SCHEMA_NULL] = "null",
		[SCHEMA_ANY] = "anything",
		[SCHEMA_DEVICE] = "a device: its name, MAC, address or id",
		[SCHEMA_MAC] = "a MAC such as 02:00:00:00:00:10",
		[SCHEMA_TIME] = "a time such as 2026-01-31T12:00:00Z",
	};

	if (a->kind == SCHEMA_WORD)
		str_add(t, "%s", a->word);
	else if (a->kind == SCHEMA_TEXT)
		add_text(t, a, "text", "bytes");
	else if (a->kind == SCHEMA_LINES)
		add_text(t, a, "text", "bytes");
	else if (a->kind == SCHEMA_HEX)
		add_text(t, a, "hexadecimal digits", "octets");
	else if (a->kind == SCHEMA_CLASS)
		schema_class_words(t);
	else if (a->kind == SCHEMA_LIST)
		str_add(t, "a list");
	else if (a->kind == SCHEMA_OBJECT)
		str_add(t, "an object");
	else if (a->kind != SCHEMA_INT)
		str_add(t, "%s", fixed[a->kind]);
	else
		str_add(t, "a whole number");
	if (a->kind == SCHEMA_INT)
		add_range(t, a);
}

void schema_type_words(const char *type, struct str_text *t)
{
	struct schema_atom a;
	bool more = false;

	do {
		if (!schema_atom_read(&type, &a))
			return;
		if (more)
			str_add(t, "%s", *type == '|' ? ", " : " or ");
		atom_words(t, &a);
		more = true;
	} while (schema_mark_take(&type, '|'));
}
