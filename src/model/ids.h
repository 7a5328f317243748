// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ids - numbers by which things are known across processes. */
#ifndef CARDEA_MODEL_IDS_H
#define CARDEA_MODEL_IDS_H

#include <stdint.h>

typedef uint32_t device_id; /* stable, from the store; 0 is none */
typedef uint32_t rule_id;   /* 1.. within one profile, in evaluation order; 0 is none */
typedef uint64_t event_id;  /* from the store; 0 is none */

enum role {
	ROLE_PARENT,
	ROLE_ENFORCER,
	ROLE_SENSOR,
	ROLE_RESOLVER,
	ROLE_COURIER,
	ROLE_ENGINE,
	ROLE_WEB,
	ROLE_MAX,
};

const char *role_name(enum role r);

/* How answers of the resolver go out to one client. */
enum dns_mode {
	DNS_HOLD, /* each address waits until the kernel knows it: also for who is not told of */
	DNS_TELL, /* at once: the kernel learns from the answer itself, or nothing is opened */
	DNS_ASK,  /* held, and each question waits before it leaves the house, too */
	DNS_MODE_MAX,
};

/* What the resolver notices about a client's names or an answer for it. */
enum dns_finding {
	DNS_FINDING_REBINDING,	/* a public name pointed into the LAN: taken out */
	DNS_FINDING_BOGUS,	/* DNSSEC says it is forged */
	DNS_FINDING_RATE,	/* too many questions: some were dropped */
	DNS_FINDING_MAX,
};

#endif
