// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles, stored in the wire form of their messages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "model/messages.h"
#include "store/store_priv.h"

/* A file grants: the layers behind the owner's are none of a file. */
#define PROFILE_LAYERS (LAYER_OWNER + 1)

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
	for (uint32_t i = 0; !error && i < p->tls_count; i++) {
		message_from_tls(m, 0, &p->tls[i]);
		error = save_part(s, url, position++, m);
	}
	for (uint32_t i = 0; !error && i < p->limit_count; i++) {
		message_from_limit(m, 0, &p->limits[i]);
		error = save_part(s, url, position++, m);
	}
	for (uint32_t i = 0; !error && i < p->link_count; i++) {
		message_from_link(m, 0, &p->links[i]);
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

int store_profile_touch(struct store *s, const char *url, nstime fetched)
{
	sqlite3_stmt *st = store_statement(s, STORE_PROFILE_TOUCH);
	int error;

	if (!st)
		return -EIO;
	store_bind_text(st, 1, url);
	sqlite3_bind_int64(st, 2, fetched);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static int save_head(struct store *s, const struct store_profile_info *info,
	enum layer layer, const struct message *m)
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
	sqlite3_bind_int(st, 4, (int)layer);
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
	error = save_head(s, info, p->layer, m);
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

static int take_rule(struct profile *p, const struct message *m)
{
	int error;

	if (p->rule_count == LIMIT_RULES)
		return CARDEA_ELIMIT;
	error = message_to_rule(&m->profile_rule, &p->rules[p->rule_count]);
	if (!error)
		p->rules[p->rule_count++].layer = p->layer;
	return error;
}

static int take_note(struct profile *p, const struct message_profile_note *m)
{
	int error;

	if (p->note_count == LIMIT_NOTES)
		return CARDEA_EMALFORMED;
	error = message_to_note(m, &p->notes[p->note_count]);
	if (!error)
		p->note_count++;
	return error;
}

static int take_tls(struct profile *p, const struct message *m)
{
	if (p->tls_count == LIMIT_TLS_PROFILES)
		return CARDEA_ELIMIT;
	return message_to_tls(&m->profile_tls, &p->tls[p->tls_count++]);
}

static int take_limit(struct profile *p, const struct message *m)
{
	if (p->limit_count == LIMIT_PROFILE_LIMITS)
		return CARDEA_ELIMIT;
	return message_to_limit(&m->profile_limit, &p->limits[p->limit_count++]);
}

static int take_link(struct profile *p, const struct message *m)
{
	if (p->link_count == LIMIT_LINKS)
		return CARDEA_ELIMIT;
	return message_to_link(&m->profile_link, &p->links[p->link_count++]);
}

static int take_part(struct profile *p, const struct message *m)
{
	switch ((int)m->type) {
	case MESSAGE_PROFILE_RULE:
		return take_rule(p, m);
	case MESSAGE_PROFILE_NOTE:
		return take_note(p, &m->profile_note);
	case MESSAGE_PROFILE_TLS:
		return take_tls(p, m);
	case MESSAGE_PROFILE_LIMIT:
		return take_limit(p, m);
	case MESSAGE_PROFILE_LINK:
		return take_link(p, m);
	default:
		return CARDEA_EMALFORMED;
	}
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

/* What a profile points to, as large as it can get. */
struct parts {
	struct rule *rules;
	struct note *notes;
	struct tls_profile *tls;
	struct profile_limit *limits;
	struct profile_link *links;
};

static void free_parts(struct parts *parts)
{
	free(parts->rules);
	free(parts->notes);
	free(parts->tls);
	free(parts->limits);
	free(parts->links);
}

static int alloc_parts(struct parts *parts)
{
	parts->rules = calloc(LIMIT_RULES, sizeof(*parts->rules));
	parts->notes = calloc(LIMIT_NOTES, sizeof(*parts->notes));
	parts->tls = calloc(LIMIT_TLS_PROFILES, sizeof(*parts->tls));
	parts->limits = calloc(LIMIT_PROFILE_LIMITS, sizeof(*parts->limits));
	parts->links = calloc(LIMIT_LINKS, sizeof(*parts->links));
	return parts->rules && parts->notes && parts->tls && parts->limits && parts->links
		? 0
		: -ENOMEM;
}

/* Half a profile may lack what forbids. */
static bool is_whole(const struct profile *p, const struct profile *promised)
{
	return p->rule_count == promised->rule_count &&
		p->note_count == promised->note_count &&
		p->tls_count == promised->tls_count &&
		p->limit_count == promised->limit_count &&
		p->link_count == promised->link_count;
}

static int read_head(sqlite3_stmt *st, struct store_profile_info *info, struct message *m,
	struct profile *p)
{
	unsigned layer;
	int error;

	store_column_text(st, 0, info->url, sizeof(info->url));
	info->fetched = sqlite3_column_int64(st, 2);
	error = decode_column(st, 1, m);
	if (!error && (m->type != MESSAGE_PROFILE ||
			      !store_column_enum(st, 3, PROFILE_LAYERS, &layer)))
		error = CARDEA_EMALFORMED;
	if (!error)
		error = message_to_profile(&m->profile, p);
	/* The owner may have accepted what nobody has signed. */
	if (!error)
		p->layer = (enum layer)layer;
	return error;
}

/* A profile that does not read back is left out: it is fetched again. */
static int read_profile(struct store *s, sqlite3_stmt *st, const struct parts *parts,
	struct store_profile_info *info, struct profile *p, struct message *m)
{
	struct profile promised;
	int error = read_head(st, info, m, p);

	if (error)
		return error;
	promised = (struct profile){.rule_count = m->profile.rule_count,
		.note_count = m->profile.note_count, .tls_count = m->profile.tls_count,
		.limit_count = m->profile.limit_count,
		.link_count = m->profile.link_count};
	p->rules = parts->rules;
	p->notes = parts->notes;
	p->tls = parts->tls;
	p->limits = parts->limits;
	p->links = parts->links;
	error = read_parts(s, info->url, p, m);
	return error || is_whole(p, &promised) ? error : CARDEA_EMALFORMED;
}

int store_profiles(struct store *s,
	int (*each)(void *, const struct store_profile_info *, const struct profile *),
	void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_PROFILE_ALL);
	struct message *m = malloc(sizeof(*m));
	struct parts parts;
	struct store_profile_info info;
	struct profile p;
	int code = SQLITE_OK, error = alloc_parts(&parts);

	if (!error && (!st || !m))
		error = st ? -ENOMEM : -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_profile(s, st, &parts, &info, &p, m) == 0)
			error = each(ctx, &info, &p);
	if (st)
		sqlite3_reset(st);
	free_parts(&parts);
	free(m);
	return error ? error : store_error(code);
}
