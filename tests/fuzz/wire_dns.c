// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_dns.c - fuzz target: DNS messages as query, answer, records and frames. */
#include "wire/dns.h"
#include "wire_fuzz.h"

#define MESSAGE_MAX 16384

/* A query that we understood, asked again, is the same query. */
static void check_query(const uint8_t *data, size_t size)
{
	static uint8_t b[MESSAGE_MAX];
	struct dns_query q, again;
	if (dns_query_parse(cursor_of(data, size), &q))
		return;
	struct writer w = writer_of(b, sizeof(b));
	FUZZ_ASSERT(dns_build_query(&w, &q) == 0);
	FUZZ_ASSERT(dns_query_parse(cursor_of(b, w.len), &again) == 0);
	FUZZ_ASSERT(again.id == q.id && again.opcode == q.opcode);
	FUZZ_ASSERT(again.rd == q.rd && again.cd == q.cd && again.ad == q.ad);
	FUZZ_ASSERT(again.has_edns == q.has_edns && again.udp_size == q.udp_size);
	FUZZ_ASSERT(again.want_dnssec == q.want_dnssec);
	FUZZ_ASSERT(dns_name_equal(&again.question.name, &q.question.name));
	FUZZ_ASSERT(again.question.type == q.question.type);
	FUZZ_ASSERT(again.question.class == q.question.class);
	struct dns_answer a;
	w = writer_of(b, sizeof(b));
	FUZZ_ASSERT(dns_build_truncated(&w, &q) == 0);
	FUZZ_ASSERT(dns_answer_collect(cursor_of(b, w.len), &a) == 0);
	FUZZ_ASSERT(a.tc && a.id == q.id && a.count == 0);
}

/* The addresses we collected, answered to the same question, are collected again. */
static void check_reanswer(const struct dns_answer *a)
{
	static uint8_t b[MESSAGE_MAX];
	static struct dns_answer again;
	struct dns_query q = {.id = a->id, .question = a->question};
	struct dns_reply reply = {.ttl = a->min_ttl,
		.chain = &a->owner,
		.chain_count = a->chain_count ? 1 : 0,
		.addresses = a->addresses,
		.address_count = a->count};
	struct writer w = writer_of(b, sizeof(b));
	FUZZ_ASSERT(dns_build_answer(&w, &q, &reply) == 0);
	FUZZ_ASSERT(dns_answer_collect(cursor_of(b, w.len), &again) == 0);
	FUZZ_ASSERT(again.id == a->id && dns_name_equal(&again.owner, &a->owner));
	if (a->has_hints || a->question.class != DNS_CLASS_IN)
		return;
	FUZZ_ASSERT(again.count == a->count);
	FUZZ_ASSERT(!memcmp(again.addresses, a->addresses,
		a->count * sizeof(a->addresses[0])));
}

static void check_answer(const uint8_t *data, size_t size)
{
	static struct dns_answer a;
	if (dns_answer_collect(cursor_of(data, size), &a))
		return;
	FUZZ_ASSERT(a.count <= DNS_ANSWER_ADDRESSES_MAX);
	FUZZ_ASSERT(a.chain_count <= DNS_ANSWER_CHAIN_MAX);
	FUZZ_ASSERT(a.rcode == 0 || a.count == 0);
	FUZZ_ASSERT(a.chain_count || dns_name_equal(&a.owner, &a.question.name));
	FUZZ_ASSERT(a.min_ttl < 1u << 31); /* RFC 2181 8 */
	check_reanswer(&a);
}

static void check_records(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size);
	struct dns_header h;
	struct dns_question q;
	struct dns_record r;
	if (dns_parse_header(&c, &h))
		return;
	for (unsigned i = 0; i < h.questions; i++)
		if (dns_next_question(&c, &q))
			return;
	unsigned count = (unsigned)h.answers + h.authorities + h.additionals;
	for (unsigned i = 0; i < count && !dns_next_record(&c, &r); i++) {
		FUZZ_ASSERT(r.rdata.start == data && r.rdata.end == c.pos);
		fuzz_inside(&r.rdata, data, size);
		if (r.class == DNS_CLASS_IN &&
			(r.type == DNS_TYPE_SVCB || r.type == DNS_TYPE_HTTPS))
			FUZZ_ASSERT(r.svcb.hint_count <= DNS_SVCB_HINTS_MAX);
	}
}

static void check_frames(const uint8_t *data, size_t size)
{
	struct cursor stream = cursor_of(data, size), message;
	size_t total = 0;
	while (!dns_frame_next(&stream, &message)) {
		fuzz_inside(&message, data, size);
		total += 2 + cursor_left(&message);
	}
	FUZZ_ASSERT(total + cursor_left(&stream) == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_query(data, size);
	check_answer(data, size);
	check_records(data, size);
	check_frames(data, size);
	return 0;
}
