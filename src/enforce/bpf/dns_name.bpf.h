// SPDX-License-Identifier: GPL-2.0-or-later
/* dns_name - a message under work, and the names in it, read as wire/dns_name.c does:
 * compressed or not, each octet of the message once. Names are compared by their keyed
 * hash (model/name_hash.h), which names that end alike share the work for.
 *
 * The state of all loops is in map memory, for the verifier then sees that each round
 * is like the one before. Every index is masked: what the mask would cut off was
 * refused before. */
#ifndef CARDEA_ENFORCE_BPF_DNS_NAME_H
#define CARDEA_ENFORCE_BPF_DNS_NAME_H

#include "enforce/bpf/work.bpf.h"
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
	struct bpf_addr peer;
	uint32_t family;
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
	uint32_t type, ttl, target_ttl, found, chain, aliases, address_count;
	/* opening */
	uint32_t levels_count, open, table_count;
	uint32_t foreign; /* it came from a server of the world */
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

#endif
