// SPDX-License-Identifier: GPL-2.0-or-later
/* report_body - what a maker is told, in the shape of the YANG module ietf-mud-reporter
 * (draft-lear-opsawg-mud-reporter-01) as JSON (RFC 7951). Pure: all that can leave the
 * house is what is handed in here, and every address passes report_addr_may_leave. */
#ifndef CARDEA_ENGINE_REPORT_BODY_H
#define CARDEA_ENGINE_REPORT_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/jsonw.h"
#include "engine/household.h"

/* Addresses told of one name: more are a cloud's, of which one is like the other. */
#define REPORT_ADDRS_MAX 16

struct report_source {
	const char *mud_url; /* of the file in force */
	nstime wall;
	const struct policy_env *env; /* what is local */
	const struct rule *rules;     /* of the file */
	size_t rule_count;
	const struct rule_hits *hits;
	size_t hit_count;
	const struct report_drops *drops;
	/* How many devices and addresses a class means. */
	size_t (*members)(void *ctx, const struct peer *p);
	/* What the device was told for a name of the file, at most max. */
	size_t (*addrs)(void *ctx, const char *name, struct addr *out, size_t max);
	void *ctx;
};

/* A public address, and none of this house: RFC 1918, 3927, 4193, 4291, 6598, and the
 * prefixes of the LAN whatever they are. */
bool report_addr_may_leave(const struct policy_env *env, const struct addr *a);
/* Into an empty buffer writer of LIMIT_REPORT_BYTES. What has no room is left out: rules
 * that were used least go last. The writer's error, or 0. */
int report_body(const struct report_source *s, struct jsonw *j) CARDEA_MUSTCHECK;
/* Where a refused packet is counted: the module knows those that no rule lists and those
 * that were blocked. False: of no concern to the maker (a false sender, a fragment). */
bool report_drop_reason(enum verdict_reason r, enum report_drop *ret);

#endif
