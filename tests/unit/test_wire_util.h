// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_util - what the codec tests share. */
#ifndef CARDEA_TEST_WIRE_UTIL_H
#define CARDEA_TEST_WIRE_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/addr.h"
#include "base/cursor.h"

/* A heap copy of exactly n bytes, so that a read past the end is caught by ASan. */
static inline uint8_t *test_exact(const void *data, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	assert_non_null(copy);
	if (n)
		memcpy(copy, data, n);
	return copy;
}

/* parse(cursor) must fail for every shorter prefix of a valid message. */
static inline void test_truncations(const void *data, size_t len,
	int (*parse)(struct cursor c))
{
	for (size_t n = 0; n < len; n++) {
		uint8_t *copy = test_exact(data, n);
		int r = parse(cursor_of(copy, n));
		free(copy);
		if (r >= 0)
			fail_msg("a prefix of %zu of %zu bytes was accepted", n, len);
	}
	uint8_t *whole = test_exact(data, len);
	int r = parse(cursor_of(whole, len));
	free(whole);
	assert_int_equal(r, 0);
}

static inline struct addr test_addr(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline struct mac test_mac(const char *text)
{
	struct mac m;
	assert_int_equal(mac_parse(text, &m), 0);
	return m;
}

static inline void assert_addr(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT_MAX];
	assert_string_equal(addr_format(a, buf), text);
}

static inline void assert_mac(const struct mac *m, const char *text)
{
	char buf[MAC_TEXT_MAX];
	assert_string_equal(mac_format(m, buf), text);
}

#endif
