// SPDX-License-Identifier: GPL-2.0-or-later
/* note - findings about a MUD file. When the list is full an error takes the place of
 * a lesser finding, because the error is why the file is refused. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

int mud_note_init(struct mud_reader *r)
{
	r->profile->notes = pool_take(r->pool, r->note_limit * sizeof(struct note));
	return r->profile->notes ? 0 : -ENOMEM;
}

/* A place for a finding of this level, or NULL when it is only counted. */
static struct note *note_place(struct mud_reader *r, enum note_level level)
{
	struct profile *p = r->profile;

	if (p->note_count < r->note_limit)
		return &p->notes[p->note_count++];
	p->note_dropped++;
	if (level != NOTE_ERROR)
		return NULL;
	for (uint32_t i = p->note_count; i-- > 0;) {
		if (p->notes[i].level == NOTE_ERROR)
			continue;
		/* the order of the file stays: close the gap, append */
		memmove(&p->notes[i], &p->notes[i + 1],
			(p->note_count - 1 - i) * sizeof *p->notes);
		return &p->notes[p->note_count - 1];
	}
	return NULL;
}

CARDEA_PRINTF(6, 0)
static void note_write(struct mud_reader *r, enum note_level level, uint32_t line,
	uint32_t column, const struct mud_at *at, const char *fmt, va_list ap)
{
	if (level == NOTE_ERROR)
		r->failed = true;
	struct note *n = note_place(r, level);
	if (!n)
		return;
	*n = (struct note){.level = level, .line = line, .column = column};
	if (at)
		mud_at_path(at, n->path);
	vsnprintf(n->text, sizeof n->text, fmt, ap);
}

static const struct mud_spot *note_spot(
	const struct mud_reader *r, const struct mud_at *at)
{
	static const struct mud_spot nowhere;

	/* an absent member is reported at the object that lacks it */
	while (at && !at->spot && at->up)
		at = at->up;
	return at && r->text.spots ? &r->text.spots[at->spot] : &nowhere;
}

void mud_note(struct mud_reader *r, enum note_level level, const struct mud_at *at,
	const char *fmt, ...)
{
	const struct mud_spot *s = note_spot(r, at);
	va_list ap;

	va_start(ap, fmt);
	note_write(r, level, s->line, s->column, at, fmt, ap);
	va_end(ap);
}

void mud_note_line(struct mud_reader *r, enum note_level level, uint32_t line,
	uint32_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_write(r, level, line, column, NULL, fmt, ap);
	va_end(ap);
}

void mud_note_sort(struct mud_reader *r)
{
	struct note *n = r->profile->notes;

	/* insertion: stable, and the list is short and nearly sorted */
	for (uint32_t i = 1; i < r->profile->note_count; i++) {
		struct note moving = n[i];
		uint32_t at = i;
		for (; at && (n[at - 1].line > moving.line ||
				     (n[at - 1].line == moving.line &&
					     n[at - 1].column > moving.column));
			at--)
			n[at] = n[at - 1];
		n[at] = moving;
	}
}

void mud_note_mend(struct mud_reader *r, const struct mud_at *at, const char *wrong,
	const char *mended)
{
	if (r->mode == MUD_STRICT)
		mud_note(r, NOTE_ERROR, at, "%s", wrong);
	else
		mud_note(r, NOTE_REPAIR, at, "%s; %s", wrong, mended);
}

void mud_note_bad(struct mud_reader *r, const struct mud_at *at, const char *fmt, ...)
{
	char text[LIMIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (r->mode == MUD_STRICT)
		mud_note(r, NOTE_ERROR, at, "%s", text);
	else
		mud_note(r, NOTE_REPAIR, at, "%s; %s", text,
			!r->in_ace  ? "ignored"
			: r->repair ? "this entry is taken out"
				    : "this entry is not enforced");
	if (!r->in_ace)
		mud_edit_remove(r, at);
	if (r->in_ace && !r->ace_broken)
		str_copy(r->ace_detail, sizeof r->ace_detail, text);
	r->ace_broken = r->in_ace;
}

char *mud_show_text(const char *text, char buf[MUD_SHOW_MAX])
{
	return str_escape(str_untrusted(text), buf, MUD_SHOW_MAX);
}

char *mud_show(const json_t *value, char buf[MUD_SHOW_MAX])
{
	if (json_is_string(value))
		mud_show_text(json_string_value(value), buf);
	else if (json_is_integer(value))
		snprintf(buf, MUD_SHOW_MAX, "%" JSON_INTEGER_FORMAT,
			json_integer_value(value));
	else if (json_is_real(value))
		snprintf(buf, MUD_SHOW_MAX, "%g", json_real_value(value));
	else
		str_copy(buf, MUD_SHOW_MAX,
			json_is_object(value)  ? "an object"
			: json_is_array(value) ? "an array"
			: json_is_true(value)  ? "true"
			: json_is_false(value) ? "false"
			: value                ? "null"
					       : "nothing");
	return buf;
}
