// SPDX-License-Identifier: GPL-2.0-or-later
/* dns - the kernel learns what a device is told: its question is noted on the way in,
 * and the first answer that repeats it opens, on its way out to the device, the
 * addresses of names that the device may use. So they are open before the device can
 * know them. It reads a message as wire/ does, byte for byte, or not at all: what is
 * beyond LIMIT_INLINE_* opens nothing, and the resolver holds it. */
#ifndef CARDEA_ENFORCE_BPF_DNS_H
#define CARDEA_ENFORCE_BPF_DNS_H

#include "enforce/bpf/dns_record.bpf.h"
#include "model/limits.h"

/* 1 when the entry is new or lasts longer for it. */
static __always_inline int dns_entry(struct dns_work *w, const struct bpf_exact *key)
{
	struct bpf_entry *old = bpf_map_lookup_elem(&policy, key);

	if (old) {
		uint64_t until = old->until;
		if (!until || until >= w->until)
			return 0;
		old->until = w->until;
		return w->until - until > SECOND_NS;
	}
	struct bpf_subject *subject = subject_at(key->subject);
	struct bpf_entry fresh = {.until = w->until, .learned = 1};
	if (!subject)
		return 0;
	if (subject->learned >= BPF_LEARNED_EACH ||
		bpf_map_update_elem(&policy, key, &fresh, BPF_NOEXIST)) {
		counter_add(BPF_COUNTER_LEARNED_LOST);
		return 0;
	}
	__sync_fetch_and_add(&subject->learned, 1);
	return 1;
}

/* One opening for one address. */
static long dns_open(uint32_t round, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	uint32_t count = w->table_count;

	if (!count)
		return 1;
	uint32_t n = round % count & (BPF_DNS_ADDRS_MAX - 1);
	uint32_t o = round / count & (BPF_OPENINGS_MAX - 1);
	struct dns_address *a = &w->addresses[n];
	struct bpf_exact key = {
		.subject = w->of.subject,
		.port = w->openings.openings[o].port,
		.proto = w->openings.openings[o].proto,
		.peer = a->peer,
	};
	uint32_t family = w->openings.openings[o].family;
	if (family && family != a->family)
		return 0;
	if (dns_entry(w, &key))
		w->news |= 1ULL << n;
	return 0;
}

static __always_inline struct bpf_openings *dns_openings(
	struct dns_work *w, uint32_t level)
{
	struct bpf_name name = {
		.hash = w->levels[level & (DNS_LEVELS - 1)],
		.subject = w->of.subject,
		.suffix = level != w->levels_count,
	};

	return bpf_map_lookup_elem(&names, &name);
}

/* Whether the asked name, or one that it is below, opens anything. */
static long dns_look_up(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	uint32_t level = i + 1;

	if (dns_openings(w, level))
		w->open |= 1U << (level & 31);
	return 0;
}

static long dns_open_level(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	uint32_t level = i + 1;

	if (!(w->open & 1U << (level & 31)))
		return 0;
	struct bpf_openings *openings = dns_openings(w, level);
	if (!openings)
		return 0;
	w->openings = *openings;
	uint32_t count = w->openings.count;
	if (count > BPF_OPENINGS_MAX)
		count = BPF_OPENINGS_MAX;
	bpf_loop(count * w->table_count, dns_open, ctx, 0);
	return 0;
}

static long dns_tell(uint32_t i, void *ctx)
{
	struct dns_work *w = DNS_WORK(ctx);
	struct bpf_event *e;

	if (!(w->news & 1ULL << (i & 63)))
		return 0;
	counter_add(BPF_COUNTER_LEARNED);
	e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
	if (!e) {
		counter_add(BPF_COUNTER_EVENTS_LOST);
		return 0;
	}
	__builtin_memset(e, 0, sizeof *e);
	e->kind = BPF_EVENT_LEARNED;
	e->ttl_s = w->ttl < BINDING_TTL_MAX_S ? w->ttl : BINDING_TTL_MAX_S;
	e->hash = w->asked;
	e->what.subject = w->of.subject;
	e->what.mac = w->of.mac;
	e->what.device = w->of.device;
	e->what.peer = w->addresses[i & (BPF_DNS_ADDRS_MAX - 1)].peer;
	bpf_ringbuf_submit(e, EVENT_QUIET);
	return 0;
}

static __always_inline void dns_open_all(struct dns_work *w, struct dns_ctx *ctx)
{
	uint64_t ttl = w->ttl;

	if (ttl < BINDING_TTL_MIN_S)
		ttl = BINDING_TTL_MIN_S;
	if (ttl > BINDING_TTL_MAX_S)
		ttl = BINDING_TTL_MAX_S;
	w->until = w->now + (ttl + BINDING_GRACE_S) * SECOND_NS;
	w->news = 0;
	bpf_loop(w->levels_count, dns_open_level, ctx, 0);
	if (!w->news)
		return;
	others_epoch_move();
	bpf_loop(w->table_count, dns_tell, ctx, 0);
}

/* ---- messages ---- */

/* The length of the message: the UDP header must be as long as IP says, or shorter. */
static __always_inline uint32_t dns_length(
	struct __sk_buff *skb, const struct packet *p)
{
	uint16_t udp[4];

	if (bpf_skb_load_bytes(skb, p->l4, udp, sizeof udp))
		return 0;
	uint32_t length = bpf_ntohs(udp[2]);
	return length >= sizeof udp && p->l4 + length <= p->end ? length - sizeof udp
								: 0;
}

static __always_inline void dns_parties(
	struct dns_parties *of, const struct work *work, int to_device)
{
	const struct packet *p = &work->packet;

	of->mac = to_device ? p->to_mac : p->from_mac;
	of->device = to_device ? p->to : p->from;
	of->server = to_device ? p->from : p->to;
	of->port = to_device ? p->to_port : p->from_port;
	of->subject = work->mac_subject;
}

/* The first bytes of the message, at most `most`. */
static __always_inline struct dns_work *dns_begin(
	struct __sk_buff *skb, int to_device, uint64_t most)
{
	const struct bpf_settings *set = settings_get();
	const struct work *work = work_at(WORK_PACKET);
	uint32_t zero = 0;
	struct dns_work *w = bpf_map_lookup_elem(&dns_works, &zero);

	if (!w || !set || !work)
		return 0;
	uint64_t length = dns_length(skb, &work->packet);
	w->whole = length;
	if (length > most)
		length = most;
	asm volatile("" : "+r"(length)); /* or clang checks another register */
	if (length < DNS_QUESTION_MIN || length > BPF_DNS_MAX ||
		bpf_skb_load_bytes(
			skb, work->packet.l4 + DNS_UDP_HEADER, w->bytes, length))
		return 0;
	dns_parties(&w->of, work, to_device);
	w->length = length;
	w->serial++;
	w->key.k0 = set->name_key[0];
	w->key.k1 = set->name_key[1];
	w->now = work->now;
	w->levels_count = 0;
	w->foreign = skb->ingress_ifindex != 0;
	w->bad = 0;
	return w;
}

/* The question: name in w->asked and w->levels, type; records begin at w->next. */
static __always_inline int dns_read_question(struct dns_work *w, uint32_t plain)
{
	dns_name(w, DNS_HEADER, w->length, plain);
	uint32_t at = w->name.resume;
	if (w->bad || !w->name.labels || at + 4 > w->length)
		return 0;
	w->asked = w->name.hash;
	w->levels_count = w->name.labels;
	w->type = dns_u16(w, at);
	w->next = at + 4;
	return dns_u16(w, at + 2) == DNS_IN &&
	       (w->type == DNS_A || w->type == DNS_AAAA || w->type == DNS_HTTPS ||
		       w->type == DNS_SVCB || w->type == DNS_ANY);
}

static __always_inline struct bpf_query dns_query(const struct dns_work *w)
{
	return (struct bpf_query){
		.device = w->of.device,
		.server = w->of.server,
		.hash = w->asked,
		.port = w->of.port,
		.id = bpf_htons(dns_u16(w, 0)),
		.type = w->type,
		.subject = w->of.subject,
	};
}

/* UDP to port 53, whole, from a BPF_NAMED device, and allowed; work(WORK_PACKET) says
 * the rest. All that depends on it is that the answer will be believed. */
static __noinline int dns_question(struct __sk_buff *skb)
{
	struct dns_work *w = dns_begin(skb, 0, DNS_QUESTION_MAX);

	/* a query (QR 0, opcode 0) with one question */
	if (!w || dns_u8(w, 2) & 0xf8 || dns_u16(w, 4) != 1 || !dns_read_question(w, 1))
		return 0;
	struct bpf_query key = dns_query(w);
	uint64_t until = w->now + BPF_QUERY_NS;
	uint64_t *old = bpf_map_lookup_elem(&queries, &key);
	if (old) { /* asked again */
		*old = until;
		return 0;
	}
	struct bpf_subject *subject = subject_at(key.subject);
	if (!subject)
		return 0;
	if (subject->queries >= BPF_QUERIES_EACH ||
		bpf_map_update_elem(&queries, &key, &until, BPF_NOEXIST)) {
		counter_add(BPF_COUNTER_QUESTIONS_LOST);
		return 0;
	}
	__sync_fetch_and_add(&subject->queries, 1);
	return 0;
}

/* Whether this answers a question that waits; then it no longer does. */
static __always_inline int dns_was_asked(struct dns_work *w)
{
	struct bpf_query key = dns_query(w);
	uint64_t *until = bpf_map_lookup_elem(&queries, &key);
	uint64_t end = until ? *until : 0;

	/* of two at once, on two CPUs, one finds it */
	if (!until || bpf_map_delete_elem(&queries, &key))
		return 0;
	struct bpf_subject *subject = subject_at(key.subject);
	if (subject)
		__sync_fetch_and_sub(&subject->queries, 1);
	return end > w->now;
}

/* Reads all records. 0: nothing is to be opened. */
static __always_inline int dns_read_records(struct dns_work *w, struct dns_ctx *ctx)
{
	uint32_t answers = dns_u16(w, 6);
	uint32_t records = answers + dns_u16(w, 8) + dns_u16(w, 10);

	/* opcode, TC; more than is bounded */
	if (dns_u8(w, 2) & 0x7a || w->whole > BPF_DNS_MAX ||
		records > BPF_DNS_RECORDS_MAX) {
		w->bad = 1;
		return 0;
	}
	w->rcode = 0;
	w->answers = answers;
	w->record = 0;
	w->row_count = 0;
	w->aliases = 0;
	bpf_loop(records, dns_record, ctx, 0);
	w->rcode |= dns_u8(w, 3) & 0x0f;
	return !w->bad && !w->rcode;
}

/* UDP from port 53, whole, to a BPF_NAMED device, and allowed. It passes in any case.
 */
static __noinline int dns_answer(struct __sk_buff *skb)
{
	struct dns_work *w = dns_begin(skb, 1, BPF_DNS_MAX);
	struct dns_ctx ctx = {w};

	if (!w || !(dns_u8(w, 2) & 0x80) || dns_u16(w, 4) != 1 ||
		!dns_read_question(w, 0) || !dns_was_asked(w)) {
		counter_add(BPF_COUNTER_UNASKED);
		return 0;
	}
	w->open = 0;
	bpf_loop(w->levels_count, dns_look_up, &ctx, 0);
	if (!w->open)
		return 0;
	if (dns_read_records(w, &ctx)) {
		w->owner = w->asked;
		w->ttl = ~0U;
		w->chain = 0;
		w->table_count = 0;
		w->address_count = 0;
		if (w->aliases)
			bpf_loop(DNS_CHAIN + 1, dns_follow, &ctx, 0);
		if (!w->bad)
			bpf_loop(w->row_count, dns_collect, &ctx, 0);
		if (!w->bad && w->table_count)
			dns_open_all(w, &ctx);
	}
	if (w->bad)
		counter_add(BPF_COUNTER_DNS_HARD);
	return 0;
}

#endif
