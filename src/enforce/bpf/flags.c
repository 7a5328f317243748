// SPDX-License-Identifier: GPL-2.0-or-later
/* flags - who is managed, policed, owned, named and limited, or arms, and the rates. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "enforce/bpf/txn_priv.h"

#define BY_ELEMENT (BPF_MANAGED | BPF_POLICED | BPF_OWNED)

static const struct element *element_of(const struct txn *x, const struct op *o)
{
	return &x->t->changes[o - x->ops].element;
}

static struct op *rate_op(const struct txn *x, const struct subject *s, bool packets)
{
	struct key k = {.table = KEY_RATE, .subject = s->number, .packets = packets};

	return txn_find(x, &k);
}

/* ns for each packet, or ns x 256 for each byte; what it is now when nobody says. */
static uint64_t rate_want(const struct txn *x, const struct subject *s, bool packets)
{
	const struct bpf_subject *b = &x->s->datapath.subjects[s->number];
	const struct op *o = rate_op(x, s, packets);

	if (!o && !x->t->sync)
		return packets ? b->packet_ns : b->byte_ns_256;
	if (!o || !txn_is_add(x, (size_t)(o - x->ops)))
		return 0;
	uint64_t ns = NS_PER_SEC * (packets ? 1ULL : 256ULL) / element_of(x, o)->rate;
	return ns ? ns : 1;
}

/* What a synchronising transaction does not name goes. */
static void flags_stale(struct txn *x, struct subject *s)
{
	struct key k = {.table = KEY_FLAG, .subject = s->number};

	for (k.flag = BPF_MANAGED; k.flag <= BPF_OWNED; k.flag *= 2) {
		if (s->flags & k.flag && !txn_find(x, &k))
			txn_touch(x, s)->want &= ~k.flag;
	}
	if (s->flags & BPF_LIMITED)
		(void)txn_touch(x, s);
}

void txn_flags_want(struct txn *x)
{
	struct key k;

	for (uint32_t n = 0; n < BPF_SUBJECTS_MAX && x->t->sync; n++) {
		if (txn_subject(x, n))
			flags_stale(x, txn_subject(x, n));
	}
	for (size_t i = 0; i < x->count; i++) {
		txn_key(x, i, &k);
		if (x->ops[i].dead || k.table != KEY_FLAG)
			continue;
		struct subject *s = txn_subject(x, k.subject);
		s->want = txn_is_add(x, i) ? s->want | k.flag : s->want & ~k.flag;
	}
	for (struct subject *s = x->touched; s; s = s->next) {
		bool limited = rate_want(x, s, false) || rate_want(x, s, true);
		s->want &= ~(BPF_NAMED | BPF_LIMITED);
		s->want |= (s->names ? BPF_NAMED : 0) | (limited ? BPF_LIMITED : 0);
		if (s->rebox && s->key.is_mac)
			s->want = (s->want & ~BPF_ARMS) | (s->new_arms ? BPF_ARMS : 0);
	}
}

static int flags_write_kind(const struct txn *x, bool macs, bool old)
{
	struct map_batch *b = malloc(sizeof *b);
	int e = 0;

	if (!b)
		return -ENOMEM;
	map_batch_begin(b, x->s->datapath.maps[macs ? DATAPATH_MACS : DATAPATH_ADDRS],
		macs ? sizeof(struct bpf_mac) : sizeof(struct bpf_addr),
		sizeof(struct bpf_mac_value));
	for (const struct subject *s = x->touched; s && !e; s = s->next) {
		struct bpf_mac_value v = {s->number, old ? s->flags : s->want};
		if (s->key.is_mac != macs || (!s->fresh && s->want == s->flags))
			continue;
		if (!old)
			e = map_batch_add(b, &s->key.addr, &v, 0);
		else if (s->fresh)
			(void)bpf_map_delete_elem(b->fd, &s->key.addr);
		else
			(void)bpf_map_update_elem(b->fd, &s->key.addr, &v, BPF_EXIST);
	}
	if (!e)
		e = map_batch_flush(b);
	free(b);
	return e;
}

int txn_flags_write(const struct txn *x, bool old)
{
	int e = flags_write_kind(x, true, old);

	return e ? e : flags_write_kind(x, false, old);
}

static bool rate_store(const struct txn *x, const struct subject *s, bool packets)
{
	struct bpf_subject *b = &x->s->datapath.subjects[s->number];
	uint64_t *rate = packets ? &b->packet_ns : &b->byte_ns_256;
	uint64_t wanted = rate_want(x, s, packets);

	if (*rate == wanted)
		return false;
	__atomic_store_n(rate, wanted, __ATOMIC_RELAXED);
	return true;
}

/* An address that has got an owner or, below, a rate: whose flows use it is not known
 * here. */
static bool is_seized(const struct subject *s)
{
	return s->want & ~s->flags & BPF_OWNED;
}

bool txn_flags_settle(struct txn *x)
{
	struct bpf_settings *all = x->s->datapath.settings;
	bool seized = false;

	for (struct subject *s = x->touched; s; s = s->next) {
		bool bytes = rate_store(x, s, false), packets = rate_store(x, s, true);
		uint32_t limits = all->limits;
		if (bytes || packets || s->flags & ~s->want & BY_ELEMENT)
			s->lost = true;
		seized = seized || is_seized(s) ||
			 ((bytes || packets) && !s->key.is_mac);
		if ((s->want ^ s->flags) & BPF_LIMITED)
			limits += s->want & BPF_LIMITED ? 1 : UINT32_MAX;
		__atomic_store_n(&all->limits, limits, __ATOMIC_RELAXED);
		s->flags = s->want;
		s->fresh = false;
	}
	return seized;
}
