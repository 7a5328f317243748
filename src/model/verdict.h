// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* verdict - what becomes of a packet or flow, and which rule says so. */
#ifndef CARDEA_MODEL_VERDICT_H
#define CARDEA_MODEL_VERDICT_H

#include <stdint.h>
#include "model/ids.h"
#include "model/rule.h"

enum verdict_kind {
	VERDICT_PASS,	   /* outside policy: DHCP, ARP, ND, IGMP/MLD, EAPOL */
	VERDICT_ALLOW,
	VERDICT_REFUSE,	   /* the owner says no: polite, not suspicious */
	VERDICT_VIOLATION, /* the profile does not list it */
	VERDICT_QUARANTINE, /* it is held, and this is not left to it */
	VERDICT_REDIRECT,   /* so, and meant for the sink: refused until there is one */
	VERDICT_WOULD_BLOCK, /* a violation that passes, for this gateway only watches */
};

enum verdict_reason {
	REASON_NONE,
	REASON_RULE,	     /* rule says so, accept or drop */
	REASON_REPLY,	     /* belongs to a flow that a rule opened */
	REASON_DEFAULT_DENY, /* RFC 8520 5: nothing matched */
	REASON_SPOOFED,	     /* source address is another's or foreign */
	REASON_ROGUE_RA,     /* a device plays router or DHCP server */
	REASON_FRAGMENT,     /* bridged fragments carry no ports to judge */
	REASON_MALFORMED,
	REASON_TLS,	     /* its ClientHello offers what its TLS profile does not */
	REASON_TOLD, /* the kernel's word alone: nothing allows it, and it passed */
	REASON_MAX,
};

struct verdict {
	enum verdict_kind kind;
	enum verdict_reason reason;
	rule_id rule; /* 0 when no rule decided */
	enum layer layer;
};

const char *verdict_kind_name(enum verdict_kind k);
const char *verdict_reason_name(enum verdict_reason r);

#endif
