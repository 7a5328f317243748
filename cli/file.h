// SPDX-License-Identifier: GPL-2.0-or-later
/* file - MUD files for the commands that need no daemon. */
#ifndef CARDEA_CLI_FILE_H
#define CARDEA_CLI_FILE_H

#include "base/pool.h"
#include "cli/cli.h"
#include "profiles/mud/mud.h"

struct file_mud {
	struct pool *pool;
	char *bytes;
	size_t len;
	struct mud_lint lint;
};

/* Opens a file for reading, "-" is stdin; -1 after saying why not. */
int file_open(const char *path);
/* Reads a MUD file, one byte more than is allowed. Wants file_mud_free in any case. */
enum cli_exit file_mud_bytes(const char *path, struct file_mud *ret);
/* Reads and lints a MUD file. Wants file_mud_free in any case. */
enum cli_exit file_mud_read(const char *path, struct file_mud *ret);
/* The same, for those who want to use it: says on stderr when it was repaired or why it
 * cannot be used (CLI_NO). */
enum cli_exit file_mud_use(struct cli *c, const char *path, struct file_mud *ret);
void file_mud_free(struct file_mud *f);
/* On stdout, as a drawing. */
enum cli_exit mud_svg_print(const struct profile *p);

/* The value of --out: says so when it is missing, or when standard output has another
 * use. */
enum cli_exit file_out(const struct cli *c, const char **ret_path);
/* Writes all of it or nothing; "-" is stdout. Says why not. */
enum cli_exit file_write(const char *path, const void *bytes, size_t len);
/* fresh becomes path, which must not be there: -EEXIST. Also where there are no hard links
 * (USB sticks). */
int file_name_new(const char *fresh, const char *path);
/* The same as file_write, but never over a file that is there: CLI_CONFLICT. */
enum cli_exit file_write_fresh(const char *path, const void *bytes, size_t len);

#endif
