// SPDX-License-Identifier: GPL-2.0-or-later
/* edit - the repaired text of a MUD file: what is right stays byte by byte, with its
 * order and its layout; only what import mode mended is written anew. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

enum edit_kind { EDIT_KEY, EDIT_VALUE, EDIT_REMOVE, EDIT_ADD };

struct edit {
	struct edit *next; /* of the same spot, in the order they came */
	enum edit_kind kind;
	const char *text;
};

struct mud_edits {
	struct edit **of_spot;
	uint32_t count;
};

int mud_edit_init(struct mud_reader *r)
{
	struct mud_edits *e = pool_take(r->pool, sizeof *e);

	if (!e)
		return -ENOMEM;
	e->of_spot = pool_take(r->pool, r->text.count * sizeof(struct edit *));
	if (!e->of_spot)
		return -ENOMEM;
	r->edits = e;
	return 0;
}

static struct edit *edit_of(
	const struct mud_edits *e, uint32_t spot, enum edit_kind kind)
{
	for (struct edit *x = e->of_spot[spot]; x; x = x->next)
		if (x->kind == kind)
			return x;
	return NULL;
}

/* A list that serves both directions is read twice, and mended once. */
static bool edit_is_known(
	const struct mud_edits *e, uint32_t spot, enum edit_kind kind, const char *text)
{
	for (const struct edit *x = e->of_spot[spot]; x; x = x->next)
		if (x->kind == kind && (kind != EDIT_ADD || !strcmp(x->text, text)))
			return true;
	return false;
}

static void edit_note(struct mud_reader *r, const struct mud_at *at,
	enum edit_kind kind, const char *text)
{
	if (!r->edits || !at->value || !at->spot ||
		edit_is_known(r->edits, at->spot, kind, text))
		return;
	struct edit *x = pool_take(r->pool, sizeof *x);
	char *copy = pool_string(r->pool, text, strlen(text));
	if (!x || !copy) {
		r->error = -ENOMEM;
		return;
	}
	*x = (struct edit){.kind = kind, .text = copy};
	struct edit **end = &r->edits->of_spot[at->spot];
	while (*end)
		end = &(*end)->next;
	*end = x;
	r->edits->count++;
}

void mud_edit_key(struct mud_reader *r, const struct mud_at *at, const char *name)
{
	edit_note(r, at, EDIT_KEY, name);
}

void mud_edit_value(struct mud_reader *r, const struct mud_at *at, const char *json)
{
	edit_note(r, at, EDIT_VALUE, json);
}

/* A JSON string; free() it. */
static char *quoted(struct mud_reader *r, const char *utf8)
{
	json_t *value = json_string(utf8);
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	if (!text)
		r->error = -ENOMEM;
	json_decref(value);
	return text;
}

void mud_edit_string(struct mud_reader *r, const struct mud_at *at, const char *utf8)
{
	char *text = r->edits ? quoted(r, utf8) : NULL;

	if (text)
		edit_note(r, at, EDIT_VALUE, text);
	free(text);
}

void mud_edit_remove(struct mud_reader *r, const struct mud_at *at)
{
	edit_note(r, at, EDIT_REMOVE, "");
}

void mud_edit_add(struct mud_reader *r, const struct mud_at *object, const char *name,
	const char *json)
{
	char text[LIMIT_TEXT];

	int error = name ? str_print(text, sizeof text, "\"%s\": %s", name, json)
			 : str_print(text, sizeof text, "%s", json);
	if (!error)
		edit_note(r, object, EDIT_ADD, text);
}

void mud_edit_add_string(struct mud_reader *r, const struct mud_at *object,
	const char *name, const char *utf8)
{
	char *text = r->edits ? quoted(r, utf8) : NULL;

	if (text)
		mud_edit_add(r, object, name, text);
	free(text);
}

void mud_edit_list(struct mud_reader *r, const struct mud_at *at, const char *utf8)
{
	char *text = r->edits ? quoted(r, utf8) : NULL;
	size_t size = text ? strlen(text) + sizeof "[]" : 0;
	char *list = text ? pool_take(r->pool, size) : NULL;

	if (text && !list)
		r->error = -ENOMEM;
	if (list && !str_print(list, size, "[%s]", text))
		edit_note(r, at, EDIT_VALUE, list);
	free(text);
}

void mud_edit_add_list(struct mud_reader *r, const struct mud_at *object,
	const char *name, const char *utf8)
{
	char *text = r->edits ? quoted(r, utf8) : NULL;
	char list[LIMIT_TEXT];

	if (text && !str_print(list, sizeof list, "[%s]", text))
		mud_edit_add(r, object, name, list);
	free(text);
}

void mud_edit_add_copy(struct mud_reader *r, const struct mud_at *object,
	const char *name, const struct mud_at *value)
{
	const struct mud_spot *s = &r->text.spots[value->spot];
	size_t len = s->end - s->from, size = strlen(name) + len + sizeof "\"\": ";

	if (!r->edits || !value->spot)
		return;
	char *text = pool_take(r->pool, size);
	if (!text) {
		r->error = -ENOMEM;
		return;
	}
	if (!str_print(text, size, "\"%s\": %.*s", name, (int)len,
		    r->text.bytes + s->from))
		edit_note(r, object, EDIT_ADD, text);
}

struct writer {
	const struct mud_text *t;
	const struct mud_edits *e;
	FILE *out;
};

/* The bytes that come before the value, with its key. */
static uint32_t spot_start(const struct mud_spot *s)
{
	return s->key ? s->key - 1 : s->from;
}

static void write_bytes(const struct writer *w, uint32_t from, uint32_t to)
{
	if (from < to)
		fwrite(w->t->bytes + from, 1, to - from, w->out);
}

static void write_value(const struct writer *w, uint32_t spot);

static void write_member(const struct writer *w, uint32_t spot)
{
	const struct mud_spot *s = &w->t->spots[spot];
	const struct edit *key = edit_of(w->e, spot, EDIT_KEY);

	if (key && s->key) {
		fprintf(w->out, "\"%s\"", key->text);
		write_bytes(w, s->key + s->key_len + 1, s->from);
	} else {
		write_bytes(w, spot_start(s), s->from);
	}
	write_value(w, spot);
}

/* Space between the opening bracket and the first child: the layout of the author. */
static void write_gap(const struct writer *w, const struct mud_spot *up)
{
	if (!up->child)
		return;
	uint32_t to = spot_start(&w->t->spots[up->child]), from = to;
	while (from > up->from + 1 && strchr(" \t\r\n", w->t->bytes[from - 1]))
		from--;
	write_bytes(w, from, to);
}

static void write_added(const struct writer *w, uint32_t spot, bool any_kept)
{
	const struct mud_spot *s = &w->t->spots[spot];

	for (const struct edit *x = w->e->of_spot[spot]; x; x = x->next) {
		if (x->kind != EDIT_ADD)
			continue;
		if (any_kept) {
			fputc(',', w->out);
			write_gap(w, s);
		}
		fputs(x->text, w->out);
		any_kept = true;
	}
}

/* Of the commas around a removed child the one before it goes, or the one behind when
 * nothing before it is kept. */
static void write_container(const struct writer *w, uint32_t spot)
{
	const struct mud_spot *s = &w->t->spots[spot];
	uint32_t at = s->from;
	bool kept = false;

	for (uint32_t c = s->child; c; c = w->t->spots[c].next) {
		const struct mud_spot *child = &w->t->spots[c];
		bool gone = edit_of(w->e, c, EDIT_REMOVE);
		if (gone && kept) {
			at = child->end;
			continue;
		}
		write_bytes(w, at, spot_start(child));
		at = child->end;
		if (!gone)
			write_member(w, c);
		else if (child->next)
			at = spot_start(&w->t->spots[child->next]);
		kept |= !gone;
	}
	if (!s->child) {
		write_bytes(w, at, at + 1);
		at++;
	}
	write_added(w, spot, kept);
	write_bytes(w, at, s->end);
}

static void write_value(const struct writer *w, uint32_t spot)
{
	const struct mud_spot *s = &w->t->spots[spot];
	const struct edit *value = edit_of(w->e, spot, EDIT_VALUE);
	char first = w->t->bytes[s->from];

	if (value)
		fputs(value->text, w->out);
	else if (first == '{' || first == '[')
		write_container(w, spot);
	else
		write_bytes(w, s->from, s->end);
}

int mud_edit_write(const struct mud_reader *r, char **ret_bytes, size_t *ret_len)
{
	struct writer w = {.t = &r->text, .e = r->edits};
	const struct mud_spot *root = &r->text.spots[1];
	char *bytes = NULL;
	size_t len = 0;

	w.out = open_memstream(&bytes, &len);
	if (!w.out)
		return -ENOMEM;
	write_bytes(&w, 0, root->from);
	write_value(&w, 1);
	write_bytes(&w, root->end, (uint32_t)r->text.len);
	bool failed = ferror(w.out);
	if (fclose(w.out) || failed) {
		free(bytes);
		return -ENOMEM;
	}
	*ret_bytes = bytes;
	*ret_len = len;
	return 0;
}
