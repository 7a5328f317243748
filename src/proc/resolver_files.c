// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_files - copies into a folder that a process with fewer rights owns: nothing
 * that it may have put there is followed or kept open. */
#include "proc/resolver_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "proc/root_key.h" /* root.key, by the build */

/* Root hints have 3 KiB, anchors less. */
#define FILE_MAX_BYTES (64U << 10)
#define TEMPORARY "new"

struct text {
	char *bytes;
	size_t len;
};

/* The path from within, without its slash. */
static const char *in_folder(const char *path)
{
	return path + 1;
}

static int text_read_fd(int fd, struct text *ret)
{
	struct text t = {.bytes = malloc(FILE_MAX_BYTES)};
	ssize_t n = 0;

	if (!t.bytes)
		return -ENOMEM;
	do {
		t.len += (size_t)n;
		n = read(fd, t.bytes + t.len, FILE_MAX_BYTES - t.len);
	} while (n > 0);
	int e = n < 0 ? -errno : t.len == FILE_MAX_BYTES ? CARDEA_ELIMIT : 0;
	if (e)
		free(t.bytes);
	else
		*ret = t;
	return e;
}

static int text_read(int at, const char *path, int flags, struct text *ret)
{
	int fd = openat(at, path, O_RDONLY | O_CLOEXEC | flags);

	if (fd < 0)
		return -errno;
	int e = text_read_fd(fd, ret);
	close(fd);
	return e;
}

static int bytes_write(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

/* Whole or not at all; the group may read and write it. */
static int text_write(int at, const char *name, const struct text *t)
{
	unlinkat(at, TEMPORARY, 0);
	int fd = openat(at, TEMPORARY,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int e = bytes_write(fd, t->bytes, t->len);
	if (!e && fchmod(fd, 0660)) /* whatever the umask is */
		e = -errno;
	close(fd);
	if (!e && renameat(at, TEMPORARY, at, name))
		e = -errno;
	return e;
}

static int folder_open(const char *folder)
{
	int at = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (at < 0)
		log_error("files", "no folder %s: %s", folder ? folder : "is set",
			strerror(folder ? errno : ENOENT));
	return at;
}

/* name: the path from within. */
static int install(const char *folder, const char *name, const struct text *t)
{
	int at = folder_open(folder);

	if (at < 0)
		return -ENOENT;
	int e = text_write(at, in_folder(name), t);
	close(at);
	if (e)
		log_error("files", "%s%s was not written: %s", folder, name, error_text(e));
	return e;
}

static int install_file(
	const char *folder, const char *name, const char *from)
{
	struct text t;
	int e = text_read(AT_FDCWD, from, 0, &t);

	if (e) {
		log_error("files", "%s cannot be read: %s; see [dns] of the settings",
			from, error_text(e));
		return e;
	}
	e = install(folder, name, &t);
	free(t.bytes);
	return e;
}

int resolver_files_hints(const char *folder, const char *from)
{
	return install_file(folder, RESOLVER_FILE_HINTS, from);
}

/* Whether the folder's anchor grew from this text. */
static bool anchor_grew_from(const char *folder, const struct text *from)
{
	struct text before;
	int at = folder_open(folder);

	if (at < 0)
		return false;
	bool same = !faccessat(at, in_folder(RESOLVER_FILE_ANCHOR), F_OK,
			    AT_SYMLINK_NOFOLLOW) &&
		    !text_read(at, in_folder(RESOLVER_FILE_ANCHOR_FROM), O_NOFOLLOW,
			    &before);
	close(at);
	if (!same)
		return false;
	same = before.len == from->len && !memcmp(before.bytes, from->bytes, from->len);
	free(before.bytes);
	return same;
}

static int anchor_install(const char *folder, const struct text *from)
{
	if (anchor_grew_from(folder, from))
		return 0;
	int e = install(folder, RESOLVER_FILE_ANCHOR, from);
	return e ? e : install(folder, RESOLVER_FILE_ANCHOR_FROM, from);
}

int resolver_files_anchor(const char *folder, const char *from)
{
	struct text t = {.len = strlen(root_key)};
	int e = 0;

	if (from[0])
		e = text_read(AT_FDCWD, from, 0, &t);
	else if (!(t.bytes = strdup(root_key)))
		e = -ENOMEM;
	if (e) {
		log_error("files", "dns.trust_anchor %s cannot be read: %s", from,
			error_text(e));
		return e;
	}
	e = anchor_install(folder, &t);
	free(t.bytes);
	return e;
}

int resolver_files_anchor_reset(void)
{
	struct text t;
	int at = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (at < 0)
		return -errno;
	int e = text_read(at, in_folder(RESOLVER_FILE_ANCHOR_FROM), O_NOFOLLOW, &t);
	if (!e) {
		e = text_write(at, in_folder(RESOLVER_FILE_ANCHOR), &t);
		free(t.bytes);
	}
	close(at);
	if (e)
		log_error("files", "the trust anchor cannot be begun anew: %s", error_text(e));
	else
		log_warn("files", "the trust anchor was not readable and begins anew");
	return e;
}
