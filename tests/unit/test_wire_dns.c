// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_dns.c - messages: queries, records, collected answers, builders. */
#include "test_wire_util.h"
#include "wire/dns.h"

#define MESSAGE_MAX 16384

static struct dns_name name(const char *text)
{
	struct dns_name n;
	assert_int_equal(dns_name_from_text(text, &n), 0);
	return n;
}

static struct dns_query query(const char *text, uint16_t type)
{
	return (struct dns_query){.id = 0x1234,
		.rd = true,
		.udp_size = 512,
		.question = {.name = name(text), .type = type, .class = DNS_CLASS_IN}};
}

static int parse_query(struct cursor c)
{
	struct dns_query q;
	return dns_query_parse(c, &q);
}

static int parse_answer(struct cursor c)
{
	struct dns_answer a;
	return dns_answer_collect(c, &a);
}

static void test_query(void **state)
{
	(void)state;
	uint8_t b[512];
	struct dns_query q = query("Tea.Example", DNS_TYPE_AAAA), back;
	q.has_edns = true;
	q.udp_size = 100; /* below what the RFC lets mean anything */
	q.want_dnssec = true;
	q.cd = true;
	q.ad = true;
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dns_build_query(&w, &q), 0);
	assert_int_equal(dns_query_parse(cursor_of(b, w.len), &back), 0);
	assert_int_equal(back.id, 0x1234);
	assert_true(back.rd && back.cd && back.ad && back.has_edns && back.want_dnssec);
	assert_int_equal(back.udp_size, DNS_UDP_SIZE_PLAIN);
	assert_string_equal(back.question.name.text, "tea.example");
	assert_int_equal(back.question.type, DNS_TYPE_AAAA);
	test_truncations(b, w.len, parse_query);
	b[2] |= 0x80;
	assert_int_equal(parse_query(cursor_of(b, w.len)), CARDEA_EREFUSED);
	b[2] &= 0x7f;
	b[5] = 2; /* two questions */
	assert_int_equal(parse_query(cursor_of(b, w.len)), CARDEA_EMALFORMED);
	b[5] = 1;
	b[11] = 2; /* a second OPT */
	memcpy(b + w.len, b + w.len - 11, 11);
	assert_int_equal(parse_query(cursor_of(b, w.len + 11)), CARDEA_EMALFORMED);
}

static void test_round_trip(void **state)
{
	(void)state;
	uint8_t b[1024];
	struct dns_query q = query("www.example.com", DNS_TYPE_A);
	struct dns_name chain[] = {name("a.cdn.example"), name("b.cdn.example")};
	struct addr addresses[] = {test_addr("192.0.2.1"), test_addr("2001:db8::1"),
		test_addr("192.0.2.2"), test_addr("192.0.2.1")};
	struct dns_reply reply = {.ttl = 300,
		.ad = true,
		.chain = chain,
		.chain_count = 2,
		.addresses = addresses,
		.address_count = 4};
	struct dns_answer a;
	struct writer w = writer_of(b, sizeof(b));
	q.has_edns = true;
	assert_int_equal(dns_build_answer(&w, &q, &reply), 0);
	assert_int_equal(dns_answer_collect(cursor_of(b, w.len), &a), 0);
	assert_int_equal(a.id, 0x1234);
	assert_int_equal(a.rcode, 0);
	assert_true(a.ad && a.ra && a.has_edns);
	assert_false(a.tc);
	assert_string_equal(a.question.name.text, "www.example.com");
	assert_string_equal(a.owner.text, "b.cdn.example");
	assert_int_equal(a.chain_count, 2);
	assert_int_equal(a.min_ttl, 300);
	assert_int_equal(a.count, 2); /* no AAAA, no duplicate */
	assert_addr(&a.addresses[0], "192.0.2.1");
	assert_addr(&a.addresses[1], "192.0.2.2");
	test_truncations(b, w.len, parse_answer);
	assert_int_equal(parse_query(cursor_of(b, w.len)), CARDEA_EREFUSED);
	b[2] &= 0x7f;
	assert_int_equal(parse_answer(cursor_of(b, w.len)), CARDEA_EREFUSED);
	w = writer_of(b, 60);
	assert_int_equal(dns_build_answer(&w, &q, &reply), CARDEA_ELIMIT);
}

/* Messages written record by record. */
static struct writer begin(uint8_t *b, const char *text, uint16_t type)
{
	struct writer w = writer_of(b, MESSAGE_MAX);
	struct dns_query q = query(text, type);
	assert_int_equal(dns_build_reply(&w, &q, 0), 0);
	return w;
}

enum section { ANSWER = 6, AUTHORITY = 8, ADDITIONAL = 10 };
static void record(struct writer *w, enum section s, const char *owner, uint16_t type,
	uint32_t ttl, const void *rdata, size_t len)
{
	struct dns_name n = name(owner);
	dns_name_write(w, &n);
	writer_u16(w, type);
	writer_u16(w, type == DNS_TYPE_OPT ? 1232 : DNS_CLASS_IN);
	writer_u32(w, ttl);
	writer_u16(w, (uint16_t)len);
	writer_bytes(w, rdata, len);
	unsigned count = ((unsigned)w->start[s] << 8 | w->start[s + 1]) + 1;
	writer_patch16(w, s, (uint16_t)count);
	assert_int_equal(w->error, 0);
}

static void cname(struct writer *w, const char *owner, const char *target, uint32_t ttl)
{
	uint8_t b[DNS_NAME_WIRE_MAX];
	struct dns_name n = name(target);
	struct writer t = writer_of(b, sizeof(b));
	assert_int_equal(dns_name_write(&t, &n), 0);
	record(w, ANSWER, owner, DNS_TYPE_CNAME, ttl, b, t.len);
}

static struct dns_answer collect(const struct writer *w)
{
	struct dns_answer a;
	assert_int_equal(dns_answer_collect(cursor_of(w->start, w->len), &a), 0);
	return a;
}

static int collect_error(const struct writer *w)
{
	return parse_answer(cursor_of(w->start, w->len));
}

static void test_chain_out_of_order(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX];
	struct writer w = begin(b, "a.example", DNS_TYPE_A);
	record(&w, ANSWER, "c.example", DNS_TYPE_A, 90, "\1\2\3\4", 4);
	record(&w, ANSWER, "evil.example", DNS_TYPE_A, 1, "\6\6\6\6", 4);
	cname(&w, "b.example", "C.example", 50);
	cname(&w, "a.example", "b.example", 70);
	cname(&w, "a.example", "b.example",
		60); /* the same again is no contradiction */
	record(&w, ANSWER, "a.example", DNS_TYPE_A, 5, "\7\7\7\7", 4);
	struct dns_answer a = collect(&w);
	assert_string_equal(a.owner.text, "c.example");
	assert_int_equal(a.chain_count, 2);
	assert_int_equal(a.count, 1);
	assert_addr(&a.addresses[0], "1.2.3.4");
	assert_int_equal(a.min_ttl, 50);
}

static void test_chain_refusals(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX];
	struct writer w = begin(b, "a.example", DNS_TYPE_A);
	cname(&w, "a.example", "b.example", 1);
	cname(&w, "a.example", "c.example", 1);
	assert_int_equal(collect_error(&w), CARDEA_EMALFORMED);
	w = begin(b, "a.example", DNS_TYPE_A);
	cname(&w, "a.example", "a.example", 1);
	assert_int_equal(collect_error(&w), CARDEA_ELOOP);
	w = begin(b, "a.example", DNS_TYPE_A);
	cname(&w, "a.example", "b.example", 1);
	cname(&w, "b.example", "a.example", 1);
	assert_int_equal(collect_error(&w), CARDEA_ELOOP);
	w = begin(b, "a.example", DNS_TYPE_A);
	cname(&w, "a.example", "b.example", 1);
	cname(&w, "b.example", "c.example", 1);
	cname(&w, "c.example", "b.example", 1);
	assert_int_equal(collect_error(&w), CARDEA_ELIMIT);
	w = begin(b, "a.example", DNS_TYPE_CNAME); /* asked for: not followed */
	cname(&w, "a.example", "a.example", 1);
	assert_int_equal(collect(&w).chain_count, 0);
}

static void test_chain_limit(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX];
	struct writer w = begin(b, "a", DNS_TYPE_A);
	char from[2] = "a", to[2] = "b";
	for (int i = 0; i < DNS_ANSWER_CHAIN_MAX; i++, from[0]++, to[0]++)
		cname(&w, from, to, 9);
	assert_int_equal(collect(&w).chain_count, DNS_ANSWER_CHAIN_MAX);
	cname(&w, from, to, 9);
	assert_int_equal(collect_error(&w), CARDEA_ELIMIT);
}

static void test_address_limit(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX], ip[4] = {10, 0, 0, 0};
	struct writer w = begin(b, "a", DNS_TYPE_A);
	for (int i = 0; i < DNS_ANSWER_ADDRESSES_MAX; i++, ip[3]++)
		record(&w, ANSWER, "a", DNS_TYPE_A, 9, ip, 4);
	assert_int_equal(collect(&w).count, DNS_ANSWER_ADDRESSES_MAX);
	record(&w, ANSWER, "a", DNS_TYPE_A, 9, ip, 4);
	assert_int_equal(collect_error(&w), CARDEA_ELIMIT);
	w = begin(b, "a", DNS_TYPE_A);
	for (int i = 0; i <= DNS_ANSWER_RECORDS_MAX; i++)
		record(&w, ANSWER, "a", DNS_TYPE_TXT, 9, "\1x", 2);
	assert_int_equal(collect_error(&w), CARDEA_ELIMIT);
}

static void test_negative(void **state)
{
	(void)state;
	/* root. root. serial refresh retry expire minimum */
	static const char soa[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x3c";
	uint8_t b[MESSAGE_MAX];
	struct writer w = begin(b, "none.example", DNS_TYPE_A);
	b[3] |= DNS_RCODE_NXDOMAIN;
	record(&w, AUTHORITY, "example", DNS_TYPE_SOA, 900, soa, sizeof(soa) - 1);
	record(&w, ADDITIONAL, ".", DNS_TYPE_OPT, 0x01000000, "", 0); /* BADVERS bits */
	struct dns_answer a = collect(&w);
	assert_int_equal(a.rcode, 0x13);
	assert_true(a.has_negative_ttl);
	assert_int_equal(a.negative_ttl, 60);
	assert_int_equal(a.count, 0);
	assert_int_equal(a.min_ttl, 0);
	/* addresses beside an error are not believed */
	w = begin(b, "none.example", DNS_TYPE_A);
	b[3] |= DNS_RCODE_NXDOMAIN;
	record(&w, ANSWER, "none.example", DNS_TYPE_A, 5, "\1\1\1\1", 4);
	assert_int_equal(collect(&w).count, 0);
}

static void test_https(void **state)
{
	(void)state;
	static const char rdata[] = "\0\1\0"
				    "\0\3\0\2\x20\xfb"
				    "\0\4\0\x08\1\1\1\1\1\0\0\1"
				    "\0\5\0\2xx"
				    "\0\6\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1";
	uint8_t b[MESSAGE_MAX];
	struct writer w = begin(b, "a.example", DNS_TYPE_HTTPS);
	record(&w, ANSWER, "a.example", DNS_TYPE_HTTPS, 30, rdata, sizeof(rdata) - 1);
	record(&w, ANSWER, "b.example", DNS_TYPE_HTTPS, 20, "\0\0\1b\0", 5); /* alias */
	struct dns_answer a = collect(&w);
	assert_true(a.has_hints && a.has_ech);
	assert_int_equal(a.count, 3);
	assert_addr(&a.addresses[0], "1.1.1.1");
	assert_addr(&a.addresses[1], "1.0.0.1");
	assert_addr(&a.addresses[2], "2001:db8::1");
	assert_int_equal(a.min_ttl, 30);
	test_truncations(b, w.len, parse_answer);

	struct dns_header h;
	struct dns_question q;
	struct dns_record r;
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dns_parse_header(&c, &h), 0);
	assert_int_equal(dns_next_question(&c, &q), 0);
	assert_int_equal(dns_next_record(&c, &r), 0);
	assert_int_equal(r.svcb.priority, 1);
	assert_true(dns_name_is_root(&r.svcb.target));
	assert_true(r.svcb.has_port);
	assert_int_equal(r.svcb.port, 8443);
	assert_int_equal(dns_next_record(&c, &r), 0);
	assert_int_equal(r.svcb.priority, 0);
	assert_string_equal(r.svcb.target.text, "b");
}

#define HINT(b) "\0\1\0\0\4\0\4\1\1\1" b
#define HINT_LEN 11

/* RFC 9460 2.4.2: an alias leads on like a CNAME, and what else its owner says of that
 * type does not count (2.4.1). */
static void test_https_alias(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX];
	struct writer w = begin(b, "a", DNS_TYPE_HTTPS);
	record(&w, ANSWER, "b", DNS_TYPE_HTTPS, 50, HINT("\2"), HINT_LEN);
	record(&w, ANSWER, "a", DNS_TYPE_HTTPS, 5, HINT("\1"), HINT_LEN);
	record(&w, ANSWER, "a", DNS_TYPE_HTTPS, 40, "\0\0\1b\0zz", 7);
	struct dns_answer a = collect(&w);
	assert_string_equal(a.owner.text, "b");
	assert_int_equal(a.chain_count, 1);
	assert_int_equal(a.count, 1);
	assert_addr(&a.addresses[0], "1.1.1.2");
	assert_int_equal(a.min_ttl, 40);
	test_truncations(b, w.len, parse_answer);

	/* of another type it is no alias */
	w = begin(b, "a", DNS_TYPE_HTTPS);
	record(&w, ANSWER, "a", DNS_TYPE_SVCB, 40, "\0\0\1b\0", 5);
	record(&w, ANSWER, "a", DNS_TYPE_HTTPS, 5, HINT("\1"), HINT_LEN);
	assert_int_equal(collect(&w).count, 1);
	w = begin(b, "a", DNS_TYPE_A);
	record(&w, ANSWER, "a", DNS_TYPE_HTTPS, 40, "\0\0\1b\0", 5);
	record(&w, ANSWER, "a", DNS_TYPE_A, 5, "\1\1\1\1", 4);
	assert_int_equal(collect(&w).count, 1);

	/* the root: no such service */
	w = begin(b, "a", DNS_TYPE_HTTPS);
	record(&w, ANSWER, "a", DNS_TYPE_HTTPS, 40, "\0\0\0", 3);
	a = collect(&w);
	assert_int_equal(a.chain_count, 0);
	assert_int_equal(a.count, 0);

	/* two ways */
	w = begin(b, "a", DNS_TYPE_HTTPS);
	record(&w, ANSWER, "a", DNS_TYPE_HTTPS, 40, "\0\0\1b\0", 5);
	record(&w, ANSWER, "a", DNS_TYPE_CNAME, 40, "\1c\0", 3);
	assert_int_equal(collect_error(&w), CARDEA_EMALFORMED);
}

static void test_mapped(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX];
	struct writer w = begin(b, "a", DNS_TYPE_AAAA);
	record(&w, ANSWER, "a", DNS_TYPE_AAAA, 9, "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\1\1\1",
		16);
	record(&w, ANSWER, "a", DNS_TYPE_AAAA, 9, "\0\0\0\0\0\0\0\0\0\0\xff\xfe\1\1\1\1",
		16);
	struct dns_answer a = collect(&w);
	assert_int_equal(a.count, 1);
	assert_addr(&a.addresses[0], "::fffe:101:101");
	assert_int_equal(a.told, 2);
}

static void test_malformed_records(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *rdata;
		size_t len;
		int result;
	} cases[] = {
		{DNS_TYPE_A, "\1\2\3", 3, CARDEA_EMALFORMED},
		{DNS_TYPE_A, "\1\2\3\4\5", 5, CARDEA_EMALFORMED},
		{DNS_TYPE_AAAA, "\1\2\3\4", 4, CARDEA_EMALFORMED},
		{DNS_TYPE_CNAME, "\1a\0x", 4, CARDEA_EMALFORMED},
		{DNS_TYPE_CNAME, "\1a", 2, CARDEA_EMALFORMED},
		{DNS_TYPE_SOA, "\0\0\0\0\0\0", 6, CARDEA_EMALFORMED},
		{DNS_TYPE_SOA, "\3a", 2, CARDEA_EMALFORMED},
		{DNS_TYPE_HTTPS, "\0\1\xc0\x0c", 4, CARDEA_EMALFORMED},
		{DNS_TYPE_HTTPS, "\0\1\0\0\4\0\0", 7, CARDEA_EMALFORMED},
		{DNS_TYPE_HTTPS, "\0\1\0\0\4\0\5zzzzz", 12, CARDEA_EMALFORMED},
		{DNS_TYPE_HTTPS, "\0\1\0\0\3\0\1z", 8, CARDEA_EMALFORMED},
		{DNS_TYPE_HTTPS, "\0\1\0\0\5\0\0\0\5\0\0", 11, CARDEA_EMALFORMED},
		{DNS_TYPE_HTTPS, "\0\1\0\0\5\0\x09", 7, CARDEA_EMALFORMED},
		{DNS_TYPE_TXT, "anything", 8, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t b[MESSAGE_MAX];
		struct writer w = begin(b, "a", cases[i].type);
		record(&w, ANSWER, "a", cases[i].type, 9, cases[i].rdata, cases[i].len);
		assert_int_equal(collect_error(&w), cases[i].result);
	}
}

static void test_hint_limit(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX],
		rdata[7 + 4 * (DNS_SVCB_HINTS_MAX + 1)] = {0, 1, 0, 0, 4};
	for (int extra = 0; extra < 2; extra++) {
		size_t len = 4u * (size_t)(DNS_SVCB_HINTS_MAX + extra);
		struct writer w = begin(b, "a", DNS_TYPE_SVCB);
		rdata[6] = (uint8_t)len;
		record(&w, ANSWER, "a", DNS_TYPE_SVCB, 9, rdata, 7 + len);
		assert_int_equal(collect_error(&w), extra ? CARDEA_ELIMIT : 0);
	}
}

static void test_truncated_message(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX];
	struct writer w = begin(b, "a", DNS_TYPE_A);
	record(&w, ANSWER, "a", DNS_TYPE_A, 0x80000001, "\1\1\1\1", 4); /* RFC 2181 8 */
	record(&w, ANSWER, "a", DNS_TYPE_A, 9, "\2\2\2\2", 4);
	w.len -= 2;
	assert_int_equal(collect_error(&w), CARDEA_ETRUNCATED);
	b[2] |= 0x02; /* TC */
	struct dns_answer a = collect(&w);
	assert_true(a.tc);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.min_ttl, 0);
}

static void test_replies(void **state)
{
	(void)state;
	uint8_t b[256];
	struct dns_answer a;
	struct dns_query q = query("a.example", DNS_TYPE_A);
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dns_build_truncated(&w, &q), 0);
	assert_int_equal(dns_answer_collect(cursor_of(b, w.len), &a), 0);
	assert_true(a.tc);
	assert_false(a.has_edns);
	q.has_edns = true;
	w = writer_of(b, sizeof(b));
	assert_int_equal(dns_build_reply(&w, &q, 16), 0); /* BADVERS */
	assert_int_equal(dns_answer_collect(cursor_of(b, w.len), &a), 0);
	assert_int_equal(a.rcode, 16);
	assert_true(a.has_edns);
	assert_string_equal(a.question.name.text, "a.example");
}

static void test_frames(void **state)
{
	(void)state;
	uint8_t b[16];
	struct writer w = writer_of(b, sizeof(b));
	struct cursor message;
	assert_int_equal(dns_frame_write(&w, "abc", 3), 0);
	assert_int_equal(dns_frame_write(&w, "de", 2), 0);
	struct cursor stream = cursor_of(b, w.len);
	assert_int_equal(dns_frame_next(&stream, &message), 0);
	assert_int_equal(cursor_left(&message), 3);
	assert_int_equal(cursor_offset(&message), 0);
	assert_int_equal(dns_frame_next(&stream, &message), 0);
	assert_memory_equal(message.pos, "de", 2);
	stream = cursor_of(b, 4);
	assert_int_equal(dns_frame_next(&stream, &message), CARDEA_ETRUNCATED);
	assert_int_equal(cursor_left(&stream), 4); /* nothing consumed */
	assert_int_equal(dns_frame_write(&w, b, 65536), CARDEA_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_chain_out_of_order),
		cmocka_unit_test(test_chain_refusals),
		cmocka_unit_test(test_chain_limit),
		cmocka_unit_test(test_address_limit),
		cmocka_unit_test(test_negative),
		cmocka_unit_test(test_https),
		cmocka_unit_test(test_https_alias),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_malformed_records),
		cmocka_unit_test(test_hint_limit),
		cmocka_unit_test(test_truncated_message),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
