// SPDX-License-Identifier: GPL-2.0-or-later
/* flow - conversations under way: looked up by every packet, begun by one that policy
 * accepts, judged anew when the epoch of their subject has moved, and bounded for each
 * device. Idle times: RFC 4787 4.3 asks for 2 min or more for UDP, RFC 5382 5 for 2 h 4
 * min for TCP, whose handshake and close are short here. */
#ifndef CARDEA_ENFORCE_BPF_FLOW_H
#define CARDEA_ENFORCE_BPF_FLOW_H

#include "enforce/bpf/cache.bpf.h"
#include "enforce/bpf/judge.bpf.h"
#include "enforce/bpf/limit.bpf.h"

#define FLOW_UDP_NS (180 * SECOND_NS)
#define FLOW_TCP_NS (7440 * SECOND_NS)
#define FLOW_TCP_SHORT_NS (60 * SECOND_NS)
#define FLOW_ECHO_NS (30 * SECOND_NS)
/* What policy has ended stays as long, and while the gateway goes on sending. */
#define FLOW_ENDED_NS (180 * SECOND_NS)
/* `until` is written when it moves by this, not for every packet. */
#define FLOW_STEP_NS SECOND_NS
/* A count is put to its entry at the latest when it reaches this: see BPF_COUNT_SHIFT. */
#define FLOW_COUNT_FULL (1ULL << 60)

/* How long a conversation lasts from this packet on; 0: this one changes nothing. Only
 * packets to the device keep a TCP conversation beyond its handshake: that takes a peer
 * who answers. */
static __always_inline uint64_t flow_lasts(uint8_t proto, uint8_t tcp, int to_device)
{
	if (proto == PROTO_UDP)
		return FLOW_UDP_NS;
	if (proto != PROTO_TCP)
		return FLOW_ECHO_NS;
	if (tcp & (TCP_FIN | TCP_RST))
		return FLOW_TCP_SHORT_NS;
	return to_device && !(tcp & TCP_SYN) ? FLOW_TCP_NS : 0;
}

static __always_inline void flow_refresh(
	struct bpf_flow_value *v, uint64_t now, uint64_t lasts)
{
	uint64_t until = now + lasts;

	if (lasts && (until - v->until >= FLOW_STEP_NS)) /* earlier is far ahead, too */
		v->until = until;
}

static __always_inline uint64_t flow_count(struct bpf_flow_value *v, uint32_t bytes)
{
	return __sync_fetch_and_add(&v->count, (1ULL << BPF_COUNT_SHIFT) + bytes);
}

static __always_inline void ask_of_flow(
	struct ask *a, const struct bpf_flow *f, const struct bpf_flow_value *v)
{
	a->subject = v->subject;
	a->peer = f->peer;
	a->proto = f->proto;
	a->family = addr_family(&f->device);
	a->to_device = v->flags & BPF_FLOW_TO_DEVICE;
	a->by = v->by;
	a->box = v->box;
	a->began = v->by != BPF_BY_TOLD;
	a->device_port = f->device_port;
	a->peer_port = f->peer_port;
	if (f->proto == PROTO_TCP || f->proto == PROTO_UDP)
		return;
	uint16_t request = bpf_htons((a->family == 4 ? ICMP_ECHO : ICMP6_ECHO) << 8);
	a->device_port = a->to_device ? 0 : request;
	a->peer_port = a->to_device ? request : 0;
}

/* What the flow has counted goes to the entry that let it begin: work(which).ask. */
static __always_inline void flow_settle(struct work *w, struct bpf_flow_value *v)
{
	uint64_t n = __sync_lock_test_and_set(&v->count, 0) + cache_collect(&w->flow);

	if (n)
		judge_count(&w->ask, n >> BPF_COUNT_SHIFT, n & BPF_COUNT_BYTES);
}

static __always_inline uint32_t flow_payer(const struct bpf_flow_value *v)
{
	return v->mac_subject ? v->mac_subject : v->addr_subject;
}

static __always_inline struct bpf_totals *totals_get(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&totals, &zero);
}

static __noinline void flow_give_back(uint32_t payer)
{
	struct bpf_subject *s = subject_at(payer);
	struct bpf_totals *t = totals_get();

	if (s && t && __sync_fetch_and_add(&s->flows, -1) > BPF_FLOWS_OWN)
		__sync_fetch_and_add(&t->flows_shared, -1);
}

/* 1: the payer has room for one more, which is taken. */
static __noinline int flow_take_room(uint32_t payer)
{
	struct bpf_subject *s = subject_at(payer);
	struct bpf_totals *t = totals_get();

	if (!s || !t)
		return 0;
	uint32_t n = __sync_fetch_and_add(&s->flows, 1);
	if (n < BPF_FLOWS_OWN)
		return 1;
	uint32_t shared = __sync_fetch_and_add(&t->flows_shared, 1);
	if (n < BPF_FLOWS_OWN + BPF_FLOWS_SHARE && shared < BPF_FLOWS_SHARED)
		return 1;
	flow_give_back(payer);
	return 0;
}

static __always_inline void flow_mac(struct bpf_mac *mac, const struct bpf_flow_value *v)
{
	__builtin_memcpy(mac->b, v->mac, 6);
	mac->zero[0] = mac->zero[1] = 0;
}

/* DNS to whom the world has: the resolver behind us answers instead. */
static __noinline int flow_is_redirected(const struct work *w)
{
	const struct bpf_settings *set = settings_get();

	return set && set->redirect && w->flow.peer_port == bpf_htons(53) &&
	       (w->flow.proto == PROTO_UDP || w->flow.proto == PROTO_TCP) &&
	       !guard_is_local(&w->flow.peer);
}

/* May the same be asked of this gateway? work(which).ask is as before, but for the answer. */
static __always_inline int flow_may_redirect(struct work *w, uint32_t which)
{
	const struct bpf_settings *set = settings_get();
	struct bpf_addr peer = w->ask.peer;
	int may;

	if (!set)
		return 0;
	w->ask.peer = set->asked[w->ask.family == 6];
	may = judge(which);
	w->ask.peer = peer;
	w->ask.by = may ? BPF_BY_REDIRECT : 0;
	return may;
}

/* Would this conversation be let begin now? The answer is in work(which).ask. One that
 * went to the server itself is tracked as such, and cannot become a redirected one. */
static __always_inline int flow_judge(
	struct work *w, uint32_t which, const struct bpf_flow_value *v)
{
	if (v->by == BPF_BY_GATEWAY)
		return 1;
	if (v->by != BPF_BY_REDIRECT)
		return judge(which) || judge_told(which);
	return flow_is_redirected(w) && flow_may_redirect(w, which);
}

static __always_inline int flow_is_old(const struct bpf_flow_value *v)
{
	const struct bpf_subject *s = subject_at(v->subject);

	return !s || s->epoch != v->epoch;
}

/* Takes work(which).flow out of the table. Whose delete succeeds gives its room back.
 * The box that an old one counts for may be another's by now. */
__noinline int flow_remove(uint32_t which)
{
	struct work *w = work_at(which);
	struct bpf_flow_value *v;

	if (!w)
		return 0;
	v = bpf_map_lookup_elem(&flows, &w->flow);
	if (!v)
		return 0;
	uint32_t payer = flow_payer(v);
	struct bpf_subject *beginner = subject_at(v->subject);
	ask_of_flow(&w->ask, &w->flow, v);
	if ((v->by == BPF_BY_BOX || v->by == BPF_BY_TOLD) && flow_is_old(v) && !judge(which))
		judge_told(which);
	flow_settle(w, v);
	if (bpf_map_delete_elem(&flows, &w->flow))
		return 0;
	if (beginner)
		__sync_fetch_and_add(&beginner->begun, -1);
	flow_give_back(payer);
	return 1;
}

/* The subject of a policed address */
static __always_inline uint32_t flow_policed(const struct bpf_addr *a)
{
	const struct bpf_addr_value *v = bpf_map_lookup_elem(&addrs, a);

	return v && v->flags & BPF_POLICED ? v->subject : BPF_OTHERS;
}

/* For a flow of an older epoch: 1 when it goes on, else it has ended. It stays, as one
 * that nobody lets be, until the gateway has stopped to send to it. */
__noinline int flow_rejudge(uint32_t which)
{
	struct work *w = work_at(which);
	struct bpf_flow_value *v;
	struct bpf_mac mac;

	if (!w)
		return 0;
	v = bpf_map_lookup_elem(&flows, &w->flow);
	if (!v)
		return 0;
	const struct bpf_subject *s = subject_at(v->subject);
	uint32_t epoch = s ? *(const volatile uint32_t *)&s->epoch : 0;
	flow_mac(&mac, v);
	int is_bound = guard_is_bound(&mac, &w->flow.device);
	ask_of_flow(&w->ask, &w->flow, v);
	if (s && v->by != BPF_BY_NOBODY &&
		(is_bound || !guard_is_owned(&w->flow.device)) &&
		flow_judge(w, which, v)) {
		flow_settle(w, v);
		v->by = w->ask.by;
		v->box = w->ask.box;
		v->flags = (v->flags & BPF_FLOW_TO_DEVICE) |
			   (is_bound ? BPF_FLOW_BOUND : 0) |
			   (s->arms ? BPF_FLOW_ARMS : 0); /* flow_use looks */
		v->addr_subject = flow_policed(&w->flow.device);
		v->epoch = epoch;
		return 1;
	}
	if (v->by != BPF_BY_NOBODY)
		event_flow(BPF_EVENT_ENDED, &w->flow, v, 0);
	v->by = BPF_BY_NOBODY;
	v->count = 0;
	v->until = w->now + FLOW_ENDED_NS;
	v->epoch = epoch;
	return 0;
}

/* The live flow work.flow of the device with that MAC, or none. */
static __always_inline struct bpf_flow_value *flow_find(struct work *w)
{
	struct bpf_flow_value *v = bpf_map_lookup_elem(&flows, &w->flow);

	if (!v || v->until <= w->now || v->by == BPF_BY_NOBODY ||
		mac_differs(v->mac, w->mac.b))
		return 0;
	return flow_is_old(v) && !flow_rejudge(WORK_PACKET) ? 0 : v;
}

/* Packets of that direction do not take the short way: they open gates. */
static __always_inline int flow_is_trigger(const struct bpf_flow_value *v, int to_device)
{
	return v->flags & BPF_FLOW_ARMS && !(v->flags & BPF_FLOW_TO_DEVICE) == !to_device;
}

static __noinline void flow_arms(struct work *w, struct bpf_flow_value *v)
{
	ask_of_flow(&w->ask, &w->flow, v);
	if (!gates_arm())
		v->flags &= (uint8_t)~BPF_FLOW_ARMS;
}

/* The packet belongs to it. */
static __noinline void flow_use(struct work *w, struct bpf_flow_value *v)
{
	const struct packet *p = &w->packet;

	if (p->fragment != FRAGMENT_LATER || p->proto != PROTO_TCP)
		flow_refresh(v, w->now, flow_lasts(p->proto, p->tcp_flags, w->to_device));
	if (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))
		cache_forget(&w->flow);
	if (flow_is_trigger(v, w->to_device))
		flow_arms(w, v);
	if (flow_count(v, p->length) < FLOW_COUNT_FULL)
		return;
	ask_of_flow(&w->ask, &w->flow, v);
	flow_settle(w, v);
}

static __always_inline void flow_value(
	struct bpf_flow_value *v, const struct work *w, uint32_t subject, uint32_t epoch)
{
	const struct packet *p = &w->packet;
	uint64_t lasts = flow_lasts(p->proto, p->tcp_flags, 1);

	__builtin_memset(v, 0, sizeof *v);
	v->until = w->now + (lasts ? lasts : FLOW_TCP_SHORT_NS);
	v->count = (1ULL << BPF_COUNT_SHIFT) + p->length;
	v->subject = subject;
	v->epoch = epoch;
	__builtin_memcpy(v->mac, w->mac.b, 6);
	v->by = w->ask.by;
	v->flags = w->to_device ? BPF_FLOW_TO_DEVICE : 0;
	if (w->bound)
		v->flags |= BPF_FLOW_BOUND;
	if (w->arms)
		v->flags |= BPF_FLOW_ARMS;
	v->mac_subject = w->mac_subject;
	v->addr_subject =
		w->to_device ? w->addr_subject : flow_policed(&w->flow.device);
	v->box = w->ask.box;
}

/* What a device sends from a DHCP server's port the guard must see, each time. */
static __always_inline int flow_is_guarded(const struct bpf_flow *f)
{
	return f->proto == PROTO_UDP &&
	       f->device_port ==
		       (addr_family(&f->device) == 4 ? DHCP4_SERVER : DHCP6_SERVER);
}

/* Begins work.flow by work.ask. Without room the packet passes, and its replies will
 * not. */
__noinline int flow_open(uint32_t subject)
{
	struct work *w = work_at(WORK_PACKET);
	struct bpf_subject *s = subject_at(subject);
	struct bpf_flow_value v;
	struct ask ask;

	if (!w || !s)
		return 0;
	if (flow_is_guarded(&w->flow)) {
		judge_count(&w->ask, 1, w->packet.length);
		return 0;
	}
	if (!w->flowless) { /* there may be one that is not as this will be */
		ask = w->ask;
		flow_remove(WORK_PACKET);
		w->ask = ask;
	}
	flow_value(&v, w, subject, w->epoch);
	if (!flow_take_room(flow_payer(&v)))
		goto full;
	if (!bpf_map_update_elem(&flows, &w->flow, &v, BPF_NOEXIST)) {
		__sync_fetch_and_add(&s->begun, 1);
		cache_forget_all(&w->flow);
		return 1;
	}
	flow_give_back(flow_payer(&v));
full:
	count_atomic(&s->flows_full, 1);
	judge_count(&w->ask, 1, w->packet.length);
	return 0;
}

#endif
