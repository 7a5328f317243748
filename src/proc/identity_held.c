// SPDX-License-Identifier: GPL-2.0-or-later
/* Certificates between the moment when a device shows one and the moment when it has
 * proven that it has the key. Everybody can show everybody's certificate: the first
 * hook of a RADIUS server comes too early, and the second no longer has the file. */
#include "proc/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"

#define PATH_BYTES 4096

/* 256 places, so that whoever invents MACs cannot fill the disk. Two devices that take
 * the same place in the same second disturb each other, and are told so. */
static int place(const char *dir, const struct mac *mac, const char *suffix,
	char path[PATH_BYTES])
{
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(mac->b); i++)
		sum ^= mac->b[i];
	return str_print(path, PATH_BYTES, "%s/device-%02x%s", dir, sum, suffix);
}

int identity_held_read(const char *path, char *buf, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
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

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A reader sees the old one or the new one, never half of it. */
int identity_held_put(const char *dir, const struct mac *mac, const void *bytes,
	size_t len)
{
	char path[PATH_BYTES], fresh[PATH_BYTES], suffix[32];
	int fd, error;

	(void)str_print(suffix, sizeof(suffix), ".new-%ld", (long)getpid());
	error = place(dir, mac, "", path);
	if (!error)
		error = place(dir, mac, suffix, fresh);
	if (error)
		return error;
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	error = write_all(fd, bytes, len);
	if (close(fd) && !error)
		error = -errno;
	if (!error && rename(fresh, path))
		error = -errno;
	if (error)
		unlink(fresh);
	return error;
}

int identity_held_get(const char *dir, const struct mac *mac, char *buf,
	size_t *ret_len)
{
	char path[PATH_BYTES];
	int error = place(dir, mac, "", path);

	return error ? error : identity_held_read(path, buf, ret_len);
}
