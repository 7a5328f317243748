// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_build.c - every builder in buffers of every size, and what it must keep. */
#include "test_wire_util.h"
#include "wire/build.h"
#include "wire/checksum.h"
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"
#include "wire/dns.h"
#include "wire/lldp.h"
#include "wire/sqrl.h"
#include "wire/tls.h"

#define CANARY 0xc5

static const char url[] = "https://acme.example/k";

static struct ip ip_of(uint8_t family, uint8_t proto)
{
	return (struct ip){.family = family,
		.src = test_addr(family == 4 ? "192.0.2.1" : "2001:db8::1"),
		.dst = test_addr(family == 4 ? "192.0.2.2" : "2001:db8::2"),
		.proto = proto,
		.ttl = 64};
}

static struct dns_name name(const char *text)
{
	struct dns_name n;
	assert_int_equal(dns_name_from_text(text, &n), 0);
	return n;
}

static void set(struct octets *o, const char *text)
{
	o->len = (uint16_t)strlen(text);
	memcpy(o->b, text, o->len);
}

static void set_url(struct octets_url *o)
{
	o->len = sizeof(url) - 1;
	memcpy(o->b, url, o->len);
}

static int write_eth(struct writer *w)
{
	struct eth eth = {.type = ETH_TYPE_IPV6, .vlan_count = 2, .vlan = {7, 8}};
	build_eth(w, &eth);
	return w->error;
}

static int write_arp(struct writer *w)
{
	struct arp arp = {.op = ARP_REPLY,
		.sender = test_addr("192.0.2.1"),
		.target = test_addr("192.0.2.2")};
	build_arp(w, &arp);
	return w->error;
}

static int write_ip4(struct writer *w)
{
	struct ip ip = ip_of(4, IP_PROTO_UDP);
	build_ip(w, &ip, 0);
	return w->error;
}

static int write_ip6_fragment(struct writer *w)
{
	struct ip ip = ip_of(6, IP_PROTO_UDP);
	ip.frag = (struct ip_frag){.is_fragment = true, .more = true, .id = 9};
	build_ip(w, &ip, 0);
	return w->error;
}

static int write_udp(struct writer *w)
{
	struct ip ip = ip_of(6, IP_PROTO_UDP);
	struct udp udp = {.src_port = 1, .dst_port = 2};
	build_udp(w, &ip, &udp, "data", 4);
	return w->error;
}

static int write_tcp(struct writer *w)
{
	struct ip ip = ip_of(4, IP_PROTO_TCP);
	struct tcp tcp = {.src_port = 1, .dst_port = 2, .flags = TCP_SYN};
	build_tcp(w, &ip, &tcp, "data", 4);
	return w->error;
}

static int write_icmp(struct writer *w)
{
	struct ip ip = ip_of(6, IP_PROTO_ICMP6);
	struct icmp icmp = {.type = ICMP6_ECHO, .rest = 0x10002};
	build_icmp(w, &ip, &icmp, "ping", 4);
	return w->error;
}

static int write_dhcp4(struct writer *w)
{
	struct dhcp4 d;
	memset(&d, 0, sizeof(d));
	d.op = 1;
	d.htype = 1;
	d.msg_type = DHCP4_ACK;
	d.dns_count = 1;
	d.dns[0] = test_addr("192.0.2.53");
	d.has_lease_time = true;
	d.lease_time = 60;
	set(&d.hostname, "kettle");
	set(&d.fqdn, "kettle.home.arpa");
	set_url(&d.mud_url);
	return dhcp4_build(w, &d);
}

static int write_dhcp6(struct writer *w)
{
	struct dhcp6 d;
	memset(&d, 0, sizeof(d));
	d.msg_type = DHCP6_REPLY;
	d.relay_count = 1;
	d.relays[0].type = DHCP6_RELAY_REPLY;
	d.client_id = (struct dhcp6_duid){.len = 4, .b = {0, 2, 0, 1}};
	d.has_status = true;
	d.address_count = 1;
	d.addresses[0].addr = test_addr("2001:db8::61");
	set(&d.vendor_class, "kettle");
	set(&d.fqdn, "kettle.home.arpa");
	set_url(&d.mud_url);
	return dhcp6_build(w, &d);
}

static int write_dns(struct writer *w)
{
	struct dns_query q = {.has_edns = true,
		.question = {name("a.example"), DNS_TYPE_ANY, DNS_CLASS_IN}};
	struct dns_name alias = name("b.example");
	struct addr addresses[] = {test_addr("192.0.2.1"), test_addr("2001:db8::1")};
	struct dns_reply reply = {.ttl = 5,
		.chain = &alias,
		.chain_count = 1,
		.addresses = addresses,
		.address_count = 2};
	return dns_build_answer(w, &q, &reply);
}

static int write_frame(struct writer *w)
{
	return dns_frame_write(w, "message", 7);
}

static int write_lldp(struct writer *w)
{
	struct lldp l;
	memset(&l, 0, sizeof(l));
	set(&l.chassis_id, "abcdef");
	set(&l.port_id, "eth0");
	set(&l.system_name, "kettle");
	set_url(&l.mud_url);
	return lldp_build(w, &l);
}

static int write_sqrl(struct writer *w)
{
	struct sqrl s;
	memset(&s, 0, sizeof(s));
	set(&s.company, "Acme");
	set_url(&s.mud_url);
	s.has_mac = true;
	return sqrl_build(w, &s);
}

static void tls_sample(struct tls_hello *h)
{
	memset(h, 0, sizeof(*h));
	h->legacy_version = TLS_VERSION_1_2;
	h->session_id_len = 32;
	h->cipher_count = 1;
	h->ciphers[0] = 0x1301;
	h->extensions[h->extension_count++] = TLS_EXT_SERVER_NAME;
	set(&h->server_name, "acme.example");
	h->extensions[h->extension_count++] = TLS_EXT_ALPN;
	set(&h->alpn[h->alpn_count++], "h2");
	h->extensions[h->extension_count++] = TLS_EXT_KEY_SHARE;
	h->shares[h->share_count++] = 29;
}

static int write_tls(struct writer *w)
{
	static struct tls_hello h;
	tls_sample(&h);
	return tls_build_hello(w, &h);
}

static int write_dtls(struct writer *w)
{
	static struct tls_hello h;
	tls_sample(&h);
	h.is_dtls = true;
	h.legacy_version = DTLS_VERSION_1_2;
	return tls_build_dtls(w, &h);
}

/* One octet too few anywhere must show, and nothing be written behind the buffer. The
 * same message comes out in a buffer that just fits and in one with room to spare. */
static void check_sizes(int (*write)(struct writer *w))
{
	uint8_t whole[1024], b[1024];
	struct writer w = writer_of(whole, sizeof(whole));
	assert_int_equal(write(&w), 0);
	size_t len = w.len;
	for (size_t cap = 0; cap < len; cap++) {
		memset(b, CANARY, sizeof(b));
		w = writer_of(b, cap);
		assert_int_equal(write(&w), CARDEA_ELIMIT);
		assert_true(w.len <= cap);
		for (size_t i = cap; i < sizeof(b); i++)
			assert_int_equal(b[i], CANARY);
		uint8_t *exact = test_exact(b, cap); /* reads past it count, too */
		w = writer_of(exact, cap);
		assert_int_equal(write(&w), CARDEA_ELIMIT);
		free(exact);
	}
	w = writer_of(b, len);
	assert_int_equal(write(&w), 0);
	assert_int_equal(w.len, len);
	assert_memory_equal(b, whole, len);
}

static void test_sizes_layers(void **state)
{
	(void)state;
	check_sizes(write_eth);
	check_sizes(write_arp);
	check_sizes(write_ip4);
	check_sizes(write_ip6_fragment);
	check_sizes(write_udp);
	check_sizes(write_tcp);
	check_sizes(write_icmp);
}

static void test_sizes_messages(void **state)
{
	(void)state;
	check_sizes(write_dhcp4);
	check_sizes(write_dhcp6);
	check_sizes(write_dns);
	check_sizes(write_frame);
	check_sizes(write_lldp);
	check_sizes(write_sqrl);
	check_sizes(write_tls);
	check_sizes(write_dtls);
}

/* The first error is the one that the caller gets to see. */
static void test_first_error_stays(void **state)
{
	(void)state;
	uint8_t b[64];
	struct ip ip = ip_of(6, IP_PROTO_UDP);
	struct writer w = writer_of(b, sizeof(b));
	w.error = CARDEA_EMALFORMED;
	build_ip(&w, &ip, 65536);
	assert_int_equal(w.error, CARDEA_EMALFORMED);
	assert_int_equal(w.len, 0);
	struct dhcp6 d;
	memset(&d, 0, sizeof(d));
	set(&d.fqdn, "a..b");
	w = writer_of(b, sizeof(b));
	assert_int_equal(dhcp6_build(&w, &d), CARDEA_EMALFORMED);
	w = writer_of(b, 3);
	assert_int_equal(dhcp6_build(&w, &d), CARDEA_ELIMIT);
}

/* A count beyond the array is not believed. */
static void test_eth_too_many_tags(void **state)
{
	(void)state;
	uint8_t b[64];
	struct eth eth = {.type = ETH_TYPE_IPV4,
		.vlan_count = ETH_VLANS_MAX + 1,
		.vlan = {7, 8}};
	struct writer w = writer_of(b, sizeof(b));
	build_eth(&w, &eth);
	assert_int_equal(w.len, ETH_HEADER_LEN + 4 * ETH_VLANS_MAX);
	assert_memory_equal(b + 12, "\x88\xa8\0\7\x88\xa8\0\x08\x08\0", 10);
}

/* Payloads of two octets until the checksum field is as wanted; at is its place. */
static bool seek_udp_checksum(struct ip ip, uint8_t *b, uint16_t wanted, uint16_t mask)
{
	struct udp udp = {.src_port = 1, .dst_port = 2};
	for (unsigned i = 0; i < 0x10000; i++) {
		uint8_t payload[2] = {(uint8_t)(i >> 8), (uint8_t)i};
		struct writer w = writer_of(b, UDP_HEADER_LEN + 2);
		build_udp(&w, &ip, &udp, payload, 2);
		uint16_t sum = (uint16_t)(b[6] << 8 | b[7]);
		if (w.error || !sum)
			return false; /* RFC 768: 0 would say that there is none */
		if ((sum & mask) == wanted)
			return true;
	}
	return false;
}

static bool udp_ok(const struct ip *ip, const uint8_t *b, size_t len)
{
	return checksum_transport_ok(
		&ip->src, &ip->dst, IP_PROTO_UDP, cursor_of(b, len));
}

static void test_udp_checksum_field(void **state)
{
	(void)state;
	uint8_t b[UDP_HEADER_LEN + 2];
	struct ip ip = ip_of(4, IP_PROTO_UDP);
	/* half a zero is not "none" */
	assert_true(seek_udp_checksum(ip, b, 0x0000, 0xff00));
	assert_true(udp_ok(&ip, b, sizeof(b)));
	b[8] ^= 1;
	assert_false(udp_ok(&ip, b, sizeof(b)));
	/* a sum of zero goes out as its other spelling */
	assert_true(seek_udp_checksum(ip, b, 0xffff, 0xffff));
	assert_true(udp_ok(&ip, b, sizeof(b)));
	b[8] ^= 1;
	assert_false(udp_ok(&ip, b, sizeof(b)));
	/* too short to have the field, so it cannot say "none" */
	memset(b, 0, sizeof(b));
	assert_true(udp_ok(&ip, b, UDP_HEADER_LEN));
	assert_false(udp_ok(&ip, b, UDP_HEADER_LEN - 1));
}

static void test_checksum_carry(void **state)
{
	(void)state;
	assert_int_equal(checksum_add(UINT32_MAX, "\0\1", 2), 1);
	assert_int_equal(checksum_add(UINT32_MAX, "\0\5", 2), 5);
	/* all ones is minus zero: it must not change the sum */
	assert_int_equal(checksum_finish(checksum_add(UINT32_MAX, "\x12\x34", 2)),
		(uint16_t)~0x1234);
}

static void test_optional_sqrl(void **state)
{
	(void)state;
	uint8_t b[SQRL_MAX];
	struct sqrl s, back;
	memset(&s, 0, sizeof(s));
	set_url(&s.mud_url);
	for (int eui64 = 0; eui64 < 2; eui64++) {
		s.has_eui64 = eui64;
		if (eui64)
			memcpy(s.eui64, "\2\0\0\xff\xfe\0\0\xaf", 8);
		struct writer w = writer_of(b, sizeof(b));
		assert_int_equal(sqrl_build(&w, &s), 0);
		struct cursor c = cursor_of(b, w.len);
		assert_int_equal(sqrl_parse(&c, &back), 0);
		assert_memory_equal(&back, &s, sizeof(s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_layers),
		cmocka_unit_test(test_sizes_messages),
		cmocka_unit_test(test_first_error_stays),
		cmocka_unit_test(test_eth_too_many_tags),
		cmocka_unit_test(test_udp_checksum_field),
		cmocka_unit_test(test_checksum_carry),
		cmocka_unit_test(test_optional_sqrl),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
