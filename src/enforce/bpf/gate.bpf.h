// SPDX-License-Identifier: GPL-2.0-or-later
/* gate - what one conversation permits others for a while. A packet that a box of kind
 * BPF_BOX_ARMS holds, and that is let through, opens the box's gate; boxes with a gate let
 * conversations begin while it is open. Only subjects with such boxes pay for them. */
#ifndef CARDEA_ENFORCE_BPF_GATE_H
#define CARDEA_ENFORCE_BPF_GATE_H

#include "enforce/bpf/work.bpf.h"

struct box_walk {
	uint64_t now;
	uint64_t peer_high, peer_low;
	uint32_t first;
	uint16_t device_port, peer_port; /* host order */
	uint8_t proto, family;
	uint8_t found;
	uint8_t began; /* gates stand open for it */
	uint32_t box;
	uint32_t told; /* only boxes of BPF_GATE_TOLD count, else all others */
};

/* How many boxes there are to look at; 0 leaves w alone. */
static __always_inline uint32_t box_walk_begin(
	struct box_walk *w, const struct ask *a, uint64_t now)
{
	const struct bpf_subject *s = subject_at(a->subject);

	if (!s)
		return 0;
	uint64_t range = *(const volatile uint64_t *)&s->boxes;
	uint32_t count = (uint32_t)range;
	if (!count)
		return 0;
	__builtin_memset(w, 0, sizeof *w);
	w->now = now;
	w->peer_high = addr_high(&a->peer);
	w->peer_low = addr_low(&a->peer);
	w->first = range >> 32;
	w->device_port = bpf_ntohs(a->device_port);
	w->peer_port = bpf_ntohs(a->peer_port);
	w->proto = a->proto;
	w->family = a->family;
	w->began = a->began;
	return count < BPF_BOXES_EACH ? count : BPF_BOXES_EACH;
}

static __always_inline int box_holds(const struct box_walk *w, const struct bpf_box *b)
{
	return b->family == w->family && w->proto >= b->proto_lo &&
	       w->proto <= b->proto_hi && w->device_port >= b->device_lo &&
	       w->device_port <= b->device_hi && w->peer_port >= b->peer_port_lo &&
	       w->peer_port <= b->peer_port_hi &&
	       addr_within(w->peer_high, w->peer_low, &b->peer_lo, &b->peer_hi);
}

static __always_inline int gate_is_open(uint32_t gate, uint64_t now)
{
	const uint64_t *until = bpf_map_lookup_elem(&gates, &gate);

	return until && *until > now;
}

/* What processors remember to refuse may pass once a gate opens: see BPF_OTHERS. */
static __always_inline void gate_open(uint32_t gate, uint64_t now, uint32_t open_s)
{
	uint64_t until = now + open_s * SECOND_NS;
	uint64_t *v = bpf_map_lookup_elem(&gates, &gate);
	int was = v && *v > now;

	if (v)
		*v = until;
	else
		bpf_map_update_elem(&gates, &gate, &until, BPF_ANY);
	if (!was)
		others_epoch_move();
}

static long gate_box(uint32_t i, void *ctx)
{
	struct box_walk *w = ctx;
	uint32_t index = w->first + i;
	const struct bpf_box *b = bpf_map_lookup_elem(&boxes, &index);

	if (!b)
		return 1;
	if (b->kind != BPF_BOX_ARMS || !box_holds(w, b))
		return 0;
	gate_open(b->gate, w->now, b->entry.open_s);
	w->found = 1;
	return 0;
}

/* Opens the gates that a packet like work.ask arms; 1 when it does any. Global: verified
 * once. */
__noinline int gates_arm(void)
{
	struct work *w = work_at(WORK_PACKET);
	struct box_walk walk;

	if (!w)
		return 0;
	uint32_t count = box_walk_begin(&walk, &w->ask, w->now);
	if (!count)
		return 0;
	bpf_loop(count, gate_box, &walk, 0);
	return walk.found;
}

static __always_inline int gates_of(uint32_t subject)
{
	const struct bpf_subject *s = subject_at(subject);

	return s && s->arms;
}

#endif
