// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_upstream - names.resolver's questions through libunbound: iteration or
 * forwarding, and validation, in one thread of its own; results come through a
 * descriptor in our loop. A second one, which does not validate, starts when the first
 * client asks for that (CD). */
#ifndef CARDEA_PROC_RESOLVER_UPSTREAM_H
#define CARDEA_PROC_RESOLVER_UPSTREAM_H

#include "base/addr.h"
#include "base/clock.h"
#include "base/loop.h"
#include "model/limits.h"
#include "names/resolver.h"

struct ub_ctx;

/* An address and a port. */
#define RESOLVER_FORWARD_MAX (ADDR_TEXT_MAX + 6)
#define RESOLVER_FORWARDS_MAX LIMIT_LANS
/* No signature of today is valid before this: a clock that shows less was never set
 * (2026-01-01). Devices without a clock of their own start in 1970, or where they went
 * out. */
#define RESOLVER_CLOCK_MIN (1767225600LL * NS_PER_SEC)

struct resolver_upstream_settings {
	unsigned cache_kb; /* for all of its caches together */
	/* address or address@port; none: the root servers */
	char forwards[RESOLVER_FORWARDS_MAX][RESOLVER_FORWARD_MAX];
	unsigned forward_count;
	char private_names[RESOLVER_PRIVATE_NAMES_MAX][LIMIT_NAME]; /* not validated */
	unsigned private_count;
	bool relayed; /* the only forward is our own relay (resolver_relay.h) */
	/* Paths as the sandbox sees them; NULL: without */
	const char *trust_anchor; /* kept up to date (RFC 5011): must be writable */
	const char *root_hints;
	unsigned holddown_s; /* for laboratories: instead of 30 days; 0: those */
};

struct resolver_upstream_thread {
	struct ub_ctx *ub;
	struct loop_fd fd;
};

struct resolver_upstream {
	struct resolver_upstream_settings settings;
	struct loop *loop;
	struct resolver_upstream_thread validating, plain;
	struct loop_timer clock_timer, probe_timer;
	bool dateless; /* the clock is not set: signatures have no dates */
	/* The clock was set, all look-ups are to end: resolver_upstream_lost. */
	void (*lost)(void *ctx);
	/* The trust anchor's file cannot be read: write it anew; an error when not. */
	int (*anchor_broken)(void *ctx);
	void *ctx;
};

/* CARDEA_EMALFORMED: no address, or no port. */
int resolver_upstream_forward(
	struct resolver_upstream_settings *s, const char *address) CARDEA_MUSTCHECK;
/* Inside the sandbox, for the first question starts the thread. settings, lost,
 * anchor_broken and ctx are set before. */
int resolver_upstream_start(
	struct resolver_upstream *u, struct loop *l) CARDEA_MUSTCHECK;
void resolver_upstream_end(struct resolver_upstream *u);

/* resolver_ops */
int resolver_upstream_ask(struct resolver_upstream *u, struct resolver_lookup *k,
	const char *name, uint16_t type);
void resolver_upstream_cancel(struct resolver_upstream *u, struct resolver_lookup *k);

#endif
