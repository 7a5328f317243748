// SPDX-License-Identifier: GPL-2.0-or-later
/* profile - extended profiles for the commands that need no daemon. */
#ifndef CARDEA_CLI_PROFILE_H
#define CARDEA_CLI_PROFILE_H

#include "base/pool.h"
#include "cli/cli.h"
#include "profiles/extended/extended.h"

#define PROFILE_JSON_MAX (8U << 20)

struct profile_file {
	const char *path;
	struct pool *pool;
	void *bytes;
	size_t len;
	enum extended_document document;
	struct extended_profile profile;
	struct extended_binding binding; /* of a binding, or of what was imported */
	struct extended_notes notes;
	int error; /* of reading what is in it */
};

/* Reads the bytes alone, one more than is allowed. Wants profile_free in any case. */
enum cli_exit profile_bytes(const char *path, struct profile_file *ret);
/* Reads a template, a binding, or a published profile, which includes only from below
 * root (NULL: nothing). CLI_FAILED when there are no bytes to read; what is in them is
 * in error and notes. Wants profile_free in any case. */
enum cli_exit profile_read(const char *path, const char *root, struct profile_file *ret);
/* The same; CLI_NO, and the findings on stderr, when it is not that or is wrong. */
enum cli_exit profile_want(const char *path, enum extended_document document,
	struct profile_file *ret);
/* A template, or what can be imported as one; and the notes when it cannot. */
enum cli_exit profile_use(const char *path, const char *root, struct profile_file *ret);
void profile_free(struct profile_file *f);
/* A profile that is in force, or would be (dry), as the gateway tells it. */
void profile_print_adopted(const struct cli *c, const json_t *o, bool dry);

#endif
