// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver - the life of one DNS query of a client: checked, resolved, and held until
 * the engine says that the kernel knows the addresses in its answer. Nobody gets an
 * answer before that, so the first packet to a fresh name never races the rule; but for
 * clients of which the engine has said that the kernel learns from the answer itself,
 * and answers that were confirmed for the same client moments ago (names/confirmed.h).
 * Sockets and the upstream library are the caller's, behind struct resolver_ops. */
#ifndef CARDEA_NAMES_RESOLVER_H
#define CARDEA_NAMES_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/cursor.h"
#include "base/loop.h"
#include "model/messages.h"
#include "names/encrypted.h"
#include "wire/dns.h"

/* Queries in work at once. A home asks a few per second; 256 are a flood or a dead
 * upstream, and each may hold an answer of 64 KiB. */
#define RESOLVER_PENDING_MAX 256
/* Of these, the share of one client: a browser opens 30 names for one page. */
#define RESOLVER_PENDING_PER_CLIENT 64
/* Queries per second and in one burst of one client; a busy laptop peaks at 100 in a
 * second, a device that loops on a failing name stays below 20. */
#define RESOLVER_RATE 50
#define RESOLVER_BURST 250
/* A TLS handshake takes the time of some ten queries: five a second, 25 in a burst. */
#define RESOLVER_HANDSHAKE_COST 10
/* Of a client that is limited the engine hears once in so long. */
#define RESOLVER_TELL_LIMITED_S 60
/* Of forged names and of those that point into the house it hears so many of one client
 * at once, then one in so many seconds: with a broken upstream every name is one. */
#define RESOLVER_FINDING_BURST 10
#define RESOLVER_FINDING_S 30
/* A client that hears the same addresses again so soon is not announced again: names
 * stay open for BINDING_GRACE_S longer than they live, which is far more. Never for
 * answers that are held. */
#define RESOLVER_TELL_AGAIN_S 5
/* Clients remembered for their rate. More are refused until one falls silent. */
#define RESOLVER_CLIENTS_MAX 2048
/* The engine needs under a millisecond. After this the client hears SERVFAIL and asks
 * again; an answer is never released unconfirmed. */
#define RESOLVER_HOLD_MS 2000
/* Upstream's time. Stub resolvers ask again after 5 s. */
#define RESOLVER_UPSTREAM_MS 5000
/* RFC 8767 4 and 5: a client waits so long for upstream before it gets what was known;
 * how long that may be given out, with which TTL, and when upstream is asked again. */
#define RESOLVER_STALE_WAIT_MS 1800
#define RESOLVER_STALE_S 86400
#define RESOLVER_STALE_TTL_S 30
#define RESOLVER_STALE_RETRY_S 30
/* No answer, and a forged one, are remembered for so long (RFC 9520 3.2). */
#define RESOLVER_FAILURE_S 5
#define RESOLVER_BOGUS_S 30
/* RFC 2308 5 advises hours; a device that was set up just now shall not wait. */
#define RESOLVER_NEGATIVE_MAX_S 900
/* An answer that is asked for in the last tenth of its life is fetched anew as soon as
 * it ends, before the next one asks. */
#define RESOLVER_PREFETCH_PART 10
#define RESOLVER_PREFETCH_MIN_S 10 /* shorter lives are not worth it */
/* Answers fetched anew at once. */
#define RESOLVER_REFRESHES_MAX 32
/* Records of one reply: a message of 64 KiB holds no more that are of use. */
#define RESOLVER_RECORDS_MAX 1024
/* Names that may point into the house. */
#define RESOLVER_PRIVATE_NAMES_MAX 8
/* Lookups that the engine wants for the courier: two for each running fetch. */
#define RESOLVER_JOBS_MAX 16
/* The biggest message over TCP (RFC 1035 4.2.2). */
#define RESOLVER_MESSAGE_MAX 65535

/* Where a query came from, and so where its reply goes. */
struct resolver_origin {
	struct addr client;
	uint16_t port;     /* UDP */
	uint32_t scope;    /* interface of a link-local client */
	struct addr local; /* UDP: the address that was asked, and must answer */
	bool stream;       /* TCP: the reply has no size limit */
	bool pad;          /* TLS: the reply shall not tell by its length */
	uint32_t listener; /* the caller's number of the socket */
	uint64_t serial;   /* the caller's number of the connection */
};

/* What became of a question to upstream. */
struct resolver_result {
	int error;	       /* negative: there is no packet */
	const uint8_t *packet; /* a whole DNS response */
	size_t len;
	bool secure;	 /* every record was validated */
	bool bogus;	 /* validation refused it: error is set */
	const char *why; /* with bogus; untrusted, may be NULL */
};

/* One question to upstream. Embedded in what waits for it. */
struct resolver_lookup {
	bool running;
	bool unchecked; /* the client validates itself (CD) */
	int handle;	/* the caller's, for cancel */
	void (*done)(struct resolver_lookup *k, const struct resolver_result *result);
	void *owner;
};

struct resolver_ops {
	/* Starts a lookup, sets handle; k->done comes later, never from inside. */
	int (*resolve)(
		void *ctx, struct resolver_lookup *k, const char *name, uint16_t type);
	void (*cancel)(void *ctx, struct resolver_lookup *k);
	void (*reply)(void *ctx, const struct resolver_origin *to,
		const uint8_t *message, size_t len);
	/* To the engine; an error when it is not there now. */
	int (*announce)(void *ctx, const struct message *m);
	/* Names of this house. True when w holds the whole reply, of limit bytes at
	 * most; false: ask upstream. NULL: there are none. */
	bool (*local)(void *ctx, const struct resolver_origin *from,
		const struct dns_query *q, size_t limit, struct writer *w);
};

struct resolver_stats {
	uint64_t queries;   /* all that arrived */
	uint64_t malformed; /* answered FORMERR, NOTIMP, or ignored */
	uint64_t limited;   /* dropped or refused by a limit */
	uint64_t held;      /* answers announced to the engine */
	uint64_t told;      /* given out at once */
	uint64_t confirmed; /* of these, because it was held just before */
	uint64_t cached;    /* answered from what was known */
	uint64_t stale;     /* of these, because upstream was silent */
	uint64_t fetched;   /* anew before their end */
	uint64_t bogus;     /* refused by validation */
	uint64_t stripped;  /* answers that pointed into the house */
	uint64_t released;
	uint64_t refused;          /* by the engine */
	uint64_t unconfirmed;      /* held until RESOLVER_HOLD_MS: SERVFAIL */
	uint64_t failed;           /* upstream did not answer, or not usably */
	nstime hold_sum, hold_max; /* over released ones */
};

struct resolver;

struct resolver *resolver_new(
	struct loop *l, const struct resolver_ops *ops, void *ctx);
void resolver_free(struct resolver *r); /* NULL is fine; cancels what runs */

/* Settings; all have defaults. */
void resolver_set_rate(struct resolver *r, unsigned rate, unsigned burst);
int resolver_set_cache(struct resolver *r, size_t bytes) CARDEA_MUSTCHECK; /* 0: none */
/* Where no name of the world may point to, besides all private addresses. */
int resolver_add_lan(struct resolver *r, const struct prefix *p) CARDEA_MUSTCHECK;
/* This name and all below may. */
int resolver_add_private(struct resolver *r, const char *name) CARDEA_MUSTCHECK;

/* One message of a client. True when ops->reply was or will be called for it. */
bool resolver_ask(struct resolver *r, const struct resolver_origin *from,
	const uint8_t *message, size_t len);
/* Public resolvers beside the known ones (names/encrypted.h): who asks for one waits for
 * the engine's word, as the kernel cannot refuse it. own is kept by the caller. */
void resolver_hidden(struct resolver *r, const struct encrypted_own *own);
/* A new TLS connection: its handshake costs as much as RESOLVER_HANDSHAKE_COST queries.
 * False: the client is beyond its rate. */
bool resolver_connect(struct resolver *r, const struct addr *client);
/* The client hung up: its queries end without a reply. */
void resolver_forget(struct resolver *r, uint32_t listener, uint64_t serial);

/* The engine's side. */
void resolver_release(struct resolver *r, const struct message_dns_release *m);
void resolver_resolve(struct resolver *r, const struct message_resolve *m);
/* Also when it says nothing new: what was confirmed for the client counts no longer. */
void resolver_client(struct resolver *r, const struct message_dns_client *m);
void resolver_engine_up(struct resolver *r);   /* announces again what is held */
void resolver_engine_down(struct resolver *r); /* its own lookups end */

/* Upstream begins anew: every look-up ends without an answer. */
void resolver_upstream_lost(struct resolver *r);

const struct resolver_stats *resolver_stats(const struct resolver *r);

#endif
