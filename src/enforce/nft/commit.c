// SPDX-License-Identifier: GPL-2.0-or-later
/* commit - the nft backend: a transaction becomes the difference to what the kernel
 * holds, so that it cannot fail on what is there already or gone already. */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <malloc.h>
#include <stdlib.h>

#include "base/log.h"
#include "enforce/conntrack.h"
#include "enforce/nft/nft_priv.h"

/* Elements expire, and other programs commit, while we look: look again. */
#define ATTEMPTS_MAX 5
#define TRIM_ABOVE 256 /* changes */
#define PROBE_S 10

struct enforce_state {
	struct nft_socket socket;
	struct conntrack *conntrack; /* NULL where the kernel lets nobody at it */
	unsigned first, end;	     /* its tables */
	char version[SKELETON_VERSION_MAX];
};

/* One transaction on its way into one table after the other. */
struct commit {
	struct nft_socket *socket;
	const struct enforce_txn *txn;
	struct entry_list changes; /* sorted */
	unsigned first, table;
	struct nft_batch batch;
};

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

/* ... or to go, as it is stale. */
static int stale_visit(const struct entry *e, void *ctx)
{
	struct commit *c = ctx;

	if (!is_named(c, e) && !e->timeout_s)
		nft_batch_element(&c->batch, nft_gone(c->socket), c->table, e);
	return 0;
}

static int named_visit(const struct entry *e, void *ctx)
{
	(void)is_named(ctx, e);
	return 0;
}

/* Of a device that is forgotten: to go, unless the transaction says otherwise. */
static int forgotten_visit(const struct entry *e, void *ctx)
{
	struct commit *c = ctx;
	struct entry gone = *e;

	gone.remove = true;
	for (size_t i = 0; e->timeout_s && i < c->txn->forget_count; i++) {
		if (entry_belongs(e, &c->txn->forgets[i]))
			return entry_list_add(&c->changes, &gone);
	}
	return 0;
}

/* A limit is never renewed; nor is anything by kernels before 6.12. Such an element is
 * replaced, and takes its count along. */
static bool is_replaced(const struct commit *c, const struct entry *n)
{
	return n->rate || !c->socket->can_renew;
}

/* Whether the kernel is to be asked first what it has: for what it could refuse to
 * remove, for what counts, and for what may be but a part of another range. */
static bool must_ask(const struct commit *c, const struct entry *n)
{
	bool whole = n->remove && nft_sets[n->set].ranges;

	return !c->txn->sync && (whole || !c->socket->can_renew);
}

/* Removals first: what is added may cover what goes. */
static int fill_removals(struct commit *c)
{
	for (size_t i = 0; i < c->changes.count; i++) {
		struct entry *n = &c->changes.entries[i];
		bool ask = must_ask(c, n);
		int e = ask ? nft_read_set(c->socket, c->table, n->set, n, named_visit, c)
			    : 0;
		if (e)
			return e;
		bool there = n->there || !(ask || c->txn->sync);
		if (there && !n->same && (n->remove || is_replaced(c, n)))
			nft_batch_element(&c->batch, nft_gone(c->socket), c->table, n);
	}
	return 0;
}

static int commit_table(struct commit *c)
{
	int e = 0;

	for (size_t i = 0; i < c->changes.count; i++) { /* in the table before */
		c->changes.entries[i].there = c->changes.entries[i].same = false;
		c->changes.entries[i].packets = 0;
	}
	for (enum nft_set set = 0; c->txn->sync && set < NFT_SET_FLOWS4 && !e; set++) {
		if (nft_has_set(c->table, set))
			e = nft_read_set(c->socket, c->table, set, NULL, stale_visit, c);
	}
	if (!e)
		e = fill_removals(c);
	for (size_t i = 0; i < c->changes.count && !e; i++) {
		const struct entry *n = &c->changes.entries[i];
		if (!n->remove && !n->same)
			nft_batch_element(&c->batch, NFT_MSG_NEWSETELEM, c->table, n);
	}
	return e;
}

/* nft learns no names and waits for no triggers: what does lets nothing pass. */
static bool is_known(const struct element *e)
{
	return e->kind < ELEMENT_NAME && (!e->gate || e->gate == ELEMENT_GATE_TOLD);
}

/* A limit is in a second set, too: of all that have any. */
static int change_encode(struct commit *c, const struct enforce_change *change,
	uint32_t order)
{
	struct element element = change->element;
	struct entry n;

	if (!is_known(&element) || (c->first == NFT_DNS && !redirect_element(&element)))
		return 0;
	entry_from_element(&n, &element);
	n.remove = change->remove;
	n.order = order;
	int e = entry_list_add(&c->changes, &n);
	if (e || !n.rate || n.remove)
		return e;
	n.set = NFT_LIMITED(n.set);
	n.rate = 0;
	return entry_list_add(&c->changes, &n);
}

/* All tables hold the same: what is forgotten is looked for in one. */
static int changes_encode(struct commit *c)
{
	int e = 0;

	for (enum nft_set set = NFT_SET_OUT4;
		c->txn->forget_count && set < NFT_SET_FLOWS4 && !e; set++) {
		if (nft_has_set(c->first, set))
			e = nft_read_set(c->socket, c->first, set, NULL, forgotten_visit,
				c);
	}
	for (size_t i = 0; i < c->txn->change_count && !e; i++)
		e = change_encode(c, &c->txn->changes[i], (uint32_t)i + 1);
	entry_list_sort(&c->changes);
	return e;
}

static int commit_once(struct enforce_state *s, const struct enforce_txn *t)
{
	struct commit c = {.socket = &s->socket, .txn = t, .first = s->first};
	int e = changes_encode(&c);

	nft_batch_begin(&c.batch, &s->socket);
	for (c.table = s->first; c.table < s->end && !e; c.table++)
		e = commit_table(&c);
	free(c.changes.entries);
	return nft_batch_finish(&c.batch, e);
}

int nft_commit(struct enforce_state *s, const struct enforce_txn *t)
{
	int e, attempts = ATTEMPTS_MAX;

	do /* again after errors of a world that moved between look and commit */
		e = commit_once(s, t);
	while (--attempts && (e == -EINTR || e == -EAGAIN ||
				     (e == -ENOENT && !s->socket.can_renew)));
	for (size_t i = 0; i < t->forget_count && s->first != NFT_DNS && !e; i++)
		e = nft_judge(&s->socket, s->conntrack, &t->forgets[i]);
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

int nft_check(struct enforce_state *s)
{
	int e = 0;

	for (unsigned t = s->first; t < s->end && !e; t++)
		e = nft_chain_check(&s->socket, t, s->version);
	return e;
}

static int probe_visit(const struct entry *e, void *ctx)
{
	*(uint32_t *)ctx = e->timeout_s;
	return 0;
}

/* Adds the probe for so long: the second time it is renewed, where the kernel can. */
static int probe(struct nft_socket *s, unsigned table, uint32_t timeout_s)
{
	struct entry e = {.set = NFT_SET_PROBE, .key_len = sizeof(struct mac),
		.timeout_s = timeout_s};
	struct nft_batch b;

	nft_batch_begin(&b, s);
	nft_batch_element(&b, NFT_MSG_NEWSETELEM, table, &e);
	return nft_batch_finish(&b, 0);
}

static int kernel_learn(struct nft_socket *s, unsigned table)
{
	uint32_t timeout_s = 0;
	int e = probe(s, table, PROBE_S);

	if (!e)
		e = probe(s, table, 2 * PROBE_S);
	if (!e)
		e = nft_read_set(s, table, NFT_SET_PROBE, NULL, probe_visit, &timeout_s);
	s->can_renew = timeout_s == 2 * PROBE_S && NFT_RENEWS;
	return e;
}

void nft_close(struct enforce_state *s)
{
	if (!s)
		return;
	conntrack_close(s->conntrack);
	nft_socket_close(&s->socket);
	free(s);
}

static int state_open(struct enforce_state *s, const struct enforce_config *c,
	bool *ret_kept)
{
	char *text = NULL;
	int e = nft_socket_open(&s->socket);

	if (!e)
		e = skeleton_render(c, s->first == NFT_DNS, &text, s->version);
	if (!e)
		e = nft_check(s);
	*ret_kept = !e;
	if (e == -ENOENT && text)
		e = skeleton_lay(text);
	free(text);
	return e ? e : kernel_learn(&s->socket, s->first);
}

int nft_open_tables(const struct enforce_config *c, unsigned first, unsigned end,
	struct enforce_state **ret_state, struct enforce_opened *ret_opened)
{
	struct enforce_state *s = calloc(1, sizeof *s);
	bool kept;

	if (!s)
		return -ENOMEM;
	s->first = first;
	s->end = end;
	int e = state_open(s, c, &kept);
	if (e) {
		nft_close(s);
		return e;
	}
	*ret_opened = (struct enforce_opened){.kept = kept, .lacks = s->socket.can_renew
		? "" : "changing elements in place (Linux 6.12): slower"};
	*ret_state = s;
	return 0;
}

static int nft_open(const struct enforce_config *c, struct enforce_state **ret_state,
	struct enforce_opened *ret_opened)
{
	int e = nft_open_tables(c, 0, NFT_TABLES, ret_state, ret_opened);

	if (!e && conntrack_open(&(*ret_state)->conntrack))
		log_warn("enforcer", "no connection tracking to end conversations in");
	return e;
}

int nft_remove(struct enforce_state *s)
{
	struct nft_batch b;

	nft_batch_begin(&b, &s->socket);
	for (unsigned t = s->first; t < s->end; t++)
		nft_batch_message(&b, NFT_MSG_DELTABLE, t);
	return nft_batch_finish(&b, 0);
}

static int nft_clear(void)
{
	struct enforce_state s = {.end = NFT_DNS};
	int e = nft_socket_open(&s.socket);

	if (!e)
		e = nft_remove(&s);
	nft_socket_close(&s.socket);
	return e == -ENOENT ? 0 : e;
}

const struct enforce_backend enforce_backend_nft = {
	.name = "nft",
	.open = nft_open,
	.commit = nft_commit,
	.count_parts = NFT_TABLES * (NFT_SET_FLOWS4 - NFT_SET_OUT4),
	.count = nft_count,
	.check = nft_check,
	.remove = nft_remove,
	.clear = nft_clear,
	.close = nft_close,
};
