// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices are configured with, sealed (engine/vault.h has the key's use), and the file
 * that holds the key: beside the database, so that neither is enough without the other. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "store/backup_priv.h"

#define PATH_MAX_HERE 600

static int key_path(struct store *s, const char *suffix, char ret[PATH_MAX_HERE])
{
	const char *db = sqlite3_db_filename(s->db, "main");
	const char *slash = db ? strrchr(db, '/') : NULL;

	if (!slash)
		return -ENOENT;
	return str_print(ret, PATH_MAX_HERE, "%.*s/vault.key%s", (int)(slash - db), db,
		suffix);
}

static int read_key(const char *path, uint8_t ret[STORE_VAULT_KEY])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t key[STORE_VAULT_KEY + 1];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, key, sizeof(key));
	if (fstat(fd, &st) || (st.st_mode & 077))
		n = -1; /* others may have read it */
	close(fd);
	if (n != STORE_VAULT_KEY)
		return CARDEA_EMALFORMED;
	memcpy(ret, key, STORE_VAULT_KEY);
	explicit_bzero(key, sizeof(key));
	return 0;
}

/* Whole under its name, or not there. */
int store_vault_key_write(const char *path, const char *fresh,
	const uint8_t key[STORE_VAULT_KEY])
{
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, key, STORE_VAULT_KEY) != STORE_VAULT_KEY || fsync(fd))
		error = errno ? -errno : -EIO;
	if (close(fd) && !error)
		error = -errno;
	if (!error && rename(fresh, path))
		error = -errno;
	if (error)
		(void)unlink(fresh);
	return error;
}

int store_vault_key(struct store *s, bool make, uint8_t ret[STORE_VAULT_KEY])
{
	char path[PATH_MAX_HERE], fresh[PATH_MAX_HERE];
	int error = key_path(s, "", path);

	if (!error)
		error = key_path(s, ".new", fresh);
	if (!error)
		error = read_key(path, ret);
	if (error != -ENOENT || !make)
		return error;
	if (getrandom(ret, STORE_VAULT_KEY, 0) != STORE_VAULT_KEY)
		return -EIO;
	return store_vault_key_write(path, fresh, ret);
}

/* ---- versions ---- */

int store_vault_save(struct store *s, const struct store_vault *v)
{
	sqlite3_stmt *st = store_statement(s, STORE_VAULT_SAVE);

	if (!st)
		return -EIO;
	store_bind_device(st, 1, v->device);
	sqlite3_bind_int64(st, 2, v->version);
	sqlite3_bind_int64(st, 3, v->at);
	store_bind_text(st, 4, v->name);
	sqlite3_bind_int64(st, 5, v->bytes);
	sqlite3_bind_blob(st, 6, v->sha256, sizeof(v->sha256), SQLITE_TRANSIENT);
	sqlite3_bind_blob(st, 7, v->nonce, sizeof(v->nonce), SQLITE_TRANSIENT);
	sqlite3_bind_blob64(st, 8, v->sealed, v->sealed_len, SQLITE_STATIC);
	return store_write(s, st);
}

static bool read_one(sqlite3_stmt *st, struct store_vault *v)
{
	memset(v, 0, sizeof(*v));
	v->device = (device_id)sqlite3_column_int64(st, 0);
	v->version = (uint32_t)sqlite3_column_int64(st, 1);
	v->at = sqlite3_column_int64(st, 2);
	store_column_text(st, 3, v->name, sizeof(v->name));
	v->bytes = (uint32_t)sqlite3_column_int64(st, 4);
	if (sqlite3_column_bytes(st, 5) != (int)sizeof(v->sha256) ||
		sqlite3_column_bytes(st, 6) != (int)sizeof(v->nonce))
		return false;
	memcpy(v->sha256, sqlite3_column_blob(st, 5), sizeof(v->sha256));
	memcpy(v->nonce, sqlite3_column_blob(st, 6), sizeof(v->nonce));
	v->sealed = sqlite3_column_blob(st, 7);
	v->sealed_len = (size_t)sqlite3_column_bytes(st, 7);
	return true;
}

int store_vaults(struct store *s, device_id device,
	int (*each)(void *, const struct store_vault *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_VAULT_ALL);
	int code = SQLITE_OK, error = 0;
	struct store_vault v;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_one(st, &v))
			error = each(ctx, &v);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_vault_remove(struct store *s, device_id device, uint32_t version)
{
	sqlite3_stmt *st = store_statement(s, STORE_VAULT_REMOVE);
	int error;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_int64(st, 2, version);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_vault_bytes(struct store *s, int64_t *ret)
{
	sqlite3_stmt *st = store_statement(s, STORE_VAULT_BYTES);

	return st ? store_count(st, ret) : -EIO;
}
