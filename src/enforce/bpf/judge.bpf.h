// SPDX-License-Identifier: GPL-2.0-or-later
/* judge - what policy says: the exact entry, then the boxes of the subject, else no. */
#ifndef CARDEA_ENFORCE_BPF_JUDGE_H
#define CARDEA_ENFORCE_BPF_JUDGE_H

#include "enforce/bpf/event.bpf.h"
#include "enforce/bpf/gate.bpf.h"

static __always_inline int entry_lives(const struct bpf_entry *e, uint64_t now)
{
	return !e->until || e->until > now;
}

static __always_inline void entry_count(
	struct bpf_entry *e, uint64_t packets, uint64_t bytes)
{
	count_atomic(&e->packets, packets);
	count_atomic(&e->bytes, bytes);
}

/* The port that is called: the peer's from a device, the device's to it. */
static __always_inline void exact_key(struct bpf_exact *k, const struct ask *a)
{
	k->subject = a->subject;
	k->port = a->to_device ? a->device_port : a->peer_port;
	k->proto = a->proto;
	k->zero = 0;
	k->peer = a->peer;
}

static __noinline struct bpf_entry *judge_exact(const struct ask *a)
{
	struct bpf_exact key;

	if (a->proto != PROTO_TCP && a->proto != PROTO_UDP)
		return 0;
	exact_key(&key, a);
	return bpf_map_lookup_elem(&policy, &key);
}

static long judge_box(uint32_t i, void *ctx)
{
	struct box_walk *w = ctx;
	uint32_t index = w->first + i;
	const struct bpf_box *b = bpf_map_lookup_elem(&boxes, &index);

	if (!b)
		return 1;
	if (!box_holds(w, b) || b->kind != BPF_BOX_OPENS || !entry_lives(&b->entry, w->now))
		return 0;
	if (w->told ? b->gate != BPF_GATE_TOLD
		    : b->gate && !w->began && !gate_is_open(b->gate, w->now))
		return 0;
	if (!w->told && b->gate == BPF_GATE_TOLD)
		return 0;
	w->found = 1;
	w->box = index;
	return 1;
}

static __always_inline int judge_boxes(struct ask *a, uint64_t now, uint32_t told)
{
	struct box_walk w;
	uint32_t count = box_walk_begin(&w, a, now);

	if (!count)
		return 0;
	w.told = told;
	bpf_loop(count, judge_box, &w, 0);
	a->box = w.box;
	return w.found;
}

/* Global: verified once. told: only what passes and is told. */
__noinline int judge_as(uint32_t which, uint32_t told)
{
	struct work *w = work_at(which);
	const struct bpf_entry *e = 0;

	if (!w)
		return 0;
	w->ask.by = 0;
	if (!told)
		e = judge_exact(&w->ask);
	if (e && entry_lives(e, w->now))
		w->ask.by = BPF_BY_EXACT;
	else if (judge_boxes(&w->ask, w->now, told))
		w->ask.by = told ? BPF_BY_TOLD : BPF_BY_BOX;
	return w->ask.by;
}

/* What work(which).ask says may be: enum bpf_opener, or 0. */
static __always_inline int judge(uint32_t which)
{
	return judge_as(which, 0);
}

/* Nothing lets it be, but it passes and is told. */
static __always_inline int judge_told(uint32_t which)
{
	return judge_as(which, 1);
}

static __noinline void judge_count_box(uint32_t index, uint64_t packets, uint64_t bytes)
{
	struct bpf_box *b = bpf_map_lookup_elem(&boxes, &index);

	if (!b)
		return;
	count_atomic(&b->entry.packets, packets);
	count_atomic(&b->entry.bytes, bytes);
}

/* Counts for what let the conversation begin that is asked for. */
static __noinline void judge_count(const struct ask *a, uint64_t packets, uint64_t bytes)
{
	if (a->by == BPF_BY_BOX || a->by == BPF_BY_TOLD) {
		judge_count_box(a->box, packets, bytes);
		return;
	}
	struct bpf_entry *e = a->by == BPF_BY_EXACT ? judge_exact(a) : 0;
	if (e)
		entry_count(e, packets, bytes);
}

#endif
