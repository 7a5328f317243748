// SPDX-License-Identifier: GPL-2.0-or-later
/* names - who was told which address for which name, until when. Per device, bounded;
 * time is the caller's. */
#ifndef CARDEA_NAMES_NAMES_H
#define CARDEA_NAMES_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/limits.h"
#include "names/encrypted.h"

struct binding {
	char name[LIMIT_NAME]; /* lower case, no trailing dot */
	struct addr addr;
	nstime told;    /* when the device last got the answer */
	nstime expires; /* told + TTL within BINDING_TTL_*, + BINDING_GRACE_S */
};

/* The bindings of one device. The caller owns it; about 150 KiB when full, so entries
 * are allocated as they come. */
struct bindings {
	struct binding *entries; /* unordered */
	uint32_t count, cap;
	uint32_t limit;   /* LIMIT_BINDINGS, or less by bindings_init */
	uint64_t evicted; /* live ones that had to go for newer ones */
};

/* limit 0: LIMIT_BINDINGS. */
void bindings_init(struct bindings *b, uint32_t limit);
void bindings_free(struct bindings *b);

/* The device was told at `now` that name has addr for ttl_s seconds. A known binding is
 * refreshed: it never becomes shorter. When full, the oldest expired one goes first,
 * then the one that expires first. 0, CARDEA_EMALFORMED (bad name or address) or
 * -ENOMEM; *ret_binding (may be NULL) is valid until the next call. The name is
 * normalised here; look-ups below take it in normal form. */
int bindings_tell(struct bindings *b, const char *name, const struct addr *addr,
	uint32_t ttl_s, nstime now, const struct binding **ret_binding);
/* Puts back one that was saved. Same errors; -ETIME when it has expired, or lasts
 * longer than any fresh one could (the clock was set back). */
int bindings_restore(
	struct bindings *b, const struct binding *saved, nstime now) CARDEA_MUSTCHECK;

/* This name has this address at `now`. As everywhere below, "*.example.com" is each name
 * below example.com. */
bool bindings_has(const struct bindings *b, const char *name, const struct addr *addr,
	nstime now);
/* The name most recently told for addr that is live at `now`, or NULL. With
 * BINDINGS_EVER expired ones count too, as long as they are remembered: for showing
 * what an address was, never for judging. */
#define BINDINGS_EVER INT64_MIN
const char *bindings_name_of(
	const struct bindings *b, const struct addr *addr, nstime now);
/* Copies at most max live addresses of name; returns how many. */
size_t bindings_addrs(const struct bindings *b, const char *name, nstime now,
	struct addr *out, size_t max);
/* Conversations with the address go on: what was bound to it lives for another ttl_s. A
 * name that has ended, and is still remembered, is bound again. How many. */
uint32_t bindings_refresh(
	struct bindings *b, const struct addr *addr, uint32_t ttl_s, nstime now);
/* Calls visit for every live binding. Non-zero stops and is returned. visit must not
 * change b. */
int bindings_each(const struct bindings *b, nstime now,
	int (*visit)(void *ctx, const struct binding *e), void *ctx);
/* Forgets what has expired; returns how many. */
uint32_t bindings_expire(struct bindings *b, nstime now);
/* Whole seconds left, rounded up; never 0, which would mean for ever. */
uint32_t binding_timeout_s(const struct binding *e, nstime now);

#endif
