// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* json - a streaming writer: commas, escaping and nesting are its business. Output
 * grows in memory up to a limit, or goes to a FILE. Sticky error. */
#ifndef CARDEA_BASE_JSON_H
#define CARDEA_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/str.h"

#define JSON_DEPTH_MAX 16

struct json {
	char *buf; /* owned; NULL when writing to a FILE */
	size_t len, cap, limit;
	FILE *file;
	int error;
	int depth;
	bool need_comma[JSON_DEPTH_MAX];
	bool after_key;
};

void json_init_buffer(struct json *j, size_t limit);
void json_init_file(struct json *j, FILE *file);
void json_free(struct json *j);
/* NUL-terminated text of a buffer writer, or NULL when an error is pending. */
const char *json_text(struct json *j);

void json_object(struct json *j); /* { */
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_string(struct json *j, const char *utf8); /* NULL writes null */
void json_untrusted(struct json *j, struct untrusted_str s); /* never invalid UTF-8 */
void json_i64(struct json *j, int64_t v);
void json_u64(struct json *j, uint64_t v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
/* key and value at once, for objects */
void json_kv_string(struct json *j, const char *key, const char *utf8);
void json_kv_untrusted(struct json *j, const char *key, const char *device_text);
void json_kv_u64(struct json *j, const char *key, uint64_t v);
void json_kv_i64(struct json *j, const char *key, int64_t v);
void json_kv_bool(struct json *j, const char *key, bool v);
void json_kv_addr(struct json *j, const char *key, const struct addr *a);
void json_kv_mac(struct json *j, const char *key, const struct mac *m);
void json_kv_time(struct json *j, const char *key, nstime wall); /* RFC 3339; 0 = null */

#endif
