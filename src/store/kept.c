// SPDX-License-Identifier: GPL-2.0-or-later
/* The house that a restore replaces is kept beside the database, as a backup with all that
 * was recorded, so that a wrong one can be taken back. There are places for a few; the
 * oldest makes room. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "store/backup_priv.h"

static int place_path(struct store *s, unsigned place, char ret[BACKUP_PATH_MAX])
{
	char name[24];
	int error = str_print(name, sizeof(name), "kept-%u.db", place);

	return error ? error : backup_path(s, name, ret);
}

static int read_about(sqlite3 *db, struct backup_about *ret)
{
	char *made = NULL, *version = NULL;
	size_t len = 0;
	int error = backup_note_read(db, "main", "made", &made, &len);

	if (!error && str_to_i64(made, 0, INT64_MAX, &ret->made))
		error = CARDEA_EMALFORMED;
	if (!error)
		error = backup_note_read(db, "main", "version", &version, &len);
	if (!error && !str_copy(ret->version, sizeof(ret->version), version))
		error = CARDEA_EMALFORMED;
	if (!error)
		error = backup_count(db, &ret->counts);
	free(made);
	free(version);
	return error;
}

/* -ENOENT: nothing that can be brought back is there. */
static int look(struct store *s, unsigned place, struct backup_about *ret)
{
	struct backup_about about = {0};
	char path[BACKUP_PATH_MAX];
	sqlite3 *db = NULL;
	int error = place_path(s, place, path);

	if (!error)
		error = store_error(sqlite3_open_v2(
			path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	if (!error)
		error = read_about(db, &about);
	sqlite3_close(db);
	if (error)
		return -ENOENT;
	*ret = about;
	return 0;
}

/* An empty place, or that of the oldest. */
static unsigned choose_place(struct store *s)
{
	nstime oldest = INT64_MAX;
	unsigned best = 0;

	for (unsigned i = 0; i < STORE_KEPT_MAX; i++) {
		struct backup_about about;

		if (look(s, i, &about))
			return i;
		if (about.made < oldest) {
			oldest = about.made;
			best = i;
		}
	}
	return best;
}

int store_keep(struct store *s, struct backup_about *about, const char *settings, size_t len)
{
	char part[BACKUP_PATH_MAX], path[BACKUP_PATH_MAX];
	sqlite3 *db = NULL;
	int error = store_commit(s);

	if (!error)
		error = backup_path(s, "kept.part", part);
	if (!error)
		error = place_path(s, choose_place(s), path);
	if (!error)
		error = backup_create(part, &db);
	if (error)
		return error;
	error = backup_fill(s, db, about, settings, len, true);
	sqlite3_close(db);
	if (!error)
		error = backup_sync(part, O_RDWR);
	if (!error && rename(part, path))
		error = -errno;
	if (!error)
		return backup_sync_folder(path);
	(void)unlink(part);
	return error;
}

static int newest_first(const void *a, const void *b)
{
	const struct backup_about *x = a, *y = b;

	return x->made < y->made ? 1 : x->made > y->made ? -1 : 0;
}

size_t store_kept(struct store *s, struct backup_about ret[STORE_KEPT_MAX])
{
	size_t count = 0;

	for (unsigned i = 0; i < STORE_KEPT_MAX; i++)
		if (look(s, i, &ret[count]) == 0)
			count++;
	qsort(ret, count, sizeof(*ret), newest_first);
	return count;
}

int store_kept_open(struct store *s, nstime made, int *ret_fd)
{
	char path[BACKUP_PATH_MAX];
	struct backup_about about;

	for (unsigned i = 0; i < STORE_KEPT_MAX; i++) {
		int fd, error;

		if (look(s, i, &about) || about.made != made)
			continue;
		error = place_path(s, i, path);
		if (error)
			return error;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return -errno;
		*ret_fd = fd;
		return 0;
	}
	return -ENOENT;
}
