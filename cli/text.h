// SPDX-License-Identifier: GPL-2.0-or-later
/* text - what people read: names that devices chose made harmless, tables, times. */
#ifndef CARDEA_CLI_TEXT_H
#define CARDEA_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/clock.h"

enum text_style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_WARN
};

/* Call first: the character tables, and whether stdout takes colour. */
void text_init(bool color);
/* Letters of any script stay; what could move the cursor, hide or reorder text becomes
 * \u{...}, bytes that are no UTF-8 become \xNN. A clean text is returned as it is; else
 * the result lives until the program ends. */
const char *text_clean(const char *utf8);
bool text_is_clean(const char *utf8);
/* For a shell, in quotes where needed; NULL when it is not clean. */
const char *text_quote(const char *utf8);
/* Columns that a clean text takes. */
size_t text_width(const char *clean);
/* Escape sequences for stdout, or "". */
const char *text_on(enum text_style s);
const char *text_off(enum text_style s);

/* RFC 3339 in UTC; false when it is none. */
bool text_time(const char *rfc3339, nstime *ret);
/* "2 minutes ago", "in 3 hours", "never" for an empty text. */
const char *text_ago(const char *rfc3339);

#define TABLE_COLUMNS_MAX 8

struct table_cell {
	const char *text; /* clean */
	enum text_style style;
};

struct table {
	const char *headers[TABLE_COLUMNS_MAX]; /* ">WORD": aligned to the right */
	unsigned columns;
	struct table_cell *cells;
	size_t count, room;
};

void table_init(struct table *t, const char *const *headers, unsigned columns);
/* The next cell; text must be clean, and is copied. */
void table_cell(struct table *t, enum text_style style, const char *text);
void table_number(struct table *t, long long n);
void table_print(struct table *t, FILE *out);

#endif
