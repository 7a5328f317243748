// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles, stored in the wire form of their messages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "model/messages.h"
#include "store/store_priv.h"

static int save_part(struct store *s, const char *url, int position,
	const struct message *m)
{
	sqlite3_stmt *st = store_statement(s, STORE_PART_SAVE);
	uint8_t buf[MESSAGE_MAX];
	int len = message_encode(m, buf, sizeof(buf));

	if (len < 0)
		return len;
	if (!st)
		return -EIO;
	sqlite3_bind_text(st, 1, url, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(st, 2, position);
	sqlite3_bind_blob(st, 3, buf, len, SQLITE_TRANSIENT);
	return store_write(s, st);
}

static void note_message(struct message *m, const struct note *n)
{
	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_PROFILE_NOTE;
	m->profile_note.level = (uint8_t)n->level;
	m->profile_note.line = n->line;
	m->profile_note.column = n->column;
	str_copy(m->profile_note.path, sizeof(m->profile_note.path), n->path);
	str_copy(m->profile_note.text, sizeof(m->profile_note.text), n->text);
}

static int save_parts(struct store *s, const char *url, const struct profile *p,
	struct message *m)
{
	int position = 0, error = 0;

	for (uint32_t i = 0; !error && i < p->rule_count; i++) {
		message_from_rule(m, 0, &p->rules[i]);
		error = save_part(s, url, position++, m);
	}
	for (uint32_t i = 0; !error && i < p->note_count; i++) {
		note_message(m, &p->notes[i]);
		error = save_part(s, url, position++, m);
	}
	return error;
}

int store_profile_remove(struct store *s, const char *url)
{
	sqlite3_stmt *st = store_statement(s, STORE_PROFILE_CLEAR);

	if (!st)
		return -EIO;
	sqlite3_bind_text(st, 1, url, -1, SQLITE_TRANSIENT);
	return store_write(s, st);
}

static int save_head(struct store *s, const struct store_profile_info *info,
	const struct message *m)
{
	uint8_t buf[MESSAGE_MAX];
	int len = message_encode(m, buf, sizeof(buf));
	sqlite3_stmt *st;
	int error;

	if (len < 0)
		return len;
	error = store_profile_remove(s, info->url);
	st = error ? NULL : store_statement(s, STORE_PROFILE_SAVE);
	if (!st)
		return error ? error : -EIO;
	sqlite3_bind_text(st, 1, info->url, -1, SQLITE_TRANSIENT);
	sqlite3_bind_blob(st, 2, buf, len, SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 3, info->fetched);
	return store_write(s, st);
}

static int step(struct store *s, enum store_statement which)
{
	sqlite3_stmt *st = store_statement(s, which);

	return st ? store_write(s, st) : -EIO;
}

int store_profile_save(struct store *s, const struct store_profile_info *info,
	const struct profile *p)
{
	struct message *m = malloc(sizeof(*m));
	int error;

	if (!m)
		return -ENOMEM;
	message_from_profile(m, 0, p);
	error = step(s, STORE_SAVEPOINT);
	if (error)
		goto out;
	error = save_head(s, info, m);
	if (!error)
		error = save_parts(s, info->url, p, m);
	if (error) /* fails when SQLite has rolled back everything by itself */
		(void)!step(s, STORE_ROLLBACK_TO);
	if (!sqlite3_get_autocommit(s->db) && step(s, STORE_RELEASE) && !error)
		error = -EIO;
out:
	free(m);
	return error;
}

static int take_part(struct profile *p, const struct message *m)
{
	struct note *n;
	int error;

	if (m->type == MESSAGE_PROFILE_RULE) {
		if (p->rule_count == LIMIT_RULES)
			return CARDEA_ELIMIT;
		error = message_to_rule(&m->profile_rule, &p->rules[p->rule_count]);
		if (!error)
			p->rules[p->rule_count++].layer = p->layer;
		return error;
	}
	if (m->type != MESSAGE_PROFILE_NOTE || p->note_count == LIMIT_NOTES)
		return CARDEA_EMALFORMED;
	n = &p->notes[p->note_count++];
	n->level = (enum note_level)m->profile_note.level;
	n->line = m->profile_note.line;
	n->column = m->profile_note.column;
	str_copy(n->path, sizeof(n->path), m->profile_note.path);
	str_copy(n->text, sizeof(n->text), m->profile_note.text);
	return 0;
}

static int decode_column(sqlite3_stmt *st, int column, struct message *m)
{
	const void *blob = sqlite3_column_blob(st, column);

	return message_decode(blob, (size_t)sqlite3_column_bytes(st, column), m);
}

static int read_parts(struct store *s, const char *url, struct profile *p,
	struct message *m)
{
	sqlite3_stmt *st = store_statement(s, STORE_PART_ALL);
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	sqlite3_bind_text(st, 1, url, -1, SQLITE_TRANSIENT);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		error = decode_column(st, 0, m);
		if (!error)
			error = take_part(p, m);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

/* A profile that does not read back is left out: the device asks again. */
static int read_profile(struct store *s, sqlite3_stmt *st,
	struct store_profile_info *info, struct profile *p, struct message *m)
{
	struct rule *rules = p->rules;
	struct note *notes = p->notes;
	uint32_t rule_count, note_count;
	int error;

	store_column_text(st, 0, info->url, sizeof(info->url));
	info->fetched = sqlite3_column_int64(st, 2);
	error = decode_column(st, 1, m);
	if (!error && m->type != MESSAGE_PROFILE)
		error = CARDEA_EMALFORMED;
	if (!error)
		error = message_to_profile(&m->profile, p);
	p->rules = rules;
	p->notes = notes;
	p->rule_count = p->note_count = 0;
	if (error)
		return error;
	rule_count = m->profile.rule_count;
	note_count = m->profile.note_count;
	error = read_parts(s, info->url, p, m);
	/* Half a profile may lack what forbids. */
	if (!error && (p->rule_count != rule_count || p->note_count != note_count))
		error = CARDEA_EMALFORMED;
	return error;
}

int store_profiles(struct store *s,
	int (*each)(void *, const struct store_profile_info *, const struct profile *),
	void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_PROFILE_ALL);
	struct message *m = malloc(sizeof(*m));
	struct profile p = {.rules = calloc(LIMIT_RULES, sizeof(struct rule)),
		.notes = calloc(LIMIT_NOTES, sizeof(struct note))};
	struct rule *rules = p.rules;
	struct note *notes = p.notes;
	struct store_profile_info info;
	int code = SQLITE_OK, error = st && m && p.rules && p.notes ? 0 : -ENOMEM;

	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		p.rules = rules;
		p.notes = notes;
		if (read_profile(s, st, &info, &p, m) == 0)
			error = each(ctx, &info, &p);
	}
	if (st)
		sqlite3_reset(st);
	free(rules);
	free(notes);
	free(m);
	return error ? error : store_error(code);
}
