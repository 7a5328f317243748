// SPDX-License-Identifier: GPL-2.0-or-later
/* answers - what upstream said, ready to be given out again. Bounded in bytes; entries
 * that were asked for once live in a quarter of it, so that a device which asks for
 * random names evicts only such, and never what the house really uses. Time is the
 * caller's. */
#ifndef CARDEA_NAMES_ANSWERS_H
#define CARDEA_NAMES_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"

/* The longest name, its type and the flags below. */
#define ANSWERS_KEY_MAX 258
/* Clients of one answer whose last hearing is remembered. */
#define ANSWERS_TOLD 4

enum answers_flag {
	ANSWERS_DNSSEC = 1 << 0,    /* with signatures (DO) */
	ANSWERS_UNCHECKED = 1 << 1, /* not validated (CD) */
};

struct answers_key {
	uint8_t bytes[ANSWERS_KEY_MAX]; /* wire name in lower case, type, flags */
	uint16_t len;
};

/* Case of the name does not matter. name: wire form without pointers. */
void answers_key_set(struct answers_key *k, const uint8_t *name, size_t name_len,
	uint16_t type, uint8_t flags);

/* One answer; made by answer_new, then owned by its maker or by the cache. */
struct answer {
	struct hash_node node; /* first: see answers.c */
	struct answer *newer, *older;
	nstime stored;
	uint32_t ttl;      /* of the whole: the shortest */
	uint32_t addr_ttl; /* of the way to the addresses */
	nstime retry_at;   /* upstream failed: not asked again before */
	uint16_t rcode;
	uint16_t ede; /* goes with it: RFC 8914 */
	bool secure;
	bool proven;     /* asked for more than once */
	bool refreshing; /* the caller's: a look-up for it runs */
	bool failure;    /* says only that there is no answer */
	bool inlined; /* the caller's: the kernel can read it */
	uint8_t addr_count;
	uint16_t key_len, ttl_count;
	uint32_t wire_len;
	struct {
		struct addr client;
		nstime at;
	} told[ANSWERS_TOLD]; /* the caller's */
	uint8_t told_next;
	/* where each TTL stands in the wire form; then addresses, key, wire form */
	uint16_t ttl_at[];
};

/* What an answer consists of. wire: a whole message, but for OPT. */
struct answer_parts {
	const struct answers_key *key;
	const uint8_t *wire;
	size_t wire_len;
	const uint16_t *ttl_at;
	size_t ttl_count;
	const struct addr *addrs;
	size_t addr_count;
};

/* A copy of the parts, all else zero; NULL without memory. */
struct answer *answer_new(const struct answer_parts *parts);
const struct addr *answer_addrs(const struct answer *a);
const uint8_t *answer_wire(const struct answer *a);
/* Seconds of its life that are left; 0 when it is stale. */
uint32_t answer_left(const struct answer *a, nstime now);

struct answers {
	struct hash_table table;
	/* [0] asked for once, [1] proven: newest first */
	struct answers_list {
		struct answer *newest, *oldest;
		size_t bytes;
	} lists[2];
	size_t bytes_max;
	uint64_t evicted;
};

/* bytes_max 0: nothing is kept. */
int answers_init(struct answers *s, size_t bytes_max) CARDEA_MUSTCHECK;
void answers_free(struct answers *s);
/* The answer, which may be stale, but for stale_s seconds at most; NULL without one.
 * It stays until the next call of a function of the cache. */
struct answer *answers_find(struct answers *s, const struct answers_key *k,
	uint32_t stale_s, nstime now);
/* One answer may use an eighth of the bytes. */
bool answers_fits(const struct answers *s, const struct answer *a);
/* Takes a in place of an older one with the same key. NULL, and a is freed, when it
 * does not fit or lives no second. */
struct answer *answers_put(struct answers *s, struct answer *a, nstime now);
void answers_drop(struct answers *s, const struct answers_key *k);
size_t answers_bytes(const struct answers *s);

#endif
