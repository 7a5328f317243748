// SPDX-License-Identifier: GPL-2.0-or-later
/* store internals: one prepared statement per verb, made at first use. */
#ifndef CARDEA_STORE_PRIV_H
#define CARDEA_STORE_PRIV_H

#include <sqlite3.h>
#include "store/store.h"

enum store_statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_DEVICE_SAVE,
	STORE_DEVICE_ALL,
	STORE_DEVICE_REMOVE,
	STORE_DEVICE_LAST,
	STORE_BINDING_FORGET,
	STORE_BINDING_TRIM,
	STORE_SAVEPOINT,
	STORE_RELEASE,
	STORE_ROLLBACK_TO,
	STORE_ADDR_CLEAR,
	STORE_ADDR_SAVE,
	STORE_ADDR_ALL,
	STORE_PROFILE_CLEAR,
	STORE_PROFILE_SAVE,
	STORE_PROFILE_ALL,
	STORE_PART_SAVE,
	STORE_PART_ALL,
	STORE_EVENT_INSERT,
	STORE_EVENT_UPDATE,
	STORE_EVENT_TRIM,
	STORE_EVENT_LIST,
	STORE_EVENT_ONE,
	STORE_BINDING_SAVE,
	STORE_BINDING_ALL,
	STORE_BINDING_PRUNE,
	STORE_STATEMENT_MAX,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STORE_STATEMENT_MAX];
	uint32_t inserted; /* events since the last trim */
	uint32_t told;	   /* bindings since the last trim */
};

/* Reset and ready to bind; NULL when the database refuses. */
sqlite3_stmt *store_statement(struct store *s, enum store_statement which);
/* Runs a writing statement inside the open transaction. */
int store_write(struct store *s, sqlite3_stmt *st) CARDEA_MUSTCHECK;
int store_error(int sqlite_code);
int store_migrate(sqlite3 *db) CARDEA_MUSTCHECK;

void store_bind_addr(sqlite3_stmt *st, int index, const struct addr *a);
struct addr store_column_addr(sqlite3_stmt *st, int index);
void store_column_text(sqlite3_stmt *st, int index, char *dst, size_t size);

#endif
