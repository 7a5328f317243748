// SPDX-License-Identifier: GPL-2.0-or-later
/* collect - from time to time: entries that have expired go, and then the numbers of
 * subjects that have nothing left. Packets look at the expiry themselves; this is for
 * the room. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "enforce/bpf/txn_priv.h"

/* Expired entries stay for so long, for an answer that renews them just now. */
#define EXPIRED_NS (60ULL * NS_PER_SEC)

struct collecting {
	struct enforce_state *s;
	uint64_t now;
	bool in_use[BPF_SUBJECTS_MAX];
	struct list gone; /* struct bpf_exact */
	uint32_t kind;
};

static int policy_visit(const void *raw, const void *value, void *ctx)
{
	const struct bpf_exact *x = raw;
	const struct bpf_entry *v = value;
	struct collecting *c = ctx;

	if (x->subject >= BPF_SUBJECTS_MAX)
		return 0;
	if (!v->until || v->until + EXPIRED_NS > c->now) {
		c->in_use[x->subject] = true;
		return 0;
	}
	struct bpf_exact *gone = list_add(&c->gone, sizeof *gone);
	if (!gone)
		return -ENOMEM;
	*gone = *x;
	return 0;
}

static int ether_visit(const void *raw, const void *value, void *ctx)
{
	const struct bpf_ether *x = raw;
	struct collecting *c = ctx;

	(void)value;
	if (x->subject < BPF_SUBJECTS_MAX)
		c->in_use[x->subject] = true;
	return 0;
}

/* An answer may have renewed it since we looked: then it is put back. */
static void policy_remove(struct collecting *c, const struct bpf_exact *x)
{
	int fd = c->s->datapath.maps[DATAPATH_POLICY];
	struct bpf_entry v;

	if (bpf_map_lookup_and_delete_elem(fd, x, &v))
		return;
	if (v.until + EXPIRED_NS > c->now)
		(void)bpf_map_update_elem(fd, x, &v, BPF_NOEXIST);
	else if (v.learned)
		__atomic_fetch_sub(&c->s->datapath.subjects[x->subject].learned, 1,
			__ATOMIC_RELAXED);
}

static bool subject_is_idle(const struct collecting *c, const struct subject *s)
{
	const struct bpf_subject *b = &c->s->datapath.subjects[s->number];

	return !s->flags && !s->names && !(uint32_t)b->boxes && !c->in_use[s->number];
}

struct refused_gone {
	struct collecting *c;
	struct list keys;
};

static int refused_visit(const void *raw, const void *value, void *ctx)
{
	const struct bpf_refused *r = raw;
	struct refused_gone *g = ctx;

	(void)value;
	if (r->subject == BPF_OTHERS || r->subject >= BPF_SUBJECTS_MAX ||
		g->c->s->subjects.by_number[r->subject])
		return 0;
	struct bpf_refused *gone = list_add(&g->keys, sizeof *gone);
	if (!gone)
		return -ENOMEM;
	*gone = *r;
	return 0;
}

/* Nothing in the kernel may have the number of one that is gone: its flows are ended by
 * the sweep, as its policy is empty. */
static int numbers_clean(struct collecting *c)
{
	struct refused_gone g = {.c = c};
	int fd = c->s->datapath.maps[DATAPATH_REFUSED];
	int e;

	datapath_sweep(&c->s->datapath, BPF_NO_SUBJECT);
	e = map_read(fd, sizeof(struct bpf_refused), sizeof(struct bpf_refused_value),
		refused_visit, &g);
	for (size_t i = 0; i < g.keys.count && !e; i++)
		(void)bpf_map_delete_elem(fd, (struct bpf_refused *)g.keys.items + i);
	free(g.keys.items);
	return e;
}

static void subjects_leave(struct collecting *c)
{
	bool left = false;

	for (uint32_t n = 0; n < BPF_SUBJECTS_MAX; n++) {
		struct subject *s = c->s->subjects.by_number[n];
		struct bpf_subject *b = &c->s->datapath.subjects[n];
		if (!s || !subject_is_idle(c, s))
			continue;
		(void)bpf_map_delete_elem(c->s->datapath.maps[s->key.is_mac
				? DATAPATH_MACS : DATAPATH_ADDRS], &s->key.addr);
		uint32_t epoch = b->epoch + 1;
		subjects_remove(&c->s->subjects, s, true);
		*b = (struct bpf_subject){.epoch = epoch};
		left = true;
	}
	if (left && !numbers_clean(c))
		subjects_reuse(&c->s->subjects);
}

void collect(struct enforce_state *s)
{
	struct collecting *c = calloc(1, sizeof *c);
	struct timespec t;

	if (!c)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	c->s = s;
	c->now = (uint64_t)t.tv_sec * NS_PER_SEC;
	int e = map_read(s->datapath.maps[DATAPATH_POLICY], sizeof(struct bpf_exact),
		sizeof(struct bpf_entry), policy_visit, c);
	const struct bpf_exact *gone = c->gone.items;
	for (size_t i = 0; i < c->gone.count && !e; i++)
		policy_remove(c, &gone[i]);
	if (!e)
		e = map_read(s->datapath.maps[DATAPATH_ETHERS], sizeof(struct bpf_ether),
			sizeof(struct bpf_entry), ether_visit, c);
	if (!e)
		subjects_leave(c);
	free(c->gone.items);
	free(c);
}
