// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose conversations they are, by which names; and what else shows of the house. */
#include <stdio.h>
#include "test_observe_util.h"
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"

static void arp(const char *mac, const char *ip)
{
	uint8_t buf[64];
	struct writer w = writer_of(buf, sizeof buf);
	struct eth eth = {
		.src = test_mac(mac), .dst = test_mac(ALL), .type = ETH_TYPE_ARP};
	struct arp a = {.op = ARP_REQUEST,
		.sender_mac = test_mac(mac),
		.sender = test_addr(ip),
		.target = test_addr("192.168.7.99")};

	build_eth(&w, &eth);
	build_arp(&w, &a);
	house_bytes(LINK_ETHERNET, buf, w.len);
}

static void dhcp(const struct dhcp4 *d, struct party from, struct party to)
{
	uint8_t buf[1000];
	struct writer w = writer_of(buf, sizeof buf);

	assert_int_equal(dhcp4_build(&w, d), 0);
	send_udp(from, to, buf, w.len);
}

static void asks_dhcp(uint8_t type, uint32_t xid, const char *own, const char *server)
{
	struct dhcp4 d = {.op = 1,
		.htype = 1,
		.msg_type = type,
		.xid = xid,
		.chaddr = test_mac(LAMP)};

	if (own)
		d.ciaddr = test_addr(own);
	if (server)
		d.server_id = test_addr(server);
	dhcp(&d, (struct party){LAMP, own ? own : "0.0.0.0", 68},
		(struct party){ALL, "255.255.255.255", 67});
}

static void dhcp_answers(const char *router)
{
	struct dhcp4 d = {.op = 2,
		.htype = 1,
		.msg_type = DHCP4_ACK,
		.xid = 1,
		.chaddr = test_mac(LAMP),
		.yiaddr = test_addr(LAMP_IP),
		.server_id = test_addr(GATEWAY_IP),
		.router = test_addr(router)};

	dhcp(&d, GATEWAY_AT(67), LAMP_AT(68));
}

/* ---- the gateway ---- */

static void a_router_that_dhcp_names_is_the_gateway(void **state)
{
	(void)state;
	arp(GATEWAY, GATEWAY_IP);
	dhcp_answers(GATEWAY_IP);
	send_udp(LAMP_AT(40000), GATEWAY_AT(9999), "x", 1);
	finish();
	assert_int_equal(records_of(GATEWAY), 0);
	assert_int_equal(events_of(GATEWAY, OBSERVE_NEW), 0);
	const struct record *r = &house.records[house.count - 1];
	assert_int_equal(r->place, RECORD_GATEWAY);
}

static void the_router_may_be_seen_later(void **state)
{
	(void)state;
	struct party router = {GATEWAY, "192.168.7.254", 9999};

	send_udp(LAMP_AT(40000), router, "x", 1);
	send_udp(router, LAMP_AT(40000), "x", 1);
	dhcp_answers("192.168.7.254");
	arp(GATEWAY, "192.168.7.254");
	finish();
	assert_int_equal(records_of(GATEWAY), 0);
	assert_int_equal(record_of(LAMP, "192.168.7.254")->place, RECORD_GATEWAY);
}

static void who_carries_foreign_addresses_is_the_gateway(void **state)
{
	(void)state;
	send_udp(LAMP_AT(40000), GATEWAY_AT(9999), "x", 1);
	send_udp(GATEWAY_AT(9999), LAMP_AT(40000), "x", 1);
	shake(LAMP_AT(40000), CLOUD_AT(443), 1);
	finish();
	assert_int_equal(records_of(GATEWAY), 0);
	assert_int_equal(record_of(LAMP, GATEWAY_IP)->place, RECORD_GATEWAY);
	assert_int_equal(record_of(LAMP, CLOUD_IP)->place, RECORD_INTERNET);
}

static void a_private_net_behind_the_gateway_is_not_the_gateway(void **state)
{
	(void)state;
	struct party far = {GATEWAY, "10.9.9.9", 443};

	shake(LAMP_AT(40000), CLOUD_AT(443), 1);
	shake(LAMP_AT(40000), far, 1);
	finish();
	assert_int_equal(record_of(LAMP, "10.9.9.9")->place, RECORD_INTERNET);
}

static void a_device_cannot_hide_by_a_foreign_address(void **state)
{
	(void)state;
	arp(GATEWAY, GATEWAY_IP);
	dhcp_answers(GATEWAY_IP);
	send_udp((struct party){LAMP, "8.8.8.8", 1}, PHONE_AT(2), "x", 1);
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	finish();
	assert_int_equal(events_of(LAMP, OBSERVE_NEW), 1);
	(void)record_of(LAMP, CLOUD_IP);
	house_teardown(NULL);
	house_setup(NULL);
	/* nor who asks for an address, when no gateway is known */
	asks_dhcp(DHCP4_DISCOVER, 1, NULL, NULL);
	send_udp((struct party){LAMP, "8.8.8.8", 1}, PHONE_AT(2), "x", 1);
	send_udp(LAMP_AT(40000), OTHER_AT(5000), "x", 1);
	finish();
	(void)record_of(LAMP, OTHER_IP);
}

static void addresses_that_the_caller_knows(void **state)
{
	(void)state;
	struct observe_config c = {.gateway = test_mac(GATEWAY), .lan_count = 1};

	assert_int_equal(prefix_parse("203.0.113.0/28", &c.lan[0]), 0);
	house_teardown(NULL);
	house_open(c);
	send_udp((struct party){LAMP, "203.0.113.3", 1},
		(struct party){GATEWAY, "203.0.113.1", 2}, "x", 1);
	send_udp((struct party){LAMP, "203.0.113.3", 1},
		(struct party){GATEWAY, "203.0.113.33", 2}, "x", 1);
	finish();
	assert_int_equal(record_of(LAMP, "203.0.113.1")->place, RECORD_GATEWAY);
	assert_int_equal(record_of(LAMP, "203.0.113.33")->place, RECORD_INTERNET);
}

static void ipv6_without_a_word_about_prefixes(void **state)
{
	(void)state;
	struct party lamp = {LAMP, "2001:db8:1::20", 40000};
	struct party cloud = {GATEWAY, "2001:db8:99::1", 443};

	send_tcp(lamp, cloud, TCP_SYN, 1, NULL, 0);
	house.ttl = 57;
	send_tcp(cloud, lamp, TCP_SYN | TCP_ACK, 1, NULL, 0);
	finish();
	assert_int_equal(house.count, 1);
	const struct record *r = record_of(LAMP, "2001:db8:99::1");
	assert_int_equal(r->place, RECORD_INTERNET);
	assert_int_equal(r->packets[DIRECTION_TO_DEVICE], 1);
}

static void routers_that_stand_in_for_each_other(void **state)
{
	(void)state;
	struct party lamp = LAMP_AT(40000), cloud = CLOUD_AT(443), virtual = cloud;

	virtual.mac = "00:00:5e:00:01:01";
	send_tcp(lamp, virtual, TCP_SYN, 1, NULL, 0);
	send_tcp(cloud, lamp, TCP_SYN | TCP_ACK, 1, NULL, 0);
	send_tcp(lamp, virtual, TCP_ACK, 2, NULL, 0);
	cloud.mac = "02:00:00:00:00:02"; /* the other one took over */
	send_tcp(cloud, lamp, TCP_ACK, 2, NULL, 0);
	finish();
	assert_int_equal(house.count, 1);
	assert_int_equal(house.records[0].packets[DIRECTION_TO_DEVICE], 2);
}

static void another_device_with_the_same_address_is_another(void **state)
{
	(void)state;
	send_udp(LAMP_AT(40000), CLOUD_AT(5000), "x", 1);
	send_udp((struct party){PHONE, LAMP_IP, 40000}, CLOUD_AT(5000), "x", 1);
	finish();
	assert_int_equal(records_of(LAMP), 1);
	assert_int_equal(records_of(PHONE), 1);
}

static void groups(void **state)
{
	(void)state;
	send_udp(LAMP_AT(1), (struct party){ALL, "192.168.7.255", 2}, "x", 1);
	send_udp(LAMP_AT(1), (struct party){"01:00:5e:00:00:fb", "224.0.0.251", 2}, "x",
		1);
	finish();
	assert_int_equal(record_of(LAMP, "192.168.7.255")->place, RECORD_GROUP);
	assert_int_equal(record_of(LAMP, "224.0.0.251")->place, RECORD_GROUP);
	assert_int_equal(house.count, 2);
}

static void only_the_one_asked_for(void **state)
{
	(void)state;
	house_teardown(NULL);
	house_open((struct observe_config){.device = test_mac(LAMP)});
	send_udp(PHONE_AT(1), CLOUD_AT(2), "x", 1);
	send_udp(PHONE_AT(1), LAMP_AT(2), "x", 1);
	send_udp(LAMP_AT(2), PHONE_AT(1), "x", 1);
	finish();
	assert_int_equal(house.count, 1);
	assert_int_equal(records_of(LAMP), 1);
	assert_int_equal(events_of(PHONE, OBSERVE_NEW), 0);
	assert_int_equal(counts().foreign, 1);
}

static void what_is_between_others_is_foreign(void **state)
{
	(void)state;
	send_udp((struct party){GATEWAY, CLOUD_IP, 1},
		(struct party){PHONE, OTHER_IP, 2}, "x", 1);
	finish();
	assert_int_equal(house.count, 0);
	assert_int_equal(counts().foreign, 1);
}

static void cooked_captures_lack_an_address(void **state)
{
	(void)state;
	uint8_t buf[100] = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0x10, 0, 0, 8, 0};
	struct writer w = writer_of(buf + 16, sizeof buf - 16);
	struct ip ip = ip_between(LAMP_IP, PHONE_IP, IP_PROTO_UDP);
	struct udp udp = {.src_port = 1, .dst_port = 2};

	arp(PHONE, PHONE_IP);
	build_ip(&w, &ip, 9);
	build_udp(&w, &ip, &udp, "x", 1);
	house_bytes(LINK_COOKED, buf, 16 + w.len);
	finish();
	const struct record *r = record_of(LAMP, PHONE_IP);
	assert_int_equal(r->place, RECORD_DEVICE);
	assert_mac(&r->peer_mac, PHONE);
	assert_int_equal(records_of(PHONE), 1);
}

static void a_flood_of_macs_ends_at_a_limit(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char mac[MAC_TEXT_MAX];
		struct mac m = {{2, 9, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
		send_udp((struct party){mac_format(&m, mac), LAMP_IP, 1}, CLOUD_AT(2),
			"x", 1);
		house.event_count = 0;
	}
	house.event_count = 0;
	assert_int_equal(counts().packets, 3000);
	assert_true(house.count > 1000 && house.count < 1100);
}

/* ---- events ---- */

static void new_comes_before_all_else_and_once(void **state)
{
	(void)state;
	nstime begin = house.now;

	asks_dhcp(DHCP4_DISCOVER, 7, NULL, NULL);
	wait_s(3);
	asks_dhcp(DHCP4_DISCOVER, 7, NULL, NULL); /* again, with the same exchange */
	asks_dhcp(DHCP4_REQUEST, 7, NULL, GATEWAY_IP);
	wait_s(1800);
	asks_dhcp(DHCP4_REQUEST, 8, LAMP_IP, NULL);
	wait_s(86400);
	asks_dhcp(
		DHCP4_REQUEST, 9, NULL, NULL); /* back, with the old address in mind */
	finish();
	assert_mac(&house.events[0].device, LAMP);
	assert_int_equal(house.events[0].event, OBSERVE_NEW);
	assert_int_equal(house.events[0].when, begin);
	assert_int_equal(events_of(LAMP, OBSERVE_NEW), 1);
	assert_int_equal(events_of(LAMP, OBSERVE_BOOT), 2);
	assert_int_equal(events_of(LAMP, OBSERVE_LEASE), 2);
	assert_int_equal(house.records[0].app, RECORD_APP_DHCP);
}

static void nobody_boots_for_another(void **state)
{
	(void)state;
	struct dhcp4 d = {.op = 1,
		.htype = 1,
		.msg_type = DHCP4_DISCOVER,
		.xid = 5,
		.chaddr = test_mac(LAMP)};

	dhcp(&d, (struct party){PHONE, "0.0.0.0", 68},
		(struct party){ALL, "255.255.255.255", 67});
	finish();
	assert_int_equal(events_of(LAMP, OBSERVE_BOOT), 0);
	assert_int_equal(events_of(PHONE, OBSERVE_BOOT), 0);
}

static void dhcp6_in_the_same_words(void **state)
{
	(void)state;
	static const uint8_t types[] = {DHCP6_SOLICIT, DHCP6_SOLICIT, DHCP6_RENEW};
	struct party lamp = {LAMP, "fe80::20", 546};
	struct party all = {"33:33:00:01:00:02", "ff02::1:2", 547};

	for (size_t i = 0; i < sizeof types; i++) {
		struct dhcp6 d = {.msg_type = types[i], .xid = 0x1234};
		uint8_t buf[400];
		struct writer w = writer_of(buf, sizeof buf);
		assert_int_equal(dhcp6_build(&w, &d), 0);
		send_udp(lamp, all, buf, w.len);
		wait_s(3600); /* retransmissions go on for ever: RFC 8415 18.2.1 */
	}
	finish();
	assert_int_equal(events_of(LAMP, OBSERVE_BOOT), 1);
	assert_int_equal(events_of(LAMP, OBSERVE_LEASE), 1);
}

static void who_only_knocks_on_the_link_is_seen(void **state)
{
	(void)state;
	arp(PHONE, PHONE_IP);
	finish();
	assert_int_equal(events_of(PHONE, OBSERVE_NEW), 1);
	finish();
	assert_int_equal(events_of(PHONE, OBSERVE_NEW), 1);
}

/* ---- names ---- */

static void a_name_that_the_device_was_told(void **state)
{
	(void)state;
	learn_name("Cloud.Example.com", CLOUD_IP);
	shake(LAMP_AT(40000), CLOUD_AT(443), 1);
	shake(PHONE_AT(40000), CLOUD_AT(443), 1); /* was told nothing */
	shake(OTHER_AT(50000), LAMP_AT(80), 1);
	learn_name("late.example", OTHER_IP);
	shake((struct party){GATEWAY, OTHER_IP, 50001}, LAMP_AT(80), 1);
	finish();
	const struct record *r = record_of(LAMP, CLOUD_IP);
	assert_int_equal(r->naming, RECORD_ANSWER);
	assert_string_equal(r->name, "cloud.example.com");
	assert_int_equal(record_of(PHONE, CLOUD_IP)->naming, RECORD_UNNAMED);
	for (size_t i = 0; i < house.count; i++) { /* who comes in is named, too */
		r = &house.records[i];
		if (r->peer_port == 50001)
			assert_string_equal(r->name, "late.example");
		if (r->peer_port == 50000)
			assert_string_equal(r->name, "");
	}
}

static void each_question_is_a_conversation(void **state)
{
	(void)state;
	size_t found = 0;

	learn_name("a.example", CLOUD_IP);
	learn_name("b.example", OTHER_IP);
	learn_name("a.example", CLOUD_IP);
	shake(LAMP_AT(40000), CLOUD_AT(443), 1); /* by which the gateway is known */
	finish();
	assert_int_equal(house.count, 3); /* two from one port */
	for (size_t i = 0; i < house.count; i++) {
		const struct record *r = &house.records[i];
		if (r->proto == IP_PROTO_TCP)
			continue;
		assert_int_equal(r->app, RECORD_APP_DNS);
		assert_int_equal(r->place, RECORD_GATEWAY);
		if (!strcmp(r->detail, "A a.example")) {
			assert_int_equal(r->packets[DIRECTION_TO_DEVICE], 2);
			found++;
		}
		found += !strcmp(r->detail, "A b.example");
	}
	assert_int_equal(found, 2);
}

static void a_name_ends_with_its_time_but_not_for_live_flows(void **state)
{
	(void)state;
	learn_name("cloud.example", CLOUD_IP); /* 300 s and 600 s of grace */
	shake(LAMP_AT(40000), CLOUD_AT(443), 1);
	wait_s(800);
	shake(LAMP_AT(40001), CLOUD_AT(443), 1);
	wait_s(200);
	shake(LAMP_AT(40002), CLOUD_AT(443), 1);
	send_tcp(LAMP_AT(40000), CLOUD_AT(443), TCP_ACK, 2, "x", 1);
	finish();
	for (size_t i = 0; i < house.count; i++)
		if (house.records[i].proto == IP_PROTO_TCP)
			assert_int_equal(house.records[i].naming,
				house.records[i].device_port == 40002 ? RECORD_UNNAMED
								      : RECORD_ANSWER);
}

static void nobody_is_believed_unasked(void **state)
{
	(void)state;
	answer(GATEWAY_AT(53), LAMP_AT(4000), "evil.example", CLOUD_IP, 300);
	ask(LAMP_AT(4001), GATEWAY_AT(53), "a.example", DNS_TYPE_A);
	answer(GATEWAY_AT(53), LAMP_AT(4001), "evil.example", CLOUD_IP, 300);
	answer((struct party){PHONE, "192.168.7.30", 53}, LAMP_AT(4001), "a.example",
		CLOUD_IP, 300);
	shake(LAMP_AT(40000), CLOUD_AT(443), 1);
	finish();
	assert_int_equal(record_of(LAMP, CLOUD_IP)->naming, RECORD_UNNAMED);
}

static void an_answer_redirected_by_the_gateway_counts(void **state)
{
	(void)state;
	/* asked there, answered from elsewhere through the same router */
	ask(LAMP_AT(4001), GATEWAY_AT(53), "a.example", DNS_TYPE_A);
	answer(OTHER_AT(53), LAMP_AT(4001), "a.example", CLOUD_IP, 300);
	shake(LAMP_AT(40000), CLOUD_AT(443), 1);
	finish();
	assert_string_equal(record_of(LAMP, CLOUD_IP)->name, "a.example");
	assert_int_equal(record_of(LAMP, GATEWAY_IP)->packets[DIRECTION_TO_DEVICE], 1);
	assert_int_equal(house.count, 2);
}

static void of_several_names_that_which_is_called(void **state)
{
	(void)state;
	static const char head[] = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	static const char other[] = "GET / HTTP/1.1\r\nHost: c.example\r\n\r\n";

	learn_name("a.example", CLOUD_IP);
	learn_name("b.example", CLOUD_IP);
	for (uint16_t i = 0; i < 3; i++)
		shake(LAMP_AT(40000 + i), CLOUD_AT(80), 1);
	send_tcp(LAMP_AT(40000), CLOUD_AT(80), TCP_ACK, 2, head, sizeof head - 1);
	send_tcp(LAMP_AT(40001), CLOUD_AT(80), TCP_ACK, 2, other, sizeof other - 1);
	finish();
	for (size_t i = 0; i < house.count; i++) {
		const struct record *r = &house.records[i];
		if (r->proto != IP_PROTO_TCP)
			continue;
		assert_int_equal(r->naming, RECORD_ANSWER);
		assert_string_equal(
			r->name, r->device_port == 40000 ? "a.example" : "b.example");
	}
}

static void dns_over_tcp_names_too(void **state)
{
	(void)state;
	struct addr addr = test_addr(CLOUD_IP);
	struct dns_query q = house_query("big.example", DNS_TYPE_A);
	struct dns_reply reply = {.ttl = 300, .addresses = &addr, .address_count = 1};
	uint8_t message[600], buf[600];
	struct writer w = writer_of(message, sizeof message);
	struct writer f = writer_of(buf, sizeof buf);

	shake(LAMP_AT(40000), GATEWAY_AT(53), 1);
	assert_int_equal(dns_build_query(&w, &q), 0);
	assert_int_equal(dns_frame_write(&f, message, w.len), 0);
	send_tcp(LAMP_AT(40000), GATEWAY_AT(53), TCP_ACK, 2, buf, f.len);
	w = writer_of(message, sizeof message);
	f = writer_of(buf, sizeof buf);
	assert_int_equal(dns_build_answer(&w, &q, &reply), 0);
	assert_int_equal(dns_frame_write(&f, message, w.len), 0);
	send_tcp(GATEWAY_AT(53), LAMP_AT(40000), TCP_ACK, 7001, buf, f.len);
	shake(LAMP_AT(40001), CLOUD_AT(443), 1);
	finish();
	assert_string_equal(record_of(LAMP, CLOUD_IP)->name, "big.example");
	assert_int_equal(record_of(LAMP, GATEWAY_IP)->app, RECORD_APP_DNS);
	assert_string_equal(record_of(LAMP, GATEWAY_IP)->detail, "A big.example");
}

static void mdns_by_question_and_by_offer(void **state)
{
	(void)state;
	struct party group = {"01:00:5e:00:00:fb", "224.0.0.251", 5353};

	ask(LAMP_AT(5353), group, "_hue._tcp.local", DNS_TYPE_PTR);
	answer(PHONE_AT(5353), group, "phone.local", PHONE_IP, 120);
	finish();
	const struct record *r = record_of(LAMP, "224.0.0.251");
	assert_int_equal(r->app, RECORD_APP_MDNS);
	assert_string_equal(r->detail, "PTR _hue._tcp.local");
	assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
	assert_string_equal(record_of(PHONE, "224.0.0.251")->detail, "A phone.local");
}

/* 100,000 names and addresses: the newest are known, memory is what it was. */
static void a_hundred_thousand_names(void **state)
{
	(void)state;
	char name[64], ip[ADDR_TEXT_MAX];

	for (uint32_t i = 0; i < 100000; i++) {
		struct addr a = addr_v4((uint8_t[]){
			8, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i});
		snprintf(name, sizeof name, "n%u.example", i);
		learn_name(name, addr_format(&a, ip));
		house.now += NS_PER_MS;
	}
	house.forgets = true;
	shake(LAMP_AT(40000), (struct party){GATEWAY, "8.1.134.159", 443}, 1);
	shake(LAMP_AT(40000), (struct party){GATEWAY, "8.0.0.1", 443}, 1);
	for (int i = 0; i < 3; i++) { /* the questions' conversations end */
		wait_s(100);
		send_tcp(LAMP_AT(40000), (struct party){GATEWAY, "8.0.0.1", 443},
			TCP_ACK, 2, NULL, 0);
	}
	house.count = 0;
	finish();
	assert_string_equal(record_of(LAMP, "8.1.134.159")->name, "n99999.example");
	assert_string_equal(record_of(LAMP, "8.0.0.1")->name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(a_router_that_dhcp_names_is_the_gateway),
		HOUSE_TEST(the_router_may_be_seen_later),
		HOUSE_TEST(who_carries_foreign_addresses_is_the_gateway),
		HOUSE_TEST(a_private_net_behind_the_gateway_is_not_the_gateway),
		HOUSE_TEST(a_device_cannot_hide_by_a_foreign_address),
		HOUSE_TEST(addresses_that_the_caller_knows),
		HOUSE_TEST(ipv6_without_a_word_about_prefixes),
		HOUSE_TEST(routers_that_stand_in_for_each_other),
		HOUSE_TEST(another_device_with_the_same_address_is_another),
		HOUSE_TEST(groups),
		HOUSE_TEST(only_the_one_asked_for),
		HOUSE_TEST(what_is_between_others_is_foreign),
		HOUSE_TEST(cooked_captures_lack_an_address),
		HOUSE_TEST(a_flood_of_macs_ends_at_a_limit),
		HOUSE_TEST(new_comes_before_all_else_and_once),
		HOUSE_TEST(nobody_boots_for_another),
		HOUSE_TEST(dhcp6_in_the_same_words),
		HOUSE_TEST(who_only_knocks_on_the_link_is_seen),
		HOUSE_TEST(a_name_that_the_device_was_told),
		HOUSE_TEST(each_question_is_a_conversation),
		HOUSE_TEST(a_name_ends_with_its_time_but_not_for_live_flows),
		HOUSE_TEST(nobody_is_believed_unasked),
		HOUSE_TEST(an_answer_redirected_by_the_gateway_counts),
		HOUSE_TEST(of_several_names_that_which_is_called),
		HOUSE_TEST(dns_over_tcp_names_too),
		HOUSE_TEST(mdns_by_question_and_by_offer),
		HOUSE_TEST(a_hundred_thousand_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
