// SPDX-License-Identifier: GPL-2.0-or-later
/* tree - a YAML document as nodes with their places, bounded in depth and size. */
#ifndef CARDEA_PROFILES_EXTENDED_TREE_H
#define CARDEA_PROFILES_EXTENDED_TREE_H

#include "profiles/extended/extended.h"

#define TREE_DEPTH 16	   /* the schema nests 11 deep: a loop in a choice in a loop */
#define TREE_NODES 50000   /* aliases count as often as they are used */
#define TREE_SCALAR 4096   /* one text; the longest published one has 140 octets */
#define TREE_ANCHORS 256

enum tree_kind { TREE_NULL, TREE_SCALAR_TEXT, TREE_MAP, TREE_LIST };

struct tree {
	enum tree_kind kind;
	const char *key; /* in a map */
	uint32_t key_line, key_column;
	const char *text; /* of a scalar; "" for null */
	const char *tag;  /* "!include", or NULL */
	bool quoted;
	const char *file; /* NULL: the first one */
	uint32_t line, column;
	uint32_t count;
	struct tree *child, *last, *next;
};

#define TREE_ALIASES 1u /* anchors, aliases, merge keys; else they are refused */
#define TREE_TAGS 2u	/* tags are kept; else they are refused */
#define TREE_LENIENT 4u /* a key that comes twice is a note, not an error */

/* 0 and the root; or CARDEA_EMALFORMED or CARDEA_ELIMIT with an error in notes, or
 * -ENOMEM. count is what is left of TREE_NODES and goes down. */
int tree_read(const void *bytes, size_t len, const char *file, unsigned flags,
	struct pool *pool, uint32_t *nodes_left, struct extended_notes *notes,
	struct tree **ret_root) CARDEA_MUSTCHECK;
struct tree *tree_find(const struct tree *map, const char *key);
/* A deep copy, of which parts may be changed. NULL: short of memory or of nodes. */
struct tree *tree_copy(const struct tree *t, struct pool *pool, uint32_t *nodes_left);
void tree_append(struct tree *parent, struct tree *child);

#endif
