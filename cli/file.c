// SPDX-License-Identifier: GPL-2.0-or-later
/* file - how the verbs that need no daemon write their files: all of it or nothing. */
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "cli/text.h"

enum cli_exit file_out(const struct cli *c, const char **ret_path)
{
	const char *path = args_flag(c, "out");

	if (!path || !*path) {
		cli_complain(c->command->example,
			"%s %s: where to? --out FILE is missing", c->command->noun,
			c->command->verb);
		return CLI_USAGE;
	}
	if (c->json && strcmp(path, "-") == 0) {
		cli_complain("give --out a file, or leave out --json",
			"--json and --out - both want standard output");
		return CLI_USAGE;
	}
	*ret_path = path;
	return CLI_OK;
}

static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

int file_name_new(const char *fresh, const char *path)
{
	/* musl has no function for it */
	if (!syscall(SYS_renameat2, AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS) /* not known here: hard links may be */
		return -errno;
	if (link(fresh, path) < 0)
		return -errno;
	(void)unlink(fresh);
	return 0;
}

/* A new file beside the old one takes its place at the end, so that a full disk costs
 * nothing that was there. Fresh only: there must be no old one. */
static int replace(const char *path, const void *bytes, size_t len, bool fresh_only)
{
	size_t size = strlen(path) + sizeof ".XXXXXX";
	char *fresh = cli_take(size);
	mode_t mask = umask(0);
	int fd, error;

	umask(mask);
	(void)str_print(fresh, size, "%s.XXXXXX", path);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fd_write_all(fd, bytes, len);
	if (!error && fchmod(fd, 0666 & ~mask) < 0)
		error = -errno;
	if (close(fd) < 0 && !error)
		error = -errno;
	if (!error && fresh_only)
		error = file_name_new(fresh, path);
	else if (!error && rename(fresh, path) < 0)
		error = -errno;
	if (error)
		unlink(fresh);
	return error;
}

/* A device or a pipe cannot be replaced. */
static int write_special(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), error;

	if (fd < 0)
		return -errno;
	error = fd_write_all(fd, bytes, len);
	close(fd);
	return error;
}

enum cli_exit file_write(const char *path, const void *bytes, size_t len)
{
	int error;

	if (strcmp(path, "-") == 0)
		error = fd_write_all(STDOUT_FILENO, bytes, len);
	else if (is_special(path))
		error = write_special(path, bytes, len);
	else
		error = replace(path, bytes, len, false);
	if (!error)
		return CLI_OK;
	cli_complain("choose another place with --out", "%s: cannot be written: %s",
		text_clean(path), strerror(-error));
	return CLI_FAILED;
}

enum cli_exit file_write_fresh(const char *path, const void *bytes, size_t len)
{
	int error = replace(path, bytes, len, true);

	if (!error)
		return CLI_OK;
	if (error == -EEXIST) {
		cli_complain("remove it, or choose another place", "%s: exists already",
			text_clean(path));
		return CLI_CONFLICT;
	}
	cli_complain("choose another place with --out", "%s: cannot be written: %s",
		text_clean(path), strerror(-error));
	return CLI_FAILED;
}
