// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* name_hash - a keyed 64-bit hash of a DNS name, the same in the engine and in the
 * kernel's program: SipHash-2-4 (Aumasson, Bernstein 2012) chained label by label from
 * the root, so that the walk over a name passes the hash of each of its parents. Who
 * does not know the key, which is new at each load, cannot look for two names that
 * collide. Header only: it is compiled for the kernel, too. */
#ifndef CARDEA_MODEL_NAME_HASH_H
#define CARDEA_MODEL_NAME_HASH_H

#ifndef __bpf__
#include <stdint.h>
#endif

struct name_key {
	uint64_t k0, k1;
};

#define NAME_HASH_ROOT 0ULL
#define NAME_LABEL_MAX 63 /* RFC 1035 2.3.4 */

#define NAME_HASH_ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

struct name_hash_state {
	uint64_t v0, v1, v2, v3;
};

static inline __attribute__((always_inline)) void name_hash_round(
	struct name_hash_state *s)
{
	s->v0 += s->v1;
	s->v1 = NAME_HASH_ROTL(s->v1, 13) ^ s->v0;
	s->v0 = NAME_HASH_ROTL(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = NAME_HASH_ROTL(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = NAME_HASH_ROTL(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = NAME_HASH_ROTL(s->v1, 17) ^ s->v2;
	s->v2 = NAME_HASH_ROTL(s->v2, 32);
}

/* above: the hash of the parent, NAME_HASH_ROOT for a top-level label. */
static inline __attribute__((always_inline)) void name_hash_begin(
	struct name_hash_state *s, const struct name_key *key, uint64_t above)
{
	uint64_t k0 = key->k0 ^ above;

	s->v0 = k0 ^ 0x736f6d6570736575ULL;
	s->v1 = key->k1 ^ 0x646f72616e646f6dULL;
	s->v2 = k0 ^ 0x6c7967656e657261ULL;
	s->v3 = key->k1 ^ 0x7465646279746573ULL;
}

/* word: eight bytes of the label in lower case, the first one lowest; the last word has
 * what is left, zeroes, and the label's length in its highest byte. */
static inline __attribute__((always_inline)) void name_hash_word(
	struct name_hash_state *s, uint64_t word)
{
	s->v3 ^= word;
	name_hash_round(s);
	name_hash_round(s);
	s->v0 ^= word;
}

static inline __attribute__((always_inline)) uint64_t name_hash_end(
	struct name_hash_state *s)
{
	s->v2 ^= 0xff;
	name_hash_round(s);
	name_hash_round(s);
	name_hash_round(s);
	name_hash_round(s);
	uint64_t h = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
	return h ? h : 1; /* 0 is the root */
}

#ifndef __bpf__
/* The hash of a name in text, lower case or not, without a trailing dot; 0 for a name
 * that is none (empty label, label too long, empty). */
uint64_t name_hash(const struct name_key *key, const char *name);
#endif

#endif
