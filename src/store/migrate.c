// SPDX-License-Identifier: GPL-2.0-or-later
/* The schema's versions. Each entry brings a database from its index to index + 1; an
 * entry that shipped is never edited. */
#include "store/store_priv.h"

static const char *const migrations[] = {
	/* 0 -> 1 */
	"CREATE TABLE device("
	" id INTEGER PRIMARY KEY, mac BLOB NOT NULL UNIQUE, state INTEGER NOT NULL,"
	" name TEXT NOT NULL, named_by_owner INTEGER NOT NULL, hostname TEXT NOT NULL,"
	" vendor_class TEXT NOT NULL, mud_url TEXT NOT NULL, problem TEXT NOT NULL,"
	" first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL) STRICT;"
	"CREATE TABLE device_addr("
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" addr BLOB NOT NULL, source INTEGER NOT NULL, expires INTEGER NOT NULL,"
	" PRIMARY KEY(device, addr)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE profile("
	" url TEXT PRIMARY KEY, head BLOB NOT NULL, fetched INTEGER NOT NULL) STRICT;"
	/* Rules and notes in their wire form (model/messages.def keeps it stable). */
	"CREATE TABLE profile_part("
	" url TEXT NOT NULL REFERENCES profile(url) ON DELETE CASCADE,"
	" position INTEGER NOT NULL, message BLOB NOT NULL,"
	" PRIMARY KEY(url, position)) STRICT;"
	"CREATE TABLE event("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, device INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" reason INTEGER NOT NULL, direction INTEGER NOT NULL, device_addr BLOB,"
	" peer_addr BLOB, proto INTEGER NOT NULL, device_port INTEGER NOT NULL,"
	" peer_port INTEGER NOT NULL, icmp INTEGER NOT NULL, name TEXT NOT NULL,"
	" packets INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"
	"CREATE INDEX event_device ON event(device, id);"
	"CREATE TABLE binding("
	" device INTEGER NOT NULL, name TEXT NOT NULL, addr BLOB NOT NULL,"
	" expires INTEGER NOT NULL, PRIMARY KEY(device, name, addr))"
	" STRICT, WITHOUT ROWID;",
};

#define SCHEMA_VERSION ((int)(sizeof(migrations) / sizeof(migrations[0])))

static int user_version(sqlite3 *db, int *ret)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		*ret = sqlite3_column_int(st, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return store_error(code);
}

static int migrate_one(sqlite3 *db, int from)
{
	char *text = sqlite3_mprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;",
		migrations[from], from + 1);
	int code = text ? sqlite3_exec(db, text, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(text);
	if (code != SQLITE_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return store_error(code);
}

int store_migrate(sqlite3 *db)
{
	int version = 0, error = user_version(db, &version);

	if (!error && version > SCHEMA_VERSION)
		return CARDEA_ESTALE; /* written by a younger Cardea: hands off */
	for (; !error && version < SCHEMA_VERSION; version++)
		error = migrate_one(db, version);
	return error;
}

int store_schema_version(struct store *s)
{
	int version = 0, error = user_version(s->db, &version);

	return error ? error : version;
}
