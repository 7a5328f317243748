// SPDX-License-Identifier: GPL-2.0-or-later
/* Cases: each with its moments and its bundle, whole or not there; the home's key; and
 * playbooks whose steps the owner is asked about. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

static int step(struct store *s, enum store_statement which)
{
	sqlite3_stmt *st = store_statement(s, which);

	return st ? store_write(s, st) : -EIO;
}

/* All of what f does, or nothing: also when the disk is full, where SQLite may have ended
 * the whole transaction by itself. */
static int whole(struct store *s, int (*f)(struct store *, void *), void *ctx)
{
	int error = step(s, STORE_SAVEPOINT);

	if (error)
		return error;
	error = f(s, ctx);
	if (error && !sqlite3_get_autocommit(s->db))
		(void)!step(s, STORE_ROLLBACK_TO);
	if (!sqlite3_get_autocommit(s->db) && step(s, STORE_RELEASE) && !error)
		error = -EIO;
	return error;
}

struct case_change {
	struct case_file *file;
	const struct case_moment *moment;
	const void *bundle;
	size_t len;
};

static int write_moment(struct store *s, const struct case_file *f, const struct case_moment *m)
{
	sqlite3_stmt *st = store_statement(s, STORE_CASE_MOMENT_ADD);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, f->id);
	sqlite3_bind_int64(st, 2, m->at);
	sqlite3_bind_int(st, 3, m->from);
	sqlite3_bind_int(st, 4, m->to);
	store_bind_text(st, 5, m->kind);
	store_bind_text(st, 6, m->protocol);
	store_bind_text(st, 7, m->sentence);
	store_bind_text(st, 8, m->shows);
	return store_write(s, st);
}

/* How it began stays; what goes is the oldest of what came then and moved nothing: who
 * knocks again and again must not wash out what happened. */
static int trim_moments(struct store *s, struct case_file *f)
{
	sqlite3_stmt *st = store_statement(s, STORE_CASE_MOMENT_TRIM);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, f->id);
	sqlite3_bind_int(st, 2, CASE_MOMENTS_FIRST);
	sqlite3_bind_int(st, 3, CASE_MOMENTS_MAX);
	error = store_write(s, st);
	if (!error)
		f->moments_left_out += (uint32_t)sqlite3_changes(s->db);
	return error;
}

static int write_file(struct store *s, const struct case_file *f)
{
	sqlite3_stmt *st = store_statement(s, STORE_CASE_UPDATE);
	int error;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, f->id);
	sqlite3_bind_int(st, 2, f->state);
	sqlite3_bind_int64(st, 3, f->closed);
	sqlite3_bind_int64(st, 4, f->moments_left_out);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static int trim_cases(struct store *s, device_id device)
{
	sqlite3_stmt *st = store_statement(s, STORE_CASE_TRIM_OF);
	int error;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_int(st, 2, STORE_CASES_OF_MAX);
	error = store_write(s, st);
	return error ? error : store_write_number(s, STORE_CASE_TRIM, STORE_CASES_MAX);
}

static int open_whole(struct store *s, void *ctx)
{
	struct case_change *c = ctx;
	struct case_file *f = c->file;
	sqlite3_stmt *st = store_statement(s, STORE_CASE_OPEN);
	int error;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, f->device);
	sqlite3_bind_int(st, 2, f->state);
	sqlite3_bind_int64(st, 3, f->opened);
	sqlite3_bind_blob64(st, 4, c->len ? c->bundle : "", c->len, SQLITE_STATIC);
	error = store_write(s, st);
	if (error)
		return error;
	f->id = (uint32_t)sqlite3_last_insert_rowid(s->db);
	error = write_moment(s, f, c->moment);
	return error ? error : trim_cases(s, f->device);
}

int store_case_open(struct store *s, struct case_file *f, const struct case_moment *first,
	const void *bundle, size_t len)
{
	struct case_file was = *f;
	struct case_change c = {.file = f, .moment = first, .bundle = bundle, .len = len};
	int error;

	if (!f->device || f->id || len > STORE_BUNDLE_MAX)
		return CARDEA_EMALFORMED;
	error = whole(s, open_whole, &c);
	if (error)
		*f = was;
	return error;
}

static int moment_whole(struct store *s, void *ctx)
{
	struct case_change *c = ctx;
	int error = write_moment(s, c->file, c->moment);

	if (!error)
		error = trim_moments(s, c->file);
	return error ? error : write_file(s, c->file);
}

int store_case_moment(struct store *s, struct case_file *f, const struct case_moment *m)
{
	struct case_file was = *f;
	struct case_change c = {.file = f, .moment = m};
	int error = whole(s, moment_whole, &c);

	if (error)
		*f = was;
	return error;
}

int store_case_bundle_save(struct store *s, uint32_t id, const void *bundle, size_t len)
{
	sqlite3_stmt *st;
	int error;

	if (len > STORE_BUNDLE_MAX)
		return CARDEA_EMALFORMED;
	st = store_statement(s, STORE_CASE_BUNDLE);
	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_blob64(st, 2, len ? bundle : "", len, SQLITE_STATIC);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static void read_file(sqlite3_stmt *st, struct case_file *f)
{
	*f = (struct case_file){.id = (uint32_t)sqlite3_column_int64(st, 0),
		.device = (device_id)sqlite3_column_int64(st, 1),
		.state = (uint8_t)sqlite3_column_int(st, 2),
		.opened = sqlite3_column_int64(st, 3), .closed = sqlite3_column_int64(st, 4),
		.moments_left_out = (uint32_t)sqlite3_column_int64(st, 5)};
}

int store_cases(struct store *s, int (*each)(void *, const struct case_file *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_CASE_ALL);
	int code = SQLITE_OK, error = 0;
	struct case_file f;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		read_file(st, &f);
		error = each(ctx, &f);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_case(struct store *s, uint32_t id,
	int (*each)(void *, const struct case_file *, const void *, size_t), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_CASE_ONE);
	struct case_file f;
	int code, error = 0;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, id);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW) {
		read_file(st, &f);
		error = each(ctx, &f, sqlite3_column_blob(st, 6),
			(size_t)sqlite3_column_bytes(st, 6));
	}
	sqlite3_reset(st);
	return code == SQLITE_DONE ? -ENOENT : error ? error : store_error(code);
}

int store_case_moments(struct store *s, uint32_t id,
	int (*each)(void *, const struct case_moment *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_CASE_MOMENTS);
	int code = SQLITE_OK, error = 0;
	struct case_moment m;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, id);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		m = (struct case_moment){.at = sqlite3_column_int64(st, 0),
			.from = (uint8_t)sqlite3_column_int(st, 1),
			.to = (uint8_t)sqlite3_column_int(st, 2)};
		store_column_text(st, 3, m.kind, sizeof(m.kind));
		store_column_text(st, 4, m.protocol, sizeof(m.protocol));
		store_column_text(st, 5, m.sentence, sizeof(m.sentence));
		store_column_text(st, 6, m.shows, sizeof(m.shows));
		error = each(ctx, &m);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_secret_save(struct store *s, const char *name, const uint8_t secret[STORE_SECRET])
{
	sqlite3_stmt *st = store_statement(s, STORE_SECRET_SAVE);

	if (!st)
		return -EIO;
	store_bind_text(st, 1, name);
	sqlite3_bind_blob(st, 2, secret, STORE_SECRET, SQLITE_TRANSIENT);
	return store_write(s, st);
}

int store_secret(struct store *s, const char *name, uint8_t ret[STORE_SECRET])
{
	sqlite3_stmt *st = store_statement(s, STORE_SECRET_FIND);
	bool good = false;
	int code;

	if (!st)
		return -EIO;
	store_bind_text(st, 1, name);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW && sqlite3_column_bytes(st, 0) == STORE_SECRET) {
		memcpy(ret, sqlite3_column_blob(st, 0), STORE_SECRET);
		good = true;
	}
	sqlite3_reset(st);
	return good ? 0 : code == SQLITE_DONE || code == SQLITE_ROW ? -ENOENT : store_error(code);
}

int store_playbook_save(struct store *s, struct case_playbook *p)
{
	sqlite3_stmt *st = store_statement(s, STORE_PLAYBOOK_SAVE);
	int error;

	if (!st)
		return -EIO;
	if (!p->device || !p->len || p->len > STORE_PLAYBOOK_MAX)
		return CARDEA_EMALFORMED;
	if (p->id)
		sqlite3_bind_int64(st, 1, p->id);
	store_bind_device(st, 2, p->device);
	sqlite3_bind_int64(st, 3, p->step);
	sqlite3_bind_int64(st, 4, p->taken);
	sqlite3_bind_blob64(st, 5, p->text, p->len, SQLITE_STATIC);
	error = store_write(s, st);
	if (!error && !p->id)
		p->id = (uint32_t)sqlite3_last_insert_rowid(s->db);
	return error;
}

int store_playbook_remove(struct store *s, device_id device)
{
	int error = store_write_number(s, STORE_PLAYBOOK_REMOVE, device);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_playbook(struct store *s, device_id device,
	int (*each)(void *, const struct case_playbook *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_PLAYBOOK_ONE);
	struct case_playbook p;
	int code, error = 0;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW) {
		p = (struct case_playbook){.id = (uint32_t)sqlite3_column_int64(st, 0),
			.device = (device_id)sqlite3_column_int64(st, 1),
			.step = (uint32_t)sqlite3_column_int64(st, 2),
			.taken = sqlite3_column_int64(st, 3),
			.text = sqlite3_column_blob(st, 4),
			.len = (size_t)sqlite3_column_bytes(st, 4)};
		error = p.text ? each(ctx, &p) : -ENOENT;
	}
	sqlite3_reset(st);
	return code == SQLITE_DONE ? -ENOENT : error ? error : store_error(code);
}
