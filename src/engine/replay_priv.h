// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the replay share. */
#ifndef CARDEA_ENGINE_REPLAY_PRIV_H
#define CARDEA_ENGINE_REPLAY_PRIV_H

#include "base/hash.h"
#include "engine/replay.h"
#include "model/flow.h"
#include "names/names.h"
#include "sensors/pcap.h"
#include "wire/packet.h"

/* Live conversations of one device; a busy hub has hundreds, a scanner all it can. */
#define REPLAY_FLOWS_MAX 65536

/* The kernel's flow set recognises answers by ports or, for echoes, by identifier;
 * all else stands alone and is judged packet by packet. */
enum replay_flow_kind { REPLAY_FLOW_PORTS, REPLAY_FLOW_ECHO, REPLAY_FLOW_LONE };

struct replay_key {
	struct addr device, peer;
	uint8_t kind, proto;
	uint8_t direction; /* LONE only */
	uint16_t a, b;     /* device and peer port; identifier, 0; type, code */
};

/* family, two addresses, kind, protocol, direction and two ports */
#define REPLAY_KEY_BYTES (1 + 16 + 16 + 3 + 4)

struct replay_flow {
	struct hash_node node; /* first */
	struct replay_key key;
	uint8_t bytes[REPLAY_KEY_BYTES];   /* the key, packed */
	struct replay_flow *newer, *older; /* by last packet */
	nstime expires;
	bool allowed, was_blocked, answered;
	enum direction direction; /* who began */
	rule_id rule;
	uint32_t violation; /* index + 1 of what it counts for, when blocked */
};

struct replay_flows {
	struct hash_table table;
	struct replay_flow *entries;
	uint32_t used; /* entries handed out once */
	struct replay_flow *newest, *oldest;
	struct replay_flow *free;
};

int replay_flows_init(struct replay_flows *f) CARDEA_MUSTCHECK;
void replay_flows_free(struct replay_flows *f);
/* The live entry, or NULL; one that has expired is dropped. */
struct replay_flow *replay_flow_find(
	struct replay_flows *f, const struct replay_key *k, nstime now);
/* A new entry; the one longest silent goes when all are in use. */
struct replay_flow *replay_flow_add(struct replay_flows *f, const struct replay_key *k);
/* A packet of it passed now: keeps it alive for as long as the kernel would. */
void replay_flow_touch(struct replay_flows *f, struct replay_flow *e, nstime now);

struct replay {
	const struct replay_options *options;
	struct replay_report *report;
	struct policy_env *env; /* report->env */
	struct bindings bindings;
	struct policy_names names;
	struct replay_flows flows;
	nstime now;
	bool foreign_dns;  /* noticed */
};

/* Whose packet is it? Learns addresses, prefixes and the gateway on the way. False when
 * it is not the device's. */
bool replay_identify(struct replay *r, const struct packet *p, enum direction *ret);
void replay_identity_init(struct replay *r);
bool replay_owns(const struct replay *r, const struct addr *a);
/* A packet of the device that carries a flow. */
void replay_judge(
	struct replay *r, const struct packet *p, enum direction d, uint32_t bytes);
/* DNS answers to the device. */
void replay_names_learn(struct replay *r, const struct packet *p);

/* Counts a blocked packet; index + 1 of its violation, 0 when there are too many. */
uint32_t replay_violation_add(
	struct replay *r, const struct flow *f, const struct verdict *v);
void replay_notice(struct replay_report *r, const char *fmt, ...) CARDEA_PRINTF(2, 3);
void replay_report_sort(struct replay_report *r);

#endif
