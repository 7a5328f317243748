// SPDX-License-Identifier: GPL-2.0-or-later
/* Certificates between the moment when a device shows one and the moment when it has
 * proven that it has the key. Everybody can show everybody's certificate: the first
 * hook of a RADIUS server comes too early, and the second no longer has the file. */
#include "base/fd.h"
#include "proc/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"

#define NAME_BYTES 64

/* 256 places, so that whoever invents MACs cannot fill the disk. Two devices that take
 * the same place in the same second disturb each other, and are told so. */
static void place(const struct mac *mac, const char *suffix, char name[NAME_BYTES])
{
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(mac->b); i++)
		sum ^= mac->b[i];
	(void)str_print(name, NAME_BYTES, "device-%02x%s", sum, suffix);
}

/* Who may write there says what a device is, for of a waiting certificate only serial
 * number and issuer are compared with the proven one. */
static int open_dir(const char *dir, int *ret_fd)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		error = -errno;
	else if (st.st_mode & (S_IWGRP | S_IWOTH) ||
		 (st.st_uid && geteuid() && st.st_uid != geteuid()))
		error = -EPERM;
	if (error)
		close(fd);
	else
		*ret_fd = fd;
	return error;
}

static int read_at(int dir, const char *path, int flags, char *buf, size_t *ret_len)
{
	int fd = openat(dir, path, flags | O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;
	int error = 0;

	if (fd < 0 || fstat(fd, &st))
		error = -errno;
	else if (!S_ISREG(st.st_mode))
		error = -EINVAL;
	else if (st.st_size > IDENTITY_FILE_MAX)
		error = CARDEA_ELIMIT;
	while (!error && n && len < IDENTITY_FILE_MAX) {
		n = read(fd, buf + len, IDENTITY_FILE_MAX - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			error = -errno;
	}
	if (fd >= 0)
		close(fd);
	if (!error)
		*ret_len = len;
	return error;
}

int identity_held_read(const char *path, char *buf, size_t *ret_len)
{
	return read_at(AT_FDCWD, path, 0, buf, ret_len);
}

/* One of ours that was killed may have left its half behind. */
static int create(int dir, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir, name, flags, 0600);

	if (fd < 0 && errno == EEXIST && !unlinkat(dir, name, 0))
		fd = openat(dir, name, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* A reader sees the old one or the new one, never half of it. */
static int put_at(int dir, const struct mac *mac, const void *bytes, size_t len)
{
	char name[NAME_BYTES], fresh[NAME_BYTES], suffix[32];
	int fd, error;

	(void)str_print(suffix, sizeof(suffix), ".new-%ld", (long)getpid());
	place(mac, "", name);
	place(mac, suffix, fresh);
	fd = create(dir, fresh);
	if (fd < 0)
		return fd;
	error = fd_write_all(fd, bytes, len);
	if (close(fd) && !error)
		error = -errno;
	if (!error && renameat(dir, fresh, dir, name))
		error = -errno;
	if (error)
		unlinkat(dir, fresh, 0);
	return error;
}

int identity_held_put(const char *dir, const struct mac *mac, const void *bytes,
	size_t len)
{
	int fd = -1, error = open_dir(dir, &fd);

	if (error)
		return error;
	error = put_at(fd, mac, bytes, len);
	close(fd);
	return error;
}

int identity_held_get(const char *dir, const struct mac *mac, char *buf,
	size_t *ret_len)
{
	char name[NAME_BYTES];
	int fd = -1, error = open_dir(dir, &fd);

	if (error)
		return error;
	place(mac, "", name);
	error = read_at(fd, name, O_NOFOLLOW, buf, ret_len);
	close(fd);
	return error;
}
