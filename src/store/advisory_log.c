// SPDX-License-Identifier: GPL-2.0-or-later
/* The log of advisories: entries are added and never changed. Its head is kept apart, so
 * that a log which lost its end does not look whole. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

static void bind_digest(sqlite3_stmt *st, int index, const uint8_t digest[ADVISORY_DIGEST])
{
	sqlite3_bind_blob(st, index, digest, ADVISORY_DIGEST, SQLITE_TRANSIENT);
}

static bool read_digest(sqlite3_stmt *st, int index, uint8_t ret[ADVISORY_DIGEST])
{
	if (sqlite3_column_bytes(st, index) != ADVISORY_DIGEST)
		return false;
	memcpy(ret, sqlite3_column_blob(st, index), ADVISORY_DIGEST);
	return true;
}

static int save_head(struct store *s, const struct store_log_head *h)
{
	sqlite3_stmt *st = store_statement(s, STORE_LOG_HEAD_SAVE);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, h->seq);
	bind_digest(st, 2, h->digest);
	sqlite3_bind_int64(st, 3, h->cut);
	bind_digest(st, 4, h->cut_digest);
	return store_write(s, st);
}

int store_log_head(struct store *s, struct store_log_head *ret)
{
	sqlite3_stmt *st = store_statement(s, STORE_LOG_HEAD);
	struct store_log_head h = {0};
	int code, error;

	if (!st)
		return -EIO;
	code = sqlite3_step(st);
	if (code == SQLITE_ROW) {
		h.seq = (uint32_t)sqlite3_column_int64(st, 0);
		h.cut = (uint32_t)sqlite3_column_int64(st, 2);
		if (!read_digest(st, 1, h.digest) || !read_digest(st, 3, h.cut_digest))
			memset(&h, 0, sizeof(h));
	}
	error = store_error(code);
	sqlite3_reset(st);
	if (!error)
		*ret = h;
	return error;
}

int store_log_add(struct store *s, const struct advisory_entry *e)
{
	sqlite3_stmt *st;
	struct store_log_head h = {0};
	int error = store_log_head(s, &h);

	st = error ? NULL : store_statement(s, STORE_LOG_ADD);
	if (!st)
		return error ? error : -EIO;
	sqlite3_bind_int64(st, 1, e->seq);
	sqlite3_bind_int64(st, 2, e->at);
	sqlite3_bind_int(st, 3, (int)e->act);
	store_bind_text(st, 4, e->issuer);
	store_bind_text(st, 5, e->advisory);
	store_bind_text(st, 6, e->device);
	store_bind_text(st, 7, e->text);
	bind_digest(st, 8, e->before);
	bind_digest(st, 9, e->digest);
	error = store_write(s, st);
	if (error)
		return error;
	h.seq = e->seq;
	memcpy(h.digest, e->digest, sizeof(h.digest));
	return save_head(s, &h);
}

int store_log_cut(struct store *s, uint32_t seq, const uint8_t digest[ADVISORY_DIGEST])
{
	struct store_log_head h = {0};
	int error = store_log_head(s, &h);

	if (!error)
		error = store_write_number(s, STORE_LOG_CUT, seq);
	if (error)
		return error;
	h.cut = seq;
	memcpy(h.cut_digest, digest, ADVISORY_DIGEST);
	return save_head(s, &h);
}

static void read_entry(sqlite3_stmt *st, struct advisory_entry *e)
{
	unsigned act = ADVISORY_ACT_MAX;

	memset(e, 0, sizeof(*e));
	e->seq = (uint32_t)sqlite3_column_int64(st, 0);
	e->at = sqlite3_column_int64(st, 1);
	/* one that is damaged is shown as it is: it does not check */
	if (!store_column_enum(st, 2, ADVISORY_ACT_MAX, &act))
		act = ADVISORY_ACT_MAX;
	e->act = (enum advisory_act)act;
	store_column_text(st, 3, e->issuer, sizeof(e->issuer));
	store_column_text(st, 4, e->advisory, sizeof(e->advisory));
	store_column_text(st, 5, e->device, sizeof(e->device));
	store_column_text(st, 6, e->text, sizeof(e->text));
	(void)read_digest(st, 7, e->before);
	(void)read_digest(st, 8, e->digest);
}

int store_log(struct store *s, uint32_t after, unsigned limit,
	int (*each)(void *, const struct advisory_entry *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_LOG_ALL);
	int code = SQLITE_OK, error = 0;
	struct advisory_entry e;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, after);
	sqlite3_bind_int64(st, 2, limit);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		read_entry(st, &e);
		error = each(ctx, &e);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
