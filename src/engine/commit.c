// SPDX-License-Identifier: GPL-2.0-or-later
/* Transactions to the enforcer and those who wait for them. */
#include "engine/commit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include "base/log.h"

void commit_init(struct commit *c, struct ipc *enforcer,
	void (*done)(void *, uint64_t, int), void *ctx)
{
	memset(c, 0, sizeof(*c));
	c->enforcer = enforcer;
	c->done = done;
	c->ctx = ctx;
}

/* All there is for a house full of devices is more than a channel's queue holds: give
 * the enforcer, which only collects, the time to read it. */
static int wait_for_room(struct commit *c)
{
	struct pollfd p = {.fd = c->enforcer->fd.fd, .events = POLLOUT};

	if (poll(&p, 1, COMMIT_PATIENCE_MS) <= 0)
		return CARDEA_EPEER;
	c->enforcer->fd.ready(&c->enforcer->fd, EPOLLOUT);
	return ipc_is_open(c->enforcer) ? 0 : -ENOTCONN;
}

static void send_pack(struct commit *c)
{
	while (!c->error && c->pack.len) {
		c->error = ipc_send(c->enforcer, c->pack.bytes, c->pack.len, -1);
		if (!c->error)
			c->pack.len = 0;
		else if (c->error == CARDEA_ELIMIT)
			c->error = wait_for_room(c);
	}
}

/* A packet for each would be a third of what loading a large house costs. */
static void send(struct commit *c)
{
	if (c->error)
		return;
	c->error = message_pack_add(&c->pack, &c->message);
	if (c->error != CARDEA_ELIMIT)
		return;
	c->error = 0;
	send_pack(c);
	if (!c->error)
		c->error = message_pack_add(&c->pack, &c->message);
}

void commit_begin(struct commit *c, bool sync)
{
	/* Before its synchronisation the enforcer gets nothing: what is opened now would
	 * miss what is to be taken away. The synchronisation will name it. */
	c->error = ipc_is_open(c->enforcer) && (sync || c->in_step) ? 0 : -ENOTCONN;
	c->open = true;
	c->pack.len = 0; /* of one that failed */
	c->seq++;
	if (sync) {
		/* What waited for an earlier enforcer is part of this one. */
		for (size_t i = 0; i < c->waiting_count; i++)
			c->waiting[i].seq = c->seq;
		c->in_step = true;
	}
	memset(&c->message, 0, sizeof(c->message));
	c->message.type = MESSAGE_TXN_BEGIN;
	c->message.txn_begin.seq = c->seq;
	c->message.txn_begin.sync = sync;
	send(c);
}

void commit_element(struct commit *c, bool remove, const struct element *e)
{
	message_from_element(&c->message, remove, e);
	send(c);
}

void commit_forget(struct commit *c, const struct mac *mac, const struct addr *addrs,
	size_t count)
{
	memset(&c->message, 0, sizeof(c->message));
	c->message.type = MESSAGE_FORGET;
	c->message.forget.mac = *mac;
	if (count > LIMIT_ANSWER_ADDRS)
		count = LIMIT_ANSWER_ADDRS;
	c->message.forget.addrs.count = (uint16_t)count;
	memcpy(c->message.forget.addrs.addrs, addrs, count * sizeof(*addrs));
	send(c);
}

static void wait_for(struct commit *c, uint64_t ticket)
{
	if (c->waiting_count == COMMIT_WAITING_MAX) {
		c->done(c->ctx, ticket, CARDEA_ELIMIT);
		return;
	}
	c->waiting[c->waiting_count].seq = c->seq;
	c->waiting[c->waiting_count].ticket = ticket;
	c->waiting_count++;
}

void commit_end(struct commit *c, uint64_t ticket)
{
	memset(&c->message, 0, sizeof(c->message));
	c->message.type = MESSAGE_TXN_COMMIT;
	c->message.txn_commit.seq = c->seq;
	send(c);
	send_pack(c);
	c->open = false;
	if (c->error && c->error != -ENOTCONN) {
		/* Half of it may have arrived: only a new channel begins cleanly. */
		log_error("commit", "transaction %llu was not sent: %s",
			(unsigned long long)c->seq, error_text(c->error));
		ipc_close(c->enforcer);
		commit_lost(c);
	}
	if (ticket)
		wait_for(c, ticket);
}

/* Tells those who waited for seq or an earlier transaction. */
static void tell(struct commit *c, uint64_t seq, int error)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->waiting_count; i++) {
		uint64_t ticket = c->waiting[i].ticket;

		if (c->waiting[i].seq > seq)
			c->waiting[kept++] = c->waiting[i];
		else
			c->done(c->ctx, ticket, error);
	}
	c->waiting_count = kept;
}

int commit_answer(struct commit *c, const struct message_txn_done *m)
{
	if (!c->in_step || m->seq <= c->confirmed || m->seq > c->seq)
		return CARDEA_EMALFORMED;
	if (m->error) {
		c->refused++;
		log_error("commit", "the kernel refused transaction %llu: %s",
			(unsigned long long)m->seq, m->text);
	}
	c->confirmed = m->seq;
	tell(c, m->seq, m->error ? CARDEA_EREFUSED : 0);
	return 0;
}

void commit_lost(struct commit *c)
{
	c->in_step = false;
	c->open = false;
}

void commit_forget_waiting(struct commit *c)
{
	c->waiting_count = 0;
}
