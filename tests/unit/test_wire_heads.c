// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* First words as a listener reads them: HTTP and SSDP heads, MQTT, CoAP, NTP, QUIC. */
#include "quic_vectors.h"
#include "test_wire_util.h"
#include "wire/coap.h"
#include "wire/head.h"
#include "wire/mqtt.h"
#include "wire/ntp.h"
#include "wire/quic.h"

static struct head head;

static int parse_text(const char *text)
{
	uint8_t *exact = test_exact(text, strlen(text));
	static char kept[600];
	int r;

	assert_true(strlen(text) < sizeof kept);
	memcpy(kept, text, strlen(text));
	r = head_parse(cursor_of(exact, strlen(text)), &head);
	free(exact);
	return r ? r : head_parse(cursor_of(kept, strlen(text)), &head);
}

static void is_text(struct untrusted_str s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	if (s.len)
		assert_memory_equal(s.bytes, text, s.len);
}

static void heads_of_requests_and_answers(void **state)
{
	struct untrusted_str v;

	(void)state;
	assert_int_equal(
		parse_text("GET /a?b#c HTTP/1.1\r\nX: 1\r\nhOsT:\t x.example \r\n"), 0);
	assert_false(head.is_answer);
	is_text(head.method, "GET");
	is_text(head.path, "/a");
	is_text(head.host, "");
	assert_true(head_field(&head, "host", &v));
	is_text(v, "x.example");
	assert_false(head_field(&head, "y", &v));
	assert_int_equal(parse_text("HTTP/1.0 404 Not Found\nST: a\n\nUSN: b\n"), 0);
	assert_true(head.is_answer);
	is_text(head.status, "404");
	assert_true(head_field(&head, "st", &v));
	is_text(v, "a");
	assert_false(head_field(&head, "usn", &v)); /* behind the empty line */
}

static void targets_in_all_forms(void **state)
{
	(void)state;
	assert_int_equal(parse_text("M-SEARCH * HTTP/1.1\r\n"), 0);
	is_text(head.path, "*");
	assert_int_equal(parse_text("GET http://x.example:80/p?q HTTP/1.1\r\n"), 0);
	is_text(head.host, "x.example:80");
	is_text(head.path, "/p");
	assert_int_equal(parse_text("GET http://x.example?q HTTP/1.1\r\n"), 0);
	is_text(head.host, "x.example");
	is_text(head.path, "");
	assert_int_equal(parse_text("CONNECT x.example:443 HTTP/1.1\r\n"), 0);
	is_text(head.host, "x.example:443");
}

static void what_is_no_head(void **state)
{
	static const char *const bad[] = {"", "\n", "get / HTTP/1.1\n", "GET /\n",
		"GET / HTTP/2\n", "HTTP/1.1\n", "HTTP/1.1 20\n", "GET  HTTP/1.1\n",
		"AVERYLONGMETHODNAME / HTTP/1.1\n", "SSH-2.0-x\n"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(parse_text(bad[i]), CARDEA_EMALFORMED);
	assert_int_equal(parse_text("GET / HTTP/1.1\r"), CARDEA_ETRUNCATED);
}

static struct mqtt_connect mqtt;
static int parse_mqtt(struct cursor c)
{
	return mqtt_parse_connect(&c, &mqtt);
}

static void mqtt_connects(void **state)
{
	static const char v4[] = "\x10\x0f\0\4MQTT\4\2\0\x3c\0\3abc";
	static const char v5[] = "\x10\x12\0\4MQTT\5\2\0\x3c\3\x21\0\1\0\3abc";
	static const char v3[] = "\x10\x8f\x01\0\6MQIsdp\3\2\0\x3c\0\x50"
				 "abc";

	(void)state;
	assert_int_equal(parse_mqtt(cursor_of(v4, sizeof v4 - 1)), 0);
	assert_string_equal(mqtt.protocol, "MQTT");
	assert_int_equal(mqtt.level, 4);
	assert_int_equal(mqtt.keep_alive_s, 60);
	assert_int_equal(mqtt.client_id.len, 3);
	assert_int_equal(parse_mqtt(cursor_of(v5, sizeof v5 - 1)), 0);
	assert_int_equal(mqtt.level, 5);
	assert_memory_equal(mqtt.client_id.b, "abc", 3);
	assert_int_equal(parse_mqtt(cursor_of(v3, sizeof v3 - 1)), 0);
	assert_string_equal(mqtt.protocol, "MQIsdp");
	assert_int_equal(mqtt.client_id.len, 3); /* of 80 that were to come */
	for (size_t n = 0; n < sizeof v5 - 4; n++)
		assert_int_equal(parse_mqtt(cursor_of(v5, n)), CARDEA_ETRUNCATED);
}

static void mqtt_that_is_none(void **state)
{
	static const char *const bad[] = {"\x20\x0f\0\4MQTT\4\2\0\x3c\0\3abc",
		"\x10\xff\xff\xff\xff\x01\4MQTT\4\2\0\x3c\0\0",
		"\x10\x0f\0\4MQTX\4\2\0\x3c\0\3", "\x10\x0f\x7f\x7fMQTT\4\2\0\x3c\0\3"};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(parse_mqtt(cursor_of(bad[i], 16)), CARDEA_EMALFORMED);
}

static struct coap coap;
static int parse_coap(struct cursor c)
{
	return coap_parse(&c, &coap);
}

static void coap_paths(void **state)
{
	static const uint8_t get[] = {0x42, 1, 0x12, 0x34, 9, 9, 0x37, 'h', 'o', 's',
		't', '.', 'x', 'y', 0x83, 'a', '/', 'b', 0x0d, 2, 'c', 'c', 'c', 'c',
		'c', 'c', 'c', 'c', 'c', 'c', 'c', 'c', 'c', 'c', 'c', 0x41, 'q', 0xff,
		'p'};
	static const uint8_t ack[] = {0x60, 0, 0, 1}, answer[] = {0x60, 0x45, 0, 1};

	(void)state;
	assert_int_equal(parse_coap(cursor_of(get, sizeof get)), 0);
	assert_int_equal(coap.type, COAP_CON);
	assert_int_equal(coap.id, 0x1234);
	assert_string_equal(coap_method(coap.code), "GET");
	assert_string_equal(coap.path, "/a/b/ccccccccccccccc");
	assert_int_equal(parse_coap(cursor_of(ack, 4)), 0);
	assert_null(coap_method(coap.code));
	assert_int_equal(parse_coap(cursor_of(answer, 4)), 0);
	assert_string_equal(coap.path, "/");
	assert_null(coap_method(coap.code));
}

static void coap_that_is_none(void **state)
{
	static const struct {
		uint8_t b[8], len;
	} bad[] = {
		{{0x80, 1, 0, 1}, 4},          /* version 2 */
		{{0x49, 1, 0, 1, 0, 0, 0}, 7}, /* a token of nine */
		{{0x42, 1, 0, 1, 0}, 5},       /* that is cut */
		{{0x40, 0, 0, 1, 0xff}, 5},    /* empty with something */
		{{0x40, 1, 0, 1, 0xf1, 0}, 6}, /* a delta of 15 */
		{{0x40, 1, 0, 1, 0xbe, 0xff}, 6},
		{{0x40, 1, 0, 1, 0xb5, 'a'}, 6},
	};
	uint8_t many[4 + COAP_OPTIONS_MAX + 1] = {0x40, 1, 0, 1};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(
			parse_coap(cursor_of(bad[i].b, bad[i].len)), CARDEA_EMALFORMED);
	assert_int_equal(parse_coap(cursor_of(many, 3)), CARDEA_ETRUNCATED);
	assert_int_equal(parse_coap(cursor_of(many, sizeof many)), CARDEA_ELIMIT);
	assert_int_equal(parse_coap(cursor_of(many, sizeof many - 1)), 0);
}

static void coap_paths_are_bounded(void **state)
{
	uint8_t big[400] = {0x40, 1, 0, 1, 0xbe, 0, 50};

	(void)state;
	memset(big + 7, 1, sizeof big - 7);
	assert_int_equal(parse_coap(cursor_of(big, 7 + 319)), 0);
	assert_int_equal(strlen(coap.path), COAP_PATH_MAX);
	assert_string_equal(coap.path + COAP_PATH_MAX - 2, "??");
}

static struct ntp ntp;
static int parse_ntp(struct cursor c)
{
	return ntp_parse(&c, &ntp);
}

static void ntp_headers(void **state)
{
	uint8_t b[48] = {0x24, 2, [47] = 7};

	(void)state;
	test_truncations(b, sizeof b, parse_ntp);
	assert_int_equal(ntp.version, 4);
	assert_int_equal(ntp.mode, NTP_SERVER);
	assert_int_equal(ntp.stratum, 2);
	assert_int_equal(ntp.transmit, 7);
	b[0] = 0x20;
	assert_int_equal(parse_ntp(cursor_of(b, 48)), CARDEA_EMALFORMED);
	b[0] = 0x3b;
	assert_int_equal(parse_ntp(cursor_of(b, 48)), CARDEA_EMALFORMED);
	b[0] = 0x16; /* control: twelve octets, and another format */
	assert_int_equal(parse_ntp(cursor_of(b, 12)), 0);
}

static struct quic_initial quic;
static int parse_quic(struct cursor c)
{
	return quic_next_initial(&c, &quic);
}

static void quic_headers(void **state)
{
	static const uint8_t cid[8] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

	(void)state;
	test_truncations(quic_vector1, sizeof quic_vector1, parse_quic);
	assert_int_equal(quic.version, QUIC_V1);
	assert_int_equal(quic.dcid.len, 8);
	assert_memory_equal(quic.dcid.b, cid, 8);
	assert_int_equal(quic.scid.len, 0);
	assert_int_equal(quic.number_at, 18);
	assert_int_equal(cursor_left(&quic.packet), 1200);
	test_truncations(quic_vector2, sizeof quic_vector2, parse_quic);
	assert_int_equal(quic.version, QUIC_V2);
}

static void quic_packets_in_one_datagram(void **state)
{
	uint8_t b[100] = {0xd0, 0, 0, 0, 1, 0, 0, 20}; /* 0-RTT of 20 */
	struct cursor c;

	(void)state;
	memcpy(b + 28, (uint8_t[]){0xc0, 0, 0, 0, 1, 1, 'x', 0, 2, 't', 't', 30}, 12);
	c = cursor_of(b, 70);
	assert_int_equal(quic_next_initial(&c, &quic), CARDEA_EUNSUPPORTED);
	assert_int_equal(cursor_offset(&c), 28);
	assert_int_equal(quic_next_initial(&c, &quic), 0);
	assert_int_equal(quic.number_at, 12);
	assert_int_equal(cursor_left(&c), 0);
	b[0] = 0xf0; /* Retry has no length */
	c = cursor_of(b, 70);
	assert_int_equal(quic_next_initial(&c, &quic), CARDEA_EUNSUPPORTED);
	assert_int_equal(cursor_left(&c), 0);
}

static void quic_that_is_none(void **state)
{
	uint8_t b[60] = {0xc0, 0, 0, 0, 1, 0, 0, 0, 40};

	(void)state;
	assert_int_equal(parse_quic(cursor_of(b, 60)), 0);
	b[8] = 19; /* no sample */
	assert_int_equal(parse_quic(cursor_of(b, 60)), CARDEA_EMALFORMED);
	b[8] = 52;
	assert_int_equal(parse_quic(cursor_of(b, 60)), CARDEA_ETRUNCATED);
	b[8] = 0xff; /* 62 bits of length */
	b[9] = 0xff;
	assert_int_equal(parse_quic(cursor_of(b, 60)), CARDEA_ETRUNCATED);
	b[7] = 0xff; /* and of token */
	assert_int_equal(parse_quic(cursor_of(b, 60)), CARDEA_ETRUNCATED);
	b[5] = 21;
	assert_int_equal(parse_quic(cursor_of(b, 60)), CARDEA_EMALFORMED);
	b[4] = 7;
	assert_int_equal(parse_quic(cursor_of(b, 60)), CARDEA_ELIMIT);
	b[0] = 0x40;
	assert_int_equal(parse_quic(cursor_of(b, 60)), CARDEA_EMALFORMED);
}

static int crypto_of(const void *frames, size_t len, struct quic_crypto *ret)
{
	struct cursor c = cursor_of(frames, len);
	unsigned left = QUIC_FRAMES_MAX;

	return quic_next_crypto(&c, &left, ret);
}

static void quic_frames(void **state)
{
	static const uint8_t frames[] = {0, 0, 1, 2, 5, 0, 1, 0, 9, 9, 3, 5, 0, 0, 0, 1,
		2, 3, 6, 0x40, 0x64, 2, 'h', 'i', 0};
	uint8_t pings[QUIC_FRAMES_MAX + 1];
	struct quic_crypto c;

	(void)state;
	assert_int_equal(crypto_of(frames, sizeof frames, &c), 1);
	assert_int_equal(c.offset, 100);
	assert_int_equal(cursor_left(&c.data), 2);
	assert_memory_equal(c.data.pos, "hi", 2);
	assert_int_equal(crypto_of(frames, 2, &c), 0);
	assert_int_equal(crypto_of(frames, sizeof frames - 2, &c), CARDEA_ETRUNCATED);
	assert_int_equal(crypto_of("\x08hello", 6, &c), CARDEA_EMALFORMED); /* STREAM */
	assert_int_equal(
		crypto_of("\x06\0\xc0\0\0\0\0\0\0\1", 10, &c), CARDEA_ETRUNCATED);
	assert_int_equal(
		crypto_of("\x02\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0", 12, &c),
		CARDEA_ETRUNCATED);
	memset(pings, 1, sizeof pings);
	assert_int_equal(crypto_of(pings, sizeof pings - 1, &c), 0);
	assert_int_equal(crypto_of(pings, sizeof pings, &c), CARDEA_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_of_requests_and_answers),
		cmocka_unit_test(targets_in_all_forms),
		cmocka_unit_test(what_is_no_head),
		cmocka_unit_test(mqtt_connects),
		cmocka_unit_test(mqtt_that_is_none),
		cmocka_unit_test(coap_paths),
		cmocka_unit_test(coap_that_is_none),
		cmocka_unit_test(coap_paths_are_bounded),
		cmocka_unit_test(ntp_headers),
		cmocka_unit_test(quic_headers),
		cmocka_unit_test(quic_packets_in_one_datagram),
		cmocka_unit_test(quic_that_is_none),
		cmocka_unit_test(quic_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
