// SPDX-License-Identifier: GPL-2.0-or-later
/* stage - what a transaction adds: entries, then each subject's ranges at once, then who
 * is managed. All of it can be undone, so that a full map leaves the old policy. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/bpf/txn_priv.h"

/* ---- what is new ---- */

static void op_done(uint32_t tag, void *ctx)
{
	((struct txn *)ctx)->ops[tag].done = true;
}

static int stage_op(struct txn *x, size_t op, struct map_batch *b)
{
	struct op *o = &x->ops[op];
	struct bpf_entry entry = {.until = txn_until(x, o)};
	const struct undo *u = x->undo.items;
	struct key k;

	if (o->same)
		return 0;
	txn_key(x, op, &k);
	if (k.table == KEY_NAME)
		return txn_name_add(x, &k);
	if (k.table == KEY_EXACT && entry.until)
		txn_subject(x, k.subject)->timed = true;
	if (o->more && k.table == KEY_EXACT) {
		struct bpf_entry old;
		memcpy(&old, u[o->more - 1].value, sizeof old);
		entry.packets = old.packets;
		entry.bytes = old.bytes;
	}
	uint8_t one = 1;
	return map_batch_add(b, &k.bound, k.table == KEY_BOUND ? (void *)&one : &entry,
		(uint32_t)op);
}

static const char *table_text(enum key_table t)
{
	static const char *const texts[] = {[KEY_BOUND] = "bound addresses",
		[KEY_EXACT] = "permissions", [KEY_ETHER] = "Ethernet types",
		[KEY_NAME] = "names"};

	return texts[t];
}

static int stage_table(struct txn *x, enum key_table t, size_t key_size,
	size_t value_size)
{
	struct map_batch *b = malloc(sizeof *b);

	if (!b)
		return -ENOMEM;
	map_batch_begin(b, txn_map(x, t), key_size, value_size);
	b->done = op_done;
	b->ctx = x;
	int e = 0;
	for (size_t i = 0; i < x->count && !e; i++) {
		if (x->ops[i].table == t && !x->ops[i].dead && txn_is_add(x, i))
			e = stage_op(x, i, b);
	}
	if (!e)
		e = map_batch_flush(b);
	free(b);
	if (e == -E2BIG || e == -ENOMEM)
		return txn_refuse(x, -ENOSPC, "the table of %s is full", table_text(t));
	return e;
}

static int stage_entries(struct txn *x)
{
	int e = stage_table(x, KEY_EXACT, sizeof(struct bpf_exact),
		sizeof(struct bpf_entry));

	if (!e)
		e = stage_table(x, KEY_NAME, sizeof(struct bpf_name),
			sizeof(struct bpf_openings));
	if (!e)
		e = stage_table(x, KEY_ETHER, sizeof(struct bpf_ether),
			sizeof(struct bpf_entry));
	if (!e)
		e = stage_table(x, KEY_BOUND, sizeof(struct bpf_bound), 1);
	return e;
}

/* ---- or nothing ---- */

static void undo_entries(struct txn *x)
{
	struct undo *all = x->undo.items;
	struct key k;

	for (size_t i = 0; i < x->count; i++) {
		if (!x->ops[i].done || x->ops[i].there)
			continue;
		txn_key(x, i, &k);
		(void)bpf_map_delete_elem(txn_map(x, k.table), &k.bound);
	}
	for (size_t i = x->undo.count; i-- > 0;) {
		struct bpf_name *name = (void *)all[i].key;
		if (all[i].existed)
			(void)bpf_map_update_elem(txn_map(x, all[i].table), all[i].key,
				all[i].value, BPF_ANY);
		else
			(void)bpf_map_delete_elem(txn_map(x, all[i].table), all[i].key);
		if (all[i].table == KEY_NAME && !all[i].existed)
			txn_subject(x, name->subject)->names--;
	}
}

void txn_drop(struct txn *x)
{
	struct subject **at = &x->touched;

	while (*at) {
		struct subject *s = *at;
		s->timed |= s->forgotten;
		if (!s->fresh) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		subjects_remove(&x->s->subjects, s, false);
	}
}

int txn_stage(struct txn *x)
{
	int e = txn_locals_room(x);

	if (!e)
		e = stage_entries(x);
	if (!e)
		e = txn_boxes(x);
	if (!e) {
		txn_flags_want(x);
		txn_boxes_swap(x, false);
		e = txn_flags_write(x, false);
	}
	if (!e)
		return 0;
	if (x->swapped)
		(void)txn_flags_write(x, true);
	txn_boxes_swap(x, true);
	undo_entries(x);
	txn_drop(x);
	return e;
}
