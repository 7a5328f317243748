// SPDX-License-Identifier: GPL-2.0-or-later
/* apply - what a transaction takes away, once what it adds is in force. Nothing here can
 * fail: then the epochs, so that flows are judged anew, and a sweep that does it now. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "enforce/bpf/txn_priv.h"

#define SWEEPS_MAX 4 /* subjects looked at one by one; for more, all flows at once */

/* ---- what goes ---- */

static void lose_owner(struct txn *x, const struct bpf_bound *b)
{
	struct subject_key mac = {.is_mac = 1}, addr = {.addr = b->addr};
	struct subject *s;

	memcpy(&mac.addr, b->mac.b, sizeof b->mac.b);
	s = txn_touch(x, subjects_find(&x->s->subjects, &mac));
	if (s)
		s->lost = true;
	s = txn_touch(x, subjects_find(&x->s->subjects, &addr));
	if (s)
		s->lost = true;
}

/* Answers' own entries are counted with their device. */
static void unlearn(struct txn *x, uint32_t subject, const struct bpf_entry *old)
{
	if (old->learned && txn_subject(x, subject))
		__atomic_fetch_sub(&x->s->datapath.subjects[subject].learned, 1,
			__ATOMIC_RELAXED);
}

static void remove_key(struct txn *x, const struct key *k)
{
	struct bpf_entry old;

	if (k->table == KEY_NAME) {
		txn_name_remove(x, k);
	} else if (k->table == KEY_EXACT) {
		if (bpf_map_lookup_and_delete_elem(txn_map(x, KEY_EXACT), &k->exact, &old))
			return;
		unlearn(x, k->subject, &old);
		struct subject *s = txn_touch(x, txn_subject(x, k->subject));
		/* an expired one opened nothing any more, and flows outlive it */
		if (s && (!old.until || old.until > x->now))
			s->lost = true;
	} else {
		(void)bpf_map_delete_elem(txn_map(x, k->table), &k->bound);
		if (k->table == KEY_BOUND)
			lose_owner(x, &k->bound);
	}
}

static int late_visit(const void *raw, const void *value, void *ctx)
{
	const struct bpf_entry *entry = value;
	struct key k = {.table = KEY_EXACT};
	struct txn *x = ctx;

	memcpy(&k.exact, raw, sizeof k.exact);
	k.subject = k.exact.subject;
	const struct subject *s = txn_subject(x, k.subject);
	if (!entry->learned || !s || !s->forgotten)
		return 0;
	const struct op *o = txn_find(x, &k);
	if (o && txn_is_add(x, (size_t)(o - x->ops)))
		return 0;
	struct key *late = list_add(&x->stale, sizeof *late);
	if (late)
		*late = k;
	return late ? 0 : -ENOMEM;
}

/* What answers have opened since txn_look, by names that are gone now. */
static void late_remove(struct txn *x)
{
	unsigned learned = 0;

	for (const struct subject *s = x->touched; s; s = s->next)
		learned += s->forgotten ? x->s->datapath.subjects[s->number].learned : 0;
	x->stale.count = 0;
	int e = !learned ? 0 : map_read(txn_map(x, KEY_EXACT), sizeof(struct bpf_exact),
		sizeof(struct bpf_entry), late_visit, x);
	const struct key *late = x->stale.items;

	for (size_t i = 0; i < x->stale.count; i++)
		remove_key(x, &late[i]);
	if (e)
		log_warn("bpf", "names that are gone may stay open: %s", error_text(e));
}

static void removals_apply(struct txn *x)
{
	const struct key *stale = x->stale.items;
	const struct undo *undo = x->undo.items;
	struct bpf_entry old;
	struct key k;

	for (size_t i = 0; i < x->count; i++) {
		const struct op *o = &x->ops[i];
		if (o->dead || txn_is_add(x, i))
			continue;
		txn_key(x, i, &k);
		if (k.table <= KEY_NAME && (o->there || k.table == KEY_NAME))
			remove_key(x, &k);
	}
	for (size_t i = 0; i < x->stale.count; i++)
		remove_key(x, &stale[i]);
	late_remove(x);
	for (size_t i = 0; i < x->undo.count; i++) { /* replaced */
		if (undo[i].table != KEY_EXACT)
			continue;
		memcpy(&old, undo[i].value, sizeof old);
		unlearn(x, ((const struct bpf_exact *)(const void *)undo[i].key)->subject,
			&old);
	}
}

/* ---- the prefixes of the LAN ---- */

static bool local_wanted(const struct txn *x, const void *range)
{
	struct key k = {.table = KEY_LOCAL};

	memcpy(&k.local, range, sizeof k.local);
	struct op *o = txn_find(x, &k);
	if (o)
		o->there = true;
	return o ? txn_is_add(x, (size_t)(o - x->ops)) : !x->t->sync;
}

/* An empty place is a range that begins at the highest address and ends at the lowest.
 * Packets meanwhile see a range, or none. */
static void local_write(struct bpf_settings *s, uint32_t at, const struct key *k)
{
	struct bpf_addr *lo = &s->locals[at].lo, *hi = &s->locals[at].hi;

	for (int i = 0; i < 4; i++)
		__atomic_store_n(&lo->w[i], UINT32_MAX, __ATOMIC_RELEASE);
	for (int i = 0; i < 4; i++)
		__atomic_store_n(&hi->w[i], k ? k->local.hi.w[i] : 0, __ATOMIC_RELEASE);
	for (int i = 3; i >= 0 && k; i--)
		__atomic_store_n(&lo->w[i], k->local.lo.w[i], __ATOMIC_RELEASE);
}

static bool local_is_empty(const struct bpf_settings *s, uint32_t at)
{
	return s->locals[at].lo.w[0] == UINT32_MAX && !s->locals[at].hi.w[0];
}

static bool locals_apply(struct txn *x)
{
	struct bpf_settings *s = x->s->datapath.settings;
	bool lost = false;
	struct key k;

	for (uint32_t i = 0; i < s->local_count; i++) {
		if (local_is_empty(s, i) || local_wanted(x, &s->locals[i]))
			continue;
		local_write(s, i, NULL);
		lost = true;
	}
	for (size_t i = 0; i < x->count; i++) {
		txn_key(x, i, &k);
		if (k.table != KEY_LOCAL || x->ops[i].dead || x->ops[i].there ||
			!txn_is_add(x, i))
			continue;
		uint32_t at = 0;
		while (at < s->local_count && !local_is_empty(s, at))
			at++;
		if (at == BPF_LOCALS_MAX)
			break; /* locals_room was asked before */
		local_write(s, at, &k);
		if (at == s->local_count)
			__atomic_store_n(&s->local_count, at + 1, __ATOMIC_RELEASE);
	}
	return lost;
}

int txn_locals_room(struct txn *x)
{
	const struct bpf_settings *s = x->s->datapath.settings;
	unsigned n = 0;

	for (uint32_t i = 0; i < s->local_count; i++)
		n += !local_is_empty(s, i) && local_wanted(x, &s->locals[i]);
	for (size_t i = 0; i < x->count; i++)
		n += x->t->changes[i].element.kind == ELEMENT_LOCAL &&
		     txn_is_add(x, i) && !x->ops[i].dead && !x->ops[i].there;
	if (n <= BPF_LOCALS_MAX)
		return 0;
	return txn_refuse(x, CARDEA_ELIMIT, "%u prefixes of the LAN, %d are the limit", n,
		BPF_LOCALS_MAX);
}

/* ---- flows are judged anew ---- */

static void epoch_bump(const struct txn *x, uint32_t number)
{
	__atomic_fetch_add(&x->s->datapath.subjects[number].epoch, 1, __ATOMIC_RELEASE);
}

static void epochs_bump(struct txn *x, bool all)
{
	for (struct subject *s = x->touched; s; s = s->next) {
		if (s->lost)
			epoch_bump(x, s->number);
	}
	for (uint32_t n = 0; n < BPF_SUBJECTS_MAX && all; n++) {
		const struct subject *s = txn_subject(x, n);
		if (n == BPF_OTHERS || (s && !s->lost))
			epoch_bump(x, n);
	}
}

static bool has_flows(const struct txn *x, const struct subject *s)
{
	return __atomic_load_n(&x->s->datapath.subjects[s->number].begun,
		       __ATOMIC_RELAXED) > 0;
}

static void sweep_lost(const struct txn *x)
{
	unsigned lost = 0;

	for (const struct subject *s = x->touched; s; s = s->next)
		lost += s->lost && has_flows(x, s);
	if (lost > SWEEPS_MAX)
		datapath_sweep(&x->s->datapath, BPF_NO_SUBJECT);
	for (const struct subject *s = x->touched; s && lost <= SWEEPS_MAX; s = s->next) {
		if (s->lost && has_flows(x, s))
			datapath_sweep(&x->s->datapath, s->number);
	}
}

/* Who has lost its last name with this transaction. */
static void names_settle(struct txn *x)
{
	for (struct subject *s = x->touched; s; s = s->next)
		s->want = s->names ? s->want : s->want & ~BPF_NAMED;
	if (txn_flags_write(x, false))
		log_warn("bpf", "names of a device stay noted: no memory");
}

void txn_apply(struct txn *x)
{
	bool all = txn_flags_settle(x);

	all = locals_apply(x) || all;
	removals_apply(x);
	txn_asked_settle(x);
	epochs_bump(x, all);
	sweep_lost(x);
	txn_boxes_settle(x);
	names_settle(x);
	(void)txn_flags_settle(x);
	epoch_bump(x, BPF_OTHERS); /* what was refused may be allowed */
}
