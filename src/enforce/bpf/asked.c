// SPDX-License-Identifier: GPL-2.0-or-later
/* asked - which address of this gateway stands for it where a question for names that was
 * put to somebody else is redirected to it. Any that is bound to it will do: what a device
 * may ask of it, it may at all of them. */
#include <string.h>

#include "enforce/bpf/txn_priv.h"

struct looking {
	const struct enforce_state *s;
	struct bpf_addr asked[2];
};

static bool is_gateway(const struct enforce_state *s, const struct bpf_mac *mac)
{
	struct subject_key k = {.is_mac = 1};

	memcpy(&k.addr, mac, sizeof *mac);
	const struct subject *x = subjects_find(&s->subjects, &k);
	return x && x->flags & BPF_GATEWAY;
}

static int bound_visit(const void *key, const void *value, void *ctx)
{
	const struct bpf_bound *b = key;
	struct looking *l = ctx;

	(void)value;
	if (is_gateway(l->s, &b->mac))
		l->asked[key_to_addr(&b->addr).family == 6] = b->addr;
	return 0;
}

/* Where it cannot be read, nobody is redirected. So it is with who meets half an address. */
void txn_asked_settle(const struct txn *x)
{
	struct looking l = {.s = x->s};
	bool concerned = x->t->sync;
	struct key k;

	for (size_t i = 0; i < x->count && !concerned; i++) {
		if (x->ops[i].table != KEY_BOUND)
			continue;
		txn_key(x, i, &k);
		concerned = is_gateway(x->s, &k.bound.mac);
	}
	if (concerned && map_read(x->s->datapath.maps[DATAPATH_BOUND], sizeof(struct bpf_bound),
				 sizeof(uint8_t), bound_visit, &l))
		memset(l.asked, 0, sizeof l.asked);
	for (unsigned i = 0; i < 8 && concerned; i++)
		__atomic_store_n(&x->s->datapath.settings->asked[i / 4].w[i % 4],
			l.asked[i / 4].w[i % 4], __ATOMIC_RELAXED);
}
