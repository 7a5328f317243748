// SPDX-License-Identifier: GPL-2.0-or-later
/* free - receivers that are not managed: what goes to one of them is no matter of ours.
 * Which they are is remembered while nothing has changed for anybody, so that their
 * packets cost no look-up. */
#ifndef CARDEA_ENFORCE_BPF_FREE_H
#define CARDEA_ENFORCE_BPF_FREE_H

#include "enforce/bpf/maps.bpf.h"

#define FREE_BITS 12
#define FREE_EPOCH_SHIFT 48

/* Written by any processor, without a lock: each word alone holds a part of the epoch, so
 * halves of two writers never make a third. */
struct free_mac {
	uint64_t mac; /* and the low half of the epoch above it */
	uint64_t epoch;
};

MAP_ARRAY(frees, BPF_MAP_TYPE_ARRAY, struct free_mac, 1U << FREE_BITS, 0);

static __always_inline uint64_t free_bits(const uint8_t *mac)
{
	const uint16_t *w = (const uint16_t *)mac;

	return w[0] | (uint64_t)w[1] << 16 | (uint64_t)w[2] << 32;
}

static __always_inline struct free_mac *free_at(uint64_t bits)
{
	uint32_t index = bits * 0x9e3779b97f4a7c15ULL >> (64 - FREE_BITS);

	return bpf_map_lookup_elem(&frees, &index);
}

static __always_inline uint32_t free_epoch(void)
{
	const struct bpf_subject *s = subject_at(BPF_OTHERS);

	return s ? *(const volatile uint32_t *)&s->epoch : 0;
}

/* 1: it was not managed when somebody looked, and nothing has changed since. */
static __always_inline int free_has(const uint8_t *mac)
{
	uint64_t bits = free_bits(mac), epoch = free_epoch();
	const struct free_mac *f = free_at(bits);

	return f && f->mac == (bits | epoch << FREE_EPOCH_SHIFT) && f->epoch == epoch;
}

/* Looks, and remembers. */
static __noinline int free_look(const uint8_t *mac)
{
	uint64_t bits = free_bits(mac), epoch = free_epoch();
	struct free_mac *f = free_at(bits);
	struct bpf_mac key = {};
	const struct bpf_mac_value *m;

	__builtin_memcpy(key.b, mac, 6);
	m = bpf_map_lookup_elem(&macs, &key);
	if (m && m->flags & BPF_MANAGED)
		return 0;
	if (f) {
		f->mac = bits | epoch << FREE_EPOCH_SHIFT;
		f->epoch = epoch;
	}
	return 1;
}

#endif
