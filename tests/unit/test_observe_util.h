// SPDX-License-Identifier: GPL-2.0-or-later
/* A small house whose frames are observed, and what comes of them. */
#ifndef CARDEA_TEST_OBSERVE_UTIL_H
#define CARDEA_TEST_OBSERVE_UTIL_H

#include "test_wire_util.h"
#include "observe/observe.h"
#include "wire/build.h"
#include "wire/dns.h"
#include "wire/link.h"

#define LAMP "02:00:00:00:00:10"
#define PHONE "02:00:00:00:00:11"
#define GATEWAY "02:00:00:00:00:01"
#define ALL "ff:ff:ff:ff:ff:ff"
#define LAMP_IP "192.168.7.20"
#define PHONE_IP "192.168.7.30"
#define GATEWAY_IP "192.168.7.1"
#define CLOUD_IP "203.0.113.10"
#define OTHER_IP "198.51.100.7"

#define HOUSE_RECORDS 4096
#define HOUSE_EVENTS 64

struct house_event {
	struct mac device;
	enum observe_event event;
	nstime when;
};

static struct house {
	struct observe *o;
	struct record records[HOUSE_RECORDS];
	struct house_event events[HOUSE_EVENTS];
	size_t count, event_count;
	bool forgets; /* records of before, when there are many */
	nstime now;
	uint32_t cut;   /* frames are cut to this, when not 0 */
	struct eth eth; /* tags for the next frames */
	struct ip_frag frag;
	uint8_t ttl;
} house;

static inline void house_record(void *ctx, const struct record *r)
{
	assert_ptr_equal(ctx, &house);
	if (house.forgets && house.count == HOUSE_RECORDS)
		house.count = 0;
	assert_true(house.count < HOUSE_RECORDS);
	house.records[house.count++] = *r;
}

static inline void house_event(
	void *ctx, const struct mac *device, enum observe_event e, nstime when)
{
	assert_ptr_equal(ctx, &house);
	assert_true(house.event_count < HOUSE_EVENTS);
	house.events[house.event_count++] = (struct house_event){*device, e, when};
}

static inline void house_open(struct observe_config c)
{
	c.record = house_record;
	c.event = house_event;
	c.ctx = &house;
	observe_free(house.o);
	memset(&house, 0, sizeof house);
	house.now = 1700000000 * NS_PER_SEC;
	house.ttl = 64;
	assert_int_equal(observe_new(&c, &house.o), 0);
}

static inline int house_setup(void **state)
{
	(void)state;
	house_open((struct observe_config){0});
	return 0;
}

static inline int house_teardown(void **state)
{
	(void)state;
	observe_free(house.o);
	house.o = NULL;
	return 0;
}

static inline void wait_s(double seconds)
{
	house.now += (nstime)(seconds * 1e9);
}

static inline void house_bytes(uint32_t linktype, const void *bytes, size_t len)
{
	size_t cut = house.cut && house.cut < len ? house.cut : len;
	uint8_t *exact = test_exact(bytes, cut);

	observe_frame(house.o, linktype, exact, cut, (uint32_t)len, house.now);
	free(exact);
}

/* A frame around an IP payload that build() has written. */
static inline void house_ip(const char *from, const char *to, const struct ip *ip,
	const uint8_t *payload, size_t len)
{
	static uint8_t buf[70000];
	struct writer w = writer_of(buf, sizeof buf);
	struct eth eth = house.eth;

	eth.src = test_mac(from);
	eth.dst = test_mac(to);
	eth.type = ip->family == 4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6;
	build_eth(&w, &eth);
	build_ip(&w, ip, len);
	writer_bytes(&w, payload, len);
	assert_int_equal(w.error, 0);
	house_bytes(LINK_ETHERNET, buf, w.len);
}

static inline struct ip ip_between(const char *src, const char *dst, uint8_t proto)
{
	struct ip ip = {.src = test_addr(src),
		.dst = test_addr(dst),
		.proto = proto,
		.ttl = house.ttl,
		.frag = house.frag};

	ip.family = ip.src.family;
	return ip;
}

/* "MAC/ADDRESS:PORT" is long; a party has them apart. */
struct party {
	const char *mac, *ip;
	uint16_t port;
};

static inline void send_udp(
	struct party a, struct party b, const void *data, size_t len)
{
	uint8_t buf[66000];
	struct writer w = writer_of(buf, sizeof buf);
	struct ip ip = ip_between(a.ip, b.ip, IP_PROTO_UDP);
	struct udp udp = {.src_port = a.port, .dst_port = b.port};

	build_udp(&w, &ip, &udp, data, len);
	assert_int_equal(w.error, 0);
	house_ip(a.mac, b.mac, &ip, buf, w.len);
}

static inline void send_tcp(struct party a, struct party b, uint8_t flags, uint32_t seq,
	const void *data, size_t len)
{
	uint8_t buf[66000];
	struct writer w = writer_of(buf, sizeof buf);
	struct ip ip = ip_between(a.ip, b.ip, IP_PROTO_TCP);
	struct tcp tcp = {
		.src_port = a.port, .dst_port = b.port, .flags = flags, .seq = seq};

	build_tcp(&w, &ip, &tcp, data, len);
	assert_int_equal(w.error, 0);
	house_ip(a.mac, b.mac, &ip, buf, w.len);
}

/* Three packets; the next of a has sequence number seq + 1. */
static inline void shake(struct party a, struct party b, uint32_t seq)
{
	send_tcp(a, b, TCP_SYN, seq, NULL, 0);
	send_tcp(b, a, TCP_SYN | TCP_ACK, 7000, NULL, 0);
	send_tcp(a, b, TCP_ACK, seq + 1, NULL, 0);
}

static inline struct dns_query house_query(const char *name, uint16_t type)
{
	struct dns_query q = {.id = 77, .rd = true};

	assert_int_equal(dns_name_from_text(name, &q.question.name), 0);
	q.question.type = type;
	q.question.class = DNS_CLASS_IN;
	return q;
}

static inline void ask(
	struct party a, struct party server, const char *name, uint16_t type)
{
	uint8_t buf[600];
	struct writer w = writer_of(buf, sizeof buf);
	struct dns_query q = house_query(name, type);

	assert_int_equal(dns_build_query(&w, &q), 0);
	send_udp(a, server, buf, w.len);
}

static inline void answer(struct party server, struct party a, const char *name,
	const char *address, uint32_t ttl)
{
	uint8_t buf[600];
	struct writer w = writer_of(buf, sizeof buf);
	struct addr addr = test_addr(address);
	struct dns_query q =
		house_query(name, addr.family == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA);
	struct dns_reply r = {.ttl = ttl, .addresses = &addr, .address_count = 1};

	assert_int_equal(dns_build_answer(&w, &q, &r), 0);
	send_udp(server, a, buf, w.len);
}

#define LAMP_AT(port) ((struct party){LAMP, LAMP_IP, (port)})
#define PHONE_AT(port) ((struct party){PHONE, PHONE_IP, (port)})
#define GATEWAY_AT(port) ((struct party){GATEWAY, GATEWAY_IP, (port)})
#define CLOUD_AT(port) ((struct party){GATEWAY, CLOUD_IP, (port)})
#define OTHER_AT(port) ((struct party){GATEWAY, OTHER_IP, (port)})

/* The lamp is told this name's address. */
static inline void learn_name(const char *name, const char *address)
{
	ask(LAMP_AT(4000), GATEWAY_AT(53), name,
		strchr(address, ':') ? DNS_TYPE_AAAA : DNS_TYPE_A);
	answer(GATEWAY_AT(53), LAMP_AT(4000), name, address, 300);
}

/* All that was observed up to here is told. */
static inline void finish(void)
{
	observe_end(house.o);
}

/* The one record of this device whose peer is this; fails when there are more. */
static inline const struct record *record_of(const char *device, const char *peer)
{
	struct mac m = test_mac(device);
	struct addr a = test_addr(peer);
	const struct record *found = NULL;

	for (size_t i = 0; i < house.count; i++) {
		const struct record *r = &house.records[i];
		if (!mac_equal(&r->device, &m) || !addr_equal(&r->peer, &a))
			continue;
		assert_null(found);
		found = r;
	}
	assert_non_null(found);
	return found;
}

static inline size_t records_of(const char *device)
{
	struct mac m = test_mac(device);
	size_t n = 0;

	for (size_t i = 0; i < house.count; i++)
		n += mac_equal(&house.records[i].device, &m);
	return n;
}

static inline size_t events_of(const char *device, enum observe_event e)
{
	struct mac m = test_mac(device);
	size_t n = 0;

	for (size_t i = 0; i < house.event_count; i++)
		n += mac_equal(&house.events[i].device, &m) &&
		     house.events[i].event == e;
	return n;
}

static inline struct observe_counts counts(void)
{
	struct observe_counts n;

	observe_counts(house.o, &n);
	return n;
}

#define HOUSE_TEST(f) cmocka_unit_test_setup_teardown(f, house_setup, house_teardown)

#endif
