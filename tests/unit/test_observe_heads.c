// SPDX-License-Identifier: GPL-2.0-or-later
/* What conversations begin with: hellos whole, split, out of order and in QUIC; heads
 * of HTTP, MQTT, CoAP, NTP, SSDP; and what is none of these. */
#include "test_observe_util.h"
#include "quic_seal.h"
#include "quic_vectors.h"
#include "wire/tls.h"

static uint8_t hello[8192];
static size_t hello_len; /* the handshake message; the record's head stands before */
#define MESSAGE (hello + 5)

static void octets(struct octets *o, const char *text)
{
	o->len = (uint16_t)strlen(text);
	memcpy(o->b, text, o->len);
}

/* A hello of some length: cipher suites are cheap. */
static void make_hello(const char *name, unsigned ciphers)
{
	static struct tls_hello h;
	struct writer w = writer_of(MESSAGE, sizeof hello - 5);

	memset(&h, 0, sizeof h);
	h.legacy_version = TLS_VERSION_1_2;
	h.cipher_count = (uint16_t)ciphers;
	for (unsigned i = 0; i < ciphers; i++)
		h.ciphers[i] = 0x1301;
	h.extension_count = name ? 2 : 1;
	h.extensions[name ? 1 : 0] = TLS_EXT_ALPN;
	if (name) {
		h.extensions[0] = TLS_EXT_SERVER_NAME;
		octets(&h.server_name, name);
	}
	h.alpn_count = 3;
	octets(&h.alpn[0], "h2");
	octets(&h.alpn[1], "\x1a\x1a");
	octets(&h.alpn[2], "a,b\x01");
	assert_int_equal(tls_build_hello(&w, &h), 0);
	hello_len = w.len;
	memcpy(hello, (uint8_t[]){22, 3, 1, (uint8_t)(w.len >> 8), (uint8_t)w.len}, 5);
}

static const struct record *only(void)
{
	finish();
	return record_of(LAMP, CLOUD_IP);
}

static void is_hello(const char *name)
{
	const struct record *r = only();

	assert_int_equal(r->app, RECORD_APP_TLS);
	assert_int_equal(r->naming, RECORD_SNI);
	assert_string_equal(r->name, name);
	assert_string_equal(r->detail, "h2,a,b\\x01");
	assert_int_equal(counts().hellos, 1);
}

static void piece(size_t from, size_t to)
{
	send_tcp(LAMP_AT(40000), CLOUD_AT(443), TCP_ACK, 101 + (uint32_t)from,
		hello + from, to - from);
}

static void a_hello_in_one_segment(void **state)
{
	(void)state;
	make_hello("Cloud.Example.", 3);
	shake(LAMP_AT(40000), CLOUD_AT(443), 100);
	piece(0, hello_len + 5);
	is_hello("cloud.example");
	assert_int_equal(counts().hellos_split, 0);
}

static void a_hello_in_many_segments_in_any_order(void **state)
{
	static const uint8_t orders[][4] = {
		{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}, {0, 0, 3, 1}, {2, 3, 0, 1}};

	make_hello("cloud.example", 200);
	for (size_t i = 0; i < sizeof orders / 4; i++) {
		house_setup(state);
		shake(LAMP_AT(40000), CLOUD_AT(443), 100);
		size_t step = (hello_len + 5) / 4 + 1;
		for (unsigned k = 0; k < 4; k++) {
			size_t at = orders[i][k] * step, end = at + step;
			piece(at, end < hello_len + 5 ? end : hello_len + 5);
		}
		if (i == 3) /* the third was lost before, and comes again */
			piece(2 * step, 3 * step);
		is_hello("cloud.example");
		assert_int_equal(counts().hellos_split, 1);
		house_teardown(state);
	}
	house_setup(state);
}

static void a_hello_by_single_bytes_gives_up_in_time(void **state)
{
	(void)state;
	make_hello("cloud.example", 3);
	shake(LAMP_AT(40000), CLOUD_AT(443), 100);
	for (size_t i = 0; i < hello_len + 5; i++)
		piece(i, i + 1);
	assert_int_equal(only()->naming, RECORD_UNNAMED);
	assert_int_equal(counts().hellos, 0);
}

static void the_start_of_a_hello_is_better_than_nothing(void **state)
{
	(void)state;
	make_hello("cloud.example", 3);
	shake(LAMP_AT(40000), CLOUD_AT(443), 100);
	piece(0, hello_len - 4); /* the end of the ALPN extension never comes */
	const struct record *r = only();
	assert_string_equal(r->name, "cloud.example");
}

static void a_hello_of_a_connection_under_way_and_with_the_syn(void **state)
{
	(void)state;
	make_hello("cloud.example", 200);
	send_tcp(LAMP_AT(40000), CLOUD_AT(443), TCP_ACK, 5000, hello, 300);
	send_tcp(LAMP_AT(40000), CLOUD_AT(443), TCP_ACK, 5300, hello + 300,
		hello_len + 5 - 300);
	is_hello("cloud.example");
	assert_true(house.records[0].midstream);
	house_teardown(state);
	house_setup(state);
	/* TCP Fast Open (RFC 7413) */
	send_tcp(LAMP_AT(40000), CLOUD_AT(443), TCP_SYN, 5000, hello, 300);
	send_tcp(LAMP_AT(40000), CLOUD_AT(443), TCP_ACK, 5301, hello + 300,
		hello_len + 5 - 300);
	is_hello("cloud.example");
}

static void what_was_sent_first_cannot_be_rewritten(void **state)
{
	(void)state;
	make_hello("good.example", 200);
	shake(LAMP_AT(40000), CLOUD_AT(443), 100);
	piece(0, 300);
	make_hello("evil.example", 200);
	piece(0, hello_len + 5); /* the name is behind the suites */
	const struct record *r = only();
	assert_string_equal(r->name, "evil.example");
	house_teardown(state);
	house_setup(state);
	make_hello("good.example", 200);
	shake(LAMP_AT(40000), CLOUD_AT(443), 100);
	piece(5 + 300, hello_len + 5);
	make_hello("evil.example", 200);
	piece(0, hello_len + 5);
	assert_string_equal(only()->name, "good.example");
}

static void hundreds_of_halves_lose_the_oldest_only(void **state)
{
	(void)state;
	make_hello("cloud.example", 200);
	for (uint16_t i = 0; i < 200; i++) {
		shake(LAMP_AT(30000 + i), CLOUD_AT(443), 100);
		send_tcp(LAMP_AT(30000 + i), CLOUD_AT(443), TCP_ACK, 101, hello, 100);
	}
	for (uint16_t i = 0; i < 200; i++)
		send_tcp(LAMP_AT(30000 + i), CLOUD_AT(443), TCP_ACK, 201, hello + 100,
			hello_len + 5 - 100);
	finish();
	assert_int_equal(house.count, 200);
	assert_int_equal(counts().hellos, 128);
	for (size_t i = 0; i < house.count; i++)
		if (house.records[i].device_port >= 30072)
			assert_string_equal(house.records[i].name, "cloud.example");
}

static void names_that_are_none_do_not_name(void **state)
{
	static const char *const names[] = {"192.0.2.1", "..", "a..b", "."};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		house_setup(state);
		make_hello(names[i], 3);
		shake(LAMP_AT(40000), CLOUD_AT(443), 100);
		piece(0, hello_len + 5);
		const struct record *r = only();
		assert_int_equal(r->app, RECORD_APP_TLS);
		assert_int_equal(r->naming, RECORD_UNNAMED);
		assert_string_equal(r->name, "");
		house_teardown(state);
	}
	house_setup(state);
}

static void a_hello_of_the_old_form_is_tls_without_a_name(void **state)
{
	(void)state;
	uint8_t old[2 + 9 + 6 + 16] = {0x80, 31, 1, 3, 1, 0, 6, 0, 0, 0, 16};

	shake(LAMP_AT(40000), CLOUD_AT(443), 100);
	send_tcp(LAMP_AT(40000), CLOUD_AT(443), TCP_ACK, 101, old, sizeof old);
	old[1] = 32; /* a length that is not its parts' */
	shake(LAMP_AT(40000), OTHER_AT(443), 100);
	send_tcp(LAMP_AT(40000), OTHER_AT(443), TCP_ACK, 101, old, sizeof old);
	finish();
	assert_int_equal(record_of(LAMP, CLOUD_IP)->app, RECORD_APP_TLS);
	assert_int_equal(record_of(LAMP, CLOUD_IP)->naming, RECORD_UNNAMED);
	assert_int_equal(record_of(LAMP, OTHER_IP)->app, RECORD_APP_NONE);
}

static void the_server_does_not_speak_for_the_client(void **state)
{
	(void)state;
	make_hello("evil.example", 3);
	shake(LAMP_AT(40000), CLOUD_AT(443), 100);
	send_tcp(CLOUD_AT(443), LAMP_AT(40000), TCP_ACK, 7001, hello, hello_len + 5);
	make_hello("cloud.example", 3);
	piece(0, hello_len + 5);
	is_hello("cloud.example");
}

static void the_vectors_of_the_rfcs(void **state)
{
	(void)state;
	send_udp(LAMP_AT(40000), CLOUD_AT(443), quic_vector1, sizeof quic_vector1);
	send_udp(LAMP_AT(40000), OTHER_AT(443), quic_vector2, sizeof quic_vector2);
	finish();
	const struct record *r = record_of(LAMP, CLOUD_IP);
	assert_int_equal(r->app, RECORD_APP_QUIC);
	assert_int_equal(r->naming, RECORD_SNI);
	assert_string_equal(r->name, "example.com");
	assert_string_equal(r->detail, "alpn");
	assert_string_equal(record_of(LAMP, OTHER_IP)->name, "example.com");
	assert_int_equal(counts().hellos, 2);
}

static void a_bit_flipped_is_no_quic(void **state)
{
	(void)state;
	uint8_t bad[sizeof quic_vector1];

	memcpy(bad, quic_vector1, sizeof bad);
	bad[600] ^= 1;
	send_udp(LAMP_AT(40000), CLOUD_AT(443), bad, sizeof bad);
	assert_int_equal(only()->app, RECORD_APP_NONE);
}

static const struct quic_cid first_cid = {.len = 8, .b = "abcdefgh"};
static const struct quic_cid second_cid = {.len = 5, .b = "retry"};

static void initial(const struct quic_cid *dcid, const struct quic_cid *keys,
	size_t from, size_t to, bool backwards)
{
	uint8_t frames[1300], packet[1400];
	struct writer w = writer_of(frames, 1100);
	size_t middle = (from + to) / 2;

	writer_u8(&w, 1); /* PING */
	if (backwards) {
		seal_crypto(&w, middle, MESSAGE + middle, to - middle);
		to = middle;
	}
	seal_crypto(&w, from, MESSAGE + from, to - from);
	memset(frames + w.len, 0, sizeof frames - w.len);
	size_t n = seal_initial(dcid, keys, frames, w.len + 100, packet, sizeof packet);
	send_udp(LAMP_AT(40000), CLOUD_AT(443), packet, n);
}

static void a_quic_hello_over_several_packets(void **state)
{
	(void)state;
	make_hello("cloud.example", 256);
	initial(&first_cid, &first_cid, 250, hello_len, true);
	assert_int_equal(counts().hellos, 0);
	/* the server has chosen its ID by now; keys stay those of the first */
	initial(&second_cid, &first_cid, 0, 250, true);
	const struct record *r = only();
	assert_int_equal(r->app, RECORD_APP_QUIC);
	assert_string_equal(r->name, "cloud.example");
	assert_int_equal(counts().hellos_split, 1);
}

static void a_retry_begins_anew(void **state)
{
	(void)state;
	make_hello("old.example", 256);
	initial(&first_cid, &first_cid, 0, 250, false);
	make_hello("new.example", 100);
	initial(&second_cid, &second_cid, 0, hello_len, false);
	assert_string_equal(only()->name, "new.example");
}

static void early_data_may_overtake_the_initial(void **state)
{
	(void)state;
	uint8_t early[60] = {0xd0, 0, 0, 0, 1, 0, 0, 52};

	make_hello("cloud.example", 3);
	send_udp(LAMP_AT(40000), CLOUD_AT(443), early, sizeof early);
	initial(&first_cid, &first_cid, 0, hello_len, false);
	assert_string_equal(only()->name, "cloud.example");
}

static void dtls_offers_a_name_too(void **state)
{
	(void)state;
	static struct tls_hello h;
	uint8_t buf[1000];
	struct writer w = writer_of(buf, sizeof buf);

	memset(&h, 0, sizeof h);
	h.is_dtls = true;
	h.legacy_version = DTLS_VERSION_1_2;
	h.cipher_count = 1;
	h.ciphers[0] = 0xc02b;
	h.extension_count = 1;
	h.extensions[0] = TLS_EXT_SERVER_NAME;
	octets(&h.server_name, "coaps.example");
	assert_int_equal(tls_build_dtls(&w, &h), 0);
	send_udp(LAMP_AT(40000), CLOUD_AT(5684), buf, w.len);
	const struct record *r = only();
	assert_int_equal(r->app, RECORD_APP_TLS);
	assert_string_equal(r->name, "coaps.example");
}

static void text(const char *t)
{
	send_tcp(LAMP_AT(40000), CLOUD_AT(80), TCP_ACK, 101, t, strlen(t));
}

static void http_says_host_and_path(void **state)
{
	(void)state;
	shake(LAMP_AT(40000), CLOUD_AT(80), 100);
	text("GET /fw/check?v=1&id=secret HTTP/1.1\r\nUser-Agent: x\r\nHOST: "
	     "Up.Example:80\r\n\r\n");
	const struct record *r = only();
	assert_int_equal(r->app, RECORD_APP_HTTP);
	assert_string_equal(r->detail, "GET /fw/check");
	assert_int_equal(r->naming, RECORD_HOST);
	assert_string_equal(r->name, "up.example");
}

static void an_http_head_in_two_segments(void **state)
{
	(void)state;
	static const char rest[] = "TTP/1.1\r\nHost: a.example\r\n\r\n";

	shake(LAMP_AT(40000), CLOUD_AT(80), 100);
	text("POST /log H");
	send_tcp(LAMP_AT(40000), CLOUD_AT(80), TCP_ACK, 112, rest, sizeof rest - 1);
	const struct record *r = only();
	assert_string_equal(r->detail, "POST /log");
	assert_string_equal(r->name, "a.example");
}

static void an_address_as_host_is_no_name(void **state)
{
	(void)state;
	shake(LAMP_AT(40000), CLOUD_AT(80), 100);
	text("GET /\x01\xff HTTP/1.0\r\nHost: 203.0.113.10\r\n\r\n");
	const struct record *r = only();
	assert_string_equal(r->detail, "GET /\\x01\\xff");
	assert_int_equal(r->naming, RECORD_UNNAMED);
}

static void mqtt_by_both_its_names(void **state)
{
	(void)state;
	shake(LAMP_AT(40000), CLOUD_AT(1883), 100);
	send_tcp(LAMP_AT(40000), CLOUD_AT(1883), TCP_ACK, 101,
		"\x10\x10\0\4MQTT\4\2\0\x3c\0\4lamp", 18);
	shake(LAMP_AT(40000), OTHER_AT(1883), 100);
	send_tcp(LAMP_AT(40000), OTHER_AT(1883), TCP_ACK, 101,
		"\x10\x12\0\6MQIsdp\3\2\0\x3c\0\4lamp", 20);
	finish();
	assert_int_equal(record_of(LAMP, CLOUD_IP)->app, RECORD_APP_MQTT);
	assert_string_equal(record_of(LAMP, CLOUD_IP)->detail, "MQTT");
	assert_string_equal(record_of(LAMP, OTHER_IP)->detail, "MQIsdp");
}

static void coap_says_what_is_asked_of_which_resource(void **state)
{
	(void)state;
	send_udp(LAMP_AT(40000), CLOUD_AT(5683),
		"\x40\x01\0\1\xb1"
		"a\x04"
		"temp\xff"
		"body",
		16);
	const struct record *r = only();
	assert_int_equal(r->app, RECORD_APP_COAP);
	assert_string_equal(r->detail, "GET /a/temp");
}

static void ntp_is_known_by_its_header(void **state)
{
	(void)state;
	static const uint8_t ntp[48] = {0x23};

	send_udp(LAMP_AT(40000), CLOUD_AT(123), ntp, sizeof ntp);
	send_udp(LAMP_AT(40000), OTHER_AT(123), "nothing of it", 13);
	finish();
	assert_int_equal(record_of(LAMP, CLOUD_IP)->app, RECORD_APP_NTP);
	assert_int_equal(record_of(LAMP, OTHER_IP)->app, RECORD_APP_NONE);
}

static void ssdp_by_what_is_sought(void **state)
{
	(void)state;
	static const char search[] = "M-SEARCH * HTTP/1.1\r\nHOST: "
				     "239.255.255.250:1900\r\nST: ssdp:all\r\n\r\n";
	static const char found[] = "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n";
	struct party group = {"01:00:5e:7f:ff:fa", "239.255.255.250", 1900};

	send_udp(PHONE_AT(50000), group, search, sizeof search - 1);
	send_udp(LAMP_AT(49152), PHONE_AT(50000), found, sizeof found - 1);
	finish();
	const struct record *r = record_of(PHONE, "239.255.255.250");
	assert_int_equal(r->app, RECORD_APP_SSDP);
	assert_int_equal(r->place, RECORD_GROUP);
	assert_string_equal(r->detail, "M-SEARCH ssdp:all");
	r = record_of(LAMP, PHONE_IP);
	assert_int_equal(r->app, RECORD_APP_SSDP);
	assert_string_equal(r->detail, "200 upnp:rootdevice");
}

static void encrypted_dns_is_counted(void **state)
{
	(void)state;
	static struct tls_hello h;
	struct writer w = writer_of(MESSAGE, sizeof hello - 5);

	shake(LAMP_AT(40000), CLOUD_AT(853), 100);
	memset(&h, 0, sizeof h);
	h.legacy_version = TLS_VERSION_1_2;
	h.cipher_count = h.extension_count = h.alpn_count = 1;
	h.extensions[0] = TLS_EXT_ALPN;
	octets(&h.alpn[0], "doq");
	assert_int_equal(tls_build_hello(&w, &h), 0);
	hello_len = w.len;
	initial(&first_cid, &first_cid, 0, hello_len, false);
	finish();
	assert_int_equal(counts().hidden, 2);
}

static void noise_is_nothing(void **state)
{
	(void)state;
	uint8_t noise[600];
	uint32_t x = 1;

	for (uint16_t i = 0; i < 2000; i++) {
		size_t len = 1 + i % sizeof noise;
		for (size_t k = 0; k < len; k++)
			noise[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		if (i % 2) /* a start that is known */
			noise[0] = (uint8_t) "\x16\x10\xc3GPM"[i / 2 % 6];
		send_tcp(LAMP_AT(20000 + i), CLOUD_AT(80), TCP_ACK, 1, noise, len);
		send_udp(LAMP_AT(20000 + i), CLOUD_AT(443), noise, len);
	}
	finish();
	for (size_t i = 0; i < house.count; i++)
		assert_string_equal(house.records[i].name, "");
	assert_int_equal(house.count, 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(a_hello_in_one_segment),
		HOUSE_TEST(a_hello_in_many_segments_in_any_order),
		HOUSE_TEST(a_hello_by_single_bytes_gives_up_in_time),
		HOUSE_TEST(the_start_of_a_hello_is_better_than_nothing),
		HOUSE_TEST(a_hello_of_a_connection_under_way_and_with_the_syn),
		HOUSE_TEST(what_was_sent_first_cannot_be_rewritten),
		HOUSE_TEST(hundreds_of_halves_lose_the_oldest_only),
		HOUSE_TEST(names_that_are_none_do_not_name),
		HOUSE_TEST(a_hello_of_the_old_form_is_tls_without_a_name),
		HOUSE_TEST(the_server_does_not_speak_for_the_client),
		HOUSE_TEST(the_vectors_of_the_rfcs),
		HOUSE_TEST(a_bit_flipped_is_no_quic),
		HOUSE_TEST(a_quic_hello_over_several_packets),
		HOUSE_TEST(a_retry_begins_anew),
		HOUSE_TEST(early_data_may_overtake_the_initial),
		HOUSE_TEST(dtls_offers_a_name_too),
		HOUSE_TEST(http_says_host_and_path),
		HOUSE_TEST(an_http_head_in_two_segments),
		HOUSE_TEST(an_address_as_host_is_no_name),
		HOUSE_TEST(mqtt_by_both_its_names),
		HOUSE_TEST(coap_says_what_is_asked_of_which_resource),
		HOUSE_TEST(ntp_is_known_by_its_header),
		HOUSE_TEST(ssdp_by_what_is_sought),
		HOUSE_TEST(encrypted_dns_is_counted),
		HOUSE_TEST(noise_is_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
