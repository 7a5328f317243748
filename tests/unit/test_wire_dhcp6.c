// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_dhcp6.c - DHCPv6 options, identity associations, relays. */
#include "test_wire_util.h"
#include "wire/dhcp6.h"

static int parse(struct cursor c)
{
	struct dhcp6 d;
	return dhcp6_parse(&c, &d);
}

static struct dhcp6 sample(void)
{
	struct dhcp6 d;
	memset(&d, 0, sizeof(d));
	d.msg_type = DHCP6_REPLY;
	d.xid = 0xabcdef;
	d.has_server_id = true;
	d.has_status = true;
	d.status = 2;
	d.has_client_mac = true;
	d.client_mac = test_mac("02:00:00:00:00:61");
	d.client_id =
		(struct dhcp6_duid){.len = 10, .b = {0, 3, 0, 1, 2, 0, 0, 0, 0, 0x61}};
	d.server_id = (struct dhcp6_duid){.len = 6, .b = {0, 2, 0, 0, 1, 1}};
	d.vendor_enterprise = 32473; /* RFC 5612: for documentation */
	memcpy(d.vendor_class.b, "kettle", 6);
	d.vendor_class.len = 6;
	memcpy(d.fqdn.b, "kettle.home.arpa", 16);
	d.fqdn.len = 16;
	memcpy(d.mud_url.b, "https://acme.example/k", 22);
	d.mud_url.len = 22;
	d.address_count = 2;
	d.addresses[0] = (struct dhcp6_address){.addr = test_addr("2001:db8::61"),
		.iaid = 7,
		.preferred_s = 3600,
		.valid_s = 7200};
	d.addresses[1] = (struct dhcp6_address){.addr = test_addr("2001:db8::62"),
		.iaid = 8,
		.valid_s = 100,
		.temporary = true};
	return d;
}

static void test_round_trip(void **state)
{
	(void)state;
	uint8_t b[1500];
	struct dhcp6 d = sample(), back;
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dhcp6_build(&w, &d), 0);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp6_parse(&c, &back), 0);
	assert_int_equal(back.msg_type, DHCP6_REPLY);
	assert_int_equal(back.xid, 0xabcdef);
	assert_true(back.has_server_id);
	assert_true(back.has_status);
	assert_int_equal(back.status, 2);
	assert_true(back.has_client_mac);
	assert_mac(&back.client_mac, "02:00:00:00:00:61");
	assert_int_equal(back.vendor_enterprise, 32473);
	assert_memory_equal(
		&back.vendor_class, &d.vendor_class, sizeof(d.vendor_class));
	assert_memory_equal(&back.fqdn, &d.fqdn, sizeof(d.fqdn));
	assert_memory_equal(&back.mud_url, &d.mud_url, sizeof(d.mud_url));
	assert_int_equal(back.address_count, 2);
	assert_addr(&back.addresses[0].addr, "2001:db8::61");
	assert_int_equal(back.addresses[0].iaid, 7);
	assert_int_equal(back.addresses[0].preferred_s, 3600);
	assert_int_equal(back.addresses[0].valid_s, 7200);
	assert_false(back.addresses[0].temporary);
	assert_true(back.addresses[1].temporary);
	w = writer_of(b, 60);
	assert_int_equal(dhcp6_build(&w, &d), CARDEA_ELIMIT);
}

/* A message has no end mark, so prefixes that end between options are valid; one
 * option in a relay leaves no such place. */
static void test_truncated(void **state)
{
	(void)state;
	uint8_t b[1500];
	struct dhcp6 d = sample();
	struct writer w = writer_of(b, sizeof(b));
	d.relay_count = 2;
	d.relays[0] = (struct dhcp6_relay){.type = DHCP6_RELAY_FORWARD,
		.hop_count = 1,
		.link = test_addr("2001:db8::1"),
		.peer = test_addr("fe80::2")};
	d.relays[1] = d.relays[0];
	d.relays[1].hop_count = 0;
	assert_int_equal(dhcp6_build(&w, &d), 0);
	test_truncations(b, w.len, parse);
	struct dhcp6 back;
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp6_parse(&c, &back), 0);
	assert_int_equal(back.relay_count, 2);
	assert_int_equal(back.relays[0].hop_count, 1);
	assert_int_equal(back.relays[1].hop_count, 0);
	assert_int_equal(back.relays[0].type, DHCP6_RELAY_FORWARD);
	assert_addr(&back.relays[1].link, "2001:db8::1");
	assert_addr(&back.relays[1].peer, "fe80::2");
	assert_int_equal(back.msg_type, DHCP6_REPLY);
	assert_int_equal(back.address_count, 2);
}

static void test_relay_limits(void **state)
{
	(void)state;
	uint8_t b[1500], outer[1600];
	struct dhcp6 d = sample();
	struct writer w = writer_of(b, sizeof(b));
	d.relay_count = DHCP6_RELAYS_MAX;
	for (int i = 0; i < DHCP6_RELAYS_MAX; i++)
		d.relays[i] = (struct dhcp6_relay){.type = DHCP6_RELAY_REPLY,
			.link = test_addr("::"),
			.peer = test_addr("fe80::2")};
	assert_int_equal(dhcp6_build(&w, &d), 0);
	assert_int_equal(parse(cursor_of(b, w.len)), 0);
	struct writer o = writer_of(outer, sizeof(outer));
	writer_bytes(&o, b, 34); /* the same header once more around it */
	writer_u16(&o, 9);
	writer_u16(&o, (uint16_t)w.len);
	writer_bytes(&o, b, w.len);
	assert_int_equal(parse(cursor_of(outer, o.len)), CARDEA_ELIMIT);
	assert_int_equal(parse(cursor_of(b, 34)), CARDEA_EMALFORMED); /* carries none */
}

static struct writer begin(uint8_t *b, size_t cap)
{
	struct writer w = writer_of(b, cap);
	writer_u32(&w, (uint32_t)DHCP6_SOLICIT << 24 | 1);
	return w;
}

static void option(struct writer *w, uint16_t code, const void *value, size_t len)
{
	writer_u16(w, code);
	writer_u16(w, (uint16_t)len);
	writer_bytes(w, value, len);
}

static void test_duid_kinds(void **state)
{
	(void)state;
	static const struct {
		const char *duid;
		size_t len;
		bool has_mac;
	} cases[] = {
		{"\0\1\0\1\x11\x22\x33\x44\2\0\0\0\0\x77", 14, true},
		{"\0\3\0\1\2\0\0\0\0\x77", 10, true},
		{"\0\3\0\6\2\0\0\0\0\x77", 10, false}, /* not Ethernet */
		{"\0\3\0\1\2\0\0\0\x77", 9, false},
		{"\0\2\0\0\x7e\xd9\1\2", 8, false},
		{"\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 18, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t b[64];
		struct dhcp6 d;
		struct writer w = begin(b, sizeof(b));
		option(&w, 1, cases[i].duid, cases[i].len);
		struct cursor c = cursor_of(b, w.len);
		assert_int_equal(dhcp6_parse(&c, &d), 0);
		assert_int_equal(d.has_client_mac, cases[i].has_mac);
		if (d.has_client_mac)
			assert_mac(&d.client_mac, "02:00:00:00:00:77");
		assert_int_equal(d.client_id.len, cases[i].len);
	}
}

static int with_option(uint16_t code, const void *value, size_t len, unsigned times)
{
	uint8_t b[4096];
	struct writer w = begin(b, sizeof(b));
	while (times--)
		option(&w, code, value, len);
	assert_int_equal(w.error, 0);
	return parse(cursor_of(b, w.len));
}

static void test_limits(void **state)
{
	(void)state;
	static const char zeros[600];
	uint8_t ia[12 + 28] = {[13] = 5, [15] = 24};
	assert_int_equal(with_option(3, ia, sizeof(ia), DHCP6_ADDRESSES_MAX), 0);
	assert_int_equal(with_option(3, ia, sizeof(ia), DHCP6_ADDRESSES_MAX + 1),
		CARDEA_ELIMIT);
	assert_int_equal(with_option(1, zeros, DHCP6_DUID_MAX, 1), 0);
	assert_int_equal(with_option(1, zeros, DHCP6_DUID_MAX + 1, 1), CARDEA_ELIMIT);
	assert_int_equal(with_option(112, zeros, OCTETS_URL_MAX, 1), 0);
	assert_int_equal(with_option(112, zeros, OCTETS_URL_MAX + 1, 1), CARDEA_ELIMIT);
	assert_int_equal(with_option(16, "\0\0\0\0\1\0", 6, 1), CARDEA_EMALFORMED);
	assert_int_equal(with_option(999, zeros, 0, DHCP6_OPTIONS_MAX), 0);
	assert_int_equal(
		with_option(999, zeros, 0, DHCP6_OPTIONS_MAX + 1), CARDEA_ELIMIT);
	uint8_t vendor[6 + 256] = {[4] = 1};
	assert_int_equal(with_option(16, vendor, sizeof(vendor), 1), CARDEA_ELIMIT);
}

static void test_malformed(void **state)
{
	(void)state;
	static const struct {
		uint16_t code;
		const char *value;
		size_t len;
	} singles[] = {{1, "\0\3\0", 3}, {2, "\0\3\0", 3}, {13, "\0\0", 2},
		{39, "\0\3tea", 5}, {112, "https://a", 9}};
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		uint16_t code = singles[i].code;
		const char *value = singles[i].value;
		assert_int_equal(with_option(code, value, singles[i].len, 1), 0);
		assert_int_equal(with_option(code, value, singles[i].len, 2),
			CARDEA_EMALFORMED);
	}
	assert_int_equal(with_option(1, "\0\3", 2, 1), CARDEA_EMALFORMED);
	assert_int_equal(with_option(13, "\0", 1, 1), CARDEA_EMALFORMED);
	assert_int_equal(with_option(39, "\0\5tea", 5, 1), CARDEA_EMALFORMED);
	assert_int_equal(with_option(39, "", 0, 1), CARDEA_EMALFORMED);
	assert_int_equal(with_option(3, "\0\0\0\1\0\0\0\0", 8, 1), CARDEA_EMALFORMED);
	assert_int_equal(with_option(4, "\0\0\0\1\0\5\0\4\1\2\3\4", 12, 1),
		CARDEA_EMALFORMED);
	assert_int_equal(with_option(16, "\0\0\0", 3, 1), CARDEA_EMALFORMED);
	assert_int_equal(parse(cursor_of("\1\0\0\1\0\1\0\5", 8)), CARDEA_ETRUNCATED);
}

static void test_names(void **state)
{
	(void)state;
	uint8_t b[128];
	struct dhcp6 d;
	struct writer w = begin(b, sizeof(b));
	option(&w, 39, "\1\3TEA", 5); /* a partial name */
	option(&w, 112, "https://a.example/b tail", 24);
	option(&w, 13, "\0\1text", 6);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp6_parse(&c, &d), 0);
	assert_int_equal(d.fqdn.len, 3);
	assert_memory_equal(d.fqdn.b, "tea", 3);
	assert_int_equal(d.mud_url.len, 19);
	assert_int_equal(d.status, 1);
	assert_false(d.has_server_id);
}

/* Options that say nothing, or something that is not for us. */
static void test_ignored(void **state)
{
	(void)state;
	static const char ia[] = "\0\0\0\7\0\0\0\0\0\0\0\0" /* T1, T2 */
				 "\0\x0d\0\2\0\2"	    /* a status of the IA's own */
				 "\0\5\0\x18\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x61"
				 "\0\0\0\1\0\0\0\2";
	uint8_t b[256];
	struct dhcp6 d;
	struct writer w = begin(b, sizeof(b));
	option(&w, 39, "\0\0", 2); /* RFC 4704 4.2: the server shall choose */
	option(&w, 112, " tail", 5);
	option(&w, 16, "\0\0\0\0\0\3abc", 9);
	option(&w, 16, "\0\0\x7e\xd9\0\3def", 9); /* a second one */
	option(&w, 3, ia, sizeof(ia) - 1);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp6_parse(&c, &d), 0);
	assert_int_equal(d.fqdn.len, 0);
	assert_int_equal(d.mud_url.len, 0);
	assert_int_equal(d.vendor_enterprise, 0);
	assert_int_equal(d.vendor_class.len, 3);
	assert_memory_equal(d.vendor_class.b, "abc", 3);
	assert_int_equal(d.address_count, 1);
	assert_addr(&d.addresses[0].addr, "2001:db8::61");
	assert_int_equal(d.addresses[0].valid_s, 2);
	assert_false(d.has_status);
	w = begin(b, sizeof(b));
	option(&w, 16, "\0\0\x7e\xd9\0\0", 6); /* a first one without a class */
	option(&w, 16, "\0\0\0\1\0\3def", 9);
	option(&w, 112, "", 0);
	c = cursor_of(b, w.len);
	assert_int_equal(dhcp6_parse(&c, &d), 0);
	assert_int_equal(d.vendor_enterprise, 32473);
	assert_int_equal(d.vendor_class.len, 0);
	assert_int_equal(d.mud_url.len, 0);
}

static void test_bad_names(void **state)
{
	(void)state;
	char label[1 + 1 + 63] = {0, 63};
	memset(label + 2, '!', 63); /* four characters each: 252, which just fits */
	assert_int_equal(with_option(39, label, sizeof(label), 1), 0);
	char two[sizeof(label) + 3];
	memcpy(two, label, sizeof(label));
	memcpy(two + sizeof(label), "\2!!", 3);
	assert_int_equal(with_option(39, two, sizeof(two), 1), CARDEA_ELIMIT);
	assert_int_equal(with_option(39, "\0\x40", 2, 1), CARDEA_EMALFORMED);
}

/* RFC 8415 9: one message in a relay's, beside options that are the relay's own. */
static void test_relay_options(void **state)
{
	(void)state;
	uint8_t b[256];
	struct dhcp6 d;
	struct writer w = writer_of(b, sizeof(b));
	writer_u16(&w, DHCP6_RELAY_FORWARD << 8);
	memset(writer_room(&w, 32), 0, 32);
	option(&w, 18, "port7", 5); /* interface id */
	size_t message_at = w.len;
	option(&w, 9, "\1\0\0\7", 4);
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dhcp6_parse(&c, &d), 0);
	assert_int_equal(d.msg_type, DHCP6_SOLICIT);
	assert_int_equal(d.xid, 7);
	assert_int_equal(d.relay_count, 1);
	assert_int_equal(parse(cursor_of(b, message_at)), CARDEA_EMALFORMED);
	option(&w, 9, "\1\0\0\7", 4);
	assert_int_equal(parse(cursor_of(b, w.len)), CARDEA_EMALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_relay_limits),
		cmocka_unit_test(test_duid_kinds),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_relay_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
