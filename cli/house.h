// SPDX-License-Identifier: GPL-2.0-or-later
/* house - what an owner has said of a house, as one document that people read, edit and
 * compare: names, classes, words about devices, controllers, answers. No secret is in it.
 *
 *   {"schema": "cardea.house/1",
 *    "devices": [{"mac": MAC, "name"?: TEXT, "class"?: CLASS, "mud_url"?: URL,
 *                 "confirmed"?: BOOL, "overlays": [{"kind": KIND, "peer"?: PEER,
 *                 "proto"?: PROTO, "port_from"?: N, "port_to"?: N}]}],
 *    "controllers": [{"class": CLASS, "device"?: MAC, "target": MAC|ADDRESS}],
 *    "decisions": [{"kind": KIND, "device"?: MAC, "subject": TEXT, "text": TEXT,
 *                   "answer": "accepted"|"rejected", "choice"?: TEXT}]} */
#ifndef CARDEA_CLI_HOUSE_H
#define CARDEA_CLI_HOUSE_H

#include "cli/cli.h"

#define HOUSE_SCHEMA "cardea.house/1"
#define HOUSE_BYTES_MAX (4U << 20) /* of a file: a thousand devices have a tenth */

/* As the gateway has it now. ids: each of its overlays and decisions has an "id", too, and
 * of all decisions those that are open. */
enum cli_exit house_gather(struct cli *c, bool ids, json_t **ret);
/* A file, checked whole: what is wrong in it is said with its place. */
enum cli_exit house_read(const char *path, json_t **ret);
/* The same word, whatever is left to say of it. */
bool house_same_overlay(const json_t *a, const json_t *b);
bool house_same_controller(const json_t *a, const json_t *b);
bool house_same_question(const json_t *a, const json_t *b);
/* The one of that MAC, or NULL. */
json_t *house_device(const json_t *house, const char *mac);

#endif
