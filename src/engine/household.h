// SPDX-License-Identifier: GPL-2.0-or-later
/* household - what the engine holds for each device beside the inventory: its policy,
 * the names it was told, and the elements that stand for it in the kernel. */
#ifndef CARDEA_ENGINE_HOUSEHOLD_H
#define CARDEA_ENGINE_HOUSEHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/pool.h"
#include "engine/adopt.h"
#include "engine/commit.h"
#include "engine/shelf.h"
#include "base/hash.h"
#include "model/adopted.h"
#include "model/device.h"
#include "model/element.h"
#include "model/name_hash.h"
#include "names/names.h"
#include "policy/policy.h"

struct element_list {
	struct element *items; /* sorted by element_compare when finished */
	size_t count, cap;
	int error;
};

/* What is open in the kernel for names, with how long: all that the engine knows of it.
 * Sorted by key, which is a hash of the element. */
struct opened {
	uint64_t key;
	nstime until; /* wall */
};
struct opened_list {
	struct opened *items;
	size_t count;
};

/* How the resolver is to treat the device's addresses; engine/pipeline_dns.c. */
struct household_dns {
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE]; /* it has been told of these */
	size_t count;
	enum dns_mode mode;
	nstime since; /* wall: when it was told so */
	bool unheard; /* it did not read that answers are to be confirmed anew */
	/* In the house's own zone. */
	char label[LIMIT_HOSTNAME];
	struct addr local[LIMIT_ADDRS_PER_DEVICE];
	size_t local_count;
};

struct household;
struct classes;

/* A conversation that we ended, and do not let begin again for a while. */
#define HOUSEHOLD_BLOCK_S 600
#define HOUSEHOLD_BLOCKS_MAX (LIMIT_BLOCKS / 2) /* each makes two rules */
struct household_block {
	struct addr peer;
	uint8_t proto;
	uint16_t port; /* the peer's */
	nstime until;  /* wall */
};

/* How often rules of one name were used; engine/hits.h. */
struct rule_hits {
	char acl[LIMIT_LABEL], ace[LIMIT_LABEL];
	enum direction direction;
	bool dirty; /* not stored yet */
	uint64_t hits, bytes; /* bytes: 0 where the kernel does not count them */
	nstime first, last; /* wall: counted since; last 0: never */
};

/* What the kernel refused to a device, as its maker is told; engine/report_body.h. */
enum report_drop { REPORT_DROP_NOMATCH, REPORT_DROP_BLOCKED, REPORT_DROP_MAX };
struct report_drops {
	uint64_t packets[REPORT_DROP_MAX][DIRECTION_MAX]; /* since the start */
};

/* A trigger, open for so long: one number in the house (model/element.h). */
struct household_gate {
	uint16_t trigger;
	uint32_t open_s;
	uint32_t gate;
};

/* What the owner put in force for the device himself, as rules. */
struct household_grant {
	struct pool *pool; /* of all this; NULL: none */
	const struct rule *rules;
	size_t count;
	const struct adopt_watch *watches;
	size_t watch_count;
	const struct household_gate *gates; /* household_grant makes them */
	size_t gate_count;
	enum layer layer;
	enum adopt_form form;
	nstime when; /* wall */
};

/* What is refused for a while, to see what the device does without it (engine/prober.h).
 * Not stored: whoever starts anew refuses nothing. */
struct household_probe {
	struct overlay refused; /* OVERLAY_REFUSE */
	nstime until;		/* wall: it ends by itself; 0: there is none */
};

/* engine/reporter.h */
struct report_state {
	char uri[LIMIT_URL]; /* report-uri of the file in force, or empty */
	uint64_t id;	     /* of the one under way; 0: none */
	nstime due;	     /* mono; 0: not planned; with an id: when it is given up */
	int outcome;	     /* enum reporter_outcome of the last one */
	nstime last;	     /* wall: when it ended */
	char text[LIMIT_TEXT];
	struct report_drops drops;
};

struct household_device {
	device_id id;
	struct household *house;
	struct bindings names;
	struct pool *pool; /* of the policy; NULL: none */
	struct policy policy;
	struct pool *file; /* of what the policy is made of; NULL: it has no file */
	const struct rule *rules;
	size_t rule_count;
	const struct profile_limit *limits;
	size_t limit_count;
	struct household_grant grant; /* beside its file */
	struct overlay *overlays; /* what the owner says beside it, in order of id */
	size_t overlay_count;
	struct household_probe probe;
	enum device_hold hold; /* as the policy has it */
	bool keeps_fabric;     /* its class does: policy/policy.h */
	bool bare; /* held, and what it might do did not fit: only what every one may */
	struct update_host *updates; /* where it may fetch what repairs it while held */
	size_t update_count;
	struct household_block blocks[HOUSEHOLD_BLOCKS_MAX];
	size_t block_count;
	bool owes_forget; /* its flows were to end while the enforcer was away */
	const struct shelf_entry *source; /* of the policy */
	uint8_t sha256[32];               /* of the file it was made from */
	nstime last_update;               /* of that file; 0 unknown */
	bool takes_previewed;		  /* the owner accepts what its file only shows */
	char next_url[LIMIT_URL];      /* said since it is protected, not fetched yet */
	char refused_url[LIMIT_URL];   /* said, too, and not accepted by the owner */
	struct element_list installed; /* without those that have a timeout */
	struct opened_list opened;     /* those */
	bool whole; /* the kernel can learn all names of the policy (policy_inline) */
	uint64_t names_seq; /* the transaction since which the kernel knows them as they are */
	struct household_dns dns;
	/* engine/hits.h */
	struct rule_hits *hits;
	size_t hit_count;
	uint16_t *hit_of_rule;      /* in hits, for each rule of hits_of */
	const struct rule *hits_of; /* the policy that this was made for */
	struct report_state report;
	/* engine/classes.h */
	bool uses_classes;          /* the policy does */
	uint64_t members;           /* of these classes, when it was compiled */
	char member_url[LIMIT_URL]; /* what it is a member by; empty: it is none */
	char authority[LIMIT_NAME]; /* of authority_url, as RFC 8520 compares it */
	char authority_url[LIMIT_URL];
};

#define HOUSEHOLD_LIMIT_BYTES 1
#define HOUSEHOLD_LIMIT_PACKETS 2

/* What the bandwidths of a device's file come to. */
struct household_limits {
	uint64_t bytes[DIRECTION_MAX], packets[DIRECTION_MAX]; /* a second; 0: none */
	uint8_t counted[LIMIT_PROFILE_LIMITS]; /* HOUSEHOLD_LIMIT_…, of each */
};

struct household {
	struct policy_env env;
	struct mac gateway_macs[LIMIT_LANS];
	size_t gateway_mac_count;
	struct household_device *devices[LIMIT_DEVICES];
	size_t count;
	uint16_t places[LIMIT_DEVICES]; /* in devices, by id; a hint */
	struct classes *classes;        /* NULL: no class has members */
	struct element_list house; /* LAN prefixes and the gateway's own addresses */
	struct commit *commit;
	struct hash_key key;	   /* of opened elements */
	struct name_key name_key;  /* of the kernel; both 0: it learns no names */
	uint16_t portal[POLICY_PORTALS]; /* of this gateway */
	bool redirect; /* what the held are refused is meant for a sink */
	bool knows_gates;          /* it can wait for triggers */
	bool tells;                /* see household_tell_only */
	uint64_t watches;	   /* a hash of who arms what, as it was last installed */
	/* The kernel is about to learn other names of the device than now, or none: no
	 * answer may go to it unheld. May be NULL. */
	void (*hold)(void *ctx, const struct device *d);
	/* What the device may do is about to change: no answer that was confirmed before
	 * counts. May be NULL. */
	void (*unconfirm)(void *ctx, const struct device *d);
	/* The device, which was not held, is about to be: what it may do then may still
	 * be said by household_updates. May be NULL. */
	void (*holding)(void *ctx, const struct device *d, struct household_device *hd);
	void *hold_ctx;
};
#define HOUSEHOLD_SEQ_NEVER UINT64_MAX

void household_init(struct household *h, struct commit *c);
void household_free(struct household *h);
bool household_is_gateway(const struct household *h, const struct mac *mac);
/* Made at first use; NULL when memory is short. */
struct household_device *household_device(struct household *h, device_id id);
/* Takes all of it out of the kernel and forgets it. */
void household_remove(struct household *h, const struct device *d);
/* The wall clock was set: names live on for as long as they had. */
void household_shift(struct household *h, nstime before, nstime jump);
/* Takes the profile as the device's policy; all stays as it was when that fails. */
int household_adopt(
	struct household_device *d, const struct shelf_entry *source) CARDEA_MUSTCHECK;
/* Its file is another device's: nothing of it is left. What the owner said stays: a
 * quarantine, what he put in force himself, and who controls whom. The kernel follows
 * with household_update. */
void household_abandon(struct household_device *d);
/* Makes the device's state, policy and kernel elements follow device.hold; its flows are
 * judged anew. All stays as it was when that fails. */
int household_hold(
	struct household *h, struct device *d, nstime wall) CARDEA_MUSTCHECK;
/* Where the device may fetch updates while it is held, all of it: the kernel follows at
 * once where it is; nothing changes when that fails. */
int household_updates(struct household *h, const struct device *d,
	const struct update_host *list, size_t count, nstime wall) CARDEA_MUSTCHECK;
/* The gateway's portal listens there: whoever has rules may ask it. */
void household_portal(struct household *h, const uint16_t ports[POLICY_PORTALS],
	const struct device *(*at)(void *ctx, size_t i), void *ctx, nstime wall);
/* What the owner says beside the device's profile, all of it, whatever profile that is:
 * the kernel follows at once where one is in force; nothing changes when that fails. */
int household_overlay(struct household *h, const struct device *d,
	const struct overlay *list, size_t count, nstime wall) CARDEA_MUSTCHECK;
/* Puts g in force beside the device's file in place of what was there, or nothing (NULL);
 * the device's state and the kernel follow at once. Takes g's pool; nothing changes, and
 * the pool stays the caller's, when that fails. */
int household_grant(struct household *h, struct device *d,
	const struct household_grant *g, nstime wall) CARDEA_MUSTCHECK;
/* What its policy would be, in pool, with something in the place of what is there: if it were
 * not held, and nothing were refused by a probe or ended. Nothing changes by it. */
struct household_trial {
	bool file; /* rules in the place of its file's */
	const struct rule *rules;
	size_t rule_count;
	const struct household_grant *grant; /* in the place of what the owner put in force */
	bool says;			     /* overlays in the place of what he says */
	const struct overlay *overlays;
	size_t overlay_count;
};
/* ret_enforced false: there is no profile, so nothing would be. */
int household_try(const struct household_device *d, const struct household_trial *t,
	struct pool *pool, struct policy *ret, bool *ret_enforced) CARDEA_MUSTCHECK;
/* Refuses this to a device for which a profile is in force (else -ENOENT), or, NULL,
 * nothing any more; nothing changes when that fails. */
int household_refuse(struct household *h, const struct device *d,
	const struct household_probe *what, nstime wall) CARDEA_MUSTCHECK;
/* Devices whose traffic arms others' triggers may have got other addresses, or a profile:
 * the kernel follows. */
void household_watch(struct household *h, const struct device *(*at)(void *ctx, size_t i),
	void *ctx, nstime wall);
/* Whether the kernel can wait for triggers. Where it cannot, what waits is let through at
 * any time, and says so; the kernel follows at the next synchronisation. */
void household_knows_gates(struct household *h, bool knows,
	const struct device *(*at)(void *ctx, size_t i), void *ctx, nstime wall);
/* What the profiles of devices that are not held do not list passes, and is told: the kernel
 * follows at once. What the owner refused is refused, and what the guard takes for a lie.
 * Conversations that were ended, and probes, are over with it. */
void household_tell_only(struct household *h, bool on,
	const struct device *(*at)(void *ctx, size_t i), void *ctx, nstime wall);
/* So it is for this device, now. */
bool household_tells(const struct household_device *hd);
/* All that passes then, whether it is told or not: a policy in pool. */
int household_told_policy(const struct household_device *hd, struct pool *pool,
	struct policy *ret) CARDEA_MUSTCHECK;
/* What becomes of the flow: policy_evaluate, and VERDICT_WOULD_BLOCK where it passes by the
 * above alone. It has a policy. */
void household_judge(const struct household_device *hd, const struct policy_names *names,
	const struct flow *f, struct verdict *ret);
/* This conversation ends, and its like for HOUSEHOLD_BLOCK_S; the oldest block goes
 * where there are HOUSEHOLD_BLOCKS_MAX. -ENOENT when nothing is enforced for the
 * device. */
int household_block(struct household *h, const struct device *d,
	const struct addr *peer, uint8_t proto, uint16_t port,
	nstime wall) CARDEA_MUSTCHECK;
void household_limits(const struct household_device *hd, struct household_limits *ret);
/* "approximated" or "not enforceable here" for the i-th of the device's limits. */
const char *household_limit_status(const struct household_limits *all, size_t i,
	const struct profile_limit *l, const char **ret_detail);

/* The device's names and classes as policy wants them, at this time. */
struct household_names {
	const struct household_device *device;
	nstime wall;
};
struct policy_names household_names(
	struct household_names *n, const struct household_device *d, nstime wall);

/* Brings the kernel in line with the device, changes only, in one transaction; none when
 * nothing changes. Where something is taken away its flows are judged anew: forget asks
 * for that when no element tells of it. */
void household_update(
	struct household *h, const struct device *d, bool forget, nstime wall);
/* Blocks and names whose time is over are forgotten; where one of them took something
 * away, the kernel learns that it no longer does. */
void household_expire(struct household *h, const struct device *d, nstime wall);
/* The gateway's own addresses and prefixes changed. */
void household_update_house(struct household *h);
/* The kernel learns names with this key from now on; all that was said of names is void
 * until the next synchronisation, which must follow. */
void household_names_key(struct household *h, const struct name_key *key,
	const struct device *(*at)(void *ctx, size_t i), void *ctx, nstime wall);
/* The kernel learns all names that the device's policy has, and knows it by now; or the
 * device has none: answers need not wait for us. */
bool household_learns(const struct household *h, const struct device *d,
	const struct household_device *hd);
/* The kernel opened addr for a name of that hash (0: it is still in use, and stays open).
 * False when the device's policy has no such name. */
bool household_learned(struct household *h, const struct device *d,
	const struct message_learned *m, nstime wall,
	void (*told)(void *ctx, const struct device *d, const struct binding *b),
	void *ctx);
/* The device was just told these addresses for a name. told sees each binding (to save
 * it). ticket 0: it has heard them already. True when a transaction (with the ticket) is
 * under way, false when the kernel needs nothing. */
bool household_tell(struct household *h, const struct device *d,
	const struct message_dns_answer *answer, nstime wall, uint64_t ticket,
	void (*told)(void *ctx, const struct device *d, const struct binding *b),
	void *ctx);
/* All there is, for an enforcer that just came. */
void household_sync(struct household *h,
	const struct device *(*at)(void *ctx, size_t i), void *ctx, nstime wall);

#endif
