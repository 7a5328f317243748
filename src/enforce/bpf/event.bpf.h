// SPDX-License-Identifier: GPL-2.0-or-later
/* event - what is told to user space: refused packets, of each kind the first at once and
 * then at most one event in BPF_REFUSED_AGAIN_NS with how many there were, and the ends
 * of conversations. Counts are in maps and exact, whatever the ring has room for. */
#ifndef CARDEA_ENFORCE_BPF_EVENT_H
#define CARDEA_ENFORCE_BPF_EVENT_H

#include "enforce/bpf/work.bpf.h"

/* What is not told yet, which is told then. */
static __always_inline void event_fill(struct bpf_event *e, const struct bpf_refused *key,
	struct bpf_refused_value *v)
{
	uint64_t packets = v->packets, bytes = v->bytes;

	e->kind = BPF_EVENT_REFUSED;
	e->ttl_s = 0;
	e->hash = 0;
	e->packets = packets - v->told_packets;
	e->bytes = bytes - v->told_bytes;
	e->length = v->length;
	e->device_port = v->device_port;
	e->peer_port = v->peer_port;
	e->what = *key;
	e->zero = 0;
	v->told_packets = packets;
	v->told_bytes = bytes;
}

/* Two that come here at once for one kind would tell the same packets twice: the first
 * one takes the time of telling. */
static __always_inline void event_refused(
	const struct bpf_refused *key, struct bpf_refused_value *v, uint64_t now)
{
	uint64_t told = v->told;

	if (__sync_val_compare_and_swap(&v->told, told, now) != told)
		return;
	struct bpf_event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
	if (!e) {
		counter_add(BPF_COUNTER_EVENTS_LOST);
		return;
	}
	event_fill(e, key, v);
	bpf_ringbuf_submit(e, 0);
}

/* Of a conversation, in the words of a refused packet. */
static __noinline void event_flow(uint32_t kind, const struct bpf_flow *flow,
	const struct bpf_flow_value *v, uint32_t ttl_s)
{
	struct bpf_event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);

	if (!e) {
		counter_add(BPF_COUNTER_EVENTS_LOST);
		return;
	}
	__builtin_memset(e, 0, sizeof *e);
	e->kind = kind;
	e->ttl_s = ttl_s;
	e->device_port = flow->device_port;
	e->peer_port = flow->peer_port;
	e->what.subject = v->subject;
	e->what.to_device = v->flags & BPF_FLOW_TO_DEVICE;
	e->what.proto = flow->proto;
	e->what.family = addr_family(&flow->device);
	e->what.port = e->what.to_device ? flow->device_port : flow->peer_port;
	__builtin_memcpy(e->what.mac.b, v->mac, 6);
	e->what.device = flow->device;
	e->what.peer = flow->peer;
	bpf_ringbuf_submit(e, kind == BPF_EVENT_LIVE ? EVENT_QUIET : 0);
}

static __always_inline void refused_key(
	struct bpf_refused *k, const struct work *w, uint32_t subject, uint32_t reason)
{
	const struct packet *p = &w->packet;

	k->subject = subject;
	k->to_device = w->to_device;
	k->reason = (uint8_t)reason;
	k->family = p->family;
	k->proto = p->proto;
	k->port = p->family ? p->to_port : p->type;
	k->icmp = 0;
	if (parse_has_type(p)) {
		k->icmp = (uint16_t)(p->icmp_type << 8 | p->icmp_code);
		k->port = 0;
	}
	k->mac = w->to_device ? p->to_mac : p->from_mac;
	k->device = w->to_device ? p->to : p->from;
	k->peer = w->to_device ? p->from : p->to;
	if (!p->family)
		__builtin_memcpy(
			&k->peer, w->to_device ? p->from_mac.b : p->to_mac.b, 6);
}

static __always_inline void refused_value(
	struct bpf_refused_value *v, const struct work *w)
{
	const struct packet *p = &w->packet;

	__builtin_memset(v, 0, sizeof *v);
	v->packets = 1;
	v->bytes = p->length;
	v->first = v->last = w->now;
	v->device_port = w->to_device ? p->to_port : p->from_port;
	v->peer_port = w->to_device ? p->from_port : p->to_port;
	v->length = p->length;
}

static __always_inline void refused_again(const struct work *w,
	const struct bpf_refused *key, struct bpf_refused_value *v)
{
	count_atomic(&v->packets, 1);
	count_atomic(&v->bytes, w->packet.length);
	v->last = w->now;
	if (is_past(w->now, v->told, BPF_REFUSED_AGAIN_NS))
		event_refused(key, v, w->now);
}

/* The event is made before the entry, which need not be looked up again for it. */
static __always_inline int refused_tell(const struct work *w, const struct bpf_refused *key)
{
	struct bpf_event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
	struct bpf_refused_value v;

	refused_value(&v, w);
	v.told = w->now;
	if (e)
		event_fill(e, key, &v);
	int there = bpf_map_update_elem(&refused, key, &v, BPF_NOEXIST);
	if (e && there)
		bpf_ringbuf_discard(e, EVENT_QUIET);
	else if (e)
		bpf_ringbuf_submit(e, 0);
	else if (!there)
		counter_add(BPF_COUNTER_EVENTS_LOST);
	return there;
}

/* A new kind of a subject takes one of its places, and never another's. */
static __noinline void refused_first(
	const struct work *w, struct bpf_subject *s, struct bpf_refused *key)
{
	uint32_t places =
		key->subject == BPF_OTHERS ? BPF_REFUSED_OTHERS : BPF_REFUSED_EACH;

	if (__sync_fetch_and_add(&s->refused_kinds, 1) < places && !refused_tell(w, key))
		return;
	__sync_fetch_and_add(&s->refused_kinds, -1);
	struct bpf_refused_value *there = bpf_map_lookup_elem(&refused, key);
	if (there) /* another processor was faster */
		refused_again(w, key, there);
}

/* The end of a refused packet, or for BPF_REASON_TOLD word of one that goes on. A global
 * function: the verifier looks at it once. */
__noinline int refuse(uint32_t subject, uint32_t reason)
{
	struct work *w = work_at(WORK_PACKET);
	struct bpf_subject *s = subject_at(subject);
	struct bpf_refused_value *v;
	struct bpf_refused key;

	if (!w || !s)
		return TC_ACT_SHOT;
	if (reason != BPF_REASON_TOLD) {
		counter_add(BPF_COUNTER_REFUSED);
		count_atomic(&s->refused, 1);
	}
	refused_key(&key, w, subject, reason);
	v = bpf_map_lookup_elem(&refused, &key);
	if (!v) {
		refused_first(w, s, &key);
		return TC_ACT_SHOT;
	}
	refused_again(w, &key, v);
	return TC_ACT_SHOT;
}

#endif
