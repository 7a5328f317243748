// SPDX-License-Identifier: GPL-2.0-or-later
/* txn - one transaction on its way into the maps. What it adds comes first and can be
 * undone; from the point on where it takes anything away nothing can fail. */
#ifndef CARDEA_ENFORCE_BPF_TXN_PRIV_H
#define CARDEA_ENFORCE_BPF_TXN_PRIV_H

#include "enforce/bpf/maps_priv.h"

/* One change of the transaction, by its number there. */
struct op {
	uint32_t subject;
	uint32_t more; /* exact: its old value, + 1 in undo; box: the next of the subject */
	uint8_t table; /* enum key_table */
	bool dead : 1;	  /* a later one has the same key */
	bool unknown : 1; /* the kernel may have the key */
	bool there : 1;	  /* it has it */
	bool same : 1;	  /* ... just so */
	bool done : 1;	  /* it has been added */
};

/* An entry as it was before. */
struct undo {
	uint32_t table;
	bool existed;
	char key[MAP_KEY_MAX];
	char value[MAP_VALUE_MAX];
};

struct list {
	void *items;
	size_t count, room;
};

struct txn {
	struct enforce_state *s;
	const struct enforce_txn *t;
	struct op *ops;
	size_t count, unknown[KEY_ETHER + 1];
	uint64_t *slots; /* hash table: the hash of its key above, op + 1 below */
	uint32_t mask;
	struct subject *touched;
	struct list stale; /* struct key: what goes though nobody named it */
	struct list undo;  /* struct undo */
	uint64_t now;
	bool swapped;
};

/* Notes what has no room, for one line in the log; returns e. -ENOSPC: what has expired
 * may make some. */
int txn_refuse(const struct txn *x, int e, const char *format, ...) CARDEA_PRINTF(3, 4);
/* A new last item, zeroed; NULL without memory. */
void *list_add(struct list *l, size_t size);

/* ops.c */
int txn_begin(struct txn *x, struct enforce_state *s,
	const struct enforce_txn *t) CARDEA_MUSTCHECK;
void txn_free(struct txn *x);
bool txn_is_add(const struct txn *x, size_t op);
void txn_key(const struct txn *x, size_t op, struct key *ret);
/* The change that has the last word on this key. */
struct op *txn_find(const struct txn *x, const struct key *k);
uint64_t txn_until(const struct txn *x, const struct op *o);
struct subject *txn_touch(struct txn *x, struct subject *s);
int txn_map(const struct txn *x, uint32_t table); /* of a key's table: its map */
struct subject *txn_subject(const struct txn *x, uint32_t number);
/* What the kernel has of all this. */
int txn_look(struct txn *x) CARDEA_MUSTCHECK;

/* boxes.c */
int txn_boxes(struct txn *x) CARDEA_MUSTCHECK; /* written, but not yet in force */
void txn_boxes_swap(struct txn *x, bool back);
void txn_boxes_settle(struct txn *x); /* after the sweep */

/* names.c: the names and their openings */
int txn_name_add(struct txn *x, const struct key *k) CARDEA_MUSTCHECK;
void txn_name_remove(struct txn *x, const struct key *k);

/* flags.c */
void txn_flags_want(struct txn *x);
int txn_flags_write(const struct txn *x, bool old);
bool txn_flags_settle(struct txn *x); /* true: an address has got an owner, or a rate */

int txn_stage(struct txn *x) CARDEA_MUSTCHECK; /* or nothing */
void txn_drop(struct txn *x); /* the subjects that it has made */

/* apply.c */
int txn_locals_room(struct txn *x) CARDEA_MUSTCHECK;

/* asked.c: the gateway's addresses, when it may have got others */
void txn_asked_settle(const struct txn *x);
void txn_apply(struct txn *x);

#endif
