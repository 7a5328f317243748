// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening and transactions of the store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "store/backup_priv.h"

/* Pages of 4 KiB that SQLite may keep: an idle gateway with 20 devices needs few. */
#define STORE_PRAGMAS                                                                    \
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"    \
	"PRAGMA cache_size=64; PRAGMA wal_autocheckpoint=256; PRAGMA temp_store=MEMORY;" \
	"PRAGMA journal_size_limit=1048576;"

int store_error(int code)
{
	switch (code) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return CARDEA_EMALFORMED;
	default:
		return -EIO;
	}
}

int store_quick_check(sqlite3 *db, bool *ret_sound)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL);

	*ret_sound = code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW &&
		     strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
	sqlite3_finalize(st);
	return code;
}

/* Damage in the middle shows only when that page is read: look now, while the file can
 * still be set aside. */
static int check_whole(sqlite3 *db)
{
	bool sound;
	int code = store_quick_check(db, &sound);

	return code != SQLITE_ROW ? store_error(code) : sound ? 0 : CARDEA_EMALFORMED;
}

static int open_file(const char *path, struct store *s)
{
	int code = sqlite3_open_v2(path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (code == SQLITE_OK) {
		sqlite3_busy_timeout(s->db, 2000); /* the engine before us may linger */
		code = sqlite3_exec(s->db, STORE_PRAGMAS, NULL, NULL, NULL);
	}
	if (code != SQLITE_OK)
		return store_error(code);
	int error = check_whole(s->db);

	return error ? error : store_migrate(s->db);
}

static int move(const char *path, const char *suffix)
{
	char from[520], to[540];

	if (str_print(from, sizeof(from), "%s%s", path, suffix) ||
		str_print(to, sizeof(to), "%s.damaged%s", path, suffix))
		return CARDEA_ELIMIT;
	return rename(from, to) ? -errno : 0;
}

/* The log goes with its file: SQLite would play it back into the new one. */
static int set_aside(const char *path)
{
	char shared[520];
	int error = move(path, "");

	if (!error)
		error = move(path, "-wal");
	if (error == -ENOENT)
		error = 0;
	if (!error && str_print(shared, sizeof(shared), "%s-shm", path) == 0)
		(void)unlink(shared);
	return error;
}

int store_open(const char *dir, struct store **ret, bool *ret_damaged)
{
	char path[512];
	struct store *s = calloc(1, sizeof(*s));
	bool damaged = false;
	int error;

	if (!s)
		return -ENOMEM;
	error = str_print(path, sizeof(path), "%s/cardea.db", dir);
	if (!error)
		error = store_restore_take(dir);
	if (!error)
		error = open_file(path, s);
	if (error == CARDEA_EMALFORMED) {
		sqlite3_close(s->db);
		s->db = NULL;
		damaged = true;
		error = set_aside(path);
		if (!error)
			error = open_file(path, s);
	}
	if (error) {
		sqlite3_close(s->db);
		free(s);
		return error;
	}
	store_restore_drop(s); /* of one that was cut short */
	*ret = s;
	*ret_damaged = damaged;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	(void)store_commit(s);
	for (size_t i = 0; i < STORE_STATEMENT_MAX; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	free(s);
}

static int run(sqlite3_stmt *st)
{
	int code;

	if (!st)
		return -EIO;
	code = sqlite3_step(st);
	/* names a device that is not stored, or not any more */
	if (sqlite3_extended_errcode(sqlite3_db_handle(st)) ==
		SQLITE_CONSTRAINT_FOREIGNKEY && code == SQLITE_CONSTRAINT) {
		sqlite3_reset(st);
		return -ENOENT;
	}
	sqlite3_reset(st);
	return store_error(code);
}

int store_write(struct store *s, sqlite3_stmt *st)
{
	/* SQLite ends a transaction by itself when the disk is full: ask, don't remember. */
	if (sqlite3_get_autocommit(s->db)) {
		int error = run(store_statement(s, STORE_BEGIN));

		if (error)
			return error;
	}
	return run(st);
}

int store_commit(struct store *s)
{
	if (sqlite3_get_autocommit(s->db))
		return 0;
	return run(store_statement(s, STORE_COMMIT));
}

void store_rollback(struct store *s)
{
	if (!sqlite3_get_autocommit(s->db) && run(store_statement(s, STORE_ROLLBACK)))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

sqlite3_stmt *store_prepare(struct store *s, const char *text)
{
	sqlite3_stmt *st = NULL;

	return sqlite3_prepare_v2(s->db, text, -1, &st, NULL) == SQLITE_OK ? st : NULL;
}

int store_write_number(struct store *s, enum store_statement which, int64_t number)
{
	sqlite3_stmt *st = store_statement(s, which);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, number);
	return store_write(s, st);
}

int store_state_save(struct store *s, enum store_statement which, device_id device,
	const void *state, size_t len, size_t most)
{
	sqlite3_stmt *st;

	if (!device || !len || len > most)
		return CARDEA_EMALFORMED;
	st = store_statement(s, which);
	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_blob64(st, 2, state, len, SQLITE_STATIC);
	return store_write(s, st);
}

int store_states(struct store *s, enum store_statement which, size_t most,
	int (*each)(void *, device_id, const void *, size_t), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, which);
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		const void *state = sqlite3_column_blob(st, 1);
		int len = sqlite3_column_bytes(st, 1);

		if (len > 0 && (size_t)len <= most)
			error = each(ctx, (device_id)sqlite3_column_int64(st, 0), state,
				(size_t)len);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_count(sqlite3_stmt *st, int64_t *ret)
{
	int code = sqlite3_step(st);

	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return code == SQLITE_DONE ? -ENOENT : store_error(code);
}

void store_bind_text(sqlite3_stmt *st, int index, const char *text)
{
	sqlite3_bind_text(st, index, text, -1, SQLITE_TRANSIENT);
}

void store_bind_device(sqlite3_stmt *st, int index, device_id id)
{
	if (id)
		sqlite3_bind_int64(st, index, id);
}

void store_bind_addr(sqlite3_stmt *st, int index, const struct addr *a)
{
	if (a->family)
		sqlite3_bind_blob(st, index, a->b, a->family == 4 ? 4 : 16,
			SQLITE_TRANSIENT);
}

struct addr store_column_addr(sqlite3_stmt *st, int index)
{
	const void *b = sqlite3_column_blob(st, index);
	int len = sqlite3_column_bytes(st, index);

	if (b && len == 4)
		return addr_v4(b);
	if (b && len == 16)
		return addr_v6(b);
	return (struct addr){0};
}

void store_column_text(sqlite3_stmt *st, int index, char *dst, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(st, index);

	str_copy(dst, size, text ? text : "");
}

bool store_column_enum(sqlite3_stmt *st, int index, unsigned max, unsigned *ret)
{
	int64_t value = sqlite3_column_int64(st, index);

	if (value < 0 || value >= max)
		return false;
	*ret = (unsigned)value;
	return true;
}

static int pragma(struct store *s, const char *sql, uint64_t *ret)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return code == SQLITE_ROW ? 0 : store_error(code);
}

int store_size(struct store *s, struct store_size *ret)
{
	uint64_t page = 0, pages = 0, empty = 0;
	int written = 0, most, error = pragma(s, "PRAGMA page_size", &page);

	if (!error)
		error = pragma(s, "PRAGMA page_count", &pages);
	if (!error)
		error = pragma(s, "PRAGMA freelist_count", &empty);
	if (!error && sqlite3_db_status(s->db, SQLITE_DBSTATUS_CACHE_WRITE, &written, &most,
			      0) != SQLITE_OK)
		error = -EIO;
	if (error)
		return error;
	ret->bytes = page * pages;
	ret->free_bytes = page * empty;
	ret->written = page * (uint64_t)written;
	return 0;
}
