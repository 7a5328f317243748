// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening, statements and transactions of the store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "store/store_priv.h"

/* Pages of 4 KiB that SQLite may keep: an idle gateway with 20 devices needs few. */
#define STORE_PRAGMAS                                                                    \
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"    \
	"PRAGMA cache_size=64; PRAGMA wal_autocheckpoint=256; PRAGMA temp_store=MEMORY;" \
	"PRAGMA journal_size_limit=1048576;"

static const char *const texts[STORE_STATEMENT_MAX] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_DEVICE_SAVE] = "INSERT INTO device VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
			      " ON CONFLICT(id) DO UPDATE SET state=?3, name=?4,"
			      " named_by_owner=?5, hostname=?6, vendor_class=?7,"
			      " mud_url=?8, problem=?9, last_seen=?11",
	[STORE_DEVICE_ALL] = "SELECT * FROM device ORDER BY id",
	[STORE_ADDR_CLEAR] = "DELETE FROM device_addr WHERE device=?1",
	[STORE_ADDR_SAVE] = "INSERT OR REPLACE INTO device_addr VALUES(?1,?2,?3,?4)",
	[STORE_ADDR_ALL] = "SELECT addr, source, expires FROM device_addr WHERE device=?1",
	[STORE_DEVICE_REMOVE] = "DELETE FROM device WHERE id=?1",
	[STORE_DEVICE_LAST] = "SELECT max(coalesce((SELECT max(id) FROM device), 0),"
			      " coalesce((SELECT max(device) FROM event), 0))",
	[STORE_BINDING_FORGET] = "DELETE FROM binding WHERE device=?1",
	[STORE_BINDING_TRIM] =
		"DELETE FROM binding WHERE (device, name, addr) IN"
		" (SELECT device, name, addr FROM (SELECT device, name, addr,"
		" row_number() OVER (PARTITION BY device ORDER BY expires DESC) AS n"
		" FROM binding) WHERE n > ?1)",
	[STORE_SAVEPOINT] = "SAVEPOINT profile",
	[STORE_RELEASE] = "RELEASE profile",
	[STORE_ROLLBACK_TO] = "ROLLBACK TO profile",
	[STORE_PROFILE_CLEAR] = "DELETE FROM profile WHERE url=?1",
	[STORE_PROFILE_SAVE] = "INSERT INTO profile VALUES(?1,?2,?3)",
	[STORE_PROFILE_ALL] = "SELECT url, head, fetched FROM profile",
	[STORE_PART_SAVE] = "INSERT INTO profile_part VALUES(?1,?2,?3)",
	[STORE_PART_ALL] = "SELECT message FROM profile_part WHERE url=?1 ORDER BY position",
	[STORE_EVENT_INSERT] = "INSERT INTO event VALUES"
			       "(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
	[STORE_EVENT_UPDATE] = "UPDATE event SET last=?2, packets=?3 WHERE id=?1",
	[STORE_EVENT_TRIM] = "DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ?1",
	[STORE_EVENT_LIST] = "SELECT * FROM (SELECT * FROM event WHERE id > ?1 AND"
			     " (?2 = 0 OR device = ?2) ORDER BY id DESC LIMIT ?3)"
			     " ORDER BY id",
	[STORE_EVENT_ONE] = "SELECT * FROM event WHERE id=?1",
	[STORE_BINDING_SAVE] = "INSERT OR REPLACE INTO binding VALUES(?1,?2,?3,?4)",
	[STORE_BINDING_ALL] = "SELECT * FROM binding WHERE expires > ?1 ORDER BY expires",
	[STORE_BINDING_PRUNE] = "DELETE FROM binding WHERE expires <= ?1",
};

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

/* Damage in the middle shows only when that page is read: look now, while the file can
 * still be set aside. */
static int check_whole(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL);
	bool sound = false;

	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW)
		sound = strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
	sqlite3_finalize(st);
	return code == SQLITE_ROW && !sound ? CARDEA_EMALFORMED : store_error(code);
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

sqlite3_stmt *store_statement(struct store *s, enum store_statement which)
{
	sqlite3_stmt **st = &s->statements[which];

	if (!*st && sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
			    st, NULL) != SQLITE_OK)
		return NULL;
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	return *st;
}

static int run(sqlite3_stmt *st)
{
	int code;

	if (!st)
		return -EIO;
	code = sqlite3_step(st);
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
