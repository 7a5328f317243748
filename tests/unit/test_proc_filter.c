// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own judgement of frames by the LAN's filter. */
#include "test_proc_filter_util.h"

#define TLS "\x16\3\1\0\x40\1\0\0\x3c\3\3"
#define DTLS "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x40\1\0\0\x34"

static int setup(void **state)
{
	(void)state;
	return filter_pair(parent_filter_attach);
}

static size_t pass(const struct shape *s)
{
	static uint8_t frame[FRAME_MAX];
	size_t len = build(s, frame, sizeof(frame));
	size_t n = passed(frame, len);

	assert_true(n == 0 || n == len);
	return n;
}

static struct shape shape(uint8_t family, uint8_t proto, const char *payload, size_t len)
{
	return (struct shape){.family = family, .proto = proto, .src_port = 50000,
		.dst_port = 8443, .payload = payload, .len = len};
}

/* Wherever the payload begins. */
static void hellos_pass(void **state)
{
	(void)state;
	for (uint8_t ip = 0; ip <= 40; ip += 4)
		for (uint8_t tcp = 0; tcp <= 40; tcp += 4) {
			struct shape s = shape(4, IP_PROTO_TCP, TLS, sizeof(TLS) - 1);

			s.ip_options = ip;
			s.tcp_options = tcp;
			assert_true(pass(&s) > 0);
		}
	for (uint8_t tcp = 0; tcp <= 40; tcp += 4) {
		struct shape s = shape(6, IP_PROTO_TCP, TLS, sizeof(TLS) - 1);

		s.tcp_options = tcp;
		assert_true(pass(&s) > 0);
	}
	for (uint8_t ip = 0; ip <= 40; ip += 4) {
		struct shape s = shape(4, IP_PROTO_UDP, DTLS, sizeof(DTLS) - 1);

		s.ip_options = ip;
		assert_true(pass(&s) > 0);
	}
	struct shape s = shape(6, IP_PROTO_UDP, DTLS, sizeof(DTLS) - 1);
	assert_true(pass(&s) > 0);
	s = shape(4, IP_PROTO_TCP, TLS, sizeof(TLS) - 1);
	s.frag = 0x2000; /* the first fragment has the ports */
	assert_true(pass(&s) > 0);
	s.frag = 0x4000; /* don't fragment */
	assert_true(pass(&s) > 0);
}

/* What devices send all day stays in the kernel. */
static void other_traffic_does_not(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} tcp[] = {{"", 0}, {"GET / HTTP/1.1\r\n", 16}, {"\x17\3\3\0\x40\1", 6},
		{"\x16\3\3\0\x40\2", 6}, {"\x16\3\3\0\x40", 5}, {"\x16\2\3\0\x40\1", 6},
		{DTLS, sizeof(DTLS) - 1}},
	  udp[] = {{"", 0}, {"\x17\xfe\xfd\0\0\0\0\0\0\0\0\0\x40\1", 14},
		  {"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x40\2", 14},
		  {"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x40", 13}, {TLS, sizeof(TLS) - 1}};

	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		for (size_t i = 0; i < sizeof(tcp) / sizeof(tcp[0]); i++) {
			struct shape s = shape(
				family, IP_PROTO_TCP, tcp[i].bytes, tcp[i].len);

			assert_int_equal(pass(&s), 0);
		}
		for (size_t i = 0; i < sizeof(udp) / sizeof(udp[0]); i++) {
			struct shape s = shape(
				family, IP_PROTO_UDP, udp[i].bytes, udp[i].len);

			assert_int_equal(pass(&s), 0);
		}
	}
	struct shape s = shape(4, IP_PROTO_TCP, TLS, sizeof(TLS) - 1);
	s.frag = 100; /* a later fragment: no header stands there */
	assert_int_equal(pass(&s), 0);
	s = shape(4, 132, TLS, sizeof(TLS) - 1);
	assert_int_equal(pass(&s), 0);
}

static void what_names_a_device_passes(void **state)
{
	static const struct {
		uint8_t family;
		uint16_t port;
		bool passes;
	} ports[] = {{4, 67, true}, {4, 68, true}, {4, 66, false}, {4, 69, false},
		{4, 546, false}, {6, 546, true}, {6, 547, true}, {6, 545, false},
		{6, 548, false}, {6, 67, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		struct shape s = shape(ports[i].family, IP_PROTO_UDP, "offer offer", 11);

		s.src_port = ports[i].port;
		assert_int_equal(pass(&s) > 0, ports[i].passes);
		s.proto = IP_PROTO_TCP;
		assert_int_equal(pass(&s), 0);
	}
	for (unsigned type = 0; type < 256; type++) {
		struct shape s = shape(6, IP_PROTO_ICMP6, "", 0);

		s.src_port = (uint16_t)(type << 8);
		assert_int_equal(pass(&s) > 0, type >= 133 && type <= 137);
	}
}

static void link_protocols_pass(void **state)
{
	uint8_t frame[60] = {0};

	(void)state;
	for (unsigned type = 0; type <= 0xffff; type++) {
		bool names = type == 0x0806 || type == 0x88cc;

		frame[12] = (uint8_t)(type >> 8);
		frame[13] = (uint8_t)type;
		assert_int_equal(passed(frame, sizeof(frame)), names ? sizeof(frame) : 0);
	}
	for (size_t n = 0; n < 14; n++)
		assert_int_equal(passed(frame, n ? n : 1), 0);
}

/* As long as the interface merged them: a hello of 16 KiB is passed whole. */
static void long_hellos_pass_whole(void **state)
{
	static char payload[30000];
	static uint8_t frame[FRAME_MAX];
	struct shape s = shape(4, IP_PROTO_TCP, payload, 16384 + 5 * 16);
	size_t n;

	(void)state;
	memcpy(payload, TLS, sizeof(TLS) - 1);
	s.ip_options = s.tcp_options = 40;
	assert_true(pass(&s) > 0);
	s.len = sizeof(payload);
	n = passed(frame, build(&s, frame, sizeof(frame)));
	assert_int_equal(n, 14 + 60 + 60 + 16384 + 5 * 16);
	s = shape(4, IP_PROTO_UDP, payload, 3000); /* others are cut to what they need */
	s.src_port = 68;
	assert_int_equal(passed(frame, build(&s, frame, sizeof(frame))), 1514);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hellos_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(other_traffic_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_names_a_device_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(link_protocols_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(long_hellos_pass_whole, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
