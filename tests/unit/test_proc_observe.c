// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own judgement of what learning sees: headers of all, cut where the payload
 * begins, and whole what says names. */
#include "test_proc_filter_util.h"

static int setup(void **state)
{
	(void)state;
	return filter_pair(parent_observe_attach);
}

/* Octets that are passed, of how many. */
static size_t pass(const struct shape *s, size_t *ret_len)
{
	static uint8_t frame[FRAME_MAX];

	*ret_len = build(s, frame, sizeof(frame));
	return passed(frame, *ret_len);
}

static void whole(const struct shape *s)
{
	size_t len, n = pass(s, &len);

	assert_int_equal(n, len);
}

/* As far as the payload begins, which is where pass() would end without one. */
static void headers_only(const struct shape *s)
{
	size_t len, n = pass(s, &len);

	assert_int_equal(n, len - s->len);
}

static struct shape shape(uint8_t family, uint8_t proto, const char *payload, size_t len)
{
	return (struct shape){.family = family, .proto = proto, .src_port = 50000,
		.dst_port = 8443, .payload = payload, .len = len};
}

#define TEXT(s) (s), sizeof(s) - 1

struct words {
	const char *bytes;
	size_t len;
};

/* With all lengths of headers that there are. */
static void payload_stays_in_the_kernel(void **state)
{
	static const struct words tcp[] = {{TEXT("")}, {TEXT("x")}, {TEXT("12345")},
		{TEXT("secret of the house")}, {TEXT("HTTP/1.1 200 OK\r\n")},
		{TEXT("\x17\3\3\0\x40 application data")},
		{TEXT("\x16\3\3\0\x40\2 server hello")}, {TEXT("GETX / HTTP/1.1\r\n")},
		{TEXT("\x10\x20\0\5 no MQTT")}, {TEXT("\x30\x20\0\4MQTT")}};

	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2)
		for (uint8_t ip = 0; ip <= (family == 4 ? 40 : 0); ip += 4)
			for (uint8_t head = 0; head <= 40; head += 4)
				for (size_t i = 0; i < sizeof(tcp) / sizeof(tcp[0]); i++) {
					struct shape s = shape(family, IP_PROTO_TCP,
						tcp[i].bytes, tcp[i].len);

					s.ip_options = ip;
					s.tcp_options = head;
					headers_only(&s);
				}
}

static void datagrams_are_cut_alike(void **state)
{
	static const struct words udp[] = {{TEXT("")}, {TEXT("x")}, {TEXT("123")},
		{TEXT("a camera's picture")}, {TEXT("\x17\xfe\xfd secret")},
		{TEXT("\xc0 is QUIC at its servers alone")}};

	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2)
		for (size_t i = 0; i < sizeof(udp) / sizeof(udp[0]); i++) {
			struct shape s =
				shape(family, IP_PROTO_UDP, udp[i].bytes, udp[i].len);

			headers_only(&s);
		}
	struct shape s = shape(4, IP_PROTO_UDP, TEXT("\x40 QUIC under way"));
	s.dst_port = 443;
	headers_only(&s);
}

static void first_words_pass_whole(void **state)
{
	static const struct words tcp[] = {{TEXT("\x16\3\1\0\x40\1 client hello")},
		{TEXT("\x16\3\3\1\0\1")}, {TEXT("GET / HTTP/1.1\r\nHost: a\r\n")},
		{TEXT("POST /x HTTP/1.1\r\n")}, {TEXT("HEAD /x HTTP/1.1\r\n")},
		{TEXT("PUT /x HTTP/1.1\r\n")}, {TEXT("DELETE /x HTTP/1.1\r\n")},
		{TEXT("OPTIONS * HTTP/1.1\r\n")}, {TEXT("PATCH /x HTTP/1.1\r\n")},
		{TEXT("SUBSCRIBE /x HTTP/1.1\r\n")},
		{TEXT("UNSUBSCRIBE /x HTTP/1.1\r\n")},
		{TEXT("NOTIFY /x HTTP/1.1\r\n")}, {TEXT("\x10\x20\0\4MQTT\4")},
		{TEXT("\x10\x20\0\6MQIsdp\3")}, {TEXT("\x10\x80\1\0\4MQTT\4")}};

	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2)
		for (uint8_t head = 0; head <= 40; head += 4)
			for (size_t i = 0; i < sizeof(tcp) / sizeof(tcp[0]); i++) {
				struct shape s = shape(family, IP_PROTO_TCP, tcp[i].bytes,
					tcp[i].len);

				s.tcp_options = head;
				whole(&s);
			}
	struct shape s = shape(4, IP_PROTO_UDP, TEXT("\x16\xfe\xfd\0\0 DTLS"));
	whole(&s);
	s = shape(6, IP_PROTO_UDP, TEXT("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n"));
	whole(&s);
	s = shape(6, IP_PROTO_UDP, TEXT("\xc3\0\0\0\1 QUIC initial"));
	s.dst_port = 443;
	whole(&s);
}

static void what_says_names_passes_whole(void **state)
{
	static const uint16_t ports[] = {53, 67, 68, 123, 546, 547, 1900, 5353, 5683};

	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2)
		for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
			struct shape s = shape(family, IP_PROTO_UDP, TEXT("who is where"));

			s.src_port = ports[i];
			whole(&s);
			s.src_port = 50000;
			s.dst_port = ports[i];
			whole(&s);
			s.proto = IP_PROTO_TCP;
			if (ports[i] == 53)
				whole(&s);
			else
				headers_only(&s);
		}
	for (unsigned type = 0; type < 256; type++) {
		struct shape s = shape(6, IP_PROTO_ICMP6, TEXT("option"));

		s.src_port = (uint16_t)(type << 8);
		whole(&s);
	}
}

/* Nothing is passed without bound, however long the interface made it. */
static void all_is_bounded(void **state)
{
	static char payload[30000];
	struct shape s = shape(4, IP_PROTO_TCP, payload, sizeof(payload));
	size_t len, most = 14 + 60 + 60 + 2048;

	(void)state;
	memcpy(payload, "\x16\3\1\x40\0\1", 6);
	assert_int_equal(pass(&s, &len), most);
	s = shape(4, IP_PROTO_UDP, payload, sizeof(payload));
	s.dst_port = 53;
	assert_int_equal(pass(&s, &len), most);
	s = shape(4, 132, payload, sizeof(payload)); /* SCTP */
	assert_int_equal(pass(&s, &len), 14 + 40 + 64);
	s = shape(6, 44, payload, sizeof(payload)); /* a fragment */
	assert_int_equal(pass(&s, &len), 14 + 40 + 64);
	s = shape(4, IP_PROTO_TCP, payload, sizeof(payload));
	s.frag = 100; /* a later one: no header stands there */
	assert_int_equal(pass(&s, &len), 14 + 40 + 64);
	s.frag = 0x2000;
	assert_int_equal(pass(&s, &len), most);
}

static void other_links_do_not_pass(void **state)
{
	uint8_t frame[60] = {0};

	(void)state;
	for (unsigned type = 0; type <= 0xffff; type++) {
		size_t want = type == 0x0806 || type == 0x0800 || type == 0x86dd
				      ? sizeof(frame)
				      : 0;

		frame[12] = (uint8_t)(type >> 8);
		frame[13] = (uint8_t)type;
		assert_int_equal(passed(frame, sizeof(frame)), want);
	}
	for (size_t n = 0; n < 14; n++)
		assert_int_equal(passed(frame, n ? n : 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			payload_stays_in_the_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(datagrams_are_cut_alike, setup, teardown),
		cmocka_unit_test_setup_teardown(first_words_pass_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_says_names_passes_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(all_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(other_links_do_not_pass, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
