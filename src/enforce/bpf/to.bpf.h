// SPDX-License-Identifier: GPL-2.0-or-later
/* to - what goes to the LAN and is of no flow under way: a managed device gets it only
 * at its own addresses, and what is forwarded to one obeys the policy of its address. */
#ifndef CARDEA_ENFORCE_BPF_TO_H
#define CARDEA_ENFORCE_BPF_TO_H

#include "enforce/bpf/from.bpf.h"

/* What is forwarded to a policed address. */
static __noinline int to_policed(struct __sk_buff *skb, struct work *w)
{
	const struct packet *p = &w->packet;
	uint32_t subject = w->addr_subject;
	struct bpf_flow_value *v;

	if (p->malformed)
		return refuse(subject, BPF_REASON_MALFORMED);
	if (p->fragment == FRAGMENT_LATER && !frag_recall(w))
		return refuse(subject, BPF_REASON_FRAGMENT);
	if (!limit_packet(w, subject))
		return TC_ACT_SHOT;
	flow_of_packet(w);
	v = has_flow(p) && !w->flowless ? flow_find(w) : 0;
	if (v) {
		flow_use(w, v);
		return TC_ACT_UNSPEC;
	}
	if (infra_to(p) || is_related(skb, w))
		return TC_ACT_UNSPEC;
	ask_of_packet(w, subject);
	if (!judge(WORK_PACKET) && !is_told(subject))
		return deny(w, subject);
	return accept(subject);
}

/* The gateway begins a conversation: for TCP only a SYN does, and what comes late in one
 * that policy has ended does not. */
static __always_inline int gateway_begins(const struct packet *p, int was)
{
	if (p->proto == PROTO_TCP)
		return (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	return !was && (p->proto == PROTO_UDP || parse_is_echo_request(p));
}

/* What the gateway itself sends to a managed device passes, and its answers will: they
 * are no policy matter. */
static __noinline int to_from_gateway(struct work *w)
{
	const struct packet *p = &w->packet;
	const struct bpf_subject *s = subject_at(w->mac_subject);
	struct bpf_flow_value *v;
	int was;

	w->epoch = s ? *(const volatile uint32_t *)&s->epoch : 0;
	if (p->malformed || p->fragment == FRAGMENT_LATER || !has_flow(p))
		return TC_ACT_UNSPEC;
	flow_of_packet(w);
	v = flow_find(w);
	if (v) {
		flow_use(w, v);
		return TC_ACT_UNSPEC;
	}
	v = bpf_map_lookup_elem(&flows, &w->flow);
	was = v && v->by == BPF_BY_NOBODY && v->until > w->now;
	if (gateway_begins(p, was)) {
		w->ask.by = BPF_BY_GATEWAY;
		flow_open(w->mac_subject);
	} else if (was)
		v->until = w->now + FLOW_ENDED_NS;
	return TC_ACT_UNSPEC;
}

/* Frames to a group are nobody's: only their sender is judged. */
static __always_inline int to_ether(struct work *w, int managed, int local)
{
	if (local || !managed || is_infra_ether(&w->packet) ||
		ether_accepts(w, w->mac_subject))
		return TC_ACT_UNSPEC;
	return refuse(w->mac_subject, BPF_REASON_DENY);
}

static __always_inline int to_ip(struct __sk_buff *skb, struct work *w, int managed, int local)
{
	if (managed) {
		int reason = guard_receiver(w);

		if (reason)
			return refuse(w->addr_subject ? w->addr_subject : w->mac_subject,
				(uint32_t)reason);
	} else
		w->lasting = 0; /* a flow is of a device's MAC */
	if (local)
		return managed ? to_from_gateway(w) : TC_ACT_UNSPEC;
	return w->addr_subject == BPF_OTHERS ? TC_ACT_UNSPEC : to_policed(skb, w);
}

__noinline int to_lan(struct __sk_buff *skb, int flowless)
{
	struct work *w = work_at(WORK_PACKET);
	int local = skb->ingress_ifindex == 0;
	int managed, verdict;

	if (!w)
		return TC_ACT_SHOT;
	if (reset_passes(skb))
		return TC_ACT_UNSPEC;
	work_begin(skb, w, 1, flowless);
	const struct packet *p = &w->packet;
	managed = w->mac_flags & BPF_MANAGED && !is_group_mac(&p->to_mac);
	if (!p->family)
		return p->malformed && managed && !local
			       ? refuse(w->mac_subject, BPF_REASON_MALFORMED)
			       : to_ether(w, managed, local);
	verdict = to_ip(skb, w, managed, local);
	if (verdict != TC_ACT_UNSPEC)
		return verdict;
	if (p->fragment == FRAGMENT_FIRST && !local)
		frag_remember(w);
	if (managed)
		dns_passes(skb, w);
	return TC_ACT_UNSPEC;
}

#endif
