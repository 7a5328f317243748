// SPDX-License-Identifier: GPL-2.0-or-later
/* settings - what the files of cardea config share. */
#ifndef CARDEA_CLI_SETTINGS_H
#define CARDEA_CLI_SETTINGS_H

#include <jansson.h>
#include "cli/cli.h"
#include "engine/config/schema.h"

/* "section.key" of an item. */
const char *settings_name(const json_t *item);
json_t *settings_value_json(const struct config_item *item, const struct config *c);
/* For people, clean; "" where there is nothing, or what is no value. */
const char *settings_shown(const json_t *v);
/* As it follows `cardea config set KEY`; NULL when nobody can type it. */
const char *settings_typed(const json_t *v);
/* Complains, and says what may have been meant. */
enum cli_exit settings_no_such(const char *name);

enum cli_exit settings_wrong_file(const char *error);
enum cli_exit settings_load(const char *path, struct config *c);
/* cardea config set --file. */
enum cli_exit settings_set_in_file(struct cli *c, const char *path);

#endif
