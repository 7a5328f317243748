// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns_build.c - writes queries and replies, and frames them for TCP. */
#include "wire/dns.h"

#define DNS_POINTER_BITS 0xc000
/* The largest offset that a compression pointer can name (RFC 1035 4.1.4). */
#define DNS_POINTER_MAX 0x3fff

enum dns_flag {
	DNS_FLAG_QR = 0x8000,
	DNS_FLAG_TC = 0x0200,
	DNS_FLAG_RD = 0x0100,
	DNS_FLAG_RA = 0x0080,
	DNS_FLAG_AD = 0x0020,
	DNS_FLAG_CD = 0x0010,
};

static void dns_write_head(struct writer *w, const struct dns_query *q, uint16_t flags,
	size_t answers)
{
	flags = (uint16_t)(flags | (q->opcode & 0x0f) << 11);
	if (q->rd)
		flags |= DNS_FLAG_RD;
	if (q->cd)
		flags |= DNS_FLAG_CD;
	writer_u16(w, q->id);
	writer_u16(w, flags);
	writer_u16(w, 1);
	writer_u16(w, (uint16_t)answers);
	writer_u16(w, 0);
	writer_u16(w, q->has_edns);
	dns_name_write(w, &q->question.name);
	writer_u16(w, q->question.type);
	writer_u16(w, q->question.class);
}

/* RFC 6891 6.1.2 */
static void dns_write_opt(struct writer *w, uint16_t udp_size, uint16_t rcode,
	bool want_dnssec)
{
	writer_u8(w, 0);
	writer_u16(w, DNS_TYPE_OPT);
	writer_u16(w, udp_size);
	writer_u8(w, (uint8_t)(rcode >> 4));
	writer_u8(w, 0); /* version */
	writer_u16(w, want_dnssec ? DNS_EDNS_DO : 0);
	writer_u16(w, 0);
}

int dns_build_query(struct writer *w, const struct dns_query *q)
{
	dns_write_head(w, q, q->ad ? DNS_FLAG_AD : 0, 0);
	if (q->has_edns)
		dns_write_opt(w, q->udp_size, 0, q->want_dnssec);
	return w->error;
}

static int dns_write_empty(struct writer *w, const struct dns_query *q, uint16_t flags,
	uint16_t rcode)
{
	flags = (uint16_t)(flags | DNS_FLAG_QR | DNS_FLAG_RA | (rcode & 0x0f));
	dns_write_head(w, q, flags, 0);
	if (q->has_edns)
		dns_write_opt(w, DNS_UDP_SIZE, rcode, q->want_dnssec);
	return w->error;
}

int dns_build_reply(struct writer *w, const struct dns_query *q, uint16_t rcode)
{
	return dns_write_empty(w, q, 0, rcode);
}

int dns_build_truncated(struct writer *w, const struct dns_query *q)
{
	return dns_write_empty(w, q, DNS_FLAG_TC, DNS_RCODE_NOERROR);
}

/* Where the current owner's name stands, to be pointed at. */
struct dns_owner {
	size_t base; /* of the message in the writer */
	size_t offset;
	const struct dns_name *name;
};

static void dns_write_record(struct writer *w, const struct dns_owner *owner,
	uint16_t type, uint32_t ttl)
{
	if (owner->offset <= DNS_POINTER_MAX)
		writer_u16(w, (uint16_t)(DNS_POINTER_BITS | owner->offset));
	else
		dns_name_write(w, owner->name);
	writer_u16(w, type);
	writer_u16(w, DNS_CLASS_IN);
	writer_u32(w, ttl);
}

static void dns_write_chain(struct writer *w, const struct dns_reply *reply,
	struct dns_owner *owner)
{
	for (size_t i = 0; i < reply->chain_count; i++) {
		dns_write_record(w, owner, DNS_TYPE_CNAME, reply->ttl);
		size_t length_at = w->len;
		writer_u16(w, 0);
		owner->offset = w->len - owner->base;
		owner->name = &reply->chain[i];
		dns_name_write(w, owner->name);
		writer_patch16(w, length_at, (uint16_t)(w->len - length_at - 2));
	}
}

static bool dns_reply_has(const struct dns_query *q, const struct addr *a)
{
	bool any = q->question.type == DNS_TYPE_ANY;
	return (a->family == 4 && (any || q->question.type == DNS_TYPE_A)) ||
		(a->family == 6 && (any || q->question.type == DNS_TYPE_AAAA));
}

static void dns_write_addresses(struct writer *w, const struct dns_query *q,
	const struct dns_reply *reply, const struct dns_owner *owner)
{
	for (size_t i = 0; i < reply->address_count; i++) {
		const struct addr *a = &reply->addresses[i];
		if (!dns_reply_has(q, a))
			continue;
		uint16_t width = a->family == 4 ? 4 : 16;
		dns_write_record(w, owner, a->family == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA,
			reply->ttl);
		writer_u16(w, width);
		writer_bytes(w, a->b, width);
	}
}

int dns_build_answer(struct writer *w, const struct dns_query *q,
	const struct dns_reply *reply)
{
	size_t count = reply->chain_count;
	for (size_t i = 0; i < reply->address_count; i++)
		count += dns_reply_has(q, &reply->addresses[i]);
	if (count > UINT16_MAX)
		return CARDEA_ELIMIT;
	struct dns_owner owner = {.base = w->len,
		.offset = DNS_HEADER_LEN,
		.name = &q->question.name};
	uint16_t flags = DNS_FLAG_QR | DNS_FLAG_RA;
	if (reply->ad)
		flags |= DNS_FLAG_AD;
	dns_write_head(w, q, flags, count);
	dns_write_chain(w, reply, &owner);
	dns_write_addresses(w, q, reply, &owner);
	if (q->has_edns)
		dns_write_opt(w, DNS_UDP_SIZE, 0, q->want_dnssec);
	return w->error;
}

int dns_frame_next(struct cursor *stream, struct cursor *ret_message)
{
	struct cursor c = *stream;
	uint16_t len = cursor_u16(&c);
	struct cursor message = cursor_sub(&c, len);
	if (c.error)
		return c.error;
	*stream = c;
	*ret_message = message;
	return 0;
}

int dns_frame_write(struct writer *w, const void *message, size_t len)
{
	if (len > UINT16_MAX)
		return CARDEA_ELIMIT;
	writer_u16(w, (uint16_t)len);
	writer_bytes(w, message, len);
	return w->error;
}
