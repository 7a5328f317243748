// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_priv - what the files of the resolver share. */
#ifndef CARDEA_NAMES_RESOLVER_PRIV_H
#define CARDEA_NAMES_RESOLVER_PRIV_H

#include "base/cursor.h"
#include "base/hash.h"
#include "names/resolver.h"
#include "wire/dns.h"

/* A question as it was asked: wire keeps the case (0x20 clients compare it). */
struct resolver_question {
	struct dns_query query;
	uint8_t wire[DNS_NAME_WIRE_MAX];
	uint8_t wire_len;
};

/* Reads a query. 0, or what must happen to the message: *ret_rcode is what to answer
 * (ret->query then holds id and flags), CARDEA_EREFUSED with nothing to answer. */
int resolver_question_read(const uint8_t *message, size_t len,
	struct resolver_question *ret, uint16_t *ret_rcode) CARDEA_MUSTCHECK;
/* A reply without records. with_question is false when the question was unreadable. */
int resolver_reply_empty(const struct resolver_question *q, uint16_t rcode,
	bool with_question, struct writer *w) CARDEA_MUSTCHECK;
/* Upstream's packet as a reply to q: only records that answer it, only addresses that
 * known lists, lifetimes capped. limit: the client's size, beyond which it is told to
 * come back by TCP. */
int resolver_reply_from(const struct resolver_question *q, struct cursor packet,
	const struct dns_answer *known, size_t limit,
	struct writer *w) CARDEA_MUSTCHECK;

/* One client: its rate, and how many queries it has in work. */
struct resolver_client {
	struct hash_node node; /* first: see resolver_limit.c */
	struct addr addr;
	nstime credit; /* theoretical arrival time of the next query in an even flow */
	unsigned pending;
};

struct resolver_limit {
	struct hash_table clients;
};

int resolver_limit_init(struct resolver_limit *l) CARDEA_MUSTCHECK;
void resolver_limit_free(struct resolver_limit *l);
/* The client, when it may ask one more query now; else NULL. */
struct resolver_client *resolver_limit_admit(
	struct resolver_limit *l, const struct addr *client, nstime now);

#endif
