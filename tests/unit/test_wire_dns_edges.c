// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_wire_dns_edges.c - DNS at its limits: odd records, long chains, full names. */
#include "test_wire_util.h"
#include "wire/dns.h"

#define MESSAGE_MAX 32768
/* The largest offset that a compression pointer can name (RFC 1035 4.1.4). */
#define POINTER_MAX 0x3fff

static struct dns_name name(const char *text)
{
	struct dns_name n;
	assert_int_equal(dns_name_from_text(text, &n), 0);
	return n;
}

static struct dns_query query(const char *text, uint16_t type)
{
	return (struct dns_query){.id = 7,
		.udp_size = DNS_UDP_SIZE_PLAIN,
		.question = {name(text), type, DNS_CLASS_IN}};
}

static struct writer begin_answer(uint8_t *b, const char *text, uint16_t type)
{
	struct writer w = writer_of(b, MESSAGE_MAX);
	struct dns_query q = query(text, type);
	assert_int_equal(dns_build_reply(&w, &q, 0), 0);
	return w;
}

enum section { ANSWER = 6, AUTHORITY = 8, ADDITIONAL = 10 };
static void record(struct writer *w, enum section s, const char *owner, uint16_t type,
	const void *rdata, size_t len)
{
	struct dns_name n = name(owner);
	dns_name_write(w, &n);
	writer_u16(w, type);
	writer_u16(w, type == DNS_TYPE_OPT ? DNS_UDP_SIZE : DNS_CLASS_IN);
	writer_u32(w, 60);
	writer_u16(w, (uint16_t)len);
	writer_bytes(w, rdata, len);
	w->start[s + 1]++; /* no test here has 256 */
	assert_int_equal(w->error, 0);
}

static int collect(const struct writer *w, struct dns_answer *ret)
{
	return dns_answer_collect(cursor_of(w->start, w->len), ret);
}

static void test_query_records(void **state)
{
	(void)state;
	uint8_t b[512];
	struct dns_query q = query("a.example", DNS_TYPE_A), back;
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dns_build_query(&w, &q), 0);
	size_t plain = w.len;
	record(&w, ADDITIONAL, "k.example", DNS_TYPE_TXT, "\1x", 2); /* as TSIG */
	assert_int_equal(dns_query_parse(cursor_of(b, w.len), &back), 0);
	assert_false(back.has_edns);
	assert_false(back.rd);
	assert_int_equal(back.udp_size, DNS_UDP_SIZE_PLAIN);
	record(&w, ADDITIONAL, ".", DNS_TYPE_OPT, "", 0);
	assert_int_equal(dns_query_parse(cursor_of(b, w.len), &back), 0);
	assert_true(back.has_edns);
	assert_int_equal(back.udp_size, DNS_UDP_SIZE);
	w.len = plain;
	b[ADDITIONAL + 1] = 0;
	/* RFC 6891 6.1.1: the root's */
	record(&w, ADDITIONAL, "a", DNS_TYPE_OPT, "", 0);
	assert_int_equal(
		dns_query_parse(cursor_of(b, w.len), &back), CARDEA_EMALFORMED);
}

static void test_any(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX];
	struct dns_query q = query("a.example", DNS_TYPE_ANY);
	struct addr addresses[] = {
		test_addr("192.0.2.1"), {0}, test_addr("2001:db8::1")};
	struct dns_reply reply = {.ttl = 5, .addresses = addresses, .address_count = 3};
	struct dns_answer a;
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dns_build_answer(&w, &q, &reply), 0);
	assert_int_equal(b[ANSWER + 1], 2); /* no record for an address of no family */
	record(&w, ANSWER, "a.example", DNS_TYPE_TXT, "\1x", 2);
	assert_int_equal(collect(&w, &a), 0);
	assert_int_equal(a.count, 2);
	assert_addr(&a.addresses[0], "192.0.2.1");
	assert_addr(&a.addresses[1], "2001:db8::1");
	assert_int_equal(a.min_ttl, 5);
	/* one family asked for, the other left out, either way */
	for (unsigned i = 0; i < 2; i++) {
		q = query("a.example", i ? DNS_TYPE_AAAA : DNS_TYPE_A);
		w = writer_of(b, sizeof(b));
		assert_int_equal(dns_build_answer(&w, &q, &reply), 0);
		assert_int_equal(collect(&w, &a), 0);
		assert_int_equal(a.count, 1);
		assert_int_equal(a.addresses[0].family, i ? 6 : 4);
	}
}

static void test_tail_records(void **state)
{
	(void)state;
	static const char soa[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x1e";
	static const char later[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\7";
	uint8_t b[MESSAGE_MAX];
	struct dns_answer a;
	struct writer w = begin_answer(b, "none.example", DNS_TYPE_A);
	record(&w, AUTHORITY, "example", DNS_TYPE_SOA, soa, sizeof(soa) - 1);
	record(&w, AUTHORITY, "example", DNS_TYPE_SOA, later, sizeof(later) - 1);
	record(&w, ADDITIONAL, "a.example", DNS_TYPE_OPT, "", 0); /* not the root's */
	assert_int_equal(collect(&w, &a), 0);
	assert_true(a.has_negative_ttl);
	assert_int_equal(a.negative_ttl, 30); /* of the first */
	assert_false(a.has_edns);
}

/* Hints count against the limit of addresses as records do. */
static void test_hints_limit(void **state)
{
	(void)state;
	uint8_t b[MESSAGE_MAX], rdata[7 + 4 * DNS_SVCB_HINTS_MAX] = {0, 1, 0, 0, 4};
	struct dns_answer a;
	struct writer w = begin_answer(b, "a", DNS_TYPE_HTTPS);
	rdata[6] = 4 * DNS_SVCB_HINTS_MAX;
	for (unsigned i = 0; i < DNS_ANSWER_ADDRESSES_MAX; i++) {
		rdata[7 + i % DNS_SVCB_HINTS_MAX * 4] = 10;
		rdata[10 + i % DNS_SVCB_HINTS_MAX * 4] = (uint8_t)i;
		if ((i + 1) % DNS_SVCB_HINTS_MAX == 0)
			record(&w, ANSWER, "a", DNS_TYPE_HTTPS, rdata, sizeof(rdata));
	}
	assert_int_equal(collect(&w, &a), 0);
	assert_int_equal(a.count, DNS_ANSWER_ADDRESSES_MAX);
	record(&w, ANSWER, "a", DNS_TYPE_HTTPS, rdata, sizeof(rdata)); /* known ones */
	assert_int_equal(collect(&w, &a), 0);
	rdata[7] = 11;
	record(&w, ANSWER, "a", DNS_TYPE_HTTPS, rdata, sizeof(rdata));
	assert_int_equal(collect(&w, &a), CARDEA_ELIMIT);
}

/* Chains so long that the owner stands where no pointer reaches. */
static void test_build_beyond_pointers(void **state)
{
	(void)state;
	static uint8_t b[MESSAGE_MAX];
	static struct dns_name chain[75];
	struct dns_query q = query("a.example", DNS_TYPE_A);
	struct addr address = test_addr("192.0.2.1");
	struct dns_reply reply = {.chain = chain,
		.chain_count = 75,
		.addresses = &address,
		.address_count = 1};
	char text[248];
	for (unsigned i = 0; i < 75; i++) {
		memset(text, 'x', sizeof(text));
		text[0] = (char)('0' + i / 10);
		text[1] = (char)('0' + i % 10);
		for (size_t dot = 60; dot < sizeof(text) - 1; dot += 61)
			text[dot] = '.';
		text[sizeof(text) - 1] = '\0';
		chain[i] = name(text);
	}
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dns_build_answer(&w, &q, &reply), 0);
	assert_true(w.len > POINTER_MAX);
	struct dns_header h;
	struct dns_question question;
	struct dns_record rec;
	struct cursor c = cursor_of(b, w.len);
	assert_int_equal(dns_parse_header(&c, &h), 0);
	assert_int_equal(h.answers, 76);
	assert_int_equal(dns_next_question(&c, &question), 0);
	struct dns_name owner = question.name;
	for (unsigned i = 0; i < 75; i++) {
		assert_int_equal(dns_next_record(&c, &rec), 0);
		assert_string_equal(rec.owner.text, owner.text);
		assert_string_equal(rec.target.text, chain[i].text);
		owner = rec.target;
	}
	assert_int_equal(dns_next_record(&c, &rec), 0);
	assert_string_equal(rec.owner.text, owner.text);
	assert_addr(&rec.addr, "192.0.2.1");
	assert_int_equal(cursor_left(&c), 0);
}

/* The count is sixteen bits wide; nothing is written that it could not tell. */
static void test_build_too_many(void **state)
{
	(void)state;
	uint8_t b[64];
	struct dns_query q = query("a", DNS_TYPE_A);
	struct dns_reply reply = {.chain_count = UINT16_MAX + 1};
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dns_build_answer(&w, &q, &reply), CARDEA_ELIMIT);
	assert_int_equal(w.len, 0);
}

/* Text of 255 characters: 62 escaped octets of four, six plain ones, a dot. */
static void test_full_text(void **state)
{
	(void)state;
	uint8_t wire[128];
	struct dns_name n;
	struct writer w = writer_of(wire, sizeof(wire));
	writer_u8(&w, 63);
	memset(writer_room(&w, 60), '!', 60);
	writer_bytes(&w, "abc", 3);
	writer_bytes(&w, "\5!!def", 6);
	size_t full = w.len;
	writer_u8(&w, 0);
	struct cursor c = cursor_of(wire, w.len);
	assert_int_equal(dns_name_parse(&c, &n), 0);
	assert_int_equal(strlen(n.text), sizeof(n.text) - 1);
	char text[sizeof(n.text) + 2];
	memcpy(text, n.text, sizeof(n.text));
	w.len = full;
	writer_bytes(&w, "\1z", 3); /* no room for even the dot */
	c = cursor_of(wire, w.len);
	assert_int_equal(dns_name_parse(&c, &n), CARDEA_ELIMIT);
	assert_int_equal(dns_name_from_text(text, &n), 0);
	assert_string_equal(n.text, text);
	memcpy(text + sizeof(n.text) - 1, ".z", 3);
	assert_int_equal(dns_name_from_text(text, &n), CARDEA_ELIMIT);
}

static void test_text_escapes(void **state)
{
	(void)state;
	struct dns_name n;
	assert_int_equal(dns_name_from_text("a\\Z\\-", &n), 0);
	assert_string_equal(n.text, "az-");
	assert_int_equal(dns_name_from_text("a\\1z2", &n), CARDEA_EMALFORMED);
	assert_int_equal(dns_name_from_text("a\\1-2", &n), CARDEA_EMALFORMED);
	assert_int_equal(dns_name_from_text("a\\12", &n), CARDEA_EMALFORMED);
	assert_int_equal(dns_name_from_text("a\\256", &n), CARDEA_EMALFORMED);
	assert_int_equal(dns_name_from_text("a\\", &n), CARDEA_EMALFORMED);
}

/* Names that no parser makes; the writer must not believe them. */
static void test_write_broken(void **state)
{
	(void)state;
	struct dns_name broken[] = {{".a"}, {"a\\"}, {"a\\1x"}, {""}};
	for (unsigned i = 0; i < 3; i++) {
		uint8_t b[64];
		struct writer w = writer_of(b, sizeof(b));
		assert_int_equal(dns_name_write(&w, &broken[i]), CARDEA_EMALFORMED);
		assert_false(dns_name_is_root(&broken[i]));
	}
	uint8_t b[128];
	memset(broken[3].text, 'a', DNS_LABEL_MAX + 1);
	struct writer w = writer_of(b, sizeof(b));
	assert_int_equal(dns_name_write(&w, &broken[3]), CARDEA_EMALFORMED);
	broken[3].text[DNS_LABEL_MAX] = '\0';
	w = writer_of(b, sizeof(b));
	assert_int_equal(dns_name_write(&w, &broken[3]), 0);
	assert_int_equal(w.len, DNS_LABEL_MAX + 2);
}

static void test_not_under(void **state)
{
	(void)state;
	struct dns_name a = name("a.example"), b = name("b.example");
	struct dns_name c = name("x.b.example");
	assert_false(dns_name_is_under(&a, &b));
	assert_false(dns_name_is_under(&c, &a));
	assert_true(dns_name_is_under(&c, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query_records),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_tail_records),
		cmocka_unit_test(test_hints_limit),
		cmocka_unit_test(test_build_beyond_pointers),
		cmocka_unit_test(test_build_too_many),
		cmocka_unit_test(test_full_text),
		cmocka_unit_test(test_text_escapes),
		cmocka_unit_test(test_write_broken),
		cmocka_unit_test(test_not_under),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
