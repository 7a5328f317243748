// SPDX-License-Identifier: GPL-2.0-or-later
/* policy - from a profile's rules to verdicts and to kernel elements. Pure: no I/O, no
 * clock, no names of its own. Two evaluators live here, one that walks the rules and
 * one that compiles them to disjoint sets; they agree (tests/property/policy_agree). */
#ifndef CARDEA_POLICY_POLICY_H
#define CARDEA_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/pool.h"
#include "model/device.h"
#include "model/element.h"
#include "model/flow.h"
#include "model/limits.h"
#include "model/overlay.h"
#include "model/rule.h"
#include "model/update_host.h"
#include "model/verdict.h"

/* One address per LAN prefix and a link-local one per LAN, rounded up; the same for
 * each kind of server that the configuration adds. */
#define POLICY_ENV_ADDRS (LIMIT_LAN_PREFIXES + LIMIT_LANS)

/* The house around the device. */
struct policy_env {
	struct prefix lan[LIMIT_LAN_PREFIXES];
	uint32_t lan_count;
	struct addr gateway[POLICY_ENV_ADDRS]; /* the gateway's LAN addresses */
	uint32_t gateway_count;
	struct addr dns[POLICY_ENV_ADDRS]; /* beside the gateway */
	uint32_t dns_count;
	struct addr ntp[POLICY_ENV_ADDRS]; /* beside the gateway */
	uint32_t ntp_count;
};

/* False when the array is full. Duplicates are kept once. */
bool policy_env_add_lan(struct policy_env *env, const struct prefix *p);
bool policy_env_add_gateway(struct policy_env *env, const struct addr *a);
bool policy_env_add_dns(struct policy_env *env, const struct addr *a);
bool policy_env_add_ntp(struct policy_env *env, const struct addr *a);
/* The LAN prefixes and what never leaves a link (fe80::/10, 224.0.0.0/24,
 * 255.255.255.255, ff02::/16). */
bool policy_env_is_local(const struct policy_env *env, const struct addr *a);
bool policy_env_is_gateway(const struct policy_env *env, const struct addr *a);

/* What is known of one device, at the time the caller has in mind: what DNS told it,
 * and whom its classes mean. A name is a rule's: rule_name_matches says whom it means. */
struct policy_names {
	/* This device holds a live binding of such a name to this address. */
	bool (*has)(void *ctx, const char *name, const struct addr *a);
	/* Copies at most max addresses of such names' live bindings, some perhaps twice;
	 * how many. */
	size_t (*addrs)(void *ctx, const char *name, struct addr *out, size_t max);
	/* Copies at most max addresses of the devices that a class (PEER_CONTROLLER,
	 * MY_CONTROLLER, SAME_MANUFACTURER, MANUFACTURER, MODEL) or a PEER_MAC means
	 * for this device, in no order, without the device's own; how many. NULL: no
	 * class has members. */
	size_t (*members)(
		void *ctx, const struct peer *p, struct addr *out, size_t max);
	/* The trigger of that number (rule.needs) was armed less than open_s ago. NULL: no
	 * trigger was. */
	bool (*armed)(void *ctx, uint16_t trigger, uint32_t open_s);
	void *ctx;
};

/* Layers: each is a list of its own, first match. Grants unite: what one of them accepts
 * is allowed, whatever the others do not; a prohibition takes from its own list and from
 * the base layer's. Refusals take from all grants. Limits intersect: what one of them
 * drops is not allowed; RULE_PASS leaves a limit without having been dropped by it. */
enum policy_part {
	POLICY_REFUSE, /* RULE_DROP alone */
	POLICY_LIMIT,  /* RULE_PASS, RULE_DROP; what it does not mention passes */
	POLICY_GRANT,  /* RULE_ACCEPT, RULE_DROP; what it does not mention is not granted */
	POLICY_PART_MAX,
};
#define POLICY_LAYERS_MAX 16 /* a file, what was learned, the owner's few limits */
struct policy_layer {
	enum policy_part part;
	enum layer layer;
	const struct rule *rules; /* tried in order of id */
	size_t count;
};

/* Rules in order of id that follow one another and are one layer. */
struct policy_section {
	enum policy_part part;
	uint32_t count;
};

/* What is known of a device's policy. Rules and blocks in any order, ids unique; those
 * of rules below POLICY_BLOCK_ID and not 0, those of blocks from POLICY_BLOCK_ID. */
#define POLICY_BLOCK_ID 0x80000000u
struct policy_input {
	const struct rule *rules;
	size_t count;
	/* Conversations that we ended: rules that drop, tried before all others. */
	const struct rule *blocks;
	size_t block_count;
	/* Of the rules in order of id: refusals, limits, grants; NULL: all are one grant.
	 * policy_combine makes them. */
	const struct policy_section *sections;
	size_t section_count;
	/* What forbids goes on to forbid, and the base layer is this gateway's alone: names,
	 * time and portal. QUARANTINED: beside it only rules with `quarantine` open
	 * anything, if they say to whom (not anybody, not a prefix wider than /16 or /32), and, as its class has it, those about kinds of devices of this house
	 * (policy_peer_is_class). REFUSED: nothing does, not even the base layer. LIMITED:
	 * what policy_hold_layers makes is among the rules. */
	enum device_hold hold;
	bool keeps_fabric;
	bool redirect; /* what it is refused from the device is meant for the sink */
	/* TCP ports of this gateway that every device may ask; 0: none. */
#define POLICY_PORTALS 2 /* HTTPS (RFC 8908), and HTTP for who has no TLS */
	uint16_t portal[POLICY_PORTALS];
};

/* What beside a device's own rules makes out how it is held, as layers: where it may fetch
 * updates, as grants; for LIMITED the limit to the house and to them, of which also the
 * rules with `quarantine` of these grants are; and to who has no profile, all of that. None
 * for NONE and REFUSED. CARDEA_ELIMIT beyond LIMIT_UPDATE_HOSTS, CARDEA_EMALFORMED. */
struct policy_held {
	enum device_hold hold;
	const struct update_host *hosts;
	size_t host_count;
	bool has_profile; /* something says what it may do: a file, or what the owner took */
	const struct policy_layer *layers; /* all others; those that grant count */
	size_t layer_count;
};
#define POLICY_HOLD_LAYERS 3
#define POLICY_HOLD_ACL "held"	   /* rule.acl of the limit */
#define POLICY_UPDATE_ACL "update" /* of where it may fetch updates; ace: who says so, and where */
/* Of more rules with `quarantine` a limit takes no notice: no file names so many. */
#define POLICY_HOLD_PASSES 256
int policy_hold_layers(struct pool *pool, const struct policy_held *held,
	struct policy_layer ret[POLICY_HOLD_LAYERS], size_t *ret_count) CARDEA_MUSTCHECK;
/* The rule has `quarantine`, and says of whom: whoever is let through to all the world is
 * not held. */
bool policy_stays_on(const struct rule *r);
/* What an update host opens. */
void policy_update_rule(const struct update_host *h, struct rule *ret);

/* Made ready: blocks and rules in order of id, with the base layer's defaults behind
 * them, and for each what this version does about it (rule.status, rule.detail). The
 * first that matches wins: blocks, then rules. */
struct policy {
	const struct rule *rules;
	uint32_t count;
	uint32_t base_first; /* rules[base_first..] are the base layer's */
	const struct rule *blocks;
	uint32_t block_count;
	struct policy_section sections[POLICY_LAYERS_MAX];
	uint32_t section_count; /* 0: all rules are one grant */
	enum device_hold hold;
	bool redirect;
};

/* Layers as one list of rules, which are numbered anew (acl, ace and line stay) and bear
 * their layer's name: refusals first, then limits, then grants, those without
 * prohibitions before those with some. All in pool, but for blocks and quarantine, which
 * stay empty. CARDEA_ELIMIT beyond LIMIT_RULES or POLICY_LAYERS_MAX, CARDEA_EMALFORMED
 * for an action that its part does not have, -ENOMEM. */
int policy_combine(struct pool *pool, const struct policy_layer *layers, size_t count,
	struct policy_input *ret) CARDEA_MUSTCHECK;

/* What the owner said about one device as layers: refusals, limits, grants. What limits
 * pass is the house's own names and time, too. */
#define POLICY_OVERLAY_LAYERS 5
#define POLICY_OVERLAY_ACL "owner" /* rule.acl of all of them; ace: "refuse-3" */
int policy_overlay_layers(struct pool *pool, const struct overlay *list, size_t count,
	struct policy_layer ret[POLICY_OVERLAY_LAYERS], size_t *ret_count) CARDEA_MUSTCHECK;
/* What of it is left in the combined policy; moot unless it acts. An address may be any
 * name's, so that only what is surely apart is unmet. */
enum policy_overlay_state {
	POLICY_OVERLAY_ACTS,
	POLICY_OVERLAY_UNMET,	  /* nothing that it takes away is granted */
	POLICY_OVERLAY_GRANTED,	  /* what it allows is allowed without it */
	POLICY_OVERLAY_OVERRULED, /* another one takes away what it allows */
};
enum policy_overlay_state policy_overlay_state(const struct policy *p,
	const struct overlay *o, const struct overlay *list, size_t count);
const char *policy_overlay_words(enum policy_overlay_state s); /* ACTS: "" */

/* Copies into pool. CARDEA_ELIMIT beyond LIMIT_RULES or LIMIT_BLOCKS, CARDEA_EMALFORMED
 * for an impossible rule or a block that could not be enforced, -ENOMEM when pool is
 * full. POLICY_POOL_BYTES is a limit for pool that suffices. */
#define POLICY_POOL_BYTES                                                              \
	((LIMIT_RULES + LIMIT_BLOCKS + 16) * sizeof(struct rule) + 65536)
int policy_prepare(struct pool *pool, const struct policy_input *input,
	struct policy *ret) CARDEA_MUSTCHECK;
/* The rule or block of that id, or NULL. */
const struct rule *policy_rule(const struct policy *p, rule_id id);
/* Of a rule of the policy: which part of it the rule is in. */
enum policy_part policy_part_of(const struct policy *p, const struct rule *r);
/* Some rule in force is about IP packets with such a peer. */
bool policy_uses_peer(const struct policy *p, enum peer_kind kind);
/* ... with a peer that policy_names.members knows: compile the device anew when its
 * classes change. */
bool policy_uses_classes(const struct policy *p);
/* PEER_CONTROLLER, MY_CONTROLLER, SAME_MANUFACTURER, MANUFACTURER, MODEL, MAC. */
bool policy_peer_is_class(enum peer_kind kind);
/* A binding of this name changes what the kernel must hold. */
bool policy_uses_name(const struct policy *p, const char *name);
/* A binding of this name changes what the addresses of other rules come to, or triggers:
 * compile the whole device anew and diff. */
bool policy_denies_name(const struct policy *p, const char *name);

/* Always passes, in both tables and here: without it no device has an address. ARP and
 * EAPOL are no flows; callers let them pass by EtherType. */
bool policy_is_infrastructure(const struct flow *f);
/* A device that plays router or DHCP server. */
bool policy_is_rogue(const struct flow *f);

/* The reference: judges the packet that would open flow f, rule by rule, first match.
 * That f's device address is its own is the guard's business, that f answers an open
 * flow is the caller's. names may be NULL: nothing is bound. Rules about frames that
 * are not IP (rule.ethertype) match no flow. A rule lets a peer in only where addresses
 * of its kind go: who is link-local (RFC 4291 2.5.6) reaches the device's link-local
 * address and no other, unless the rule's own range holds both kinds. */
void policy_evaluate(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f,
	struct verdict *ret_verdict);

/* Which triggers packets of this flow arm if they are let through, each once; how many. */
size_t policy_arms(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f,
	uint16_t ret[LIMIT_TRIGGERS]);
/* It is refused, but some rule would let it begin if its trigger had been armed: that
 * rule, or NULL. */
const struct rule *policy_waits_for(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f);

/* The first rule that matches, whatever follows from that; or NULL. */
const struct rule *policy_first_match(const struct policy *p,
	const struct policy_env *env, const struct policy_names *names,
	const struct flow *f);

/* Whom to compile for. */
struct policy_device {
	struct mac mac;
	const struct addr *addrs;
	size_t addr_count;
};

/* One element and the rule it stands for. Non-zero stops and is returned. */
typedef int (*policy_emit)(void *ctx, const struct element *e, rule_id rule);

/* The elements that do not depend on accepting names: OUT and IN, disjoint OUT_RANGE
 * and IN_RANGE, ETHER_OUT and ETHER_IN, all without timeout; ranges of rules that need a
 * trigger, with its number as their gate, and ARM_OUT and ARM_IN of those that arm one:
 * house-wide numbers are the caller's to give. CARDEA_ELIMIT beyond LIMIT_BOXES. names
 * may be NULL. */
int policy_compile(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d,
	policy_emit emit, void *ctx) CARDEA_MUSTCHECK;
/* ARM_OUT or ARM_IN of one rule that arms a trigger, for whatever device, which need not
 * be the one whose policy has it. CARDEA_ELIMIT beyond POLICY_ARMS_MAX. */
#define POLICY_ARMS_MAX 1024
int policy_compile_arms(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d,
	policy_emit emit, void *ctx) CARDEA_MUSTCHECK;
/* The elements of one binding name -> peer. Disjoint from those of policy_compile, and
 * equal or disjoint to those of other bindings, so that adding twice is a refresh. For
 * a name of policy_denies_name the binding must already be in names. */
int policy_compile_binding(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d,
	const char *name, const struct addr *peer, uint32_t timeout_s, policy_emit emit,
	void *ctx) CARDEA_MUSTCHECK;

/* Where a gateway only watches: all that passes then, listed or not, as a policy in pool.
 * kept: what is refused all the same, as refusals and limits. CARDEA_ELIMIT from
 * POLICY_LAYERS_MAX of them on; else as policy_combine and policy_prepare. */
int policy_told_prepare(struct pool *pool, const struct policy_layer *kept, size_t count,
	struct policy *ret) CARDEA_MUSTCHECK;
/* A prohibition among the grants that may stand among the refusals: it is about IP packets
 * and can be enforced. One that cannot is none in the grant, either. */
bool policy_told_keeps(const struct rule *r);
/* policy_compile of it: ranges of ELEMENT_GATE_TOLD, disjoint among themselves. */
int policy_told_compile(const struct policy *told, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d, policy_emit emit,
	void *ctx) CARDEA_MUSTCHECK;
/* policy_evaluate of p, a policy of who is not held; VERDICT_WOULD_BLOCK where told lets
 * pass what p refuses. */
void policy_told_evaluate(const struct policy *p, const struct policy *told,
	const struct policy_env *env, const struct policy_names *names, const struct flow *f,
	struct verdict *ret_verdict);

/* What the kernel may open by itself when the device is told an address of the name: one
 * flow after another, from the device, but for its own port. */
struct policy_opening {
	const char *name; /* below which, or itself */
	bool suffix;
	uint8_t family; /* 4, 6; 0: both */
	uint8_t proto;
	uint16_t port; /* the peer's */
	rule_id rule;  /* the first that says so */
};
typedef int (*policy_open)(void *ctx, const struct policy_opening *o);
/* Of which names the kernel may learn addresses without us: those all of whose rules are
 * such openings, at most LIMIT_OPENINGS, from which no earlier rule takes anything away
 * whatever the address. ret_whole: no name in the policy needs us. Non-zero of open stops
 * and is returned. */
int policy_inline(const struct policy *p, policy_open open, void *ctx, bool *ret_whole);

/* One or two plain sentences for the owner. names: may be NULL when nobody knows;
 * device: how to call it; name: what the device called the peer, or NULL.
 * Device-supplied text is escaped. Returns buf. */
#define POLICY_EXPLAIN_MAX 1024
char *policy_explain(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f, const struct verdict *v,
	const char *device, const char *name, char buf[POLICY_EXPLAIN_MAX]);

/* What a set of rules allows, compared with another set as files say it, whatever house
 * they come to: names, controllers and the other classes are equal when they are called
 * the same, and nothing else is known about them. */
enum policy_mark {
	POLICY_RULE_WHOLE,
	POLICY_RULE_PARTIAL, /* what is asked for is less than the rule says */
	POLICY_RULE_NOTHING, /* no packet; of frames that are not IP see rule.status */
};

struct policy_says {
	const struct rule *rules;
	const uint8_t *marks; /* enum policy_mark of each; NULL: all whole */
	size_t count;
};

/* One kind of access, cut to what is new of it: a rule for rule_sentence, the rule it
 * is from, and a flow that opens one. peer_lo to peer_hi are the addresses when they
 * are neither all nor the rule's prefix; proto_lo to proto_hi when what has neither
 * one protocol nor all; icmp, type << 8 | code, when it is of neither one code, one type
 * nor all. Frames that are not IP (what.ethertype) are no flow: of their
 * witness only the direction counts. */
struct policy_access {
	struct rule what;
	const struct rule *from;
	struct flow witness;
	struct addr peer_lo, peer_hi;
	uint8_t proto_lo, proto_hi;
	struct range16 icmp;
	bool ranged;  /* see peer_lo */
	bool icmp_ranged;
	bool partial; /* perhaps: see POLICY_RULE_PARTIAL */
};

/* What `after` allows and `before` does not, at most; what only may be so is partial.
 * The access lives in pool. CARDEA_ELIMIT when there is too much to compare. */
#define POLICY_ACCESS_MAX 4096
#define POLICY_ACCESS_POOL_BYTES (64UL << 20)
int policy_access_new(struct pool *pool, const struct policy_says *before,
	const struct policy_says *after, const struct policy_access **ret_list,
	size_t *ret_count) CARDEA_MUSTCHECK;

/* From one element list to another, both sorted by element_compare without duplicates.
 * A key in both whose timeout or rate differs is added again. Non-zero stops. */
typedef int (*policy_change)(void *ctx, const struct element *e);
int policy_diff(const struct element *before, size_t before_count,
	const struct element *after, size_t after_count, policy_change remove,
	policy_change add, void *ctx) CARDEA_MUSTCHECK;

#endif
