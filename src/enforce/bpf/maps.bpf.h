// SPDX-License-Identifier: GPL-2.0-or-later
/* maps - what datapath.h says the program's maps hold, and how each is kept. Maps without
 * preallocation take no memory before it is used; a flow's key and the first half of its
 * value then also share a cache line (htab_elem: 8 + 48 + 40 + 32 bytes). */
#ifndef CARDEA_ENFORCE_BPF_MAPS_H
#define CARDEA_ENFORCE_BPF_MAPS_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "enforce/bpf/datapath.h"

#define SECOND_NS 1000000000ULL

#define MAP_HASH(name_, key_, value_, max_)                                            \
	struct {                                                                       \
		__uint(type, BPF_MAP_TYPE_HASH);                                       \
		__uint(max_entries, max_);                                             \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                  \
		__type(key, key_);                                                     \
		__type(value, value_);                                                 \
	} name_ SEC(".maps")

#define MAP_ARRAY(name_, type_, value_, max_, flags_)                                  \
	struct {                                                                       \
		__uint(type, type_);                                                   \
		__uint(max_entries, max_);                                             \
		__uint(map_flags, flags_);                                             \
		__type(key, uint32_t);                                                 \
		__type(value, value_);                                                 \
	} name_ SEC(".maps")

MAP_ARRAY(settings, BPF_MAP_TYPE_ARRAY, struct bpf_settings, 1, 0);
MAP_ARRAY(totals, BPF_MAP_TYPE_ARRAY, struct bpf_totals, 1, 0);
MAP_ARRAY(subjects, BPF_MAP_TYPE_ARRAY, struct bpf_subject, BPF_SUBJECTS_MAX,
	BPF_F_MMAPABLE);
MAP_ARRAY(boxes, BPF_MAP_TYPE_ARRAY, struct bpf_box, BPF_BOXES_MAX, 0);
MAP_ARRAY(counters, BPF_MAP_TYPE_PERCPU_ARRAY, uint64_t, BPF_COUNTER_MAX, 0);
MAP_HASH(macs, struct bpf_mac, struct bpf_mac_value, BPF_ADDRS_MAX);
MAP_HASH(addrs, struct bpf_addr, struct bpf_addr_value, BPF_ADDRS_MAX);
MAP_HASH(bound, struct bpf_bound, uint8_t, BPF_ADDRS_MAX);
MAP_HASH(policy, struct bpf_exact, struct bpf_entry, BPF_EXACT_MAX);
MAP_HASH(ethers, struct bpf_ether, struct bpf_entry, BPF_BOXES_MAX);
MAP_HASH(names, struct bpf_name, struct bpf_openings, BPF_NAMES_MAX);
MAP_HASH(gates, uint32_t, uint64_t, BPF_GATES_MAX);
MAP_HASH(flows, struct bpf_flow, struct bpf_flow_value, BPF_FLOWS_MAX);
MAP_HASH(queries, struct bpf_query, uint64_t, BPF_QUERIES_MAX);
MAP_HASH(refused, struct bpf_refused, struct bpf_refused_value, BPF_REFUSED_MAX);

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, BPF_FRAGS_MAX);
	__type(key, struct bpf_frag);
	__type(value, struct bpf_frag_value);
} frags SEC(".maps");

/* For what nobody waits for. To wake the reader costs more than all else that is done for
 * the packet; it looks by itself, too (events.c: LOOK_EVERY). */
#define EVENT_QUIET BPF_RB_NO_WAKEUP

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, BPF_EVENTS_BYTES);
} events SEC(".maps");

static __always_inline struct bpf_subject *subject_at(uint32_t number)
{
	return bpf_map_lookup_elem(&subjects, &number);
}

/* Something is allowed that was not: see BPF_OTHERS. */
static __always_inline void others_epoch_move(void)
{
	struct bpf_subject *s = subject_at(BPF_OTHERS);

	if (s)
		__sync_fetch_and_add(&s->epoch, 1);
}

static __always_inline const struct bpf_settings *settings_get(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline void counter_add(uint32_t which)
{
	uint64_t *c = bpf_map_lookup_elem(&counters, &which);

	if (c)
		*c += 1;
}

static __always_inline void count_atomic(uint64_t *to, uint64_t n)
{
	__sync_fetch_and_add(to, n);
}

/* The clocks of packets (coarse) and of sweep (exact) differ by up to a tick. */
static __always_inline int is_past(uint64_t now, uint64_t then, uint64_t by)
{
	return (int64_t)(now - then) >= (int64_t)by;
}

static __always_inline int addr_equal(const struct bpf_addr *a, const struct bpf_addr *b)
{
	return a->w[0] == b->w[0] && a->w[1] == b->w[1] && a->w[2] == b->w[2] &&
	       a->w[3] == b->w[3];
}

static __always_inline int mac_differs(const uint8_t *a, const uint8_t *b)
{
	const uint16_t *x = (const uint16_t *)a, *y = (const uint16_t *)b;

	return (x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]);
}

static __always_inline uint8_t addr_family(const struct bpf_addr *a)
{
	return !a->w[0] && !a->w[1] && a->w[2] == bpf_htonl(0xffff) ? 4 : 6;
}

/* The words of an address in the order of numbers: two halves to compare. */
static __always_inline uint64_t addr_high(const struct bpf_addr *a)
{
	return (uint64_t)bpf_ntohl(a->w[0]) << 32 | bpf_ntohl(a->w[1]);
}

static __always_inline uint64_t addr_low(const struct bpf_addr *a)
{
	return (uint64_t)bpf_ntohl(a->w[2]) << 32 | bpf_ntohl(a->w[3]);
}

static __always_inline int addr_within(
	uint64_t high, uint64_t low, const struct bpf_addr *lo, const struct bpf_addr *hi)
{
	uint64_t lo_high = addr_high(lo), hi_high = addr_high(hi);

	return (high > lo_high || (high == lo_high && low >= addr_low(lo))) &&
	       (high < hi_high || (high == hi_high && low <= addr_low(hi)));
}

#endif
