// SPDX-License-Identifier: GPL-2.0-or-later
/* fetcher - which MUD files to get, when, and what came of it. The courier fetches and
 * checks, the resolver finds hosts; this only keeps the list and puts profiles, which
 * arrive in pieces, together. */
#ifndef CARDEA_ENGINE_FETCHER_H
#define CARDEA_ENGINE_FETCHER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/ipc.h"
#include "model/messages.h"
#include "model/profile.h"

/* First retry after a failure; doubles up to the hour. */
#define FETCHER_RETRY_S 15
#define FETCHER_RETRY_MAX_S 3600
/* The courier's own limit for a transfer is LIMIT_FETCH_S, for file and signature and
 * redirects; an answer later than this will not come. */
#define FETCHER_ANSWER_S 120
/* RFC 8520 3.5: cache-validity is 1 to 168 hours, 48 when the file says nothing. */
#define FETCHER_VALIDITY_H 48
#define FETCHER_VALIDITY_MAX_H 168

struct fetch_job;

struct fetcher {
	struct ipc *courier, *resolver;
	void (*done)(void *ctx, const char *url, const struct profile *p);
	/* retry_s: when it is tried again. */
	void (*failed)(void *ctx, const char *url, const char *text, unsigned retry_s);
	/* Some device says this URL; NULL: all are wanted. */
	bool (*wanted)(void *ctx, const char *url);
	/* The ETag of what we have, or false. Not of a file whose signature was bad or
	 * unknown: nothing would be checked anew. NULL: never; needs unchanged. */
	bool (*etag)(void *ctx, const char *url, char ret_etag[LIMIT_TEXT]);
	/* The server says that what the ETag stands for is still right. */
	void (*unchanged)(void *ctx, const char *url);
	void *ctx;
	struct fetch_job *jobs;
	unsigned count;
	uint64_t last_id;
	struct message message;
};

void fetcher_init(struct fetcher *f, struct ipc *courier, struct ipc *resolver);
void fetcher_free(struct fetcher *f);
/* Get this file, no sooner than after delay. A pending job is brought forward, never
 * put back; a failing one keeps its pause. */
void fetcher_want(struct fetcher *f, const char *url, nstime now, nstime delay);
bool fetcher_wants(const struct fetcher *f, const char *url);
/* Starts what is due; to be called every second. now is mono. */
void fetcher_tick(struct fetcher *f, nstime now);
/* Messages of the courier; CARDEA_EMALFORMED when it is not one of its own. */
int fetcher_courier(struct fetcher *f, const struct message *m, nstime now)
	CARDEA_MUSTCHECK;
void fetcher_resolved(struct fetcher *f, const struct message_resolved *m);
/* The courier asks where a host is; what the resolver said goes back to it. */
void fetcher_ask_host(struct fetcher *f, const struct message_host_wanted *m);
void fetcher_tell_host(struct fetcher *f, const struct message_resolved *m);
/* How long after a good fetch to ask again: never before cache-validity is over (RFC
 * 8520 3.5), and up to a tenth of it later, so that houses do not ask all at once. */
nstime fetcher_refresh_delay(uint16_t cache_validity_h, uint64_t random);
void fetcher_courier_lost(struct fetcher *f, nstime now);

#endif
