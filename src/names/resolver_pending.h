// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_pending - a query that waits for upstream or the engine, and what becomes of it. */
#ifndef CARDEA_NAMES_RESOLVER_PENDING_H
#define CARDEA_NAMES_RESOLVER_PENDING_H

#include "names/resolver_priv.h"

struct pending {
	struct resolver *r;
	uint64_t id;
	struct resolver_origin origin;
	struct resolver_question question;
	struct resolver_client *client;
	struct resolver_lookup lookup;
	struct loop_timer deadline;
	bool stale_waits; /* the deadline is that of RFC 8767 */
	bool overtaken;   /* since it was announced the client's rules changed */
	/* once upstream answered with addresses, or before it is asked: without a reply */
	struct message_dns_answer *answer;
	uint8_t *reply;
	size_t reply_len;
	nstime held_since;
};

/* What is to be given out: to whom, for which question. */
struct delivery {
	const struct resolver_origin *to;
	const struct resolver_question *question;
	struct resolver_client *client;
	struct answer *answer;
	bool stale;
};

/* Takes a place, and one of the client's. NULL: there is none, or no memory. */
struct pending *resolver_pending_new(struct resolver *r, const struct resolver_origin *from,
	const struct resolver_question *q, struct resolver_client *client);
void resolver_pending_free(struct pending *p);
/* The last act of a query: bytes, which are not p's, or a reply without records. */
void resolver_pending_reply(struct pending *p, const uint8_t *bytes, size_t len);
void resolver_pending_refuse(struct pending *p, uint16_t rcode, uint16_t ede);
/* Upstream gave nothing of use: what was known before, or why there is nothing. */
void resolver_pending_fail(struct pending *p, bool bogus);
/* Tells the engine what waits for it. */
void resolver_pending_announce(struct pending *p);
/* The engine has said of p's answer that the kernel knows it as the rules are now. */
void resolver_pending_confirmed(const struct pending *p);
/* The answer goes out, or waits for the engine. p: the query when it waited before,
 * and ends here; NULL for one that was answered from what is known. */
void resolver_deliver(struct resolver *r, const struct delivery *d, struct pending *p);
void resolver_reply_at_once(struct resolver *r, const struct resolver_origin *to,
	const struct resolver_question *q, uint16_t rcode);
/* What a reply to it may have, at the most. */
size_t resolver_reply_limit(const struct delivery *d);

#endif
