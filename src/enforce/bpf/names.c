// SPDX-License-Identifier: GPL-2.0-or-later
/* names - which addresses the kernel may open by itself: a name of a device has up to
 * BPF_OPENINGS_MAX protocols and ports. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "enforce/bpf/txn_priv.h"

static uint32_t opening_find(const struct bpf_openings *all, const struct key *k)
{
	uint32_t i = 0;

	while (i < all->count &&
		memcmp(&all->openings[i], &k->name.opening, sizeof k->name.opening) != 0)
		i++;
	return i;
}

static int names_note(struct txn *x, const struct key *k, const struct bpf_openings *old)
{
	struct undo *u = list_add(&x->undo, sizeof *u);

	if (!u)
		return -ENOMEM;
	u->table = KEY_NAME;
	u->existed = old->count;
	memcpy(u->key, &k->name.name, sizeof k->name.name);
	memcpy(u->value, old, sizeof *old);
	return 0;
}

int txn_name_add(struct txn *x, const struct key *k)
{
	int map = x->s->datapath.maps[DATAPATH_NAMES];
	struct bpf_openings all = {0};
	int e = bpf_map_lookup_elem(map, &k->name.name, &all);

	if (e && e != -ENOENT)
		return e;
	uint32_t at = opening_find(&all, k);
	if (at < all.count)
		return 0;
	if (at == BPF_OPENINGS_MAX)
		return txn_refuse(x, CARDEA_ELIMIT, "more than %d ports of one name",
			BPF_OPENINGS_MAX);
	e = names_note(x, k, &all);
	if (e)
		return e;
	memcpy(&all.openings[at], &k->name.opening, sizeof k->name.opening);
	all.count++;
	e = bpf_map_update_elem(map, &k->name.name, &all, BPF_ANY);
	struct subject *s = txn_subject(x, k->subject);
	if (e)
		x->undo.count--;
	else if (all.count == 1)
		s->names++;
	return e;
}

void txn_name_remove(struct txn *x, const struct key *k)
{
	int map = x->s->datapath.maps[DATAPATH_NAMES];
	struct bpf_openings all = {0};

	if (bpf_map_lookup_elem(map, &k->name.name, &all))
		return;
	uint32_t at = opening_find(&all, k);
	if (at == all.count)
		return;
	memcpy(&all.openings[at], &all.openings[--all.count], sizeof all.openings[at]);
	memset(&all.openings[all.count], 0, sizeof all.openings[at]);
	if (all.count) {
		(void)bpf_map_update_elem(map, &k->name.name, &all, BPF_EXIST);
		return;
	}
	(void)bpf_map_delete_elem(map, &k->name.name);
	struct subject *s = txn_touch(x, txn_subject(x, k->subject));
	if (s && s->names)
		s->names--;
}
