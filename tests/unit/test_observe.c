// SPDX-License-Identifier: GPL-2.0-or-later
/* Conversations: who began, how much passed, when they end, and what bounds them. */
#include "test_observe_util.h"

static void tcp_from_the_first_packet_to_the_last(void **state)
{
	(void)state;
	struct party lamp = LAMP_AT(40000), cloud = CLOUD_AT(443);
	nstime begin = house.now;

	shake(lamp, cloud, 100);
	wait_s(1);
	send_tcp(lamp, cloud, TCP_ACK | TCP_PSH, 101, "hello", 5);
	send_tcp(cloud, lamp, TCP_ACK, 7001, "hi", 2);
	send_tcp(lamp, cloud, TCP_FIN | TCP_ACK, 106, NULL, 0);
	wait_s(0.5);
	send_tcp(cloud, lamp, TCP_FIN | TCP_ACK, 7003, NULL, 0);
	finish();
	assert_int_equal(house.count, 1);
	const struct record *r = record_of(LAMP, CLOUD_IP);
	assert_int_equal(r->first, begin);
	assert_int_equal(r->last, begin + 1500 * NS_PER_MS);
	assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
	assert_false(r->midstream);
	assert_true(r->answered);
	assert_int_equal(r->family, 4);
	assert_int_equal(r->proto, IP_PROTO_TCP);
	assert_int_equal(r->device_port, 40000);
	assert_int_equal(r->peer_port, 443);
	assert_addr(&r->device_addr, LAMP_IP);
	assert_int_equal(r->place, RECORD_INTERNET);
	assert_int_equal(r->naming, RECORD_UNNAMED);
	assert_string_equal(r->name, "");
	assert_int_equal(r->app, RECORD_APP_NONE);
	assert_int_equal(r->packets[DIRECTION_FROM_DEVICE], 4);
	assert_int_equal(r->packets[DIRECTION_TO_DEVICE], 3);
	assert_int_equal(r->bytes[DIRECTION_FROM_DEVICE], 4 * 40 + 5);
	assert_int_equal(r->bytes[DIRECTION_TO_DEVICE], 3 * 40 + 2);
}

static void two_devices_have_a_record_each(void **state)
{
	(void)state;
	shake(PHONE_AT(50000), LAMP_AT(80), 1);
	finish();
	assert_int_equal(house.count, 2);
	const struct record *p = record_of(PHONE, LAMP_IP),
			    *l = record_of(LAMP, PHONE_IP);
	assert_int_equal(p->direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(p->place, RECORD_DEVICE);
	assert_mac(&p->peer_mac, LAMP);
	assert_int_equal(record_port(p), 80);
	assert_int_equal(p->packets[DIRECTION_FROM_DEVICE], 2);
	assert_int_equal(l->direction, DIRECTION_TO_DEVICE);
	assert_mac(&l->peer_mac, PHONE);
	assert_int_equal(record_port(l), 80);
	assert_int_equal(l->packets[DIRECTION_FROM_DEVICE], 1);
	assert_int_equal(l->packets[DIRECTION_TO_DEVICE], 2);
}

static void midstream_by_syn_ack_and_by_the_lower_port(void **state)
{
	(void)state;
	send_tcp(CLOUD_AT(50001), LAMP_AT(40000), TCP_SYN | TCP_ACK, 1, NULL, 0);
	send_tcp(OTHER_AT(443), LAMP_AT(40001), TCP_ACK, 1, "x", 1);
	send_tcp(LAMP_AT(22), (struct party){GATEWAY, "198.51.100.8", 40002}, TCP_ACK,
		1, "x", 1);
	finish();
	const struct record *r = record_of(LAMP, CLOUD_IP);
	assert_true(r->midstream);
	assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
	assert_false(r->answered);
	r = record_of(LAMP, OTHER_IP);
	assert_true(r->midstream);
	assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
	r = record_of(LAMP, "198.51.100.8");
	assert_true(r->midstream);
	assert_int_equal(r->direction, DIRECTION_TO_DEVICE);
	assert_int_equal(record_port(r), 22);
}

static void an_answer_from_a_service_was_asked_for(void **state)
{
	(void)state;
	send_udp(CLOUD_AT(123), LAMP_AT(40000), "x", 1);
	send_udp(LAMP_AT(40001), OTHER_AT(5000), "x", 1);
	finish();
	const struct record *r = record_of(LAMP, CLOUD_IP);
	assert_true(r->midstream);
	assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
	r = record_of(LAMP, OTHER_IP);
	assert_false(r->midstream);
	assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
}

static void silence_ends_each_kind_in_its_time(void **state)
{
	(void)state;
	struct party lamp = LAMP_AT(40000);

	send_udp(lamp, CLOUD_AT(5000), "x", 1);
	shake(lamp, OTHER_AT(443), 1);
	wait_s(119);
	send_udp(LAMP_AT(40009), PHONE_AT(9), "x", 1); /* time passes by packets only */
	assert_int_equal(house.count, 0);
	wait_s(3);
	send_udp(LAMP_AT(40009), PHONE_AT(9), "x", 1);
	assert_int_equal(house.count, 1);
	assert_addr(&house.records[0].peer, CLOUD_IP);
	wait_s(7000);
	send_udp(LAMP_AT(40010), PHONE_AT(9), "x", 1);
	assert_int_equal(house.count, 2); /* the other UDP one */
	wait_s(500);
	send_udp(LAMP_AT(40010), PHONE_AT(9), "x", 1);
	assert_int_equal(house.count, 4);
	assert_int_equal(records_of(LAMP), 4);
	(void)record_of(LAMP, OTHER_IP);
}

static void a_packet_after_the_silence_begins_anew(void **state)
{
	(void)state;
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	wait_s(120.5);
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	finish();
	assert_int_equal(house.count, 2);
	assert_int_equal(house.records[0].packets[0], 1);
	assert_int_equal(
		house.records[1].first - house.records[0].last, 120500 * NS_PER_MS);
}

static void talk_keeps_a_conversation(void **state)
{
	(void)state;
	for (int i = 0; i < 400; i++) {
		send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
		wait_s(100);
	}
	finish();
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].packets[0], 400);
}

static void a_closed_one_ends_soon_and_its_ports_begin_anew(void **state)
{
	(void)state;
	struct party lamp = LAMP_AT(40000), cloud = CLOUD_AT(443);

	shake(lamp, cloud, 1);
	send_tcp(cloud, lamp, TCP_RST, 7001, NULL, 0);
	wait_s(1);
	send_tcp(lamp, cloud, TCP_ACK, 2, NULL, 0); /* late, and of the same one */
	wait_s(1);
	shake(lamp, cloud, 9000);
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].packets[0], 3);
	send_tcp(lamp, cloud, TCP_FIN | TCP_ACK, 9001, NULL, 0);
	send_tcp(cloud, lamp, TCP_FIN | TCP_ACK, 7001, NULL, 0);
	wait_s(12);
	send_udp(lamp, PHONE_AT(9), "x", 1);
	assert_int_equal(house.count, 2);
}

static void a_syn_again_is_no_new_conversation(void **state)
{
	(void)state;
	struct party lamp = LAMP_AT(40000), cloud = CLOUD_AT(443);

	for (int i = 0; i < 3; i++) {
		send_tcp(lamp, cloud, TCP_SYN, 1, NULL, 0);
		wait_s(2);
	}
	finish();
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].packets[0], 3);
	assert_false(house.records[0].answered);
}

static void the_longest_silent_makes_room(void **state)
{
	(void)state;
	house_teardown(NULL);
	house_open((struct observe_config){.flows = 4});
	for (uint16_t i = 0; i < 4; i++) {
		send_udp(LAMP_AT(41000 + i), CLOUD_AT(5000), "x", 1);
		wait_s(2);
	}
	send_udp(LAMP_AT(41000), CLOUD_AT(5000), "x", 1); /* the oldest speaks */
	wait_s(2);
	send_udp(LAMP_AT(42000), CLOUD_AT(5000), "x", 1);
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].device_port, 41001);
	assert_int_equal(counts().evicted, 1);
	send_udp(LAMP_AT(42001), CLOUD_AT(5000), "x", 1);
	assert_int_equal(house.records[1].device_port, 41002);
	finish();
	assert_int_equal(house.count, 6);
}

static void millions_of_conversations_in_a_small_table(void **state)
{
	(void)state;
	uint64_t packets = 0, expected = 0;

	house_teardown(NULL);
	house_open((struct observe_config){.flows = 1000});
	for (uint32_t i = 0; i < 60000; i++) {
		char ip[ADDR_TEXT_MAX];
		struct addr a = addr_v4((uint8_t[]){
			8, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i});
		send_udp(LAMP_AT((uint16_t)(1 + i % 60000)),
			(struct party){GATEWAY, addr_format(&a, ip), 2000}, "x", 1);
		house.now += NS_PER_MS;
		expected++;
		if (house.count > HOUSE_RECORDS / 2) {
			for (size_t k = 0; k < house.count; k++)
				packets += house.records[k].packets[0];
			house.count = 0;
		}
	}
	finish();
	for (size_t k = 0; k < house.count; k++)
		packets += house.records[k].packets[0];
	assert_int_equal(packets, expected);
	assert_int_equal(counts().flows, 60000);
	assert_int_equal(counts().evicted, 59000);
}

static void a_clock_that_jumps_back_ends_what_was(void **state)
{
	(void)state;
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	wait_s(-3); /* two queues of one card */
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	assert_int_equal(house.count, 0);
	wait_s(-3600);
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].packets[0], 2);
	assert_true(house.records[0].first <= house.records[0].last);
	wait_s(1);
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	finish();
	assert_int_equal(house.count, 2);
	assert_int_equal(house.records[1].packets[0], 2);
	assert_true(house.records[1].last < house.records[0].first);
}

static void times_at_the_ends_of_the_range(void **state)
{
	(void)state;
	static const nstime times[] = {
		INT64_MIN, INT64_MAX, 0, INT64_MAX, INT64_MAX / 2, -1};

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		house.now = times[i];
		send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
		learn_name("a.example", CLOUD_IP);
	}
	finish();
	for (size_t i = 0; i < house.count; i++) {
		assert_true(house.records[i].first >= 0);
		assert_true(house.records[i].first <= house.records[i].last);
	}
}

static void fragments_count_to_the_first(void **state)
{
	(void)state;
	static uint8_t big[1480];
	struct ip ip = ip_between(LAMP_IP, CLOUD_IP, IP_PROTO_UDP);

	house.frag = (struct ip_frag){
		.is_fragment = true, .first = true, .more = true, .id = 9};
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), big, 1472);
	ip.frag = (struct ip_frag){.is_fragment = true, .offset = 1480, .id = 9};
	house_ip(LAMP, GATEWAY, &ip, big, 100);
	ip.frag.id = 10; /* of a packet that was not seen */
	house_ip(LAMP, GATEWAY, &ip, big, 100);
	finish();
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].packets[0], 2);
	assert_int_equal(house.records[0].bytes[0], 1500 + 120);
	assert_int_equal(counts().fragments, 2);
}

static void tags_ipv6_and_extension_headers(void **state)
{
	(void)state;
	/* hop-by-hop options and destination options before UDP */
	static const uint8_t chain[] = {60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0,
		0, 0x9c, 0x40, 0x13, 0x88, 0, 9, 0, 0, 'x'};
	struct ip ip = ip_between("fd00::20", "2001:db8::10", IP_PROTO_HOPOPTS);

	house.eth = (struct eth){.vlan_count = 2, .vlan = {100, 7}};
	house_ip(LAMP, GATEWAY, &ip, chain, sizeof chain);
	finish();
	const struct record *r = record_of(LAMP, "2001:db8::10");
	assert_int_equal(r->family, 6);
	assert_int_equal(r->proto, IP_PROTO_UDP);
	assert_int_equal(r->device_port, 40000);
	assert_int_equal(r->peer_port, 5000);
	assert_int_equal(r->bytes[0], 40 + sizeof chain);
	assert_int_equal(r->place, RECORD_INTERNET);
}

static void an_echo_and_its_answer_are_one(void **state)
{
	(void)state;
	uint8_t buf[64];
	struct writer w = writer_of(buf, sizeof buf);
	struct ip out = ip_between(LAMP_IP, CLOUD_IP, IP_PROTO_ICMP);
	struct ip back = ip_between(CLOUD_IP, LAMP_IP, IP_PROTO_ICMP);
	struct icmp icmp = {.type = ICMP4_ECHO, .rest = 55 << 16 | 1};

	build_icmp(&w, &out, &icmp, "x", 1);
	house_ip(LAMP, GATEWAY, &out, buf, w.len);
	w = writer_of(buf, sizeof buf);
	icmp.type = ICMP4_ECHO_REPLY;
	build_icmp(&w, &back, &icmp, "x", 1);
	house_ip(GATEWAY, LAMP, &back, buf, w.len);
	finish();
	const struct record *r = record_of(LAMP, CLOUD_IP);
	assert_int_equal(r->proto, IP_PROTO_ICMP);
	assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(r->device_port, ICMP4_ECHO);
	assert_int_equal(r->peer_port, 0);
	assert_true(r->answered);
}

static void what_is_cut_or_lies_is_counted(void **state)
{
	(void)state;
	static const uint8_t lies[] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 16, 8, 0, 0x41, 0};

	house.cut = 14 + 20 + 8; /* all headers are there */
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "0123456789", 10);
	house.cut = 14 + 12;
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "0123456789", 10);
	house.cut = 0;
	house_bytes(LINK_ETHERNET, lies, sizeof lies);
	house_bytes(LINK_ETHERNET, lies, 3);
	house_bytes(147, lies, sizeof lies); /* a link type for users */
	house_bytes(LINK_ETHERNET, NULL, 0);
	finish();
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].packets[0], 1);
	assert_int_equal(house.records[0].bytes[0], 38);
	assert_int_equal(counts().packets, 6);
	assert_int_equal(counts().malformed, 2);
	assert_int_equal(counts().unreadable, 3);
}

static void a_length_of_zero_or_too_much_is_what_is_there(void **state)
{
	(void)state;
	static const uint8_t zeros[100];
	uint8_t buf[200];
	struct writer w = writer_of(buf, sizeof buf);
	struct eth eth = {
		.src = test_mac(LAMP), .dst = test_mac(GATEWAY), .type = ETH_TYPE_IPV4};
	struct ip ip = ip_between(LAMP_IP, CLOUD_IP, IP_PROTO_TCP);
	struct tcp tcp = {.src_port = 40000, .dst_port = 443, .flags = TCP_ACK};

	build_eth(&w, &eth);
	build_ip(&w, &ip, 120);
	build_tcp(&w, &ip, &tcp, zeros, 100);
	buf[16] = buf[17] = 0; /* segments that the card was to cut */
	house_bytes(LINK_ETHERNET, buf, w.len);
	buf[16] = 0xff;
	house_bytes(LINK_ETHERNET, buf, w.len);
	finish();
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].bytes[0], 2 * 140);
}

static void what_keeps_the_link_together_is_no_conversation(void **state)
{
	(void)state;
	static const uint8_t solicit[24] = {135, 0}, igmp[8] = {0x16};
	struct ip ip = ip_between("fe80::20", "ff02::1:ff00:1", IP_PROTO_ICMP6);

	house_ip(LAMP, "33:33:ff:00:00:01", &ip, solicit, sizeof solicit);
	ip = ip_between(LAMP_IP, "224.0.0.22", IP_PROTO_IGMP);
	house_ip(LAMP, "01:00:5e:00:00:16", &ip, igmp, sizeof igmp);
	finish();
	assert_int_equal(house.count, 0);
	assert_int_equal(events_of(LAMP, OBSERVE_NEW), 1);
}

static void two_observers_share_nothing(void **state)
{
	(void)state;
	struct observe_config c = {0};
	struct observe_counts n;
	struct observe *other;

	assert_int_equal(observe_new(&c, &other), 0);
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	observe_counts(other, &n);
	assert_int_equal(n.packets, 0);
	observe_end(other);
	observe_free(other);
	observe_free(NULL);
	finish();
	assert_int_equal(house.count, 1);
}

/* Who watches for days: a connection that is never closed. */
static void a_long_one_is_told_in_pieces(void **state)
{
	(void)state;
	house_open((struct observe_config){.active = 240 * NS_PER_SEC});
	struct party lamp = LAMP_AT(40000), cloud = CLOUD_AT(8883);
	nstime begin = house.now;
	uint64_t packets = 0;

	shake(lamp, cloud, 100);
	for (int i = 0; i < 20; i++) { /* 1200 s; time passes by packets only */
		wait_s(60);
		send_tcp(lamp, cloud, TCP_ACK | TCP_PSH, 101, "ping", 4);
		send_tcp(cloud, lamp, TCP_ACK, 7001, NULL, 0);
	}
	assert_in_range(house.count, 3, 5);
	finish();
	assert_in_range(house.count, 4, 6);
	for (size_t i = 0; i < house.count; i++) {
		const struct record *r = &house.records[i];
		assert_int_equal(r->peer_port, 8883);
		assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
		assert_false(r->midstream);
		assert_true(r->answered);
		assert_true(r->last - r->first <= 300 * NS_PER_SEC);
		assert_int_equal(
			r->first, i ? house.records[i - 1].last + 60 * NS_PER_SEC : begin);
		packets += r->packets[0] + r->packets[1];
	}
	assert_int_equal(packets, 3 + 40);
	assert_int_equal(counts().flows, 1);
}

/* Its end is told once, and nothing of it twice. */
static void what_was_told_and_is_silent_ends_without_a_word(void **state)
{
	(void)state;
	house_open((struct observe_config){.active = 240 * NS_PER_SEC});
	shake(LAMP_AT(40000), CLOUD_AT(8883), 100);
	wait_s(300);
	send_udp(PHONE_AT(9000), OTHER_AT(9000), "x", 1);
	assert_int_equal(records_of(LAMP), 1);
	wait_s(8000);
	send_udp(PHONE_AT(9000), OTHER_AT(9000), "x", 1);
	finish();
	assert_int_equal(records_of(LAMP), 1);
	assert_int_equal(records_of(PHONE), 2);
	assert_int_equal(counts().foreign, 0);
}

/* Somebody else with its address does not take over what was told of it already. */
static void a_told_one_stays_its_devices(void **state)
{
	(void)state;
	house_open((struct observe_config){.active = 240 * NS_PER_SEC});
	shake(LAMP_AT(40000), CLOUD_AT(8883), 100);
	wait_s(300);
	send_udp(PHONE_AT(9000), OTHER_AT(9000), "x", 1);
	send_tcp((struct party){PHONE, LAMP_IP, 40000}, CLOUD_AT(8883),
		TCP_ACK | TCP_PSH, 101, "mine", 4);
	send_tcp(LAMP_AT(40000), CLOUD_AT(8883), TCP_ACK | TCP_PSH, 101, "x", 1);
	finish();
	assert_int_equal(records_of(LAMP), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(tcp_from_the_first_packet_to_the_last),
		HOUSE_TEST(two_devices_have_a_record_each),
		HOUSE_TEST(midstream_by_syn_ack_and_by_the_lower_port),
		HOUSE_TEST(an_answer_from_a_service_was_asked_for),
		HOUSE_TEST(silence_ends_each_kind_in_its_time),
		HOUSE_TEST(a_packet_after_the_silence_begins_anew),
		HOUSE_TEST(talk_keeps_a_conversation),
		HOUSE_TEST(a_closed_one_ends_soon_and_its_ports_begin_anew),
		HOUSE_TEST(a_syn_again_is_no_new_conversation),
		HOUSE_TEST(the_longest_silent_makes_room),
		HOUSE_TEST(millions_of_conversations_in_a_small_table),
		HOUSE_TEST(a_clock_that_jumps_back_ends_what_was),
		HOUSE_TEST(times_at_the_ends_of_the_range),
		HOUSE_TEST(fragments_count_to_the_first),
		HOUSE_TEST(tags_ipv6_and_extension_headers),
		HOUSE_TEST(an_echo_and_its_answer_are_one),
		HOUSE_TEST(what_is_cut_or_lies_is_counted),
		HOUSE_TEST(a_length_of_zero_or_too_much_is_what_is_there),
		HOUSE_TEST(what_keeps_the_link_together_is_no_conversation),
		HOUSE_TEST(two_observers_share_nothing),
		HOUSE_TEST(a_long_one_is_told_in_pieces),
		HOUSE_TEST(what_was_told_and_is_silent_ends_without_a_word),
		HOUSE_TEST(a_told_one_stays_its_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
