// SPDX-License-Identifier: GPL-2.0-or-later
/* datapath - the programs at the ports of the LAN. A packet of a conversation under way
 * costs two cache lines, or one look-up in flows; all others go the long way (from, to),
 * which says what is to happen in the order of nft/skeleton.nft. What passes is left to
 * the filters behind us (TC_ACT_UNSPEC). Nothing of the kernel is read but __sk_buff and
 * the packet, so one object fits all kernels that have these helpers (5.17). */
#include "enforce/bpf/free.bpf.h"
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
	uint8_t local;	   /* the gateway itself sends it */
	uint8_t direction; /* CACHE_.. */
	uint8_t zero[4];
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

static __always_inline int fast_is_plain(const struct fast *f)
{
	return !(f->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

/* What this processor remembers */
static __always_inline int fast_cache(
	const struct fast *f, const uint8_t *mac, uint32_t bytes)
{
	struct cache_entry *e = cache_find(&f->words, mac);

	if (e && fast_is_plain(f) && cache_passes(e, f->direction)) {
		cache_count(e, bytes);
		return TC_ACT_UNSPEC;
	}
	if (e && !f->local && cache_denies(e, f->to_device))
		return fast_deny(e, bytes);
	return TAKE_LONG_WAY;
}

static __always_inline int fast_flow(
	const struct fast *f, const uint8_t *mac, uint32_t bytes)
{
	struct bpf_flow_value *v = bpf_map_lookup_elem(&flows, &f->key);
	int plain = fast_is_plain(f);

	if (!v)
		return NO_FLOW;
	const struct bpf_subject *s = subject_at(v->subject);
	uint32_t epoch = *(const volatile uint32_t *)&v->epoch;
	uint64_t now = bpf_ktime_get_coarse_ns();
	if (!s || s->epoch != epoch || v->until <= now || mac_differs(v->mac, mac) ||
		v->by == BPF_BY_NOBODY || (v->by == BPF_BY_REDIRECT && !f->to_device) ||
		(f->to_device && !(v->flags & BPF_FLOW_BOUND)) ||
		flow_is_trigger(v, f->to_device) ||
		fast_is_limited(f->to_device ? v->addr_subject : v->mac_subject))
		return TAKE_LONG_WAY;
	uint64_t lasts = flow_lasts(f->key.proto, f->tcp_flags, f->to_device);
	flow_refresh(v, now, lasts && plain ? lasts + CACHE_NS : lasts);
	if (!plain)
		cache_forget(&f->key);
	else if (v->until - now > CACHE_NS)
		cache_learn(&f->words, v, epoch, f->direction);
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
	if ((ip->version_flow & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000) ||
		parse_is_mapped(ip))
		return 0;
	f->key.device = f->to_device ? ip->to : ip->from;
	f->key.peer = f->to_device ? ip->from : ip->to;
	f->key.proto = ip->next;
	return 1;
}

/* Frames without tags, options and extension headers, in one piece. */
static __always_inline int fast_read(
	struct fast *f, const void *data, const void *end, int to_device)
{
	const struct ether_header *ether = data;
	const void *ip = data + sizeof *ether, *l4;

	f->to_device = (uint8_t)to_device;
	f->direction = to_device ? CACHE_TO_DEVICE : CACHE_FROM_DEVICE;
	if (ip + sizeof(struct ip4_header) + 8 > end)
		return 0;
	if (ether->type == ETHER_IP4) {
		l4 = ip + sizeof(struct ip4_header);
		return fast_ip4(f, ip) && fast_transport(f, l4, end);
	}
	if (ether->type != ETHER_IP6)
		return 0;
	l4 = ip + sizeof(struct ip6_header);
	return l4 + 8 <= end && fast_ip6(f, ip) && fast_transport(f, l4, end);
}

SEC("tc")
int ingress(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct ether_header *ether = data;
	uint32_t bytes = skb->len - ETHER_HEADER;
	struct fast f = {};
	int verdict;

	if (!fast_read(&f, data, end, 0))
		return from_lan(skb, 0);
	verdict = fast_cache(&f, ether->from, bytes);
	if (verdict == TAKE_LONG_WAY)
		verdict = fast_flow(&f, ether->from, bytes);
	return verdict < TAKE_LONG_WAY ? verdict : from_lan(skb, verdict == NO_FLOW);
}

/* What goes to a group may have the address of a managed device. */
static __always_inline int to_group(struct __sk_buff *skb, const struct ether_header *h)
{
	return h->type == ETHER_ARP ? TC_ACT_UNSPEC : to_lan(skb, 0);
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct ether_header *ether = data;
	uint32_t bytes = skb->len - ETHER_HEADER;
	struct fast f = {.local = !skb->ingress_ifindex};
	int verdict = TAKE_LONG_WAY;

	if (data + sizeof *ether > end)
		return to_lan(skb, 0);
	if (ether->to[0] & 1)
		return to_group(skb, ether);
	if (free_has(ether->to))
		return TC_ACT_UNSPEC;
	int plain = fast_read(&f, data, end, 1);
	if (plain)
		verdict = fast_cache(&f, ether->to, bytes);
	if (verdict < TAKE_LONG_WAY)
		return verdict;
	if (free_look(ether->to))
		return TC_ACT_UNSPEC;
	if (plain)
		verdict = fast_flow(&f, ether->to, bytes);
	return verdict < TAKE_LONG_WAY ? verdict : to_lan(skb, verdict == NO_FLOW);
}
