// SPDX-License-Identifier: GPL-2.0-or-later
/* datapath - the programs at the ports of the LAN. A packet of a conversation under way
 * costs two cache lines, or one look-up in flows; all others go the long way (from, to),
 * which says what is to happen in the order of nft/skeleton.nft. What passes is left to
 * the filters behind us (TC_ACT_UNSPEC). Nothing of the kernel is read but __sk_buff and
 * the packet, so one object fits all kernels that have these helpers (5.17). */
#include "enforce/bpf/to.bpf.h"
#include "enforce/bpf/sweep.bpf.h"

const char datapath_license[] SEC("license") = "GPL";

/* beside TC_ACT_.. */
#define TAKE_LONG_WAY 100
#define NO_FLOW 101 /* the same, and it is known that there is none */

struct fast {
	union {
		struct bpf_flow key;
		struct cache_key words;
	};
	uint8_t tcp_flags;
	uint8_t to_device;
	uint8_t local; /* the gateway itself sends it */
	uint8_t zero[5];
};

/* A rate is the long way's matter. */
static __always_inline int fast_is_limited(uint32_t subject)
{
	const struct bpf_settings *set = settings_get();

	if (!set || !set->limits)
		return 0;
	const struct bpf_subject *s = subject_at(subject);
	return s && s->byte_ns_256 | s->packet_ns;
}

/* Once in a million packets */
static __noinline int fast_settle(const struct bpf_flow *key)
{
	struct work *w = work_at(WORK_PACKET);
	struct bpf_flow_value *v = bpf_map_lookup_elem(&flows, key);

	if (w && v) {
		w->flow = *key;
		ask_of_flow(&w->ask, key, v);
		flow_settle(w, v);
	}
	return TC_ACT_UNSPEC;
}

/* It has been told, and is counted: exactly for the subject, and here for the kind. */
static __always_inline int fast_deny(struct cache_entry *e, uint32_t bytes)
{
	struct bpf_subject *s = subject_at(e->subject);

	if (s)
		count_atomic(&s->refused, 1);
	counter_add(BPF_COUNTER_REFUSED);
	cache_count(e, bytes);
	return TC_ACT_SHOT;
}

static __always_inline int fast_flow(
	const struct fast *f, const uint8_t *mac, uint32_t bytes)
{
	uint32_t direction = f->to_device ? CACHE_TO_DEVICE : CACHE_FROM_DEVICE;
	int plain = !(f->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST));
	struct cache_entry *e = cache_find(&f->words, mac);

	if (e && plain && cache_passes(e, direction)) {
		cache_count(e, bytes);
		return TC_ACT_UNSPEC;
	}
	if (e && !f->local && cache_denies(e, f->to_device))
		return fast_deny(e, bytes);
	struct bpf_flow_value *v = bpf_map_lookup_elem(&flows, &f->key);
	if (!v)
		return NO_FLOW;
	const struct bpf_subject *s = subject_at(v->subject);
	uint64_t now = bpf_ktime_get_coarse_ns();
	if (!s || s->epoch != v->epoch || v->until <= now || mac_differs(v->mac, mac) ||
		v->by == BPF_BY_NOBODY ||
		(f->to_device && !(v->flags & BPF_FLOW_BOUND)) ||
		fast_is_limited(f->to_device ? v->addr_subject : v->mac_subject))
		return TAKE_LONG_WAY;
	uint64_t lasts = flow_lasts(f->key.proto, f->tcp_flags, f->to_device);
	flow_refresh(v, now, lasts && plain ? lasts + CACHE_NS : lasts);
	if (!plain)
		cache_forget(&f->key);
	else if (v->until - now > CACHE_NS)
		cache_learn(&f->words, v, direction);
	if (flow_count(v, bytes) >= FLOW_COUNT_FULL)
		return fast_settle(&f->key);
	return TC_ACT_UNSPEC;
}

/* Ports and TCP flags. DNS takes the long way, where names are learned. */
static __always_inline int fast_transport(struct fast *f, const void *l4, const void *end)
{
	const uint16_t *ports = l4;
	const uint8_t *tcp = l4;

	f->key.device_port = ports[f->to_device ? 1 : 0];
	f->key.peer_port = ports[f->to_device ? 0 : 1];
	if (f->key.proto == PROTO_UDP)
		return f->key.peer_port != bpf_htons(53);
	if (f->key.proto != PROTO_TCP || l4 + 20 > end)
		return 0;
	f->tcp_flags = tcp[13];
	return 1;
}

static __always_inline int fast_ip4(struct fast *f, const struct ip4_header *ip)
{
	if (ip->version_ihl != 0x45 || ip->fragment & bpf_htons(IP4_MORE | IP4_OFFSET))
		return 0;
	addr_of_ip4(&f->key.device, f->to_device ? ip->to : ip->from);
	addr_of_ip4(&f->key.peer, f->to_device ? ip->from : ip->to);
	f->key.proto = ip->proto;
	return 1;
}

static __always_inline int fast_ip6(struct fast *f, const struct ip6_header *ip)
{
	if ((ip->version_flow & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000))
		return 0;
	f->key.device = f->to_device ? ip->to : ip->from;
	f->key.peer = f->to_device ? ip->from : ip->to;
	f->key.proto = ip->next;
	return 1;
}

/* Frames without tags, options and extension headers, in one piece. */
static __always_inline int fast_frame(struct __sk_buff *skb, int to_device)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct ether_header *ether = data;
	const void *ip = data + sizeof *ether, *l4;
	struct fast f = {};

	f.to_device = (uint8_t)to_device;
	f.local = to_device && !skb->ingress_ifindex;
	if (ip + sizeof(struct ip4_header) + 8 > end)
		return TAKE_LONG_WAY;
	if (ether->type == ETHER_IP4) {
		l4 = ip + sizeof(struct ip4_header);
		if (!fast_ip4(&f, ip) || !fast_transport(&f, l4, end))
			return TAKE_LONG_WAY;
	} else if (ether->type == ETHER_IP6) {
		l4 = ip + sizeof(struct ip6_header);
		if (l4 + 8 > end || !fast_ip6(&f, ip) || !fast_transport(&f, l4, end))
			return TAKE_LONG_WAY;
	} else
		return TAKE_LONG_WAY;
	return fast_flow(&f, to_device ? ether->to : ether->from,
		skb->len - ETHER_HEADER);
}

SEC("tc")
int ingress(struct __sk_buff *skb)
{
	int verdict = fast_frame(skb, 0);

	return verdict < TAKE_LONG_WAY ? verdict : from_lan(skb, verdict == NO_FLOW);
}

/* What goes to one receiver that is not managed is no matter of ours; what goes to a
 * group may have the address of one that is. */
static __always_inline int fast_is_free(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct ether_header *ether = data;
	struct bpf_mac mac = {};

	if (data + sizeof *ether > end)
		return 0;
	if (ether->to[0] & 1)
		return ether->type == ETHER_ARP;
	__builtin_memcpy(mac.b, ether->to, 6);
	const struct bpf_mac_value *m = bpf_map_lookup_elem(&macs, &mac);
	return !m || !(m->flags & BPF_MANAGED);
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	int verdict;

	if (fast_is_free(skb))
		return TC_ACT_UNSPEC;
	verdict = fast_frame(skb, 1);
	return verdict < TAKE_LONG_WAY ? verdict : to_lan(skb, verdict == NO_FLOW);
}
