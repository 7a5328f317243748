// SPDX-License-Identifier: GPL-2.0-or-later
/* test_extended_machine - packets, one after the other, against bound profiles: order,
 * instances, limits, names, permits. */
#include "unit/extended_util.h"
#include "wire/dns.h"

static const char steps[] = HEAD
	"interactions:\n  i:\n    timeout: 60 s\n    steps:\n"
	"      - {name: a, match: {ipv4: {src: self, dst: hub}, udp: {dst-port: 1}}}\n"
	"      - {name: b, match: {ipv4: {src: hub, dst: self}, udp: {dst-port: 2}}}\n"
	"      - {name: c, match: {ipv4: {src: self, dst: hub}, udp: {dst-port: 3}}}\n";

#define A UDP("192.168.1.5", 9, "192.168.1.7", 1)
#define B UDP("192.168.1.7", 9, "192.168.1.5", 2)
#define C UDP("192.168.1.5", 9, "192.168.1.7", 3)

static void test_order(void **state)
{
	(void)state;
	struct bed *b = bed_new(steps, home, 0);

	IS(b, C, REASON_ORDER);
	IS(b, A, REASON_STEP);
	IS(b, C, REASON_ORDER);
	IS(b, B, REASON_STEP);
	/* a step that was taken is not taken again */
	IS(b, B, REASON_REPLAYED);
	IS(b, A, REASON_BUSY);
	IS(b, C, REASON_STEP);
	IS(b, C, REASON_REPLAYED);
	/* and from its end it begins anew */
	IS(b, A, REASON_STEP);
	IS(b, B, REASON_STEP);
	IS(b, C, REASON_STEP);
	/* others do not concern it, and cannot play it */
	IS(b, UDP("192.168.1.6", 9, "192.168.1.7", 1), REASON_FOREIGN);
	IS(b, UDP("192.168.1.5", 9, "192.168.1.6", 1), REASON_NOTHING);
	bed_free(b);
}

static void test_timeout_begins_anew(void **state)
{
	(void)state;
	struct bed *b = bed_new(steps, home, 0);

	IS(b, A, REASON_STEP);
	b->now += 61 * S;
	IS(b, B, REASON_ORDER);
	/* the first packet after the time is a first packet */
	IS(b, A, REASON_STEP);
	b->now += 59 * S;
	IS(b, B, REASON_STEP);
	b->now += 61 * S;
	IS(b, A, REASON_STEP);
	bed_free(b);
}

static void test_instances(void **state)
{
	(void)state;
	char text[sizeof steps + 64];
	const char *at = strstr(steps, "    timeout");

	assert_int_equal(str_print(text, sizeof text, "%.*s    instances: 2\n%s",
				 (int)(at - steps), steps, at), 0);
	struct bed *b = bed_new(text, home, 0);

	IS(b, A, REASON_STEP);
	IS(b, A, REASON_STEP);
	IS(b, A, REASON_BUSY);
	IS(b, B, REASON_STEP);
	IS(b, B, REASON_STEP);
	IS(b, B, REASON_REPLAYED);
	IS(b, C, REASON_STEP);
	/* one is at its end: there is room for a new one */
	IS(b, A, REASON_STEP);
	IS(b, C, REASON_STEP);
	bed_free(b);
	/* the one that idles for longest goes, when that is how it shall be */
	char more[sizeof text + 64];

	at = strstr(text, "    timeout");
	assert_int_equal(str_print(more, sizeof more, "%.*s    when-full: replace\n%s",
				 (int)(at - text), text, at), 0);
	b = bed_new(more, home, 0);
	for (int i = 0; i < 50; i++)
		IS(b, A, REASON_STEP);
	IS(b, B, REASON_STEP);
	IS(b, B, REASON_STEP);
	IS(b, B, REASON_REPLAYED);
	bed_free(b);
}

#define STEP(n) "{name: s" #n ", match: {ipv4: {src: self, dst: hub}, udp: {dst-port: " #n "}}"
#define P(n) UDP("192.168.1.5", 9, "192.168.1.7", n)

static void test_branches(void **state)
{
	(void)state;
	struct bed *b = bed_new(HEAD "interactions:\n  i:\n    steps:\n"
		"      - " STEP(1) "}\n"
		"      - " STEP(2) ", optional: true}\n"
		"      - choice: [[" STEP(3) "}], [" STEP(4) "}, " STEP(5) "}]]\n"
		"      - loop: {min: 2, max: 3, steps: [" STEP(6) "}, " STEP(7) "}]}\n"
		"      - " STEP(8) "}\n"
		"      - " STEP(9) ", repeatable: true}\n", home, 0);

	/* the optional one left out, the second branch, two rounds */
	IS(b, P(1), REASON_STEP);
	IS(b, P(6), REASON_ORDER);
	IS(b, P(4), REASON_STEP);
	IS(b, P(3), REASON_ORDER);
	IS(b, P(5), REASON_STEP);
	IS(b, P(6), REASON_STEP);
	IS(b, P(7), REASON_STEP);
	IS(b, P(8), REASON_ORDER); /* one round is too few */
	IS(b, P(6), REASON_STEP);
	IS(b, P(8), REASON_ORDER); /* in the middle of a round */
	IS(b, P(7), REASON_STEP);
	IS(b, P(6), REASON_STEP);
	IS(b, P(7), REASON_STEP);
	IS(b, P(6), REASON_REPLAYED); /* four are too many */
	IS(b, P(8), REASON_STEP);
	IS(b, P(8), REASON_REPLAYED);
	IS(b, P(9), REASON_STEP);
	IS(b, P(9), REASON_STEP);
	/* with the optional one, the first branch */
	IS(b, P(1), REASON_STEP);
	IS(b, P(2), REASON_STEP);
	IS(b, P(2), REASON_REPLAYED);
	IS(b, P(3), REASON_STEP);
	IS(b, P(5), REASON_ORDER);
	IS(b, P(6), REASON_STEP);
	bed_free(b);
}

static void test_answers(void **state)
{
	(void)state;
	struct bed *b = bed_new(HEAD "interactions:\n  i:\n    instances: 2\n    steps:\n"
		"      - {name: ask, match: {arp: {type: request, spa: self, tpa: hub}}, "
		"stats: {rate: 10/second}}\n"
		"      - {name: told, match: {arp: {type: reply, spa: hub, tpa: self}}}\n",
		home, 0);
	struct packet ask = packet_arp("192.168.1.5", "192.168.1.7", ARP_REQUEST);
	struct packet told = packet_arp("192.168.1.7", "192.168.1.5", ARP_REPLY);

	IS(b, told, REASON_ORDER);
	IS(b, ask, REASON_STEP);
	IS(b, ask, REASON_STEP);
	IS(b, told, REASON_STEP);
	IS(b, told, REASON_STEP);
	/* as many answers as questions, no more */
	IS(b, told, REASON_REPLAYED);
	bed_free(b);
}

static void test_permit(void **state)
{
	(void)state;
	static const char text[] = HEAD
		"permits:\n  opens:\n"
		"    trigger: {match: {ipv4: {src: phone, dst: hub}, tcp: {dst-port: 443}}}\n"
		"    effect: {match: {ipv4: {src: hub, dst: self}, udp: {dst-port: 5}}, "
		"bidirectional: true}\n"
		"    within: 5 s\n";
	struct bed *b = bed_new(text, home, 0);
	struct packet tap = packet_tcp("192.168.1.6", 1000, "192.168.1.7", 443, TCP_SYN, "");

	IS(b, UDP("192.168.1.7", 7, "192.168.1.5", 5), REASON_SHUT);
	IS(b, tap, REASON_POLICY);
	b->now += 4 * S;
	IS(b, UDP("192.168.1.7", 7, "192.168.1.5", 5), REASON_PERMIT);
	b->now += 2 * S;
	/* what began in time goes on; what did not begin stays shut */
	IS(b, UDP("192.168.1.5", 5, "192.168.1.7", 7), REASON_FLOW);
	IS(b, UDP("192.168.1.7", 8, "192.168.1.5", 5), REASON_SHUT);
	/* a clock that goes back does not open it */
	b->now -= 3600 * S;
	IS(b, UDP("192.168.1.7", 9, "192.168.1.5", 5), REASON_SHUT);
	bed_free(b);
	/* the same template in another home */
	b = bed_new(text, other_home, 0);
	IS(b, UDP("10.0.0.7", 7, "10.0.0.5", 5), REASON_SHUT);
	IS(b, packet_tcp("10.0.0.6", 1000, "10.0.0.7", 443, TCP_SYN, ""), REASON_POLICY);
	IS(b, UDP("10.0.0.7", 7, "10.0.0.5", 5), REASON_PERMIT);
	IS(b, UDP("192.168.1.7", 7, "192.168.1.5", 5), REASON_FOREIGN);
	bed_free(b);
}

#define LIMITED(s)                                                                     \
	HEAD "policies:\n  p: {match: {ipv4: {src: self, dst: hub}, udp: {dst-port: "  \
	     "1}}, bidirectional: true, stats: {" s "}}\n"
#define BACK UDP("192.168.1.7", 1, "192.168.1.5", 9)

static void test_limits(void **state)
{
	(void)state;
	struct bed *b = bed_new(LIMITED("rate: 2/second burst 3 packets"), home, 0);

	for (int i = 0; i < 3; i++)
		IS(b, A, REASON_POLICY);
	IS(b, A, REASON_RATE);
	IS(b, BACK, REASON_POLICY); /* each way for itself */
	b->now += S / 2;
	IS(b, A, REASON_POLICY);
	IS(b, A, REASON_RATE);
	/* a clock that went back shuts nobody out */
	b->now -= 3600 * S;
	IS(b, A, REASON_POLICY);
	bed_free(b);
	b = bed_new(LIMITED("packet-count: {forward: 2, backward: 1}"), home, 0);
	IS(b, A, REASON_POLICY);
	IS(b, BACK, REASON_POLICY);
	IS(b, BACK, REASON_PACKETS);
	IS(b, A, REASON_POLICY);
	IS(b, A, REASON_PACKETS);
	/* another conversation has its own sum */
	IS(b, UDP("192.168.1.5", 10, "192.168.1.7", 1), REASON_POLICY);
	bed_free(b);
	b = bed_new(LIMITED("bytes: 60"), home, 0); /* two of 29 octets */
	IS(b, A, REASON_POLICY);
	IS(b, A, REASON_POLICY);
	IS(b, A, REASON_BYTES);
	bed_free(b);
	b = bed_new(LIMITED("duration: 1 s"), home, 0);
	IS(b, A, REASON_POLICY);
	b->now += S;
	IS(b, A, REASON_POLICY);
	b->now += 1;
	IS(b, A, REASON_DURATION);
	bed_free(b);
	b = bed_new(LIMITED("packet-size: < 29"), home, 0);
	IS(b, A, REASON_SIZE);
	bed_free(b);
	b = bed_new(LIMITED("bitrate: 232 bit/s burst 58"), home, 0); /* a packet a second */
	IS(b, A, REASON_POLICY);
	IS(b, A, REASON_POLICY);
	IS(b, A, REASON_RATE);
	b->now += S;
	IS(b, A, REASON_POLICY);
	bed_free(b);
}

#define WINDOW(start, len)                                                             \
	HEAD "policies:\n  p: {match: {ipv4: {src: self}, udp: }, activity: {start: '" \
	start "', duration: " len "}}\n"

static void test_hours(void **state)
{
	(void)state;
	/* START is Thursday, the first of a month, midnight */
	struct bed *b = bed_new(WINDOW("30 8 * *", "2 h"), home, 0);

	IS(b, A, REASON_WINDOW);
	b->now = START + 8 * 3600 * S + 1799 * S;
	IS(b, A, REASON_WINDOW);
	b->now += S;
	IS(b, A, REASON_POLICY);
	b->now += 7199 * S;
	IS(b, A, REASON_POLICY);
	b->now += S;
	IS(b, A, REASON_WINDOW);
	bed_free(b);
	b = bed_new(WINDOW("0 23 * 3", "2 h"), home, 0); /* from Wednesday into Thursday */
	IS(b, A, REASON_POLICY);
	b->now += 3600 * S;
	IS(b, A, REASON_WINDOW);
	b->now += 6 * 86400 * S;
	IS(b, A, REASON_WINDOW);
	b->now += 22 * 3600 * S;
	IS(b, A, REASON_POLICY);
	bed_free(b);
	b = bed_new(WINDOW("0 0 1 *", "1 d"), home, 0);
	IS(b, A, REASON_POLICY);
	b->now += 86400 * S;
	IS(b, A, REASON_WINDOW);
	b->now = START + 31 * 86400 * S; /* February */
	IS(b, A, REASON_POLICY);
	bed_free(b);
	b = bed_new(WINDOW("15 * * *", "5 m"), home, 0);
	IS(b, A, REASON_WINDOW);
	b->now += 3600 * S + 16 * 60 * S;
	IS(b, A, REASON_POLICY);
	b->now += 5 * 60 * S;
	IS(b, A, REASON_WINDOW);
	bed_free(b);
}

struct message {
	uint8_t bytes[512];
	size_t len;
};

static struct message dns(uint16_t id, const char *name, const char *addr, uint32_t ttl)
{
	struct message m = {0};
	struct writer w = writer_of(m.bytes, sizeof m.bytes);
	struct dns_query q = {.id = id, .rd = true,
		.question = {.type = DNS_TYPE_A, .class = DNS_CLASS_IN}};
	struct addr a;

	assert_int_equal(dns_name_from_text(name, &q.question.name), 0);
	if (addr) {
		struct dns_reply reply = {.ttl = ttl, .addresses = &a, .address_count = 1};

		assert_int_equal(addr_parse(addr, &a), 0);
		assert_int_equal(dns_build_answer(&w, &q, &reply), 0);
	} else {
		assert_int_equal(dns_build_query(&w, &q), 0);
	}
	m.len = w.len;
	return m;
}

static enum extended_reason ask(struct bed *b, uint16_t id, const char *name)
{
	struct message m = dns(id, name, NULL, 0);

	return judge(b, packet_udp("192.168.1.5", 4000, "192.168.1.1", 53, m.bytes, m.len));
}

static enum extended_reason tell(struct bed *b, const char *from, uint16_t id,
	const char *name, const char *addr, uint32_t ttl)
{
	struct message m = dns(id, name, addr, ttl);

	return judge(b, packet_udp(from, 53, "192.168.1.5", 4000, m.bytes, m.len));
}

static void test_names(void **state)
{
	(void)state;
	struct bed *b = bed_new(HEAD
		"policies:\n"
		"  dns: {match: {ipv4: {src: self, dst: gateway}, udp: {dst-port: 53}, dns: "
		"{domain-name: '*.example.com'}}, bidirectional: true}\n"
		"  web: {match: {ipv4: {src: self, dst: '*.example.com'}, tcp: {dst-port: "
		"443}}, bidirectional: true}\n", home, 0);
	struct packet open = packet_tcp("192.168.1.5", 5000, "198.51.100.1", 443, TCP_SYN, "");

	IS(b, open, REASON_NAME);
	assert_int_equal(ask(b, 1, "api.example.org"), REASON_NOTHING);
	/* nobody asked for it: it is let through, as the reply it looks like, and not
	 * believed */
	tell(b, "192.168.1.1", 1, "api.example.com", "198.51.100.1", 60);
	IS(b, open, REASON_NAME);
	assert_int_equal(ask(b, 2, "api.example.com"), REASON_POLICY);
	/* by another host, by another id */
	assert_int_equal(tell(b, "192.168.1.7", 2, "api.example.com", "198.51.100.1", 60),
		REASON_NOTHING);
	tell(b, "192.168.1.1", 3, "api.example.com", "198.51.100.1", 60);
	IS(b, open, REASON_NAME);
	assert_int_equal(tell(b, "192.168.1.1", 2, "api.example.com", "198.51.100.1", 60),
		REASON_POLICY);
	IS(b, open, REASON_POLICY);
	IS(b, packet_tcp("198.51.100.1", 443, "192.168.1.5", 5000, TCP_SYN | TCP_ACK, ""),
		REASON_POLICY);
	IS(b, packet_tcp("192.168.1.5", 5001, "198.51.100.2", 443, TCP_SYN, ""), REASON_NAME);
	/* long after the last use the address is nobody's */
	b->now += 2 * 3600 * S;
	IS(b, packet_tcp("192.168.1.5", 5002, "198.51.100.1", 443, TCP_SYN, ""), REASON_NAME);
	bed_free(b);
}

static void test_http(void **state)
{
	(void)state;
	struct bed *b = bed_new(HEAD
		"policies:\n"
		"  web: {match: {ipv4: {src: phone, dst: self}, tcp: {dst-port: 80}, http: "
		"{method: GET, uri: '/a*'}}, bidirectional: true, initiator: src}\n"
		"  never: {match: {ipv4: {dst: self}, tcp: {dst-port: 80}, http: {uri: "
		"/a/secret}}, action: deny}\n"
		"  nor: {match: {ipv4: {dst: self}, tcp: {dst-port: 80}, http: {uri: /a/h, "
		"host: lamp.example}}, action: deny}\n", home, 0);
#define PHONE(flags, text) packet_tcp("192.168.1.6", 5000, "192.168.1.5", 80, flags, text)
#define LAMP(flags, text) packet_tcp("192.168.1.5", 80, "192.168.1.6", 5000, flags, text)
	IS(b, PHONE(TCP_SYN, ""), REASON_POLICY);
	IS(b, LAMP(TCP_SYN | TCP_ACK, ""), REASON_POLICY);
	/* what is no request comes before none was accepted */
	IS(b, PHONE(TCP_ACK, "\x01\x02"), REASON_NOTHING);
	IS(b, PHONE(TCP_ACK, "POST /a HTTP/1.1\r\n\r\n"), REASON_NOTHING);
	IS(b, PHONE(TCP_ACK, "GET /b HTTP/1.1\r\n\r\n"), REASON_NOTHING);
	IS(b, PHONE(TCP_ACK, "GET /a/secret HTTP/1.1\r\n\r\n"), REASON_DENIED);
	IS(b, PHONE(TCP_ACK, "GET /a/b HTTP/1.1\r\n\r\n"), REASON_POLICY);
	IS(b, PHONE(TCP_ACK, "GET /a/h HTTP/1.1\r\nHost: lamp.example:80\r\n\r\n"),
		REASON_DENIED);
	IS(b, PHONE(TCP_ACK, "GET /a/h HTTP/1.1\r\nHost: lamp.example.net\r\n\r\n"),
		REASON_POLICY);
	IS(b, LAMP(TCP_ACK, "HTTP/1.1 200 OK\r\n\r\n"), REASON_POLICY);
	IS(b, LAMP(TCP_ACK, "the rest of it"), REASON_POLICY);
	/* the lamp does not open connections of this kind */
	IS(b, packet_tcp("192.168.1.5", 80, "192.168.1.6", 6000, TCP_SYN, ""),
		REASON_INITIATOR);
	bed_free(b);
}

static void test_midstream(void **state)
{
	(void)state;
	static const char text[] = HEAD
		"interactions:\n  i:\n    steps:\n"
		"      - {name: dns, match: {ipv4: {src: self, dst: gateway}, udp: {dst-port: "
		"53}, dns: {domain-name: a.example.com}}, bidirectional: true}\n"
		"      - {name: web, match: {ipv4: {src: self, dst: a.example.com}, tcp: "
		"{dst-port: 443}}, bidirectional: true, stats: {rate: 100/second}}\n";
	struct packet data = packet_tcp("192.168.1.5", 5000, "198.51.100.1", 443, TCP_ACK, "x");
	struct packet open = packet_tcp("192.168.1.5", 5001, "198.51.100.1", 443, TCP_SYN, "");
	struct packet then = packet_tcp("192.168.1.5", 5001, "198.51.100.1", 443, TCP_ACK, "x");
	struct bed *b = bed_new(text, home, EXTENDED_MIDSTREAM);

	IS(b, data, REASON_STEP);
	IS(b, data, REASON_FLOW);
	/* of this one the beginning was seen, and was refused */
	IS(b, open, REASON_NAME);
	IS(b, then, REASON_NAME);
	bed_free(b);
	b = bed_new(text, home, 0);
	IS(b, data, REASON_NAME);
	bed_free(b);
}

/* A flood of conversations and names takes no more memory than none. */
static void test_memory_stays(void **state)
{
	(void)state;
	struct bed *b = bed_new(LIMITED("rate: unlimited"), home, 0);
	size_t before = extended_machine_memory(b->m);

	for (unsigned i = 1; i < 65536; i++)
		IS(b, UDP("192.168.1.5", (uint16_t)i, "192.168.1.7", 1), REASON_POLICY);
	assert_int_equal(extended_machine_memory(b->m), before);
	assert_in_range(before, 1, 16 << 20);
	bed_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_timeout_begins_anew),
		cmocka_unit_test(test_instances),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_permit),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hours),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_midstream),
		cmocka_unit_test(test_memory_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
