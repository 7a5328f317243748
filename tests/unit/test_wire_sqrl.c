// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_sqrl.c - the records of a QR code, their bounds, their repair. */
#include "test_wire_util.h"
#include "wire/sqrl.h"

#define RS "\x1e"
#define FS "\x1c"
#define GS "\x1d"
#define US "\x1f"
#define HEAD "[)>" RS "06" GS "12N"
#define TAIL RS "\x04"
#define URL "https://acme.example/k"
#define MUD "M180" URL US

static int parse(struct cursor c)
{
	struct sqrl s;
	return sqrl_parse(&c, &s);
}
#define PARSE(text) parse(cursor_of(text, sizeof(text) - 1))

static struct sqrl read_text(const char *text)
{
	struct sqrl s;
	uint8_t *exact = test_exact(text, strlen(text));
	struct cursor c = cursor_of(exact, strlen(text));
	assert_int_equal(sqrl_parse(&c, &s), 0);
	free(exact);
	return s;
}

static void assert_octets(const struct octets *o, const char *text)
{
	assert_int_equal(o->len, strlen(text));
	assert_memory_equal(o->b, text, o->len);
}

static void assert_url(const struct sqrl *s, const char *text)
{
	assert_int_equal(s->mud_url.len, strlen(text));
	assert_memory_equal(s->mud_url.b, text, s->mud_url.len);
}

static void test_all(void **state)
{
	(void)state;
	static const char text[] = HEAD "B000Acme" US "B001Desk lamp" US "B002D-1+" US MUD
					"M06C0200000000AF" US TAIL;
	struct sqrl s = read_text(text), back;
	char b[SQRL_MAX];
	assert_url(&s, URL);
	assert_octets(&s.company, "Acme");
	assert_octets(&s.product, "Desk lamp");
	assert_octets(&s.model, "D-1+");
	assert_true(s.has_mac && !s.has_eui64);
	assert_mac(&s.mac, "02:00:00:00:00:af");
	test_truncations(text, sizeof(text) - 1, parse);
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(sqrl_build(&w, &s), 0);
	assert_int_equal(w.len, sizeof(text) - 1);
	assert_memory_equal(b, text, w.len);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(sqrl_parse(&c, &back), 0);
	assert_memory_equal(&back, &s, sizeof(s));
	w = writer_of(b, 20);
	assert_int_equal(sqrl_build(&w, &s), CARDEA_ELIMIT);
}

static void test_macs(void **state)
{
	(void)state;
	struct sqrl s = read_text(HEAD MUD "M06C02:00-00.00 00af" US TAIL);
	assert_mac(&s.mac, "02:00:00:00:00:af");
	s = read_text(HEAD MUD "M06C{02~00|00[00]00}af" US TAIL);
	assert_mac(&s.mac, "02:00:00:00:00:af");
	s = read_text(HEAD MUD "M06C02-00-00-ff-fe-00-00-af" US TAIL);
	assert_true(s.has_eui64 && !s.has_mac);
	assert_memory_equal(s.eui64, "\2\0\0\xff\xfe\0\0\xaf", 8);
	s = read_text(HEAD MUD TAIL);
	assert_false(s.has_mac || s.has_eui64);
	assert_int_equal(PARSE(HEAD MUD "M06C0200000000a" US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD "M06C0200000000afa" US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD "M06C0200000000afaf12345" US TAIL),
		CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD "M06C0200000000ag" US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD "M06C" US TAIL), CARDEA_EMALFORMED);
}

static void test_url(void **state)
{
	(void)state;
	struct sqrl s = read_text(HEAD "M180" URL "?serial=1" US TAIL);
	assert_url(&s, URL);
	assert_int_equal(PARSE(HEAD "M180?serial=1" US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "M180" US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "B000Acme" US TAIL), CARDEA_EUNSUPPORTED);
}

/* RFC 9238 3.1: a field separator starts anew, unless the URL was found. */
static void test_units(void **state)
{
	(void)state;
	struct sqrl s = read_text(HEAD "B000Old" US "B002X" US FS "B000Acme" US MUD TAIL);
	assert_url(&s, URL);
	assert_octets(&s.company, "Acme");
	assert_octets(&s.model, "");
	s = read_text(HEAD "B000Acme" US MUD FS "B000Other" US "M180https://b" US TAIL);
	assert_url(&s, URL);
	assert_octets(&s.company, "Acme");
	assert_int_equal(PARSE(HEAD MUD FS TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD FS "B000Other"), CARDEA_ETRUNCATED);
}

/* A last record without its US, and records that say nothing to us. */
static void test_tolerance(void **state)
{
	(void)state;
	struct sqrl s = read_text(HEAD "X123whatever" US "B000Acme" US "M180" URL TAIL);
	assert_url(&s, URL);
	assert_octets(&s.company, "Acme");
	s = read_text(HEAD "B000Old" FS "B000" US "M180" URL TAIL);
	assert_octets(&s.company, "");
}

static void test_malformed(void **state)
{
	(void)state;
	assert_int_equal(PARSE(HEAD MUD TAIL), 0);
	assert_int_equal(PARSE(HEAD MUD TAIL "\n"), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD RS "x"), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE("[)>" RS "05" GS "12N" MUD TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(URL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "B000Ac\x01me" US MUD TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "B000Ac\x7fme" US MUD TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "B000Ac\xc3\xa9" US MUD TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "B000Ac" GS "me" US MUD TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "B0" US "xx" US MUD TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD MUD TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD "B000a" US "B000a" US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD "B001" US "B001" US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD "B002" US "B002" US TAIL), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD MUD "M06C020000000001" US "M06C020000000001" US TAIL),
		CARDEA_EMALFORMED);
}

static int parse_long(const char *id, size_t len)
{
	static char b[SQRL_MAX + 64];
	struct writer w = writer_of(b, sizeof(b));
	writer_bytes(&w, HEAD, sizeof(HEAD) - 1);
	if (strcmp(id, "M180") != 0)
		writer_bytes(&w, MUD, sizeof(MUD) - 1);
	writer_bytes(&w, id, 4);
	memset(writer_room(&w, len), 'a', len);
	writer_bytes(&w, US TAIL, 3);
	assert_int_equal(w.error, 0);
	return parse(cursor_of(b, w.len));
}

static void test_limits(void **state)
{
	(void)state;
	const size_t around = sizeof(HEAD) - 1 + sizeof(MUD) - 1 + 4 + 3;
	assert_int_equal(parse_long("M180", OCTETS_URL_MAX), 0);
	assert_int_equal(parse_long("M180", OCTETS_URL_MAX + 1), CARDEA_ELIMIT);
	assert_int_equal(parse_long("B000", OCTETS_MAX), 0);
	assert_int_equal(parse_long("B000", OCTETS_MAX + 1), CARDEA_ELIMIT);
	assert_int_equal(parse_long("X000", SQRL_MAX - around), 0);
	assert_int_equal(parse_long("X000", SQRL_MAX - around + 1), CARDEA_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_macs),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_tolerance),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
