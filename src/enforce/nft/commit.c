// SPDX-License-Identifier: GPL-2.0-or-later
/* commit - the nft backend: a transaction becomes the difference to what the kernel
 * holds, so that it cannot fail on what is there already or gone already. */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/nft/nft_priv.h"

/* Elements expire, and other programs commit, while we look: look again. */
#define ATTEMPTS_MAX 5

struct enforce_state {
	struct nft_socket socket;
	char version[SKELETON_VERSION_MAX];
};

/* One transaction on its way. Bits per table. */
struct commit {
	struct nft_socket *socket;
	const struct enforce_txn *txn;
	struct entry_list changes; /* sorted */
	struct entry_list drops[NFT_TABLES];
	unsigned table;
	bool flows_only; /* the second look of a forget */
};

static bool is_forgotten(const struct commit *c, const struct entry *e)
{
	if (entry_set_is_static(e->set) && !e->timeout_s)
		return false;
	for (size_t i = 0; i < c->txn->forget_count; i++) {
		if (entry_belongs(e, &c->txn->forgets[i]))
			return true;
	}
	return false;
}

/* One element of the kernel: forgotten, stale, or noted as being there. */
static int commit_visit(const struct entry *e, void *ctx)
{
	struct commit *c = ctx;
	bool drop = is_forgotten(c, e);

	if (c->txn->sync && !c->flows_only && entry_set_is_static(e->set)) {
		struct entry *named = entry_list_find(&c->changes, e);
		if (named) {
			named->there |= (uint8_t)(1 << c->table);
			if (!e->timeout_s && !named->timeout_s && !named->remove)
				named->same |= (uint8_t)(1 << c->table);
			return 0;
		}
		drop = drop || !e->timeout_s;
	}
	return drop ? entry_list_add(&c->drops[c->table], e) : 0;
}

static bool must_look(const struct commit *c, enum nft_set set)
{
	bool forgets = c->txn->forget_count > 0;

	if (!entry_set_is_static(set))
		return forgets && set != NFT_SET_PROBE;
	if (c->flows_only)
		return false;
	return c->txn->sync || (forgets && set >= NFT_SET_OUT4);
}

static int commit_look(struct commit *c)
{
	for (c->table = 0; c->table < NFT_TABLES; c->table++) {
		for (int set = 0; set < NFT_SET_MAX; set++) {
			if (!must_look(c, (enum nft_set)set))
				continue;
			int e = nft_dump_set(c->socket, c->table, (enum nft_set)set,
				commit_visit, c);
			if (e)
				return e;
		}
	}
	return 0;
}

/* After a sync's look all is known. Otherwise a hash set needs no look where the kernel
 * can destroy; a range set answers a delete by covering, so it must be asked. */
static int change_look(struct commit *c, unsigned table, struct entry *e)
{
	struct entry found;
	uint8_t bit = (uint8_t)(1 << table);

	if (c->txn->sync)
		return 0;
	if (!entry_set_has_ranges(e->set) && c->socket->can_destroy) {
		e->there |= bit;
		return 0;
	}
	int there = nft_get_entry(c->socket, table, e, &found);
	if (there < 0)
		return there;
	if (there)
		e->there |= bit;
	if (there && !e->remove && !e->timeout_s && !found.timeout_s)
		e->same |= bit;
	return 0;
}

/* Removals first: what is added may cover what goes. An element is replaced rather
 * than renewed, as kernels before 6.12 keep the old timeout. */
static int commit_fill(struct commit *c, struct nft_batch *b)
{
	uint16_t gone = c->socket->can_destroy ? NFT_DESTROY : NFT_MSG_DELSETELEM;

	for (unsigned t = 0; t < NFT_TABLES; t++) {
		for (size_t i = 0; i < c->drops[t].count; i++)
			nft_batch_element(b, gone, t, &c->drops[t].entries[i]);
		for (size_t i = 0; i < c->changes.count; i++) {
			struct entry *n = &c->changes.entries[i];
			int e = change_look(c, t, n);
			if (e)
				return e;
			if ((n->there & ~n->same) >> t & 1)
				nft_batch_element(b, gone, t, n);
		}
		for (size_t i = 0; i < c->changes.count; i++) {
			const struct entry *n = &c->changes.entries[i];
			if (!n->remove && !(n->same >> t & 1))
				nft_batch_element(b, NFT_MSG_NEWSETELEM, t, n);
		}
	}
	return 0;
}

static int changes_encode(struct commit *c)
{
	for (size_t i = 0; i < c->txn->change_count; i++) {
		const struct enforce_change *from = &c->txn->changes[i];
		struct entry n;

		entry_from_element(&n, &from->element);
		n.remove = from->remove;
		n.order = from->order;
		int e = entry_list_add(&c->changes, &n);
		if (e)
			return e;
	}
	entry_list_sort(&c->changes);
	return 0;
}

static int commit_once(struct nft_socket *s, const struct enforce_txn *t,
	bool flows_only)
{
	struct commit c = {.socket = s, .txn = t, .flows_only = flows_only};
	struct nft_batch b;
	int e;

	nft_batch_begin(&b, ++s->seq);
	e = flows_only ? 0 : changes_encode(&c);
	if (!e)
		e = commit_look(&c);
	if (!e)
		e = commit_fill(&c, &b);
	if (!e)
		e = nft_batch_commit(&b, s);
	nft_batch_free(&b);
	entry_list_free(&c.changes);
	for (unsigned i = 0; i < NFT_TABLES; i++)
		entry_list_free(&c.drops[i]);
	return e;
}

/* Errors of a world that moved between the look and the commit. */
static bool is_transient(int e, const struct nft_socket *s)
{
	return e == -EINTR || e == -EAGAIN || (e == -ENOENT && !s->can_destroy);
}

static int commit_retry(struct nft_socket *s, const struct enforce_txn *t,
	bool flows_only)
{
	int e = -EAGAIN;

	for (int i = 0; i < ATTEMPTS_MAX && is_transient(e, s); i++)
		e = commit_once(s, t, flows_only);
	return e;
}

static int nft_commit(struct enforce_state *s, const struct enforce_txn *t)
{
	int e = commit_retry(&s->socket, t, false);

	/* A packet may have opened a flow between the look and the commit; from now on
	 * none can, so a second look finds the last. */
	if (!e && t->forget_count)
		e = commit_retry(&s->socket, t, true);
	malloc_trim(0); /* a large transaction's memory goes back at once */
	return e;
}

static int nft_check(struct enforce_state *s)
{
	for (unsigned t = 0; t < NFT_TABLES; t++) {
		int e = nft_chain_check(&s->socket, nft_families[t], s->version);
		if (e)
			return e;
	}
	return 0;
}

/* Destroying what is not there succeeds, or is unknown to this kernel. */
static bool destroy_probe(struct nft_socket *s)
{
	struct entry e = {.set = NFT_SET_PROBE, .key_len = sizeof(struct mac)};
	struct nft_batch b;

	nft_batch_begin(&b, ++s->seq);
	nft_batch_element(&b, NFT_DESTROY, 0, &e);
	int error = nft_batch_commit(&b, s);
	nft_batch_free(&b);
	return !error;
}

static int skeleton_stand(struct enforce_state *s, const struct enforce_config *c,
	bool *ret_kept)
{
	char *text;
	int e = skeleton_render(c, &text, s->version);

	if (e)
		return e;
	e = nft_check(s);
	bool kept = !e;
	if (e == -ENOENT)
		e = skeleton_lay(text);
	free(text);
	if (!e)
		*ret_kept = kept;
	return e;
}

static void nft_close(struct enforce_state *s)
{
	if (!s)
		return;
	nft_socket_close(&s->socket);
	free(s);
}

static int nft_open(const struct enforce_config *c, struct enforce_state **ret_state,
	bool *ret_kept)
{
	struct enforce_state *s = calloc(1, sizeof *s);

	if (!s)
		return -ENOMEM;
	int e = nft_socket_open(&s->socket);
	if (!e)
		e = skeleton_stand(s, c, ret_kept);
	if (e) {
		nft_close(s);
		return e;
	}
	s->socket.can_destroy = destroy_probe(&s->socket);
	*ret_state = s;
	return 0;
}

static const char *nft_lacks(const struct enforce_state *s)
{
	return s->socket.can_destroy
		       ? ""
		       : "removal without a look first (Linux 6.3): slower";
}

static int nft_remove(struct enforce_state *s)
{
	struct nft_batch b;

	nft_batch_begin(&b, ++s->socket.seq);
	for (unsigned t = 0; t < NFT_TABLES; t++)
		nft_batch_delete_table(&b, t);
	int e = nft_batch_commit(&b, &s->socket);
	nft_batch_free(&b);
	return e;
}

const struct enforce_backend enforce_backend_nft = {
	.name = "nft",
	.open = nft_open,
	.commit = nft_commit,
	.check = nft_check,
	.lacks = nft_lacks,
	.remove = nft_remove,
	.close = nft_close,
};
