// SPDX-License-Identifier: GPL-2.0-or-later
/* test_extended_apps - what is spoken: TLS, MQTT, CoAP; connections before they say it; and
 * ICMP errors about them. */
#include "unit/extended_util.h"
#include "wire/tls.h"

static struct packet with(struct packet p, const void *bytes, size_t len)
{
	set_payload(&p, bytes, len);
	return p;
}

#define CLOUD "203.0.113.9"
#define LAMP_TO(port, bytes, len)                                                      \
	with(packet_tcp("192.168.1.5", 5000, CLOUD, port, TCP_ACK, ""), bytes, len)
#define LAMP_FROM(port, bytes, len)                                                    \
	with(packet_tcp(CLOUD, port, "192.168.1.5", 5000, TCP_ACK, ""), bytes, len)
#define OPEN(port) packet_tcp("192.168.1.5", 5000, CLOUD, port, TCP_SYN, "")

static void octets_set(struct octets *o, const char *text)
{
	o->len = (uint8_t)strlen(text);
	memcpy(o->b, text, o->len);
}

struct bytes {
	uint8_t b[1024];
	size_t len;
};

/* A TLS record with a hello (RFC 8446 4.1.2, 5.1). */
static struct bytes hello(const char *sni, const char *alpn, uint16_t version)
{
	static struct tls_hello h;
	struct bytes ret = {.b = {22, 3, 1}};
	struct writer w = writer_of(ret.b + 5, sizeof ret.b - 5);

	h = (struct tls_hello){.legacy_version = 0x0303, .cipher_count = 1,
		.ciphers = {0x1301}, .version_count = 1, .versions = {version}};
	h.extensions[h.extension_count++] = 43;
	octets_set(&h.server_name, sni);
	if (*sni)
		h.extensions[h.extension_count++] = 0;
	if (*alpn) {
		octets_set(&h.alpn[h.alpn_count++], alpn);
		h.extensions[h.extension_count++] = 16;
	}
	assert_int_equal(tls_build_hello(&w, &h), 0);
	size_t len = w.len;

	ret.b[3] = (uint8_t)(len >> 8);
	ret.b[4] = (uint8_t)len;
	ret.len = len + 5;
	return ret;
}

#define TLS(more)                                                                      \
	HEAD "policies:\n  p: {match: {ipv4: {src: self, dst: external}, tcp: "        \
	     "{dst-port: 443}, tls: {" more "}}, bidirectional: true}\n"

static enum extended_reason say_hello(const char *profile, const char *sni,
	const char *alpn, uint16_t version)
{
	struct bed *b = bed_new(profile, home, 0);
	struct bytes h = hello(sni, alpn, version);

	IS(b, OPEN(443), REASON_POLICY);
	enum extended_reason r = judge(b, LAMP_TO(443, h.b, h.len));

	bed_free(b);
	return r;
}

static void test_tls_names(void **state)
{
	(void)state;
	static const char named[] = TLS("sni: '*.example.com', alpn: [h2, mqtt]");

	assert_int_equal(say_hello(named, "a.example.com", "h2", TLS_VERSION_1_3),
		REASON_POLICY);
	assert_int_equal(say_hello(named, "A.Example.COM", "mqtt", TLS_VERSION_1_3),
		REASON_POLICY);
	assert_int_equal(say_hello(named, "a.example.net", "h2", TLS_VERSION_1_3),
		REASON_NOTHING);
	/* the end of a label is no label, and no name is none of these */
	assert_int_equal(say_hello(named, "a.badexample.com", "h2", TLS_VERSION_1_3),
		REASON_NOTHING);
	assert_int_equal(say_hello(named, "", "h2", TLS_VERSION_1_3), REASON_NOTHING);
	assert_int_equal(say_hello(named, "a.example.com", "h3", TLS_VERSION_1_3),
		REASON_NOTHING);
	assert_int_equal(say_hello(named, "a.example.com", "", TLS_VERSION_1_3),
		REASON_NOTHING);
}

static void test_tls_versions(void **state)
{
	(void)state;
	static const char old[] = TLS("tls-version: '1.2', handshake-type: client-hello");

	assert_int_equal(say_hello(old, "", "", 0x0303), REASON_POLICY);
	assert_int_equal(say_hello(old, "", "", TLS_VERSION_1_3), REASON_NOTHING);
	assert_int_equal(say_hello(TLS("session-id: true"), "", "", 0x0303), REASON_NOTHING);
	assert_int_equal(say_hello(TLS("session-id: false"), "", "", 0x0303), REASON_POLICY);
	assert_int_equal(say_hello(TLS("content-type: 22"), "", "", 0x0303), REASON_POLICY);
	assert_int_equal(say_hello(TLS("content-type: 23"), "", "", 0x0303), REASON_NOTHING);
}

/* What old clients say to servers that may be older still: no name, no ALPN. */
static void test_tls_old_hello(void **state)
{
	(void)state;
	static const uint8_t old[] = {0x80, 9 + 3 + 16, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 4};
	uint8_t whole[2 + 9 + 3 + 16] = {0};
	struct bed *b = bed_new(TLS("tls-version: '1.0', handshake-type: client-hello"),
		home, 0);

	memcpy(whole, old, sizeof old);
	IS(b, OPEN(443), REASON_POLICY);
	whole[1]++; /* a length that does not fit */
	IS(b, LAMP_TO(443, whole, sizeof whole), REASON_NOTHING);
	whole[1]--;
	IS(b, LAMP_TO(443, whole, sizeof whole), REASON_POLICY);
	bed_free(b);
	b = bed_new(TLS("sni: a.example.com"), home, 0);
	IS(b, OPEN(443), REASON_POLICY);
	IS(b, LAMP_TO(443, whole, sizeof whole), REASON_NOTHING);
	bed_free(b);
}

/* After a hello that was refused nothing else passes, and after one that was accepted
 * what goes on does. */
static void test_tls_connection(void **state)
{
	(void)state;
	struct bed *b = bed_new(TLS("sni: a.example.com"), home, 0);
	struct bytes good = hello("a.example.com", "", TLS_VERSION_1_3);
	struct bytes bad = hello("b.example.com", "", TLS_VERSION_1_3);
	static const uint8_t half[] = {1, 2, 3}, data[] = {23, 3, 3, 0, 1, 9};

	IS(b, OPEN(443), REASON_POLICY);
	IS(b, LAMP_TO(443, bad.b, bad.len), REASON_NOTHING);
	IS(b, LAMP_TO(443, half, sizeof half), REASON_NOTHING);
	IS(b, LAMP_TO(443, good.b, good.len), REASON_POLICY);
	IS(b, LAMP_FROM(443, data, sizeof data), REASON_POLICY);
	IS(b, LAMP_TO(443, half, sizeof half), REASON_POLICY);
	/* a second hello is read, too */
	IS(b, LAMP_TO(443, bad.b, bad.len), REASON_NOTHING);
	bed_free(b);
}

/* CONNECT of 3.1.1 (MQTT 3.1), with a clean session and 60 s. */
static struct bytes mqtt_connect(const char *client)
{
	struct bytes m = {.b = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60}};
	size_t len = strlen(client);

	m.b[1] = (uint8_t)(12 + len);
	m.b[13] = (uint8_t)len;
	memcpy(m.b + 14, client, len);
	m.len = 14 + len;
	return m;
}

static struct bytes mqtt_publish(const char *topic, const char *text)
{
	struct bytes m = {.b = {0x30}};
	size_t len = strlen(topic), more = strlen(text);

	m.b[1] = (uint8_t)(2 + len + more);
	m.b[3] = (uint8_t)len;
	memcpy(m.b + 4, topic, len);
	memcpy(m.b + 4 + len, text, more);
	m.len = 4 + len + more;
	return m;
}

#define MQTT(name, more)                                                               \
	"  " name ": {match: {ipv4: {src: self, dst: external}, tcp: {dst-port: "      \
	"1883}, mqtt: {" more "}}, bidirectional: true}\n"

static enum extended_reason tell(struct bed *b, struct bytes m)
{
	return judge(b, LAMP_TO(1883, m.b, m.len));
}

static void test_mqtt(void **state)
{
	(void)state;
	struct bed *b = bed_new(HEAD "policies:\n"
		MQTT("c", "packet-type: connect, client-id: 'lamp-*', clean-session: true, "
			"keep-alive: 30-120, client-id-length: 6")
		MQTT("t", "packet-type: publish, topic-name: lamp/temp, payload-regex: "
			"'[0-9]+', payload-length: 1-3"), home, 0);
	static const uint8_t ping[] = {0xc0, 0}, half[] = {0x30, 99, 1};

	IS(b, OPEN(1883), REASON_POLICY);
	assert_int_equal(tell(b, mqtt_publish("lamp/temp", "x")), REASON_NOTHING);
	assert_int_equal(tell(b, mqtt_connect("plug-1")), REASON_NOTHING);
	assert_int_equal(tell(b, mqtt_connect("lamp-12")), REASON_NOTHING);
	assert_int_equal(tell(b, mqtt_connect("lamp-1")), REASON_POLICY);
	assert_int_equal(tell(b, mqtt_publish("lamp/temp", "21")), REASON_POLICY);
	assert_int_equal(tell(b, mqtt_publish("lamp/temp", "21x")), REASON_NOTHING);
	assert_int_equal(tell(b, mqtt_publish("lamp/temp", "2100")), REASON_NOTHING);
	assert_int_equal(tell(b, mqtt_publish("lamp/on", "1")), REASON_NOTHING);
	/* a whole packet of a type that nobody named */
	IS(b, LAMP_TO(1883, ping, sizeof ping), REASON_NOTHING);
	/* and the beginning of a message that goes on behind it, in a connection that
	 * has said what it is */
	IS(b, LAMP_TO(1883, half, sizeof half), REASON_POLICY);
	bed_free(b);
}

static struct bytes coap(uint8_t type, uint8_t code, const char *path, const char *query)
{
	struct bytes m = {.b = {(uint8_t)(0x40 | type << 4), code, 0, 1}};
	size_t p = strlen(path), q = strlen(query);

	m.len = 4;
	m.b[m.len++] = (uint8_t)(0xb0 | p); /* Uri-Path (RFC 7252 5.10) */
	memcpy(m.b + m.len, path, p);
	m.len += p;
	if (q) {
		m.b[m.len++] = (uint8_t)(0x40 | q); /* Uri-Query, four more */
		memcpy(m.b + m.len, query, q);
		m.len += q;
	}
	return m;
}

#define HUB_TO(m) packet_udp("192.168.1.7", 9, "192.168.1.5", 5683, (m).b, (m).len)
#define TO_HUB(m) packet_udp("192.168.1.5", 5683, "192.168.1.7", 9, (m).b, (m).len)

static void test_coap(void **state)
{
	(void)state;
	struct bed *b = bed_new(HEAD "policies:\n"
		"  p: {match: {ipv4: {src: hub, dst: self}, udp: {dst-port: 5683}, coap: "
		"{type: CON, method: GET, uri: '/res?rt=a*'}}, bidirectional: true}\n",
		home, 0);
	struct bytes get = coap(0, 1, "res", "rt=ab"), put = coap(0, 3, "res", "rt=ab");
	struct bytes non = coap(1, 1, "res", "rt=ab"), other = coap(0, 1, "res", "rt=b");
	struct bytes content = coap(2, 69, "", ""), bare = coap(0, 1, "res", "");
	struct bytes broken = coap(0, 1, "res", "rt=ab");

	broken.len -= 2; /* an option that says it is longer */
	IS(b, HUB_TO(get), REASON_POLICY);
	IS(b, TO_HUB(content), REASON_POLICY);
	IS(b, HUB_TO(put), REASON_NOTHING);
	IS(b, HUB_TO(non), REASON_NOTHING);
	IS(b, HUB_TO(other), REASON_NOTHING);
	IS(b, HUB_TO(bare), REASON_NOTHING);
	IS(b, HUB_TO(broken), REASON_NOTHING);
	/* an answer is no question */
	IS(b, HUB_TO(content), REASON_NOTHING);
	IS(b, TO_HUB(get), REASON_NOTHING);
	bed_free(b);
}

#define POST(name, uri, count)                                                         \
	"  " name ":\n    steps:\n      - {name: dns, match: {ipv4: {src: self, dst: "  \
	"gateway}, udp: {dst-port: 53}}, repeatable: true}\n"                           \
	"      - {name: " name ", match: {ipv4: {src: self, dst: external}, tcp: "       \
	"{dst-port: 80}, http: {method: POST, uri: " uri "}}, bidirectional: true, "     \
	"stats: {packet-count: " count "}}\n"

static struct packet web(uint16_t port, bool out, uint8_t flags, const char *text)
{
	return out ? packet_tcp("192.168.1.5", port, CLOUD, 80, flags, text)
		   : packet_tcp(CLOUD, 80, "192.168.1.5", port, flags, text);
}

/* Ten packets, of which both interactions see the first three. */
static void post(struct bed *b, uint16_t port, const char *request, enum extended_reason r)
{
	IS(b, web(port, true, TCP_SYN, ""), r == REASON_FLOW ? REASON_STEP : r);
	IS(b, web(port, false, TCP_SYN | TCP_ACK, ""), r);
	IS(b, web(port, true, TCP_ACK, ""), r);
	IS(b, web(port, true, TCP_ACK, request), r);
	IS(b, web(port, false, TCP_ACK, ""), r);
	IS(b, web(port, false, TCP_ACK, "HTTP/1.1 200 OK\r\n\r\n"), r);
	IS(b, web(port, true, TCP_ACK, ""), r);
	IS(b, web(port, true, TCP_ACK | TCP_FIN, ""), r);
	IS(b, web(port, false, TCP_ACK | TCP_FIN, ""), r);
	IS(b, web(port, true, TCP_ACK, ""), r);
}

/* A connection counts for the step whose request it carries, and for no other that it
 * looked like before. */
static void test_undecided(void **state)
{
	(void)state;
	static const char text[] =
		HEAD "interactions:\n" POST("one", "/one", "10") POST("two", "/two", "20");
	static const char one[] = "POST /one HTTP/1.1\r\n\r\n";
	static const char two[] = "POST /two HTTP/1.1\r\n\r\n";
	static const char three[] = "POST /three HTTP/1.1\r\n\r\n";
	struct bed *b = bed_new(text, home, 0);
	struct packet dns = UDP("192.168.1.5", 999, "192.168.1.1", 53);

	IS(b, dns, REASON_STEP);
	post(b, 5001, two, REASON_FLOW);
	post(b, 5002, one, REASON_FLOW);
	post(b, 5003, two, REASON_FLOW);
	/* all that was counted is used up: of both the next request is refused */
	IS(b, web(5004, true, TCP_SYN, ""), REASON_PACKETS);
	IS(b, web(5004, true, TCP_ACK, one), REASON_PACKETS);
	/* with another question all begins anew, and nobody said three */
	IS(b, dns, REASON_STEP);
	IS(b, web(5005, true, TCP_SYN, ""), REASON_STEP);
	IS(b, web(5005, true, TCP_ACK, three), REASON_NOTHING);
	bed_free(b);
}

/* An error from there about a packet that went there. */
static struct packet error_about(const char *from, const char *to, uint8_t type,
	uint16_t src_port, const char *dst, uint16_t dst_port)
{
	struct packet p = packet_ip(from, to, IP_PROTO_ICMP);

	p.layers |= PACKET_ICMP;
	p.icmp = (struct icmp){.type = type, .code = 3, .has_inner = true,
		.inner = {.proto = IP_PROTO_UDP, .has_ports = true, .src_port = src_port,
			.dst_port = dst_port}};
	assert_int_equal(addr_parse(to, &p.icmp.inner.src), 0);
	assert_int_equal(addr_parse(dst, &p.icmp.inner.dst), 0);
	return p;
}

static void test_errors(void **state)
{
	(void)state;
	struct bed *b = bed_new(HEAD "policies:\n  p: {match: {ipv4: {src: self, dst: hub}, "
		"udp: {dst-port: 7}}}\n", home, 0);
#define HUB_ERROR(type, sport, dport)                                                  \
	error_about("192.168.1.7", "192.168.1.5", type, sport, "192.168.1.7", dport)

	IS(b, HUB_ERROR(3, 99, 7), REASON_NOTHING);
	IS(b, UDP("192.168.1.5", 99, "192.168.1.7", 7), REASON_POLICY);
	IS(b, HUB_ERROR(3, 99, 7), REASON_RELATED);
	/* a router on the way, about the same */
	IS(b, error_about("192.168.1.1", "192.168.1.5", 11, 99, "192.168.1.7", 7),
		REASON_RELATED);
	/* about what nobody sent; a redirect; a question */
	IS(b, HUB_ERROR(3, 98, 7), REASON_NOTHING);
	IS(b, HUB_ERROR(3, 99, 8), REASON_NOTHING);
	IS(b, HUB_ERROR(5, 99, 7), REASON_NOTHING);
	IS(b, HUB_ERROR(8, 99, 7), REASON_NOTHING);
	/* one that quotes a packet of somebody else */
	struct packet stray = HUB_ERROR(3, 99, 7);

	assert_int_equal(addr_parse("192.168.1.6", &stray.icmp.inner.src), 0);
	IS(b, stray, REASON_NOTHING);
	/* what was refused has no errors, either; nor has what is long over */
	IS(b, UDP("192.168.1.5", 99, "192.168.1.7", 9), REASON_NOTHING);
	IS(b, HUB_ERROR(3, 99, 9), REASON_NOTHING);
	b->now += 301 * S;
	IS(b, HUB_ERROR(3, 99, 7), REASON_NOTHING);
	bed_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_names),
		cmocka_unit_test(test_tls_versions),
		cmocka_unit_test(test_tls_connection),
		cmocka_unit_test(test_tls_old_hello),
		cmocka_unit_test(test_mqtt),
		cmocka_unit_test(test_coap),
		cmocka_unit_test(test_undecided),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
