// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_house - what the resolver knows of this house: its addresses and names, and
 * its encrypted service, as the parent's settings and the engine tell them. */
#ifndef CARDEA_PROC_RESOLVER_HOUSE_H
#define CARDEA_PROC_RESOLVER_HOUSE_H

#include "names/encrypted.h"
#include "names/local.h"
#include "proc/resolver_tls.h"

struct resolver_house {
	struct local *local;
	struct resolver_tls tls;
	struct encrypted_own hidden; /* the owner's list of public resolvers */
	bool tls_told, tls_wanted, started;
};

int resolver_house_init(struct resolver_house *h) CARDEA_MUSTCHECK;
/* Keys that are not of the house are fine. */
int resolver_house_config(struct resolver_house *h, const char *key, const char *value)
	CARDEA_MUSTCHECK;
/* All settings are there, the sandbox is not. */
void resolver_house_start(struct resolver_house *h);
/* The engine names a device, or takes a name back. */
void resolver_house_tell(struct resolver_house *h, const struct message_dns_local *m);
/* resolver_ops */
bool resolver_house_answer(const struct resolver_house *h,
	const struct resolver_origin *from, const struct dns_query *q, size_t limit,
	struct writer *w);
void resolver_house_end(struct resolver_house *h);

#endif
