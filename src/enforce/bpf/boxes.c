// SPDX-License-Identifier: GPL-2.0-or-later
/* boxes - the ranges of a subject: its new ones are written where nobody looks, then one
 * store of 64 bits puts them in the place of the old. */
#include <string.h>
#include <time.h>

#include "enforce/bpf/txn_priv.h"

/* Packets that are being judged may read boxes for so long after they were replaced. */
#define GRACE_NS (50 * NS_PER_MS)

static uint64_t boxes_load(const struct txn *x, const struct subject *s)
{
	return __atomic_load_n(&x->s->datapath.subjects[s->number].boxes,
		__ATOMIC_ACQUIRE);
}

/* Between the two stores packets arm what they did before, or not yet. */
static void boxes_store(const struct txn *x, const struct subject *s, uint64_t boxes,
	uint32_t arms)
{
	__atomic_store_n(&x->s->datapath.subjects[s->number].arms, arms, __ATOMIC_RELEASE);
	__atomic_store_n(&x->s->datapath.subjects[s->number].boxes, boxes,
		__ATOMIC_RELEASE);
}

static uint32_t boxes_first(uint64_t boxes)
{
	return (uint32_t)(boxes >> 32);
}

static struct op *box_op(const struct txn *x, const struct subject *s,
	const struct bpf_box *b)
{
	struct key k = {.table = KEY_BOX, .subject = s->number};

	memcpy(k.box, b, sizeof k.box);
	return txn_find(x, &k);
}

enum fate { KEEP, RENEW, DROP, GONE };

static enum fate box_fate(const struct txn *x, const struct subject *s,
	const struct bpf_box *b, struct op **ret_op)
{
	struct op *o = box_op(x, s, b);
	uint64_t until = b->entry.until;

	*ret_op = o;
	if (until && until <= x->now)
		return GONE; /* it lets nothing pass any more */
	if (o && txn_is_add(x, (size_t)(o - x->ops)))
		return RENEW;
	if (o || (x->t->sync && !until) || (s->forgotten && until))
		return DROP;
	return KEEP;
}

struct tally {
	uint32_t kept, lost, gone, added;
};

static struct tally boxes_tally(struct txn *x, const struct subject *s)
{
	struct tally n = {0};
	struct op *o;

	for (uint32_t i = 0; i < (uint32_t)s->old_boxes; i++) {
		enum fate f = box_fate(x, s,
			&x->s->datapath.boxes[boxes_first(s->old_boxes) + i], &o);
		if (f == RENEW)
			o->there = true;
		n.kept += f == KEEP || f == RENEW;
		n.lost += f == DROP;
		n.gone += f == GONE;
	}
	for (uint32_t i = s->first_box; i; i = x->ops[i - 1].more)
		n.added += !x->ops[i - 1].there;
	return n;
}

static void boxes_write(const struct txn *x, struct subject *s, uint32_t at)
{
	struct bpf_box *all = x->s->datapath.boxes;
	struct op *o;

	s->old_arms = x->s->datapath.subjects[s->number].arms;
	s->new_arms = 0;
	for (uint32_t i = 0; i < (uint32_t)s->old_boxes; i++) {
		const struct bpf_box *old = &all[boxes_first(s->old_boxes) + i];
		enum fate f = box_fate(x, s, old, &o);
		if (f == DROP || f == GONE)
			continue;
		all[at] = *old;
		all[at].entry.packets = all[at].entry.bytes = 0; /* boxes_settle */
		if (f == RENEW)
			all[at].entry.until = txn_until(x, o);
		s->new_arms += all[at++].kind == BPF_BOX_ARMS;
	}
	for (uint32_t i = s->first_box; i; i = x->ops[i - 1].more) {
		struct key k;
		if (x->ops[i - 1].there)
			continue;
		txn_key(x, i - 1, &k);
		memset(&all[at], 0, sizeof all[at]);
		memcpy(&all[at], k.box, sizeof k.box);
		all[at].entry.until = txn_until(x, &x->ops[i - 1]);
		all[at].entry.open_s = x->t->changes[i - 1].element.open_s;
		s->new_arms += all[at++].kind == BPF_BOX_ARMS;
	}
}

/* Freed boxes are given out again after two turns; who is in need waits for them. */
static int take(struct txn *x, uint32_t count, uint32_t *ret_first)
{
	struct timespec grace = {.tv_nsec = GRACE_NS};
	struct arena *a = &x->s->arena;
	int e = arena_take(a, count, ret_first);

	if (e) {
		(void)nanosleep(&grace, NULL);
		arena_turn(a);
		arena_turn(a);
		e = arena_take(a, count, ret_first);
	}
	if (e)
		return txn_refuse(x, e, "no room for %u more ranges among %u", count,
			BPF_BOXES_MAX);
	e = datapath_reach_boxes(&x->s->datapath, *ret_first + count);
	if (e)
		arena_give(a, *ret_first, count, false);
	return e;
}

static int subject_boxes(struct txn *x, struct subject *s)
{
	uint32_t first = 0;

	s->old_boxes = boxes_load(x, s);
	struct tally n = boxes_tally(x, s);
	uint32_t count = n.kept + n.added;
	if (!n.lost && !n.gone && !n.added)
		return 0; /* at most other ends, see boxes_renew */
	if (count > BPF_BOXES_EACH)
		return txn_refuse(x, CARDEA_ELIMIT, "%u ranges of one device, %u are the "
			"limit", count, BPF_BOXES_EACH);
	int e = count ? take(x, count, &first) : 0;
	if (e)
		return e;
	s->new_boxes = (uint64_t)first << 32 | count;
	s->rebox = true;
	s->lost = true; /* flows know the places of their boxes, which are others now */
	boxes_write(x, s, first);
	return 0;
}

int txn_boxes(struct txn *x)
{
	struct key k;
	int e = 0;

	for (size_t i = 0; i < x->count; i++) {
		if (!key_is_box(x->t->changes[i].element.kind))
			continue;
		struct op *o = &x->ops[i];
		if (o->dead)
			continue;
		struct subject *s = txn_subject(x, o->subject);
		s->rebox = false;
		if (!txn_is_add(x, i)) {
			s->named = true;
			continue;
		}
		txn_key(x, i, &k);
		o->more = s->first_box;
		s->first_box = (uint32_t)i + 1;
	}
	for (uint32_t n = 0; n < BPF_SUBJECTS_MAX && x->t->sync; n++) {
		struct subject *s = txn_subject(x, n);
		if (s && (uint32_t)boxes_load(x, s))
			txn_touch(x, s)->named = true;
	}
	for (struct subject *s = x->touched; s && !e; s = s->next) {
		if (s->first_box || s->named || s->forgotten)
			e = subject_boxes(x, s);
	}
	return e;
}

void txn_boxes_swap(struct txn *x, bool back)
{
	for (struct subject *s = x->touched; s; s = s->next) {
		if (s->rebox)
			boxes_store(x, s, back ? s->old_boxes : s->new_boxes,
				back ? s->old_arms : s->new_arms);
		if (s->rebox && back)
			arena_give(&x->s->arena, boxes_first(s->new_boxes),
				(uint32_t)s->new_boxes, x->swapped);
	}
	x->swapped = !back;
}

/* The same ranges for another time. */
static void boxes_renew(struct txn *x, const struct subject *s)
{
	struct bpf_box *all = x->s->datapath.boxes;
	struct op *o;

	for (uint32_t i = 0; i < (uint32_t)s->old_boxes; i++) {
		struct bpf_box *b = &all[boxes_first(s->old_boxes) + i];
		if (box_fate(x, s, b, &o) == RENEW)
			__atomic_store_n(&b->entry.until, txn_until(x, o),
				__ATOMIC_RELAXED);
	}
}

/* What was counted in the old places, up to the last sweep, belongs to the new ones. */
static void boxes_recount(struct txn *x, const struct subject *s)
{
	struct bpf_box *all = x->s->datapath.boxes;
	struct bpf_box *to = &all[boxes_first(s->new_boxes)];
	struct op *o;

	for (uint32_t i = 0; i < (uint32_t)s->old_boxes; i++) {
		const struct bpf_box *from = &all[boxes_first(s->old_boxes) + i];
		enum fate f = box_fate(x, s, from, &o);
		if (f == DROP || f == GONE)
			continue;
		__atomic_fetch_add(&to->entry.packets, from->entry.packets,
			__ATOMIC_RELAXED);
		__atomic_fetch_add(&to->entry.bytes, from->entry.bytes,
			__ATOMIC_RELAXED);
		to++;
	}
}

void txn_boxes_settle(struct txn *x)
{
	for (struct subject *s = x->touched; s; s = s->next) {
		if (s->rebox) {
			boxes_recount(x, s);
			arena_give(&x->s->arena, boxes_first(s->old_boxes),
				(uint32_t)s->old_boxes, true);
		} else if (s->first_box) {
			boxes_renew(x, s);
		}
	}
}
