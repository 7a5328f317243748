// SPDX-License-Identifier: GPL-2.0-or-later
/* schema internals: one type of the language, read, checked, said in words. */
#ifndef CARDEA_ENGINE_API_SCHEMA_PRIV_H
#define CARDEA_ENGINE_API_SCHEMA_PRIV_H

#include "engine/api/schema.h"

#define SCHEMA_WORD_MAX 48
#define SCHEMA_NUMBER_MAX ((1LL << 53) - 1) /* all that JSON carries safely: RFC 8259 6 */

enum schema_kind {
	SCHEMA_WORD,
	SCHEMA_TEXT,
	SCHEMA_LINES,
	SCHEMA_HEX,
	SCHEMA_INT,
	SCHEMA_NUMBER,
	SCHEMA_BOOL,
	SCHEMA_TRUE,
	SCHEMA_FLAG,
	SCHEMA_NULL,
	SCHEMA_ANY,
	SCHEMA_DEVICE,
	SCHEMA_CLASS,
	SCHEMA_MAC,
	SCHEMA_TIME,
	SCHEMA_KIND_MAX, /* of those above each has a name */
	SCHEMA_LIST,
	SCHEMA_OBJECT,
};

/* One alternative of a type. */
struct schema_atom {
	enum schema_kind kind;
	char word[SCHEMA_WORD_MAX];
	int64_t min, max;
	const char *inside; /* of a list or object: what stands behind its bracket */
};

/* Reads one, moves *at behind it; false: it is none. */
bool schema_atom_read(const char **at, struct schema_atom *ret);
/* Moves *at behind a type; false: it is none. */
bool schema_type_skip(const char **at);
bool schema_forms_skip(const char **at);
/* "name?:"; moves *at to the type. */
bool schema_name_read(const char **at, char name[static SCHEMA_WORD_MAX], bool *ret_optional);
void schema_space_skip(const char **at);
bool schema_mark_take(const char **at, char mark);
/* "text of 1 to 63 bytes, or null" */
void schema_type_words(const char *type, struct str_text *t);
/* The value is such a one; is_kind: it is at least of that kind of JSON. Not for lists and
 * objects. query: the value is text that says it. */
bool schema_atom_fits(const struct schema_atom *a, const json_t *v, bool query,
	bool *ret_is_kind);
/* All classes of devices with | between. */
void schema_class_words(struct str_text *t);

#endif
