// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of policy/ share. */
#ifndef CARDEA_POLICY_POLICY_PRIV_H
#define CARDEA_POLICY_POLICY_PRIV_H

#include "policy/policy.h"
#include "policy/space_priv.h"

#define POLICY_LINK_SCOPES 4
extern const struct prefix policy_link_scopes[POLICY_LINK_SCOPES];

bool policy_env_is_dns(const struct policy_env *env, const struct addr *a);
bool policy_env_is_ntp(const struct policy_env *env, const struct addr *a);

/* The family a rule is about: its own, its prefix's or that of its ICMP; 0: both. */
uint8_t policy_rule_family(const struct rule *r);
static inline bool policy_range_is_any(struct range16 p)
{
	return p.lo == 0 && p.hi == UINT16_MAX;
}
static inline bool policy_has_ports(int proto)
{
	return proto == FLOW_PROTO_TCP || proto == FLOW_PROTO_UDP;
}
static inline bool policy_is_icmp(int proto)
{
	return proto == FLOW_PROTO_ICMP || proto == FLOW_PROTO_ICMP6;
}

/* A rule without its peer: as a box over all addresses of the family. TCP and UDP make
 * two boxes for a rule of any protocol that names ports. How many; 0 when the rule has
 * nothing to say about the family. */
#define POLICY_SHAPES_MAX 2
size_t policy_rule_shapes(
	const struct rule *r, uint8_t family, struct box ret[POLICY_SHAPES_MAX]);
/* Calls visit for each range of peer addresses of the family that the rule's literal
 * peer means; a name means what names (may be NULL) has for it now. */
int policy_rule_ranges(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, uint8_t family,
	int (*visit)(void *ctx, const struct addr *lo, const struct addr *hi),
	void *ctx) CARDEA_MUSTCHECK;
/* One piece as elements of a device: OUT_RANGE once, IN_RANGE per address. */
int policy_emit_box(const struct policy_device *d, enum direction dir,
	const struct box *b, uint32_t timeout_s, policy_emit emit,
	void *ctx) CARDEA_MUSTCHECK;

/* Five full lists at most (binding.c); doubling in a pool wastes as much again. */
#define POLICY_SCRATCH_BYTES (LIMIT_BOXES * 5 * 2 * sizeof(struct box))

#endif
