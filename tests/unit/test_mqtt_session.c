// SPDX-License-Identifier: GPL-2.0-or-later
/* What our client says to a broker, octet for octet, and what it takes from one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "model/mqtt_broker.h"
#include "wire/mqtt.h"
#include "wire/mqtt_session.h"

static const struct mqtt_hello hello = {.client_id = "cardea1",
	.user = "u",
	.password = "p",
	.will_topic = "t",
	.will = "off",
	.keep_alive_s = 60};

static void connect_is_as_the_standard_has_it(void **state)
{
	static const uint8_t wanted[] = {0x10, 33, 0, 4, 'M', 'Q', 'T', 'T', 4, 0xe6, 0, 60, 0,
		7, 'c', 'a', 'r', 'd', 'e', 'a', '1', 0, 1, 't', 0, 3, 'o', 'f', 'f', 0, 1, 'u',
		0, 1, 'p'};
	uint8_t buf[64];
	struct writer w = writer_of(buf, sizeof buf);

	(void)state;
	mqtt_put_connect(&w, &hello);
	assert_int_equal(w.error, 0);
	assert_int_equal(w.len, sizeof wanted);
	assert_memory_equal(buf, wanted, sizeof wanted);
}

static void our_own_reader_takes_it(void **state)
{
	struct mqtt_hello plain = {.client_id = "x", .password = "without a user"};
	uint8_t buf[64];
	struct writer w = writer_of(buf, sizeof buf);
	struct cursor c;
	struct mqtt_connect m;

	(void)state;
	mqtt_put_connect(&w, &plain);
	c = cursor_of(buf, w.len);
	assert_int_equal(mqtt_parse_connect(&c, &m), 0);
	assert_int_equal(m.level, 4);
	assert_int_equal(m.flags, 0x02); /* no password without a user: 3.1.2.9 */
	assert_int_equal(m.client_id.len, 1);
}

static void lengths_take_as_many_octets_as_they_need(void **state)
{
	static const struct {
		size_t payload;
		unsigned head;
	} cases[] = {{0, 2}, {124, 2}, {125, 3}, {16380, 3}, {16381, 4}};
	static char payload[16400];
	static uint8_t buf[16500];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct writer w = writer_of(buf, sizeof buf);

		memset(payload, 'x', sizeof payload);
		payload[cases[i].payload] = 0;
		mqtt_put_publish(&w, "t", payload, true);
		assert_int_equal(w.error, 0);
		assert_int_equal(w.len, cases[i].head + 3 + cases[i].payload);
		assert_int_equal(buf[0], 0x31);
		assert_int_equal(buf[cases[i].head - 1] & 0x80, 0);
	}
}

static void what_does_not_fit_is_not_written_by_half(void **state)
{
	uint8_t buf[8];
	struct writer w = writer_of(buf, sizeof buf);

	(void)state;
	mqtt_put_publish(&w, "a/topic", "a payload", false);
	assert_int_not_equal(w.error, 0);
}

static void replies(void **state)
{
	static const struct {
		uint8_t octets[4];
		size_t len;
		int error;
		uint8_t type, code;
	} cases[] = {
		{{0x20, 2, 0, 0}, 4, 0, MQTT_TYPE_CONNACK, 0},
		{{0x20, 2, 1, 5}, 4, 0, MQTT_TYPE_CONNACK, 5},
		{{0xd0, 0}, 2, 0, MQTT_TYPE_PINGRESP, 0},
		{{0}, 0, CARDEA_ETRUNCATED, 0, 0},
		{{0x20}, 1, CARDEA_ETRUNCATED, 0, 0},
		{{0x20, 2, 0}, 3, CARDEA_ETRUNCATED, 0, 0},
		{{0x20, 3, 0, 0}, 4, CARDEA_EMALFORMED, 0, 0},
		{{0x21, 2, 0, 0}, 4, CARDEA_EMALFORMED, 0, 0},
		{{0xd0, 1}, 2, CARDEA_EMALFORMED, 0, 0},
		{{0x30, 2, 0, 0}, 4, CARDEA_EMALFORMED, 0, 0}, /* we asked for nothing */
		{{'H', 'T', 'T', 'P'}, 4, CARDEA_EMALFORMED, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cursor c = cursor_of(cases[i].octets, cases[i].len);
		struct mqtt_reply r = {.type = 99};

		assert_int_equal(mqtt_parse_reply(&c, &r), cases[i].error);
		if (cases[i].error) {
			assert_int_equal(cursor_left(&c), cases[i].len);
			assert_int_equal(r.type, 99);
			continue;
		}
		assert_int_equal(r.type, cases[i].type);
		assert_int_equal(r.code, cases[i].code);
		assert_int_equal(cursor_left(&c), 0);
	}
}

static void codes_have_words(void **state)
{
	(void)state;
	assert_string_equal(mqtt_code_text(4), "wrong user or password");
	for (unsigned i = 0; i < 256; i++)
		assert_true(mqtt_code_text((uint8_t)i)[0]);
}

static void where_a_broker_is(void **state)
{
	static const char *const bad[] = {"", "@1883", "host", "192.168.1.1:1883",
		"192.168.1.1@0", "192.168.1.1@65536", "192.168.1.1@", "192.168.1.1@1 "};
	struct addr a, wanted;
	uint16_t port = 0;

	(void)state;
	assert_int_equal(mqtt_broker_read("192.168.1.7", &a, &port), 0);
	assert_int_equal(port, 1883);
	assert_int_equal(mqtt_broker_read("fd00::7@1884", &a, &port), 0);
	assert_int_equal(addr_parse("fd00::7", &wanted), 0);
	assert_true(addr_equal(&a, &wanted));
	assert_int_equal(port, 1884);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!mqtt_broker_read(bad[i], &a, &port))
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_is_as_the_standard_has_it),
		cmocka_unit_test(our_own_reader_takes_it),
		cmocka_unit_test(lengths_take_as_many_octets_as_they_need),
		cmocka_unit_test(what_does_not_fit_is_not_written_by_half),
		cmocka_unit_test(replies),
		cmocka_unit_test(codes_have_words),
		cmocka_unit_test(where_a_broker_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
