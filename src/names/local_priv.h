// SPDX-License-Identifier: GPL-2.0-or-later
/* local_priv - what the files of local share: replies of our own, record by record. */
#ifndef CARDEA_NAMES_LOCAL_PRIV_H
#define CARDEA_NAMES_LOCAL_PRIV_H

#include "names/local.h"

/* Devices come and go: who asks again soon hears of it. */
#define LOCAL_TTL 60
/* What is true for ever (RFC 6303 3: three hours). */
#define LOCAL_TTL_FIXED 10800

/* A reply that grows; the OPT record comes last, by local_reply_end. */
struct local_reply {
	struct writer *w;
	const struct dns_query *q;
	size_t start;  /* of the message in w */
	uint16_t counts[3]; /* answers, authorities, additionals */
	unsigned section;
	uint16_t rcode;
};

enum local_section { LOCAL_ANSWER, LOCAL_AUTHORITY, LOCAL_ADDITIONAL };

void local_reply_begin(struct local_reply *r, const struct dns_query *q, struct writer *w);
/* name NULL: the question's. Sections in their order. */
void local_reply_addr(struct local_reply *r, enum local_section section,
	const char *name, const struct addr *a, uint32_t ttl);
void local_reply_ptr(struct local_reply *r, const char *target, uint32_t ttl);
/* The zone's own record: the answer, or, as authority, how long it is true that nothing
 * is there (RFC 2308). */
void local_reply_soa(struct local_reply *r, enum local_section section, const char *zone,
	const char *server, uint32_t ttl);
/* Head of a record, for those that write its data themselves: where its length goes. */
size_t local_reply_record(struct local_reply *r, enum local_section section,
	const char *name, uint16_t type, uint32_t ttl);
void local_reply_record_end(struct local_reply *r, size_t length_at);
/* False when it cannot be: the name was no name, or w has no room. */
bool local_reply_end(struct local_reply *r, size_t limit);

/* local_zones.c: a zone that is answered here, "" when name is in none. Whether the name
 * exists, as far as the zone alone tells. */
struct local_zone {
	const char *apex;
	uint32_t ttl;
	bool exists; /* the apex, and what may have names below */
};
bool local_zone_of(const struct dns_name *name, struct local_zone *ret);
/* "1.1.168.192.in-addr.arpa" is 192.168.1.1. False when it is no whole address. */
bool local_reverse_parse(const struct dns_name *name, struct addr *ret);

/* ddr.c: everything under resolver.arpa. */
void local_ddr(const struct local_house *h, const struct addr *client,
	struct local_reply *r);

/* The LAN that client is in, or NULL: then all addresses are as good. */
const char *local_lan_of(const struct local_house *h, const struct addr *client);

#endif
