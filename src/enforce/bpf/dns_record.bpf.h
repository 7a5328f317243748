// SPDX-License-Identifier: GPL-2.0-or-later
/* dns_record - the records of an answer and what they say of the name that was asked
 * for, as wire/dns_answer.c reads them: all are looked at, and one that is not sound
 * spoils the message. */
#ifndef CARDEA_ENFORCE_BPF_DNS_RECORD_H
#define CARDEA_ENFORCE_BPF_DNS_RECORD_H

#include "enforce/bpf/dns_inside.bpf.h"
#include "enforce/bpf/dns_name.bpf.h"

/* A parameter of SVCB (RFC 9460 2.2): 3 port, 4 ipv4hint, 6 ipv6hint. */
static __always_inline int dns_param_value(
	struct dns_row *row, uint32_t key, uint32_t at, uint32_t length)
{
	if (key == 3)
		return length == 2;
	if (key == 4) {
		row->at = at;
		row->count = length / 4;
		return length && length % 4 == 0 && length / 4 <= DNS_HINTS;
	}
	if (key == 6) {
		row->at6 = at;
		row->count6 = length / 16;
		return length && length % 16 == 0 && length / 16 <= DNS_HINTS;
	}
	return 1;
}

static long dns_param(DNS_ROUND, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	struct dns_row *row = &w->rows[w->row_count & (DNS_ROWS - 1)];
	uint32_t at = w->param;

	if (at == w->param_end)
		return 1;
	if (at + 4 > w->param_end)
		return dns_bad(w);
	uint32_t key = dns_u16(w, at), length = dns_u16(w, at + 2);
	/* keys strictly increase: param_last is the least that may come */
	if (at + 4 + length > w->param_end || key < w->param_last ||
		!dns_param_value(row, key, at + 4, length))
		return dns_bad(w);
	w->param_last = key + 1;
	w->param = at + 4 + length;
	return 0;
}

static __noinline int dns_svcb(struct dns_work *w, uint32_t at, uint32_t end)
{
	struct dns_row *row = &w->rows[w->row_count & (DNS_ROWS - 1)];
	struct dns_ctx ctx = {w};

	if (at + 2 > end)
		return dns_bad(w);
	dns_name(w, at + 2, end, 1);
	if (w->bad)
		return 0;
	if (!dns_u16(
		    w, at)) { /* AliasMode; of the root it says that there is nothing */
		row->alias = w->name.labels > 0;
		row->target = w->name.hash;
		return 0;
	}
	w->param = w->name.resume;
	w->param_end = end;
	w->param_last = 0;
	bpf_loop(BPF_DNS_MAX / 4, dns_param, &ctx, 0);
	if (row->count + row->count6 > DNS_HINTS)
		w->bad = 1;
	return 0;
}

/* Names and nothing else, or with `behind` bytes after them. */
static __noinline int dns_names(
	struct dns_work *w, uint32_t at, uint32_t end, uint32_t behind)
{
	dns_name(w, at, end, 0);
	if (!w->bad && behind)
		dns_name(w, w->name.resume, end, 0);
	if (w->name.resume + behind != end)
		w->bad = 1;
	return 0;
}

/* Data must be what its type says, to the last byte, in every section. */
static __always_inline void dns_data(
	struct dns_work *w, struct dns_row *row, uint32_t at, uint32_t end)
{
	switch (row->type) {
	case DNS_A:
		row->at = at;
		row->count = 1;
		w->bad |= end - at != 4;
		return;
	case DNS_AAAA:
		row->at6 = at;
		row->count6 = 1;
		w->bad |= end - at != 16;
		return;
	case DNS_CNAME:
	case DNS_NS:
	case DNS_PTR:
		dns_names(w, at, end, 0);
		row->alias = row->type == DNS_CNAME;
		row->target = w->name.hash;
		return;
	case DNS_SOA:
		dns_names(w, at, end, 20);
		return;
	case DNS_SVCB:
	case DNS_HTTPS:
		dns_svcb(w, at, end);
		return;
	}
}

/* The row is kept when it can matter: of the answer section, in class IN. */
static __always_inline void dns_keep(struct dns_work *w, const struct dns_row *row)
{
	if (w->record >= w->answers ||
		!(row->count || row->count6 || row->alias || row->type == DNS_SVCB ||
			row->type == DNS_HTTPS))
		return;
	w->aliases += row->alias;
	w->row_count++;
}

static long dns_record(DNS_ROUND, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	struct dns_row *row = &w->rows[w->row_count & (DNS_ROWS - 1)];

	dns_name(w, w->next, w->length, 0);
	uint32_t at = w->name.resume;
	if (w->bad || at + 10 > w->length)
		return dns_bad(w);
	uint32_t class = dns_u16(w, at + 2), ttl = dns_u32(w, at + 4);
	uint32_t data = at + 10, end = data + dns_u16(w, at + 8);
	if (end > w->length)
		return dns_bad(w);
	__builtin_memset(row, 0, sizeof *row);
	row->owner = w->name.hash;
	row->type = dns_u16(w, at);
	row->ttl = ttl >> 31 ? 0 : ttl; /* RFC 2181 8 */
	w->next = end;
	if (row->type == DNS_OPT && w->record >= w->answers && !w->name.labels)
		w->rcode = ttl >> 24; /* RFC 6891 6.1.3 */
	if (class == DNS_IN) {
		dns_data(w, row, data, end);
		dns_keep(w, row);
	}
	w->record++;
	return w->bad != 0;
}

/* ---- what the answer says ---- */

static __always_inline int dns_is_alias(
	const struct dns_work *w, const struct dns_row *row)
{
	return row->alias && row->owner == w->owner &&
	       (row->type == DNS_CNAME || row->type == w->type);
}

static long dns_alias(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	struct dns_row *row = &w->rows[i & (DNS_ROWS - 1)];

	if (!dns_is_alias(w, row))
		return 0;
	/* Two targets would let us and the device follow different ones. */
	if (w->found && row->target != w->target)
		return dns_bad(w);
	w->found = 1;
	w->target = row->target;
	if (row->ttl < w->target_ttl)
		w->target_ttl = row->ttl;
	return 0;
}

static long dns_follow(DNS_ROUND, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);

	w->found = 0;
	w->target_ttl = ~0U;
	bpf_loop(w->row_count, dns_alias, ctx, 0);
	if (w->bad || !w->found)
		return 1;
	if (w->target == w->owner || w->target == w->asked || w->chain == DNS_CHAIN)
		return dns_bad(w);
	w->chain++;
	w->owner = w->target;
	if (w->target_ttl < w->ttl)
		w->ttl = w->target_ttl;
	return 0;
}

static __always_inline void dns_collect_one(
	struct dns_work *w, uint32_t at, uint32_t family)
{
	struct dns_address *a = &w->addresses[w->table_count & (BPF_DNS_ADDRS_MAX - 1)];
	uint8_t *to = (uint8_t *)&a->peer;

	if (family == 4)
		addr_of_ip4(&a->peer, bpf_htonl(dns_u32(w, at)));
	else
		for (uint32_t i = 0; i < 16; i++)
			to[i] = dns_u8(w, at + i);
	/* An IPv4 address as IPv6 is on no wire, and here it would be the former. */
	if (family == 6 && !a->peer.w[0] && !a->peer.w[1] &&
		a->peer.w[2] == bpf_htonl(0xffff))
		return;
	if (w->foreign && dns_is_inside(&a->peer))
		return;
	a->family = family;
	w->table_count++;
}

/* The addresses of one row, if they are of the type asked for, at the chain's end. */
static long dns_collect(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	struct dns_row *row = &w->rows[i & (DNS_ROWS - 1)];

	if (row->owner != w->owner || row->type == DNS_CNAME ||
		(row->type != w->type && w->type != DNS_ANY))
		return 0;
	w->address_count += row->count + row->count6;
	if (w->address_count > BPF_DNS_ADDRS_MAX)
		return dns_bad(w);
	if (row->ttl < w->ttl)
		w->ttl = row->ttl;
	for (uint32_t n = 0; n < DNS_HINTS && n < row->count; n++)
		dns_collect_one(w, row->at + 4 * n, 4);
	for (uint32_t n = 0; n < DNS_HINTS && n < row->count6; n++)
		dns_collect_one(w, row->at6 + 16 * n, 6);
	return 0;
}

#endif
