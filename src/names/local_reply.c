// SPDX-License-Identifier: GPL-2.0-or-later
/* local_reply - writes replies of our own. Names are written in full: replies are
 * small, and nothing has to be found again. */
#include "names/local_priv.h"

#define FLAGS_AT 2
#define COUNTS_AT 6 /* answers, authorities, additionals */
#define FLAG_AA 0x0400
#define OWNER_POINTER (0xc000 | DNS_HEADER_LEN) /* the question's name */

void local_reply_begin(struct local_reply *r, const struct dns_query *q, struct writer *w)
{
	struct dns_query bare = *q;

	*r = (struct local_reply){.w = w, .q = q, .start = w->len};
	bare.has_edns = false; /* it is written at the end */
	(void)!dns_build_reply(w, &bare, 0);
}

static void name_write(struct writer *w, const char *text)
{
	struct dns_name name;

	if (dns_name_from_text(text, &name))
		w->error = CARDEA_EMALFORMED;
	else
		(void)dns_name_write(w, &name);
}

size_t local_reply_record(struct local_reply *r, enum local_section section,
	const char *name, uint16_t type, uint32_t ttl)
{
	if (name)
		name_write(r->w, name);
	else
		writer_u16(r->w, OWNER_POINTER);
	writer_u16(r->w, type);
	writer_u16(r->w, DNS_CLASS_IN);
	writer_u32(r->w, ttl);
	writer_u16(r->w, 0);
	r->counts[section]++;
	return r->w->len - 2;
}

void local_reply_record_end(struct local_reply *r, size_t length_at)
{
	writer_patch16(r->w, length_at, (uint16_t)(r->w->len - length_at - 2));
}

void local_reply_addr(struct local_reply *r, enum local_section section,
	const char *name, const struct addr *a, uint32_t ttl)
{
	uint16_t type = a->family == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA;
	size_t at = local_reply_record(r, section, name, type, ttl);

	writer_bytes(r->w, a->b, addr_bits(a) / 8U);
	local_reply_record_end(r, at);
}

void local_reply_ptr(struct local_reply *r, const char *target, uint32_t ttl)
{
	size_t at = local_reply_record(r, LOCAL_ANSWER, NULL, DNS_TYPE_PTR, ttl);

	name_write(r->w, target);
	local_reply_record_end(r, at);
}

void local_reply_soa(struct local_reply *r, enum local_section section, const char *zone,
	const char *server, uint32_t ttl)
{
	size_t at = local_reply_record(r, section, zone, DNS_TYPE_SOA, ttl);

	name_write(r->w, server);
	name_write(r->w, "nobody.invalid"); /* RFC 6303 3 */
	writer_u32(r->w, 1);
	writer_u32(r->w, 3600);
	writer_u32(r->w, 1200);
	writer_u32(r->w, 604800);
	writer_u32(r->w, ttl); /* RFC 2308 5 */
	local_reply_record_end(r, at);
}

/* RFC 6891 6.1.2 */
static void opt_write(struct local_reply *r)
{
	writer_u8(r->w, 0);
	writer_u16(r->w, DNS_TYPE_OPT);
	writer_u16(r->w, DNS_UDP_SIZE);
	writer_u16(r->w, 0); /* extended rcode, version */
	writer_u16(r->w, r->q->want_dnssec ? DNS_EDNS_DO : 0);
	writer_u16(r->w, 0);
	r->counts[LOCAL_ADDITIONAL]++;
}

bool local_reply_end(struct local_reply *r, size_t limit)
{
	struct writer *w = r->w;

	if (r->q->has_edns)
		opt_write(r);
	struct cursor c = cursor_of(w->start, w->len);
	cursor_seek(&c, r->start + FLAGS_AT);
	uint16_t flags = (uint16_t)(cursor_u16(&c) | FLAG_AA | r->rcode);
	writer_patch16(w, r->start + FLAGS_AT, flags);
	for (size_t i = 0; i < 3; i++)
		writer_patch16(w, r->start + COUNTS_AT + 2 * i, r->counts[i]);
	if (!w->error && w->len - r->start <= limit)
		return true;
	bool too_long = !w->error;
	*w = (struct writer){.start = w->start, .cap = w->cap, .len = r->start};
	return too_long && !dns_build_truncated(w, r->q);
}
