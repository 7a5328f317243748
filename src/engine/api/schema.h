// SPDX-License-Identifier: GPL-2.0-or-later
/* schema - what a request may say, in a small language, checked while it is read: nothing
 * of it is kept in memory.
 *
 *   forms   = members, or several with " / " between: the body has that of which it has the
 *             first member
 *   members = "name: type, name?: type", a name with ? may be missing; "*: type" stands for
 *             all other names
 *   type    = one or more of these with | between
 *     text(MAX) text(MIN..MAX)  bytes of UTF-8 without control characters; MAX: 1..MAX
 *     lines(...)                the same, with line ends and tabs
 *     hex(...)                  so many octets, two digits each, in lower case
 *     int int(MIN..MAX) number  whole; with a fraction
 *     bool true flag null any   flag is 0 or 1
 *     device class mac time     what names a device; what one is for; 02:00:00:00:00:10;
 *                               RFC 3339
 *     word 'word'               itself; quoted where it is also one of these
 *     [type] [type](MAX)        a list
 *     {forms}                   an object
 *
 * In the schemas of replies, which the engine does not have, @name is another schema. */
#ifndef CARDEA_ENGINE_API_SCHEMA_H
#define CARDEA_ENGINE_API_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include "base/error.h"
#include "base/str.h"

#define SCHEMA_FIELD_MAX 96
#define SCHEMA_TEXT_MAX 200
#define SCHEMA_NEXT_MAX 640 /* the longest list of words has 20 */

/* What is wrong, where, and what would be right. */
struct schema_fault {
	char field[SCHEMA_FIELD_MAX]; /* "ports[2].from"; or empty */
	char text[SCHEMA_TEXT_MAX];
	char next[SCHEMA_NEXT_MAX];
};

/* CARDEA_EMALFORMED, and ret_fault says why. */
int schema_check(const char *schema, const json_t *value, struct schema_fault *ret_fault)
	CARDEA_MUSTCHECK;
/* The same of a query, "a=1&b=c"; -ENOMEM. */
int schema_check_query(const char *schema, struct untrusted_str query,
	struct schema_fault *ret_fault) CARDEA_MUSTCHECK;
/* How deep the lists and objects of a JSON text go. */
unsigned schema_depth(const char *text, size_t len);
/* The text is a schema. */
bool schema_is_sound(const char *schema);

#endif
