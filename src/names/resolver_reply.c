// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_reply - queries read strictly, and replies written anew from upstream's
 * records: nothing is forwarded that was not looked at. */
#include "names/resolver_priv.h"

#include <ctype.h>
#include "model/limits.h"

/* Names in one reply that later names may point to; more are written in full. */
#define TARGETS_MAX 64
/* RFC 1035 4.1.4: a pointer has 14 bits. */
#define POINTER_MAX 0x3fff
#define FLAGS_AT 2
#define FLAG_AD 0x0020
#define FLAG_TC 0x0200
#define COUNT_AT 6 /* of the answer section; the authority section follows */
#define ADDITIONALS_AT 10
#define OPTION_EDE 15 /* RFC 8914 2 */
#define OPTION_HEAD 4
#define TTL_HIGH 0x80000000U
#define TYPE_RRSIG 46
#define TYPE_NSEC 47
#define TYPE_NSEC3 50
#define TYPE_FIRST_META 128 /* RFC 6895 3.1: 128-255 are questions, not data */
#define RCODE_BADVERS 16    /* RFC 6891 9 */

/* Length of the uncompressed name at the cursor, 0 for anything else. */
static size_t plain_name_len(struct cursor c)
{
	size_t before = cursor_left(&c);

	for (;;) {
		uint8_t n = cursor_u8(&c);
		if (n > DNS_LABEL_MAX)
			return 0;
		if (!n)
			break;
		cursor_skip(&c, n);
	}
	size_t len = before - cursor_left(&c);
	return c.error || len > DNS_NAME_WIRE_MAX ? 0 : len;
}

/* Whether the message ends where its counts say. */
static bool message_is_whole(struct cursor c)
{
	struct dns_question question;
	struct dns_record record;
	struct dns_header h;
	unsigned records;

	if (dns_parse_header(&c, &h) || dns_next_question(&c, &question))
		return false;
	records = (unsigned)h.answers + h.authorities + h.additionals;
	while (records--)
		if (dns_next_record(&c, &record))
			return false;
	return !cursor_left(&c);
}

/* The rcode for a well-formed query that nobody here answers, or NOERROR. */
static uint16_t question_refusal(const struct dns_query *q)
{
	if (q->has_edns && q->edns_version)
		return RCODE_BADVERS;
	if (q->question.class != DNS_CLASS_IN)
		return DNS_RCODE_REFUSED;
	if (!q->question.type || q->question.type == DNS_TYPE_OPT)
		return DNS_RCODE_FORMERR;
	if (q->question.type >= TYPE_FIRST_META && q->question.type < DNS_TYPE_ANY)
		return DNS_RCODE_NOTIMP; /* zone transfers, TSIG, TKEY, MAILB ... */
	return DNS_RCODE_NOERROR;
}

int resolver_question_read(const uint8_t *message, size_t len,
	struct resolver_question *ret, uint16_t *ret_rcode)
{
	struct cursor c = cursor_of(message, len);
	struct resolver_question q = {0};
	struct dns_header h;
	uint16_t rcode;

	if (dns_parse_header(&c, &h) || h.qr)
		return CARDEA_EREFUSED;
	q.query.id = h.id;
	q.query.rd = h.rd;
	q.query.cd = h.cd;
	q.query.opcode = h.opcode;
	*ret = q;
	*ret_rcode = h.opcode ? DNS_RCODE_NOTIMP : DNS_RCODE_FORMERR;
	size_t wire_len = plain_name_len(c);
	if (h.opcode || !wire_len ||
		dns_query_parse(cursor_of(message, len), &q.query) ||
		!message_is_whole(cursor_of(message, len)))
		return CARDEA_EMALFORMED;
	q.wire_len = (uint8_t)wire_len;
	cursor_copy(&c, q.wire, wire_len);
	*ret = q;
	rcode = question_refusal(&q.query);
	*ret_rcode = rcode;
	return rcode ? CARDEA_EUNSUPPORTED : 0;
}

static void flags_or(struct writer *w, uint16_t bits)
{
	struct cursor c = cursor_of(w->start, w->len);

	cursor_seek(&c, FLAGS_AT);
	writer_patch16(w, FLAGS_AT, (uint16_t)(cursor_u16(&c) | bits));
}

static uint16_t reply_flags(const struct resolver_question *q, uint16_t rcode)
{
	return (uint16_t)(0x8080 | q->query.opcode << 11 | q->query.rd << 8 |
			  q->query.cd << 4 | (rcode & 0xf));
}

/* The header, and the question in the spelling that was asked. */
static void head_write(
	struct writer *w, const struct resolver_question *q, uint16_t rcode)
{
	writer_u16(w, q->query.id);
	writer_u16(w, reply_flags(q, rcode));
	writer_u16(w, q->wire_len > 0);
	writer_u16(w, 0);
	writer_u32(w, 0);
	if (!q->wire_len)
		return;
	writer_bytes(w, q->wire, q->wire_len);
	writer_u16(w, q->query.question.type);
	writer_u16(w, q->query.question.class);
}

static size_t opt_len(const struct resolver_question *q, uint16_t ede)
{
	return q->query.has_edns ? 11U + (ede ? OPTION_HEAD + 2 : 0) : 0;
}

/* RFC 6891 6.1.2, for who sent one. */
static void opt_write(struct writer *w, const struct resolver_question *q,
	uint16_t rcode, uint16_t ede)
{
	if (!q->query.has_edns)
		return;
	writer_u8(w, 0);
	writer_u16(w, DNS_TYPE_OPT);
	writer_u16(w, DNS_UDP_SIZE);
	writer_u8(w, (uint8_t)(rcode >> 4));
	writer_u8(w, 0); /* version */
	writer_u16(w, q->query.want_dnssec ? DNS_EDNS_DO : 0);
	writer_u16(w, ede ? OPTION_HEAD + 2 : 0);
	if (ede) {
		writer_u16(w, OPTION_EDE);
		writer_u16(w, 2);
		writer_u16(w, ede);
	}
	writer_patch16(w, ADDITIONALS_AT, 1);
}

int resolver_reply_empty(const struct resolver_question *q, uint16_t rcode, uint16_t ede,
	struct writer *w)
{
	head_write(w, q, rcode);
	opt_write(w, q, rcode, ede);
	return w->error;
}

void resolver_reply_respell(const struct resolver_question *q, struct writer *w)
{
	if (!w->error && w->len >= (size_t)DNS_HEADER_LEN + q->wire_len)
		memcpy(w->start + DNS_HEADER_LEN, q->wire, q->wire_len);
}

/* Names already in the reply, label by label. */
struct targets {
	uint16_t offsets[TARGETS_MAX];
	unsigned count;
};

/* Whether the name at offset of the reply, pointers followed, is this wire name. */
static bool name_is_at(const struct writer *w, size_t offset, const uint8_t *name)
{
	struct cursor c = cursor_of(w->start, w->len);

	cursor_seek(&c, offset);
	for (;;) {
		uint8_t n = cursor_u8(&c);
		if (n > DNS_LABEL_MAX) {
			/* our own pointers go strictly backwards: this ends */
			size_t to = (size_t)(n & 0x3f) << 8;
			cursor_seek(&c, to | cursor_u8(&c));
			continue;
		}
		if (c.error || n != *name)
			return false;
		if (!n)
			return true;
		const uint8_t *label = cursor_take(&c, n);
		if (!label)
			return false;
		for (unsigned i = 0; i < n; i++)
			if (tolower(label[i]) != tolower(name[1 + i]))
				return false;
		name += 1 + n;
	}
}

static unsigned target_find(
	const struct writer *w, const struct targets *t, const uint8_t *name)
{
	for (unsigned i = 0; i < t->count; i++)
		if (name_is_at(w, t->offsets[i], name))
			return t->offsets[i];
	return 0;
}

static void name_write(struct writer *w, struct targets *t, const uint8_t *name)
{
	unsigned at;

	while (*name) {
		at = target_find(w, t, name);
		if (at) {
			writer_u16(w, (uint16_t)(0xc000 | at));
			return;
		}
		if (t->count < TARGETS_MAX && w->len <= POINTER_MAX)
			t->offsets[t->count++] = (uint16_t)w->len;
		writer_bytes(w, name, 1U + *name);
		name += 1 + *name;
	}
	writer_u8(w, 0);
}

/* The name at the cursor with its pointers resolved, case kept. */
static void name_expand(struct cursor *c, uint8_t name[DNS_NAME_WIRE_MAX])
{
	struct cursor walk = *c;
	struct writer w = writer_of(name, DNS_NAME_WIRE_MAX);
	bool jumped = false;

	for (size_t lowest = cursor_offset(c); !walk.error && !w.error;) {
		uint8_t n = cursor_u8(&walk);
		if (n > DNS_LABEL_MAX) {
			size_t to = (size_t)(n & 0x3f) << 8;
			to |= cursor_u8(&walk);
			if (!jumped)
				*c = walk;
			jumped = true;
			if (n < 0xc0 || to >= lowest)
				cursor_fail(&walk, CARDEA_ELOOP);
			lowest = to;
			cursor_seek(&walk, to);
			continue;
		}
		const uint8_t *label = cursor_take(&walk, n);
		writer_u8(&w, n);
		writer_bytes(&w, label, label ? n : 0);
		if (!n)
			break;
	}
	if (!jumped)
		*c = walk;
	if (walk.error || w.error) {
		name[0] = 0;
		cursor_fail(c, walk.error ? walk.error : w.error);
	}
}

/* RFC 1035 types whose data may hold compressed names (RFC 3597 4 froze the list). */
struct layout {
	uint16_t type;
	uint8_t before, names, after;
};

static const struct layout layouts[] = {
	{DNS_TYPE_NS, 0, 1, 0},
	{3, 0, 1, 0},
	{4, 0, 1, 0},
	{DNS_TYPE_CNAME, 0, 1, 0},
	{DNS_TYPE_SOA, 0, 2, 20},
	{7, 0, 1, 0},
	{8, 0, 1, 0},
	{9, 0, 1, 0},
	{DNS_TYPE_PTR, 0, 1, 0},
	{14, 0, 2, 0},
	{DNS_TYPE_MX, 2, 1, 0},
};

static const struct layout *layout_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}

static void bytes_move(struct writer *w, struct cursor *c, size_t len)
{
	const uint8_t *p = cursor_take(c, len);

	writer_bytes(w, p, p ? len : 0);
}

static void labels_raise(struct resolver_rendered *out, unsigned labels)
{
	if (labels > out->labels)
		out->labels = labels;
}

static void labels_note(struct resolver_rendered *out, const uint8_t *name)
{
	unsigned labels = 0;

	for (; *name; name += 1U + *name)
		labels++;
	labels_raise(out, labels);
}

/* rdata is a view into the whole message, for pointers count from its start. */
static void rdata_write(struct resolver_rendered *out, struct targets *t, uint16_t type,
	struct cursor *rdata)
{
	const struct layout *l = layout_of(type);
	uint8_t name[DNS_NAME_WIRE_MAX];
	struct writer *w = &out->w;
	size_t length_at = w->len;

	writer_u16(w, 0);
	if (l) {
		bytes_move(w, rdata, l->before);
		for (unsigned i = 0; i < l->names; i++) {
			name_expand(rdata, name);
			labels_note(out, name);
			name_write(w, t, name);
		}
		bytes_move(w, rdata, l->after);
	}
	bytes_move(w, rdata, cursor_left(rdata));
	writer_patch16(w, length_at, (uint16_t)(w->len - length_at - 2));
}

static bool address_known(const struct dns_answer *known, const struct addr *a)
{
	for (unsigned i = 0; i < known->count; i++)
		if (addr_equal(&known->addresses[i], a))
			return true;
	return false;
}

static bool hints_known(const struct dns_answer *known, const struct dns_svcb *s)
{
	for (unsigned i = 0; i < s->hint_count; i++)
		if (!address_known(known, &s->hints[i]))
			return false;
	return true;
}

static bool type_is_dnssec(uint16_t type)
{
	return type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_NSEC3;
}

/* Whether a record belongs into the reply. Addresses that the engine never heard of
 * would only meet a closed door; signatures are for those who asked for them. */
static bool record_wanted(const struct resolver_question *q,
	const struct dns_answer *known, const struct dns_record *r, bool answer_section)
{
	uint16_t asked = q->query.question.type;

	if (r->class != DNS_CLASS_IN || r->type == DNS_TYPE_OPT)
		return false;
	if (type_is_dnssec(r->type))
		return q->query.want_dnssec || (answer_section && r->type == asked);
	if (!answer_section)
		return r->type == DNS_TYPE_SOA; /* for negative caching, RFC 2308 */
	if (r->type == DNS_TYPE_A || r->type == DNS_TYPE_AAAA)
		return address_known(known, &r->addr);
	if (r->type == DNS_TYPE_SVCB || r->type == DNS_TYPE_HTTPS)
		return hints_known(known, &r->svcb);
	return true;
}

static uint32_t ttl_capped(uint32_t ttl)
{
	if (ttl & TTL_HIGH) /* RFC 2181 8: treat as zero */
		return 0;
	return ttl < BINDING_TTL_MAX_S ? ttl : BINDING_TTL_MAX_S;
}

struct rewrite {
	const struct resolver_question *q;
	const struct dns_answer *known;
	struct resolver_rendered *out;
	struct targets targets;
};

static void ttl_write(struct resolver_rendered *out, uint32_t ttl)
{
	if (out->ttl_count == RESOLVER_RECORDS_MAX) {
		out->w.error = CARDEA_ELIMIT;
		return;
	}
	out->ttl_at[out->ttl_count++] = (uint16_t)out->w.len;
	writer_u32(&out->w, ttl);
	if (ttl < out->ttl)
		out->ttl = ttl;
}

/* Reads one record and writes it when wanted; whether it was written. */
static bool record_move(struct rewrite *s, struct cursor *c, bool answer_section)
{
	uint8_t owner[DNS_NAME_WIRE_MAX];
	struct writer *w = &s->out->w;
	struct cursor head = *c;
	struct dns_record r;

	if (dns_next_record(c, &r)) {
		cursor_fail(c, CARDEA_EMALFORMED);
		return false;
	}
	if (!record_wanted(s->q, s->known, &r, answer_section))
		return false;
	name_expand(&head, owner);
	labels_note(s->out, owner);
	cursor_skip(&head, 10); /* type, class, TTL, length */
	head.end = c->pos;
	name_write(w, &s->targets, owner);
	writer_u16(w, r.type);
	writer_u16(w, r.class);
	ttl_write(s->out, ttl_capped(r.ttl));
	rdata_write(s->out, &s->targets, r.type, &head);
	if (r.type == DNS_TYPE_SVCB || r.type == DNS_TYPE_HTTPS)
		labels_raise(s->out, dns_name_labels(&r.svcb.target));
	if (head.error)
		cursor_fail(c, head.error);
	return true;
}

static uint16_t section_move(
	struct rewrite *s, struct cursor *c, uint16_t records, bool answer_section)
{
	uint16_t moved = 0;

	for (unsigned i = 0; i < records && !c->error && !s->out->w.error; i++)
		moved += record_move(s, c, answer_section);
	return moved;
}

/* The names of the question as first targets. */
static void targets_start(struct targets *t, const struct resolver_question *q)
{
	for (size_t at = 0; at < q->wire_len && q->wire[at]; at += 1U + q->wire[at])
		if (t->count < TARGETS_MAX)
			t->offsets[t->count++] = (uint16_t)(DNS_HEADER_LEN + at);
}

int resolver_reply_render(const struct resolver_question *q, struct cursor packet,
	const struct dns_answer *known, struct resolver_rendered *ret)
{
	struct rewrite s = {.q = q, .known = known, .out = ret};
	struct dns_question ignored;
	struct cursor c = packet;
	struct dns_header h;

	ret->ttl = BINDING_TTL_MAX_S;
	ret->ttl_count = 0;
	ret->labels = 0;
	labels_note(ret, q->wire);
	head_write(&ret->w, q, known->rcode);
	targets_start(&s.targets, q);
	int e = dns_parse_header(&c, &h);
	if (!e)
		e = dns_next_question(&c, &ignored);
	if (e)
		return e;
	uint16_t answers = section_move(&s, &c, h.answers, true);
	uint16_t authorities = section_move(&s, &c, h.authorities, false);
	if (c.error || ret->w.error)
		return c.error ? c.error : ret->w.error;
	writer_patch16(&ret->w, COUNT_AT, answers);
	writer_patch16(&ret->w, COUNT_AT + 2, authorities);
	ret->records = (uint16_t)(answers + authorities);
	if (!answers) /* RFC 2308 5: without a SOA it is nobody's to keep */
		ret->ttl = known->has_negative_ttl ? ttl_capped(known->negative_ttl) : 0;
	return 0;
}

static void ttls_set(struct writer *w, const struct answer *a,
	const struct resolver_finish *f)
{
	uint32_t passed = (uint32_t)((f->now - a->stored) / NS_PER_SEC);

	for (size_t i = 0; i < a->ttl_count; i++) {
		struct cursor c = cursor_of(w->start, w->len);
		cursor_seek(&c, a->ttl_at[i]);
		uint32_t ttl = cursor_u32(&c);
		ttl = f->stale ? RESOLVER_STALE_TTL_S : ttl > passed ? ttl - passed : 0;
		writer_patch16(w, a->ttl_at[i], (uint16_t)(ttl >> 16));
		writer_patch16(w, a->ttl_at[i] + 2U, (uint16_t)ttl);
	}
}

static int reply_truncated(const struct resolver_question *q,
	const struct resolver_finish *f, struct writer *w)
{
	*w = writer_of(w->start, w->cap);
	int e = resolver_reply_empty(q, DNS_RCODE_NOERROR, f->ede, w);
	flags_or(w, FLAG_TC);
	return e;
}

int resolver_reply_finish(const struct resolver_question *q, const struct answer *a,
	const struct resolver_finish *f, struct writer *w)
{
	/* RFC 6840 5.8: for who asks; what is stale was secure once, not now */
	bool ad = a->secure && !f->stale && (q->query.ad || q->query.want_dnssec);

	if (a->wire_len + opt_len(q, f->ede) > f->limit)
		return reply_truncated(q, f, w);
	writer_bytes(w, answer_wire(a), a->wire_len);
	writer_patch16(w, 0, q->query.id);
	writer_patch16(
		w, FLAGS_AT, (uint16_t)(reply_flags(q, a->rcode) | (ad ? FLAG_AD : 0)));
	resolver_reply_respell(q, w);
	ttls_set(w, a, f);
	opt_write(w, q, a->rcode, f->ede);
	return w->error;
}
