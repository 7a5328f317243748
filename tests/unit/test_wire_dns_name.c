// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_dns_name.c - one spelling per name, compression without loops. */
#include "test_wire_util.h"
#include "wire/dns_name.h"

#define NAME(s) s, sizeof(s) - 1

static int parse(struct cursor c)
{
	struct dns_name n;
	return dns_name_parse(&c, &n);
}

static void check_wire(const void *wire, size_t len, const char *text)
{
	struct dns_name n;
	uint8_t b[DNS_NAME_WIRE_MAX];
	struct cursor c = cursor_of(wire, len);
	assert_int_equal(dns_name_parse(&c, &n), 0);
	assert_string_equal(n.text, text);
	assert_int_equal(cursor_left(&c), 0);
	test_truncations(wire, len, parse);
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dns_name_write(&w, &n), 0);
	struct dns_name again;
	c = cursor_of(b, w.len);
	assert_int_equal(dns_name_parse_plain(&c, &again), 0);
	assert_true(dns_name_equal(&again, &n));
}

static void test_from_wire(void **state)
{
	(void)state;
	check_wire(NAME("\0"), ".");
	check_wire(NAME("\3www\7EXAMPLE\3com\0"), "www.example.com");
	check_wire(NAME("\x05_http\4_tcp\0"), "_http._tcp");
	check_wire(NAME("\3a.b\1*\0"), "a\\046b.\\042");
	check_wire(NAME("\3\\\0\xff\0"), "\\092\\000\\255");
}

static void test_compression(void **state)
{
	(void)state;
	/* 0: com. 5: example -> 0. 15: www -> 5 */
	static const uint8_t b[] = "\3com\0\7example\xc0\0\3www\xc0\5";
	struct dns_name n;
	struct cursor c = cursor_of(b, sizeof(b) - 1);
	cursor_seek(&c, 15);
	assert_int_equal(dns_name_parse(&c, &n), 0);
	assert_string_equal(n.text, "www.example.com");
	assert_int_equal(cursor_offset(&c), sizeof(b) - 1);
	c = cursor_of(b, sizeof(b) - 1);
	cursor_seek(&c, 15);
	assert_int_equal(dns_name_parse_plain(&c, &n), CARDEA_EMALFORMED);
}

static int parse_at(const void *data, size_t len, size_t at)
{
	struct dns_name n;
	struct cursor c = cursor_of(data, len);
	cursor_seek(&c, at);
	return dns_name_parse(&c, &n);
}

static void test_loops(void **state)
{
	(void)state;
	assert_int_equal(parse_at(NAME("\xc0\0"), 0), CARDEA_ELOOP); /* to itself */
	assert_int_equal(parse_at(NAME("\1a\xc0\0"), 0), CARDEA_ELOOP); /* own label */
	assert_int_equal(parse_at(NAME("\xc0\2\0"), 0), CARDEA_ELOOP); /* forwards */
	assert_int_equal(parse_at(NAME("\1a\xc0\4\1b\xc0\0"), 4), CARDEA_ELOOP);
	assert_int_equal(parse_at(NAME("\xc0"), 0), CARDEA_ETRUNCATED);
	assert_int_equal(parse_at(NAME("\x40"), 0), CARDEA_EMALFORMED);
	assert_int_equal(parse_at(NAME("\x80"), 0), CARDEA_EMALFORMED);
}

static void test_pointer_limit(void **state)
{
	(void)state;
	uint8_t b[2 * (DNS_POINTERS_MAX + 2)] = {0};
	for (size_t i = 1; i < sizeof(b) / 2; i++) {
		b[2 * i] = 0xc0;
		b[2 * i + 1] = (uint8_t)(2 * (i - 1));
	}
	assert_int_equal(parse_at(b, sizeof(b), 2 * DNS_POINTERS_MAX), 0);
	assert_int_equal(
		parse_at(b, sizeof(b), 2 * DNS_POINTERS_MAX + 2), CARDEA_ELOOP);
}

static void test_length_limits(void **state)
{
	(void)state;
	uint8_t b[300];
	struct dns_name n;
	memset(b, 'a', sizeof(b));
	for (int i = 0; i < 4; i++)
		b[i * 64] = 63;
	b[192] = 61; /* 3 * 64 + 62 + 1 = 255 */
	b[254] = 0;
	assert_int_equal(parse_at(b, sizeof(b), 0), 0);
	b[192] = 62;
	b[255] = 0;
	assert_int_equal(parse_at(b, sizeof(b), 0), CARDEA_EMALFORMED);
	char text[300];
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_int_equal(dns_name_from_text(text, &n), 0);
	text[63] = 'a';
	text[64] = '\0';
	assert_int_equal(dns_name_from_text(text, &n), CARDEA_EMALFORMED);
	/* 64 octets of four characters do not fit the text */
	memset(b, 1, sizeof(b));
	b[0] = b[33] = 32;
	b[66] = 0;
	assert_int_equal(parse_at(b, sizeof(b), 0), CARDEA_ELIMIT);
}

static void test_from_text(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{".", "."},
		{"Example.COM.", "example.com"},
		{"a\\.b.c", "a\\046b.c"},
		{"a\\046b", "a\\046b"},
		{"\\097\\065", "aa"},
		{"*.example", "\\042.example"},
		{"caf\xc3\xa9", "caf\\195\\169"},
		{"", NULL},
		{"..", NULL},
		{".a", NULL},
		{"a..b", NULL},
		{"a\\", NULL},
		{"a\\25", NULL},
		{"a\\256", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_name n;
		int r = dns_name_from_text(cases[i].in, &n);
		assert_int_equal(r, cases[i].out ? 0 : CARDEA_EMALFORMED);
		if (!r)
			assert_string_equal(n.text, cases[i].out);
	}
}

static struct dns_name name(const char *text)
{
	struct dns_name n;
	assert_int_equal(dns_name_from_text(text, &n), 0);
	return n;
}

static void test_relations(void **state)
{
	(void)state;
	struct dns_name root = name("."), com = name("com"), ex = name("example.com"),
			www = name("www.example.com"), evil = name("badexample.com"),
			dot = name("bad\\.example.com");
	assert_true(dns_name_is_under(&www, &ex));
	assert_true(dns_name_is_under(&ex, &ex));
	assert_true(dns_name_is_under(&ex, &root));
	assert_true(dns_name_is_under(&root, &root));
	assert_true(dns_name_is_under(&ex, &com));
	assert_false(dns_name_is_under(&evil, &ex));
	assert_false(dns_name_is_under(&dot, &ex));
	assert_false(dns_name_is_under(&com, &ex));
	assert_false(dns_name_is_under(&root, &com));
	assert_false(dns_name_equal(&evil, &ex));
	assert_int_equal(dns_name_labels(&www), 3);
	assert_int_equal(dns_name_labels(&dot), 2);
	assert_int_equal(dns_name_labels(&root), 0);
	assert_string_equal(dns_name_tail(&www, 2), "example.com");
	assert_string_equal(dns_name_tail(&www, 9), "www.example.com");
	assert_string_equal(dns_name_tail(&www, 0), ".");
	assert_true(dns_name_is_root(&root));
	assert_false(dns_name_is_root(&com));
}

static void test_labels_and_write_errors(void **state)
{
	(void)state;
	struct dns_name n;
	struct cursor c = cursor_of("\3tea", 4);
	assert_int_equal(dns_name_parse_labels(&c, &n), 0);
	assert_string_equal(n.text, "tea");
	c = cursor_of("\3tea\4home\0", 10);
	assert_int_equal(dns_name_parse_labels(&c, &n), 0);
	assert_string_equal(n.text, "tea.home");
	c = cursor_of("\xc0\0", 2);
	assert_int_equal(dns_name_parse_labels(&c, &n), CARDEA_EMALFORMED);
	uint8_t b[8];
	struct writer w = writer_of(b, sizeof(b));
	struct dns_name broken = {"a..b"};
	assert_int_equal(dns_name_write(&w, &broken), CARDEA_EMALFORMED);
	w = writer_of(b, sizeof(b));
	n = name("longer.than.eight");
	assert_int_equal(dns_name_write(&w, &n), CARDEA_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_wire),
		cmocka_unit_test(test_compression),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_pointer_limit),
		cmocka_unit_test(test_length_limits),
		cmocka_unit_test(test_from_text),
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_labels_and_write_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
