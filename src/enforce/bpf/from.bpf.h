// SPDX-License-Identifier: GPL-2.0-or-later
/* from - what comes from the LAN and is of no flow under way: the guard, then, from a
 * managed device, its limits and its policy. The order is that of nft/skeleton.nft. */
#ifndef CARDEA_ENFORCE_BPF_FROM_H
#define CARDEA_ENFORCE_BPF_FROM_H

#include "enforce/bpf/dns.bpf.h"
#include "enforce/bpf/flow.bpf.h"
#include "enforce/bpf/reset.bpf.h"

/* A later fragment of a packet whose first one was let pass comes so much later at
 * most: what hosts wait for it (RFC 791 3.2 says 15 s, Linux 30 s, RFC 8200 4.5 60 s). */
#define FRAGMENT_NS (30 * SECOND_NS)

/* RFC 792, RFC 4443: errors, which quote the packet they are about. A redirect is none:
 * it would send a device's packets to whoever asks for them. */
static __always_inline int is_icmp_error(const struct packet *p)
{
	if (!parse_is_icmp(p) || p->fragment == FRAGMENT_LATER)
		return 0;
	if (p->family == 4)
		return p->icmp_type == 3 || p->icmp_type == 11 || p->icmp_type == 12;
	return p->icmp_type >= 1 && p->icmp_type <= 4;
}

static __always_inline void frag_key(struct bpf_frag *key, const struct packet *p)
{
	key->from = p->from;
	key->to = p->to;
	key->id = p->frag_id;
	key->proto = p->proto;
}

static __noinline void frag_remember(const struct work *w)
{
	const struct packet *p = &w->packet;
	struct bpf_frag_value v = {};
	struct bpf_frag key;

	frag_key(&key, p);
	v.until = w->now + FRAGMENT_NS;
	v.from_port = p->from_port;
	v.to_port = p->to_port;
	v.icmp_type = p->icmp_type;
	v.icmp_code = p->icmp_code;
	bpf_map_update_elem(&frags, &key, &v, BPF_ANY);
}

/* A later fragment gets the ports of its first one, and is then judged like it, except
 * that it begins nothing. 0: that one is not known, or was refused. */
static __noinline int frag_recall(struct work *w)
{
	struct packet *p = &w->packet;
	struct bpf_frag_value *v;
	struct bpf_frag key;

	frag_key(&key, p);
	v = bpf_map_lookup_elem(&frags, &key);
	if (!v || v->until <= w->now)
		return 0;
	p->from_port = v->from_port;
	p->to_port = v->to_port;
	p->icmp_type = v->icmp_type;
	p->icmp_code = v->icmp_code;
	w->lasting = 0;
	return 1;
}

/* The conversation that the packet is of, as its device sees it. */
static __always_inline void flow_of_packet(struct work *w)
{
	const struct packet *p = &w->packet;
	struct bpf_flow *f = &w->flow;

	f->device = w->to_device ? p->to : p->from;
	f->peer = w->to_device ? p->from : p->to;
	f->device_port = w->to_device ? p->to_port : p->from_port;
	f->peer_port = w->to_device ? p->from_port : p->to_port;
	f->proto = p->proto;
}

static __always_inline int has_flow(const struct packet *p)
{
	return parse_has_ports(p) || parse_is_echo(p);
}

static __always_inline void ask_of_packet(struct work *w, uint32_t subject)
{
	const struct packet *p = &w->packet;
	struct ask *a = &w->ask;

	a->subject = subject;
	a->peer = w->to_device ? p->from : p->to;
	a->proto = p->proto;
	a->family = p->family;
	a->to_device = w->to_device;
	a->began = 0;
	a->device_port = a->peer_port = 0;
	if (parse_has_ports(p)) {
		a->device_port = w->to_device ? p->to_port : p->from_port;
		a->peer_port = w->to_device ? p->from_port : p->to_port;
	} else if (parse_has_type(p)) {
		uint16_t message = bpf_htons((uint16_t)(p->icmp_type << 8 | p->icmp_code));

		a->device_port = w->to_device ? 0 : message;
		a->peer_port = w->to_device ? message : 0;
	}
}

struct ip4_quote {
	struct ip4_header ip;
	uint16_t ports[4];
};

struct ip6_quote {
	struct ip6_header ip;
	uint16_t ports[4];
};

/* Ports, or the identifier of an echo, which stands at the third place. */
static __always_inline void quote_ports(struct bpf_flow *f, uint8_t proto,
	const uint16_t *ports, int from_device)
{
	f->proto = proto;
	if (proto == PROTO_ICMP || proto == PROTO_ICMP6) {
		f->device_port = f->peer_port = ports[2];
		return;
	}
	f->device_port = from_device ? ports[0] : ports[1];
	f->peer_port = from_device ? ports[1] : ports[0];
}

/* work.flow becomes the conversation of the packet that an error quotes: one that the
 * device sent if the error is to it, else one that it was sent. Options and extension
 * headers are not looked through. */
static __noinline int quote_read(struct __sk_buff *skb, struct work *w)
{
	struct packet *p = &w->packet;
	struct bpf_flow *f = &w->flow;
	struct bpf_addr from, to;

	if (p->family == 4) {
		struct ip4_quote q;

		if (bpf_skb_load_bytes(skb, p->l4 + 8, &q, sizeof q) ||
			q.ip.version_ihl != 0x45 || q.ip.fragment & bpf_htons(IP4_OFFSET))
			return 0;
		addr_of_ip4(&from, q.ip.from);
		addr_of_ip4(&to, q.ip.to);
		quote_ports(f, q.ip.proto, q.ports, w->to_device);
	} else {
		struct ip6_quote q;

		if (bpf_skb_load_bytes(skb, p->l4 + 8, &q, sizeof q))
			return 0;
		from = q.ip.from;
		to = q.ip.to;
		quote_ports(f, q.ip.next, q.ports, w->to_device);
	}
	f->device = w->to_device ? from : to;
	f->peer = w->to_device ? to : from;
	return 1;
}

/* The error's receiver is the sender of what it quotes; from a device, its sender is
 * the device itself, which is no router. */
__noinline int is_related_asked(struct __sk_buff *skb)
{
	struct work *w = work_at(WORK_PACKET);
	struct packet *p;

	if (!w)
		return 0;
	p = &w->packet;
	if (!quote_read(skb, w))
		return 0;
	if (w->to_device ? !addr_equal(&w->flow.device, &p->to)
			 : !addr_equal(&w->flow.device, &p->from) ||
				   !addr_equal(&w->flow.peer, &p->to))
		return 0;
	return flow_find(w) != 0;
}

static __always_inline int is_related(struct __sk_buff *skb, const struct work *w)
{
	return is_icmp_error(&w->packet) && is_related_asked(skb);
}

/* Policy lets it pass by work.ask: it begins a conversation, or is counted alone. Global:
 * verified once. */
__noinline int accept(uint32_t subject)
{
	struct work *w = work_at(WORK_PACKET);
	const struct packet *p;

	if (!w)
		return TC_ACT_SHOT;
	p = &w->packet;
	if (!w->lasting || !(parse_has_ports(p) || parse_is_echo_request(p))) {
		if (gates_of(subject))
			gates_arm();
		judge_count(&w->ask, 1, p->length);
		return TC_ACT_UNSPEC;
	}
	if (!limit_open(w, subject))
		return TC_ACT_SHOT;
	if (gates_of(subject))
		w->arms = (uint8_t)gates_arm();
	flow_open(subject);
	return TC_ACT_UNSPEC;
}

/* Policy refuses it, and will refuse those like it, unless it matters whom they go to. */
static __noinline int deny(struct work *w, uint32_t subject)
{
	const struct packet *p = &w->packet;
	const struct bpf_settings *set = settings_get();

	w->denied = 1;
	if (parse_has_ports(p) && p->fragment == FRAGMENT_NONE && set && !set->limits &&
		!flow_is_redirected(w))
		cache_remember(&w->flow, &w->mac, subject, w->others_epoch,
			CACHE_DENIED_BITS(w->to_device));
	return refuse(subject, BPF_REASON_DENY);
}

/* It passes by that alone. Here, not below deny(): eight frames are all there may be. */
static __always_inline int is_told(uint32_t subject)
{
	if (!judge_told(WORK_PACKET))
		return 0;
	refuse(subject, BPF_REASON_TOLD);
	return 1;
}

/* What a managed device sends over IP. */
static __always_inline int from_ip(struct __sk_buff *skb, struct work *w)
{
	const struct packet *p = &w->packet;
	uint32_t subject = w->mac_subject;
	struct bpf_flow_value *v;

	if (p->fragment == FRAGMENT_LATER && !frag_recall(w))
		return refuse(subject, BPF_REASON_FRAGMENT);
	if (!limit_packet(w, subject))
		return TC_ACT_SHOT;
	flow_of_packet(w);
	v = has_flow(p) && !w->flowless ? flow_find(w) : 0;
	if (v && (v->by != BPF_BY_REDIRECT || (flow_is_redirected(w) && to_gateway(w)))) {
		flow_use(w, v);
		return TC_ACT_UNSPEC;
	}
	if (infra_from(p) || is_related(skb, w))
		return TC_ACT_UNSPEC;
	ask_of_packet(w, subject);
	if (judge(WORK_PACKET))
		return accept(subject);
	/* what is redirected never gets where policy might only watch it */
	if (parse_has_ports(p) && flow_is_redirected(w) && to_gateway(w)
			? flow_may_redirect(w, WORK_PACKET)
			: is_told(subject))
		return accept(subject);
	return deny(w, subject);
}

/* An exact peer, or any. */
static __noinline int ether_accepts(struct work *w, uint32_t subject)
{
	const struct packet *p = &w->packet;
	struct bpf_ether key = {};
	struct bpf_entry *e;

	key.subject = subject;
	key.type = p->type;
	key.to_device = w->to_device;
	key.any = 1;
	e = bpf_map_lookup_elem(&ethers, &key);
	if (!e || !entry_lives(e, w->now)) {
		key.any = 0;
		key.peer = w->to_device ? p->from_mac : p->to_mac;
		e = bpf_map_lookup_elem(&ethers, &key);
	}
	if (!e || !entry_lives(e, w->now))
		return 0;
	entry_count(e, 1, p->length);
	return 1;
}

static __always_inline int is_infra_ether(const struct packet *p)
{
	return p->type == ETHER_ARP || p->type == ETHER_EAPOL;
}

/* What a managed device sends that is not IP: what is for the gateway or never leaves
 * the link no bridge forwards. */
static __noinline int from_ether(struct work *w)
{
	const struct packet *p = &w->packet;
	struct bpf_mac to = p->to_mac;

	if (is_infra_ether(p) || is_link_mac(&to) || to_gateway(w))
		return TC_ACT_UNSPEC;
	if (ether_accepts(w, w->mac_subject))
		return TC_ACT_UNSPEC;
	return refuse(w->mac_subject, BPF_REASON_DENY);
}

static __always_inline void work_begin(
	struct __sk_buff *skb, struct work *w, int to_device, int flowless)
{
	struct bpf_mac_value *m;
	struct packet *p = &w->packet;
	struct bpf_subject *s;

	counter_add(BPF_COUNTER_FRAMES);
	/* before anything is looked up that may change */
	s = subject_at(BPF_OTHERS);
	w->others_epoch = s ? *(volatile uint32_t *)&s->epoch : 0;
	parse_packet(skb, p);
	w->now = bpf_ktime_get_coarse_ns();
	w->to_device = (uint8_t)to_device;
	w->lasting = 1;
	w->flowless = (uint8_t)flowless;
	w->bound = w->arms = w->denied = 0;
	w->mac = to_device ? p->to_mac : p->from_mac;
	m = bpf_map_lookup_elem(&macs, &w->mac);
	w->mac_flags = m ? m->flags : 0;
	w->mac_subject = m && m->flags & BPF_MANAGED ? m->subject : BPF_OTHERS;
	w->arms_subject = m && m->flags & BPF_ARMS ? m->subject : BPF_OTHERS;
	w->addr_subject = to_device && p->family ? flow_policed(&p->to) : BPF_OTHERS;
	s = subject_at(to_device ? w->addr_subject : w->mac_subject);
	w->epoch = s ? *(volatile uint32_t *)&s->epoch : 0;
}

/* DNS of a device that has names, which may pass and is whole: its names are learned. */
static __always_inline void dns_passes(struct __sk_buff *skb, const struct work *w)
{
	const struct packet *p = &w->packet;

	if (!(w->mac_flags & BPF_NAMED) || p->proto != PROTO_UDP ||
		p->fragment != FRAGMENT_NONE || p->malformed ||
		(w->to_device ? p->from_port : p->to_port) != bpf_htons(53))
		return;
	if (w->to_device)
		dns_answer(skb);
	else
		dns_question(skb);
}

/* What passes anyhow may open gates, with every packet. */
static __noinline int free_arms(struct work *w)
{
	const struct packet *p = &w->packet;

	if (p->malformed || !p->family || p->fragment == FRAGMENT_LATER)
		return 0;
	ask_of_packet(w, w->arms_subject);
	return gates_arm();
}

/* From a device that is not managed, and no theft. */
static __always_inline int from_free(struct work *w)
{
	const struct packet *p = &w->packet;

	if (w->arms_subject != BPF_OTHERS && free_arms(w))
		return TC_ACT_UNSPEC; /* nor is it remembered */
	if (!p->malformed && parse_has_ports(p) && p->fragment == FRAGMENT_NONE) {
		flow_of_packet(w);
		cache_remember(&w->flow, &w->mac, BPF_OTHERS, w->others_epoch,
			CACHE_FROM_DEVICE);
	}
	return TC_ACT_UNSPEC;
}

/* Global functions are verified once, however they are reached. */
__noinline int from_lan(struct __sk_buff *skb, int flowless)
{
	struct work *w = work_at(WORK_PACKET);
	int reason, verdict;

	if (!w)
		return TC_ACT_SHOT;
	work_begin(skb, w, 0, flowless);
	const struct packet *p = &w->packet;
	reason = guard_packet(skb, w);
	if (reason)
		return refuse(w->mac_subject, (uint32_t)reason);
	/* Hosts follow more extension headers than we: another's address may be claimed
	 * behind them. */
	if (p->malformed && (w->mac_flags & BPF_MANAGED || p->family == 6))
		return refuse(w->mac_subject, BPF_REASON_MALFORMED);
	if (!(w->mac_flags & BPF_MANAGED))
		return from_free(w);
	verdict = p->family ? from_ip(skb, w) : from_ether(w);
	if (w->denied && verdict == TC_ACT_SHOT)
		return reset_is_due(w) ? reset(skb, w) : verdict;
	if (verdict != TC_ACT_UNSPEC || !p->family)
		return verdict;
	if (p->fragment == FRAGMENT_FIRST)
		frag_remember(w);
	dns_passes(skb, w);
	return TC_ACT_UNSPEC;
}

#endif
