// SPDX-License-Identifier: GPL-2.0-or-later
/* The way back from a change: whether it is open, and what a change that undoes another
 * one means for that. */
#include "engine/changes.h"
#include <stdarg.h>
#include <string.h>
#include "base/str.h"
#include "engine/pipeline.h"

bool changes_can_undo(struct pipeline *p, const struct change *c, char ret_why[LIMIT_TEXT])
{
	uint32_t later = 0;

	ret_why[0] = 0;
	if (c->undone_by)
		(void)str_print(ret_why, LIMIT_TEXT, "change %u has undone it",
			c->undone_by);
	else if (c->why_not[0])
		str_copy(ret_why, LIMIT_TEXT, c->why_not);
	else if (!c->path[0] || pipeline_wall(p) - c->at >= STORE_CHANGES_UNDO)
		str_copy(ret_why, LIMIT_TEXT, "a change can be undone for 24 hours");
	else if (store_change_later(p->store, c->about, c->id, &later))
		str_copy(ret_why, LIMIT_TEXT, "what came later could not be read");
	else if (later)
		(void)str_print(ret_why, LIMIT_TEXT,
			"change %u changed the same once more: undo that first", later);
	return !ret_why[0];
}

static int take_undoes(void *ctx, const struct change *c)
{
	*(uint32_t *)ctx = c->undoes;
	return 0;
}

int changes_link(struct pipeline *p, const struct change *c)
{
	uint32_t first = 0;
	int error;

	if (!c->undoes)
		return 0;
	error = store_change_undone(p->store, c->undoes, c->id);
	if (!error)
		error = store_change(p->store, c->undoes, take_undoes, &first);
	if (!error && first) /* an undo is undone: what it had undone holds again */
		error = store_change_undone(p->store, first, 0);
	return error;
}

int changes_over(struct pipeline *p, const char *path, const char *sentence)
{
	struct change c = {.at = pipeline_wall(p), .who = CHANGE_BY_ITSELF};
	int error = store_change_of(p->store, path, &c.undoes);
	uint32_t more = 1;

	str_copy(c.sentence, sizeof(c.sentence), sentence);
	str_copy(c.why_not, sizeof(c.why_not), "its time was over; say it again");
	if (!error)
		error = store_change_add(p->store, &c);
	if (!error)
		error = changes_link(p, &c);
	while (!error && more) { /* those before that gave it another time */
		error = store_change_of(p->store, path, &more);
		if (!error && more)
			error = store_change_undone(p->store, more, c.id);
	}
	return error;
}

/* ---- commands ---- */

static bool is_plain(const char *word)
{
	return word[0] && word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
					    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
					    "-_./:@%+=,")] == 0;
}

static void add_word(struct str_text *t, const char *word)
{
	if (is_plain(word)) {
		str_add(t, " %s", word);
		return;
	}
	str_add(t, " '");
	for (; *word; word++)
		if (*word == '\'')
			str_add(t, "'\\''");
		else
			str_add(t, "%c", *word);
	str_add(t, "'");
}

const char *api_command(struct api_command *c, ...)
{
	struct str_text t = {.buf = c->text, .size = sizeof(c->text)};
	const char *word;
	va_list ap;

	str_add(&t, "cardea");
	va_start(ap, c);
	while ((word = va_arg(ap, const char *)))
		add_word(&t, word);
	va_end(ap);
	return c->text;
}

void api_command_flag(struct api_command *c, const char *flag, const char *value)
{
	struct str_text t = {
		.buf = c->text, .size = sizeof(c->text), .len = strlen(c->text)};

	if (!value[0])
		return;
	str_add(&t, " --%s", flag);
	add_word(&t, value);
}

/* ---- paths ---- */

/* RFC 3986 2.3 leaves these as they are; ':' may stand in a path, too (3.3). */
static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("-._~:", c);
}

const char *api_path(struct api_path *p, const char *noun, const char *object)
{
	struct str_text t = {.buf = p->text, .size = sizeof(p->text)};

	str_add(&t, "/v1/%s/", noun);
	for (; *object; object++)
		if (is_unreserved(*object))
			str_add(&t, "%c", *object);
		else
			str_add(&t, "%%%02X", (unsigned char)*object);
	return t.len + 1 < t.size ? p->text : NULL;
}

const char *api_path_of(struct api_path *p, const char *noun, const struct device *d)
{
	char mac[MAC_TEXT_MAX];

	return api_path(p, noun, mac_format(&d->mac, mac));
}
