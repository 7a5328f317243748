// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea mud repair - a valid MUD file from one in the wild; and how the maker's verbs
 * write their files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"

#define JSON_MAX (4U << 20) /* MUD_LINT_NOTES findings of two texts each */

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

static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* A new file beside the old one takes its place at the end, so that a full disk costs
 * nothing that was there. */
static int replace(const char *path, const void *bytes, size_t len)
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
	error = write_all(fd, bytes, len);
	if (!error && fchmod(fd, 0666 & ~mask) < 0)
		error = -errno;
	if (close(fd) < 0 && !error)
		error = -errno;
	if (!error && rename(fresh, path) < 0)
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
	error = write_all(fd, bytes, len);
	close(fd);
	return error;
}

enum cli_exit file_write(const char *path, const void *bytes, size_t len)
{
	int error;

	if (strcmp(path, "-") == 0)
		error = write_all(STDOUT_FILENO, bytes, len);
	else if (is_special(path))
		error = write_special(path, bytes, len);
	else
		error = replace(path, bytes, len);
	if (!error)
		return CLI_OK;
	cli_complain("choose another place with --out", "%s: cannot be written: %s",
		text_clean(path), strerror(-error));
	return CLI_FAILED;
}

static enum cli_exit print_repair(
	const struct cli *c, const struct mud_repair *m, const char *out)
{
	struct jsonw j;
	enum cli_exit e;
	int error;

	if (!c->json)
		return mud_repair_text(m, c->args[0], stderr) ? CLI_FAILED : CLI_OK;
	jsonw_init_buffer(&j, JSON_MAX);
	error = mud_repair_json(m, c->args[0], out, &j);
	e = answer_print_jsonw(&j);
	return error ? CLI_FAILED : e;
}

enum cli_exit mud_file_repair(struct cli *c)
{
	struct mud_repair m = {0};
	struct file_mud f = {0};
	const char *out;
	enum cli_exit e = file_out(c, &out);
	int error = 0;

	if (e == CLI_OK)
		e = file_mud_bytes(c->args[0], &f);
	if (e == CLI_OK)
		error = mud_repair(f.bytes, f.len, f.pool, &m);
	if (error == -ENOMEM) {
		cli_complain(NULL, "%s: %s", text_clean(c->args[0]), error_text(error));
		e = CLI_FAILED;
	}
	if (e == CLI_OK && m.bytes)
		e = file_write(out, m.bytes, m.len);
	if (e == CLI_OK)
		e = print_repair(c, &m, out);
	if (e == CLI_OK && error)
		e = CLI_NO;
	free(m.bytes);
	file_mud_free(&f);
	return e;
}
