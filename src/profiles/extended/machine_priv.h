// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the evaluator share. */
#ifndef CARDEA_PROFILES_EXTENDED_MACHINE_PRIV_H
#define CARDEA_PROFILES_EXTENDED_MACHINE_PRIV_H

#include "base/hash.h"
#include "profiles/extended/facts.h"

/* Conversations remembered: set associative, so that a flood of new ones costs no more
 * than the oldest of a set. A house of talkative devices has a few hundred at once. */
#define CONV_SETS 1024
#define CONV_WAYS 8
#define CONV_TCP_IDLE (3600 * NS_PER_SEC)
#define CONV_UDP_IDLE (300 * NS_PER_SEC)

/* One side is a, the other b, whoever sent the packet. */
struct conv_key {
	struct addr a, b;
	uint16_t a_port, b_port;
	uint8_t proto;
	uint8_t pad[1];
	uint32_t policy;
};

struct counts {
	nstime first;
	uint64_t packets[2], bytes[2]; /* forward, backward */
};

struct conv {
	bool used, seen_syn, app_ok, closed;
	bool undecided; /* no head so far: not yet counted for the step's instance */
	uint32_t instance, generation; /* of a step */
	nstime last;
	struct conv_key key;
	struct counts counts;
};

/* What a policy keeps over all that it matches. */
struct budget {
	nstime packets_at[2], bytes_at[2]; /* when all that was taken is earned again */
};

struct instance {
	bool active;
	uint32_t generation;
	nstime last;
	uint64_t current; /* steps that were taken last: a bit each */
	uint32_t taken[EXTENDED_STEPS], answered[EXTENDED_STEPS];
	struct counts *counts; /* by step */
};

struct machine_step {
	struct extended_policy *policy;
	uint64_t follow; /* steps that may come next */
	uint64_t loop;	 /* steps of the loop it is in; 0: none */
	uint32_t loop_min, loop_max;
	bool is_stream; /* goes on for as long as its limits say */
	int32_t before; /* the step before it in the text, or -1 */
};

struct machine_interaction {
	const struct extended_interaction *of;
	uint32_t count;
	uint64_t first, last; /* steps that it may begin and end with */
	struct machine_step *steps;
	struct instance *instances;
};

struct extended_machine {
	const struct extended_bound *bound;
	unsigned flags;
	struct hash_key key;
	struct names *names;
	struct budget *budgets; /* by policy id */
	nstime *permitted;	/* by permit: until when; 0: not */
	struct machine_interaction *interactions;
	struct pool *pool;
	struct conv convs[CONV_SETS][CONV_WAYS];
	bool unseen; /* the packet is of a connection whose beginning nobody saw */
	struct facts facts;
};

/* One packet under judgement, against one policy. */
struct judged {
	const struct extended_policy *policy;
	bool backward;
	enum match match;
	struct conv *conv; /* that goes on, or NULL */
};

/* automaton.c */
int automaton_build(struct machine_interaction *mi, const struct extended_interaction *i,
	struct pool *pool);
bool policy_is_stream(const struct extended_policy *p);

/* conv.c */
struct conv *conv_find(struct extended_machine *m, const struct extended_policy *p);
struct conv *conv_open(struct extended_machine *m, const struct extended_policy *p);
void conv_count(struct conv *c, const struct facts *f, bool backward);
void counts_add(struct counts *c, const struct facts *f, bool backward);
void counts_merge(struct counts *c, const struct counts *more);
bool facts_has_conv(const struct facts *f);
/* What somebody accepted, whichever policy it was. */
void conv_accepted(struct extended_machine *m);
/* Whether the packet is an ICMP error about a packet of such a conversation. */
bool conv_is_error(const struct extended_machine *m);

/* limits.c */
/* REASON_POLICY when nothing is against it. counts may be NULL. */
enum extended_reason limits_check(const struct extended_machine *m,
	const struct extended_policy *p, const struct counts *counts, bool backward);
void limits_take(struct extended_machine *m, const struct extended_policy *p, bool backward);

/* steps.c */
struct extended_verdict interaction_packet(struct extended_machine *m,
	struct machine_interaction *mi);

/* machine.c */
/* Whether the packet is what the policy says, and part of what it accepted. */
bool judge(struct extended_machine *m, const struct extended_policy *p, struct judged *ret,
	enum extended_reason *ret_why);
bool reason_is_nearer(enum extended_reason a, enum extended_reason b);

#endif
