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
	STORE_PROFILE_TOUCH,
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
	STORE_PIN_ROOM,
	STORE_PIN_SAVE,
	STORE_PIN_FIND,
	STORE_PIN_ALL,
	STORE_PIN_REMOVE,
	STORE_URL_SAVE,
	STORE_URL_TRIM,
	STORE_URL_ALL,
	STORE_HASH_SAVE,
	STORE_HASH_TRIM,
	STORE_HASH_FIND,
	STORE_DECISION_INSERT,
	STORE_DECISION_UPDATE,
	STORE_DECISION_REMOVE,
	STORE_DECISION_TRIM_OPEN,
	STORE_DECISION_TRIM_ANSWERED,
	STORE_DECISION_ALL,
	STORE_DECISION_OF,
	STORE_DECISION_ONE,
	STORE_CONTROLLER_ROOM,
	STORE_CONTROLLER_SAVE,
	STORE_CONTROLLER_REMOVE,
	STORE_CONTROLLER_ALL,
	STORE_OVERLAY_ROOM,
	STORE_OVERLAY_SAVE,
	STORE_OVERLAY_REMOVE,
	STORE_OVERLAY_ALL,
	STORE_ADOPTED_SAVE,
	STORE_ADOPTED_REMOVE,
	STORE_ADOPTED_ALL,
	STORE_ADOPTED_OF,
	STORE_PROBE_SAVE,
	STORE_PROBE_REMOVE,
	STORE_PROBE_ALL,
	STORE_MAINTAINED_SAVE,
	STORE_MAINTAINED_REMOVE,
	STORE_MAINTAINED_ALL,
	STORE_HIT_SAVE,
	STORE_HIT_TRIM,
	STORE_HIT_ALL,
	STORE_HIT_REMOVE,
	STORE_LEARNER_SAVE,
	STORE_LEARNER_LOAD,
	STORE_LEARNER_ASIDE,
	STORE_LEARNER_OFF,
	STORE_LEARNER_ON,
	STORE_LEARNER_OFF_ALL,
	STORE_STATEMENT_MAX,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STORE_STATEMENT_MAX];
	uint32_t inserted; /* events since the last trim */
	uint32_t told;	   /* bindings since the last trim */
	uint32_t hits;	   /* saved since the last trim */
};

/* Reset and ready to bind; NULL when the database refuses. */
sqlite3_stmt *store_statement(struct store *s, enum store_statement which);
/* Runs a writing statement inside the open transaction. */
int store_write(struct store *s, sqlite3_stmt *st) CARDEA_MUSTCHECK;
int store_error(int sqlite_code);
int store_migrate(sqlite3 *db) CARDEA_MUSTCHECK;

void store_bind_text(sqlite3_stmt *st, int index, const char *text);
void store_bind_addr(sqlite3_stmt *st, int index, const struct addr *a);
struct addr store_column_addr(sqlite3_stmt *st, int index);
void store_column_text(sqlite3_stmt *st, int index, char *dst, size_t size);
/* False when the number is none below max: an enum that this version does not know. */
bool store_column_enum(sqlite3_stmt *st, int index, unsigned max, unsigned *ret);
/* Devices: 0 is NULL, so that a reference to nobody refers to nobody. */
void store_bind_device(sqlite3_stmt *st, int index, device_id id);
/* The one number that a statement answers with; -ENOENT when it answers nothing. */
int store_count(sqlite3_stmt *st, int64_t *ret) CARDEA_MUSTCHECK;
/* store_write with the one parameter that most removals and trims have. */
int store_write_number(struct store *s, enum store_statement which, int64_t number)
	CARDEA_MUSTCHECK;

#endif
