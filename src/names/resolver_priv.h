// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_priv - what the files of the resolver share. */
#ifndef CARDEA_NAMES_RESOLVER_PRIV_H
#define CARDEA_NAMES_RESOLVER_PRIV_H

#include "base/cursor.h"
#include "base/hash.h"
#include "names/answers.h"
#include "names/confirmed.h"
#include "names/resolver.h"
#include "model/limits.h"
#include "wire/dns.h"

/* Bytes of answers kept, unless told otherwise. */
#define RESOLVER_CACHE_BYTES (512U << 10)

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
/* A reply without records. A question that was not readable (wire_len 0) is not
 * repeated. ede: RFC 8914, for clients with EDNS; 0: none. */
int resolver_reply_empty(const struct resolver_question *q, uint16_t rcode, uint16_t ede,
	struct writer *w) CARDEA_MUSTCHECK;
/* Gives the question of a reply the spelling that was asked. */
void resolver_reply_respell(const struct resolver_question *q, struct writer *w);

/* Upstream's records as they may be given out, without OPT. */
struct resolver_rendered {
	struct writer w; /* set by the caller */
	uint16_t ttl_at[RESOLVER_RECORDS_MAX];
	size_t ttl_count;
	uint32_t ttl; /* how long all of it may be kept; 0: not at all */
	uint16_t records;
	unsigned labels; /* of its longest name */
};
/* Only records that answer q, only addresses that known lists, lifetimes capped. */
int resolver_reply_render(const struct resolver_question *q, struct cursor packet,
	const struct dns_answer *known, struct resolver_rendered *ret) CARDEA_MUSTCHECK;

struct resolver_finish {
	nstime now;
	bool stale;   /* RFC 8767: upstream is silent, and this is what we had */
	uint16_t ede;
	size_t limit; /* the client's, beyond which it is told to come by TCP */
};
/* The message for q: its id, flags and spelling, lifetimes counted down. */
int resolver_reply_finish(const struct resolver_question *q, const struct answer *a,
	const struct resolver_finish *f, struct writer *w) CARDEA_MUSTCHECK;

/* One client: its rate, and how many queries it has in work. */
struct resolver_client {
	struct hash_node node; /* first: see resolver_limit.c */
	struct addr addr;
	nstime credit; /* theoretical arrival time of the next query in an even flow */
	nstime told_limited;
	nstime told_found; /* as credit, of other findings */
	unsigned pending;
	enum dns_mode mode; /* all but DNS_HOLD are not forgotten */
};

struct resolver_limit {
	struct hash_table clients;
	size_t marked; /* clients with another mode than DNS_HOLD */
	nstime interval;
	unsigned burst;
};

int resolver_limit_init(struct resolver_limit *l) CARDEA_MUSTCHECK;
void resolver_limit_free(struct resolver_limit *l);
/* The client, NULL when there are too many. *ret_admitted: it may ask one more now. */
struct resolver_client *resolver_limit_admit(struct resolver_limit *l,
	const struct addr *client, nstime now, bool *ret_admitted);
/* Whether one more finding about it may be told. */
bool resolver_limit_finding(struct resolver_limit *l, const struct addr *client, nstime now);
void resolver_limit_mode(struct resolver_limit *l, const struct addr *client,
	enum dns_mode mode, nstime now);
void resolver_limit_modes_forget(struct resolver_limit *l);

/* Answers fetched anew while nobody waits for them. */
struct resolver_refresh {
	struct resolver *r;
	bool busy;
	bool waiting; /* for its time: not asked yet */
	struct resolver_question question;
	struct resolver_lookup lookup;
	struct loop_timer deadline;
};

/* A name for the courier: IPv4 and IPv6 together. */
struct resolver_job {
	struct resolver *r;
	bool busy;
	uint64_t id;
	char name[LIMIT_NAME];
	struct resolver_lookup lookups[2];
	struct message_addrs addrs;
	struct loop_timer deadline;
};

struct pending;

struct resolver {
	struct loop *loop;
	const struct resolver_ops *ops;
	void *ctx;
	struct resolver_limit limit;
	const struct encrypted_own *hidden; /* may be NULL */
	struct resolver_stats stats;
	struct answers answers;
	struct confirmed confirmed;
	struct prefix lan[LIMIT_LAN_PREFIXES];
	unsigned lan_count;
	struct dns_name private_names[RESOLVER_PRIVATE_NAMES_MAX];
	unsigned private_count;
	uint64_t serial;
	struct pending *pending[RESOLVER_PENDING_MAX];
	struct resolver_refresh refreshes[RESOLVER_REFRESHES_MAX];
	struct resolver_job jobs[RESOLVER_JOBS_MAX];
	struct resolver_rendered rendered;
	struct message message; /* to the engine, made and sent at once */
	uint8_t scratch[RESOLVER_MESSAGE_MAX];
};

int resolver_lookup_start(struct resolver *r, struct resolver_lookup *k,
	const char *name, uint16_t type);
void resolver_lookup_cancel(struct resolver *r, struct resolver_lookup *k);
void resolver_jobs_end(struct resolver *r);  /* silently: the engine is gone */
void resolver_jobs_fail(struct resolver *r); /* with what was found so far */

void resolver_key(const struct resolver_question *q, struct answers_key *ret);
/* What upstream said, understood, cleaned and kept. 0 and the answer, which is the
 * caller's when *ret_owned; or an error. client: who is named in findings; may be NULL. */
int resolver_take(struct resolver *r, const struct resolver_question *q,
	const struct resolver_result *result, const struct addr *client,
	struct answer **ret, bool *ret_owned) CARDEA_MUSTCHECK;
/* RFC 8914 codes used here. */
#define RESOLVER_EDE_STALE 3
#define RESOLVER_EDE_BOGUS 6
#define RESOLVER_EDE_FILTERED 17
#define RESOLVER_EDE_UNREACHABLE 22
/* Keeps that there is no answer; what was known before stays, unless it is bogus. */
void resolver_take_failure(
	struct resolver *r, const struct resolver_question *q, bool bogus);
void resolver_finding(struct resolver *r, const struct addr *client,
	enum dns_finding kind, const char *name, const char *text);

/* Asks upstream for q, after delay, while nobody waits; nothing happens when too many
 * run. */
void resolver_refresh(
	struct resolver *r, const struct resolver_question *q, nstime delay);
void resolver_refreshes_end(struct resolver *r);

/* Takes addresses out that a name of the world must not have; true when it did. */
bool resolver_inside_strip(const struct resolver *r, const struct dns_name *name,
	struct dns_answer *a);

#endif
