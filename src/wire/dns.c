// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns.c - reads DNS messages record by record. */
#include "wire/dns_priv.h"

/* Type, class, TTL and length of a record (RFC 1035 3.2.1). */
#define DNS_RECORD_FIXED_LEN 10

enum dns_svcb_key {
	DNS_SVCB_PORT = 3,
	DNS_SVCB_IPV4HINT = 4,
	DNS_SVCB_ECH = 5,
	DNS_SVCB_IPV6HINT = 6,
};

int dns_parse_header(struct cursor *c, struct dns_header *ret)
{
	const uint8_t *p = cursor_take(c, DNS_HEADER_LEN);
	if (!p)
		return c->error;
	uint16_t flags = load_be16(p + 2);
	*ret = (struct dns_header){.id = load_be16(p),
		.qr = flags & 0x8000,
		.opcode = flags >> 11 & 0x0f,
		.aa = flags & 0x0400,
		.tc = flags & 0x0200,
		.rd = flags & 0x0100,
		.ra = flags & 0x0080,
		.ad = flags & 0x0020,
		.cd = flags & 0x0010,
		.rcode = flags & 0x0f,
		.questions = load_be16(p + 4),
		.answers = load_be16(p + 6),
		.authorities = load_be16(p + 8),
		.additionals = load_be16(p + 10)};
	return 0;
}

int dns_next_question(struct cursor *c, struct dns_question *ret)
{
	struct dns_question q;
	int r = dns_name_parse(c, &q.name);
	if (r)
		return r;
	q.type = cursor_u16(c);
	q.class = cursor_u16(c);
	if (c->error)
		return c->error;
	*ret = q;
	return 0;
}

static int dns_svcb_hints(struct cursor value, bool v6, struct dns_svcb *s)
{
	size_t width = v6 ? 16 : 4;
	if (!cursor_left(&value) || cursor_left(&value) % width)
		return CARDEA_EMALFORMED; /* RFC 9460 7.3 */
	while (cursor_left(&value)) {
		if (s->hint_count == DNS_SVCB_HINTS_MAX)
			return CARDEA_ELIMIT;
		const uint8_t *b = cursor_take(&value, width);
		s->hints[s->hint_count++] = v6 ? addr_v6(b) : addr_v4(b);
	}
	return 0;
}

static int dns_svcb_param(uint16_t key, struct cursor value, struct dns_svcb *s)
{
	switch (key) {
	case DNS_SVCB_IPV4HINT:
		return dns_svcb_hints(value, false, s);
	case DNS_SVCB_IPV6HINT:
		return dns_svcb_hints(value, true, s);
	case DNS_SVCB_ECH:
		s->has_ech = true;
		return 0;
	case DNS_SVCB_PORT:
		if (cursor_left(&value) != 2)
			return CARDEA_EMALFORMED;
		s->has_port = true;
		s->port = cursor_u16(&value);
		return 0;
	default:
		return 0;
	}
}

static int dns_parse_svcb(struct cursor *c, struct dns_svcb *s)
{
	s->priority = cursor_u16(c);
	s->hint_count = 0;
	s->has_ech = false;
	s->has_port = false;
	s->port = 0;
	int r = dns_name_parse_plain(c, &s->target);
	if (r)
		return r;
	if (!s->priority) { /* RFC 9460 2.4.2: AliasMode ignores parameters */
		cursor_skip(c, cursor_left(c));
		return c->error;
	}
	for (int last = -1; cursor_left(c);) {
		uint16_t key = cursor_u16(c), len = cursor_u16(c);
		struct cursor value = cursor_sub(c, len);
		if (c->error)
			return c->error;
		if (key <= last) /* RFC 9460 2.2: strictly increasing */
			return CARDEA_EMALFORMED;
		last = key;
		r = dns_svcb_param(key, value, s);
		if (r)
			return r;
	}
	return c->error;
}

static int dns_parse_address(struct cursor *c, bool v6, struct addr *ret)
{
	size_t width = v6 ? 16 : 4;
	if (cursor_left(c) != width)
		return CARDEA_EMALFORMED;
	const uint8_t *b = cursor_take(c, width);
	*ret = v6 ? addr_v6(b) : addr_v4(b);
	return 0;
}

static int dns_parse_soa(struct cursor *c, uint32_t *ret_minimum)
{
	struct dns_name ignored;
	int r = dns_name_parse(c, &ignored);
	if (!r)
		r = dns_name_parse(c, &ignored);
	if (r)
		return r;
	cursor_skip(c, 4 * 4); /* serial, refresh, retry, expire */
	*ret_minimum = cursor_u32(c);
	return c->error;
}

/* Parsed types must use up their data exactly. */
static int dns_parse_rdata(struct cursor c, struct dns_record *rec)
{
	int r;
	switch (rec->type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		r = dns_parse_address(&c, rec->type == DNS_TYPE_AAAA, &rec->addr);
		break;
	case DNS_TYPE_CNAME:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
		r = dns_name_parse(&c, &rec->target);
		break;
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		r = dns_parse_svcb(&c, &rec->svcb);
		break;
	case DNS_TYPE_SOA:
		r = dns_parse_soa(&c, &rec->soa_minimum);
		break;
	default:
		return 0;
	}
	if (r == CARDEA_ETRUNCATED) /* the message has it, the record does not */
		return CARDEA_EMALFORMED;
	return r || !cursor_left(&c) ? r : CARDEA_EMALFORMED;
}

int dns_record_rest(struct cursor *c, struct dns_record *rec)
{
	const uint8_t *p = cursor_take(c, DNS_RECORD_FIXED_LEN);
	if (!p)
		return c->error;
	rec->type = load_be16(p);
	rec->class = load_be16(p + 2);
	rec->ttl = load_be32(p + 4);
	struct cursor data = cursor_sub(c, load_be16(p + 8));
	if (c->error)
		return c->error;
	data.start = c->start;
	rec->rdata = data;
	if (rec->type != DNS_TYPE_OPT && rec->ttl >> 31)
		rec->ttl = 0; /* RFC 2181 8 */
	if (rec->class == DNS_CLASS_IN) {
		int r = dns_parse_rdata(data, rec);
		if (r) {
			cursor_fail(c, r);
			return r;
		}
	}
	return 0;
}

int dns_next_record(struct cursor *c, struct dns_record *ret)
{
	struct dns_record rec;
	int r = dns_name_parse(c, &rec.owner);
	if (!r)
		r = dns_record_rest(c, &rec);
	if (!r)
		*ret = rec;
	return r;
}

static void dns_query_set_opt(const struct dns_record *opt, struct dns_query *q)
{
	q->has_edns = true;
	q->udp_size = opt->class < DNS_UDP_SIZE_PLAIN ? DNS_UDP_SIZE_PLAIN : opt->class;
	q->edns_version = opt->ttl >> 16 & 0xff;
	q->want_dnssec = opt->ttl & DNS_EDNS_DO;
}

/* The records behind the question; only OPT means something in a query. */
static int dns_query_records(struct cursor *c, unsigned count, struct dns_query *q)
{
	for (unsigned i = 0; i < count; i++) {
		struct dns_record rec;
		int r = dns_next_record(c, &rec);
		if (r)
			return r;
		if (rec.type != DNS_TYPE_OPT)
			continue;
		/* RFC 6891 6.1.1: one, owned by the root. */
		if (q->has_edns || !dns_name_is_root(&rec.owner))
			return CARDEA_EMALFORMED;
		dns_query_set_opt(&rec, q);
	}
	return 0;
}

int dns_query_parse(struct cursor message, struct dns_query *ret)
{
	struct dns_header h;
	struct dns_query q = {.udp_size = DNS_UDP_SIZE_PLAIN};
	int r = dns_parse_header(&message, &h);
	if (r)
		return r;
	if (h.qr)
		return CARDEA_EREFUSED;
	if (h.questions != 1)
		return CARDEA_EMALFORMED;
	q.id = h.id;
	q.opcode = h.opcode;
	q.rd = h.rd;
	q.cd = h.cd;
	q.ad = h.ad;
	r = dns_next_question(&message, &q.question);
	if (!r)
		r = dns_query_records(&message,
			(unsigned)h.answers + h.authorities + h.additionals, &q);
	if (!r)
		*ret = q;
	return r;
}
