// SPDX-License-Identifier: GPL-2.0-or-later
/* sweep - what is done from time to time over the tables: idle flows and expired entries
 * go, counts are put to their entries, entries in use are kept open, old flows are judged
 * anew, and refused packets that nobody was told of are told. */
#ifndef CARDEA_ENFORCE_BPF_SWEEP_H
#define CARDEA_ENFORCE_BPF_SWEEP_H

#include "enforce/bpf/flow.bpf.h"

/* An entry that would expire before the next sweeps is prolonged while a conversation
 * that it let begin lives: names/ does not follow those. */
#define KEEP_BEFORE_NS (60 * SECOND_NS)
#define KEEP_OPEN_S 600

/* Its entry is kept open while it lives: addresses outlive their TTL for that (RFC 9726
 * 3.2 asks for as long as clients use them). */
static __noinline void sweep_keep_open(
	struct work *w, const struct bpf_flow_value *v, struct bpf_sweep *s)
{
	struct bpf_entry *e;

	if (v->by != BPF_BY_EXACT)
		return;
	ask_of_flow(&w->ask, &w->flow, v);
	e = judge_exact(&w->ask);
	if (!e || !e->until || e->until <= w->now ||
		e->until - w->now > KEEP_BEFORE_NS)
		return;
	e->until = w->now + KEEP_OPEN_S * SECOND_NS;
	s->kept_open++;
	event_flow(BPF_EVENT_LIVE, &w->flow, v, KEEP_OPEN_S);
}

static __noinline void sweep_live(
	struct work *w, struct bpf_flow_value *v, struct bpf_sweep *s)
{
	sweep_keep_open(w, v, s);
	ask_of_flow(&w->ask, &w->flow, v);
	flow_settle(w, v);
}

static long sweep_flow(
	void *map, struct bpf_flow *key, struct bpf_flow_value *v, struct bpf_sweep *s)
{
	struct work *w = work_at(WORK_SWEEP);

	(void)map;
	if (!w || (s->subject != BPF_NO_SUBJECT && v->subject != s->subject))
		return 0;
	s->flows++;
	w->flow = *key;
	w->now = s->now;
	if (v->until <= s->now) {
		flow_remove(WORK_SWEEP);
		s->ended++;
		return 0;
	}
	if (v->by == BPF_BY_NOBODY)
		return 0;
	if (flow_is_old(v) && !flow_rejudge(WORK_SWEEP))
		s->ended++;
	else
		sweep_live(w, v, s);
	return 0;
}

/* Expired for so long an entry opens nothing any more for anyone, nor will an answer
 * prolong it just now. */
#define ENTRY_GONE_NS (60 * SECOND_NS)

static long sweep_entry(
	void *map, struct bpf_exact *key, struct bpf_entry *e, struct bpf_sweep *s)
{
	uint64_t until = e->until;
	uint32_t learned = e->learned;
	struct bpf_exact k = *key;

	(void)map;
	if (!until || !is_past(s->now, until, ENTRY_GONE_NS))
		return 0;
	struct bpf_subject *subject = subject_at(k.subject);
	if (!bpf_map_delete_elem(&policy, &k) && subject && learned)
		__sync_fetch_and_add(&subject->learned, -1);
	return 0;
}

static long sweep_refused(void *map, struct bpf_refused *key,
	struct bpf_refused_value *v, struct bpf_sweep *s)
{
	struct bpf_subject *subject = subject_at(key->subject);
	struct bpf_refused k = *key;

	(void)map;
	if (v->packets != v->told_packets && is_past(s->now, v->told, BPF_REFUSED_AGAIN_NS))
		event_refused(&k, v, s->now);
	if (!is_past(s->now, v->last, BPF_REFUSED_IDLE_NS) ||
		v->packets != v->told_packets)
		return 0;
	if (!bpf_map_delete_elem(&refused, &k) && subject) {
		__sync_fetch_and_add(&subject->refused_kinds, -1);
		s->refused_gone++;
	}
	return 0;
}

static long sweep_query(
	void *map, struct bpf_query *key, uint64_t *until, struct bpf_sweep *s)
{
	struct bpf_query k = *key;

	(void)map;
	if (*until > s->now)
		return 0;
	struct bpf_subject *subject = subject_at(k.subject);
	if (!bpf_map_delete_elem(&queries, &k) && subject) {
		__sync_fetch_and_add(&subject->queries, -1);
		s->queries_gone++;
	}
	return 0;
}

static long sweep_gate(void *map, uint32_t *key, uint64_t *until, struct bpf_sweep *s)
{
	uint32_t gate = *key;

	(void)map;
	if (is_past(s->now, *until, ENTRY_GONE_NS))
		bpf_map_delete_elem(&gates, &gate);
	return 0;
}

SEC("syscall")
int sweep(struct bpf_sweep *ctx)
{
	struct bpf_sweep s = {};

	s.now = bpf_ktime_get_ns(); /* the coarse one is not for this kind of program */
	s.subject = ctx->subject;
	bpf_for_each_map_elem(&flows, sweep_flow, &s, 0);
	if (s.subject == BPF_NO_SUBJECT) {
		cache_settle_all(s.now);
		bpf_for_each_map_elem(&policy, sweep_entry, &s, 0);
		bpf_for_each_map_elem(&refused, sweep_refused, &s, 0);
		bpf_for_each_map_elem(&queries, sweep_query, &s, 0);
		bpf_for_each_map_elem(&gates, sweep_gate, &s, 0);
	}
	*ctx = s;
	return 0;
}

#endif
