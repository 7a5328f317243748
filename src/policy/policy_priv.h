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

/* First match is in order of place: the blocks, then the rules. */
static inline uint32_t policy_places(const struct policy *p)
{
	return p->block_count + p->count;
}
static inline const struct rule *policy_at(const struct policy *p, uint32_t place)
{
	return place < p->block_count ? &p->blocks[place]
				      : &p->rules[place - p->block_count];
}
/* The rule speaks about IP packets of that direction, and does so now. */
static inline bool policy_rule_counts(const struct rule *r, enum direction d)
{
	return rule_in_force(r) && r->direction == d &&
	       r->ethertype == RULE_ETHERTYPE_IP;
}
/* prepare.c: what a rule says by itself, without regard to the others. */
void policy_status_alone(struct rule *r);
/* hold.c: what a device that is held is refused, and this flow with it. */
enum verdict_kind policy_held_kind(const struct policy *p, const struct flow *f);

/* combine.c: which section a place is in; the base layer's and the blocks' have none. */
#define POLICY_NO_SECTION UINT32_MAX
uint32_t policy_section_at(const struct policy *p, uint32_t place);
/* The part that the place is in; blocks refuse, the base layer grants. */
enum policy_part policy_part_at(const struct policy *p, uint32_t place);
/* The place behind what a rule ends for the flows that it matches: its own section where
 * that is all, or everything (UINT32_MAX: it decides). */
uint32_t policy_ends_at(const struct policy *p, uint32_t place);
/* The place behind its section; without one, the base layer's first. */
uint32_t policy_behind(const struct policy *p, uint32_t place);
/* Its match takes from the base layer's rules, too. */
bool policy_denies_base(const struct policy *p, uint32_t place);
static inline uint32_t policy_base_at(const struct policy *p)
{
	return p->block_count + p->base_first;
}
/* The same whatever house they come to. */
bool policy_peers_equal(const struct peer *a, const struct peer *b);
/* As policy_evaluate asks; blocks need no names. */
bool policy_rule_matches(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f);

/* Whom a class means: the address is one of theirs. */
bool policy_class_has(
	const struct policy_names *names, const struct peer *p, const struct addr *a);
/* Calls visit for each run of consecutive addresses of the family, in order. */
int policy_class_ranges(const struct policy_names *names, const struct rule *rule,
	uint8_t family,
	int (*visit)(void *ctx, const struct addr *lo, const struct addr *hi),
	void *ctx) CARDEA_MUSTCHECK;

/* Names for the time of one compilation: each class is asked for once, however many
 * rules and sides want to know. What does not fit is asked for again. */
#define POLICY_MEMO_CLASSES 32
struct policy_memo {
	const struct policy_names *names; /* asked; may be NULL */
	struct pool *pool;
	struct policy_class {
		const struct peer *peer; /* of a rule of the policy */
		struct addr *addrs;
		size_t count;
	} classes[POLICY_MEMO_CLASSES];
	size_t count;
	struct policy_names own; /* what to hand on */
};
/* memo->own, or NULL when names is. */
const struct policy_names *policy_memo_init(
	struct policy_memo *memo, const struct policy_names *names, struct pool *pool);

/* ARP (RFC 826) and EAPOL (IEEE 802.1X 11.1.4) pass whatever rules say: without them no
 * device gets as far as having an address. */
#define POLICY_ETHER_ARP 0x0806
#define POLICY_ETHER_EAPOL 0x888e
static inline bool policy_ether_always_passes(int32_t ethertype)
{
	return ethertype == POLICY_ETHER_ARP || ethertype == POLICY_ETHER_EAPOL;
}
/* Accepting frames that cannot be said to the kernel is refused, with why. */
void policy_ether_status(const struct policy *p, struct rule *rules);
/* ETHER_OUT and ETHER_IN. */
int policy_ether_compile(const struct policy *p, const struct policy_device *d,
	policy_emit emit, void *ctx) CARDEA_MUSTCHECK;
/* policy_access_new for them: at most max into list. */
int policy_access_ether(const struct policy_says *before,
	const struct policy_says *after, struct policy_access *list, size_t max,
	size_t *ret_count) CARDEA_MUSTCHECK;

/* A rule without its peer: as a box over all addresses of the family. TCP and UDP make
 * two boxes for a rule of any protocol that names ports. How many; 0 when the rule has
 * nothing to say about the family. The caller sets box.place. */
#define POLICY_SHAPES_MAX 2
size_t policy_rule_shapes(
	const struct rule *r, uint8_t family, struct box ret[POLICY_SHAPES_MAX]);
/* Calls visit for each range of peer addresses of the family that the rule's literal
 * peer means; a name means what names (may be NULL) has for it now. */
int policy_rule_ranges(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, uint8_t family,
	int (*visit)(void *ctx, const struct addr *lo, const struct addr *hi),
	void *ctx) CARDEA_MUSTCHECK;

/* Which of the device's IPv6 addresses a peer can reach. */
enum policy_scope {
	SCOPE_ANY,  /* from the device, or IPv4: all */
	SCOPE_WIDE, /* those that are not link-local */
	SCOPE_LINK, /* the link-local ones */
};
/* What is compiled in one go: elements of one side never meet those of another. */
struct policy_side {
	enum direction direction;
	uint8_t family;
	enum policy_scope scope;
};
/* The device has an address on that side; from the device none is needed. */
bool policy_side_is_used(const struct policy_side *s, const struct policy_device *d);
/* An accepting rule with this range of peers speaks for that side. */
bool policy_side_is_reached(
	const struct policy_side *s, const struct addr *lo, const struct addr *hi);
enum policy_scope policy_scope_of(const struct addr *a); /* WIDE or LINK; IPv4: ANY */

struct policy_output {
	const struct policy_device *device;
	struct policy_side side;
	uint32_t timeout_s;
	policy_emit emit;
	void *ctx;
	uint16_t needs, arms; /* the boxes are of a rule that does */
};
/* One flow after another, but for the client's port: fits a hash (model/element.h). */
bool policy_box_is_exact(const struct box *b, enum direction d);
/* One piece as elements of a device: from it OUT or OUT_RANGE once, to it IN or
 * IN_RANGE per address of the side; with a trigger ranges alone, or ARM. */
int policy_emit_box(const struct policy_output *o, const struct box *b,
	rule_id rule) CARDEA_MUSTCHECK;

/* Six full lists at most (compile.c); doubling in a pool wastes as much again. And the
 * members of some classes. */
#define POLICY_SCRATCH_BYTES                                                           \
	(LIMIT_BOXES * 6 * 2 * sizeof(struct box) +                                    \
		POLICY_MEMO_CLASSES * LIMIT_CLASS_ADDRS * sizeof(struct addr))

#endif
