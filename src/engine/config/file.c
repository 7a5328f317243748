// SPDX-License-Identifier: GPL-2.0-or-later
/* The owner's file is another one, or the one before again: whole and on the
 * disk in either case, whenever the power fails. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/config/config.h"
#include "engine/config/file.h"

#define PATH_SIZE CONFIG_BESIDE_MAX

static void beside(const char *path, const char *suffix, char ret[PATH_SIZE])
{
	(void)str_print(ret, PATH_SIZE, "%s%s", path, suffix);
}

void config_file_before(const char *path, char before[PATH_SIZE])
{
	beside(path, ".before", before);
}

int config_file_look(const char *path, struct config_file_seen *ret)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	*ret = (struct config_file_seen){.device = st.st_dev,
		.inode = st.st_ino,
		.size = st.st_size,
		.changed_ns = (int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec};
	return 0;
}

/* A rename is on the disk when its folder is. */
static int sync_folder(const char *path)
{
	char copy[PATH_SIZE];
	int fd, error = 0;

	(void)str_copy(copy, sizeof(copy), path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) && errno != EINVAL) /* file systems that know no better */
		error = -errno;
	close(fd);
	return error;
}

/* Readable by those who could read the other, and by nobody else. */
static int look_alike(int fd, const struct stat *like)
{
	struct stat st;

	if (fstat(fd, &st) || fchmod(fd, like->st_mode & 0777))
		return -errno;
	if (st.st_uid == like->st_uid && st.st_gid == like->st_gid)
		return 0;
	return fchown(fd, like->st_uid, like->st_gid) ? -errno : 0;
}

static int write_new(const char *path, const char *text, size_t len,
	const struct stat *like)
{
	char temporary[PATH_SIZE];
	int fd, error;

	beside(path, ".new", temporary);
	(void)unlink(temporary); /* of a write that was cut short */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	error = look_alike(fd, like);
	if (!error)
		error = fd_write_all(fd, text, len);
	if (!error && fsync(fd))
		error = -errno;
	close(fd);
	if (!error && rename(temporary, path))
		error = -errno;
	if (error)
		(void)unlink(temporary);
	return error ? error : sync_folder(path);
}

static int keep_before(const char *path, const struct stat *like)
{
	char before[PATH_SIZE], error[CONFIG_ERROR_MAX], *text;
	size_t len;
	int result = config_read(path, &text, &len, error);

	if (result)
		return result;
	config_file_before(path, before);
	result = write_new(before, text, len, like);
	free(text);
	return result;
}

int config_file_replace(const char *path, const char *text, size_t len, bool wait)
{
	char before[PATH_SIZE];
	struct stat st;
	int error;

	if (strlen(path) >= CONFIG_PATH_MAX)
		return -ENAMETOOLONG;
	if (stat(path, &st))
		return -errno;
	error = wait ? keep_before(path, &st) : 0;
	if (!error)
		error = write_new(path, text, len, &st);
	if (error && wait) {
		config_file_before(path, before);
		(void)unlink(before);
	}
	return error;
}

bool config_file_waits(const char *path)
{
	char before[PATH_SIZE];

	config_file_before(path, before);
	return access(before, F_OK) == 0;
}

int config_file_confirm(const char *path)
{
	char before[PATH_SIZE];

	config_file_before(path, before);
	return unlink(before) ? -errno : sync_folder(path);
}

int config_file_rollback(const char *path)
{
	char before[PATH_SIZE], kept[PATH_SIZE];

	config_file_before(path, before);
	beside(path, ".rolled-back", kept);
	(void)unlink(kept);
	(void)!link(path, kept); /* a courtesy; not every file system has it */
	return rename(before, path) ? -errno : sync_folder(path);
}
