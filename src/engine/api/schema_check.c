// SPDX-License-Identifier: GPL-2.0-or-later
/* Holds a value against a schema, both walked at once. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "engine/api/schema_priv.h"
#include "wire/http.h"

struct check {
	struct schema_fault *fault;
	bool query;
	size_t field_len; /* of fault->field, as far as the walk is */
};

unsigned schema_depth(const char *text, size_t len)
{
	unsigned now = 0, most = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '{' || text[i] == '['))
			most = ++now > most ? now : most;
		else if (!in_string && (text[i] == '}' || text[i] == ']'))
			now -= now > 0;
	}
	return most;
}

/* ---- where, and what ---- */

/* Puts a name or "[3]" behind where the walk is; the length to go back to. */
static size_t go(struct check *c, const char *name, size_t index)
{
	size_t before = c->field_len;
	struct str_text t = {.buf = c->fault->field, .size = SCHEMA_FIELD_MAX, .len = before};

	c->fault->field[before] = 0;
	if (name)
		str_add(&t, "%s%.64s", before ? "." : "", name[0] ? name : "\"\"");
	else
		str_add(&t, "[%zu]", index);
	c->field_len = t.len;
	return before;
}

static void go_back(struct check *c, size_t before)
{
	c->field_len = before;
}

static int fault(struct check *c, const char *fmt, ...) CARDEA_PRINTF(2, 3);

static int fault(struct check *c, const char *fmt, ...)
{
	va_list ap;

	c->fault->field[c->field_len] = 0;
	va_start(ap, fmt);
	vsnprintf(c->fault->text, sizeof(c->fault->text), fmt, ap);
	va_end(ap);
	return CARDEA_EMALFORMED;
}

static struct str_text next_of(struct check *c)
{
	c->fault->next[0] = 0;
	return (struct str_text){.buf = c->fault->next, .size = sizeof(c->fault->next)};
}

static int say_type(struct check *c, const char *type)
{
	struct str_text t = next_of(c);

	schema_type_words(type, &t);
	(void)fault(c, "\"%s\" has to be %.160s", c->fault->field, c->fault->next);
	t = next_of(c);
	str_add(&t, "send ");
	schema_type_words(type, &t);
	return CARDEA_EMALFORMED;
}

/* A slip in a schema of ours: not the client's fault, and nothing is let through. */
static int slip(struct check *c)
{
	struct str_text t = next_of(c);

	str_add(&t, "report it: the schema of this route is broken");
	return fault(c, "this cannot be checked");
}

/* ---- one type ---- */

static int check_forms(struct check *c, const char *forms, const json_t *object);

static int check_list(struct check *c, const struct schema_atom *a, const json_t *list);

static int check_atom(struct check *c, const struct schema_atom *a, const json_t *v,
	bool *ret_is_kind)
{
	if (a->kind == SCHEMA_LIST || a->kind == SCHEMA_OBJECT) {
		*ret_is_kind = a->kind == SCHEMA_LIST ? json_is_array(v) : json_is_object(v);
		if (!*ret_is_kind)
			return CARDEA_EMALFORMED;
		return a->kind == SCHEMA_LIST ? check_list(c, a, v)
					      : check_forms(c, a->inside, v);
	}
	return schema_atom_fits(a, v, c->query, ret_is_kind) ? 0 : CARDEA_EMALFORMED;
}

/* *at is moved behind the type. */
static int check_type(struct check *c, const char **at, const json_t *v)
{
	const char *type = *at;
	struct schema_atom a;
	bool is_kind, inside = false;
	size_t field_len = c->field_len;

	do {
		if (!schema_atom_read(at, &a))
			return slip(c);
		if (inside)
			continue;
		c->field_len = field_len;
		if (check_atom(c, &a, v, &is_kind) == 0) {
			while (schema_mark_take(at, '|'))
				if (!schema_atom_read(at, &a))
					return slip(c);
			return 0;
		}
		/* what is wrong within it was said already */
		inside = is_kind && (a.kind == SCHEMA_LIST || a.kind == SCHEMA_OBJECT);
	} while (schema_mark_take(at, '|'));
	if (inside)
		return CARDEA_EMALFORMED;
	return say_type(c, type);
}

static int check_list(struct check *c, const struct schema_atom *a, const json_t *list)
{
	size_t n = json_array_size(list), before;
	struct str_text t;
	int error = 0;

	if ((int64_t)n < a->min || (int64_t)n > a->max) {
		t = next_of(c);
		str_add(&t, "send %lld to %lld entries", (long long)a->min,
			(long long)a->max);
		return fault(c, "\"%s\" has %zu entries", c->fault->field, n);
	}
	for (size_t i = 0; i < n && !error; i++) {
		const char *type = a->inside;

		before = go(c, NULL, i);
		error = check_type(c, &type, json_array_get(list, i));
		if (!error)
			go_back(c, before);
	}
	return error;
}

/* ---- members ---- */

/* The form, from its first member on, that names it; with "*" any. NULL: none. */
static const char *find_member(const char *form, const char *name)
{
	char word[SCHEMA_WORD_MAX];
	bool optional;

	do {
		if (!schema_name_read(&form, word, &optional))
			return NULL;
		if (strcmp(word, name) == 0 || word[0] == '*')
			return form;
		if (!schema_type_skip(&form))
			return NULL;
	} while (schema_mark_take(&form, ','));
	return NULL;
}

/* Moves *at behind the form; false: it was the last one. */
static bool next_form(const char **at)
{
	char word[SCHEMA_WORD_MAX];
	bool optional;

	do {
		if (!schema_name_read(at, word, &optional) || !schema_type_skip(at))
			return false;
	} while (schema_mark_take(at, ','));
	return schema_mark_take(at, '/');
}

/* "one of name, mud_url, confirmed" */
static int say_forms(struct check *c, const char *forms)
{
	struct str_text t = next_of(c);
	char first[SCHEMA_WORD_MAX], name[SCHEMA_WORD_MAX];
	bool optional, more = false;

	str_add(&t, "send one of");
	do {
		const char *at = forms;

		if (!schema_name_read(&at, name, &optional))
			return slip(c);
		if (!more)
			str_copy(first, sizeof(first), name);
		str_add(&t, "%s %s", more ? "," : "", name);
		more = true;
	} while (next_form(&forms));
	(void)go(c, first, 0);
	return fault(c, "nothing is asked for: \"%s\" or another of them is missing", first);
}

/* The form of which the object has the first member; NULL: none. */
static const char *choose(const char *forms, const json_t *object)
{
	char name[SCHEMA_WORD_MAX];
	const char *form, *only = forms;
	bool optional, more;

	do {
		form = forms;
		if (!schema_name_read(&forms, name, &optional))
			return NULL;
		if (json_object_get(object, name))
			return form;
		forms = form;
		more = next_form(&forms);
	} while (more);
	return form == only ? only : NULL;
}

static bool is_known(const char *forms, const char *name)
{
	do
		if (find_member(forms, name))
			return true;
	while (next_form(&forms));
	return false;
}

static int check_unknown(
	struct check *c, const char *forms, const char *form, const json_t *object)
{
	char shown[SCHEMA_WORD_MAX];
	struct str_text t;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)object, name, v) {
		if (form && find_member(form, name))
			continue;
		str_escape(str_untrusted(name), shown, sizeof(shown));
		(void)go(c, shown, 0);
		t = next_of(c);
		str_add(&t, "leave it out; docs/api.md says what this takes");
		return form && is_known(forms, name)
			       ? fault(c, "\"%s\" does not go with the others", shown)
			       : fault(c, "nobody knows a member \"%s\" here", shown);
	}
	return 0;
}

static int check_missing(struct check *c, const char *name, const char *type)
{
	struct str_text t = next_of(c);

	(void)go(c, name, 0);
	str_add(&t, "send it: ");
	schema_type_words(type, &t);
	return fault(c, "\"%s\" is missing", c->fault->field);
}

/* All other names, of "*: type". */
static int check_rest(
	struct check *c, const char *form, const char *type, const json_t *object)
{
	const char *name, *at, *star = type;
	char shown[SCHEMA_WORD_MAX];
	size_t before;
	json_t *v;
	int error;

	json_object_foreach((json_t *)object, name, v) {
		if (find_member(form, name) != star)
			continue;
		at = star;
		before = go(c, str_escape(str_untrusted(name), shown, sizeof(shown)), 0);
		error = check_type(c, &at, v);
		if (error)
			return error;
		go_back(c, before);
	}
	return 0;
}

static int check_form(struct check *c, const char *form, const json_t *object)
{
	const char *at = form;
	char name[SCHEMA_WORD_MAX];
	bool optional;
	size_t before;
	const json_t *v;
	int error;

	do {
		if (!schema_name_read(&at, name, &optional))
			return slip(c);
		v = json_object_get(object, name);
		if (name[0] == '*') {
			error = check_rest(c, form, at, object);
		} else if (v) {
			const char *type = at;

			before = go(c, name, 0);
			error = check_type(c, &type, v);
			if (!error)
				go_back(c, before);
		} else {
			error = optional ? 0 : check_missing(c, name, at);
		}
		if (error)
			return error;
		if (!schema_type_skip(&at))
			return slip(c);
	} while (schema_mark_take(&at, ','));
	return 0;
}

static int check_forms(struct check *c, const char *forms, const json_t *object)
{
	const char *form;
	int error;

	schema_space_skip(&forms);
	if (!*forms || *forms == '}')
		return check_unknown(c, forms, NULL, object);
	form = choose(forms, object);
	if (!form)
		return say_forms(c, forms);
	error = check_unknown(c, forms, form, object);
	return error ? error : check_form(c, form, object);
}

int schema_check(const char *schema, const json_t *value, struct schema_fault *ret_fault)
{
	struct check c = {.fault = ret_fault};

	memset(ret_fault, 0, sizeof(*ret_fault));
	return check_forms(&c, schema, value);
}

/* ---- queries ---- */

static int read_pair(struct check *c, struct untrusted_str pair, json_t *object)
{
	char name[SCHEMA_WORD_MAX], value[HTTP_HEAD_MAX], shown[SCHEMA_WORD_MAX];
	struct untrusted_str key, rest = pair;
	struct str_text t = next_of(c);

	if (!str_cut(&rest, '=', &key)) {
		key = pair;
		rest.len = 0;
	}
	str_add(&t, "percent-encode it, and say each once");
	if (http_decode(key, true, name, sizeof(name)) || !name[0])
		return fault(c, "the query has a name that cannot be read");
	(void)go(c, str_escape(str_untrusted(name), shown, sizeof(shown)), 0);
	if (http_decode(rest, true, value, sizeof(value)) ||
		!str_is_clean_utf8(value, strlen(value)) ||
		!str_is_clean_utf8(name, strlen(name)))
		return fault(c, "the value of \"%s\" is not readable", shown);
	if (json_object_get(object, name))
		return fault(c, "\"%s\" is said twice", shown);
	go_back(c, 0);
	return json_object_set_new(object, name, json_string(value)) ? -ENOMEM : 0;
}

int schema_check_query(
	const char *schema, struct untrusted_str query, struct schema_fault *ret_fault)
{
	struct check c = {.fault = ret_fault, .query = true};
	struct untrusted_str pair;
	json_t *object;
	int error = 0;

	memset(ret_fault, 0, sizeof(*ret_fault));
	object = json_object();
	if (!object)
		return -ENOMEM;
	while (query.len && !error) {
		if (!str_cut(&query, '&', &pair)) {
			pair = query;
			query.len = 0;
		}
		error = read_pair(&c, pair, object);
	}
	if (!error)
		error = check_forms(&c, schema, object);
	json_decref(object);
	return error;
}
