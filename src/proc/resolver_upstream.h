// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_upstream - names.resolver's questions through libunbound: cache, iteration
 * or forwarding in one thread of its own, results through a descriptor in our loop. */
#ifndef CARDEA_PROC_RESOLVER_UPSTREAM_H
#define CARDEA_PROC_RESOLVER_UPSTREAM_H

#include "base/loop.h"
#include "names/resolver.h"

struct ub_ctx;

struct resolver_upstream {
	struct ub_ctx *ub;
	struct loop_fd fd;
	bool forwards; /* to at least one address */
	bool started;
};

/* cache_kb: for all of its caches together. */
int resolver_upstream_init(
	struct resolver_upstream *u, unsigned cache_kb) CARDEA_MUSTCHECK;
/* An address, or address@port, to forward to; none means to ask the root servers. */
int resolver_upstream_forward(
	struct resolver_upstream *u, const char *address) CARDEA_MUSTCHECK;
/* Inside the sandbox: the first question starts the thread. */
int resolver_upstream_start(
	struct resolver_upstream *u, struct loop *l) CARDEA_MUSTCHECK;
void resolver_upstream_end(struct resolver_upstream *u);

/* resolver_ops */
int resolver_upstream_ask(struct resolver_upstream *u, struct resolver_lookup *k,
	const char *name, uint16_t type);
void resolver_upstream_cancel(struct resolver_upstream *u, struct resolver_lookup *k);

#endif
