// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of names/resolver_reply: what of upstream's packet reaches the client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "names/resolver_priv.h"

/* A message written by hand: sections in order, counts given first. */
struct packet {
	uint8_t bytes[2048];
	struct writer w;
};

static void packet_begin(struct packet *p, uint16_t flags, unsigned answers,
	unsigned authorities, unsigned additionals)
{
	p->w = writer_of(p->bytes, sizeof p->bytes);
	writer_u16(&p->w, 7);
	writer_u16(&p->w, flags);
	writer_u16(&p->w, 1);
	writer_u16(&p->w, (uint16_t)answers);
	writer_u16(&p->w, (uint16_t)authorities);
	writer_u16(&p->w, (uint16_t)additionals);
}

static void put_name(struct packet *p, const char *text)
{
	struct dns_name name;

	assert_int_equal(dns_name_from_text(text, &name), 0);
	assert_int_equal(dns_name_write(&p->w, &name), 0);
}

static void put_question(struct packet *p, const char *name, uint16_t type)
{
	put_name(p, name);
	writer_u16(&p->w, type);
	writer_u16(&p->w, DNS_CLASS_IN);
}

/* The owner is a pointer to the question's name. */
static void put_record(
	struct packet *p, uint16_t type, uint32_t ttl, const void *rdata, size_t len)
{
	writer_u16(&p->w, 0xc00c);
	writer_u16(&p->w, type);
	writer_u16(&p->w, DNS_CLASS_IN);
	writer_u32(&p->w, ttl);
	writer_u16(&p->w, (uint16_t)len);
	writer_bytes(&p->w, rdata, len);
}

/* A query for name as the client spelled it. */
static void question(struct resolver_question *q, const char *spelled, uint16_t type,
	bool edns, bool dnssec)
{
	struct packet p;
	uint16_t rcode = 99;

	packet_begin(&p, 0x0100, 0, 0, edns);
	const char *label = spelled;
	while (*label) {
		size_t len = strcspn(label, ".");
		writer_u8(&p.w, (uint8_t)len);
		writer_bytes(&p.w, label, len);
		label += len + (label[len] == '.');
	}
	writer_u8(&p.w, 0);
	writer_u16(&p.w, type);
	writer_u16(&p.w, DNS_CLASS_IN);
	if (edns) {
		writer_u8(&p.w, 0);
		writer_u16(&p.w, DNS_TYPE_OPT);
		writer_u16(&p.w, 4096);
		writer_u32(&p.w, dnssec ? 0x8000 : 0);
		writer_u16(&p.w, 0);
	}
	assert_int_equal(resolver_question_read(p.bytes, p.w.len, q, &rcode), 0);
	assert_int_equal(rcode, DNS_RCODE_NOERROR);
}

struct result {
	uint8_t bytes[RESOLVER_MESSAGE_MAX];
	size_t len;
	struct dns_header header;
	struct dns_record answers[32];
	struct dns_record authorities[8];
	uint16_t additionals;
};

static void records_read(struct cursor *c, unsigned count, struct dns_record *ret)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(dns_next_record(c, &ret[i]), 0);
}

static void rewrite(const struct resolver_question *q, const struct packet *p,
	size_t limit, struct result *ret)
{
	static uint8_t rendered[RESOLVER_MESSAGE_MAX];
	static struct resolver_rendered m;
	struct writer w = writer_of(ret->bytes, sizeof ret->bytes);
	struct cursor packet = cursor_of(p->bytes, p->w.len);
	struct resolver_finish f = {.limit = limit};
	struct answers_key key = {.len = 0};
	struct dns_question asked;
	struct dns_record rest;
	struct dns_answer known;

	assert_int_equal(p->w.error, 0);
	assert_int_equal(dns_answer_collect(packet, &known), 0);
	m.w = writer_of(rendered, sizeof rendered);
	assert_int_equal(resolver_reply_render(q, packet, &known, &m), 0);
	struct answer_parts parts = {.key = &key,
		.wire = rendered,
		.wire_len = m.w.len,
		.ttl_at = m.ttl_at,
		.ttl_count = m.ttl_count};
	struct answer *a = answer_new(&parts);
	assert_non_null(a);
	a->rcode = known.rcode;
	a->secure = known.ad;
	assert_int_equal(resolver_reply_finish(q, a, &f, &w), 0);
	free(a);
	ret->len = w.len;
	struct cursor c = cursor_of(ret->bytes, w.len);
	assert_int_equal(dns_parse_header(&c, &ret->header), 0);
	assert_int_equal(dns_next_question(&c, &asked), 0);
	assert_true(ret->header.answers <= 32 && ret->header.authorities <= 8);
	records_read(&c, ret->header.answers, ret->answers);
	records_read(&c, ret->header.authorities, ret->authorities);
	for (unsigned i = 0; i < ret->header.additionals; i++)
		assert_int_equal(dns_next_record(&c, &rest), 0);
	ret->additionals = ret->header.additionals;
	assert_int_equal(cursor_left(&c), 0);
}

static void test_spelling_and_addresses(void **state)
{
	static const uint8_t v4[4] = {203, 0, 113, 1};
	struct resolver_question q;
	static struct result r;
	struct packet p;

	(void)state;
	question(&q, "wWw.ExAmple", DNS_TYPE_A, false, false);
	packet_begin(&p, 0x8180, 1, 0, 0);
	put_question(&p, "www.example", DNS_TYPE_A);
	put_record(&p, DNS_TYPE_A, 300, v4, 4);
	rewrite(&q, &p, 512, &r);
	assert_memory_equal(r.bytes + 12, "\3wWw\7ExAmple", 13);
	assert_int_equal(r.header.answers, 1);
	assert_string_equal(r.answers[0].owner.text, "www.example");
	assert_memory_equal(r.answers[0].addr.b, v4, 4);
	/* compressed as upstream's was */
	assert_int_equal(r.len, p.w.len);
}

static void test_names_in_data_are_written_anew(void **state)
{
	struct resolver_question q;
	static struct result r;
	struct packet p;
	/* 10 mail.<pointer to example>, and an SOA whose names point into that */
	static const uint8_t mx[] = {0, 10, 4, 'm', 'a', 'i', 'l', 0xc0, 12};

	(void)state;
	question(&q, "example", DNS_TYPE_MX, false, false);
	packet_begin(&p, 0x8180, 2, 1, 0);
	put_question(&p, "example", DNS_TYPE_MX);
	size_t mail_at = p.w.len + 12 + 2;
	put_record(&p, DNS_TYPE_MX, 300, mx, sizeof mx);
	/* a TXT in front of later names, which then move when it is dropped: keep it */
	put_record(&p, DNS_TYPE_TXT, 300, "\3abc", 4);
	uint8_t soa[24] = {0xc0, (uint8_t)mail_at, 0xc0, 12, [23] = 60};
	put_record(&p, DNS_TYPE_SOA, 300, soa, sizeof soa);
	rewrite(&q, &p, 512, &r);
	assert_int_equal(r.header.answers, 2);
	assert_int_equal(r.header.authorities, 1);
	struct cursor c = r.answers[0].rdata;
	struct dns_name name;
	cursor_skip(&c, 2);
	assert_int_equal(dns_name_parse(&c, &name), 0);
	assert_string_equal(name.text, "mail.example");
	c = r.authorities[0].rdata;
	assert_int_equal(dns_name_parse(&c, &name), 0);
	assert_string_equal(name.text, "mail.example");
	assert_int_equal(dns_name_parse(&c, &name), 0);
	assert_string_equal(name.text, "example");
	assert_int_equal(r.authorities[0].soa_minimum, 60);
}

static void test_names_move_when_records_are_dropped(void **state)
{
	static const uint8_t alias[] = {3, 'c', 'd', 'n', 0xc0, 12};
	static const uint8_t v4[4] = {203, 0, 113, 1};
	struct resolver_question q;
	static struct result r;
	uint8_t rrsig[40] = {0, 5};
	struct packet p;

	(void)state;
	question(&q, "example", DNS_TYPE_A, false, false);
	packet_begin(&p, 0x8180, 3, 0, 0);
	put_question(&p, "example", DNS_TYPE_A);
	put_record(&p, 46, 300, rrsig, sizeof rrsig);
	size_t cdn_at = p.w.len + 12;
	put_record(&p, DNS_TYPE_CNAME, 300, alias, sizeof alias);
	writer_u16(&p.w, (uint16_t)(0xc000 | cdn_at));
	writer_u16(&p.w, DNS_TYPE_A);
	writer_u16(&p.w, DNS_CLASS_IN);
	writer_u32(&p.w, 300);
	writer_u16(&p.w, 4);
	writer_bytes(&p.w, v4, 4);
	rewrite(&q, &p, 512, &r);
	assert_int_equal(r.header.answers, 2);
	assert_string_equal(r.answers[0].target.text, "cdn.example");
	assert_string_equal(r.answers[1].owner.text, "cdn.example");
	question(&q, "example", DNS_TYPE_A, true, true);
	rewrite(&q, &p, 512, &r);
	assert_int_equal(r.header.answers, 3);
	assert_int_equal(r.additionals, 1);
}

static void test_foreign_addresses_are_dropped(void **state)
{
	static const uint8_t v4[4] = {203, 0, 113, 1};
	struct resolver_question q;
	static struct result r;
	struct packet p;

	(void)state;
	question(&q, "example", DNS_TYPE_A, false, false);
	packet_begin(&p, 0x8180, 2, 1, 1);
	put_question(&p, "example", DNS_TYPE_A);
	put_record(&p, DNS_TYPE_A, 300, v4, 4);
	put_name(&p, "other.example");
	writer_u16(&p.w, DNS_TYPE_A);
	writer_u16(&p.w, DNS_CLASS_IN);
	writer_u32(&p.w, 300);
	writer_u16(&p.w, 4);
	writer_u32(&p.w, 0xc6336407);
	put_record(&p, DNS_TYPE_NS, 300, "\2ns\0", 4);
	put_record(&p, DNS_TYPE_AAAA, 300, (uint8_t[16]){0x20, 1}, 16);
	rewrite(&q, &p, 512, &r);
	assert_int_equal(r.header.answers, 1);
	assert_int_equal(r.header.authorities, 0);
	assert_int_equal(r.additionals, 0);
}

static void test_lifetimes(void **state)
{
	static const uint8_t v4[4] = {203, 0, 113, 1}, other[4] = {203, 0, 113, 2};
	struct resolver_question q;
	static struct result r;
	struct packet p;

	(void)state;
	question(&q, "example", DNS_TYPE_A, false, false);
	packet_begin(&p, 0x8180, 2, 0, 0);
	put_question(&p, "example", DNS_TYPE_A);
	put_record(&p, DNS_TYPE_A, 0x7fffffff, v4, 4);
	put_record(&p, DNS_TYPE_A, 0x80000001, other, 4);
	rewrite(&q, &p, 512, &r);
	assert_int_equal(r.answers[0].ttl, BINDING_TTL_MAX_S);
	assert_int_equal(r.answers[1].ttl, 0);
}

static void test_truncation(void **state)
{
	struct resolver_question q;
	static struct result r;
	struct packet p;

	(void)state;
	question(&q, "ExAmple", DNS_TYPE_TXT, true, false);
	packet_begin(&p, 0x8180, 5, 0, 0);
	put_question(&p, "example", DNS_TYPE_TXT);
	uint8_t text[150] = {149};
	for (unsigned i = 0; i < 5; i++) {
		text[1] = (uint8_t)i;
		put_record(&p, DNS_TYPE_TXT, 300, text, sizeof text);
	}
	rewrite(&q, &p, 512, &r);
	assert_true(r.header.tc);
	assert_int_equal(r.header.answers, 0);
	assert_int_equal(r.additionals, 1);
	assert_memory_equal(r.bytes + 12, "\7ExAmple", 9);
	rewrite(&q, &p, 1232, &r);
	assert_false(r.header.tc);
	assert_int_equal(r.header.answers, 5);
}

static void test_authentic_data_only_when_asked(void **state)
{
	static const uint8_t v4[4] = {203, 0, 113, 1};
	struct resolver_question q;
	static struct result r;
	struct packet p;

	(void)state;
	packet_begin(&p, 0x81a0, 1, 0, 0); /* AD */
	put_question(&p, "example", DNS_TYPE_A);
	put_record(&p, DNS_TYPE_A, 300, v4, 4);
	question(&q, "example", DNS_TYPE_A, true, false);
	rewrite(&q, &p, 512, &r);
	assert_false(r.header.ad);
	question(&q, "example", DNS_TYPE_A, true, true);
	rewrite(&q, &p, 512, &r);
	assert_true(r.header.ad);
}

/* A pointer loop that a strict parser of records may not look into, in the data. */
static void test_loops_in_data_fail(void **state)
{
	struct resolver_question q;
	struct dns_answer known = {0};
	struct packet p;
	uint8_t out[1024];
	static struct resolver_rendered m;
	uint8_t mx[4] = {0, 10, 0xc0, 0};

	(void)state;
	question(&q, "example", DNS_TYPE_MX, false, false);
	packet_begin(&p, 0x8180, 1, 0, 0);
	put_question(&p, "example", DNS_TYPE_MX);
	mx[3] = (uint8_t)(p.w.len + 12 + 2); /* itself */
	put_record(&p, DNS_TYPE_MX, 300, mx, sizeof mx);
	m.w = writer_of(out, sizeof out);
	assert_true(resolver_reply_render(
			    &q, cursor_of(p.bytes, p.w.len), &known, &m) < 0);
}

/* Whatever upstream sends: an error, or a message that reads well. */
static void test_damaged_packets(void **state)
{
	static const uint8_t alias[] = {3, 'c', 'd', 'n', 0xc0, 12};
	struct resolver_question q;
	static struct resolver_rendered m;
	struct packet good, p;
	unsigned usable = 0;

	(void)state;
	srand(7);
	question(&q, "example", DNS_TYPE_A, true, true);
	packet_begin(&good, 0x8180, 4, 1, 0);
	put_question(&good, "example", DNS_TYPE_A);
	put_record(&good, DNS_TYPE_CNAME, 300, alias, sizeof alias);
	put_record(&good, DNS_TYPE_MX, 300, "\0\1\3abc\xc0\x0c", 8);
	put_record(&good, DNS_TYPE_A, 300, "\1\2\3\4", 4);
	put_record(&good, DNS_TYPE_HTTPS, 300, "\0\1\0\0\4\0\4\1\2\3\4", 11);
	put_record(&good, DNS_TYPE_SOA, 300,
		"\xc0\x0c\xc0\x0c\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1", 24);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t out[1024];
		struct dns_answer known;
		m.w = writer_of(out, sizeof out);
		p = good;
		for (int n = rand() % 4; n >= 0; n--)
			p.bytes[(size_t)rand() % good.w.len] = (uint8_t)rand();
		struct cursor c = cursor_of(p.bytes, good.w.len - (size_t)(rand() % 4));
		/* an answer to another question never gets this far */
		if (dns_answer_collect(c, &known) ||
			!dns_name_equal(&known.question.name, &q.query.question.name) ||
			known.question.type != DNS_TYPE_A ||
			resolver_reply_render(&q, c, &known, &m))
			continue;
		struct dns_answer again;
		assert_int_equal(dns_answer_collect(cursor_of(out, m.w.len), &again), 0);
		assert_int_equal(again.count, known.count);
		usable++;
	}
	assert_in_range(usable, 1000, 19999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spelling_and_addresses),
		cmocka_unit_test(test_names_in_data_are_written_anew),
		cmocka_unit_test(test_names_move_when_records_are_dropped),
		cmocka_unit_test(test_foreign_addresses_are_dropped),
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_authentic_data_only_when_asked),
		cmocka_unit_test(test_loops_in_data_fail),
		cmocka_unit_test(test_damaged_packets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
