// SPDX-License-Identifier: GPL-2.0-or-later
/* learn - what the files of cardea learn share. */
#ifndef CARDEA_CLI_LEARN_H
#define CARDEA_CLI_LEARN_H

#include "cli/cli.h"
#include "cli/file.h"
#include "engine/learn.h"
#include "policy/policy.h"

/* One device, on its way out. */
struct learn_item {
	const struct learn *learn; /* of whom profile is */
	struct learn_profile profile;
	struct learn_test test;
	bool tested;
	bool test_missing;   /* the other captures do not have it */
	struct file_mud mud; /* the profile's MUD file, read as anybody would */
	const char *mud_path, *evidence_path; /* NULL: not written */
	const char *template_path, *binding_path;
};

/* Reads back the MUD file that was made: it is strictly valid, or the item has none. */
enum cli_exit learn_check(struct learn_item *item);

/* Where the files of one device are, below the folder. */
struct learn_paths {
	const char *folder; /* NULL: nothing is written */
	size_t size;	    /* of each of */
	char *mud, *evidence, *template, *binding;
};
void learn_paths_init(struct learn_paths *p, const char *folder);
void learn_paths_set(
	struct learn_paths *p, const struct learn *l, const struct mac *device);
/* Nobody's file is in the way, or --force. */
enum cli_exit learn_may_write(const struct cli *c, const struct learn_paths *p);
enum cli_exit learn_write(const struct cli *c, const struct learn_item *item);
/* learn_extended.c: the extended profile beside them. */
enum cli_exit learn_extended_write(const struct cli *c, const struct learn *l,
	const struct learn_paths *p, struct learn_item *item);

/* A published profile, and what it says otherwise than what was learned. */
struct learn_against {
	const char *path;
	struct file_mud mud; /* of path; the access borrows from it */
	struct pool *pool;
	const struct policy_access *more, *less; /* done but not allowed; the reverse */
	size_t more_count, less_count;
};
/* CLI_NO when the device did more; *ret wants learn_against_free in any case. */
enum cli_exit learn_against(struct cli *c, const char *path,
	const struct learn_item *item, struct learn_against *ret);
void learn_against_free(struct learn_against *a);
json_t *learn_against_json(const struct learn_against *a, const struct learn_item *item);
void learn_against_text(const struct learn_against *a, const struct learn_item *item);

/* ---- learn_tell.c: the answer, device by device as they are ready ---- */

struct learn_tell {
	bool json;
	bool interactions; /* were looked for */
	json_t *captures;  /* the caller's */
	size_t count;	  /* devices told */
};
/* a: NULL without --against. */
enum cli_exit learn_tell(struct learn_tell *t, const struct learn_item *item,
	const struct learn_against *a);
/* After the last, also when there was none for an error: JSON is whole. */
enum cli_exit learn_tell_end(struct learn_tell *t);

#endif
