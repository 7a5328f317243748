// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* jsonw - a streaming writer: commas, escaping and nesting are its business. Output
 * grows in memory up to a limit, or goes to a FILE. Sticky error. */
#ifndef CARDEA_BASE_JSONW_H
#define CARDEA_BASE_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/str.h"

#define JSONW_DEPTH_MAX 16

struct jsonw {
	char *buf; /* owned; NULL when writing to a FILE */
	size_t len, cap, limit;
	FILE *file;
	int error;
	int depth;
	bool need_comma[JSONW_DEPTH_MAX];
	bool after_key;
};

void jsonw_init_buffer(struct jsonw *j, size_t limit);
void jsonw_init_file(struct jsonw *j, FILE *file);
void jsonw_free(struct jsonw *j);
/* NUL-terminated text of a buffer writer, or NULL when an error is pending. */
const char *jsonw_text(struct jsonw *j);
/* Text as it is, for what is no JSON: lines of numbers. */
void jsonw_plain(struct jsonw *j, const char *fmt, ...) CARDEA_PRINTF(2, 3);

void jsonw_object(struct jsonw *j); /* { */
void jsonw_object_end(struct jsonw *j);
void jsonw_array(struct jsonw *j);
void jsonw_array_end(struct jsonw *j);
void jsonw_key(struct jsonw *j, const char *key);
void jsonw_string(struct jsonw *j, const char *utf8); /* NULL writes null */
void jsonw_raw(struct jsonw *j, const char *json, size_t len); /* one value, written before */
void jsonw_untrusted(struct jsonw *j, struct untrusted_str s); /* never invalid UTF-8 */
void jsonw_i64(struct jsonw *j, int64_t v);
void jsonw_u64(struct jsonw *j, uint64_t v);
/* With at most six decimals, whatever the locale; null when it is no number or 2^53 and
 * more. */
void jsonw_decimal(struct jsonw *j, double v);
void jsonw_bool(struct jsonw *j, bool v);
void jsonw_null(struct jsonw *j);
/* key and value at once, for objects */
void jsonw_kv_string(struct jsonw *j, const char *key, const char *utf8);
void jsonw_kv_untrusted(struct jsonw *j, const char *key, const char *device_text);
void jsonw_kv_u64(struct jsonw *j, const char *key, uint64_t v);
void jsonw_kv_i64(struct jsonw *j, const char *key, int64_t v);
void jsonw_kv_decimal(struct jsonw *j, const char *key, double v);
void jsonw_kv_bool(struct jsonw *j, const char *key, bool v);
void jsonw_kv_addr(struct jsonw *j, const char *key, const struct addr *a);
void jsonw_kv_mac(struct jsonw *j, const char *key, const struct mac *m);
void jsonw_kv_time(struct jsonw *j, const char *key, nstime wall); /* RFC 3339; 0 = null */

#endif
