// SPDX-License-Identifier: GPL-2.0-or-later
/* What the way out (backup.c) and the way in (restore.c) share. */
#ifndef CARDEA_STORE_BACKUP_PRIV_H
#define CARDEA_STORE_BACKUP_PRIV_H

#include "store/store_priv.h"

#define BACKUP_PATH_MAX 600
#define BACKUP_ID 1129464427 /* application_id: "CRdk" */
#define BACKUP_ID_TEXT "1129464427"
#define BACKUP_FIRST_SCHEMA 19 /* before it there were no backups */

/* A file beside the database. */
int backup_path(struct store *s, const char *name, char ret[BACKUP_PATH_MAX])
	CARDEA_MUSTCHECK;
/* As store_error; what a file by itself can bring about is that the file is malformed. */
int backup_error(int code);
/* A new, empty house. */
int backup_create(const char *path, sqlite3 **ret) CARDEA_MUSTCHECK;
/* The other one, as src. */
int backup_attach(sqlite3 *db, const char *path) CARDEA_MUSTCHECK;
/* From src to main. */
int backup_copy(sqlite3 *db, bool history) CARDEA_MUSTCHECK;
/* All of a house but what the list in backup.c leaves out, and what stands beside it. about
 * is filled. */
int backup_fill(struct store *s, sqlite3 *db, struct backup_about *about,
	const char *settings, size_t len, bool history) CARDEA_MUSTCHECK;
/* A note of main or src; *ret is the caller's. -ENOENT. */
int backup_note_read(sqlite3 *db, const char *schema, const char *name, char **ret,
	size_t *ret_len) CARDEA_MUSTCHECK;
int backup_sync(const char *path, int flags) CARDEA_MUSTCHECK;
/* That which path is in. */
int backup_sync_folder(const char *path) CARDEA_MUSTCHECK;
int backup_note(sqlite3 *db, const char *name, const void *bytes, size_t len)
	CARDEA_MUSTCHECK;
int backup_number(sqlite3 *db, const char *sql, int64_t *ret) CARDEA_MUSTCHECK;
int backup_count(sqlite3 *db, struct backup_counts *ret) CARDEA_MUSTCHECK;
/* restore.db becomes cardea.db of that folder, if there is one. */
int store_restore_take(const char *dir) CARDEA_MUSTCHECK;
/* vault.key beside path, whole or not at all. */
int store_vault_key_write(const char *path, const char *fresh,
	const uint8_t key[STORE_VAULT_KEY]) CARDEA_MUSTCHECK;

#endif
