// SPDX-License-Identifier: GPL-2.0-or-later
/* backend - the BPF back end as the enforcer sees it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include "base/log.h"
#include "enforce/bpf/txn_priv.h"
#include "enforce/conntrack.h"
#include "model/name_hash.h"

#define SWEEP_EVERY (5 * NS_PER_SEC)
#define COLLECT_EACH 12 /* sweeps: a minute */
#define TRIM_ABOVE 256	/* changes */
#define COUNT_PARTS 2
/* Looks that may find a port uncovered, which may just be going away: then the enforcer
 * ends, and its next start finds a back end that covers all. */
#define UNCOVERED_MAX 2

/* ---- transactions ---- */

static int commit_once(struct enforce_state *s, const struct enforce_txn *t)
{
	struct txn x;
	int e = txn_begin(&x, s, t);

	if (!e)
		e = txn_look(&x);
	if (!e)
		e = txn_stage(&x);
	else
		txn_drop(&x);
	if (!e)
		txn_apply(&x);
	txn_free(&x);
	return e;
}

static int bpf_commit(struct enforce_state *s, const struct enforce_txn *t)
{
	s->refusal[0] = '\0';
	int e = commit_once(s, t);
	if (e == -ENOSPC) { /* what has expired makes room */
		collect(s);
		e = commit_once(s, t);
	}
	if (e && s->refusal[0])
		log_error("bpf", "%s: the transaction is refused, the old policy stands",
			s->refusal);
	if (s->ear.loop) /* conversations that it ended leave connection tracking now */
		events_read(s);
	if (t->sync || t->change_count > TRIM_ABOVE)
		malloc_trim(0);
	return e == -ENOSPC ? CARDEA_ELIMIT : e;
}

/* ---- counts ---- */

struct counting {
	struct enforce_state *s;
	enforce_count_visit *each;
	void *ctx;
};

static int count_tell(const struct counting *c, const struct element *e,
	const struct bpf_entry *v)
{
	struct message m;

	if (!v->packets)
		return 0;
	message_from_count(&m, e, v->packets);
	m.count.bytes = v->bytes;
	return c->each(&m, c->ctx);
}

static int count_visit(const void *key, const void *value, void *ctx)
{
	const struct bpf_exact *x = key;
	const struct counting *c = ctx;
	struct element e;

	const struct subject *s = x->subject < BPF_SUBJECTS_MAX
					  ? c->s->subjects.by_number[x->subject]
					  : NULL;
	if (!s)
		return 0;
	key_to_out(&s->key, x, &e);
	return count_tell(c, &e, value);
}

static int count_boxes(const struct counting *c)
{
	const struct datapath *d = &c->s->datapath;
	struct element element;
	int e = 0;

	for (uint32_t n = 0; n < BPF_SUBJECTS_MAX && !e; n++) {
		const struct subject *s = c->s->subjects.by_number[n];
		uint64_t boxes = s ? d->subjects[n].boxes : 0;
		for (uint32_t i = 0; i < (uint32_t)boxes && !e; i++) {
			const struct bpf_box *b = &d->boxes[(boxes >> 32) + i];
			if (b->kind != BPF_BOX_OPENS)
				continue;
			key_to_range(&s->key, b, &element);
			e = count_tell(c, &element, &b->entry);
		}
	}
	return e;
}

static int bpf_count(struct enforce_state *s, unsigned part, enforce_count_visit *each,
	void *ctx)
{
	struct counting c = {s, each, ctx};

	if (part)
		return count_boxes(&c);
	datapath_sweep(&s->datapath, BPF_NO_SUBJECT);
	return map_read(s->datapath.maps[DATAPATH_POLICY], sizeof(struct bpf_exact),
		sizeof(struct bpf_entry), count_visit, &c);
}

/* ---- start ---- */

static int gateways_add(struct enforce_state *s)
{
	int e = 0;

	for (unsigned i = 0; i < s->config->gateway_count && !e; i++) {
		struct subject_key k = key_of_mac(&s->config->gateways[i]);
		struct subject *x;
		e = subjects_add(&s->subjects, &k, 0, &x);
		if (!e)
			e = datapath_reach_subjects(&s->datapath, x->number + 1);
		if (e)
			return e;
		x->flags = BPF_GATEWAY;
		struct bpf_mac_value v = {x->number, x->flags};
		e = bpf_map_update_elem(s->datapath.maps[DATAPATH_MACS], &k.addr, &v,
			BPF_ANY);
	}
	return e;
}

static uint64_t version_of(const struct enforce_config *c)
{
	static const struct hash_key key; /* equal settings, equal versions */

	return hash_bytes(&key, c->lans, sizeof c->lans) ^
	       hash_bytes(&key, c->gateways, sizeof c->gateways);
}

static int settings_begin(struct enforce_state *s)
{
	struct bpf_settings *b = s->datapath.settings;

	if (getrandom(b->name_key, sizeof b->name_key, 0) != sizeof b->name_key)
		return -errno;
	b->name_key[0] |= 1; /* both 0 would mean: none */
	b->abi = BPF_ABI;
	b->version = version_of(s->config);
	return gateways_add(s);
}

static int subject_adopt(struct enforce_state *s, const struct subject_key *k,
	const struct bpf_mac_value *v)
{
	struct subject *x;
	int e = subjects_add(&s->subjects, k, v->subject, &x);

	if (e || !v->subject)
		return e ? e : CARDEA_EMALFORMED;
	x->flags = v->flags;
	e = datapath_reach_subjects(&s->datapath, v->subject + 1);
	if (e)
		return e;
	uint64_t boxes = s->datapath.subjects[v->subject].boxes;
	e = arena_mark(&s->arena, (uint32_t)(boxes >> 32), (uint32_t)boxes);
	return e ? e : datapath_reach_boxes(&s->datapath,
		(uint32_t)(boxes >> 32) + (uint32_t)boxes);
}

static int mac_visit(const void *key, const void *value, void *ctx)
{
	struct subject_key k = {.is_mac = 1};

	memcpy(&k.addr, key, sizeof(struct bpf_mac));
	return subject_adopt(ctx, &k, value);
}

static int addr_visit(const void *key, const void *value, void *ctx)
{
	struct subject_key k = {.is_mac = 0};

	memcpy(&k.addr, key, sizeof k.addr);
	return subject_adopt(ctx, &k, value);
}

static int name_visit(const void *key, const void *value, void *ctx)
{
	const struct bpf_name *n = key;
	struct enforce_state *s = ctx;

	(void)value;
	if (n->subject < BPF_SUBJECTS_MAX && s->subjects.by_number[n->subject])
		s->subjects.by_number[n->subject]->names++;
	return 0;
}

static int settings_adopt(struct enforce_state *s)
{
	const int *maps = s->datapath.maps;
	int e = map_read(maps[DATAPATH_MACS], sizeof(struct bpf_mac),
		sizeof(struct bpf_mac_value), mac_visit, s);

	if (!e)
		e = map_read(maps[DATAPATH_ADDRS], sizeof(struct bpf_addr),
			sizeof(struct bpf_addr_value), addr_visit, s);
	if (!e)
		e = map_read(maps[DATAPATH_NAMES], sizeof(struct bpf_name),
			sizeof(struct bpf_openings), name_visit, s);
	subjects_reuse(&s->subjects);
	return e;
}

struct finding {
	uint64_t version;
	uint32_t newest;
	int *maps;
};

/* Of several generations the newest: one may have died while it replaced another. */
static int found_visit(uint32_t ifindex, const uint32_t ids[DATAPATH_SIDES], void *ctx)
{
	struct finding *f = ctx;
	int maps[DATAPATH_MAP_MAX];

	(void)ifindex;
	if (ids[DATAPATH_EGRESS] <= f->newest || !datapath_find(ids, f->version, maps))
		return 0;
	f->newest = ids[DATAPATH_EGRESS];
	maps_close(f->maps);
	memcpy(f->maps, maps, sizeof maps);
	return 0;
}

static int open_datapath(struct enforce_state *s, bool *ret_kept)
{
	int maps[DATAPATH_MAP_MAX];
	struct finding f = {version_of(s->config), 0, maps};

	memset(maps, -1, sizeof maps);
	int e = ports_find(&s->ports, found_visit, &f);
	bool kept = maps[0] >= 0;
	if (!e)
		e = datapath_load(&s->datapath, maps);
	maps_close(maps);
	if (!e)
		e = kept ? settings_adopt(s) : settings_begin(s);
	if (!e)
		s->datapath.settings->redirect = s->config->dns_redirect;
	if (!e)
		e = events_open(s);
	*ret_kept = kept;
	return e;
}

static void bpf_close(struct enforce_state *s)
{
	if (!s)
		return;
	loop_unwatch(&s->ports_fd);
	loop_unwatch(&s->ring_fd);
	loop_disarm(&s->sweep);
	loop_disarm(&s->again);
	loop_disarm(&s->look);
	ring_buffer__free(s->ring);
	conntrack_close(s->conntrack);
	datapath_close(&s->datapath);
	ports_close(&s->ports);
	subjects_free(&s->subjects);
	free(s);
}

static int bpf_remove(struct enforce_state *s)
{
	/* or the watch would put back what it sees going */
	loop_unwatch(&s->ports_fd);
	s->removed = true;
	return ports_clear(&s->ports, false);
}

/* The owner wants no other, also where a port refuses; the engine is told which. */
static bool is_forced(const struct enforce_config *c)
{
	return !strcmp(c->backend, enforce_backend_bpf.name);
}

static int bpf_open(const struct enforce_config *c, struct enforce_state **ret_state,
	struct enforce_opened *ret_opened)
{
	struct enforce_state *s = calloc(1, sizeof *s);
	bool kept = false;
	int e = s ? 0 : -ENOMEM;

	if (e)
		return e;
	s->config = c;
	datapath_quiet();
	datapath_init(&s->datapath);
	e = subjects_init(&s->subjects);
	if (!e)
		e = ports_open(&s->ports);
	if (!e)
		e = open_datapath(s, &kept);
	if (!e) {
		e = ports_follow(&s->ports, c, &s->datapath, &s->ear);
		if (e && is_forced(c) && ports_covered(&s->ports))
			e = 0;
		if (!e)
			e = ports_clear(&s->ports, true);
		/* What an earlier run has left holds until nft knows all. */
		if (e && !kept)
			(void)bpf_remove(s);
	}
	if (e) {
		bpf_close(s);
		return e;
	}
	*ret_opened = (struct enforce_opened){.kept = kept, .lacks = "",
		.name_key = {s->datapath.settings->name_key[0],
			s->datapath.settings->name_key[1]}};
	malloc_trim(0); /* of libbpf */
	*ret_state = s;
	return 0;
}

/* ---- in the loop ---- */

static void on_sweep(struct loop_timer *t)
{
	struct enforce_state *s = t->ctx;

	arena_turn(&s->arena);
	datapath_sweep(&s->datapath, BPF_NO_SUBJECT);
	if (++s->sweeps % COLLECT_EACH == 0)
		collect(s);
	loop_arm(s->ear.loop, t, SWEEP_EVERY);
}

static int bpf_check(struct enforce_state *s)
{
	if (s->removed)
		return 0;
	int e = ports_follow(&s->ports, s->config, &s->datapath, &s->ear);
	s->uncovered = e && !is_forced(s->config) ? s->uncovered + 1 : 0;
	return s->uncovered > UNCOVERED_MAX ? -ENOENT : 0;
}

static void on_ports(struct loop_fd *f, uint32_t events)
{
	struct enforce_state *s = f->ctx;

	(void)events;
	if (ports_changed(&s->ports))
		(void)bpf_check(s);
}

static int bpf_start(struct enforce_state *s, const struct enforce_ear *ear)
{
	s->ear = *ear;
	s->sweep = (struct loop_timer){.fire = on_sweep, .ctx = s};
	loop_arm(ear->loop, &s->sweep, SWEEP_EVERY);
	s->ports_fd = (struct loop_fd){
		.fd = ports_fd(&s->ports), .ready = on_ports, .ctx = s};
	int e = loop_watch(ear->loop, &s->ports_fd, EPOLLIN);
	return e ? e : events_start(s);
}

static void bpf_greet(struct enforce_state *s)
{
	ports_tell(&s->ports, &s->ear);
}

static int bpf_clear(void)
{
	struct ports p = {0};

	datapath_quiet();
	int e = ports_open(&p);

	if (!e)
		e = ports_clear(&p, false);
	ports_close(&p);
	return e;
}

const struct enforce_backend enforce_backend_bpf = {
	.name = "bpf",
	.count_parts = COUNT_PARTS,
	.open = bpf_open,
	.start = bpf_start,
	.greet = bpf_greet,
	.commit = bpf_commit,
	.count = bpf_count,
	.check = bpf_check,
	.remove = bpf_remove,
	.clear = bpf_clear,
	.close = bpf_close,
};
