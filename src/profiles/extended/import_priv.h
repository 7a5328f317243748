// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the importer share. */
#ifndef CARDEA_PROFILES_EXTENDED_IMPORT_PRIV_H
#define CARDEA_PROFILES_EXTENDED_IMPORT_PRIV_H

#include "profiles/extended/extended_priv.h"

#define IMPORT_FILES 16	   /* one file includes those of the devices it talks to: 3 */
#define IMPORT_DEPTH 8	   /* of what is included by what is included; published: 2 */
#define IMPORT_PATH 256	   /* below the root */
#define IMPORT_PATH_PARTS 16

struct import_file {
	const char *path; /* below the root, normal */
	struct tree *root;
	const char *label; /* of its device: a role's name, "self" for the first file */
};

struct importer {
	struct reader r;
	int root_fd;
	uint32_t file_count;
	struct import_file files[IMPORT_FILES];
	struct extended_binding *binding;
};

/* import_include.c */
/* The bytes of one file as a tree, its device as a role. False after a note. */
bool import_file(struct importer *im, const void *bytes, size_t len, const char *path,
	struct import_file **ret);
/* In place of each !include below t stands what it names. */
void import_includes(struct importer *im, struct import_file *file, struct tree *t,
	unsigned depth);
/* "a/b" and "../c/d" is "c/d"; false when it leaves the root. */
bool import_path(const char *base, const char *reference, char ret[IMPORT_PATH]);

/* import_policy.c */
/* A published policy rewritten as ours; false after a note when it cannot be. */
bool import_policy(struct importer *im, struct tree *t, struct extended_policy *ret);

/* import_meaning.c */
/* The steps of one interaction, when all are there: what their order means. */
void import_meaning(struct importer *im, struct extended_node **steps, uint32_t count);

/* import.c */
/* A role for an address or MAC, made when there is none yet. */
const char *import_host(struct importer *im, const struct tree *at, const struct addr *a,
	const struct mac *m);
/* The role with that name, which is made when there is none. */
struct extended_party *import_role(struct importer *im, const char *name,
	enum extended_role_kind kind, const char *type);

#endif
