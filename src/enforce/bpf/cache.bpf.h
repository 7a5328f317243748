// SPDX-License-Identifier: GPL-2.0-or-later
/* cache - what a processor knows of the conversations that it has just seen: each in one
 * cache line, found without a call. A look-up in flows is four of them, one after the
 * other, and with ten thousand conversations hardly any is at hand.
 *
 * An entry says that a packet like this one was let pass a moment ago, and holds good for
 * CACHE_TICKS, while the epoch of its subject stands; then the flow itself is asked again
 * and refreshed. Or it says that policy refused such a packet, or that it is of a device
 * that is not managed, and holds good as long while nothing has changed for anybody.
 *
 * Only its own processor writes an entry, except that whoever ends a flow takes its count
 * away (cache_collect). A generation in the highest bits of the count tells that one
 * whose count it is. Who aims at another's entry by the choice of ports makes it take the
 * way over flows, no more. */
#ifndef CARDEA_ENFORCE_BPF_CACHE_H
#define CARDEA_ENFORCE_BPF_CACHE_H

#include "enforce/bpf/maps.bpf.h"

/* Between 1 s and 10 s, as the kernel was built (CONFIG_HZ 1000 to 100). By so much more
 * a flow lasts, for it hears of no packet meanwhile. The lowest bits of an entry's time
 * say which directions it holds good for, and whether to refuse. */
#define CACHE_TICKS 1000
#define CACHE_NS (10 * SECOND_NS)
#define CACHE_FROM_DEVICE 1U
#define CACHE_TO_DEVICE 2U
#define CACHE_DENIED 4U
#define CACHE_BITS 7U
#define CACHE_DENIED_BITS(to_device) \
	(CACHE_DENIED | ((to_device) ? CACHE_TO_DEVICE : CACHE_FROM_DEVICE))

#define CACHE_GENERATION_SHIFT 61
#define CACHE_COUNT ((1ULL << CACHE_GENERATION_SHIFT) - 1)
#define CACHE_COUNT_FULL (1ULL << (CACHE_GENERATION_SHIFT - 1))
#define CACHE_CPUS_MAX 1024
#define CACHE_PAIRS_MAX (1U << 23) /* as often as bpf_loop goes round */

struct cache_key {
	uint64_t w[5]; /* struct bpf_flow */
};

struct cache_entry {
	struct cache_key key;
	uint16_t mac[3];
	uint16_t subject;
	uint32_t epoch;
	uint32_t ticks; /* | bits */
	uint64_t count; /* generation, packets, bytes */
};

_Static_assert(sizeof(struct cache_entry) == 64, "one cache line");
_Static_assert(sizeof(struct cache_key) == sizeof(struct bpf_flow), "as words");
_Static_assert(BPF_SUBJECTS_MAX <= 65536, "subject is 16 bits");

/* Two places for each conversation, beside each other. Mappable ones begin with a page,
 * and so with a cache line. */
struct cache_pair {
	struct cache_entry e[2];
};

MAP_ARRAY(cache, BPF_MAP_TYPE_ARRAY, struct cache_pair,
	BPF_CACHE_CPUS *BPF_CACHE_EACH / 2, BPF_F_MMAPABLE);

static __always_inline struct cache_pair *cache_at(const struct cache_key *k, uint32_t cpu)
{
	uint64_t h = k->w[1] * 0x9e3779b97f4a7c15ULL ^ k->w[3] * 0xc2b2ae3d27d4eb4fULL ^
		     (k->w[0] + (k->w[2] << 1) + k->w[4]) * 0x165667b19e3779f9ULL;
	h ^= h >> 29;
	h *= 0x9e3779b97f4a7c15ULL;
	uint32_t index = cpu * (BPF_CACHE_EACH / 2) +
			 (uint32_t)(h >> 32) % (BPF_CACHE_EACH / 2);

	return bpf_map_lookup_elem(&cache, &index);
}

static __always_inline int cache_matches(
	const struct cache_entry *e, const struct cache_key *k)
{
	return !((e->key.w[1] ^ k->w[1]) | (e->key.w[3] ^ k->w[3]) |
		 (e->key.w[4] ^ k->w[4]) | (e->key.w[0] ^ k->w[0]) |
		 (e->key.w[2] ^ k->w[2]));
}

static __always_inline uint32_t cache_now(void)
{
	return (uint32_t)bpf_jiffies64() & ~CACHE_BITS;
}

/* The entry of that conversation on this processor, if it holds good still, but for its
 * epoch. */
static __always_inline struct cache_entry *cache_find(
	const struct cache_key *k, const uint8_t *mac)
{
	struct cache_pair *pair = cache_at(k, bpf_get_smp_processor_id());
	struct cache_entry *e;

	if (!pair)
		return 0;
	e = &pair->e[0];
	if (!cache_matches(e, k)) {
		e = &pair->e[1];
		if (!cache_matches(e, k))
			return 0;
	}
	if (cache_now() - (e->ticks & ~CACHE_BITS) > CACHE_TICKS ||
		mac_differs((const uint8_t *)e->mac, mac) || e->count & CACHE_COUNT_FULL)
		return 0;
	return e;
}

static __always_inline void cache_count(struct cache_entry *e, uint32_t bytes)
{
	__sync_fetch_and_add(&e->count, (1ULL << BPF_COUNT_SHIFT) + bytes);
}

static __always_inline int cache_passes(const struct cache_entry *e, uint32_t direction)
{
	const struct bpf_subject *s = subject_at(e->subject);

	return s && s->epoch == e->epoch && !(s->byte_ns_256 | s->packet_ns) &&
	       !(e->ticks & CACHE_DENIED) && e->ticks & direction;
}

/* Policy would refuse it again: nothing has changed. */
static __always_inline int cache_denies(const struct cache_entry *e, int to_device)
{
	const struct bpf_subject *s = subject_at(BPF_OTHERS);

	return (e->ticks & CACHE_BITS) == CACHE_DENIED_BITS(to_device) && s &&
	       s->epoch == e->epoch;
}

static __always_inline void cache_refused_key(
	struct bpf_refused *k, const struct cache_entry *e)
{
	struct bpf_flow f;

	__builtin_memcpy(&f, &e->key, sizeof f);
	k->subject = e->subject;
	k->to_device = !!(e->ticks & CACHE_TO_DEVICE);
	k->reason = BPF_REASON_DENY;
	k->proto = f.proto;
	k->family = addr_family(&f.device);
	k->port = k->to_device ? f.device_port : f.peer_port;
	k->icmp = 0;
	__builtin_memset(&k->mac, 0, sizeof k->mac);
	__builtin_memcpy(k->mac.b, e->mac, 6);
	k->device = f.device;
	k->peer = f.peer;
}

/* So many packets of a refused kind were counted here; the subject knows already. */
static __noinline void cache_settle_denied(
	const struct cache_entry *e, uint64_t n, uint64_t now)
{
	struct bpf_refused key;
	struct bpf_refused_value *v;

	cache_refused_key(&key, e);
	v = bpf_map_lookup_elem(&refused, &key);
	if (!v)
		return;
	count_atomic(&v->packets, n >> BPF_COUNT_SHIFT);
	count_atomic(&v->bytes, n & BPF_COUNT_BYTES);
	v->last = now;
}

/* Takes the entry from whose it was, who gets its count. */
static __noinline void cache_evict(struct cache_entry *e)
{
	uint64_t generation = (e->count & ~CACHE_COUNT) + (1ULL << CACHE_GENERATION_SHIFT);
	uint64_t n = __sync_lock_test_and_set(&e->count, generation) & CACHE_COUNT;
	struct cache_key key = e->key;
	struct bpf_flow_value *v;

	if (!n || e->subject == BPF_OTHERS)
		return;
	if (e->ticks & CACHE_DENIED) {
		cache_settle_denied(e, n, bpf_ktime_get_coarse_ns());
		return;
	}
	v = bpf_map_lookup_elem(&flows, &key);
	if (v)
		__sync_fetch_and_add(&v->count, n);
}

static __always_inline struct cache_entry *cache_place(
	struct cache_pair *pair, const struct cache_key *k, uint32_t now)
{
	struct cache_entry *first = &pair->e[0], *second = &pair->e[1];

	if (cache_matches(first, k))
		return first;
	if (cache_matches(second, k))
		return second;
	return now - first->ticks > now - second->ticks ? first : second;
}

/* A packet of the flow v has just passed in that direction, and refreshed it. epoch is
 * the one that it was let pass in: the flow may have ended since, in a later one. */
static __noinline void cache_learn(const struct cache_key *k,
	const struct bpf_flow_value *v, uint32_t epoch, uint32_t direction)
{
	struct cache_pair *pair = cache_at(k, bpf_get_smp_processor_id());
	uint32_t now = cache_now();
	struct cache_entry *e;

	if (!pair)
		return;
	e = cache_place(pair, k, now);
	if (cache_matches(e, k) && e->epoch == epoch && e->subject == v->subject &&
		!(e->ticks & CACHE_DENIED) &&
		now - (e->ticks & ~CACHE_BITS) <= CACHE_TICKS / 8) {
		e->ticks |= direction;
		return;
	}
	cache_evict(e);
	e->key = *k;
	__builtin_memcpy(e->mac, v->mac, 6);
	e->subject = (uint16_t)v->subject;
	e->epoch = epoch;
	e->ticks = now | direction;
}

/* What policy has refused, and what is no matter of policy, without a flow; epoch is that
 * of BPF_OTHERS before it was asked. */
static __noinline void cache_remember(const struct bpf_flow *flow,
	const struct bpf_mac *mac, uint32_t subject, uint32_t epoch, uint32_t bits)
{
	struct cache_key k;

	__builtin_memcpy(&k, flow, sizeof k);
	struct cache_pair *pair = cache_at(&k, bpf_get_smp_processor_id());
	uint32_t now = cache_now();
	if (!pair)
		return;
	struct cache_entry *e = cache_place(pair, &k, now);
	cache_evict(e);
	e->key = k;
	__builtin_memcpy(e->mac, mac->b, 6);
	e->subject = (uint16_t)subject;
	e->epoch = epoch;
	e->ticks = now | bits;
}

/* The next packet of it asks again: it has changed. */
static __always_inline void cache_forget_at(const struct cache_key *key, uint32_t cpu)
{
	struct cache_pair *pair = cache_at(key, cpu);
	uint32_t old = cache_now() - 2 * CACHE_TICKS;

	if (!pair)
		return;
	for (int i = 0; i < 2; i++) {
		struct cache_entry *e = &pair->e[i];

		if (cache_matches(e, key))
			e->ticks = (old & ~CACHE_BITS) | (e->ticks & CACHE_BITS);
	}
}

static __noinline void cache_forget(const struct bpf_flow *flow)
{
	struct cache_key key;

	__builtin_memcpy(&key, flow, sizeof key);
	cache_forget_at(&key, bpf_get_smp_processor_id());
}

static long cache_forget_one(uint32_t cpu, void *ctx)
{
	cache_forget_at(ctx, cpu);
	return !cache_at(ctx, cpu);
}

/* ... on all processors: it was refused, and now has begun. */
static __noinline void cache_forget_all(const struct bpf_flow *flow)
{
	struct cache_key key;

	__builtin_memcpy(&key, flow, sizeof key);
	bpf_loop(CACHE_CPUS_MAX, cache_forget_one, &key, 0);
}

/* For sweep: what was refused goes to its kind. As in cache_collect, a count that moves
 * meanwhile is taken the next time. */
static __always_inline void cache_settle_one(struct cache_entry *e, uint64_t now)
{
	uint64_t n = *(volatile uint64_t *)&e->count;
	struct cache_entry copy = *e;

	if (copy.ticks & CACHE_DENIED && n & CACHE_COUNT &&
		__sync_val_compare_and_swap(&e->count, n, n & ~CACHE_COUNT) == n)
		cache_settle_denied(&copy, n & CACHE_COUNT, now);
}

static long cache_settle_pair(uint32_t index, void *ctx)
{
	struct cache_pair *pair = bpf_map_lookup_elem(&cache, &index);
	uint64_t *now = ctx;

	if (!pair)
		return 1;
	cache_settle_one(&pair->e[0], *now);
	cache_settle_one(&pair->e[1], *now);
	return 0;
}

static __always_inline void cache_settle_all(uint64_t now)
{
	bpf_loop(CACHE_PAIRS_MAX, cache_settle_pair, &now, 0);
}

struct cache_walk {
	struct cache_key key;
	uint64_t count;
};

static long cache_collect_one(uint32_t cpu, void *ctx)
{
	struct cache_walk *walk = ctx;
	struct cache_pair *pair = cache_at(&walk->key, cpu);

	if (!pair)
		return 1;
	struct cache_entry *e = &pair->e[0];
	uint64_t n = *(volatile uint64_t *)&e->count;
	if (!cache_matches(e, &walk->key)) {
		e = &pair->e[1];
		n = *(volatile uint64_t *)&e->count;
		if (!cache_matches(e, &walk->key))
			return 0;
	}
	if (e->ticks & CACHE_DENIED || e->subject == BPF_OTHERS)
		return 0;
	/* What was counted since is taken the next time. */
	if (__sync_val_compare_and_swap(&e->count, n, n & ~CACHE_COUNT) == n)
		walk->count += n & CACHE_COUNT;
	return 0;
}

/* What all processors have counted for a conversation, taken away from them. */
static __noinline uint64_t cache_collect(const struct bpf_flow *flow)
{
	struct cache_walk walk;

	__builtin_memcpy(&walk.key, flow, sizeof walk.key);
	walk.count = 0;
	bpf_loop(CACHE_CPUS_MAX, cache_collect_one, &walk, 0);
	return walk.count;
}

#endif
