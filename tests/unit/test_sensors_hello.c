// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames that open TLS and DTLS: what is told of them, how often, and what is not. */
#include "test_wire_util.h"
#include "sensors/sensors.h"
#include "wire/build.h"

#define LAMP "02:00:00:00:00:10"
#define GATEWAY "02:00:00:00:00:01"
#define NOW (100 * NS_PER_SEC)
#define WALL (1000 * NS_PER_SEC)

static struct sensors sensors;
static struct message last;
static unsigned count;
static struct tls_hello offer;

static void emit(void *ctx, const struct message *m)
{
	static uint8_t buf[MESSAGE_MAX];
	static struct message back;
	int len = message_encode(m, buf, sizeof(buf));

	(void)ctx;
	assert_true(len > 0);
	assert_int_equal(message_decode(buf, (size_t)len, &back), 0);
	last = back;
	count++;
}

static void octets(struct octets *o, const char *text)
{
	o->len = (uint16_t)strlen(text);
	memcpy(o->b, text, o->len);
}

/* As a small client sends it, with GREASE in all lists that may have it. */
static void make_offer(void)
{
	static const uint16_t types[] = {0x2a2a, TLS_EXT_SERVER_NAME,
		TLS_EXT_SUPPORTED_VERSIONS, TLS_EXT_SUPPORTED_GROUPS,
		TLS_EXT_SIGNATURE_ALGORITHMS, TLS_EXT_ALPN,
		TLS_EXT_PSK_KEY_EXCHANGE_MODES, TLS_EXT_COMPRESS_CERTIFICATE,
		TLS_EXT_SIGNATURE_ALGORITHMS_CERT, TLS_EXT_KEY_SHARE};

	memset(&offer, 0, sizeof(offer));
	offer.legacy_version = TLS_VERSION_1_2;
	offer.cipher_count = 3;
	memcpy(offer.ciphers, (uint16_t[]){0x1a1a, 0x1301, 0xc02b}, 6);
	memcpy(offer.extensions, types, sizeof(types));
	offer.extension_count = sizeof(types) / sizeof(types[0]);
	octets(&offer.server_name, "cloud.acme.example");
	offer.version_count = 3;
	memcpy(offer.versions, (uint16_t[]){0x3a3a, 0x0304, 0x0303}, 6);
	offer.group_count = 2;
	memcpy(offer.groups, (uint16_t[]){0x4a4a, 29}, 4);
	offer.signature_count = 1;
	offer.signatures[0] = 0x0403;
	offer.signature_cert_count = 1;
	offer.signatures_cert[0] = 0x0804;
	offer.mode_count = 2;
	memcpy(offer.modes, (uint8_t[]){0x2a, 1}, 2);
	offer.compression_count = 1;
	offer.compressions[0] = 2;
	offer.share_count = 1;
	offer.shares[0] = 29;
	offer.alpn_count = 3;
	octets(&offer.alpn[0], "\x5a\x5a");
	octets(&offer.alpn[1], "h2");
	octets(&offer.alpn[2], "a,b\\\x01");
}

static int setup(void **state)
{
	(void)state;
	sensors_init(&sensors, emit, NULL);
	count = 0;
	make_offer();
	return 0;
}

struct carrier {
	uint8_t family, proto;
	uint16_t device_port;
	const char *src;
	uint8_t tags;
	size_t cut; /* octets of payload that this packet has; 0: all */
	bool outgoing;
	nstime now;
};

static const struct carrier tcp4 = {.family = 4, .proto = IP_PROTO_TCP,
	.device_port = 50000, .src = LAMP, .now = NOW};

static void put(const struct carrier *c, const uint8_t *payload, size_t len)
{
	static uint8_t buf[20000];
	struct writer w = writer_of(buf, sizeof(buf));
	struct eth e = {.dst = test_mac(GATEWAY), .src = test_mac(c->src),
		.type = c->family == 4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6,
		.vlan_count = c->tags, .vlan = {5}};
	struct ip h = {.family = c->family, .ttl = 64, .proto = c->proto};
	struct tcp t = {.src_port = c->device_port, .dst_port = 443, .flags = TCP_ACK};
	struct udp u = {.src_port = c->device_port, .dst_port = 5684};
	uint8_t *exact;

	h.src = test_addr(c->family == 4 ? "192.168.7.20" : "2001:db8:7::20");
	h.dst = test_addr(c->family == 4 ? "203.0.113.9" : "2001:db8:99::9");
	if (c->cut && c->cut < len)
		len = c->cut;
	build_eth(&w, &e);
	build_ip(&w, &h, len + (c->proto == IP_PROTO_TCP ? 20 : 8));
	if (c->proto == IP_PROTO_TCP)
		build_tcp(&w, &h, &t, payload, len);
	else
		build_udp(&w, &h, &u, payload, len);
	assert_int_equal(w.error, 0);
	exact = test_exact(w.start, w.len);
	sensors_frame(&sensors, cursor_of(exact, w.len), c->outgoing, 7, c->now, WALL);
	free(exact);
}

/* The offer in records of at most piece octets, or in a datagram; its length. */
static size_t wrap(const struct carrier *c, uint8_t *out, size_t cap, size_t piece)
{
	static uint8_t message[TLS_HELLO_MAX];
	struct writer w = writer_of(message, sizeof(message)), o = writer_of(out, cap);

	if (c->proto == IP_PROTO_UDP) {
		assert_int_equal(tls_build_dtls(&o, &offer), 0);
		return o.len;
	}
	assert_int_equal(tls_build_hello(&w, &offer), 0);
	for (size_t at = 0; at < w.len; at += piece) {
		size_t n = w.len - at < piece ? w.len - at : piece;

		writer_u8(&o, 22);
		writer_u16(&o, TLS_VERSION_1_0);
		writer_u16(&o, (uint16_t)n);
		writer_bytes(&o, message + at, n);
	}
	assert_int_equal(o.error, 0);
	return o.len;
}

static void send_offer(const struct carrier *c)
{
	static uint8_t payload[18000];

	put(c, payload, wrap(c, payload, sizeof(payload), TLS_HELLO_MAX));
}

static void assert_list(const struct u16_list *l, const uint16_t *values, unsigned n)
{
	assert_int_equal(l->count, n);
	assert_memory_equal(l->items, values, n * sizeof(*values));
}
#define LIST(l, ...)                                                                     \
	assert_list(l, (uint16_t[]){__VA_ARGS__},                                        \
		sizeof((uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static void assert_offer(const struct message_seen_hello *m)
{
	LIST(&m->versions, 0x0304, 0x0303);
	LIST(&m->ciphers, 0x1301, 0xc02b);
	LIST(&m->extensions, 0, 43, 10, 13, 16, 45, 27, 50, 51);
	LIST(&m->groups, 29);
	LIST(&m->signatures, 0x0403);
	LIST(&m->signatures_cert, 0x0804);
	LIST(&m->modes, 1);
	LIST(&m->compressions, 2);
	assert_string_equal(m->alpn, "h2,a\\x2cb\\x5c\\x01");
	assert_string_equal(m->server_name, "cloud.acme.example");
}

static void tls_is_told_whole(void **state)
{
	(void)state;
	send_offer(&tcp4);
	assert_int_equal(count, 1);
	assert_int_equal(last.type, MESSAGE_SEEN_HELLO);
	const struct message_seen_hello *m = &last.seen_hello;
	assert_mac(&m->mac, LAMP);
	assert_addr(&m->device, "192.168.7.20");
	assert_addr(&m->peer, "203.0.113.9");
	assert_int_equal(m->proto, IP_PROTO_TCP);
	assert_int_equal(m->device_port, 50000);
	assert_int_equal(m->peer_port, 443);
	assert_true(m->when == WALL);
	assert_offer(m);
	assert_true(sensors.counts.malformed == 0);
}

static void every_carrier_is_read(void **state)
{
	struct carrier c = tcp4;

	(void)state;
	c.tags = 1;
	send_offer(&c);
	assert_int_equal(count, 1);
	assert_offer(&last.seen_hello);
	c.tags = 0;
	c.family = 6;
	send_offer(&c);
	assert_int_equal(count, 2);
	assert_addr(&last.seen_hello.device, "2001:db8:7::20");
	assert_offer(&last.seen_hello);
	c.proto = IP_PROTO_UDP;
	offer.is_dtls = true;
	offer.cookie_len = 20;
	memcpy(offer.versions, (uint16_t[]){0x3a3a, DTLS_VERSION_1_3, 0x0303}, 6);
	send_offer(&c);
	assert_int_equal(count, 3);
	assert_int_equal(last.seen_hello.proto, IP_PROTO_UDP);
	assert_int_equal(last.seen_hello.peer_port, 5684);
	LIST(&last.seen_hello.versions, DTLS_VERSION_1_3, 0x0303);
	c.family = 4;
	send_offer(&c);
	assert_int_equal(count, 4);
	assert_addr(&last.seen_hello.peer, "203.0.113.9");
}

/* RFC 8446 4.2.1: without supported_versions, the version of old. */
static void old_clients_have_a_version(void **state)
{
	(void)state;
	offer.extension_count = 0;
	offer.legacy_version = TLS_VERSION_1_0;
	send_offer(&tcp4);
	assert_int_equal(count, 1);
	LIST(&last.seen_hello.versions, 0x0301);
	assert_int_equal(last.seen_hello.extensions.count, 0);
	assert_string_equal(last.seen_hello.server_name, "");
	assert_string_equal(last.seen_hello.alpn, "");
}

static void records_are_joined(void **state)
{
	uint8_t payload[2000];

	(void)state;
	put(&tcp4, payload, wrap(&tcp4, payload, sizeof(payload), 50));
	assert_int_equal(count, 1);
	assert_offer(&last.seen_hello);
}

/* Whatever of it is there: never more than was offered, never an error, and the version
 * of old only when it is known to be the one. */
static void a_split_hello_is_known_in_part(void **state)
{
	uint8_t payload[2000];
	size_t len = wrap(&tcp4, payload, sizeof(payload), 60);
	unsigned told = 0;

	(void)state;
	for (size_t n = 6; n < len; n++) {
		struct carrier c = tcp4;

		c.cut = n;
		c.device_port = (uint16_t)(1000 + n);
		c.now = NOW + (nstime)n * NS_PER_SEC;
		count = 0;
		put(&c, payload, len);
		if (!count)
			continue;
		told++;
		LIST(&last.seen_hello.ciphers, 0x1301, 0xc02b);
		assert_true(last.seen_hello.versions.count == 0 ||
			    last.seen_hello.versions.items[0] == 0x0304);
		assert_int_equal(last.seen_hello.device_port, c.device_port);
	}
	assert_true(told > 100);
	/* the last one lacks one octet of the key share alone */
	LIST(&last.seen_hello.versions, 0x0304, 0x0303);
	LIST(&last.seen_hello.extensions, 0, 43, 10, 13, 16, 45, 27, 50);
}

/* More records than anybody makes: what those say that are read. */
static void many_records_are_known_in_part(void **state)
{
	uint8_t payload[4000];

	(void)state;
	put(&tcp4, payload, wrap(&tcp4, payload, sizeof(payload), 8));
	assert_int_equal(count, 1);
	LIST(&last.seen_hello.ciphers, 0x1301, 0xc02b);
	assert_string_equal(last.seen_hello.server_name, "cloud.acme.example");
	assert_int_equal(last.seen_hello.signatures_cert.count, 0);
}

static void a_dtls_fragment_is_known_in_part(void **state)
{
	struct carrier c = tcp4;
	uint8_t payload[2000];
	size_t len, body;

	(void)state;
	c.proto = IP_PROTO_UDP;
	offer.is_dtls = true;
	len = wrap(&c, payload, sizeof(payload), 0);
	body = 100;
	payload[11] = 0;
	payload[12] = (uint8_t)(12 + body);
	payload[22] = payload[23] = 0;
	payload[24] = (uint8_t)body;
	c.cut = 13 + 12 + body;
	put(&c, payload, len);
	assert_int_equal(count, 1);
	LIST(&last.seen_hello.ciphers, 0x1301, 0xc02b);
	assert_string_equal(last.seen_hello.server_name, "cloud.acme.example");
	payload[21] = 100; /* a later fragment says nothing by itself */
	put(&c, payload, len);
	assert_int_equal(count, 1);
	assert_true(sensors.counts.malformed == 0);
}

/* Nothing hides behind what we do not keep. */
static void too_much_is_told_too(void **state)
{
	static uint8_t payload[3000];
	struct writer w = writer_of(payload, sizeof(payload));
	unsigned ciphers = TLS_CIPHERS_MAX + 100;
	size_t body = 2 + 32 + 1 + 2 + 2 * (size_t)ciphers + 2;

	(void)state;
	writer_u8(&w, 22);
	writer_u16(&w, TLS_VERSION_1_0);
	writer_u16(&w, (uint16_t)(4 + body));
	writer_u32(&w, 1u << 24 | (uint32_t)body);
	writer_u16(&w, TLS_VERSION_1_2);
	memset(writer_room(&w, 33), 0, 33);
	writer_u16(&w, (uint16_t)(2 * ciphers));
	for (unsigned i = 0; i < ciphers; i++)
		writer_u16(&w, (uint16_t)(0xc000 + i));
	writer_u16(&w, 0x100);
	assert_int_equal(w.error, 0);
	put(&tcp4, payload, w.len);
	assert_int_equal(count, 1);
	assert_int_equal(last.seen_hello.ciphers.count, LIMIT_U16_LIST);
	assert_int_equal(last.seen_hello.ciphers.items[0], 0xc000);

	for (unsigned i = 0; i < TLS_ALPN_MAX; i++) {
		offer.alpn[i].len = 40;
		memset(offer.alpn[i].b, 'a' + (int)i, 40);
	}
	offer.alpn_count = TLS_ALPN_MAX;
	send_offer(&tcp4);
	assert_int_equal(count, 2);
	size_t len = strlen(last.seen_hello.alpn);
	assert_true(len < LIMIT_TEXT);
	assert_string_equal(last.seen_hello.alpn + len - 5, "f,...");
	offer.alpn_count = 1; /* one that alone is too long */
	offer.alpn[0].len = 250;
	memset(offer.alpn[0].b, 0, 250);
	send_offer(&tcp4);
	assert_int_equal(count, 3);
	assert_string_equal(last.seen_hello.alpn, "...");
}

static void names_are_made_readable(void **state)
{
	(void)state;
	octets(&offer.server_name, "a\nb\xff.example");
	send_offer(&tcp4);
	assert_int_equal(count, 1);
	assert_string_equal(last.seen_hello.server_name, "a\\x0ab\\xff.example");
}

static void one_hello_is_told_once(void **state)
{
	struct carrier c = tcp4;

	(void)state;
	send_offer(&c);
	c.now += NS_PER_SEC;
	send_offer(&c); /* its acknowledgement was lost */
	assert_int_equal(count, 1);
	c.device_port++; /* another conversation */
	send_offer(&c);
	assert_int_equal(count, 2);
	offer.ciphers[2] = 5; /* another offer in the same one */
	send_offer(&c);
	assert_int_equal(count, 3);
	LIST(&last.seen_hello.ciphers, 0x1301, 5);
}

static void what_the_device_did_not_send_is_not_told(void **state)
{
	struct carrier c = tcp4;

	(void)state;
	c.outgoing = true;
	send_offer(&c);
	c.outgoing = false;
	c.src = "03:00:00:00:00:10";
	send_offer(&c);
	c.src = "00:00:00:00:00:00";
	send_offer(&c);
	assert_int_equal(count, 0);
	c.src = LAMP;
	send_offer(&c);
	assert_int_equal(count, 1);
}

static void other_payload_is_not_told(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint8_t proto;
		unsigned malformed;
	} payloads[] = {
		{"GET / HTTP/1.1", 14, IP_PROTO_TCP, 0},
		{"", 0, IP_PROTO_TCP, 0},
		{"\x16\3\1\0\5", 5, IP_PROTO_TCP, 0},
		{"\x16\3\1\0\5\2", 6, IP_PROTO_TCP, 0},
		{"\x16\xfe\xfd\0\5\1", 6, IP_PROTO_TCP, 0},
		{"\x17\3\3\0\5\1zzzz", 10, IP_PROTO_TCP, 0},
		{"\x16\3\1\0\0\1\0\0\0", 9, IP_PROTO_TCP, 1},	 /* an empty record */
		{"\x16\3\1\0\4\1\0\0\0", 9, IP_PROTO_TCP, 1},	 /* an empty hello */
		{"\x16\3\1\0\4\1\0\x20\0", 9, IP_PROTO_TCP, 1}, /* too short to tell */
		{"\x16\3\1\0\5\1zzzz", 10, IP_PROTO_UDP, 0},
		{"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\1", 13, IP_PROTO_UDP, 0},
		{"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\1\1", 14, IP_PROTO_UDP, 1},
		{"\x16\xfe\xfd\0\1\0\0\0\0\0\0\0\1\1", 14, IP_PROTO_UDP, 0}, /* encrypted */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		struct carrier c = tcp4;
		uint64_t before = sensors.counts.malformed;

		c.proto = payloads[i].proto;
		put(&c, (const uint8_t *)payloads[i].bytes, payloads[i].len);
		assert_int_equal(sensors.counts.malformed - before, payloads[i].malformed);
	}
	assert_int_equal(count, 0);
}

static void a_flood_is_cut_and_counted(void **state)
{
	struct carrier c = tcp4;

	(void)state;
	/* by chance, one MAC in SENSORS_HELLO_PLACES shares a place with this one */
	sensors.key = (struct hash_key){{1, 2}};
	for (unsigned i = 0; i < 200; i++) {
		c.device_port = (uint16_t)(1000 + i);
		send_offer(&c);
	}
	assert_int_equal(count, SENSORS_HELLO_BURST);
	assert_true(sensors.counts.dropped == 200 - SENSORS_HELLO_BURST);
	c.now += NS_PER_SEC;
	for (unsigned i = 0; i < 200; i++) {
		c.device_port = (uint16_t)(2000 + i);
		send_offer(&c);
	}
	assert_int_equal(count, SENSORS_HELLO_BURST + SENSORS_HELLO_RATE);
	c.now += 3600 * NS_PER_SEC; /* the burst is not saved up */
	for (unsigned i = 0; i < 200; i++) {
		c.device_port = (uint16_t)(3000 + i);
		send_offer(&c);
	}
	assert_int_equal(count, 2 * SENSORS_HELLO_BURST + SENSORS_HELLO_RATE);
	c.src = "02:00:00:00:00:11"; /* others are not held back */
	send_offer(&c);
	assert_int_equal(count, 2 * SENSORS_HELLO_BURST + SENSORS_HELLO_RATE + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tls_is_told_whole, setup),
		cmocka_unit_test_setup(every_carrier_is_read, setup),
		cmocka_unit_test_setup(old_clients_have_a_version, setup),
		cmocka_unit_test_setup(records_are_joined, setup),
		cmocka_unit_test_setup(a_split_hello_is_known_in_part, setup),
		cmocka_unit_test_setup(many_records_are_known_in_part, setup),
		cmocka_unit_test_setup(a_dtls_fragment_is_known_in_part, setup),
		cmocka_unit_test_setup(too_much_is_told_too, setup),
		cmocka_unit_test_setup(names_are_made_readable, setup),
		cmocka_unit_test_setup(one_hello_is_told_once, setup),
		cmocka_unit_test_setup(what_the_device_did_not_send_is_not_told, setup),
		cmocka_unit_test_setup(other_payload_is_not_told, setup),
		cmocka_unit_test_setup(a_flood_is_cut_and_counted, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
