// SPDX-License-Identifier: GPL-2.0-or-later
/* dns - the kernel learns what a device is told: its question is noted on the way in,
 * and the first answer that repeats it opens, on its way out to the device, the
 * addresses of names that the device may use. So they are open before the device can
 * know them. It reads a message as wire/dns_answer.c does, byte for byte, or not at
 * all: what is beyond LIMIT_INLINE_* opens nothing, and the resolver holds it.
 *
 * The state of all loops is in map memory, for the verifier then sees that each round
 * is like the one before. Every index is masked: what the mask would cut off was
 * refused before. Names are compared by their keyed hash (model/name_hash.h). */
#ifndef CARDEA_ENFORCE_BPF_DNS_H
#define CARDEA_ENFORCE_BPF_DNS_H

#include "enforce/bpf/work.bpf.h"
#include "model/limits.h"
#include "model/name_hash.h"

#define DNS_BUFFER 2048 /* longer than a message and a label that begins in it */
#define DNS_UDP_HEADER 8
#define DNS_HEADER 12
#define DNS_QUESTION_MAX (DNS_HEADER + 255 + 4)
#define DNS_QUESTION_MIN (DNS_HEADER + 1 + 4)
#define DNS_ROWS 64     /* > BPF_DNS_RECORDS_MAX */
#define DNS_LEVELS 32   /* > BPF_DNS_LABELS_MAX */
#define DNS_MEMO 64     /* names remembered by where they begin */
#define DNS_POINTERS 64 /* as DNS_POINTERS_MAX of wire/dns_name.h */
#define DNS_PATH 128    /* > labels and pointers of a name */
#define DNS_CHAIN 16    /* as DNS_ANSWER_CHAIN_MAX of wire/dns.h */
#define DNS_HINTS 32    /* as DNS_SVCB_HINTS_MAX of wire/dns.h */
#define DNS_NAME_WIRE 255
#define DNS_NAME_TEXT 255 /* dns_name.text without its NUL */
#define DNS_POINTER 0xc0

#define DNS_A 1
#define DNS_NS 2
#define DNS_CNAME 5
#define DNS_SOA 6
#define DNS_PTR 12
#define DNS_AAAA 28
#define DNS_OPT 41
#define DNS_SVCB 64
#define DNS_HTTPS 65
#define DNS_ANY 255
#define DNS_IN 1

/* Who speaks with whom. */
struct dns_parties {
	struct bpf_mac mac; /* the device's */
	struct bpf_addr device, server;
	uint32_t subject; /* of mac */
	uint16_t port;    /* be, the device's */
	uint16_t zero;
};

/* What is known of the name that begins somewhere in this message. */
struct dns_known {
	uint64_t stamp; /* message << 16 | where */
	uint64_t hash;
	uint16_t first;     /* where its first pointer leads; with .pointers */
	uint16_t last;      /* behind the last byte of it, wherever that is */
	uint16_t resume;    /* behind it, where it stands */
	uint8_t wire, text; /* lengths as wire/dns_name.c counts them */
	uint8_t labels, pointers;
};

/* A record of the answer section that may matter. */
struct dns_row {
	uint64_t owner, target;
	uint32_t ttl;
	uint16_t type;
	uint16_t alias;   /* target is the owner's: CNAME, AliasMode */
	uint16_t at, at6; /* of addresses or hints */
	uint8_t count, count6;
};

struct dns_address {
	uint16_t at;
	uint16_t family;
};

struct dns_work {
	uint8_t bytes[DNS_BUFFER + 8]; /* words are read past the end, and masked */
	struct dns_known memo[DNS_MEMO];
	struct dns_row rows[DNS_ROWS];
	uint64_t levels[DNS_LEVELS]; /* hashes of the asked name from the top down */
	struct dns_address addresses[BPF_DNS_ADDRS_MAX];
	uint16_t path[DNS_PATH];
	struct dns_parties of;
	struct dns_known name; /* the last one read */
	struct bpf_openings openings;
	struct name_key key;
	uint64_t serial;
	uint32_t length,
		whole; /* of the message, as far as it was read; of all of it */
	/* a name */
	uint32_t at, end, limit, steps, plain;
	/* records */
	uint32_t next, record, answers, row_count, rcode;
	uint32_t param, param_end, param_last;
	/* the chain */
	uint64_t asked, owner, target;
	uint32_t type, ttl, target_ttl, found, chain, aliases;
	/* opening */
	uint32_t levels_count, open, table_count;
	uint64_t now, until, news;
	uint32_t bad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct dns_work);
} dns_works SEC(".maps");

struct dns_ctx {
	struct dns_work *w;
};

#define DNS_ROUND uint32_t round __attribute__((unused))
#define DNS_WORK(ctx) (((struct dns_ctx *)(ctx))->w)

/* Ends a loop with the message refused. */
static __always_inline long dns_bad(struct dns_work *w)
{
	w->bad = 1;
	return 1;
}

static __always_inline uint32_t dns_u8(const struct dns_work *w, uint32_t at)
{
	return w->bytes[at & (DNS_BUFFER - 1)];
}

static __always_inline uint32_t dns_u16(const struct dns_work *w, uint32_t at)
{
	return dns_u8(w, at) << 8 | dns_u8(w, at + 1);
}

static __always_inline uint32_t dns_u32(const struct dns_work *w, uint32_t at)
{
	return dns_u16(w, at) << 16 | dns_u16(w, at + 2);
}

/* ---- names ---- */

#define DNS_ONES 0x0101010101010101ULL
#define DNS_HIGHS 0x8080808080808080ULL

/* Eight bytes at once: the high bit of each that is ASCII from lo to hi. */
#define DNS_WITHIN(low7, lo, hi)                                                       \
	(((low7) + DNS_ONES * (0x80 - (lo))) ^ ((low7) + DNS_ONES * (0x7f - (hi))))

static __always_inline uint64_t dns_lower(uint64_t word)
{
	uint64_t upper = DNS_WITHIN(word & ~DNS_HIGHS, 'A', 'Z') & ~word & DNS_HIGHS;

	return word | upper >> 2;
}

/* How many of the first `count` bytes are written \DDD in text. */
static __always_inline uint32_t dns_escaped(uint64_t word, uint64_t mask)
{
	uint64_t low7 = word & ~DNS_HIGHS;
	uint64_t plain = DNS_WITHIN(low7, 'a', 'z') | DNS_WITHIN(low7, '0', '9') |
			 DNS_WITHIN(low7, '-', '-') | DNS_WITHIN(low7, '_', '_');
	uint64_t others = ~(plain & ~word) & DNS_HIGHS & mask;

	return (uint32_t)((others >> 7) * DNS_ONES >> 56);
}

static __always_inline uint64_t dns_word(const struct dns_work *w, uint32_t at)
{
	const uint8_t *p = w->bytes + (at & (DNS_BUFFER - 1));
	uint64_t word = 0;

	for (int i = 7; i >= 0; i--)
		word = word << 8 | p[i];
	return word;
}

/* Puts one label, which was seen to be whole, in front of the name. Returns the length
 * of its text. */
static __always_inline uint32_t dns_label(
	struct dns_work *w, uint32_t at, uint32_t length)
{
	uint32_t left = length & 63, escaped = 0;
	struct name_hash_state s;

	name_hash_begin(&s, &w->key, w->name.hash);
	for (uint32_t i = 0; i < 8; i++) {
		uint64_t word = dns_word(w, at + 8 * i);
		uint64_t mask = left < 8 ? (1ULL << 8 * left) - 1 : ~0ULL;

		word = dns_lower(word & mask);
		escaped += dns_escaped(word, mask);
		if (left < 8) {
			name_hash_word(&s, word | (uint64_t)length << 56);
			break;
		}
		name_hash_word(&s, word);
		left -= 8;
	}
	w->name.hash = name_hash_end(&s);
	return length + 3 * escaped;
}

/* Forward: notes where the labels and pointers are, up to the root or what is known. */
static long dns_walk(DNS_ROUND, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	uint32_t at = w->at;
	struct dns_known *known = &w->memo[at & (DNS_MEMO - 1)];

	if (known->stamp == (w->serial << 16 | at)) {
		if (known->last > w->end ||
			(known->pointers && (w->plain || known->first >= w->limit)))
			return dns_bad(w);
		w->name = *known;
		w->found = 1;
		return 1;
	}
	if (at >= w->end || w->steps >= DNS_PATH)
		return dns_bad(w);
	uint32_t length = dns_u8(w, at);
	if (!length) {
		w->name = (struct dns_known){.hash = NAME_HASH_ROOT,
			.last = at + 1,
			.resume = at + 1,
			.wire = 1};
		w->found = 1;
		return 1;
	}
	w->path[w->steps++ & (DNS_PATH - 1)] = at;
	if (length >= DNS_POINTER) {
		uint32_t to = dns_u16(w, at) & 0x3fff;

		/* strictly backwards, before the run of labels that it ends */
		if (w->plain || at + 2 > w->end || to >= w->limit)
			return dns_bad(w);
		w->limit = to;
		w->at = to;
		return 0;
	}
	if (length > NAME_LABEL_MAX || at + 1 + length > w->end)
		return dns_bad(w);
	w->at = at + 1 + length;
	return 0;
}

/* One step of the path, from its end: a pointer or a label. */
static __always_inline long dns_step(struct dns_work *w, uint32_t at, uint32_t length)
{
	uint32_t behind;

	if (length >= DNS_POINTER) {
		behind = at + 2;
		w->name.first = dns_u16(w, at) & 0x3fff;
		w->name.resume = behind;
		if (++w->name.pointers > DNS_POINTERS)
			return dns_bad(w);
	} else {
		behind = at + 1 + length;
		uint32_t text = dns_label(w, at + 1, length) + w->name.text +
				(w->name.labels ? 1 : 0);
		uint32_t wire = w->name.wire + 1 + length;
		if (wire > DNS_NAME_WIRE || text > DNS_NAME_TEXT ||
			w->name.labels >= BPF_DNS_LABELS_MAX)
			return dns_bad(w);
		w->name.wire = wire;
		w->name.text = text;
		w->name.labels++;
		if (!w->levels_count) /* the first name is the asked one */
			w->levels[w->name.labels & (DNS_LEVELS - 1)] = w->name.hash;
	}
	if (behind > w->name.last)
		w->name.last = behind;
	return 0;
}

/* Backward along the path: the hash grows from the root, and each name that ends in the
 * same labels is known from now on. */
static long dns_unwind(DNS_ROUND, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);

	if (!w->steps)
		return 1;
	w->steps--;
	uint32_t at = w->path[w->steps & (DNS_PATH - 1)];
	if (dns_step(w, at, dns_u8(w, at)))
		return 1;
	struct dns_known *known = &w->memo[at & (DNS_MEMO - 1)];
	*known = w->name;
	known->stamp = w->serial << 16 | at;
	return 0;
}

/* Reads the name at `at` into w->name; end: where what it stands in ends. */
static __noinline int dns_name(
	struct dns_work *w, uint32_t at, uint32_t end, uint32_t plain)
{
	struct dns_ctx ctx = {w};

	w->at = at;
	w->end = end;
	w->limit = at;
	w->plain = plain;
	w->steps = 0;
	w->found = 0;
	bpf_loop(DNS_PATH, dns_walk, &ctx, 0);
	if (w->bad || !w->found) {
		w->bad = 1;
		return 0;
	}
	bpf_loop(DNS_PATH, dns_unwind, &ctx, 0);
	return 0;
}

/* ---- records ---- */

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
	uint32_t n = w->table_count++;

	w->addresses[n & (BPF_DNS_ADDRS_MAX - 1)] =
		(struct dns_address){.at = at, .family = family};
}

/* The addresses of one row, if they are of the type asked for, at the chain's end. */
static long dns_collect(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	struct dns_row *row = &w->rows[i & (DNS_ROWS - 1)];

	if (row->owner != w->owner || row->type == DNS_CNAME ||
		(row->type != w->type && w->type != DNS_ANY))
		return 0;
	if (w->table_count + row->count + row->count6 > BPF_DNS_ADDRS_MAX)
		return dns_bad(w);
	if (row->ttl < w->ttl)
		w->ttl = row->ttl;
	for (uint32_t n = 0; n < DNS_HINTS && n < row->count; n++)
		dns_collect_one(w, row->at + 4 * n, 4);
	for (uint32_t n = 0; n < DNS_HINTS && n < row->count6; n++)
		dns_collect_one(w, row->at6 + 16 * n, 6);
	return 0;
}

/* ---- opening ---- */

static __always_inline int dns_address(
	const struct dns_work *w, const struct dns_address *a, struct bpf_addr *ret)
{
	uint8_t *b = (uint8_t *)ret;

	if (a->family == 4) {
		ret->w[0] = 0;
		ret->w[1] = 0;
		ret->w[2] = bpf_htonl(0xffff);
		for (uint32_t i = 0; i < 4; i++)
			b[12 + i] = dns_u8(w, a->at + i);
		return 1;
	}
	for (uint32_t i = 0; i < 16; i++)
		b[i] = dns_u8(w, a->at + i);
	/* An IPv4 address as IPv6 is on no wire, and here it would be the former. */
	return ret->w[0] || ret->w[1] || ret->w[2] != bpf_htonl(0xffff);
}

/* 1 when the entry is new or lasts longer for it. */
static __always_inline int dns_entry(struct dns_work *w, const struct bpf_exact *key)
{
	struct bpf_entry *old = bpf_map_lookup_elem(&policy, key);

	if (old) {
		uint64_t until = old->until;
		if (!until || until >= w->until)
			return 0;
		old->until = w->until;
		return w->until - until > SECOND_NS;
	}
	struct bpf_subject *subject = subject_at(key->subject);
	struct bpf_entry fresh = {.until = w->until, .learned = 1};
	if (!subject)
		return 0;
	if (subject->learned >= BPF_LEARNED_EACH ||
		bpf_map_update_elem(&policy, key, &fresh, BPF_NOEXIST)) {
		counter_add(BPF_COUNTER_LEARNED_LOST);
		return 0;
	}
	__sync_fetch_and_add(&subject->learned, 1);
	return 1;
}

/* One opening for one address. */
static long dns_open(uint32_t round, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	uint32_t count = w->table_count;

	if (!count)
		return 1;
	uint32_t n = round % count & (BPF_DNS_ADDRS_MAX - 1);
	uint32_t o = round / count & (BPF_OPENINGS_MAX - 1);
	struct dns_address *a = &w->addresses[n];
	struct bpf_exact key = {
		.subject = w->of.subject,
		.port = w->openings.openings[o].port,
		.proto = w->openings.openings[o].proto,
	};
	uint32_t family = w->openings.openings[o].family;
	if ((family && family != a->family) || !dns_address(w, a, &key.peer))
		return 0;
	if (dns_entry(w, &key))
		w->news |= 1ULL << n;
	return 0;
}

static __always_inline struct bpf_openings *dns_openings(
	struct dns_work *w, uint32_t level)
{
	struct bpf_name name = {
		.hash = w->levels[level & (DNS_LEVELS - 1)],
		.subject = w->of.subject,
		.suffix = level != w->levels_count,
	};

	return bpf_map_lookup_elem(&names, &name);
}

/* Whether the asked name, or one that it is below, opens anything. */
static long dns_look_up(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	uint32_t level = i + 1;

	if (dns_openings(w, level))
		w->open |= 1U << (level & 31);
	return 0;
}

static long dns_open_level(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	uint32_t level = i + 1;

	if (!(w->open & 1U << (level & 31)))
		return 0;
	struct bpf_openings *openings = dns_openings(w, level);
	if (!openings)
		return 0;
	w->openings = *openings;
	uint32_t count = w->openings.count;
	if (count > BPF_OPENINGS_MAX)
		count = BPF_OPENINGS_MAX;
	bpf_loop(count * w->table_count, dns_open, ctx, 0);
	return 0;
}

static long dns_tell(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	struct bpf_event *e;
	struct bpf_addr peer;

	if (!(w->news & 1ULL << (i & 63)) ||
		!dns_address(w, &w->addresses[i & (BPF_DNS_ADDRS_MAX - 1)], &peer))
		return 0;
	counter_add(BPF_COUNTER_LEARNED);
	e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
	if (!e) {
		counter_add(BPF_COUNTER_EVENTS_LOST);
		return 0;
	}
	__builtin_memset(e, 0, sizeof *e);
	e->kind = BPF_EVENT_LEARNED;
	e->ttl_s = w->ttl < BINDING_TTL_MAX_S ? w->ttl : BINDING_TTL_MAX_S;
	e->hash = w->asked;
	e->what.subject = w->of.subject;
	e->what.mac = w->of.mac;
	e->what.device = w->of.device;
	e->what.peer = peer;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

static __always_inline void dns_open_all(struct dns_work *w, struct dns_ctx *ctx)
{
	uint64_t ttl = w->ttl;

	if (ttl < BINDING_TTL_MIN_S)
		ttl = BINDING_TTL_MIN_S;
	if (ttl > BINDING_TTL_MAX_S)
		ttl = BINDING_TTL_MAX_S;
	w->until = w->now + (ttl + BINDING_GRACE_S) * SECOND_NS;
	w->news = 0;
	bpf_loop(w->levels_count, dns_open_level, ctx, 0);
	if (!w->news)
		return;
	others_epoch_move();
	bpf_loop(w->table_count, dns_tell, ctx, 0);
}

/* ---- messages ---- */

/* The length of the message: the UDP header must be as long as IP says, or shorter. */
static __always_inline uint32_t dns_length(
	struct __sk_buff *skb, const struct packet *p)
{
	uint16_t udp[4];

	if (bpf_skb_load_bytes(skb, p->l4, udp, sizeof udp))
		return 0;
	uint32_t length = bpf_ntohs(udp[2]);
	return length >= sizeof udp && p->l4 + length <= p->end ? length - sizeof udp
								: 0;
}

static __always_inline void dns_parties(
	struct dns_parties *of, const struct work *work, int to_device)
{
	const struct packet *p = &work->packet;

	of->mac = to_device ? p->to_mac : p->from_mac;
	of->device = to_device ? p->to : p->from;
	of->server = to_device ? p->from : p->to;
	of->port = to_device ? p->to_port : p->from_port;
	of->subject = work->mac_subject;
}

/* The first bytes of the message, at most `most`. */
static __always_inline struct dns_work *dns_begin(
	struct __sk_buff *skb, int to_device, uint64_t most)
{
	const struct bpf_settings *set = settings_get();
	const struct work *work = work_at(WORK_PACKET);
	uint32_t zero = 0;
	struct dns_work *w = bpf_map_lookup_elem(&dns_works, &zero);

	if (!w || !set || !work)
		return 0;
	uint64_t length = dns_length(skb, &work->packet);
	w->whole = length;
	if (length > most)
		length = most;
	asm volatile("" : "+r"(length)); /* or clang checks another register */
	if (length < DNS_QUESTION_MIN || length > BPF_DNS_MAX ||
		bpf_skb_load_bytes(
			skb, work->packet.l4 + DNS_UDP_HEADER, w->bytes, length))
		return 0;
	dns_parties(&w->of, work, to_device);
	w->length = length;
	w->serial++;
	w->key.k0 = set->name_key[0];
	w->key.k1 = set->name_key[1];
	w->now = work->now;
	w->levels_count = 0;
	w->bad = 0;
	return w;
}

/* The question: name in w->asked and w->levels, type; records begin at w->next. */
static __always_inline int dns_read_question(struct dns_work *w, uint32_t plain)
{
	dns_name(w, DNS_HEADER, w->length, plain);
	uint32_t at = w->name.resume;
	if (w->bad || !w->name.labels || at + 4 > w->length)
		return 0;
	w->asked = w->name.hash;
	w->levels_count = w->name.labels;
	w->type = dns_u16(w, at);
	w->next = at + 4;
	return dns_u16(w, at + 2) == DNS_IN &&
	       (w->type == DNS_A || w->type == DNS_AAAA || w->type == DNS_HTTPS ||
		       w->type == DNS_SVCB || w->type == DNS_ANY);
}

static __always_inline struct bpf_query dns_query(const struct dns_work *w)
{
	return (struct bpf_query){
		.device = w->of.device,
		.server = w->of.server,
		.hash = w->asked,
		.port = w->of.port,
		.id = bpf_htons(dns_u16(w, 0)),
		.type = w->type,
		.subject = w->of.subject,
	};
}

/* UDP to port 53, whole, from a BPF_NAMED device, and allowed; work(WORK_PACKET) says
 * the rest. All that depends on it is that the answer will be believed. */
static __noinline int dns_question(struct __sk_buff *skb)
{
	struct dns_work *w = dns_begin(skb, 0, DNS_QUESTION_MAX);

	/* a query (QR 0, opcode 0) with one question */
	if (!w || dns_u8(w, 2) & 0xf8 || dns_u16(w, 4) != 1 || !dns_read_question(w, 1))
		return 0;
	struct bpf_query key = dns_query(w);
	uint64_t until = w->now + BPF_QUERY_NS;
	uint64_t *old = bpf_map_lookup_elem(&queries, &key);
	if (old) { /* asked again */
		*old = until;
		return 0;
	}
	struct bpf_subject *subject = subject_at(key.subject);
	if (!subject)
		return 0;
	if (subject->queries >= BPF_QUERIES_EACH ||
		bpf_map_update_elem(&queries, &key, &until, BPF_NOEXIST)) {
		counter_add(BPF_COUNTER_QUESTIONS_LOST);
		return 0;
	}
	__sync_fetch_and_add(&subject->queries, 1);
	return 0;
}

/* Whether this answers a question that waits; then it no longer does. */
static __always_inline int dns_was_asked(struct dns_work *w)
{
	struct bpf_query key = dns_query(w);
	uint64_t *until = bpf_map_lookup_elem(&queries, &key);
	uint64_t end = until ? *until : 0;

	/* of two at once, on two CPUs, one finds it */
	if (!until || bpf_map_delete_elem(&queries, &key))
		return 0;
	struct bpf_subject *subject = subject_at(key.subject);
	if (subject)
		__sync_fetch_and_sub(&subject->queries, 1);
	return end > w->now;
}

/* Reads all records. 0: nothing is to be opened. */
static __always_inline int dns_read_records(struct dns_work *w, struct dns_ctx *ctx)
{
	uint32_t answers = dns_u16(w, 6);
	uint32_t records = answers + dns_u16(w, 8) + dns_u16(w, 10);

	/* opcode, TC; more than is bounded */
	if (dns_u8(w, 2) & 0x7a || w->whole > BPF_DNS_MAX ||
		records > BPF_DNS_RECORDS_MAX) {
		w->bad = 1;
		return 0;
	}
	w->rcode = 0;
	w->answers = answers;
	w->record = 0;
	w->row_count = 0;
	w->aliases = 0;
	bpf_loop(records, dns_record, ctx, 0);
	w->rcode |= dns_u8(w, 3) & 0x0f;
	return !w->bad && !w->rcode;
}

/* UDP from port 53, whole, to a BPF_NAMED device, and allowed. It passes in any case.
 */
static __noinline int dns_answer(struct __sk_buff *skb)
{
	struct dns_work *w = dns_begin(skb, 1, BPF_DNS_MAX);
	struct dns_ctx ctx = {w};

	if (!w || !(dns_u8(w, 2) & 0x80) || dns_u16(w, 4) != 1 ||
		!dns_read_question(w, 0) || !dns_was_asked(w)) {
		counter_add(BPF_COUNTER_UNASKED);
		return 0;
	}
	w->open = 0;
	bpf_loop(w->levels_count, dns_look_up, &ctx, 0);
	if (!w->open)
		return 0;
	if (dns_read_records(w, &ctx)) {
		w->owner = w->asked;
		w->ttl = ~0U;
		w->chain = 0;
		w->table_count = 0;
		if (w->aliases)
			bpf_loop(DNS_CHAIN + 1, dns_follow, &ctx, 0);
		if (!w->bad)
			bpf_loop(w->row_count, dns_collect, &ctx, 0);
		if (!w->bad && w->table_count)
			dns_open_all(w, &ctx);
	}
	if (w->bad)
		counter_add(BPF_COUNTER_DNS_HARD);
	return 0;
}

#endif
