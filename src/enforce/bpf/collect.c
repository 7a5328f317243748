// SPDX-License-Identifier: GPL-2.0-or-later
/* collect - from time to time the numbers of subjects that have nothing left are given
 * back; expired entries are the sweep's. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "enforce/bpf/txn_priv.h"

struct collecting {
	struct enforce_state *s;
	bool in_use[BPF_SUBJECTS_MAX];
	struct list refused; /* struct bpf_refused of those who are gone */
};

/* The key of each table begins with its subject. */
static int use_visit(const void *key, const void *value, void *ctx)
{
	const uint32_t *subject = key;
	struct collecting *c = ctx;

	(void)value;
	if (*subject < BPF_SUBJECTS_MAX)
		c->in_use[*subject] = true;
	return 0;
}

_Static_assert(!offsetof(struct bpf_exact, subject) &&
		       !offsetof(struct bpf_ether, subject) &&
		       !offsetof(struct bpf_refused, subject),
	"see use_visit");

static bool subject_is_idle(const struct collecting *c, const struct subject *s)
{
	const struct bpf_subject *b = &c->s->datapath.subjects[s->number];

	/* It pays for its flows until they are gone, also for those that have ended. */
	return !s->flags && !s->names && !(uint32_t)b->boxes && !b->flows &&
	       !b->queries && !c->in_use[s->number];
}

static int refused_visit(const void *raw, const void *value, void *ctx)
{
	const struct bpf_refused *r = raw;
	struct collecting *c = ctx;

	(void)value;
	if (r->subject == BPF_OTHERS || r->subject >= BPF_SUBJECTS_MAX ||
		c->s->subjects.by_number[r->subject])
		return 0;
	struct bpf_refused *gone = list_add(&c->refused, sizeof *gone);
	if (!gone)
		return -ENOMEM;
	*gone = *r;
	return 0;
}

/* Nothing in the kernel may have the number of one that is gone: its flows are ended by
 * the sweep, as its policy is empty. */
static int numbers_clean(struct collecting *c)
{
	int fd = c->s->datapath.maps[DATAPATH_REFUSED];

	datapath_sweep(&c->s->datapath, BPF_NO_SUBJECT);
	int e = map_read(fd, sizeof(struct bpf_refused), sizeof(struct bpf_refused_value),
		refused_visit, c);
	for (size_t i = 0; i < c->refused.count && !e; i++)
		(void)bpf_map_delete_elem(fd, (struct bpf_refused *)c->refused.items + i);
	free(c->refused.items);
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

	if (!c)
		return;
	c->s = s;
	datapath_sweep(&s->datapath, BPF_NO_SUBJECT);
	int e = map_read(s->datapath.maps[DATAPATH_POLICY], sizeof(struct bpf_exact),
		sizeof(struct bpf_entry), use_visit, c);
	if (!e)
		e = map_read(s->datapath.maps[DATAPATH_ETHERS], sizeof(struct bpf_ether),
			sizeof(struct bpf_entry), use_visit, c);
	if (!e)
		subjects_leave(c);
	free(c);
}
