// SPDX-License-Identifier: GPL-2.0-or-later
/* Transactions to the enforcer and those who wait for them. */
#include "engine/commit.h"

#include <errno.h>
#include <string.h>
#include "base/log.h"

void commit_init(struct commit *c, struct ipc *enforcer,
	void (*done)(void *, uint64_t, int), void *ctx)
{
	memset(c, 0, sizeof(*c));
	c->enforcer = enforcer;
	c->done = done;
	c->ctx = ctx;
}

static void send(struct commit *c)
{
	uint8_t buf[MESSAGE_MAX];
	int len;

	if (c->error)
		return;
	len = message_encode(&c->message, buf, sizeof(buf));
	c->error = len < 0 ? len : ipc_send(c->enforcer, buf, (size_t)len, -1);
}

void commit_begin(struct commit *c, bool sync)
{
	c->error = ipc_is_open(c->enforcer) ? 0 : -ENOTCONN;
	c->open = true;
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
	c->open = false;
	if (c->error && c->error != -ENOTCONN)
		log_error("commit", "transaction %llu was not sent: %s",
			(unsigned long long)c->seq, error_text(c->error));
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

void commit_answer(struct commit *c, const struct message_txn_done *m)
{
	if (m->error) {
		c->refused++;
		log_error("commit", "the kernel refused transaction %llu: %s",
			(unsigned long long)m->seq, m->text);
	}
	c->confirmed = m->seq;
	tell(c, m->seq, (int)m->error);
}

void commit_lost(struct commit *c)
{
	c->in_step = false;
	c->open = false;
}
