// SPDX-License-Identifier: GPL-2.0-or-later
/* note - findings, by file, line and column, and the word that was perhaps meant. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"

#define NEAR_WORD 32 /* longest word that is compared */

int note_init(struct extended_notes *n, struct pool *pool)
{
	if (n->items)
		return 0;
	*n = (struct extended_notes){0};
	n->items = pool_take(pool, EXTENDED_NOTES * sizeof *n->items);
	return n->items ? 0 : -ENOMEM;
}

CARDEA_PRINTF(6, 0)
static void note_add(struct extended_notes *n, enum note_level level, const char *file,
	uint32_t line, uint32_t column, const char *fmt, va_list ap)
{
	n->errors += level == NOTE_ERROR;
	n->repairs += level == NOTE_REPAIR;
	n->warnings += level == NOTE_WARNING;
	/* the last place is kept for an error: it is why the file is refused */
	if (n->count == EXTENDED_NOTES ||
		(n->count == EXTENDED_NOTES - 1 && level != NOTE_ERROR)) {
		n->dropped++;
		return;
	}
	struct extended_note *e = &n->items[n->count++];

	*e = (struct extended_note){.file = file};
	e->note.level = level;
	e->note.line = line;
	e->note.column = column;
	vsnprintf(e->note.text, sizeof e->note.text, fmt, ap);
}

void note_at(struct extended_notes *n, enum note_level level, const char *file,
	uint32_t line, uint32_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_add(n, level, file, line, column, fmt, ap);
	va_end(ap);
}

void note_tree(struct extended_notes *n, enum note_level level, const struct tree *t,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_add(n, level, t->file, t->line, t->column, fmt, ap);
	va_end(ap);
}

void note_key(struct extended_notes *n, enum note_level level, const struct tree *t,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_add(n, level, t->file, t->key ? t->key_line : t->line,
		t->key ? t->key_column : t->column, fmt, ap);
	va_end(ap);
}

static size_t note_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, two rows of it. */
static size_t note_distance(const char *a, const char *b)
{
	size_t len = strlen(b), row[NEAR_WORD + 1];

	if (strlen(a) > NEAR_WORD || len > NEAR_WORD)
		return NEAR_WORD;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t up = row[j];

			row[j] = note_min(note_min(row[j - 1], up) + 1,
				diagonal + (a[i - 1] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[len];
}

const char *note_nearest(const char *word, const char *const *list)
{
	/* a third of a word may be wrong: "url" for "uri", "ip4" for "ipv4" */
	size_t best = (strlen(word) + 2) / 3 + 1;
	const char *found = NULL;

	for (; list && *list; list++) {
		size_t d = note_distance(word, *list);

		if (d < best) {
			best = d;
			found = *list;
		}
	}
	return found;
}

void note_unknown(struct extended_notes *n, enum note_level level, const struct tree *t,
	const char *what, const char *const *list)
{
	const char *meant = note_nearest(t->key, list);
	char shown[NOTE_NAME];

	str_escape(str_untrusted(t->key), shown, sizeof shown);
	if (meant)
		note_key(n, level, t, "\"%s\" is not part of %s; did you mean \"%s\"?",
			shown, what, meant);
	else
		note_key(n, level, t, "\"%s\" is not part of %s", shown, what);
}

int extended_notes_text(const struct extended_notes *n, const char *file, FILE *out)
{
	char name[LIMIT_TEXT], shown[LIMIT_TEXT * 4];

	for (uint32_t i = 0; i < n->count; i++) {
		const struct extended_note *e = &n->items[i];

		str_escape(str_untrusted(e->file ? e->file : file), name, sizeof name);
		str_escape(str_untrusted(e->note.text), shown, sizeof shown);
		fprintf(out, "%s:%u:%u: %s: %s\n", name, e->note.line, e->note.column,
			note_level_name(e->note.level), shown);
	}
	str_escape(str_untrusted(file), name, sizeof name);
	if (n->dropped)
		fprintf(out, "%s: %u more findings are not shown\n", name, n->dropped);
	fprintf(out, "%s: %u error%s, %u repair%s, %u warning%s\n", name, n->errors,
		n->errors == 1 ? "" : "s", n->repairs, n->repairs == 1 ? "" : "s",
		n->warnings, n->warnings == 1 ? "" : "s");
	return ferror(out) ? -EIO : 0;
}

void extended_notes_json(const struct extended_notes *n, const char *file,
	struct jsonw *out)
{
	jsonw_kv_u64(out, "errors", n->errors);
	jsonw_kv_u64(out, "repairs", n->repairs);
	jsonw_kv_u64(out, "warnings", n->warnings);
	jsonw_kv_u64(out, "not_shown", n->dropped);
	jsonw_key(out, "notes");
	jsonw_array(out);
	for (uint32_t i = 0; i < n->count; i++) {
		const struct extended_note *e = &n->items[i];

		jsonw_object(out);
		jsonw_kv_untrusted(out, "file", e->file ? e->file : file);
		jsonw_kv_u64(out, "line", e->note.line);
		jsonw_kv_u64(out, "column", e->note.column);
		jsonw_kv_string(out, "level", note_level_name(e->note.level));
		jsonw_kv_untrusted(out, "text", e->note.text);
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
}
