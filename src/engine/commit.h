// SPDX-License-Identifier: GPL-2.0-or-later
/* commit - transactions on their way to the kernel, by way of the enforcer. Whoever
 * waits for one (a held DNS answer) is told once it is in force. While the enforcer is
 * away nothing is lost: those who wait are told after the next synchronisation. */
#ifndef CARDEA_ENGINE_COMMIT_H
#define CARDEA_ENGINE_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ipc.h"
#include "model/element.h"
#include "model/messages.h"

/* Held DNS answers and other waiters at once: beyond, answers wait in vain and clients
 * ask again. */
#define COMMIT_WAITING_MAX 1024
/* An enforcer that does not read for so long is stuck. */
#define COMMIT_PATIENCE_MS 5000

struct commit {
	struct ipc *enforcer;
	/* ticket: as given to commit_end; error: 0 or why the kernel refused. */
	void (*done)(void *ctx, uint64_t ticket, int error);
	void *ctx;
	uint64_t seq;	  /* of the newest transaction */
	uint64_t confirmed;
	uint64_t refused; /* transactions that the kernel did not take */
	bool open;	  /* between begin and end */
	bool in_step;	  /* the enforcer has all, since its last synchronisation */
	int error;	  /* of the open transaction */
	struct message message;
	struct message_pack pack; /* of the open transaction, not yet sent */
	struct {
		uint64_t seq, ticket;
	} waiting[COMMIT_WAITING_MAX];
	size_t waiting_count;
};

void commit_init(struct commit *c, struct ipc *enforcer,
	void (*done)(void *, uint64_t, int), void *ctx);
/* sync: the transaction names all that shall be there. */
void commit_begin(struct commit *c, bool sync);
void commit_element(struct commit *c, bool remove, const struct element *e);
/* Open names and flows of this device end with the open transaction. */
void commit_forget(struct commit *c, const struct mac *mac, const struct addr *addrs,
	size_t count);
/* ticket 0: nobody waits. */
void commit_end(struct commit *c, uint64_t ticket);
/* The enforcer's answer; CARDEA_EMALFORMED when nothing of that number was asked. */
int commit_answer(struct commit *c, const struct message_txn_done *m) CARDEA_MUSTCHECK;
/* The enforcer is gone: waiters are carried over to the next synchronisation. */
void commit_lost(struct commit *c);
/* Those who wait are gone: the next resolver may use the same tickets again. */
void commit_forget_waiting(struct commit *c);

#endif
