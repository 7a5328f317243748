// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* str - bounded strings, strict numbers, and the only way to show bytes that a device
 * or server chose. */
#ifndef CARDEA_BASE_STR_H
#define CARDEA_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

/* Bytes from outside the house. Not NUL-terminated, may hold anything: print only
 * through str_escape or jsonw_untrusted. */
struct untrusted_str {
	const char *bytes;
	size_t len;
};

/* Printable ASCII stays, all else becomes \xNN; a too long text ends in "...". Always
 * terminates; returns buf. */
char *str_escape(struct untrusted_str s, char *buf, size_t size);
struct untrusted_str str_untrusted(const char *c_string);
/* What stands before the first mark, consumed with it; false without a mark. */
bool str_cut(struct untrusted_str *s, char mark, struct untrusted_str *ret);

/* Copies with truncation, always terminates; true when it all fitted. */
bool str_copy(char *dst, size_t size, const char *src);
bool str_copy_bytes(char *dst, size_t size, const void *src, size_t len);
/* snprintf that reports truncation as CARDEA_ELIMIT. */
int str_print(char *dst, size_t size, const char *fmt, ...) CARDEA_PRINTF(3, 4);
/* Text that grows by pieces, at least one; what does not fit is cut, never overrun. */
struct str_text {
	char *buf;
	size_t size; /* at least 1 */
	size_t len;  /* so far, below size */
};
void str_add(struct str_text *t, const char *fmt, ...) CARDEA_PRINTF(2, 3);
/* Whole string, decimal, min <= value <= max, else CARDEA_EMALFORMED. */
int str_to_i64(const char *text, int64_t min, int64_t max, int64_t *ret) CARDEA_MUSTCHECK;
/* Without the blanks and tabs around it. */
struct untrusted_str str_trim(struct untrusted_str s);
/* 0 to 15, of either case; or -1. */
int str_hex_digit(char c);
/* Exactly 2 * size small hex digits. */
bool str_from_hex(const char *text, size_t len, uint8_t *ret, size_t size);
/* 2 * size small digits and the end. */
void str_to_hex(const uint8_t *octets, size_t size, char *ret);
bool str_equal_nocase(const char *a, const char *b);
/* True when bytes are well-formed UTF-8 without NUL or control characters. */
bool str_is_clean_utf8(const void *bytes, size_t len);
/* The length of the well-formed UTF-8 character at bytes, or 0. */
size_t str_utf8_next(const void *bytes, size_t len, uint32_t *ret_char);

#endif
