// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_dhcp4.c - DHCPv4 fields, long options, overload, the MUD URL. */
#include "test_wire_util.h"
#include "wire/dhcp4.h"

#define FIXED_LEN 240 /* with the cookie */

static int parse(struct cursor c)
{
	struct dhcp4 d;
	return dhcp4_parse(&c, &d);
}

static void set(struct octets *o, const char *text)
{
	o->len = (uint16_t)strlen(text);
	memcpy(o->b, text, o->len);
}

static struct dhcp4 sample(void)
{
	struct dhcp4 d;
	memset(&d, 0, sizeof(d));
	d.op = 1;
	d.htype = 1;
	d.msg_type = DHCP4_REQUEST;
	d.secs = 3;
	d.flags = 0x8000;
	d.xid = 0xfeedface;
	d.chaddr = test_mac("02:00:00:00:00:31");
	d.ciaddr = test_addr("192.0.2.31");
	d.giaddr = test_addr("192.0.2.254");
	d.requested_ip = test_addr("192.0.2.32");
	d.server_id = test_addr("192.0.2.1");
	d.router = test_addr("192.0.2.1");
	d.dns_count = 2;
	d.dns[0] = test_addr("192.0.2.53");
	d.dns[1] = test_addr("192.0.2.54");
	d.has_lease_time = true;
	d.lease_time = 86400;
	set(&d.hostname, "kettle");
	set(&d.fqdn, "kettle.home.arpa");
	set(&d.vendor_class, "acme 1.2");
	set(&d.client_id, "\1\2\3");
	set(&d.param_list, "\1\3\6\x0f");
	memcpy(d.mud_url.b, "https://acme.example/k", 22);
	d.mud_url.len = 22;
	return d;
}

static void test_round_trip(void **state)
{
	(void)state;
	uint8_t b[1500];
	struct dhcp4 d = sample(), back;
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dhcp4_build(&w, &d), 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp4_parse(&c, &back), 0);
	assert_memory_equal(&back, &d, sizeof(d));
	test_truncations(b, w.len, parse);
	w = writer_of(b, 300);
	assert_int_equal(dhcp4_build(&w, &d), CARDEA_ELIMIT);
}

/* The fixed part of a message, to which a test appends options of its own. */
static struct writer begin(uint8_t *b, size_t cap)
{
	struct writer w = writer_of(b, cap);
	struct dhcp4 d;
	memset(&d, 0, sizeof(d));
	d.op = 1;
	d.htype = 1;
	assert_int_equal(dhcp4_build(&w, &d), 0);
	w.len = FIXED_LEN;
	return w;
}

static struct dhcp4 finish(struct writer *w)
{
	struct dhcp4 d;
	writer_u8(w, 255);
	struct cursor c = cursor_of(w->start, w->len);
	assert_int_equal(dhcp4_parse(&c, &d), 0);
	return d;
}

static int finish_error(struct writer *w)
{
	writer_u8(w, 255);
	return parse(cursor_of(w->start, w->len));
}

static void option(struct writer *w, uint8_t code, const char *value, size_t len)
{
	writer_u8(w, code);
	writer_u8(w, (uint8_t)len);
	writer_bytes(w, value, len);
}

static void test_concatenation(void **state)
{
	(void)state;
	uint8_t b[1500];
	struct writer w = begin(b, sizeof(b));
	option(&w, 161, "https://a.exam", 14);
	option(&w, 12, "ho", 2);
	option(&w, 161, "ple/x r", 7);
	option(&w, 12, "st", 2);
	option(&w, 161, "eserved", 7);
	struct dhcp4 d = finish(&w);
	assert_int_equal(d.hostname.len, 4);
	assert_memory_equal(d.hostname.b, "host", 4);
	assert_int_equal(d.mud_url.len, 19); /* RFC 8520 10: ends at the first space */
	assert_memory_equal(d.mud_url.b, "https://a.example/x", 19);
}

static void test_overload(void **state)
{
	(void)state;
	uint8_t b[1500];
	struct writer w = begin(b, sizeof(b));
	memcpy(b + 44, "\x0c\1c\xff", 4);  /* sname, read last */
	memcpy(b + 108, "\x0c\1b\xff", 4); /* file */
	option(&w, 52, "\3", 1);
	option(&w, 12, "a", 1);
	struct dhcp4 d = finish(&w);
	assert_int_equal(d.hostname.len, 3);
	assert_memory_equal(d.hostname.b, "abc", 3);
	b[242] = 1; /* file only */
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp4_parse(&c, &d), 0);
	assert_memory_equal(d.hostname.b, "ab", 2);
	assert_int_equal(d.hostname.len, 2);
	b[242] = 2; /* sname only */
	c = cursor_of(b, w.len);
	assert_int_equal(dhcp4_parse(&c, &d), 0);
	assert_int_equal(d.hostname.len, 2);
	assert_memory_equal(d.hostname.b, "ac", 2);
	b[242] = 0; /* RFC 2132 9.3 has no such value */
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[242] = 1;
	memset(b + 108, 0, 128); /* no end option in file */
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[242] = 4;
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
}

static void test_fqdn_wire_form(void **state)
{
	(void)state;
	uint8_t b[600];
	struct writer w = begin(b, sizeof(b));
	option(&w, 81, "\4\0\0\3Tea\4home\0", 13);
	struct dhcp4 d = finish(&w);
	assert_int_equal(d.fqdn.len, 8);
	assert_memory_equal(d.fqdn.b, "tea.home", 8);
	w = begin(b, sizeof(b));
	option(&w, 81, "\4\0\0\x3fTea", 7); /* no name, but the rest counts */
	option(&w, 12, "x", 1);
	d = finish(&w);
	assert_int_equal(d.fqdn.len, 0);
	assert_int_equal(d.hostname.len, 1);
	w = begin(b, sizeof(b));
	option(&w, 81, "\0", 1); /* shorter than its flags */
	d = finish(&w);
	assert_int_equal(d.fqdn.len, 0);
}

static void test_limits(void **state)
{
	(void)state;
	uint8_t b[2000];
	char text[255];
	memset(text, 'u', sizeof(text));
	struct writer w = begin(b, sizeof(b));
	option(&w, 161, text, 255);
	option(&w, 161, text, 255);
	option(&w, 161, text, 1);
	assert_int_equal(finish(&w).mud_url.len, OCTETS_URL_MAX);
	w.len--; /* over the end option */
	option(&w, 161, text, 1);
	assert_int_equal(finish_error(&w), CARDEA_ELIMIT);
	w = begin(b, sizeof(b));
	option(&w, 12, text, 255);
	option(&w, 12, text, 1);
	assert_int_equal(finish_error(&w), CARDEA_ELIMIT);
	w = begin(b, sizeof(b));
	for (int i = 0; i < DHCP4_OPTIONS_MAX; i++)
		option(&w, 200, "", 0);
	finish(&w);
	w.len--;
	option(&w, 200, "", 0);
	assert_int_equal(finish_error(&w), CARDEA_ELIMIT);
	w = begin(b, sizeof(b));
	option(&w, 81, "\0\0\0", 3);
	option(&w, 81, text, 255);
	assert_int_equal(finish(&w).fqdn.len, OCTETS_MAX);
	w.len--;
	option(&w, 81, text, 1);
	assert_int_equal(finish_error(&w), CARDEA_ELIMIT);
	w = begin(b, sizeof(b));
	option(&w, 6, text, 6 * 4);
	assert_int_equal(finish(&w).dns_count, DHCP4_DNS_MAX);
}

static void test_malformed(void **state)
{
	(void)state;
	static const struct {
		uint8_t code;
		size_t len;
	} bad[] = {{50, 3}, {51, 5}, {53, 2}, {54, 8}, {3, 5}, {6, 7}, {52, 2}};
	uint8_t b[400];
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct writer w = begin(b, sizeof(b));
		option(&w, bad[i].code, "\1\1\1\1\1\1\1\1", bad[i].len);
		assert_int_equal(finish_error(&w), CARDEA_EMALFORMED);
	}
	struct writer w = begin(b, sizeof(b));
	b[236] = 0; /* cookie */
	assert_int_equal(finish_error(&w), CARDEA_EMALFORMED);
	w = begin(b, sizeof(b));
	b[2] = 17; /* hardware address longer than its field */
	assert_int_equal(finish_error(&w), CARDEA_EMALFORMED);
}

static void test_absent(void **state)
{
	(void)state;
	uint8_t b[400];
	struct writer w = begin(b, sizeof(b));
	b[2] = 16;
	option(&w, 50, "\0\0\0\0", 4);
	struct dhcp4 d = finish(&w);
	assert_int_equal(d.msg_type, DHCP4_NONE);
	assert_true(mac_is_zero(&d.chaddr)); /* not six octets */
	assert_int_equal(d.ciaddr.family, 0);
	assert_int_equal(d.requested_ip.family, 0);
	assert_int_equal(d.server_id.family, 0);
	assert_false(d.has_lease_time);
	assert_int_equal(d.mud_url.len, 0);
}

/* RFC 3396: what one option cannot hold is split and put together again. */
static void test_build_long(void **state)
{
	(void)state;
	uint8_t b[2000];
	struct dhcp4 d = sample(), back;
	d.mud_url.len = OCTETS_URL_MAX;
	memset(d.mud_url.b, 'u', OCTETS_URL_MAX);
	d.fqdn.len = OCTETS_MAX; /* with its head more than one option */
	memset(d.fqdn.b, 'f', OCTETS_MAX);
	d.hostname.len = OCTETS_MAX; /* just one */
	memset(d.hostname.b, 'h', OCTETS_MAX);
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dhcp4_build(&w, &d), 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp4_parse(&c, &back), 0);
	assert_memory_equal(&back, &d, sizeof(d));
}

static void test_not_ethernet(void **state)
{
	(void)state;
	uint8_t b[1500];
	struct dhcp4 d = sample(), back;
	d.htype = 6; /* IEEE 802: no address of six octets is told */
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dhcp4_build(&w, &d), 0);
	assert_int_equal(b[2], 0);
	b[2] = 6;
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp4_parse(&c, &back), 0);
	assert_int_equal(back.htype, 6);
	assert_true(mac_is_zero(&back.chaddr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_concatenation),
		cmocka_unit_test(test_overload),
		cmocka_unit_test(test_fqdn_wire_form),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_build_long),
		cmocka_unit_test(test_not_ethernet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
