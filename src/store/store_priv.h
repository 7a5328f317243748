// SPDX-License-Identifier: GPL-2.0-or-later
/* store internals: one prepared statement per verb, made at first use. */
#ifndef CARDEA_STORE_PRIV_H
#define CARDEA_STORE_PRIV_H

#include <sqlite3.h>
#include "store/store.h"

enum store_statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
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
	STORE_EVENT_AFTER,
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
	STORE_OVERLAY_TIME,
	STORE_OVERLAY_REMOVE,
	STORE_OVERLAY_ALL,
	STORE_UPDATE_HOST_SAVE,
	STORE_UPDATE_HOST_REMOVE,
	STORE_UPDATE_HOST_ALL,
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
	STORE_ISSUER_ROOM,
	STORE_ISSUER_SAVE,
	STORE_ISSUER_REMOVE,
	STORE_ISSUER_ALL,
	STORE_ADVISORY_SAVE,
	STORE_ADVISORY_REMOVE,
	STORE_ADVISORY_ALL,
	STORE_ADVISORY_SEEN_SAVE,
	STORE_ADVISORY_SEEN_ALL,
	STORE_ADVISORY_HELD_SAVE,
	STORE_ADVISORY_HELD_ALL,
	STORE_SHARED_ROOM,
	STORE_SHARED_SAVE,
	STORE_SHARED_REMOVE,
	STORE_SHARED_ALL,
	STORE_FIRMWARE_SAVE,
	STORE_FIRMWARE_ALL,
	STORE_LOG_HEAD,
	STORE_LOG_HEAD_SAVE,
	STORE_LOG_ADD,
	STORE_LOG_CUT,
	STORE_LOG_ALL,
	STORE_ATTEST_SAVE,
	STORE_ATTEST_ALL,
	STORE_ATTEST_KEY_ADD,
	STORE_ATTEST_KEY_REMOVE,
	STORE_ATTEST_KEY_ALL,
	STORE_LIFE_SAVE,
	STORE_LIFE_ALL,
	STORE_STEP_INSERT,
	STORE_STEP_TRIM,
	STORE_STEP_LIST,
	STORE_SAVEPOINT_LIFE,
	STORE_RELEASE_LIFE,
	STORE_ROLLBACK_TO_LIFE,
	STORE_CASE_OPEN,
	STORE_CASE_UPDATE,
	STORE_CASE_BUNDLE,
	STORE_CASE_ALL,
	STORE_CASE_ONE,
	STORE_CASE_TRIM,
	STORE_CASE_TRIM_OF,
	STORE_CASE_MOMENT_ADD,
	STORE_CASE_MOMENT_TRIM,
	STORE_CASE_MOMENTS,
	STORE_SECRET_SAVE,
	STORE_SECRET_FIND,
	STORE_PLAYBOOK_SAVE,
	STORE_PLAYBOOK_REMOVE,
	STORE_PLAYBOOK_ONE,
	STORE_VAULT_SAVE,
	STORE_VAULT_ALL,
	STORE_VAULT_REMOVE,
	STORE_VAULT_BYTES,
	STORE_CHANGE_ADD,
	STORE_CHANGE_TRIM,
	STORE_CHANGE_FADE,
	STORE_CHANGE_UNDONE,
	STORE_CHANGE_WAY,
	STORE_CHANGE_LIST,
	STORE_CHANGE_ONE,
	STORE_CHANGE_OF,
	STORE_CHANGE_LATER,
	STORE_USER_ROOM,
	STORE_USER_SAVE,
	STORE_USER_REMOVE,
	STORE_USER_ALL,
	STORE_SESSION_ADD,
	STORE_SESSION_TRIM,
	STORE_SESSION_ONE,
	STORE_SESSION_USED,
	STORE_SESSION_REMOVE,
	STORE_SESSION_REMOVE_OF,
	STORE_SESSION_PRUNE,
	STORE_TOKEN_ROOM,
	STORE_TOKEN_ADD,
	STORE_TOKEN_REMOVE,
	STORE_TOKEN_REMOVE_BY,
	STORE_TOKEN_USED,
	STORE_TOKEN_ALL,
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
/* For a few calls; the caller finalizes it. NULL when the database refuses. */
sqlite3_stmt *store_prepare(struct store *s, const char *text);
/* Runs a writing statement inside the open transaction. */
int store_write(struct store *s, sqlite3_stmt *st) CARDEA_MUSTCHECK;
int store_error(int sqlite_code);
/* SQLite's own code; SQLITE_ROW: it looked, and *ret_sound is what it found. */
int store_quick_check(sqlite3 *db, bool *ret_sound);
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
/* What a room knows of a device, in the room's own form: saves it (parameters: device, state;
 * CARDEA_EMALFORMED when it is none, or longer than most), and gives all of them back. */
int store_state_save(struct store *s, enum store_statement which, device_id device,
	const void *state, size_t len, size_t most) CARDEA_MUSTCHECK;
int store_states(struct store *s, enum store_statement which, size_t most,
	int (*each)(void *, device_id, const void *, size_t), void *ctx) CARDEA_MUSTCHECK;

#endif
