// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_lldp.c - the order of LLDP's TLVs, their bounds, the MUD URL. */
#include "test_wire_util.h"
#include "wire/lldp.h"

#define URL "https://acme.example/k"
/* Chassis (a MAC), port (an interface name) and a TTL of 120 s. */
#define CHASSIS "\x02\x07\4\2\0\0\0\0\x31"
#define PORT "\x04\x05\5eth0"
#define TTL "\x06\2\0\x78"
#define HEAD CHASSIS PORT TTL
#define END "\0"	/* and the string's own NUL */

static int parse(struct cursor c)
{
	struct lldp l;
	return lldp_parse(&c, &l);
}

/* A string literal with its NUL as the second octet of the end TLV. */
#define PARSE(text) parse(cursor_of(text, sizeof(text)))

static void set(struct octets *o, const char *text)
{
	o->len = (uint16_t)strlen(text);
	memcpy(o->b, text, o->len);
}

static struct lldp sample(void)
{
	struct lldp l;
	memset(&l, 0, sizeof(l));
	l.chassis_subtype = LLDP_CHASSIS_MAC;
	set(&l.chassis_id, "\2\1\1\1\1\x31");
	l.port_subtype = LLDP_PORT_IFNAME;
	set(&l.port_id, "eth0");
	l.ttl_s = 120;
	set(&l.port_desc, "wall side");
	set(&l.system_name, "desk");
	set(&l.system_desc, "Acme desk 1.2");
	l.mud_url.len = strlen(URL);
	memcpy(l.mud_url.b, URL, strlen(URL));
	return l;
}

static void test_round_trip(void **state)
{
	(void)state;
	uint8_t b[1500];
	struct lldp l = sample(), back;
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(lldp_build(&w, &l), 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(lldp_parse(&c, &back), 0);
	assert_memory_equal(&back, &l, sizeof(l));
	test_truncations(b, w.len, parse);
	w = writer_of(b, 60);
	assert_int_equal(lldp_build(&w, &l), CARDEA_ELIMIT);
}

static void test_octets(void **state)
{
	(void)state;
	static const char unit[] = HEAD "\x0a\4desk\xfe\x1a\0\0\x5e\1" URL END;
	struct cursor c = cursor_of(unit, sizeof(unit));
	struct lldp l;
	assert_int_equal(lldp_parse(&c, &l), 0);
	assert_int_equal(l.chassis_subtype, LLDP_CHASSIS_MAC);
	assert_int_equal(l.chassis_id.len, 6);
	assert_memory_equal(l.chassis_id.b, "\2\0\0\0\0\x31", 6);
	assert_int_equal(l.ttl_s, 120);
	assert_int_equal(l.system_name.len, 4);
	assert_int_equal(l.mud_url.len, strlen(URL));
	assert_memory_equal(l.mud_url.b, URL, strlen(URL));
}

/* RFC 8520 10: what follows the first space is reserved. */
static void test_reserved_tail(void **state)
{
	(void)state;
	static const char unit[] = HEAD "\xfe\x19\0\0\x5e\1https://a.example/x r" END;
	struct cursor c = cursor_of(unit, sizeof(unit));
	struct lldp l;
	assert_int_equal(lldp_parse(&c, &l), 0);
	assert_int_equal(l.mud_url.len, 19);
	assert_memory_equal(l.mud_url.b, "https://a.example/x", 19);
	assert_int_equal(PARSE(HEAD "\xfe\6\0\0\x5e\1 r" END), CARDEA_EMALFORMED);
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(PARSE(HEAD END), 0);
	assert_int_equal(PARSE(PORT CHASSIS TTL END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(CHASSIS TTL PORT END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(CHASSIS PORT END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(CHASSIS END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE("\x0a\1x" HEAD END), CARDEA_EMALFORMED);
}

static void test_once(void **state)
{
	(void)state;
	assert_int_equal(PARSE(HEAD CHASSIS END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD PORT END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD TTL END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "\x08\1a\x0a\1b\x0c\1c" END), 0);
	assert_int_equal(PARSE(HEAD "\x08\1a\x08\1a" END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "\x0a\0\x0a\1b" END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "\x0c\1c\x0c\1d" END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "\xfe\5\0\0\x5e\1u" END), 0);
	assert_int_equal(PARSE(HEAD "\xfe\5\0\0\x5e\1u\xfe\5\0\0\x5e\1u" END),
		CARDEA_EMALFORMED);
}

static void test_malformed(void **state)
{
	(void)state;
	assert_int_equal(PARSE("\x02\1\4" PORT TTL END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(CHASSIS "\x04\0" TTL END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(CHASSIS PORT "\x06\1x" END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "\xfe\3\0\0\x5e" END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "\xfe\4\0\0\x5e\1" END), CARDEA_EMALFORMED);
	assert_int_equal(PARSE(HEAD "\0\1x"), CARDEA_EMALFORMED);
}

/* Others' TLVs are not ours to judge; padding is not read. */
static void test_ignored(void **state)
{
	(void)state;
	static const char others[] = HEAD "\xfe\4\0\0\x5e\2\xfe\5\0\x80\xc2\1u\x12\1x" END
					  "\0pad\xff";
	struct cursor c = cursor_of(others, sizeof(others));
	struct lldp l;
	assert_int_equal(lldp_parse(&c, &l), 0);
	assert_int_equal(l.mud_url.len, 0);
	assert_int_equal(PARSE(CHASSIS PORT "\x06\3\0\x78x" END), 0);
}

static void test_limits(void **state)
{
	(void)state;
	uint8_t b[2000];
	struct lldp l = sample(), back;
	struct writer w = writer_of(b, sizeof(b));
	l.mud_url.len = LLDP_MUD_URL_MAX;
	memset(l.mud_url.b, 'u', sizeof(l.mud_url.b));
	assert_int_equal(lldp_build(&w, &l), 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(lldp_parse(&c, &back), 0);
	assert_int_equal(back.mud_url.len, LLDP_MUD_URL_MAX);
	l.mud_url.len++;
	w = writer_of(b, sizeof(b));
	assert_int_equal(lldp_build(&w, &l), CARDEA_ELIMIT);
	w = writer_of(b, sizeof(b));
	writer_bytes(&w, HEAD, sizeof(HEAD) - 1);
	for (int i = 3; i < LLDP_TLVS_MAX - 1; i++)
		writer_u16(&w, 100 << 9);
	writer_u16(&w, 0);
	assert_int_equal(parse(cursor_of(b, w.len)), 0);
	w.len -= 2;
	writer_u16(&w, 100 << 9);
	writer_u16(&w, 0);
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_ELIMIT);
	w = writer_of(b, sizeof(b)); /* a name of 256 octets */
	writer_bytes(&w, HEAD, sizeof(HEAD) - 1);
	writer_u16(&w, 5 << 9 | 256);
	memset(writer_room(&w, 256), 'n', 256);
	writer_u16(&w, 0);
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	w = writer_of(b, sizeof(b)); /* a chassis of 256 octets */
	writer_u16(&w, 1 << 9 | 257);
	memset(writer_room(&w, 257), 'n', 257);
	writer_bytes(&w, PORT TTL, sizeof(PORT TTL) - 1);
	writer_u16(&w, 0);
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_reserved_tail),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
