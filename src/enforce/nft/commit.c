// SPDX-License-Identifier: GPL-2.0-or-later
/* commit - the nft backend: a transaction becomes the difference to what the kernel
 * holds, so that it cannot fail on what is there already or gone already. */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <malloc.h>
#include <stdlib.h>

#include "enforce/nft/nft_priv.h"

/* Elements expire, and other programs commit, while we look: look again. */
#define ATTEMPTS_MAX 5
#define TRIM_ABOVE 256 /* changes */

struct enforce_state {
	struct nft_socket socket;
	char version[SKELETON_VERSION_MAX];
};

/* One transaction on its way into one table after the other. */
struct commit {
	struct nft_socket *socket;
	const struct enforce_txn *txn;
	bool flows_only;	   /* the second look of a forget: no changes */
	struct entry_list changes; /* sorted */
	unsigned table;
	uint16_t gone; /* the message that removes an element */
	struct nft_batch batch;
};

static bool is_forgotten(const struct commit *c, const struct entry *e)
{
	if (e->set < NFT_SET_FLOWS4 && !e->timeout_s)
		return false;
	for (size_t i = 0; i < c->txn->forget_count; i++) {
		if (entry_belongs(e, &c->txn->forgets[i]))
			return true;
	}
	return false;
}

/* One element of the kernel: noted when the transaction names just this key. */
static bool is_named(struct commit *c, const struct entry *e)
{
	struct entry *named = entry_list_find(&c->changes, e);

	if (!named)
		return false;
	named->there = true;
	named->packets = e->packets;
	named->same = !e->timeout_s && !named->timeout_s && !named->remove &&
		      e->rate == named->rate;
	return true;
}

/* ... or to go, as it is forgotten or stale. */
static int commit_visit(const struct entry *e, void *ctx)
{
	struct commit *c = ctx;
	bool stale = c->txn->sync && e->set < NFT_SET_FLOWS4 && !e->timeout_s;

	if (!is_named(c, e) && (stale || is_forgotten(c, e)))
		nft_batch_element(&c->batch, c->gone, c->table, e);
	return 0;
}

static int change_visit(const struct entry *e, void *ctx)
{
	(void)is_named(ctx, e);
	return 0;
}

static bool must_look(const struct commit *c, enum nft_set set)
{
	bool forgets = c->txn->forget_count > 0;

	if (set >= NFT_SET_FLOWS4)
		return forgets && set != NFT_SET_PROBE;
	if (c->flows_only)
		return false;
	return c->txn->sync || (forgets && set >= NFT_SET_OUT4);
}

static int commit_look(struct commit *c)
{
	int e = 0;

	for (size_t i = 0; i < c->changes.count; i++) { /* in the table before */
		c->changes.entries[i].there = c->changes.entries[i].same = false;
		c->changes.entries[i].packets = 0;
	}
	for (enum nft_set set = 0; set < NFT_SET_MAX && !e; set++) {
		if (must_look(c, set))
			e = nft_read_set(c->socket, c->table, set, NULL, commit_visit,
				c);
	}
	return e;
}

/* Removals first: what is added may cover what goes. An element is replaced rather
 * than renewed, as kernels before 6.12 keep the old timeout; it takes its count along.
 * So each is looked for, unless the look of a sync or a forget found it. */
static int commit_fill(struct commit *c)
{
	for (size_t i = 0; i < c->changes.count; i++) {
		struct entry *n = &c->changes.entries[i];
		bool known = c->txn->sync || n->there;
		int e = known ? 0 : nft_read_set(c->socket, c->table, n->set, n,
					    change_visit, c);
		if (e)
			return e;
		if (n->there && !n->same)
			nft_batch_element(&c->batch, c->gone, c->table, n);
	}
	for (size_t i = 0; i < c->changes.count; i++) {
		const struct entry *n = &c->changes.entries[i];
		if (!n->remove && !n->same)
			nft_batch_element(&c->batch, NFT_MSG_NEWSETELEM, c->table, n);
	}
	return 0;
}

static int changes_encode(struct commit *c)
{
	size_t count = c->flows_only ? 0 : c->txn->change_count;

	if (!count)
		return 0;
	struct entry *n = calloc(count, 2 * sizeof *n); /* a limit makes two */
	if (!n)
		return -ENOMEM;
	c->changes.entries = n;
	for (size_t i = 0; i < count; i++) {
		if (c->txn->changes[i].element.kind == ELEMENT_NAME)
			continue; /* nft learns nothing */
		entry_from_element(n, &c->txn->changes[i].element);
		n->remove = c->txn->changes[i].remove;
		n->order = (uint32_t)i;
		n++;
		if (!n[-1].rate || n[-1].remove)
			continue;
		*n = n[-1];
		n->set = NFT_LIMITED(n->set);
		n++->rate = 0;
	}
	c->changes.count = (size_t)(n - c->changes.entries);
	entry_list_sort(&c->changes);
	return 0;
}

static int commit_once(struct nft_socket *s, const struct enforce_txn *t,
	bool flows_only)
{
	struct commit c = {.socket = s, .txn = t, .flows_only = flows_only,
		.gone = s->can_destroy ? NFT_DESTROY : NFT_MSG_DELSETELEM};

	nft_batch_begin(&c.batch, s);
	int e = changes_encode(&c);
	for (; c.table < NFT_TABLES && !e; c.table++) {
		e = commit_look(&c);
		if (!e)
			e = commit_fill(&c);
	}
	free(c.changes.entries);
	return nft_batch_finish(&c.batch, e);
}

static int commit_retry(struct nft_socket *s, const struct enforce_txn *t,
	bool flows_only)
{
	int e, attempts = ATTEMPTS_MAX;

	do /* again after errors of a world that moved between look and commit */
		e = commit_once(s, t, flows_only);
	while (--attempts && (e == -EINTR || e == -EAGAIN ||
				     (e == -ENOENT && !s->can_destroy)));
	return e;
}

static int nft_commit(struct enforce_state *s, const struct enforce_txn *t)
{
	int e = commit_retry(&s->socket, t, false);

	/* A packet may have opened a flow between the look and the commit; from now on
	 * none can, so a second look finds the last. */
	if (!e && t->forget_count)
		e = commit_retry(&s->socket, t, true);
	/* A large transaction's memory goes back at once; for one DNS answer the trim
	 * would cost as much as the commit. */
	if (t->sync || t->change_count > TRIM_ABOVE)
		malloc_trim(0);
	return e;
}

struct counting {
	enforce_count_visit *each;
	void *ctx;
	unsigned table;
};

static int count_visit(const struct entry *e, void *ctx)
{
	const struct counting *c = ctx;
	struct element element;
	struct message m;

	if (!e->packets)
		return 0;
	entry_to_element(e, &element);
	message_from_count(&m, &element, e->packets);
	m.count.table = (uint8_t)c->table;
	return c->each(&m, c->ctx);
}

static int nft_count(struct enforce_state *s, unsigned part, enforce_count_visit *each,
	void *ctx)
{
	struct counting c = {each, ctx, part % NFT_TABLES};

	return nft_read_set(&s->socket, c.table, NFT_SET_OUT4 + part / NFT_TABLES, NULL,
		count_visit, &c);
}

static int nft_check(struct enforce_state *s)
{
	int e = 0;

	for (unsigned t = 0; t < NFT_TABLES && !e; t++)
		e = nft_chain_check(&s->socket, t, s->version);
	return e;
}

/* Destroying what is not there succeeds, or is unknown to this kernel. */
static bool destroy_probe(struct nft_socket *s)
{
	struct entry e = {.set = NFT_SET_PROBE, .key_len = sizeof(struct mac)};
	struct nft_batch b;

	nft_batch_begin(&b, s);
	nft_batch_element(&b, NFT_DESTROY, 0, &e);
	return !nft_batch_finish(&b, 0);
}

static void nft_close(struct enforce_state *s)
{
	if (!s)
		return;
	if (s->socket.mnl)
		(void)mnl_socket_close(s->socket.mnl);
	free(s);
}

static int nft_open(const struct enforce_config *c, struct enforce_state **ret_state,
	struct enforce_opened *ret_opened)
{
	struct enforce_state *s = calloc(1, sizeof *s);
	char *text = NULL;
	int e = s ? nft_socket_open(&s->socket) : -ENOMEM;

	if (!e)
		e = skeleton_render(c, &text, s->version);
	if (!e)
		e = nft_check(s);
	bool kept = !e;
	if (e == -ENOENT && text)
		e = skeleton_lay(text);
	free(text);
	if (e) {
		nft_close(s);
		return e;
	}
	s->socket.can_destroy = destroy_probe(&s->socket);
	*ret_opened = (struct enforce_opened){kept, s->socket.can_destroy
		? "" : "removal of what may be gone (Linux 6.3): slower"};
	*ret_state = s;
	return 0;
}

static int nft_remove(struct enforce_state *s)
{
	struct nft_batch b;

	nft_batch_begin(&b, &s->socket);
	for (unsigned t = 0; t < NFT_TABLES; t++)
		nft_batch_message(&b, NFT_MSG_DELTABLE, t);
	return nft_batch_finish(&b, 0);
}

const struct enforce_backend enforce_backend_nft = {
	.name = "nft",
	.open = nft_open,
	.commit = nft_commit,
	.count_parts = NFT_TABLES * (NFT_SET_FLOWS4 - NFT_SET_OUT4),
	.count = nft_count,
	.check = nft_check,
	.remove = nft_remove,
	.close = nft_close,
};
