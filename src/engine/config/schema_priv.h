// SPDX-License-Identifier: GPL-2.0-or-later
/* schema - the one table of settings. */
#ifndef CARDEA_ENGINE_CONFIG_SCHEMA_PRIV_H
#define CARDEA_ENGINE_CONFIG_SCHEMA_PRIV_H

#include "engine/config/config.h"

enum config_type { CONFIG_BOOL, CONFIG_INT, CONFIG_STRING, CONFIG_LIST };

struct config_item {
	const char *section, *key;
	enum config_type type;
	size_t offset; /* in struct config */
	const char *fallback; /* as it would stand in the file */
	const char *help;
	int64_t min, max; /* CONFIG_INT */
	/* NULL, or why the value is not acceptable. */
	const char *(*check)(const char *value);
};

const struct config_item *config_schema_find(const char *section, const char *key);
bool config_schema_has_section(const char *section);
/* The nearest known key or section, or NULL when nothing is near. */
const char *config_schema_suggest(const char *section, const char *word);
const struct config_item *config_schema_item(size_t index); /* NULL past the end */

#endif
