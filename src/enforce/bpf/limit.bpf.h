// SPDX-License-Identifier: GPL-2.0-or-later
/* limit - rates: of a device's bytes and packets, and of its new conversations. Each is
 * one number, the time at which the bucket would be empty (GCRA, ITU-T I.371), moved by
 * compare and swap: two processors never give the same token twice. */
#ifndef CARDEA_ENFORCE_BPF_LIMIT_H
#define CARDEA_ENFORCE_BPF_LIMIT_H

#include "enforce/bpf/guard.bpf.h"

/* New conversations of a device, as in skeleton.nft: far above any appliance, and so low
 * that its half-open and UDP conversations cannot fill the table. */
#define OPEN_NS (SECOND_NS / 100)
#define OPENS_BURST 1000

/* A bucket must hold the largest packet that segmentation offload makes. */
#define LARGEST_PACKET 65536ULL

/* Tries against other processors; then the packet passes without a token. */
#define BUCKET_TRIES 4

/* 1: there was room for `cost` within `depth`. */
static __always_inline int bucket_take(
	uint64_t *bucket, uint64_t now, uint64_t cost, uint64_t depth)
{
	for (int i = 0; i < BUCKET_TRIES; i++) {
		uint64_t was = *(volatile uint64_t *)bucket;
		uint64_t empty = (was > now ? was : now) + cost;

		if (empty - now > depth)
			return 0;
		if (__sync_val_compare_and_swap(bucket, was, empty) == was)
			return 1;
	}
	return 1;
}

static __noinline int limit_open(const struct work *w, uint32_t subject)
{
	struct bpf_subject *s = subject_at(subject);

	if (!s || bucket_take(&s->opens, w->now, OPEN_NS, OPEN_NS * OPENS_BURST))
		return 1;
	count_atomic(&s->opens_over, 1);
	return 0;
}

/* One second's worth may come at once, and always one packet. */
static __always_inline uint64_t limit_depth(uint64_t largest)
{
	return largest > SECOND_NS ? largest : SECOND_NS;
}

static __always_inline int limit_bytes(
	struct bpf_subject *s, uint64_t now, uint32_t bytes)
{
	uint64_t rate = s->byte_ns_256;

	return !rate || bucket_take(&s->byte_bucket, now, rate * bytes >> 8,
				limit_depth(rate * LARGEST_PACKET >> 8));
}

static __always_inline int limit_packets(struct bpf_subject *s, uint64_t now)
{
	uint64_t one = s->packet_ns;

	return !one || bucket_take(&s->packet_bucket, now, one, limit_depth(one));
}

/* 0: the subject has sent, or is sent, more than its rate. Before the policy, so that
 * what is under way counts, too. Neighbour discovery on the link passes: without it a
 * device would lose the network for what it sends too fast. */
static __noinline int limit_asked(const struct work *w, uint32_t subject)
{
	const struct packet *p = &w->packet;

	if (is_icmp6(p) && p->hop_limit == ND_HOP_LIMIT &&
		(p->icmp_type == ND_NEIGHBOUR_SOLICIT ||
			p->icmp_type == ND_NEIGHBOUR_ADVERT))
		return 1;
	struct bpf_subject *s = subject_at(subject);
	if (!s || (limit_bytes(s, w->now, p->length) && limit_packets(s, w->now)))
		return 1;
	count_atomic(&s->over, 1);
	return 0;
}

static __always_inline int limit_packet(const struct work *w, uint32_t subject)
{
	const struct bpf_settings *set = settings_get();

	return !set || !set->limits || subject == BPF_OTHERS || limit_asked(w, subject);
}

#endif
