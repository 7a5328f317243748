// SPDX-License-Identifier: GPL-2.0-or-later
/* asked - which addresses of this gateway stand for it where a question for names that was
 * put to somebody else is redirected to it. Any of those that are bound to it will do: what
 * a device may ask of it, it may at all of them. */
#include <string.h>

#include "base/log.h"
#include "enforce/bpf/txn_priv.h"

static bool is_gateway(const struct enforce_state *s, const struct bpf_mac *mac)
{
	struct subject_key k = {.is_mac = 1};

	memcpy(&k.addr, mac, sizeof *mac);
	const struct subject *x = subjects_find(&s->subjects, &k);
	return x && x->flags & BPF_GATEWAY;
}

static bool is_concerned(const struct txn *x)
{
	struct key k;

	for (size_t i = 0; i < x->count; i++) {
		if (x->ops[i].dead || x->ops[i].table != KEY_BOUND)
			continue;
		txn_key(x, i, &k);
		if (is_gateway(x->s, &k.bound.mac))
			return true;
	}
	return x->t->sync;
}

struct looking {
	const struct enforce_state *s;
	struct bpf_addr lowest[2];
	bool found[2];
};

static int bound_visit(const void *key, const void *value, void *ctx)
{
	const struct bpf_bound *b = key;
	struct looking *l = ctx;

	(void)value;
	if (!is_gateway(l->s, &b->mac))
		return 0;
	bool six = key_to_addr(&b->addr).family == 6;
	if (!l->found[six] || memcmp(&b->addr, &l->lowest[six], sizeof b->addr) < 0)
		l->lowest[six] = b->addr;
	l->found[six] = true;
	return 0;
}

/* A question that meets half of it is refused, and asked again. */
void txn_asked_settle(const struct txn *x)
{
	struct bpf_settings *all = x->s->datapath.settings;
	struct looking l = {.s = x->s};

	if (!is_concerned(x))
		return;
	if (map_read(x->s->datapath.maps[DATAPATH_BOUND], sizeof(struct bpf_bound),
		    sizeof(uint8_t), bound_visit, &l)) {
		log_warn("bpf", "which addresses the gateway has cannot be read: questions to "
				"other resolvers are refused until it is told again");
		memset(l.lowest, 0, sizeof l.lowest);
	}
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < 4; k++)
			__atomic_store_n(&all->asked[i].w[k], l.lowest[i].w[k],
				__ATOMIC_RELAXED);
}
