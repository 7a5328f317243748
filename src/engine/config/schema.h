// SPDX-License-Identifier: GPL-2.0-or-later
/* schema - the one table of settings, and what is known of each by it: how it stands in a
 * file, what it may be, and by what a change of it is carried out. */
#ifndef CARDEA_ENGINE_CONFIG_SCHEMA_H
#define CARDEA_ENGINE_CONFIG_SCHEMA_H

#include "engine/config/config.h"
#include "model/ids.h"

enum config_type { CONFIG_BOOL, CONFIG_INT, CONFIG_STRING, CONFIG_LIST };

/* Beside the bits 1 << ROLE_X of applies. */
#define CONFIG_BY_HAND 0x100 /* chooses what root runs and where: by an editor alone */
#define CONFIG_FILES 0x200   /* names files, which have to be there */
#define CONFIG_SECRET 0x400  /* a URL whose path is for the owner alone */

struct config_item {
	const char *section, *key;
	enum config_type type;
	size_t offset; /* in struct config */
	const char *fallback; /* as it would stand in the file */
	const char *help;
	int64_t min, max; /* CONFIG_INT */
	/* NULL, or why the value is not acceptable. */
	const char *(*check)(const char *value);
	/* The processes that start anew with it; ROLE_PARENT alone: none has to, it holds
	 * at once; none: from the next start of the gateway. */
	uint16_t applies;
	const char *choices; /* "a, b, c": the only values; or NULL */
};

const struct config_item *config_schema_item(size_t index); /* NULL past the end */
const struct config_item *config_schema_find(const char *section, const char *key);
/* By "dns.rate". */
const struct config_item *config_schema_named(const char *name);
bool config_schema_has_section(const char *section);
/* The nearest known key or section, or NULL when nothing is near. */
const char *config_schema_suggest(const char *section, const char *word);
/* The same for "dns.rte": "dns.rate". */
const struct config_item *config_schema_near(const char *name);
/* NULL, or why not; fmt-free, without the value. */
const char *config_schema_check(const struct config_item *item, const char *value,
	char buf[CONFIG_STRING_MAX]);

#define CONFIG_APPLIES_MAX 64
/* "now", "restart of resolver, web", "restart". */
char *config_applies(const struct config_item *item, char buf[CONFIG_APPLIES_MAX]);

#define CONFIG_NAME_MAX 48
char *config_item_name(const struct config_item *item, char buf[CONFIG_NAME_MAX]);

/* A value as it stands in a file: a list, each character escaped. */
#define CONFIG_VALUE_MAX (CONFIG_LIST_MAX * (2 * CONFIG_STRING_MAX + 4) + 8)
void config_value_print(const struct config_item *item, const struct config *c,
	char buf[CONFIG_VALUE_MAX]);
/* The same of words as people write them: text without quotes, a word each for a list.
 * Whether they are right is the parser's to say; but they are one value for certain.
 * CARDEA_ELIMIT: no value is that long, or has so many. */
int config_value_from(const struct config_item *item, const char *const *words,
	size_t count, char buf[CONFIG_VALUE_MAX]) CARDEA_MUSTCHECK;
/* Value, as it stands in a file, into c. The error is without a place. */
int config_value_set(const struct config_item *item, struct config *c, const char *value,
	char error[CONFIG_ERROR_MAX]) CARDEA_MUSTCHECK;
bool config_value_same(
	const struct config_item *item, const struct config *a, const struct config *b);
void config_value_copy(
	const struct config_item *item, struct config *to, const struct config *from);
const char *config_value_text(const struct config_item *item, const struct config *c);
int64_t config_value_number(const struct config_item *item, const struct config *c);
bool config_value_bool(const struct config_item *item, const struct config *c);
const struct config_list *config_value_list(
	const struct config_item *item, const struct config *c);

/* Each statement of a text, in order, while it is parsed over c. */
struct config_seen {
	const struct config_item *item; /* NULL: a section begins */
	const char *section;
	size_t start, value, end; /* where it, its value, and what follows begin */
};
int config_walk(struct config *c, const char *file, const char *text, size_t len,
	void (*seen)(void *ctx, const struct config_seen *s), void *ctx,
	char error[CONFIG_ERROR_MAX]) CARDEA_MUSTCHECK;

#endif
