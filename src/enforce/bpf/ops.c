// SPDX-License-Identifier: GPL-2.0-or-later
/* ops - the changes of a transaction, found by key, and what the kernel has of them. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "enforce/bpf/txn_priv.h"

/* Above so many changes reading a whole map, which is going through all its buckets, is
 * cheaper than asking for each. */
#define LOOK_WHOLE 32768

void *list_add(struct list *l, size_t size)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 16;
		void *items = realloc(l->items, room * size);
		if (!items)
			return NULL;
		l->items = items;
		l->room = room;
	}
	return memset((char *)l->items + l->count++ * size, 0, size);
}

int txn_refuse(const struct txn *x, int e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(x->s->refusal, sizeof x->s->refusal, format, args);
	va_end(args);
	return e;
}

/* The clock that the kernel's program reads, too. */
static uint64_t now_coarse(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

bool txn_is_add(const struct txn *x, size_t op)
{
	return !x->t->changes[op].remove;
}

void txn_key(const struct txn *x, size_t op, struct key *ret)
{
	key_from_element(&x->t->changes[op].element, x->ops[op].subject, ret);
}

uint64_t txn_until(const struct txn *x, const struct op *o)
{
	uint32_t timeout = x->t->changes[o - x->ops].element.timeout_s;

	return timeout ? x->now + timeout * (uint64_t)NS_PER_SEC : 0;
}

struct subject *txn_subject(const struct txn *x, uint32_t number)
{
	return number < BPF_SUBJECTS_MAX ? x->s->subjects.by_number[number] : NULL;
}

struct subject *txn_touch(struct txn *x, struct subject *s)
{
	if (s && !s->listed) {
		s->listed = true;
		s->want = s->flags;
		s->next = x->touched;
		x->touched = s;
	}
	return s;
}

/* What a table's keys have; behind it all is zero. */
static size_t key_len(uint32_t table)
{
	static const uint8_t lens[] = {[KEY_BOUND] = sizeof(struct bpf_bound),
		[KEY_EXACT] = sizeof(struct bpf_exact), [KEY_ETHER] = sizeof(struct bpf_ether)};

	return table <= KEY_ETHER ? offsetof(struct key, bound) + lens[table]
				  : sizeof(struct key);
}

static uint32_t key_hash(const struct txn *x, const struct key *k)
{
	return (uint32_t)hash_bytes(&x->s->subjects.table.key, k, key_len(k->table));
}

static size_t slot_op(uint64_t slot)
{
	return (uint32_t)slot - 1;
}

/* The slot of this key, or the empty one where it belongs. */
static uint64_t *slot_of(const struct txn *x, const struct key *k, uint32_t hash)
{
	struct key other;
	uint32_t i = hash & x->mask;

	for (; x->slots[i]; i = (i + 1) & x->mask) {
		if (x->slots[i] >> 32 != hash)
			continue;
		txn_key(x, slot_op(x->slots[i]), &other);
		if (!memcmp(&other, k, sizeof other))
			break;
	}
	return &x->slots[i];
}

struct op *txn_find(const struct txn *x, const struct key *k)
{
	uint64_t slot = *slot_of(x, k, key_hash(x, k));

	return slot ? &x->ops[slot_op(slot)] : NULL;
}

/* Its number; a subject that nobody has heard of is made only to be given something. */
static int op_subject(struct txn *x, size_t op)
{
	struct subjects *all = &x->s->subjects;
	struct subject_key k;

	if (!key_subject(&x->t->changes[op].element, &k))
		return 0;
	struct subject *s = subjects_find(all, &k);
	if (!s && !txn_is_add(x, op)) {
		x->ops[op].dead = true;
		return 0;
	}
	if (!s) {
		int e = subjects_add(all, &k, 0, &s);
		if (e == CARDEA_ELIMIT)
			return txn_refuse(x, -ENOSPC, "%d devices and addresses are all "
				"there is room for", BPF_SUBJECTS_MAX - 1);
		if (e)
			return e;
		e = datapath_reach_subjects(&x->s->datapath, s->number + 1);
		if (e) {
			subjects_remove(all, s, false);
			return e;
		}
		s->fresh = true;
	}
	x->ops[op].subject = txn_touch(x, s)->number;
	return 0;
}

static int op_add(struct txn *x, size_t op)
{
	struct op *o = &x->ops[op];
	struct key k;
	/* what no packet has (RFC 4291 2.5.5.2) would be its IPv4 address */
	o->dead = key_is_mapped(&x->t->changes[op].element);
	int e = o->dead ? 0 : op_subject(x, op);
	if (e || o->dead)
		return e;
	txn_key(x, op, &k);
	o->table = (uint8_t)k.table;
	/* a number that is given out just now has nothing yet: subjects_reuse */
	const struct subject *s = txn_subject(x, o->subject);
	o->unknown = k.table <= KEY_ETHER && !(s && s->fresh);
	if (o->unknown)
		x->unknown[k.table]++;
	uint32_t hash = key_hash(x, &k);
	uint64_t *slot = slot_of(x, &k, hash);
	if (*slot)
		x->ops[slot_op(*slot)].dead = true;
	*slot = (uint64_t)hash << 32 | (uint32_t)(op + 1);
	return 0;
}

static void forget_subjects(struct txn *x, const struct message_forget *m)
{
	struct subject_key k = key_of_mac(&m->mac);
	struct subject *s = txn_touch(x, subjects_find(&x->s->subjects, &k));

	if (s)
		s->forgotten = s->lost = true;
	for (unsigned i = 0; i < m->addrs.count; i++) {
		k = key_of_addr(&m->addrs.addrs[i]);
		s = txn_touch(x, subjects_find(&x->s->subjects, &k));
		if (s)
			s->forgotten = s->lost = true;
	}
}

int txn_begin(struct txn *x, struct enforce_state *s, const struct enforce_txn *t)
{
	uint32_t slots = 16;

	while (slots < 2 * t->change_count)
		slots *= 2;
	*x = (struct txn){.s = s, .t = t, .count = t->change_count, .mask = slots - 1,
		.now = now_coarse()};
	x->ops = calloc(x->count + 1, sizeof *x->ops);
	x->slots = calloc(slots, sizeof *x->slots);
	int e = x->ops && x->slots ? 0 : -ENOMEM;
	for (size_t i = 0; i < x->count && !e; i++)
		e = op_add(x, i);
	for (size_t i = 0; i < t->forget_count && !e; i++)
		forget_subjects(x, &t->forgets[i]);
	return e;
}

void txn_free(struct txn *x)
{
	for (struct subject *s = x->touched, *next; s; s = next) {
		next = s->next;
		s->listed = s->fresh = s->lost = s->forgotten = false;
		s->rebox = s->named = false;
		s->first_box = 0;
	}
	free(x->ops);
	free(x->slots);
	free(x->stale.items);
	free(x->undo.items);
}

/* ---- what the kernel has ---- */

/* Names and boxes have rules of their own. */
static const struct {
	enum datapath_map map;
	size_t key_size, value_size;
} tables[] = {
	[KEY_BOUND] = {DATAPATH_BOUND, sizeof(struct bpf_bound), 1},
	[KEY_EXACT] = {DATAPATH_POLICY, sizeof(struct bpf_exact),
		sizeof(struct bpf_entry)},
	[KEY_ETHER] = {DATAPATH_ETHERS, sizeof(struct bpf_ether),
		sizeof(struct bpf_entry)},
	[KEY_NAME] = {DATAPATH_NAMES, sizeof(struct bpf_name),
		sizeof(struct bpf_openings)},
};

int txn_map(const struct txn *x, uint32_t table)
{
	return x->s->datapath.maps[tables[table].map];
}

struct looking {
	struct txn *x;
	enum key_table table;
};

/* It is there; an exact entry keeps its counts, and may get another end. */
static int op_found(struct txn *x, struct op *o, const struct key *k, const void *value)
{
	const struct bpf_entry *old = value;
	uint64_t until = txn_until(x, o);

	o->there = true;
	o->same = k->table != KEY_EXACT || (!until && !old->until && !old->learned);
	if (o->same || !txn_is_add(x, (size_t)(o - x->ops)))
		return 0;
	struct undo *u = list_add(&x->undo, sizeof *u);
	if (!u)
		return -ENOMEM;
	u->table = k->table;
	u->existed = true;
	memcpy(u->key, &k->exact, sizeof k->exact);
	memcpy(u->value, old, sizeof *old);
	o->more = (uint32_t)x->undo.count;
	return 0;
}

static int stale_add(struct txn *x, const struct key *k)
{
	struct key *stale = list_add(&x->stale, sizeof *stale);

	if (!stale)
		return -ENOMEM;
	*stale = *k;
	return 0;
}

/* One entry of the kernel that may be named by the transaction, or has to go. */
static int look_at(const struct looking *l, const void *raw, const void *value,
	const struct key_opening *opening)
{
	struct txn *x = l->x;
	struct key k = {.table = l->table};
	const struct bpf_entry *entry = l->table == KEY_EXACT ? value : NULL;

	memcpy(&k.bound, raw, tables[l->table].key_size);
	if (opening)
		k.name.opening = *opening;
	k.subject = l->table == KEY_EXACT   ? k.exact.subject
		    : l->table == KEY_ETHER ? k.ether.subject
		    : l->table == KEY_NAME  ? k.name.name.subject
					    : 0;
	const struct subject *s = txn_subject(x, k.subject);
	if (entry && !x->t->sync && !(s && s->listed))
		return 0;
	struct op *o = txn_find(x, &k);
	if (o)
		return op_found(x, o, &k, value);
	if (!entry || !entry->until)
		return x->t->sync ? stale_add(x, &k) : 0;
	return s && s->forgotten ? stale_add(x, &k) : 0;
}

static int look_visit(const void *raw, const void *value, void *ctx)
{
	const struct looking *l = ctx;
	const struct bpf_openings *all = value;
	int e = 0;

	if (l->table != KEY_NAME)
		return look_at(l, raw, value, NULL);
	for (uint32_t i = 0; i < all->count && i < BPF_OPENINGS_MAX && !e; i++)
		e = look_at(l, raw, value, (const void *)&all->openings[i]);
	return e;
}

static int look_whole(struct txn *x, enum key_table t)
{
	struct looking l = {x, t};

	return map_read(txn_map(x, t), tables[t].key_size,
		tables[t].value_size, look_visit, &l);
}

static int look_one(struct txn *x, size_t op)
{
	union {
		struct bpf_entry entry;
		uint8_t bound;
	} value;
	struct key k;

	txn_key(x, op, &k);
	int e = bpf_map_lookup_elem(txn_map(x, k.table), &k.bound,
		&value);
	if (e)
		return e == -ENOENT ? 0 : e;
	return op_found(x, &x->ops[op], &k, &value);
}

/* Entries with an end that nobody names: those that answers made are counted. From here
 * on the others are those which the transaction puts there, see txn_drop. */
static bool forget_walks(const struct txn *x)
{
	bool walks = false;

	for (struct subject *s = x->touched; s; s = s->next) {
		if (!s->forgotten)
			continue;
		walks |= s->timed || __atomic_load_n(
			&x->s->datapath.subjects[s->number].learned, __ATOMIC_ACQUIRE);
		s->timed = false;
	}
	return walks;
}

int txn_look(struct txn *x)
{
	int e = x->t->sync ? look_whole(x, KEY_NAME) : 0;

	for (enum key_table t = KEY_BOUND; t <= KEY_ETHER && !e; t++) {
		bool whole = x->t->sync || x->unknown[t] > LOOK_WHOLE ||
			     (t == KEY_EXACT && forget_walks(x));
		e = whole ? look_whole(x, t) : 0;
		for (size_t i = 0; i < x->count && x->unknown[t] && !whole && !e; i++) {
			const struct op *o = &x->ops[i];
			if (o->table == t && o->unknown && !o->dead)
				e = look_one(x, i);
		}
	}
	return e;
}
