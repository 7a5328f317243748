// SPDX-License-Identifier: GPL-2.0-or-later
/* flows - the conversations under way: found by their key, and by how long they have
 * been silent. A packet touches one slot of the index and one entry, no more. */
#ifndef CARDEA_OBSERVE_FLOWS_H
#define CARDEA_OBSERVE_FLOWS_H

#include "base/clock.h"
#include "model/flow.h"
#include "observe/index.h"
#include "observe/walk.h"

/* How long a conversation may be silent. */
enum flow_class {
	FLOW_CLOSING, /* TCP after RST or both FINs: what is still under way */
	FLOW_OPENING, /* TCP with one side only; ICMP (RFC 5508 3.2) */
	FLOW_SHORT,   /* UDP and the rest (RFC 4787 4.3) */
	FLOW_LONG,    /* TCP (RFC 5382 5) */
	FLOW_CLASS_MAX,
};

enum flow_flag {
	FLOW_FIN0 = 1 << 0, /* side 0 has ended */
	FLOW_FIN1 = 1 << 1,
	FLOW_STARTER = 1 << 2, /* side 1 began */
	FLOW_MIDSTREAM = 1 << 3,
	FLOW_WANTS_HEAD = 1 << 4,    /* what the starter says first was not seen yet */
	FLOW_GROUP = 1 << 5,         /* to many */
	FLOW_HIDDEN = 1 << 6,        /* counted as encrypted DNS */
	FLOW_NAMED_STARTER = 1 << 7, /* the name is that of who began */
};

struct flow_entry {
	struct walk_key key;
	struct mac mac[2]; /* of the sides of key */
	uint32_t name;     /* of one side, for the other: strings.h */
	uint32_t detail;   /* strings.h */
	uint16_t stream;   /* slot that collects what the starter says, 0: none */
	uint16_t bucket;   /* in which it is filed, */
	nstime first, last;
	uint64_t bytes[2]; /* from each side */
	uint32_t packets[2];
	uint32_t prev, next;         /* in its bucket; or of free ones */
	uint8_t flags, class;
	uint8_t filed : 4, /* the class of that bucket */
		was_answered : 1; /* in a record of it that was told already */
	uint8_t app, naming;         /* enum record_app, record_naming */
	uint16_t host[2];            /* hosts.h; 0: not known yet */
	uint32_t seq; /* TCP: of the first byte of who began, unless midstream */
};
_Static_assert(sizeof(struct flow_entry) == 128, "two cache lines");

/* Seconds; more than the longest silence. */
#define FLOWS_BUCKETS 8192

struct flows {
	struct index index;
	struct flow_entry *entries; /* from 1 on */
	uint32_t most, count;
	uint32_t fresh, free;
	/* By class and the second of the last packet. */
	uint32_t buckets[FLOW_CLASS_MAX][FLOWS_BUCKETS];
	int64_t oldest[FLOW_CLASS_MAX]; /* nothing is filed before */
	uint32_t filed[FLOW_CLASS_MAX]; /* how many are */
	int64_t now;
	void (*over)(void *ctx, struct flow_entry *e); /* before it goes */
	void *ctx;
};

extern const nstime flow_silence[FLOW_CLASS_MAX];

int flows_init(struct flows *f, uint32_t most) CARDEA_MUSTCHECK;
void flows_free(struct flows *f);
static inline uint64_t flows_hash(const struct flows *f, const struct walk_key *k)
{
	const uint64_t *secret = f->index.secret.k;
	/* two that do not wait for each other */
	uint64_t h = hash_fold(k->addr[0][0] ^ secret[1], k->addr[1][0] ^ secret[0]) ^
		     hash_fold(k->addr[0][1] ^ secret[0], k->addr[1][1] ^ secret[1]);

	return hash_fold(k->rest ^ secret[1], h ^ secret[0]);
}
/* NULL: none. */
static inline struct flow_entry *flows_find(
	const struct flows *f, const struct walk_key *k, uint64_t hash)
{
	uint32_t at = index_first(&f->index, hash), id;

	while ((id = index_next(&f->index, hash, &at)))
		if (walk_key_equal(&f->entries[id].key, k))
			return &f->entries[id];
	return NULL;
}
static inline uint32_t flows_id(const struct flows *f, const struct flow_entry *e)
{
	return (uint32_t)(e - f->entries);
}
/* An entry whose number was kept may have ended since, and be another by now. */
static inline bool flow_is_live(const struct flow_entry *e)
{
	return e->packets[0] || e->packets[1];
}
/* A new one, zero but for the key and the times. When all are in use, the one longest
 * silent ends (to the second); *ret_evicted says so. */
struct flow_entry *flows_add(struct flows *f, const struct walk_key *k, uint64_t hash,
	nstime when, enum flow_class class, bool *ret_evicted);
void flows_end(struct flows *f, struct flow_entry *e); /* over() and away */
/* Its silence is another from now on. */
void flows_set_class(struct flows *f, struct flow_entry *e, enum flow_class class);
/* Time is `now`: those too long silent end. At most once for each second. */
void flows_sweep(struct flows *f, nstime now);
/* All end, the longest silent first. */
void flows_end_all(struct flows *f);

#endif
