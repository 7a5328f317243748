// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* rule - one permission or prohibition of one profile layer, with where it came from.
 * Everything that a rule matches is ANDed; rules are tried in order of id. */
#ifndef CARDEA_MODEL_RULE_H
#define CARDEA_MODEL_RULE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "model/flow.h"
#include "model/ids.h"
#include "model/limits.h"

enum peer_kind {
	PEER_ANY,
	PEER_NAME,	       /* name */
	PEER_PREFIX,	       /* prefix */
	PEER_LOCAL_NETWORKS,   /* RFC 8520 4.5 */
	PEER_GATEWAY,	       /* this gateway itself */
	PEER_CONTROLLER_DNS,   /* urn:ietf:params:mud:dns */
	PEER_CONTROLLER_NTP,   /* urn:ietf:params:mud:ntp */
	PEER_CONTROLLER,       /* any other class; name holds the URI */
	PEER_MY_CONTROLLER,
	PEER_SAME_MANUFACTURER,
	PEER_MANUFACTURER,     /* name holds the authority */
	PEER_MODEL,	       /* name holds the MUD URL */
	PEER_MAC,	       /* whatever uses mac on the LAN */
	PEER_MAX,
};

struct peer {
	enum peer_kind kind;
	struct prefix prefix;
	/* lower case, no trailing dot; "*.example.com": all that is below example.com, which
	 * no MUD file says (RFC 8520 8.1 has names); classes: see above */
	char name[LIMIT_NAME];
	struct mac mac;
};

/* RULE_PASS: of layers that limit; says neither yes nor no, and the rest of its layer
 * does not count (policy/policy.h). No file has it. */
enum rule_action { RULE_ACCEPT, RULE_DROP, RULE_PASS };

/* Who may send the first packet (RFC 8520 4.8 direction-initiated, TCP only). */
enum initiator { INITIATOR_EITHER, INITIATOR_DEVICE, INITIATOR_PEER };

/* Whether the rule is in the kernel. Never silently dropped: detail says why not. */
enum rule_status {
	RULE_ENFORCED,
	RULE_REPLY_HALF,   /* covered by the flow that its mirror rule opens */
	RULE_NOT_YET,	   /* understood, not enforced by this version */
	RULE_UNENFORCEABLE,/* understood, impossible here */
	RULE_APPROXIMATED, /* enforced as near as possible; detail says how */
	RULE_PREVIEWED,	   /* shown; the owner has to enable it (RFC 8520 2) */
	RULE_STATUS_MAX,
};

enum layer {
	LAYER_BASE,	    /* RFC 8520 defaults: gateway DNS and NTP */
	LAYER_MANUFACTURER,
	LAYER_LEARNED,
	LAYER_CROWD,
	LAYER_OWNER,
	LAYER_AGENT,	  /* whom the owner let decide, such as the provider */
	LAYER_QUARANTINE,
	LAYER_MAX,
};

struct range16 {
	uint16_t lo, hi; /* inclusive; 0-65535 is any */
};

#define RULE_PROTO_ANY (-1)
#define RULE_ICMP_ANY (-1)
#define RULE_ETHERTYPE_IP (-1) /* the rule is about IP packets */

struct rule {
	rule_id id;
	enum direction direction;
	enum initiator initiator;
	enum rule_action action;
	uint8_t family; /* 4, 6, or 0 for both */
	/* RULE_ETHERTYPE_IP, or the Ethernet type (other than IP's) of the frames that the
	 * rule is about: its peer is ANY or MAC then, and nothing above counts. */
	int32_t ethertype;
	int16_t proto;	/* RULE_PROTO_ANY or 0-255 */
	int16_t icmp_type, icmp_code;
	struct range16 device_port, peer_port;
	struct peer peer;
	enum layer layer;
	enum rule_status status;
	uint32_t line;		 /* of the ACE in its file, 0 unknown */
	bool quarantine; /* stays in force in quarantine */
	uint8_t tls;	 /* 0, or 1 + index of the TLS profile that its ClientHellos obey */
	/* Triggers, by their numbers in one profile; 0: none. Packets of a conversation that
	 * this rule matches and that is let through arm one, whichever rule let it through;
	 * an accepting rule that needs one lets conversations begin for open_s after. */
	uint16_t arms, needs;
	uint32_t open_s;
	char acl[LIMIT_LABEL];	 /* names in the file, for provenance */
	char ace[LIMIT_LABEL];
	char detail[LIMIT_TEXT]; /* why status is not ENFORCED, what it needs; or empty */
};

/* The datapath acts on it: enforced, or nearly so. */
static inline bool rule_in_force(const struct rule *r)
{
	return r->status == RULE_ENFORCED || r->status == RULE_APPROXIMATED;
}

/* A rule that accepts everything from the device to any peer; callers narrow it. */
void rule_init(struct rule *r);
const char *peer_kind_name(enum peer_kind k);
/* Of a PEER_NAME: "*.example.com" means all that is below example.com. */
static inline bool rule_name_is_suffix(const char *name)
{
	return name[0] == '*' && name[1] == '.';
}
/* The name is one that the rule's means, or is spelt like it. */
bool rule_name_matches(const char *of_rule, const char *name);
const char *rule_status_name(enum rule_status s); /* "enforced", "reply", "not enforced
						    * yet", "not enforceable here",
						    * "approximated", "previewed" */
const char *layer_name(enum layer l);		   /* "base", "manufacturer", ... */
/* One plain sentence: "may open TCP to cloud.example.com port 443 (IPv4)". */
#define RULE_SENTENCE_MAX 512
char *rule_sentence(const struct rule *r, char buf[RULE_SENTENCE_MAX]);

#endif
