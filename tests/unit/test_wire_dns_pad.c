// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* Padding (RFC 7830): seen in queries, added to replies, never where it does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "wire/dns.h"
#include "wire/dns_pad.h"

static struct dns_query query_for(const char *name, bool edns)
{
	struct dns_query q = {.id = 7, .rd = true, .has_edns = edns, .udp_size = 1232};

	assert_int_equal(dns_name_from_text(name, &q.question.name), 0);
	q.question.type = DNS_TYPE_A;
	q.question.class = DNS_CLASS_IN;
	return q;
}

static void replies_fill_a_block(void **state)
{
	struct dns_query q = query_for("www.example", true);
	uint8_t b[2048];

	(void)state;
	memset(b, 0xee, sizeof b);
	struct writer w = writer_of(b, sizeof b);
	assert_int_equal(dns_build_reply(&w, &q, 0), 0);
	size_t before = w.len;
	assert_int_equal(dns_pad(&w, DNS_PAD_BLOCK), 0);
	assert_int_equal(w.len, 468);
	/* OPT's length, option 12, its length, zeroes to the end */
	assert_int_equal(b[before - 2] << 8 | b[before - 1], 468 - before);
	assert_int_equal(b[before] << 8 | b[before + 1], 12);
	assert_int_equal(b[before + 2] << 8 | b[before + 3], 468 - before - 4);
	for (size_t i = before + 4; i < 468; i++)
		assert_int_equal(b[i], 0);
	assert_int_equal(b[468], 0xee);
	assert_true(dns_is_padded(cursor_of(b, w.len)));
	struct dns_answer a;
	assert_int_equal(dns_answer_collect(cursor_of(b, w.len), &a), 0);
}

static void every_length_becomes_a_multiple(void **state)
{
	uint8_t b[2048];
	char name[254];

	(void)state;
	for (size_t len = 1; len <= 240; len++) {
		size_t at = 0;
		for (; at < len; at++)
			name[at] = at % 50 == 49 && at + 1 < len ? '.' : 'a';
		name[at] = 0;
		struct dns_query q = query_for(name, true);
		struct writer w = writer_of(b, sizeof b);
		assert_int_equal(dns_build_reply(&w, &q, 0), 0);
		assert_int_equal(dns_pad(&w, 64), 0);
		assert_int_equal(w.len % 64, 0);
	}
}

static void other_messages_stay(void **state)
{
	struct dns_query q = query_for("www.example", false);
	uint8_t b[600];
	struct writer w = writer_of(b, sizeof b);

	(void)state;
	assert_int_equal(dns_build_reply(&w, &q, 0), 0);
	size_t before = w.len;
	assert_int_equal(dns_pad(&w, DNS_PAD_BLOCK), CARDEA_EUNSUPPORTED);
	assert_int_equal(w.len, before);
	assert_false(dns_is_padded(cursor_of(b, w.len)));
	q.has_edns = true;
	w = writer_of(b, 467);
	assert_int_equal(dns_build_reply(&w, &q, 0), 0);
	before = w.len;
	assert_int_equal(dns_pad(&w, DNS_PAD_BLOCK), CARDEA_ELIMIT);
	assert_int_equal(w.len, before);
	assert_int_equal(w.error, 0);
	/* bytes behind the OPT record are no place for options */
	w.cap = sizeof b;
	writer_u8(&w, 0);
	assert_int_equal(dns_pad(&w, DNS_PAD_BLOCK), CARDEA_EUNSUPPORTED);
}

static void broken_options_are_none(void **state)
{
	struct dns_query q = query_for("www.example", true);
	uint8_t b[600];
	struct writer w = writer_of(b, sizeof b);

	(void)state;
	assert_int_equal(dns_build_query(&w, &q), 0);
	assert_false(dns_is_padded(cursor_of(b, w.len)));
	size_t length_at = w.len - 2;
	writer_u16(&w, 12);
	writer_u16(&w, 9); /* of which none are there */
	writer_patch16(&w, length_at, 4);
	assert_false(dns_is_padded(cursor_of(b, w.len)));
	writer_patch16(&w, w.len - 2, 0);
	assert_true(dns_is_padded(cursor_of(b, w.len)));
	for (size_t len = 0; len < w.len; len++)
		assert_false(dns_is_padded(cursor_of(b, len)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_fill_a_block),
		cmocka_unit_test(every_length_becomes_a_multiple),
		cmocka_unit_test(other_messages_stay),
		cmocka_unit_test(broken_options_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
