// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner is asked and has answered. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

static void bind_decision(sqlite3_stmt *st, const struct decision *d)
{
	sqlite3_bind_int(st, 2, (int)d->kind);
	store_bind_device(st, 3, d->device);
	store_bind_text(st, 4, d->subject);
	store_bind_text(st, 5, d->detail);
	store_bind_text(st, 6, d->key);
	sqlite3_bind_blob(st, 7, d->sha256, sizeof(d->sha256), SQLITE_TRANSIENT);
	store_bind_text(st, 8, d->text);
	sqlite3_bind_int64(st, 9, d->asked);
	sqlite3_bind_int64(st, 10, d->answered);
	sqlite3_bind_int(st, 11, (int)d->answer);
	store_bind_text(st, 12, d->choice);
}

static int trim(struct store *s)
{
	int error = store_write_number(s, STORE_DECISION_TRIM_OPEN, LIMIT_DECISIONS);

	return error ? error
		     : store_write_number(s, STORE_DECISION_TRIM_ANSWERED,
			       STORE_ANSWERED_MAX);
}

int store_decision_save(struct store *s, struct decision *d)
{
	sqlite3_stmt *st = store_statement(s,
		d->id ? STORE_DECISION_UPDATE : STORE_DECISION_INSERT);
	int error;

	if (!st)
		return -EIO;
	if (d->id)
		sqlite3_bind_int64(st, 1, d->id);
	bind_decision(st, d);
	error = store_write(s, st);
	if (!error && d->id && sqlite3_changes(s->db) == 0)
		error = -ENOENT;
	if (error)
		return error;
	if (!d->id)
		d->id = (uint32_t)sqlite3_last_insert_rowid(s->db);
	return trim(s);
}

int store_decision_remove(struct store *s, uint32_t id)
{
	return store_write_number(s, STORE_DECISION_REMOVE, id);
}

static bool read_decision(sqlite3_stmt *st, struct decision *d)
{
	unsigned kind, answer;

	memset(d, 0, sizeof(*d));
	if (!store_column_enum(st, 1, DECISION_KIND_MAX, &kind) ||
		!store_column_enum(st, 10, DECISION_ANSWER_MAX, &answer) ||
		sqlite3_column_bytes(st, 6) != sizeof(d->sha256))
		return false;
	d->id = (uint32_t)sqlite3_column_int64(st, 0);
	d->kind = (enum decision_kind)kind;
	d->device = (device_id)sqlite3_column_int64(st, 2);
	store_column_text(st, 3, d->subject, sizeof(d->subject));
	store_column_text(st, 4, d->detail, sizeof(d->detail));
	store_column_text(st, 5, d->key, sizeof(d->key));
	memcpy(d->sha256, sqlite3_column_blob(st, 6), sizeof(d->sha256));
	store_column_text(st, 7, d->text, sizeof(d->text));
	d->asked = sqlite3_column_int64(st, 8);
	d->answered = sqlite3_column_int64(st, 9);
	d->answer = (enum decision_answer)answer;
	store_column_text(st, 11, d->choice, sizeof(d->choice));
	return true;
}

int store_decision_find(struct store *s, uint32_t id, struct decision *ret)
{
	sqlite3_stmt *st = store_statement(s, STORE_DECISION_ONE);
	struct decision d;
	bool good = false;
	int code;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, id);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		good = read_decision(st, &d);
	sqlite3_reset(st);
	if (good)
		*ret = d;
	return good ? 0 : code == SQLITE_DONE || code == SQLITE_ROW ? -ENOENT
								    : store_error(code);
}

static int each_decision(sqlite3_stmt *st, int (*each)(void *, const struct decision *),
	void *ctx)
{
	struct decision d;
	int code = SQLITE_OK, error = 0;

	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_decision(st, &d))
			error = each(ctx, &d);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_decisions(struct store *s, bool open_only,
	int (*each)(void *, const struct decision *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_DECISION_ALL);

	if (!st)
		return -EIO;
	sqlite3_bind_int(st, 1, open_only);
	return each_decision(st, each, ctx);
}

int store_decisions_of(struct store *s, device_id device, enum decision_kind kind,
	int (*each)(void *, const struct decision *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_DECISION_OF);

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_int(st, 2, (int)kind);
	return each_decision(st, each, ctx);
}
